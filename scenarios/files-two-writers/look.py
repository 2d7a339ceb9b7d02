"""Says which lines are whole, and which rows are there; and inserts one."""
from __future__ import print_function

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


print("short line, buffered:", state("short.log", "mine"))
print("short line of the other, beside it:", state("short.log", "of the other"))
print("csv row, buffered:", state("table.csv", "mine,a row"))
print("csv row of the other, beside it:", state("table.csv", "of the other,a row"))
print("long line, buffered:", state("long.log", "." * 20000))
print("short line of the other, within it:", state("long.log", "of the other"))
both = ["mine", "of the other", "mine", ""]
print("lines of both, unbuffered:", "kept" if lines("plain.log") == both else "damaged")
whole = ["of the other"] * 1000 + [""]
print("file that both have renamed:", "kept" if lines("state.txt") == whole else "damaged")
print("SQLite row, not committed:", "kept" if "mine" in rows() else "lost")
print("SQLite row of the other, meanwhile:", "kept" if "of the other" in rows() else "lost")
database = sqlite3.connect("both.db")
database.execute("INSERT INTO row VALUES ('of the next')")
database.commit()
print("SQLite row of the next:", "kept" if "of the next" in rows() else "lost")
