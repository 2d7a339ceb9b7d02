"""Says whether the bar shows what was done."""
from __future__ import print_function

with open("bar") as file:
    print("last state of the bar:", "kept" if "50/100" in file.read() else "lost")
