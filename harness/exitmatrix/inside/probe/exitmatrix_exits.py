"""Observes from inside: what `multiprocessing` and `threading` call when a process ends.

Python 2.7 and 3.6 up, standard library only. `multiprocessing.util.Finalize` keeps what it is to
call in an attribute `_callback`: here its class has a property of that name, which gives its own
`__call__` something that tells and calls the function from C, and all others the function.
`threading._register_atexit` puts what it is given into a list, which is one here that does the
same. Of both, only the private parts are others than without the probe.
"""
import sys

from exitmatrix_channel import tell
from exitmatrix_finalizers import tell_of
from exitmatrix_probe import FUNCTION, StandIn
from exitmatrix_signals import LoopHandler, tell_uncaught


def watch_finalizers(exit_function):
    """Look at each `Finalize`: multiprocessing.util registers this function when it is loaded."""
    owner = _globals_of(exit_function).get("Finalize")
    if type(owner) is type and "_callback" not in vars(owner):
        owner._callback = _callback_of(owner)


def _globals_of(func):
    return func.__globals__ if type(func) is FUNCTION else {}


def _callback_of(owner):
    # In closures, not globals: a finalizer may run when modules are taken apart.
    calls, makes = owner.__call__.__code__, owner.__init__.__code__
    frame_of, keys, handler, told = sys._getframe, {}, LoopHandler, tell

    def get(self):
        try:
            func = vars(self)["_callback"]
        except KeyError:
            raise AttributeError("'%s' object has no attribute '_callback'" % type(self).__name__)
        key = keys.get(id(self))
        return handler(func, key) if key and frame_of(1).f_code is calls else func

    def put(self, func):
        vars(self)["_callback"] = func
        frame = frame_of(1)
        key = keys.pop(id(self), "")
        if frame.f_code is makes:
            key = keys[id(self)] = tell_of(func, frame.f_back, "m")
            # Without a priority it is called when its object goes, and at no end.
            if key and frame.f_locals.get("exitpriority") is None:
                told("probe", "dropped", key)
        elif key and frame.f_code is not calls:
            told("probe", "dropped", key)

    return property(get, put)


def watch_threads():
    """Look at `threading`, which asks for nothing but this when it is loaded."""
    _watch_list(vars(sys.modules.get("threading", sys)))
    posix = sys.modules["posix"]
    real = getattr(posix, "register_at_fork", None)
    if real is not None:
        sys.modules["os"].register_at_fork = posix.register_at_fork = StandIn(real, _at_fork)


def _at_fork(real, args, kwargs):
    """`os.register_at_fork`, with which threading ends its own loading."""
    result = real(*args, **kwargs)
    names = _globals_of(kwargs.get("after_in_child"))
    if names.get("__name__") == "threading":
        _watch_list(names)
    return result


def _watch_list(names):
    calls = names.get("_threading_atexits")  # 3.9 up
    if type(calls) is list:
        names["_threading_atexits"] = Registrations(calls)


class Registrations(list):
    """What `threading._register_atexit` puts its calls into."""

    __slots__ = ()

    def append(self, call):
        frame = sys._getframe(1)
        key = tell_of(frame.f_locals.get("func", call), frame.f_back, "t")
        list.append(self, LoopHandler(call, key) if key else call)

    def __reversed__(self):
        # So are they called, by the main thread, which then waits for all that are no daemons.
        if sys._getframe(1).f_code.co_name == "_shutdown":
            tell("probe", "finishing")
            tell_uncaught()
        return list.__reversed__(self)


Registrations.__name__ = "list"
