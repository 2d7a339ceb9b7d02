# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A plain program that cleans up in `finally` and `with`"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["*", "rare"]
#
# [tool.exitmatrix.program]
# steps = [
#   "register A",
#   "register B",
#   "register C",
#   {try = [{try = [{try = ["end here"], finally = "contextmanager:g"}], finally = "__exit__:w"}], finally = "finally:f"},
# ]
# ///
"""Is ended in the middle of a `try` statement, a `with` statement and a generator that
contextlib makes a context manager of; three handlers are registered with atexit as well.

The documentation promises that a `finally` clause runs however its `try` statement is
left, and that `__exit__` is called. SystemExit and KeyboardInterrupt are exceptions; a
signal's default action, os._exit and exec leave no statement, they end the process.
"""
from __future__ import print_function

import atexit
import contextlib
import sys

import endings


@atexit.register
def A():
    print("A: cleaning up")
    endings.linger()


@atexit.register
def B():
    print("B: cleaning up")
    endings.linger()


@atexit.register
def C():
    print("C: cleaning up")
    endings.linger()


@endings.tells("finally:f")
def f():
    print("f: cleaning up")
    endings.linger()


@endings.tells("contextmanager:g")
def g():
    print("g: cleaning up")
    endings.linger()


class Resource(object):
    """Something that has to be given back."""

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        w()


@endings.tells("__exit__:w")
def w():
    print("w: cleaning up")
    endings.linger()


@contextlib.contextmanager
def resource():
    try:
        yield
    finally:
        g()


print("ready")
sys.stdout.flush()
try:
    with Resource():
        with resource():
            endings.end_here()
finally:
    f()
