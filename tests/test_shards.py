"""`--shard`: a plan in parts for several machines, and the files of the parts as one record."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from exitmatrix.declare.stacks import STACKS, applies
from exitmatrix.machine.store.records import read_records
from exitmatrix.model import Question
from exitmatrix.plan.cells import Selection, plan
from exitmatrix.plan.shards import Shard, balanced, costs, of_shard
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import FOUND, LOADED
from tests.support.command import measure, run
from tests.support.part import every

SCENARIOS = list(LOADED.values())
EVERYTHING = Selection()


@given(weights=st.lists(st.integers(1, 100), max_size=60), parts=st.integers(1, 9))
def test_each_question_is_in_one_part(weights: list[int], parts: int) -> None:
    """None is lost, none is measured twice."""
    asked = {Question("s", "direct", f"T{n}", "main"): one for n, one in enumerate(weights)}
    held = balanced(asked, parts)
    assert len(held) == parts
    assert sorted(one for part in held for one in part) == sorted(asked)


@pytest.mark.parametrize("parts", [2, 3, 4, 8])
def test_parts_cost_about_the_same(parts: int) -> None:
    """Of all that there is to measure: the dearest is at most a tenth above the mean."""
    weights = costs(SCENARIOS, EVERYTHING)
    sums = [sum(weights[one] for one in part) for part in balanced(weights, parts)]
    assert max(sums) <= 1.1 * sum(sums) / parts


def test_the_parts_of_a_plan_are_the_plan() -> None:
    """Every cell of every Python here is in one of them, and the cells of a question together."""
    planned = plan(list(FOUND.values()), SCENARIOS, STACKS, applies)
    parts = [of_shard(planned, SCENARIOS, EVERYTHING, Shard(n, 3)).cells for n in (1, 2, 3)]
    assert sorted(cell.id for part in parts for cell in part) == sorted(
        cell.id for cell in planned.cells
    )
    asked = [{cell.question for cell in part} for part in parts]
    assert not asked[0] & asked[1] | asked[0] & asked[2] | asked[1] & asked[2]


def test_machines_with_other_pythons_divide_alike() -> None:
    """What part a cell is in does not depend on what else is on the machine."""
    everyone = plan(list(FOUND.values()), SCENARIOS, STACKS, applies)
    for one in every(6, list(FOUND.values())):
        alone = of_shard(
            plan([one], SCENARIOS, STACKS, applies), SCENARIOS, EVERYTHING, Shard(1, 2)
        )
        mine = of_shard(everyone, SCENARIOS, EVERYTHING, Shard(1, 2))
        assert alone.cells == tuple(cell for cell in mine.cells if cell.interpreter == one.id)


@pytest.mark.parametrize("text", ["", "2", "0/2", "3/2", "1/0", "a/b", "1/2/3", "-1/2"])
def test_what_is_no_part_is_refused(text: str) -> None:
    """With words that show one."""
    with pytest.raises(ValueError, match="is not a part; write 2/8 for the second of eight"):
        Shard.parse(text)


@pytest.mark.real
def test_the_files_of_all_parts_in_one_folder_are_the_record(tmp_path: Path) -> None:
    """Under any name: what reads records reads them as if one machine had measured all."""
    words = ["--scenario", "plain", "--termination", "SIG[ITH]*"]
    whole, together = tmp_path / "whole", tmp_path / "together"
    assert measure(whole, *words).returncode == 0
    for n in ("1", "2"):
        part = tmp_path / n
        done = measure(part, *words, "--shard", f"{n}/2")
        assert done.returncode == 0, done.stderr
        assert f"shard {n}/2: " in done.stderr
        for file in part.glob("observations/*/*.jsonl"):
            copy = together / file.relative_to(part)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy.with_suffix(f".{n}.jsonl"))
    in_order = {
        place: sorted(read_records(place).popitem()[1], key=lambda one: one.cell)
        for place in (whole, together)
    }
    assert len(in_order[whole]) > 2
    assert in_order[together] == in_order[whole]


@pytest.mark.real
def test_a_wrong_part_is_one_line(tmp_path: Path) -> None:
    """Status 2, and nothing is written."""
    done = run("matrix", "--shard", "9/8", "--output", str(tmp_path / "reports"))
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "exitmatrix: --shard: '9/8' is not a part; write 2/8 for the second of eight"
    )
    assert not (tmp_path / "reports").exists()
