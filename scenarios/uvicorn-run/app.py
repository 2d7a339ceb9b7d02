# /// script
# requires-python = ">=3.10"
# dependencies = ["uvicorn"]
#
# [tool.exitmatrix]
# title = "A script that calls uvicorn.run"
# roles = ["main"]
# ready = "listening"
# command = ["python", "app.py", "{port}"]
# server = "uvicorn-run"
# terminations = ["SIGTERM", "SIGINT"]
# ///
"""What of a script runs when it stands in uvicorn.run, and is stopped?

A line that follows the call, a `finally` clause around it, the lifespan, and handlers of atexit.
"""

import atexit
import sys

import endings
import uvicorn


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


@endings.tells("next line:proceed")
def proceed():
    print("proceed: the server has stopped")


@endings.tells("finally:finish")
def finish():
    print("finish: cleaning up")


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


if __name__ == "__main__":
    try:
        uvicorn.run(app, port=int(sys.argv[1]))
        proceed()
    finally:
        finish()
