"""Laws about data in flight."""

from __future__ import annotations

from exitmatrix.judge.laws.law import Facts, Keeps, Law
from exitmatrix.model.subject import DataState

GZIP = ("gzip file of a global", "buffer of a global gzip file")
HELD_GZIP = "gzip file of a held module"
OF_GLOBALS = ("file of a global", "archive of a global", *GZIP)
ARCHIVES = ("archive of a global", *GZIP, HELD_GZIP, "buffered archive")
BUFFERS = ("buffer", "long buffer")
UNHELPED = ("queue of a thread", "copied buffer", "locked out", "database, no journal")
"""What a clean end makes no better."""
OF_20_KIB = ("20 KiB in a buffer", "beside 20 KiB in a buffer")
LATER = ("until saved", "until removed")
"""Of a library: it has a function that saves or removes it, and nothing else does."""


def _in_pieces(facts: Facts) -> bool:
    """Whether it is, or is beside, what does not fit a buffer and is written in pieces."""
    return facts.data in OF_20_KIB and facts.profile.file_buffer < 20


def _streams_saved(facts: Facts) -> bool:
    return facts.streams_flushed and facts.data in BUFFERS


def _held(facts: Facts) -> bool:
    """Whether a thread has the globals of the program, and nothing takes them from it."""
    profile = facts.profile
    return facts.held == "thread" and profile.releases_globals and not profile.clears_globals


def _held_open(facts: Facts) -> bool:
    """Whether it is a file that nobody comes to close, for it is a global that is held."""
    return _held(facts) and facts.data in (*OF_GLOBALS, *BUFFERS, "buffered archive")


HELD_OPEN: dict[str, DataState] = {
    "file of a global": "left behind",
    "buffer": "lost",
}
"""What becomes of a file that nobody closes; any other is cut off in its middle."""


def _closes_itself(facts: Facts) -> bool:
    lost = {
        "nothing": (),
        "if held": (HELD_GZIP,),
        "its buffer": GZIP[1:],
        "all": (*GZIP, HELD_GZIP),
    }
    return facts.data not in lost[facts.profile.gzip_loses]


