"""Observes from inside: which `atexit` handlers this process registers and runs.

Python 2.7 and 3.6 up, standard library only. What `atexit.register` stores is
wrapped in an object that tells when it began and how it ended, and that is
otherwise the callable it wraps: equal to it, with its hash and its repr, so
that `unregister`, decorator use and messages stay as they are.

All that each process needs is in this one file, long as it is: to import another takes as
many instructions as a two-hundredth of a bare start of Python 3.13, in every process that is
observed. What only some runs ask for, or some Pythons need, is beside it.
"""
import itertools
import os
import posix
import sys

from exitmatrix_channel import SUBINTERPRETER, keep, taken, tell, tell_last

PLAIN = (str, bytes, int, float, bool, type(None))
FUNCTION = type(lambda: None)
METHOD = type((lambda self: None).__get__(0, int))
PYPY = "__pypy__" in sys.builtin_module_names
PYTHON_2 = sys.version_info[0] == 2

LEAVES = ("_exit", "execv", "execve")
GIVES_UP = (
    "setuid seteuid setreuid setresuid setgid setegid setregid setresgid setgroups initgroups"
    " chroot unshare setns"
).split()
MECHANISMS = os.environ.get("EXITMATRIX_MECHANISMS", "").split()  # besides atexit
del os  # as in exitmatrix_channel
CALLER = 200  # bytes of a module's name: with a key and four more details it fits into one event
UNRAISABLE = {kind.__name__: kind for kind in tuple.__subclasses__()}.get("UnraisableHookArgs")
DISPLAY_UNRAISABLE = getattr(sys, "__unraisablehook__", None)
DISPLAY = sys.__excepthook__

_keys = itertools.count(1)
watchers = {}  # functions that are to be given what a library registers, by what that is
_count = [None, 0]  # atexit's own count, where it has one, and how many are known to the harness


class Handler(object):
    """A registered callable that tells of its own run."""

    __slots__ = ("func", "key")

    def __init__(self, func, key):
        self.func = func
        self.key = key

    def __call__(self, *args, **kwargs):
        before = None
        try:
            # Inside, since a second Ctrl-C may arrive while this is being told.
            _compare_counts()
            tell("probe", "began", self.key)
            result = self.func(*args, **kwargs)
            before = taken()  # a signal that arrives now may raise before that is told, or after
            tell("probe", "ended", self.key)
            return result
        except:  # noqa: E722 - an instance of 2.7's old-style classes is no BaseException
            # By name only: formatting the exception could run the program's code.
            failed = sys.exc_info()
            if before is None or before == taken():
                tell("probe", "raised", self.key, failed[0].__name__)
            if not _may_report(failed[0]):
                raise
        try:
            _report(self.func, *failed)  # here the exception is no longer being handled
        finally:
            del failed  # it holds this frame

    def __eq__(self, other):
        theirs = ""
        if isinstance(other, Handler):
            other, theirs = other.func, other.key
        # CPython's `unregister` calls PyObject_RichCompareBool, for which what is
        # identical is equal; PyPy's asks `==` alone.
        equal = (not PYPY and self.func is other) or self.func == other
        # One of them is looked for: what is equal to it is taken away, and is told of.
        for found, key in ((theirs, self.key), (self.key, theirs)):
            if type(found) is list:
                equal = bool(equal)  # once, as `unregister` asks
                if equal:
                    found.append(key)
        return equal

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(self.func)

    def __repr__(self):
        return repr(self.func)

    def __getattr__(self, name):
        return getattr(self.func, name)


def _may_report(kind):
    """Whether the Handler can report what left its handler as `atexit` itself would.

    An exception that went on would bear a frame of the probe, and hooks would be
    given the Handler instead of the function.
    """
    if sys.version_info >= (3, 10):  # PyPy too, whose `atexit` follows CPython's since
        # PyPy's own hook prints no traceback, and cannot be called.
        return not PYPY or sys.unraisablehook is not DISPLAY_UNRAISABLE  # novm: as above
    # Before, `atexit` prints it, and raises the last one again. Only the interpreter's own
    # call throws that away (3.9 Python/pylifecycle.c, call_py_exitfuncs). PyPy's and 2.7's
    # are written in Python, whose frames stand in the traceback too.
    called = sys._getframe(1).f_back
    return not (PYPY or PYTHON_2 or called is not None or issubclass(kind, SystemExit))


def _report(func, kind, value, trace):
    trace = None if PYPY else trace.tb_next
    value = value.with_traceback(trace)
    if sys.version_info >= (3, 10):
        _report_unraisable(func, kind, value, trace)
        return
    try:
        sys.stderr.write("Error in atexit._run_exitfuncs:\n")
    except Exception:
        posix.write(2, b"Error in atexit._run_exitfuncs:\n")  # as PySys_WriteStderr
    DISPLAY(kind, value, trace)


