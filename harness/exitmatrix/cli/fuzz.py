"""`exitmatrix fuzz`: random programs, compared with the laws."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from exitmatrix.cli import options
from exitmatrix.cli.batch_results import write_learnt
from exitmatrix.cli.damage import Witnesses, find_witnesses, print_damage
from exitmatrix.cli.errors import (
    DIFFERS,
    HARNESS_FAILED,
    INTERRUPTED,
    USAGE_ERROR,
    Failure,
    Interrupted,
    stopping_cleanly,
)
from exitmatrix.cli.programs import (
    BatchRun,
    Misprediction,
    Pythons,
    Tally,
    judge_runs,
    run_missing,
    shrink,
)
from exitmatrix.cli.progress import Kind
from exitmatrix.cli.scenarios import load_scenarios
from exitmatrix.cli.selecting import check_machine, find_interpreters
from exitmatrix.cli.streams import say
from exitmatrix.declare.author import OLDEST
from exitmatrix.declare.batch import Batch, file_of
from exitmatrix.declare.generate import GENERATOR_VERSION
from exitmatrix.declare.shrink import weight
from exitmatrix.declare.source import excerpt, scenario, source
from exitmatrix.machine.bare.session import BareSession
from exitmatrix.machine.environments.cache import default_cache
from exitmatrix.machine.run.connection import EngineDied
from exitmatrix.machine.store.corpus import Corpus
from exitmatrix.machine.store.files import CannotWrite, make_folders
from exitmatrix.machine.store.files import write as write_file
from exitmatrix.model.language import Code
from exitmatrix.report.programs import program_lines

MOST_LISTED = 10


@click.command("fuzz")
@click.option(
    "--seed",
    default=1,
    show_default=True,
    type=click.IntRange(0),
    help="What determines the programs.",
)
@click.option(
    "--programs", default=200, show_default=True, type=click.IntRange(1), help="How many programs."
)
@click.option(
    "--generation",
    default=GENERATOR_VERSION,
    show_default=True,
    type=click.IntRange(OLDEST, GENERATOR_VERSION),
    help="The version of the generator. Each makes different programs from the same seed.",
)
@click.option(
    "--small",
    "handlers",
    type=click.IntRange(0, 3),
    metavar="HANDLERS",
    help="Instead, run all programs of up to this many handlers with one action each.",
)
@click.option("--spread", is_flag=True, help="Run each program on one Python only, in turn.")
@click.option(
    "--shrink",
    "most",
    default=10,
    show_default=True,
    type=click.IntRange(0),
    help="How many mispredicted programs to reduce.",
)
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write the reduced programs to DIR/reproducers and, as scenarios, to DIR/scenarios.",
)
@click.option(
    "--damage",
    is_flag=True,
    help="Remove each law and move each version boundary, and see what programs and cells notice.",
)
@click.option(
    "--again",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="With --damage: run a program up to this many times, to see the rare outcome of a race.",
)
@click.option(
    "--boundaries",
    is_flag=True,
    help="Find the smallest programs that tell neighbouring Pythons apart, and write them.",
)
@click.option("--write", is_flag=True, help="Write OUTPUT/programs/ and OUTPUT/boundaries.md.")
@options.python(options.ONLY)
@options.jobs
@options.output("Where what was learnt is written, with --write.")
@options.progress
def command(
    seed: int,
    programs: int,
    generation: int,
    handlers: int | None,
    spread: bool,
    most: int,
    keep: Path | None,
    damage: bool,
    again: int,
    boundaries: bool,
    write: bool,
    python: Sequence[str],
    jobs: int | None,
    output: Path,
    progress: Kind,
) -> None:
    """Run generated programs without the probe, and compare them with the laws.

    The generation, the seed and the number of a program determine it, on any
    machine. It is run once on each Python, as a plain file. Its own functions and
    the kernel tell what happened. Results are kept in the cache: the same command
    continues where it stopped, and judges again without running anything.

    Exits with 1 if a program is mispredicted, and prints the smallest version of it
    that still is.
    """
    batch = Batch(seed=seed, programs=programs, handlers=handlers, generation=generation)
    with stopping_cleanly():
        check_machine()
        run = BatchRun(batch=batch, pythons=find_interpreters(python), spread=spread)
        try:
            with Corpus(default_cache(), batch.name) as corpus:
                run_missing(run, corpus, jobs, progress)
                tally = judge_runs(run, corpus)
                print_tally(run, tally)
                print_smallest(tally, run.pythons, jobs, most, keep)
                found = _damaged(run, corpus, output, again, jobs) if damage else []
                if damage:
                    print_damage(found)
                if write or boundaries:
                    known = [witness for _, witness in found if witness]
                    write_learnt(run, corpus, tally, known, output, boundaries, jobs)
        except CannotWrite as error:
            raise Failure(str(error), USAGE_ERROR) from error
        except (EngineDied, OSError) as error:
            raise Failure(str(error), HARNESS_FAILED) from error
        except Interrupted:
            raise Failure(
                "stopped; what was seen is kept, and the same command goes on from there",
                INTERRUPTED,
            ) from None
    if tally.mispredictions:
        sys.exit(DIFFERS)


def _damaged(
    run: BatchRun, corpus: Corpus, output: Path, again: int, jobs: int | None
) -> Witnesses:
    subjects, _ = load_scenarios()
    return list(find_witnesses(run, corpus, output, subjects, again, jobs))


def print_tally(run: BatchRun, tally: Tally) -> None:
    """How much was run, and how much of it the laws foresee."""
    withheld = tally.words.get("withheld", 0)
    click.echo(
        f"{run.batch.name}: {tally.programs:,} programs, {tally.runs:,} runs on"
        f" {len(run.pythons)} Pythons, {len(tally.mispredictions):,} mispredictions,"
        f" {withheld:,} withheld, {tally.endless:,} did not end, {len(tally.unknown):,} unknown"
    )
    for number, id, why in tally.unknown[:MOST_LISTED]:
        say(f"unknown: program {number} on {id}: {why}; the laws predict that it ends")
    for question, count in list(tally.questions.items())[:MOST_LISTED]:
        click.echo(f"  withheld in {count:,} runs: {question}")


def print_smallest(
    tally: Tally, pythons: Pythons, jobs: int | None, most: int, keep: Path | None
) -> None:
    """Print the smallest mispredicted programs; write them to files if `keep` names a folder."""
    if not tally.mispredictions or not most:
        return
    lightest = sorted(tally.mispredictions, key=lambda one: weight(one.code))
    with BareSession(jobs) as session:
        for code, wrong in shrink(lightest, pythons, session, most):
            print_one(code, wrong)
            if keep:
                write_files(keep, code, wrong)


def write_files(keep: Path, code: Code, wrong: Sequence[Misprediction]) -> None:
    """Write a program as a reproducer that stands alone, and as a scenario for the matrix."""
    name = f"mispredicted-{file_of(code)[1]}"
    shown = [f"{one.python}: {'; '.join(program_lines(one.seen))}" for one in wrong]
    title = "\n\n".join(["The laws do not predict what this program shows.", *shown])
    files = {
        keep / "reproducers" / f"{name}.py": source(code, title),
        keep / "scenarios" / f"{name}.py": scenario(code, "A program that is mispredicted"),
    }
    make_folders([file.parent for file in files])
    for file, text in files.items():
        write_file(file, text.encode())
        say(f"written: {file}")


def print_one(code: Code, wrong: Sequence[Misprediction]) -> None:
    """Print a program: the Pythons it is mispredicted on, what was expected, what was seen."""
    how = "made smaller" if wrong[0].again else "which did not show it a second time"
    click.echo(f"\nprogram {wrong[0].program}, {how}:")
    click.echo("".join(f"    {line}\n" for line in excerpt(code).splitlines()), nl=False)
    for one in wrong:
        click.echo(f"  {one.python}")
        for foreseen in one.compared.foreseen:
            click.echo(f"    expected  {'; '.join(program_lines(foreseen))}")
        click.echo(f"    seen      {'; '.join(program_lines(one.seen))}")
        click.echo(f"    rules     {', '.join(one.compared.rules)}")
