"""Changes in behaviour: what it was, what it is, where, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from shlex import quote
from textwrap import wrap

from exitmatrix.judge.reasons import Reasons
from exitmatrix.model import Frozen, Outcome, Process, Record
from exitmatrix.model.cell import DIRECT
from exitmatrix.model.change import Change
from exitmatrix.model.versions import subject_of, subject_words
from exitmatrix.report.document import (
    Block,
    Item,
    Listing,
    Section,
    Strong,
    codes,
    inline,
    points,
)
from exitmatrix.report.phrases import exit_words, handler_names
from exitmatrix.report.render.text import WIDTH, fill
from exitmatrix.report.sections.differences import parts

INDENT = "  "
COLUMN = (WIDTH - 6) // 2
OR = "or"


class ExplainedChange(Frozen, kw_only=True):
    """A change with the reasons for it."""

    change: Change
    why: Reasons = ()


Labels = tuple[str, str]  # what the old one and the new one are called


class ChangeGroup(Frozen, kw_only=True):
    """Changes that are alike: one contrast, the places where it shows, and what to do."""

    contrast: tuple[str, str]
    where: tuple[str, ...]
    runs: str = ""
    why: tuple[str, ...] = ()
    again: str = ""  # the command that measures one of them again
    program: str = ""  # the command that writes it as a program of its own


def group_changes(
    explained: Iterable[ExplainedChange],
    everyone: Iterable[Record],
    *,
    with_rules: bool = False,
    on_record: bool = True,
) -> tuple[ChangeGroup, ...]:
    """All changes, those that are alike together. `everyone` is all that was compared.

    `with_rules`: alike means that the same laws explain them, too. `on_record`: whether the old
    ones are, so that a program can be made of them.
    """
    groups: dict[tuple[tuple[str, str], Reasons], list[Change]] = {}
    for one in explained:
        key = (before_and_now(one.change), one.why if with_rules else ())
        groups.setdefault(key, []).append(one.change)
    asked = list(everyone)
    known: set[str] = set()
    return tuple(
        ChangeGroup(
            contrast=words,
            where=tuple(_where(changes, asked)),
            runs=_runs(changes) if any(one.runs for one in changes) else "",
            why=(tuple(_why(why, known)) or ("no law explains it",)) if with_rules else (),
            again=_again(changes[0]),
            program=f"exitmatrix explain {changes[0].old.cell} --reproducer -" if on_record else "",
        )
        for (words, why), changes in groups.items()
    )


def change_list(groups: Iterable[ChangeGroup], labels: Labels) -> list[str]:
    """Groups of changes for a terminal; each command on one line, to be copied."""
    lines: list[str] = []
    for one in groups:
        rows: list[tuple[str, Sequence[str]]] = [
            *zip(labels, ([one.contrast[0]], [one.contrast[1]]), strict=True),
            ("where", one.where),
        ]
        rows += [("runs", [one.runs])] if one.runs else []
        rows += [("why", one.why)] if one.why else []
        commands = {"again": one.again, "program": one.program}
        width = max(map(len, (*commands, *(label for label, _ in rows))))
        lines += ["", *_rows(rows, width)]
        lines += [f"{INDENT}{label:{width}}  {text}" for label, text in commands.items() if text]
    return lines


def change_section(title: str, groups: Iterable[ChangeGroup], labels: Labels) -> Section:
    """Groups of changes as a document, for a tracker."""
    blocks: list[Block] = []
    for one in groups:
        items = [
            Item((inline(Strong(label), ": ", words),))
            for label, words in zip(labels, one.contrast, strict=True)
        ]
        items.append(Item((inline(Strong("where"), ": ", codes(one.where)),)))
        items += [Item((inline(Strong("runs"), f": {one.runs}"),))] if one.runs else []
        items += [Item((inline(Strong("why"), f": {why}"),)) for why in one.why]
        commands = tuple(text for text in (one.again, one.program) if text)
        blocks.append(points(items))
        if commands:
            blocks.append(Listing("console", tuple(f"$ {text}" for text in commands)))
    return Section(title.removesuffix("."), tuple(blocks))


def side_by_side(explained: ExplainedChange, labels: Labels = ("expected", "seen")) -> list[str]:
    """One change in full: every part of the outcomes, beside each other, and what to do."""
    change = explained.change
    old, new = before_and_now(change)
    lines = [
        f"{change.old.cell} behaves differently:",
        *_wrapped(f"{new}", f"{INDENT}now: "),
        *_wrapped(f"{old}", f"{INDENT}was: "),
        "",
    ]
    lines += _table(
        ("", *labels),
        [
            row
            for number, both in enumerate(zip_longest(change.old.outcomes, change.news))
            for row in ([(OR, "", "")] if number else []) + _aligned(*both)
        ],
    )
    rows = [("runs", [_runs([change])])] if change.runs else []
    rows += [("why", _why(explained.why, set()) or ["no law covers it"])]
    again = [f"{INDENT}again  {_again(change)}"] if change.runs else []
    return [*lines, "", *_rows(rows), *again]


def before_and_now(change: Change) -> tuple[str, str]:
    """What changed, in words for before and now: only what differs, where that can be told."""
    news = change.news or change.new.outcomes
    if len(change.old.outcomes) == 1 and len(news) == 1:
        mine, its = everything(change.old.outcomes[0]), everything(news[0])
        longer, shorter = (mine, its) if len(mine) >= len(its) else (its, mine)
        keys = dict.fromkeys((*longer, *shorter))
        apart = [key for key in keys if mine.get(key) != its.get(key)]
        if apart:
            return _chosen(mine, apart), _chosen(its, apart)
    return _all_words(change.old.outcomes), _all_words(news)


def everything(outcome: Outcome) -> dict[str, str]:
    """All that tells outcomes of a cell apart, part by part, also what the tables leave out."""
    texts = {key: words for key, words in parts(outcome).items() if words}
    several = len(outcome.processes) > 1
    for one in outcome.processes:
        prefix = f"{one.role}: "
        mine = f"{one.role} " if several else ""
        if one.exit is None and one.fired:
            texts[f"{prefix}handlers"] = f"{mine}ran {handler_names(one.fired)}"
        for key, words in _unseen(one).items():
            texts[f"{prefix}{key}"] = f"{mine}{words}"
    if outcome.helpers:
        texts["helpers"] = f"helpers: {', '.join(outcome.helpers)}"
    for above in outcome.launchers:
        texts[f"launcher {above.name}"] = f"{above.name} {exit_words(above.exit)}"
    if outcome.port:
        texts["port"] = f"port {outcome.port}"
    if outcome.printed is not None:
        texts["printed"] = f"stderr: {' / '.join(outcome.printed) or 'nothing'}"
    if outcome.cut:
        texts["cut"] = "may be killed earlier than that"
    return texts


def command(record: Record, python: str = "", instead: Sequence[str] = ()) -> str:
    """What measures a cell again and compares it.

    `python` is what names its interpreter, `instead` what its stack is to have instead.
    """
    started = "" if record.launcher == DIRECT else f" --launcher {record.launcher}"
    return (
        f"exitmatrix check --python {quote(python or record.interpreter_id)} --stack {record.stack}"
        f" --scenario {record.scenario}{started} --termination {record.termination}"
        f" --target {record.target}{''.join(f' --with {quote(one)}' for one in instead)}"
    )


def count(number: int, one: str) -> str:
    """1 cell, 2 cells, 1,000 cells."""
    return f"{number} {one}" if number == 1 else f"{number:,} {one}s"


def _unseen(process: Process) -> dict[str, str]:
    """What the tables do not tell of a process."""
    words = {}
    if process.exit is None and process.unfinished:
        words["unfinished"] = f"{', '.join(process.unfinished)} unfinished"
    if process.library:
        words["libraries"] = f"libraries ran {', '.join(process.library)}"
    if process.before:
        words["before"] = f"{count(process.before, 'handler')} before the first line"
    return words


def _chosen(texts: Mapping[str, str], keys: Iterable[str]) -> str:
    return "; ".join(texts[key] for key in keys if texts.get(key)) or "nothing of the kind"


def _all_words(outcomes: Sequence[Outcome]) -> str:
    return f" {OR} ".join(f"({_chosen(outcome, outcome)})" for outcome in map(everything, outcomes))


def _aligned(old: Outcome | None, new: Outcome | None) -> list[tuple[str, str, str]]:
    """The parts of two outcomes, a row each; a mark where they differ."""
    mine, its = everything(old) if old else {}, everything(new) if new else {}
    keys = list(dict.fromkeys((*mine, *its)))
    both = old is not None and new is not None
    return [
        ("!" if both and mine.get(key) != its.get(key) else "", mine.get(key, ""), its.get(key, ""))
        for key in sorted(keys, key=lambda key: ":" not in key)
    ]


def _table(head: tuple[str, str, str], rows: Sequence[tuple[str, str, str]]) -> list[str]:
    """A mark and two columns; what is too long for its column goes on below."""
    lines = [
        (mark if not number else "", mine, its)
        for mark, *cells in (head, *rows)
        for number, (mine, its) in enumerate(
            zip_longest(*(wrap(cell, COLUMN) or [""] for cell in cells), fillvalue="")
        )
    ]
    width = max(len(mine) for _, mine, _ in lines)
    return [f"{INDENT}{mark:1} {mine:{width}}  {its}".rstrip() for mark, mine, its in lines]


def _where(changes: Sequence[Change], everyone: Sequence[Record]) -> list[str]:
    """The cells; where several subjects show a change in the same place, these in words."""
    lines = []
    places: dict[tuple[str, ...], list[Change]] = {}
    for one in changes:
        places.setdefault(one.new.question, []).append(one)
    for question, here in places.items():
        if len(here) == 1:
            lines.append(_both_cells(here[0]))
            continue
        measured = {subject_of("", one) for one in everyone if one.question == question}
        subjects = subject_words({subject_of("", one.new) for one in here}, measured)
        lines.append(f"{here[0].new.question}: {subjects or 'everywhere it was compared'}")
    return lines


def _both_cells(change: Change) -> str:
    if change.old.cell == change.new.cell:
        return change.old.cell
    stacks = " -> ".join(dict.fromkeys((change.old.stack, change.new.stack)))
    return str(change.new.question) + (f" ({stacks})" if stacks != "none" else "")


def _runs(changes: Sequence[Change]) -> str:
    """How sure it is: whether any run still showed what is on record."""
    runs = max(one.runs for one in changes)
    if runs == 1:
        return "1"
    never = all(one.replaces for one in changes)
    return f"{runs} of each cell, {'none' if never else 'some'} as expected"


def _why(why: Reasons, known: set[str]) -> list[str]:
    """The reasons; what was told before, or of the other one, is not told again in full."""
    reasons = []
    for one in why:
        reasons.append(
            (f"{one.subject}: " if one.subject else "")
            + (f"{one.rule}, as above" if one.rule in known else one.text)
        )
        known |= {one.rule} - {""}
    return reasons


def _again(change: Change) -> str:
    """The command that measures a changed cell again; none where nothing was measured."""
    return command(change.old, change.python, change.instead) if change.runs else ""


def _rows(rows: Iterable[tuple[str, Sequence[str]]], least: int = 0) -> list[str]:
    """Labels in a column, what they say beside them."""
    pairs = list(rows)
    width = max(least, *(len(label) for label, _ in pairs))
    return [
        line
        for label, texts in pairs
        for number, words in enumerate(texts)
        for line in _wrapped(words, f"{INDENT}{'' if number else label:{width}}  ")
    ]


def _wrapped(words: str, before: str) -> list[str]:
    return fill(words, before, " " * len(before))
