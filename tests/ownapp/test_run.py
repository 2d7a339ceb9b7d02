"""A user's own command, really run and ended."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import zipapp
from pathlib import Path

import jsonschema
import psutil
import pytest

from tests.ownapp.conftest import Run, row
from tests.support.command import COMMAND
from tests.support.part import every

PACKAGE = Path(__file__).parents[2] / "harness" / "exitmatrix"

pytestmark = pytest.mark.real

ONCE = ("--trials", "1")


def running(folder: Path) -> list[str]:
    """What runs in a folder."""
    return [
        " ".join(one.info["cmdline"] or ())
        for one in psutil.process_iter(["cwd", "cmdline"])
        if one.info["cwd"] == str(folder)
    ]


def test_sigterm_ends_a_plain_program_without_clean_up(run_app: Run) -> None:
    """The default action of SIGTERM runs no handler; SIGINT raises KeyboardInterrupt, and they run.

    The page says so, names the handler with file and line, and what can be done.
    """
    done = run_app(*ONCE, "--", "python", "plain.py")
    assert done.returncode == 0, done.stderr
    assert re.search(r"main +__main__:bye +atexit +plain.py:3", done.stdout)
    assert "✗ none" in row(done.stdout, "deploy")
    assert "SIGTERM" in row(done.stdout, "deploy")
    assert "✓ all" in row(done.stdout, "ctrl-c")
    assert "not run: there is one process" in row(done.stdout, "lost-parent")
    assert "Remedy: signal.signal(signal.SIGTERM" in done.stdout
    assert "The probe made no difference that was seen" in done.stdout


NOTICING = """
import atexit, signal, sys, time

def stop(signum, frame):
    sys.exit(5 if "exitmatrix_probe" in " ".join(sys.modules) else 6)

signal.signal(signal.SIGTERM, stop)
time.sleep(600)
"""


def test_a_program_that_notices_the_probe_is_run_more_often_and_told_to_differ(
    run_app: Run, tmp_path: Path
) -> None:
    """Four times more of each kind, and the page says how runs with and without it ended."""
    (tmp_path / "noticing.py").write_text(NOTICING)
    command = ("python", str(tmp_path / "noticing.py"))
    done = run_app(*ONCE, "--jobs", "1", "--ending", "deploy", "--", *command)
    assert "exit 5" in row(done.stdout, "deploy")
    assert "All 5 runs without the probe: its processes ended otherwise" in done.stdout
    assert re.search(r"^ +10 runs in ", done.stdout, re.MULTILINE), done.stdout


LAUNCHING = """
import atexit, os, sys, time

atexit.register(print, "bye")
if "first" in sys.argv:
    os.execv(sys.executable, [sys.executable, "-I", "launching.py"])
time.sleep(600)
"""


def test_a_program_that_executes_another_is_not_taken_for_it(run_app: Run, folder: Path) -> None:
    """Nothing was put into the other: it has handlers, and they are not seen."""
    (folder / "launching.py").write_text(LAUNCHING)
    only = (*ONCE, "--ending", "ctrl-c", "--expect", "ctrl-c:ran=all")
    done = run_app(*only, "--", "python", "launching.py", "first")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "? not seen" in row(done.stdout, "ctrl-c")
    assert "main could not be seen from inside" in done.stdout
    assert "CPython" not in done.stdout


NO_UTF8 = """
import os, subprocess, sys, time

open(b"caf\\xe9.lock", "w").close()
os.write(1, b"\\xff\\xfe ready\\n")
time.sleep(600)
"""


def test_bytes_that_are_no_text_do_no_harm(run_app: Run, folder: Path) -> None:
    """In a file that is left, an argument, a variable and the output; nor in what is written."""
    (folder / "bytes.py").write_text(NO_UTF8)
    odd = os.fsdecode(b"\xe9")
    files = [word for name in ("json", "markdown", "junit-xml") for word in (f"--{name}", name)]
    expected = ("--expect", f"deploy:left={odd}")
    asked = (*ONCE, "--ready", "line ready", *expected, *files)
    done = run_app(*asked, "--", "python", "bytes.py", odd, ODD=odd)
    assert done.returncode == 1, done.stdout + done.stderr
    for text in (done.stdout, *((folder / one).read_text() for one in ("markdown", "junit-xml"))):
        assert re.search(r"caf\S{1,6}\.lock\s+is left behind", text)
    assert json.loads((folder / "json").read_text())["outcomes"]


KILLS_ITS_PARENT = """
import os, signal, sys, time

