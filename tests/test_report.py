"""The report's laws, on records made here: no process is started and no file is read."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from exitmatrix.declare.servers import idle
from exitmatrix.judge.verdict import judge
from exitmatrix.model import Judgement, Outcome, Process, Record
from exitmatrix.model.versions import (
    Python,
    Subject,
    python_words,
    subject_of,
    subject_words,
)
from exitmatrix.report.document import Code, plain
from exitmatrix.report.pages.changes import count
from exitmatrix.report.pages.matrix import render
from exitmatrix.report.phrases import prose
from exitmatrix.report.render.markdown import markdown_words
from exitmatrix.report.sections.answers import short_answer
from exitmatrix.report.sentences import sentences
from exitmatrix.report.survey import Group, regrouped, surveys
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.conftest import LOADED
from tests.support.committed import REPORTS, by_platform
from tests.support.values import (
    ALL,
    LINUX,
    died,
    ended,
    outcome,
    pair,
    process,
    python,
    record,
    scenario,
)

# ------------------------------------------------------------------ made here


SCENARIOS = {
    one.id: one
    for one in (
        scenario("plain"),
        scenario("flask"),
        scenario("flask-debug", "parent", "child"),
        scenario("plain-arguments", ends=("return",), title="Handlers with arguments"),
    )
}


def page(*records: Record, **more: list[Record]) -> str:
    by_platform = {LINUX: list(records), **{k.replace("_", "-"): v for k, v in more.items()}}
    return render(by_platform, judged(by_platform), SCENARIOS)


def judged(by_platform: Mapping[str, Iterable[Record]]) -> dict[tuple[str, str], Judgement]:
    return {(p, one.cell): judge(one) for p, rows in by_platform.items() for one in rows}


def rows(of: str, begins: str) -> list[str]:
    """The rows of tables whose first cell begins so."""
    return [line for line in of.splitlines() if line.startswith(f"| {begins}")]


def answer(of: str, deed: str) -> list[str]:
    """A row of the opening table, without its first and last cell."""
    (row,) = rows(of.partition("## The answer")[2].partition("\n## ")[0], f"{deed} |")
    return [cell.strip() for cell in row.strip("|").split("|")][1:-1]


def groups(*records: Record) -> Sequence[Group]:
    (survey,) = surveys({LINUX: list(records)}, LOADED).values()
    return survey.groups


# ------------------------------------------------------------ words for versions

LINE = [python(v) for v in ("2.7.18", "3.6.15", "3.7.16", "3.11.2", "3.11.7", "3.12.1", "3.13.0")]
PYPYS = [python("3.9.16", "pypy", "7.3.11"), python("3.11.17", "pypy", "8.0.1")]


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (LINE + PYPYS, ""),
        (LINE, "CPython"),
        (PYPYS, "PyPy"),
        (PYPYS[:1], "PyPy 3.9"),
        (LINE[:1], "2.7"),
        (LINE[1:3], "3.6-3.7"),
        (LINE[:3], "3.7 and earlier"),
        (LINE[3:], "3.11 and later"),
        (LINE[4:], "3.11.7 and later"),
        (LINE[3:5], "3.11"),
        (LINE[5:6], "3.12.1"),
        (LINE[6:], "3.13.0"),
        (LINE[:1] + LINE[2:4], "2.7, 3.7-3.11.2"),
        (LINE[:5] + LINE[6:] + PYPYS, "all but 3.12.1"),
    ],
)
def test_neighbours_that_agree_become_one_stretch(chosen: list[Python], words: str) -> None:
    """A set is named by the ends of its stretches, a single release by its patch version."""
    assert python_words(chosen, LINE + PYPYS) == words


def test_a_single_interpreter_is_never_generalised() -> None:
    """What was measured on one release is said of that release, or of all where it is the only."""
    one = python("3.13.0")
    assert python_words([one], [one]) == ""
    assert python_words([one], [one, *PYPYS]) == "3.13.0"


MANY = st.lists(
    st.one_of(
        st.builds(
            lambda minor, patch, family: python(f"3.{minor}.{patch}", family),
            st.integers(6, 12),
            st.integers(0, 3),
            st.sampled_from(["cpython", "free-threaded"]),
        ),
        st.builds(
            lambda minor, build: python(f"3.{minor}.1", "pypy", f"7.3.{build}"),
            st.integers(9, 11),
            st.integers(8, 10),
        ),
        st.just(python("2.7.18")),
    ),
    min_size=1,
    unique=True,
)


@given(st.data(), MANY)
def test_the_words_name_exactly_the_set(data: st.DataObject, measured: list[Python]) -> None:
    """A reader who takes the words literally finds the same interpreters, and no other."""
    chosen = data.draw(st.lists(st.sampled_from(measured), min_size=1, unique=True))
    assert read(python_words(chosen, measured), measured) == set(chosen)


def read(words: str, measured: list[Python]) -> set[Python]:
    """What a literal reader understands."""
    if not words:
        return set(measured)
    if words.startswith("all but "):
        return set(measured) - read(words.removeprefix("all but "), measured)
    found: set[Python] = set()
    for part in words.split(", "):
        found |= _read_part(part, measured)
    return found


def _read_part(part: str, measured: list[Python]) -> set[Python]:
    whole = {"CPython": "cpython", "PyPy": "pypy", "free-threaded builds": "free-threaded"}
    if part in whole:
        return {one for one in measured if one.family == whole[part]}
    family = "cpython"
    for prefix, name in (("PyPy ", "pypy"), ("free-threaded ", "free-threaded")):
        if part.startswith(prefix):
            part, family = part.removeprefix(prefix), name
    line = sorted(
        (one for one in measured if one.family == family),
        key=lambda one: ([int(n) for n in one.version.split(".")], one.build),
    )

    def named(label: str) -> list[int]:
        version, _, build = label.partition(" (")
        return [
            place
            for place, one in enumerate(line)
            if f"{one.version}.".startswith(f"{version}.")
            and build.removesuffix(")") in (one.build, one.id, "")
        ]

    if part.endswith(" and later"):
        return set(line[min(named(part.removesuffix(" and later"))) :])
    if part.endswith(" and earlier"):
        return set(line[: max(named(part.removesuffix(" and earlier"))) + 1])
    first, last = re.fullmatch(r"([^-]+?(?: \(.+?\))?)(?:-(.+))?", part).groups()  # type: ignore[union-attr]
    return set(line[min(named(first)) : max(named(last or first)) + 1])


def subject(one: Python, stack: str = "none", platform: str = LINUX, version: str = "") -> Subject:
    return Subject(platform=platform, python=one, stack=stack, version=version)


def test_a_difference_of_stacks_is_told_by_stacks_and_one_of_interpreters_by_those() -> None:
    """The label is the shortest: the interpreter, else the stack, else both."""
    old = [subject(one, "flask-1.1") for one in LINE[1:]]
    new = [subject(one, "flask-3.1" if n else "flask-2.0") for n, one in enumerate(LINE[1:])]
    everyone = old + new
    assert subject_words(everyone, everyone) == ""
    assert subject_words(old, everyone) == "Flask 1.1"
    assert subject_words(new, everyone) == "all but Flask 1.1"
    assert subject_words(old[3:] + new[3:], everyone) == "3.11.7 and later"
    assert subject_words(new[:2], everyone) == "Flask 2.0; Flask 3.1 on 3.7.16"
    assert subject_words(old[:2] + new, everyone) == "all but Flask 1.1 on 3.11 and later"


def test_a_stack_is_called_by_the_release_that_was_measured() -> None:
    """The record says which it was; nothing is called the newest."""
    both = [
        subject(LINE[-1], "flask-1.1", version="1.1.2"),
        subject(LINE[-1], "flask-3.1", version="3.1.3"),
    ]
    assert subject_words(both[1:], both) == "Flask 3.1.3"
    made = record("flask/return@main", ended(), stack="flask-3.1")
    assert subject_of(LINUX, made).label == f"Flask {made.packages['flask']}"


def test_a_stack_of_two_packages_is_called_by_both() -> None:
    """As people write it, by what the record holds; a package whose name has a hyphen is one."""
    packages = {"celery": "5.7.0", "kombu": "5.7.0", "redis": "8.1.0"}
    two = record("queue/return@main", ended(), stack="celery-redis-5.7", packages=packages)
    assert subject_of(LINUX, two).label == "Celery 5.7.0 with redis"
    packages = {"pytest-xdist": "3.8.0", "pytest": "9.2.0", "xdist": "1.0"}
    one = record("tests/return@main", ended(), stack="pytest-xdist-3.8", packages=packages)
    assert subject_of(LINUX, one).label == "Pytest-xdist 3.8.0"


def test_two_stacks_that_hold_the_same_release_are_told_apart() -> None:
    """By their own names: one label never stands for two that may differ."""
    both = [subject(LINE[-1], stack, version="3.1.3") for stack in ("flask-3.1", "flask-next")]
    assert subject_words(both[:1], both) == "Flask 3.1.3 (flask-3.1)"


def test_many_releases_in_a_row_are_told_by_the_first_and_the_last() -> None:
    """As releases and not as texts: 2.10 comes after 2.9."""
    versions = ("2.0.3", "2.2.5", "2.9.1", "2.10.0")
    new = [subject(LINE[-1], f"flask-{one}", version=one) for one in versions]
    old = subject(LINE[-1], "flask-1.1", version="1.1.2")
    assert subject_words(new, [*new, old]) == "Flask 2.0.3-2.10.0"
    assert subject_words(new[:-1], [*new, old]) == "Flask 2.0.3-2.9.1"
    assert subject_words([new[0], new[3]], [*new, old]) == "Flask 2.0.3, Flask 2.10.0"


STACKS = {f"flask-{minor}": f"{minor}.3" for minor in ("1.1", "2.0", "2.2", "2.10", "3.1")}


@given(st.data())
def test_the_words_name_exactly_the_subjects(data: st.DataObject) -> None:
    """With stacks too: who takes the words literally finds the same subjects, and no other."""
    pairs = st.tuples(st.sampled_from(LINE + PYPYS), st.sampled_from(sorted(STACKS)))
    measured = [
        subject(one, stack, version=STACKS[stack])
        for one, stack in data.draw(st.lists(pairs, min_size=1, unique=True))
    ]
    chosen = data.draw(st.lists(st.sampled_from(measured), min_size=1, unique=True))
    words = subject_words(chosen, measured)
    assert read_subjects(words, measured) == set(chosen), words


def read_subjects(words: str, measured: list[Subject]) -> set[Subject]:
    """What a literal reader understands."""
    if words.startswith("all but Flask"):
        return set(measured) - read_subjects(words.removeprefix("all but "), measured)
    if not words.startswith("Flask"):
        pythons = read(words, list({one.python for one in measured}))
        return {one for one in measured if one.python in pythons}
    found: set[Subject] = set()
    for part in words.split("; "):
        names, _, on = part.partition(" on ")
        mine = [one for name in names.split(", ") for one in _of_release(name, measured)]
        pythons = read(on, list({one.python for one in mine}))
        found |= {one for one in mine if one.python in pythons}
    return found


def _of_release(name: str, measured: list[Subject]) -> list[Subject]:
    first, _, last = name.removeprefix("Flask ").partition("-")
    line = sorted({one.version for one in measured}, key=lambda v: [int(n) for n in v.split(".")])
    span = line[line.index(first) : line.index(last or first) + 1]
    return [one for one in measured if one.version in span]


def test_platforms_are_told_only_where_they_differ() -> None:
    """A sentence that holds on each platform is printed once."""
    everyone = [subject(one, platform=p) for one in LINE for p in (LINUX, "macos-arm64")]
    late = [one for one in everyone if one.python in LINE[3:]]
    mac = [one for one in everyone if one.platform == "macos-arm64"]
    assert subject_words(late, everyone) == "3.11 and later"
    assert subject_words(mac, everyone) == "macos-arm64"
    assert subject_words([*mac, subject(LINE[0])], everyone) == "linux-x86_64: 2.7; macos-arm64"


# ------------------------------------------------------------------------ races


def killed(*fired: str) -> Outcome:
    cut = process("child", fired=fired, exit={"signal": "SIGKILL"}, stdout="lost")
    return pair(cut, cut=True)


def clean() -> Outcome:
    return pair(process("child", exit={"code": 0}, stdout="kept"))


def test_overlapping_parts_of_a_race_are_one_row() -> None:
    """Subjects that saw different parts of one race do not differ, even through a third."""
    asked = "flask-debug/SIGTERM@group"
    other = pair(process("child", exit={"code": 1}, stdout="kept"))
    seen = [
        record(asked, killed(), version="3.10.1", stack="flask-3.1"),
        record(asked, killed("C"), clean(), version="3.11.1", stack="flask-3.1"),
        record(asked, clean(), version="3.12.1", stack="flask-3.1"),
        record(asked, other, version="3.13.1", stack="flask-3.1"),
    ]
    alone, race = groups(*seen)
    assert [one.python.version for one in alone.subjects] == ["3.13.1"]
    assert len(race.subjects) == 3
    assert len(race.outcomes) == 2
    text = page(*seen)
    assert len(rows(text, "`SIGTERM` to group: 3.12 and earlier |")) == 1
    assert len(rows(text, "≈ or |")) == 1
    assert answer(text, "stop a service: `systemctl stop`")[2].startswith("✓ yes, in both")


def test_without_a_race_a_killed_process_that_got_further_is_a_difference() -> None:
    """Only where trials disagreed may the length of a killed run be chance."""
    asked = "flask-debug/SIGTERM@group"
    none = pair(process("child", fired=(), exit={"signal": "SIGKILL"}, stdout="lost"))
    some = pair(process("child", fired=("C",), exit={"signal": "SIGKILL"}, stdout="lost"))
    assert len(groups(record(asked, none, version="3.9.1"), record(asked, some))) == 2
    assert len(groups(record(asked, none, version="3.9.1"), record(asked, killed("C")))) == 1


def test_a_cut_outcome_is_told_as_the_furthest_that_was_seen() -> None:
    """What a process did before it was killed at a random moment is an upper bound."""
    text = page(record("flask-debug/SIGTERM@group", killed("C", "B"), stack="flask-3.1"))
    assert "≈ up to C B, SIGKILL" in text
    seen_by_debug = answer(text, "stop a service: `systemctl stop`")[2]
    assert seen_by_debug == "≈ parent yes, child sometimes; output lost"


@pytest.mark.parametrize(("goes_on", "groups_seen"), [(True, 2), (False, 1)])
def test_what_a_client_hears_counts_only_where_the_server_goes_on(
    goes_on: bool, groups_seen: int
) -> None:
    """Whether a client still hears from a server that is ending is no difference."""
    one = process(fired=(), exit=None if goes_on else {"code": 7})
    asked = "flask/exception@main"
    seen = groups(
        record(asked, outcome(one, answer="500")),
        record(asked, outcome(one, answer="none"), version="3.9.1"),
    )
    assert len(seen) == groups_seen
    assert {o.answer for o in seen[0].outcomes} == {"500" if goes_on else "either"}


# --------------------------------------------------------------------- the page


def test_cells_without_a_record_are_not_measured() -> None:
    """No answer is given that no record holds."""
    text = page(record("plain/SIGINT@main", ended()))
    assert answer(text, "press Ctrl-C") == ["✓ yes", "not measured", "not measured"]
    assert answer(text, "close the terminal") == ["not measured"] * 3
    assert "- No record of: `flask`, `flask-debug`, `plain-arguments`." in text


def test_without_any_record_the_page_says_so() -> None:
    """An empty folder gives a page, and no claim."""
    assert "Nothing has been measured yet." in render({}, {}, SCENARIOS)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (ended(), "✓ yes"),
        (died("SIGINT"), "✗ no; output lost"),
        (ended(("C",)), "◐ C only"),
        (outcome(process(fired=(), exit=None)), "● it goes on"),
        (outcome(process(fired=None, exit={"code": 0}, unfinished=None)), "? not known"),
        (ended(left=("semaphore",)), "✓ yes; left: semaphore"),
    ],
)
def test_answers_follow_the_records(seen: Outcome, expected: str) -> None:
    """An answer changes when its record does."""
    assert answer(page(record("plain/SIGINT@main", seen)), "press Ctrl-C")[0] == expected


@pytest.mark.parametrize(
    ("parent", "child", "expected"),
    [
        (ALL, {"exit": {"code": 0}}, "✓ yes, in both"),
        (ALL, {"fired": (), "exit": {"code": 0}}, "◐ in the parent only"),
        (ALL, {"fired": (), "exit": None}, "◐ in the parent only; **child still serves**"),
        ((), {"fired": (), "exit": None}, "✗ no, in neither; **child still serves**"),
        ((), {"exit": {"code": 0}}, "◐ in the child only"),
    ],
)
def test_answers_say_in_which_process(
    parent: tuple[str, ...], child: dict[str, Any], expected: str
) -> None:
    """With two processes an answer names the one whose handlers ran, and the one that is left."""
    seen = outcome(
        process("parent", fired=parent, exit={"code": 0}),
        process("child", **child),
        port="open" if child["exit"] is None else "closed",
    )
    text = page(record("flask-debug/SIGTERM@parent", seen, stack="flask-3.1"))
    assert answer(text, "`kill` the first pid, `supervisorctl stop`")[2] == expected


def test_a_short_difference_is_told_in_its_cell_and_a_long_one_in_a_note() -> None:
    """A reader is never left with the newest version's answer alone."""
    short = page(
        record("plain/SIGINT@main", ended()),
        record("plain/SIGINT@main", ended(()), implementation="pypy", version="3.9.1", build="7.3"),
    )
    assert answer(short, "press Ctrl-C")[0] == "✓ yes (PyPy 3.9: ✗ no)"
    long = page(
        record("plain/SIGINT@main", ended(left=("semaphore",))),
        record("plain/SIGINT@main", died("SIGINT"), version="3.9.1"),
    )
    assert answer(long, "press Ctrl-C")[0] == "✓ yes; left: semaphore [1]"
    assert (
        "1. `plain/SIGINT@main` - 3.13.0: ✓ yes; left: semaphore. 3.9.1: ✗ no; output lost." in long
    )


