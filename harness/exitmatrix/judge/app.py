"""The result of an ending's runs: whether clean-up ran, and whether it needs attention. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from exitmatrix.judge.app_reasons import is_missing
from exitmatrix.model.app import Situation
from exitmatrix.model.app_outcome import AppOutcome, EndingResult, Handler, Member
from exitmatrix.model.base import Frozen

Extent = Literal["all", "some", "none", "nothing", "goes on", "unseen", "varies"]
SIGNS: dict[Extent, str] = {
    "all": "✓",
    "some": "◐",
    "none": "✗",
    "nothing": "-",
    "goes on": "●",
    "unseen": "?",
    "varies": "≈",
}
LATE = 5.0  # seconds; the shortest grace period in use is 10 s (docker stop, Heroku has 30)
NUMBER = re.compile(r"\b\w*[0-9]\w*|(?<=/)tmp\w+|\b[0-9a-f]{8,}\b")
"""A word with a digit, and other names that are made up anew: addresses, pids, psm_3fffb881.

It begins where a word does: so a word of a million letters is looked at once, not from each letter.
"""
OUR_FOLDER = re.compile(r"/exitmatrix-\w+/inside(?![/\w])")
OURS = "<inside>"
"""A program that names all folders of its path names ours too."""
DIFFERENT = 1.0  # seconds by which a run without the probe may take longer or shorter


class CleanUp(Frozen, kw_only=True):
    """Whether the user's own handlers ran in the processes that ended."""

    answer: Extent
    missing: tuple[str, ...] = ()  # roles in which not all of them ran


def clean_up(outcome: AppOutcome) -> CleanUp:
    """Whether clean-up ran in one run. Of a process that goes on nothing is expected yet."""
    family = [one for one in outcome.members if one.counts]
    ended = [one for one in family if (one.exit or one.over) and not one.new]
    if not ended:
        return CleanUp(answer="goes on" if family else "unseen")
    if not all(one.observed for one in ended):
        return CleanUp(answer="unseen")
    having = [one for one in ended if one.over]
    if not having:
        waiting = any(one.own and not one.new and not one.exit for one in family)
        return CleanUp(answer="goes on" if waiting else "nothing")
    lacking = [one for one in having if any(ran.fate != "ran" for ran in one.over)]
    if not lacking:
        return CleanUp(answer="all")
    some = len(lacking) < len(having) or any(ran.fate == "ran" for m in lacking for ran in m.over)
    return CleanUp(answer="some" if some else "none", missing=_names(outcome, lacking))


def _names(outcome: AppOutcome, members: Sequence[Member]) -> tuple[str, ...]:
    """The roles of members; one word for all of a kind."""
    names: list[str] = []
    for base, roles in _by_base(members).items():
        there = [one for one in outcome.members if one.base == base and not one.new]
        names += [f"{base}s"] if len(roles) == len(there) > 1 else roles
    return tuple(names)


