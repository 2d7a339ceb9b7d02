"""The laws about the findings: none is missing, and each program shows what is said of it."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from exitmatrix.judge.findings import BY_RULE, FINDINGS, Finding
from exitmatrix.judge.rules import RULES_BY_ID
from exitmatrix.judge.verdict import judge
from exitmatrix.machine import interpreters

from tests.test_rules import records, scenarios


@cache
def rules_of() -> Mapping[str, set[str]]:
    """The rules that the cells of each interpreter use, by its id."""
    used: defaultdict[str, set[str]] = defaultdict(set)
    for record in records():
        told = judge(record, scenarios().get(record.scenario)).verdict
        used[record.interpreter_id].update(told.rules)
    return used


def test_where_pythons_are_told_apart_by_rules_there_is_a_finding() -> None:
    """The same program, ended in the same way, follows other rules elsewhere: that is a finding."""
    asked: defaultdict[tuple[str, ...], list[tuple[str, set[str]]]] = defaultdict(list)
    for record in records():
        told = judge(record, scenarios().get(record.scenario)).verdict
        key = (record.stack, record.scenario, record.termination, record.target)
        asked[key].append((record.cell, set(told.rules)))
    assert len(asked) > 50
    missing = {
        (rule, key[1:])
        for key, cells in asked.items()
        for rule in set().union(*(rules for _, rules in cells))
        if rule not in BY_RULE and not all(rule in rules for _, rules in cells)
    }
    assert not missing


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda one: one.id)
def test_a_finding_is_about_rules_and_a_program(finding: Finding) -> None:
    """Its rules exist, and its program is one."""
    assert finding.rules
    assert {*finding.rules, *finding.beside} <= set(RULES_BY_ID)
    ast.parse(finding.program)
    assert finding.what.endswith("?")


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda one: one.id)
def test_a_minimal_program_tells_the_behaviours_apart(finding: Finding, tmp_path: Path) -> None:
    """Pythons under the same rules show the same, and under other rules something else."""
    program = tmp_path / "program.py"
    program.write_text(finding.program)
    shown: defaultdict[frozenset[str], set[object]] = defaultdict(set)
    for python in interpreters.select(interpreters.find(()), ()):
        if python.id in rules_of():  # measured, so it is known which rules it follows
            mine = frozenset(rules_of()[python.id] & set(finding.rules))
            if not mine and len(finding.rules) > 1:
                continue  # what it asks cannot be done there: PyPy has no Py_FatalError
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
    told = {
        "stdout": (last,),
        "status": (done.returncode,),
        "both": (last, done.returncode),
        "stderr": tuple(re.sub(r"0x[0-9a-f]+", "0x", line) for line in errors),
    }
    return told[finding.tells]