def test_versions_that_differ_are_listed_with_both_sides() -> None:
    """A difference is told once, with all the places where it shows."""
    text = page(
        *(
            record(f"plain/{ending}@main", ended(status=status), version=version)
            for ending in ("SIGINT", "exception")
            for version, status in (("3.6.1", 1), ("3.7.1", 1), ("3.8.1", 0), ("3.9.1", 0))
        )
    )
    assert "| 3.7 and earlier | exit 1 | exit 0 | `plain` `SIGINT`, `exception` |" in text
    assert rows(text, "`SIGINT`, `exception`: 3.8 and later | ✓ all, exit 0 |")
    assert rows(text, "the same: 3.7 and earlier | ✓ all, exit 1 |")


def test_what_libraries_and_helpers_did_makes_no_difference_and_is_told() -> None:
    """Versions differ by what the program's own handlers and processes did."""
    busy = outcome(
        process(exit={"code": 0}, library=("logging.shutdown",), before=1), helpers=("uname",)
    )
    text = page(
        record("plain/SIGINT@main", busy),
        record("plain/SIGINT@main", outcome(process(exit={"code": 0})), version="3.9.1"),
    )
    assert "All that were measured agree on everything." in text
    assert "`logging.shutdown`" in text
    assert "`uname`" in text


