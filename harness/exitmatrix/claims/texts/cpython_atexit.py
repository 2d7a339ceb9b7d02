"""Text A: what CPython's documentation says of atexit today.

Sentences are told in our own words, from the page of 3.14 (Doc/library/atexit.rst); the
older page is named where a sentence was taken out.
"""

from __future__ import annotations

from exitmatrix.claims.claim import CONTRADICTED, HOLDS, Claim, PublishedText, case, every
from exitmatrix.claims.conditions import (
    all_of,
    all_reversed,
    exits,
    prints_errors,
    raised,
    ran,
    ran_none,
    ran_times,
    ran_where,
)
from exitmatrix.claims.texts.shared import NOT_FOR_FATAL_ERRORS, NOT_FOR_OS_EXIT, NOT_FOR_SIGNALS

TEXT = PublishedText(
    id="A",
    title="CPython: atexit, exit handlers",
    where="docs.python.org, 3.14, library/atexit",
    about="The module's own page: when handlers run, in which order, and what an exception does.",
)

C_FAILED, B_FAILED = "RuntimeError: C failed", "ValueError: B failed"
ARGUMENTS = (
    "cleanup(name='third', tidy=None)",
    "cleanup('second', False)",
    "cleanup('first')",
)

CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="A1",
        says="Registered functions are executed upon normal interpreter termination.",
        cases=(
            case(
                HOLDS,
                "They run after the last line and after `sys.exit`, whatever its argument.",
                every("plain/return@main", all_reversed()),
                every("plain/sys-exit-*@main", all_reversed()),
            ),
        ),
    ),
    Claim(
        id="A2",
        says="They run in the reverse of the order in which they were registered.",
        cases=(
            case(
                HOLDS,
                "The last registered runs first, also when modules registered them on import.",
                every("plain/return@main", all_reversed()),
                every("imported-modules/return@main", all_reversed()),
            ),
        ),
    ),
    Claim(
        id="A3",
        says="They are not called when a signal that Python does not handle kills the program.",
        cases=(case(HOLDS, "None begins, and the program is killed.", *NOT_FOR_SIGNALS),),
    ),
    Claim(
        id="A4",
        says="They are not called when a fatal internal error of Python is detected.",
        cases=(case(HOLDS, "`Py_FatalError` aborts at once.", NOT_FOR_FATAL_ERRORS),),
    ),
    Claim(
        id="A5",
        says="They are not called when `os._exit()` is called.",
        cases=(case(HOLDS, "None begins, whatever the status.", NOT_FOR_OS_EXIT),),
    ),
    Claim(
        id="A6",
        says="The effect of registering a function within a clean-up function is undefined.",
        opinion=(
            "No observation contradicts what is undefined. What happens: on Python 2.7 the new "
            "function runs, on every later Python here it does not."
        ),
        beside=("plain-handler-registers/return@main",),
    ),
    Claim(
        id="A7",
        says="The effect of unregistering a function within a clean-up function is undefined.",
        opinion=(
            "No observation contradicts what is undefined. What happens: up to 3.13 the function "
            "does not run, from 3.14 on it does, because a copy of the list is run."
        ),
        beside=("plain-unregister-running/return@main",),
    ),
    Claim(
        id="A8",
        says="The same function may be registered more than once.",
        cases=(
            case(
                HOLDS,
                "It then runs once for each registration.",
                every("plain-same-twice/return@main", ran_times("A", 2)),
            ),
        ),
    ),
    Claim(
        id="A9",
        says="Arguments that are given to `register` are passed to the function.",
        cases=(
            case(
                HOLDS,
                "Positional and keyword arguments arrive.",
                every("plain-arguments/return@main", ran("main", *ARGUMENTS)),
            ),
        ),
    ),
    Claim(
        id="A10",
        says="If a handler raises an exception, a traceback is printed.",
        cases=(
            case(
                HOLDS,
                "The exception of each handler is printed, in the order in which they ran.",
                every("plain-handlers-raise/return@main", prints_errors(C_FAILED, B_FAILED)),
            ),
            case(
                HOLDS,
                (
                    "The exception of each handler is printed, and the last one once more at the "
                    "end."
                ),
                every(
                    "plain-handlers-raise/return@main",
                    prints_errors(C_FAILED, B_FAILED, B_FAILED),
                ),
            ),
        ),
    ),
    Claim(
        id="A11",
        says="After an exception the other handlers still have their chance to run.",
        cases=(
            case(
                HOLDS,
                "All are run, wherever in the list the one that raises is.",
                every("plain-handler-raises-*/return@main", all_of(all_reversed(), raised())),
            ),
        ),
    ),
    Claim(
        id="A12",
        says="After all handlers have had a chance to run, the last exception is raised again.",
        cases=(
            case(
                HOLDS,
                "The last exception is printed a second time, at the very end.",
                every(
                    "plain-handlers-raise/return@main",
                    prints_errors(C_FAILED, B_FAILED, B_FAILED),
                ),
            ),
            case(
                CONTRADICTED,
                (
                    "Each exception is printed once, when it was raised. None is raised again, "
                    "and the exit status is 0 (Modules/atexitmodule.c, `atexit_callfuncs`: the "
                    "exception is reported and dropped)."
                ),
                every(
                    "plain-handlers-raise/return@main",
                    all_of(prints_errors(C_FAILED, B_FAILED), exits(0)),
                ),
            ),
        ),
    ),
    Claim(
        id="A13",
        says="A SystemExit raised in a handler is the exception that is raised again at the end.",
        cases=(
            case(
                HOLDS,
                "The program exits with the status that the handler asked for.",
                every("plain-handler-sys-exit/return@main", exits(4)),
            ),
            case(
                CONTRADICTED,
                (
                    "The program exits with 0: the status that a handler passes to `sys.exit` is "
                    "dropped."
                ),
                every("plain-handler-sys-exit/return@main", exits(0)),
            ),
        ),
    ),
    Claim(
        id="A14",
        says="`register` returns the function, so it can be used as a decorator.",
        cases=(
            case(
                HOLDS,
                "The three handlers of this program are registered by the decorator, and run.",
                every("plain/return@main", all_reversed()),
            ),
        ),
    ),
    Claim(
        id="A15",
        says="Since 3.12 an attempt to start a thread in a handler leads to RuntimeError.",
        cases=(
            case(
                HOLDS,
                "The handler raises, and the others run.",
                every("plain-handler-starts-thread/return@main", raised()),
            ),
            case(
                CONTRADICTED,
                "The thread is started and joined, and the handler ends without an exception.",
                every("plain-handler-starts-thread/return@main", all_reversed()),
            ),
        ),
        not_judged="That earlier releases may crash instead.",
    ),
    Claim(
        id="A16",
        says="Since 3.12 an attempt to fork in a handler leads to RuntimeError.",
        cases=(
            case(
                HOLDS,
                "The handler raises, and there is no child.",
                every("plain-handler-forks/return@parent", raised("parent")),
            ),
            case(
                CONTRADICTED,
                "The fork succeeds, and what remains of the handlers runs in both processes.",
                every("plain-handler-forks/return@parent", all_reversed("parent")),
            ),
        ),
        not_judged="That earlier releases may crash instead.",
    ),
    Claim(
        id="A17",
        says="`unregister` of a function that was never registered does nothing, silently.",
        cases=(
            case(
                HOLDS,
                "The others run as if nothing had been called.",
                every("plain-unregister-never/return@main", all_of(all_reversed(), exits(0))),
            ),
        ),
    ),
    Claim(
        id="A18",
        says="`unregister` removes each occurrence of a function that was registered repeatedly.",
        cases=(
            case(
                HOLDS,
                "It does not run at all, and the others do.",
                every(
                    "plain-unregister-twice/return@main",
                    ran_where(
                        "others run, A does not", lambda names: bool(names) and "A" not in names
                    ),
                ),
            ),
        ),
    ),
    Claim(
        id="A19",
        says="`unregister` compares with `==`, so references need not be identical.",
        cases=(
            case(
                HOLDS,
                "A callable that compares equal but is another object removes the handler.",
                every("plain-unregister-equal/return@main", ran("main", "C", "A")),
            ),
        ),
    ),
    Claim(
        id="A20",
        says="The private `_clear` removes all handlers that are registered.",
        cases=(
            case(
                HOLDS,
                "None of them runs (Lib/test/test_atexit.py relies on it).",
                every("plain-clear/return@main", ran_none()),
            ),
        ),
    ),
    Claim(
        id="A21",
        says="The private `_run_exitfuncs` runs each handler once, and none is left for the end.",
        cases=(
            case(
                HOLDS,
                "Each runs exactly once (Lib/test/test_atexit.py relies on it).",
                every("plain-run-exitfuncs/return@main", all_reversed()),
            ),
        ),
    ),
)
