"""What to do about it: one table of remedies from records, and who names them."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from exitmatrix.declare.remedies import REMEDIES
from exitmatrix.declare.situations import find_situation
from exitmatrix.judge.app_reasons import reasons
from exitmatrix.judge.verdict import judge
from exitmatrix.model import Question, Record
from exitmatrix.model.app_outcome import AppOutcome, Handler, Member, Ran, Sent
from exitmatrix.model.versions import age, subject_of
from exitmatrix.report.document import Section, Table, plain
from exitmatrix.report.pages.cell import CellFacts, explanation
from exitmatrix.report.sections.remedies import HEAD, remedies_section
from exitmatrix.report.survey import Survey, surveys

from tests.conftest import LOADED
from tests.support.committed import records, scenarios

PLATFORM = "linux-x86_64"
COLUMNS = ("subject", "ending", "before", "remedy", "after", "cost")


@cache
def asked() -> dict[Question, Survey]:
    """What is on record of each cell that a remedy names."""
    named = {name for one in REMEDIES for name in (one.instead_of, one.shown_by)}
    return surveys({PLATFORM: [one for one in records() if str(one.question) in named]}, LOADED)


def rows_of(section: Section) -> list[tuple[str, ...]]:
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    assert tuple(table.head) == HEAD
    return [tuple(plain(cell) for cell in row) for row in table.rows]


def test_every_remedy_is_a_row_of_one_table() -> None:
    """With its subject and ending, before and after as they were measured, and its cost."""
    (section,) = remedies_section(asked(), scenarios())
    rows = rows_of(section)
    assert HEAD == COLUMNS
    assert len(rows) == len(REMEDIES)
    assert all(all(row) for row in rows)
    for one, (_, ending, _, _, after, _) in zip(REMEDIES, rows, strict=True):
        assert one.instead_of.endswith(ending)
        assert after.endswith(f"({one.shown_by})")


def test_before_and_after_are_of_the_records() -> None:
    """What is not on record is not told, and what it shows is what the row says."""
    plain_one = Question.parse("plain/SIGTERM@main")
    graceful = Question.parse("plain-graceful/SIGTERM@main")
    mine = {plain_one: asked()[plain_one]}
    ((_, _, before, _, after, _),) = rows_of(remedies_section(mine, scenarios())[0])
    assert after == "not measured"
    swapped = {plain_one: asked()[graceful], graceful: asked()[plain_one]}
    ((_, _, swapped_before, _, swapped_after, _),) = rows_of(
        remedies_section(swapped, scenarios())[0]
    )
    assert swapped_after.startswith(before)
    assert swapped_before != before
    assert not remedies_section({}, scenarios())


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("plain/SIGTERM@main", "signal.signal"),
        ("uvicorn-workers/SIGTERM@master", "lifespan"),
        ("gunicorn/SIGKILL@worker", "child_exit"),
        ("uwsgi-master/SIGTERM@master", "--die-on-term"),
        ("celery-prefork/SIGTERM@master", "worker_process_shutdown"),
        ("data-in-flight/SIGKILL@main", "flock"),
    ],
)
def test_an_explanation_names_the_remedy(question: str, names: str) -> None:
    """With the cell that shows it, between the reason and the versions."""
    survey = asked()[Question.parse(question)]
    rows = [one for one in records() if str(one.question) == question]
    record = max(rows, key=lambda one: age(subject_of(PLATFORM, one).python))
    text = explanation(facts(record, survey))
    section = text.partition("\nWhat to do\n")[2].partition("\nVersions\n")[0]
    assert names in section
    assert "Measured as " in section


def facts(record: Record, survey: Survey) -> CellFacts:
    scenario = scenarios()[record.scenario]
    return CellFacts(
        platform=PLATFORM,
        record=record,
        scenario=scenario,
        judgement=judge(record, scenario),
        timelines=tuple(None for _ in record.outcomes),
        survey=survey,
    )


SERVER = Handler(label="uvicorn.server:handle_exit", mechanism="signal.SIGTERM", library=True)
CLOSE = Ran(handler=Handler(label="app:close", place="app.py:3"), fate="not run")


def member(role: str, end: str, **more: Any) -> Member:
    fields: dict[str, Any] = {
        "family": True,
        "serves": False,
        "new": False,
        "observed": True,
        "handlers": (CLOSE,),
        "seconds": 0.4 if end else None,
        "born": -1.0,
    }
    return Member(role=role, exit=end, **(fields | more))


def remedies_of_run(signal: str, *members: Member) -> str:
    """What `run` says can be done, of made-up processes of the user's own program."""
    seen = AppOutcome(
        situation="deploy",
        blind=False,
        members=members,
        sent=(Sent(seconds=0.0, signal=signal, to=members[0].role),),
        ready=0.5,
        gone=0.4,
        watched=1.0,
        left=(),
        output="",
    )
    return " ".join(one.remedy for one in reasons(seen, find_situation("deploy")))


NEW = member("worker#2", "", new=True, born=0.5)


@pytest.mark.parametrize(
    ("signal", "members", "names"),
    [
        ("SIGTERM", (member("main", "signal SIGTERM"),), "signal.signal(signal.SIGTERM"),
        (
            "SIGTERM",
            (
                member(
                    "main",
                    "signal SIGTERM",
                    catches=("SIGTERM",),
                    handlers=(CLOSE, Ran(handler=SERVER, fate="ran")),
                ),
            ),
            "lifespan",
        ),
        ("SIGKILL", (member("master", ""), member("worker", "signal SIGKILL")), "flock"),
        (
            "SIGTERM",
            (member("master", "code 0", handlers=()), member("worker", "code 0")),
            "worker_process_shutdown",
        ),
        (
            "SIGTERM",
            (
                member("master", "", signalled=("SIGTERM",), catches=("SIGTERM",)),
                member("worker#1", "code 30", handlers=()),
                NEW,
            ),
            "--die-on-term",
        ),
        ("SIGTERM", (member("main", "signal SIGKILL", init=True),), "tini"),
    ],
    ids=["a program", "uvicorn", "gunicorn", "celery", "uWSGI", "the first of a container"],
)
def test_run_names_the_remedy_where_a_law_of_the_subject_applies(
    signal: str, members: tuple[Member, ...], names: str
) -> None:
    """It goes by what the processes did, not by the program's name."""
    assert names in remedies_of_run(signal, *members)


def test_a_master_that_replaces_a_worker_that_was_hit_is_not_said_to_start_anew() -> None:
    """That is what it is for: the signal was not sent to it."""
    hit = member("worker#1", "signal SIGTERM", signalled=("SIGTERM",))
    assert "--die-on-term" not in remedies_of_run("SIGTERM", member("master", ""), hit, NEW)
    signalled = member("master", "", signalled=("SIGTERM",), catches=("SIGTERM",))
    other = member("worker#3", "")
    assert "--die-on-term" not in remedies_of_run("SIGTERM", signalled, hit, other, NEW)
