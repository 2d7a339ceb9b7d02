"""The commands beside a claim can be typed, and do what the cell does."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from exitmatrix.claims.texts import CLAIMS
from exitmatrix.claims.texts.flask_note import EXPERIMENTS
from exitmatrix.declare.stacks import STACKS
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.model import Question
from exitmatrix.plan.cells import plan
from exitmatrix.report.by_hand import PREPARE, commands

from tests.conftest import FOUND, LOADED, NEWEST, newest_flask

CHECKOUT = Path(__file__).parent.parent


def lines(cell: str, *more: str) -> list[str]:
    found = []
    for one in (cell, *more):
        scenario, _, termination, target = Question.parse(one)
        found.append((LOADED[scenario], termination, target))
    return commands(found)


def shell(
    tmp_path: Path, python: Path, commands: Sequence[str], errors: int
) -> subprocess.Popen[bytes]:
    """A shell that is given the lines, where `python` is this one.

    It stands in the checkout, by a name with a blank in it, as a reader's folder may have.
    """
    checkout = tmp_path / "my projects"
    if not checkout.is_symlink():
        checkout.symlink_to(CHECKOUT)
    return subprocess.Popen(
        ["bash", "-c", "\n".join((*PREPARE, *commands))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        cwd=checkout,
        env={
            "PWD": str(checkout),  # the name by which it is known, not the one behind the link
            "PATH": f"{python.parent}:{os.environ['PATH']}",
            "TMPDIR": str(tmp_path),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        start_new_session=True,
    )


def typed(tmp_path: Path, commands: Sequence[str]) -> str:
    """What a shell says that is given the lines."""
    process = shell(tmp_path, Path(sys.executable), commands, subprocess.PIPE)
    output, _ = process.communicate(timeout=60)
    return output.decode()


class Terminal:
    """A shell in which the first lines are typed, up to the one that runs on."""

    def __init__(self, tmp_path: Path, python: Path, commands: Sequence[str]) -> None:
        self.process = shell(
            tmp_path, python, [*commands, "echo exit status $?"], subprocess.STDOUT
        )
        self.screen = ""

    def see(self, pattern: str) -> re.Match[str]:
        """Wait until something is to be read."""
        assert self.process.stdout
        while not (found := re.search(pattern, self.screen)):
            ready, _, _ = select.select([self.process.stdout], [], [], 60)
            assert ready, (pattern, self.screen)
            more = os.read(self.process.stdout.fileno(), 1 << 16).decode()
            assert more, f"the terminal has closed, and never said {pattern!r}: {self.screen}"
            self.screen += more
        return found

    def close(self) -> None:
        """End what is left in it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


def pids(listed: str, shell: int) -> dict[str, str]:
    """What a reader finds in the list of `ps`: the parent is the shell's child, and has a child."""
    rows = [line.split()[:2] for line in listed.splitlines()]
    (first,) = (pid for pid, ppid in rows if ppid == str(shell))
    below = [pid for pid, ppid in rows if ppid == first]
    return {"PARENT_PID": first, "CHILD_PID": "".join(below), "PID": first}


def filled(line: str, known: Mapping[str, str]) -> str:
    """The line with what the reader has found out by now."""
    return re.sub(r"\b(PORT|\w*PID)\b", lambda word: known.get(word[0], word[0]), line)


@pytest.mark.real
@pytest.mark.parametrize(
    ("cell", "ran", "status", "answers"),
    [
        ("flask-debug/SIGKILL@child", "CBA", "247", False),
        ("flask-debug/SIGKILL@parent", "", "137", True),
        ("flask-debug/os-exit-0@child", "CBA", "0", False),
        ("flask/SIGTERM@main", "", "143", False),
        ("flask-slow-100ms/SIGTERM-then-SIGKILL@main", "CBA", "0", False),
    ],
)
def test_two_terminals_show_what_the_cell_shows(
    cell: str,
    ran: str,
    status: str,
    answers: bool,
    tmp_path: Path,
    environment_of: Callable[[str, str], Environment],
) -> None:
    """The app in the one, and in the other the pids, the signal and the client: as the author."""
    environment = environment_of(NEWEST, newest_flask(FOUND[NEWEST]))
    some = lines(cell)
    second = some.index("# in a second terminal:")
    terminal = Terminal(tmp_path, environment.python, some[:second])
    try:
        port = terminal.see(r"Running on http://127\.0\.0\.1:(\d+)")[1]
        if "flask-debug" in cell:  # that was the parent; this is the child, and its last line
            terminal.see("Debugger PIN")
        known = {"PORT": port}
        output = ""
        for line in some[second + 1 :]:
            if "does anybody answer" in line:  # when the signal has had its effect
                terminal.see("exit status")
            output = typed(tmp_path, [filled(line, known)])
            if line.startswith("ps "):
                known |= pids(output, terminal.process.pid)
        shown = terminal.see(r"exit status (\d+)")
        assert shown[1] == status
        assert "".join(dict.fromkeys(handlers(terminal.screen))) == ran
        assert ("Hello from process" in output) == answers
    finally:
        terminal.close()


