"""Text T: what CPython's documentation says of data that is not safe yet.

From the pages of 3.14: library/tempfile, library/logging, library/shelve, library/sqlite3,
library/functions (`open`).
"""

from __future__ import annotations

from exitmatrix.claims.claim import HOLDS, Claim, PublishedText, case, every
from exitmatrix.claims.conditions import data

TEXT = PublishedText(
    id="T",
    title="CPython: files, logs, shelves, transactions",
    where="docs.python.org, 3.14, library/tempfile, logging, shelve, sqlite3, functions",
    about="What becomes of data in flight at a normal end, and when a program is cut off.",
)

CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="T1",
        says="The caller of `mkdtemp` has to delete the folder.",
        cases=(
            case(
                HOLDS,
                "The handler that does so removes it; where it does not run, the folder is left.",
                every("data-in-flight/return@main", data("temporary folder", "removed")),
                every("data-in-flight/SIGTERM@main", data("temporary folder", "left behind")),
                every("data-in-flight/os-exit-7@main", data("temporary folder", "left behind")),
            ),
        ),
    ),
    Claim(
        id="T2",
        says="`logging.shutdown` flushes all handlers, and is called at exit.",
        cases=(
            case(
                HOLDS,
                "What a MemoryHandler holds is written at a normal end and after an exception.",
                every("data-in-flight/return@main", data("log in memory", "kept")),
                every("data-in-flight/exception@main", data("log in memory", "kept")),
            ),
        ),
    ),
    Claim(
        id="T3",
        says="With writeback=True, what was changed in a shelf is written when it is closed.",
        cases=(
            case(
                HOLDS,
                "It is kept where a handler closes it; where none runs, it is lost or damaged.",
                every("data-in-flight/return@main", data("shelf", "kept")),
                every("data-in-flight/SIGKILL@main", data("shelf", "lost", "damaged")),
            ),
        ),
    ),
    Claim(
        id="T4",
        says="Changes of a transaction that is not committed are lost.",
        cases=(
            case(
                HOLDS,
                "They are, however the program is killed.",
                every("data-in-flight/SIGKILL@main", data("SQLite transaction", "lost")),
                every("data-in-flight/SIGTERM@main", data("SQLite transaction", "lost")),
            ),
        ),
    ),
    Claim(
        id="T5",
        says="Data written to a file may not be there unless the file is closed.",
        cases=(
            case(
                HOLDS,
                "`os._exit` loses a short file, and cuts a long one in the middle of a line.",
                every("data-in-flight/os-exit-7@main", data("short buffered file", "lost")),
                every("data-in-flight/os-exit-7@main", data("long buffered file", "damaged")),
            ),
        ),
    ),
    Claim(
        id="T6",
        says="A file that was not closed is flushed when the program ends normally.",
        cases=(
            case(
                HOLDS,
                "It is complete, be it short or long.",
                every("data-in-flight/return@main", data("short buffered file", "kept")),
                every("data-in-flight/sys-exit-3@main", data("long buffered file", "kept")),
            ),
        ),
    ),
)