def stop(*_):
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(600)

signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
time.sleep(600)
"""


def test_a_program_that_kills_what_watches_it_costs_its_own_endings(
    run_app: Run, folder: Path
) -> None:
    """It kills its parent, the engine. That ending is unknown, with the reason; others are not."""
    (folder / "parricide.py").write_text(KILLS_ITS_PARENT)
    endings = ("--ending", "deploy", "--ending", "oom", "--ending", "hang-up")
    done = run_app(*ONCE, *endings, "--", "python", "parricide.py")
    assert done.returncode == 3
    assert "an ending could not be observed" in done.stderr
    assert "? not seen" in row(done.stdout, "deploy")
    assert "its engine was ended by SIGKILL" in " ".join(done.stdout.split())
    assert "SIGKILL" in row(done.stdout, "oom")
    assert "SIGHUP" in row(done.stdout, "hang-up")
    assert not running(folder)


def test_no_line_is_longer_than_a_terminal(run_app: Run) -> None:
    """The page is at most 80 columns wide."""
    done = run_app(*ONCE, "--ending", "deploy", "--", "python", "plain.py")
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_handler_for_sigterm_that_exits_runs_clean_up(run_app: Run) -> None:
    """sys.exit() in a signal handler finalizes the interpreter: nothing needs a look."""
    done = run_app(*ONCE, "--ending", "deploy", "--", "python", "graceful.py")
    assert "✓ all" in row(done.stdout, "deploy")
    assert "exit 0" in row(done.stdout, "deploy")
    assert "Nothing needs a look." in done.stdout


def test_each_process_of_a_tree_is_told_of(run_app: Run) -> None:
    """Forked workers have the handlers that their master had registered, and their own fate."""
    endings = ("--ending", "deploy", "--ending", "oom", "--grace", "4s")
    done = run_app(*ONCE, *endings, "--", "python", "forking.py")
    assert "master, worker#1 and worker#2" in done.stdout
    assert "✓ all" in row(done.stdout, "deploy")
    assert re.search(r"worker#1 and worker#2 exit with status 0", done.stdout)
    assert "not in worker#1" in row(done.stdout, "oom")
    assert re.search(r"worker#1 is killed by SIGKILL; not run: __main__:bye", done.stdout)
    assert re.search(r"master goes on", done.stdout)
    assert "Nobody was started in the place of worker#1." in done.stdout


LOOKING_NOW_AND_THEN = """
import os, time

def start():
    if not os.fork():
        time.sleep(600)

start()
print("ready", flush=True)
while True:
    time.sleep(4)
    if os.waitpid(-1, os.WNOHANG)[0]:
        start()
"""


def test_a_master_has_time_to_replace_who_was_killed(run_app: Run, folder: Path) -> None:
    """A supervisor that polls every few seconds, as huey's does, rests before it replaces."""
    (folder / "looking.py").write_text(LOOKING_NOW_AND_THEN)
    done = run_app("--ending", "oom", "--trials", "2", "--", "python", "looking.py")
    assert "replaced" in row(done.stdout, "oom")
    assert "Nothing needs a look." in done.stdout


SERVING_AGAIN = """
import os, sys, time
from http.server import HTTPServer, SimpleHTTPRequestHandler

server = HTTPServer(("127.0.0.1", int(sys.argv[1])), SimpleHTTPRequestHandler)

def start(serves):
    if not os.fork():
        if serves:
            time.sleep(2.5)  # imports the program, say
            server.serve_forever()
        time.sleep(600)

start(True)
while True:
    os.wait()
    start("mute" not in sys.argv)
"""


