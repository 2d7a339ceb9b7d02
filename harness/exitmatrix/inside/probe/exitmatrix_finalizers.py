"""Observes from inside: what `weakref.finalize` holds, and what of it is called.

3.6 up, standard library only; 2.7 has no such class. A finalizer keeps what it is to call in an
object of its private class `_Info`. Here that has a property for the attribute `func`: it sees
who asks. `finalize.__call__` gets something that calls the function from C and tells, all others
(`peek`, `detach`) the function.
"""
import itertools
import sys

from exitmatrix_channel import keep, tell
from exitmatrix_probe import CALLER, METHOD, PYPY, _module, _place
from exitmatrix_signals import running

MOST = 1000  # that a process tells of: programs may make one for each request

_keys = itertools.count(1)


def watch(exit_function):
    """Look at finalizers from the first one on: it registers this function before all else."""
    if type(exit_function) is not METHOD:
        return
    for owner in getattr(exit_function.__self__, "__mro__", ()):  # it may be of a class below it
        kind = vars(owner).get("_Info")
        if kind is not None and "func" in vars(kind):
            owner._Info = _watched(owner, kind)


def _watched(owner, kind):
    # In closures, not globals: a program's `__del__` may come here when modules are taken apart.
    func, at_exit = vars(kind)["func"], vars(kind)["atexit"]
    get, put, get_exit, put_exit = func.__get__, func.__set__, at_exit.__get__, at_exit.__set__
    calls, detaches = owner.__call__.__code__, owner.detach.__code__
    frame_of, call = sys._getframe, _Told if PYPY else running

    class Info(kind):
        __slots__ = ("exitmatrix_key",)

        @property
        def func(self):
            value = get(self)
            key = self.exitmatrix_key
            code = frame_of(1).f_code if key else None
            if code is calls:
                return call(value, key)
            if code is detaches:
                tell("probe", "dropped", key)
            return value

        @func.setter
        def func(self, value):
            put(self, value)
            self.exitmatrix_key = tell_of(value, frame_of(2), "w")

        @property
        def atexit(self):
            return get_exit(self)

        @atexit.setter
        def atexit(self, value):
            try:
                before = bool(get_exit(self))
            except AttributeError:
                before = True  # as it begins
            put_exit(self, value)
            if self.exitmatrix_key and before != bool(value):
                tell("probe", "kept" if value else "dropped", self.exitmatrix_key)

    Info.__name__, Info.__module__ = kind.__name__, kind.__module__
    Info.__qualname__, Info.__doc__ = kind.__qualname__, kind.__doc__  # novm: as weakref.finalize
    return Info


def tell_of(func, frame, kind):
    """Tell what is to be called at the end, and who asked for it; its key, or "" for too many."""
    number = next(_keys)
    if number > MOST:
        return ""
    key = "%s%d" % (kind, number)
    keep()
    name = frame.f_globals.get("__name__")
    place = "%s:%d" % (frame.f_code.co_filename, frame.f_lineno)
    caller = name[:CALLER] if type(name) is str else ""
    tell("probe", "finalize", key, _module(func), _place(func), caller, place)
    return key


class _Told(object):
    def __init__(self, func, key):
        self.func, self.key = func, key


if PYPY:
    from __pypy__ import hidden_applevel

    @hidden_applevel
    def _call(self, *args, **kwargs):
        left = "left"
        try:
            tell("probe", "began", self.key)
            result = self.func(*args, **kwargs)
            left = "ended"
            return result
        finally:
            tell("probe", left, self.key)

    _Told.__call__ = _call
