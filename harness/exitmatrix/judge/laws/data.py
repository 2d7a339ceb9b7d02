"""Laws about data in flight."""

from __future__ import annotations

from exitmatrix.judge.laws.law import Facts, Keeps, Law

BUFFERS = ("buffer", "long buffer")


def _streams_saved(facts: Facts) -> bool:
    return facts.streams_flushed and facts.data in BUFFERS


LAWS: tuple[Law, ...] = (
    Law(
        id="clean-end-saves-data",
        about="data",
        when=lambda f: f.finalizing,
        then=lambda f: Keeps(f.clean),
        because=(
            "A normal end runs the handlers that save data, and closes the files that nobody "
            "closed."
        ),
        source="docs: library/atexit; library/io, IOBase.__del__",
    ),
    Law(
        id="stdio-saves-files",
        about="data",
        when=lambda f: not f.finalizing and _streams_saved(f),
        then=lambda _: Keeps("kept"),
        because="Python 2's files are the C library's streams, which exit(3) flushes.",
        source="exit(3); CPython 2.7 Objects/fileobject.c",
    ),
    Law(
        id="memory-is-lost",
        about="data",
        when=lambda f: (
            not f.finalizing and f.data in ("memory", *BUFFERS) and not _streams_saved(f)
        ),
        then=lambda f: Keeps("damaged" if f.data == "long buffer" else "lost"),
        because=(
            "What is in the memory of a process goes with it. Of a long file what did not fit the "
            "buffer is on disk already: it ends in the middle of a line."
        ),
        source="docs: library/functions, open, buffering",
    ),
    Law(
        id="transaction-is-rolled-back",
        about="data",
        when=lambda f: not f.finalizing and f.data in ("transaction", "journal"),
        then=lambda f: Keeps("lost" if f.data == "transaction" else "left behind"),
        because=(
            "A transaction that was not committed did not take place. Its journal stays on disk "
            "until the next one who opens the database rolls it back."
        ),
        source="docs: library/sqlite3, Transaction control; SQLite, Atomic Commit, 4 Rollback",
    ),
    Law(
        id="nobody-removes-files",
        about="data",
        when=lambda f: not f.finalizing and f.data == "file",
        then=lambda _: Keeps("left behind"),
        because="The kernel closes files and removes none: lock files and temporary folders stay.",
        source="_exit(2); unlink(2)",
    ),
)
