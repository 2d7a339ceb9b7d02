"""From claims and observations to verdicts. Pure.

The law, for one Python with one stack: of the claim's cases the first one gives the
verdict whose expectations all runs meet. Where none does, the claim is contradicted;
if some runs meet what the first case expects, it holds in some runs. What was not
seen well enough, or not at all, is not measured. Then those who agree are brought
together, and where they do not, it is said since when or until when the claim holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from packaging.version import Version

from exitmatrix.claims.claim import (
    CONTRADICTED,
    HOLDS,
    IN_SOME_RUNS,
    NOT_MEASURED,
    OTHER_REASON,
    UNTESTABLE,
    Case,
    Claim,
    ClaimWord,
    Expect,
)
from exitmatrix.claims.conditions import NotShown, RunShown
from exitmatrix.model import (
    Frozen,
    ImplementationName,
    Interpreter,
    Question,
    Record,
    Scenario,
    Stack,
)
from exitmatrix.model.versions import (
    HELD_STILL,
    Python,
    Subject,
    in_order,
    python_words,
    subject_of,
    subject_words,
)
from exitmatrix.plan.cells import plan

HOLDING: tuple[ClaimWord, ...] = (HOLDS, OTHER_REASON)
OTHERWISE = "What was seen is not what the text says."
RUNS_DIFFER = "Runs of one and the same cell differ, and the text tells of some of them."


class Evidence(Frozen, kw_only=True):
    """A record, and what its runs showed."""

    platform: str
    record: Record
    sights: tuple[RunShown, ...]

    @property
    def question(self) -> Question:
        """What was asked."""
        return self.record.question


class Ruling(Frozen, kw_only=True):
    """A verdict, why, and for whom."""

    verdict: ClaimWord
    because: str
    subjects: tuple[Subject, ...]


class Assessment(Frozen, kw_only=True):
    """A claim, judged."""

    claim: Claim
    verdict: (
        str  # over all who were asked: a word of the claims, with "since 3.7" where they differ
    )
    rulings: tuple[Ruling, ...]  # of those that were measured; the newest Python's first
    by_stack: tuple[tuple[str, str], ...] = ()  # that of 2020, and "" for the newest
    unmeasured: tuple[Subject, ...] = ()
    not_asked: tuple[Subject, ...] = ()  # they cannot have what it takes
    unwritten: tuple[str, ...] = ()  # patterns of cells for which there is no program


class EvidenceIndex:
    """The evidence by subject and question, and the questions each subject could be asked."""

    def __init__(
        self,
        evidence: Mapping[Subject, Mapping[Question, Evidence]],
        cells: Mapping[Subject, tuple[Question, ...]],
        families: Mapping[str, str],  # of stacks, by scenario
    ) -> None:
        self.evidence = evidence
        self.families = families
        self._everything = {one for some in cells.values() for one in some}
        # By pattern: each is looked for once.
        self._named: dict[str, set[Question]] = {}
        # A pattern names a few of the hundreds that a subject could be asked.
        self._places = {
            subject: {one: place for place, one in enumerate(some)}
            for subject, some in cells.items()
        }
        self._families: dict[str, set[str]] = {}

    def cells_named(self, subject: Subject, pattern: str) -> list[Question]:
        """What could be asked of a subject, of the cells that a pattern names."""
        if pattern not in self._named:
            self._named[pattern] = {one for one in self._everything if one.matches(pattern)}
        places = self._places[subject]
        return sorted(
            (one for one in self._named[pattern] if one in places), key=places.__getitem__
        )

    def families_named(self, pattern: str) -> set[str]:
        """The families of stacks that the scenarios of a pattern need."""
        if pattern not in self._families:
            scenario = Question.parse(pattern).scenario
            self._families[pattern] = {
                family for id, family in self.families.items() if fnmatchcase(id, scenario)
            }
        return self._families[pattern]


def gather(evidence: Iterable[Evidence], scenarios: Mapping[str, Scenario]) -> EvidenceIndex:
    """Bring together what claims are judged by."""
    by_subject: defaultdict[Subject, dict[Question, Evidence]] = defaultdict(dict)
    for one in evidence:
        by_subject[subject_of(one.platform, one.record)][one.question] = one
    return EvidenceIndex(
        evidence=by_subject,
        cells=cells_of(by_subject, scenarios),
        families={one.id: one.family for one in scenarios.values()},
    )


def cells_of(
    subjects: Iterable[Subject], scenarios: Mapping[str, Scenario]
) -> dict[Subject, tuple[Question, ...]]:
    """The questions that each subject could be asked."""
    there = {(subject.python.id, subject.stack): subject for subject in subjects}
    planned = plan(
        list(
            {subject.python.id: _interpreter(subject.python) for subject in there.values()}.values()
        ),
        list(scenarios.values()),
        list({subject.stack: _stack(subject) for subject in there.values()}.values()),
        lambda stack, python: None if (python.id, stack.name) in there else "not a subject",
    )
    found: defaultdict[tuple[str, str], list[Question]] = defaultdict(list)
    for cell in planned.cells:
        found[cell.interpreter, cell.stack].append(cell.question)
    return {subject: tuple(found[subject.python.id, subject.stack]) for subject in subjects}


def _interpreter(python: Python) -> Interpreter:
    implementation: ImplementationName = "pypy" if python.family == "pypy" else "cpython"
    return Interpreter(id=python.id, implementation=implementation, version=python.version, path="")


def _stack(subject: Subject) -> Stack:
    return Stack(name=subject.stack, family=family_of(subject), requires="")


def family_of(subject: Subject) -> str:
    """The family of the subject's stack: none, flask, pytest-xdist."""
    return subject.stack.rpartition("-")[0] or subject.stack


