"""`exitmatrix bench`: how fast the harness is, against bare processes and a test by hand.

All figures are of one run, taken in turn, so that a machine whose speed drifts
drifts for each of them. Nothing here is asserted.
"""

from __future__ import annotations

import datetime
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import click
from msgspec.structs import replace

from exitmatrix.cli.environments import place_of
from exitmatrix.cli.judging import judge_records
from exitmatrix.cli.measure import OutcomeTimelines, measure
from exitmatrix.cli.programs import BatchRun, judge_runs, profiles_of, run_missing
from exitmatrix.cli.selecting import check_machine
from exitmatrix.cli.streams import say
from exitmatrix.declare import stacks
from exitmatrix.declare.batch import Batch
from exitmatrix.declare.source import source
from exitmatrix.declare.terminations import CATALOGUE, not_applicable, not_on
from exitmatrix.judge.programs import foresee_program
from exitmatrix.machine import interpreters as pythons
from exitmatrix.machine import scenarios as programs
from exitmatrix.machine.environments.cache import default_cache
from exitmatrix.machine.environments.prepare import Environment, Unavailable, prepare
from exitmatrix.machine.run.kernel.dispositions import RESETTABLE
from exitmatrix.machine.run.session import Session, default_jobs
from exitmatrix.machine.store.corpus import Corpus
from exitmatrix.machine.store.records import digest, read_records
from exitmatrix.machine.store.store import Store
from exitmatrix.model import Cell, Interpreter, Scenario
from exitmatrix.model.execution import Foreseen
from exitmatrix.plan.schedule import Result, Schedule
from exitmatrix.report.pages import matrix

A_PYTHON = 200  # cells that one interpreter has in the matrix, about
SLEEP = 0.2  # seconds that the handwritten test waits for its program to be ready


@click.command("bench")
@click.option("--python", default=None, help="An interpreter's id.  [default: the newest CPython]")
@click.option("--rounds", default=5, type=click.IntRange(1), show_default=True)
@click.option(
    "--batch", default=200, type=click.IntRange(1), show_default=True, help="Cells in each round."
)
@click.option(
    "--cells",
    default="100,1000,10000",
    show_default=True,
    help="Numbers of cells between which growth is measured.",
)
def command(python: str | None, rounds: int, batch: int, cells: str) -> None:
    """Compare the speed of the harness with that of plain processes.

    A test written by hand is measured too. The figures are only printed.
    """
    check_machine()
    found = pythons.find(())
    chosen = pythons.select(found, [python] if python else [])
    interpreter = next(i for i in reversed(chosen) if python or i.implementation == "cpython")
    (stack,) = (s for s in stacks.STACKS if s.name == "none")
    made = prepare([(interpreter, stack)], default_cache())
    environment = made[interpreter.id, "none"]
    if isinstance(environment, Unavailable):
        raise click.ClickException(environment.reason)
    loaded = programs.load(programs.find_folder())
    (plain,) = (s for s in loaded.scenarios if s.id == "plain")
    cores = os.cpu_count() or 1
    click.echo(f"{interpreter.id}, {cores} cores, {rounds} rounds of {batch} cells\n")

    _startup(rounds)
    endings = {
        "return": ["return"],
        "all in-process": endings_of(plain, interpreter),
    }
    begun = time.perf_counter()
    with Session(default_jobs()) as session:
        subject = (plain, interpreter, environment)
        _under_harness(session, ["return"], *subject)
        click.echo(f"the engine is up after {time.perf_counter() - begun:.2f} s, once a run\n")
        start = session.finish().harness
    for name, ids in endings.items():
        _compare(name, [ids[n % len(ids)] for n in range(batch)], rounds, start, *subject)
    _compare_generated(batch, rounds, interpreter)
    say("the handwritten test")
    by_hand = _rate(20, lambda: _by_hand(20, environment))
    click.echo("SIGTERM by hand (pytest, subprocess, a sleep, a check)")
    click.echo(f"  cells per second          {by_hand:7.1f}\n")

    click.echo("growth: plain, return, with the store; harness's processor time a cell")
    click.echo("   cells  seconds  cells/s  harness ms/cell  peak MiB (planner, engine)")
    for size in (int(word) for word in cells.split(",")):
        say(f"growth: {size} cells")
        click.echo(_growth(size, plain, interpreter, environment))
    click.echo("\njudging and reporting, from the committed records")
    for size in (int(word) for word in cells.split(",")):
        say(f"reporting: {size} records")
        click.echo(_reporting(size, loaded.scenarios))


def endings_of(scenario: Scenario, interpreter: Interpreter) -> list[str]:
    """The ways in which the program ends itself: a bare one that did not would be waited for."""
    return [
        one.id
        for one in CATALOGUE
        if one.delivery == "in-process" and not one.rare
        if not (not_applicable(one, scenario) or not_on(one, interpreter))
    ]


