# /// script
# requires-python = ">=3.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A library calls signal.signal for SIGTERM after `loop.add_signal_handler`"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"]
#
# [tool.exitmatrix.program]
# steps = [
#   "import logging", "register A", "register B", "register C",
#   {asyncio = [
#     "loop on SIGTERM stop, wake",
#     "on SIGTERM library, nothing",
#     {try = ["await end here"], finally = "finally:f"},
#   ]},
# ]
# ///
"""An event loop has a handler for SIGTERM; then a library sets its own with signal.signal, which
does its work and returns.

The documentation has one handler for each signal. But the loop is told of signals by a descriptor
(signal.set_wakeup_fd), which receives the number of each signal that Python handles at all.
"""
import asyncio
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


@endings.tells("finally:f")
def f():
    print("f: cleaning up")


@endings.tells("signal.SIGTERM:stop")
def stop():
    print("stop: asked to end")
    stopping.set()


@endings.tells("signal.SIGTERM:library")
def library(number, frame):
    print("library: its own clean-up")


async def main():
    global stopping
    loop = asyncio.get_event_loop()
    stopping = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop)
    signal.signal(signal.SIGTERM, library)
    print("ready")
    sys.stdout.flush()
    try:
        end, stopped = endings.end_awaiting(loop), loop.create_task(stopping.wait())
        await asyncio.wait([end, stopped], return_when=asyncio.FIRST_COMPLETED)
    finally:
        f()


asyncio.run(main())
