# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "Two processes that write to the same files, and are ended together"
# roles = ["parent", "child"]
# acts = "child"
# ready = {stdout = "ready"}
# terminations = ["SIGTERM@group", "SIGHUP@group", "SIGKILL@group"]
#
# [tool.exitmatrix.data]
# "short line of the first, buffered" = "kept"
# "short line of the second, buffered" = "kept"
# "csv row of the first, buffered" = "kept"
# "csv row of the second, buffered" = "kept"
# "long line of the first, buffered" = "kept"
# "long line of the second, buffered" = "kept"
# "lines of both, unbuffered" = "kept"
# "file that both have renamed" = "kept"
# "SQLite row of the first, not committed" = "kept"
# "SQLite row of the second, meanwhile" = "kept"
# "SQLite row of the next" = "kept"
# "lock of the first, for which the second waits" = "removed"
#
# [tool.exitmatrix.program]
# steps = [
#     "import multiprocessing", "register A", "register B", "register C",
#     {process = ["register D", "write", "end here"]}, "write", "join process",
# ]
#
# [tool.exitmatrix.program.data]
# "short line of the first, buffered" = "buffer"
# "short line of the second, buffered" = "buffer"
# "csv row of the first, buffered" = "buffer"
# "csv row of the second, buffered" = "buffer"
# "long line of the first, buffered" = "20 KiB in a buffer"
# "long line of the second, buffered" = "20 KiB in a buffer"
# "lines of both, unbuffered" = "written"
# "file that both have renamed" = "written"
# "SQLite row of the first, not committed" = "transaction"
# "SQLite row of the second, meanwhile" = "locked out"
# "SQLite row of the next" = "written"
# "lock of the first, for which the second waits" = "of the kernel"
# ///
"""A process and its child append to one log, replace one file and insert into one database, and the
child waits for a lock of its parent. Then both get the signal, as of `systemctl stop`, of a terminal
that is closed, or of a container that is killed; a third looks at what is there.

The documentation of open says that a mode of "a" appends "to the end of the file if it exists", and
of the size of buffers; of two who do so it says nothing.
"""
import atexit
import csv
import fcntl
import multiprocessing
import os
import sqlite3
import sys
import threading

import endings

opened = []


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


def D():
    print("D: cleaning up what the child has opened")


def write(who, database):
    """What each does, one after the other, and leaves open."""
    short, long = open("short.log", "a"), open("long.log", "a")
    short.write(who + "\n")
    table = open("table.csv", "a", newline="")  # novm: not on 2.7
    csv.writer(table).writerow([who, "a row"])
    for _ in range(20):
        long.write(who[0] * 1000)
    long.write("\n")
    fd = os.open("plain.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(fd, who.encode("ascii") + b"\n")
    with open("state.txt." + who, "w") as file:
        file.write((who + "\n") * 1000)
    os.rename("state.txt." + who, "state.txt")
    try:
        database.execute("INSERT INTO row VALUES (?)", (who,))
    except sqlite3.OperationalError:
        pass  # the database is locked
    opened.extend((short, table, long, database))


def wait_for_lock():
    with open("lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


def child():
    atexit.register(D)
    write("second", sqlite3.connect("both.db", timeout=0.1))
    threading.Thread(target=wait_for_lock, daemon=True).start()
    endings.hold("forked")
    print("ready")
    sys.stdout.flush()
    endings.end_here("child")


def parent():
    database = sqlite3.connect("both.db")
    database.execute("CREATE TABLE row (who TEXT)")
    database.commit()
    write("first", database)
    lock = open("lock", "a")
    fcntl.flock(lock, fcntl.LOCK_EX)
    fork = multiprocessing.get_context("fork")  # novm: the header asks for 3.6
    process = fork.Process(target=child)
    process.start()
    endings.mark("parent")
    process.join()


if __name__ == "__main__":
    parent()
