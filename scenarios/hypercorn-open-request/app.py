# /// script
# requires-python = ">=3.10"
# dependencies = ["hypercorn>=0.18"]
#
# [tool.exitmatrix]
# title = "hypercorn --graceful-timeout 1, while a request takes longer"
# roles = ["main"]
# ready = {line = "the request is open"}
# command = ["python", "-m", "hypercorn", "--workers", "0", "--graceful-timeout", "1", "--bind", "127.0.0.1:{port}", "app:app"]
# server = "hypercorn-open-request"
# terminations = ["SIGTERM", "SIGINT"]
# ///
"""Does clean-up run when hypercorn has a time limit for the requests that are under way?

A thread of the program is the client: it asks for a page that never comes.
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
    port = int(sys.argv[sys.argv.index("--bind") + 1].rpartition(":")[2])
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
