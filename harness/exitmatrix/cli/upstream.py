"""`exitmatrix upstream`: reports for the trackers of others, with what their programs show."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from packaging.specifiers import SpecifierSet

from exitmatrix.claims.drafts import DRAFTS, DRAFTS_BY_ID
from exitmatrix.cli import options
from exitmatrix.cli.environments import prepare_environments
from exitmatrix.cli.errors import HARNESS_FAILED, Failure, no_such, stopping_cleanly
from exitmatrix.cli.judging import judge_claims
from exitmatrix.cli.progress import Kind
from exitmatrix.cli.records import folder_to_read, read_some
from exitmatrix.cli.scenarios import load_scenarios
from exitmatrix.cli.selecting import find_interpreters
from exitmatrix.cli.streams import say
from exitmatrix.declare import stacks
from exitmatrix.machine.programs import DidNotEnd, run_program
from exitmatrix.machine.run.app.session import this_machine
from exitmatrix.machine.store.drafts import FOLDER, read_runs, write_drafts
from exitmatrix.machine.store.files import CannotWrite
from exitmatrix.machine.store.records import describe
from exitmatrix.model import Cell, Interpreter
from exitmatrix.model.draft import Draft, ProgramRun
from exitmatrix.plan.cells import Plan
from exitmatrix.report.pages.drafts import DRAFTS_INDEX, DraftFacts, index, render
from exitmatrix.report.survey import surveys


@click.command("upstream")
@click.argument("draft", nargs=-1)
@options.python("Run the programs with these only: 3.13, 'cpython-3.1*', or a path.")
@click.option(
    "--output",
    default="reports",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the records; the reports go below it, into upstream/.",
)
@click.option("--run/--no-run", default=True, help="Run the programs, or use their earlier output.")
@options.progress
def command(
    draft: Sequence[str], python: Sequence[str], output: Path, run: bool, progress: Kind
) -> None:
    """Write draft reports for upstream trackers. None is sent.

    \b
      exitmatrix upstream                  all of them
      exitmatrix upstream --no-run         the pages, from what is on record

    What happens, and since which version, is taken from the records and the claims.
    The output comes from running each draft's program, without the probe, on the
    Pythons of this machine. Earlier output of other Pythons is kept while the
    program is unchanged.
    """
    for id in draft:
        if id not in DRAFTS_BY_ID:
            raise no_such("draft", id, DRAFTS_BY_ID)
    chosen = [DRAFTS_BY_ID[id] for id in draft] or list(DRAFTS)
    with stopping_cleanly():
        known = kept(output)
        if run:
            found = find_interpreters(python)
            for one in run_all(chosen, found, progress):
                known[one.draft, one.python] = one
        try:
            number = write_drafts(output, known.values(), pages(output, known))
        except CannotWrite as error:
            raise Failure(str(error), HARNESS_FAILED) from error
    say(f"{number} pages in {output / FOLDER}")
    click.echo(output / FOLDER / DRAFTS_INDEX)


DraftRuns = dict[tuple[str, str], ProgramRun]  # by draft and Python


def kept(output: Path) -> DraftRuns:
    """The runs on record of programs that are still the same."""
    try:
        runs = read_runs(output)
    except ValueError as error:
        raise Failure(f"the runs cannot be used: {error}", HARNESS_FAILED) from error
    return {
        (one.draft, one.python): one
        for one in runs
        if one.draft in DRAFTS_BY_ID
        and one.program == text_digest(DRAFTS_BY_ID[one.draft])
        and can_run(DRAFTS_BY_ID[one.draft], one.interpreter["version"])
    }


def can_run(draft: Draft, version: str) -> bool:
    """Whether a Python of this version understands the program."""
    return SpecifierSet(draft.requires, prereleases=True).contains(version)


def text_digest(draft: Draft) -> str:
    """A short name for the text of a program."""
    return hashlib.sha256(draft.program.encode()).hexdigest()[:12]


def run_all(
    chosen: Sequence[Draft], found: dict[str, Interpreter], progress: Kind
) -> Sequence[ProgramRun]:
    """The program of each draft, on each Python that can have what it needs."""
    by_name = {one.name: one for one in stacks.STACKS}
    wanted = [
        Cell(interpreter=id, stack=one.stack, scenario=one.id, termination="return", target="main")
        for one in chosen
        for id, interpreter in found.items()
        if stacks.applies(by_name[one.stack], interpreter) is None
        and can_run(one, interpreter.version)
    ]
    ready, _ = prepare_environments(Plan(cells=tuple(wanted), left_out=()), found, progress)
    done = []
    for cell in wanted:
        environment = ready.get((cell.interpreter, cell.stack))
        if environment is None:
            continue
        one = DRAFTS_BY_ID[cell.scenario]
        try:
            output, end = run_program(str(environment.python), one.program)
        except DidNotEnd as error:
            say(f"left out: {one.id} on {cell.interpreter}: {error}")
            continue
        done.append(
            ProgramRun(
                draft=one.id,
                python=cell.interpreter,
                interpreter=describe(found[cell.interpreter]),
                packages=environment.packages,
                platform=this_machine(),
                program=text_digest(one),
                output=output,
                exit=end,
            )
        )
    return done


def pages(output: Path, runs: Mapping[tuple[str, str], ProgramRun]) -> Sequence[tuple[str, str]]:
    """Every page by its name, from what is on record."""
    scenarios, _ = load_scenarios()
    folder = folder_to_read(output)
    judged = {one.claim.id: one for one in judge_claims(folder, scenarios).assessments}
    asked = surveys(read_some(folder), scenarios)
    made = [
        (
            f"{one.id}.md",
            render(
                DraftFacts(
                    draft=one,
                    runs=tuple(run for (id, _), run in sorted(runs.items()) if id == one.id),
                    claims=tuple(judged[id] for id in one.claims),
                    surveys=asked,
                )
            ),
        )
        for one in DRAFTS
    ]
    return [(DRAFTS_INDEX, index(DRAFTS)), *made]