def test_an_unknown_cell_is_shown_with_its_reason_and_never_as_an_outcome() -> None:
    """What was not seen is never reported as not having happened."""
    unseen = record("plain/SIGINT@main", unknown=("it was never ready: x|y",))
    text = page(unseen)
    assert "| `SIGINT` | ? not known: it was never ready: x\\|y |" in text
    assert answer(text, "press Ctrl-C")[0] == "? not known"
    both = page(unseen, record("plain/SIGINT@main", ended(), version="3.9.1"))
    assert answer(both, "press Ctrl-C")[0] == "✓ yes (3.13.0: ? not known)"
    assert "All that were measured agree" in both
    partly = page(record("plain/SIGINT@main", ended(), unknown=("given up",)))
    assert answer(partly, "press Ctrl-C")[0] == "✓ yes; ? some runs not known"
    assert "| ≈ or | ? not known: given up |" in partly


def test_a_variant_shows_what_ran_in_its_order() -> None:
    """Programs that run to their end only share a table, a row each."""
    odd = process(fired=("C", "A"), raised=("A",), unfinished=("B",), exit={"code": 4})
    text = page(record("plain-arguments/return@main", outcome(odd)))
    assert "| Handlers with arguments | C A (A raised, B unfinished) | exit 4 |" in text
    assert "## `plain-arguments`" not in text


