"""The grace period: who waits side by side, and what need not be waited for again."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from exitmatrix.cli.invocation import Invocation
from exitmatrix.cli.runs import Runs
from exitmatrix.declare.situations import find_situation
from exitmatrix.judge.app import needs_a_look
from exitmatrix.judge.expectations import check_expectations
from exitmatrix.machine.run.app import delivery, session
from exitmatrix.machine.run.app.state import AppState
from exitmatrix.machine.run.app.timed import TimedJournal
from exitmatrix.model import Event
from exitmatrix.model.app import AppSpec, AppTrial, Expectation, Left, Readiness, TimedEvent
from exitmatrix.model.node import Node
from exitmatrix.model.trial import Source
from exitmatrix.plan import app as plan
from exitmatrix.report.app.endings import endings_table
from exitmatrix.report.app.notes import about_the_first
from msgspec.structs import replace

from tests.ownapp.made import CLOSE, ending, member, outcome

PYTHON = Node(pid=1, parent=0, words=("python", "app.py"), program="/usr/bin/python3")


def spec(name: str = "deploy", **more: object) -> AppSpec:
    base = AppSpec(
        id=name,
        words=("python", "app.py"),
        folder="/app",
        environment={},
        situation=find_situation(name),
        target="first",
        ready=Readiness(),
        inside=("probe.py",),
        grace=10.0,
        alone=True,
    )
    return replace(base, **more)


def source(kind: str) -> Source:
    if kind in ("spawned", "ended", "at-work", "alive"):
        return "kernel"
    return "probe" if kind == "returned" else "harness"


def trial(*moments: tuple[float, str, int], nodes: Sequence[Node] = (PYTHON,)) -> AppTrial:
    names = {"returned": "ended"}  # of a handler, which the process tells itself
    return AppTrial(
        id="deploy",
        situation="deploy",
        target="first",
        blind=False,
        history=tuple(
            TimedEvent(when, Event(source(kind), pid, names.get(kind, kind), ("code 0", "first")))
            for when, kind, pid in moments
        ),
        tree=tuple(nodes),
        output="",
    )


KILLED = ((1.0, "sent", 1), (11.0, "sent", 1), (11.1, "ended", 1), (11.2, "closing", 0))


def test_who_goes_on_is_known_of_a_run_that_was_watched_for_the_whole_time_of_grace() -> None:
    """SIGKILL in the end is sent to them; where none is, they live when the run is closed."""
    assert plan.who_goes_on(spec(), trial(*KILLED)) == ("main",)
    stays = ((1.0, "sent", 1), (11.0, "closing", 0))
    assert plan.who_goes_on(spec("ctrl-c"), trial(*stays)) == ("main",)
    handles = ((1.0, "sent", 1), (1.1, "returned", 1), (11.0, "closing", 0))
    assert plan.who_goes_on(spec("ctrl-c"), trial(*handles)) == ("main",)
    sh = replace(PYTHON, pid=2, words=("sh",), program="/bin/sh")
    both = (replace(sh, pid=1), replace(PYTHON, pid=2, parent=1))
    assert plan.who_goes_on(spec(), trial(*KILLED, nodes=both)) == ("main", "sh")
    gone = ((1.0, "sent", 1), (2.0, "ended", 1), (11.0, "sent", 1), (11.2, "closing", 0))
    assert plan.who_goes_on(spec(), trial(*gone, nodes=both)) == ("main",)


@pytest.mark.parametrize(
    "moments",
    [
        ((1.0, "sent", 1), (2.0, "ended", 1), (2.1, "closing", 0)),
        ((1.0, "sent", 1), (3.0, "sent", 1), (3.1, "ended", 1), (3.2, "closing", 0)),
        (*KILLED, (11.1, "at-work", 1)),
        (*KILLED, (4.0, "shortened", 0)),
        ((1.0, "sent", 1),),
        ((1.0, "closing", 0),),
    ],
    ids=["all-ended", "killed-early", "at-work", "shortened", "not-closed", "not-sent"],
)
def test_no_other_run_tells_that_somebody_goes_on(
    moments: Sequence[tuple[float, str, int]],
) -> None:
    """One that was itself left early is no ground to leave another, and one at work may yet end."""
    assert plan.who_goes_on(spec(), trial(*moments)) == ()


def test_the_runs_of_all_endings_begin_in_turn() -> None:
    """The ending that takes longest begins with the first, and one by one they stay together."""
    deploy, hang_up = find_situation("deploy"), find_situation("hang-up")
    kinds = [(deploy, [False, True]), (hang_up, [False, False, True])]
    order = [(one.id, blind) for one, blind in plan.in_turn(kinds)]
    assert order == [
        *(("deploy", False), ("hang-up", False), ("deploy", True), ("hang-up", False)),
        ("hang-up", True),
    ]
    order = [(one.id, blind) for one, blind in plan.one_by_one(kinds)]
    assert order == [*(("deploy", blind) for blind in (False, True)), *order[2:]]
    assert sorted(plan.in_turn(kinds), key=str) == sorted(plan.one_by_one(kinds), key=str)


class Scripted:
    """A session whose answers are written down: so many that wait before each that is over."""

    def __init__(self, answers: Iterable[tuple[int, AppTrial]]) -> None:
        self.asked: list[AppSpec] = []
        self.aside: list[str] = []
        self.running = 0
        self._answers = iter(answers)

    def ask(self, one: AppSpec) -> None:
        self.asked.append(one)
        self.running += 1

    def answer(self) -> tuple[AppSpec, AppTrial]:
        number, trial = next(self._answers)
        self.running -= trial.over
        return self.asked[number], trial

    def put_aside(self, names: Sequence[str]) -> None:
        self.aside += names


def told_of(*answers: tuple[int, AppTrial], call: Invocation) -> tuple[Scripted, Runs, list[str]]:
    lines: list[str] = []

    def show(done: int, total: int, note: str, *, now: bool = False) -> None:
        lines.append(f"{done} of {total}: {note}{'!' * now}")

    scripted = Scripted(answers)
    return scripted, Runs(scripted, show, call), lines  # type: ignore[arg-type]


CALL = Invocation(command=("python", "app.py"))
WAITS = replace(trial((1.0, "sent", 1)), over=False)


def test_others_begin_while_the_first_run_only_waits() -> None:
    """It has shown whether it writes or listens. What is seen stands in the order of asking."""
    over = trial(*KILLED)
    session_, runs, lines = told_of((0, WAITS), (1, over), (2, over), (0, over), call=CALL)
    number, (first, shown) = runs.first([spec(), spec("ctrl-c")])
    assert (number, shown.over, runs.seen) == (1, False, [])
    assert lines[-1] == "0 of 1: deploy: main goes on, watched for up to 10 s!"
    runs.take([spec(alone=False), spec("ctrl-c", alone=False)], 3)
    assert [one.id for one, _ in runs.seen] == ["deploy", "deploy", "ctrl-c"]
    assert runs.of(first) is over
    assert lines[-1] == "3 of 3: deploy"
    assert runs.forget([find_situation("deploy")]) == [
        "ctrl-c"
    ]  # the first was not alone to its end
    assert session_.running == 0


def test_what_a_run_beside_others_left_is_not_taken_from_them() -> None:
    """It may be theirs, who are still at work with it."""
    left = replace(trial(*KILLED), left=(Left(kind="file", name="/app/a.lock"),))
    shared = replace(left, left=(Left(kind="file", name="/app/a.lock", shared=True),))
    for first, aside in ((left, ["/app/a.lock"]), (shared, [])):
        scripted, runs, _ = told_of((0, first), call=CALL)
        runs.take([spec()], 1)
        assert scripted.aside == aside


def test_what_one_run_alone_has_shown_need_not_be_waited_for_again() -> None:
    """By the same ending, with the probe and without it; never where all is to be waited for."""
    over = trial(*KILLED)
    several = [spec(), spec(), spec(inside=()), spec("ctrl-c")]
    answers = [(number, over) for number in range(4)]
    scripted, runs, _ = told_of(*answers, call=CALL)
    runs.take(several, 1)
    assert [one.as_before for one in scripted.asked] == [(), (("main",),), (("main",),), ()]
    scripted, runs, _ = told_of(*answers, call=replace(CALL, patient=True))
    runs.take(several, 1)
    assert not any(one.as_before for one in scripted.asked)
    scripted, runs, _ = told_of(*answers, call=CALL)
    runs.take([replace(one, alone=False) for one in several], 1)
    assert not any(one.as_before for one in scripted.asked)


def test_times_are_those_of_a_run_that_was_watched_to_its_end() -> None:
    """One that was ended before its time says nothing of how long it takes."""
    killed = member("main", (CLOSE, "not run"), end="signal SIGKILL")
    whole, short = outcome(killed, gone=30.0), outcome(killed, gone=5.0, shortened=True)
    result = ending(whole, short)
    assert "30.0 s" in endings_table((result,), 30.0)[1]
    assert "it takes long" not in needs_a_look(ending(replace(whole, gone=1.0), short), 6.0)
    for limit, met in (("40", True), ("10", False)):
        (checked,) = check_expectations(
            [Expectation(ending="deploy", key="within", values=(limit,))], [result]
        )
        assert (not checked.broken) is met


def test_what_the_page_itself_is_written_to_is_no_file_of_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`exitmatrix run ... > page.txt` changes the folder; a pipe has no name."""
    assert not any(one.startswith("pipe") for one in session.own_output())
    page = tmp_path / "page.txt"
    saved = os.dup(1)
    try:
        with page.open("w") as file:
            os.dup2(file.fileno(), 1)
        assert str(page) in session.own_output()
    finally:
        os.dup2(saved, 1)
        os.close(saved)
    assert str(page) not in session.own_output()


