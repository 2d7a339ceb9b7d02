"""Hooks that libraries call when they shut down are seen, and neither side can tell."""

from __future__ import annotations

import pytest
from exitmatrix.model import Interpreter

from tests.support.probed import CALLED, as_bare, every_python, handlers_told

pytestmark = pytest.mark.real

TOLD = ("finalize", "began", "ended", "left", "dropped")

# As in the releases that the table of exitmatrix_hooks names: what is asked for, and by whom.
MODULES = """
import asyncio, atexit, gc, inspect, types
def module(name, source):
    whole = types.ModuleType(name)
    sys.modules[name] = whole
    exec(compile(source, name, "exec"), whole.__dict__)
    try: import this_is_nowhere
    except ImportError: pass
    return whole
def stack(): return [one.name for one in traceback.extract_stack()][-3:-1]
def run(coroutine):
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try: loop.run_until_complete(coroutine)
    except ValueError as error:
        say(error, [one.name for one in traceback.extract_tb(error.__traceback__)][1:])
    loop.close()
async def first(*given):
    say("first", stack(), len(given))
    await asyncio.sleep(0)
    atexit.register(int)
async def second(*given): say("second", stack(), len(given))
async def raises(*given): raise ValueError("x")
"""

AIOHTTP = """
module("aiosignal", '''
class Signal(list):
    def __init__(self, owner): self._owner = owner
    async def send(self, *args):
        for one in self: await one(*args)
''')
module("aiohttp.web_app", '''
from aiosignal import Signal
class CleanupContext(list):
    async def _on_startup(self, app): pass
    async def _on_cleanup(self, app):
        for one in self: await one(app)
class Application(object):
    def __init__(self):
        self._on_startup, self._on_shutdown, self._on_cleanup = (Signal(self) for _ in "123")
        self._cleanup_ctx = CleanupContext()
        self._on_startup.append(self._cleanup_ctx._on_startup)
        self._on_cleanup.append(self._cleanup_ctx._on_cleanup)
    async def startup(self): await self._on_startup.send(self)
    async def shutdown(self): await self._on_shutdown.send(self)
    async def cleanup(self): await self._on_cleanup.send(self)
''')
from aiohttp.web_app import Application
from aiosignal import Signal
async def whole():
    app, bare = Application(), Application()
    app._on_shutdown += [first, second]
    app._cleanup_ctx.append(first)
    app._on_cleanup.append(raises)
    for one in (bare, app):
        await one.startup()
        await one.shutdown()
        await one.cleanup()
places = []
async def another(hook):
    apps = [Application() for _ in range(100)]
    app = next((one for one in apps if id(one) in places), apps[0])
    places.append(id(app))
    app._on_shutdown.append(hook)
    await app.startup()
    await app.shutdown()
say(inspect.iscoroutinefunction(Signal.send), Signal.send.__qualname__)
say(Signal(None).send.__self__, sorted(vars(Application())))
run(whole())
for one in (first, second, second):  # each may lie where the one before it lay
    run(another(one))
    gc.collect()
async def alone():
    signal = Signal(None)  # of another library
    signal.append(second)
    await signal.send()
run(alone())
"""

ARQ = """
module("arq.worker", '''
class Worker(object):
    def __init__(self, on_startup=None, on_shutdown=None):
        self.on_startup = on_startup
        self.on_shutdown = on_shutdown
    async def main(self):
        if self.on_startup: await self.on_startup(self)
    async def close(self):
        if self.on_shutdown: await self.on_shutdown(self)
''')
from arq.worker import Worker
async def whole():
    for given in ((), (None, second), (second, first), (second, raises)):
        worker = Worker(*given)
        say(sorted(vars(worker)), worker.on_shutdown in given)
        await worker.main()
        await worker.close()
for name in ("on_startup", "on_shutdown"):
    worker = Worker()
    delattr(worker, name)
    say(hasattr(worker, name), hasattr(Worker, name))
run(whole())
"""