@pytest.mark.parametrize(
    ("more", "ended", "text", "status"),
    [
        ((), "serves again", "the URL of --ready is answered", 0),
        (("mute",), "replaced", "the URL of --ready is not answered any more", 1),
    ],
    ids=["serves", "mute"],
)
def test_who_goes_on_is_asked_at_last_for_the_url_by_which_it_was_ready(
    run_app: Run, folder: Path, more: tuple[str, ...], ended: str, text: str, status: int
) -> None:
    """A replacement that holds the socket need not serve."""
    (folder / "again.py").write_text(SERVING_AGAIN)
    wanted = ("--expect", "oom:replaced=9s,serves-again=9s")
    options = ("--ready", "/", "--ending", "oom", "--grace", "6s", *wanted)
    done = run_app(*ONCE, *options, "--", "python", "again.py", "{port}", *more)
    assert ended in row(done.stdout, "oom")
    after = re.search(r"(\d+\.\d) s", row(done.stdout, "oom"))
    assert status if after is None else float(after[1]) >= 2.5
    assert text in done.stdout
    assert ("it does not serve again" in done.stdout) == bool(status)
    assert done.returncode == status, done.stdout


@pytest.mark.parametrize("words", [("--json", "--markdown"), ("--junit-xml", "--json")])
def test_two_that_are_to_be_written_to_one_file_are_refused(
    run_app: Run, folder: Path, words: tuple[str, str]
) -> None:
    """Whatever it is called; nothing has been run by then."""
    first, second = sorted(words, key=("--json", "--junit-xml", "--markdown").index)
    done = run_app(words[0], "out", words[1], f"../{folder.name}/out", "--", "python", "-c", "1/0")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{first} and {second} name one file: " in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (folder / "out").exists()


def test_a_file_of_settings_may_begin_with_a_byte_order_mark(run_app: Run, folder: Path) -> None:
    """As Windows' editors write it."""
    (folder / "exitmatrix.toml").write_text('[app]\ncomand = "python"\n', encoding="utf-8-sig")
    done = run_app()
    told = "exitmatrix.toml, app: no key 'comand'; did you mean 'command'?"
    assert done.stderr == f"exitmatrix: {told}\n"


LISTENING_ALONE = """
import os, socket, sys, time

def start():
    if not os.fork():
        listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
        time.sleep(600)

start()
while True:
    os.wait()
"""


def test_where_it_listens_is_told_of_when_it_was_ready(run_app: Run, folder: Path) -> None:
    """Also where whoever did so is gone at the end, and somebody else is not."""
    (folder / "alone.py").write_text(LISTENING_ALONE)
    done = run_app(*ONCE, "--ending", "oom", "--grace", "2s", "--", "python", "alone.py", "{port}")
    assert "listening on 127.0.0.1:" in done.stdout, done.stdout + done.stderr


def test_orphans_are_followed(run_app: Run) -> None:
    """Who loses its parent and goes on is told of, and ended afterwards."""
    done = run_app(*ONCE, "--ending", "lost-parent", "--grace", "2s", "--", "python", "forking.py")
    assert "others go on" in row(done.stdout, "lost-parent")
    assert "lost-parent: somebody goes on" in done.stdout


def test_who_forks_twice_has_a_worker_though_the_first_child_is_never_seen(run_app: Run) -> None:
    """The orphan is known by the memory that it shares, with the probe and without it."""
    done = run_app(
        *(*ONCE, "--ending", "SIGKILL", "--at", "first", "--grace", "500ms"),
        *("--", "python", "twice.py"),
    )
    assert "master and worker; ready" in done.stdout
    assert "worker goes on" in done.stdout
    assert "a run without it ended alike" in " ".join(done.stdout.split())


def test_a_signal_that_reaches_nobody_is_not_waited_for(run_app: Run) -> None:
    """A daemon has left its group: Ctrl-C ends nobody, however long one looks."""
    done = run_app("--ending", "ctrl-c", "--trials", "1", "--", "python", "daemon.py")
    assert "which every process has left" in done.stdout
    assert "The process that was started first had ended by itself" in done.stdout
    when = re.search(r"(\d+\.\d) s  main goes on", done.stdout)
    assert when, done.stdout
    assert float(when[1]) < 20  # of 30