# ----------------------------------------------------------------- one subject


class _Unanswered(Exception):
    """A subject cannot be judged."""


class _NotMeasured(_Unanswered):
    """It was not asked, or not seen well enough."""


class _CannotBeHad(_Unanswered):
    """It has no such cell."""


class _Witness:
    """What one subject showed, as far as a claim asks for it."""

    def __init__(self, index: EvidenceIndex, subject: Subject) -> None:
        self.subject = subject
        self.index = index

    def rule(self, claim: Claim) -> tuple[ClaimWord, str]:
        """The verdict of this subject, and why. Raises _Unanswered."""
        mine = [expect for expect in claim.judged_by if self._is_mine(expect)]
        found = [self._cells(expect) for expect in mine]  # each is looked for
        if not any(found):
            raise _CannotBeHad(claim.id)  # it has no cell even of those that may be missing
        try:
            for case in claim.cases:
                if self._meets(case, all):
                    return case.verdict, case.because
            if self._meets(claim.cases[0], any):
                return IN_SOME_RUNS, RUNS_DIFFER
        except NotShown as error:
            raise _NotMeasured(str(error)) from error
        return CONTRADICTED, OTHERWISE

    def _meets(self, case: Case, runs: Callable[[Iterable[bool]], bool]) -> bool:
        mine = [expect for expect in case.expects if self._is_mine(expect) and self._cells(expect)]
        return bool(mine) and all(self._met(expect, runs) for expect in mine)

    def _met(self, expect: Expect, runs: Callable[[Iterable[bool]], bool]) -> bool:
        cells = [
            runs([expect.shows.met(sight) for sight in one.sights]) for one in self._cells(expect)
        ]
        return all(cells) if expect.of == "every" else any(cells)

    def _cells(self, expect: Expect) -> list[Evidence]:
        there = self.index.cells_named(self.subject, expect.cells)
        if not there and not expect.if_it_can_be_had:
            raise _CannotBeHad(expect.cells)
        found = [self.index.evidence[self.subject].get(one) for one in there]
        if not all(one and one.sights and not one.record.unknown for one in found):
            raise _NotMeasured(expect.cells)
        return [one for one in found if one]

    def _is_mine(self, expect: Expect) -> bool:
        return family_of(self.subject) in self.index.families_named(expect.cells)


