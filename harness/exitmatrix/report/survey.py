"""Records brought together: one question put to every subject, and who agrees with whom. Pure.

A question is (scenario, launcher, termination, target), whatever the interpreter
and the stack. Those that gave the same outcomes are one group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec
from msgspec.structs import replace
from packaging.version import Version

from exitmatrix.declare.servers import idle
from exitmatrix.model import Frozen, Outcome, Question, Record, Scenario
from exitmatrix.model.outcome_sets import join, union
from exitmatrix.model.versions import Subject, age, stack_age, subject_of

NOTHING = msgspec.json.encode(())


class Group(Frozen, kw_only=True):
    """Subjects that gave the same outcomes. Without an outcome, they gave none that was seen."""

    subjects: tuple[Subject, ...]
    outcomes: tuple[Outcome, ...]
    newest: tuple[Outcome, ...] = ()  # what those of them with the newest stack showed
    unknown: tuple[str, ...] = ()  # why trials showed too little
    idle: tuple[str, ...] = ()  # roles that have nothing to clean up

    @property
    def racy(self) -> bool:
        """Whether runs disagreed."""
        return varies(self.outcomes)


class Survey(Frozen, kw_only=True):
    """All that was measured about one way to end one scenario, by whom it was shown."""

    question: Question
    measured: tuple[Subject, ...]
    groups: tuple[Group, ...]  # that of the newest interpreter first

    @property
    def scenario(self) -> str:
        """Of its question."""
        return self.question.scenario

    @property
    def launcher(self) -> str:
        """Of its question."""
        return self.question.launcher

    @property
    def termination(self) -> str:
        """Of its question."""
        return self.question.termination

    @property
    def target(self) -> str:
        """Of its question."""
        return self.question.target

    @property
    def racy(self) -> bool:
        """Whether it varies from run to run, for anybody."""
        return any(group.racy for group in self.groups)

    @property
    def known(self) -> tuple[Group, ...]:
        """The groups of which something is known."""
        return tuple(group for group in self.groups if group.outcomes)


def surveys(
    records: Mapping[str, Sequence[Record]], scenarios: Mapping[str, Scenario]
) -> dict[Question, Survey]:
    """A survey for each question that the records answer; `scenarios` by their ids."""
    asked: defaultdict[Question, list[tuple[Subject, Record]]] = defaultdict(list)
    for platform in sorted(records):
        for record in records[platform]:
            asked[record.question].append((subject_of(platform, record), record))
    return {
        question: _survey(question, asked[question], idle(scenarios.get(question.scenario)))
        for question in sorted(asked)
    }


def visible(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """Outcomes as far as the tables tell them apart: without order, libraries and helpers."""
    return union(
        replace(
            outcome,
            order=None,
            helpers=(),
            processes=tuple(replace(one, library=(), before=0) for one in outcome.processes),
        )
        for outcome in outcomes
    )


def varies(outcomes: Collection[Outcome]) -> bool:
    """Whether trials of one kind disagreed, be it only in how far a killed process got."""
    return len(outcomes) > 1 or any(
        one.cut or (one.answer == "either" and one.survivors) for one in outcomes
    )


def _survey(
    question: Question, answers: Sequence[tuple[Subject, Record]], roles: tuple[str, ...]
) -> Survey:
    by_outcomes: dict[bytes, list[tuple[Subject, Record]]] = {}
    sets: dict[bytes, tuple[Outcome, ...]] = {}
    for subject, record in answers:
        seen = visible(record.outcomes)
        name = msgspec.json.encode(seen)  # outcomes hold dictionaries, which have no hash
        sets[name] = seen
        by_outcomes.setdefault(name, []).append((subject, record))
    unseen = by_outcomes.pop(NOTHING, [])
    sets.pop(NOTHING, None)
    racy = any(varies(seen) for seen in sets.values())
    groups = [
        _group(
            [answer for name in names for answer in by_outcomes[name]],
            union(outcome for name in names for outcome in sets[name]),
        )
        for names in overlapping(sets, _related if racy else _equal)
    ]
    groups.sort(key=newest_first, reverse=True)
    if unseen:
        groups.append(_group(unseen, ()))
    return Survey(
        question=question,
        measured=_sorted(subject for subject, _ in answers),
        groups=tuple(replace(one, idle=roles) for one in groups),
    )


def regrouped(survey: Survey, part_of: Callable[[Outcome], Outcome]) -> Survey:
    """The same survey, with those in one group who agree on a part of what they showed."""
    together: dict[bytes, tuple[tuple[Outcome, ...], list[Group]]] = {}
    for group in survey.groups:
        part = union(part_of(outcome) for outcome in group.outcomes)
        key = msgspec.json.encode((part, group.unknown))
        together.setdefault(key, (part, []))[1].append(group)
    groups = [
        Group(
            subjects=_sorted(subject for group in some for subject in group.subjects),
            outcomes=tuple(sorted(part, key=_most_first)),
            unknown=some[0].unknown,
            idle=some[0].idle,
        )
        for part, some in together.values()
    ]
    return replace(survey, groups=tuple(groups))


def overlapping(
    sets: Mapping[bytes, tuple[Outcome, ...]], same: Callable[[Outcome, Outcome], bool]
) -> list[list[bytes]]:
    """Names of the sets that share an outcome, directly or through others, together.

    A race shows each subject a part of what it can do; parts that overlap are no difference.
    """
    together: list[list[bytes]] = []
    for name in sorted(sets):
        touching = [
            group
            for group in together
            if any(same(a, b) for other in group for a in sets[other] for b in sets[name])
        ]
        together = [group for group in together if group not in touching]
        together.append([other for group in touching for other in group] + [name])
    return together


def apart(one: Collection[Outcome], other: Collection[Outcome], racy: bool) -> bool:
    """Whether two sets differ: they hold no outcome in common, as far as the tables tell."""
    same = _related if racy else _equal
    return not any(same(a, b) for a in visible(one) for b in visible(other))


def newest_first(group: Group) -> tuple[tuple[int, Version, str], tuple[int, ...], int]:
    """Sorts groups by their most modern member; of equals the larger comes later."""
    python, stack = max((age(one.python), stack_age(one.stack)) for one in group.subjects)
    return python, stack, len(group.subjects)


def _related(one: Outcome, other: Outcome) -> bool:
    """In a race, runs that differ only in how far a killed process got are the same."""
    return join(one, other) is not None


def _equal(one: Outcome, other: Outcome) -> bool:
    """Whether they show the same; what a client heard counts where somebody goes on serving.

    Whether it still hears from a server that is ending is chance.
    """
    return _essential(one) == _essential(other)


def _essential(outcome: Outcome) -> Outcome:
    return outcome if outcome.survivors else replace(outcome, answer=None)


def _most_first(outcome: Outcome) -> tuple[int, bytes]:
    """Sorts the outcomes of a race: the one in which most handlers ran comes first."""
    ran = sum(len(process.fired or ()) for process in outcome.processes)
    return -ran, msgspec.json.encode(outcome)


def _group(answers: Sequence[tuple[Subject, Record]], outcomes: tuple[Outcome, ...]) -> Group:
    latest = max(stack_age(subject.stack) for subject, _ in answers)
    of_it = [record for subject, record in answers if stack_age(subject.stack) == latest]
    shown = visible(outcome for record in of_it for outcome in record.outcomes)
    return Group(
        subjects=_sorted(subject for subject, _ in answers),
        outcomes=tuple(sorted(outcomes, key=_most_first)),
        newest=tuple(sorted(shown, key=_most_first)),
        unknown=tuple(sorted({reason for _, record in answers for reason in record.unknown})),
    )


def _sorted(subjects: Iterable[Subject]) -> tuple[Subject, ...]:
    return tuple(sorted(subjects, key=lambda one: (one.platform, age(one.python), one.stack)))
