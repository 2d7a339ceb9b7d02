# /// script
# requires-python = ">=3.10"
# dependencies = ["uvicorn"]
#
# [tool.exitmatrix]
# title = "uvicorn --reload"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "uvicorn", "--reload", "--port", "{port}", "app:app"]
# server = "uvicorn-reload"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL", "SIGUSR1@worker", "SIGABRT", "sys-exit-3", "os-exit-3", "exception", "self-SIGTERM", "SIGTERM-then-SIGTERM"]
# busy = ["SIGTERM@master", "SIGTERM@worker", "SIGTERM@group", "SIGTERM-then-SIGTERM@master", "SIGTERM-then-SIGTERM@worker", "SIGTERM-then-SIGTERM@group", "SIGINT@worker", "SIGUSR1@worker", "SIGTERM-then-SIGKILL@master"]
# ///
"""Whose handlers run when uvicorn is stopped under its reloader, or loses a process?

The reloader is the master and the process that serves its worker, which alone imports the app. It
looks at files, never at its worker: of one that is killed nobody takes the place before a file
changes. On SIGUSR1 the program saves its own file.
"""

import asyncio
import atexit
import os
import signal

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


@endings.tells("lifespan:shutdown")
def shutdown():
    print("shutdown: cleaning up")


def save(number, frame):
    os.utime(__file__)


signal.signal(signal.SIGUSR1, save)


async def busy():
    with endings.telling(endings.BUSY):
        gate, free = endings.gate(endings.ANSWERING), asyncio.Event()
        asyncio.get_running_loop().add_reader(gate, free.set)
        await free.wait()
        asyncio.get_running_loop().remove_reader(gate)


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        shutdown()
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["path"] == "/end":
        endings.end_here()
    if scope["path"] == "/busy":
        await busy()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"Hello, World!"})