def test_a_shell_that_waits_passes_no_signal_on(run_app: Run) -> None:
    """`sh -c 'COMMAND; true'` is ended by SIGTERM, and the program goes on without it."""
    done = run_app(
        *(*ONCE, "--ending", "deploy", "--as", "sh-then", "--grace", "2s"),
        *("--", "python", "graceful.py"),
    )
    assert "with sh" in done.stdout
    assert "sh, which was started first, ended and did not pass SIGTERM on" in " ".join(
        done.stdout.split()
    )
    assert "start the program with exec" in done.stdout
    assert "SIGKILL" in row(done.stdout, "deploy")


PASSING_ON = {
    "script-exec": "sh",
    "script-trap": "sh",
    "tini": "tini",
    "dumb-init": "dumb-init",
    "make": "make",
    "uv-run": "uv",
    "honcho": "honcho",
    "supervisord": "supervisord",
}
"""Launchers, and their programs."""


def is_here(program: str) -> bool:
    """Where `run_app` looks for it too: what the project needs for its tests is beside Python."""
    beside = Path(sys.executable).with_name(program)
    return beside.exists() or shutil.which(program) is not None


@pytest.mark.parametrize("launcher", PASSING_ON)
def test_what_passes_signals_on_lets_clean_up_run(launcher: str, run_app: Run) -> None:
    """`exec` in the entry point, a trap, or an init or a supervisor that forwards."""
    if not is_here(PASSING_ON[launcher]):
        pytest.skip(f"{launcher} is not installed")
    done = run_app(*ONCE, "--ending", "deploy", "--as", launcher, "--", "python", "graceful.py")
    assert "✓ all" in row(done.stdout, "deploy"), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("launcher", "ran", "grace"),
    [("supervisord", "✗ none", "2s"), ("supervisord-asgroup", "✓ all", "5s")],
)
def test_supervisord_stops_the_group_where_it_is_told_to(
    launcher: str, ran: str, grace: str, run_app: Run, folder: Path
) -> None:
    """A shell that it started dies alone without stopasgroup, and the program is an orphan.

    The handler prints nothing: supervisord closes the pipe that the program prints to when its
    own child, the shell, has ended, be that before the handler or after it.
    """
    if not is_here("supervisord"):
        pytest.skip("supervisor is not installed")
    program = folder / "graceful.py"
    program.write_text(program.read_text().replace('print("bye")', "pass"))
    done = run_app(
        *(*ONCE, "--ending", "deploy", "--grace", grace, "--as", launcher),
        *("--", "sh", "-c", "python graceful.py; true"),
    )
    assert "main, with supervisord and sh" in done.stdout, done.stdout + done.stderr
    assert ran in row(done.stdout, "deploy"), done.stdout


def test_a_program_in_one_file_is_a_command_like_any_other(run_app: Run, folder: Path) -> None:
    """Of a zipapp the handlers are seen, with their places within the archive."""
    (folder / "src").mkdir()
    (folder / "graceful.py").rename(folder / "src" / "__main__.py")
    zipapp.create_archive(folder / "src", folder / "app.pyz")
    done = run_app(*ONCE, "--ending", "deploy", "--", "python", "app.pyz")
    assert re.search(r"__main__:bye +atexit +app.pyz/__main__.py:3", done.stdout), done.stdout
    assert "✓ all" in row(done.stdout, "deploy")


def test_a_command_may_make_a_namespace_of_pids_itself(run_app: Run) -> None:
    """Its processes tell of themselves by other pids than they have here, and are seen as ever.

    As the first process of it, one is not ended by a signal for which it has no handler.
    """
    unshare = ["unshare", "--pid", "--fork", "--kill-child"]
    unshare += ["--user", "--map-root-user"] * (os.geteuid() != 0)
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no namespace of pids can be made here")
    ending = ("--ending", "stop-service", "--at", "main", "--grace", "1s")
    done = run_app(*ONCE, *ending, "--", *unshare, "python", "plain.py")
    assert "main, with unshare; ready" in done.stdout, done.stdout + done.stderr
    assert re.search(r"main +__main__:bye +atexit +plain.py:3", done.stdout)
    output = " ".join(done.stdout.split())
    assert "main is the first process of its container: SIGTERM" in output
    assert "a run without it ended alike" in output