def _by_base(members: Sequence[Member]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in members:
        found.setdefault(one.base, []).append(one.role)
    return found


def clean_up_of_all(result: EndingResult) -> CleanUp:
    """Whether clean-up ran, over all runs: one answer where they agree."""
    each = [clean_up(one) for one in result.outcomes]
    if not each:
        return CleanUp(answer="unseen")
    answers = {one.answer for one in each}
    return each[0] if len(answers) == 1 else CleanUp(answer="varies")


def needs_a_look(result: EndingResult, grace: float) -> list[str]:
    """What about an ending is not as one would wish; [] where all is well."""
    if result.left_out:
        return []
    found: list[str] = []
    if not result.outcomes:
        return ["it could not be seen"]
    lacking = [bool(_lacking(one)) for one in result.outcomes]
    if any(lacking):
        found.append("clean-up is missing" if all(lacking) else "clean-up is missing at times")
    if clean_up_of_all(result).answer == "unseen":
        found.append("clean-up could not be seen")
    if result.situation.watch == "gone" and any(one.survivors for one in result.outcomes):
        found.append("somebody goes on")
    found += _about_who_takes_over(result)
    found += _about_time(result, grace)
    if any(_displaced(one) for one in result.outcomes):
        found.append("a handler was displaced")
    if any(one.reply and one.reply[:1] not in "23" for one in result.outcomes):
        found.append("a request is not answered")
    if any(one.left for one in result.outcomes):
        found.append("something is left behind")
    if result.unknown:
        count = len(result.unknown)
        found.append(f"{count} {'run' if count == 1 else 'runs'} showed too little")
    if disagreements(result):
        found.append("without the probe it ended otherwise")
    return found


def _about_who_takes_over(result: EndingResult) -> list[str]:
    if any(is_missing(one, result.situation) for one in result.outcomes):
        return ["nobody took the place of who was killed"]
    mute = any(one.answers is False for one in result.outcomes)
    if mute and result.situation.watch == "replaced":
        return ["it does not serve again"]
    return []


def _lacking(outcome: AppOutcome) -> list[Member]:
    """Processes in which clean-up is missing, and need not be: SIGKILL leaves no choice."""
    return [
        one
        for one in outcome.members
        if one.counts
        and not one.new
        and "SIGKILL" not in one.signalled[:1]
        and any(ran.fate != "ran" for ran in one.over)
    ]


def _about_time(result: EndingResult, grace: float) -> list[str]:
    if any(_was_killed_late(one, result.situation) for one in result.outcomes):
        return ["the grace period was not enough"]
    limit = min(LATE, grace / 2)
    whole = [one for one in result.outcomes if not one.shortened]
    late = any(one.gone is not None and one.gone > limit for one in whole)
    return ["it takes long"] if late else []


def _displaced(outcome: AppOutcome) -> list[Handler]:
    """Handlers for what was sent that a library has displaced."""
    sent = {f"signal.{one.signal}" for one in outcome.sent}
    return [
        ran.handler
        for one in outcome.members
        if one.counts and not one.new
        for ran in one.registered
        if ran.by_library and ran.handler.mechanism in sent
    ]


def _was_killed_late(outcome: AppOutcome, situation: Situation) -> bool:
    """Whether the last signal, SIGKILL, found anybody."""
    later = outcome.sent[1:]
    return len(situation.steps) > 1 and any(
        one.signal == "SIGKILL" and not situation.steps[-1].or_first_gone for one in later
    )


def disagreements(result: EndingResult) -> list[str]:
    """In what the runs without the probe have nothing in common with those with it."""
    if not result.blind:
        return [f"it showed too little: {result.blind_unknown}"] if result.blind_unknown else []
    found: list[str] = []
    if result.outcomes and not set(_exits(result.blind)) & set(_exits(result.outcomes)):
        found.append("its processes ended otherwise")
    return [*found, *_times_apart(result), *_output_apart(result)]


def _times_apart(result: EndingResult) -> list[str]:
    """That the runs without the probe took a time that is far from that of all others."""
    times, alone = (
        [one.gone for one in runs if one.gone is not None and not one.shortened]
        for runs in (result.outcomes, result.blind)
    )
    if not (times and alone):
        return []
    slack = DIFFERENT + 0.5 * max(times)
    if min(times) - slack <= max(alone) and min(alone) <= max(times) + slack:
        return []
    return [f"it took {min(alone):.1f} s"]


def _output_apart(result: EndingResult) -> list[str]:
    """That no run without the probe wrote what one with it did; a line that tells them apart."""
    texts, own = (
        [set(_lines(one.output)) for one in runs] for runs in (result.outcomes, result.blind)
    )
    ours = [line for one in texts for line in one if OURS in line]
    texts, own = (
        [{line for line in one if not _is_one_of(line, ours)} for one in runs]
        for runs in (texts, own)
    )
    if not texts or any(one in texts for one in own):
        return []
    never = set.intersection(*own) - set[str]().union(*texts)
    always = set.intersection(*texts) - set[str]().union(*own)
    if not (never or always):
        return []
    line = (sorted(never) or sorted(always))[0][:40]
    return [f"its output differs ({line.strip()!r})"]


def only_without(result: EndingResult) -> int:
    """How many runs without the probe ended as none with it did: races may do that."""
    seen = _exits(result.outcomes)
    return sum(one not in seen for one in _exits(result.blind))


def _exits(runs: Sequence[AppOutcome]) -> list[tuple[tuple[str, bool, str], ...]]:
    return [one.exits for one in runs]


def _lines(text: str) -> list[str]:
    """Lines of output without numbers: pids, times, ports and addresses differ between any two."""
    return [NUMBER.sub("#", OUR_FOLDER.sub(OURS, line)).strip() for line in text.splitlines()]


def _is_one_of(line: str, ours: Sequence[str]) -> bool:
    """Whether a line names our folder, or is one that does without what goes with that name.

    radicale: "Starting Radicale with PYTHONPATH='...' (python=3.13.0 ...".
    """
    if OURS in line:
        return True
    rests = (iter(one) for one in ours if len(line) <= len(one) <= 2 * len(line))
    return any(all(each in rest for each in line) for rest in rests)
