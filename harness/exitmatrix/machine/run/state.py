"""One trial while it runs: what is known of it, and what can be done to it.

The stages (readiness, delivery, settling, inspection) are functions on this.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections import Counter

from exitmatrix.machine.run.channel import Channel, Output
from exitmatrix.machine.run.gates import Gates
from exitmatrix.machine.run.host import Host
from exitmatrix.machine.run.http import END
from exitmatrix.machine.run.journal import Journal
from exitmatrix.machine.run.kernel import proc
from exitmatrix.machine.run.leftovers import SharedLeftovers
from exitmatrix.machine.run.processes import INTRODUCES
from exitmatrix.machine.run.running import Running
from exitmatrix.machine.run.spawn import Folder, spawn
from exitmatrix.model import TrialSpec

ASK_AGAIN = 0.002  # seconds between two looks at what the kernel tells no event of


class TrialState(Running[Journal]):
    """The folder, the channel, the output and the processes of one trial. Raises OSError."""

    watched_only = False
    """True for a trial that is shown and not recorded: no marker is asked for."""

    def __init__(self, spec: TrialSpec, host: Host, name: str, mark: int) -> None:
        self.spec = spec
        super().__init__(host, mark, self._make_journal(), spec.steering, spec.limit)
        self.port = 0
        self.serving = 0
        self.releases_lingering = False
        self.leftovers: SharedLeftovers = SharedLeftovers()
        with contextlib.ExitStack() as undo:  # where descriptors run out, none stays open
            self.folder = Folder(host.folder, name, spec, mark)
            undo.callback(self.folder.remove)
            self.channel = Channel(self.folder.channel, self.token)
            undo.callback(self.channel.close)
            self.gates = Gates(self.folder.channel)
            undo.callback(self.gates.close)
            self.stdout = self._make_output("stdout")
            undo.callback(self.stdout.close_both)
            self.stderr = self._make_output("stderr")
            undo.pop_all()
        self.outputs = (self.stdout, self.stderr)

    def _make_journal(self) -> Journal:
        return Journal()

    def _make_output(self, _name: str) -> Output:
        return Output()

    def remove_folder(self) -> None:
        """Remove the folder, and the control group that is made for some terminations."""
        self.folder.remove()

    def start(self) -> None:
        """Start the program. Raises OSError."""
        try:
            root = spawn(
                *(self.spec, self.folder, self.token),
                *(self.stdout.write_end, self.stderr.write_end, self.mark),
            )
        finally:
            self.stdout.close_write_end()
            self.stderr.close_write_end()
        self.processes.start(root)

    # ------------------------------------------------------------ what is known

    @property
    def root(self) -> int:
        """The process that was started first; it leads the session and the group."""
        return self.processes.root

    @property
    def aim(self) -> int:
        """The process that the termination is aimed at; the group's leader for a group."""
        if self.spec.target in ("group", self.spec.scenario.roles[0]):
            return self.root
        others = (pid for pid in self.gates.holding("waiting") if pid != self.root)
        return self.serving or next(others, 0)

    @property
    def someone_ends(self) -> bool:
        """Whether a living process that does not serve has begun to end, as far as it told.

        It has come to the termination, or a handler of it has begun: what then sleeps may
        be its interpreter, which looks after streams when the last handler has ended.
        """
        begun = {event.pid for event in self.journal.events if event.kind in ("ending", "began")}
        return any(pid in begun and pid != self.serving for pid in self.live) or self.in_a_handler

    @property
    def in_a_handler(self) -> bool:
        """Whether a living process has begun a handler and not ended it."""
        open_runs = Counter[int]()
        for event in self.journal.events:
            if event.kind == "began":
                open_runs[event.pid] += 1
            elif event.kind in ("ended", "raised") and event.source != "kernel":
                open_runs[event.pid] -= 1
        return any(open_runs[pid] > 0 for pid in self.live)

    async def until_at_rest(self) -> None:
        """Wait until nobody works: a client has its answer before the server is done with it.

        2.7's server swallows a KeyboardInterrupt that comes in that moment, for one.
        The kernel tells no event when a process falls asleep, so it is asked again.
        """
        while not all(proc.at_rest(pid) for pid in self.live):
            await asyncio.sleep(ASK_AGAIN)

    # ---------------------------------------------------------- what is learnt

    def take_events(self, ask: bool = True) -> None:
        """Take what the processes have told, and act on what asks for action.

        Who has ended is asked first: those have told all that they ever will, and
        it is read now.
        """
        ended = self.host.ended(self, ask)
        start = len(self.journal.events)
        for event in self.channel.read():
            self.journal.add(event)
            if event.pid not in self.processes.watched or event.kind in INTRODUCES:
                self.processes.meet(event)
            if event.kind == "holding":
                self._hold(event.pid, self.gates.hold(event), event.detail[1])
        for watched in ended:
            if self.processes.take_end(watched, start):
                self.gates.forget(watched.pid)
        self.journal.changed()

    def _hold(self, pid: int, taken: bool, why: str) -> None:
        if not taken:
            self.journal.note("harness", 0, "garbled", "a gate outside the trial")
            return
        # It stands still: what it has made by now is there, and will be if it is killed.
        self.leftovers.remember([pid])
        if why == "forked" or (why == "lingering" and self.releases_lingering):
            self.gates.release(pid)

    # ------------------------------------------------------------- what is done

    def signal(self, name: str) -> None:
        """Send the signal of that name to the target."""
        number = signal.Signals[name]
        self.take_events()
        self.steerer.before_signal(number)
        note = self.journal.note
        if self.spec.target == "group":
            # It may end multiprocessing's tracker, and then what a process has made stays that
            # comes to no gate.
            self.leftovers.remember(self.live)
            note("harness", 0, "sent", name, "group")
            if self.root in self.live:  # the group has its leader, so its number is its own
                os.killpg(self.root, number)
            else:
                note("harness", 0, "not-sent", name)
            return
        pid = self.aim
        self.leftovers.remember_tracked(pid)
        note("harness", pid, "sent", name, self.spec.target)
        watched = self.processes.watched.get(pid)
        if watched is None or not watched.send(number):
            note("harness", pid, "not-sent", name)

    async def ask_to_end(self) -> None:
        """Ask the server for the view that comes to `end_here()`."""
        answer = await self.host.client.get(self.port, END)
        self.take_events()
        self.journal.note("harness", 0, "replied", str(answer[0]) if answer else "none")
        if self.live:
            self.leftovers.remember(self.live)
