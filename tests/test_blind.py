"""The probe changes nothing: a blind run of every termination ends and prints the same."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from exitmatrix.declare.stacks import STACKS
from exitmatrix.judge.verdict import judge
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.model import Cell, Outcome, Trial, TrialSpec
from exitmatrix.observe import observe
from exitmatrix.observe.blind import printed
from exitmatrix.observe.roles import FORK_SERVER
from exitmatrix.observe.stderr import normalise
from exitmatrix.observe.stderr import stderr_lines as without_frames
from exitmatrix.plan.cells import plan
from msgspec.structs import replace

from tests.conftest import FOUND, LOADED, NEWEST, make_order, newest_flask, run_orders
from tests.support.committed import of_this_platform, races_on_record
from tests.support.part import WHOLE, every

pytestmark = [pytest.mark.real, pytest.mark.blind]

# `make blind` compares everything on every interpreter; `make test` some endings of every other
# scenario on the newest and the oldest. Beside that, each record rests on a blind run of its own.
CHOSEN = list(FOUND) if WHOLE else [NEWEST, next(iter(FOUND))]
EVERY = 1 if WHOLE else 72
RUNS_OF_A_RACE = 5 if WHOLE else 2

# Races, in which two runs may differ with and without the probe: what each of
# them leaves is compared in the matrix, over twenty runs.
RACES = {
    ("flask-debug", "SIGINT-twice", "group"),
    ("flask-debug", "SIGINT", "group"),
    ("flask-debug", "SIGTERM", "group"),
    ("flask-debug", "self-SIGTERM", "child"),
    # Both end at the same time, and write to one stdout.
    ("plain-subprocess", "SIGINT", "group"),
    ("multiprocessing-daemon", "SIGINT", "group"),
    ("multiprocessing-fork", "SIGINT", "group"),
    ("multiprocessing-forkserver", "SIGINT", "group"),
    ("multiprocessing-spawn", "SIGINT", "group"),
    # From 3.15 on an executor tells how a worker ended, if it knows by then.
    ("process-pool-two", "SIGKILL", "child"),
    ("process-pool-two-forkserver", "SIGKILL", "child"),
    # On 2.7 the main thread may be within a request, which swallows the SystemExit.
    ("flask-graceful", "self-SIGTERM", "main"),
}


def momentary(order: TrialSpec) -> bool:
    """Whether stderr is a matter of the moment, with the probe and without it.

    A traceback of calls without end says how many there were. A fatal error prints the stack of
    every thread, wherever each happens to be. On 2.7 a debug server's child serves in a daemon
    thread, as any server does its requests, and those may or may not run into something while
    the interpreter is taken down. PyPy's `os.abort` is a signal to the process: another thread
    may take it, and the view's goes on to the server's log.
    """
    if order.scenario.id.startswith("asyncio") and order.termination.id == "SIGINT-twice":
        return True  # tasks that are left are printed, with where each was
    if order.scenario.id.startswith("process-pool") and order.cell.startswith("cpython-3.15"):
        return order.target == "child"  # an executor tells how a worker ended, if it knows by then
    if order.termination.id in ("recursion-limit", "stack-overflow"):
        return True  # how often a line is repeated is a matter of what is on the stack below
    if order.scenario.id == "multiprocessing-queue-cancelled" and order.cell.startswith(
        "cpython-2.7"
    ):
        return True  # nobody stops the thread that feeds the queue, which is a daemon
    if order.termination.id == "fatal-error":
        return order.scenario.serves
    if order.termination.id == "abort":
        return order.scenario.serves and order.cell.startswith("pypy")
    ends_in_python = order.termination.id in ("touch-source", "SIGTERM", "SIGINT", "SIGINT-twice")
    return order.cell.startswith("cpython-2.7") and order.scenario.serves and ends_in_python


def shown(order: TrialSpec, trial: Trial) -> list[object]:
    """What a blind run can see: exits, survivors, stdout, and stderr without the probe's traces."""
    alone = replace(order.scenario, printed=False)  # the two runs that it takes are these here
    outcome = observe(trial, alone, order.termination)
    assert isinstance(outcome, Outcome), (order.cell, outcome)
    # A fork server tells nothing without the probe, and may be gone before anybody looks.
    exits = [(one.role, one.exit) for one in outcome.processes if one.role != FORK_SERVER]
    lines = normalise(trial.stderr).splitlines()
    if order.scenario.id == "plain-pool-late":  # PROTOCOL.md: the outer frames, up to 3.9
        lines = list(without_frames(trial.stderr))
    # The tracker of shared memory tells its name, which holds the pid.
    lines = [re.sub(r"'/app-\d+'", "'/app'", line) for line in lines]
    if len(outcome.processes) + len(outcome.helpers) > 1:
        lines.sort()  # what two processes write to one stderr has no order of its own
    # In which order garbage is finalized depends on what else is alive. Of two files of gzip 3.15
    # tells in one order where HOME is set, and in another where it is not, without any probe.
    if sum(line.startswith("Exception ignored while ") for line in lines) > 1:
        lines.sort()
    if have_siblings(outcome):  # which of them it was that says so
        lines = sorted(re.sub(r"Worker-\d+", "Worker", line) for line in lines)
    if momentary(order):
        lines = []  # exits and stdout are compared all the same
    # The log of a server that a command starts is among it, with its port. Of processes that get a
    # signal at once, and of two that are alike, any may be first with a line.
    unordered = order.scenario.command or order.target == "group" or have_siblings(outcome)
    stdout = printed(trial, outcome) if unordered else [trial.stdout]
    return [exits, outcome.survivors, outcome.port, outcome.data, *stdout, *lines]


