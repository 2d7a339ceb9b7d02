"""Claims are judged by observations alone: change those, and the verdict changes."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest
from exitmatrix.claims.assess import (
    OTHERWISE,
    RUNS_DIFFER,
    Assessment,
    Evidence,
    Ruling,
    assess,
    assess_all,
    cells_of,
    gather,
    verdict,
)
from exitmatrix.claims.claim import (
    CONTRADICTED,
    HOLDS,
    IN_SOME_RUNS,
    NOT_MEASURED,
    OTHER_REASON,
    UNTESTABLE,
    Case,
    Claim,
    Expect,
)
from exitmatrix.claims.conditions import TRACKER, NotShown, RunShown, dies_of
from exitmatrix.claims.texts import CLAIMS, CLAIMS_BY_ID, FILES, TEXTS
from exitmatrix.model import DataState, Outcome, Process, Question, Scenario, StdoutFate, Timeline
from exitmatrix.model.versions import Subject, subject_of
from exitmatrix.report.pages.claims import Reading, in_full, render
from exitmatrix.report.render.markdown import markdown
from exitmatrix.report.sections.story import story_section, who_ran, who_serves
from msgspec.structs import replace

from tests.conftest import LOADED
from tests.support.values import LINUX, record

Choose = Callable[[str], Sequence[RunShown]]

# ------------------------------------------------------ observations to choose from

RAN: tuple[tuple[str, ...], ...] = (
    (),
    ("C", "B", "A"),
    ("C", "B"),
    ("C", "A"),
    ("A", "C", "B", "A"),
    ("E", "D", "C", "B", "A"),
    ("end_second", "E", "D", "C", "B", "A"),
    ("sys.exitfunc:g",),
    ("sys.exitfunc:g", "sys.exitfunc:f"),
    ("cleanup(name='third', tidy=None)", "cleanup('second', False)", "cleanup('first')"),
    ("cleanup('first')",),
    ("stop_scheduler",),
    ("signal.SIGTERM:stop", "C", "B", "A"),
    ("signal.SIGTERM:library", "signal.SIGTERM:stop", "C", "B", "A"),
    ("signal.SIGTERM:library",),
    ("lifespan:shutdown",),
    ("lifespan:shutdown", "C", "B", "A"),
)
IN_LOOPS = (
    ("__aexit__:w", "finally:f", "finally:t", "finally:s", "aclose:g", "C", "B", "A"),
    ("__aexit__:w", "finally:f", "finally:t", "finally:s", "aclose:g"),
    ("finally:f", "finally:t", "C", "B", "A"),
    ("finally:f", "finally:p", "C", "B", "A"),
    ("signal.SIGTERM:stop", "finally:f", "finally:t", "C", "B", "A"),
    ("signal.SIGTERM:library", "signal.SIGTERM:stop", "finally:f", "C", "B", "A"),
)
FATES: tuple[StdoutFate, ...] = ("lost", "kept", "twice")
SIGNALS = ("SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGALRM", "SIGKILL", "SIGABRT", "SIGINT")
ENDS: tuple[dict[str, Any] | None, ...] = (
    *({"code": status} for status in (0, 1, 3, 4, 120)),
    *({"signal": name} for name in SIGNALS),
    None,
)
C_FAILED, B_FAILED = "RuntimeError: C failed", "ValueError: B failed"
PRINTED: tuple[tuple[str, ...], ...] = (
    ("Traceback", C_FAILED, "Traceback", B_FAILED),
    (C_FAILED, B_FAILED, "Error in sys.exitfunc:", B_FAILED),
    (B_FAILED,),
)
DATA: tuple[dict[str, DataState], ...] = tuple(
    {"SQLite transaction": transaction, "shelf": shelf}
    for transaction in ("kept", "lost", "damaged")
    for shelf in ("kept", "lost", "damaged")
)
KINDS = (
    *("temporary folder", "log in memory", "shelf", "SQLite transaction"),
    *("short buffered file", "long buffered file"),
)
STATES: tuple[DataState, ...] = ("kept", "lost", "damaged", "left behind", "removed")


def timeline_of(answer: str) -> Timeline:
    return (("parent", "spawned"), ("child", "asked", "/end"), ("harness", "replied", answer))


def one_process() -> Iterator[RunShown]:
    for end, fired, raised in itertools.product(ENDS, RAN, ((), ("C",))):
        yield sight(process("main", fired, end, raised))
    for end, fired, stdout in itertools.product(ENDS, RAN[:2], FATES):
        yield sight(process("main", fired, end, stdout=stdout))
    for fired in IN_LOOPS:
        for end in ({"code": 0}, {"code": 1}, {"signal": "SIGINT"}):
            yield sight(process("main", fired, end))
    for how in ((), ("__del__:d",)):
        yield sight(process("main", ("C", "B", "A", "__del__:d"), {"code": 0}, how))
    late = ("C", "B", "A", "__del__:d", "__del__:late")
    yield sight(process("main", late, {"code": 0}))
    yield sight(process("main", ("C",), {"signal": "SIGKILL"}, (), ("B",)))
    for left in ((), ("semaphore",), ("shared memory",), ("System V shared memory",)):
        yield sight(process("main", (), {"signal": "SIGHUP"}), left=left)
    for printed in PRINTED:
        yield sight(process("main", ("C", "B", "A"), {"code": 0}, ("C",)), printed=printed)
    for data in DATA:
        yield sight(process("main", (), {"signal": "SIGTERM"}), data=data)
    for short, long in itertools.product(STATES, STATES):
        every = dict.fromkeys(KINDS, short) | {"long buffered file": long}
        yield sight(process("main", (), {"signal": "SIGTERM"}), data=every)


def two_processes() -> Iterator[RunShown]:
    ends: tuple[dict[str, Any] | None, ...] = (
        {"code": 0},
        {"signal": "SIGTERM"},
        {"signal": "SIGKILL"},
        None,
    )
    some = list(itertools.product(RAN[:3], ends))
    for parent, child, helpers, answer in itertools.product(
        some, some, ((), (TRACKER, TRACKER), ("sh",)), ("none", "200")
    ):
        both = process("parent", *parent), process("child", *child)
        yield sight(*both, helpers=helpers, timeline=timeline_of(answer))
    for parent, child, stdout in itertools.product(some, some, FATES):
        (fired, end), other = parent, process("child", *child)
        yield sight(process("parent", fired, end, stdout=stdout), other)
    for parent, child, raising in itertools.product(some, some, (True, False)):
        (fired, end), other = parent, process("child", *child)
        raised = ("C",) if raising else ()
        yield sight(process("parent", fired, end, raised), other, process("child#2", (), None))
    stopped = ("signal.SIGTERM:stop", "C", "B", "A")
    yield sight(process("parent", (), None), process("child", stopped, {"code": 0}))
    for left in ((), ("semaphore",), ("shared memory",)):
        for status in (0, 247):
            told_of_it = process("parent", (), {"code": status})
            yield sight(told_of_it, process("child", (), {"signal": "SIGHUP"}), left=left)


def of_pools() -> Iterator[RunShown]:
    """A starter, a worker at a task, another one, and one in its place or none."""
    ends: tuple[dict[str, Any] | None, ...] = (
        *({"code": status} for status in (0, 1, 3)),
        {"signal": "SIGTERM"},
        None,
    )
    for fired in ("D",), ("weakref.finalize:w", "D"):
        yield sight(process("parent", (), {"code": 0}), process("child", fired, {"code": 0}))
    for starter, worker, other in itertools.product(ends, ends, ends):
        three = [
            process("parent", (), starter),
            process("child", (), worker),
            process("child#2", (), other),
        ]
        yield sight(*three)
        yield sight(*three, process("child#3", (), None))


def served() -> Iterator[RunShown]:
    """A master, and workers that did the same; some are replaced."""
    ends: tuple[dict[str, Any] | None, ...] = (
        *({"code": 0}, {"code": 1}, {"signal": "SIGTERM"}, {"signal": "SIGQUIT"}),
        None,
    )
    own = ("lifespan:shutdown",), ("uwsgi.atexit:bye", "C", "B", "A")
    fired = ((), ("C", "B", "A"), *own)
    for ran, end, of_worker, how in itertools.product(fired[:2], ends, fired, ends):
        master = process("master", ran, end)
        for roles, others in ((("worker#1", "worker#2"), ()), (("worker",), ("others",))):
            mine = [process(role, of_worker, how) for role in roles]
            rest = [process(role, (), None) for role in others]
            new = [process(role.replace("worker", "new-worker"), (), None) for role in roles]
            dead = [process(role, (), {"code": 1}) for role in others]
            for more in ([*rest], [*dead], [*rest, *new]):
                yield sight(master, *mine, *more)


def hooked() -> Iterator[RunShown]:
    """A master and workers with hooks of gunicorn's, and a client."""
    handlers = ("C", "B", "A")
    of_workers = (
        *(
            (f"gunicorn:{hook}", *handlers)
            for hook in ("worker_int", "worker_abort", "worker_exit")
        ),
        *((*handlers, f"gunicorn:{hook}") for hook in ("worker_int", "worker_exit")),
        handlers,
    )
    of_masters = ((), ("gunicorn:child_exit",), ("gunicorn:child_exit", "gunicorn:on_exit"))
    ends: tuple[dict[str, Any], ...] = ({"code": 0}, {"signal": "SIGKILL"})
    for ran, fired, how, client in itertools.product(
        of_masters, of_workers, ends, ("200", "closed")
    ):
        both = [process(f"worker#{number}", fired, how) for number in (1, 2)]
        yield sight(process("master", ran, {"code": 0}), *both, client=client)
        others = [process(role, (), None) for role in ("others", "new-worker")]
        one = process("worker", fired, how)
        yield sight(process("master", ran, None), one, *others, client=client)


