"""The laws of pools of threads: what becomes of a task, and who waits for a worker. Pure."""

from __future__ import annotations

import pytest
from exitmatrix.judge.profile import Profile, profile
from exitmatrix.judge.program import predict_program
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.model.language import (
    Clear,
    Code,
    Fork,
    Function,
    Raise,
    Register,
    RegisterThreading,
    RunHandlers,
    Statement,
    SysExit,
    UsePool,
    Write,
)
from exitmatrix.report.programs import program_lines


def python(version: str) -> Profile:
    return profile({"implementation": "cpython", "version": version})


def text_of(version: str, *body: Statement, **functions: tuple[Statement, ...]) -> str:
    """The one thing that a program may show."""
    named = tuple(Function(name, does) for name, does in functions.items())
    (seen,) = predict_program(Code(body=body, functions=named), python(version)).seen
    return "; ".join(program_lines(seen))


LATE = UsePool((Register("B"), Write("w1.")), "at exit")


@pytest.mark.parametrize(
    ("version", "order"), [("3.8.18", "C, A"), ("3.9.2", "B, C, A")], ids=["3.8", "3.9"]
)
def test_a_task_that_is_left_is_waited_for(version: str, order: str) -> None:
    """From 3.9 on before all handlers; before, in the place of the first use among them.

    A handler that it registers then still runs, the next one, unless it comes too late for that.
    """
    text = text_of(version, Register("A"), LATE, Register("C"))
    assert text == f"main: {order}; exit status 0; stdout: w1."


def test_threading_ends_pools_behind_functions_that_came_later() -> None:
    """From 3.9 on their exit function is one of threading's list, and runs in its order."""
    text = text_of("3.13.0", RegisterThreading("A"), LATE, RegisterThreading("C"))
    assert text == "main: C, A, B; exit status 0; stdout: w1."


@pytest.mark.parametrize(
    ("version", "how"), [("3.8.18", "A"), ("3.9.2", "A raised")], ids=["3.8", "3.9"]
)
def test_a_pool_in_a_handler_is_refused_from_3_9_on(version: str, how: str) -> None:
    """It is a RuntimeError both for pools used before and for pools imported by the call."""
    in_handler = {"A": (UsePool(),)}
    for before in ((), (UsePool(),)):
        text = text_of(version, *before, Register("A"), **in_handler)
        assert text == f"main: {how}; exit status 0; stdout: nothing"


@pytest.mark.parametrize(
    ("version", "status"), [("3.6.15", 0), ("3.7.16", 1), ("3.9.2", 0)], ids=["3.6", "3.7", "3.9"]
)
def test_handlers_that_run_early_close_pools_from_3_7_to_3_8(version: str, status: int) -> None:
    """3.6 takes tasks nevertheless, and from 3.9 on no handler closes pools."""
    text = text_of(version, UsePool(), RunHandlers(), UsePool())
    assert text == f"main: exit status {status}; stdout: nothing"


def test_up_to_3_8_clearing_the_handlers_leaves_a_task() -> None:
    """Nobody waits for its worker then, a daemon; from 3.9 on atexit has no say in it."""
    assert "stdout: nothing" in text_of("3.8.18", LATE, Clear())
    assert "stdout: w1." in text_of("3.9.2", LATE, Clear())


def test_an_exit_in_a_task_is_that_of_who_asks_for_the_result() -> None:
    """SystemExit is kept in the future: with nobody who asks it is lost."""
    assert "exit status 3" in text_of("3.13.0", UsePool((SysExit(3),), "with"))
    assert "exit status 3" in text_of("3.13.0", UsePool((SysExit(3),), "left open"))
    assert "exit status 0" in text_of("3.13.0", UsePool((SysExit(3),), "shutdown"))
    assert "exit status 0" in text_of("3.13.0", UsePool((Raise(),), "at exit"))


def test_a_child_has_none_of_the_workers() -> None:
    """It does not wait for them at its end."""
    text = text_of("3.13.0", UsePool((), "left open"), Fork(), Register("A"))
    assert text == "main: A; exit status 0; fork 0: A; exit status 0; stdout: nothing"


def test_python_2_has_no_pools() -> None:
    """The import fails, and nothing else happens."""
    assert text_of("2.7.18", UsePool((Write("w1."),))) == "main: exit status 1; stdout: nothing"


@pytest.mark.parametrize(
    "body",
    [(UsePool((Fork(),)),), (LATE, LATE), (UsePool((RunHandlers(),), "left open"), UsePool())],
    ids=["fork", "two", "itself"],
)
def test_what_was_not_measured_of_pools_is_withheld(body: tuple[Statement, ...]) -> None:
    """A fork in a task, two tasks that wait for the same, a worker that waits for itself."""
    with pytest.raises(NotPredicted):
        predict_program(Code(body=body), python("3.8.18"))
