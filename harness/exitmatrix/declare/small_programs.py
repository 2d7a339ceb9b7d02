"""All small programs: up to three handlers with one act each, under every ending. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

from exitmatrix.model.language import (
    Abort,
    Code,
    Exec,
    Fork,
    Function,
    Handle,
    LibcExit,
    OsExit,
    Raise,
    Register,
    Signal,
    StartThread,
    Statement,
    SysExit,
    Unregister,
    Write,
)

HANDLERS = ("A", "B", "C")
NEW = "D"  # a function that nothing has registered

ACTS: dict[str, Callable[[str, str], tuple[Statement, ...]]] = {
    "nothing": lambda _me, _other: (),
    "raise": lambda _me, _other: (Raise("RuntimeError"),),
    "sys.exit": lambda _me, _other: (SysExit(4),),
    "os._exit": lambda _me, _other: (OsExit(5),),
    "register": lambda _me, _other: (Register(NEW),),
    "unregister another": lambda _me, other: (Unregister(other),),
    "unregister itself": lambda me, _other: (Unregister(me),),
    "thread": lambda _me, _other: (StartThread((Register(NEW),)),),
    "fork": lambda _me, _other: (Fork(),),
}
"""What one handler of a small program does; the other is the one registered before it."""

ENDINGS: dict[str, tuple[Statement, ...]] = {
    "return": (),
    "sys.exit 0": (SysExit(0),),
    "sys.exit 3": (SysExit(3),),
    "sys.exit text": (SysExit("a message"),),
    "raise": (Raise("RuntimeError"),),
    "KeyboardInterrupt": (Raise("KeyboardInterrupt"),),
    "os._exit": (OsExit(7),),
    "abort": (Abort(),),
    "exec": (Exec(0),),
    "C exit": (LibcExit("exit", 5),),
    "SIGTERM": (Signal("SIGTERM"),),
    "SIGTERM handled": (Handle("SIGTERM", "S"), Signal("SIGTERM")),
    "SIGINT": (Signal("SIGINT"),),
    "SIGKILL": (Signal("SIGKILL"),),
    "fork": (Fork(),),
    "thread: sys.exit": (StartThread((SysExit(3),)),),
}
"""How a small program ends, after it has written something and registered its handlers."""

ON_SIGTERM = Function("S", (SysExit(6),))


def small(handlers: int = len(HANDLERS)) -> Iterator[Code]:
    """Every program of up to so many handlers with one act each, under every ending."""
    for count in range(handlers + 1):
        for acts, ending in product(product(ACTS, repeat=count), ENDINGS):
            yield _small(acts, ending)


def _small(acts: tuple[str, ...], ending: str) -> Code:
    handlers = HANDLERS[: len(acts)]
    functions = [
        Function(name, ACTS[act](name, handlers[place - 1] if handlers[1:] else NEW))
        for place, (name, act) in enumerate(zip(handlers, acts, strict=True))
    ]
    if ending == "SIGTERM handled":
        functions.append(ON_SIGTERM)
    return Code(
        body=(Write("w."), *(Register(name) for name in handlers), *ENDINGS[ending]),
        functions=tuple(functions),
    )
