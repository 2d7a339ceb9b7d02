"""`exitmatrix answer`: in the words that people use, from the records."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from exitmatrix.cli import options
from exitmatrix.cli.errors import USAGE_ERROR, Failure
from exitmatrix.cli.records import (
    Records,
    folder_to_read,
    is_on_record,
    read_asked,
    read_some,
)
from exitmatrix.cli.scenarios import load_scenarios
from exitmatrix.declare.launchers import BY_ID
from exitmatrix.declare.questions import address, asked_about
from exitmatrix.declare.signposts import Signpost, signpost_of
from exitmatrix.declare.spoken import (
    SPOKEN,
    TITLES,
    NobodyCallsItThat,
    ending_below,
    ending_in,
    program_and_launcher_of,
    situation_of,
)
from exitmatrix.judge.verdict import judge
from exitmatrix.machine.store.records import digest, read_timelines
from exitmatrix.model import Question, Record, Scenario
from exitmatrix.model.app import Situation
from exitmatrix.model.cell import DIRECT
from exitmatrix.model.versions import age, subject_of
from exitmatrix.report.pages.cell import CellFacts, answered
from exitmatrix.report.render.text import fill
from exitmatrix.report.survey import surveys

KILLED = (
    "This is what the first signal does. A process that is still alive at the end of the grace time"
    " gets SIGKILL, and runs no handler."
)
ASKED = 2  # questions of others that are named
ANY = "python app.py"  # where no program is named


@click.command("answer")
@click.argument("situation")
@click.argument("subject", default=ANY)
@options.records("The folder of records and timelines.")
def command(situation: str, subject: str, folder: Path | None) -> None:
    """Ask what happens to a program, in everyday words.

    \b
      exitmatrix answer "kubectl delete pod" gunicorn
      exitmatrix answer "ctrl-c" "flask --debug run"
      exitmatrix answer "exit 137"
      exitmatrix answer "docker stop" "behind a shell"
      exitmatrix answer "lock file left"

    SITUATION is what ends the program: docker stop, systemctl stop, OOM killer, ...
    Of other words, such as sys.exit or zombie, it says where they are answered.
    SUBJECT is what runs, or what it runs under: a container's PID 1, behind a shell,
    under tini, supervisord, ... It is a plain Python program unless you name another.
    Nothing is run. The answer comes from the records of the newest Python and the
    newest release that were measured.
    """
    output = folder_to_read(folder)
    subjects, _ = load_scenarios()
    sign = signpost_of(situation)
    try:
        what = program_and_launcher_of(subject, subjects)
        if sign:
            asked = " ".join(situation.split())
            lines = elsewhere(sign, asked, subject, subjects[what.scenario], output)
        else:
            happens = situation_of(situation)
            lines = told(happens, subjects[what.scenario], what.launcher, output)
    except NobodyCallsItThat as error:
        raise Failure(str(error), USAGE_ERROR) from error
    for line in lines:
        click.echo(line)


def elsewhere(
    sign: Signpost, asked: str, subject: str, scenario: Scenario, output: Path
) -> Sequence[str]:
    """What answers words that are no situation: of the program asked for, where it was measured."""
    own = [
        f"{scenario.id}/{termination}"
        for termination in sign.terminations
        if is_on_record(output, scenario.id, termination)
    ]
    title = TITLES.get(scenario.id, scenario.title)
    lines = fill(f"{asked}: {title}" if own else asked)
    lines += [*fill(sign.says, "  ", "  "), ""]
    if subject != ANY and not own and sign.terminations:
        lines += fill(f"Not measured of {title}. Nearest:", "  ", "  ")
    lines += [f"  exitmatrix explain {cell}" for cell in own or sign.cells]
    for one in sign.asks:
        whom = () if len(one) > 1 or subject == ANY else (subject,)
        lines += [f"  exitmatrix answer {shlex.join((*one, *whom))}"]
    return [*lines, *_again(sign.ending, scenario, DIRECT)]


def told(situation: Situation, scenario: Scenario, launcher: str, output: Path) -> Sequence[str]:
    """The answer, line by line, from the records of an output folder."""
    title = next(one.title for one in SPOKEN if one.situation == situation.id)
    how = BY_ID[launcher]
    lines = fill(f"{title}: {TITLES.get(scenario.id, scenario.title)}")
    lines += fill(situation.does, "  ", "  ")
    ending = ending_in(situation, scenario)
    if launcher != DIRECT:
        lines += fill(f"Started by {launcher}: {how.does}", "  ", "  ")
        ending = ending_below(situation, scenario, how)
    again = _again(situation.id, scenario, launcher)
    if ending is None:
        return [*lines, "", "  There is no such thing for it: it is one process.", *again]
    question = Question(scenario.id, launcher, ending.termination, ending.target)
    records = read_asked(output, question)
    if not any(records.values()):
        records = read_some(output)
    found = [
        (platform, record)
        for platform, rows in sorted(records.items())
        for record in rows
        if record.question == question and record.outcomes
    ]
    if not found:
        return [*lines, "", "  Not measured.", *again]
    platform, record = max(found, key=_newness)
    packages = ", ".join(f"{name} {version}" for name, version in record.packages.items())
    with_what = f" with {packages}" if packages else ""
    lines += [
        "",
        *fill(f"Measured on {record.interpreter_id}{with_what}, as {record.cell}.", "  ", "  "),
    ]
    if situation.kills_in_the_end and any(outcome.survivors for outcome in record.outcomes):
        lines += ["", *fill(KILLED, "  ", "  ")]
    lines += ["", answered(_facts(platform, record, scenario, records, output))]
    return [*lines, *_more(question), *again]


def _more(question: Question) -> list[str]:
    """Where more is told: every version, and who asks this in public."""
    lines = ["", "Other Pythons and releases", f"  exitmatrix explain {question}"]
    asked = [one for one in asked_about(str(question)) if one.threads][:ASKED]
    if asked:
        lines += ["", "Who asks"]
    for one in asked:
        lines += [*fill(one.asks, "  ", "  "), f"    {address(one.threads[0])}"]
    return lines


def _newness(found: tuple[str, Record]) -> tuple[bool, object, str]:
    """CPython before PyPy, the newest first, with the newest packages."""
    platform, record = found
    subject = subject_of(platform, record)
    return record.interpreter["implementation"] == "cpython", age(subject.python), record.stack


def _facts(
    platform: str, record: Record, scenario: Scenario, records: Records, output: Path
) -> CellFacts:
    alike = {
        name: [one for one in rows if one.question == record.question]
        for name, rows in records.items()
    }
    kept = read_timelines(output, platform, record.cell)
    return CellFacts(
        platform=platform,
        record=record,
        scenario=scenario,
        judgement=judge(record, scenario),
        timelines=tuple(kept.get((record.cell, digest(one))) for one in record.outcomes),
        survey=surveys(alike)[record.question],
    )


def _again(ending: str, scenario: Scenario, launcher: str) -> list[str]:
    """How to see it on one's own program."""
    how = f" --ending {ending}" if ending else ""
    below = f" --as {launcher}" if launcher != DIRECT else ""
    words = " ".join(scenario.command) or "python app.py"
    return [
        "",
        "Your own program",
        f"  exitmatrix run{how}{below} -- {words}",
    ]
