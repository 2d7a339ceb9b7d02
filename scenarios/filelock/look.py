"""Says whether the file is there, and whether the locks can be had."""
from __future__ import print_function

import os

from filelock import FileLock, SoftFileLock, Timeout


def free(lock):
    try:
        lock.acquire(timeout=1)
    except Timeout:
        return "left behind"
    lock.release()
    return "removed"


print("file of SoftFileLock:", "left behind" if os.path.exists("soft.lock") else "removed")
print("FileLock, to the next:", free(FileLock("hard.lock")))
print("SoftFileLock, to the next:", free(SoftFileLock("soft.lock")))
