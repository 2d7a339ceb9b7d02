"""Observes from inside: what a program has given to a library to be called when that shuts down.

3.6 up, standard library only. Two kinds of library are known. One has an attribute of a class that
it asks for and calls: whoever asks in its own code gets something that calls it and tells. The
other has lists of functions: they hold something that calls the function from C and tells. No
method is replaced, so the program's functions have no frame of ours above them.
"""
import itertools
import sys

from _weakref import ref

from exitmatrix_channel import imap, keep, tell, when_dropped
from exitmatrix_lifespan import _of_several
from exitmatrix_loading import when_loaded
from exitmatrix_probe import CALLER, PYPY, _module, _place
from exitmatrix_signals import LoopHandler

_keys = itertools.count(1)


def watch():
    """Look at libraries as they are loaded."""
    for name, (owner, attributes, act, made) in ASKED.items():
        # PyPy drops a coroutine long after it is done, so its end would not be told.
        if not (PYPY and made is _Hook):
            row = (attributes, act, made)
            when_loaded(name, owner, lambda kind, row=row: _look_at(kind, *row))
    for name, (owner, attributes) in LISTS.items():
        when_loaded(name, owner, lambda kind, row=attributes: _look_into(kind, row))


def _of_aiohttp(signal, _attribute, asker):
    """`Signal.send`, in aiohttp's Application, which has three of them and runs them itself."""
    app = signal._owner
    if asker.f_globals.get("__name__") != "aiohttp.web_app":
        return app, (), ""
    hooks = (("aiohttp.on_shutdown", app._on_shutdown), ("aiohttp.on_cleanup", app._on_cleanup))
    if signal is app._on_startup:
        return app, [(name, _given(app, held)) for name, held in hooks], ""
    return app, (), next((name for name, held in hooks if signal is held), "")


def _given(app, held):
    """Without what is aiohttp's own; for its receiver of contexts, those."""
    found = []
    for one in held:
        if one == app._cleanup_ctx._on_cleanup:
            found += app._cleanup_ctx
        elif not _module(one).startswith("aiohttp."):
            found.append(one)
    return found


def _of_arq(worker, attribute, asker):
    """`Worker.on_startup`, which its `main` asks for, and `Worker.on_shutdown`, its `close`."""
    code = asker.f_code.co_name
    if (attribute, code) == ("on_startup", "main"):
        hook = vars(worker).get("on_shutdown")
        return worker, [("arq.on_shutdown", [hook] if hook else [])], ""
    return worker, (), "arq.on_shutdown" * ((attribute, code) == ("on_shutdown", "close"))


SANIC = {"before": "sanic.before_server_stop", "after": "sanic.after_server_stop"}


def _of_sanic(app, _attribute, asker):
    """`Sanic.dispatch`, which `_server_event` asks for; `init` comes first, and where it serves."""
    names = asker.f_locals
    if asker.f_code.co_name != "_server_event":
        return app, (), ""
    if names["concern"] == "shutdown":
        return app, (), SANIC[names["action"]]
    return app, [(name, _listeners(app, action)) for action, name in SANIC.items()], ""


def _listeners(app, action):
    routes = [one for one in app.signal_router.routes if one.ctx.definition == SHUTDOWN + action]
    return [one.handler.keywords["listener"] for one in routes if hasattr(one.handler, "keywords")]


SHUTDOWN = "server.shutdown."

GUNICORN = {
    # what asks for which setting: the hooks that its process has from then on
    ("start", "when_ready"): ("on_exit", "child_exit"),
    ("spawn_worker", "post_fork"): ("worker_exit", "worker_int", "worker_abort"),
}
GUNICORN_ENDS = {
    "on_exit": ("halt",),
    "child_exit": ("reap_workers",),
    "worker_exit": ("spawn_worker",),
    # within its own handlers of signals; those with longer names are of its worker for ASGI
    "worker_int": ("handle_quit", "handle_quit_signal"),
    "worker_abort": ("handle_abort", "handle_abort_signal"),
}


def _of_gunicorn(setting, _attribute, asker):
    """`Setting.get`, which `Config.__getattr__` asks for, whom the Arbiter asks."""
    config, asked = asker.f_locals["self"], (asker.f_back.f_code.co_name, setting.name)
    given = [(name, config.settings[name].value) for name in GUNICORN.get(asked, ())]
    own = [(name, hook) for name, hook in given if not _module(hook).startswith("gunicorn.")]
    there = [("gunicorn." + name, [hook]) for name, hook in own]
    ends = asked[0] in GUNICORN_ENDS.get(setting.name, ())
    return config, there, ("gunicorn." + setting.name) * ends


def _gets(get, key):
    """What gives a function that tells, in C."""
    # Not imported here, which would be seen: gunicorn.config has it, by `inspect`.
    return sys.modules["functools"].partial(LoopHandler, get(), key)


def _look_at(owner, attributes, act, made):
    frame_of, keys = sys._getframe, {}

    def asked(self, attribute, value):
        try:
            whose, there, ends = act(self, attribute, frame_of(2))
            for name, hooks in there:
                if hooks and _key_of(keys, whose, name) is None:
                    keys[id(whose), name] = _reference(whose), _told_of(name, *_of_several(hooks))
            key = _key_of(keys, whose, ends)
        except Exception:
            return value  # another release, of which nothing is known
        return made(value, key) if key and value else value

    for name in attributes:
        held = getattr(owner, name, None)
        setattr(owner, name, _Value(name, asked) if held is None else _Method(held, name, asked))


