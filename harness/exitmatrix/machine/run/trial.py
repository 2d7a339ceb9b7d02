"""One trial: start, wait until ready, end it, follow every process, leave nothing.

The result is a history, in one total order, of what the processes told and what
the kernel and the harness did. Nothing is concluded here: that is `observe`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from exitmatrix.machine.run.channel import Output
from exitmatrix.machine.run.delivery import terminate
from exitmatrix.machine.run.inspection import inspect
from exitmatrix.machine.run.kernel import proc
from exitmatrix.machine.run.readiness import until_ready
from exitmatrix.machine.run.settling import until_settled
from exitmatrix.machine.run.state import TrialState
from exitmatrix.model import Trial

Stage = tuple[str, Callable[[TrialState], Awaitable[None]]]
"""A stage's name, as a trial that was given up tells it, and what is done in it."""

STAGES: tuple[Stage, ...] = (
    ("ready", until_ready),
    ("termination", terminate),
    ("settling", until_settled),
    ("looking", inspect),
)


async def run(trial: TrialState, stages: Sequence[Stage] = STAGES) -> Trial:
    """Run a trial to its end. Raises OSError when the machine cannot start it."""
    with trial.reading():
        trial.start()
        await trial.go_through(stages)
        _note_what_is_left(trial)
        _note_what_was_not_heard(trial)
        # Now: what is written from here on is the doing of the harness's own SIGKILL.
        stdout, stderr = _all_of(trial.stdout), _all_of(trial.stderr)
        await trial.end_everything()
        return Trial(
            cell=trial.spec.cell,
            history=tuple(trial.journal.events),
            stdout=stdout,
            stderr=stderr,
        )


def _note_what_is_left(trial: TrialState) -> None:
    """What ended processes left in shared memory."""
    if trial.watched_only:
        return
    for kind in trial.leftovers.kinds(trial.live):
        trial.journal.note("kernel", 0, "left", kind)


def _note_what_was_not_heard(trial: TrialState) -> None:
    """And of a process that is stopped, that it cannot tell any."""
    trial.take_events()
    note = trial.journal.note
    noted = not trial.channel.is_gone and trial.folder.unheard()
    if trial.note_what_was_not_heard(noted) and any(map(proc.is_stopped, trial.live)):
        note("harness", 0, "unheard", "a process is stopped")
    trial.stdout.read()
    if trial.stdout.overflowed:
        note("harness", 0, "stdout-cut")
    events = sum(event.source in ("probe", "endings") for event in trial.journal.events)
    note("harness", 0, "closing", str(events))


def _all_of(output: Output) -> str:
    output.read()
    return output.text.decode("utf-8", "replace")
