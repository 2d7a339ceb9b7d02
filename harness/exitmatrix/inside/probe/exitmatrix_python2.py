"""Observes from inside: 2.7's module `atexit`, which is written in Python.

It takes over `sys.exitfunc` when it is imported (Lib/atexit.py, last lines), so the program
must be the one to import it.
"""
import sys


def watch(hook):
    """Have `hook` called with the module, whenever the program imports or reloads it."""
    if "atexit" in sys.modules:
        hook(sys.modules["atexit"])
    sys.meta_path.insert(0, _AtexitImport(hook))


class _AtexitImport(object):
    """An import hook."""

    def __init__(self, hook):
        self._hook = hook

    def find_module(self, name, path=None):
        return self if name == "atexit" else None

    def load_module(self, name):
        import imp  # built in

        # Into the module that is there, if one is: so says PEP 302 of a reload.
        module = imp.load_module(name, *imp.find_module(name))
        self._hook(module)
        return module
