"""Which part of the tests runs where nobody asks for all: `make test` has six minutes.

A test that runs on each Python of the machine runs on three: the newest CPython, in turn the oldest
one and the newest PyPy, and one of the others, which is the next one for the next test of its file;
but for one that is marked `everywhere`. Long lists of cases are cut by `every`. `make whole` runs
all, and so does naming a test by its id.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, TypeVar
from zlib import crc32

import pytest
from exitmatrix.model import Interpreter
from exitmatrix.plan.schedule import spread

T = TypeVar("T")

WHOLE = os.environ.get("EXITMATRIX_TESTS") == "whole"


def every(step: int, cases: Sequence[T], start: int = 0) -> Sequence[T]:
    """Every so many cases, or all of them where the whole is asked for."""
    return cases if WHOLE else cases[start::step]


def pythons(found: Mapping[str, Interpreter], number: int) -> set[str]:
    """The ids of those that the test with this number in its file runs on."""
    by_age = sorted(found.values(), key=lambda one: (one.language, one.implementation_version))
    cpythons = [one.id for one in by_age if one.implementation == "cpython"]
    pypys = [one.id for one in by_age if one.implementation == "pypy"]
    newest, in_turn = cpythons[-1:], [*cpythons[:1], *pypys[-1:]]
    others = [one.id for one in by_age if one.id not in (*newest, *in_turn)]
    return {*newest, *_turn(in_turn, number), *_turn(others, number)}


def _turn(ids: Sequence[str], number: int) -> Sequence[str]:
    """The one of them whose turn it is, if there are any."""
    return ids[number % len(ids) :][:1] if ids else ids


def some_of(found: Mapping[str, Interpreter], test: str) -> list[Interpreter]:
    """Those that one test runs on, in turn with the others, or all where the whole is asked for."""
    chosen = set(found) if WHOLE else pythons(found, crc32(test.encode()))
    return [one for id, one in found.items() if id in chosen]


def split(
    items: Sequence[pytest.Item], found: Mapping[str, Interpreter]
) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """The tests of the part, and the others.

    A test that none of the chosen Pythons can run keeps all that can.
    """
    numbers: dict[str, dict[str, int]] = {}
    cases: dict[str, set[str]] = {}
    case_of: dict[str, tuple[str, str]] = {}
    for item in items:
        id = python_of(item)
        if id is None or id not in found:
            continue
        file = item.nodeid.partition("::")[0]
        test = item.nodeid.partition("[")[0]
        numbers.setdefault(file, {}).setdefault(test, len(numbers[file]))
        case = item.nodeid.replace(id, "")
        cases.setdefault(case, set()).add(id)
        case_of[item.nodeid] = case, id
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        if item.nodeid in case_of:
            case, id = case_of[item.nodeid]
            file, test = item.nodeid.partition("::")[0], item.nodeid.partition("[")[0]
            chosen = pythons(found, numbers[file][test]) & cases[case] or cases[case]
            (kept if id in chosen else left_out).append(item)
        else:
            kept.append(item)
    return kept, left_out


WAITING = tuple(f"tests/ownapp/test_{name}.py" for name in ("plugin", "readiness", "run", "shared"))
"""Where most tests wait for seconds, for what a program does after a while."""


def waits(item: pytest.Item) -> bool:
    """Whether a test mostly waits."""
    return item.nodeid.startswith(WAITING)


def dealt(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Those that wait stand among the others, mixed, and a tenth of the others after them all.

    Those that wait side by side, or alone at the end, leave the processor to nobody; and some files
    have the longest.
    """
    waiting = sorted(filter(waits, items), key=lambda one: crc32(one.nodeid.encode()))
    others = [one for one in items if not waits(one)]
    last = len(others) - len(others) // 10
    return spread([*waiting, *others[:last]], waits) + others[last:]


def python_of(item: pytest.Item) -> str | None:
    """The Python that a test is a case of, where all that differs is the Python."""
    given = parameters(item)
    python = given.get("python", given.get("interpreter_id"))
    if "scenario" in given or any(map(item.get_closest_marker, ("blind", "everywhere"))):
        return None  # it chooses by itself
    if isinstance(python, Interpreter):
        return python.id
    return python if isinstance(python, str) else None


SHARED = (
    ("rules", "saved_verdicts", "site"),  # what the laws foresee of all records
    ("check", "regression", "replacements"),  # two cells that are measured
    *(("exchange",), ("drafts",), ("fidelity",), ("publication",), ("tour",), ("zipapp",)),
)
TOGETHER = {f"tests/test_{name}.py": names[0] for names in SHARED for name in names}
"""Files whose tests share what takes seconds to make, each with the name of its group."""

BY_CASE = {"tests/test_probe.py"}
"""Files whose tests share the runs of a case."""


def group_of(id: str) -> str:
    """By its node id, the group that one worker runs: most tests are alone in theirs.

    Not by pytest's mark `xdist_group`: pytest-xdist 3.8.0 writes the group into an attribute that
    pytest 9.2 no longer makes node ids from, and so no test has one.
    """
    file, _, test = id.partition("::")
    if file in TOGETHER:
        return TOGETHER[file]
    case = test.partition("[")[2]
    return f"{file}[{case}" if file in BY_CASE and case else id


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Deal tests out by these groups, where they go by groups."""
    if config.getvalue("dist") != "loadgroup":
        return None
    scheduling: Any = import_module("xdist.scheduler").LoadScopeScheduling

    class Groups(scheduling):  # type: ignore[misc]
        """By groups; and a worker that dies fails one test, where xdist 3.8.0 waits for ever.

        It queues the groups again that are done, and gives one group to the worker that takes the
        place of the dead one. A worker begins a test when it knows the next, or that there is none.
        """

        def _split_scope(self, id: str) -> str:
            return group_of(id)

        def schedule(self) -> None:
            super().schedule()
            for node in self.nodes:
                self._reschedule(node)

        def remove_node(self, node: object) -> str | None:
            """Queue what a worker had not begun; returns the test that it died in, if any."""
            groups: dict[str, dict[str, bool]] = self.assigned_work.pop(node)
            left = [(group, id) for group in groups.values() for id in group if not group[id]]
            if not left:
                return None
            group, died_in = left[0]
            group[died_in] = True
            self.workqueue.update({n: one for n, one in groups.items() if not all(one.values())})
            for other in self.nodes:
                self._reschedule(other)
            return died_in

    return Groups(config, log)


def parameters(item: pytest.Item) -> Mapping[str, object]:
    """What a test is a case of."""
    call = getattr(item, "callspec", None)
    return call.params if call else {}
