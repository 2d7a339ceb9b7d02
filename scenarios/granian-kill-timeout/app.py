# /// script
# requires-python = ">=3.10"
# dependencies = ["granian"]
#
# [tool.exitmatrix]
# title = "granian --workers-kill-timeout 1 --respawn-failed-workers, while a request takes longer"
# roles = ["master", "worker"]
# ready = {line = "the request is open"}
# command = ["python", "-m", "granian", "--interface", "asgi", "--workers-kill-timeout", "1", "--respawn-failed-workers", "--port", "{port}", "app:app"]
# not-on = {pypy = "there is no wheel of granian for it, and building one takes Rust"}
# server = "granian-kill-timeout"
# terminations = ["SIGTERM@master", "SIGINT@master", "SIGKILL@worker"]
# ///
"""Does clean-up run in a worker of granian that does not end in time, and is one replaced that is gone?

A thread of the worker is the client: it asks for a page that never comes.
"""

import asyncio
import atexit
import contextlib
import http.client
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


@endings.tells("lifespan:shutdown")
def shutdown():
    print("shutdown: cleaning up")


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        shutdown()
        await send({"type": "lifespan.shutdown.complete"})
        return
    print("the request is open", flush=True)
    await asyncio.Event().wait()


def read():
    port = int(sys.argv[sys.argv.index("--port") + 1])
    while True:
        client = http.client.HTTPConnection("127.0.0.1", port)
        try:
            client.request("GET", "/")
            break
        except ConnectionRefusedError:
            time.sleep(0.02)
    with contextlib.suppress(OSError, http.client.HTTPException):  # it is cut off
        client.getresponse().read()


threading.Thread(target=read, daemon=True).start()
