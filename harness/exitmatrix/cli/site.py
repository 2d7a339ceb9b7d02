"""`exitmatrix site`: the answers as pages that can be put on any web server, or opened as files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from exitmatrix.cli import options
from exitmatrix.cli.boundaries_page import boundaries_page
from exitmatrix.cli.errors import HARNESS_FAILED, USAGE_ERROR, Failure
from exitmatrix.cli.judging import judged, judged_by, timelines_of
from exitmatrix.cli.records import folder_to_read, read_some
from exitmatrix.cli.scenarios import load_scenarios
from exitmatrix.cli.streams import say
from exitmatrix.machine.site import OtherFolderError, assets, check_folder, write_site
from exitmatrix.machine.sources import sources
from exitmatrix.machine.store.files import CannotWrite
from exitmatrix.machine.store.places import HERE
from exitmatrix.machine.store.records import find_records
from exitmatrix.model import Question, Scenario
from exitmatrix.observe.app_record import STACK
from exitmatrix.report.document import Section
from exitmatrix.report.reproducer.program import reproducer
from exitmatrix.report.reproducer.refusal import Refusal
from exitmatrix.report.site.content import Family, Site, families
from exitmatrix.report.site.own import own_files
from exitmatrix.report.site.pages import site_files


@click.command("site")
@options.records("The folder of records and timelines.")
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The folder to write.  [default: site, in the folder of the records]",
)
@click.option(
    "--from",
    "runs",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    metavar="FILE",
    help="Write the pages of your own program, from what `exitmatrix run --json FILE` saw.",
)
def command(folder: Path | None, to: Path | None, runs: Path | None) -> None:
    """Write the answers as web pages, from the records.

    \b
      exitmatrix site                     reports/site/, to be opened in a browser
      exitmatrix site --to /srv/www/exit  somewhere else
      exitmatrix site --from run.jsonl --to pages

    --from makes pages of your own program: a row and a page for each ending, with
    what happened in order. The pages load nothing from a network, and can be read
    without JavaScript. The folder must be empty, or hold a site already.
    """
    if runs:
        write_own(runs, folder, to)
        return
    output = folder_to_read(folder)
    if to is None and output not in (folder, HERE):
        raise Failure("--to is needed: it names the folder to write", USAGE_ERROR)
    written = to or output / "site"
    check_free(written)
    scenarios, _ = load_scenarios()
    records = read_some(output)
    asked = tuple(families(records, scenarios))
    timelines = timelines_of(output, records)
    programs, refusals = reproducers(asked, scenarios)
    site = Site(
        records=records,
        families=asked,
        judgements=judged(output, records, scenarios),
        scenarios=scenarios,
        timelines=timelines,
        programs=programs,
        refusals=refusals,
        claims=judged_by(records, timelines, scenarios),
        boundaries=boundaries(output),
    )
    save(written, site_files(site, assets()))


def write_own(runs: Path, folder: Path | None, to: Path | None) -> None:
    """The site of a user's own program."""
    if folder or to is None:
        raise Failure("--from needs --to, the folder to write, and excludes --records", USAGE_ERROR)
    try:
        found = find_records(runs)
    except ValueError as error:
        raise Failure(f"{error}: write it with exitmatrix run --json", USAGE_ERROR) from error
    if found is None:
        raise Failure(f"{runs} is not a file that `exitmatrix run --json` has written", USAGE_ERROR)
    records = [one for rows in found.values() for one in rows]
    if not records or any(one.stack != STACK for one in records):
        what = "records of the matrix" if records else "no record"
        raise Failure(f"{runs} holds {what}: write it with exitmatrix run --json", USAGE_ERROR)
    check_free(to)
    save(to, own_files(records, assets()))


def check_free(folder: Path) -> None:
    """Refuse a folder in which something else would be hidden."""
    try:
        check_folder(folder)
    except OtherFolderError as error:
        raise Failure(str(error), USAGE_ERROR) from error


def save(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write the files, and say where they are."""
    try:
        number = write_site(folder, files)
    except CannotWrite as error:
        raise Failure(str(error), HARNESS_FAILED) from error
    say(f"{number} files; open {folder / 'index.html'} in a browser")
    click.echo(folder / "index.html")


def boundaries(output: Path) -> Section:
    """The page of boundaries, where generated programs were run."""
    try:
        return boundaries_page(output)
    except ValueError as error:
        raise Failure(f"the programs cannot be used: {error}", HARNESS_FAILED) from error


def reproducers(
    asked: Iterable[Family], scenarios: dict[str, Scenario]
) -> tuple[dict[Question, str], dict[Question, str]]:
    """The program of each question's newest cell; where there is none, why."""
    texts = {id: sources(one) for id, one in scenarios.items()}
    programs: dict[Question, str] = {}
    refusals: dict[Question, str] = {}
    for family in asked:
        question, (_, record) = family.question, family.records[0]
        scenario = scenarios.get(record.scenario)
        if scenario is None:
            refusals[question] = f"the program of {record.scenario} is gone"
            continue
        try:
            programs[question] = reproducer(record, scenario, texts[record.scenario])
        except Refusal as error:
            refusals[question] = str(error)
    return programs, refusals
