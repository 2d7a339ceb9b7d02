# /// script
# requires-python = ">=3.10"
# dependencies = ["uvicorn-worker"]
#
# [tool.exitmatrix]
# title = "gunicorn with two workers of uvicorn's class"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "gunicorn", "-k", "uvicorn_worker.UvicornWorker", "--graceful-timeout", "3", "-w", "2", "-b", "127.0.0.1:{port}", "app:app"]
# server = "gunicorn-uvicorn"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGKILL", "SIGABRT", "sys-exit-3", "os-exit-3", "exception", "self-SIGTERM", "SIGTERM-then-SIGTERM"]
# busy = ["SIGTERM@worker", "SIGKILL@master", "SIGTERM-then-SIGTERM@worker", "SIGINT@worker", "SIGHUP@master"]
# ///
"""Whose handlers run when gunicorn is the master and its workers are uvicorn's?

The grace period is 30 seconds unless it is set.
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
