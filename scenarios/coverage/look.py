"""Says whether the data file of coverage holds a line of the program that has run."""
from __future__ import print_function

import glob
import sqlite3


def measured(name):
    try:
        with sqlite3.connect(name) as data:
            ((lines,),) = data.execute(
                "SELECT count(*) FROM line_bits JOIN file ON file.id = file_id"
                " WHERE path LIKE '%/app.py'"
            ).fetchall()
    except sqlite3.Error:
        return "damaged"
    return "kept" if lines else "lost"


files = [name for name in glob.glob(".coverage*") if name != ".coveragerc"]
print("data of coverage:", measured(files[0]) if files else "lost")
