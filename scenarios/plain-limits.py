# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A plain program that decides about signals of limits and of Ctrl-C"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["alarm", "cpu-limit", "file-limit", "interrupt-main", "set-interrupt", "SIGINT"]
#
# [tool.exitmatrix.program]
# steps = [
#   "register A", "register B", "register C",
#   "on SIGALRM late, raise RuntimeError: too late",
#   "on SIGXCPU spent, sys.exit 7",
#   "default SIGXFSZ",
#   "ignore SIGINT",
# ]
# ///
"""Do handlers run when a limit is met for whose signal the program has said what to do?

Handlers of SIGALRM and SIGXCPU raise, as in recipes for timeouts; SIGXFSZ has its default
action again, which Python had taken away; SIGINT is ignored, as in what a shell starts in
the background. The documentation of _thread.interrupt_main says that it does nothing for a
signal that Python does not handle.
"""
from __future__ import print_function

import atexit
import signal
import sys

import endings


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


@endings.tells("signal.SIGALRM:late")
def late(number, frame):
    raise RuntimeError("too late")


@endings.tells("signal.SIGXCPU:spent")
def spent(number, frame):
    sys.exit(7)


signal.signal(signal.SIGALRM, late)
signal.signal(signal.SIGXCPU, spent)
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.SIG_IGN)

print("ready")
sys.stdout.flush()
endings.end_here()
