"""What a program of the small language consists of. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from exitmatrix.model.language import (
    ApplyTask,
    Call,
    Catch,
    Code,
    Finalize,
    Fork,
    Handle,
    HandleInLoop,
    Hook,
    Keep,
    Register,
    RegisterThreading,
    RunLoop,
    SetExitFunction,
    StartProcess,
    StartThread,
    Statement,
    SubmitTask,
    TryFinally,
    Unregister,
    UnregisterNamesake,
    UsePool,
)

NAMING = (
    Register
    | Unregister
    | UnregisterNamesake
    | SetExitFunction
    | Handle
    | HandleInLoop
    | TryFinally
    | Finalize
    | Call
    | Hook
    | Keep
    | RegisterThreading
)
"""Statements that name a function."""

HOLDING = (
    ApplyTask
    | Catch
    | Fork
    | RunLoop
    | StartProcess
    | StartThread
    | SubmitTask
    | TryFinally
    | UsePool
)
"""Statements that hold others."""


def size(code: Code) -> int:
    """How many statements there are, those of functions and of other bodies included."""
    return sum(1 for _ in statements(code)) + len(code.functions)


def statements(code: Code) -> Iterator[Statement]:
    """All statements of a program, wherever they stand."""
    yield from walk(code.body)
    for function in code.functions:
        yield from walk(function.body)


def function_names(code: Code) -> tuple[str, ...]:
    """The functions of a program: those that are described, then those that are only named."""
    named = [one.name for one in code.functions]
    named += [one.function for one in statements(code) if isinstance(one, NAMING)]
    loops = [one for one in statements(code) if isinstance(one, RunLoop)]
    named += [name for one in loops for name in (*one.tasks, *one.generators)]
    return tuple(dict.fromkeys(named))


def walk(body: Iterable[Statement]) -> Iterator[Statement]:
    """The statements of a body, and those of the bodies in it."""
    for one in body:
        yield one
        if isinstance(one, HOLDING):
            yield from walk(one.body)
        if isinstance(one, ApplyTask | SubmitTask):
            yield from walk(one.begin)