def _reporting(size: int, scenarios: Iterable[Scenario]) -> str:
    """The time for as many records: the committed ones, as if of several platforms."""
    subjects = {one.id: one for one in scenarios}
    rows = [record for some in read_records(Path("reports")).values() for record in some]
    if not rows:
        return "no records in reports/"
    parts = range(0, size, len(rows))
    records = {f"platform-{n}": rows[: min(len(rows), size - n)] for n in parts}
    begun, used = time.perf_counter(), _processor_time()
    judged = judge_records(records, subjects)
    judging = time.perf_counter() - begun
    page = matrix.render(records, judged, subjects)
    reporting = time.perf_counter() - begun - judging
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return (
        f"{size:8} records  judging {judging:5.2f} s, reporting {reporting:5.2f} s"
        f" (processor time {_processor_time() - used:5.2f} s),"
        f" {len(page) // 1024} KiB of report, peak {peak} MiB"
    )


def _processor_time() -> float:
    """Seconds that this process has had, and those of its children that have ended."""
    return sum(os.times()[:4])


def _startup(rounds: int) -> None:
    """Print how long commands take that run nothing, and that of a Python that does nothing."""
    call = "from exitmatrix.cli.entry import entry; entry()"
    commands = {
        "python -c pass": ["-c", "pass"],
        "exitmatrix --help": ["-c", call, "--help"],
        "exitmatrix explain CELL": [
            "-c",
            call,
            "explain",
            "cpython-3.13.0/none/plain/SIGTERM@main",
        ],
    }
    click.echo("start to end, seconds, median of the rounds")
    for name, words in commands.items():
        seconds = [
            1 / _rate(1, partial(_silently, [sys.executable, *words])) for _ in range(rounds)
        ]
        click.echo(f"  {name:25} {statistics.median(seconds):7.3f}")
    click.echo()


