"""Whether an ending is as its user expects. Pure.

An expectation that one run breaks is broken, and one that could not be seen is not met.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase

from exitmatrix.declare.situations import did_you_mean, find_situation
from exitmatrix.model.app import Expectation, Left
from exitmatrix.model.app_outcome import AppOutcome, EndingResult, Member, Ran
from exitmatrix.model.base import Frozen
from exitmatrix.model.tree import base_of


class Checked(Frozen, kw_only=True):
    """An expectation, and how it is broken; () where it is met."""

    expectation: Expectation
    broken: tuple[str, ...]
    places: Mapping[str, str] = {}  # where the handler is that a text of `broken` is about


def check_expectations(
    expectations: Sequence[Expectation], results: Sequence[EndingResult]
) -> list[Checked]:
    """Every expectation against all runs of its ending."""
    by_id = {one.situation.id: one for one in results}
    return [_checked(one, by_id) for one in expectations]


def _checked(expectation: Expectation, results: Mapping[str, EndingResult]) -> Checked:
    result = results.get(expectation.ending)
    outcomes = result.outcomes if result and expectation.key == "ran" else ()
    missed = [one for outcome in outcomes for one in _missed(outcome, expectation.values, "")]
    return Checked(
        expectation=expectation,
        broken=_broken(expectation, results),
        places={text: place for text, place in missed if place},
    )


def _broken(expectation: Expectation, results: Mapping[str, EndingResult]) -> tuple[str, ...]:
    result = results.get(expectation.ending)
    if result is None or result.left_out:
        why = result.left_out if result else "it was not asked for"
        return (f"{expectation.ending} was not run: {why}",)
    texts = [f"a run showed too little: {reason}" for reason in result.unknown]
    if not result.outcomes and not texts:
        texts = ["no run showed enough"]
    for outcome in result.outcomes:
        texts += CHECKS[expectation.key](outcome, expectation.values)
    return tuple(dict.fromkeys(texts))


def handlers_ran(outcome: AppOutcome, values: Sequence[str], role: str = "") -> list[str]:
    """Whether handlers ran to their end wherever they were registered.

    In processes that ended; where all are to end, who goes on has not run them either.

    `values`: `all` of the program's own, or labels; `role`: there alone.
    """
    return [text for text, _ in _missed(outcome, values, role)]


def _missed(outcome: AppOutcome, values: Sequence[str], role: str) -> list[tuple[str, str]]:
    """What did not run, and the place of the handler that each text is about."""
    family = [one for one in outcome.members if one.counts and not one.new]
    members = [one for one in family if _is(one, role)]
    if role and not members:
        roles = dict.fromkeys([*(one.base for one in family), *(one.role for one in family)])
        return [(f"no process is called '{role}'{did_you_mean(role, list(roles))}", "")]
    missed = [
        (f"{one.role} could not be seen from inside", "") for one in members if not one.observed
    ]
    ended = [one for one in members if one.exit]
    if not ended:
        return [*missed, (f"no {role or 'process'} ended", "")]
    for label in values:
        there = [(one, r) for one in ended for r in one.handlers if _is_meant(r, label)]
        meant = [(one, r) for one, r in there if r.due or (r.by and label != "all")]
        if not there and label == "all":
            missed.append(("nothing was registered", ""))
        elif not there:
            known = dict.fromkeys(r.handler.label for one in ended for r in one.registered)
            missed.append((f"{label} was not registered{_but(label, list(known))}", ""))
        elif not meant and label != "all":
            of_signal = any(r.handler.of_signal for _, r in there)
            why = "was sent its signal" if of_signal else "called it"
            missed.append((f"no process that has {label} {why}", ""))
        missed += [
            (f"{run.handler.label} {_fate(run)} in {one.role}", run.handler.place)
            for one, run in meant
            if run.fate != "ran"
        ]
    if find_situation(outcome.situation).watch == "gone":
        missed += _never_came(members, values)
    return missed


def _never_came(members: Sequence[Member], values: Sequence[str]) -> list[tuple[str, str]]:
    """What has not begun in a process that was to end, and goes on."""
    return [
        (f"{run.handler.label} did not run in {one.role}, which goes on", run.handler.place)
        for one in members
        if not one.exit
        for run in one.own
        if run.fate == "not run" and any(_is_meant(run, label) for label in values)
    ]


def _but(label: str, known: Sequence[str]) -> str:
    """A hint: the registered handler that may be meant."""
    return did_you_mean(label, known) if known else ""


def _is(member: Member, role: str) -> bool:
    return not role or role in (member.role, base_of(member.role))


def _is_meant(one: Ran, label: str) -> bool:
    """A label without arguments means whatever they are; signal.SIGTERM the user's own for it."""
    if label in ("all", one.handler.mechanism):
        return not one.handler.library
    return label in (one.handler.label, one.handler.label.partition("(")[0])


