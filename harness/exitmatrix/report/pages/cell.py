"""One cell explained, for a terminal: what happens, in which order, why, since when. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from exitmatrix.declare.remedies import remedies_for
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.texts import ALL_LAWS, telling
from exitmatrix.model import (
    Frozen,
    Judgement,
    Outcome,
    Prediction,
    Question,
    Record,
    Scenario,
    Timeline,
)
from exitmatrix.model.cell import DIRECT
from exitmatrix.model.outcome_sets import is_race
from exitmatrix.model.versions import subject_of, subject_words
from exitmatrix.report.document import plain
from exitmatrix.report.phrases import printed_words, prose
from exitmatrix.report.render.text import WIDTH, fill
from exitmatrix.report.sections.answers import short_answer
from exitmatrix.report.sections.differences import contrast
from exitmatrix.report.sentences import sentences
from exitmatrix.report.survey import Group, Survey
from exitmatrix.report.timeline import timeline_lines

FEW = 20  # runs, below which the rule of three says little
MANY = 4  # outcomes of which no run tells how likely they are
AGAIN = "again"  # the folder that the command writes into: not the one that is committed


class CellFacts(Frozen, kw_only=True):
    """All that is known of one cell."""

    platform: str
    record: Record
    scenario: Scenario | None  # None where the program is gone
    judgement: Judgement
    timelines: tuple[Timeline | None, ...]  # by outcome
    survey: Survey  # the same question, put to everybody


def answered(facts: CellFacts) -> str:
    """What happens, in which order, why, and what to do: the parts that answer a question."""
    sections = [
        _what_happens(facts),
        *_timelines(facts),
        _why(facts, telling),
        _what_to_do(facts.record.question),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section)


def explanation(facts: CellFacts) -> str:
    """The whole text."""
    sections = [
        _head(facts),
        _what_happens(facts),
        *_timelines(facts),
        _why(facts),
        _what_to_do(facts.record.question),
        _versions(facts),
        _again(facts.record),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def foretold(asked: Question, record: Record, scenario: Scenario, prediction: Prediction) -> str:
    """What the laws allow where nobody has measured."""
    lines = [f"{asked} was not measured.", *_filled(plain(prose(f"{scenario.title}.")))]
    lines += ["", f"What the laws foretell for {record.interpreter_id} and {record.stack}"]
    for number, outcome in enumerate(prediction.outcomes[:MANY]):
        lines += _filled(("", "Or: ")[number > 0] + _outcome_words(outcome))
    if rest := len(prediction.outcomes[MANY:]):
        lines += _filled(f"Or one of {rest} more.")
    if len(prediction.outcomes) > 1:
        lines += _filled(f"It is a race between {'; and between '.join(prediction.races)}.")
    return "\n".join([*lines, "", "Why", *_laws(prediction.rules)]) + "\n"


# ---------------------------------------------------------------- the sections


def _head(facts: CellFacts) -> list[str]:
    record = facts.record
    known = TERMINATIONS.get(record.termination)
    roles = facts.scenario.roles if facts.scenario else ()
    target = f" to the {record.target}" if known and known.signal and len(roles) > 1 else ""
    does = known.does if known else "Not in the catalogue any more."
    title = f"{facts.scenario.title}." if facts.scenario else "A program that is gone."
    packages = ", ".join(f"{name} {version}" for name, version in record.packages.items())
    return [
        f"{record.cell} ({facts.platform})",
        *_filled(plain(prose(title))),
        *_filled(f"{record.termination}{target}: {plain(prose(does))}"),
        *(_filled(f"With {packages}.") if packages else []),
    ]


def _what_happens(facts: CellFacts) -> list[str]:
    outcomes = facts.record.outcomes
    lines = ["What happens"]
    if is_race(outcomes):
        lines += _filled(_race(facts))
    for number, outcome in enumerate(outcomes, 1):
        mark = f"{number}. " if len(outcomes) > 1 else ""
        lines += _filled(mark + _outcome_words(outcome), "   " if mark else "")
    if facts.record.seen:
        lines += _filled("How far runs got, each as it was seen:")
        lines += [
            line for one in facts.record.seen for line in _filled(f"- {sentences(one)}", "  ")
        ]
    lines += [
        line
        for why in facts.record.unknown
        for line in _filled(f"Some runs showed too little: {why}.")
    ]
    return lines


def _outcome_words(outcome: Outcome) -> str:
    """An outcome in sentences, and what stderr said where the scenario asks for it."""
    words = printed_words(outcome)
    return sentences(outcome) + (f" On stderr: {words}" if words else "")


def _race(facts: CellFacts) -> str:
    """Says that runs differ, and between which two events the race is, if a law says so."""
    found = len(facts.record.outcomes)
    seen = f"{found} outcomes were seen" if found > 1 else "runs differ in how far they get"
    prediction = facts.judgement.prediction
    between = "; and between ".join(prediction.races) if prediction else ""
    place = f" It is between {between}." if between else ""
    return f"This is a race; {seen}.{place}{_sure(facts.record.runs)}"


def _sure(runs: int | None) -> str:
    """What so many runs say of an outcome that none of them showed.

    The rule of three: 0 of n is what (1 - p) ** n >= 5 % leaves likely, for p up to about 3/n.
    """
    if runs is None or runs < FEW:
        return ""
    return (
        f" Of {runs} runs none showed another: another's probability is below"
        f" {100 * 3 / runs:.2g} % (3/{runs}, at 95 %)."
    )


def _timelines(facts: CellFacts) -> Iterator[list[str]]:
    several = len(facts.record.outcomes) > 1
    for number, (outcome, timeline) in enumerate(
        zip(facts.record.outcomes, facts.timelines, strict=True), 1
    ):
        which = f", outcome {number}" if several else ""
        if timeline is None:
            yield [f"In order{which}", "  No run of it was kept."]
            continue
        yield [
            f"In order{which}",
            *timeline_lines(timeline, [one.role for one in outcome.processes]),
        ]


def _why(facts: CellFacts, chosen: Callable[[Iterable[str]], Sequence[str]] = tuple) -> list[str]:
    """Each law that is `chosen` with its source; of the others only the ids."""
    judgement = facts.judgement
    word = judgement.verdict.verdict
    lines = ["Why, by the laws that predicted it" if word == "match" else f"Verdict: {word}"]
    lines += _filled(judgement.why.rstrip(".") + ".") if judgement.why else []
    if judgement.prediction is None:
        return lines
    if judgement.prediction.races and not is_race(facts.record.outcomes):
        races = "; and between ".join(judgement.prediction.races)
        lines += _filled(f"The laws allow a race, of which one side was seen: between {races}.")
    if word == "mismatch":
        for number, outcome in enumerate(judgement.prediction.outcomes):
            lines += _filled(
                ("The laws allow: ", "or: ")[number > 0] + _outcome_words(outcome), "   "
            )
    return [*lines, *_laws(judgement.prediction.rules, chosen)]


def _laws(
    rules: Sequence[str], chosen: Callable[[Iterable[str]], Sequence[str]] = tuple
) -> list[str]:
    lines: list[str] = []
    rules_shown = chosen(rules)
    for id in rules_shown:
        rule = ALL_LAWS.get(id)
        lines += ["", f"  {id}"]
        lines += _filled(plain(prose(rule.because)), "    ", "    ") if rule else []
        lines += _filled(f"Source: {rule.source}", "      ", "    ") if rule else []
    others = [id for id in rules if id not in rules_shown]
    if others:
        lines += ["", *_filled(f"And what holds for most programs: {', '.join(others)}.")]
    return lines


def _what_to_do(question: Question) -> list[str]:
    """The remedies that were measured for it; nothing where none was."""
    lines: list[str] = []
    for remedy in remedies_for(str(question)):
        lines += ["", "Or"] if lines else ["What to do"]
        lines += _filled(plain(prose(remedy.change)))
        lines += _filled(f"But: {plain(prose(remedy.cost))}")
        lines += _filled(f"Measured as {remedy.shown_by}.")
    return lines


def _versions(facts: CellFacts) -> list[str]:
    survey, lines = facts.survey, ["Versions"]
    me = subject_of(facts.platform, facts.record)
    mine = next(group for group in survey.groups if me in group.subjects)
    if len(survey.groups) == 1:
        several = len(survey.measured) > 1
        same = f"All {len(survey.measured)} that were measured do the same."
        return [*lines, *_filled(same if several else "Only this one was measured.")]
    others = [group for group in survey.groups if group is not mine]
    rows = [(mine, f"{_against(mine, others[0])} (this cell)")]
    rows += [(other, _against(other, mine)) for other in others]
    for group, what in rows:
        subjects = subject_words(group.subjects, survey.measured)
        lines += _filled(f"{subjects}: {what}", "    ")
    return lines


def _against(one: Group, other: Group) -> str:
    """In what a group differs from another; all of it where too little was seen of one."""
    known = one.outcomes and other.outcomes
    return plain((contrast(one, other)[0] if known else "") or short_answer(one))


def _again(record: Record) -> list[str]:
    """The two ways to see it again; nothing stands for a launcher outside."""
    direct = record.launcher == DIRECT
    words = {
        "--python": "PATH" if record.interpreter.get("build") else record.interpreter_id,
        "--stack": record.stack,
        "--scenario": record.scenario,
        **({} if direct else {"--launcher": record.launcher}),
        "--termination": record.termination,
        "--target": record.target,
        "--output": AGAIN,
    }
    options = [f"{name} {value}" for name, value in words.items()]
    lines = ["See it again", *_continued(["exitmatrix matrix", *options])]
    if not direct:
        return lines
    return [
        *lines,
        "or, as a program of its own that needs no harness:",
        *_continued(["exitmatrix explain", record.cell, "--reproducer FILE"]),
    ]


def _continued(words: Sequence[str]) -> list[str]:
    """A command over as many lines as it takes, to be pasted as it is."""
    lines = ["   "]
    for word in words:
        if len(lines[-1]) + len(word) + 3 > WIDTH:
            lines[-1] += " \\"
            lines.append("       ")
        lines[-1] += f" {word}"
    return lines


def _filled(text: str, more: str = "", first: str = "") -> list[str]:
    return fill(text, f"  {first}", f"  {more}")
