"""One trial: start, wait until ready, end it, follow every process, leave nothing.

The result is a history, in one total order, of what the processes told and what
the kernel and the harness did. Nothing is concluded here: that is `observe`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from exitmatrix.machine.run import kernel
from exitmatrix.machine.run.channel import Channel, Output
from exitmatrix.machine.run.http import ANNOUNCED, Client
from exitmatrix.machine.run.look import CannotTell, look
from exitmatrix.machine.run.spawn import Folder, spawn
from exitmatrix.model import Event, Source, Termination, Trial, TrialSpec

QUIET = 0.3  # seconds without any news, after which the living are asked for a sign of life
QUIET_IN_HANDLER = 3.0  # seconds, where a handler has begun: it may wait for a thread's next turn
IDLE = 0.05  # seconds without news, after which another trial may use the processor
ASK_AGAIN = 0.002  # seconds between two looks at what the kernel tells no event of
TOUCH_AGAIN = 3.0  # seconds; a reloader that had not yet looked at the file missed the touch


class Ground(Protocol):
    """What the trials of one engine share."""

    folder: Path
    client: Client

    def watch(self, watched: kernel.Watched, trial: TrialRun) -> None:
        """Have the trial take events when the process ends."""

    def ended(self, trial: TrialRun) -> list[kernel.Watched]:
        """The trial's watched processes that have ended since it last asked."""

    def watch_reaping(self, watched: kernel.Watched, trial: TrialRun) -> None:
        """Have the trial take events when an ended process is reaped by its parent."""

    def strays(self) -> list[int]:
        """Children of the engine that no trial knows: orphans that came home."""

    def yield_slot(self, trial: TrialRun) -> None:
        """The trial only waits from here on."""


class NotReady(Exception):
    """The program ended, or showed something else, before it was ready."""


