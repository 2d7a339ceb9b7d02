"""What was learnt from generated programs: boundaries, and witnesses against damaged laws."""

from __future__ import annotations

from pathlib import Path

import pytest
from exitmatrix.cli.learnt import write_page
from exitmatrix.cli.neighbours import adjacent
from exitmatrix.judge.damage import Damage, moved_boundaries, notices, removed_laws
from exitmatrix.judge.laws import LAWS
from exitmatrix.judge.profile import profile
from exitmatrix.judge.programs import compare, responsible
from exitmatrix.machine.store.programs import read_batches, read_boundaries, read_witnesses
from exitmatrix.model.execution import Execution, Exit, Seen
from exitmatrix.model.language import Code, Raise

REPORTS = Path(__file__).parent.parent / "reports"
BATCHES = read_batches(REPORTS)
BOUNDARIES = read_boundaries(REPORTS)
WITNESSES = {one.damage: one for one in read_witnesses(REPORTS)}
PROFILES = {id: profile(about) for one in BATCHES for id, about in one.pythons.items()}
NOT_SAID = "the generator has no word for it; cells of the matrix need the law"
NOT_TOLD = "Python 2 tells nothing of a flush at the end that fails, be it the first or the second"
A_RACE = "that it waits is among what a PyPy that perhaps waits may show"
WITHHELD = "what PyPy 3.7 does is withheld, as it depends on when memory is collected"
NOT_MEASURED = "what follows is withheld where it breaks"
TOO_RARE = "what it allows was seen once in some hundred runs; test_bare.py measures its cause"
UNNOTICED = {
    "thread_end_loads of cpython-2.7.18 as on cpython-3.6.15": TOO_RARE,
    "thread_end_loads of cpython-3.6.15 as on cpython-2.7.18": TOO_RARE,
    "thread_end_loads of cpython-3.9.2 as on cpython-3.9.18": TOO_RARE,
    "thread_end_loads of cpython-3.9.18 as on cpython-3.9.2": TOO_RARE,
    "without reloader-sigterm": NOT_SAID,
    "without child-starts": NOT_SAID,
    "without thread-that-forks-takes-a-signal": NOT_SAID,
    "without library-is-imported": NOT_SAID,
    "keeps_unwritten of cpython-2.7.18 as on cpython-3.6.15": NOT_TOLD,
    "keeps_unwritten of pypy-2.7.18-7.3.3 as on pypy-3.7.10-7.3.5": NOT_TOLD,
    "wakes_closed_pools of pypy-3.7.10-7.3.5 as on pypy-3.9.16-7.3.11": WITHHELD,
    "spawns_executors of pypy-3.9.16-7.3.11 as on pypy-3.11.17-8.0.1": NOT_MEASURED,
    "waits_for_threads of pypy-3.7.10-7.3.5 as on pypy-2.7.18-7.3.3": A_RACE,
    "waits_for_threads of pypy-3.9.16-7.3.11 as on pypy-3.11.17-8.0.1": A_RACE,
}
"""Damages that no program has shown yet, and why."""

NOTHING = Seen(processes=(Execution((), (), Exit()),))


def test_a_reason_is_what_makes_the_difference() -> None:
    """Much differs between 3.7 and 3.8; here it is how an uncaught KeyboardInterrupt ends."""
    code = Code(body=(Raise("KeyboardInterrupt"),))
    older, newer = PROFILES["cpython-3.7.16"], PROFILES["cpython-3.8.18"]
    assert [one.name for one in responsible(code, older, newer)] == ["interrupted_end"]
    assert responsible(Code(body=()), older, newer) == ()


def test_no_program_on_the_page_is_mispredicted() -> None:
    """The page says of each batch how much was run; nothing of it contradicts the laws."""
    assert BATCHES
    assert sum(one.mispredicted for one in BATCHES) == 0


@pytest.mark.parametrize("place", range(len(BOUNDARIES)))
def test_both_sides_of_a_boundary_are_predicted(place: int) -> None:
    """What is committed is what the laws foresee, on the one Python and on the other."""
    one = BOUNDARIES[place]
    assert one.shows[0] != one.shows[1]
    for id, seen in zip((one.left, one.right), one.shows, strict=True):
        assert compare(one.program, PROFILES[id], seen).word == "match"


DAMAGES = [
    *removed_laws(),
    *moved_boundaries(
        PROFILES, adjacent({id: about for one in BATCHES for id, about in one.pythons.items()})
    ),
]


@pytest.mark.parametrize("damage", DAMAGES, ids=[one.name.replace(" ", "-") for one in DAMAGES])
def test_no_law_is_damaged_unnoticed(damage: Damage) -> None:
    """Without a law, or with a boundary moved by one, what some program showed is not foreseen."""
    if damage.name in UNNOTICED:
        assert damage.name not in WITNESSES
        return
    one = WITNESSES[damage.name]
    assert compare(one.program, PROFILES[one.python], one.shows).word == "match"
    assert notices(one.program, PROFILES[one.python], one.shows, damage)


def test_boundaries_have_reasons() -> None:
    """Of ten, nine at least are told apart by a parameter of the laws."""
    told = [responsible(one.program, PROFILES[one.left], PROFILES[one.right]) for one in BOUNDARIES]
    assert sum(map(bool, told)) >= 0.9 * len(told)


def test_what_nobody_notices_is_a_damage() -> None:
    """The list of exceptions names nothing else."""
    assert set(UNNOTICED) <= {one.name for one in DAMAGES}


def test_a_damage_is_no_damage_where_it_changes_nothing() -> None:
    """Only the laws that a program uses are missed by it."""
    code = Code(body=())
    profile_here = PROFILES["cpython-3.13.0"]
    used = compare(code, profile_here, NOTHING)
    assert used.word == "match"
    missed = {
        damage.law for damage in removed_laws() if notices(code, profile_here, NOTHING, damage)
    }
    assert missed == set(used.rules)
    assert len(missed) < len(LAWS) / 4


def test_the_page_is_derived_from_what_is_committed(tmp_path: Path) -> None:
    """Nothing on it was written by hand."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for file in (REPORTS / "programs").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    write_page(tmp_path)
    assert (tmp_path / "boundaries.md").read_bytes() == (REPORTS / "boundaries.md").read_bytes()