def have_siblings(outcome: Outcome) -> bool:
    """Whether two processes are alike, such as workers."""
    kinds = [one.role.partition("#")[0] for one in outcome.processes]
    return len(set(kinds)) < len(kinds)


def some_of(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """Of every other scenario so many endings, and one at least; others of the next scenario."""
    of: dict[str, list[Cell]] = {}
    for cell in cells:
        of.setdefault(cell.scenario, []).append(cell)
    return tuple(
        cell
        for number, here in every(2, list(enumerate(of.values())))
        for cell in here[number % min(EVERY, len(here)) :: EVERY]
    )


@pytest.mark.slow
@pytest.mark.parametrize("interpreter_id", dict.fromkeys(CHOSEN))
@pytest.mark.parametrize("family", ["none", "flask"])
def test_blind(
    interpreter_id: str, family: str, environment_of: Callable[[str, str], Environment]
) -> None:
    """A blind run gives the same exits, stdout and stderr."""
    interpreter = FOUND[interpreter_id]
    stack = "none" if family == "none" else newest_flask(interpreter)
    environment = environment_of(interpreter_id, stack)
    cells = plan(
        [interpreter],
        [one for one in LOADED.values() if one.family == family],
        [one for one in STACKS if one.name == stack],
        lambda _stack, _interpreter: None,
    ).cells
    races = RACES | races_on_record()
    cells = tuple(c for c in cells if (c.scenario, c.termination, c.target) not in races)
    # How far a handler got when its time was over is not the same in two runs, and the
    # shortest of a grid that only sleeps for longer stands for the others.
    grid = {c: LOADED[c.scenario].length for c in cells}
    least = min((length for length in grid.values() if length), default=0)
    cells = tuple(
        c for c in cells if grid[c] in (0, least) and not (grid[c] and c.target == "group")
    )
    cells = some_of(cells)
    seeing = [make_order(environment, LOADED[c.scenario], c.termination, c.target) for c in cells]
    blind = [
        make_order(environment, LOADED[c.scenario], c.termination, c.target, [environment.endings])
        for c in cells
    ]
    trials = run_orders([*seeing, *blind])
    by_order = {id(order): trial for order, trial in trials}
    assert len(by_order) == len(trials)
    for one, other in zip(seeing, blind, strict=True):
        assert shown(other, by_order[id(other)]) == shown(one, by_order[id(one)]), one.cell


@pytest.mark.parametrize(("scenario", "termination", "target"), every(3, sorted(RACES)))
def test_blind_race(
    scenario: str,
    termination: str,
    target: str,
    environment_of: Callable[[str, str], Environment],
) -> None:
    """A blind run of a race ends in a way that was seen or that the laws allow.

    No number of runs shows a race whole.
    """
    served = LOADED[scenario].family != "none"
    stack = newest_flask(FOUND[NEWEST]) if served else "none"
    id = f"{NEWEST}/{stack}/{scenario}/{termination}@{target}"
    known = [record for record in of_this_platform() if record.cell == id]
    if not known:
        pytest.skip(f"no committed record of {id}")
    environment = environment_of(NEWEST, stack)
    order = make_order(environment, LOADED[scenario], termination, target, [environment.endings])
    prediction = judge(known[0], LOADED[scenario]).prediction
    assert prediction
    allowed = (*known[0].outcomes, *prediction.outcomes)
    ends = [[(p.role, p.exit) for p in one.processes] for one in allowed]
    for _, trial in run_orders([order] * RUNS_OF_A_RACE):
        outcome = observe(trial, order.scenario, order.termination)
        assert isinstance(outcome, Outcome), outcome
        assert [(p.role, p.exit) for p in outcome.processes] in ends


def test_normalising_takes_out_only_what_differs() -> None:
    """Normalising removes probe frames and what is random in every run, and nothing else."""
    text = (
        "Exception ignored in atexit callback <function C at 0x7f3618dc1440>:\n"
        "Traceback (most recent call last):\n"
        '  File "/x/probe/exitmatrix_probe.py", line 28, in __call__\n'
        "    result = self.func(*args, **kwargs)\n"
        "             ~~~~~~~~~^^^^^^^^^^^^^^^^^\n"
        '  File "/tmp/exitmatrix-a8w6du7l/4/cwd/app.py", line 39, in C\n'
        "    raise ValueError\n"
        "ValueError\n"
        " * Running on http://127.0.0.1:41173\n"
        '127.0.0.1 - - [21/Nov/2026 09:20:57] "GET / HTTP/1.1" 200 -\n'
        '127.0.0.1 - - [21/Nov/2026 09:20:57] "GET /end HTTP/1.1" 200 -\n'
        " * Debugger PIN: 907-086-891\n"
        "leaked semaphore objects to clean up at shutdown: {'/mp-4y8cx_d6'}\n"
    )
    assert normalise(text) == (
        "Exception ignored in atexit callback <function C at 0x<address>>:\n"
        "Traceback (most recent call last):\n"
        '  File "<trial>/cwd/app.py", line 39, in C\n'
        "    raise ValueError\n"
        "ValueError\n"
        " * Running on http://127.0.0.1:<port>\n"
        '127.0.0.1 - - [<time>] "GET /end HTTP/1.1" 200 -\n'
        " * Debugger PIN: <pin>\n"
        "leaked semaphore objects to clean up at shutdown: {'/mp-<random>'}\n"
    )
