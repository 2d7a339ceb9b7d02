"""Observes from inside: when a module has been loaded whose class is to be looked at.

3.6 up, standard library only. The import system calls a function of C before each module is
looked for, and after it has been loaded; so a module that is there shows when the next is loaded.
"""
import sys

from exitmatrix_probe import StandIn

_waiting = {}


def when_loaded(name, owner, act):
    """Have `act` look at the class `owner` of the module `name`."""
    _waiting[name] = (owner, act)


def watch(imp):
    """Look at modules as they are loaded; `imp` is the module _imp."""
    real = getattr(imp, "acquire_lock", None)
    if type(real) is type(len):
        imp.acquire_lock = StandIn(real, _acquire)


def _acquire(real, args, kwargs):
    """`_imp.acquire_lock`."""
    result = real(*args, **kwargs)
    for name in list(_waiting):
        module = sys.modules.get(name)
        owner = vars(module).get(_waiting[name][0]) if type(module) is type(sys) else None
        if isinstance(owner, type):  # else it is still being loaded
            _waiting.pop(name)[1](owner)
    return result
