"""Observes from inside: the lifespan of an ASGI app, whose end the server runs.

3.6 up, standard library only. A server has an event for the start and one for the end, in two
attributes of an object of its own. Here the class of that has properties of these names, which see
who asks: the server's own methods, when the app has started, when it is to end, and when it has.
No method is replaced, so no frame is added.
"""
import sys

from exitmatrix_channel import keep, tell
from exitmatrix_loading import when_loaded
from exitmatrix_probe import _module, _place

SERVERS = {
    # class, the two attributes, who is told by the app, who runs the app, who waits for its end
    "uvicorn.lifespan.on": (
        "LifespanOn", "startup_event", "shutdown_event", "send", "main", "shutdown",
    ),
    "hypercorn.asyncio.lifespan": (
        "Lifespan", "startup", "shutdown", "asgi_send", "handle_lifespan", "wait_for_shutdown",
    ),
    "hypercorn.trio.lifespan": (
        "Lifespan", "startup", "shutdown", "asgi_send", "handle_lifespan", "wait_for_shutdown",
    ),
}


def _of_others(package, calls):
    """Functions that are not the framework's own, without what it has wrapped them in."""
    found = [getattr(one, "__wrapped__", one) for one in calls]
    return [one for one in found if not _module(one).startswith(package)]


def _of_lilya(app):
    context = app.router.lifespan_context
    if not _module(type(context)).startswith("lilya."):
        return [context]  # a lifespan, which the app was given
    return getattr(context, "on_shutdown", None) or app.router.on_shutdown


KEPT = {
    # module of an app's class: what it calls at its end, in the order of the calls
    "litestar.app": lambda app: list(app._lifespan_managers) + list(app.on_shutdown),  # 2.25
    "quart.app": lambda app: list(app.while_serving_gens) + list(app.after_serving_funcs),  # 0.23
    "falcon.asgi.app": lambda app: [  # 4.4, App._handle_lifespan
        one.process_shutdown
        for one in reversed(app._unprepared_middleware)
        if hasattr(one, "process_shutdown")
    ],
    "blacksheep.server.application": (  # 2.6, Application.stop
        lambda app: _of_others("blacksheep.", app.on_stop._handlers)
    ),
    "lilya.apps": _of_lilya,  # 0.29, and Esmerald 3.9, which is made of it
    "shiny._app": lambda app: _of_others(  # 1.8, App.on_shutdown; the last one is called first
        "shiny.", [one for _, one in reversed(app._exit_stack._exit_callbacks)]
    ),
    "nicegui.app.app": lambda app: _of_others("nicegui.", app._shutdown_handlers),  # 3.18, App.stop
}
DEEPEST = 8  # middlewares around an app

def watch():
    """Look at servers as they are loaded."""
    for name, row in SERVERS.items():
        when_loaded(name, row[0], lambda owner, names=row[1:]: _look_at(owner, *names))


def _look_at(owner, begins, ends, told_by, runs, waits):
    names = vars(owner)
    if begins in names or ends in names or not all(one in names for one in (told_by, runs, waits)):
        return  # another release, of which nothing is known
    codes = {names[one].__code__: one for one in (told_by, runs, waits)}
    keys, under_way, number = {}, {}, [0]

    def made(self):
        # It may lie where one lay that is gone; no reference is held, which would keep that.
        keys.pop(id(self), None)

    def started(self, asker, frame):
        if asker != told_by or _told(frame) != "lifespan.startup.complete":
            return
        found = _what_ends(self)
        if found and id(self) not in keys:
            keep()
            number[0] += 1
            keys[id(self)] = key = "l%d" % number[0]
            tell("probe", "finalize", key, found[0], found[1], "", "")

    def ending(self, asker, frame):
        key = keys.get(id(self))
        # trio may let the app come to its end before its server waits for that.
        first = asker == told_by and (_told(frame) or "").startswith("lifespan.shutdown.")
        if key and (asker == waits or first) and key not in under_way:
            under_way[key] = True
            tell("probe", "began", key)
        if key and asker != waits and under_way.get(key):
            under_way[key] = False
            error = sys.exc_info()[0]
            if error and (asker == runs or _told(frame) == "lifespan.shutdown.failed"):
                tell("probe", "raised", key, error.__name__)
            else:
                tell("probe", "ended", key)

    setattr(owner, begins, _property(begins, codes, started, made))
    setattr(owner, ends, _property(ends, codes, ending))


def _told(frame):
    """What the app has told its server, whose frame it is: a type of message."""
    message = frame.f_locals.get("message")
    return message.get("type") if type(message) is dict else None


def _property(name, codes, act, made=None):
    """An attribute that is kept where it would be, and that looks whose code asks for it.

    `made` is called when it is set, as in `__init__`.
    """
    frame_of = sys._getframe

    def get(self):
        try:
            value = vars(self)[name]
        except KeyError:
            raise AttributeError("'%s' object has no attribute '%s'" % (type(self).__name__, name))
        frame = frame_of(1)
        if frame.f_code in codes:
            act(self, codes[frame.f_code], frame)
        return value

    def put(self, value):
        if made:
            made(self)
        vars(self)[name] = value

    def drop(self):
        del vars(self)[name]

    return property(get, put, drop)


def _what_ends(lifespan):
    """`module:qualname` and `file:line` of what an app does at its end; None where it is nothing.

    Starlette, and FastAPI with it, keep a function, or functions from before there was one;
    others keep lists; any other app is what is called.
    """
    try:
        held = vars(lifespan)
        app = held.get("app") or vars(held["config"])["loaded_app"]
        for _ in range(DEEPEST):
            inner = getattr(app, "__dict__", {})
            if "router" in inner or "app" not in inner:
                break
            app = inner["app"]
        router = getattr(app, "__dict__", {}).get("router")
        context = getattr(router, "__dict__", {}).get("lifespan_context")
        calls = _kept_by(app)
        if calls is not None:
            return _of_several(calls)
        if context is None:
            return _module(app), _place(app)
        if type(context).__name__ != "_DefaultLifespan":
            return _module(context), _place(context)
        return _of_several(vars(router).get("on_shutdown") or [])
    except Exception:
        return None  # it is a library's own, and not to be asked


def _kept_by(app):
    """What an app of a framework that keeps lists is to call; None of any other."""
    for kind in type(app).__mro__:
        calls = KEPT.get(kind.__module__)
        try:
            if calls:
                return calls(app)
        except AttributeError:
            pass  # another release, of which nothing is known
    return None


def _of_several(calls):
    if not calls:
        return None
    found = [_called(one) for one in calls]
    others = [name.rpartition(":")[2] for name, _ in found[1:]]
    return "+".join([found[0][0]] + others), found[0][1]


def _called(one):
    code = getattr(one, "ag_code", None)
    if code is None:
        return _module(one), _place(one)
    # An asynchronous generator that has begun, which has no module of its own.
    module = one.ag_frame.f_globals.get("__name__", "?")
    return "%s:%s" % (module, one.__qualname__), "%s:%d" % (code.co_filename, code.co_firstlineno)
