"""Programs that show a cell without the harness: free of it, and showing the same."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import psutil
import pytest

from harness.judge import judge
from harness.model import Outcome, Record
from harness.outcomes import is_race
from harness.reproducer.program import reproducer
from harness.reproducer.refusal import Refusal
from harness.reproducer.shown import shown
from harness.reproducer.subject import Subject, subject
from harness.reproducer.ways import way
from harness.rules import RULES
from harness.sources import sources
from harness.stacks import Environment
from harness.store import platform_name, read_records
from harness.terminations import CATALOGUE
from tests.conftest import FOUND, LOADED, NEWEST, note_exercised

ROOT = Path(__file__).parent.parent
RECORDS = {
    record.cell: record
    for record in read_records(ROOT / "reports").get(platform_name(), [])
    if record.scenario in LOADED
}
ENDINGS = (ROOT / "harness" / "endings" / "endings.py").read_text()
OLDEST = min(
    (one for one in FOUND.values() if one.implementation == "cpython"),
    key=lambda one: one.language,
).id
RUNS_OF_A_RACE = 4
NOBODY_KNOWS = "ended, nobody knows how"


def program(record: Record) -> str:
    scenario = LOADED[record.scenario]
    return reproducer(record, scenario, sources(scenario))


def derived(
    text: str, termination: str = "return", waits: bool = False, lingers: bool = False
) -> Subject:
    does = None if waits else way(termination, ENDINGS)
    return subject(text, does, lingers=lingers, waits=waits)


# --------------------------------------------------------------------- the text


def test_no_word_of_the_harness() -> None:
    """A reproducer holds nothing of the harness, and is a program, whatever the cell."""
    made = refused = 0
    for record in RECORDS.values():
        if record.cell.split("/")[0] not in (NEWEST, OLDEST):
            continue  # but for what was measured, they are the same on all
        try:
            text = program(record)
        except Refusal:
            refused += 1
            continue
        made += 1
        ast.parse(text)
        for word in ("endings", "exitmatrix", "EXITMATRIX", "harness", "# ///"):
            assert word not in text, (record.cell, word)
        if made > 1 and record.packages:
            assert all(f"{n}=={v}" in text for n, v in record.packages.items()), record.cell
    assert made > refused


@pytest.mark.parametrize(
    "termination", [one.id for one in CATALOGUE if one.delivery == "in-process"]
)
def test_every_ending_from_inside_has_its_statements(termination: str) -> None:
    """What an in-process termination does is taken from the endings, with all that it calls."""
    does = way(termination, ENDINGS)
    text = "\n".join((*(f"import {name}" for name in does.imports), *does.functions))
    text += "\n" + "\n".join(does.statements)
    bound = {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    assert not {name for name in used if name.startswith("_")} - bound
    assert bool(does.statements) == (termination != "return")


def test_the_call_gives_way_to_what_it_does() -> None:
    """The statement stands where the call stood, with a marker before it."""
    text = "import endings\n\n\ndef view():\n    endings.end_here()  # here\n    return 1\n"
    made = derived(text, "os-exit-7").text
    assert '    witness.mark("main")\n    os._exit(7)\n    return 1' in made
    assert "import os\n" in made


def test_from_outside_a_program_waits_and_a_view_does_not() -> None:
    """Where a signal is to come, the program waits for it; a server does that by serving."""
    text = "import endings\nendings.end_here()\n"
    assert "witness.wait()" in derived(text, waits=True).text
    assert "wait" not in subject(text, None, lingers=False, waits=False).text


def test_an_empty_handler_stays_a_handler() -> None:
    """A call that is dropped and was alone in its block leaves `pass`."""
    text = "import atexit\nimport endings\n\n\n@atexit.register\ndef A():\n    endings.linger()\n"
    made = derived(text)
    assert "@atexit.register\n@witness.told\ndef A():\n    pass" in made.text
    assert "witness.linger()" in derived(text, lingers=True).text
    assert derived(text, lingers=True).lingers


def test_the_witness_is_imported_before_everything_else() -> None:
    """Others take `os.waitpid` when they are imported, so it is replaced before."""
    text = (
        '"""A text."""\nfrom __future__ import print_function\n\nimport subprocess\n'
        "import endings\n\nendings.end_here()\n"
    )
    lines = [line for line in derived(text).text.splitlines() if "import" in line]
    assert lines[:3] == [
        "from __future__ import print_function",
        "import witness",
        "import subprocess",
    ]


def test_what_has_no_definition_is_wrapped_where_it_is_registered() -> None:
    """A bound method is told of as well, unless it would then not be found by `unregister`."""
    text = "import atexit\nimport tempfile\natexit.register(tempfile.mkdtemp, 'a')\n"
    assert "atexit.register(witness.told(tempfile.mkdtemp), 'a')" in derived(text).text
    with pytest.raises(Refusal, match="unregistered"):
        derived(text + "atexit.unregister(tempfile.mkdtemp)\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import endings\nendings.dance()\n", "endings.dance"),
        ("import endings\nendings.hold('another reason')\n", "endings.hold"),
        ("import endings\nif endings.end_here(): pass\n", "not known"),
        ("import endings\nhere = endings\n", "not known"),
        ("from endings import mark\n", "single names from endings"),
        ("import endings, os\n", "among other things"),
        ("import endings\nfirst = 1; endings.end_here()\n", "more than the call"),
        ("import endings\nendings.end_here(name)\n", "no plain text"),
        ("from atexit import register\n", "single names from atexit"),
        ("import atexit as at_end\n", "another name"),
        ("print('\u00e4')\n", "ASCII"),
    ],
)
def test_what_is_not_understood_is_refused(text: str, why: str) -> None:
    """A wrong program would be worse than none: the reason is one line."""
    with pytest.raises(Refusal, match=why) as error:
        derived(text)
    assert "\n" not in str(error.value)


def test_what_only_the_harness_has_is_refused() -> None:
    """A module that programs get from the harness is not there without it."""
    with pytest.raises(Refusal, match="imports helpful"):
        subject("import helpful\n", None, lingers=False, waits=False, foreign=["helpful"])


# ---------------------------------------------------------------------- the runs


@cache
def chosen() -> dict[str, Record]:
    """By rule: a cell that rests on it, of the newest or the oldest Python there is.

    One that is no race and needs no packages where there is one: it takes a second.
    """
    here = [r for r in RECORDS.values() if r.cell.split("/")[0] in (NEWEST, OLDEST)]
    others = [r for r in RECORDS.values() if r.cell.split("/")[0] in FOUND]
    found: dict[str, Record] = {}
    for records in (here, others):
        for record in sorted(records, key=cost):
            judgement = judge(record, LOADED[record.scenario])
            if judgement.verdict.verdict != "match" or not possible(record):
                continue
            for id in judgement.verdict.rules:
                found.setdefault(id, record)
    return found


def cost(record: Record) -> tuple[bool, bool, bool, str]:
    alive = any(outcome.survivors for outcome in record.outcomes)
    return is_race(record.outcomes), alive, bool(record.packages), record.cell


def possible(record: Record) -> bool:
    try:
        program(record)
    except Refusal:
        return False
    return True


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_one_cell_a_rule(
    rule: str, environment_of: Callable[[str, str], Environment], tmp_path: Path
) -> None:
    """A reproducer shows what the matrix says, and leaves no process and no file."""
    record = chosen().get(rule)
    if record is None:
        pytest.skip("no cell that can be reproduced here rests on it")
    show_the_same(record, environment_of, tmp_path)


def show_the_same(
    record: Record, environment_of: Callable[[str, str], Environment], folder: Path
) -> None:
    environment = environment_of(record.cell.split("/")[0], record.stack)
    if environment.packages != record.packages:
        pytest.skip("measured with other packages")
    file = folder / "reproducer.py"
    file.write_text(program(record))
    empty = folder / "tmp"
    empty.mkdir()
    runs = RUNS_OF_A_RACE if is_race(record.outcomes) else 1
    done = subprocess.run(
        [environment.python, file, str(runs)],
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(empty)},
        timeout=200,
        check=False,
    )
    note_exercised([environment.interpreter])
    assert done.returncode == 0, (record.cell, done.stderr)
    assert not list(empty.iterdir())
    assert not [one.info["cmdline"] for one in left_in(empty)]
    allowed = possible_outcomes(record)
    for lines in outcomes_in(done.stdout):
        # A signal to the group can come as a parent takes its child's status, which is then lost.
        assert NOBODY_KNOWS not in str(lines) or record.target == "group", record.cell
        assert any(agrees(lines, one.cut, shown(one)) for one in allowed), (
            record.cell,
            lines,
            [shown(one) for one in allowed],
        )


def possible_outcomes(record: Record) -> tuple[Outcome, ...]:
    """What was seen; of a race, which no number of runs shows whole, also what is predicted."""
    prediction = judge(record, LOADED[record.scenario]).prediction
    predicted = prediction.outcomes if prediction and is_race(record.outcomes) else ()
    return (*record.outcomes, *predicted)


def left_in(folder: Path) -> list[psutil.Process]:
    """Processes that were started below a folder."""
    return [
        one
        for one in psutil.process_iter(["cmdline", "environ"])
        if str(folder) in (one.info["environ"] or {}).get("TOLD", "")
    ]


def outcomes_in(stdout: str) -> list[list[str]]:
    """The outcomes that a reproducer has counted."""
    found: list[list[str]] = []
    for line in stdout.splitlines():
        if line.endswith(" runs:"):
            found.append([])
        elif line.startswith("  ") and found:
            found[-1].append(line.strip())
    assert found, stdout
    return found


def agrees(lines: list[str], cut: bool, expected: Iterable[str]) -> bool:
    """Whether they say the same; what was killed may have got less far where that is chance."""
    wanted = list(expected)
    if len(lines) != len(wanted):
        return False
    return all(
        one == other
        or one.replace(NOBODY_KNOWS, "") == without_end(other)
        or (cut and "SIGKILL" in one and "SIGKILL" in other and opens(one, other))
        or (one.startswith("client:") and other.startswith("client:") and "either" in other)
        for one, other in zip(lines, wanted, strict=True)
    )


def without_end(line: str) -> str:
    return re.sub(r"(?<=; )(SIG\w+|exit \d+)", "", line)


def opens(one: str, other: str) -> bool:
    """Whether no more ran than in the longest run, and in that order."""
    names = [words.partition("ran ")[2].partition(";")[0] for words in (one, other)]
    return names[0] == "nothing" or names[1].startswith(names[0])
