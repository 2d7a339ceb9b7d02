"""Observes from inside: which functions this process installs for signals, and which of them run.

Python 2.7 and 3.6 up, standard library only. What `signal.signal` is given is stored within a
Handler, and whoever asks for it (`signal.getsignal`, what `signal.signal` gives back) gets the
program's own. The Handler has no frame of Python below or above the program's function: neither
`sys._getframe` nor a traceback shows it.
"""
import itertools
import sys

from exitmatrix_channel import imap, keep, tell, when_dropped
from exitmatrix_probe import CALLER, FUNCTION, METHOD, PYPY, PYTHON_2, StandIn, _module, _place

_keys = itertools.count(1)
_names = {}  # of signals, by number
_stored = None  # the function of C that gives what is stored for a signal
PARTIAL = "functools", "partial"
FREE_THREADED = "t" in getattr(sys, "abiflags", "")  # where not each reference is counted at once


class _Running(object):
    # Calls a function, in C: what has `__call__` for a slot is called without a frame. It is
    # dropped as soon as the function is left, by return or by an exception.
    __slots__ = ("__call__", "__weakref__")

    def __init__(self, func):
        self.__call__ = func


def running(func, key):
    """Something to be called once, which tells that the function begins, and how it is left."""
    call = _Running(func)
    number = tell("probe", "began", key)
    # An exception that leaves a function has a traceback, which holds its frame, and that its
    # code: so the code is held as often as before if the function has returned.
    # Where that cannot be asked, to have been left counts as having returned.
    codes = [_code_of(func)] * 2
    if FREE_THREADED or None in codes:
        held, returned = itertools.repeat(None), [None]
    else:
        held = imap(sys.getrefcount, iter(codes.pop, 0))
        returned = [next(held) - 1]
    if not when_dropped(call, "probe", number, held, returned, key):
        tell("probe", "endless", key)
    return call


def _code_of(func):
    """The code that is to run; None of a function of C, of which its end is not known."""
    while type(func) is METHOD or (type(func).__module__, type(func).__name__) == PARTIAL:
        func = func.__func__ if type(func) is METHOD else func.func
    if type(func) is not FUNCTION:
        func = vars(type(func)).get("__call__")
    return func.__code__ if type(func) is FUNCTION else None


class _Start(object):
    """What a Handler has for `__call__`: it is asked for before it is called (slot_tp_call)."""

    def __get__(self, handler, owner):
        return running(handler.exitmatrix_func, handler.exitmatrix_key)


class Handler(object):
    """A function that is called for a signal, and that tells when it began and when it was left."""

    # Names that nobody looks for: a LoopHandler has the attributes of the function besides.
    __slots__ = ("exitmatrix_func", "exitmatrix_key")

    def __init__(self, func, key):
        self.exitmatrix_func = func
        self.exitmatrix_key = key

    __call__ = _Start()


class LoopHandler(Handler):
    """A function that an event loop calls for a signal: its messages show what it holds."""

    __slots__ = ()
    __class__ = property(lambda self: type(self.exitmatrix_func))

    def __getattr__(self, name):
        return getattr(self.exitmatrix_func, name)

    def __eq__(self, other):
        return self.exitmatrix_func == _own(other)

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(self.exitmatrix_func)

    def __repr__(self):
        return repr(self.exitmatrix_func)


if PYPY:  # which drops things later, and can hide a frame
    from __pypy__ import hidden_applevel

    @hidden_applevel
    def _call(self, *args, **kwargs):
        left = "left"
        try:
            tell("probe", "began", self.exitmatrix_key)
            result = self.exitmatrix_func(*args, **kwargs)
            left = "ended"
            return result
        finally:
            tell("probe", left, self.exitmatrix_key)

    Handler.__call__ = _call


def watch():
    """Put stand-ins in the place of the functions of C that take and give the handlers."""
    if PYTHON_2:
        import signal as module  # of C there, and loaded at every start
    else:
        import _signal as module  # so it is here, but on PyPy, where importing it has no effect
    for name in sorted(vars(module), reverse=True):  # of SIGCHLD and SIGCLD the first
        if name[:3] == "SIG" and name[3:4] != "_":
            _names[getattr(module, name)] = name
    global _stored
    _stored = getattr(module, "getsignal", None)
    for name, act in (("signal", _signal), ("getsignal", _getsignal)):
        real = getattr(module, name, None)
        if type(real) is type(len):
            setattr(module, name, StandIn(real, act))
    if not PYPY:
        import _io  # noqa: F401 - on 2.7 for the first time, and not within a handler


def _signal(real, args, kwargs):
    """`signal.signal`: store a Handler, tell of it, and give back what was there before."""
    if len(args) != 2 or kwargs:
        return real(*args, **kwargs)  # to raise what it raises
    number, func = args
    frame = _asker()
    handle = _handle(frame, func)
    key = ""
    if callable(func) and type(func) not in (type(len), StandIn):  # those of C are left as they are
        key = "s%d" % next(_keys)
        keep()
    before = real(number, Handler(func, key) if key and handle is None else func)
    # Afterwards, since it may have been refused.
    if handle is not None:
        frame, func = frame.f_back, handle._callback
        handle._callback = LoopHandler(func, key)
    caller, call = _place_of(frame)
    if not call and not key:
        return before  # PyPy itself, before the program's first line
    name = _names.get(number, "%d" % number)
    tell("probe", "signal", key, name, _named(func), _place(func), caller, call)
    return _own(before)


def _getsignal(real, args, kwargs):
    return _own(real(*args, **kwargs))


def _own(stored):
    return stored.exitmatrix_func if type(stored) in (Handler, LoopHandler) else stored


def tell_uncaught():
    """Tell which handlers were left by the exception that has ended the main thread, if any."""
    trace = getattr(sys, "last_traceback", None)
    if trace is None:
        return
    handlers = [one for one in map(_stored, _names) if type(one) is Handler]
    keys = {_code_of(one.exitmatrix_func): one.exitmatrix_key for one in handlers}
    while trace.tb_next is not None:  # the first of all is no handler's: it has been called there
        trace = trace.tb_next
        if trace.tb_frame.f_code in keys:
            tell("probe", "raised", keys[trace.tb_frame.f_code], sys.last_type.__name__)


def _named(func):
    while (type(func).__module__, type(func).__name__) == PARTIAL:
        func = func.func
    if callable(func):
        return _module(func)
    return "SIG_IGN" if func else "SIG_DFL"  # 1 and 0, from the beginning of C


def _asker():
    """The frame that asked for it, past the function that 3.x has around that of C."""
    try:
        frame = sys._getframe(3)
    except ValueError:
        return None
    while frame is not None and frame.f_globals.get("__name__") == "signal":
        frame = frame.f_back
    return frame


def _handle(frame, func):
    """What holds the function that asyncio's loop is to call: it has a handler of its own for all.

    Lib/asyncio/unix_events.py, _UnixSelectorEventLoop.add_signal_handler; so from 3.4 on.
    """
    if frame is None or getattr(func, "__name__", "") != "_sighandler_noop":
        return None
    if frame.f_code.co_name != "add_signal_handler":
        return None
    handle = frame.f_locals.get("handle")
    return handle if hasattr(handle, "_callback") else None


def _place_of(frame):
    """A frame's module, and its line."""
    if frame is None:
        return "", ""
    name = frame.f_globals.get("__name__")
    place = "%s:%d" % (frame.f_code.co_filename, frame.f_lineno)
    return name[:CALLER] if type(name) is str else "", place
