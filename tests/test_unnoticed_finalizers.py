"""Finalizers of `weakref` are seen, and the program that has them cannot tell."""

from __future__ import annotations

import pytest
from exitmatrix.model import Interpreter

from tests.support.probed import CALLED, Run, as_bare, every_python, handlers_told

pytestmark = pytest.mark.real

TOLD = ("finalize", "began", "ended", "left", "dropped", "kept")


HEAD = CALLED + "import tempfile, weakref\n"


def both(python: Interpreter, program: str) -> Run:
    """As bare, where there are finalizers."""
    if python.language == (2, 7):
        pytest.skip("2.7 has no finalizers")
    return as_bare(python, "finalize", program)


def reported(done: Run) -> list[tuple[str, ...]]:
    return handlers_told(done, TOLD, "w")


@every_python
def test_a_finalizer_is_called_as_it_is_bare(python: Interpreter) -> None:
    """By hand, when its object goes, and at the end; it gives back what its function does."""
    program = (
        HEAD
        + """
by_hand = weakref.finalize(thing, stop, 1, x=2)
say(by_hand.peek()[1:], by_hand.peek()[1] is stop, by_hand.alive, by_hand(), by_hand())
other = Thing()
weakref.finalize(other, stop, 2)
del other
gc.collect()
weakref.finalize(thing, stop, 3)
"""
    )
    assert reported(both(python, program)) == [
        *(("finalize", "w1", "__main__:stop"), ("began", "w1"), ("ended", "w1")),
        *(("finalize", "w2", "__main__:stop"), ("began", "w2"), ("ended", "w2")),
        *(("finalize", "w3", "__main__:stop"), ("began", "w3"), ("ended", "w3")),
    ]


@every_python
def test_a_finalizer_that_no_exit_calls_is_told_as_dropped(python: Interpreter) -> None:
    """It was detached, or is not to be called at the end; that can be taken back."""
    program = (
        HEAD
        + """
detached, late, again = (weakref.finalize(thing, stop, n) for n in range(3))
say(detached.detach()[1] is stop, detached.alive, detached.detach())
late.atexit = False
again.atexit = False
again.atexit = True
say(late.atexit, again.atexit)
"""
    )
    assert reported(both(python, program))[3:] == [
        ("dropped", "w1"),
        ("dropped", "w2"),
        ("dropped", "w3"),
        ("kept", "w3"),
        ("began", "w3"),
        ("ended", "w3"),
    ]


@every_python
def test_what_leaves_a_finalizer_has_no_frame_of_the_probe(python: Interpreter) -> None:
    """In a traceback that the program has, and in the one that is printed at the end."""
    program = (
        HEAD
        + """
try: weakref.finalize(thing, fail)()
except ValueError: say([each.name for each in traceback.extract_tb(sys.exc_info()[2])])
weakref.finalize(thing, fail)
"""
    )
    done = both(python, program)
    assert b"ValueError" in done.stderr
    assert [one[0] for one in reported(done)] == ["finalize", "began", "left"] * 2


@every_python
def test_a_function_of_c_that_is_done_counts_as_having_returned(python: Interpreter) -> None:
    """`weakref.finalize(self, os.unlink, path)` is what many write; it has no code to be asked."""
    done = both(python, HEAD + "import os\nweakref.finalize(thing, os.close, os.dup(0))\n")
    assert [one[0] for one in reported(done)] == ["finalize", "began", "ended"]


@every_python
def test_finalizers_look_as_they_do_bare(python: Interpreter) -> None:
    """Their class, those that others are made of, and those of a library."""
    program = (
        HEAD
        + """
class Own(weakref.finalize): pass
one = Own(thing, stop)
info = weakref.finalize._registry[one]
say(type(info), type(info).__doc__, info.func is stop, sorted(weakref.finalize.__dict__))
say([name for name in dir(info) if "exitmatrix" not in name])
with tempfile.TemporaryDirectory(): pass
kept = tempfile.TemporaryDirectory()
"""
    )
    done = both(python, program)
    assert ("finalize", "w3", "tempfile:TemporaryDirectory._cleanup") in reported(done)
    assert ("dropped", "w2") in reported(done)


@every_python
def test_a_program_with_many_finalizers_is_told_of_the_first_thousand(python: Interpreter) -> None:
    """One for each request would fill the channel."""
    program = HEAD + "for n in range(1010): weakref.finalize(thing, int)\n"
    assert len([one for one in reported(both(python, program)) if one[0] == "finalize"]) == 1000
