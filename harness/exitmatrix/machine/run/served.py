"""A scenario that a command of its own starts: gunicorn, uvicorn, and what is started like them.

It runs as a user's command does (machine/run/app): its processes are watched from
outside, and nothing is asked of its port, because a request wakes a worker. Unlike
there, the program is a copy in a folder of its own, with an environment from nothing.
"""

from __future__ import annotations

import os
import shutil

from exitmatrix.machine.run.app import trial as app_trial
from exitmatrix.machine.run.app.state import AppState
from exitmatrix.machine.run.host import Host
from exitmatrix.model import Event, Ready, Termination, Trial, TrialSpec
from exitmatrix.model.app import AppSpec, Readiness, Situation, Step
from exitmatrix.model.tree import GROUP

WINDOW = 20.0
"""Seconds that are given to processes whose parent is killed: a sync worker of gunicorn looks for
its parent after half of its timeout, which is 15 s (gunicorn/workers/sync.py, `run_for_one`)."""


CALM = 6.0
"""Seconds at rest after which nothing more is expected: the supervisor of uvicorn waits up to 5 s
for the answer of a worker before it replaces it (uvicorn/supervisors/multiprocess.py, `ping`)."""


def situation(termination: Termination, target: str, root: str) -> Situation:
    """What is sent, and how long it is watched."""
    orphans = termination.signal == "SIGKILL" and target in (root, GROUP)
    return Situation(
        id=termination.id,
        does=termination.does,
        target=target,
        steps=(
            Step(signal=termination.signal),
            *([Step(signal=termination.then, after=termination.grace)] if termination.then else []),
        ),
        watch="gone" if orphans else "rest",
    )


def readiness(ready: Ready, within: float) -> Readiness:
    """How it is seen from outside that the command is ready: it listens, or says so."""
    if ready.by == "line":
        return Readiness(by="line", what=ready.line, within=within)
    return Readiness(within=within)


def spec(order: TrialSpec, folder: str) -> AppSpec:
    """The command of a scenario, as it is run once."""
    words = order.scenario.command
    place = os.path.dirname(order.python)  # noqa: PTH120 - no link is to be followed
    return AppSpec(
        id=order.cell,
        words=(f"{place}/{words[0]}", *words[1:]),
        folder=folder,
        environment={
            "PATH": f"{place}:/usr/local/bin:/usr/bin:/bin",
            "HOME": folder,
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        situation=situation(order.termination, order.target, order.scenario.roles[0]),
        target=order.target,
        ready=readiness(order.scenario.ready, order.limit),
        path=order.path,
        grace=WINDOW,
        calm=CALM,
        limit=order.limit + 2 * WINDOW,
        steering=order.steering,
    )


class Served:
    """One trial of such a scenario. Raises OSError."""

    def __init__(self, order: TrialSpec, host: Host, name: str, mark: int) -> None:
        self.order = order
        self.work = f"{host.folder}/{name}.cwd"
        shutil.copytree(
            order.scenario.folder, self.work, ignore=shutil.ignore_patterns("__pycache__")
        )
        try:
            self.state = AppState(spec(order, self.work), host, name, mark)
        except BaseException:
            self.remove()
            raise

    async def run(self) -> Trial:
        """Run it to its end; the history ends with where its program lay."""
        try:
            shown = await app_trial.run(self.state)
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

    def remove(self) -> None:
        """Remove the copy of the program."""
        shutil.rmtree(self.work, ignore_errors=True)
