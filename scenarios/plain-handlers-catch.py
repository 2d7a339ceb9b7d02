# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "Two handlers of three fail, and catch and log it themselves"
# roles = ["main"]
# ready = {stdout = "ready"}
# printed = true
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = ["import logging", "register A", "register B", "register C"]
# handlers = {B = "say WARNING clean-up: B failed", C = "say WARNING clean-up: C failed"}
# ///
"""C and B fail, and say so in the log instead of raising; A still has to run.

For the claims that it is best to handle and log all exceptions quietly inside the
clean-up functions (M10), and that a handler needs its own try/except (B12). It is the
program `plain-handlers-raise` with that advice taken. The documentation promises
nothing about it.
"""
from __future__ import print_function

import atexit
import logging
import sys

import endings


def clean_up(name):
    print("%s: cleaning up" % name)
    if name != "A":
        raise RuntimeError("%s failed" % name)


@atexit.register
def A():
    try:
        clean_up("A")
    except Exception as error:
        logging.warning("clean-up: %s", error)


@atexit.register
def B():
    try:
        clean_up("B")
    except Exception as error:
        logging.warning("clean-up: %s", error)


@atexit.register
def C():
    try:
        clean_up("C")
    except Exception as error:
        logging.warning("clean-up: %s", error)


logging.basicConfig(format="%(levelname)s %(message)s")
print("ready")
sys.stdout.flush()
endings.end_here()
