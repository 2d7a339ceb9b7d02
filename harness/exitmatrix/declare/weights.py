"""What may stand where in a generated program, and how often it does."""

from __future__ import annotations

from collections.abc import Mapping

from exitmatrix.declare import interpreter_author, loop_author, process_author
from exitmatrix.declare.author import Author, CodePlace, MakerTable, WeightedMakers
from exitmatrix.model.language import (
    Abort,
    Clear,
    CloseStdout,
    Exec,
    FatalError,
    Flush,
    LibcExit,
    Nothing,
    OsExit,
    PyExit,
    Say,
    Segfault,
    Signal,
)

_FOR_THE_LIST: WeightedMakers = [
    (14, Author.register),
    (8, Author.unregister),
    (2, Author.namesake),
    (1, lambda _random, _level: Clear()),
    (3, Author.finalize),
]
_FOR_BUFFERS: WeightedMakers = [
    (8, Author.write),
    (3, lambda _random, _level: Flush()),
    (1, lambda _random, _level: Say("said")),
]
_FOR_RARE_ONES: WeightedMakers = [
    (2, Author.threading_list),
    (1, Author.hook),
    (1, Author.keep),
    (1, Author.faulthandler),
    (1, Author.interrupt),
    (1, Author.exhaust),
]
_FOR_PROCESSES: WeightedMakers = [(8, Author.process)]
_FOR_POOLS: WeightedMakers = [(9, Author.pool)]
_FOR_INTERPRETERS: WeightedMakers = [(6, interpreter_author.end)]
_FOR_SUBMITS: WeightedMakers = [(30, process_author.submit), (15, process_author.apply)]
_FOR_SIGNALS: WeightedMakers = [
    (6, Author.handle),
    (2, Author.ignore),
    (2, Author.default),
]

ENDS: MakerTable = (
    [
        (8, Author.sys_exit),
        (8, Author.raises),
        (5, Author.signal),
        (3, lambda random, _level: OsExit(random.dice.one((0, 3, 7)))),
        (1, lambda random, _level: LibcExit(random.dice.one(("exit", "_exit", "quick_exit")), 5)),
        (1, lambda _random, _level: Abort()),
        (1, lambda _random, _level: Segfault()),
        (1, lambda _random, _level: FatalError()),
        (1, lambda random, _level: Exec(random.dice.one((0, 3)))),
        (1, lambda _random, _level: Signal("SIGKILL")),
    ],
    [
        (1, lambda random, _level: PyExit(random.dice.one((0, 5)))),
        (1, Author.interrupt),
        (1, Author.exhaust),
    ],
)
"""What may end a process, a thread or a function."""

IN_MAIN: MakerTable = (
    [
        *_FOR_THE_LIST,
        *_FOR_BUFFERS,
        *_FOR_SIGNALS,
        (3, Author.signal),
        (5, Author.try_finally),
        (4, Author.fork),
        (4, Author.thread),
        (3, Author.later_thread),
        (2, Author.daemon),
        (2, Author.run_handlers),
        (1, Author.exitfunc),
        (2, lambda _random, _level: CloseStdout()),
        (1, lambda _random, _level: Nothing()),
    ],
    [*_FOR_RARE_ONES, (4, Author.call), (4, Author.catch)],
    [*_FOR_PROCESSES, *_FOR_PROCESSES, *_FOR_PROCESSES],
    [*_FOR_POOLS, *_FOR_POOLS],
    [(36, loop_author.loop)],
    [(40, interpreter_author.start), *_FOR_INTERPRETERS],
    _FOR_SUBMITS,
)

IN_FUNCTION: MakerTable = (
    [
        *_FOR_THE_LIST,
        *_FOR_BUFFERS,
        *_FOR_SIGNALS,
        (3, Author.signal),
        (3, Author.try_finally),
        (6, Author.fork),
        (6, Author.thread),
        (1, Author.daemon),
        (6, Author.sys_exit),
        (8, Author.raises),
        (2, lambda _random, _level: OsExit(5)),
        (1, Author.run_handlers),
        (1, Author.exitfunc),
        (1, lambda _random, _level: CloseStdout()),
        (1, lambda _random, _level: Nothing()),
    ],
    [*_FOR_RARE_ONES, (4, Author.call), (3, Author.catch)],
    _FOR_PROCESSES,
    _FOR_POOLS,
    [],
    _FOR_INTERPRETERS,
    [],
    [(18, loop_author.loop_in_function)],
)