# ----------------------------------------------------------------- all of them


def assess(claim: Claim, index: EvidenceIndex) -> Assessment:
    """The verdict on one claim."""
    unwritten = tuple(one for one in claim.rests_on if not index.families_named(one))
    judged = {one.cells for one in claim.judged_by}
    mine = {family for one in judged for family in index.families_named(one)}
    ruled: defaultdict[tuple[ClaimWord, str], list[Subject]] = defaultdict(list)
    unmeasured: list[Subject] = []
    not_asked: list[Subject] = []
    for subject in _newest_first(index.evidence):
        if family_of(subject) not in mine or judged & set(unwritten):
            continue
        try:
            ruled[_Witness(index, subject).rule(claim)].append(subject)
        except _NotMeasured:
            unmeasured.append(subject)
        except _CannotBeHad:
            not_asked.append(subject)
    rulings = tuple(
        Ruling(verdict=word, because=because, subjects=tuple(some))
        for (word, because), some in ruled.items()
    )
    return Assessment(
        claim=claim,
        verdict=verdict(rulings) if claim.cases else UNTESTABLE,
        rulings=rulings,
        by_stack=_by_stack(rulings),
        unmeasured=tuple(unmeasured),
        not_asked=tuple(not_asked),
        unwritten=unwritten,
    )


def assess_all(claims: Iterable[Claim], index: EvidenceIndex) -> tuple[Assessment, ...]:
    """The verdict on each."""
    return tuple(assess(claim, index) for claim in claims)


def verdict(rulings: Sequence[Ruling]) -> str:
    """One verdict of all who were measured: since or until which version, where they differ."""
    words = list(dict.fromkeys(ruling.verdict for ruling in rulings))
    if not words:
        return NOT_MEASURED
    if len(words) == 1:
        return words[0]
    holding = {subject for one in rulings if one.verdict in HOLDING for subject in one.subjects}
    everyone = {subject for one in rulings for subject in one.subjects}
    word = next((one for one in (*HOLDING, IN_SOME_RUNS) if one in words), CONTRADICTED)
    if not holding or holding == everyone:
        return f"{word}, for some"
    return f"{word}{_extent(holding, everyone)}"


def _extent(holding: set[Subject], everyone: set[Subject]) -> str:
    """The subjects in words: since 3.7; until 2.7; except on PyPy 3.9; on 3.12.1 only."""
    failing = {subject.python for subject in everyone - holding}
    mine = {subject.python for subject in holding}
    line = in_order(one for one in mine | failing if one.family == "cpython")
    some = [one for one in line if one in mine]
    if some and len(some) < len(line):
        words = python_words(some, line)
        if max(map(_version, failing)) < min(map(_version, mine)):
            return f" since {words.removesuffix(' and later')}"
        if max(map(_version, mine)) < min(map(_version, failing)):
            return f" until {words.removesuffix(' and earlier')}"
    rest = everyone - holding
    if len(holding) < len(rest):
        return f" on {subject_words(holding, everyone)} only"
    return f", except on {subject_words(rest, everyone)}"


def _version(python: Python) -> Version:
    return Version(python.version)


def _by_stack(rulings: Sequence[Ruling]) -> tuple[tuple[str, str], ...]:
    """The verdict with the stack that is held still, and with the newest one."""
    verdicts = []
    for held in (True, False):
        part = [
            Ruling(verdict=one.verdict, because=one.because, subjects=some)
            for one in rulings
            if (
                some := tuple(
                    subject
                    for subject in one.subjects
                    if family_of(subject) != "none" and (subject.stack in HELD_STILL) == held
                )
            )
        ]
        if part:
            verdicts.append((part[0].subjects[0].stack if held else "", verdict(part)))
    return tuple(verdicts)


def _newest_first(subjects: Iterable[Subject]) -> list[Subject]:
    order = in_order({subject.python for subject in subjects})
    return sorted(
        subjects,
        key=lambda subject: (-order.index(subject.python), subject.platform, subject.stack),
    )
