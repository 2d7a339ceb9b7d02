"""Says what became of the files that `app.py` had in flight, once it has ended.

Each line is `KIND: STATE`. A thing is *kept* if all of it is there, *lost* if nothing
is that was still in flight, and *damaged* if it can be read in part or not at all. A
thing that is only needed while the program runs is *removed* or *left behind*.
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
        return "kept" if read(name) else "damaged"
    except Exception:  # what an archive raises that is cut short depends on where
        return "damaged"


def zip_is_whole(name):
    with zipfile.ZipFile(name) as archive:
        return [archive.read(one) for one in ("first", "second")] == [PART, PART]


def tar_is_whole(name):
    with tarfile.open(name) as archive:
        return [archive.extractfile(one).read() for one in ("first", "second")] == [b"a note"] * 2


def gzip_is_whole(name):
    with gzip.open(name) as file:
        return file.read() == PART


def short_gzip_is_whole(name):
    with gzip.open(name) as file:
        return file.read() == b"one line"


def locked():
    with open("app.lock") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return "left behind"
    return "removed"


def committed():
    try:
        database = sqlite3.connect("accounts.db")
        rows = database.execute("SELECT account FROM entries").fetchall()
        database.close()
    except sqlite3.Error:
        return "damaged"
    return state(rows, [("opening",)], [])


named = set(glob.glob("scratch/named-*") + glob.glob("scratch/folder-*"))
others = {"scratch/" + name for name in os.listdir("scratch")} - named

print("NamedTemporaryFile:", there("scratch/named-*"))
print("TemporaryDirectory:", there("scratch/folder-*"))
print("TemporaryFile:", "left behind" if others else "removed")
print("flock:", locked())
print("file to be renamed:", there("settings.txt.new"))
print("renamed file:", state(text("settings.txt"), "new\n", "old\n"))
print("zip archive:", sound(zip_is_whole, "data.zip"))
print("tar archive:", sound(tar_is_whole, "data.tar"))
print("gzip file:", sound(gzip_is_whole, "data.gz"))
print("short gzip file:", sound(short_gzip_is_whole, "short.gz"))
print("csv file:", state(text("table.csv"), "one,row\n", ""))
print("rotating log:", state(text("app.log"), "the last words\n", ""))
print("queued log:", state(text("mail.log"), "a record\nthe last record\n", ""))
print("buffer of a fork:", state(text("forked.txt"), "a line\n", ""))
print("mapped file:", state(text("mapped")[:5], "there", "....."))
# The journal first: who opens the database may bring it in, and remove it.
print("SQLite WAL:", there("accounts.db-wal"))
print("SQLite commit in WAL:", committed())
