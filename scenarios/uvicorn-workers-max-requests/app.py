# /// script
# requires-python = ">=3.10"
# dependencies = ["uvicorn"]
#
# [tool.exitmatrix]
# title = "uvicorn --workers 2 --limit-max-requests 1"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "uvicorn", "--workers", "2", "--limit-max-requests", "1", "--port", "{port}", "app:app"]
# server = "uvicorn-workers-max-requests"
# terminations = ["return"]
# ///
"""Does clean-up run in a worker of uvicorn that has answered enough requests, and who replaces it?"""

import atexit

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
    if scope["path"] == "/end":
        endings.end_here()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"Hello, World!"})
