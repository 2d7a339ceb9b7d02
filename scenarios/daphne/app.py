# /// script
# requires-python = ">=3.10"
# dependencies = ["daphne"]
#
# [tool.exitmatrix]
# title = "daphne"
# roles = ["main"]
# ready = "listening"
# command = ["python", "-m", "daphne", "--port", "{port}", "app:app"]
# not-on = {pypy = "cryptography, which Twisted needs for TLS, has no wheel for it, and building one takes Rust"}
# server = "daphne"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGABRT", "SIGKILL", "sys-exit-3", "os-exit-3", "exception", "self-SIGTERM", "SIGTERM-then-SIGTERM"]
# busy = ["SIGTERM", "SIGINT", "SIGKILL", "SIGTERM-then-SIGTERM"]
# ///
"""Do atexit handlers run when daphne is stopped?

It knows no lifespan: the application's shutdown is never asked for.
"""

import asyncio
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


async def busy():
    with endings.telling(endings.BUSY):
        gate, free = endings.gate(endings.ANSWERING), asyncio.Event()
        asyncio.get_running_loop().add_reader(gate, free.set)
        await free.wait()
        asyncio.get_running_loop().remove_reader(gate)


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
    if scope["path"] == "/busy":
        await busy()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"Hello, World!"})
