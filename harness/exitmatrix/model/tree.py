"""The processes of a run as a tree, and what to call them.

Names come from structure alone, which a run without the probe shows too: who
started whom, who runs the same program, who holds a listening socket. No pid
and no name of a package takes part.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set

from exitmatrix.model.launching import programs_of
from exitmatrix.model.node import Node, alike, forks_for, spawned

MAIN, MASTER = "main", "master"
"""The program's first process, without others of it and with them."""

FIRST, GROUP, ALL, SERVING, LEAF = "first", "group", "all", "serving", "leaf"
PLACES: Mapping[str, str] = {
    FIRST: "the process that was started first",
    GROUP: "the process group of the first process",
    ALL: "every process of the tree",
    SERVING: "a process that waits for connections, or else holds a listening socket, and has no"
    " child that does; else a leaf",
    LEAF: "a process of the program that has started no other of it",
}
"""Targets that name a place in the tree; any other target is a role."""

_NUMBER = re.compile(r"#\d+\Z")


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
        return programs_of(node, self.children) if node is not None else ()

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

    def _find_family(self) -> set[int]:
        """The program's processes: itself, and below it what runs the same program."""
        found = {app.pid for app in self.apps}
        for node in self.nodes:  # parents come before their children
            if self._is_again(node) and any(alike(node, app) for app in self.apps):
                found.add(node.pid)
            parent = self.by_pid.get(node.parent)
            if parent is None or not self._is_of(parent, found):
                continue
            if node.forked or spawned(node) or alike(node, parent):
                found.add(node.pid)
        return found

    def _is_of(self, parent: Node, found: set[int]) -> bool:
        """Whether what a process forks is the program's: it is of it, or forks for it."""
        return parent.pid in found or (forks_for(parent) and parent.parent in found)

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
            return self._base(above) if above and spawned(node) else node.name
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
            elif forks_for(one):
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
                found = self.serving(alive) or self._leaves(alive)
            case "leaf":
                found = self._leaves(alive)
            case _:
                exact = [node for node in alive if self.roles[node.pid] == target]
                found = exact or [node for node in alive if base_of(self.roles[node.pid]) == target]
                # Which of the two it is may depend on the moment; who names one means this process.
                if not found and target in (MAIN, MASTER):
                    found = [node for node in self.apps if node.pid in living]
        return [node.pid for node in found[:1]]

    def serving(self, alive: Sequence[Node]) -> list[Node]:
        """Who waits for connections, or else holds a listening socket, and has no child that does.

        Of the program, if any of it does.
        """
        serves = {node.pid for node in alive if node.accepts} or {
            node.pid for node in alive if node.listens
        }
        found = [
            node
            for node in alive
            if node.pid in serves - self.launchers and not self._is_above(node, serves)
            if not forks_for(node)  # which serves the program alone
        ]
        return [node for node in found if node.pid in self.family] or found

    def _leaves(self, alive: Sequence[Node]) -> list[Node]:
        """Those of the program that have started no other of it that is still there."""
        ours = [node for node in alive if node.pid in self.family]
        return [node for node in ours if not any(one in ours for one in self._family_below(node))]

    def _is_above(self, node: Node, pids: Set[int]) -> bool:
        """Whether a child of its family, or of another program's, is one of these."""
        below = self._family_below(node) if node.pid in self.family else self.children(node)
        return any(one.pid in pids for one in below)


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
