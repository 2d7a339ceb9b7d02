"""Programs that show a cell without the harness: free of it, and showing the same."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest
from exitmatrix.declare.terminations import CATALOGUE, TERMINATIONS
from exitmatrix.judge.laws import LAWS
from exitmatrix.judge.verdict import judge
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.machine.sources import sources
from exitmatrix.model import Outcome, Process, Record, Scenario, Sources
from exitmatrix.model.language import Fork
from exitmatrix.model.outcome_sets import is_race
from exitmatrix.report.reproducer.driver import IGNORED_IN_BACKGROUND
from exitmatrix.report.reproducer.program import reproducer
from exitmatrix.report.reproducer.refusal import Refusal
from exitmatrix.report.reproducer.rewrite import Rewriting, imported, rewrite_program
from exitmatrix.report.reproducer.statements import termination_statements
from exitmatrix.report.reproducer.stub import stub
from exitmatrix.report.reproducer.summary import summary

from tests.conftest import FOUND, LOADED, NEWEST, note_exercised
from tests.support.background import background
from tests.support.committed import of_this_platform, verdicts
from tests.support.part import every
from tests.support.running import GONE

ROOT = Path(__file__).parent.parent
RECORDS = {record.cell: record for record in of_this_platform() if record.scenario in LOADED}
ENDINGS = (ROOT / "harness" / "exitmatrix" / "inside" / "endings" / "endings.py").read_text()
OLDEST = min(
    (one for one in FOUND.values() if one.implementation == "cpython"),
    key=lambda one: one.language,
).id
RUNS_OF_A_RACE = 4


def program(record: Record) -> str:
    scenario = LOADED[record.scenario]
    return reproducer(record, scenario, sources(scenario))


def derived(
    text: str,
    termination: str = "",
    *,
    waits: bool = False,
    lingers: bool = False,
    says: str = "",
) -> str:
    does = termination_statements(termination, ENDINGS) if termination else None
    how = Rewriting(ends=does, waits=waits, lingers=lingers, says=says)
    return rewrite_program(text, how)


# --------------------------------------------------------------------- the text


def test_no_word_of_the_harness() -> None:
    """A reproducer holds nothing of the harness, and is a program, whatever the cell."""
    made = refused = 0
    for record in RECORDS.values():
        if record.interpreter_id not in (NEWEST, OLDEST):
            continue  # but for what was measured, they are the same on all
        if record.launcher != "direct":
            with pytest.raises(Refusal):  # nothing stands for a launcher outside
                program(record)
            continue
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
    does = termination_statements(termination, ENDINGS)
    text = "\n".join((*(f"import {name}" for name in does.imports), *does.functions))
    text += "\n" + "\n".join(does.statements)
    bound = {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    assert not {name for name in used if name.startswith("_")} - bound
    assert bool(does.statements) == (termination != "return")


def test_the_call_gives_way_to_what_it_does() -> None:
    """The statement stands where the call stood, with a marker before it."""
    text = "import endings\n\n\ndef view():\n    endings.end_here()  # here\n    return 1\n"
    made = derived(text, "os-exit-7")
    assert '    sys.stdout.write("[unflushed:main]")\n    os._exit(7)\n    return 1' in made
    assert made.startswith("import os, sys\n")


def test_a_name_is_marked_once() -> None:
    """A marker that stood there twice would be taken for one that was flushed twice."""
    text = "import endings\nendings.mark('parent')\nendings.end_here('parent')\n"
    assert derived(text, "return").count("unflushed") == 1


def test_from_outside_a_program_waits_and_a_view_does_not() -> None:
    """Where a signal is to come, the program waits for it; a server does that by serving."""
    text = "import endings\nendings.end_here()\n"
    assert "time.sleep(60)" in derived(text, waits=True)
    assert "sleep" not in derived(text)


def test_an_empty_handler_stays_a_handler() -> None:
    """A call that is dropped and was alone in its block leaves `pass`."""
    text = "import atexit\nimport endings\n\n\n@atexit.register\ndef A():\n    endings.linger()\n"
    assert "@atexit.register\ndef A():\n    pass" in derived(text, "return")
    lingering = derived(text, lingers=True)
    assert "def A():\n    time.sleep(1)" in lingering
    assert lingering.startswith("import time\n")


def test_what_the_harness_gives_is_the_programs_own() -> None:
    """Its file's name and the port: the one it has anyway, the other is told by the driver."""
    text = 'import endings\napp.run(["app.py"], port=0)\n'
    made = derived(text)
    assert made.startswith("import sys\n")
    assert made.endswith("app.run([__file__], port=int(sys.argv[1]))\n")