TITLED = """
import atexit, multiprocessing, os, time

def work():
    atexit.register(print, "worked")
    time.sleep(0.3)
    with open("/proc/self/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    start, end = int(fields[45]), int(fields[46])  # proc(5): arg_start, arg_end
    title = b"work of %d [tcp://127.0.0.1:%d]" % (os.getpid(), os.getpid())
    with open("/proc/self/mem", "r+b", buffering=0) as file:
        file.seek(start)
        file.write(title.ljust(end - start, b"\\0"))
    time.sleep(600)

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    for _ in range(2):
        context.Process(target=work).start()
"""


def test_a_process_that_gives_itself_a_title_is_what_it_was(run_app: Run, folder: Path) -> None:
    """As dask's workers do, with a port in it, which is another one in each run."""
    (folder / "titled.py").write_text(TITLED)
    done = run_app(*ONCE, "--ending", "oom", "--", "python", "titled.py")
    assert "master, worker#1 and worker#2, with multiprocessing.resource" in done.stdout, (
        done.stderr
    )
    assert re.search(r"worker +builtins:print\('worked'\)", done.stdout)
    assert "worker#1 is killed by SIGKILL" in done.stdout
    assert "a run without it ended alike" in " ".join(done.stdout.split())
    assert "tcp" not in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="a PID namespace takes the rights of root")
def test_the_first_process_of_a_container_ignores_what_it_has_no_handler_for(run_app: Run) -> None:
    """PID 1 is not ended by a SIGTERM that it does not handle: pid_namespaces(7); by SIGKILL it is.

    With a handler it ends as anywhere, and its own handlers are seen.
    """
    deploy = (*ONCE, "--as", "pid1", "--ending", "deploy", "--grace", "2s", "--", "python")
    plain, graceful = run_app(*deploy, "plain.py"), run_app(*deploy, "graceful.py")
    assert "SIGKILL" in row(plain.stdout, "deploy"), plain.stdout + plain.stderr
    assert "main is the first process of its container: SIGTERM" in plain.stdout
    assert "deploy: clean-up is missing and the grace period was not enough" in plain.stdout
    assert "exit 0" in row(graceful.stdout, "deploy"), graceful.stdout + graceful.stderr
    assert "✓ all" in row(graceful.stdout, "deploy")


def test_ctrl_c_is_typed_into_a_terminal(run_app: Run) -> None:
    """The program has a controlling terminal, whose kernel sends SIGINT, and SIGHUP at its end."""
    program = (
        "import atexit, os, time; atexit.register(print, 'bye');"
        "print(os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp(), flush=True); time.sleep(600)"
    )
    done = run_app(
        *(*ONCE, "--as", "pty", "--ready", "line ^True$", "--ending", "ctrl-c"),
        *("--ending", "hang-up", "--", "python", "-c", program),
    )
    assert done.returncode == 0, done.stderr
    assert "SIGINT" in row(done.stdout, "ctrl-c")
    assert "SIGHUP" in row(done.stdout, "hang-up")


def test_what_is_left_behind_is_named(run_app: Run) -> None:
    """A file that only clean-up would have removed is there after SIGKILL, not after SIGINT."""
    done = run_app(*ONCE, "--ending", "oom", "--ending", "ctrl-c", "--", "python", "leaving.py")
    assert "app.lock" in row(done.stdout, "oom")
    assert "nothing" in row(done.stdout, "ctrl-c")


