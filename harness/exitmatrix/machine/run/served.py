"""A scenario that a command of its own starts, such as gunicorn, or that a launcher starts.

It runs as a user's command does (machine/run/app): its processes are watched from
outside, and nothing is asked of its port, because a request wakes a worker; but where a request
is the subject, one is. Unlike there, the program is a copy in a folder of its own, with an
environment from nothing.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil

from msgspec.structs import replace

from exitmatrix.machine.run import inspection
from exitmatrix.machine.run.app import trial as app_trial
from exitmatrix.machine.run.app.state import AppState
from exitmatrix.machine.run.host import Host
from exitmatrix.machine.run.http import BUSY, END
from exitmatrix.machine.run.spawn import PROGRAM, ending
from exitmatrix.model import Event, Ready, Termination, Trial, TrialSpec
from exitmatrix.model.app import AppSpec, Readiness, SignalStep, Situation
from exitmatrix.model.launcher import Wrapped
from exitmatrix.model.tree import GROUP

WINDOW = 20.0
"""Seconds that are given to processes whose parent is killed: a sync worker of gunicorn looks for
its parent after half of its timeout, which is 15 s (gunicorn/workers/sync.py, `run_for_one`)."""


ORPHANING = ("SIGKILL", "SIGABRT")
"""Signals of which a master ends that tells nobody: no server here handles the second in it."""


CALM = 6.0
"""Seconds at rest after which nothing more is expected: the supervisor of uvicorn waits up to 5 s
for the answer of a worker before it replaces it (uvicorn/supervisors/multiprocess.py, `ping`)."""


HELD = {"EXITMATRIX_HELD": "1"}
"""Has the line that ends a process wait until it is let go on."""


CALM_BELOW_A_LAUNCHER = 1.0
"""The same for programs that are measured without one as well, where nobody looks for anybody."""


WAKES = 3
"""How often a launcher that looks now and then is given the time to: one that starts a program
again sees the signal, then that the program has ended, and then that it is to start another."""


LOOKS = 0.25
"""Seconds between two looks at the tree: what is started there tells of itself."""


LOOKS_BELOW_A_LAUNCHER = 0.5
"""The same there, where nobody is started after it is ready."""


def situation(
    termination: Termination, target: str, root: str, answering: bool = False
) -> Situation:
    """What is sent, or asked for, and how long it is watched."""
    orphans = termination.signal in ORPHANING and target in (root, GROUP)
    steps = (
        SignalStep(signal=termination.signal),
        SignalStep(signal=termination.then, after=termination.grace),
    )
    return Situation(
        id=termination.id,
        does=termination.does,
        target=target,
        steps=tuple(one for one in steps if one.signal),
        watch="gone" if orphans else "rest",
        request=answering or not termination.signal,
        held=answering,
    )


def readiness(ready: Ready, within: float) -> Readiness:
    """How it is seen from outside that the command is ready: it listens, or says so."""
    if ready.by == "line":
        return Readiness(by="line", what=ready.line, within=within)
    if ready.by == "stdout":
        return Readiness(by="line", what=f"^{re.escape(ready.line)}$", within=within)
    return Readiness(within=within)


def spec(order: TrialSpec, folder: str) -> AppSpec:
    """The command of a scenario, as it is run once."""
    inside = order.termination.delivery == "in-process"
    place = os.path.dirname(order.python)  # noqa: PTH120 - no link is to be followed
    words = order.scenario.command
    command = (f"{place}/{words[0]}", *words[1:]) if words else (order.python, PROGRAM)
    base = AppSpec(
        id=order.cell,
        words=command,
        folder=folder,
        environment={
            "PATH": f"{place}:/usr/local/bin:/usr/bin:/bin",
            "HOME": folder,
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "EXITMATRIX_ENDING": order.termination.id if inside else "none",
        },
        situation=situation(
            order.termination, order.target, order.scenario.roles[0], order.scenario.answering
        ),
        request=END if inside else BUSY if order.scenario.answering else "",
        target=order.target,
        ready=readiness(order.scenario.ready, order.limit),
        path=order.path,
        grace=WINDOW + order.scenario.rests,
        calm=order.scenario.rests or CALM,
        look_again=LOOKS,
        limit=order.limit + 2 * WINDOW,
        steering=order.steering,
    )
    if order.wrapped:
        return launched(base, order, order.wrapped)
    return acting(base) if inside and base.ready.by == "line" else base


def acting(base: AppSpec) -> AppSpec:
    """The spec for a process that comes to the line by itself: nobody can ask for it by HTTP."""
    return replace(
        base,
        environment={**base.environment, **HELD},
        situation=replace(
            base.situation, steps=(SignalStep(signal=""),), request=False, watch="rest"
        ),
        request="",
    )


def launched(base: AppSpec, order: TrialSpec, wrapped: Wrapped) -> AppSpec:
    """The spec below a launcher: what is left alone by a signal is at rest soon."""
    how = wrapped.launcher
    roles = order.scenario.roles
    target = order.target
    if len(roles) > 1 and target in roles:  # by structure, as in any user's command
        target = "master" if target == roles[0] else "worker"
    begun = order.scenario.ready
    ready = readiness(begun, order.limit)
    if begun.by == "stdout":  # honcho puts its own words before a line
        ready = replace(ready, what=rf"(^|\| ){re.escape(begun.line)}$")
    held = HELD if order.termination.delivery == "in-process" else {}
    sent = situation(order.termination, target, "")
    if not sent.steps:
        sent = replace(sent, steps=(SignalStep(signal=""),), request=False)
    return replace(
        base,
        words=wrapped.words,
        ready=ready,
        script=wrapped.script,
        terminal=how.terminal,
        namespace=how.namespace,
        starter=how.starter,
        environment={**base.environment, **held, "EXITMATRIX_ENDING": ending(order)},
        situation=replace(sent, watch="rest"),
        request="",
        target=target,
        calm=CALM_BELOW_A_LAUNCHER + WAKES * how.wakes,
        look_again=LOOKS_BELOW_A_LAUNCHER,
    )


class Served:
    """One trial of such a scenario. Raises OSError."""

    def __init__(self, order: TrialSpec, host: Host, name: str, mark: int) -> None:
        self.order = order
        self._mark = mark
        self.work = f"{host.folder}/{name}.cwd"
        try:
            self._fill(order)
            self.state = AppState(spec(order, self.work), host, name, mark)
        except BaseException:
            self.remove()
            raise

    def _fill(self, order: TrialSpec) -> None:
        folder = order.scenario.folder
        if folder:
            shutil.copytree(folder, self.work, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            os.mkdir(self.work, 0o700)  # noqa: PTH102
            shutil.copyfile(order.scenario.path, f"{self.work}/{PROGRAM}")

    async def run(self) -> Trial:
        """Run it to its end; the history ends with where its program lay."""
        try:
            shown = await app_trial.run(self.state, self._look if self._has_data else None)
        finally:
            self.remove()
        events = tuple(one.event for one in shown.history)
        return Trial(
            cell=self.order.cell,
            history=(Event("harness", 0, "folder", (self.work,)), *events),
            stdout=shown.output,
            stderr="",
            tree=shown.tree,
        )

    @property
    def _has_data(self) -> bool:
        return bool(self.order.scenario.data)

    async def _look(self, state: AppState) -> None:
        variables = spec(self.order, self.work).environment
        try:
            async with asyncio.timeout(self.order.limit):
                await inspection.tell(self.order, self.work, variables, self._mark, state.journal)
        except TimeoutError:
            state.journal.note("harness", 0, "data-unseen", "nobody answered in time")

    def remove(self) -> None:
        """Remove the copy of the program."""
        shutil.rmtree(self.work, ignore_errors=True)
