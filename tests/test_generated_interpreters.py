"""The laws of a second interpreter, for programs that end by themselves: who ends it? Pure."""

from __future__ import annotations

import pytest
from exitmatrix.judge.profile import Profile, profile
from exitmatrix.judge.program import predict_program
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.model.language import (
    Code,
    EndInterpreter,
    Fork,
    Function,
    Keep,
    Register,
    StartInterpreter,
    StartThread,
    Statement,
    SysExit,
    Write,
)
from exitmatrix.report.programs import program_lines

SECOND = StartInterpreter(("X", "Y"))


def python(version: str, implementation: str = "cpython") -> Profile:
    return profile({"implementation": implementation, "version": version})


def text_of(about: Profile, *body: Statement, **functions: tuple[Statement, ...]) -> str:
    """The one thing that a program may show."""
    named = tuple(Function(name, does) for name, does in functions.items())
    (seen,) = predict_program(Code(body=body, functions=named), about).seen
    return "; ".join(program_lines(seen))


@pytest.mark.parametrize(
    ("version", "end"),
    [
        ("2.7.18", "main: A; exit status 3"),
        ("3.6.15", "main: A; exit status 3"),
        ("3.7.16", "main: A; killed by SIGABRT"),
        ("3.8.18", "main: A, Y began; exit status 0"),
        ("3.11.7", "main: A, Y began; exit status 0"),
        ("3.12.1", "main: A, Y, X; exit status 3"),
        ("3.15.2", "main: A, Y, X; exit status 3"),
    ],
)
def test_one_that_is_left_ends_behind_the_handlers(version: str, end: str) -> None:
    """What these wrote is out by then, however the second interpreter's end comes about."""
    text = text_of(python(version), Register("A"), SECOND, SysExit(3), A=(Write("w1."),))
    assert text == f"{end}; stdout: w1."


@pytest.mark.parametrize("version", ["3.7.16", "3.8.18", "3.13.0"])
def test_one_that_is_ended_runs_its_handlers_there(version: str) -> None:
    """Be it in main's code, in a thread or in a handler; a second end does nothing."""
    ended = text_of(python(version), Register("A"), SECOND, EndInterpreter(), EndInterpreter())
    assert ended == "main: Y, X, A; exit status 0; stdout: nothing"
    thread = text_of(python(version), Register("A"), SECOND, StartThread((EndInterpreter(),)))
    assert thread == ended
    handler = text_of(python(version), Register("A"), SECOND, A=(EndInterpreter(),))
    assert handler == "main: A began, Y, X, A ended; exit status 0; stdout: nothing"


@pytest.mark.parametrize(
    ("version", "end"),
    [
        ("3.6.15", "exit status 3"),
        ("3.8.18", "killed by SIGABRT"),
        ("3.12.1", "killed by SIGABRT"),
        ("3.13.0", "Y, X; exit status 3"),
    ],
)
def test_a_daemon_thread_holds_on_to_one_that_is_left(version: str, end: str) -> None:
    """Up to 3.12 it ends with its id, which is a global; 3.13 ends those that are left."""
    text = text_of(python(version), SECOND, StartThread((), "never"), Write("w1."), SysExit(3))
    assert text == f"main: {end}; stdout: w1."
    ended = text_of(python(version), SECOND, EndInterpreter(), StartThread((), "never"), SysExit(3))
    assert "exit status 3" in ended


@pytest.mark.parametrize(("version", "order"), [("3.13.18", "R, Y, X"), ("3.14.10", "Y, X, R")])
def test_one_that_is_left_ends_before_globals_are_released_from_3_14_on(
    version: str, order: str
) -> None:
    """Before, it ends behind them."""
    assert text_of(python(version), SECOND, Keep("R")).startswith(f"main: {order}; exit status 0")


def test_pypy_has_one_interpreter() -> None:
    """Asking for a second interpreter raises, and there is none to end."""
    assert text_of(python("3.11.17", "pypy"), EndInterpreter(), SECOND, SysExit(3)).startswith(
        "main: exit status 1"
    )


def test_a_fork_beside_a_second_interpreter_is_withheld() -> None:
    """No law says what a child has of it; where it has been ended, a fork is as any."""
    with pytest.raises(NotPredicted, match="a fork beside a second interpreter"):
        predict_program(Code(body=(SECOND, Fork())), python("3.13.0"))
    predict_program(Code(body=(SECOND, EndInterpreter(), Fork())), python("3.13.0"))