def test_a_scenario_whose_program_is_gone_is_still_told() -> None:
    """Records outlive the file that they are about."""
    text = page(record("lost/SIGINT@main", ended()))
    assert "## `lost`" in text
    assert "| `SIGINT` | ✓ all, exit 0 | kept |" in text


def test_a_single_interpreter_gets_a_whole_page() -> None:
    """One Python gives every section, and no word on versions that were not measured."""
    text = page(
        record("plain/SIGINT@main", ended()),
        record("flask/SIGINT@main", ended(), stack="flask-1.1"),
        record("flask/SIGINT@main", died("SIGINT"), stack="flask-3.1"),
    )
    tables = text.partition("## Contents")[2]
    assert "and later" not in tables
    assert "and earlier" not in tables
    assert "| `SIGINT`: Flask 3.1.3 | ✗ none, killed by it |" in tables
    assert "| `SIGINT`: Flask 1.1.2 | ✓ all, exit 0 |" in tables
    assert "Measured: CPython 3.13.0, on `linux-x86_64`; 3 cells, first seen 2026-01-02." in text


def test_the_same_records_give_the_same_bytes_in_whatever_order() -> None:
    """The order of records, verdicts, platforms and scenarios is nothing to the page."""
    asked = "flask-debug/SIGTERM@group"
    seen = [
        record("plain/SIGINT@main", ended(), version=v, since=f"2026-01-0{n}")
        for n, v in enumerate(("3.9.1", "3.10.1", "3.11.1"), 1)
    ]
    seen += [
        record(asked, killed(), version="3.10.1", stack="flask-3.1"),
        record(asked, killed("C"), clean(), version="3.11.1", stack="flask-3.1"),
    ]
    turned = {LINUX: seen[::-1], "macos-arm64": seen[:2][::-1]}
    backwards = dict(reversed(SCENARIOS.items()))
    straight = {"macos-arm64": seen[:2], LINUX: seen}
    once = render(straight, judged(straight), SCENARIOS)
    assert render(turned, judged(turned), backwards) == once


