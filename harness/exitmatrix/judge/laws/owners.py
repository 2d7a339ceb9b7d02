"""Laws about signals that have two owners, as generated programs do not write them."""

from __future__ import annotations

from exitmatrix.judge.laws.law import Calls, Later, Law, Proceeds, does
from exitmatrix.model.language import Call, RegisterFaulthandler

LAWS: tuple[Law, ...] = (
    Law(
        id="function-is-called",
        about="statement",
        when=does(Call),
        then=lambda _: Proceeds(),
        because=(
            "A function that is called is executed there; what it raises is raised in its caller, "
            "who may be another handler of the same signal."
        ),
        source="docs: reference/expressions, Calls; library/signal, signal.signal, which returns "
        "the previous handler",
    ),
    Law(
        id="faulthandler-is-set",
        about="statement",
        when=does(RegisterFaulthandler),
        then=lambda _: Proceeds(),
        because=(
            "faulthandler.register replaces the action of a signal below Python. With chain=True "
            "it does afterwards what was there before: Python's handler, or the default action."
        ),
        source="docs: library/faulthandler, faulthandler.register; CPython "
        "Modules/faulthandler.c, faulthandler_user",
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
            "A signal that comes while the handler of a signal runs is handled at once, within it: "
            "Python blocks no signal meanwhile. Up to 3.7 that is so where the first handler was "
            "called while a call waited; between two instructions handlers do not nest, and when "
            "the second one is called then was not measured."
        ),
        source="docs: library/signal, Execution of Python signal handlers; CPython "
        "Modules/signalmodule.c, _PyErr_CheckSignalsTstate; 3.7 Python/ceval.c, "
        "Py_MakePendingCalls",
    ),
    Law(
        id="pypy-ends-a-handler-first",
        about="noticing",
        when=lambda f: f.nested and f.profile.nests_signal_handlers == "never",
        then=lambda _: Later(),
        because=(
            "Newer PyPys handle a signal that comes while the handler of a signal runs when that "
            "one has returned: a handler that hangs cannot be interrupted, by Ctrl-C neither."
        ),
        source="measured: 7.3.11 nests them, 8.0.1 does not; PyPy "
        "pypy/interpreter/executioncontext.py, action_dispatcher",
    ),
)