def of_libraries() -> Iterator[RunShown]:
    """A program with data of a library in flight, and one with a pool of connections."""
    kinds = ("last event", "last state of the bar", "data of coverage", "file of the fixture")
    ends: tuple[dict[str, Any], ...] = ({"code": 0}, {"code": 2}, {"signal": "SIGTERM"})
    for fired, end, state in itertools.product(((), ("C", "B", "A")), ends, STATES):
        yield sight(process("main", fired, end), data=dict.fromkeys(kinds, state))
    for hints in (0, 1, 2):
        fired = ("C", "B", "A", "__del__:pool", *("logging:hint" for _ in range(hints)))
        yield sight(process("main", fired, {"code": 0}))


def below_libraries() -> Iterator[RunShown]:
    """A worker of rq, of pytest-xdist or of a program under coverage, and who started it."""
    of_workers = ((), ("rq.job:work",), ("fixture:service", "C", "B", "A"), ("C", "B", "A"))
    ends: tuple[dict[str, Any], ...] = (
        *({"code": status} for status in (0, 1, 2)),
        *({"signal": name} for name in ("SIGTERM", "SIGKILL")),
    )
    states: tuple[DataState, ...] = ("kept", "lost")
    for fired, how, end, state in itertools.product(of_workers, ends, ends, states):
        of_child = {"data of coverage, of the child": state}
        yield sight(process("master", (), end), process("worker", fired, how), data=of_child)