def served(*workers: Process, master: dict[str, int] | None = None) -> Outcome:
    """A server with a master that registers nothing; workers that are alive serve."""
    first = process("master", fired=(), exit=master)
    return outcome(first, *workers, port="closed" if master else "open")


def test_workers_that_are_alike_are_told_together() -> None:
    """In a cell of a table, and in a sentence; those that differ in anything are told apart."""
    ran = [process(f"worker#{number}", exit={"code": 0}) for number in (1, 2)]
    alike = served(*ran, master={"code": 0})
    text = page(record("gunicorn/SIGTERM@master", alike, stack="gunicorn-27"))
    assert "worker#1 and worker#2 ✓ all, exit 0" in rows(text, "`SIGTERM` to master")[0]
    assert sentences(alike).count("Each worker runs its handlers C, B, A") == 1
    died_too = process("worker#2", fired=(), exit={"signal": "SIGKILL"})
    mixed = sentences(served(ran[0], died_too, master={"code": 0}))
    assert "Each" not in mixed
    assert "Worker 2 runs no handler, and is killed by SIGKILL" in mixed


def test_who_takes_the_place_of_a_worker_stands_in_its_column() -> None:
    """And so do the others, which went on."""
    replaced = served(
        process("worker", exit={"code": 0}),
        process("others", fired=()),
        process("new-worker", fired=()),
    )
    text = page(record("gunicorn/SIGTERM@worker", replaced, stack="gunicorn-27"))
    assert "✓ all, exit 0; others and new-worker ● alive" in rows(text, "`SIGTERM` to worker")[0]


