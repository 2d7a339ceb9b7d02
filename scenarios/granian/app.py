# /// script
# requires-python = ">=3.12"
# dependencies = ["granian"]
#
# [tool.exitmatrix]
# title = "granian, an ASGI app"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "granian", "--interface", "asgi", "--port", "{port}", "app:app"]
# server = "granian"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGKILL"]
# ///
"""Whose handlers run when granian is stopped, reloaded, or loses its worker?

It starts one worker process in the way that is multiprocessing's own on that Python: a fork before
3.14, and a new interpreter since.
"""

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
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"Hello, World!"})