IN_CHILD: MakerTable = (
    [
        *_FOR_THE_LIST,
        *_FOR_BUFFERS,
        *_FOR_SIGNALS,
        (3, Author.signal),
        (3, Author.try_finally),
        (3, Author.thread),
        (1, Author.daemon),
        (1, Author.fork),
        (1, Author.run_handlers),
    ],
    [*_FOR_RARE_ONES, (2, Author.call), (2, Author.catch)],
    _FOR_PROCESSES,
    _FOR_POOLS,
)

IN_PROCESS = IN_CHILD

IN_RESTING: MakerTable = ([*_FOR_THE_LIST, *_FOR_BUFFERS, *_FOR_SIGNALS, (1, Author.thread)],)
"""It forks nothing: who waits for it would wait for its child, which waits for the same."""

IN_THREAD: MakerTable = (
    [
        *_FOR_THE_LIST,
        *_FOR_BUFFERS,
        (1, Author.handle),
        (1, Author.signal),
        (2, Author.fork),
        (3, Author.try_finally),
        (1, Author.thread),
        (1, Author.run_handlers),
        (1, lambda _random, _level: Nothing()),
    ],
    [*_FOR_RARE_ONES, (2, Author.call), (2, Author.catch)],
    _FOR_PROCESSES,
    _FOR_POOLS,
    [],
    _FOR_INTERPRETERS,
)

IN_DAEMON: MakerTable = (
    [
        *_FOR_THE_LIST,
        *_FOR_BUFFERS,
    ],
    [(1, Author.call), (1, Author.threading_list), (1, Author.keep)],
)

IN_TRY: MakerTable = (
    [
        *_FOR_THE_LIST,
        *_FOR_BUFFERS,
        (2, Author.handle),
        (3, Author.signal),
        (2, Author.fork),
        (3, Author.thread),
        (2, Author.try_finally),
        (1, Author.run_handlers),
    ],
    [*_FOR_RARE_ONES, (2, Author.call), (2, Author.catch)],
    _FOR_PROCESSES,
    _FOR_POOLS,
    [],
    _FOR_INTERPRETERS,
    _FOR_SUBMITS,
)


IN_TASK: MakerTable = (
    [
        *_FOR_THE_LIST,
        *_FOR_BUFFERS,
        (1, Author.handle),
        (1, Author.signal),
        (2, Author.thread),
    ],
    [(1, Author.threading_list), (1, Author.keep)],
    [],
    [(1, Author.pool)],
    [],
    _FOR_INTERPRETERS,
)
"""It forks nothing: in the child its worker would wait for another task, for ever."""

IN_LOOP: MakerTable = (
    [
        *_FOR_THE_LIST,
        *_FOR_BUFFERS,
        (2, Author.handle),
        (6, Author.signal),
        (2, Author.thread),
        (6, loop_author.handle_in_loop),
        (10, loop_author.pause),
        (4, loop_author.try_in_loop),
    ],
    [(2, Author.call), (1, Author.interrupt)],
    [],
    [(3, Author.pool)],
    [],
    _FOR_INTERPRETERS,
    [],
    [],
    [(6, Author.fork)],
)
"""Before generation 12 it forks nothing: the child goes on with the loop of its parent."""

TABLES: Mapping[CodePlace, MakerTable] = {
    "main": IN_MAIN,
    "function": IN_FUNCTION,
    "child": IN_CHILD,
    "process": IN_PROCESS,
    "resting": IN_RESTING,
    "thread": IN_THREAD,
    "daemon": IN_DAEMON,
    "try": IN_TRY,
    "end": ENDS,
    "task": IN_TASK,
    "loop": IN_LOOP,
}
"""What may stand where, and how often it does."""