def test_handlers_of_another_mechanism_alone_are_named() -> None:
    """That some ran says too little where it is not those of atexit."""
    lifespan = outcome(process(fired=("lifespan:shutdown",), exit={"signal": "SIGTERM"}))
    (group,) = groups(record("uvicorn/SIGTERM@main", lifespan, stack="uvicorn-0.54"))
    assert plain(short_answer(group)) == "◐ lifespan:shutdown only"


def test_handlers_of_another_mechanism_are_named_for_each_role() -> None:
    """Workers that ran what their server calls, and not what the application registered."""
    hook = "celery.worker_process_shutdown:process"
    workers = (process(f"worker#{n}", fired=(hook,), exit={"code": 0}) for n in (1, 2))
    shown = outcome(process("master", exit={"code": 0}), *workers)
    (group,) = groups(record("celery-prefork/SIGTERM@master", shown, stack="celery-5.7"))
    assert plain(short_answer(group)) == "◐ master yes, worker: worker_process_shutdown only"


def test_the_answer_stands_before_what_explains_it() -> None:
    """A reader in a hurry sees the answer first, then the signs, then the contents."""
    text = page(record("plain/SIGINT@main", ended()))
    heads = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert heads[:4] == [
        "The answer",
        "How to read this",
        "Contents",
        "`plain`: The program plain",
    ]


def test_terminations_that_show_the_same_share_a_row() -> None:
    """Those that signals end alike too: each is killed by its own."""
    text = page(
        record("plain/SIGTERM@main", died("SIGTERM")),
        record("plain/SIGHUP@main", died("SIGHUP")),
        record("plain/SIGQUIT@main", died("SIGABRT")),
        record("plain/return@main", ended()),
        record("plain/sys-exit-0@main", ended()),
    )
    assert rows(text, "`SIGTERM`, `SIGHUP` | ✗ none, killed by it | lost |")
    assert rows(text, "`SIGQUIT` | ✗ none, SIGABRT | lost |")
    assert rows(text, "`return`, `sys-exit-0` | ✓ all, exit 0 | kept |")


