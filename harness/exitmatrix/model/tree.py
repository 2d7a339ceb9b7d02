"""The processes of a run as a tree, and what to call them.

Names come from structure alone, which a run without the probe shows too: who
started whom, who runs the same program, who holds a listening socket. No pid
and no name of a package takes part.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from exitmatrix.model.base import Frozen

MAIN, MASTER = "main", "master"
"""The program's first process, without others of it and with them."""

FIRST, GROUP, ALL, SERVING, LEAF = "first", "group", "all", "serving", "leaf"
PLACES: Mapping[str, str] = {
    FIRST: "the process that was started first",
    GROUP: "the process group of the first process",
    ALL: "every process of the tree",
    SERVING: "a process that holds a listening socket and has no child that does; else a leaf",
    LEAF: "a process of the program that has started no other of it",
}
"""Targets that name a place in the tree; any other target is a role."""

SHELLS = ("sh", "dash", "bash", "busybox", "zsh", "ksh")

SUPERVISORS = ("supervisord", "circusd", "honcho")
"""Launchers written in Python: by its shape alone, each could be a program that has parts."""

WAITING = ("sleep", "tail")
"""Programs by which a shell's script passes the time: the script is the program."""

SCRIPTED = re.compile(r"(?:perl|ruby|node|tclsh|expect)[\d.]*")
"""Programs that go by the file that they run: parallel, ts and unbuffer are such files."""

SPAWNED = re.compile(
    r"--multiprocessing-fork"  # Lib/multiprocessing/spawn.py, get_command_line, of a frozen program
    r"|from [\w.]+ import spawn_main;.*"  # the same, and hupper/ipc.py, get_command_line
    r"|import sys;exec\(eval\(sys\.stdin\.readline\(\)\)\)",  # execnet/gateway_io.py
    re.DOTALL,
)
"""Words by which a program has another Python go on with it; they stand for the program."""

FORK_SERVER = "multiprocessing.forkserver"
"""A helper of a program whose forks are the program's: Lib/multiprocessing/forkserver.py."""

_IMPORTED = re.compile(r"(?:\A\s*|;\s*(?=from multiprocessing\b))from\s+(\S+)")
"""`from multiprocessing.spawn import ...`; the fork server of 3.14.10 imports sys before it."""

_TITLE = re.compile(r"\(?([A-Za-z][\w.+-]*)(?=[^/]*\s)")
"""Several words in one, and no path before the first blank: `nginx: master process nginx`."""

_NUMBER = re.compile(r"#\d+\Z")


class Node(Frozen, kw_only=True):
    """One process of a tree, as the kernel shows it."""

    pid: int
    parent: int  # who started it; the parent that it had when it was first seen
    words: tuple[str, ...] = ()  # its command line
    title: tuple[str, ...] = ()  # what it has written over that since
    program: str = ""  # the file that it runs: where /proc/PID/exe leads
    forked: bool = False  # it runs in a copy of its parent's memory: a fork without an exec
    listens: bool = False  # it holds a listening socket
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
        return _is_shell(self) and any(re.search(r"(?<!\|)\|(?!\|)", one) for one in self.words)

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


def _spawned(node: Node) -> bool:
    """Whether it is a child of the program in a Python that was started anew."""
    return any(map(SPAWNED.fullmatch, node.words))


