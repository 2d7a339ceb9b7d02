"""Generated programs: run those not run yet, judge what was seen, shrink what was wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from exitmatrix.cli.errors import uninterrupted
from exitmatrix.cli.progress import Kind, reporter
from exitmatrix.declare.batch import Batch, file_of
from exitmatrix.declare.shrink import smaller
from exitmatrix.declare.statements import statements
from exitmatrix.judge.profile import Profile, profile
from exitmatrix.judge.programs import Compared, compare_run, foresee_program
from exitmatrix.machine.bare.session import BareSession
from exitmatrix.machine.store.corpus import Corpus, together
from exitmatrix.model import Frozen, Interpreter
from exitmatrix.model.bare import BareRun
from exitmatrix.model.execution import Seen
from exitmatrix.model.language import Code, Write
from exitmatrix.observe.bare import NotSeen, seen

Pythons = Mapping[str, Interpreter]


class Misprediction(Frozen, kw_only=True):
    """A program that showed on a Python what the laws do not allow there."""

    program: int
    code: Code
    python: str
    seen: Seen
    compared: Compared
    again: bool = True  # it showed it each time that it was run


class Tally(Frozen, kw_only=True):
    """What became of the runs of a batch."""

    programs: int
    runs: int
    words: dict[str, int]
    questions: dict[str, int]  # that no law answers, and in how many runs
    endless: int  # runs that did not end, as the laws foresee, or say nothing about
    unknown: tuple[tuple[int, str, str], ...]  # those not seen, where the laws foresee an end; why
    mispredictions: tuple[Misprediction, ...]


def texts_of(code: Code) -> set[str]:
    """What a program may write to stdout."""
    return {one.text for one in statements(code) if isinstance(one, Write)}


def profiles_of(pythons: Pythons) -> dict[str, Profile]:
    """The Pythons as the laws see them."""
    return {id: profile(msgspec.to_builtins(one)) for id, one in pythons.items()}


# --------------------------------------------------------------------------- run


class BatchRun(Frozen, kw_only=True):
    """A batch, and on which Pythons its programs run."""

    batch: Batch
    pythons: Pythons
    spread: bool = False  # each program on one of them, by turns

    def __iter__(self) -> Iterator[tuple[int, Code, tuple[str, ...]]]:
        """Number, program, and ids of interpreters."""
        ids = tuple(self.pythons)
        for number, code in self.batch:
            yield number, code, (ids[number % len(ids)],) if self.spread else ids


class _Key(Frozen):
    number: int
    code: Code
    digest: str
    ids: tuple[str, ...]


def run_missing(run: BatchRun, corpus: Corpus, jobs: int | None, progress: Kind) -> None:
    """Run each program on the Pythons that it was not seen on. Raises EngineDied, OSError."""
    total = sum(1 for _ in run.batch)
    with BareSession(jobs) as session, reporter(progress, "running", "programs") as show:
        for key, runs in session.run(_missing(run, corpus)):
            good, bad = _sorted(key.code, zip(key.ids, runs, strict=True))
            with uninterrupted:
                corpus.add(together(key.number, key.digest, good, bad))
            show.show(key.number + 1, total, "")


def _missing(run: BatchRun, corpus: Corpus) -> Iterator[tuple[_Key, str, tuple[str, ...]]]:
    """Those not seen; one that did not end is run again where the laws foresee an end."""
    asked = profiles_of(run.pythons)
    for number, code, ids in run:
        text, digest = file_of(code)
        shown, unseen = corpus.shown(number, digest), corpus.unseen(number, digest)
        missing = tuple(
            id
            for id in ids
            if id not in shown
            and not (id in unseen and isinstance(foresee_program(code, asked[id]), str))
        )
        if missing:
            paths = tuple(run.pythons[id].path for id in missing)
            yield _Key(number, code, digest, missing), text, paths


def _sorted(
    code: Code, runs: Iterable[tuple[str, BareRun]]
) -> tuple[list[tuple[str, Seen]], list[tuple[str, str]]]:
    """What was seen, and why nothing was."""
    texts = texts_of(code)
    good: list[tuple[str, Seen]] = []
    bad: list[tuple[str, str]] = []
    for id, run in runs:
        try:
            good.append((id, seen(run, texts)))
        except NotSeen as reason:
            bad.append((id, str(reason)))
    return good, bad


# ------------------------------------------------------------------------- judge


def judge_runs(run: BatchRun, corpus: Corpus) -> Tally:
    """What the laws say to each run."""
    asked = profiles_of(run.pythons)
    words: Counter[str] = Counter()
    questions: Counter[str] = Counter()
    programs = runs = endless = 0
    unknown: list[tuple[int, str, str]] = []
    wrong: list[Misprediction] = []
    for number, code, ids in run:
        programs += 1
        digest = file_of(code)[1]
        shown, why = corpus.shown(number, digest), corpus.unseen(number, digest)
        for id in ids:
            if id not in shown:
                if isinstance(foresee_program(code, asked[id]), str):
                    endless += 1
                else:
                    unknown.append((number, id, why[id]))
                continue
            runs += 1
            compared = compare_run(code, asked[id], shown[id])
            words[compared.word] += 1
            if compared.word == "withheld":
                questions[compared.question] += 1
            if compared.word == "mismatch":
                wrong.append(
                    Misprediction(
                        program=number, code=code, python=id, seen=shown[id], compared=compared
                    )
                )
    return Tally(
        programs=programs,
        runs=runs,
        words=dict(words),
        questions=dict(questions.most_common()),
        endless=endless,
        unknown=tuple(unknown),
        mispredictions=tuple(wrong),
    )


# ------------------------------------------------------------------ make smaller

Wrong = Callable[[Code, Mapping[str, Seen]], bool]
"""Whether a program that showed this, by interpreter, is still one that is looked for."""

AT_ONCE = 12  # candidates that are run before the first of them is looked at


def smallest(code: Code, pythons: Pythons, wrong: Wrong, session: BareSession) -> Code:
    """The smallest program that is still wrong, found by leaving out one thing after another."""
    while True:
        for candidate, shown in show_all(smaller(code), pythons, session):
            if len(shown) == len(pythons) and wrong(candidate, shown):
                code = candidate
                break
        else:
            return code


def show_all(
    codes: Iterator[Code], pythons: Pythons, session: BareSession
) -> Iterator[tuple[Code, dict[str, Seen]]]:
    """What programs show, in their order, a few at once."""
    paths = tuple(one.path for one in pythons.values())
    while block := [code for _, code in zip(range(AT_ONCE), codes, strict=False)]:
        files = [(place, file_of(code)[0], paths) for place, code in enumerate(block)]
        answers = dict(session.run(files))
        for place, code in enumerate(block):
            yield code, dict(_sorted(code, zip(pythons, answers[place], strict=True))[0])


def shrink(
    mispredictions: Sequence[Misprediction], pythons: Pythons, session: BareSession, most: int
) -> Iterator[tuple[Code, list[Misprediction]]]:
    """Smallest programs that are mispredicted, and on which Pythons; no more than `most`.

    One that does not show it a second time is a race, and is given back as it was generated.
    """
    asked = profiles_of(pythons)

    def is_wrong(code: Code, shown: Mapping[str, Seen]) -> bool:
        return any(
            compare_run(code, asked[id], seen).word == "mismatch" for id, seen in shown.items()
        )

    found: set[Code] = set()
    tried: set[Code] = set()
    for one in mispredictions:
        if len(found) == most:
            return
        if one.code in tried:
            continue
        tried.add(one.code)
        here = {one.python: pythons[one.python]}
        code = smallest(one.code, here, is_wrong, session)
        if code in found:
            continue
        [(_, shown)] = show_all(iter([code]), pythons, session)
        wrong = [
            Misprediction(program=one.program, code=code, python=id, seen=seen, compared=compared)
            for id, seen in shown.items()
            if (compared := compare_run(code, asked[id], seen)).word == "mismatch"
        ]
        if not wrong:
            code, wrong = one.code, [replace(one, again=False)]
        found.add(code)
        yield code, wrong