def test_each_is_short_enough_to_be_pasted() -> None:
    """What is not the scenario's own: nothing but a head if it ends by itself, else a driver."""
    for record in RECORDS.values():
        if record.interpreter_id not in (NEWEST, OLDEST) or not possible(record):
            continue
        scenario = LOADED[record.scenario]
        text = program(record)
        driven = driver_of(text)
        parts = sources(scenario)
        texts = [*parts.files.values(), *(parts.provided[one] for one in provided(parts))]
        own = sum(len(code_of(one)) for one in texts)
        beside = 4 + 2 * len(texts)  # two lines for each file that it writes
        assert len(code_of(text)) <= own + len(code_of("\n".join(driven))) + beside, record.cell
        head = text.partition("from __future__")[0].splitlines()
        # Of each outcome it tells what became of processes, port and data, a line for each; then
        # the packages, of which a line holds so many.
        seen = sum(3 + len(one.processes) + len(one.data or ()) for one in record.outcomes)
        assert len(head) <= 14 + seen + len(record.packages) // 8, record.cell
        delivery = TERMINATIONS[record.termination].delivery
        several = len(scenario.roles) > 1 or record.target == "group"
        least = 23 if scenario.serves else 17 if several else 14
        more = 12 * is_race(record.outcomes) + 10 * (delivery == "signal-twice")
        more += 2 * (TERMINATIONS[record.termination].signal in IGNORED_IN_BACKGROUND)
        more += bool(record.outcomes[0].survivors) and record.target == "child"  # its pid
        # In some runs of a race somebody is left: it waits for those, looks for them, and says so.
        more += 3 * (is_race(record.outcomes) and any(one.survivors for one in record.outcomes))
        assert len(driven) <= least + more, record.cell
        if delivery == "in-process" and not scenario.serves:
            assert not driven, record.cell
        assert max(map(len, head + driven)) < 80, record.cell


def test_what_is_left_in_shared_memory_is_told_with_what_removes_it() -> None:
    """Nobody else does before the machine is started again."""
    left = [one for one in RECORDS.values() if any(each.left for each in one.outcomes)]
    shown = [(one, program(one)) for one in left if possible(one)]
    for record, text in shown:
        head = " ".join(text.partition("from __future__")[0].replace("#", " ").split())
        for kind in {kind for each in record.outcomes for kind in each.left}:
            assert kind in head, record.cell
        assert "`rm` and `ipcrm` remove it." in head, record.cell
    clean = next(one for one in RECORDS.values() if one not in left and possible(one))
    assert "ipcrm" not in program(clean)
    assert len(shown) > 10


def test_what_all_outcomes_have_in_common_is_told_once() -> None:
    """Of a race: then each outcome tells what is its own, and no two tell the same."""
    races = [one for one in RECORDS.values() if len(one.outcomes) > 1 and possible(one)]
    split = 0
    for record in races:
        head = program(record).partition("from __future__")[0]
        shown = head.partition("PYTHONUNBUFFERED:\n")[2].partition('# "Output"')[0]
        common, _, rest = shown.replace("#   and either", "#   either").partition("#   either\n")
        apart = [one.splitlines() for one in rest.split("#   or\n")] if rest else []
        split += bool(apart)
        assert not apart or not set.intersection(*map(set, apart)), record.cell
        assert len({tuple(one) for one in apart}) == len(apart), record.cell
        assert common or apart, record.cell
    assert split > 10


def code_of(text: str) -> list[str]:
    """The lines of a text that are more than a comment."""
    return [line for line in text.splitlines() if line.strip() and line.strip()[0] != "#"]


def provided(parts: Sources) -> set[str]:
    """What the harness lets the program import, and it does."""
    return set().union(*(imported(one) for one in parts.files.values())) & set(parts.provided)


def driver_of(text: str) -> list[str]:
    """The lines that are not the program: those that are run without an argument, or once."""
    first, last = "if len(sys.argv) == 1:\n", "\n    sys.exit()\n"
    _, start, rest = text.partition(first)
    return (start + rest.rpartition(last)[0] + last).splitlines() if start else []


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
        ("print('\u00e4')\n", "ASCII"),
    ],
)
def test_what_is_not_understood_is_refused(text: str, why: str) -> None:
    """A wrong program would be worse than none: the reason is one line."""
    with pytest.raises(Refusal, match=why) as error:
        derived(text)
    assert "\n" not in str(error.value)


