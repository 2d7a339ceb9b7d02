# /// script
# requires-python = ">=3.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "Another owner calls signal.set_wakeup_fd after `loop.add_signal_handler`"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"]
#
# [tool.exitmatrix.program]
# steps = [
#   "import logging", "register A", "register B", "register C",
#   {asyncio = [
#     "loop on SIGTERM stop, wake",
#     "other wakeup",
#     {try = ["await end here"], finally = "finally:f"},
#   ]},
# ]
# ///
"""An event loop has a handler for SIGTERM; then another part of the program, such as a second
event loop or a library of user interfaces, calls signal.set_wakeup_fd.

There is one such descriptor for the process (library/signal, signal.set_wakeup_fd), and the
loop is told of signals by nothing else.
"""
import asyncio
import atexit
import signal
import socket
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


async def main():
    global stopping
    loop = asyncio.get_event_loop()
    stopping = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop)
    sockets = socket.socketpair()
    sockets[0].setblocking(False)
    signal.set_wakeup_fd(sockets[0].fileno())
    print("ready")
    sys.stdout.flush()
    try:
        end, stopped = endings.end_awaiting(loop), loop.create_task(stopping.wait())
        await asyncio.wait([end, stopped], return_when=asyncio.FIRST_COMPLETED)
    finally:
        f()


asyncio.run(main())