STAYS = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
while True:
    signal.pause()
"""


@pytest.mark.real
@pytest.mark.parametrize("before", [("main",), ("worker",)])
def test_a_run_is_ended_early_where_the_same_went_on_before(
    tmp_path: Path, before: tuple[str, ...]
) -> None:
    """SIGKILL follows once they rest; where others live, the grace period is waited for."""
    (tmp_path / "app.py").write_text(STAYS)
    one = spec(
        words=(sys.executable, "-I", "app.py"),
        folder=str(tmp_path),
        environment=session.callers_environment(),
        inside=(),
        ready=Readiness(by="line", what="ready"),
        grace=1.6,
        calm=0.3,
        as_before=(before,),
    )
    with session.AppSession(1, str(tmp_path)) as running_:
        running_.ask(one)
        seen = [running_.answer()[1]]
        while not seen[-1].over:
            seen.append(running_.answer()[1])
    sent = [one.seconds for one in seen[-1].history if one.event.kind == "sent"]
    early = sent[1] - sent[0] < 1.4
    assert early is (before == ("main",))
    assert any(one.event.kind == "shortened" for one in seen[-1].history) is early
    # Who is waited for is told meanwhile.
    assert [one.over for one in seen] == ([True] if early else [False, True])


LEAVES_LATE = """\
import os, time
parent = os.getpid()
if os.fork():
    print("ready", flush=True)
    time.sleep(600)
