# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A program with data in flight: files, a transaction, a lock, a log, a shelf"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "thread-exception", "keyboard-interrupt", "os-exit-7", "abort", "segfault",
#     "fatal-error", "exec", "libc-*", "self-SIGTERM", "self-SIGKILL", "stdout-closed",
#     "SIGTERM", "SIGINT", "SIGHUP", "SIGPIPE", "SIGKILL",
# ]
#
# [tool.exitmatrix.data]
# "short buffered file" = "kept"
# "long buffered file" = "kept"
# "SQLite transaction" = "kept"
# "SQLite journal" = "removed"
# "temporary folder" = "removed"
# "lock file" = "removed"
# "log in memory" = "kept"
# "shelf" = "kept"
# "shelf, to a reader" = "kept"
#
# [tool.exitmatrix.program]
# steps = ["import logging", "register A", "register B", "register C"]
#
# [tool.exitmatrix.program.data]
# "short buffered file" = "buffer"
# "long buffered file" = "long buffer"
# "SQLite transaction" = "transaction"
# "SQLite journal" = "journal"
# "temporary folder" = "file"
# "lock file" = "file"
# "log in memory" = "memory"
# ///
"""Works with files, a database, a log and a shelf, and is ended before it has brought
any of it into safety. A commits the transaction, B removes the temporary folder and
the lock file, C closes the shelf. The two files are closed by nobody, and the log is
flushed by the handler that `logging` registers itself.

For the claim that data in flight is lost without a graceful shutdown: a cache emptied,
a database transaction cut in the middle (B14). The documentation promises that
logging.shutdown is called at the normal end, that a transaction which was not committed
is lost, that writes to a shelf with writeback=True are cached until it is closed, and
that a file's buffer is not necessarily flushed unless the file is closed.
"""
from __future__ import print_function

import atexit
import logging
import logging.handlers
import os
import shelve
import shutil
import sqlite3
import sys
import tempfile

import endings

LINES = 3000  # more than any buffer holds

short = open("short.txt", "w")
short.write("one line\n")

long = open("long.txt", "w")
for number in range(LINES):
    long.write("line %d of %d: %s\n" % (number, LINES, "x" * 80))

database = sqlite3.connect("accounts.db")
database.execute("CREATE TABLE entries (account TEXT, amount INTEGER)")
database.execute("INSERT INTO entries VALUES ('opening', 100)")
database.commit()
database.execute("INSERT INTO entries VALUES ('from', -7)")
database.execute("INSERT INTO entries VALUES ('to', 7)")

folder = tempfile.mkdtemp(prefix="scratch-", dir=".")
lock = os.open("app.lock", os.O_CREAT | os.O_EXCL | os.O_WRONLY)

log = logging.getLogger("app")
log.setLevel(logging.INFO)
log.addHandler(logging.handlers.MemoryHandler(100, target=logging.FileHandler("app.log")))
log.info("the last words")

shelf = shelve.open("cache", writeback=True)
shelf["items"] = ["first"]
shelf.sync()
shelf["items"].append("second")


@atexit.register
def A():
    print("A: committing the transaction")
    database.commit()
    database.close()


@atexit.register
def B():
    print("B: removing the temporary folder and the lock file")
    shutil.rmtree(folder)
    os.remove("app.lock")


@atexit.register
def C():
    print("C: closing the shelf")
    shelf.close()


print("ready")
sys.stdout.flush()
endings.end_here()
