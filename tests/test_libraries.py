"""Libraries in the matrix: what their facts add to a program, and that records need each fact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

import pytest
from exitmatrix.declare import libraries
from exitmatrix.declare.described import program
from exitmatrix.declare.libraries import LIBRARIES
from exitmatrix.declare.program import InvalidProgram, step
from exitmatrix.judge.profile import profile
from exitmatrix.judge.program import predict_program
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.judge.used import library_of, with_libraries
from exitmatrix.judge.verdict import expected, judge
from exitmatrix.model import Outcome, Record
from exitmatrix.model.language import Code, Function, OsExit, Register, ReplaceExit, Use
from exitmatrix.model.library import Library
from msgspec.structs import replace

from tests.conftest import LOADED
from tests.support.committed import records
from tests.support.values import record

CPYTHON = {"implementation": "cpython", "version": "3.13.0"}
USED = {
    one.id: use.library
    for one in LOADED.values()
    if one.program
    for use in one.program.code.body
    if isinstance(use, Use)
}


def only(question: str, **packages: str) -> Outcome:
    asked = record(question, stack="made", packages=packages)
    (outcome,) = expected(asked, LOADED[asked.scenario]).outcomes
    return outcome


@pytest.mark.parametrize(
    ("release", "sigterm", "os_exit"),
    [
        ("7.2.2", "lost", "lost"),
        ("7.2.3", "kept", "lost"),
        ("7.9.2", "kept", "lost"),
        ("7.10.0", "kept", "kept"),
    ],
)
def test_coverage_saves_at_a_sudden_end_as_its_release_does(
    release: str, sigterm: str, os_exit: str
) -> None:
    """Options and exits are the same in both releases."""
    stopped = only("coverage-sudden/SIGTERM@main", coverage=release)
    assert stopped.data == {"data of coverage": sigterm}
    assert stopped.processes[0].exit == {"signal": "SIGTERM"}
    left = only("coverage-sudden/os-exit-7@main", coverage=release)
    assert left.data == {"data of coverage": os_exit}
    assert left.processes[0].exit == {"code": 7}


def test_a_handler_of_the_programs_own_displaces_that_of_a_library() -> None:
    """It leaves by SystemExit, so that the library saves as at any other end."""
    outcome = only("coverage-graceful/SIGTERM@main", coverage="7.17.4")
    assert outcome.processes[0].fired == ("signal.SIGTERM:stop", "C", "B", "A")
    assert outcome.data == {"data of coverage": "kept"}


@pytest.mark.parametrize(
    ("ending", "status"),
    [("return", 0), ("exception", 1), ("sys-exit-3", 1), ("keyboard-interrupt", 2)],
)
def test_a_runner_of_tests_ends_by_itself_whatever_a_test_raises(ending: str, status: int) -> None:
    """The fixture is torn down before any atexit handler, and the status is the runner's own."""
    outcome = only(f"pytest/{ending}@main", pytest="9.2.0")
    (process,) = outcome.processes
    assert process.exit == {"code": status}
    assert process.fired == ("fixture:service", "C", "B", "A")
    assert outcome.data == {"file of the fixture": "removed", "report of the tests": "kept"}


def test_an_exporter_without_an_answer_takes_the_time_that_others_have() -> None:
    """Handlers that were registered before it have no turn when somebody has less patience."""
    patient = only("opentelemetry-dead/SIGTERM@main", **{"opentelemetry-sdk": "1.45.2"})
    assert patient.processes[0].fired == ("signal.SIGTERM:stop", "C", "B", "A")
    assert patient.processes[0].exit == {"code": 0}
    other = only("opentelemetry-dead/SIGTERM-then-SIGKILL@main", **{"opentelemetry-sdk": "1.45.2"})
    assert other.processes[0].fired == ("signal.SIGTERM:stop", "C", "B")
    assert other.processes[0].exit == {"signal": "SIGKILL"}


@pytest.mark.parametrize(
    ("ending", "state", "ended"),
    [
        ("return", "kept", {"code": 0}),
        ("os-exit-7", "lost", {"code": 7}),
        ("SIGTERM", "lost", {"signal": "SIGTERM"}),
    ],
)
def test_a_thread_that_sends_is_waited_for_at_a_normal_end_alone(
    ending: str, state: str, ended: dict[str, object]
) -> None:
    """Sentry's handler waits for its thread, which is a daemon; a signal asks nobody."""
    outcome = only(f"sentry/{ending}@main", **{"sentry-sdk": "2.75.0"})
    assert outcome.data == {"last event": state}
    assert outcome.processes[0].exit == ended


def test_a_worker_of_xdist_tears_down_unless_the_signal_ends_it() -> None:
    """Whose controller is gone interrupts its test; SIGTERM to itself asks nobody."""
    for ending in ("SIGTERM@master", "SIGKILL@master", "SIGINT@group"):
        worker = only(f"pytest-xdist/{ending}", **{"pytest-xdist": "3.8.0"}).processes[1]
        assert worker.fired == ("fixture:service", "C", "B", "A")
    for ending in ("SIGTERM@group", "SIGTERM@worker", "SIGKILL@worker"):
        worker = only(f"pytest-xdist/{ending}", **{"pytest-xdist": "3.8.0"}).processes[1]
        assert (worker.fired, worker.unfinished) == ((), ())