def process(
    role: str,
    fired: tuple[str, ...] | None,
    end: dict[str, Any] | None,
    raised: tuple[str, ...] = (),
    unfinished: tuple[str, ...] = (),
    stdout: StdoutFate | None = None,
) -> Process:
    return Process(
        role=role, fired=fired, unfinished=unfinished, exit=end, raised=raised, stdout=stdout
    )


def sight(
    *processes: Process,
    timeline: Timeline | None = None,
    helpers: tuple[str, ...] = (),
    printed: tuple[str, ...] | None = None,
    data: dict[str, DataState] | None = None,
    left: tuple[str, ...] = (),
    client: str | None = None,
) -> RunShown:
    alive = tuple(one.role for one in processes if one.exit is None)
    outcome = Outcome(
        processes=processes,
        order=None,
        survivors=alive,
        left=left,
        helpers=helpers,
        port="open" if alive else "closed",
        printed=printed,
        data=data,
        client=client,
    )
    return RunShown(outcome=outcome, timeline=timeline)


POOLS = {1: (*one_process(), *of_libraries()), 2: (*two_processes(), *of_pools())}
SERVED = (*served(), *hooked(), *below_libraries())


def pool(cell: str) -> Sequence[RunShown]:
    roles = LOADED[Question.parse(cell).scenario].roles
    return SERVED if "master" in roles else POOLS[len(roles)]


def meets(one: RunShown, expects: Iterable[Expect]) -> bool:
    try:
        return all(expect.shows.met(one) for expect in expects)
    except NotShown:
        return False


def about(cell: str, expects: Iterable[Expect]) -> list[Expect]:
    return [one for one in expects if Question.parse(cell).matches(one.cells)]


