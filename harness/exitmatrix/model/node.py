"""One process as the kernel shows it, and what its command line says. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from exitmatrix.model.base import Frozen

SHELLS = ("sh", "dash", "bash", "busybox", "zsh", "ksh")

SCRIPTED = re.compile(r"(?:perl|ruby|node|tclsh|expect)[\d.]*")
"""Programs that go by the file that they run: parallel, ts and unbuffer are such files."""

SPAWNED = re.compile(
    r"--multiprocessing-fork"  # Lib/multiprocessing/spawn.py, get_command_line, of a frozen program
    r"|from [\w.]+ import spawn_main;.*"  # the same, and hupper/ipc.py, get_command_line
    r"|import sys;exec\(eval\(sys\.stdin\.readline\(\)\)\)",  # execnet/gateway_io.py
    re.DOTALL,
)
"""Words by which a program has another Python go on with it; they stand for the program."""

FORK_SERVER_MODULE = "multiprocessing.forkserver"
"""A helper of a program whose forks are the program's: Lib/multiprocessing/forkserver.py."""

_IMPORTED = re.compile(r"(?:\A\s*|;\s*(?=from multiprocessing\b))from\s+(\S+)")
"""`from multiprocessing.spawn import ...`; the fork server of 3.14.10 imports sys before it."""

_TITLE = re.compile(r"\(?([A-Za-z][\w.+-]*)(?=[^/]*\s)")
"""Several words in one, and no path before the first blank: `nginx: master process nginx`."""


class Node(Frozen, kw_only=True):
    """One process of a tree, as the kernel shows it."""

    pid: int
    parent: int  # who started it; the parent that it had when it was first seen
    words: tuple[str, ...] = ()  # its command line
    title: tuple[str, ...] = ()  # what it has written over that since
    program: str = ""  # the file that it runs: where /proc/PID/exe leads
    forked: bool = False  # it runs in a copy of its parent's memory: a fork without an exec
    listens: bool = False  # it holds a listening socket
    accepts: bool = False  # it waited for connections when the tree was ready to be ended
    at_ready: bool = True  # it had been seen when the tree was ready to be ended
    copied: float = 0.0  # seconds from the first to the last look at which it was as its parent
    init: bool = False  # it is the first process of a PID namespace
    starter: bool = False  # it runs the launcher that was asked for, which is a Python program too
    unpacked: bool = False  # one file that PyInstaller made, started by itself when it was unpacked
    gone: bool = False  # and had ended by then: it takes no part in what follows
    catches: tuple[str, ...] = ()  # signals that it had a handler for, when the tree was ready
    ignores: tuple[str, ...] = ()  # signals that it ignored then

    @property
    def pipes(self) -> bool:
        """Whether it is a shell whose command line has a pipe."""
        return is_shell(self) and any(re.search(r"(?<!\|)\|(?!\|)", one) for one in self.words)

    @property
    def name(self) -> str:
        """What to call the program: the module of `-m` and `-c`, else the file."""
        return program_name(self.words) or PurePosixPath(self.program).name or "unnamed"


def program_name(words: Sequence[str]) -> str:
    """A stable name for a command line.

    `python -c "from multiprocessing.resource_tracker import main;main(5)"` is
    `multiprocessing.resource_tracker`, `python -m http.server` is `http.server`,
    `python app.py` is `app.py`, and `/bin/sh -c ...` is `sh`. Of a title that it gave to itself,
    `dask worker [tcp://127.0.0.1:40649]`, it is the first word.
    """
    if not words:
        return ""
    if title := _TITLE.match(words[0]):
        return title[1]
    first = PurePosixPath(words[0]).name
    if SCRIPTED.fullmatch(first):
        script = next((word for word in words[1:] if not word.startswith("-")), first)
        return PurePosixPath(script).name
    if not first.startswith(("python", "pypy")):
        return first
    for place, word in enumerate(words[1:], start=1):
        rest = words[place + 1 :]
        if word == "-m" and rest:
            return rest[0]
        if word == "-c":
            found = _IMPORTED.search(rest[0]) if rest else None
            return found[1] if found else first
        if not word.startswith("-"):
            return PurePosixPath(word).name
    return first


def spawned(node: Node) -> bool:
    """Whether it is a child of the program in a Python that was started anew."""
    return any(map(SPAWNED.fullmatch, node.words))


def forks_for(node: Node) -> bool:
    """Whether it is the fork server itself, and not what that has forked."""
    return node.name == FORK_SERVER_MODULE and not node.forked


def alike(one: Node, other: Node) -> bool:
    """Whether they run one program, whatever the Python is called by and is told besides.

    `python manage.py runserver` is started again by its reloader as
    `/venv/bin/python -W default manage.py runserver`, and by that of Werkzeug 2.0 `python
    app.py` as `/venv/bin/python /srv/app.py`.
    """
    if one.program != other.program or not one.words:
        return False
    own, others = _past_options(one.words), _past_options(other.words)
    if not own or not others:
        return one.words == other.words
    return own[1:] == others[1:] and _same_file(own[0], others[0])


def _past_options(words: Sequence[str]) -> tuple[str, ...]:
    """What a command line runs, past the program's name and the options before it."""
    rest = list(words[1:])
    while rest and rest[0].startswith("-") and rest[0] not in ("-m", "-c", "-"):
        del rest[: 2 if rest[0] in ("-W", "-X") else 1]
    return tuple(rest)


def _same_file(one: str, other: str) -> bool:
    """Whether two words may name one file: one of them from the root, the other from below."""
    short, long = sorted((one, other), key=len)
    return one == other or (long.startswith("/") and long.endswith(f"/{short.removeprefix('./')}"))


def is_python(node: Node) -> bool:
    """Whether it runs a Python, by the name of its file."""
    return PurePosixPath(node.program).name.startswith(("python", "pypy"))


def is_shell(node: Node) -> bool:
    """Whether it runs a shell, by the name of its file."""
    return PurePosixPath(node.program).name in SHELLS
