"""What the trials of one engine share, and what the engine notices of itself."""

from __future__ import annotations

import ast
import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from exitmatrix.declare.situations import SITUATIONS
from exitmatrix.machine.run import engine as engine_module
from exitmatrix.machine.run.app import engine as app_engine_module
from exitmatrix.machine.run.app.engine import AppAnswer, AppAsk, AppEngine, broken
from exitmatrix.machine.run.app.state import AppState
from exitmatrix.machine.run.engine import Engine
from exitmatrix.machine.run.journal import Journal
from exitmatrix.machine.run.kernel import pidfd, proc
from exitmatrix.machine.run.kernel.selector import Selector
from exitmatrix.machine.run.lines import encode
from exitmatrix.model import Event
from exitmatrix.model.app import AppSpec, AppTrial, Readiness
from msgspec.structs import replace

T = TypeVar("T")


def run_engine(what: Callable[[Selector], Coroutine[Any, Any, T]]) -> T:
    """Run what is given the selector of its loop, as an engine is."""
    readers = Selector()
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(readers)) as runner:
        return runner.run(what(readers))


class Listener:
    """What the engine knows of a trial: it takes events."""

    def __init__(self) -> None:
        self.told = asyncio.Event()

    def take_events(self, ask: bool = True) -> None:
        self.told.set()


@pytest.mark.real
def test_an_end_that_another_trial_came_upon_is_told(tmp_path: Path) -> None:
    """A trial learns that its process ended, also when another trial asked first."""

    async def ask(readers: Selector) -> None:
        engine = Engine(tmp_path, 2, readers)
        waits, asks = Listener(), Listener()
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
            watched = pidfd.watch(process.pid)
            engine.watch(watched, cast("Any", waits))
            await asyncio.sleep(0)
            process.send_signal(signal.SIGKILL)
            # It ends while the loop does other things, and is not reaped.
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            assert engine.ended(cast("Any", asks)) == []
            await asyncio.wait_for(waits.told.wait(), 10)
            assert engine.ended(cast("Any", waits)) == [watched]
            watched.close()
        engine.client.close()

    run_engine(ask)


class Noted:
    """A trial that runs, and what is noted in it."""

    def __init__(self) -> None:
        self.journal = Journal()


