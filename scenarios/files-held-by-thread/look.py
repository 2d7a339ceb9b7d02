"""Says whether the line was written, the temporary file removed, and the archive finished."""
from __future__ import print_function

import glob
import gzip
import os
import zipfile


def archive():
    try:
        whole = zipfile.ZipFile("data.zip").read("first") == b"." * 100000
    except Exception:  # what an archive raises that is cut short depends on where
        whole = False
    return "kept" if whole else "damaged"


def packed():
    try:
        whole = gzip.open("data.gz").read() == b"." * 100000
    except Exception:  # as above
        whole = False
    return "kept" if whole else "damaged"


print("text file:", "kept" if os.path.getsize("notes.txt") else "lost")
print("NamedTemporaryFile:", "left behind" if glob.glob("named-*") else "removed")
print("zip archive:", archive())
print("gzip file of another module:", packed())
