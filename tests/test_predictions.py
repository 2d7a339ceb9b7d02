"""The laws about what a header's program and an ending come to: predicted outcomes of cells."""

from __future__ import annotations

from typing import Any

import pytest
from exitmatrix.declare.program import program
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.cell import predict
from exitmatrix.judge.profile import profile
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.model import Outcome, Process


def outcomes(
    table: dict[str, Any],
    termination: str = "return",
    version: str = "3.13.0",
    target: str = "main",
    **packages: str,
) -> tuple[Outcome, ...]:
    """What is allowed for a program of a header that is ended so."""
    python = profile({"implementation": "cpython", "version": version}, packages)
    return predict(program(table), TERMINATIONS[termination], target, python).outcomes


def told(one: Process) -> tuple[Any, ...]:
    how = one.exit and one.exit.get("signal", one.exit.get("code"))
    return (one.role, *(one.fired or ()), *(f"{name}..." for name in one.unfinished or ()), how)


def only(*args: Any, **more: Any) -> list[tuple[Any, ...]]:
    """The processes of the one outcome that is allowed."""
    (outcome,) = outcomes(*args, **more)
    return [told(one) for one in outcome.processes]


ABC = ["register A", "register B", "register C"]


def test_a_signal_that_a_thread_sends_is_handled_in_the_main_thread() -> None:
    """Its handler's SystemExit is the program's."""
    steps = [*ABC[:1], "on SIGTERM stop, sys.exit 5", "thread: signal SIGTERM"]
    assert only({"steps": steps}) == [("main", "signal.SIGTERM:stop", "A", 5)]


def test_children_of_children_are_told_too() -> None:
    """Two forks make four processes; whose marker it was nobody can say then."""
    (outcome,) = outcomes({"steps": ["register A", "write", "fork", "fork"]})
    assert [one.role for one in outcome.processes] == ["main", "child", "child#2", "child#3"]
    assert {one.fired for one in outcome.processes} == {("A",)}
    assert [one.stdout for one in outcome.processes] == [None] * 4


def test_a_child_that_a_handler_forked_has_the_status_that_its_parent_has() -> None:
    """And handlers that ran when it was forked began in it too."""
    assert only({"steps": ABC, "handlers": {"B": "fork"}}, "sys-exit-3") == [
        ("main", "C", "B", "A", 3),
        ("child", "B", "A", 3),
    ]


def test_a_signal_handler_that_leaves_is_unfinished() -> None:
    """Nothing of it is told but that it began."""
    steps = ["register A", "on SIGTERM stop, os._exit 3", "signal SIGTERM"]
    assert only({"steps": steps}) == [("main", "signal.SIGTERM:stop...", 3)]


def test_a_forked_child_may_do_several_things() -> None:
    """It has its parent's signal handlers, and goes on with the program."""
    child = ["register B", "signal SIGTERM"]
    steps = ["register A", "on SIGTERM stop, sys.exit 4", {"fork": child}]
    assert only({"steps": steps}) == [
        ("main", "A", 0),
        ("child", "signal.SIGTERM:stop", "B", "A", 4),
    ]


@pytest.mark.parametrize(
    ("version", "end"),
    [("3.9.18", ("main", "C", "B", "A", 1)), ("3.10.0", ("main", "C", "B", "A", "D", 0))],
)
def test_an_explicit_run_raises_up_to_3_9(version: str, end: tuple[Any, ...]) -> None:
    """And the program goes on from 3.10 on."""
    table = {"steps": [*ABC, "run handlers", "register D"], "handlers": {"B": "raise"}}
    assert only(table, version=version) == [end]


def test_a_handler_that_registers_itself_for_ever_is_not_predicted() -> None:
    """On 2.7 it never ends, so the question is told instead of a guess."""
    table = {"steps": ABC, "handlers": {"A": "register A"}}
    with pytest.raises(NotPredicted, match="moments"):
        outcomes(table, version="2.7.18")


def test_a_program_that_goes_on_survives() -> None:
    """One that ignores a signal from outside is alive, and SIGKILL still ends it."""
    table = {"steps": [*ABC, "ignore SIGTERM"]}
    (outcome,) = outcomes(table, "SIGTERM")
    assert (outcome.survivors, outcome.processes[0].exit) == (("main",), None)
    assert only(table, "SIGTERM-then-SIGKILL") == [("main", "SIGKILL")]


RELOADED = {"steps": ABC, "server": "threads", "supervisor": "reloader"}


def test_a_prefix_of_what_a_killed_child_does_is_all_that_is_left_open() -> None:
    """SIGTERM to a debug server's group: the parent's end is certain, the child's a race."""
    allowed = outcomes(RELOADED, "SIGTERM", target="group", werkzeug="1.0.1")
    assert len(allowed) == 2
    assert {told(one.processes[0]) for one in allowed} == {("parent", "C", "B", "A", 0)}
    assert sorted(one.cut for one in allowed) == [False, True]


def test_status_3_of_a_reloaded_child_starts_another() -> None:
    """Which serves, while the parent waits."""
    (outcome,) = outcomes(RELOADED, "os-exit-3", target="child", werkzeug="1.0.1")
    assert outcome.survivors == ("parent", "child#2")
    assert outcome.port == "open"
