# /// script
# requires-python = ">=3.10"
# dependencies = ["uvicorn"]
#
# [tool.exitmatrix]
# title = "uvicorn, and an app that handles SIGTERM"
# roles = ["main"]
# ready = "listening"
# command = ["python", "-m", "uvicorn", "--port", "{port}", "app:app"]
# server = "uvicorn-graceful"
# terminations = ["SIGTERM", "SIGINT"]
# ///
"""Does a handler for SIGTERM in the app make atexit handlers run under uvicorn?

It is installed when the app is imported: before uvicorn's, or after it, which depends on the
release.
"""

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
    await send({"type": "http.response.body", "body": b"Hello, World!"})


signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
