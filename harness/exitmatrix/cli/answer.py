"""`exitmatrix answer`: in the words that people use, from the records."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from msgspec.structs import replace

from exitmatrix.cli import options
from exitmatrix.cli.errors import USAGE_ERROR, Failure
from exitmatrix.cli.records import (
    folder_to_read,
    is_on_record,
    read_asked,
    read_some,
)
from exitmatrix.cli.scenarios import load_scenarios
from exitmatrix.cli.structured import echo_json
from exitmatrix.declare.launchers import LAUNCHERS_BY_ID
from exitmatrix.declare.questions import PeopleAsk, asked_about, url_of
from exitmatrix.declare.remedies import remedies_for
from exitmatrix.declare.signposts import Signpost, signpost_of
from exitmatrix.declare.situations import SITUATIONS_BY_ID
from exitmatrix.declare.spoken import (
    PLAIN,
    PROGRAMS,
    SCENARIO_TITLES,
    SPOKEN,
    UnknownName,
    ending_below,
    ending_in,
    launcher_named_in,
    program_and_launcher_of,
    program_named_in,
    situation_named_in,
    situation_of,
)
from exitmatrix.declare.unmeasured import Unmeasured, unmeasured_named_in
from exitmatrix.judge.verdict import judge
from exitmatrix.machine.store.records import digest, read_timelines
from exitmatrix.model import Frozen, Question, Record, Scenario
from exitmatrix.model.app import Situation
from exitmatrix.model.cell import DIRECT
from exitmatrix.model.record import Records
from exitmatrix.model.versions import subject_age, subject_of
from exitmatrix.report.document import plain
from exitmatrix.report.exchange.answer import AnswerDocument, AskedFor
from exitmatrix.report.exchange.cells import cell_document
from exitmatrix.report.pages.cell import CellFacts, answered
from exitmatrix.report.pages.listing import answer_in_words
from exitmatrix.report.render.text import fill
from exitmatrix.report.sections.situations import situation_entry
from exitmatrix.report.survey import surveys

KILLED = (
    "This is what the first signal does. A process that is alive when the grace period is over gets"
    " SIGKILL, and runs no handler."
)
NOTHING_MEASURED = "Not measured."
CLEAN_UP = "Will my clean-up run?"  # the title of the table that has the same short answers
ONE_PROCESS = "There is no such thing for it: it is one process."
CONTAINERS, INIT, IN_A_CONTAINER = "deploy", "pid1", "in a container"
ASKED = 2  # questions of others that are named
ANY = "python app.py"  # where no program is named


@click.command("answer")
@click.argument("situation")
@click.argument("subject", default=ANY)
@options.records("The folder of records and timelines.")
@options.as_json
def command(situation: str, subject: str, folder: Path | None, as_json: bool) -> None:
    """Ask what happens to a program, in everyday words.

    \b
      exitmatrix answer "kubectl delete pod" gunicorn
      exitmatrix answer "ctrl-c" "flask --debug run"
      exitmatrix answer "celery tasks lost"
      exitmatrix answer "exit 137"
      exitmatrix answer "docker stop" "behind a shell"
      exitmatrix answer "lock file left"

    SITUATION is what ends the program: docker stop, systemctl stop, OOM killer, an
    exit status, or a line of a log. For other words, such as sys.exit or zombie, it
    says where to find the answer.

    SUBJECT is what runs, as a name or a command line, or what it runs under: a
    container's PID 1, behind a shell, under tini, supervisord, ... If it is left out,
    it is the program that SITUATION names, or else a plain Python program.

    Nothing is run. The answer comes from the records of the newest Python and the
    newest release that were measured.
    """
    output = folder_to_read(folder)
    subjects, _ = load_scenarios()
    try:
        query = parse_query(situation, subject, subjects)
    except UnknownName as error:
        raise Failure(str(error), USAGE_ERROR) from error
    if as_json:
        echo_json(answer_document(query, output))
        return
    for line in output_lines(query, output):
        click.echo(line)


def output_lines(query: Query, output: Path) -> Sequence[str]:
    """The lines to print for a query."""
    if query.unmeasured:
        return unanswered(query, query.unmeasured)
    return (
        elsewhere(query, output)
        if isinstance(query.what, Signpost)
        else answer_lines(query, output)
    )


class Query(Frozen, kw_only=True):
    """A parsed question: what happens, to which program, started how."""

    words: str  # as they were typed
    what: Situation | Signpost
    scenario: Scenario
    launcher: str = DIRECT
    subject: str = ANY  # in the words of whoever asks
    unmeasured: Unmeasured | None = None  # what was asked for, where no scenario measures it


def parse_query(words: str, subject: str, subjects: Mapping[str, Scenario]) -> Query:
    """Parse what the user typed. Raises UnknownName.

    The situation and the program may come in either order; the first text may name both.
    """
    words, subject = situation_first(" ".join(words.split()), " ".join(subject.split()), subjects)
    what = signpost_of(words) or situation_of(words)
    stranger = unmeasured_named_in(words if subject == ANY else subject, (*PROGRAMS, *subjects))
    if stranger:
        return Query(words=words, what=what, scenario=subjects[PLAIN], unmeasured=stranger)
    program = program_named_in(words, subjects)
    launcher = launcher_named_in(words, program)
    if subject == ANY:
        subject = program or ANY
    started = program_and_launcher_of(subject, subjects)
    return Query(
        words=words,
        what=what,
        scenario=subjects[started.scenario],
        launcher=launcher if started.launcher == DIRECT else started.launcher,
        subject=subject,
    )


def situation_first(words: str, subject: str, subjects: Mapping[str, Scenario]) -> tuple[str, str]:
    """The situation, then the program. Raises UnknownName if only a program is named."""
    program = program_named_in(words, subjects)
    if _happens(words) or not program:
        return words, subject
    if _happens(subject):
        return subject, words
    raise UnknownName(
        f"'{words}' names what runs, and not what ends it, as in: exitmatrix answer"
        f" {shlex.join(('docker stop', program))}"
    )


def _happens(words: str) -> bool:
    return bool(signpost_of(words) or situation_named_in(words))


def elsewhere(query: Query, output: Path) -> Sequence[str]:
    """The answer to words that name no situation; of the program asked for, if it was measured."""
    sign, scenario = query.what, query.scenario
    assert isinstance(sign, Signpost)
    own = _own(sign, scenario, output)
    title = SCENARIO_TITLES.get(scenario.id, scenario.title)
    lines = fill(f"{query.words}: {title}" if own else query.words)
    lines += [*fill(sign.says, "  ", "  "), ""]
    alike = any(cell.startswith(f"{scenario.id}-") for cell in sign.cells)  # gunicorn-hooks
    if query.subject != ANY and not own and not alike and sign.terminations:
        lines += fill(f"Not measured of {title}. Nearest:", "  ", "  ")
    lines += [f"  exitmatrix explain {cell}" for cell in own or sign.cells]
    lines += [f"  exitmatrix answer {shlex.join(one)}" for one in _instead(sign, query.subject)]
    return [*lines, *_again(sign, scenario, DIRECT)]


def unanswered(query: Query, program: Unmeasured) -> Sequence[str]:
    """The answer for a program that is not measured: the nearest one, and how to try it."""
    title = program.words[0]
    lines = [*fill(f"{_heading(query)}: {title}"), *fill(_explained(query.what), "  ", "  "), ""]
    lines += fill(" ".join((f"{title} is not measured.", program.says)).strip(), "  ", "  ")
    if program.nearest:
        nearest = (_short_heading(query), program.nearest)
        lines += ["", "Nearest", f"  exitmatrix answer {shlex.join(nearest)}"]
    return [*lines, "", "Your own program", f"  {_run(query.what, program.command)}"]


def _heading(query: Query) -> str:
    """The situation's title in the table, or the user's own words."""
    if isinstance(query.what, Signpost):
        return query.words
    return next(one.title for one in SPOKEN if one.situation == query.what.id)


def _short_heading(query: Query) -> str:
    """The first name of a situation."""
    return _heading(query).split(",")[0]


def _explained(what: Situation | Signpost) -> str:
    return what.says if isinstance(what, Signpost) else what.does


def _own(sign: Signpost, scenario: Scenario, output: Path) -> tuple[str, ...]:
    """What of the program asked for was measured."""
    return tuple(
        f"{scenario.id}/{termination}"
        for termination in sign.terminations
        if is_on_record(output, scenario.id, termination)
    )


def _instead(sign: Signpost, subject: str) -> tuple[tuple[str, ...], ...]:
    """What to ask for instead, of the same program."""
    return tuple(one if len(one) > 1 or subject == ANY else (*one, subject) for one in sign.asks)


def answer_lines(query: Query, output: Path) -> Sequence[str]:
    """The answer, line by line, from the records of an output folder."""
    situation, scenario, launcher = query.what, query.scenario, query.launcher
    assert isinstance(situation, Situation)
    lines = fill(f"{_heading(query)}: {SCENARIO_TITLES.get(scenario.id, scenario.title)}")
    lines += fill(situation.does, "  ", "  ")
    if launcher != DIRECT:
        lines += fill(f"Started by {launcher}: {LAUNCHERS_BY_ID[launcher].does}", "  ", "  ")
    again = _again(situation, scenario, launcher)
    question = _question(situation, scenario, launcher)
    if question is None:
        return [*lines, "", f"  {ONE_PROCESS}", *again]
    facts = newest(question, scenario, output)
    if facts is None and launcher != DIRECT:
        directly = answer_lines(replace(query, launcher=DIRECT), output)
        return [*lines, "", f"  {NOTHING_MEASURED}", *again, "", "Started directly", "", *directly]
    if facts is None:
        return [*lines, "", f"  {NOTHING_MEASURED}", *again]
    record = facts.record
    subject = subject_of(facts.platform, record)
    with_what = f" with {subject.label}" if record.packages else ""
    lines += [
        "",
        *fill(
            f"{CLEAN_UP} {plain(situation_entry(situation, facts.survey.groups[0]))}", "  ", "  "
        ),
        "",
        *fill(f"Measured on {record.interpreter_id}{with_what}, as {record.cell}.", "  ", "  "),
    ]
    if situation.kills_in_the_end and any(outcome.survivors for outcome in record.outcomes):
        lines += ["", *fill(KILLED, "  ", "  ")]
    lines += ["", answered(facts)]
    return [*lines, *_as_first(query, output), *_more(question), *again]


def _as_first(query: Query, output: Path) -> list[str]:
    """Where a container is stopped: its first process is another case, if that was measured."""
    if query.what != SITUATIONS_BY_ID[CONTAINERS] or query.launcher != DIRECT:
        return []
    question = _question(query.what, query.scenario, INIT)
    if question is None or newest(question, query.scenario, output) is None:
        return []
    words = ("docker stop", f"{query.subject} {IN_A_CONTAINER}")
    return [
        "",
        "As the first process of its container, PID 1",
        f"  exitmatrix answer {shlex.join(words)}",
    ]


def answer_document(query: Query, output: Path) -> AnswerDocument:
    """The answer as a document for `--json`."""
    what, scenario, launcher = query.what, query.scenario, query.launcher
    if query.unmeasured:
        return _unanswered(query, query.unmeasured)
    if isinstance(what, Signpost):
        return AnswerDocument(
            asked=AskedFor(situation="", scenario=scenario.id, launcher=launcher, says=what.says),
            cell=None,
            why_no_cell="The words are no situation; `explains` and `asks` say what answers them.",
            explains=_own(what, scenario, output) or what.cells,
            asks=_instead(what, query.subject),
            run=_run(what, _command(scenario)),
        )
    question = _question(what, scenario, launcher)
    facts = newest(question, scenario, output) if question else None
    return AnswerDocument(
        asked=AskedFor(situation=what.id, scenario=scenario.id, launcher=launcher, says=what.does),
        cell=cell_document(
            facts.platform,
            facts.record,
            facts.judgement,
            facts.timelines,
            answer_in_words(facts.record, scenario),
        )
        if facts
        else None,
        why_no_cell="" if facts else NOTHING_MEASURED if question else ONE_PROCESS,
        remedies=tuple(one.change for one in remedies_for(str(question))) if question else (),
        explains=(str(question),) if facts else (),
        threads=tuple(url_of(one.threads[0]) for one in _who_asks(question)) if question else (),
        run=_run(what, _command(scenario), launcher),
    )


def _unanswered(query: Query, program: Unmeasured) -> AnswerDocument:
    what = query.what
    return AnswerDocument(
        asked=AskedFor(
            situation="" if isinstance(what, Signpost) else what.id,
            scenario="",
            launcher=DIRECT,
            says=_explained(what),
        ),
        cell=None,
        why_no_cell=f"{program.words[0]} is not measured.",
        asks=((_short_heading(query), program.nearest),) if program.nearest else (),
        run=_run(what, program.command),
    )


def _question(situation: Situation, scenario: Scenario, launcher: str) -> Question | None:
    """The cells that answer; None where there is no such thing for the program."""
    ending = ending_in(situation, scenario)
    if launcher != DIRECT:
        ending = ending_below(situation, scenario, LAUNCHERS_BY_ID[launcher])
    if ending is None:
        return None
    return Question(scenario.id, launcher, ending.termination, ending.target)


def newest(question: Question, scenario: Scenario, output: Path) -> CellFacts | None:
    """The facts of the newest Python and release that were measured; None if none was."""
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
        return None
    platform, record = max(found, key=lambda one: subject_age(subject_of(*one)))
    return _facts(platform, record, scenario, records, output)


def _who_asks(question: Question) -> Sequence[PeopleAsk]:
    return [one for one in asked_about(str(question)) if one.threads][:ASKED]


def _more(question: Question) -> list[str]:
    """Where to read more: all versions, and public threads that ask the same."""
    lines = ["", "Other Pythons and releases", f"  exitmatrix explain {question}"]
    asked = _who_asks(question)
    if asked:
        lines += ["", "Who asks"]
    for one in asked:
        lines += [*fill(one.asks, "  ", "  "), f"    {url_of(one.threads[0])}"]
    return lines


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
        survey=surveys(alike, {scenario.id: scenario})[record.question],
    )


def _again(what: Situation | Signpost, scenario: Scenario, launcher: str) -> list[str]:
    """The command that tries it on the user's own program."""
    return ["", "Your own program", f"  {_run(what, _command(scenario), launcher)}"]


def _command(scenario: Scenario) -> str:
    return " ".join(scenario.command or ("python", *scenario.runner, "app.py"))


def _run(what: Situation | Signpost, command: str, launcher: str = DIRECT) -> str:
    ending = what.ending if isinstance(what, Signpost) else what.id
    how = f" --ending {ending}" if ending else ""
    below = f" --as {launcher}" if launcher != DIRECT else ""
    return f"exitmatrix run{how}{below} -- {command}"