def showing(*expects: Expect) -> Choose:
    """For each cell something that shows all that is expected of it.

    Of a pattern of which only some cells have to show something, they show it in turn.
    """
    turns = itertools.count()

    def choose(cell: str) -> Sequence[RunShown]:
        mine = about(cell, expects)
        every = [one for one in mine if one.of == "every"]
        some = [one for one in mine if one.of == "some"]
        chosen = [*every, some[next(turns) % len(some)]] if some else every
        return [next(one for one in pool(cell) if meets(one, chosen))]

    return choose


def failing(claim: Claim) -> Choose:
    """For each cell something that no case expects of it, but can be judged."""

    def choose(cell: str) -> Sequence[RunShown]:
        mine = [about(cell, case.expects) for case in claim.cases]
        return [
            next(
                one
                for one in pool(cell)
                if _can_be_judged(one, itertools.chain(*mine))
                and not any(meets(one, [expect]) for some in mine for expect in some)
            )
        ]

    return choose


def _can_be_judged(one: RunShown, expects: Iterable[Expect]) -> bool:
    try:
        for expect in expects:
            expect.shows.met(one)
    except NotShown:
        return False
    return True


# -------------------------------------------------------------------- the evidence

OF_SERVERS = ("gunicorn-27", "uvicorn-0.54", "hypercorn-0.18", "pyuwsgi-2.0.30")
OF_LIBRARIES = (
    *("sentry-sdk-2.75", "rq-3.0", "coverage-7.17", "pytest-9.2", "pytest-xdist-3.8"),
    *("psycopg-pool-3.3", "tqdm-4.70"),
)


def evidence(
    claim: Claim,
    choose: Choose,
    version: str = "3.13.0",
    stacks: Sequence[str] = (
        *("none", "flask-1.1", "flask-3.1", "apscheduler-3.6"),
        *OF_SERVERS,
        *OF_LIBRARIES,
    ),
) -> list[Evidence]:
    """What one Python showed of all the cells that a claim is judged by."""
    return [
        observed(str(cell), choose(str(cell)), version, stack)
        for stack in stacks
        for cell in cells_of_one(version, stack, tuple(claim.rests_on))
        if about(str(cell), claim.judged_by)
    ]


@cache
def cells_of_one(version: str, stack: str, patterns: tuple[str, ...]) -> tuple[Question, ...]:
    """The cells of one Python of the programs that these patterns name."""
    one = asked_subject(version, stack)
    return cells_of([one], programs_named(patterns))[one]


def programs_of(claim: Claim) -> dict[str, Scenario]:
    """Those that a claim rests on: the others make no difference, and take time."""
    return programs_named(tuple(claim.rests_on))


@cache
def programs_named(patterns: tuple[str, ...]) -> dict[str, Scenario]:
    names = {Question.parse(pattern).scenario for pattern in patterns}
    return {id: one for id, one in LOADED.items() if any(fnmatchcase(id, name) for name in names)}


def asked_subject(version: str, stack: str = "none") -> Subject:
    return subject_of(LINUX, observed("plain/return@main", (), version, stack).record)


def observed(
    cell: str,
    sights: Sequence[RunShown],
    version: str = "3.13.0",
    stack: str = "none",
    unknown: tuple[str, ...] = (),
) -> Evidence:
    outcomes = tuple(one.outcome for one in sights)
    made = record(cell, *outcomes, version=version, stack=stack, unknown=unknown)
    return Evidence(platform=LINUX, record=made, sights=tuple(sights))


def judged(claim: Claim, found: Iterable[Evidence]) -> Assessment:
    return assess(claim, gather(found, programs_of(claim)))


def old_enough(claim: Claim) -> str:
    """A Python that can be asked the claim: `sys.exitfunc` is of 2.7."""
    stacks = ("none", "flask-1.1", "apscheduler-3.6", *OF_SERVERS, *OF_LIBRARIES)
    patterns = tuple(claim.rests_on)
    cells = [cell for stack in stacks for cell in cells_of_one("3.13.0", stack, patterns)]
    can = all(any(cell.matches(one.cells) for cell in cells) for one in claim.judged_by)
    return "3.13.0" if can else "2.7.18"


JUDGED = [claim for claim in CLAIMS if claim.cases]


def by_claim(law: Callable[[Claim], None]) -> Callable[[], None]:
    """A test that asks a law of every claim, and names the one that breaks it."""

    def ask() -> None:
        for claim in JUDGED:
            try:
                law(claim)
            except AssertionError as error:
                error.add_note(f"claim {claim.id}")
                raise

    ask.__name__, ask.__doc__ = law.__name__, law.__doc__
    return ask


