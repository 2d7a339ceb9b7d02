# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A supervisor that passes SIGTERM on to its task, whose handler returns"
# roles = ["parent", "child"]
# ready = {stdout = "ready"}
# terminations = [
#     "SIGTERM@parent", "SIGTERM@child", "SIGKILL@parent", "SIGHUP@parent", "SIGINT@parent",
# ]
#
# [tool.exitmatrix.program]
# steps = [
#     "import multiprocessing", "register A", "register B", "register C",
#     {process = [
#         "on SIGTERM cancel", "register D", "write",
#         {try = ["end here"], finally = "finally:f"},
#     ]},
#     "on SIGTERM stop", "write", "join process",
# ]
# handlers = {stop = "terminate process", cancel = "nothing"}
# ///
"""The same as supervisor-task, but the handler of the task takes note of the signal and
returns.

The documentation of time.sleep and of signal says that since 3.5 a call that a signal
has interrupted is begun again (PEP 475). So the task goes on, its supervisor waits, and
nobody has cleaned up when the platform sends SIGKILL.
"""
from __future__ import print_function

import atexit
import multiprocessing
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


def D():
    print("D: cleaning up after the task")


@endings.tells("finally:f")
def f():
    print("f: the task is left")


@endings.tells("signal.SIGTERM:cancel")
def cancel(number, frame):
    print("cancel: noted")


@endings.tells("signal.SIGTERM:stop")
def stop(number, frame):
    process.terminate()


def task():
    signal.signal(signal.SIGTERM, cancel)
    atexit.register(D)
    endings.hold("forked")
    print("ready")
    sys.stdout.flush()
    try:
        endings.end_here("child")
    finally:
        f()


context = getattr(multiprocessing, "get_context", lambda _: multiprocessing)("fork")
process = context.Process(target=task)
process.start()
signal.signal(signal.SIGTERM, stop)
endings.mark("parent")
process.join()
