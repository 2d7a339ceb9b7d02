"""`exitmatrix bisect`: the first release since which a cell behaves differently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Any

import click

from exitmatrix.cli import options
from exitmatrix.cli.bisecting import Looking, ReleaseRow, packages_row, pythons_row
from exitmatrix.cli.errors import HARNESS_FAILED, USAGE_ERROR, Failure, no_such, stopping_cleanly
from exitmatrix.cli.progress import Kind
from exitmatrix.cli.replacing import find_replacements
from exitmatrix.cli.scenarios import load_scenarios
from exitmatrix.cli.selecting import check_machine, find_interpreters, plan_all
from exitmatrix.cli.structured import echo_json
from exitmatrix.declare.requirements import normalised
from exitmatrix.declare.stacks import STACKS, packages_of
from exitmatrix.judge.reasons import why_changed
from exitmatrix.machine.environments.installer import FailedError
from exitmatrix.machine.run.connection import EngineDied
from exitmatrix.machine.run.session import Session, default_jobs
from exitmatrix.machine.store.records import describe, platform_name
from exitmatrix.model import Cell, CellId, Frozen, Interpreter, Record, Scenario
from exitmatrix.model.change import Change
from exitmatrix.model.versions import age, python_of, stack_age
from exitmatrix.plan.bisect import Alike, BisectResult, FirstChange, NewestUnmeasured, first_change
from exitmatrix.plan.cells import NothingMatches, Selection
from exitmatrix.plan.lookup import find_cells
from exitmatrix.report.exchange.changes import BisectDocument, change_document
from exitmatrix.report.pages.changes import ExplainedChange, change_list, count, group_changes

PYTHON = "python"
ENDS = 2  # words before the cell


class Arguments(Frozen, kw_only=True):
    """The arguments of the command."""

    package: str
    old: str
    new: str
    cell: str
    instead: tuple[str, ...]


@click.command("bisect")
@click.argument("package")
@click.argument("words", nargs=-1, required=True, metavar="[OLD] [NEW] CELL")
@options.python("The interpreter. Of several, and by default, the newest is used.")
@options.instead
@options.jobs
@options.progress
@options.as_json
def command(
    package: str,
    words: Sequence[str],
    python: Sequence[str],
    instead: Sequence[str],
    jobs: int | None,
    progress: Kind,
    as_json: bool,
) -> None:
    """Find the first release of a package that changed a cell's behaviour.

    \b
      exitmatrix bisect uvicorn uvicorn/SIGTERM@main
      exitmatrix bisect uvicorn 0.20.0 0.54.0 uvicorn-workers/SIGKILL@worker
      exitmatrix bisect python 3.11 3.12 plain-handler-starts-thread/return

    PACKAGE is a package in the cell's stack, or python, whose releases are the
    interpreters of this machine. CELL is an id or a part of one; where it names
    cells of several interpreters and stacks, the newest is taken.

    With OLD, the first release that behaves differently from OLD is found.
    Without OLD, it is the first that behaves as NEW does; NEW is the newest
    release unless you name another.

    Each release that is tried takes five runs, and twenty if the cell is a race.
    Two releases differ if they have no outcome in common. The rest of the stack
    stays pinned, except for what --with names. No record is written.
    """
    arguments = parse_arguments(package, words, instead)
    with stopping_cleanly():
        subjects, _ = load_scenarios()
        check_machine()
        found = find_interpreters(python, quiet=True)
        cell = the_cell(arguments, found, subjects)
        replaced = find_replacements(instead, {cell.interpreter: found[cell.interpreter]}).words
        try:
            row = (
                pythons_row(arguments.old, arguments.new, cell, found, replaced)
                if arguments.package == PYTHON
                else packages_row(
                    arguments.package,
                    arguments.old,
                    arguments.new,
                    cell,
                    found[cell.interpreter],
                    replaced,
                )
            )
            with Session(jobs or default_jobs()) as session:
                looking = Looking(row, cell, subjects, session, progress)
                answer = search(row, looking, bool(arguments.old))
                session.finish()
        except (FailedError, EngineDied, OSError) as error:
            raise Failure(str(error), HARNESS_FAILED) from error
    if isinstance(answer, NewestUnmeasured):
        reason = looking.reasons[answer.place]
        raise Failure(f"{row.label(answer.place)} cannot be measured: {reason}", USAGE_ERROR)
    if as_json:
        echo_json(bisect_document(answer, row, looking, arguments, subjects))
    else:
        print_answer(answer, row, looking, arguments, subjects)


def parse_arguments(package: str, words: Sequence[str], instead: Sequence[str]) -> Arguments:
    """Sort the words into up to two releases and the cell. Raises Failure."""
    *ends, cell = words
    if len(ends) > ENDS:
        raise Failure(
            f"'{' '.join(words)}' is more than [OLD] [NEW] CELL; see `exitmatrix bisect --help`",
            USAGE_ERROR,
        )
    old, new = (*ends, "", "")[:ENDS]
    name = normalised(package)
    return Arguments(
        package=PYTHON if name in ("cpython", "pypy") else name,
        old=old,
        new=new,
        cell=cell,
        instead=tuple(instead),
    )


def the_cell(
    arguments: Arguments, found: dict[str, Interpreter], subjects: dict[str, Scenario]
) -> Cell:
    """The cell asked for; of several interpreters and stacks, the newest."""
    holding = {stack.name for stack in STACKS if arguments.package in packages_of(stack)}
    if arguments.package != PYTHON and not holding:
        held = {name for stack in STACKS for name in packages_of(stack)}
        raise no_such("package of a stack", arguments.package, {*held, PYTHON})
    cells = plan_all(found, subjects, Selection()).cells
    try:
        named = find_cells(arguments.cell, cells)
    except NothingMatches as error:
        raise Failure(str(error), USAGE_ERROR) from error
    here = [one for one in named if arguments.package == PYTHON or one.stack in holding]
    if not here:
        stacks = ", ".join(sorted({one.stack for one in named}))
        raise Failure(
            f"'{arguments.cell}' is a cell of stack {stacks}, which has no {arguments.package}."
            f" Stacks that have it: {', '.join(sorted(holding))}",
            USAGE_ERROR,
        )
    questions = sorted({str(one.question) for one in here})
    if len(questions) > 1:
        some = ", ".join(questions[:5]) + (", ..." if len(questions) > 5 else "")
        raise Failure(
            f"'{arguments.cell}' is {count(len(questions), 'cell')}; name one of {some}",
            USAGE_ERROR,
        )
    return Cell.parse(str(max(here, key=lambda one: _how_new(one, found))))


def _how_new(cell: CellId, found: Mapping[str, Interpreter]) -> tuple[Any, ...]:
    return age(python_of(cell.interpreter, describe(found[cell.interpreter]))), stack_age(
        cell.stack
    )


def search(row: ReleaseRow, looking: Looking, to_the_end: bool) -> BisectResult:
    """Find where behaviour changed; start again if the question proves to be a race."""
    while True:
        racy = looking.racy
        answer = first_change(row, looking, looking.same, to_the_end)
        if looking.racy == racy:
            return answer


def the_change(
    answer: FirstChange, looking: Looking, subjects: Mapping[str, Scenario]
) -> ExplainedChange:
    """What the two releases show, and why they differ."""
    old, new = looking.shown[answer.old], looking.shown[answer.new]
    assert old is not None
    assert new is not None
    change = Change(platform=platform_name(), old=old, new=new)
    # Of laws that allow both the same none explains why they differ.
    why = tuple(one for one in why_changed(change, subjects) if one.subject)
    return ExplainedChange(change=change, why=why)


def print_answer(
    answer: FirstChange | Alike,
    row: ReleaseRow,
    looking: Looking,
    arguments: Arguments,
    subjects: Mapping[str, Scenario],
) -> None:
    """The two releases with their outcomes, the law, and what repeats it, on stdout."""
    cell = looking.cell
    if isinstance(answer, Alike):
        click.echo(f"{cell.question}: {row.label(answer.oldest)} and {row.label(0)} behave alike.")
        looked = [place for place, shown in looking.shown.items() if shown is not None]
        between = answer.oldest + 1 - len(looked)
        if between > 0:
            click.echo(f"  {count(between, 'release')} between them: not looked at")
        tell_what_was_not_measured(looking.reasons, row)
        return
    found = the_change(answer, looking, subjects)
    labels = (row.label(answer.old), row.label(answer.new))
    since = "between them" if answer.between else f"since {labels[1]}"
    click.echo(f"{cell.question} behaves differently {since}.")
    groups = group_changes([found], [found.change.new], with_rules=True, on_record=False)
    for line in change_list(groups, labels):
        click.echo(line)
    click.echo(f"  runs   {found.change.old.runs} and {found.change.new.runs}")
    click.echo(f"  again  {again(arguments, row, answer, cell)}")
    tell_what_was_not_measured(looking.reasons, row)


def bisect_document(
    answer: FirstChange | Alike,
    row: ReleaseRow,
    looking: Looking,
    arguments: Arguments,
    subjects: Mapping[str, Scenario],
) -> BisectDocument:
    """The result as a document for `--json`."""
    ends = (answer.old, answer.new) if isinstance(answer, FirstChange) else (answer.oldest, 0)
    found = the_change(answer, looking, subjects) if isinstance(answer, FirstChange) else None
    shown = [looking.shown[place] for place in ends]
    return BisectDocument(
        cell=str(looking.cell.question),
        old=row.label(ends[0]),
        new=row.label(ends[1]),
        between=tuple(map(row.label, answer.between)) if isinstance(answer, FirstChange) else (),
        change=change_document(found.change, found.why) if found else None,
        runs=(_runs(shown[0]), _runs(shown[1])),
        not_measured={row.label(place): why for place, why in sorted(looking.reasons.items())},
        again=again(arguments, row, FirstChange(old=ends[0], new=ends[1]), looking.cell),
    )


def _runs(shown: Record | None) -> int:
    return shown.runs or 0 if shown else 0


def tell_what_was_not_measured(reasons: Mapping[int, str], row: ReleaseRow) -> None:
    """The releases that were passed over, and why."""
    for place, reason in sorted(reasons.items()):
        click.echo(f"  not measured: {row.label(place)}: {reason}")


def again(arguments: Arguments, row: ReleaseRow, step: FirstChange, cell: Cell) -> str:
    """The command that measures the two releases again."""
    ends = (row.word(step.old), row.word(step.new))
    words = ["exitmatrix", "bisect", arguments.package, *ends, str(cell)]
    words += [word for one in arguments.instead for word in ("--with", one)]
    named = {row.subject(place)[0] for place in (step.old, step.new)}
    words += [
        word for one in sorted({one.named for one in named} - {""}) for word in ("--python", one)
    ]
    return " ".join(map(quote, words))
