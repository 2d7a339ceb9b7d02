"""Random programs, made from a seed. Pure."""

from __future__ import annotations

from exitmatrix.declare.author import Author
from exitmatrix.declare.dice import Dice
from exitmatrix.declare.weights import TABLES
from exitmatrix.model.language import Code

GENERATOR_VERSION = 12
"""Of the generator: another one gives other programs for the same seed."""


def random(seed: int, number: int, version: int = GENERATOR_VERSION) -> Code:
    """The program of this number in the sequence that belongs to a seed.

    Most programs end by themselves: functions register, and signals and `finally` call,
    only functions that come later in the alphabet. Of twenty, one may go in circles; it
    forks nothing, since each round would double its processes. Threads that wait for
    the end of main's code are not started by handlers, and daemons fork nothing: the
    child would sleep for ever. A program has either such threads or functions in threading's
    own list: these run when main's code has ended, and before those threads go on.

    Since generation 5 half of the programs start processes of multiprocessing. Their starter
    waits until they have ended, or have come to where they wait for it to join them. Functions
    only fork: a spawned process may call them as handlers, and so would start another, for ever.
    Of a fork server's child nobody but its starter is told the end, so that joins it.

    Since generation 6 most programs use pools of threads, each for one task. Tasks fork nothing: in
    the child the worker would wait for another one. Such a program has no threads that wait for
    the end of main's code: whether a pool still takes a task would be a race.

    Since generation 7 almost half of the programs run event loops, in main's code. They fork
    nothing: a child would go on with the loop of its parent.

    Since generation 8 some programs start a second interpreter in main's code. They fork nothing.

    Since generation 9 some programs without pools of threads submit tasks to pools of processes,
    in main's code. Tasks fork nothing, as those of threads.

    Since generation 10 functions run event loops too.

    Since generation 11 pools of processes may have two workers, be spawned, and have an
    initializer, which registers a handler.

    Since generation 12 pools of processes may be left open, and programs with event loops fork, in
    the main task too.
    """
    return Author(Dice(version, seed, number), version, TABLES).code()
