"""The files that a process has in flight, in a folder of its own. All are globals that nobody closes."""
import csv
import fcntl
import gzip
import logging
import logging.handlers
import mmap
import os
import shutil
import sqlite3
import tarfile
import tempfile
import zipfile

PART = bytes(range(256)) * 400  # more than any buffer holds
HERE = os.path.abspath("work-%d" % os.getpid())


def at(name):
    return os.path.join(HERE, name)


os.mkdir(HERE)
named = tempfile.NamedTemporaryFile(prefix="named-", dir=HERE)
folder = tempfile.TemporaryDirectory(prefix="folder-", dir=HERE)
scratch = tempfile.mkdtemp(prefix="scratch-", dir=HERE)

lock = open(at("app.lock"), "w")
fcntl.flock(lock, fcntl.LOCK_EX)

with open(at("settings.txt"), "w") as settings:
    settings.write("old\n")
new = open(at("settings.txt.new"), "w")
new.write("new\n")

packed = zipfile.ZipFile(at("data.zip"), "w")
packed.writestr("first", PART)
taped = tarfile.open(at("data.tar"), "w")
taped.add(__file__, "first")
zipped = gzip.open(at("data.gz"), "wb")
zipped.write(PART)
table = open(at("table.csv"), "w")
csv.writer(table).writerow(["one", "row"])

with open(at("mapped"), "wb") as mapped:
    mapped.write(b"." * mmap.PAGESIZE)
mapped = open(at("mapped"), "r+b")
memory = mmap.mmap(mapped.fileno(), mmap.PAGESIZE)
memory[:5] = b"there"

log = logging.getLogger("app.work")
log.setLevel(logging.INFO)
log.propagate = False
log.addHandler(logging.handlers.RotatingFileHandler(at("app.log"), maxBytes=40, backupCount=1))
log.addHandler(logging.handlers.MemoryHandler(100, target=logging.FileHandler(at("memory.log"))))
log.info("the words before the last ones")
log.info("the last words")

database = sqlite3.connect(at("accounts.db"), check_same_thread=False)
database.execute("CREATE TABLE entries (account TEXT)")
database.commit()
database.execute("INSERT INTO entries VALUES ('opening')")


def commit():
    database.commit()
    database.close()


def rename():
    new.close()
    os.rename(at("settings.txt.new"), at("settings.txt"))


def remove():
    shutil.rmtree(scratch)
