"""What is taken away from atexit again is told, and the program that does so cannot tell."""

from __future__ import annotations

import pytest
from exitmatrix.model import Interpreter

from tests.support.probed import as_bare, every_python, handlers_told

pytestmark = pytest.mark.real

PROGRAM = """
import atexit, os, sys
def say(*what):
    print(*what)
    sys.stdout.flush()
class Like(object):
    def __init__(self, name, same): self.name, self.same = name, same
    def __call__(self): say(self.name)
    def __eq__(self, other):
        say(self.name, "==", getattr(other, "name", None))
        return Truth(self.same)
    def __hash__(self): return 1
class Truth(object):
    def __init__(self, value): self.value = value
    def __bool__(self): say("asked"); return self.value
def kept(): say("kept")
def gone(): say("gone")
kept.name = gone.name = "function"
atexit.register(kept), atexit.register(gone), atexit.register(gone, 1)
say(atexit.unregister(gone), atexit.unregister(say))
atexit.register(Like("same", True)), atexit.register(Like("other", False))
atexit.unregister(Like("sought", False))
if os.fork() == 0:
    atexit._clear()
    atexit.register(kept)
    sys.exit(0)
os.wait()
"""


@every_python
def test_what_is_taken_away_from_atexit_is_told_and_looked_for_as_bare(python: Interpreter) -> None:
    """By equality, in the order and as often as Python compares; and all of it at once."""
    if python.language < (3, 0):
        pytest.skip("2.7 has no unregister")
    done = as_bare(python, "unregister", PROGRAM)
    events = handlers_told(done, ("registered", "dropped"), "")
    dropped = [key for kind, key, *_ in events if kind == "dropped"]
    assert sorted(dropped[:2]) == ["2", "3"]
    # What it compares with what differs: CPython asked `stored == sought` until 3.13.
    assert dropped[2:] == (["4"] if b"same == sought" in done.stdout else [])
    assert [one.kind for one in done.events].count("cleared") == 1


@every_python
def test_nothing_of_it_is_told_where_nobody_asks(python: Interpreter) -> None:
    """The matrix's programs tell what they told before."""
    if python.language < (3, 0):
        pytest.skip("2.7 has no unregister")
    done = as_bare(python, "signal", PROGRAM)
    assert {"dropped", "cleared"}.isdisjoint(one.kind for one in done.events)
