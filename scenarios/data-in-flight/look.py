"""Says what became of the data that `app.py` had in flight, once it has ended.

Each line is `KIND: STATE`. A thing is *kept* if all of it is there, *lost* if nothing
is that was still in flight, and *damaged* if it can be read in part or not at all. A
thing that is only needed while the program runs is *removed* or *left behind*.
"""
from __future__ import print_function

import glob
import shelve
import sqlite3

LINES = 3000


def text(name):
    try:
        with open(name) as file:
            return file.read()
    except IOError:
        return ""


def state(found, whole, without):
    if found == whole:
        return "kept"
    return "lost" if found == without else "damaged"


def transaction():
    try:
        database = sqlite3.connect("accounts.db")
        sound = database.execute("PRAGMA integrity_check").fetchall()
        rows = database.execute("SELECT account FROM entries ORDER BY rowid").fetchall()
        database.close()
    except sqlite3.Error:
        return "damaged"
    names = [str(name) for (name,) in rows] + [str(word) for (word,) in sound]
    return state(names, ["opening", "from", "to", "ok"], ["opening", "ok"])


def shelved(flag):
    try:
        shelf = shelve.open("cache", flag)
        items = shelf["items"]
        shelf.close()
    except Exception:  # what an unreadable shelf raises depends on what it is kept in
        return "damaged"
    return state(items, ["first", "second"], ["first"])


def there(pattern):
    return "left behind" if glob.glob(pattern) else "removed"


every_line = "".join("line %d of %d: %s\n" % (number, LINES, "x" * 80) for number in range(LINES))

# The journal first: opening the database rolls it back, and removes it.
print("SQLite journal:", there("accounts.db-journal"))
print("SQLite transaction:", transaction())
print("short buffered file:", state(text("short.txt"), "one line\n", ""))
print("long buffered file:", state(text("long.txt"), every_line, ""))
print("temporary folder:", there("scratch-*"))
print("lock file:", there("app.lock"))
print("log in memory:", state(text("app.log"), "the last words\n", ""))
# The reader first: what opens a shelf for writing, as the program does at its next
# start, may mend it.
print("shelf, to a reader:", shelved("r"))
print("shelf:", shelved("w"))
