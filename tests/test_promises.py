"""The laws of the table that says which clean-up runs when."""

from __future__ import annotations

from typing import Any

from exitmatrix.judge.laws import LAWS_BY_ID
from exitmatrix.model import Outcome, Record
from exitmatrix.report.document import plain
from exitmatrix.report.render.markdown import markdown
from exitmatrix.report.sections.promises import PROMISES, promises_section
from exitmatrix.report.survey import surveys

from tests.conftest import LOADED
from tests.support import values
from tests.support.committed import records, scenarios

F = "finally:f"


def fired(*names: str, **more: Any) -> Outcome:
    return values.outcome(values.process(fired=names, exit={"code": 0}, **more))


def record(ending: str, *outcomes: Outcome, python: str = "3.13.0") -> Record:
    return values.record(f"plain-finally/{ending}@main", *outcomes, version=python)


def rows(*made: Record) -> list[list[str]]:
    """The table's rows, without its head."""
    [section] = promises_section(surveys({"linux": made}, LOADED), {})
    lines = [line for line in markdown(section).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_what_ran_what_was_interrupted_and_what_never_began_are_told_apart() -> None:
    """Of an ending that none survives each entry says no."""
    assert rows(
        record("return", fired(F, "A")),
        record("SIGKILL", fired()),
        record("SIGINT", fired(F, "A", raised=(F,))),
        record("SIGTERM", fired(unfinished=(F,))),
    )[1:] == [
        ["`SIGTERM`", "◐ cut off", "✗", "✗"],
        ["`SIGINT`", "◐ interrupted", "✗", "✗"],
        ["`SIGKILL`", "✗", "✗", "✗"],
        ["`return`", "✓", "✗", "✗"],
    ]


def test_endings_under_which_the_same_runs_share_a_row() -> None:
    """From outside first, each in the order of the catalogue."""
    table = rows(*(record(id, fired(F, "A")) for id in ("return", "sys-exit-0", "SIGINT")))
    assert [row[0] for row in table[1:]] == ["`SIGINT`, `return`, `sys-exit-0`"]


def test_who_showed_something_else_is_named() -> None:
    """What the newest Python showed is first, whatever the order of the records."""
    table = rows(
        record("return", fired("A"), python="3.12.1"),
        record("return", fired(F, "A")),
        record("return", fired("A"), python="2.7.18"),
    )
    assert table[1][1] == "✓; ✗ 3.12 and earlier"


def test_what_differs_from_run_to_run_is_no_answer() -> None:
    """Neither is what was not seen."""
    assert rows(record("return", fired("A"), fired(F, "A")))[1][1] == "≈"
    seen = record("SIGINT", fired(F, "A"))
    unseen = values.record("plain-finally/return@main", unknown=("it never became ready",))
    assert [row[1] for row in rows(seen, unseen)[1:]] == ["✓", "?"]


def test_a_place_is_said_where_all_runs_agree() -> None:
    """A run without any handler says nothing of it."""
    ran = record("return", fired(F, "A"))
    assert rows(ran, record("SIGINT", fired(F)))[0][1] == "before them"
    assert rows(record("return", fired("A", F)))[0][1] == "behind them"
    assert rows(record("return", fired("B", F, "A")))[0][1] == "among them"
    assert rows(ran, record("SIGINT", fired("A", F)))[0][1] == "-"


def test_without_another_mechanism_there_is_no_table() -> None:
    """That atexit runs is the rest of the page."""
    atexit_alone = values.record("plain/return@main", fired("C", "B", "A"))
    assert promises_section(surveys({"linux": (atexit_alone,)}, LOADED), {}) == []


def test_every_mechanism_of_the_table_is_on_record() -> None:
    """Its scenario exists, and its function ran in one of its cells, but for that of a daemon."""
    ran = {
        (one.scenario, name)
        for one in records()
        for outcome in one.outcomes
        for name in outcome.processes[0].fired or ()
    }
    silent = [plain(one.words) for one in PROMISES if (one.scenario, one.function) not in ran]
    assert silent == ["finally in a daemon"]
    assert {one.scenario for one in PROMISES} <= set(scenarios())
    assert "daemons-are-left" in LAWS_BY_ID


def test_a_program_in_an_event_loop_has_a_table_of_its_own() -> None:
    """With the same words; what was not measured of its programs is no column."""
    names = ("finally:f", "finally:t", "A")
    made = values.record("asyncio-run/SIGINT@main", fired(*names), version="3.13.0")
    [section] = promises_section(surveys({"linux": [made]}, LOADED), {})
    assert plain(section.title) == "Which clean-up runs when asyncio.run is ended?"
    lines = [line for line in markdown(section).splitlines() if line.startswith("| `SIGINT`")]
    assert lines == ["| `SIGINT` | ✓ | ✓ | ✗ | ✓ | ✗ | ✗ |"]