class Tree:
    """Nodes in the order in which they were seen, parents before their children."""

    def __init__(self, nodes: Sequence[Node], named: Mapping[str, str] = {}) -> None:
        """`named`: roles that the user gives, each with an expression for a command line."""
        self.nodes = tuple(nodes)
        self.by_pid = {node.pid: node for node in nodes}
        self._children: dict[int, list[Node]] = {}
        for node in nodes:
            self._children.setdefault(node.parent, []).append(node)
        self.apps = tuple(self._find_apps())
        self.launchers = self._find_launchers()
        self.family = self._find_family()
        self.roles = self._name(named)

    def children(self, node: Node) -> Sequence[Node]:
        """Those that it started."""
        return self._children.get(node.pid, ())

    @property
    def first(self) -> Node | None:
        """The process that was started first, of those that were there when the tree was ready."""
        return next((node for node in self.nodes if not node.gone), None)

    @property
    def app(self) -> Node | None:
        """The program itself; of several that were started beside each other, the first."""
        return next(iter(self.apps), None)

    def _find_apps(self) -> Sequence[Node]:
        """The program itself, below what only launches it: sh, tini, timeout, uv run.

        Several where a launcher has several children: `sh -c 'web & worker & wait'`.
        """
        node = self.first
        if node is not None and node.starter:
            node = next(self._started_by(node), node)
        return self._launched_by(node) if node is not None else ()

    def _launched_by(self, node: Node) -> Sequence[Node]:
        """What a process only launches, or itself.

        A launcher runs another program than its children, and serves nobody. A Python with several
        children is no launcher: it has work of its own for them.
        """
        below = [one for one in self.children(node) if one.at_ready and not one.gone]
        if _is_shell(node):
            below = [one for one in below if one.name not in WAITING]
        unpacked = [one for one in below if one.unpacked and not node.unpacked]
        if unpacked:
            return self._launched_by(unpacked[0])
        if node.name in SUPERVISORS:
            # honcho forks itself for each program.
            started = [e for one in below for e in (self.children(one) if one.forked else (one,))]
            programs = [app for one in started for app in self._launched_by(one)]
            if any(is_python(one) for one in programs):
                return programs
        if node.listens or not below or any(one.forked or self._alike(one, node) for one in below):
            return (node,)
        if len(below) == 1:
            if _hands_on(node, below[0]):
                return self._launched_by(below[0])
            found = list(self._launched_by(below[0]))
            if _serves_for(found, node):
                return found
            again = below[0].program == node.program and not _is_shell(node)
            if again and (is_python(node) or not any(is_python(one) for one in found)):
                return (node,)  # but `make all` may start `make serve`, and that a Python
            # What starts a tool is no launcher of it; `conda run` and its like start a Python.
            # A script of Python may do so too, as one part of its work.
            own = is_python(node) and (
                node.name.endswith(".py") or not any(is_python(one) for one in found)
            )
            return (node,) if own else found
        if is_python(node):
            return (node,)
        found = [app for one in below for app in self._launched_by(one)]
        # Of `python app.py | tee log` the one that has something to clean up is known.
        return [one for one in found if is_python(one)] or found

    def _find_launchers(self) -> set[int]:
        """Those through which the program was started: from the first process down to it."""
        found: set[int] = set()
        for app in self.apps:
            node = app
            while (above := self.by_pid.get(node.parent)) and not above.gone:
                found.add(above.pid)
                node = above
        return found

    @property
    def beside(self) -> set[int]:
        """Other programs that a launcher has started beside this one: `python app.py | tee log`."""
        return {
            node.pid
            for node in self.nodes
            if node.parent in self.launchers and node.at_ready and not node.gone
            if node.pid not in self.family and node.pid not in self.launchers
        }

    def _started_by(self, starter: Node) -> Iterator[Node]:
        """What a launcher started, past its own workers and their trackers."""
        for node in self.children(starter):
            if node.gone or not node.at_ready:
                continue
            if node.starter or any("multiprocessing." in word for word in node.words):
                yield from self._started_by(node)
            else:
                yield node

    @staticmethod
    def _alike(one: Node, other: Node) -> bool:
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

    def _find_family(self) -> set[int]:
        """The program's processes: itself, and below it what runs the same program."""
        found = {app.pid for app in self.apps}
        for node in self.nodes:  # parents come before their children
            if self._is_again(node) and any(self._alike(node, app) for app in self.apps):
                found.add(node.pid)
            parent = self.by_pid.get(node.parent)
            if parent is None or not self._is_of(parent, found):
                continue
            if node.forked or _spawned(node) or self._alike(node, parent):
                found.add(node.pid)
        return found

    def _is_of(self, parent: Node, found: set[int]) -> bool:
        """Whether what a process forks is the program's: it is of it, or forks for it."""
        return parent.pid in found or (_forks_for(parent) and parent.parent in found)

    def _is_again(self, node: Node) -> bool:
        """Whether a launcher has started it in the place of the program."""
        return node.parent in self.launchers and not node.at_ready

    def _name(self, named: Mapping[str, str]) -> dict[int, str]:
        bases: dict[int, str] = {}
        for node in self.nodes:
            if node.gone:
                continue
            for name, expression in named.items():
                if any(re.search(expression, " ".join(one)) for one in (node.words, node.title)):
                    bases[node.pid] = name
                    break
            else:
                bases[node.pid] = self._base(node)
        return _numbered(bases)

    def _base(self, node: Node) -> str:
        if node.pid not in self.family:
            above = self.by_pid.get(node.parent)
            return self._base(above) if above and _spawned(node) else node.name
        if next(self._family_below(node), None):
            return MASTER
        if node not in self.apps and not self._is_again(node):
            return "worker"
        return MAIN if len(self.apps) == 1 else node.name

    def _family_below(self, node: Node) -> Iterator[Node]:
        """Those of the program that it started, be it through a fork server or one that is gone."""
        for one in self.children(node):
            if one.pid in self.family:
                yield from self._family_below(one) if one.gone else (one,)
            elif _forks_for(one):
                yield from self._family_below(one)

    def pids(self, target: str, living: Sequence[int]) -> list[int]:
        """The living processes that a target names; [] where it names none of them.

        Of several that serve, and of several leaves, it is the first: workers that
        are alike are interchangeable.
        """
        alive = [node for node in self.nodes if node.pid in living and not node.gone]
        match target:
            case "first":
                found = [node for node in alive if node is self.first]
            case "group" | "all":
                return [node.pid for node in alive]
            case "serving":
                found = [node for node in alive if node.listens and not self._serves_below(node)]
                found = [node for node in found if node.pid not in self.launchers]
                found = [node for node in found if not _forks_for(node)]  # serves the program alone
                found = [node for node in found if node.pid in self.family] or found
                found = found or self._leaves(alive)
            case "leaf":
                found = self._leaves(alive)
            case _:
                exact = [node for node in alive if self.roles[node.pid] == target]
                found = exact or [node for node in alive if base_of(self.roles[node.pid]) == target]
                # Which of the two it is may depend on the moment; who names one means this process.
                if not found and target in (MAIN, MASTER):
                    found = [node for node in self.apps if node.pid in living]
        return [node.pid for node in found[:1]]

    def _leaves(self, alive: Sequence[Node]) -> list[Node]:
        """Those of the program that have started no other of it that is still there."""
        ours = [node for node in alive if node.pid in self.family]
        return [node for node in ours if not any(one in ours for one in self._family_below(node))]

    def _serves_below(self, node: Node) -> bool:
        """Whether a child of its family, or of another program's, holds a listening socket too."""
        below = self._family_below(node) if node.pid in self.family else self.children(node)
        return any(one.listens for one in below)