def test_what_the_program_registers_is_its_own_whoever_wrote_it(run_app: Run) -> None:
    """`atexit.register(os.remove, path)` is the program's clean-up, though os.remove is C's.

    What it is registered with may be new in each run; the handler is the same one, and a
    difference in its arguments alone is no difference between runs.
    """
    words = ("--trials", "2", "--ending", "deploy", "--ending", "ctrl-c")
    done = run_app(*words, "--", "python", "temporary.py")
    assert done.returncode == 0, done.stderr
    assert "4 things to clean up were found:" in done.stdout
    assert re.search(r"main +posix:remove\(\.\.\.\) +atexit +temporary.py:4", done.stdout)
    twice = r"shutil:rmtree\(\.\.\.\), 2 times +atexit +temporary.py:6"
    assert re.search(twice, done.stdout)
    assert re.search(r"__main__:say\('bye'\) +atexit +temporary.py:7", done.stdout)
    assert re.search(r"Of libraries: .*weakref:finalize", done.stdout)
    assert "✗ none" in row(done.stdout, "deploy")
    assert "✓ all" in row(done.stdout, "ctrl-c")
    assert "otherwise" not in done.stdout


CLEARING = """
import atexit, os, signal, subprocess, sys

if "child" not in sys.argv:
    atexit.register(print, "bye")
    child = subprocess.Popen([sys.executable, "clearing.py", "child"], env={})
    signal.signal(signal.SIGTERM, lambda *_: (child.terminate(), child.wait(), sys.exit(0)))
signal.pause()
"""


def test_of_a_python_beside_the_program_that_is_not_seen_nobody_says_that_it_is_clean(
    run_app: Run, folder: Path
) -> None:
    """The program clears another Python's environment, so its handlers are not observed."""
    (folder / "clearing.py").write_text(CLEARING)
    only = (*ONCE, "--ending", "deploy", "--expect", "deploy:ran=all")
    done = run_app(*only, "--", "python", "clearing.py")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "? not seen" in row(done.stdout, "deploy")
    assert re.search(r"clearing.py\s+\? not observed from inside", done.stdout)
    assert "clearing.py could not be seen from inside" in done.stdout


def test_where_nothing_can_be_put_in_the_kernel_alone_is_told(run_app: Run) -> None:
    """`python -I` ignores PYTHONPATH: its end is reported, and no handlers are."""
    words = ("--ending", "ctrl-c", "--json", "seen.jsonl", "--", "python", "-I", "plain.py")
    done = run_app(*ONCE, *words)
    assert "nothing could be put into the program" in done.stdout
    assert "seen.jsonl is empty" in done.stderr
    assert "? not observed from inside" in done.stdout
    assert "? not seen" in row(done.stdout, "ctrl-c")
    assert "SIGINT" in row(done.stdout, "ctrl-c")


def test_a_server_is_ready_when_it_listens(run_app: Run) -> None:
    """{port} is free, and what listens there is ready; no request is made."""
    done = run_app(
        *ONCE,
        "--ending",
        "deploy",
        "--",
        "python",
        "-m",
        "http.server",
        "-b",
        "127.0.0.1",
        "{port}",
    )
    assert re.search(r"listening on 127\.0\.0\.1:\d+", done.stdout)
    assert "GET" not in done.stdout


def test_what_others_could_reach_is_refused(run_app: Run, folder: Path) -> None:
    """A program that listens on all addresses is not kept running, unless that is allowed."""
    words = ("--", "python", "serving.py", "0.0.0.0", "{port}")
    done = run_app(*ONCE, "--ending", "deploy", *words)
    assert done.returncode == 3
    assert "which others can reach" in done.stderr
    assert "--allow-address 0.0.0.0" in done.stderr
    assert not running(folder)
    assert run_app(*ONCE, "--ending", "oom", "--allow-address", "0.0.0.0", *words).returncode == 0


@pytest.mark.parametrize(
    ("how", "got"), [("graceful", "an answer with status 200"), ("abrupt", "no answer")]
)
def test_a_request_in_flight_is_answered_or_lost(how: str, got: str, run_app: Run) -> None:
    """A server that waits for its threads still answers; one that is killed does not."""
    done = run_app(
        *(*ONCE, "--ending", "scale-down", "--request", "/0.7", "--grace", "5s"),
        *("--", "python", "answering.py", "{port}", how),
    )
    assert f"the client gets {got}" in done.stdout, done.stdout + done.stderr
    assert ("scale-down: a request is not answered" in done.stdout) == (got == "no answer")


