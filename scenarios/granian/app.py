# /// script
# requires-python = ">=3.10"
# dependencies = ["granian"]
#
# [tool.exitmatrix]
# title = "granian, an ASGI app"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "granian", "--interface", "asgi", "--port", "{port}", "app:app"]
# not-on = {pypy = "there is no wheel of granian for it, and building one takes Rust"}
# server = "granian"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGKILL", "sys-exit-3", "os-exit-3", "exception", "self-SIGTERM", "SIGABRT", "SIGTERM-then-SIGTERM"]
# busy = ["SIGTERM@master", "SIGINT@master", "SIGKILL@master", "SIGTERM@worker", "SIGINT@worker", "SIGKILL@worker", "SIGTERM@group", "SIGINT@group", "SIGTERM-then-SIGKILL@master", "SIGTERM-then-SIGKILL@worker", "SIGTERM-then-SIGKILL@group", "SIGTERM-then-SIGTERM@master", "SIGTERM-then-SIGTERM@worker", "SIGTERM-then-SIGTERM@group", "SIGHUP@master"]
# ///
"""Whose handlers run when granian is stopped, reloaded, or loses its worker?

It starts one worker process in the way that is multiprocessing's own on that Python: a fork before
3.14, and a new interpreter since.
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