@pytest.mark.parametrize("stood_still", [False, True])
def test_trials_learn_that_the_engine_stood_still(
    stood_still: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that slept, a frozen container, a stopped engine: times are wrong then."""
    monkeypatch.setattr(engine_module, "BEAT", 0.01)

    async def run(readers: Selector) -> list[str]:
        engine = Engine(tmp_path, 1, readers)
        trial = Noted()
        engine._running.add(cast("Any", trial))
        await asyncio.sleep(0.05)
        if stood_still:
            # The loop's clock goes on and nothing runs.
            late = asyncio.get_running_loop().time() - engine_module.STALLED - 1
            engine._beat(late)
        await asyncio.sleep(0.05)
        engine.client.close()
        return [event.kind for event in trial.journal.events]

    assert run_engine(run) == ["stalled"] * stood_still


COMMAND = AppSpec(
    id="",
    words=("true",),
    folder="",
    environment={},
    situation=SITUATIONS[0],
    target="",
    ready=Readiness(),
)


@pytest.mark.real
def test_runs_of_a_users_command_learn_what_the_engine_notices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That it stood still, and that the kernel ended somebody for want of memory."""
    histories: list[list[str]] = []

    async def run(readers: Selector) -> None:
        engine = AppEngine(tmp_path, 1, readers)

        async def notice(state: AppState, tell: object) -> AppTrial:
            engine._beat(asyncio.get_running_loop().time() - engine_module.STALLED - 1)
            engine._memory_kills -= 1
            engine.look_for_want_of_memory()
            histories.append([event.kind for event in state.journal.events])
            return broken(state.spec, "lost", "")

        monkeypatch.setattr(app_engine_module, "run", notice)
        monkeypatch.setattr(engine, "answer", answers.append)
        await engine._slots.acquire()
        await engine.run_line(encode(AppAsk(1, command)))
        engine.client.close()

    answers: list[AppAnswer] = []
    command = replace(COMMAND, folder=str(tmp_path))
    run_engine(run)
    assert histories == [["stalled", "starved"]]
    assert [one.number for one in answers] == [1]


@pytest.mark.real
def test_a_terminal_that_was_hung_up_takes_no_reader_from_another_run(tmp_path: Path) -> None:
    """Whoever opens something next is given the number of the descriptor that was closed."""
    heard: list[bytes] = []

    async def run(readers: Selector) -> None:
        engine = AppEngine(tmp_path, 1, readers)
        state = AppState(
            replace(COMMAND, folder=str(tmp_path), terminal=True), engine, "1", 1 << 40
        )
        with state.reading():
            closed = state.output.fd
            state.hang_up()
            ours, theirs = os.pipe()
            assert ours == closed
            readers.watch(ours, lambda: heard.append(os.read(ours, 1)))
        os.write(theirs, b"x")
        await asyncio.sleep(0.05)
        readers.forget(ours)
        os.close(ours)
        os.close(theirs)
        engine.client.close()

    run_engine(run)
    assert heard == [b"x"]


def test_trials_learn_that_the_kernel_ended_somebody_for_want_of_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, when the kernel's count has grown; what was there before is no news."""
    kills = [5]
    monkeypatch.setattr(proc, "memory_kills", lambda: kills[0])

    async def run(readers: Selector) -> list[str]:
        engine = Engine(tmp_path, 1, readers)
        trial = Noted()
        engine._group, engine._memory_kills = "", kills[0]  # which does not count for itself
        engine._running.add(cast("Any", trial))
        engine.look_for_want_of_memory()
        kills[0] = 6
        engine.look_for_want_of_memory()
        engine.look_for_want_of_memory()
        engine._running.clear()
        kills[0] = 7  # nobody runs meanwhile
        engine._begin(cast("Any", trial))
        engine.look_for_want_of_memory()
        engine.client.close()
        return [event.kind for event in trial.journal.events]

    assert run_engine(run) == ["starved"]


def test_groups_of_others_are_no_news(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own group counts for itself, whomever the kernel ends elsewhere on the machine."""
    kills, group = [5], tmp_path / "group"
    group.mkdir()
    monkeypatch.setattr(proc, "memory_kills", lambda: kills[0])

    async def run(readers: Selector) -> list[list[str]]:
        engine = Engine(tmp_path, 1, readers)
        trial = Noted()
        engine._group, engine._memory_kills = str(group), 0
        engine._running.add(cast("Any", trial))
        seen = []
        for of_all, of_group in ((6, 0), (7, 1), (8, 1)):
            kills[0] = of_all
            (group / "memory.events").write_text(f"max 3\noom_kill {of_group}\n")
            engine.look_for_want_of_memory()
            seen.append([event.kind for event in trial.journal.events])
        engine.client.close()
        return seen

    assert run_engine(run) == [[], ["starved"], ["starved"]]


def test_who_waits_goes_on_when_its_condition_is_true_and_not_before() -> None:
    """Each of several that wait; one that is given up waits no longer."""

    async def run() -> None:
        journal = Journal()
        done: list[str] = []

        async def wait(kind: str) -> None:
            await journal.until(lambda: any(one.kind == kind for one in journal.events))
            done.append(kind)

        waiting = [asyncio.create_task(wait(kind)) for kind in ("ready", "sent", "never")]
        await asyncio.sleep(0)
        journal.add(Event("harness", 0, "sent"))
        await asyncio.sleep(0)
        assert done == []  # of several events, behind the last: `changed`
        journal.note("harness", 0, "asked")
        await asyncio.sleep(0)
        assert done == ["sent"]
        journal.note("harness", 0, "ready")
        await asyncio.gather(*waiting[:2])
        assert done == ["sent", "ready"]
        assert not await journal.within(0.01, lambda: False)
        waiting[2].cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert journal._waiting == []

    asyncio.run(run())


def test_no_clock_that_can_be_set_is_read_while_trials_run() -> None:
    """A harness whose wall clock jumps waits as long as before, and gives nothing up."""
    read = {
        file.name
        for file in Path(engine_module.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute)
        and (getattr(node.value, "id", ""), node.attr) in {("time", "time"), ("datetime", "now")}
    }
    assert read == {"grounds.py"}  # how old a folder without a lock is


def test_what_can_be_read_is_read_at_once_and_ends_before_all_else() -> None:
    """Who is woken by it goes on in the same turn; a callback that fails ends nothing."""
    lines: list[str] = []
    failures: list[object] = []

    async def run(readers: Selector) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: failures.append(context["exception"]))
        pipes = [os.pipe() for _ in range(3)]
        woken = loop.create_future()

        def read(number: int) -> None:
            lines.append(str(os.read(pipes[number][0], 10), "ascii"))
            if number == 1:
                raise ValueError
            if number == 2:
                woken.set_result(None)
                # What asyncio itself would call comes behind whoever was woken before.
                loop.call_soon(lines.append, "next")

        for number in range(3):
            readers.watch(pipes[number][0], partial(read, number), first=number == 2)
            os.write(pipes[number][1], b"%d" % number)
        await woken
        lines.append("woken")
        await asyncio.sleep(0)
        readers.forget(pipes[0][0])
        os.write(pipes[0][1], b"unread")
        await asyncio.sleep(0.01)
        for one in pipes:
            readers.forget(one[0])
            os.close(one[0])
            os.close(one[1])

    run_engine(run)
    assert lines == ["2", "0", "1", "woken", "next"]
    assert [type(one) for one in failures] == [ValueError]


class Waiting:
    """Orders of which so many wait."""

    def __init__(self, waiting: int) -> None:
        self.waiting = waiting


def test_an_answer_waits_for_others_only_while_there_are_orders_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then all go at once; and none waits for long, whatever there is to do."""
    sent: list[list[object]] = []
    monkeypatch.setattr(engine_module, "send", lambda *some: sent.append(list(some)))
    monkeypatch.setattr(engine_module, "HELD_BACK", 0.02)

    async def run(readers: Selector) -> None:
        engine = Engine(tmp_path, 2, readers)
        engine._orders = cast("Any", Waiting(4))
        engine.answer(Event("harness", 0, "a"))
        engine.answer(Event("harness", 0, "b"))
        assert sent == []
        engine._orders = cast("Any", Waiting(3))
        engine.answer(Event("harness", 0, "c"))
        assert [[one.kind for one in some] for some in cast("Any", sent)] == [["a", "b", "c"]]
        engine._orders = cast("Any", Waiting(4))
        engine.answer(Event("harness", 0, "d"))
        await asyncio.sleep(0.1)
        assert len(sent) == 2
        engine.client.close()

    run_engine(run)


def test_quiet_is_counted_from_what_was_learnt_last() -> None:
    """News prolongs it and wakes nobody; what is waited for ends it at once, and for good."""

    async def run() -> tuple[float, float]:
        journal = Journal()
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for after in (0.02, 0.04, 0.06):
            loop.call_later(after, journal.note, "harness", 0, "asked")
        await journal.until_quiet(0.05, lambda: False)
        first, begun = loop.time() - begun, loop.time()
        loop.call_later(0.01, journal.note, "harness", 0, "ready")
        await journal.until_quiet(30, lambda: journal.events[-1].kind == "ready")
        assert all(one.cancelled() for one in cast("Any", loop)._scheduled), "it wakes the loop"
        return first, loop.time() - begun

    first, second = asyncio.run(run())
    assert first >= 0.1
    assert second < 10