def test_who_sees_that_a_worker_is_lost_acknowledges_its_task() -> None:
    """A broker keeps a task with acks_late where nobody is left to do that, and only there."""
    late = "a task with acks_late, done or in the queue"
    states = {}
    for ending in ("SIGTERM@master", "SIGTERM@group", "SIGKILL@master"):
        asked = record(f"celery-redis-queue/{ending}", stack="made", packages={"celery": "5.7.0"})
        outcomes = expected(asked, LOADED[asked.scenario]).outcomes
        states[ending] = {(one.data or {})[late] for one in outcomes}
    assert states == {
        "SIGTERM@master": {"kept"},
        "SIGTERM@group": {"lost"},
        "SIGKILL@master": {"kept"},
    }


def test_os_exit_in_a_test_tears_down_the_other_worker_alone() -> None:
    """Under -x both do, for the run is stopped. Nobody asked by HTTP: there is no client."""
    torn = ("fixture:service", "C", "B", "A")
    ends = {}
    for ending in ("os-exit-7", "exception"):
        one = only(f"pytest-xdist-exits/{ending}@worker", **{"pytest-xdist": "3.8.0"})
        assert one.client is None
        ends[ending] = [(process.fired, process.exit) for process in one.processes]
    other = (torn, {"code": 0})
    assert ends["os-exit-7"] == [((), {"code": 1}), ((), {"code": 7}), other]
    assert ends["exception"] == [((), {"code": 2}), other, other]


def test_a_bar_of_tqdm_leaves_a_name_when_a_terminal_is_closed_from_3_14_on() -> None:
    """Its lock has a name where multiprocessing does not fork by default, and a tracker."""
    asked = record("tqdm/SIGHUP@group", stack="made", packages={"tqdm": "4.70.1"})
    left = {}
    for version in ("3.13.0", "3.14.0"):
        one = replace(asked, interpreter={"implementation": "cpython", "version": version})
        (outcome,) = expected(one, LOADED[one.scenario]).outcomes
        left[version] = outcome.left
    assert left == {"3.13.0": (), "3.14.0": ("semaphore",)}


def test_a_job_of_rq_is_finished_unless_a_second_signal_comes() -> None:
    """Its process leaves by os._exit: no atexit handler runs there, whatever ends the worker."""
    for ending in ("SIGTERM@master", "SIGTERM@group", "SIGKILL@master"):
        job = only(f"rq/{ending}", rq="3.0.0").processes[1]
        assert (job.fired, job.exit) == (("rq.job:work",), {"code": 0})
    job = only("rq/SIGTERM-then-SIGTERM@master", rq="3.0.0").processes[1]
    assert (job.fired, job.unfinished, job.exit) == ((), ("rq.job:work",), {"signal": "SIGKILL"})


@pytest.mark.parametrize(
    ("ending", "gauge", "own"),
    [
        ("SIGTERM@worker", "removed", "removed"),
        ("SIGKILL@worker", "removed", "left behind"),
        ("SIGKILL@master", "left behind", "removed"),
    ],
)
def test_a_master_cleans_up_behind_a_worker_and_a_worker_behind_itself(
    ending: str, gauge: str, own: str
) -> None:
    """A killed process does not. Only data of ended processes count."""
    data = only(f"gunicorn-prometheus/{ending}", gunicorn="27.0.1").data or {}
    assert data["live gauge of a dead worker"] == gauge
    assert data["file that a handler of atexit removes"] == own
    assert data["counter of a dead worker"] == "kept"


@pytest.mark.parametrize(
    ("ending", "table", "folder"),
    [
        ("SIGTERM@master", "kept", "removed"),
        ("SIGKILL@master", "kept", "removed"),
        ("SIGKILL@worker", "lost", "left behind"),
        ("os-exit-7@worker", "lost", "left behind"),
    ],
)
def test_files_of_a_worker_are_as_those_of_a_program_that_ends_so(
    ending: str, table: str, folder: str
) -> None:
    """Workers that have lost their master leave in order; a global gzip file is cut since 3.14."""
    data = only(f"gunicorn-files/{ending}", gunicorn="27.0.1").data or {}
    assert (data["csv file"], data["folder that a handler removes"]) == (table, folder)
    assert data["rotating log"] == "kept"


@pytest.mark.parametrize(
    ("ending", "done", "late"),
    [
        ("celery-prefork-queue/SIGTERM@master", "kept", "kept"),
        ("celery-prefork-queue/SIGQUIT@master", "lost", "kept"),
        ("celery-threads-busy/SIGQUIT@main", "kept", "kept"),
        ("celery-threads-busy/SIGKILL@main", "lost", "lost"),
    ],
)
def test_a_task_is_finished_or_given_back_where_it_was_not_acknowledged(
    ending: str, done: str, late: str
) -> None:
    """A worker that leaves by itself finishes it; the main process gives it back at its end."""
    data = only(ending, celery="5.7.0").data or {}
    assert data["results of two tasks"] == done
    assert data["a task, done or in the queue"] == done
    assert data["a task with acks_late, done or in the queue"] == late


