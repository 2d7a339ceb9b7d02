"""A program as the table of a scenario's header describes it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_args

from exitmatrix.declare.header import InvalidHeader, checked
from exitmatrix.declare.keys import Described
from exitmatrix.declare.program import IN_LOOP, MARKER, ON, InvalidProgram, step
from exitmatrix.declare.silent import silenced
from exitmatrix.model import Program
from exitmatrix.model.language import (
    ApplyTask,
    Code,
    Fork,
    Function,
    Handle,
    HandleInLoop,
    ImportAtexit,
    ProcessPoolEnd,
    Register,
    RunLoop,
    SetExitFunction,
    StartMethod,
    StartProcess,
    StartThread,
    Statement,
    SubmitTask,
    ThreadEnd,
    TryFinally,
    Write,
)

NATURES = {
    "memory": "of the process",
    "buffer": "of a file, until it is written",
    "long buffer": "in part written already",
    "20 KiB in a buffer": "of a file, if that is as large",
    "beside 20 KiB in a buffer": "written to the same file by another process meanwhile",
    "transaction": "open, in SQLite",
    "locked out": "of another process, by such a transaction",
    "journal": "of such a transaction",
    "database": "in the middle of a transaction, of which some is in its file",
    "database, journal in memory": "the same, in SQLite's journal mode MEMORY",
    "database, no journal": "the same, in the mode OFF",
    "file": "or folder, that somebody has to remove",
    "file of a global": "which removes it when it is released",
    "archive of a global": "which writes its end when it is released",
    "gzip file of a global": "the same",
    "gzip file of a held module": "which a thread keeps alive, through the program's globals",
    "buffer of a global gzip file": "of which nothing was written before",
    "buffered archive": "of which nothing can be read before its buffer is written",
    "of the kernel": "which takes it back with the process",
    "written": "to the kernel already",
    "queue of a thread": "that is a daemon, and is not waited for",
    "copied buffer": "of a file, which a child that was forked has written",
    "until saved": "of a library, which has a function that saves it",
    "until removed": "of a library, which has a function that removes it",
    "held": "a lock, which ends with its holder",
    "on disk": "of a worker, and meant to stay",
    "until its handlers run": "of a worker, which has an atexit handler that removes it",
    "of a worker, until its handlers save it": "by an atexit handler",
    "of tasks, when they are done": "that a worker runs",
    "of tasks, or in the queue again": "that are acknowledged when they are done",
    "of tasks, or not acknowledged": "to a broker that keeps what was not acknowledged",
    "until its master sees the end": "of a worker, for which its master has a hook",
}
"""What data in flight can be."""


T = TypeVar("T")

BESIDE_LOOP = ("tasks", "generators", "pool")
"""`{asyncio = STEPS, tasks = NAMES, ...}`: asyncio.run, the main task, and what is beside it."""

IN_TURN = "in-turn"
"""Beside these, where a program with several of a kind orders them itself: asyncio does not."""


HandlerBodies = dict[str, str | tuple[Statement, ...]]
"""Handlers of signals by label: what they do, or the name of the handler that says it."""


def described_steps(
    value: object, where: str = "steps", named: HandlerBodies | None = None
) -> tuple[Statement, ...]:
    """The statements that a text, a table or a list of these describes. Raises InvalidProgram.

    What handlers of signals do is put into `named`.
    """
    if isinstance(value, list):
        return tuple(one for item in value for one in described_steps(item, where, named))
    if isinstance(value, str):
        if named is not None and value.startswith((f"{ON} ", f"{IN_LOOP} ")):
            return (_on(value, named),)
        return (step(value),)
    found = _held(value, where, named) if isinstance(value, dict) else None
    if found is not None:
        return (found,)
    raise InvalidProgram(
        f"{where}: texts, {{fork = STEPS}}, {{thread = STEPS}}, {{process = STEPS}},"
        " {submit = STEPS}, {apply = STEPS}, {asyncio = STEPS} and"
        f" {{try = STEPS, finally = NAME}} are valid, not {value!r}"
    )


def _held(value: dict[str, Any], where: str, named: HandlerBodies | None) -> Statement | None:
    """The statement that a table describes: one that holds others; None where it is no such."""
    for words, (others, make) in HOLDING.items():
        if set(words) <= set(value) <= {*words, *others}:
            return make(value, lambda inner: described_steps(inner, where, named))
    return None


Steps = Callable[[object], tuple[Statement, ...]]
"""Reads steps that stand within others."""


def _fork(value: dict[str, Any], within: Steps) -> Statement:
    return Fork((Write(MARKER), *within(value["fork"])))


def _thread(value: dict[str, Any], within: Steps) -> Statement:
    ends = value.get("ends", "joined")
    if ends not in get_args(ThreadEnd):
        raise InvalidProgram(f"ends: valid: {', '.join(get_args(ThreadEnd))}, not {ends!r}")
    return StartThread(within(value["thread"]), ends)


def _process(value: dict[str, Any], within: Steps) -> Statement:
    method, daemon = _method(value), value.get("daemon", False)
    if not isinstance(daemon, bool):
        raise InvalidProgram(f"daemon: true or false, of a process; not {daemon!r}")
    return StartProcess(within(value["process"]), method, daemon)


def _submit(value: dict[str, Any], within: Steps) -> Statement:
    return SubmitTask(within(value["submit"]), *_pool(value, within))


def _apply(value: dict[str, Any], within: Steps) -> Statement:
    return ApplyTask(within(value["apply"]), *_pool(value, within))


def _pool(
    value: dict[str, Any], within: Steps
) -> tuple[StartMethod, int, tuple[Statement, ...], ProcessPoolEnd]:
    workers = value.get("workers", 1)
    if not isinstance(workers, int) or isinstance(workers, bool) or workers < 1:
        raise InvalidProgram(f"workers: a number from 1 up, of a pool; not {workers!r}")
    ends = _one_of(get_args(ProcessPoolEnd), value, "ends", "with", ", of a pool")
    return _method(value), workers, within(value.get("begin", [])), ends


def _try(value: dict[str, Any], within: Steps) -> Statement:
    function = value["finally"]
    if not isinstance(function, str):
        raise InvalidProgram(f"finally: a name is valid, not {function!r}")
    return TryFinally(within(value["try"]), function)


def _run_loop(value: dict[str, Any], within: Steps) -> Statement:
    beside = {key: tuple(map(str, value.get(key, ()))) for key in BESIDE_LOOP}
    return RunLoop(body=within(value["asyncio"]), in_turn=value.get(IN_TURN) is True, **beside)


POOL_KEYS = ("method", "workers", "begin", "ends")

HOLDING: Mapping[
    tuple[str, ...], tuple[tuple[str, ...], Callable[[dict[str, Any], Steps], Statement]]
] = {
    ("fork",): ((), _fork),
    ("thread",): (("ends",), _thread),
    ("process",): (("method", "daemon"), _process),
    ("submit",): (POOL_KEYS, _submit),
    ("apply",): (POOL_KEYS, _apply),
    ("try", "finally"): ((), _try),
    ("asyncio",): ((*BESIDE_LOOP, IN_TURN), _run_loop),
}
"""By the keys that a table has: those that it may have besides, and how it is read.