def _silently(words: list[str]) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _rate(count: int, act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return count / (time.perf_counter() - begun)


def _cells(
    terminations: list[str], plain: Scenario, interpreter: Interpreter
) -> tuple[list[Cell], dict[str, Scenario]]:
    """As many cells as asked for: the same program under some names, on as many Pythons."""
    names = [f"plain-{n}" for n in range(min(A_PYTHON, len(terminations)))]
    subjects = {name: replace(plain, id=name) for name in names}
    pythons = [f"{interpreter.id}-{n}" for n in range(1 + len(terminations) // A_PYTHON)]
    cells = [
        Cell(
            interpreter=pythons[n // A_PYTHON],
            stack="none",
            scenario=names[n % A_PYTHON],
            termination=termination,
            target="main",
        )
        for n, termination in enumerate(terminations)
    ]
    return cells, subjects


def _compare(
    name: str,
    ids: list[str],
    rounds: int,
    start: float,
    plain: Scenario,
    interpreter: Interpreter,
    environment: Environment,
) -> None:
    """Print how many cells a second the harness makes of what the bare programs make.

    On a machine that others use that says who got more of it. So processor time stands beside
    it: `start` is what an engine takes that runs one trial.
    """
    cores = os.cpu_count() or 1
    harness: list[float] = []
    floor: list[float] = []
    planner = bare = 0.0
    with Session(default_jobs()) as session:
        observed = partial(_under_harness, session, ids, plain, interpreter, environment)
        for number in range(rounds):
            say(f"{name}: round {number + 1} of {rounds}")
            before = time.process_time()
            harness.append(_rate(len(ids), observed))
            planner += time.process_time() - before
            before = _of_children()
            floor.append(_rate(len(ids), partial(_bare, ids, plain, environment, cores)))
            bare += _of_children() - before
        usage = session.finish()
    own = planner + usage.harness - start
    ms = 1000 / (rounds * len(ids))
    ratios = [one / other for one, other in zip(harness, floor, strict=True)]
    click.echo(f"plain, {name}: cells per second, median of the rounds")
    click.echo(f"  under the harness         {statistics.median(harness):7.1f}")
    click.echo(f"  bare, {cores} at a time (floor) {statistics.median(floor):7.1f}")
    click.echo(
        f"  harness / floor           {statistics.median(ratios):7.2f}"
        f"   ({min(ratios):.2f} to {max(ratios):.2f})"
    )
    click.echo(
        f"  processor ms a cell       bare {ms * bare:.2f}; observed {ms * usage.observed:.2f},"
        f" harness {ms * own:.2f}: bare / both {bare / (usage.observed + own):.2f}\n"
    )


def _of_children() -> float:
    """The processor time of all processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _under_harness(
    session: Session,
    terminations: list[str],
    plain: Scenario,
    interpreter: Interpreter,
    environment: Environment,
    store: Store | None = None,
) -> None:
    """Measure so many cells, and save them where there is a store."""
    cells, subjects = _cells(terminations, plain, interpreter)
    schedule = Schedule(cells, dict.fromkeys(subjects, False), lambda _: None)
    # Compared with one bare process for each cell: a first run's blind trials are left out.
    place = replace(place_of(environment), blind=())

    def save(result: Result, seen: OutcomeTimelines) -> None:
        if store:
            timelines = {digest(outcome): steps for outcome, steps in seen}
            store.save(result, interpreter, environment.packages, timelines)

    places = {(cell.interpreter, "none"): place for cell in cells}
    measure(schedule, session, places, subjects, save)


def _bare(terminations: list[str], plain: Scenario, environment: Environment, at_once: int) -> None:
    """The same programs with nothing that watches them."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "app.py"
        program.write_bytes(Path(plain.path).read_bytes())
        variables = {"PYTHONPATH": str(environment.endings)}
        words = [str(environment.python), str(program)]
        starts = [(words, variables | {"EXITMATRIX_ENDING": one}) for one in terminations]
        _start_all(starts, at_once)


def _start_all(starts: Iterable[tuple[list[str], dict[str, str]]], at_once: int) -> None:
    """Start, wait, start the next."""
    running: set[int] = set()
    always = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    null = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
    for words, variables in starts:
        while len(running) >= at_once:
            running.discard(os.wait()[0])
        running.add(
            os.posix_spawn(
                words[0],
                words,
                always | variables,
                file_actions=null,
                setsigmask=[],
                setsigdef=RESETTABLE,
            )
        )
    while running:
        running.discard(os.wait()[0])


def _compare_generated(count: int, rounds: int, interpreter: Interpreter) -> None:
    """Print how many generated programs a second are run, read out and judged."""
    cores = os.cpu_count() or 1
    batch = Batch(seed=1, programs=count)
    pythons = {interpreter.id: interpreter}
    fuzzed: list[float] = []
    floor: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        words = []
        here = profiles_of(pythons)[interpreter.id]
        for number, code in batch:
            Path(folder, f"{number}.py").write_text(source(code))
            if isinstance(foresee_program(code, here), Foreseen):  # else it may never end
                words.append([interpreter.path, "-S", f"{folder}/{number}.py"])
        starts = [(one, {"TOLD": "1"}) for one in words]
        for number in range(rounds):
            say(f"generated programs: round {number + 1} of {rounds}")
            run = BatchRun(batch=batch, pythons=pythons)
            with Corpus(Path(folder) / str(number), batch.name) as corpus:
                fuzzed.append(_rate(count, partial(_fuzz, run, corpus)))
            floor.append(_rate(len(words), partial(_start_all, starts, cores)))
    ratios = [one / other for one, other in zip(fuzzed, floor, strict=True)]
    click.echo("generated programs a second, median of the rounds")
    click.echo(f"  run, read out, judged     {statistics.median(fuzzed):7.1f}")
    click.echo(f"  bare, {cores} at a time (floor) {statistics.median(floor):7.1f}")
    click.echo(
        f"  judged / floor            {statistics.median(ratios):7.2f}"
        f"   ({min(ratios):.2f} to {max(ratios):.2f})\n"
    )


def _fuzz(run: BatchRun, corpus: Corpus) -> None:
    run_missing(run, corpus, None, "none")
    judge_runs(run, corpus)


def _by_hand(count: int, environment: Environment) -> None:
    """A test written without the harness, which cannot know when the program is ready."""
    text = f"""
        import signal, subprocess, sys, time
        import pytest

        PROGRAM = '''
        import atexit, time
        atexit.register(lambda: print("cleaned up"))
        time.sleep(60)
        '''

        @pytest.mark.parametrize("number", range({count}))
        def test_sigterm_runs_no_handler(number, tmp_path):
            file = tmp_path / "app.py"
            file.write_text(PROGRAM.replace("\\n        ", "\\n"))
            program = subprocess.Popen(
                [{str(environment.python)!r}, str(file)], stdout=subprocess.PIPE, text=True
            )
            time.sleep({SLEEP})
            program.send_signal(signal.SIGTERM)
            out, _ = program.communicate()
            assert out == "" and program.returncode == -signal.SIGTERM
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "test_by_hand.py"
        file.write_text(textwrap.dedent(text))
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                "-c",
                os.devnull,
                str(file),
            ],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )


def _growth(size: int, plain: Scenario, interpreter: Interpreter, environment: Environment) -> str:
    """One line: what so many cells cost."""
    with tempfile.TemporaryDirectory() as folder:
        today = datetime.datetime.now(datetime.UTC).date()
        store = Store(Path(folder) / "reports", Path(folder) / "cache", today)
        before = time.process_time()
        begun = time.perf_counter()
        with Session(default_jobs()) as session:
            _under_harness(session, ["return"] * size, plain, interpreter, environment, store)
            usage = session.finish()
        store.close(finished=True)
        seconds = time.perf_counter() - begun
        used = time.process_time() - before + usage.harness
        planner = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        engine = usage.peak_kilobytes // 1024
        return (
            f"{size:8} {seconds:8.1f} {size / seconds:8.1f} {1000 * used / size:16.2f}"
            f"  {planner:8}, {engine}"
        )
