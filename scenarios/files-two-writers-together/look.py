"""Says which lines are whole, and which rows are there; inserts one, and takes the lock."""
from __future__ import print_function

import fcntl
import sqlite3


def lines(name):
    with open(name) as file:
        return file.read().split("\n")


def state(name, line):
    found = lines(name)
    if line in found:
        return "kept"
    return "damaged" if any(line[:10] in one for one in found) else "lost"


def rows():
    return {who for who, in sqlite3.connect("both.db").execute("SELECT who FROM row")}


def row(who):
    return "kept" if who in rows() else "lost"


for who in "first", "second":
    print("short line of the %s, buffered:" % who, state("short.log", who))
    print("csv row of the %s, buffered:" % who, state("table.csv", who + ",a row"))
    print("long line of the %s, buffered:" % who, state("long.log", who[0] * 20000))
both = ["first", "second", ""]
print("lines of both, unbuffered:", "kept" if lines("plain.log") == both else "damaged")
whole = ["second"] * 1000 + [""]
print("file that both have renamed:", "kept" if lines("state.txt") == whole else "damaged")
print("SQLite row of the first, not committed:", row("first"))
print("SQLite row of the second, meanwhile:", row("second"))
database = sqlite3.connect("both.db")
database.execute("INSERT INTO row VALUES ('next')")
database.commit()
print("SQLite row of the next:", row("next"))
lock = open("lock", "a")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    print("lock of the first, for which the second waits: removed")
except IOError:
    print("lock of the first, for which the second waits: left behind")
