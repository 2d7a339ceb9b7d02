"""The laws about the findings: none is missing, and each program shows what is said of it."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import pytest
from exitmatrix.declare.libraries import LIBRARIES
from exitmatrix.declare.servers import SERVERS
from exitmatrix.judge.findings import FINDINGS, Finding
from exitmatrix.judge.laws import LAWS_BY_ID
from exitmatrix.machine import interpreters
from exitmatrix.model import Interpreter
from exitmatrix.model.cell import DIRECT
from exitmatrix.model.language import Use

from tests.conftest import LOADED
from tests.support.committed import records, verdicts
from tests.support.part import WHOLE, every


@cache
def rules_of() -> Mapping[str, set[str]]:
    """The rules that the cells of each interpreter use, by its id."""
    used: defaultdict[str, set[str]] = defaultdict(set)
    for record in records():
        used[record.interpreter_id].update(verdicts()[record.cell].rules)
    return used


def test_where_pythons_are_told_apart_by_rules_there_is_a_finding() -> None:
    """The same program, ended in the same way, follows other rules elsewhere: that is a finding.

    But for what a race decides somewhere: no single run of a program tells that apart. And for
    what servers and libraries do, and what launchers make of a signal: their facts and the profile
    name the Python since which one holds, with the source.
    """
    racy = {law.about for law in LAWS_BY_ID.values() if law.race}
    asked: defaultdict[tuple[str, ...], list[tuple[str, set[str]]]] = defaultdict(list)
    for record in records():
        if record.launcher != DIRECT or record.scenario in of_a_python():
            continue
        key = (record.stack, record.scenario, record.termination, record.target)
        asked[key].append((record.cell, set(verdicts()[record.cell].rules)))
    assert len(asked) > 50
    missing = {
        (rule, key[1:])
        for key, cells in asked.items()
        for rule in differing(rules for _, rules in cells)
        if rule in LAWS_BY_ID and LAWS_BY_ID[rule].about not in racy
        if not explained(rule, differing(rules for _, rules in cells))
    }
    assert not missing


@cache
def of_a_python() -> frozenset[str]:
    """Scenarios of a library or a server whose facts are others on other Pythons."""
    named = {
        id
        for id, some in LIBRARIES.items()
        if any(one.python or one.implementation for one in some)
    }
    servers = {id for id, some in SERVERS.items() if any(one.where for one in some)}
    return frozenset(
        one.id
        for one in LOADED.values()
        if one.server in servers
        or (
            one.program
            and any(isinstance(s, Use) and s.library in named for s in one.program.code.body)
        )
    )


def differing(sets: Iterable[set[str]]) -> set[str]:
    """The rules that some cells of one question use and others do not."""
    every = list(sets)
    return set().union(*every) - every[0].intersection(*every)


def explained(rule: str, differ: set[str]) -> bool:
    """Whether a finding is about it, or about one that differs here and has it as a consequence."""
    return any(
        rule in one.rules or (rule in one.beside and differ & set(one.rules)) for one in FINDINGS
    )


def test_a_consequence_is_no_excuse_where_its_cause_is_missing() -> None:
    """A rule that differs by itself is a finding, be it another's consequence elsewhere."""
    one = next(one for one in FINDINGS if one.beside)
    assert explained(one.beside[0], {one.beside[0], one.rules[0]})
    assert not explained(one.beside[0], {one.beside[0]})


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda one: one.id)
def test_a_finding_is_about_rules_and_a_program(finding: Finding) -> None:
    """Its rules exist, and its program is one."""
    assert finding.rules
    assert {*finding.rules, *finding.beside} <= set(LAWS_BY_ID)
    ast.parse(finding.program)
    assert finding.what.endswith("?")


@pytest.mark.parametrize("finding", every(3, FINDINGS), ids=lambda one: one.id)
def test_a_minimal_program_tells_the_behaviours_apart(finding: Finding, tmp_path: Path) -> None:
    """Pythons under the same rules show the same, and under other rules something else.

    `make whole` asks every Python, `make test` those with the lowest and the highest version under
    the same rules: of CPython, and of PyPy.
    """
    program = tmp_path / "program.py"
    program.write_text(finding.program)
    alike: defaultdict[tuple[frozenset[str], str], list[Interpreter]] = defaultdict(list)
    for python in interpreters.select(interpreters.find(()), ()):
        if python.id in rules_of():  # measured, so it is known which rules it follows
            mine = frozenset(rules_of()[python.id] & set(finding.rules))
            if not mine and len(finding.rules) > 1:
                continue  # what it asks cannot be done there: PyPy has no Py_FatalError
            alike[mine, python.implementation].append(python)
    shown: defaultdict[frozenset[str], set[object]] = defaultdict(set)
    for (mine, _), pythons in alike.items():
        by_age = sorted(pythons, key=lambda one: one.language)
        for python in by_age if WHOLE else by_age[:1] + by_age[1:][-1:]:
            shown[mine].add(_run(python.path, program, finding))
    if len(shown) < 2:
        pytest.skip("the Pythons of this machine are all alike in this")
    assert all(len(seen) == 1 for seen in shown.values()), shown
    assert len(set().union(*shown.values())) > 1, shown


def _run(python: str, program: Path, finding: Finding) -> object:
    done = subprocess.run(
        [python, "-E", str(program)], capture_output=True, text=True, timeout=30, check=False
    )
    last = "".join(done.stdout.splitlines()[-1:])
    errors = [line for line in done.stderr.splitlines() if not line.startswith(" ")]
    columns = {
        "stdout": (last,),
        "status": (done.returncode,),
        "both": (last, done.returncode),
        "stderr": tuple(re.sub(r"0x[0-9a-f]+", "0x", line) for line in errors),
    }
    return columns[finding.shown_by]
