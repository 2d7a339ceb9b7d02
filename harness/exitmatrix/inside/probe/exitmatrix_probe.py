"""Observes from inside: which `atexit` handlers this process registers and runs.

Python 2.7 and 3.6 up, standard library only. What `atexit.register` stores is
wrapped in an object that tells when it began and how it ended, and that is
otherwise the callable it wraps: equal to it, with its hash and its repr, so
that `unregister`, decorator use and messages stay as they are.
"""
import os
import sys

from exitmatrix_channel import SUBINTERPRETER, tell

PLAIN = (str, bytes, int, float, bool, type(None))
FUNCTION = type(lambda: None)
METHOD = type(type("_", (object,), {"m": lambda self: None})().m)
IDENTICAL_IS_EQUAL = "__pypy__" not in sys.builtin_module_names


class Handler(object):
    """A registered callable that tells of its own run."""

    __slots__ = ("func", "key")

    def __init__(self, func, key):
        self.func = func
        self.key = key

    def __call__(self, *args, **kwargs):
        try:
            # Inside, since a second Ctrl-C may arrive while this is being told.
            tell("probe", "began", self.key)
            result = self.func(*args, **kwargs)
        except:  # noqa: E722 - an instance of 2.7's old-style classes is no BaseException
            # By name only: formatting the exception could run the program's code.
            tell("probe", "raised", self.key, sys.exc_info()[0].__name__)
            raise
        tell("probe", "ended", self.key)
        return result

    def __eq__(self, other):
        if isinstance(other, Handler):
            other = other.func
        # CPython's `unregister` calls PyObject_RichCompareBool, for which what is
        # identical is equal; PyPy's asks `==` alone.
        return (IDENTICAL_IS_EQUAL and self.func is other) or self.func == other

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(self.func)

    def __repr__(self):
        return repr(self.func)

    def __getattr__(self, name):
        return getattr(self.func, name)


def watch(atexit):
    """Wrap `register` of the module `atexit`, once."""
    real = atexit.register
    count = [0]

    def register(*args, **kwargs):
        if not args or not callable(args[0]):
            return real(*args, **kwargs)  # to raise what it raises
        func = args[0]
        count[0] += 1
        # No other interpreter of the process has the same.
        key = "%d.%d" % (SUBINTERPRETER, count[0]) if SUBINTERPRETER else str(count[0])
        tell(
            "probe", "registered", key, _name(func, args[1:], kwargs), _module(func), _place(func)
        )
        real(Handler(func, key), *args[1:], **kwargs)
        return func

    register.__doc__ = real.__doc__
    register.__name__ = "register"
    atexit.register = register

    if not hasattr(atexit, "unregister"):
        return  # 2.7
    remove = atexit.unregister

    def unregister(func):
        # Wrapped as well: 3.14 compares `func == stored` (before, `stored == func`),
        # and a callable with an __eq__ of its own must not meet a Handler in it.
        return remove(Handler(func, ""))

    unregister.__doc__ = remove.__doc__
    unregister.__name__ = "unregister"
    atexit.unregister = unregister


def begin():
    """Tell that this process started, and hook `atexit`."""
    tell("probe", "started", str(os.getppid()), _command_line(), sys.version.split()[0], _before())
    if sys.version_info[0] > 2:
        import atexit  # built in; importing it has no effect of its own

        watch(atexit)
    elif "atexit" in sys.modules:
        watch(sys.modules["atexit"])
    else:
        # 2.7's atexit is written in Python and takes over `sys.exitfunc` when it
        # is imported (Lib/atexit.py, last lines), so the program must be the one
        # to import it.
        sys.meta_path.insert(0, _AtexitImport())


class _AtexitImport(object):
    """A 2.7 import hook that hooks `atexit` when the program imports it."""

    def find_module(self, name, path=None):
        return self if name == "atexit" else None

    def load_module(self, name):
        sys.meta_path.remove(self)
        module = __import__(name)
        watch(module)
        return module


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
        fd = os.open("/proc/self/cmdline", os.O_RDONLY)
    except OSError:
        return "\0".join(getattr(sys, "orig_argv", ()))
    try:
        return os.read(fd, 800)
    finally:
        os.close(fd)


def _before():
    """How many handlers exist before the program's first line; "" where nothing can tell."""
    if sys.version_info[0] == 2:
        if "atexit" in sys.modules:
            return str(len(sys.modules["atexit"]._exithandlers))
        return str(int(hasattr(sys, "exitfunc")))
    import atexit

    count = getattr(atexit, "_ncallbacks", None)
    return str(count()) if count else ""
