# /// script
# requires-python = ">=3.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A function in the pool of threads of asyncio.run"
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
#     "import executor",
#     {try = ["await end here"], finally = "finally:f"},
#   ], pool = ["finally:p"]},
# ]
# ///
"""A function runs in the loop's default executor when the main task is ended, and needs a fifth of
a second more when the main task has cleaned up.

From 3.9 on asyncio.run waits for such functions (library/asyncio-eventloop,
loop.shutdown_default_executor); nothing cancels them.
"""
import asyncio
import atexit
import sys
import threading
import time

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


@endings.tells("finally:p")
def p():
    time.sleep(0.2)
    print("p: cleaning up")


def block(begun, closing):
    begun.set()
    try:
        closing.wait()
    finally:
        p()


async def main():
    loop = asyncio.get_event_loop()
    begun, closing = threading.Event(), threading.Event()
    job = loop.run_in_executor(None, block, begun, closing)
    begun.wait()
    print("ready")
    sys.stdout.flush()
    try:
        await endings.end_awaiting(loop)
    finally:
        f()
        closing.set()
    return job


asyncio.run(main())
