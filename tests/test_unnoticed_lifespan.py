"""The lifespan of an ASGI app is seen, and neither the app nor its server can tell."""

from __future__ import annotations

import sys

import pytest
from exitmatrix.model import Interpreter

from tests.support.probed import CALLED, Run, as_bare, every_python, handlers_told

pytestmark = pytest.mark.real

TOLD = ("finalize", "began", "ended", "raised")

# As uvicorn and hypercorn have it: an event for the start, one for the end, four methods.
SERVER = """
import types
SOURCE = '''
import asyncio
class OWNER(object):
    def __init__(self, app):
        self.app = app
        self.BEGINS = asyncio.Event()
        self.ENDS = asyncio.Event()
        self.queue = asyncio.Queue()
    async def MAIN(self):
        try: await self.app({"type": "lifespan"}, self.queue.get, self.SEND)
        finally:
            self.BEGINS.set()
            self.ENDS.set()
    async def SEND(self, message):
        if message["type"] == "lifespan.startup.complete":
            assert not self.ENDS.is_set()
            self.BEGINS.set()
        elif message["type"] == "lifespan.shutdown.complete":
            assert not self.ENDS.is_set()
            self.ENDS.set()
        elif message["type"] == "lifespan.shutdown.failed": self.ENDS.set()
        else: raise ValueError(message)
    async def start(self):
        task = asyncio.get_event_loop().create_task(self.MAIN())
        await self.queue.put({"type": "lifespan.startup"})
        await self.BEGINS.wait()
        return task
    async def WAITS(self):
        await self.queue.put({"type": "lifespan.shutdown"})
        AHEAD
        await self.ENDS.wait()
'''
def server(name, **words):
    module, source = types.ModuleType(name), SOURCE
    for word, instead in words.items(): source = source.replace(word, instead)
    exec(source, module.__dict__)
    sys.modules[name] = module
    import this_is_nowhere
"""

UVICORN = dict(
    zip(
        ("OWNER", "BEGINS", "ENDS", "SEND", "MAIN", "WAITS", "AHEAD"),
        ("LifespanOn", "startup_event", "shutdown_event", "send", "main", "shutdown", "pass"),
        strict=True,
    )
)
HYPERCORN = dict(
    zip(
        UVICORN,
        (
            "Lifespan",
            "startup",
            "shutdown",
            "asgi_send",
            "handle_lifespan",
            "wait_for_shutdown",
            "pass",
        ),
        strict=True,
    )
)
# Whose app comes to its end before the server waits for that, as it may with tasks of trio.
TRIO = {**HYPERCORN, "AHEAD": "await asyncio.sleep(0.05)"}
SERVERS = {
    "uvicorn.lifespan.on": UVICORN,
    "hypercorn.asyncio.lifespan": HYPERCORN,
    "hypercorn.trio.lifespan": TRIO,
}

APP = """
import asyncio
class Router(object): pass
class _DefaultLifespan(object): pass
class Starlette(object):
    def __init__(self, context, *calls):
        self.router = Router()
        self.router.lifespan_context = context
        self.router.on_shutdown = list(calls)
    async def __call__(self, scope, receive, send):
        say((await receive())["type"])
        await send({"type": "lifespan.startup.complete"})
        say((await receive())["type"], [one.name for one in traceback.extract_stack()][-2:])
        await send({"type": "lifespan.shutdown.complete"})
class Middleware(object):
    def __init__(self, app): self.app = app
    async def __call__(self, *args): await self.app(*args)
async def bare(scope, receive, send):
    if scope["type"] != "lifespan": raise TypeError
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    raise ValueError("at its end")
async def failing(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    try: raise KeyError("within")
    except KeyError as error:
        await send({"type": "lifespan.shutdown.failed", "message": str(error)})
async def refuses(scope, receive, send): raise TypeError("no lifespan")
def lifespan(app): pass
def close(): pass
class Kept(object):
    __slots__ = ("_lifespan_managers", "on_shutdown", "while_serving_gens", "after_serving_funcs")
    async def __call__(self, scope, receive, send):
        for one in getattr(self, "while_serving_gens", ()): await one.__anext__()
        await bare(scope, receive, send)
def kept(module, **lists):
    app = type("App", (type("Kept", (Kept,), {"__module__": module}),), {"__slots__": ()})()
    for name in lists: setattr(app, name, lists[name])
    return app
"""