def test_a_request_that_is_over_before_the_signal_is_no_request_in_flight(run_app: Run) -> None:
    """What was answered before says nothing about scaling down: unknown, status 3."""
    done = run_app(
        *(*ONCE, "--ending", "scale-down", "--request", "/", "--grace", "5s"),
        *("--", "python", "hasty.py", "{port}"),
    )
    assert done.returncode == 3
    assert "it had been answered before" in " ".join(done.stdout.split())


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("words", "status", "message"),
    every(
        2,
        [
            (["--", "pythn", "app.py"], 2, "pythn: command not found; did you mean 'python'?"),
            (["python", "plain.py", "--ending", "oom"], 2, "run --ending ... -- python ..."),
            (["--ending", "deplyo", "--", "python"], 2, "did you mean 'deploy'?"),
            (["--as", "tinny", "--", "python"], 2, "did you mean 'tini'?"),
            (["--ready", "soon", "--", "python"], 2, "does not say when it is ready"),
            (["--ready", "", "--", "python"], 2, "does not say when it is ready"),
            (["--", ""], 2, "the name of a program is empty"),
            (["--grace", "long", "--", "python"], 2, "is not a time"),
            (["--at", "wroker", "--", "python", "forking.py"], 2, "did you mean 'worker'?"),
            (["--", "python", "-c", "print('config is missing')"], 3, "\n  | config is missing"),
            (["--", "python", "-c", "print(1)"], 3, "with status 0: a program that ends by itself"),
            (["--", "python", "missing.py"], 3, "ended before it was ready, with status 2"),
            (["--", "./plain.py"], 2, "./plain.py: is not executable"),
            (["--look-in", "nowhere", "--", "python"], 2, "--look-in nowhere: no such folder"),
            (["--json", "nowhere/x.jsonl", "--", "python"], 2, "there is no folder nowhere"),
            (["--json", "--ending", "oom", "--", "python"], 2, "it takes a file, and --ending is"),
            (["--before", "'", "--", "python"], 2, "--before: no closing quotation"),
            (["--request", "/", "--", "python"], 2, "--ending scale-down"),
            (["--ending", "scale-down", "--", "python"], 2, "scale-down needs --request /PATH"),
            (
                ["--ready", "line never", "--ready-within", "1s", "--", "python", "plain.py"],
                *(3, "not ready within 1 s: no line of its output matches 'never'"),
            ),
        ],
    ),
)
def test_a_mistake_is_told_in_one_line(
    words: list[str], status: int, message: str, run_app: Run, folder: Path
) -> None:
    """It says what was wrong and what is valid, or the program's last line; nothing is left."""
    done = run_app(*words)
    assert done.returncode == status, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not running(folder)


def test_a_port_that_is_taken_is_told_by_the_program(run_app: Run) -> None:
    """The program's own last lines say why it was not ready."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run_app("--", "python", "serving.py", "127.0.0.1", port)
    assert done.returncode == 3
    assert "Address already in use" in done.stderr


def test_ctrl_c_leaves_nothing_running(run_app: Run, folder: Path) -> None:
    """Ctrl-C ends the run with status 130, and no process of it remains."""
    run_app("--help")  # makes the folder what it is for the others
    with subprocess.Popen(
        [*COMMAND, "run", "--progress", "plain", "--", "python", "forking.py"],
        cwd=folder,
        env={**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr
        for line in process.stderr:
            if re.search(r"\d+ of \d+ runs", line):
                break
        else:
            pytest.fail("it ended before it told of a run")
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "nothing is left running" in stderr
    assert not running(folder)


def test_what_the_user_has_in_the_environment_is_in_the_programs_and_nowhere_else(
    run_app: Run,
) -> None:
    """The program has the caller's variables, and no value of one is printed."""
    program = "import os, time; print(os.environ['SECRET'] == 'x1y2z3', flush=True); time.sleep(99)"
    ready = ("--ready", "line ^True$")
    done = run_app(*ONCE, *ready, "--ending", "oom", "--", "python", "-c", program, SECRET="x1y2z3")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("x1y2z3") == program.count("x1y2z3")


# --------------------------------------------------------------- expectations


