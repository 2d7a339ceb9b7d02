"""Text X: what CPython's documentation says of the ways to end a process.

From the pages of 3.14: library/sys (`exit`), library/os (`_exit`, `abort`, `exec*`),
library/exceptions, c-api/sys (`Py_FatalError`), and What's New In Python 3.8.
"""

from __future__ import annotations

from exitmatrix.claims.claim import CONTRADICTED, HOLDS, Claim, PublishedText, case, every
from exitmatrix.claims.conditions import (
    all_of,
    all_reversed,
    buffered,
    dies_of,
    exits,
    ran_none,
)
from exitmatrix.claims.texts.shared import NOT_FOR_FATAL_ERRORS, NOT_FOR_OS_EXIT

TEXT = PublishedText(
    id="X",
    title="CPython: ways to end a process",
    where="docs.python.org, 3.14, library/sys, library/os, library/exceptions, c-api/sys",
    about="Exit statuses, SystemExit, and the calls that end a process without clean-up.",
)

CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="X1",
        says="`sys.exit` raises SystemExit, so clean-up happens as at any normal end.",
        cases=(
            case(
                HOLDS,
                "All handlers run, whatever the argument.",
                every("plain/sys-exit-*@main", all_reversed()),
            ),
        ),
    ),
    Claim(
        id="X2",
        says="An integer given to `sys.exit` is the exit status.",
        cases=(
            case(
                HOLDS,
                "0 and 3 arrive as they are.",
                every("plain/sys-exit-0@main", exits(0)),
                every("plain/sys-exit-3@main", exits(3)),
            ),
        ),
    ),
    Claim(
        id="X3",
        says="Most systems require the status to be in the range 0 to 127; others are undefined.",
        opinion=(
            "No observation contradicts what is undefined. What happens on Linux: the kernel keeps "
            "the low eight bits, so 256 becomes 0, which is success, and -1 becomes 255."
        ),
        beside=("plain/sys-exit-256@main", "plain/sys-exit-minus-1@main"),
    ),
    Claim(
        id="X4",
        says="Any other object given to `sys.exit` results in an exit status of 1.",
        cases=(
            case(HOLDS, "A text gives status 1.", every("plain/sys-exit-message@main", exits(1))),
        ),
        not_judged="That the object is printed to stderr.",
    ),
    Claim(
        id="X5",
        says="`sys.exit` ends the process only when it is called from the main thread.",
        cases=(
            case(
                HOLDS,
                "In another thread it ends only that thread, and its status is dropped.",
                every("plain/thread-system-exit@main", all_of(all_reversed(), exits(0))),
            ),
        ),
    ),
    Claim(
        id="X6",
        says="Since 3.6 the status is 120 if flushing the standard streams fails at the end.",
        cases=(
            case(
                HOLDS,
                "The reader of stdout is gone, text is left in the buffer, and the status is 120.",
                every("plain/stdout-closed@main", exits(120)),
            ),
            case(
                CONTRADICTED,
                "The text is lost, and the status is 0.",
                every("plain/stdout-closed@main", exits(0)),
            ),
        ),
    ),
    Claim(
        id="X7",
        says="`os._exit` ends the process without calling clean-up handlers.",
        cases=(case(HOLDS, "None begins.", NOT_FOR_OS_EXIT),),
    ),
    Claim(
        id="X8",
        says="`os._exit` ends the process without flushing buffers of standard streams.",
        cases=(
            case(
                HOLDS,
                "What was written and not flushed is lost.",
                every("plain/os-exit-*@main", buffered("lost")),
            ),
        ),
    ),
    Claim(
        id="X9",
        says="`os._exit` is the normal way to end a child after `os.fork`.",
        cases=(
            case(
                HOLDS,
                (
                    "The child runs none of the inherited handlers and does not write the buffer "
                    "a second time; the parent runs all of its own."
                ),
                every(
                    "plain-fork-os-exit/return@parent",
                    all_of(all_reversed("parent"), ran_none("child"), buffered("kept", "parent")),
                ),
            ),
        ),
    ),
    Claim(
        id="X10",
        says="`os.abort` sends SIGABRT to the current process.",
        cases=(
            case(
                HOLDS,
                "It is killed by SIGABRT, and no handler runs.",
                every("plain/abort@main", all_of(ran_none(), dies_of("SIGABRT"))),
            ),
        ),
    ),
    Claim(
        id="X11",
        says="`os.exec*` replaces the process at once, and does not flush open file objects.",
        cases=(
            case(
                HOLDS,
                "No handler runs, and what was buffered is lost.",
                every("plain/exec@main", all_of(ran_none(), buffered("lost"))),
            ),
        ),
    ),
    Claim(
        id="X12",
        says="An uncaught exception ends the program with status 1, as a normal end.",
        cases=(
            case(
                HOLDS,
                "All handlers run, and the status is 1.",
                every("plain/exception@main", all_of(all_reversed(), exits(1))),
            ),
        ),
    ),
    Claim(
        id="X13",
        says=(
            "Since 3.8 an uncaught KeyboardInterrupt ends the process by SIGINT, so that a "
            "caller can tell it from a failure."
        ),
        cases=(
            case(
                HOLDS,
                "It is killed by SIGINT after its clean-up.",
                every("plain/keyboard-interrupt@main", all_of(all_reversed(), dies_of("SIGINT"))),
            ),
            case(
                HOLDS,
                "It is killed by SIGINT; but no handler runs before that.",
                every("plain/keyboard-interrupt@main", all_of(ran_none(), dies_of("SIGINT"))),
            ),
            case(
                CONTRADICTED,
                "The status is 1, as for any other exception.",
                every("plain/keyboard-interrupt@main", exits(1)),
            ),
        ),
    ),
    Claim(
        id="X14",
        says="`Py_FatalError` kills the process, and no clean-up is performed.",
        cases=(case(HOLDS, "No handler begins.", NOT_FOR_FATAL_ERRORS),),
    ),
    Claim(
        id="X15",
        says="What is left in the buffers of stdout is lost in a fatal error.",
        cases=(
            case(
                HOLDS,
                "It is lost.",
                every("plain/fatal-error@main", buffered("lost")),
            ),
            case(
                CONTRADICTED,
                "It is written out: `Py_FatalError` flushes the standard streams "
                "(Python/pylifecycle.c, `fatal_error`).",
                every("plain/fatal-error@main", buffered("kept")),
            ),
        ),
    ),
)