class TrialRun:
    """One trial while it runs."""

    def __init__(self, order: TrialSpec, ground: Ground, name: str, mark: int) -> None:
        self.order = order
        self.ground = ground
        self.mark = mark
        self.token = secrets.token_hex(8)
        self.history: list[Event] = []
        self.watched: dict[int, kernel.Watched] = {}
        self.unseen: set[int] = set()
        self.root = 0
        self.serving = 0
        self.port = 0
        self.stage = "start"
        self._gates: dict[int, tuple[str, str]] = {}
        self._release_lingering = False
        self._memory: set[str] = set()
        self._memory_before = kernel.shared_memory()
        self._news = asyncio.Event()
        self.folder = Folder(ground.folder, name, order)
        with contextlib.ExitStack() as undo:  # where descriptors run out, none stays open
            undo.callback(self.folder.remove)
            self.channel = Channel(self.folder.channel, self.token)
            undo.callback(self.channel.close)
            self.stdout = Output()
            undo.callback(self.stdout.close_both)
            self.stderr = Output()
            undo.pop_all()

    # ------------------------------------------------------------ the stages

    async def run(self) -> Trial:
        """Run the trial to its end. Raises OSError when the machine cannot start it."""
        loop = asyncio.get_running_loop()
        readers: dict[int, Callable[[], object]] = {
            self.channel.fd: self.take_events,
            self.stdout.fd: lambda: self._take_output(self.stdout),
            self.stderr.fd: lambda: self._take_output(self.stderr),
        }
        for fd, read in readers.items():
            loop.add_reader(fd, read)
        try:
            self._start()
            try:
                async with asyncio.timeout(self.order.limit):
                    for stage, act in self._stages():
                        self.stage = stage
                        await act()
            except TimeoutError:
                self._note("harness", 0, "gave-up", self.stage)
            except NotReady as error:
                self._note("harness", 0, "not-ready", str(error))
            except Exception as error:  # noqa: BLE001 - our own fault: this trial is unknown, others run
                self._note("harness", 0, "failed", repr(error))
            self._note_what_is_left()
            self._note_what_was_not_heard()
            self.stdout.read()
            if self.stdout.overflowed:
                self._note("harness", 0, "stdout-cut")
            heard = sum(event.source in ("probe", "endings") for event in self.history)
            self._note("harness", 0, "closing", str(heard))
            # Now: what is written from here on is the doing of the harness's own SIGKILL.
            written = [self._all_of(output) for output in (self.stdout, self.stderr)]
            await self._end_everything()
            return Trial(
                cell=self.order.cell,
                history=tuple(self.history),
                stdout=written[0],
                stderr=written[1],
            )
        finally:
            for fd in readers:
                loop.remove_reader(fd)
            for one in self.watched.values():
                one.close()
            for end in (self.channel, self.stdout, self.stderr):
                end.close()
            self.folder.remove()

    def _stages(self) -> tuple[tuple[str, Callable[[], Awaitable[None]]], ...]:
        return (
            ("ready", self._until_ready),
            ("termination", self._terminate),
            ("settling", self._until_settled),
            ("looking", self._look),
        )

    def _start(self) -> None:
        try:
            self.root = spawn(
                *(self.order, self.folder, self.token),
                *(self.stdout.write_end, self.stderr.write_end, self.mark),
            )
        finally:
            self.stdout.close_write_end()
            self.stderr.close_write_end()
        self._note("kernel", self.root, "spawned")
        self._watch(self.root)

    async def _until_ready(self) -> None:
        scenario = self.order.scenario
        if scenario.serves:
            await self._until(lambda: bool(ANNOUNCED.search(self.stderr.text)) or not self.live)
            announced = ANNOUNCED.search(self.stderr.text)
            if announced is None:
                raise NotReady("it ended before it served")
            self.port = int(announced[1])
            self.serving = await self.ground.client.who_serves(self.port) or 0
            self.take_events()
            self._find_helpers()  # among them a server that tells nothing, as in a blind run
            if self.serving not in self.watched:
                raise NotReady("nobody known answered over HTTP")
            self._note("harness", self.serving, "serves")
            if self.order.termination.delivery != "in-process":
                await self._get_end()  # leaves the marker in the serving process
        elif self.order.termination.delivery != "in-process":
            # The declared line, and the program really waiting.
            await self._until(lambda: (self._said_ready() and self._waits) or not self.live)
            if not self.live:
                raise NotReady("it ended before it was ready")
            self._find_helpers()
        self._note("harness", self.root, "ready")

    async def _terminate(self) -> None:
        termination = self.order.termination
        match termination.delivery:
            case "in-process":
                if self.order.scenario.serves:
                    self._note("harness", self.serving, "asked", "/end")
                    await self._get_end()
                else:
                    await self._until_ending()
            case "signal":
                await self._until_at_rest()
                self._signal(termination.signal)
            case "signal-twice":
                await self._until_at_rest()
                self._signal(termination.signal)
                await self._until(lambda: self._lingers or not self.live)
                # One that tells that it lingers is in the middle of telling: up to 3.9 the
                # traceback of what interrupts it there is cut short. Of several, each is
                # somewhere else when the second signal comes: that is the race.
                if len(self.live) == 1:
                    await self._until_at_rest()
                if self.live:
                    self._signal(termination.signal)
                self._release_lingering = True
                for pid, (_, why) in list(self._gates.items()):
                    if why == "lingering":
                        self._tell(pid, b"g")
            case "signal-then-signal":
                await self._until_at_rest()
                self._signal(termination.signal)
                await self._until_grace_is_over(termination)
                if self._aim() in self.live:
                    self._signal(termination.then)
            case "touch":
                await self._touch()

    async def _until_ending(self) -> None:
        """Until the program has come to its termination.

        On its way there it may be asleep for longer than a quiet window: PyPy's `dbm`
        looks for its library with a compiler (ctypes.util.find_library).
        """
        await self._until(
            lambda: (
                not self.live
                or any((f.source, f.kind) == ("endings", "ending") for f in self.history)
            )
        )

    async def _until_grace_is_over(self, termination: Termination) -> None:
        """Until what was to end has ended, or its time is over.

        Who sends SIGKILL counts from the first signal, whatever goes on meanwhile. Who
        presses Ctrl-C again does so when handlers have run for a while.
        """
        aim = self._aim()
        self.ground.yield_slot(self)

        def ended() -> bool:
            return aim not in self.live

        if termination.then != "SIGKILL":
            await self._at_most(termination.grace, lambda: ended() or self._in_a_handler())
        await self._at_most(termination.grace, ended)
        self.take_events()

    def _aim(self) -> int:
        """The process that the termination is aimed at; the group's leader for a group."""
        first = self.order.target in ("group", self.order.scenario.roles[0])
        return self.root if first else self.serving or self._waiting_child()

    async def _until_at_rest(self) -> None:
        """Until nobody works any more: a client has its answer before the server is done with it.

        2.7's server swallows a KeyboardInterrupt that comes in that moment, for one.
        The kernel tells no event when a process falls asleep, so it is asked again.
        """
        while not all(kernel.at_rest(pid) for pid in self.live):
            await asyncio.sleep(ASK_AGAIN)

    async def _touch(self) -> None:
        """Touch the program's file until the reloader has seen it.

        A reloader remembers a file's time when it first looks, and a touch before
        that goes unseen (werkzeug/_reloader.py, StatReloader).
        """
        reloaded = self.serving
        stamp = os.stat(self.folder.program).st_mtime  # noqa: PTH116
        self.ground.yield_slot(self)
        while reloaded in self.live:
            stamp += 10
            self._note("harness", reloaded, "touched", "app.py")
            os.utime(self.folder.program, (stamp, stamp))
            await self._at_most(TOUCH_AGAIN, lambda: reloaded not in self.live)

    async def _until_settled(self) -> None:
        """Until all have ended, or all that live have shown it and nothing happens any more."""
        while True:
            await self._until_quiet()
            if not self.live and not self._find_strays():
                return
            if self.live and await self._all_show_life():
                return

    async def _look(self) -> None:
        """Look at the data on disk. While somebody is alive they are in flight still."""
        if not self.order.scenario.data or self.live:
            return
        try:
            for kind, state in await look(self.order, self.folder, self.mark):
                self._note("harness", 0, "data", kind, state)
        except (CannotTell, OSError) as error:
            self._note("harness", 0, "data-unseen", str(error))

    async def _until_quiet(self) -> None:
        # A handler that sleeps is quiet, and shows no life.
        longest = 2 * self.order.scenario.length / 1000
        for patience in (IDLE, QUIET + longest - IDLE):
            while self.live:
                seen = len(self.history)
                busy = patience > IDLE and self._in_a_handler()
                try:
                    async with asyncio.timeout(max(patience, QUIET_IN_HANDLER * busy)):
                        await self._until(
                            lambda seen=seen: len(self.history) > seen or not self.live  # type: ignore[misc]
                        )
                except TimeoutError:
                    break
            self.ground.yield_slot(self)

    def _in_a_handler(self) -> bool:
        """Whether a living process has begun a handler and not ended it."""
        open_runs = Counter[int]()
        for event in self.history:
            if event.kind == "began":
                open_runs[event.pid] += 1
            elif event.kind in ("ended", "raised") and event.source != "kernel":
                open_runs[event.pid] -= 1
        return any(open_runs[pid] > 0 for pid in self.live)

    async def _all_show_life(self) -> bool:
        """Ask every living process for a sign of life, each in the way it can give one."""
        server = await self.ground.client.who_serves(self.port) if self.port else None
        self.take_events()
        self._find_helpers()  # a server that was restarted has started its own by now
        asked = set(self.live)
        shown = set()
        if server in asked:  # else the port is another trial's by now
            self._note("harness", server, "answered")
            shown.add(server)
        elif self.port:
            self._note("harness", 0, "no-answer")
        for pid in asked - shown:
            if pid in self._gates:
                if await self._poke(pid):
                    shown.add(pid)
            elif self._rests(pid):
                shown.add(pid)
        if shown >= asked == set(self.live):
            for pid in self.live:
                self._note("kernel", pid, "alive")
            return True
        return False

    def _rests(self, pid: int) -> bool:
        """Whether a process only waits, having told nothing that was not taken before.

        One that has just told that it holds is asleep as well, but for an answer.
        """
        seen = len(self.history)
        rests = kernel.at_rest(pid)
        self.take_events()
        return rests and not any(event.pid == pid for event in self.history[seen:])

    async def _poke(self, pid: int) -> bool:
        seen = len(self.history)
        self._tell(pid, b"?")

        def replied() -> bool:
            return any(event.pid == pid and event.kind == "alive" for event in self.history[seen:])

        await self._until(lambda: replied() or pid not in self.live)
        return replied()

    # -------------------------------------------------------- what was learnt

    def take_events(self) -> None:
        """Take what the processes have told, and act on what asks for action.

        Who has ended is asked first: those have told all that they ever will, and
        it is read now. Their end is placed right behind the last that they told,
        the earliest place that is possible, because what others did since may
        follow from it.
        """
        ended = self.ground.ended(self)
        start = len(self.history)
        for event in self.channel.read():
            self.history.append(event)
            self._news.set()
            if event.pid and event.pid not in self.watched:
                self._watch(event.pid)
                if event.kind not in ("started", "forked") and event.pid in self.watched:
                    # It did not introduce itself, as in a blind run: the kernel does.
                    self._note("kernel", event.pid, "found", *kernel.command_line(event.pid))
            if event.kind in ("started", "forked"):
                self._compare_parents(event)
            if event.kind == "holding":
                self._held(event)
        for watched in ended:
            self._take_end(watched, start)

    def _compare_parents(self, event: Event) -> None:
        """Whether a process names the parent that the kernel knows, while that one lives."""
        told, known = int(event.detail[0]), kernel.parent_of(event.pid)
        # In this order: one that ended before the kernel was asked has ended afterwards too,
        # whether that was taken yet or not.
        if known not in (0, told) and told in self.live and not kernel.has_ended(told):
            self._note(
                *("kernel", event.pid, "disagrees"),
                *("the channel names one parent", "the kernel another"),
            )

    def _take_end(self, watched: kernel.Watched, start: int) -> None:
        if not watched.learn_status() and not watched.asked_again:
            watched.asked_again = True
            self.ground.watch_reaping(watched, self)
            return
        watched.ended = True
        self._gates.pop(watched.pid, None)
        status = watched.status
        how = "unknown" if status is None else kernel.describe_status(status)
        told = [i for i in range(start, len(self.history)) if self.history[i].pid == watched.pid]
        place = told[-1] + 1 if told else start
        self.history.insert(place, Event("kernel", watched.pid, "ended", (how,)))
        if watched.disagreement:
            said, second = watched.disagreement
            self._note(
                *("kernel", watched.pid, "disagrees"),
                *(f"its parent learns {said}", f"its pidfd tells {second}"),
            )
        self._news.set()

    @property
    def live(self) -> list[int]:
        """The watched processes that have not ended, oldest first."""
        return [pid for pid, watched in self.watched.items() if not watched.ended]

    @property
    def _waits(self) -> bool:
        return any(why == "waiting" for _, why in self._gates.values())

    def _waiting_child(self) -> int:
        """The process, not the first, that came to its `end_here()` and waits; 0 for none."""
        waiting = (pid for pid, (_, why) in self._gates.items() if why == "waiting")
        return next((pid for pid in waiting if pid != self.root), 0)

    @property
    def _lingers(self) -> bool:
        return any(why == "lingering" for _, why in self._gates.values())

    def _said_ready(self) -> bool:
        ready = self.order.scenario.ready
        return ready.by != "stdout" or ready.line.encode() in self.stdout.text.splitlines()

    def _held(self, event: Event) -> None:
        gate, why = event.detail[:2]
        if not gate.startswith(f"{self.folder.channel}.hold.{event.pid}."):
            self._note("harness", 0, "garbled", "a gate outside the trial")
            return
        self._gates[event.pid] = (gate, why)
        if why == "forked" or (why == "lingering" and self._release_lingering):
            self._tell(event.pid, b"g")

    def _tell(self, pid: int, byte: bytes) -> None:
        """Speak to a process that holds: `?` asks for a sign of life, `g` lets it go on."""
        gate, _ = self._gates[pid]
        if byte == b"g":
            del self._gates[pid]
        with contextlib.suppress(OSError):  # it is gone; the kernel will say so
            fd = os.open(gate, os.O_WRONLY | os.O_NONBLOCK)
            try:
                os.write(fd, byte)
            finally:
                os.close(fd)

    def _note(self, source: Source, pid: int, kind: str, *detail: str) -> None:
        self.history.append(Event(source, pid, kind, detail))
        self._news.set()

    def _take_output(self, output: Output) -> None:
        if output.read():
            self._news.set()
        if output.ended:
            asyncio.get_running_loop().remove_reader(output.fd)

    @staticmethod
    def _all_of(output: Output) -> str:
        output.read()
        return output.text.decode("utf-8", "replace")

    async def _until(self, done: Callable[[], bool]) -> None:
        while not done():
            self._news.clear()
            await self._news.wait()

    async def _at_most(self, seconds: float, done: Callable[[], bool]) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._until(done)

    # ---------------------------------------------------------- the processes

    def _watch(self, pid: int, known: bool = False) -> None:
        """Watch a process of this trial; one that is gone already is noted as unseen.

        `known`: it was found below the first one, which a process that has just ended
        does not show any more.
        """
        if pid in self.unseen:
            return
        try:
            watched = kernel.watch(pid)
        except ProcessLookupError:
            self.unseen.add(pid)
            self._note("kernel", pid, "unseen", kernel.NOT_SEEN)
            return
        if pid != self.root and not known and not self._is_ours(pid):
            watched.close()
            self.unseen.add(pid)
            self._note("harness", 0, "garbled", "an event from outside the trial")
            return
        self.watched[pid] = watched
        self.ground.watch(watched, self)

    def _is_ours(self, pid: int) -> bool:
        """Whether a process is of this trial, and not of one beside it, or the engine."""
        if pid == os.getpid():
            return False
        return kernel.is_below(pid, self.root) or kernel.belongs_to(
            pid, self.mark, self.root, self.token
        )

    def _find_helpers(self) -> None:
        """Watch what the processes of the trial started and nobody told of."""
        for pid in kernel.descendants_of(self.root):
            if pid not in self.watched:
                self._adopt(pid)

    def _find_strays(self) -> bool:
        """Watch orphans of this trial that came home; True if there were any."""
        found = [
            pid
            for pid in self.ground.strays()
            if pid not in self.watched and kernel.belongs_to(pid, self.mark, self.root, self.token)
        ]
        for pid in found:
            self._adopt(pid)
        return bool(found)

    def _adopt(self, pid: int) -> None:
        words = kernel.command_line(pid)
        self._watch(pid, known=True)
        if pid in self.watched:
            self._note("kernel", pid, "found", *words)

    def _signal(self, name: str) -> None:
        number = signal.Signals[name]
        self.take_events()
        if self.order.target == "group":
            self._note("harness", 0, "sent", name, "group")
            if self.root in self.live:  # the group has its leader, so its number is its own
                os.killpg(self.root, number)
            else:
                self._note("harness", 0, "not-sent", name)
            return
        pid = self._aim()
        self._note("harness", pid, "sent", name, self.order.target)
        if pid not in self.watched or not self.watched[pid].send(number):
            self._note("harness", pid, "not-sent", name)

    async def _get_end(self) -> None:
        answer = await self.ground.client.get(self.port, "/end")
        self.take_events()
        self._note("harness", 0, "replied", str(answer[0]) if answer else "none")
        if self.live:
            self._remember_memory()

    # ------------------------------------------------------------- afterwards

    def _remember_memory(self) -> None:
        for pid in self.live:
            self._memory |= kernel.shared_memory_of(pid) - self._memory_before.keys()

    def _note_what_is_left(self) -> None:
        """What ended processes left in shared memory: the living still need theirs."""
        if not self._memory:
            return
        in_use: set[str] = set()
        for pid in self.live:
            in_use |= kernel.shared_memory_of(pid)
        for name in sorted((self._memory - in_use) & kernel.shared_memory().keys()):
            kind = "semaphore" if name.startswith("sem.") else "shared memory"
            self._note("kernel", 0, "left", kind)

    def _note_what_was_not_heard(self) -> None:
        """Events that could not be told: then what a process did not tell it may have done."""
        self.take_events()
        if self.channel.torn:
            self._note("harness", 0, "garbled", "an event without an end")
        if self.channel.is_gone:
            self._note("harness", 0, "unheard", "the event channel was removed")
        elif self.folder.unheard():
            self._note("harness", 0, "unheard", "a process could not open the event channel")

    async def _end_everything(self) -> None:
        """SIGKILL what is left of this trial, orphans included, until nothing is."""
        while True:
            self._find_strays()
            for pid in self.live:
                for below in kernel.descendants_of(pid):
                    if below not in self.watched:
                        self._watch(below)
            if not self.live:
                break
            self._remember_memory()
            for pid in self.live:
                self.watched[pid].send(signal.SIGKILL)
            await self._until(lambda: not self.live)
        for watched in self.watched.values():
            watched.reap()  # one that a signal of ours ended, or a zombie without a parent
        kernel.remove_shared_memory(self._memory)