def test_a_module_of_the_harness_goes_with_the_program_and_tells_nobody() -> None:
    """What programs get from the harness is part of the file, without the channel."""
    text = (
        "from exitmatrix_channel import tell\n\ndef start():\n    tell('endings', 'x')\n    go()\n"
    )
    assert stub("helpful", text) == "\ndef start():\n    go()\n"


@pytest.mark.parametrize("use", ["told = tell('x')", "import exitmatrix_channel", "f(tell)"])
def test_a_module_that_needs_the_channel_is_refused(use: str) -> None:
    """One that does more with it than to tell would not be what it is without."""
    with pytest.raises(Refusal, match="imports helpful"):
        stub("helpful", f"from exitmatrix_channel import tell\n{use}\n")


# ---------------------------------------------------------------------- the runs


@cache
def chosen() -> dict[str, Record]:
    """By rule: a cell that rests on it, of the newest or the oldest Python there is.

    One that is no race and needs no packages where there is one: it takes a second.
    """
    here = [r for r in RECORDS.values() if r.interpreter_id in (NEWEST, OLDEST)]
    others = [r for r in RECORDS.values() if r.interpreter_id in FOUND]
    found: dict[str, Record] = {}
    for rows in (here, others):
        for record in sorted(rows, key=cost):
            verdict = verdicts()[record.cell]
            new = [id for id in verdict.rules if id not in found]
            if new and verdict.verdict == "match" and possible(record):
                found.update(dict.fromkeys(new, record))
    return found


def cost(record: Record) -> tuple[bool, bool, bool, str]:
    alive = any(outcome.survivors for outcome in record.outcomes)
    return is_race(record.outcomes), alive, bool(record.packages), record.cell


SILENT = {
    "plain-own-registry": ("stop", "report"),  # they call those that say something
    "plain-pool-late": ("A", "C"),  # what they submit says that it is executed
    "plain-join-in-del": ("d",),
    "psycopg-pool": ("pool", "hint"),
}
"""Functions that print nothing: a reproducer shows of them only what follows."""


def possible(record: Record) -> bool:
    try:
        program(record)
    except Refusal:
        return False
    return True


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("rule", every(20, [rule.id for rule in LAWS]))
def test_one_cell_a_rule(
    rule: str, environment_of: Callable[[str, str], Environment], tmp_path: Path
) -> None:
    """A reproducer shows what the matrix says, and leaves no process and no file.

    But in shared memory, where that is what it shows: then it says so, and how that is removed.
    `make whole` asks this of a cell of every law, `make test` of every twentieth.
    """
    record = chosen().get(rule)
    if record is None:
        pytest.skip("no cell that can be reproduced here rests on it")
    if record.cell not in SHOWN:  # a cell rests on many rules, and is run for the first of them
        show_the_same(record, environment_of, tmp_path)
        SHOWN.add(record.cell)


SHOWN: set[str] = set()


def on_record(cell: str) -> Record:
    """The record of a cell of the newest Python."""
    if f"{NEWEST}/{cell}" not in RECORDS:
        pytest.skip("not on record for this Python")
    return RECORDS[f"{NEWEST}/{cell}"]


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize(
    "cell",
    [
        "none/plain-handler-os-exit/return@main",
        "none/plain/stdout-closed@main",
        "none/plain/SIGINT-twice@main",
        "none/plain-fork-returns/return@parent",
    ],
)
def test_what_handlers_say_is_not_lost(
    cell: str, environment_of: Callable[[str, str], Environment], tmp_path: Path
) -> None:
    """Also where stdout is lost, closed or too late, or several write to it."""
    record = on_record(cell)
    show_the_same(record, environment_of, tmp_path)


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize(
    "cell", ["none/plain-subprocess/SIGTERM@parent", "flask-3.1/flask-debug/SIGTERM@group"]
)
def test_an_interrupted_one_leaves_nobody(
    cell: str, environment_of: Callable[[str, str], Environment], tmp_path: Path
) -> None:
    """Ctrl-C ends the reproducer and whatever it started, of a race as well."""
    record = on_record(cell)
    file = tmp_path / "reproducer.py"
    rest = "time.sleep(0.5)  # until all is at rest"
    assert rest in program(record)
    file.write_text(
        program(record).replace(rest, "time.sleep(600)")
    )  # so it is at rest when it ends
    python = environment_of(NEWEST, record.stack).python
    with subprocess.Popen([python, file], start_new_session=True, stderr=subprocess.PIPE) as run:
        limit = time.monotonic() + GONE
        while time.monotonic() < limit:
            if len(left_in(file)) > 2 + is_race(record.outcomes):  # driver, parent and child
                break
            time.sleep(0.1)
        else:
            pytest.fail(f"never all there: {left_in(file)}")
        os.killpg(run.pid, signal.SIGINT)
        run.communicate(timeout=GONE)
    _, left = psutil.wait_procs(left_in(file), timeout=GONE)  # what was killed takes a moment
    for one in left:
        one.kill()
    assert not left


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize(
    "cell", ["SIGINT@main", "SIGINT-twice@main", "SIGINT-then-SIGINT@main", "SIGHUP@main"]
)
def test_in_the_background_it_shows_the_same(
    cell: str, environment_of: Callable[[str, str], Environment], tmp_path: Path
) -> None:
    """A background job ignores SIGINT, nohup SIGHUP; what the reproducer starts does not."""
    record = on_record(f"none/plain/{cell}")
    show_the_same(record, environment_of, tmp_path, how=background)


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize(
    "cell",
    [
        "plain-own-registry/exception@main",
        "plain-pool-late/return@main",
        "plain-join-in-del/return@main",
        "multiprocessing-forkserver/SIGTERM@parent",
    ],
)
def test_what_says_nothing_of_itself_shows_by_what_it_does(
    cell: str, environment_of: Callable[[str, str], Environment], tmp_path: Path
) -> None:
    """A program with functions that print nothing, or a process, is compared in all the rest."""
    show_the_same(on_record(f"none/{cell}"), environment_of, tmp_path)


