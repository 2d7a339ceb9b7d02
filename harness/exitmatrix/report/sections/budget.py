"""The grace budget: how long handlers may take before something cuts them off. Pure.

Each cell of a grid runs three handlers that take the same time L, one after the
other. Where k of them ended and the next did not, there was time for k * L and not
for (k + 1) * L; the cells of a grid narrow each other down. A run that was one of
several that got differently far says what there was time for at most, no more.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from exitmatrix.model import Ending, Frozen, Outcome, Record
from exitmatrix.model.outcome_sets import KILLED
from exitmatrix.model.versions import Subject, subject_of, subject_words
from exitmatrix.report.document import Code, Row, Section, paragraph, table

GRID = re.compile(r"(.+)-([0-9]+)ms")
UNKNOWN = "not known"
Budgeted = tuple[str, str, str, str]  # program, termination, target, role


class Budget(Frozen, kw_only=True):
    """Milliseconds that handlers had for certain, and that they did not have."""

    least: int = 0
    most: int | None = None  # None: none was cut off

    def narrowed(self, other: Budget) -> Budget:
        """What both allow."""
        known = [one for one in (self.most, other.most) if one is not None]
        return Budget(least=max(self.least, other.least), most=min(known, default=None))

    def __str__(self) -> str:
        """In seconds, for people."""
        if self.most == 0:
            return "no time: none begins"
        if self.most is None:
            return f"no limit was met up to {self.least / 1000:g} s"
        if self.least >= self.most:
            return f"about {self.most / 1000:g} s: it differs from run to run"
        if not self.least:
            return f"less than {self.most / 1000:g} s"
        return f"between {self.least / 1000:g} and {self.most / 1000:g} s"


def length_of(scenario: str) -> int:
    """Milliseconds that the handlers of a scenario take, by its id; 0 where that says nothing."""
    found = GRID.fullmatch(scenario)
    return int(found[2]) if found else 0


def budgets(
    records: Mapping[str, Sequence[Record]],
) -> dict[Budgeted, dict[Subject, Budget | None]]:
    """The budget of each role, for each way to end a program and each subject; None: not known.

    From records and not from questions: in a race those bring versions together.
    """
    shown: defaultdict[Budgeted, dict[Subject, Budget | None]] = defaultdict(dict)
    unseen = set()
    for platform, rows in sorted(records.items()):
        for record in rows:
            found = GRID.fullmatch(record.scenario)
            if not found:
                continue
            subject = subject_of(platform, record)
            what = found[1], record.termination, record.target
            if record.unknown:
                unseen.add((what, subject))
            for role, budget in _of(record.outcomes, int(found[2])).items():
                per = shown[*what, role]
                known = per.get(subject, Budget())
                per[subject] = known and budget and known.narrowed(budget)
    for (*question, _), per in shown.items():
        for subject in per:
            if (tuple(question), subject) in unseen:
                per[subject] = None
    return dict(shown)


def _of(outcomes: Iterable[Outcome], length: int) -> dict[str, Budget | None]:
    """What the outcomes of one cell say of each role."""
    found: dict[str, Budget | None] = {}
    for outcome in outcomes:
        for process in outcome.processes:
            if process.fired is None or process.unfinished is None:
                found[process.role] = None
                continue
            # A handler that raised was interrupted: those that ran after it had all the time.
            ended = next(
                (n for n, name in enumerate(process.fired) if name in process.raised),
                len(process.fired),
            )
            # That a handler began and nothing followed is a cut; that none began is one as well.
            was_cut = bool(process.unfinished or process.raised) or not ended
            if not (process.fired or process.unfinished) and process.exit not in (KILLED, None):
                was_cut, ended = True, -1  # nobody was in a hurry, and yet none began
            here = Budget(
                least=0 if outcome.cut and process.exit == KILLED else max(ended, 0) * length,
                most=(ended + 1) * length if was_cut else None,
            )
            known = found.get(process.role, here)
            found[process.role] = known and _either(known, here)
    return found


def _either(one: Budget, other: Budget) -> Budget:
    """What two runs of one cell allow: at least what both had, at most what one lacked."""
    most = [limit for limit in (one.most, other.most) if limit is not None]
    return Budget(least=min(one.least, other.least), most=max(most, default=None))


def budget_section(records: Mapping[str, Sequence[Record]]) -> list[Section]:
    """The section, where a grid was measured."""
    rows: list[Row] = []
    for (program, termination, target, role), per in sorted(budgets(records).items()):
        by_budget: defaultdict[str, list[Subject]] = defaultdict(list)
        for subject, budget in per.items():
            by_budget[UNKNOWN if budget is None else str(budget)].append(subject)
        for words, subjects in by_budget.items():
            rows.append(
                (
                    Code(f"{program} {Ending(termination, target)}"),
                    role,
                    words,
                    subject_words(subjects, tuple(per)) or "all that were measured",
                )
            )
    if not rows:
        return []
    about = paragraph(
        "Each of three handlers takes the same time, and programs differ in that time. The table",
        "says how long the handlers that finished took together, and how long was too long.",
        "SIGKILL ends all of them; a second Ctrl-C ends one, and the next one runs.",
    )
    return [
        Section(
            "The grace budget: how long may handlers take?",
            (about, table(("what ends it", "process", "handlers have", "who"), rows)),
        )
    ]
