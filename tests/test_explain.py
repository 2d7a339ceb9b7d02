"""`explain`: one cell in words, from saved files alone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from exitmatrix.cli.errors import Failure
from exitmatrix.cli.explain import cells_ending_in, not_measured
from exitmatrix.cli.records import read_alike
from exitmatrix.judge.laws import LAWS_BY_ID
from exitmatrix.judge.texts import GENERAL
from exitmatrix.judge.verdict import judge
from exitmatrix.machine.store.records import digest, read_timelines
from exitmatrix.model import (
    CellId,
    Outcome,
    PortState,
    Process,
    Question,
    Record,
    Scenario,
    Timeline,
)
from exitmatrix.plan.cells import NothingMatches
from exitmatrix.plan.lookup import find_cells, nearest_cells
from exitmatrix.report.pages.cell import CellFacts, explanation
from exitmatrix.report.pages.listing import listing
from exitmatrix.report.render.text import WIDTH
from exitmatrix.report.sentences import sentences
from exitmatrix.report.survey import surveys
from exitmatrix.report.timeline import timeline_lines
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.conftest import LOADED
from tests.support import command
from tests.support.committed import by_platform

ROOT = Path(__file__).parent.parent
REPORTS = ROOT / "reports"
PLATFORM = "linux-x86_64"
RECORDS = {record.cell: record for record in by_platform().get(PLATFORM, ())}
COMMAND = [sys.executable, "-c", "from exitmatrix.cli.entry import entry; entry()", "explain"]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], capture_output=True, text=True, cwd=ROOT, timeout=100, check=False
    )


def process(**keys: Any) -> Process:
    return Process(**{"role": "main", "fired": (), "unfinished": (), "exit": {"code": 0}} | keys)


def outcome(*processes: Process, port: PortState | None = None) -> Outcome:
    survivors = tuple(one.role for one in processes if one.exit is None)
    return Outcome(processes=processes, order=None, survivors=survivors, helpers=(), port=port)


def record_named(part: str) -> Record:
    """A record of the newest release of which there is one."""
    cells = [cell for cell in RECORDS if cell.endswith(part) and cell.startswith("cpython-3")]
    if not cells:
        pytest.skip(f"no record of {part}")
    return RECORDS[max(cells, key=lambda cell: int(cell.split(".")[1]))]


def case(
    record: Record, *timelines: Timeline | None, scenario: Scenario | None = None
) -> CellFacts:
    subject = scenario or LOADED[record.scenario]
    return CellFacts(
        platform=PLATFORM,
        record=record,
        scenario=subject,
        judgement=judge(record, subject),
        timelines=timelines or (None,) * len(record.outcomes),
        survey=surveys({PLATFORM: [record]}, LOADED)[record.question],
    )


# ---------------------------------------------------------------------- sentences


def test_a_sentence_names_the_process_what_ran_and_how_it_ended() -> None:
    """Each process gets a sentence: what ran, and how it ended."""
    texts = sentences(
        outcome(
            process(role="parent", fired=("C", "B", "A"), exit={"code": 247}),
            process(role="child", fired=(), exit={"signal": "SIGKILL"}, stdout="lost"),
            port="closed",
        )
    )
    assert texts == (
        "The parent runs its handlers C, B, A, and exits with status 247. "
        "The child runs no handler, and is killed by SIGKILL. "
        "What it had printed and not flushed is lost. Nobody answers HTTP any more."
    )


@pytest.mark.parametrize(
    ("of", "says"),
    [
        (process(fired=None, unfinished=None), "could not be seen from inside"),
        (
            process(fired=("C",), unfinished=("B",)),
            "runs its handler C, then begins B but does not",
        ),
        (process(fired=("C", "B"), raised=("C",)), "C raised, and more handlers ran after that."),
        (process(fired=("C",), raised=("C",)), "C raised."),
        (process(fired=(), exit={"unknown": "why"}), "ends in a way that was not seen: why"),
        (process(fired=(), exit=None), "has run no handler, and goes on"),
        (process(stdout="twice"), "arrives twice"),
    ],
)
def test_a_sentence_says_no_more_than_was_seen(of: Process, says: str) -> None:
    """Each thing that a process can show has its words."""
    assert says in sentences(outcome(of))


def test_the_second_process_of_a_pool_is_no_new_one() -> None:
    """Only where the first has ended and its successor serves has one come in its place."""
    gone, there = process(role="child"), process(role="child", exit=None)
    second = process(role="child#2", exit=None)
    reloaded = sentences(outcome(process(role="parent"), gone, second, port="open"))
    assert "A new child (child#2)" in reloaded
    for first in (gone, there):
        pool = sentences(outcome(process(role="parent"), first, second))
        assert "Child 2 has run no handler, and goes on." in pool
        assert "new child" not in pool


def test_of_what_was_killed_at_any_moment_it_says_at_most() -> None:
    """The longest run seen is no promise."""
    killed = process(fired=("C",), exit={"signal": "SIGKILL"})
    assert "may get less far" in sentences(replace(outcome(killed), cut=True))
    assert "less far" not in sentences(outcome(killed))


# ----------------------------------------------------------------------- timelines


def drawn(timeline: Timeline, roles: Sequence[str] = ("parent", "child")) -> list[str]:
    return [" ".join(line.split()) for line in timeline_lines(timeline, roles)]


def test_steps_stand_in_the_column_of_their_process() -> None:
    """Who did what is told by the column, and when by the line."""
    lines = timeline_lines((("parent", "spawned"), ("child", "started")), ("parent", "child"))
    places = [len(line) - len(line.lstrip()) for line in lines]
    assert lines[0].split() == ["parent", "child"]
    assert lines[0].index("parent") == places[1]
    assert lines[0].index("child") == places[2]


def test_runs_in_a_row_are_one_step_and_an_interruption_shows() -> None:
    """C and B ran one after the other; A was begun when the other process ended."""
    timeline = (
        ("parent", "began", "C"),
        ("parent", "returned", "C"),
        ("parent", "began", "B"),
        ("parent", "returned", "B"),
        ("parent", "began", "A"),
        ("child", "ended", "signal SIGKILL"),
        ("parent", "returned", "A"),
        ("parent", "ended", "code 0"),
    )
    assert drawn(timeline)[1:] == [
        "runs C, B",
        "begins A",
        "is killed by SIGKILL",
        "ends A",
        "exits with 0",
    ]


def test_what_concerns_several_processes_stands_between_them() -> None:
    """A signal to the group is in no column; nor is a helper's end."""
    lines = drawn((("harness", "sent", "SIGTERM", "group"), ("a.helper", "ended", "code 0")))
    assert lines[1].startswith("--- SIGTERM to the group ---")
    assert lines[2].startswith("--- a.helper: exits with 0 ---")