def _key_of(keys, whose, name):
    """None where it was not told of, or of another one, which lay there and is gone."""
    held, key = keys.get((id(whose), name), (None, None))
    return key if held is None or held() is whose else None


def _reference(whose):
    try:
        return ref(whose)
    except TypeError:
        return None  # Sanic's applications take none; its registry keeps them, each in its place


def _told_of(mechanism, code, place):
    keep()
    key = "h%d" % next(_keys)
    tell("probe", "finalize", key, code, place, "", "", mechanism)
    return key


class _Hook(object):
    """Calls what makes a coroutine, and tells when that begins, and when it is gone.

    The coroutine runs when it is awaited, and not within this call.
    """

    __slots__ = ("_func", "_key")

    def __init__(self, func, key):
        self._func, self._key = func, key

    def __call__(self, *args, **kwargs):
        made = self._func(*args, **kwargs)
        number = tell("probe", "began", self._key)
        try:
            told = when_dropped(made, "probe", number, _last_done(made), RETURNS, self._key)
        except TypeError:
            told = False  # it is nothing that can be waited for
        if not told:
            tell("probe", "endless", self._key)
        return made


RETURNS = [one.__code__.co_code[-2] for one in (lambda: sys, lambda: None)]
"""The instructions with which a function returns: two, in 3.12 and 3.13."""


def _last_done(made):
    """The instruction that a coroutine has come to: what it returned with, if it has returned.

    Its frame is asked for that, in C, and then goes; until then it would go with the coroutine.
    """
    frame = getattr(made, "cr_frame", None)
    if frame is None:
        return itertools.repeat(RETURNS[0])  # as of a function of C
    done = imap(getattr, iter([frame].pop, 0), itertools.repeat("f_lasti"))
    return imap(frame.f_code.co_code.__getitem__, done)


ASKED = {
    # module: class, attributes that are asked for, what it means (whose hooks, those that there
    # are where this is the start, the mechanism of those that are to be called), and what is
    # given in the place of the attribute then
    "aiosignal": ("Signal", ("send",), _of_aiohttp, _Hook),  # 1.4, aiohttp 3.14
    "arq.worker": ("Worker", ("on_startup", "on_shutdown"), _of_arq, _Hook),  # 0.26
    "gunicorn.config": ("Setting", ("get",), _of_gunicorn, _gets),  # 20.1 to 27
    "sanic.app": ("Sanic", ("dispatch",), _of_sanic, _Hook),  # 25.12
}


class _Method(object):
    """A method of a class, which is asked for by its instances."""

    def __init__(self, held, name, asked):
        self._held, self._name, self._asked = held, name, asked

    def __get__(self, instance, owner):
        value = self._held.__get__(instance, owner)
        return value if instance is None else self._asked(instance, self._name, value)


class _Value(object):
    """An attribute that instances have, kept where it would be."""

    def __init__(self, name, asked):
        self._name, self._asked = name, asked

    def __get__(self, instance, owner):
        try:
            value = vars(instance)[self._name]
        except (KeyError, TypeError):
            whose = "type object '%s'" % owner.__name__
            if instance is not None:
                whose = "'%s' object" % type(instance).__name__
            raise AttributeError("%s has no attribute '%s'" % (whose, self._name))
        return self._asked(instance, self._name, value)

    def __set__(self, instance, value):
        vars(instance)[self._name] = value

    def __delete__(self, instance):
        del vars(instance)[self._name]


LISTS = {
    # module: class, attributes: mechanism; by whose `addTrigger` they are filled
    "twisted.internet.base": (  # 26.4
        "_ThreePhaseEvent",
        {one: "twisted.%s_shutdown" % one for one in ("before", "during", "after")},
    ),
}


def _look_into(owner, attributes):
    for name, mechanism in attributes.items():
        setattr(owner, name, _List(name, mechanism))


class _List(_Value):
    """A list that instances have, with what tells of its functions in it."""

    def __init__(self, name, mechanism):
        _Value.__init__(self, name, lambda _instance, _name, value: value)
        self._mechanism = mechanism

    def __set__(self, instance, value):
        _Value.__set__(self, instance, Triggers(self._mechanism, value))


class Triggers(list):
    """What `reactor.addSystemEventTrigger` puts its functions into: with arguments, in tuples."""

    __slots__ = ("exitmatrix_mechanism",)

    def __init__(self, mechanism, held):
        list.__init__(self, held)
        self.exitmatrix_mechanism = mechanism

    def append(self, trigger):
        frame = sys._getframe(1).f_back
        if frame is not None and frame.f_locals.get("eventType") == "shutdown":
            func = trigger[0]
            caller = frame.f_back or frame
            place = "%s:%d" % (caller.f_code.co_filename, caller.f_lineno)
            name = caller.f_globals.get("__name__")
            keep()
            key = "h%d" % next(_keys)
            told = (name[:CALLER] if type(name) is str else "", place, self.exitmatrix_mechanism)
            tell("probe", "finalize", key, _module(func), _place(func), *told)
            trigger = (LoopHandler(func, key),) + tuple(trigger[1:])
        list.append(self, trigger)

    def remove(self, trigger):
        for one in self:
            if one == trigger:
                if type(one[0]) is LoopHandler:
                    tell("probe", "dropped", one[0].exitmatrix_key)
                break
        list.remove(self, trigger)


Triggers.__name__ = "list"
