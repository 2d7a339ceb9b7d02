"""The page of a user's command: what was found, what became of it, and what needs attention."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from exitmatrix.judge.app import disagreements, needs_a_look, only_without
from exitmatrix.judge.expectations import Checked
from exitmatrix.model.app_outcome import AppOutcome, EndingResult, Handler, Member
from exitmatrix.model.base import Frozen
from exitmatrix.report.app.endings import endings_table
from exitmatrix.report.app.story import story
from exitmatrix.report.app.words import cut, filled, listed, roles, seconds


class AppReport(Frozen, kw_only=True):
    """All that the page tells of."""

    command: str
    results: tuple[EndingResult, ...]
    grace: float
    runs: int
    seconds: float
    again: str  # how to run it again, with ENDINGS for those that need a look
    notes: tuple[str, ...] = ()
    checked: tuple[Checked, ...] = ()  # what is expected, and whether it is so


def page(report: AppReport) -> list[str]:
    """The lines of the page."""
    seen = [one for result in report.results for one in result.outcomes]
    lines = filled(report.command, rest="  ")
    if seen:
        lines += [*_head(seen[0]), "", *_found(seen)]
    lines += ["", *endings_table(report.results, report.grace)]
    for result in report.results:
        if not result.left_out:
            lines += ["", *story(result)]
    if report.checked:
        lines += ["", *_expected(report.checked)]
    return [*lines, "", *_end(report)]


def _expected(checked: Sequence[Checked]) -> Iterator[str]:
    """What is expected, and how it is broken."""
    yield "Expected:"
    for one in checked:
        yield from filled(f"{'✗' if one.broken else '✓'} {one.expectation}", "  ", "    ")
        for text in one.broken:
            yield from filled(text, "      ", "        ")


def _head(first: AppOutcome) -> Iterator[str]:
    family = [one for one in first.members if one.family and not one.new]
    others = [one for one in first.members if not one.family and not one.new]
    text = roles(family) if family else "nothing of Python"
    if others:
        text += f", with {roles(others)}"
    text += f"; ready after {seconds(first.ready)}"
    if first.listening:
        text += f"; listening on {listed(first.listening)}"
    else:
        text += ", when it listened on nothing"
    if first.python:
        yield f"{'PyPy' if first.implementation == 'pypy' else 'CPython'} {first.python}"
    yield from filled(text, rest="  ")


def _found(seen: list[AppOutcome]) -> Iterator[str]:
    """What there is to clean up, by role."""
    family = [one for outcome in seen for one in outcome.members if one.counts]
    rows = _registered(family)
    displaced = {(m.base, r.handler): r.by for m in family for r in m.registered if r.by}
    unseen = {one.base for one in family if not one.observed}
    count = _union(rows.values()).total()
    if count:
        were = "things to clean up were" if count > 1 else "thing to clean up was"
        yield f"{count} {were} found:"
    else:
        yield from _nothing_found(seen, bool(unseen))
    for role, handlers in rows.items():
        if count or role in unseen:
            by = {handler: displaced.get((role, handler), "") for handler in handlers}
            yield from _row(role, handlers, by, role not in unseen)
    yield from _of_libraries(family)


def _registered(family: Sequence[Member]) -> dict[str, Counter[Handler]]:
    """By role, what is registered, and how often at most in one process."""
    rows = {one.base: Counter[Handler]() for one in family}
    for one in family:
        own = [ran.handler for ran in one.registered if not ran.past]
        # One that is for a signal is one thing, however often the signal comes.
        often = [handler for handler in own if not handler.of_signal]
        rows[one.base] |= Counter((*often, *{h for h in own if h.of_signal}))
    return rows


def _nothing_found(seen: Sequence[AppOutcome], unseen: bool) -> Iterator[str]:
    if unseen:
        yield from filled(
            "What there is to clean up cannot be told: nothing could be put into the program. It is"
            " no Python, or one that reads no PYTHONPATH, as with -I, -E or env -i."
        )
        return
    yield "Nothing of the program's own is registered to run at the end, or for a signal."
    yield from filled(
        "What it cleans up in finally, with, a lifespan or a hook of its server is not seen;"
        " --expect deploy:lines=REGEX asks for a line that it prints then.",
        "  ",
    )
    if not any(one.listening for one in seen):
        yield from filled(
            "If it was still starting, say how it is seen that it is ready: --ready.", "  "
        )


def _of_libraries(family: Sequence[Member]) -> Iterator[str]:
    found = [r for one in family for r in one.handlers if r.handler.library]
    if due := dict.fromkeys(ran.handler.label for ran in found if ran.due):
        yield from filled(f"Of libraries: {listed(list(due))}", "  ", "    ")
    taken = dict.fromkeys(
        f"{ran.handler.label} of {ran.handler.place} was displaced by {ran.by}"
        for ran in found
        if ran.by and not ran.by_library
    )
    for text in taken:
        yield from filled(text, "  ", "    ")


def _union(rows: Iterable[Counter[Handler]]) -> Counter[Handler]:
    """As many of each as one process has at most: what several have is one thing."""
    most: Counter[Handler] = Counter()
    for handlers in rows:
        most |= handlers
    return most


SHORT = {"multiprocessing.util.Finalize": "Finalize", "threading._register_atexit": "thread"}
"""Mechanisms in eight letters, where their module alone is longer or says less."""


PLACE = 21
"""Letters of a file and its line that stand beside a handler; longer ones stand below it."""


def _row(
    role: str, handlers: Counter[Handler], by: Mapping[Handler, str], observed: bool
) -> Iterator[str]:
    texts: list[str] = []
    for one, times in sorted(handlers.items(), key=lambda each: each[0].of_signal):
        mechanism = SHORT.get(one.mechanism, one.mechanism.partition(".")[0])
        often = f", {times} times" if times > 1 else ""
        label = cut(one.label, 38 - len(often)) + often
        short = len(one.place) <= PLACE
        texts.append(f"{label:39}{mechanism:8} {one.place if short else ''}")
        if not short:
            texts.append(f"  {one.place}" if len(one.place) < 68 else f"  ...{one.place[-64:]}")
        if by[one]:
            texts += filled(f"displaced by {by[one]}", "  ", "    ", 69)
    if not observed:
        texts = ["? not observed from inside"]
    long = len(role) > 8
    if long:
        yield cut(f"  {role}", 80)
    for place, text in enumerate(texts or ["nothing"]):
        name = role if not place and not long else ""
        yield cut(f"  {name:8} {text}", 80).rstrip()


def _end(report: AppReport) -> Iterator[str]:
    run = [one for one in report.results if not one.left_out]
    looks = {one.situation.id: needs_a_look(one, report.grace) for one in run}
    bad = [name for name, why in looks.items() if why]
    if bad:
        verb = "needs" if len(bad) == 1 else "need"
        yield f"! {len(bad)} of {len(run)} ending{'s' if len(run) > 1 else ''} {verb} a look:"
        for name in bad:
            yield from filled(f"{name}: {listed(looks[name])}", "    ", "      ")
    else:
        yield "Nothing needs a look."
    both = [one for one in run if one.outcomes]  # where nothing was seen with it, nothing compares
    blind = sum(len(one.blind) for one in both)
    if blind and not any(disagreements(one) for one in both):
        other = sum(map(only_without, both))
        compared = (
            f"{blind - other} of {blind} runs without it ended as runs with it did; what {other}"
            " showed is one side of a race."
            if other
            else f"{f'{blind} runs' if blind > 1 else 'a run'} without it ended alike."
        )
        yield from filled(f"The probe made no difference that was seen: {compared}", "  ")
    for note in report.notes:
        yield from filled(note, "  ")
    yield f"  {report.runs} runs in {report.seconds:.0f} s."
    if bad:
        endings = " ".join(f"--ending {name}" for name in bad)
        yield from filled(f"Again: {report.again.replace('ENDINGS', endings)}", "  ", "    ")
