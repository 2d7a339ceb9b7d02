"""Laws about a second interpreter in a process."""

from __future__ import annotations

from exitmatrix.judge.laws.law import Dies, Facts, Law, Leaves, Proceeds, Raises, Walks, does
from exitmatrix.model.language import EndInterpreter, StartInterpreter


def _can(facts: Facts) -> bool:
    """Whether this Python can have a second interpreter."""
    return facts.profile.second_interpreter != "none"


_DESTROYED_BY_ID = ("leaves if left", "runs if released")
"""Where a second interpreter ends when nobody refers to its id any more."""


LAWS: tuple[Law, ...] = (
    Law(
        id="second-interpreter",
        about="statement",
        when=lambda f: does(EndInterpreter)(f) or (does(StartInterpreter)(f) and _can(f)),
        then=lambda _: Proceeds(),
        because="A process may have several interpreters; each has modules of its own.",
        source="docs: c-api/init, Sub-interpreter support",
    ),
    Law(
        id="pypy-has-one-interpreter",
        about="statement",
        when=lambda f: does(StartInterpreter)(f) and not _can(f),
        then=lambda _: Raises("Exception"),
        because=(
            "PyPy has one interpreter in a process: no module starts another, and its ctypes has "
            "no pythonapi."
        ),
        source="PyPy lib_pypy/ctypes_support.py; docs: library/ctypes, ctypes.pythonapi",
    ),
    Law(
        id="subinterpreter-forgets",
        about="end of interpreter",
        when=lambda f: f.profile.second_interpreter == "forgets",
        then=lambda _: Walks("not at all"),
        because=(
            "Before 3.7 handlers belong to the process, and only the main interpreter's end "
            "runs them: those that a second one registered do not run."
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
        id="subinterpreter-that-is-held-aborts",
        about="end of interpreter",
        when=lambda f: (
            f.left_over and f.profile.second_interpreter in _DESTROYED_BY_ID and f.held != ""
        ),
        then=lambda _: Dies("SIGABRT", flushed=True),
        because=(
            "From 3.8 to 3.12 a second interpreter ends with the last reference to its id, when "
            "globals are released. A daemon thread's frames hold on to these: the interpreter is "
            "still there when the main one is deleted, which aborts."
        ),
        source="CPython 3.12 Python/pystate.c, _PyInterpreterState_IDDecref and "
        "PyInterpreterState_Delete: remaining subinterpreters",
    ),
    Law(
        id="subinterpreter-left-3-8",
        about="end of interpreter",
        when=lambda f: (
            f.left_over and f.profile.second_interpreter == "leaves if left" and not f.held
        ),
        then=lambda _: Leaves(0, flushed=True),
        because=(
            "From 3.8 to 3.11 a second interpreter's handlers begin when the runtime already "
            "counts as finalizing: the first one that lets go of the interpreter's lock, as any "
            "system call does, ends the main thread, and with it the process, with status 0. What "
            "the main one's handlers wrote is out by then."
        ),
        source="CPython gh-109793; 3.11 Python/ceval_gil.h, take_gil; Python/pylifecycle.c, "
        "Py_FinalizeEx, flush_std_files",
    ),
    Law(
        id="subinterpreter-runs-its-own",
        about="end of interpreter",
        when=lambda f: (
            f.profile.second_interpreter in ("runs", "runs first")
            or (f.profile.second_interpreter == "runs if released" and not f.held)
            or (not f.left_over and f.profile.second_interpreter != "forgets")
        ),
        then=lambda _: Walks("copied"),
        because=(
            "Handlers belong to the interpreter that registered them: its end runs them, in the "
            "reverse of their order; from 3.12 on the end of the main one ends it first. That is "
            "when globals have been released, and from 3.14 on right behind the main one's "
            "handlers."
        ),
        source="docs: library/atexit, atexit.register; CPython Python/pylifecycle.c, "
        "Py_EndInterpreter and finalize_subinterpreters; gh-128639",
    ),
)
