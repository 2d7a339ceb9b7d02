# /// script
# requires-python = ">=3.10"
# dependencies = ["uvicorn"]
#
# [tool.exitmatrix]
# title = "A script that handles SIGTERM and calls uvicorn.run"
# roles = ["main"]
# ready = "listening"
# command = ["python", "app.py", "{port}"]
# server = "uvicorn-run-graceful"
# terminations = ["SIGTERM", "SIGINT"]
# ///
"""Does a handler for SIGTERM make atexit handlers run, if it is there before uvicorn.run?

"""

import atexit
import signal
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
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    try:
        uvicorn.run(app, port=int(sys.argv[1]))
        proceed()
    finally:
        finish()