# ------------------------------------------------------------------------ the laws


@by_claim
def test_every_verdict_is_reached_by_observations(claim: Claim) -> None:
    """For each case there is something that could be seen which gives its verdict."""
    for case in claim.cases:
        found = evidence(claim, showing(*case.expects), old_enough(claim))
        assessment = judged(claim, found)
        assert assessment.verdict == case.verdict
        assert {ruling.because for ruling in assessment.rulings} == {case.because}


@by_claim
def test_what_no_case_expects_contradicts(claim: Claim) -> None:
    """A claim is not saved by observations that nobody thought of."""
    assessment = judged(claim, evidence(claim, failing(claim), old_enough(claim)))
    assert assessment.verdict == CONTRADICTED
    assert {ruling.because for ruling in assessment.rulings} == {OTHERWISE}


@by_claim
def test_runs_that_differ_make_it_hold_in_some_runs(claim: Claim) -> None:
    """A race is neither: some runs show what the first case expects, and some do not."""
    good, bad = showing(*claim.cases[0].expects), failing(claim)
    found = evidence(claim, lambda cell: [*good(cell), *bad(cell)], old_enough(claim))
    assessment = judged(claim, found)
    assert assessment.verdict == IN_SOME_RUNS
    assert {ruling.because for ruling in assessment.rulings} == {RUNS_DIFFER}


@by_claim
def test_without_observations_it_is_not_measured(claim: Claim) -> None:
    """No verdict comes from nothing."""
    assert judged(claim, []).verdict == NOT_MEASURED
    other = "plain-clear/return@main"
    if other not in claim.rests_on:
        found = [observed(other, [POOLS[1][0]])]
        assert judged(claim, found).verdict == NOT_MEASURED


@by_claim
def test_one_cell_that_is_missing_is_enough_not_to_judge(claim: Claim) -> None:
    """Whatever the others show, a claim rests on all of its cells."""
    found = evidence(claim, showing(*claim.cases[0].expects), old_enough(claim))
    asks = [one.question for one in found if one.record.stack == found[0].record.stack]
    first = [one for one in found if one.record.stack == found[0].record.stack]
    assert judged(claim, first).rulings
    for gone in asks:
        rest = [one for one in first if one.question != gone]
        assert not judged(claim, rest).rulings, gone


@by_claim
def test_what_was_not_seen_well_enough_is_not_judged(claim: Claim) -> None:
    """A record of which a trial is unknown, or a process mute, gives no verdict."""
    found = evidence(claim, showing(*claim.cases[0].expects), old_enough(claim))
    unknown = [
        Evidence(
            platform=one.platform,
            record=replace(one.record, unknown=("it never became ready",)),
            sights=one.sights,
        )
        for one in found
    ]
    assert judged(claim, unknown).verdict == NOT_MEASURED


@by_claim
def test_no_condition_knows_the_claim_that_it_judges(claim: Claim) -> None:
    """A renamed claim gets the same verdict, and no condition's text names a claim."""
    for case in claim.cases:
        found = evidence(claim, showing(*case.expects), old_enough(claim))
        assert judged(replace(claim, id="X1"), found).verdict == judged(claim, found).verdict
        words = [case.because, *(one.shows.words for one in case.expects)]
        assert not re.search(r"\b[BEM]\d+\b", " ".join(words))


def test_a_mute_process_is_no_process_without_handlers() -> None:
    """Not observed is never taken for did not fire."""
    claim = CLAIMS_BY_ID["B7"]
    mute = sight(process("parent", None, {"code": 0}), process("child", (), {"signal": "SIGKILL"}))
    found = [observed("flask-debug/SIGKILL@child", [mute], stack="flask-3.1")]
    assert judged(claim, found).verdict == NOT_MEASURED


def test_an_opinion_is_not_judged_whatever_is_seen() -> None:
    """What has no case cannot be tested, and says why."""
    opinions = [claim for claim in CLAIMS if not claim.cases]
    assert opinions
    for claim in opinions:
        assert claim.opinion
        assert judged(claim, []).verdict == UNTESTABLE


