"""The processes of one trial: who is watched, who lives, who is still to be found."""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterable

from exitmatrix.machine.run.host import Host, Listener
from exitmatrix.machine.run.journal import Journal
from exitmatrix.machine.run.kernel import pidfd, proc
from exitmatrix.machine.run.kernel.marks import belongs_to
from exitmatrix.machine.run.kernel.pidfd import WatchedProcess
from exitmatrix.machine.run.reaper import end_with_memory
from exitmatrix.model import Event

INTRODUCES = ("started", "forked")
"""The kinds of events with which a process says whose child it is."""


class Processes:
    """The tree of one trial, below the process that was started first."""

    def __init__(
        self, host: Host, listener: Listener, journal: Journal, mark: int, token: str
    ) -> None:
        self._host = host
        self._listener = listener
        self._journal = journal
        self._mark = mark
        self._token = token
        self.root = 0
        self.watched: dict[int, WatchedProcess] = {}
        self._unseen: set[int] = set()
        self._found: dict[int, tuple[str, ...]] = {}  # the commands of those who told nothing

    @property
    def live(self) -> list[int]:
        """The watched processes that have not ended, oldest first."""
        return [pid for pid, watched in self.watched.items() if not watched.ended]

    def start(self, pid: int) -> None:
        """Watch the first process."""
        self.root = pid
        self._journal.note("kernel", pid, "spawned")
        self.watch(pid)

    def watch(self, pid: int, known: bool = False) -> None:
        """Watch a process of this trial; one that is gone already is noted as unseen.

        `known`: it was found below the first one, which a process that has just ended
        does not show any more.
        """
        if pid in self._unseen:
            return
        try:
            watched = pidfd.watch(pid)
        except ProcessLookupError:
            self._unseen.add(pid)
            self._journal.note("kernel", pid, "unseen", pidfd.NOT_SEEN)
            return
        if pid != self.root and not known and not self._is_ours(pid):
            watched.close()
            self._unseen.add(pid)
            self._journal.note("harness", 0, "garbled", "an event from outside the trial")
            return
        self.watched[pid] = watched
        self._host.watch(watched, self._listener)

    def meet(self, event: Event) -> None:
        """Watch who tells an event for the first time."""
        if event.pid and event.pid not in self.watched:
            self.watch(event.pid)
            if event.kind not in INTRODUCES and event.pid in self.watched:
                # It did not introduce itself, as in a blind run: the kernel does.
                self._journal.note("kernel", event.pid, "found", *proc.command_line(event.pid))
        if event.kind in INTRODUCES:
            self._compare_parents(event)

    def find_helpers(self) -> None:
        """Watch what the processes of the trial started and nobody reported."""
        self._adopt(pid for pid in proc.descendants_of(self.root) if pid not in self.watched)

    def find_strangers(self) -> dict[int, tuple[str, ...]]:
        """Watch who is below those that live and was not; their commands, for `introduce`."""
        below = proc.descendants_of(*self.live)
        found = {pid: proc.command_line(pid) for pid in below if pid not in self.watched}
        for pid in found:
            self.watch(pid, known=True)
        return {pid: words for pid, words in found.items() if pid in self.watched}

    def introduce(self, pid: int, words: tuple[str, ...]) -> None:
        """Note of a process that the kernel shows it."""
        self._found[pid] = words
        self._journal.note("kernel", pid, "found", *words)

    def _adopt(self, pids: Iterable[int]) -> None:
        for pid in pids:
            words = proc.command_line(pid)
            self.watch(pid, known=True)
            if pid in self.watched:
                self.introduce(pid, words)

    def look_again(self) -> None:
        """Note by what command those go now that were found before their exec."""
        for pid in self.live:
            words = self._found.get(pid)
            now = proc.command_line(pid)
            if words is not None and now and now != words:
                self._found[pid] = now
                self._journal.note("kernel", pid, "found", *now)

    def find_strays(self) -> bool:
        """Watch orphans of this trial that came home; True if there were any."""
        found = [
            pid
            for pid in self._host.strays()
            if pid not in self.watched and belongs_to(pid, self._mark, self.root, self._token)
        ]
        self._adopt(found)
        return bool(found)

    def take_end(self, watched: WatchedProcess, start: int) -> bool:
        """Note that a process ended; False where its status is still to be learnt.

        Its end is placed behind the last that it told among the events from `start` on:
        the earliest place that is possible, because what others did since may follow from it.
        """
        if not watched.learn_status() and not watched.asked_again:
            watched.asked_again = True
            self._host.watch_reaping(watched, self._listener)
            return False
        watched.ended = True
        events = self._journal.events
        places = [i for i in range(start, len(events)) if events[i].pid == watched.pid]
        place = places[-1] + 1 if places else start
        self._journal.insert(place, Event("kernel", watched.pid, "ended", (watched.fate,)))
        if watched.status == signal.SIGKILL:
            self._host.look_for_want_of_memory()
        if watched.disagreement:
            learnt, second = watched.disagreement
            self._journal.note(
                *("kernel", watched.pid, "disagrees"),
                *(f"its parent learns {learnt}", f"its pidfd tells {second}"),
            )
        return True

    def find_all(self) -> None:
        """Watch whatever of this trial still lives."""
        self.find_strays()
        for below in proc.descendants_of(*self.live):
            if below not in self.watched:
                self.watch(below)

    def end(self, memory_before: Collection[str]) -> None:
        """SIGKILL all that live; new names of shared memory go with them."""
        end_with_memory([self.watched[pid] for pid in self.live], memory_before)

    def reap(self) -> None:
        """Reap who was left unreaped: whom a signal of ours ended, or a zombie without a parent."""
        for watched in self.watched.values():
            watched.reap()

    def _compare_parents(self, event: Event) -> None:
        """Whether a process names the parent that the kernel knows, while that one lives."""
        claimed, known = int(event.detail[0]), proc.parent_of(event.pid)
        # In this order: one that ended before the kernel was asked has ended afterwards too,
        # whether that was taken yet or not.
        if known not in (0, claimed) and claimed in self.live and not proc.has_ended(claimed):
            self._journal.note(
                *("kernel", event.pid, "disagrees"),
                *("the channel names one parent", "the kernel another"),
            )

    def _is_ours(self, pid: int) -> bool:
        """Whether a process is of this trial, and not of one beside it, or the engine."""
        if pid == os.getpid():
            return False
        return proc.is_below(pid, self.root) or belongs_to(pid, self._mark, self.root, self._token)

    def close(self) -> None:
        """Hold nobody any more."""
        for one in self.watched.values():
            one.close()