SANIC = """
module("sanic.app", '''
from functools import partial
class Route(object):
    def __init__(self, definition, handler):
        self.ctx = type("Context", (), {"definition": definition})()
        self.handler = handler
class Router(object): pass
class Kind(type): pass
class Sanic(metaclass=Kind):
    __slots__ = ("__dict__",)  # no weak reference to one can be made
    def __init__(self, **hooks):
        self.signal_router = Router()
        self.signal_router.routes = [
            Route("server.shutdown." + action, partial(self._listener, listener=one))
            for action in ("before", "after") for one in hooks.get(action, ())
        ] + [Route("server.shutdown.before", lambda: None)]
    @staticmethod
    async def _listener(listener): await listener()
    async def dispatch(self, event):
        for one in self.signal_router.routes:
            if one.ctx.definition == event and hasattr(one.handler, "func"): await one.handler()
    async def _server_event(self, concern, action):
        await self.dispatch("server." + concern + "." + action)
''')
from sanic.app import Sanic
async def whole():
    for app in (Sanic(), Sanic(before=[first, second], after=[second])):
        for concern in ("init", "shutdown"):
            for action in ("before", "after"): await app._server_event(concern, action)
        await app.dispatch("mine")
say(inspect.iscoroutinefunction(Sanic.dispatch), type(Sanic().dispatch).__name__)
run(whole())
"""

TWISTED = """
module("twisted.internet.base", '''
class _ThreePhaseEvent(object):
    def __init__(self):
        self.before, self.during, self.after = [], [], []
    def addTrigger(self, phase, callable, *args, **kwargs):
        getattr(self, phase).append((callable, args, kwargs))
        return phase, callable, args, kwargs
    def removeTrigger(self, handle): getattr(self, handle[0]).remove(handle[1:])
    def fireEvent(self):
        for phase in self.before, self.during, self.after:
            while phase:
                callable, args, kwargs = phase.pop(0)
                try: callable(*args, **kwargs)
                except ValueError as error: note(error)
class Reactor(object):
    def __init__(self): self.events = {}
    def addSystemEventTrigger(self, phase, eventType, callable, *args, **kwargs):
        event = self.events.setdefault(eventType, _ThreePhaseEvent())
        return event.addTrigger(phase, callable, *args, **kwargs)
''')
base = sys.modules["twisted.internet.base"]
def note(error): say(error, [one.name for one in traceback.extract_tb(error.__traceback__)])
base.note = note
reactor = base.Reactor()
def never(): say("never")
reactor.addSystemEventTrigger("before", "startup", stop)
reactor.addSystemEventTrigger("before", "shutdown", stop, 1, a=2)
reactor.addSystemEventTrigger("during", "shutdown", fail)
handle = reactor.addSystemEventTrigger("after", "shutdown", never)
reactor.addSystemEventTrigger("after", "shutdown", stop)
after = reactor.events["shutdown"].after
say(type(after).__name__, [str(one[0])[:12] for one in after], after[0][0] == never)
reactor.events["shutdown"].removeTrigger(handle)
try: reactor.events["shutdown"].removeTrigger(handle)
except ValueError: say("it is gone")
for name in ("startup", "shutdown"): reactor.events[name].fireEvent()
say(sorted(vars(reactor.events["shutdown"])), reactor.events["shutdown"].after)
"""