def test_an_exception_in_a_handler_is_told_with_its_type() -> None:
    """A handler that raised did not simply run."""
    timeline = (("main", "began", "C"), ("main", "raised", "C", "KeyboardInterrupt"))
    assert drawn(timeline, ["main"]) == ["C raises KeyboardInterrupt"]


# ------------------------------------------------------------------------ the page


def test_every_line_fits_a_terminal() -> None:
    """At eighty columns nothing wraps but the names of things that are longer."""
    kept = read_timelines(REPORTS, PLATFORM)
    for record in list(RECORDS.values())[::40]:
        timelines = [kept.get((record.cell, digest(one))) for one in record.outcomes]
        assert any(timelines) or not record.outcomes
        for line in explanation(case(record, *timelines)).splitlines():
            assert len(line) <= WIDTH or len(line.split()) < 3 or record.cell in line, line


def test_a_rule_is_told_with_its_reason_and_source() -> None:
    """What was foreseen is followed by every rule that it rests on."""
    record = record_named("none/plain/SIGTERM@main")
    text = " ".join(explanation(case(record)).split())
    used = judge(record, LOADED["plain"]).prediction
    assert used
    assert "Why, by the laws that predicted it" in text
    assert "Verdict" not in text
    for id in used.rules:
        assert id in text
    assert text.count("Source: ") == len(used.rules)