def test_a_main_process_that_waits_may_not_have_given_back_anything_yet() -> None:
    """SIGTERM to the group: it may wait for a lock that a worker held when it was ended."""
    asked = record("celery-prefork-queue/SIGTERM@group", stack="made", packages={"celery": "5.7.0"})
    made = expected(asked, LOADED[asked.scenario])
    late = "a task with acks_late, done or in the queue"
    states = {(one.processes[0].exit is None, (one.data or {})[late]) for one in made.outcomes}
    assert states == {(True, "kept"), (True, "lost"), (False, "kept")}


def test_workers_of_a_pool_are_there_when_its_program_was_killed() -> None:
    """At a normal end they are not; what they map is in flight as long as they live."""
    ended = only("joblib/return@main", joblib="1.6.0")
    assert (ended.helpers, ended.data) == ((), {"folder of joblib": "removed"})
    left = only("joblib/os-exit-7@main", joblib="1.6.0")
    assert (len(left.helpers), left.data) == (4, None)


@pytest.mark.parametrize(("release", "soft"), [("3.12.2", "left behind"), ("4.3.1", "removed")])
def test_a_lock_that_is_a_file_is_free_when_somebody_looks_whether_its_holder_lives(
    release: str, soft: str
) -> None:
    """One of the kernel is free in any case; the file itself is there still."""
    assert only("filelock/SIGKILL@main", filelock=release).data == {
        "FileLock, to the next": "removed",
        "SoftFileLock, to the next": soft,
        "file of SoftFileLock": "left behind",
    }


def test_what_os_exit_does_first_it_does_once() -> None:
    """It may itself come to os._exit, and then there is nothing more to be done before."""
    code = Code(
        body=(Register("A"), ReplaceExit("first"), OsExit(3)),
        functions=(Function("first", (OsExit(4),)),),
    )
    (seen,) = predict_program(code, profile(CPYTHON)).seen
    (process,) = seen.processes
    assert [line.function for line in process.said] == ["first"]
    assert process.exit.status == 4


def test_a_library_that_is_not_known_is_an_error_that_names_those_that_are() -> None:
    """So is one that is not installed: nothing is predicted of it."""
    with pytest.raises(InvalidProgram, match="coverage"):
        step("use coverrage")
    used = program({"steps": ["use coverage"]})
    with pytest.raises(NotPredicted):
        with_libraries(used, {}, CPYTHON)


def test_the_facts_are_those_of_the_newest_release_that_is_reached() -> None:
    """7.10 is later than 7.2.3, though not as text."""
    found = library_of("coverage, sigterm and _exit", {"coverage": "7.17.4"}, CPYTHON)
    assert found.since == "7.10"


PARTS = ("handlers", "signals", "around", "catches", "before_exit", "shares", "helpers")


def facts() -> Iterator[tuple[str, Library, Library]]:
    """Each part of each library's facts left out, one at a time."""
    for some in LIBRARIES.values():
        for one in some:
            for part in PARTS:
                value = getattr(one, part)
                if value:
                    yield part, one, replace(one, **{part: type(value)()})
            for kind, nature in one.data:
                other = (kind, "until removed" if nature == "held" else "held")
                others = (*(each for each in one.data if each[0] != kind), other)
                yield f"what becomes of {kind}", one, replace(one, data=others)
            for place, function in enumerate(one.functions):
                left = (*one.functions[:place], *one.functions[place + 1 :])
                yield f"what {function.name} does", one, replace(one, functions=left)


@cache
def measured() -> Mapping[Library, tuple[Record, ...]]:
    """The records by the facts that hold for them; one of each question is enough."""
    found: dict[Library, dict[str, Record]] = {}
    for row in records():
        if row.scenario in USED:
            about = library_of(USED[row.scenario], row.packages, row.interpreter)
            found.setdefault(about, {})[str(row.question)] = row
    return {one: tuple(rows.values()) for one, rows in found.items()}


def matches(row: Record) -> bool:
    return judge(row, LOADED[row.scenario]).verdict.verdict == "match"


@pytest.mark.parametrize(
    ("part", "whole", "less"), list(facts()), ids=lambda one: one if isinstance(one, str) else ""
)
def test_every_part_of_the_facts_is_needed_by_some_record(
    part: str, whole: Library, less: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it some cell of that release is no longer as predicted."""
    rows = measured().get(whole, ())
    if not rows:
        pytest.skip("no record of that release is committed")
    assert all(map(matches, rows))
    others = tuple(less if one == whole else one for one in LIBRARIES[whole.id])
    monkeypatch.setitem(libraries.LIBRARIES, whole.id, others)
    assert not all(map(matches, rows)), part