The tasks of pools of processes are those of concurrent.futures and of multiprocessing."""


def _method(value: Mapping[str, Any]) -> StartMethod:
    return _one_of(get_args(StartMethod), value, "method", "fork")


def _one_of(
    known: tuple[T, ...], value: Mapping[str, Any], key: str, default: T, of: str = ""
) -> T:
    """The value of a key that takes some words only. Raises InvalidProgram."""
    given = value.get(key, default)
    for one in known:
        if given == one:
            return one  # itself, and no text that equals it: a default is left out of a document
    raise InvalidProgram(f"{key}: {', '.join(map(str, known))}{of}; not {given!r}")


def program(table: Mapping[str, Any]) -> Program:
    """The program that a table of a header describes. Raises InvalidProgram."""
    try:
        return _program(table)
    except RecursionError:
        raise InvalidProgram("steps within steps, deeper than Python's stack") from None


def _program(table: Mapping[str, Any]) -> Program:
    try:
        keys = checked(table, Described)
    except InvalidHeader as error:
        raise InvalidProgram(str(error)) from error
    if not all(nature in NATURES for nature in keys.data.values()):
        raise InvalidProgram(f"data: natures are {', '.join(NATURES)}, not {keys.data!r}")
    return Program(
        code=_code(keys.steps, keys.handlers, keys.tells),
        server=keys.server,
        supervisor=keys.supervisor,
        data=tuple(keys.data.items()),
    )


def _code(written: list[Any], handlers: Mapping[str, Any], tells: tuple[str, ...]) -> Code:
    named: HandlerBodies = {}
    functions = {
        name: described_steps(does, f"handlers.{name}", named) for name, does in handlers.items()
    }
    body = described_steps(written, "steps", named)
    for label, does in named.items():
        functions[label] = functions.get(does, ()) if isinstance(does, str) else does
    code = Code(
        body=_with_import(body),
        functions=tuple(Function(name, does) for name, does in functions.items()),
    )
    return silenced(code, tells)


def _on(text: str, named: HandlerBodies) -> Handle | HandleInLoop:
    """`on SIGTERM stop, sys.exit 0`, or `on SIGTERM stop`, whose steps are among the handlers."""
    in_loop = text.startswith(f"{IN_LOOP} ")
    signal, _, rest = text.removeprefix(f"{IN_LOOP if in_loop else ON} ").partition(" ")
    name, _, does = rest.partition(", ")
    if not signal or not name:
        raise InvalidProgram(f"{text!r}: `on SIGNAL NAME` or `on SIGNAL NAME, STEP` is valid")
    label = name if name == "-" else f"signal.{signal}:{name}"
    named[label] = described_steps(does) if does else name
    return (HandleInLoop if in_loop else Handle)(signal, label)


def _with_import(body: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """The body with the import of atexit before its first use, if that makes a difference."""
    kinds = [type(one) for one in body]
    if SetExitFunction not in kinds or Register not in kinds:
        return body
    first = kinds.index(Register)
    return (*body[:first], ImportAtexit(), *body[first:])
