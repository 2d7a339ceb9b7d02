"""Says of each database whether every row is as it was before the transaction."""
from __future__ import print_function

import sqlite3

import modes


def is_whole(mode):
    try:
        database = sqlite3.connect(modes.file_of(mode))
        old = database.execute("SELECT count(*) FROM entries WHERE text LIKE 'old%'").fetchone()[0]
        sound = database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        database.close()
    except sqlite3.Error:
        return False
    return sound and old == modes.ROWS


for mode in modes.MODES:
    print("database, %s:" % mode, "kept" if is_whole(mode) else "damaged")
