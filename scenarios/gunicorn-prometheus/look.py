"""Says what there is of workers that are gone."""

import glob
import os
import re


def dead(pattern):
    """Whether there is a file of a process that is gone."""
    pids = [int(re.search("[0-9]+", os.path.basename(name)).group()) for name in glob.glob(pattern)]
    return any(state_of(pid) in "ZX" for pid in pids)


def state_of(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rpartition(")")[2].split()[0]
    except (IOError, OSError):
        return "X"


print("counter of a dead worker:", "kept" if dead("metrics/counter_*.db") else "lost")
print("live gauge of a dead worker:", "left behind" if dead("metrics/gauge_live*.db") else "removed")
print("file that a handler of atexit removes:", "left behind" if dead("own_*") else "removed")
