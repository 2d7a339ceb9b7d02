"""What a generated program with an event loop needs before its own lines, as text.

Python 2.7 compiles it, and only Pythons that have `async def` come to read the text in it.
"""

from __future__ import annotations

WHERE_FORKED = ("asyncio.CancelledError as", "(asyncio.CancelledError, RuntimeError) as")
"""What is otherwise in a program that forks: a child of the main task may fail where it pauses."""

LOOPS = '''
ASYNC = """
async def main(steps, task, generator):
    beside = []
    if task:
        beside.append(asyncio.ensure_future(work(task)))
    if generator:
        beside.append(generate(generator))
        await beside[-1].__anext__()
    await asyncio.sleep(0)  # the task begins
    steps = steps()
    thrown = None
    while True:
        try:
            steps.throw(thrown) if thrown else next(steps)
        except StopIteration:
            return beside  # or the generator would be gone with the task
        thrown = None
        try:
            await asyncio.sleep(0.02)
        except asyncio.CancelledError as error:
            thrown = error


async def work(function):
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        function()


async def generate(function):
    try:
        yield
    finally:
        function()
"""


def run_loop(steps, task=None, generator=None):
    """asyncio.run; `steps` is a generator, which yields where the main task pauses."""
    import asyncio

    run = asyncio.run
    names = {"asyncio": asyncio}
    exec(ASYNC, names)
    run(names["main"](steps, task, generator))


def handle_in_loop(number, function):
    import asyncio

    asyncio.get_running_loop().add_signal_handler(number, function)
'''