@pytest.mark.parametrize(
    ("parent", "child", "verdict_"),
    [
        (("C", "B", "A"), (), OTHER_REASON),
        (("C", "B", "A"), ("C", "B", "A"), HOLDS),
        ((), ("C", "B", "A"), HOLDS),
        ((), (), CONTRADICTED),
        (("A", "B", "C"), (), CONTRADICTED),
    ],
)
def test_kill_on_the_child_is_judged_by_which_process_fired(
    parent: tuple[str, ...], child: tuple[str, ...], verdict_: str
) -> None:
    """That a handler was seen is not enough: the reason given is about the one that was killed."""
    seen = sight(
        process("parent", parent, {"code": 247}), process("child", child, {"signal": "SIGKILL"})
    )
    found = [observed("flask-debug/SIGKILL@child", [seen], stack="flask-1.1")]
    assert judged(CLAIMS_BY_ID["B7"], found).verdict == verdict_


OTHERS = [
    pytest.param(claim, case, id=claim.id)
    for claim in JUDGED
    for case in claim.cases
    if case.verdict == OTHER_REASON and any("@child" in one.cells for one in case.expects)
]


@pytest.mark.parametrize(("claim", "case"), OTHERS)
def test_another_reason_needs_an_ended_process_that_ran_nothing(claim: Claim, case: Case) -> None:
    """Where the child that was ended did run its handlers, the reason is not the parent's."""
    for cell in {one.cells for one in case.expects if one.cells.endswith("@child")}:
        for one in pool(cell):
            if meets(one, about(cell, case.expects)):
                assert not one.handlers("child"), (claim.id, cell)


@pytest.mark.parametrize(
    ("child", "verdict_"), [(None, OTHER_REASON), ({"signal": "SIGHUP"}, HOLDS)]
)
def test_kill_on_the_parent_is_judged_by_who_is_left(
    child: dict[str, Any] | None, verdict_: str
) -> None:
    """The text says that everything is removed; a child that serves is something left."""
    seen = sight(process("parent", (), {"signal": "SIGKILL"}), process("child", (), child))
    found = [observed("flask-debug/SIGKILL@parent", [seen], stack="flask-1.1")]
    assert judged(CLAIMS_BY_ID["B8"], found).verdict == verdict_


# ----------------------------------------------------------- since and until when

LINE = ("2.7.18", "3.6.15", "3.12.1", "3.13.0", "3.14.1")


@pytest.mark.parametrize(
    ("holding", "expected"),
    [
        (LINE, HOLDS),
        ((), CONTRADICTED),
        (LINE[2:], f"{HOLDS} since 3.12"),
        (LINE[-1:], f"{HOLDS} since 3.14.1"),
        (LINE[:1], f"{HOLDS} until 2.7"),
        (LINE[:4], f"{HOLDS} until 3.13"),
        ((*LINE[:2], *LINE[3:]), f"{HOLDS}, except on 3.12.1"),
    ],
)
def test_versions_that_differ_are_told_since_or_until(
    holding: Sequence[str], expected: str
) -> None:
    """The verdict names the version at which the behaviour changes."""
    parts = [
        Ruling(verdict=word, because="", subjects=some)
        for word, some in (
            (HOLDS, tuple(asked_subject(one) for one in holding)),
            (CONTRADICTED, tuple(asked_subject(one) for one in LINE if one not in holding)),
        )
        if some
    ]
    assert verdict(parts) == expected


def test_the_stack_of_2020_and_todays_are_compared() -> None:
    """Where they differ the page says how, and where they agree it says that."""
    claim = CLAIMS_BY_ID["B6"]
    good, bad = showing(*claim.cases[0].expects), showing(*claim.cases[1].expects)
    same = evidence(claim, good)
    other = [
        *evidence(claim, good, stacks=("flask-1.1",)),
        *evidence(claim, bad, stacks=("flask-3.1",)),
    ]
    assert judged(claim, same).by_stack == (("flask-1.1", HOLDS), ("", HOLDS))
    assert judged(claim, other).by_stack == (("flask-1.1", HOLDS), ("", CONTRADICTED))
    assert "the newest of each Python agree" in page(same)
    assert "With the newest of each Python: contradicted." in page(other)


# ------------------------------------------------------------------------ the page


def page(found: Iterable[Evidence]) -> str:
    everything = tuple(found)
    return render(reading(everything))


def reading(found: Iterable[Evidence]) -> Reading:
    everything = tuple(found)
    return Reading(
        evidence=everything,
        assessments=assess_all(CLAIMS, gather(everything, LOADED)),
        scenarios=LOADED,
    )