SERVING = """
async def serving(): yield
import functools
def wrapped(func): return functools.wraps(func)(lambda _: func())
def own(module):
    def one(): pass
    one.__module__ = module
    return one
theirs = own("blacksheep.server")
class Middle(object):
    async def process_shutdown(self, scope, event): pass
class Event(object):
    def __init__(self, handlers): self._handlers = handlers
import contextlib
stack = contextlib.ExitStack()
stack.callback(close)
stack.callback(own("shiny._app"))
class Router(object):
    __slots__ = ("lifespan_context", "on_shutdown")
    def __init__(self, **held):
        for name in held: setattr(self, name, held[name])
def lilya(on_shutdown):
    kind = type("Manager", (), {"__module__": "lilya._internal._events"})
    context = kind()
    context.on_shutdown = on_shutdown
    return Router(lifespan_context=context, on_shutdown=on_shutdown)
"""


def program(name: str, *apps: str) -> str:
    words = SERVERS[name]
    given = ", ".join(f"{word}={instead!r}" for word, instead in words.items())
    return (
        CALLED
        + SERVER
        + APP
        + f"""
try: server({name!r}, {given})
except ImportError: pass
owner = sys.modules[{name!r}].{words["OWNER"]}
async def whole(app):
    one = owner(app)
    say(sorted(vars(one)), vars(one)["{words["ENDS"]}"] is one.{words["ENDS"]})
    task = await one.start()
    if not task.done(): await one.{words["WAITS"]}()
    try: await task
    except Exception as error:
        say(repr(error), [each.name for each in traceback.extract_tb(error.__traceback__)])
    del one.{words["ENDS"]}
    try: one.{words["ENDS"]}
    except AttributeError as error: say(error, hasattr(one, "{words["ENDS"]}"))
for app in ({", ".join(apps)},):
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(whole(app))
    loop.close()
"""
    )


def reported(done: Run) -> list[tuple[str, ...]]:
    return handlers_told(done, TOLD, "l")


@pytest.mark.parametrize("name", ["uvicorn.lifespan.on", "hypercorn.asyncio.lifespan"])
@every_python
def test_the_end_of_a_lifespan_is_told(python: Interpreter, name: str) -> None:
    """By the app's own function, through middlewares; and what it raised, if it did."""
    if python.language < (3, 6):
        pytest.skip("there is no such server for this Python")
    apps = ("Starlette(lifespan)", "Middleware(Middleware(Starlette(lifespan)))", "bare", "failing")
    done = as_bare(python, "lifespan", program(name, *apps))
    assert reported(done) == [
        each
        for key, what, *end in (
            ("l1", "lifespan", "ended", "l1"),
            ("l2", "lifespan", "ended", "l2"),
            ("l3", "bare", "raised", "l3", "ValueError"),
            ("l4", "failing", "raised", "l4", "KeyError"),
        )
        for each in (("finalize", key, f"__main__:{what}"), ("began", key), tuple(end))
    ]
    assert b"at its end" in done.stdout


@every_python
def test_a_lifespan_that_ends_before_its_server_waits_for_it_is_told(python: Interpreter) -> None:
    """As it may where tasks take turns in no order: it has begun and ended, once."""
    if python.language < (3, 6):
        pytest.skip("there is no such server for this Python")
    done = as_bare(python, "lifespan", program("hypercorn.trio.lifespan", "Starlette(lifespan)"))
    assert reported(done) == [
        ("finalize", "l1", "__main__:lifespan"),
        ("began", "l1"),
        ("ended", "l1"),
    ]


@every_python
def test_a_lifespan_that_lies_where_one_lay_is_another(python: Interpreter) -> None:
    """The first is gone by then, as it would be bare: nothing holds a reference to it."""
    if python.language < (3, 6):
        pytest.skip("there is no such server for this Python")
    text = program("uvicorn.lifespan.on", "refuses") + (
        "def run():\n"
        "    loop = asyncio.new_event_loop()\n"
        "    asyncio.set_event_loop(loop)\n"
        "    one = owner(Starlette(lifespan))\n"
        "    task = loop.run_until_complete(one.start())\n"
        "    loop.run_until_complete(one.shutdown())\n"
        "    loop.run_until_complete(task)\n"
        "    loop.close()\n"
        "for _ in range(20): run()\n"
    )
    done = as_bare(python, "lifespan", text)
    assert [key for kind, key, *_ in reported(done) if kind == "finalize"] == [
        f"l{number + 1}" for number in range(20)
    ]


