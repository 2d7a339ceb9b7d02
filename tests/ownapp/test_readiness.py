"""When a program that never rests is ready."""

from __future__ import annotations

from pathlib import Path

import pytest
from exitmatrix.machine.run.app.readiness import (
    GROWTH,
    LONGEST_GROWING,
    LONGEST_LISTENING,
    SAMPLE,
    Growth,
    is_loaded,
)

from tests.ownapp.conftest import Run


def ready_after(memory: list[int]) -> float:
    """Seconds after which what listens, and never rests, is ready; its memory at each look."""
    growth = Growth()
    for count in range(1, 1000):
        growth.sample(memory[min(count, len(memory)) - 1])
        if is_loaded(count, LONGEST_LISTENING, growth):
            return count * SAMPLE
    raise AssertionError


def test_what_is_still_loading_is_not_ready_however_long_the_machine_takes() -> None:
    """On a busy machine workers may import for longer than the limit for a tree at work."""
    loading = [place * 2 * GROWTH for place in range(90)]  # 9 s
    assert ready_after([1000]) == LONGEST_LISTENING
    assert 10.5 < ready_after(loading) < 11.5
    assert ready_after([place * 2 * GROWTH for place in range(1000)]) == LONGEST_GROWING


def test_what_takes_and_gives_back_memory_does_not_grow() -> None:
    """A server that polls allocates all the time, and never more than before."""
    assert ready_after([1000, 1000 + 10 * GROWTH] * 500) == LONGEST_LISTENING


STARTS_LATE = """
import socket, sys, time

lock = socket.socket()
lock.bind(("127.0.0.1", 0))
lock.listen()
time.sleep(3)
server = socket.socket(socket.AF_INET, getattr(socket, sys.argv[2]))
server.bind(("127.0.0.1", int(sys.argv[1])))
if sys.argv[2] == "SOCK_STREAM":
    server.listen()
time.sleep(600)
"""


@pytest.mark.real
@pytest.mark.parametrize(("kind", "count"), [("SOCK_STREAM", 2), ("SOCK_DGRAM", 1)])
def test_what_is_given_a_port_is_waited_for_until_it_listens_there(
    kind: str, count: int, run_app: Run, folder: Path
) -> None:
    """It may sleep before, and listen elsewhere; what never listens there is ready in the end."""
    (folder / "late.py").write_text(STARTS_LATE)
    words = ("--trials", "1", "--ending", "SIGKILL", "--", "python", "late.py", "{port}", kind)
    done = run_app(*words)
    assert done.returncode == 0, done.stderr
    listening = done.stdout.partition("listening on")[2].partition("\n\n")[0]
    assert listening.count("127.0.0.1:") == count


@pytest.mark.real
@pytest.mark.parametrize("ready", ["auto", "/"])
def test_a_server_is_asked_for_nothing_unless_ready_says_so(
    ready: str, run_app: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Listening and resting are seen from outside, since a request would wake a sleeping server."""
    asked: Path = tmp_path_factory.mktemp("asked") / "file"
    words = ("--ready", ready, "--trials", "1", "--ending", "deploy")
    done = run_app(*words, "--", "python", "counting.py", "{port}", str(asked))
    assert done.returncode == 0, done.stderr
    assert asked.exists() == (ready == "/")


WRITES_LATE = """
import atexit, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
time.sleep(1)
atexit.register(print)
if sys.argv[2:]: open(sys.argv[1], "w").close()
time.sleep(60)
"""


@pytest.mark.real
@pytest.mark.parametrize("writes", [True, False])
def test_a_file_that_was_there_before_shows_nothing(
    writes: bool, run_app: Run, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A run that was killed leaves its pid file: the next is ready when it has written its own."""
    (folder / "late.py").write_text(WRITES_LATE)
    pid_file: Path = tmp_path_factory.mktemp("run") / "app.pid"
    pid_file.write_text("1")
    words = ("--ready", f"file {pid_file}", "--ready-within", "9s", *("--trials", "1"))
    program = ("--", "python", "late.py", str(pid_file), *(["writes"] if writes else []))
    done = run_app(*words, "--ending", "deploy", *program)
    assert done.returncode == (0 if writes else 3), done.stderr
    if writes:
        assert "builtins:print" in done.stdout.partition("clean-up ran")[0]
    else:
        assert f"{pid_file} was there before, and has not been written since" in done.stderr


LOOKS_EACH_SECOND = """
import subprocess, sys, time
time.sleep(1)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).wait()
"""


@pytest.mark.real
def test_what_starts_its_programs_when_it_looks_again_is_not_ready_before(
    run_app: Run, folder: Path
) -> None:
    """As supervisord does, which looks each second; it has been idle until then."""
    (folder / "looks.py").write_text(LOOKS_EACH_SECOND)
    done = run_app("--trials", "2", "--ending", "SIGKILL", "--", "python", "looks.py")
    assert "with python" in done.stdout, done.stdout + done.stderr


FORKS_EARLY = """
import atexit, http.server, os, sys, time

handler = http.server.SimpleHTTPRequestHandler
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), handler)
for _ in range(2):
    if not os.fork():
        time.sleep(2)  # imports the program, say
        atexit.register(print, "bye")
        server.serve_forever()
os.wait()
"""


@pytest.mark.real
def test_what_holds_the_socket_is_not_ready_before_it_waits_for_connections(
    run_app: Run, folder: Path
) -> None:
    """Workers that are forked with it import the program only then, and may sleep in doing so."""
    (folder / "early.py").write_text(FORKS_EARLY)
    options = ("--trials", "1", "--ending", "SIGKILL", "--at", "all")
    done = run_app(*options, "--", "python", "early.py", "{port}")
    assert "worker   builtins:print('bye')" in done.stdout, done.stdout + done.stderr