def test_every_claim_of_every_text_has_a_row_and_a_section() -> None:
    """Claims without a record are "not measured", and opinions are marked as such."""
    ids = [claim.id for claim in CLAIMS]
    numbered = [f"{one.TEXT.id}{n}" for one in FILES for n in range(1, len(one.CLAIMS) + 1)]
    assert ids == numbered
    assert len(set(ids)) == len(ids)
    published = {"B": 14, "E": 9, "M": 10}
    assert published.items() <= Counter(re.sub(r"\d+", "", id) for id in ids).items()
    text = page([])
    for id in ids:
        (row,) = re.findall(
            rf"^\| \[{id}\]\(#{id.lower()}\) \|.*\*\*(.+)\*\* \|$", text, re.MULTILINE
        )
        assert row == (NOT_MEASURED if CLAIMS_BY_ID[id].cases else UNTESTABLE)
        assert f"### {id}\n" in text
    assert all(f"## Text {one.id}: " in text for one in TEXTS)


def test_a_claim_of_a_stack_whose_name_has_a_hyphen_is_judged_by_it() -> None:
    """`sentry-sdk-2.75` is of the family `sentry-sdk`, and not of `sentry`."""
    claim = CLAIMS_BY_ID["L1"]
    assert {str(one.record.stack) for one in evidence(claim, showing(*claim.cases[0].expects))} == {
        "sentry-sdk-2.75"
    }
    assert judged(claim, evidence(claim, showing(*claim.cases[0].expects))).verdict == HOLDS


def test_every_pattern_names_cells_that_there_are() -> None:
    """A claim rests on cells that can be measured with the programs there are."""
    stacks = ("none", "flask-1.1", "apscheduler-3.6", *OF_SERVERS, *OF_LIBRARIES)
    asked = [asked_subject(version, stack) for version in ("2.7.18", "3.13.0") for stack in stacks]
    cells = {cell for some in cells_of(asked, LOADED).values() for cell in some}
    for claim in CLAIMS:
        for pattern in claim.rests_on:
            assert any(cell.matches(pattern) for cell in cells), (claim.id, pattern)


def test_a_claim_without_a_program_says_which_is_missing() -> None:
    """What nobody has written a program for is not measured, and the page says so."""
    claim = CLAIMS_BY_ID["E7"]
    few = {id: one for id, one in LOADED.items() if id != "flask"}
    found = evidence(claim, showing(*claim.cases[0].expects))
    assessment = assess(claim, gather(found, few))
    assert assessment.verdict == NOT_MEASURED
    assert assessment.unwritten == ("flask/SIGINT@main",)
    assert not gather(found, few).families_named("flask/SIGINT@main")


def test_who_has_none_of_the_cells_that_may_be_missing_is_not_asked() -> None:
    """It has shown nothing, so that it contradicts nothing: pytest-xdist on PyPy, of SIGTERM."""
    claim = CLAIMS_BY_ID["L8"]
    none = replace(LOADED["pytest-xdist"], terminations=("SIGKILL@worker",))
    found = evidence(claim, showing(*claim.cases[0].expects))
    assessment = assess(claim, gather(found, {**LOADED, "pytest-xdist": none}))
    assert assessment.verdict == HOLDS
    assert {one.stack for one in assessment.not_asked} == {"pytest-xdist-3.8"}


KILLED = sight(
    process("parent", ("C", "B", "A"), {"code": 247}),
    process("child", (), {"signal": "SIGKILL"}),
    timeline=(
        ("parent", "spawned"),
        ("parent", "started"),
        ("parent", "registered", "logging.shutdown"),
        ("parent", "registered", "A"),
        ("multiprocessing.resource_tracker", "started"),
        ("child", "started"),
        ("child", "serves"),
        ("parent", "ready"),
        ("child", "sent", "SIGKILL", "child"),
        ("child", "ended", "signal SIGKILL"),
        ("parent", "began", "A"),
        ("parent", "returned", "A"),
        ("parent", "ended", "code 247"),
    ),
)


