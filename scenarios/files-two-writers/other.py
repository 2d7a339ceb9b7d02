"""The other program: it does the same, and ends well."""
import csv
import os
import sqlite3

for name in "short.log", "long.log", "plain.log":
    with open(name, "a") as file:
        file.write("of the other\n")
with open("table.csv", "a", newline="") as table:  # novm: not on 2.7
    csv.writer(table).writerow(["of the other", "a row"])
with open("state.txt.other", "w") as file:
    file.write("of the other\n" * 1000)
os.rename("state.txt.other", "state.txt")
try:
    database = sqlite3.connect("both.db", timeout=0.1)
    database.execute("INSERT INTO row VALUES ('of the other')")
    database.commit()
except sqlite3.OperationalError:
    pass  # the database is locked
