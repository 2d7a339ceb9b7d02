# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A second signal comes while the handler of the first runs, which then calls sys.exit"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["self-SIGTERM", "SIGTERM"]
#
# [tool.exitmatrix.program]
# steps = [
#   "register A", "register B", "register C",
#   "on SIGUSR2 note, nothing",
#   "on SIGTERM stop",
#   {try = ["end here"], finally = "finally:f"},
# ]
# handlers = {stop = ["signal SIGUSR2", "sys.exit 0"]}
# ///
"""The program has handlers for two signals. The second one comes while the handler of the first
runs; it sends it itself, so that it comes at that moment in every run. Then the first handler
calls sys.exit. Is the second signal handled?

The documentation says that a signal is handled at a later point, for example at the next
bytecode instruction (library/signal, Execution of Python signal handlers). It does not say what
an exception that a handler raises means for other signals.
"""
from __future__ import print_function

import atexit
import os
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


@endings.tells("finally:f")
def f():
    print("f: cleaning up")


@endings.tells("signal.SIGUSR2:note")
def note(number, frame):
    print("note: got signal", number)


@endings.tells("signal.SIGTERM:stop")
def stop(number, frame):
    print("stop: asked to end by signal", number)
    os.kill(os.getpid(), signal.SIGUSR2)
    sys.exit(0)


signal.signal(signal.SIGUSR2, note)
signal.signal(signal.SIGTERM, stop)

print("ready")
sys.stdout.flush()
try:
    endings.end_here()
finally:
    f()
