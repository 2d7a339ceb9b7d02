"""Laws about the list of handlers: what changes it, and how it is gone through."""

from __future__ import annotations

from exitmatrix.judge.laws.law import Facts, Law, Proceeds, Raises, Walks, always, does
from exitmatrix.model.language import (
    Clear,
    ImportAtexit,
    Register,
    RunHandlers,
    SetExitFunction,
    Unregister,
    UnregisterNamesake,
)


def _removes(facts: Facts) -> bool:
    return isinstance(facts.statement, Clear | Unregister | UnregisterNamesake)


def _counts(facts: Facts) -> bool:
    return facts.profile.final_exception == "SystemExit counts"


def _removes_meanwhile(facts: Facts) -> bool:
    """Whether a handler removes others while handlers are run."""
    return (
        isinstance(facts.statement, Clear | Unregister)
        and facts.profile.has_unregister
        and facts.running
    )


LAWS: tuple[Law, ...] = (
    Law(
        id="register-appends",
        about="statement",
        when=lambda f: isinstance(f.statement, Register) and not f.running,
        then=lambda _: Proceeds(),
        because=(
            "Each call of register adds one entry, with its arguments, also for a function that is "
            "registered already, and from whichever thread."
        ),
        source="docs: library/atexit, atexit.register",
    ),
    Law(
        id="registered-while-running-2",
        about="statement",
        when=lambda f: (
            isinstance(f.statement, Register) and f.running and f.profile.handler_list == "popped"
        ),
        then=lambda _: Proceeds(),
        because=(
            "Python 2 pops handlers off a list until it is empty, so one that is registered "
            "meanwhile runs next."
        ),
        source="CPython 2.7 Lib/atexit.py, _run_exitfuncs; docs call it undefined",
    ),
    Law(
        id="registered-while-running",
        about="statement",
        when=lambda f: (
            isinstance(f.statement, Register) and f.running and f.profile.handler_list != "popped"
        ),
        then=lambda _: Proceeds(),
        because=(
            "Handlers are run from the place where the list ended when running began; what is "
            "added behind it is cleared without having run."
        ),
        source="CPython Modules/atexitmodule.c, atexit_callfuncs; docs call it undefined",
    ),
    Law(
        id="unregister-equal",
        about="statement",
        when=lambda f: (
            isinstance(f.statement, Unregister) and f.profile.has_unregister and not f.running
        ),
        then=lambda _: Proceeds(),
        because=(
            "unregister removes every entry whose function compares equal, however many and with "
            "whatever arguments; where there is none it silently does nothing."
        ),
        source="docs: library/atexit, atexit.unregister",
    ),
    Law(
        id="unregistered-while-running",
        about="statement",
        when=lambda f: _removes_meanwhile(f) and f.profile.handler_list != "copied",
        then=lambda _: Proceeds(),
        because=(
            "Handlers are called from the list itself, so one that is unregistered before its "
            "turn does not run."
        ),
        source="CPython 3.13 Modules/atexitmodule.c, atexit_callfuncs; docs call it undefined",
    ),
    Law(
        id="runs-from-a-copy",
        about="statement",
        when=lambda f: _removes_meanwhile(f) and f.profile.handler_list == "copied",
        then=lambda _: Proceeds(),
        because=(
            "From 3.14 on the handlers are run from a copy of the list: one that is unregistered "
            "meanwhile still runs."
        ),
        source="CPython Modules/atexitmodule.c, atexit_callfuncs; docs call it undefined",
    ),
    Law(
        id="unregister-not-by-name",
        about="statement",
        when=lambda f: isinstance(f.statement, UnregisterNamesake) and f.profile.has_unregister,
        then=lambda _: Proceeds(),
        because=(
            "A function is equal only to itself: another one with the same name is not removed."
        ),
        source="docs: library/atexit, atexit.unregister; reference/expressions, Value comparisons",
    ),
    Law(
        id="clear-empties",
        about="statement",
        when=lambda f: (
            isinstance(f.statement, Clear) and f.profile.has_unregister and not f.running
        ),
        then=lambda _: Proceeds(),
        because="atexit._clear empties the list.",
        source="CPython Modules/atexitmodule.c, atexit_clear",
    ),
    Law(
        id="nothing-removes-in-2",
        about="statement",
        when=lambda f: _removes(f) and not f.profile.has_unregister,
        then=lambda _: Raises("Exception"),
        because="Python 2's atexit has register only: using anything else raises AttributeError.",
        source="docs of 2.7: library/atexit",
    ),
    Law(
        id="run-on-demand",
        about="statement",
        when=does(RunHandlers),
        then=lambda _: Proceeds(),
        because="atexit._run_exitfuncs runs the handlers in the thread that calls it.",
        source="CPython Modules/atexitmodule.c, atexit_run_exitfuncs",
    ),
    Law(
        id="exitfunc-holds-one",
        about="statement",
        when=lambda f: (
            isinstance(f.statement, SetExitFunction | ImportAtexit) and f.profile.exitfunc
        ),
        then=lambda _: Proceeds(),
        because=(
            "At the end Python 2 calls sys.exitfunc, a single function. The module atexit sets"
            " it: a function that was there before is kept as a handler, and one that is set later"
            " takes the place of atexit."
        ),
        source="docs of 2.7: library/sys, sys.exitfunc; CPython 2.7 Lib/atexit.py, last lines",
    ),
    Law(
        id="exitfunc-is-no-more",
        about="statement",
        when=lambda f: (
            isinstance(f.statement, SetExitFunction | ImportAtexit) and not f.profile.exitfunc
        ),
        then=lambda _: Proceeds(),
        because="Python 3 does not use sys.exitfunc: it is an attribute like any other.",
        source="What's New In Python 3.0",
    ),
    # -------------------------------------------------------------------------- running
    Law(
        id="lifo",
        about="handlers",
        when=always,
        then=lambda f: Walks(f.profile.handler_list),
        because="Handlers run in the reverse of the order in which they were registered.",
        source="docs: library/atexit; CPython Modules/atexitmodule.c, atexit_callfuncs",
    ),
    Law(
        id="handler-exit-status-2",
        about="handler exception",
        when=lambda f: f.exception == "SystemExit" and _counts(f),
        then=lambda _: Proceeds(),
        because=(
            "Python 2 runs the remaining handlers and raises the last exception again: a "
            "SystemExit from a handler becomes the program's exit status."
        ),
        source="CPython 2.7 Lib/atexit.py, _run_exitfuncs; Python/pythonrun.c, call_sys_exitfunc",
    ),
    Law(
        id="handler-raises",
        about="handler exception",
        when=lambda f: f.exception != "SystemExit" or not _counts(f),
        then=lambda _: Proceeds(),
        because=(
            "An exception in a handler ends only that handler. The others run, and the exit "
            "status is what it would have been."
        ),
        source="docs: library/atexit, atexit.register; CPython Modules/atexitmodule.c, "
        "atexit_callfuncs",
    ),
    Law(
        id="run-raises-the-last",
        about="run over",
        when=lambda f: f.exception != "" and f.profile.run_raises,
        then=lambda f: Raises(f.exception, f.status),
        because=(
            "Up to 3.9 atexit._run_exitfuncs raises the last exception of the handlers again when "
            "all have run, SystemExit too."
        ),
        source="CPython 3.9 Modules/atexitmodule.c, atexit_run_exitfuncs; bpo-42639",
    ),
    Law(
        id="run-returns",
        about="run over",
        when=lambda f: not f.exception or not f.profile.run_raises,
        then=lambda _: Proceeds(),
        because=(
            "atexit._run_exitfuncs returns when all handlers have run; from 3.10 on also when "
            "some of them raised."
        ),
        source="CPython bpo-42639; Modules/atexitmodule.c, atexit_run_exitfuncs",
    ),
)