GUNICORN = """
module("gunicorn.config", '''
class Config(object):
    def __init__(self): self.settings = dict((kind.name, kind()) for kind in KINDS)
    def __getattr__(self, name):
        if name == "settings": raise AttributeError()
        return self.settings[name].get()
class Setting(object):
    name = value = None
    def __init__(self): self.value = self.default
    def get(self): return self.value
Setting = type("Setting", (Setting,), {})
def default(*given): pass
KINDS = [
    type(name, (Setting,), {"name": name, "default": staticmethod(default)})
    for name in ("when_ready on_exit child_exit post_fork worker_exit worker_int"
        " worker_abort").split()
]
''')
module("gunicorn.arbiter", '''
class Arbiter(object):
    def __init__(self, cfg): self.cfg = cfg
    def start(self): self.cfg.when_ready(self)
    def halt(self): self.cfg.on_exit(self)
    def reap_workers(self): self.cfg.child_exit(self, None)
    def spawn_worker(self):
        self.cfg.post_fork(self, None)
        try: self.cfg.worker_int(self)
        finally: self.cfg.worker_exit(self, None)
    def handle_quit(self): self.cfg.worker_int(self)
    def handle_abort_signal(self): self.cfg.worker_abort(self)
''')
from gunicorn.arbiter import Arbiter
from gunicorn.config import Config, Setting
def whole(**hooks):
    cfg = Config()
    for name, hook in hooks.items(): cfg.settings[name].value = hook
    say(cfg.on_exit == hooks.get("on_exit", cfg.on_exit), Setting.get.__name__)
    say(type(cfg.settings["on_exit"].get).__name__, sorted(vars(cfg.settings["on_exit"])))
    arbiter = Arbiter(cfg)
    acts = [arbiter.start, arbiter.halt, arbiter.reap_workers, arbiter.spawn_worker]
    for act in acts + [arbiter.handle_quit, arbiter.handle_abort_signal]:
        try: act()
        except ValueError as error: say(error, [one.name for one in stack_of(error)])
def stack_of(error): return traceback.extract_tb(error.__traceback__)
def fails(*given): raise ValueError("x")
whole()
whole(on_exit=stop, child_exit=fails, worker_exit=stop, worker_int=stop, worker_abort=fails)
"""

LIBRARIES = {
    "aiohttp": (
        AIOHTTP,
        ["on_shutdown:first+second", "on_cleanup:first+raises"]
        + [f"on_shutdown:{one}" for one in ("first", "second", "second")],
    ),
    "arq": (ARQ, ["on_shutdown:second", "on_shutdown:first", "on_shutdown:raises"]),
    "gunicorn": (
        GUNICORN,
        [
            *("on_exit:stop", "child_exit:fails", "worker_exit:stop", "worker_int:stop"),
            "worker_abort:fails",
        ],
    ),
    "sanic": (SANIC, ["before_server_stop:first+second", "after_server_stop:second"]),
    "twisted": (
        TWISTED,
        [f"{one}_shutdown:{what}" for one, what in (("before", "stop"), ("during", "fail"))]
        + ["after_shutdown:never", "after_shutdown:stop"],
    ),
}
CALLED_AT_ONCE = ("gunicorn", "twisted")  # the others make coroutines, which run later


@pytest.mark.parametrize("name", LIBRARIES)
@every_python
def test_the_hooks_of_a_library_are_told(python: Interpreter, name: str) -> None:
    """When the program serves, when they begin, and whether the last returns; removed ones, too."""
    if python.language < (3, 6):
        pytest.skip("there is no such library for this Python")
    source, expected = LIBRARIES[name]
    done = as_bare(python, "hooks", CALLED + MODULES + source)
    if python.implementation == "pypy" and name not in CALLED_AT_ONCE:
        assert not handlers_told(done, TOLD, "h")  # it drops things later: see watch()
        return
    details = [one.detail for one in done.events if one.kind == "finalize"]
    assert [f"{one[5]}:{one[1].partition(':')[2]}" for one in details] == [
        f"{name}.{one}" for one in expected
    ]
    keys = [one[0] for one in details]
    waited = [one for one in done.of_kind("registered") if one.detail[2] == "builtins:int"]
    assert bool(waited) == (name not in CALLED_AT_ONCE)
    for one in waited:
        during = [each.kind for each in done.events[: done.events.index(one)]]
        assert during.count("began") == during.count("ended") + during.count("left") + 1
    ended = handlers_told(done, TOLD[1:], "h")
    gone = {one[1] for one in ended if one[0] == "dropped"}
    assert gone == ({"h3"} if name == "twisted" else set())
    assert [one for one in ended if one[0] != "dropped"] == [
        (kind, key)
        for key, name in zip(keys, expected, strict=True)
        if key not in gone
        for kind in ("began", "left" if "raises" in name or "fail" in name else "ended")
    ]