class Seen(NamedTuple):
    """What a run of a reproducer shows."""

    begun: dict[str, list[str]]  # handlers, by role
    exit: str  # of the first process, as a shell or Popen says it; None while it runs
    markers: Counter[str]
    said: list[str]  # of the driver


def show_the_same(
    record: Record,
    environment_of: Callable[[str, str], Environment],
    folder: Path,
    how: Callable[..., Sequence[object]] = lambda *words: words,
) -> None:
    environment = environment_of(record.interpreter_id, record.stack)
    if environment.packages != record.packages:
        pytest.skip("measured with other packages")
    scenario = LOADED[record.scenario]
    file = folder / "reproducer.py"
    file.write_text(program(record).replace("RUNS = 20", f"RUNS = {RUNS_OF_A_RACE}"))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    allowed = possible_outcomes(record)
    # Not within `folder`: a fork server's socket is there, and its path has 107 bytes (unix(7)).
    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run(
            [str(word) for word in how(environment.python, file)],
            capture_output=True,
            text=True,
            cwd=folder,
            env={**clean, "TMPDIR": empty},
            timeout=200,
            check=False,
        )
        killed = _killed(allowed)
        left = [one for one in Path(empty).iterdir() if not (_is_removed_at_exit(one) and killed)]
    note_exercised([environment.interpreter])
    driven = driver_of(file.read_text())
    assert done.returncode == 0 or not driven, (record.cell, done.stderr)
    assert not left
    assert not left_in(file)
    for text in runs_in(done.stdout):
        seen = seen_in(text, scenario, None if driven else str(done.returncode))
        expected = [summary(one) for one in allowed]
        assert any(agrees(seen, outcome, scenario) for outcome in allowed), (
            f"{record.cell}: {seen} is none of {expected}\n{done.stderr}"
        )
    if any(one.data for one in allowed):
        looked = subprocess.run(
            [environment.python, "look.py"], cwd=folder, capture_output=True, text=True, check=True
        )
        data = dict(line.split(": ") for line in looked.stdout.splitlines())
        assert any(data == outcome.data for outcome in allowed), (record.cell, data)


def _is_removed_at_exit(path: Path) -> bool:
    """Whether it is the folder of multiprocessing, where a fork server's socket is."""
    return path.name.startswith("pymp-")


def _killed(allowed: Sequence[Outcome]) -> bool:
    """Whether the first process may have ended without a handler of a library, or goes on."""
    return any(one.processes[0].exit is None or not one.processes[0].library for one in allowed)


def possible_outcomes(record: Record) -> tuple[Outcome, ...]:
    """What was seen; of a race, which no number of runs shows whole, also what is predicted."""
    prediction = judge(record, LOADED[record.scenario]).prediction
    predicted = prediction.outcomes if prediction and is_race(record.outcomes) else ()
    return (*record.outcomes, *predicted)


