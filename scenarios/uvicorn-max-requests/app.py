# /// script
# requires-python = ">=3.10"
# dependencies = ["uvicorn"]
#
# [tool.exitmatrix]
# title = "uvicorn --limit-max-requests 1"
# roles = ["main"]
# ready = "listening"
# command = ["python", "-m", "uvicorn", "--limit-max-requests", "1", "--port", "{port}", "app:app"]
# server = "uvicorn-max-requests"
# terminations = ["SIGUSR1", "SIGTERM"]
# ///
"""Does clean-up run when uvicorn ends because it has answered enough requests?

On SIGUSR1 the program asks itself for its page: this is the request that reaches the limit.
"""

import atexit
import http.client
import signal
import sys
import threading

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


def ask():
    client = http.client.HTTPConnection("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1]))
    client.request("GET", "/", headers={"Connection": "close"})
    client.getresponse().read()


signal.signal(signal.SIGUSR1, lambda number, frame: threading.Thread(target=ask).start())