@every_python
def test_an_app_that_does_nothing_at_its_end_has_nothing_to_clean_up(python: Interpreter) -> None:
    """Starlette's own default has functions from before there was a lifespan, or none."""
    if python.language < (3, 6):
        pytest.skip("there is no such server for this Python")
    apps = (
        *("Starlette(_DefaultLifespan())", "refuses"),
        "Starlette(_DefaultLifespan(), close, stop)",
    )
    done = as_bare(python, "lifespan", program("uvicorn.lifespan.on", *apps))
    assert [one for one in reported(done) if one[0] == "finalize"] == [
        ("finalize", "l1", "__main__:close+stop")
    ]
    places = [one.detail[2] for one in done.events if one.kind == "finalize"]
    (line,) = (number for number, text in enumerate(APP.splitlines()) if "def close" in text)
    assert places == [f"<string>:{(CALLED + SERVER).count(chr(10)) + line + 1}"]


@every_python
def test_frameworks_that_keep_lists_are_asked_for_them(python: Interpreter) -> None:
    """The app is of a class of their own or of the user's; one without anything has nothing."""
    if python.language < (3, 6):
        pytest.skip("there is no such server for this Python")
    has_shiny = python.language >= (3, 7)  # since when an ExitStack holds pairs, as Shiny's does
    apps = (
        'kept("litestar.app", _lifespan_managers=[lifespan], on_shutdown=[close])',
        'kept("litestar.app", _lifespan_managers=[], on_shutdown=[])',
        'kept("quart.app", while_serving_gens=[serving()], after_serving_funcs=[close])',
        'kept("falcon.asgi.app", _unprepared_middleware=[object(), Middle(), Middle()])',
        'kept("blacksheep.server.application", on_stop=Event([wrapped(close), theirs]))',
        *(['kept("shiny._app", _exit_stack=stack)'] if has_shiny else []),
        'kept("lilya.apps", router=lilya(on_shutdown=[close]))',
        'kept("lilya.apps", router=Router(lifespan_context=lifespan))',
        'kept("lilya.apps", router=lilya(on_shutdown=[]))',
        'kept("nicegui.app.app", _shutdown_handlers=[own("nicegui.storage")])',
        'kept("litestar.app", on_shutdown=[close])',  # another release
    )
    text = program("uvicorn.lifespan.on", *apps).replace(APP, APP + SERVING)
    done = as_bare(python, "lifespan", text)
    assert [one[2] for one in reported(done) if one[0] == "finalize"] == [
        "__main__:lifespan+close",
        "__main__:serving+close",
        "__main__:Middle.process_shutdown+Middle.process_shutdown",
        "__main__:close",
        *(["__main__:close"] if has_shiny else []),
        "__main__:close",
        "__main__:lifespan",
        "__main__:App",
    ]


REAL = """
import uvicorn
from uvicorn.lifespan.on import LifespanOn
async def app(scope, receive, send):
    say((await receive())["type"])
    await send({"type": "lifespan.startup.complete"})
    say((await receive())["type"])
    await send({"type": "lifespan.shutdown.complete"})
async def whole():
    one = LifespanOn(uvicorn.Config(app, log_level="error"))
    await one.startup()
    say(one.startup_event.is_set(), one.shutdown_event.is_set())
    await one.shutdown()
    say(one.startup_event.is_set(), one.shutdown_event.is_set(), sorted(vars(one)))
import asyncio
asyncio.run(whole())
"""


def test_uvicorn_has_what_is_looked_for() -> None:
    """The release that is installed here; of one that has not, nothing is told and all goes on."""
    version = ".".join(map(str, sys.version_info[:3]))
    python = Interpreter(
        id=f"cpython-{version}", implementation="cpython", version=version, path=sys.executable
    )
    done = as_bare(python, "lifespan", CALLED + REAL)
    assert reported(done) == [("finalize", "l1", "__main__:app"), ("began", "l1"), ("ended", "l1")]
    assert done.exit == 0


def test_another_release_of_a_server_is_left_alone() -> None:
    """One without these methods, or whose class has these attributes itself."""
    version = ".".join(map(str, sys.version_info[:3]))
    python = Interpreter(
        id=f"cpython-{version}", implementation="cpython", version=version, path=sys.executable
    )
    text = program("uvicorn.lifespan.on", "Starlette(lifespan)")
    for damaged in (
        text.replace("send='", "send_='").replace("SEND='send'", "SEND='other'"),
        text.replace("class OWNER(object):", "class OWNER(object):\n    BEGINS = None"),
    ):
        assert damaged != text
        assert reported(as_bare(python, "lifespan", damaged)) == []
