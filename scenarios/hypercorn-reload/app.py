# /// script
# requires-python = ">=3.10"
# dependencies = ["hypercorn>=0.18"]
#
# [tool.exitmatrix]
# title = "hypercorn --reload"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "hypercorn", "--reload", "--bind", "127.0.0.1:{port}", "app:app"]
# server = "hypercorn-reload"
# terminations = ["SIGTERM", "SIGUSR1@worker"]
# ///
"""Whose handlers run when hypercorn is stopped under its reloader, or when a file is saved?

On SIGUSR1 the program saves its own file. The master imports the application, too, to know which files
it consists of.
"""

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


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        shutdown()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"Hello, World!"})
