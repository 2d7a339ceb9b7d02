# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A program in the middle of a transaction, in each journal mode of SQLite"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.data]
# "database, DELETE" = "kept"
# "database, TRUNCATE" = "kept"
# "database, PERSIST" = "kept"
# "database, WAL" = "kept"
# "database, MEMORY" = "kept"
# "database, OFF" = "kept"
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C"]
#
# [tool.exitmatrix.program.data]
# "database, DELETE" = "database"
# "database, TRUNCATE" = "database"
# "database, PERSIST" = "database"
# "database, WAL" = "database"
# "database, MEMORY" = "database, journal in memory"
# "database, OFF" = "database, no journal"
# ///
"""Is a database as it was before a transaction that the end of the program has cut in the middle?

Each transaction changes more than SQLite keeps in its cache, so that some of it is in the file already.
A rolls all of them back. SQLite's documentation says that with a journal in memory a database may be
corrupted if the program ends in the middle of a transaction, and that without a journal nothing can
be rolled back.
"""
from __future__ import print_function

import atexit
import sqlite3
import sys

import endings
import modes


@atexit.register
def A():
    print("A: rolling back")
    for database in databases:
        database.rollback()
        database.close()


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


def begin(mode):
    database = sqlite3.connect(modes.file_of(mode))
    database.execute("PRAGMA journal_mode = %s" % mode).fetchall()
    database.execute("CREATE TABLE entries (number INTEGER, text TEXT)")
    rows = [(number, "old" * 100) for number in range(modes.ROWS)]
    database.executemany("INSERT INTO entries VALUES (?, ?)", rows)
    database.commit()
    database.execute("PRAGMA cache_size = 10")
    database.execute("UPDATE entries SET text = ?", ("new" * 100,))
    return database


databases = [begin(mode) for mode in modes.MODES]
print("ready")
sys.stdout.flush()
endings.end_here()
