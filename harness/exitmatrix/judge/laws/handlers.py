"""Laws about the list of handlers: what changes it, and how it is gone through."""

from __future__ import annotations

from exitmatrix.judge.laws.law import Facts, Law, Proceeds, Raises, Walks, always, does
from exitmatrix.model.language import (
    Clear,
    Register,
    RunHandlers,
    SetExitFunction,
    Unregister,
    UnregisterNamesake,
)


def _removes(facts: Facts) -> bool:
    return isinstance(facts.statement, Clear | Unregister | UnregisterNamesake)


LAWS: tuple[Law, ...] = (
    Law(
        id="register-appends",
        about="statement",
        when=does(Register),
        then=lambda _: Proceeds(),
        because=(
            "Each call of register adds one entry, with its arguments, also for a function that is "
            "registered already, and from whichever thread."
        ),
        source="docs: library/atexit, atexit.register",
    ),
    Law(
        id="unregister-equal",
        about="statement",
        when=lambda f: isinstance(f.statement, Unregister) and f.profile.has_unregister,
        then=lambda _: Proceeds(),
        because=(
            "unregister removes every entry whose function compares equal, however many and with "
            "whatever arguments; where there is none it silently does nothing."
        ),
        source="docs: library/atexit, atexit.unregister",
    ),
    Law(
        id="unregister-not-by-name",
        about="statement",
        when=lambda f: isinstance(f.statement, UnregisterNamesake) and f.profile.has_unregister,
        then=lambda _: Proceeds(),
        because="Functions are equal only to themselves: one that bears the same name is another.",
        source="docs: library/atexit, atexit.unregister; reference/expressions, Value comparisons",
    ),
    Law(
        id="clear-empties",
        about="statement",
        when=lambda f: isinstance(f.statement, Clear) and f.profile.has_unregister,
        then=lambda _: Proceeds(),
        because="atexit._clear empties the list.",
        source="CPython Modules/atexitmodule.c, atexit_clear",
    ),
    Law(
        id="nothing-removes-in-2",
        about="statement",
        when=lambda f: _removes(f) and not f.profile.has_unregister,
        then=lambda _: Raises("Exception"),
        because="Python 2's atexit has register alone: asking for more is an AttributeError.",
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
        when=lambda f: isinstance(f.statement, SetExitFunction) and f.profile.exitfunc,
        then=lambda _: Proceeds(),
        because=(
            "Python 2 calls sys.exitfunc at the end, one function. atexit is such a function: it "
            "keeps one that is there when it is imported, and is displaced by one that comes later."
        ),
        source="docs of 2.7: library/sys, sys.exitfunc; CPython 2.7 Lib/atexit.py, last lines",
    ),
    Law(
        id="exitfunc-is-no-more",
        about="statement",
        when=lambda f: isinstance(f.statement, SetExitFunction) and not f.profile.exitfunc,
        then=lambda _: Proceeds(),
        because="Python 3 does not know sys.exitfunc: it is an attribute like any other.",
        source="What's New In Python 3.0",
    ),
    # -------------------------------------------------------------------------- running
    Law(
        id="runs-by-popping",
        about="handlers",
        when=lambda f: f.profile.handler_list == "popped",
        then=lambda _: Walks("popped"),
        because=(
            "Python 2 pops handlers off the end of the list until it is empty: last in, first "
            "out, and one that is registered meanwhile runs next."
        ),
        source="CPython 2.7 Lib/atexit.py, _run_exitfuncs; docs call it undefined",
    ),
    Law(
        id="runs-by-slot",
        about="handlers",
        when=lambda f: f.profile.handler_list == "slots",
        then=lambda _: Walks("slots"),
        because=(
            "Up to 3.13 an array is gone through from the place where it ended when running began "
            "down to the first: last in, first out. What is unregistered meanwhile leaves its "
            "place empty, and what is added behind is cleared without having run; after a clear, "
            "adding begins at the first place again, which may still be to come."
        ),
        source="CPython 3.13 Modules/atexitmodule.c, atexit_callfuncs, atexit_delete_cb and "
        "atexit_register; docs call it undefined",
    ),
    Law(
        id="runs-from-a-copy",
        about="handlers",
        when=lambda f: f.profile.handler_list == "copied",
        then=lambda _: Walks("copied"),
        because=(
            "From 3.14 on the handlers are run from a copy of the list, last in, first out: "
            "whatever is registered, unregistered or cleared meanwhile makes no difference."
        ),
        source="CPython 3.14 Modules/atexitmodule.c, atexit_callfuncs; docs call it undefined",
    ),
    Law(
        id="runs-in-reverse",
        about="handlers",
        when=lambda f: f.profile.handler_list == "reversed",
        then=lambda _: Walks("reversed"),
        because=(
            "PyPy iterates over reversed(list): last in, first out. What is unregistered meanwhile "
            "leaves its place empty, and the iteration is over for ever once the list has become "
            "shorter than the place that it has come to."
        ),
        source="PyPy pypy/module/atexit/app_atexit.py, run_exitfuncs; docs: library/functions, "
        "reversed",
    ),
    Law(
        id="handler-raises",
        about="handler exception",
        when=always,
        then=lambda _: Proceeds(),
        because="What a handler raises ends that handler only; the others run.",
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
