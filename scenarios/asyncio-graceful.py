# /// script
# requires-python = ">=3.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "asyncio.run with `loop.add_signal_handler` for SIGTERM"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.program]
# steps = [
#   "import logging", "register A", "register B", "register C",
#   {asyncio = [
#     "loop on SIGTERM stop, wake",
#     {try = ["await end here"], finally = "finally:f"},
#   ], tasks = ["finally:t"]},
# ]
# ///
"""The main task waits for an event that a handler of SIGTERM sets, and then comes to its end.

It is the way that the documentation shows (library/asyncio-eventloop, Set signal handlers for
SIGINT and SIGTERM): the handler is called by the loop, and may do what tasks do.
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


@endings.tells("finally:t")
def t():
    print("t: cleaning up")


async def work():
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        t()


async def main():
    global stopping
    loop = asyncio.get_event_loop()
    stopping = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop)
    tasks = [loop.create_task(work())]
    await asyncio.sleep(0)  # the task begins
    print("ready")
    sys.stdout.flush()
    try:
        end, stopped = endings.end_awaiting(loop), loop.create_task(stopping.wait())
        await asyncio.wait([end, stopped], return_when=asyncio.FIRST_COMPLETED)
    finally:
        f()
    return tasks


asyncio.run(main())