def test_an_answer_tells_the_laws_that_matter_and_names_the_others() -> None:
    """Those are needed by a fifth of all cells, and none is about a signal."""
    needed = Counter(
        id
        for line in (REPORTS / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()
        for id in set(json.loads(line)["rules"])
    )
    cells = len((REPORTS / "verdicts.jsonl").read_text(encoding="utf-8").splitlines())
    assert all(needed[id] > cells / 5 for id in GENERAL)
    assert all(LAWS_BY_ID[id].about != "signal" for id in GENERAL)
    text = command.run("answer", "docker stop", "--records", str(REPORTS)).stdout
    assert "\n  default-action\n" in text
    assert "\n  register-appends\n" not in text
    assert "And what holds for most programs: register-appends, " in text
    full = command.run(
        "explain", "cpython-3.13.0/none/plain/SIGTERM@main", "--records", str(REPORTS)
    )
    assert "\n  register-appends\n" in full.stdout


def test_a_mismatch_says_what_the_rules_allow() -> None:
    """The message has both what was seen and what is allowed."""
    record = record_named("none/plain/SIGTERM@main")
    wrong = replace(record, outcomes=(outcome(process(role="main", exit={"code": 99})),))
    text = " ".join(explanation(case(wrong)).split())
    assert "exits with status 99" in text
    assert "Verdict: mismatch" in text
    assert "The laws allow: The program runs no handler, and is killed by SIGTERM." in text


def test_a_race_names_the_two_events() -> None:
    """If a law names the two events that race, the text names them."""
    record = record_named("flask-debug/SIGTERM@group")
    text = " ".join(explanation(case(record)).split())
    prediction = judge(record, LOADED["flask-debug"]).prediction
    assert prediction
    assert prediction.races
    assert "This is a race" in text
    assert all(race in text for race in prediction.races)


def test_a_race_says_how_sure_its_outcomes_are() -> None:
    """What none of n runs showed has a probability below 3/n; of few runs nothing is said."""
    record = record_named("flask-debug/SIGTERM@group")
    texts = {
        runs: " ".join(explanation(case(replace(record, runs=runs))).split())
        for runs in (None, 3, 20, 300)
    }
    assert "below 15 % (3/20, at 95 %)" in texts[20]
    assert "below 1 % (3/300, at 95 %)" in texts[300]
    assert not any("at 95 %" in texts[runs] for runs in (None, 3))


def test_one_interpreter_is_no_agreement() -> None:
    """What was measured on one says nothing of others."""
    text = explanation(case(record_named("/plain/return@main")))
    assert "Only this one was measured." in text
    assert "All 1" not in text


def test_code_in_a_sentence_has_no_marks_in_a_terminal() -> None:
    """Backticks are for Markdown."""
    text = explanation(case(record_named("/plain/SIGKILL@main")))
    assert "What kill -9 and the kernel's" in " ".join(text.split())


def test_versions_that_differ_are_named() -> None:
    """KeyboardInterrupt exits with 1 up to 3.7, and is killed by SIGINT from 3.8 on."""
    cells = [r for r in RECORDS.values() if r.cell.endswith("/plain/keyboard-interrupt@main")]
    key = Question.parse("plain/keyboard-interrupt@main")
    mine = next(record for record in cells if record.cell.startswith("cpython-3.7"))
    asked = surveys({PLATFORM: cells}, LOADED)[key]
    text = explanation(replace(case(mine), survey=asked))
    assert "3.7 and earlier: exit 1 (this cell)" in text
    assert "3.8 and later" in text


def test_the_command_is_one_that_can_be_pasted() -> None:
    """Lines of a command that goes on end in a backslash, and its words name the cell."""
    record = record_named("flask-debug/SIGKILL@child")
    text = explanation(case(record))
    command = text[text.index("exitmatrix matrix") :].partition("\nor,")[0]
    assert [line[-1:] == "\\" for line in command.splitlines()] == [True] * command.count("\n") + [
        False
    ]
    words = command.replace("\\\n", " ").split()
    pairs = dict(zip(words[2::2], words[3::2], strict=True))
    assert pairs["--scenario"] == "flask-debug"
    assert pairs["--target"] == "child"
    assert pairs["--stack"] == record.stack
    assert pairs["--output"] != "reports"


def test_what_is_not_known_is_said_with_its_reason() -> None:
    """A cell of which too little was seen has no outcome, and a program may be gone."""
    record = replace(
        record_named("none/plain/SIGTERM@main"), outcomes=(), unknown=("it was never ready",)
    )
    text = explanation(case(record))
    assert "Some runs showed too little: it was never ready." in text
    assert "Verdict: unknown" in text
    gone = explanation(replace(case(record), scenario=None))
    assert "A program that is gone." in gone


def renamed(record: Record, interpreter: str, version: str, **keys: Any) -> Record:
    """The same record, of another interpreter."""
    cell = CellId.asking(interpreter, record.stack, record.question)
    about = {**record.interpreter, "version": version}
    return replace(record, cell=str(cell), interpreter=about, **keys)


def test_cells_with_the_same_answer_are_one_line() -> None:
    """A question is told once, each of its answers once, and who gave it in the fewest words."""
    one = record_named("none/plain/SIGTERM@main")
    other = renamed(one, "cpython-3.99.0", "3.99.0")
    more = replace(other, outcomes=record_named("none/plain/return@main").outcomes)
    assert listing([("a", one), ("a", other)], {"a": [one, other]}, LOADED) == [
        "plain/SIGTERM@main",
        "  ✗ no; output lost: all 2 that were measured",
    ]
    assert listing([("a", one), ("a", more)], {"a": [one, more]}, LOADED) == [
        "plain/SIGTERM@main",
        f"  ✗ no; output lost: {one.interpreter['version']}",
        "  ✓ yes: 3.99.0",
    ]


def test_the_answer_that_most_give_comes_first() -> None:
    """Whatever the order in which they were found."""
    one = record_named("none/plain/SIGTERM@main")
    rest = [renamed(one, f"cpython-3.9{n}.0", f"3.9{n}.0") for n in range(2)]
    odd = replace(one, outcomes=record_named("none/plain/return@main").outcomes)
    lines = listing([("a", each) for each in [odd, *rest]], {"a": [odd, *rest]}, LOADED)
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["✗ no; output lost", "✓ yes"]


def test_who_was_not_looked_for_is_not_spoken_of() -> None:
    """The words for some of the subjects name no others, and "all" means all on record."""
    one = record_named("none/plain/SIGTERM@main")
    other = renamed(one, "cpython-3.99.0", "3.99.0")
    (_, line) = listing([("a", one)], {"a": [one, other]}, LOADED)
    assert line == f"  ✗ no; output lost: {one.interpreter['version']}"
    (_, line) = listing([("a", one)], {"a": [one]}, LOADED)
    assert line == "  ✗ no; output lost: only one measured"


def ids(*texts: str) -> list[CellId]:
    return [CellId.parse(text) for text in texts]


SOME_CELLS = ids(
    "cpython-3.13.0/none/plain/SIGTERM@main",
    "cpython-3.13.0/none/plain/SIGTERM-then-SIGKILL@main",
    "cpython-3.13.0/flask-3.1/flask/SIGTERM@main",
    "cpython-3.13.0/flask-3.1/flask-debug/SIGTERM@child",
    "pypy-3.9.16-7.3.11/none/plain/SIGINT@main",
)


@pytest.mark.parametrize(
    ("words", "finds"),
    [
        (str(SOME_CELLS[0]), [0]),
        ("plain/SIGTERM", [0]),
        ("plain/SIGTERM*", [0, 1]),
        ("SIGTERM", [0, 2, 3]),
        ("SIGTERM@child", [3]),
        ("child", [3]),
        ("flask", [2]),
        ("flask-debug/SIGTERM", [3]),
        ("none/plain", [0, 1, 4]),
        ("pypy-3.9.16-7.3.11", [4]),
        ("SIGTERM-then", [1]),
        ("pypy", [4]),
        ("*", [0, 1, 2, 3, 4]),
    ],
)
def test_whole_words_name_a_cell_before_parts_of_words_do(words: str, finds: list[int]) -> None:
    """`plain/SIGTERM` names no cell of `SIGTERM-then-SIGKILL`, and `flask` none of flask-debug."""
    assert find_cells(words, SOME_CELLS) == [SOME_CELLS[n] for n in finds]


@pytest.mark.parametrize("words", ["", " ", "plain/SIGTREM"])
def test_what_names_no_cell_is_refused(words: str) -> None:
    """An empty text names nothing, rather than everything."""
    with pytest.raises(NothingMatches):
        find_cells(words, SOME_CELLS)


@given(st.sampled_from(SOME_CELLS), st.data())
def test_every_run_of_whole_words_finds_its_cell(cell: CellId, data: st.DataObject) -> None:
    """From any word of an id to any later one, the id is found, and only where these stand."""
    words = re.split("([/@])", str(cell))
    first = data.draw(st.integers(0, len(words) // 2)) * 2
    last = data.draw(st.integers(first // 2, len(words) // 2)) * 2
    part = "".join(words[first : last + 1])
    found = find_cells(part, SOME_CELLS)
    assert cell in found
    assert all(part in str(one) for one in found)


def test_what_is_nearest_is_as_long_as_what_was_given() -> None:
    """If a part of an id was given, the hints are parts of ids."""
    cells = ids("cpython-3.13.0/none/plain/SIGTERM@main", "cpython-3.13.0/none/plain/SIGINT@main")
    assert nearest_cells("plain/SIGTREM@main", cells)[0] == "plain/SIGTERM@main"
    assert nearest_cells("cpython-3.13/none/plain/SIGTERM@main", cells)[0] == str(cells[0])


# ----------------------------------------------------------------------- the command


def test_what_was_not_measured_is_told_as_the_laws_foretell_it() -> None:
    """Of a program that was, ended in a way that is known; with the reasons."""
    some = {PLATFORM: by_platform()[PLATFORM]}
    text = not_measured("gunicorn-busy/SIGHUP@group", some)
    assert text.startswith("gunicorn-busy/SIGHUP@group was not measured.\n")
    assert "is killed by SIGHUP" in text
    assert "server-replaced\n" in text
    assert max(map(len, text.splitlines())) <= WIDTH
    assert not not_measured("gunicorn/SIGHUP@nobody", some)
    assert not not_measured("nothing/SIGHUP@group", some)
    assert not not_measured("gunicorn/SIGNOT@group", some)


def test_of_what_no_law_tells_the_reason_is_said() -> None:
    """In one line: a second master of gunicorn has no place among the facts."""
    some = {PLATFORM: by_platform()[PLATFORM]}
    with pytest.raises(Failure, match="SIGUSR2 to master does to gunicorn: it has a handler"):
        not_measured("gunicorn/SIGUSR2@master", some)


def test_an_id_is_explained_offline() -> None:
    """One cell prints the whole explanation on stdout, and nothing on stderr."""
    record = record_named("none/plain/SIGTERM@main")
    done = run(record.cell)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for part in ("What happens", "In order", "Why", "Versions", "See it again"):
        assert f"\n{part}" in done.stdout
    assert "No run of it was kept" not in done.stdout


def test_an_id_is_explained_as_if_all_had_been_read() -> None:
    """For an id only the records of its question are read: those that the text speaks of."""
    record = record_named("none/plain/SIGINT@main")
    alike = read_alike(REPORTS, record.cell)
    everything = by_platform()
    assert 0 < sum(map(len, alike.values())) < sum(map(len, everything.values()))
    for platform, rows in everything.items():
        same = [one for one in rows if one.question == record.question]
        assert alike[platform] == same
    assert read_alike(REPORTS, "plain/SIGINT") == {}


@pytest.mark.parametrize(
    "words", ["flask-debug/SIGKILL@child", "sh/SIGTERM@first", "SIGKILL@child"]
)
def test_the_end_of_an_id_is_found_as_among_all_records(words: str) -> None:
    """And so are all that were asked the same, on whatever Python."""
    alike = read_alike(REPORTS, words)
    named = find_cells(words, [CellId.parse(cell) for cell in RECORDS])
    assert {one.record.cell for one in cells_ending_in(words, alike)} == set(map(str, named))
    asked = {cell.question for cell in named}
    read = {record.cell for rows in alike.values() for record in rows}
    assert read == {cell for cell, one in RECORDS.items() if one.question in asked}


def test_a_pattern_is_looked_for_among_all_records() -> None:
    """It may name cells of which nothing ends as it does."""
    assert read_alike(REPORTS, "plain/SIG*@main") == {}


def test_a_pattern_and_a_part_list_the_same_cells() -> None:
    """Parts of ids are found without `*`; stderr says how to get a single cell."""
    pattern = run("*/flask-debug/SIGTERM@*")
    part = run("flask-debug/SIGTERM")
    assert pattern.returncode == part.returncode == 0
    assert "flask-debug/SIGTERM@child" in part.stdout.splitlines()
    assert pattern.stdout == part.stdout
    (way,) = part.stderr.splitlines()
    assert run(*way.rpartition("exitmatrix explain ")[2].split()).stdout.count("\n") > 20


def test_one_question_is_answered_by_all_and_by_the_newest_in_full() -> None:
    """The newest Python with the newest release; the short answers of all stand above it."""
    done = run("uvicorn/SIGTERM@main")
    assert done.returncode == 0
    assert done.stderr == ""
    answers, _, full = done.stdout.partition("\n\nThe newest in full\n\n")
    assert "all but Uvicorn 0.28.1" in answers
    newest = full.split()[0]
    assert newest.startswith("cpython-3.15.2/uvicorn-0.54/uvicorn/SIGTERM@main")
    assert full == run(newest).stdout


def test_no_match_is_one_line_with_what_is_near() -> None:
    """A wrong name is a usage error on stderr."""
    done = run("flask-debug/SIGTREM@parent")
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "no cell matches 'flask-debug/SIGTREM@parent'" in line
    assert "flask-debug/SIGTERM@parent" in line


def test_nothing_on_record_is_said(tmp_path: Path) -> None:
    """An empty folder is no cell that is missing."""
    done = run("plain", "--output", str(tmp_path))
    assert done.returncode == 2
    assert "nothing is on record" in done.stderr


def test_a_reproducer_is_written_for_one_cell_only(tmp_path: Path) -> None:
    """For one cell it goes to a file or to stdout; several cells are refused."""
    cell = record_named("none/plain/SIGTERM@main").cell
    file = tmp_path / "show.py"
    assert run(cell, "--reproducer", str(file)).returncode == 0
    assert run(cell, "--reproducer", "-").stdout == file.read_text()
    file.unlink()
    many = run("plain/SIGTERM", "--reproducer", str(file))
    assert many.returncode == 2
    assert "takes one cell" in many.stderr
    assert not file.exists()


def test_a_reproducer_that_cannot_be_made_is_refused_in_a_line(tmp_path: Path) -> None:
    """If no program can show the cell, none is written, and the reason is printed."""
    mine = record_named("none/plain/SIGTERM@main")
    shutil.copytree(REPORTS / "observations", tmp_path / "observations")
    (file,) = [f for f in (tmp_path / "observations").rglob("*") if f.stem == mine.interpreter_id]
    text = file.read_text().replace('"launcher":"direct"', '"launcher":"shell"')
    file.write_text(text)
    done = run(mine.cell, "--output", str(tmp_path), "--reproducer", str(tmp_path / "show.py"))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "launched by shell" in line
    assert not (tmp_path / "show.py").exists()
