"""Says what became of the files that `work.py` had in flight, of each process that is gone.

Each line is `KIND: STATE`. A thing is *kept* if all of it is there, *lost* if nothing
is that was still in flight, and *damaged* if it can be read in part or not at all. A
thing that is only needed while a process runs is *removed* or *left behind*. Of several
processes, it is told of one that has it otherwise than a clean end leaves it.
"""
import fcntl
import glob
import gzip
import os
import sqlite3
import tarfile
import zipfile

PART = bytes(range(256)) * 400


def text(name):
    try:
        with open(name) as file:
            return file.read()
    except OSError:
        return ""


def state(found, whole, without):
    if found == whole:
        return "kept"
    return "lost" if found == without else "damaged"


def there(pattern):
    return "left behind" if glob.glob(pattern) else "removed"


def sound(read, name):
    """Whether an archive holds all that was put into it."""
    try:
        return "kept" if read(name) == PART else "damaged"
    except Exception:  # what an archive raises that is cut short depends on where
        return "damaged"


def unzipped(name):
    with zipfile.ZipFile(name) as archive:
        return archive.read("first")


def untarred(name):
    with tarfile.open(name) as archive, open("work.py", "rb") as work:
        return PART if archive.extractfile("first").read() == work.read() else b""


def gunzipped(name):
    with gzip.open(name) as file:
        return file.read()


def locked(name):
    with open(name) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return "left behind"
    return "removed"


def committed(name):
    try:
        database = sqlite3.connect(name)
        rows = database.execute("SELECT account FROM entries").fetchall()
        database.close()
    except sqlite3.Error:
        return "damaged"
    return state(rows, [("opening",)], [])


def look(here):
    at = os.path.join
    # The journal first: opening the database rolls it back, and removes it.
    yield "SQLite journal", there(at(here, "accounts.db-journal"))
    yield "SQLite transaction", committed(at(here, "accounts.db"))
    yield "NamedTemporaryFile", there(at(here, "named-*"))
    yield "TemporaryDirectory", there(at(here, "folder-*"))
    yield "folder that a handler removes", there(at(here, "scratch-*"))
    yield "flock", locked(at(here, "app.lock"))
    yield "file to be renamed", there(at(here, "settings.txt.new"))
    yield "renamed file", state(text(at(here, "settings.txt")), "new\n", "old\n")
    yield "zip archive", sound(unzipped, at(here, "data.zip"))
    yield "tar archive", sound(untarred, at(here, "data.tar"))
    yield "gzip file", sound(gunzipped, at(here, "data.gz"))
    yield "csv file", state(text(at(here, "table.csv")), "one,row\n", "")
    yield "mapped file", state(text(at(here, "mapped"))[:5], "there", ".....")
    yield "rotating log", state(text(at(here, "app.log")), "the last words\n", "")
    both = "the words before the last ones\nthe last words\n"
    yield "log in memory", state(text(at(here, "memory.log")), both, "")


def gone(here):
    """Whether the process that worked here is no more; its parent may not have seen that."""
    try:
        with open("/proc/%s/stat" % here.rpartition("-")[2]) as file:
            return file.read().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


seen = {}
for here in filter(gone, glob.glob("work-*")):
    for kind, became in look(here):
        if seen.get(kind) in (None, "kept", "removed"):
            seen[kind] = became
for kind, became in seen.items():
    print("%s: %s" % (kind, became))
