# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A program with files in flight that are not closed: temporary ones, archives, logs, a lock, a map"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "keyboard-interrupt", "os-exit-7", "segfault", "exec",
#     "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.data]
# "NamedTemporaryFile" = "removed"
# "TemporaryDirectory" = "removed"
# "TemporaryFile" = "removed"
# "flock" = "removed"
# "file to be renamed" = "removed"
# "renamed file" = "kept"
# "zip archive" = "kept"
# "tar archive" = "kept"
# "gzip file" = "kept"
# "short gzip file" = "kept"
# "csv file" = "kept"
# "rotating log" = "kept"
# "queued log" = "kept"
# "buffer of a fork" = "kept"
# "mapped file" = "kept"
# "SQLite commit in WAL" = "kept"
# "SQLite WAL" = "removed"
#
# [tool.exitmatrix.program]
# steps = ["import logging", "import TemporaryDirectory", "register A", "register B", "register C"]
#
# [tool.exitmatrix.program.data]
# "NamedTemporaryFile" = "file of a global"
# "TemporaryDirectory" = "file"
# "TemporaryFile" = "of the kernel"
# "flock" = "of the kernel"
# "file to be renamed" = "file"
# "renamed file" = "memory"
# "zip archive" = "archive of a global"
# "tar archive" = "buffered archive"
# "gzip file" = "gzip file of a global"
# "short gzip file" = "buffer of a global gzip file"
# "csv file" = "buffer"
# "rotating log" = "written"
# "queued log" = "queue of a thread"
# "buffer of a fork" = "copied buffer"
# "mapped file" = "written"
# "SQLite commit in WAL" = "written"
# "SQLite WAL" = "file of a global"
# ///
"""Works with what the standard library offers for files, and is ended before any of it is
closed. A writes a file anew, as one does that must not be seen half written: into a
temporary file that takes the other's place. All else is a global that nobody closes.

The documentation promises that a NamedTemporaryFile is deleted as soon as it is closed,
that a TemporaryDirectory is removed when the program ends, that ZipFile.close() must be
called before the program exits or essential records will not be written, and of gzip and
tarfile that they are closed by `close`. For flock and mmap it refers to the system. Of a
QueueListener it says that records may be left on the queue if its stop() is not called before the
program exits; it is at work on another one here. A line that waits in a buffer when a
child is forked is in the child's buffer too, and the child closes the file.
"""
import atexit
import csv
import fcntl
import gzip
import logging
import logging.handlers
import mmap
import os
import queue  # novm: not on 2.7
import sqlite3
import sys
import tarfile
import tempfile
import zipfile

import endings
import mail

PART = bytes(range(256)) * 400  # more than any buffer holds
HERE = "scratch"

os.mkdir(HERE)
named = tempfile.NamedTemporaryFile(prefix="named-", dir=HERE)
folder = tempfile.TemporaryDirectory(prefix="folder-", dir=HERE)  # novm: not on 2.7
nameless = tempfile.TemporaryFile(prefix="nameless-", dir=HERE)
nameless.write(b"for this process alone")
nameless.flush()

lock = open("app.lock", "w")
fcntl.flock(lock, fcntl.LOCK_EX)

with open("settings.txt", "w") as settings:
    settings.write("old\n")
new = open("settings.txt.new", "w")
new.write("new\n")

packed = zipfile.ZipFile("data.zip", "w")
packed.writestr("first", PART)
packed.writestr("second", PART)

with open("note", "w") as note:
    note.write("a note")
taped = tarfile.open("data.tar", "w")
taped.add("note", "first")
taped.add("note", "second")

zipped = gzip.open("data.gz", "wb")
zipped.write(PART)
short = gzip.open("short.gz", "wb")
short.write(b"one line")

table = open("table.csv", "w")
csv.writer(table).writerow(["one", "row"])

log = logging.getLogger("app")
log.setLevel(logging.INFO)
log.addHandler(logging.handlers.RotatingFileHandler("app.log", maxBytes=40, backupCount=1))
log.info("the words before the last ones")
log.info("the last words")

copied = open("forked.txt", "w")
copied.write("a line\n")
child = os.fork()
if child == 0:
    copied.close()
    os._exit(0)
os.waitpid(child, 0)

records = queue.Queue()
queued = logging.getLogger("app.mail")
queued.propagate = False
queued.addHandler(logging.handlers.QueueHandler(records))  # novm: not on 2.7
listener = mail.Listener(records, logging.FileHandler("mail.log"))
listener.start()
queued.warning("a record")
queued.warning("the last record")

with open("mapped", "wb") as file:
    file.write(b"." * mmap.PAGESIZE)
file = open("mapped", "r+b")
mapped = mmap.mmap(file.fileno(), mmap.PAGESIZE)
mapped[:5] = b"there"

database = sqlite3.connect("accounts.db")
database.execute("PRAGMA journal_mode = wal").fetchall()
database.execute("CREATE TABLE entries (account TEXT)")
database.execute("INSERT INTO entries VALUES ('opening')")
database.commit()


@atexit.register
def A():
    print("A: putting the new settings in the place of the old")
    new.close()
    os.rename("settings.txt.new", "settings.txt")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


print("ready")
sys.stdout.flush()
endings.end_here()
