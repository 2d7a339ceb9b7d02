"""What happened in an ending, in order, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from exitmatrix.judge.app import disagreements
from exitmatrix.judge.app_reasons import reasons
from exitmatrix.model.app import Left
from exitmatrix.model.app_outcome import (
    NOBODY,
    AppOutcome,
    EndingResult,
    Member,
    Ran,
    group_members,
)
from exitmatrix.report.app.words import exit_phrase, filled, listed, roles, seconds

INDENT = " " * 11
MOST = 5  # things left behind that are named
SLOW = 0.1  # seconds: a handler that takes longer is named with its time
WAITED = 0.5  # seconds that a helper lasts longer than all others to be named
REPLIES = {"none": "no answer", "cut": "an answer that is cut off"}
WHOM = {
    "group": "the process group",
    "all": "every process",
    NOBODY: "the process group, which every process has left",
}
FATES = {
    "raised": "failed",
    "unfinished": "not finished",
    "not run": "not run",
    "began": "not seen to return",
}


STAYED = {"raised": "failed", "unfinished": "begun and not finished"}
"""Of a process that goes on: what has not begun may still come."""


def story(result: EndingResult) -> list[str]:
    """What happened in an ending, in order, and why."""
    lines = [*filled(f"{result.situation.id:10} {_aim(result)}", rest=INDENT)]
    if result.unknown:
        count = len(result.unknown)
        runs = "1 run" if count == 1 else f"{count} runs"
        lines += filled(f"{runs} showed too little: {result.unknown[0]}", "  ")
    if not result.outcomes:
        return lines
    shapes = _shapes(result.outcomes)
    shown: set[str] = set()
    for place, shape in enumerate(shapes):
        if place:
            lines += filled(
                f"≈ In {len(shape)} of {len(result.outcomes)} runs it went otherwise:", "  "
            )
        lines += _steps(shape[0])
        for reason in reasons(shape[0], result.situation):
            if reason.text not in shown:
                shown.add(reason.text)
                lines += filled(reason.text, "  ")
                if reason.remedy:
                    lines += filled(f"Remedy: {reason.remedy}.", "  ")
    lines += _left(result)
    several = len(result.blind) > 1
    which = f"All {len(result.blind)} runs" if several else "The run"
    for difference in disagreements(result):
        lines += filled(f"! {which} without the probe: {difference}.", "  ")
    return lines


def _aim(result: EndingResult) -> str:
    usual = result.target == result.situation.target
    return result.situation.does + ("" if usual else f" Aimed at: {result.target}.")


def _shapes(outcomes: Sequence[AppOutcome]) -> list[list[AppOutcome]]:
    """Runs that ended alike, together; the most frequent first."""
    found: dict[tuple[object, ...], list[AppOutcome]] = {}
    for one in outcomes:
        found.setdefault(one.shape, []).append(one)
    return sorted(found.values(), key=len, reverse=True)


def _steps(outcome: AppOutcome) -> list[str]:
    """Who did what after what, each with its time after the first signal."""
    steps: list[tuple[float, str]] = [
        (one.seconds, f"{one.signal} to {_target_words(one.to)}") for one in outcome.sent
    ]
    for group in group_members(_shown(outcome.members)):
        steps += _group(group)
    if outcome.reply:
        got = REPLIES.get(outcome.reply, f"an answer with status {outcome.reply}")
        steps.append((outcome.watched, f"the client gets {got}"))
    lines: list[str] = []
    for when, what in sorted(steps, key=lambda one: one[0]):
        lines += filled(what, f"  {max(when, 0.0):5.1f} s  ", INDENT)
    lines += [
        line
        for group in group_members(outcome.survivors)
        if not group[0].new
        for line in filled(
            f"{roles(group)} {'go' if len(group) > 1 else 'goes'} on{_missing(group[0], STAYED)}"
            f"{_within(group[0])}",
            f"  {outcome.watched:5.1f} s  ",
            INDENT,
        )
    ]
    if outcome.answers is not None:
        asked = "is answered" if outcome.answers else "is not answered any more"
        lines.append(f"  {outcome.watched:5.1f} s  the URL of --ready {asked}")
    return lines


def _target_words(target: str) -> str:
    return WHOM.get(target, target)


def _shown(members: Sequence[Member]) -> list[Member]:
    """All but helpers that come and go by chance, and then those that last longest by far.

    What a handler starts may outlive the program: then it is what the time was waited for.
    """
    ends = [one.seconds for one in members if not _is_chance(one) and one.seconds is not None]
    over = max(ends, default=0.0) + WAITED
    return [
        one
        for one in members
        if not _is_chance(one) or (one.new and one.seconds is not None and one.seconds > over)
    ]


def _is_chance(member: Member) -> bool:
    """A helper that came after the first signal and went again, or went before it."""
    return not member.lasting and bool(member.exit)


def _group(group: Sequence[Member]) -> Iterator[tuple[float, str]]:
    """What processes that are alike did: at the time of the first of them."""
    names, several, one = roles(group), len(group) > 1, group[0]
    if one.new:
        yield min(m.born for m in group), f"{names} {'are' if several else 'is'} started"
    if accepts := [m.accepts for m in group if m.accepts is not None]:
        yield min(accepts), f"{names} wait{'' if several else 's'} for connections"
    for of_signals in (True, False):
        ran = [r for r in one.own if r.fate == "ran" and r.handler.of_signal == of_signals]
        # Of a library's, such as what waits for the threads of a pool, nothing is said.
        began = [
            r.began
            for m in group
            for r in m.own
            if r.fate == "ran" and r.began is not None and r.handler.of_signal == of_signals
        ]
        if began:
            labels = list(dict.fromkeys(map(_label, ran)))
            yield min(began), f"{names} run{'' if several else 's'} {listed(labels)}"
    if one.executed is not None:
        missing = _missing(one, FATES, past=True)
        yield one.executed, f"{names} execute{'' if several else 's'} another program{missing}"
    if one.exit:
        when = min(m.seconds for m in group if m.seconds is not None)
        yield when, f"{names} {exit_phrase(one.exit, several)}{_missing(one)}"


def _missing(one: Member, fates: Mapping[str, str] = FATES, past: bool = False) -> str:
    """What became of the handlers that did not run to their end, of this program or one before."""
    own = [ran for ran in one.own if ran.past == past]
    parts = [
        f"; {word}: {listed(list(dict.fromkeys(_label(r) for r in own if r.fate == fate)))}"
        for fate, word in fates.items()
        if any(r.fate == fate for r in own)
    ]
    return "".join(parts)


def _within(one: Member) -> str:
    """The libraries' handlers that it is in the middle of: a pool's waits for its threads."""
    begun = [r.handler.label for r in one.handlers if r.handler.library and r.fate == "unfinished"]
    return f"; begun and not finished: {listed(list(dict.fromkeys(begun)))}" if begun else ""


def _label(ran: Ran) -> str:
    slow = f" ({seconds(ran.seconds)})" if ran.seconds is not None and ran.seconds > SLOW else ""
    error = f" ({ran.error})" if ran.error else ""
    return ran.handler.label + slow + error


def _left(result: EndingResult) -> Iterator[str]:
    """What the run left that left most; names may differ from run to run."""
    yield from _listed(result, "Left behind", [one.left for one in result.outcomes])
    unsure = [one.unsure for one in result.outcomes]
    yield from _listed(result, "Left behind, or in use by who goes on,", unsure)


def _listed(result: EndingResult, what: str, each: Sequence[Sequence[Left]]) -> Iterator[str]:
    leaving = [one for one in each if one]
    if not leaving:
        return
    yield f"  {what} in {len(leaving)} of {len(result.outcomes)} runs:"
    most = max(leaving, key=len)
    for one in most[:MOST]:
        note = ", if no other run made it" if one.shared else ""
        yield from filled(f"{one.name} ({one.kind}{note})", "    ", "      ")
    if len(most) > MOST:
        yield f"    and {len(most) - MOST} more"