def _fate(one: Ran) -> str:
    return {
        "not run": "did not run",
        "unfinished": "did not finish",
        "began": "began, and was not seen to return,",
        "displaced": f"was displaced by {one.by},",
        "raised": f"failed with {one.error}",
    }.get(one.fate, one.fate)


def _exit(outcome: AppOutcome, values: Sequence[str]) -> list[str]:
    """How the process ended that was started first."""
    first = outcome.members[0]
    if not first.exit:
        return [f"{first.role} goes on"]
    if first.exit.partition(" ")[2] in values:
        return []
    return [f"{first.role} ended with {first.exit}"]


def _within(outcome: AppOutcome, values: Sequence[str]) -> list[str]:
    """Whether everybody was gone in time; `values` are seconds."""
    limit = float(values[0])
    if outcome.shortened:
        return []  # another run of the ending was watched for as long as it takes
    if outcome.gone is None:
        return [f"{one.role} goes on" for one in outcome.survivors]
    return [f"it took {outcome.gone:.1f} s"] if outcome.gone > limit else []


def replaced(outcome: AppOutcome, values: Sequence[str]) -> list[str]:
    """Whether a process of the program was started in time in the place of one that ended.

    If the command was ready by a URL, that is answered in the end, too.
    """
    if outcome.shortened:
        return []
    limit = float(values[0])
    born = [one.born for one in outcome.replacements]
    if not born:
        return ["nobody was started"]
    if outcome.answers is False:
        return ["the URL of --ready is not answered any more"]
    return [f"somebody was started after {min(born):.1f} s"] if min(born) > limit else []


def serves_again(outcome: AppOutcome, values: Sequence[str]) -> list[str]:
    """Whether a process that was started in the place of one that ended serves in time.

    It does so when it waits for connections; and the URL that showed that the command was ready, if
    it was one, is answered in the end.
    """
    limit = float(values[0])
    if outcome.shortened:
        return []
    if not outcome.replacements or outcome.answers is False:
        return replaced(outcome, values)
    if outcome.serves_again is None:
        return ["who was started was not seen to wait for connections"]
    late = outcome.serves_again > limit
    return [f"it waited for connections after {outcome.serves_again:.1f} s"] if late else []


def _left(outcome: AppOutcome, values: Sequence[str]) -> list[str]:
    """Whether nothing is left but what may be."""
    there = [f"{one.name} is left behind" for one in outcome.left if not _is_in(one, values)]
    return there + [
        f"{one.name} is left behind, or who goes on has it in use"
        for one in outcome.unsure
        if not _is_in(one, values)
    ]


def _is_in(one: Left, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(one.name, pattern) for pattern in patterns)


def _lines(outcome: AppOutcome, values: Sequence[str]) -> list[str]:
    """Whether each expression matches a line of the output."""
    return [
        f"no line of the output matches '{one}'"
        for one in values
        if not re.search(one, outcome.output, re.MULTILINE)
    ]


CHECKS: Mapping[str, Callable[[AppOutcome, Sequence[str]], list[str]]] = {
    "ran": handlers_ran,
    "exit": _exit,
    "within": _within,
    "replaced": replaced,
    "serves-again": serves_again,
    "left": _left,
    "lines": _lines,
}
"""What is looked at for each key that can be expected."""
