"""The journal modes of SQLite, and the file of each."""

MODES = ["DELETE", "TRUNCATE", "PERSIST", "WAL", "MEMORY", "OFF"]
ROWS = 1000


def file_of(mode):
    return "%s.db" % mode.lower()
