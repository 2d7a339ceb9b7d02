"""Laws about a second interpreter in a process."""

from __future__ import annotations

from exitmatrix.judge.laws.law import Dies, Law, Leaves, Proceeds, Walks, does
from exitmatrix.model.language import EndInterpreter, StartInterpreter

LAWS: tuple[Law, ...] = (
    Law(
        id="second-interpreter",
        about="statement",
        when=does(StartInterpreter, EndInterpreter),
        then=lambda _: Proceeds(),
        because="A process may have several interpreters; each has modules of its own.",
        source="docs: c-api/init, Sub-interpreter support",
    ),
    Law(
        id="subinterpreter-forgets",
        about="end of interpreter",
        when=lambda f: f.profile.second_interpreter == "forgets",
        then=lambda _: Walks("not at all"),
        because=(
            "Before 3.7 handlers are the process's, and only the main interpreter's end runs them: "
            "those that a second one registered never run."
        ),
        source="bpo-31901; docs: library/atexit, atexit.register",
    ),
    Law(
        id="subinterpreter-of-3-7-aborts",
        about="end of interpreter",
        when=lambda f: f.left_over and f.profile.second_interpreter == "aborts if left",
        then=lambda _: Dies("SIGABRT", flushed=True),
        because=(
            "3.7 runs the main interpreter's handlers and then aborts, because another interpreter "
            "is still there."
        ),
        source="CPython 3.7 Python/pystate.c, PyInterpreterState_Delete: remaining subinterpreters",
    ),
    Law(
        id="subinterpreter-left-3-8",
        about="end of interpreter",
        when=lambda f: f.left_over and f.profile.second_interpreter == "leaves if left",
        then=lambda _: Leaves(0),
        because=(
            "From 3.8 to 3.11 a second interpreter's handlers begin when the runtime already "
            "counts as finalizing: the first one that lets go of the interpreter's lock, as any "
            "system call does, ends the main thread, and with it the process, with status 0."
        ),
        source="CPython gh-109793; 3.11 Python/ceval_gil.h, take_gil",
    ),
    Law(
        id="subinterpreter-runs-its-own",
        about="end of interpreter",
        when=lambda f: (
            f.profile.second_interpreter == "runs"
            or (not f.left_over and f.profile.second_interpreter != "forgets")
        ),
        then=lambda _: Walks("copied"),
        because=(
            "Handlers belong to the interpreter that registered them: its end runs them, in the "
            "reverse of their order; from 3.12 on the end of the main one ends it first."
        ),
        source="docs: library/atexit, atexit.register; CPython Python/pylifecycle.c, "
        "Py_EndInterpreter",
    ),
)