def left_in(file: Path) -> list[psutil.Process]:
    """Processes that run the reproducer."""
    return [
        one
        for one in psutil.process_iter(["cmdline", "status"])
        if str(file) in (one.info["cmdline"] or [])
    ]


def runs_in(stdout: str) -> list[str]:
    """What each kind of run of a race showed; else what the one did."""
    found = re.split(r"^\d+ of \d+ runs:$", stdout, flags=re.MULTILINE)
    return found[1:] or found


def seen_in(text: str, scenario: Scenario, status: str | None) -> Seen:
    """What is shown, by the words of the record."""
    first = scenario.roles[0]
    named = re.findall(r"\[unflushed:(\w+)\]", text)
    markers = Counter(one if one in scenario.roles else scenario.acting_role for one in named)
    begun: dict[str, list[str]] = {}
    output = []
    for line in re.sub(r"\[unflushed:\w+\]", "", text).splitlines():
        if line.endswith(": done"):  # of a slow handler, which was counted when it began
            continue
        if re.fullmatch(rf"{first}: (-?\d+|None)|port: \w+|client: .*", line):
            output.append(line)
            status = line.partition(": ")[2] if line.startswith(first) else status
        elif words := re.match(rf"({'|'.join(scenario.roles)}): (\w[\w ]*): ", line):
            begun.setdefault(words[1], []).append(words[2])
        elif len(scenario.roles) == 1 and (words := re.match(r"(?!thread)(\w[\w ]*): ", line)):
            begun.setdefault(first, []).append(words[1])
    assert status is not None, text
    return Seen(begun, status, markers, output)


SAYS = {"forkserver": "child"}
"""A fork server that imports the program is to that as a child: its lines stand behind theirs."""


def agrees(seen: Seen, outcome: Outcome, scenario: Scenario) -> bool:
    """Whether a run shows this outcome, as far as it shows that at all."""
    by_role: dict[str, list[Process]] = {}
    for one in outcome.processes:
        role = one.role.partition("#")[0]
        by_role.setdefault(SAYS.get(role, role), []).append(one)
    first = by_role[scenario.roles[0]][0]
    return (
        seen.exit == _status(first.exit)
        and all(
            _ran(seen, role, processes, outcome.cut, scenario)
            for role, processes in by_role.items()
        )
        and all(
            _fate(seen.markers[one.role]) == one.stdout
            for one in outcome.processes
            if one.stdout and one.exit is not None and not _may_have_got_less_far(one, outcome.cut)
        )
        and _ports(seen, outcome)
        and _answered(seen, outcome)
    )


def _ran(seen: Seen, role: str, processes: list[Process], cut: bool, scenario: Scenario) -> bool:
    begun = seen.begun.get(role, [])
    began = [
        re.sub(r"\(.*", "", name).rpartition(":")[2]
        for one in processes
        for name in (*(one.fired or ()), *(one.unfinished or ()))
    ]
    wanted = [name for name in began if name not in SILENT.get(scenario.id, ())]
    body = scenario.program.code.function(wanted[0]) if scenario.program and wanted else ()
    if role == "child" and any(isinstance(one, Fork) for one in body):
        wanted = wanted[1:]  # it was its parent that said that this one began
    killed = any(_may_have_got_less_far(one, cut) for one in processes)
    return begun == (wanted[: len(begun)] if killed else wanted)


def _may_have_got_less_far(process: Process, cut: bool) -> bool:
    return cut and process.exit == {"signal": "SIGKILL"}


def _status(ended: dict[str, Any] | None) -> str:
    match ended:
        case {"code": code}:
            return str(code)
        case {"signal": name}:
            return str(-signal.Signals[name])
        case _:
            return "None"


def _fate(times: int) -> str:
    return ("lost", "kept", "twice")[min(times, 2)]


def _ports(seen: Seen, outcome: Outcome) -> bool:
    """Whether the port is as it was: that of one process that ended need not be asked for."""
    if len(outcome.processes) == 1 and seen.exit != "None" and not said_of("port", seen):
        return outcome.port in (None, "closed")
    return outcome.port is None or said_of("port", seen) == [f"port: {outcome.port}"]


def said_of(what: str, seen: Seen) -> list[str]:
    return [line for line in seen.said if line.startswith(f"{what}: ")]


def _answered(seen: Seen, outcome: Outcome) -> bool:
    if not outcome.answer or all(one.exit is not None for one in outcome.processes):
        return True
    answer = {"none": "no answer"}.get(outcome.answer, outcome.answer)
    return answer == "either" or f"client: {answer}" in seen.said
