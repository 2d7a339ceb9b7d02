# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A program that writes to the files of another one as well"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.data]
# "short line, buffered" = "kept"
# "short line of the other, beside it" = "kept"
# "csv row, buffered" = "kept"
# "csv row of the other, beside it" = "kept"
# "long line, buffered" = "kept"
# "short line of the other, within it" = "kept"
# "lines of both, unbuffered" = "kept"
# "file that both have renamed" = "kept"
# "SQLite row, not committed" = "kept"
# "SQLite row of the other, meanwhile" = "kept"
# "SQLite row of the next" = "kept"
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C"]
#
# [tool.exitmatrix.program.data]
# "short line, buffered" = "buffer"
# "short line of the other, beside it" = "written"
# "csv row, buffered" = "buffer"
# "csv row of the other, beside it" = "written"
# "long line, buffered" = "20 KiB in a buffer"
# "short line of the other, within it" = "beside 20 KiB in a buffer"
# "lines of both, unbuffered" = "written"
# "file that both have renamed" = "written"
# "SQLite row, not committed" = "transaction"
# "SQLite row of the other, meanwhile" = "locked out"
# "SQLite row of the next" = "written"
# ///
"""Two programs append to one log, replace one file and insert into one database. The other one has
done its part and ended well when this one ends, in whichever way; a third looks.

The documentation of open says that a mode of "a" appends "to the end of the file if it exists", and
of the size of buffers; of two who do so it says nothing.
"""
import atexit
import csv
import os
import sqlite3
import subprocess
import sys

import endings


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")
    database.commit()


def append(name, line):
    """With one call of the kernel."""
    fd = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(fd, line)
    os.close(fd)


def replace(name, text):
    """By a file of another name, which is renamed."""
    with open(name + ".mine", "w") as file:
        file.write(text)
    os.rename(name + ".mine", name)


short = open("short.log", "a")
short.write("mine\n")
table = open("table.csv", "a", newline="")
csv.writer(table).writerow(["mine", "a row"])
long = open("long.log", "a")
for _ in range(20):
    long.write("." * 1000)
long.write("\n")
append("plain.log", b"mine\n")
replace("state.txt", "mine\n" * 1000)
database = sqlite3.connect("both.db")
database.execute("CREATE TABLE row (who TEXT)")
database.commit()
database.execute("INSERT INTO row VALUES ('mine')")

subprocess.check_call([sys.executable, "other.py"])

append("plain.log", b"mine\n")
print("ready")
sys.stdout.flush()
endings.end_here()
