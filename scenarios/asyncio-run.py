# /// script
# requires-python = ">=3.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "asyncio.run with other tasks, one of them shielded, and an asynchronous generator"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["*"]
#
# [tool.exitmatrix.program]
# steps = [
#   "import logging", "register A", "register B", "register C",
#   {asyncio = [
#     {try = [{try = ["await end here"], finally = "__aexit__:w"}], finally = "finally:f"},
#   ], tasks = ["finally:t", "finally:s"], generators = ["aclose:g"], in-turn = true},
# ]
# ///
"""Is ended while the main task of asyncio.run waits in an `async with` and a `try` statement.

Two other tasks wait in a `try` statement whose clean-up awaits something, as that of a
connection does; the main task waits for one of them through asyncio.shield. An asynchronous
generator is suspended. Three handlers are registered with atexit.

The documentation says that asyncio.run finalizes asynchronous generators and closes the
executor (library/asyncio-runner), and that from 3.11 on Ctrl-C cancels the main task.
"""
import asyncio
import atexit
import sys

import endings


@atexit.register
def A():
    print("A: cleaning up")
    endings.linger()


@atexit.register
def B():
    print("B: cleaning up")
    endings.linger()


@atexit.register
def C():
    print("C: cleaning up")
    endings.linger()


@endings.tells("finally:f")
def f():
    print("f: cleaning up")
    endings.linger()


@endings.tells("__aexit__:w")
def w():
    print("w: cleaning up")
    endings.linger()


@endings.tells("finally:t")
def t():
    print("t: cleaning up")


@endings.tells("finally:s")
def s():
    print("s: cleaning up")


@endings.tells("aclose:g")
def g():
    print("g: cleaning up")


class Resource:
    """Something that has to be given back."""

    async def __aenter__(self):
        return self

    async def __aexit__(self, kind, value, trace):
        w()


async def work(clean_up, turns):
    try:
        await asyncio.Event().wait()
    finally:
        for _ in range(turns):
            await asyncio.sleep(0)
        clean_up()


async def numbers():
    try:
        yield 1
    finally:
        g()


async def main():
    global generator, tasks  # which would be ended earlier if they were released
    loop = asyncio.get_event_loop()
    tasks = [loop.create_task(work(t, 1)), loop.create_task(work(s, 2))]
    generator = numbers()
    await generator.__anext__()
    await asyncio.sleep(0)  # the tasks begin
    print("ready")
    sys.stdout.flush()
    try:
        async with Resource():
            end = endings.end_awaiting(loop)
            await asyncio.wait(
                [end, asyncio.shield(tasks[1])], return_when=asyncio.FIRST_COMPLETED
            )
    finally:
        f()


asyncio.run(main())