def _forks_for(node: Node) -> bool:
    """Whether it is the fork server itself, and not what that has forked."""
    return node.name == FORK_SERVER and not node.forked


def _hands_on(node: Node, child: Node) -> bool:
    """Whether a command line ends with that of the child, or has it in one word.

    `pdm run python app.py`, `watchfiles 'python app.py' src`.
    """
    count = len(child.words)
    given = [node.words[-count:]] if 1 < count < len(node.words) else []
    given += [tuple(word.split()) for word in node.words[1:] if " " in word]
    return any(
        len(one) == count
        and PurePosixPath(one[0]).name == PurePosixPath(child.words[0]).name
        and one[1:] == child.words[1:]
        for one in given
    )


def _serves_for(apps: Sequence[Node], command: Node) -> bool:
    """Whether what a command has started is a Python that listens: `inv serve`, `nox -s serve`.

    A script is a program, whatever it starts; so is what goes on in a Python that it spawns.
    """
    if not is_python(command) or command.name.endswith(".py"):
        return False
    return any(one.listens and is_python(one) and not _spawned(one) for one in apps)


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


def _is_shell(node: Node) -> bool:
    return PurePosixPath(node.program).name in SHELLS


def _numbered(bases: Mapping[int, str]) -> dict[int, str]:
    """`worker#1`, `worker#2`: those that share a name are counted in order of appearance."""
    several = {name for name, times in Counter(bases.values()).items() if times > 1}
    count: dict[str, int] = {}
    names: dict[int, str] = {}
    for pid, name in bases.items():
        count[name] = count.get(name, 0) + 1
        names[pid] = f"{name}#{count[name]}" if name in several else name
    return names


def base_of(role: str) -> str:
    """`worker` for `worker#2`."""
    return _NUMBER.sub("", role)
