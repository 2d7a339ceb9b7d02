"""Text M: the module of the week, when Python was 2.1 to 2.5."""

from __future__ import annotations

from exitmatrix.claims.claim import CONTRADICTED, HOLDS, Claim, PublishedText, case, every
from exitmatrix.claims.conditions import (
    all_of,
    all_reversed,
    dies_of,
    exits,
    prints_errors,
    ran_any,
    ran_none,
    ran_where,
)
from exitmatrix.claims.texts.shared import NOT_FOR_FATAL_ERRORS, NOT_FOR_OS_EXIT

TEXT = PublishedText(
    id="M",
    title="PyMOTW: atexit",
    where="Doug Hellmann",
    about="The module of the week, when Python was 2.1 to 2.5.",
)

NUMBERS = ("first", "second", "third")


C_FAILED, B_FAILED = "RuntimeError: C failed", "ValueError: B failed"

CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="M1",
        says="A program that registers a function and does nothing else calls it when it ends.",
        cases=(
            case(
                HOLDS,
                "The handlers run after the last line, with no call for it in the program.",
                every("plain/return@main", all_of(ran_any(), exits(0))),
            ),
        ),
    ),
    Claim(
        id="M2",
        says=(
            "The same function registered with arguments `first`, `second`, `third` runs third, "
            "second, first."
        ),
        cases=(
            case(
                HOLDS,
                "The last registration runs first, also where all are of one function.",
                every(
                    "plain-arguments/return@main",
                    ran_where(
                        "third, second, first",
                        lambda names: (
                            [word for one in names for word in NUMBERS if word in one]
                            == [*reversed(NUMBERS)]
                        ),
                    ),
                ),
            ),
        ),
    ),
    Claim(
        id="M3",
        says=(
            "Reverse order lets modules clean up in the reverse of the order in which they were "
            "imported."
        ),
        cases=(
            case(
                HOLDS,
                "Of three modules that import one another and register on import, the one imported "
                "last cleans up first.",
                every("imported-modules/return@main", all_reversed()),
            ),
        ),
    ),
    Claim(
        id="M4",
        says=(
            "A parent starts a child program with `subprocess` and sends it SIGTERM: the child's "
            "handler is not called."
        ),
        cases=(
            case(
                HOLDS,
                (
                    "The signal kills the child without running a handler. The parent's own "
                    "handlers run at its own end, which the text does not mention."
                ),
                every(
                    "plain-subprocess-terminate/return@parent",
                    all_of(ran_none("child"), dies_of("SIGTERM", "child")),
                ),
            ),
        ),
        beside=("plain-subprocess/SIGTERM@child",),
    ),
    Claim(
        id="M5",
        says="`os._exit` skips the handlers.",
        cases=(case(HOLDS, "None begins, whatever the status.", NOT_FOR_OS_EXIT),),
    ),
    Claim(
        id="M6",
        says="`sys.exit()` runs the handlers.",
        cases=(
            case(
                HOLDS,
                (
                    "It raises SystemExit, which ends the program normally; all handlers run, "
                    "with each status that was tried."
                ),
                every("plain/sys-exit-*@main", all_reversed()),
            ),
        ),
    ),
    Claim(
        id="M7",
        says="A fatal error inside the interpreter does not run the handlers.",
        cases=(
            case(
                HOLDS,
                "The text leaves the experiment to its reader: `Py_FatalError` runs none.",
                NOT_FOR_FATAL_ERRORS,
            ),
        ),
    ),
    Claim(
        id="M8",
        says=(
            "Of two handlers that raise, both tracebacks are printed, in the order run, and the "
            "last exception is raised again as the program's final error message."
        ),
        cases=(
            case(
                HOLDS,
                "Both are printed, and the last one once more at the very end.",
                every(
                    "plain-handlers-raise/return@main",
                    prints_errors(C_FAILED, B_FAILED, B_FAILED),
                ),
            ),
            case(
                CONTRADICTED,
                (
                    "Both are printed in the order run. Neither is raised again, and the exit "
                    "status is 0."
                ),
                every(
                    "plain-handlers-raise/return@main",
                    all_of(prints_errors(C_FAILED, B_FAILED), exits(0)),
                ),
            ),
        ),
        beside=("plain-handlers-raise-hooks/return@main",),
    ),
    Claim(
        id="M9",
        says="`sys.exitfunc` can hold one function only; `atexit` serves many modules.",
        cases=(
            case(
                HOLDS,
                (
                    "Of two functions assigned to `sys.exitfunc` only the later one runs; the "
                    "handlers of three modules that use `atexit` all run. Python 3 has no "
                    "`sys.exitfunc`, so only Python 2 is judged."
                ),
                every(
                    "exitfunc/return@main",
                    ran_where(
                        "of the two functions the later one runs",
                        lambda names: tuple(names) == ("sys.exitfunc:g",),
                    ),
                ),
                every("imported-modules/return@main", all_reversed()),
            ),
        ),
        beside=("exitfunc-*/return@main",),
    ),
    Claim(
        id="M10",
        says="It is best to handle and log all exceptions quietly inside the clean-up functions.",
        opinion=(
            "What is best is an opinion. What an exception in a handler prints with the advice and "
            "without it can be compared in these cells."
        ),
        beside=("plain-handlers-raise/return@main", "plain-handlers-catch/return@main"),
    ),
)