while os.getppid() == parent:
    time.sleep(0.05)
time.sleep(1.7)
"""


@pytest.mark.real
def test_who_rests_is_watched_until_the_time_of_grace_is_over(tmp_path: Path) -> None:
    """In its last second, too: who leaves then does not go on."""
    assert _kinds(LEAVES_LATE, tmp_path, grace=2.5).count("ended") == 2


@pytest.mark.real
def test_an_orphan_has_the_harness_as_its_parent(tmp_path: Path) -> None:
    """As with any subreaper: who waits until its parent is process 1 goes on (prctl(2))."""
    waits = LEAVES_LATE.replace("== parent", "!= 1").replace("1.7", "0")
    assert _kinds(waits, tmp_path, grace=1.5).count("ended") == 1


def _kinds(program: str, folder: Path, grace: float) -> list[str]:
    """What happened until the run was over, its first process killed."""
    (folder / "app.py").write_text(program)
    one = spec(
        "lost-parent",
        words=(sys.executable, "-I", "app.py"),
        folder=str(folder),
        environment=session.callers_environment(),
        inside=(),
        ready=Readiness(by="line", what="ready"),
        grace=grace,
    )
    with session.AppSession(1, str(folder)) as running_:
        running_.ask(one)
        seen = running_.answer()[1]
        while not seen.over:
            seen = running_.answer()[1]
    kinds = [one.event.kind for one in seen.history]
    return kinds[: kinds.index("closing")]


def test_a_first_process_that_has_ended_before_is_told_of() -> None:
    """The signal that is for it goes to another, and a container would be gone by then."""
    begun, later = trial((0.0, "spawned", 1)), ((1.0, "ready", 1), (1.5, "ended", 1))
    gone = trial((0.0, "spawned", 1), (0.5, "ended", 1), (1.0, "ready", 1))
    helper = trial((0.0, "spawned", 1), (0.5, "ended", 2), *later)
    assert "had ended by itself" in about_the_first(gone)
    assert about_the_first(helper) == about_the_first(begun) == ""
    handler = trial((0.0, "spawned", 1), (0.5, "returned", 1), *later)
    assert not about_the_first(handler)


def test_what_may_come_yet_is_not_said_to_have_run() -> None:
    """A program in the background of a shell ignores SIGINT, and goes on with its handler."""
    ran, waits = member("app#1", (CLOSE, "ran")), member("app#2", (CLOSE, "not run"), end="")
    assert (
        "✓ all that ended  "
        in endings_table((ending(outcome(ran, waits), name="ctrl-c"),), 30.0)[1]
    )
    nothing = member("app#2", end="")
    assert "✓ all  " in endings_table((ending(outcome(ran, nothing), name="ctrl-c"),), 30.0)[1]


def test_runs_that_did_not_begin_alike_are_no_runs_of_the_same() -> None:
    """Below `flock` one run waits for another: no program runs yet, and flock itself is ended."""
    flock = member("flock", end="signal SIGINT", family=False)
    begun = outcome(flock, member("main", end="signal SIGINT"))
    waits = outcome(member("main", end="signal SIGINT"))
    alike = ending(begun, begun, blind=(begun,))
    assert plan.differing([alike, alike]) == ()
    # Of the second ending all runs ended alike; but not with what the first one began with.
    assert plan.differing([alike, ending(waits, blind=(waits,), name="ctrl-c")]) == (
        find_situation("ctrl-c"),
    )
    assert plan.differing([ending(begun, blind=(waits,))]) == (find_situation("deploy"),)
    # Who comes and goes by chance, and who is started by the end itself, is not of the beginning.
    late = outcome(*begun.members, member("worker", new=True, end="signal SIGINT"))
    assert begun.there == late.there == ("flock", "main")


class Orphaning:
    """A tree whose last process has just ended: that it left another shows when one looks."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.live: list[int] = []
        self.nodes: dict[int, object] = {}
        self.journal = TimedJournal()
        self.journal.begun = time.monotonic()
        self.output = SimpleNamespace(text=b"")
        self.spec = SimpleNamespace(calm=0.3)

    def update_tree(self) -> None:
        self.live = [self.left]


def test_whom_the_last_process_left_is_waited_for_until_he_rests() -> None:
    """Nobody was known to live, and yet it is not over."""
    with subprocess.Popen(["sleep", "600"]) as left:
        tree = Orphaning(left.pid)
        asyncio.run(delivery._until_calm(cast(AppState, tree), 10.0))
        left.kill()
    assert tree.live == [left.pid]
    assert 0.3 <= tree.journal.now < 10