def test_a_broken_expectation_is_status_1(run_app: Run) -> None:
    """SIGTERM to a plain program runs no handler: who expects it learns so, where and why."""
    words = ("--expect", "deploy:ran=all", "--", "python")
    done = run_app(*ONCE, *words, "plain.py")
    assert done.returncode == 1
    assert "✗ deploy: ran=all" in done.stdout
    assert "__main__:bye did not run in main" in done.stdout
    assert run_app(*ONCE, *words, "graceful.py").returncode == 0


def test_a_project_writes_down_what_it_expects(run_app: Run, folder: Path) -> None:
    """Without a command, command and expectations come from exitmatrix.toml; files are written."""
    (folder / "exitmatrix.toml").write_text(
        "[app]\ncommand = 'python graceful.py'\n[expect.deploy]\nran = 'all'\nexit = 0\n"
    )
    done = run_app(
        *ONCE, "--json", "seen.jsonl", "--junit-xml", "seen.xml", "--markdown", "seen.md"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((folder / "seen.jsonl").read_text())
    (process,) = record["outcomes"][0]["processes"]
    assert process["fired"] == ["signal.SIGTERM:<lambda>", "__main__:bye"]
    assert process["exit"] == {"code": 0}
    assert 'failures="0"' in (folder / "seen.xml").read_text()
    assert "deploy" in (folder / "seen.md").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no command"),
        ("[app]\ncomand = 'x'", "did you mean 'command'?"),
        ("[app", "exitmatrix.toml: "),
    ],
)
def test_a_file_that_says_nothing_is_told(
    text: str | None, message: str, run_app: Run, folder: Path
) -> None:
    """In one line, with status 2; nothing is started."""
    if text is not None:
        (folder / "exitmatrix.toml").write_text(text)
    done = run_app()
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_a_name_that_is_no_file_is_not_passed_over(kind: str, run_app: Run, folder: Path) -> None:
    """Else something else is asked for than what the user looks at; nobody writes into the pipe."""
    where = folder / "exitmatrix.toml"
    where.mkdir() if kind == "folder" else os.mkfifo(where)
    (folder / "pyproject.toml").write_text('[tool.exitmatrix.app]\ncommand = "python plain.py"')
    done = run_app()
    assert done.returncode == 2
    assert "exitmatrix.toml: it is no file" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_is_to_be_run_before_must_succeed(run_app: Run, folder: Path) -> None:
    """--before is run first; failing is status 3, and the program is not started."""
    program = ("--", "python", "plain.py")
    done = run_app(*ONCE, "--ending", "oom", "--before", "touch made", *program)
    assert done.returncode == 0
    assert (folder / "made").exists()
    done = run_app("--before", "python -c raise(SystemExit(4))", *program)
    assert done.returncode == 3
    assert "--before: python ended with status 4" in done.stderr


def test_two_files_of_records_are_compared(run_app: Run, folder: Path) -> None:
    """Two files of the same program agree; after a change to the program they differ."""
    command = ("--ending", "deploy", "--", "python", "app.py")
    for name, program in (("a", "plain.py"), ("b", "plain.py"), ("c", "graceful.py")):
        (folder / "app.py").write_text((folder / program).read_text())
        run_app(*ONCE, "--json", f"{name}.jsonl", *command)
    differences = {
        name: subprocess.run(
            [*COMMAND, "diff", "a.jsonl", f"{name}.jsonl"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        for name in "bc"
    }
    assert (differences["b"].returncode, differences["c"].returncode) == (0, 1), differences
    assert "all behave alike" in differences["b"].stdout
    assert "deploy" in differences["c"].stdout


def test_records_are_of_the_schema(run_app: Run, folder: Path) -> None:
    """What `--json` writes is what the published JSON Schema says of a record."""
    run_app(*ONCE, "--grace", "2s", "--json", "seen.jsonl", "--", "python", "forking.py")
    schema = json.loads((PACKAGE / "record.schema.json").read_text())
    lines = (folder / "seen.jsonl").read_text().splitlines()
    assert len(lines) == 4
    for line in lines:
        jsonschema.validate(json.loads(line), schema)