def _report_unraisable(func, kind, value, trace):
    """As Python/errors.c does, _PyErr_WriteUnraisableMsg and PyErr_FormatUnraisable."""
    where, about = "Exception ignored in atexit callback", func
    if sys.version_info >= (3, 13) and not PYPY:
        where, about = _formatted(where, func), None
    report = UNRAISABLE((kind, value, trace, where, about))
    hook = getattr(sys, "unraisablehook", None)
    if hook is None:
        DISPLAY_UNRAISABLE(report)
        return
    try:
        sys.audit("sys.unraisablehook", hook, report)  # novm: 3.10 and later come here
        hook(report)
    except BaseException:
        kind, value, trace = sys.exc_info()
        value, trace = value.with_traceback(trace.tb_next), trace.tb_next
        text = "Exception ignored in sys.unraisablehook"
        if not PYPY:
            DISPLAY_UNRAISABLE(UNRAISABLE((kind, value, trace, text, hook)))


def _formatted(text, func):
    try:
        return "%s %r" % (text, func)
    except Exception:
        return None


def _begin_count(atexit):
    held = getattr(atexit, "_ncallbacks", None)
    _count[:] = held, held() if held else 0


def _compare_counts():
    """Tell if `atexit` holds more handlers than were told of: nobody sees those run."""
    held, known = _count
    if held is not None and held() > known:
        tell("probe", "untold", str(held() - known))
        _count[1] = held()


class StandIn(object):
    # Is called in place of a function of C, and is otherwise that function.
    #
    # Not a function itself, since one of Python becomes a method where it is an
    # attribute of a class. What asks for the type still sees the difference.

    # On 2.7 a function of C cannot be referred to weakly.
    __slots__ = ("_real", "_act") + (() if PYTHON_2 else ("__weakref__",))
    __doc__ = property(lambda self: _real(self).__doc__)  # inspect looks past __getattribute__
    OWN = frozenset(["__call__", "__reduce__", "__reduce_ex__"])

    def __init__(self, real, act):
        object.__setattr__(self, "_real", real)
        object.__setattr__(self, "_act", act)

    def __call__(self, *args, **kwargs):
        return _act(self)(_real(self), args, kwargs)

    def __getattribute__(self, name):
        if name in StandIn.OWN:
            return object.__getattribute__(self, name)
        return getattr(_real(self), name)

    def __setattr__(self, name, value):
        setattr(_real(self), name, value)

    def __delattr__(self, name):
        delattr(_real(self), name)

    def __dir__(self):
        return dir(_real(self))

    def __repr__(self):
        return repr(_real(self))

    def __eq__(self, other):  # `os.execve in os.supports_fd`
        return self is other or other is _real(self)

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(_real(self))

    def __reduce_ex__(self, protocol):
        return _real(self).__name__  # by its name in its module, as functions are pickled

    def __reduce__(self):
        return _real(self).__name__


StandIn.__name__, StandIn.__module__ = type(len).__name__, type(len).__module__  # in messages
_real, _act = StandIn._real.__get__, StandIn._act.__get__  # past __getattribute__


def _unregister(real, args, kwargs):
    """`atexit.unregister`, which looks for what `register` stored."""
    if len(args) != 1 or kwargs:
        return real(*args, **kwargs)  # to raise what it raises
    tell_last("probe", "removed")
    held = _count[0]
    before = held() if held else 0
    found = [] if "unregister" in MECHANISMS else ""
    try:
        # 3.14 compares `func == stored` (before, `stored == func`), and a callable with
        # an __eq__ of its own must not meet a Handler in it.
        result = real(Handler(args[0], found))
    finally:
        for key in found:
            tell("probe", "dropped", key)
    if held:
        _count[1] -= max(0, before - held())  # 3.14 and later count what is left
    return result


def _clear(real, args, kwargs):
    """`atexit._clear`, which tells that handlers may be gone."""
    tell_last("probe", "removed")
    result = real(*args, **kwargs)
    if "unregister" in MECHANISMS:
        tell("probe", "cleared")
    return result


def _leave(real, args, kwargs):
    """A function that ends the process, or its program, without any clean-up."""
    tell_last("probe", "leaving", real.__name__)
    return real(*args, **kwargs)


def _give_up(real, args, kwargs):
    """A function after which the channel's path may lead nowhere."""
    keep()
    return real(*args, **kwargs)


def _execute(real, args, kwargs):
    """`_imp.exec_builtin`, which fills a module: a second `atexit` has functions of its own."""
    result = real(*args, **kwargs)
    if args and getattr(args[0], "__name__", None) == "atexit":
        if sys.version_info < (3, 10):  # a second one has handlers of its own, which alone run
            tell_last("probe", "removed")
            _begin_count(args[0])
        watch(args[0])
    return result


