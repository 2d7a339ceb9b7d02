# /// script
# requires-python = ">=3.10"
# dependencies = ["hypercorn"]
#
# [tool.exitmatrix]
# title = "hypercorn with two worker processes"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "hypercorn", "--workers", "2", "--bind", "127.0.0.1:{port}", "app:app"]
# server = "hypercorn-workers"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGKILL", "SIGABRT", "sys-exit-3", "os-exit-3", "exception", "self-SIGTERM", "SIGTERM-then-SIGTERM"]
# busy = ["SIGTERM@master", "SIGINT@master", "SIGINT@worker", "SIGKILL@master", "SIGTERM@worker", "SIGKILL@worker", "SIGTERM@group", "SIGINT@group", "SIGTERM-then-SIGTERM@master", "SIGTERM-then-SIGTERM@worker", "SIGTERM-then-SIGTERM@group", "SIGHUP@master"]
# ///
"""Whose handlers run when the master of hypercorn is stopped, reloaded, or loses a worker?
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
