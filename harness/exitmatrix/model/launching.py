"""What a process only launches: below `sh -c`, tini, timeout, uv run or a supervisor. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from exitmatrix.model.node import Node, alike, is_python, is_shell, spawned

SUPERVISORS = ("supervisord", "circusd", "honcho")
"""Launchers written in Python: by its shape alone, each could be a program that has parts."""

WAITING = ("sleep", "tail")
"""Programs by which a shell's script passes the time: the script is the program."""


@dataclass(frozen=True)
class Started:
    """A process, and what it has started that is there when the tree is ready."""

    node: Node
    below: Sequence[Node]
    children: Callable[[Node], Sequence[Node]]

    @cached_property
    def programs(self) -> Sequence[Node]:
        """What these launch in turn, or are."""
        return [app for one in self.below for app in programs_of(one, self.children)]

    @property
    def pythons(self) -> Sequence[Node]:
        """Those of the programs that run a Python."""
        return [one for one in self.programs if is_python(one)]

    @property
    def is_single(self) -> bool:
        """Whether it has started one process, as most launchers do."""
        return len(self.below) == 1


@dataclass(frozen=True)
class Structure:
    """A way in which a process may have started others."""

    what: str
    shown_by: Callable[[Started], bool]
    programs: Callable[[Started], Sequence[Node]]
    """Which processes are the program then."""


def programs_of(node: Node, children: Callable[[Node], Sequence[Node]]) -> Sequence[Node]:
    """The programs that a process launches; itself, if it is no launcher.

    `children`: those that a process has started.
    """
    started = Started(node, _started(node, children), children)
    return next(row.programs(started) for row in STRUCTURES if row.shown_by(started))


def _started(node: Node, children: Callable[[Node], Sequence[Node]]) -> Sequence[Node]:
    """What a process may be the launcher of."""
    below = [one for one in children(node) if one.at_ready and not one.gone]
    if is_shell(node):
        below = [one for one in below if one.name not in WAITING]
    if not node.unpacked and (unpacked := [one for one in below if one.unpacked]):
        return unpacked[:1]
    if node.name in SUPERVISORS:  # of which honcho forks itself for each program
        return [each for one in below for each in (children(one) if one.forked else (one,))]
    return below


def _itself(started: Started) -> Sequence[Node]:
    return (started.node,)


def _launched(started: Started) -> Sequence[Node]:
    return started.programs


def _pythons(started: Started) -> Sequence[Node]:
    return started.pythons


def _has_parts(started: Started) -> bool:
    node = started.node
    if node.listens or not started.below:
        return True
    return any(one.forked or alike(one, node) for one in started.below)


def hands_on(node: Node, child: Node) -> bool:
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


def _serves(started: Started) -> bool:
    if not started.is_single or not is_python(started.node) or _is_script(started.node):
        return False
    return any(one.listens and not spawned(one) for one in started.pythons)


def _starts_itself(started: Started) -> bool:
    node = started.node
    if not started.is_single or is_shell(node) or started.below[0].program != node.program:
        return False
    return is_python(node) or not started.pythons


def _works(started: Started) -> bool:
    if not is_python(started.node):
        return False
    return not started.is_single or _is_script(started.node) or not started.pythons


def _is_script(node: Node) -> bool:
    return node.name.endswith(".py")


STRUCTURES = (
    Structure(
        what="one file made by PyInstaller, which unpacks itself and starts what it has unpacked",
        shown_by=lambda one: not one.node.unpacked and any(each.unpacked for each in one.below),
        programs=_launched,
    ),
    Structure(
        what="a supervisor, though it listens, for its own client",
        shown_by=lambda one: one.node.name in SUPERVISORS and bool(one.pythons),
        programs=_launched,
    ),
    Structure(
        what="a program that serves, has started nothing, or has processes of its own",
        shown_by=_has_parts,
        programs=_itself,
    ),
    Structure(
        what="a launcher that was given the command: `pdm run python app.py`",
        shown_by=lambda one: one.is_single and hands_on(one.node, one.below[0]),
        programs=_launched,
    ),
    Structure(
        # A script is a program, whatever it starts; so is what goes on in a Python that it spawns.
        what="a command in Python that starts a server: `inv serve`, `nox -s serve`",
        shown_by=_serves,
        programs=_launched,
    ),
    Structure(
        # But `make all` may start `make serve`, and that a Python.
        what="a program that has started itself again, with other words",
        shown_by=_starts_itself,
        programs=_itself,
    ),
    Structure(
        # What starts a tool is no launcher of it; `conda run` and its like start a Python.
        what="a Python with work of its own: a script, or one that has started several or a tool",
        shown_by=_works,
        programs=_itself,
    ),
    Structure(
        # Of `python app.py | tee log` the one that has something to clean up is known.
        what="a shell with programs beside each other, of which some are Pythons",
        shown_by=lambda one: not one.is_single and bool(one.pythons),
        programs=_pythons,
    ),
    Structure(what="a launcher", shown_by=lambda _: True, programs=_launched),
)
"""The first row that fits decides."""
