"""Laws about signals that have two owners, as generated programs do not write them."""

from __future__ import annotations

from exitmatrix.judge.laws.law import Calls, Facts, Later, Law, Proceeds, Raises, Unnoticed, does
from exitmatrix.judge.laws.signals import ENDS, NO_ACTION, OF_CHILDREN, UNCATCHABLE
from exitmatrix.model.language import Call, RegisterFaulthandler

ENABLED_ONLY = frozenset(["SIGSEGV", "SIGFPE", "SIGABRT", "SIGBUS", "SIGILL"])
"""Signals that faulthandler.enable is for, and that faulthandler.register refuses."""


def _dumps(facts: Facts, *signals: frozenset[str]) -> bool:
    """Whether faulthandler is asked to take one of these signals, and is there."""
    asked = facts.statement.signal if isinstance(facts.statement, RegisterFaulthandler) else ""
    return any(asked in some for some in signals) and facts.profile.has_faulthandler


LAWS: tuple[Law, ...] = (
    Law(
        id="function-is-called",
        about="statement",
        when=does(Call),
        then=lambda _: Proceeds(),
        because=(
            "A function that is called is executed there; what it raises is raised in its "
            "caller, which may be another handler of the same signal."
        ),
        source="docs: reference/expressions, Calls; library/signal, signal.signal, which returns "
        "the previous handler",
    ),
    Law(
        id="faulthandler-is-set",
        about="statement",
        when=lambda f: (
            _dumps(f, ENDS, NO_ACTION) and not _dumps(f, ENABLED_ONLY, UNCATCHABLE, OF_CHILDREN)
        ),
        then=lambda _: Proceeds(),
        because=(
            "faulthandler.register replaces the action of a signal below Python. With chain=True "
            "it does afterwards what was there before: Python's handler, or the default action."
        ),
        source="docs: library/faulthandler, faulthandler.register; CPython "
        "Modules/faulthandler.c, faulthandler_user",
    ),
    Law(
        id="faulthandler-refuses",
        about="statement",
        when=lambda f: _dumps(f, ENABLED_ONLY, UNCATCHABLE),
        then=lambda _: Raises("Exception"),
        because=(
            "faulthandler.register refuses the signals of crashes with RuntimeError, since "
            "faulthandler.enable is for these; the kernel refuses those that cannot be "
            "handled."
        ),
        source="docs: library/faulthandler, faulthandler.register; CPython "
        "Modules/faulthandler.c, check_signum; signal(2), Description",
    ),
    Law(
        id="no-faulthandler-in-2",
        about="statement",
        when=lambda f: (
            isinstance(f.statement, RegisterFaulthandler) and not f.profile.has_faulthandler
        ),
        then=lambda _: Raises("Exception"),
        because="CPython 2 has no faulthandler: its import is an ImportError.",
        source="docs: library/faulthandler, New in version 3.3",
    ),
    Law(
        id="faulthandler-passes-on-in-time",
        about="signal",
        when=lambda f: (
            f.disposition == "default" and f.signal in ENDS and not f.in_main and f.passed_on
        ),
        then=lambda _: Later(),
        because=(
            "A signal to the process is given to the main thread. There faulthandler writes its "
            "tracebacks before it passes the signal on, and the sender goes on meanwhile."
        ),
        source="Linux kernel/signal.c, complete_signal; CPython Modules/faulthandler.c, "
        "faulthandler_user",
        race="what the sender does next, and the main thread's end",
    ),
    Law(
        id="dumped-only",
        about="signal",
        when=lambda f: f.disposition == "dumped",
        then=lambda _: Proceeds(),
        because=(
            "A signal that faulthandler took without chain=True writes tracebacks and does nothing "
            "else: neither the default action nor a handler that the program had set before."
        ),
        source="docs: library/faulthandler, faulthandler.register; CPython "
        "Modules/faulthandler.c, faulthandler_user",
    ),
    Law(
        id="signal-handlers-nest",
        about="noticing",
        when=lambda f: (
            f.nested
            and (
                f.profile.nests_signal_handlers == "always"
                or (f.profile.nests_signal_handlers == "in calls" and f.in_call)
            )
        ),
        then=lambda _: Calls(),
        because=(
            "A signal that comes while the handler of a signal runs is handled at once, within"
            " it: Python blocks no signal meanwhile. Up to 3.7 that is so only if the first"
            " handler interrupted a call that was waiting for something other than a lock or a"
            " thread."
        ),
        source="docs: library/signal, Execution of Python signal handlers; CPython "
        "Modules/signalmodule.c, _PyErr_CheckSignalsTstate; 3.7 Python/ceval.c, "
        "Py_MakePendingCalls",
    ),
    Law(
        id="pending-calls-do-not-nest",
        about="noticing",
        when=lambda f: f.nested and f.profile.nests_signal_handlers == "in calls" and not f.in_call,
        then=lambda _: Later(),
        because=(
            "Up to 3.7 handlers that are called between two instructions do not nest: the second "
            "one is called when the first has been left. If the first has raised SystemExit, which "
            "nothing catches, that is where the end comes to Python code, or flushes what is in "
            "the buffer of stdout: in a finally clause, at that flush, in threading's own "
            "function, or where threading was not imported in the first atexit handler, of "
            "which nothing runs if the second one raises."
        ),
        source="CPython 3.7 Python/ceval.c, Py_MakePendingCalls, busy; Python/thread_pthread.h, "
        "and Modules/_threadmodule.c, acquire_timed, which calls it",
    ),
    Law(
        id="pypy-ends-a-handler-first",
        about="noticing",
        when=lambda f: f.nested and f.profile.nests_signal_handlers == "never" and not f.exception,
        then=lambda _: Later(),
        because=(
            "On newer PyPys a signal that comes while a signal handler runs is handled when that"
            " handler has returned: a handler that hangs cannot be interrupted, not even by"
            " Ctrl-C."
        ),
        source="measured: 7.3.11 nests them, 8.0.1 does not; PyPy "
        "pypy/interpreter/executioncontext.py, action_dispatcher",
    ),
    Law(
        id="pypy-forgets-a-signal",
        about="noticing",
        when=lambda f: (
            f.nested and f.profile.nests_signal_handlers == "never" and f.exception == "SystemExit"
        ),
        then=lambda _: Unnoticed(),
        because=(
            "On newer PyPys a signal that came while a signal handler ran is not handled if that"
            " handler raises an exception, which also leaves the loop that asks for further"
            " signals. It stays unhandled until something else makes the interpreter ask: another"
            " signal, a switch of threads, the garbage collector, a buffered file that is flushed."
        ),
        source="measured on 8.0.1; PyPy pypy/module/signal/interp_signal.py, _poll_for_signals; "
        "pypy/interpreter/executioncontext.py, action_dispatcher, which resets the ticker first",
    ),
)
