"""The experiment that is watched: lines are marked by who wrote them, and nothing is left."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time

import psutil
import pytest
from click import ClickException
from exitmatrix.cli.blog import choose_python, find_stack
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.machine.run.live import STDOUT, SpokenOutput
from exitmatrix.model import Event, Interpreter
from exitmatrix.report.live import Narrator

from tests.conftest import LOADED, note_exercised
from tests.support.command import COMMAND, run

PARENT, CHILD, HELPER = 100, 102, 101
GONE = 20.0  # seconds after which a test stops waiting for a process that must go


def narrated(*events: Event, termination: str = "SIGKILL", target: str = "child") -> list[str]:
    narrator = Narrator(LOADED["flask-debug"], TERMINATIONS[termination], target)
    return ["".join(text for text, _ in line) for event in events for line in narrator.lines(event)]


STARTED = (
    Event("kernel", PARENT, "spawned"),
    Event("probe", HELPER, "started", ("100", "", "", "0")),
    Event("probe", CHILD, "started", ("100", "", "", "0")),
    Event("harness", CHILD, "serves"),
    Event("harness", PARENT, "ready"),
)

# ------------------------------------------------------------------ what is said


def test_a_line_is_marked_by_its_writer() -> None:
    """The role and pid before a line are those of the process that wrote it."""
    lines = narrated(
        *STARTED,
        Event("kernel", PARENT, STDOUT, ("C: cleaning up",)),
        Event("kernel", CHILD, STDOUT, ("C: cleaning up",)),
        Event("kernel", HELPER, STDOUT, ("a word",)),
    )
    assert lines[-3:] == [
        "parent 100    | C: cleaning up",
        " child 102    | C: cleaning up",
        "       101    | a word",
    ]


def test_who_is_the_child_is_not_said_before_it_serves() -> None:
    """No role is guessed from the order of pids."""
    early = narrated(*STARTED[:3])
    assert not any("child" in line for line in early)
    shown = narrated(*STARTED)
    assert " child 102    it serves" in shown
    assert any(line.startswith("       101 ") and "helper" in line for line in shown)


def test_the_survivor_is_pointed_out_and_its_port_asked() -> None:
    """The survivors listed are the processes that run the app, not helpers."""
    dies = Event("kernel", PARENT, "ended", ("signal SIGKILL",))
    asked = Event("harness", 0, "port", ("4711", "200", "Hello from process 102"))
    lines = narrated(*STARTED, dies, asked)
    assert " child 102    is the survivor" in lines
    assert "--- GET http://127.0.0.1:4711/ : 200, 'Hello from process 102'" in lines
    both = narrated(*STARTED, dies, Event("kernel", CHILD, "ended", ("code 0",)), asked)
    assert "--- neither of the two is left" in both
    assert not any("survivor" in line for line in both)


def test_a_handlers_end_is_no_process_end() -> None:
    """The probe tells of handlers with the word that the kernel has for processes."""
    assert narrated(*STARTED, Event("probe", PARENT, "ended", ("1",))) == narrated(*STARTED)


def test_an_end_by_the_cleaning_up_is_told_as_such() -> None:
    """What the harness kills afterwards is no result of the experiment."""
    lines = narrated(
        *STARTED,
        Event("harness", 0, "closing", ("9",)),
        Event("kernel", CHILD, "ended", ("signal SIGKILL",)),
    )
    assert lines[-1] == " child 102    is gone: SIGKILL, by the cleaning up"


HIT = Event("harness", CHILD, "sent", ("SIGKILL", "child"))
LINES = [Event("kernel", PARENT, STDOUT, (f"{name}: cleaning up",)) for name in "CBA"]
OVER = Event("harness", 0, "over")


def test_the_moral_says_who_was_killed_and_whose_lines_were_seen() -> None:
    """The last line names the two pids, and counts only what was printed after the kill."""
    before = Event("kernel", CHILD, STDOUT, ("hello",))
    lines = narrated(*STARTED, before, HIT, *LINES, OVER)
    assert lines[-1] == "--- You killed 102. All three lines came from 100, its parent."
    one = narrated(*STARTED, HIT, LINES[0], Event("kernel", CHILD, STDOUT, ("x",)), OVER)
    assert one[-1] == ("--- You killed 102. Both lines came from 100, its parent and 102 itself.")
    parent = Event("harness", PARENT, "sent", ("SIGKILL", "parent"))
    none = narrated(*STARTED, parent, OVER, target="parent")
    assert none[-1] == "--- You killed 100. No handler printed a line."
    asked = Event("harness", 0, "asked", ("/",))
    itself = narrated(*STARTED, asked, *LINES, OVER, termination="os-exit-0")
    assert itself[-1].startswith("--- You made 102 end itself. All three lines came from 100")
    assert "You" not in narrated(*STARTED, OVER)[-1]


def test_no_line_is_wider_than_a_terminal() -> None:
    """80 columns, whatever the app writes."""
    printed = Event("kernel", PARENT, STDOUT, ("word " * 60 + "x" * 300,))
    assert max(map(len, narrated(*STARTED, printed))) <= 80


def test_output_is_told_with_the_pid_of_its_writer() -> None:
    """Of two processes that write to one stdout the kernel says which it was."""
    heard: list[tuple[int, str, str]] = []
    output = SpokenOutput(STDOUT, lambda *what: heard.append(what))
    ask = ["sh", "-c", "echo first; (echo inner; printf 'no end')"]
    both = [subprocess.Popen(ask, stdout=output.write_end) for _ in range(2)]
    for one in both:
        one.wait()
    output.close_write_end()
    while output.read():
        pass
    output.close()
    assert output.ended
    shells = {one.pid for one in both}
    assert {pid for pid, _, line in heard if line == "first"} == shells
    assert len([pid for pid, _, line in heard if line == "inner"]) == 2
    assert not any("no end" in line for _, _, line in heard)


# ---------------------------------------------------------------------- for real


def pids(text: str) -> set[int]:
    return {int(pid) for pid in re.findall(r"^(?:parent| child|      ) (\d+)", text, re.MULTILINE)}


def still_running(some: set[int]) -> set[int]:
    """Those that still run; one that is a zombie waits for its parent alone."""
    found = set()
    for pid in some:
        try:
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.add(pid)
        except psutil.NoSuchProcess:
            continue
    return found


@pytest.mark.real
@pytest.mark.parametrize(
    ("victim", "says", "writers"),
    [
        ("child", "All three lines came from", {"parent"}),
        ("parent", "No handler printed a line", set()),
        ("request", "All three lines came from", {"parent"}),
    ],
)
def test_the_experiment_is_replayed(victim: str, says: str, writers: set[str]) -> None:
    """Each victim shows what it did, whose handlers ran, and leaves nothing."""
    done = run("blog", "--victim", victim, "--pace", "0.1", env={"NO_COLOR": "1"})
    assert done.returncode == 0, done.stderr
    note_exercised([done.stdout.partition("/")[0]])
    assert says in done.stdout
    ran = re.findall(r"^ *(\w+) \d+ +\| [CBA]: cleaning up", done.stdout, re.MULTILINE)
    assert set(ran) == writers
    assert len(ran) == 3 * len(writers)
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert len(pids(done.stdout)) >= 2
    assert not still_running(pids(done.stdout))


@pytest.mark.real
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopping_in_the_middle_leaves_nothing(how: signal.Signals) -> None:
    """Ctrl-C, and whatever else ends the command, ends the app as well."""
    command = subprocess.Popen(
        [*COMMAND, "blog", "--pace", "30"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert command.stdout
    output = ""
    for line in command.stdout:
        output += line
        if "it serves" in line:
            break
    running = pids(output)
    assert len(still_running(running)) >= 2
    command.send_signal(how)
    status = command.wait(GONE)
    assert status == (130 if how != signal.SIGKILL else -signal.SIGKILL)
    end = time.monotonic() + GONE
    while still_running(running) and time.monotonic() < end:
        time.sleep(0.05)
    assert not still_running(running)
    command.stdout.close()
    if command.stderr:
        command.stderr.close()


@pytest.mark.real
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--stack", "flask-9.9"], ["flask-9.9", "flask-3.1"]),
        (["--victim", "nobody"], ["nobody", "parent"]),
        (["--python", "cpython-9.99"], ["cpython-9.99"]),
        (["--pace", "-1"], ["pace"]),
    ],
)
def test_wrong_use_is_told_in_one_line(words: list[str], says: list[str]) -> None:
    """The error names the wrong word and lists the valid ones."""
    done = run("blog", *words)
    assert done.returncode == 2
    assert not done.stdout
    for word in says:
        assert word in done.stderr.splitlines()[-1]


def test_a_python_that_cannot_have_the_stack_is_told_what_to_do() -> None:
    """Nobody is left with a stack of 2020 that no Python here can run."""
    new = Interpreter(id="cpython-3.15.0", implementation="cpython", version="3.15.0", path="")
    with pytest.raises(ClickException) as refusal:
        choose_python({new.id: new}, find_stack("flask-1.1"))
    assert "Flask 1.1 needs Python" in refusal.value.message
    assert "--stack flask-3.1" in refusal.value.message