def test_the_story_is_drawn_from_events() -> None:
    """The figure holds what the timeline holds, in its process's column, and no libraries."""
    cell = "flask-debug/SIGKILL@child"
    both = [observed(cell, [KILLED], stack=s) for s in ("flask-1.1", "flask-3.1")]
    text = markdown(story_section(both))
    assert text.count("```text") == 1, "what is the same for both stacks is drawn once"
    assert "Flask 1.1.2 on 3.13.0 and Flask 3.1.3 on 3.13.0" in text
    assert re.search(r"^  runs A$", text, re.MULTILINE)
    assert re.search(r"^ {30,}is killed by SIGKILL$", text, re.MULTILINE)
    assert "logging" not in text
    assert "resource_tracker" not in text
    assert "those of the parent, and no other process ran any" in text
    assert text.count("Not measured yet.") == 2


def test_two_stacks_that_differ_have_a_figure_each() -> None:
    """No figure stands for a stack that did something else."""
    cell = "flask-debug/SIGKILL@child"
    assert KILLED.timeline
    changed = RunShown(outcome=KILLED.outcome, timeline=KILLED.timeline[:-1])
    section = story_section(
        [observed(cell, [KILLED], stack="flask-1.1"), observed(cell, [changed], stack="flask-3.1")]
    )
    assert markdown(section).count("```text") == 2


@pytest.mark.parametrize(
    ("parent", "child", "ran", "serves"),
    [
        (("A",), (), "those of the parent, and no other", "nobody answered"),
        ((), ("A",), "those of the child, and no other", "nobody answered"),
        (("A",), ("A",), "those of the parent and of the child.", "nobody answered"),
        ((), (), "No process ran a handler.", "nobody answered"),
        ((), None, "Not every process was seen", "nobody answered"),
    ],
)
def test_the_story_says_in_which_process_handlers_ran(
    parent: tuple[str, ...], child: tuple[str, ...] | None, ran: str, serves: str
) -> None:
    """The sentence over a figure follows the outcome."""
    seen = sight(process("parent", parent, {"code": 0}), process("child", child, {"code": 0}))
    assert ran in who_ran(seen.outcome)
    assert serves in who_serves(seen.outcome)


def test_a_survivor_is_named_as_the_one_that_serves() -> None:
    """Who still has the port is told."""
    seen = sight(process("parent", (), {"signal": "SIGKILL"}), process("child", (), None))
    assert who_serves(seen.outcome) == "Afterwards the child still served on the port."


def test_the_page_shows_conditions_observations_and_commands() -> None:
    """The page says how a verdict came about, and which command shows it."""
    claim = CLAIMS_BY_ID["B7"]
    found = [observed("flask-debug/SIGKILL@child", [KILLED], stack="flask-1.1")]
    text = in_full(reading(found), judged(claim, found))
    assert "Holds, but not for the reason given." in text
    assert "kill -9 CHILD_PID" in text
    assert "The parent runs its handlers C, B, A" in text
    stated = "in the parent C, B, A run, in this order; in the child no handler runs"
    assert stated in " ".join(text.split())
    assert all(len(line) <= 80 for line in text.splitlines() if not line.startswith("    "))
    assert "cpython-3.13.0/flask-1.1/flask-debug/SIGKILL@child" in text


def test_the_order_of_the_records_does_not_matter() -> None:
    """The page is a function of what was observed."""
    claim = CLAIMS_BY_ID["E1"]
    found = evidence(claim, showing(*claim.cases[0].expects))
    assert page(found) == page(reversed(found))


def test_helpers_are_told_where_they_were_seen() -> None:
    """A question compares no helpers, but the claim about the number of processes needs them."""
    claim = CLAIMS_BY_ID["B6"]
    found = evidence(claim, showing(*claim.cases[1].expects), stacks=("flask-3.1",))
    assert "`multiprocessing.resource_tracker` (2)" in page(found)


def test_what_became_of_data_is_said_once() -> None:
    """By the sentences of the outcome, as everywhere."""
    claim = CLAIMS_BY_ID["T2"]
    kept = replace(KILLED.outcome, data={"log in memory": "kept"})
    found = [observed("data-in-flight/return@main", [RunShown(outcome=kept, timeline=())])]
    text = in_full(reading(found), judged(claim, found)).lower()
    assert text.partition("judged by")[0].count("kept: log in memory") == 1


@pytest.mark.parametrize(
    ("role", "words"), [("main", "the program"), ("child", "the child"), ("child#2", "child 2")]
)
def test_conditions_name_a_process_as_sentences_do(role: str, words: str) -> None:
    """And not by its role in records."""
    assert dies_of("SIGTERM", role).words == f"{words} is killed by SIGTERM"