def handlers(output: str) -> str:
    return "".join(re.findall(r"([A-E]): ", output))


@pytest.mark.real
@pytest.mark.parametrize(
    ("cell", "ran", "status"),
    [
        ("plain/return@main", "CBA", "0"),
        ("plain/sys-exit-3@main", "CBA", "3"),
        ("plain/os-exit-7@main", "", "7"),
        ("plain/SIGTERM@main", "", "143"),
        ("plain/SIGKILL@main", "", "137"),
        ("plain-graceful/SIGTERM@main", "CBA", "0"),
        ("imported-modules/return@main", "CBA", "0"),
        ("plain-subprocess-terminate/return@parent", "CBA", "0"),
        ("plain-slow-100ms/SIGTERM-then-SIGKILL@main", "CBA", "0"),
    ],
)
def test_what_is_typed_does_what_the_cell_does(
    tmp_path: Path, cell: str, ran: str, status: str
) -> None:
    """Handlers and exit status are those of the cell, as a shell shows them."""
    output = typed(tmp_path, lines(cell))
    done = "".join(dict.fromkeys(handlers(output)))  # a slow one also says when it is done
    assert (done, re.findall(r"exit status (\d+)", output)) == (ran, [status])


@pytest.mark.real
def test_several_endings_are_one_loop(tmp_path: Path) -> None:
    """Cells that differ in one word are not written out one by one."""
    some = lines("plain/sys-exit-0@main", "plain/sys-exit-3@main", "plain/sys-exit-256@main")
    assert len(some) == 4
    output = typed(tmp_path, some)
    assert handlers(output) == 3 * "CBA"
    assert re.findall(r"exit status (\d+)", output) == ["0", "3", "0"]


@pytest.mark.real
def test_what_became_of_the_data_can_be_looked_at_by_hand(tmp_path: Path) -> None:
    """The program that looks at what is on disk is part of the scenario."""
    assert "SQLite transaction: lost" in typed(tmp_path, lines("data-in-flight/SIGKILL@main"))


def test_a_server_is_ended_from_a_second_terminal() -> None:
    """Start the app, find the two pids, kill one of them, ask the port: what the author did."""
    for cell in EXPERIMENTS:
        start, where, *then = lines(cell)[1:]
        assert start.startswith(("python app.py", "EXITMATRIX_ENDING="))
        assert where == "# in a second terminal:"
        assert any("requests.get" in line for line in then)
        if "SIGKILL" in cell:
            target = Question.parse(cell).target.upper()
            assert f"kill -9 {target}_PID" in then
            assert then[0].startswith("ps ")


def test_every_cell_of_a_claim_can_be_done_by_hand() -> None:
    """No claim is without commands, and what they copy is there."""
    everything = plan(
        list(FOUND.values()), list(LOADED.values()), STACKS, lambda _stack, _python: None
    )
    cells = {(cell.scenario, cell.termination, cell.target) for cell in everything.cells}
    assert cells
    for scenario, termination, target in cells:
        some = commands([(LOADED[scenario], termination, target)])
        source = re.search(r'"\$SCENARIOS"/([\w./-]+)', some[0])
        assert source
        assert (CHECKOUT / "scenarios" / source[1].removesuffix("/.")).exists()
        assert len(some) > 1
    assert all(claim.rests_on for claim in CLAIMS)