def _register(real, args, kwargs):
    """Store a Handler and tell of it; gives back what `register` does."""
    if not args or not callable(args[0]):
        return real(*args, **kwargs)  # to raise what it raises
    func = args[0]
    # No other interpreter of the process has the same.
    key = "%d.%d" % (SUBINTERPRETER, next(_keys)) if SUBINTERPRETER else str(next(_keys))
    name, (caller, call) = _name(func, args[1:], kwargs), _caller()
    keep()
    tell("probe", "registered", key, name, _module(func), _place(func), caller, call)
    _count[1] += 1
    real(Handler(func, key), *args[1:], **kwargs)
    if watchers:
        watchers.get(_module(func), id)(func)
    return func


def _caller():
    """The module that called `register`, and its line; "" where C did, as for a new thread."""
    try:
        frame = sys._getframe(3)
    except ValueError:
        return "", ""
    name = frame.f_globals.get("__name__")
    place = "%s:%d" % (frame.f_code.co_filename, frame.f_lineno)
    return name[:CALLER] if type(name) is str else "", place


def watch(atexit):
    """Put stand-ins in the place of the functions of a module `atexit`."""
    if PYTHON_2:  # there it is a function of Python, which becomes a method like any other
        real = atexit.register

        def register(func, *targs, **kargs):
            return _register(real, (func,) + targs, kargs)

        register.__module__ = real.__module__
        register.__doc__ = real.__doc__
        atexit.register = register
        return
    for name, act in (("register", _register), ("unregister", _unregister), ("_clear", _clear)):
        real = getattr(atexit, name, None)
        if type(real) is type(len):  # after a reload it may be ours, or the program's
            setattr(atexit, name, StandIn(real, act))


def begin():
    """Tell that this process started, and hook `atexit`."""
    parent, version = str(posix.getppid()), sys.version.split()[0]
    tell("probe", "started", parent, _command_line(), version, _before())
    for names, act in ((LEAVES, _leave), (GIVES_UP, _give_up)):
        for name in names:
            _stand_in(name, act)
    if PYTHON_2:
        import exitmatrix_python2

        exitmatrix_python2.watch(watch)
        return
    import _imp  # both built in, and importing them has no effect
    import atexit

    _begin_count(atexit)
    watch(atexit)
    _imp.exec_builtin = StandIn(_imp.exec_builtin, _execute)


def _stand_in(name, act):
    real = getattr(posix, name, None)
    if real is not None:  # not every Python and every system has all of them
        stand_in = StandIn(real, act)
        setattr(posix, name, stand_in)
        setattr(sys.modules["os"], name, stand_in)


def _name(func, args, kwargs):
    """`cleanup('third')`: the callable's name, and what it was registered with."""
    name = _attribute(func, "__name__") or type(func).__name__
    given = [_literal(value) for value in args]
    given += ["%s=%s" % (key, _literal(kwargs[key])) for key in sorted(kwargs)]
    return "%s(%s)" % (name, ", ".join(given)) if given else name


def _literal(value):
    try:
        return repr(value) if type(value) in PLAIN else "..."
    except ValueError:  # an int of more digits than 3.11 and later print
        return "..."


def _module(func):
    """Where the callable is defined: tells the program's handlers from a library's."""
    module = _attribute(func, "__module__")
    if not module:  # a bound method of 2.7, functools.partial
        module = _attribute(type(func), "__module__")
    qualified = _attribute(func, "__qualname__") or _attribute(func, "__name__")
    qualified = qualified or type(func).__name__  # functools.partial, an object that can be called
    return "%s:%s" % (module, qualified)


def _place(func):
    """`app/db.py:31`: where the callable's code is, or "" where there is none to be read."""
    try:
        for _ in range(8):  # a method of a partial of a decorated function, and so on
            kind = type(func)
            if kind is FUNCTION and "__wrapped__" in func.__dict__:  # functools.wraps
                func = func.__dict__["__wrapped__"]
            elif kind is FUNCTION:
                return "%s:%d" % (func.__code__.co_filename, func.__code__.co_firstlineno)
            elif kind is METHOD:
                func = func.__func__
            elif kind is StandIn:
                return ""  # it is a function of C
            elif (kind.__module__, kind.__name__) == ("functools", "partial"):
                func = func.func
            else:
                func = vars(kind)["__call__"]  # an object that can be called
    except Exception:
        pass  # it is not Python's own, and not to be asked
    return ""


def _attribute(value, name):
    """A text attribute, or "": proxies raise anything and give anything for any name."""
    try:
        found = getattr(value, name)
    except Exception:
        return ""
    return found if type(found) is str else ""


def _command_line():
    try:
        fd = posix.open("/proc/self/cmdline", posix.O_RDONLY)
    except OSError:
        return "\0".join(getattr(sys, "orig_argv", ()))
    try:
        return posix.read(fd, 800)
    finally:
        posix.close(fd)


def _before():
    """How many handlers exist before the program's first line; "" where nothing can tell."""
    if sys.version_info[0] == 2:
        if "atexit" in sys.modules:
            return str(len(sys.modules["atexit"]._exithandlers))
        return str(int(hasattr(sys, "exitfunc")))
    import atexit

    count = getattr(atexit, "_ncallbacks", None)
    return str(count()) if count else ""
