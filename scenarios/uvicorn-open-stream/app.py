# /// script
# requires-python = ">=3.10"
# dependencies = ["uvicorn>=0.54"]
#
# [tool.exitmatrix]
# title = "uvicorn, while a client reads a stream"
# roles = ["main"]
# ready = {line = "the stream is open"}
# command = ["python", "-m", "uvicorn", "--port", "{port}", "app:app"]
# server = "uvicorn-open-stream"
# terminations = ["SIGTERM", "SIGINT", "SIGTERM-then-SIGTERM", "SIGINT-then-SIGINT"]
# ///
"""Who is waited for when uvicorn is stopped, and does a second Ctrl-C end the wait?

A thread of the program is the client: it asks for a stream that does not end, and reads.
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
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"Hello, World!", "more_body": True})
    print("the stream is open", flush=True)
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