LAWS: tuple[Law, ...] = (
    Law(
        id="clean-end-saves-data",
        about="data",
        when=lambda f: (
            f.finalizing
            and f.data not in (*OF_GLOBALS, HELD_GZIP, *UNHELPED, *LATER)
            and not _held_open(f)
            and not _in_pieces(f)
        ),
        then=lambda f: Keeps(f.clean),
        because=(
            "A normal end runs the handlers that save data, and closes the files that were "
            "not closed."
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
            not f.finalizing
            and f.data in ("memory", *BUFFERS, OF_20_KIB[0])
            and not _streams_saved(f)
            and not _in_pieces(f)
        ),
        then=lambda f: Keeps("damaged" if f.data == "long buffer" else "lost"),
        because=(
            "What is in the memory of a process is lost with it. Of a long file, the part that "
            "did not fit the buffer is on disk already: the file ends in the middle of a line."
        ),
        source="docs: library/functions, open, buffering",
    ),
    Law(
        id="transaction-is-rolled-back",
        about="data",
        when=lambda f: not f.finalizing and f.data in ("transaction", "journal"),
        then=lambda f: Keeps("lost" if f.data == "transaction" else "left behind"),
        because=(
            "A transaction that was not committed did not take place. Its journal stays on "
            "disk until it is rolled back when the database is next opened."
        ),
        source="docs: library/sqlite3, Transaction control; SQLite, Atomic Commit, 4 Rollback",
    ),
    Law(
        id="journal-undoes-what-was-written",
        about="data",
        when=lambda f: not f.finalizing and f.data == "database",
        then=lambda _: Keeps("kept"),
        because=(
            "What a transaction has changed in a database's file is undone, by a journal on disk, "
            "when somebody next opens the database. In WAL mode it has changed nothing there."
        ),
        source="SQLite, Atomic Commit, 4 Rollback; Write-Ahead Logging; PRAGMA journal_mode",
    ),
    Law(
        id="journal-in-memory-is-lost",
        about="data",
        when=lambda f: not f.finalizing and f.data == "database, journal in memory",
        then=lambda _: Keeps("damaged"),
        because=(
            "A journal in memory is lost with its process, and what the transaction has changed in "
            "the file stays: some of it is there, and the rest is not."
        ),
        source="SQLite, PRAGMA journal_mode: MEMORY",
    ),
    Law(
        id="without-a-journal-nothing-is-undone",
        about="data",
        when=lambda f: f.data == "database, no journal",
        then=lambda _: Keeps("damaged"),
        because=(
            "Without a journal a transaction cannot be rolled back, not even at a clean end: what"
            " it has changed in the file stays."
        ),
        source="SQLite, PRAGMA journal_mode: OFF",
    ),
    Law(
        id="line-between-pieces",
        about="data",
        when=_in_pieces,
        then=lambda _: Keeps("damaged"),
        because=(
            "A buffered file is written in pieces as large as its buffer. Each is appended to what "
            "is there then, and the line of another process may be between two of them: neither "
            "line is whole, however the program ends. Up to 3.13 a buffer holds 8 KiB, since 3.14 "
            "it holds 128."
        ),
        source="open(2), O_APPEND; docs: library/functions, open, buffering; CPython gh-117151",
    ),
    Law(
        id="locked-out-by-a-transaction",
        about="data",
        when=lambda f: f.data == "locked out",
        then=lambda _: Keeps("lost"),
        because=(
            "While one process has written in a transaction, another cannot write: it waits "
            "until its timeout, and then fails. The end of the first process, however it comes, "
            "releases the lock but does not repeat the failed write."
        ),
        source="docs: library/sqlite3, connect, timeout; SQLite, File Locking, 3 RESERVED",
    ),
    Law(
        id="lock-ends-with-its-holder",
        about="data",
        when=lambda f: not f.finalizing and f.data == "held",
        then=lambda _: Keeps("removed"),
        because=(
            "The kernel releases the locks of a process that is gone, however it ended. A library "
            "whose lock is a file can do the same if it looks whether the holder lives."
        ),
        source="flock(2); filelock filelock/_identity.py, owner_is_stale",
    ),
    Law(
        id="library-saves-data",
        about="data",
        when=lambda f: f.data in LATER and f.saved,
        then=lambda f: Keeps("kept" if f.data == "until saved" else "removed"),
        because="What a library keeps in memory is saved when the function ran that saves it.",
        source="docs: library/atexit; coverage coverage/control.py, Coverage.save",
    ),
    Law(
        id="library-loses-data",
        about="data",
        when=lambda f: f.data in LATER and not f.saved,
        then=lambda f: Keeps("lost" if f.data == "until saved" else "left behind"),
        because=(
            "None of the functions ran with which a library saves what it has in memory, or "
            "removes what it made: neither an atexit handler nor one of a signal."
        ),
        source="docs: library/atexit, note on signals and os._exit",
    ),
    Law(
        id="nobody-removes-files",
        about="data",
        when=lambda f: not f.finalizing and f.data in ("file", "file of a global"),
        then=lambda _: Keeps("left behind"),
        because="The kernel closes files and removes none: lock files and temporary folders stay.",
        source="_exit(2); unlink(2)",
    ),
    Law(
        id="archive-has-no-end",
        about="data",
        when=lambda f: not f.finalizing and f.data in ARCHIVES,
        then=lambda _: Keeps("damaged"),
        because=(
            "An archive can be read only when its last part is written: the rest of a buffer, or "
            "the table of contents or checksum that is written when it is closed."
        ),
        source="docs: library/zipfile, ZipFile.close; RFC 1952, 2.3.1",
    ),
    Law(
        id="released-globals-are-closed",
        about="data",
        when=lambda f: (
            f.finalizing
            and f.data in (*OF_GLOBALS, HELD_GZIP)
            and f.profile.releases_globals
            and _closes_itself(f)
            and not _held_open(f)
        ),
        then=lambda f: Keeps(f.clean),
        because=(
            "Objects that are left at the end are released, and close themselves then: archives "
            "are completed, and temporary files removed. A gzip file of 3.8 to 3.11 is no "
            "exception, held or not: write compresses at once and has no buffer of its own, so "
            "nothing refers back to the file, and since 3.8 modules that were imported later are "
            "cleared first, before those that closing needs."
        ),
        source="CPython Python/pylifecycle.c, finalize_modules; Lib/tempfile.py; Lib/zipfile, "
        "ZipFile.__del__; 3.11 Lib/gzip.py, GzipFile.write and close; bpo-33331",
    ),
    Law(
        id="gzip-loses-its-end",
        about="data",
        when=lambda f: (
            f.finalizing
            and f.data in (*GZIP, HELD_GZIP)
            and f.profile.releases_globals
            and f.profile.gzip_loses != "if held"
            and not _closes_itself(f)
            and not _held_open(f)
        ),
        then=lambda _: Keeps("damaged"),
        because=(
            "From 3.14 on GzipFile.__del__ imports warnings before it closes the file. When "
            "globals are released, imports no longer work: the ImportError is ignored, and what "
            "was not written yet is lost. What is in the buffer of the file is lost from 3.12.10 "
            "and 3.13.3 on, in a program that has a function: the buffer has only a weak reference "
            "to the file, and the garbage collector clears that before it closes anything."
        ),
        source="CPython gh-130806; 3.14 Lib/gzip.py, GzipFile.__del__; gh-129726; 3.13.5"
        " Lib/gzip.py, _WriteBufferStream: lost gzip_file",
    ),
    Law(
        id="held-gzip-file-loses-its-end",
        about="data",
        when=lambda f: f.finalizing and f.data == HELD_GZIP and f.profile.gzip_loses == "if held",
        then=lambda _: Keeps("damaged"),
        because=(
            "A module that a daemon thread holds is cleared behind the garbage collector's last "
            "run. In 3.12 and 3.13, before 3.12.10 and 3.13.3, a GzipFile and its buffer refer to "
            "each other, and only the collector ends such a cycle. Up to 3.7 modules are cleared "
            "in the order of their import, and so is struct, of which gzip makes use, before one "
            "that was imported behind it."
        ),
        source="CPython gh-89550; 3.12.1 Lib/gzip.py, _WriteBufferStream; 3.7 Python/import.c, "
        "PyImport_Cleanup; bpo-33331",
    ),
    Law(
        id="daemon-holds-files-open",
        about="data",
        when=lambda f: f.finalizing and _held_open(f),
        then=lambda f: Keeps(HELD_OPEN.get(f.data, "damaged")),
        because=(
            "A file that was not closed is written when it is released, with the globals. A "
            "daemon thread in a function of the program holds them and does not end, so what "
            "is in buffers is lost, although the program ends normally."
        ),
        source="CPython bpo-18214; Python/pylifecycle.c, finalize_modules; Modules/_io/iobase.c, "
        "iobase_finalize",
    ),
    Law(
        id="pypy-closes-no-globals",
        about="data",
        when=lambda f: (
            f.finalizing and f.data in (*OF_GLOBALS, HELD_GZIP) and not f.profile.releases_globals
        ),
        then=lambda f: Keeps("left behind" if f.data == "file of a global" else "damaged"),
        because=(
            "PyPy releases nothing at the end: what closes itself only when it is released is"
            " never closed, not even at a clean end."
        ),
        source="PyPy docs: Differences related to garbage collection strategies",
    ),
    Law(
        id="queue-is-not-emptied",
        about="data",
        when=lambda f: f.data == "queue of a thread",
        then=lambda _: Keeps("lost"),
        because=(
            "A QueueListener takes records from its queue in a daemon thread, which is not waited"
            " for, and no handler of logging's own calls its stop. Records that are still in the"
            " queue are lost, even at a clean end."
        ),
        source="docs: library/logging.handlers, QueueListener.stop; CPython "
        "Lib/logging/handlers.py, QueueListener.start",
    ),
    Law(
        id="fork-copies-the-buffer",
        about="data",
        when=lambda f: f.finalizing and f.data == "copied buffer",
        then=lambda _: Keeps("damaged"),
        because=(
            "A fork copies what waits in a buffer. The child that closes the file writes its copy, "
            "and so does the parent when it ends: the line is there twice."
        ),
        source="fork(2); docs: library/os, os.fork; POSIX.1-2024, 2.5.1 Interaction of File "
        "Descriptors and Standard I/O Streams",
    ),
    Law(
        id="copy-of-the-child-is-written",
        about="data",
        when=lambda f: not f.finalizing and f.data == "copied buffer",
        then=lambda _: Keeps("kept"),
        because=(
            "The child that was forked has written its copy of the buffer. The parent's copy "
            "is lost with it: the line is there once."
        ),
        source="fork(2); docs: library/functions, open, buffering",
    ),
    Law(
        id="kernel-takes-back",
        about="data",
        when=lambda f: not f.finalizing and f.data == "of the kernel",
        then=lambda _: Keeps("removed"),
        because=(
            "A file without a name, and a lock of flock, are there as long as a descriptor is: the "
            "kernel closes those however a process ends."
        ),
        source="_exit(2); flock(2); open(2), O_TMPFILE",
    ),
    Law(
        id="kernel-keeps-what-was-written",
        about="data",
        when=lambda f: (
            not f.finalizing and f.data in ("written", OF_20_KIB[1]) and not _in_pieces(f)
        ),
        then=lambda _: Keeps("kept"),
        because=(
            "What was handed to the kernel is in the file, however the process ends: a write, a "
            "page of a shared map, a transaction in a write-ahead log."
        ),
        source="write(2); mmap(2), MAP_SHARED; SQLite, Write-Ahead Logging",
    ),
)
