# /// script
# requires-python = ">=3.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A main task that blocks its event loop"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL", "SIGINT-then-SIGINT"]
#
# [tool.exitmatrix.program]
# steps = [
#   "import logging", "register A", "register B", "register C",
#   {asyncio = [
#     "loop on SIGTERM stop",
#     {try = ["end here"], finally = "finally:f"},
#   ], tasks = ["finally:t"]},
# ]
# ///
"""The main task calls a function that blocks, as a driver of a database may, and so does not come
to await anything; the loop has a handler for SIGTERM.

The documentation says that from 3.11 on the first Ctrl-C cancels the main task, and the second
one raises KeyboardInterrupt (library/asyncio-runner, Handling Keyboard Interruption).
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
    loop = asyncio.get_event_loop()
    loop.add_signal_handler(signal.SIGTERM, stop)
    tasks = [loop.create_task(work())]
    await asyncio.sleep(0)  # the task begins
    print("ready")
    sys.stdout.flush()
    try:
        endings.end_here()
    finally:
        f()
    return tasks


asyncio.run(main())