def test_what_stderr_says_is_no_difference_of_versions() -> None:
    """Messages change with every release; they stand by version in the scenario's own table."""
    old, new = (replace(ended(), printed=(words,)) for words in ("Error in f", "Exception in f"))
    text = page(
        record("plain/return@main", old, version="3.6.1"),
        record("plain/return@main", new, version="3.13.0"),
    )
    assert "All that were measured agree on everything." in text
    assert rows(text, "`return`: 3.6.1 | ✓ all, exit 0 | kept | Error in f |")
    assert rows(text, "`return`: 3.13.0 | ✓ all, exit 0 | kept | Exception in f |")


@pytest.mark.parametrize("name", ["matrix.md", "claims.md"])
def test_every_link_of_a_page_leads_somewhere(name: str) -> None:
    """To a heading of the page, by the name that GitHub gives it, or to a file beside it."""
    text = (REPORTS / name).read_text()
    heads = {
        re.sub(r"[^\w\- ]", "", html.unescape(head).lower()).replace(" ", "-")
        for head in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert links
    for link in links:
        assert link.removeprefix("#") in heads if link[0] == "#" else (REPORTS / link).is_file()


HOSTILE = "a|b`c\n# d <script>x</script> *e* _f_ [g](h) ~~i~~ $j$ &amp;"


def test_what_programs_say_cannot_break_the_page() -> None:
    """Names and reasons that programs choose stay one cell of plain text."""
    odd = outcome(process(fired=(HOSTILE,), exit={"unknown": HOSTILE}), left=(HOSTILE,))
    text = page(
        record("plain/SIGINT@main", odd),
        record("plain/SIGTERM@main", unknown=(HOSTILE,)),
        record(f"{HOSTILE.replace('/', '')}/SIGTERM@main", ended(left=(HOSTILE,))),
    )
    assert "<script>" not in text
    assert "\n# d" not in text
    for part in text.split("\n\n"):
        if part.startswith("|"):
            borders = {row.replace("\\|", "").count("|") for row in part.splitlines()}
            assert len(borders) == 1


@given(st.text())
def test_text_stays_on_one_line_and_opens_nothing(words: str) -> None:
    """Whatever text is given, it has no line break, no cell border, no tag and no code."""
    safe = markdown_words(words).replace("\\\\", "")
    assert len(safe.splitlines()) <= 1
    for sign in "|`*":
        assert safe.count(sign) == safe.count(f"\\{sign}")
    assert "<" not in safe
    assert not any(sign in markdown_words(Code(words)).strip("`") for sign in "<\n")


def test_prose_marks_names_of_things_as_code() -> None:
    """Titles read as written, with calls and dotted names as code."""
    assert prose("A handler that calls os._exit(4)") == (
        "A handler that calls ",
        Code("os._exit(4)"),
    )
    assert prose("Does `atexit._clear` do it?") == ("Does ", Code("atexit._clear"), " do it?")
    assert prose("Ends here. And | there") == "Ends here. And | there"


def test_a_small_page_reads_as_it_should() -> None:
    """The whole text for a few records, from the first word to the last."""
    text = page(
        record("plain/SIGTERM@main", died("SIGTERM"), version="2.7.18"),
        record("plain/SIGTERM@main", died("SIGTERM")),
        record("plain/exception@main", ended(status=1), version="2.7.18"),
        record("plain/exception@main", ended(status=1)),
        record("plain-arguments/return@main", ended(("f('x')",)), version="2.7.18"),
        record("plain-arguments/return@main", ended(("f('y')",))),
    )
    assert (
        text.partition("\n## The answer\n")[2].partition("\nWhat the rows stand for:")[0] == ANSWER
    )
    assert text.partition("\n## `plain`")[2] == REST


ANSWER = """
Do my handlers run, in which process, and is anything left behind?

| what you do | a plain program | Flask, development server | Flask, debug server | from cells |
| --- | --- | --- | --- | --- |
| let it reach its last line | not measured | - | - | `return` @ main |
| press Ctrl-C | not measured | not measured | not measured | `SIGINT` @ main, group |
| press Ctrl-C twice | not measured | not measured | not measured | `SIGINT-twice` @ main, group |
| `kill` the first pid, `supervisorctl stop` | ✗ no; output lost | not measured | not measured \
| `SIGTERM` @ main, parent |
| `kill` the second pid | - | - | not measured | `SIGTERM` @ child |
| `kill -9` the first pid | not measured | not measured | not measured | `SIGKILL` @ main, parent |
| `kill -9` the second pid | - | - | not measured | `SIGKILL` @ child |
| stop a container: `docker stop`, `kubectl delete pod` | ✗ no; output lost | not measured \
| not measured | `SIGTERM` @ main, parent |
| stop a service: `systemctl stop` | ✗ no; output lost | not measured | not measured \
| `SIGTERM` @ main, group |
| close the terminal | not measured | not measured | not measured | `SIGHUP` @ main, group |
| run out of memory: the OOM killer | not measured | not measured | not measured \
| `SIGKILL` @ main, child |
| raise an exception | ✓ yes | not measured | not measured | `exception` @ main, child |
| call `sys.exit()` | not measured | not measured | not measured | `sys-exit-0` @ main, child |
| call `os._exit(0)` | not measured | not measured | not measured | `os-exit-0` @ main, child |
| save the source file | - | - | not measured | `touch-source` @ child |
"""

REST = """: The program plain

What it does.

| what ends it | handlers, exit | unflushed output |
| --- | --- | --- |
| `SIGTERM` | ✗ none, killed by it | lost |
| `exception` | ✓ all, exit 1 | kept |

## Variants of the plain program

Each runs to its last line. Handlers are listed in the order in which they ran.

| variant | what ran, in this order | exit | unflushed output |
| --- | --- | --- | --- |
| Handlers with arguments: 3.13.0 | f('y') | exit 0 | kept |
| Handlers with arguments: 2.7 | f('x') | exit 0 | kept |

## Versions that differ

Everything above on which the Pythons that were measured disagree, compared with the newest of \
them. What is printed on stderr, and what becomes of data in flight, is listed by version in the \
tables above.

| who differs | what they show | what the newest shows | where |
| --- | --- | --- | --- |
| 2.7 | ran f('x') | ran f('y') | `plain-arguments` |

## What this rests on

- `linux-x86_64`: 6 cells, first seen 2026-01-02; 0 showed more than one outcome, \
and 0 showed too little.
  - CPython: 2.7.18, 3.13.0

## Not explained yet

Verdicts on 6 cells: 6 unpredicted.

| where | who | what was seen | what was expected | why |
| --- | --- | --- | --- | --- |
| `plain`, `plain-arguments` | all | - | - | unpredicted: the scenario's header does not say what \
its program does |

## Not measured

- Any platform but `linux-x86_64`.
- Programs that are started otherwise than directly: by a shell, as a container's first process, \
on a terminal.
- No record of: `flask`, `flask-debug`.

## What each ending is

| id | what is done |
| --- | --- |
| `return` | The program reaches its last line. |
| `exception` | Raises an exception that is not caught. |
| `SIGTERM` | What `kill`, systemd and a container runtime send first. |
"""


def test_large_counts_have_a_separator() -> None:
    """18,932 and not 18932, wherever a page or a message counts something."""
    assert [count(number, "cell") for number in (1, 2, 12345)] == [
        "1 cell",
        "2 cells",
        "12,345 cells",
    ]
    for name in ("matrix.md", "claims.md"):
        page = (REPORTS / name).read_text()
        assert re.search(r"\b\d{1,2},\d{3} cells", page), name
        assert not re.search(r"\b\d{4,} (cells|match|rows|runs|outcomes)\b", page), name


def test_no_answer_tells_of_handlers_that_a_master_does_not_have() -> None:
    """The server says whether it imports the application, in a scenario of whatever name."""
    asked = surveys(by_platform(), LOADED).values()
    idle_masters = [one for one in asked if "master" in idle(LOADED.get(one.scenario))]
    assert len({one.scenario for one in idle_masters}) > len(
        {LOADED[one.scenario].server for one in idle_masters}
    )
    for survey in idle_masters:
        for each in (survey, regrouped(survey, lambda outcome: outcome)):
            for group in each.known:
                text = plain(short_answer(group))
                assert not re.search(
                    "in the (master|worker) only|master (yes|no|sometimes)", text
                ), f"{survey.question}: {text}"


def test_a_finding_names_those_who_answer_its_question() -> None:
    """And not those who follow one of its laws where others end for another reason.

    Endless recursion is an uncaught exception on 3.12, and not on 3.11; it is no Ctrl-C.
    """
    page = (REPORTS / "matrix.md").read_text()
    assert "- **3.7 and earlier**: An uncaught exception is printed, and the program ends" in page
    assert "- **all but 2.7**: An exception in a handler ends only that handler." in page
