"""The first stage: wait until the program shows that it is ready, in the way it declares."""

from __future__ import annotations

from exitmatrix.machine.run.http import ANNOUNCED
from exitmatrix.machine.run.running import NotReady
from exitmatrix.machine.run.state import TrialState


async def until_ready(trial: TrialState) -> None:
    """Wait until the program is ready to be ended. Raises NotReady."""
    from_outside = trial.spec.termination.delivery != "in-process"
    if trial.spec.scenario.serves:
        await _until_it_serves(trial)
        if from_outside and not trial.watched_only:
            await trial.ask_to_end()  # leaves the marker in the serving process
    elif from_outside:
        # The declared line, and the program really waiting.
        await trial.journal.until(lambda: _waits(trial) or not trial.live)
        if not trial.live:
            raise NotReady("it ended before it was ready")
        trial.processes.find_helpers()
        await trial.until_at_rest()
        trial.processes.look_again()
    trial.journal.note("harness", trial.root, "ready")


async def _until_it_serves(trial: TrialState) -> None:
    await trial.journal.until(lambda: bool(ANNOUNCED.search(trial.stderr.text)) or not trial.live)
    announced = ANNOUNCED.search(trial.stderr.text)
    if announced is None:
        raise NotReady("it ended before it served")
    trial.port = int(announced[1])
    trial.serving = await trial.host.client.who_serves(trial.port) or 0
    trial.take_events()
    trial.processes.find_helpers()  # among them a server that tells nothing, as in a blind run
    if trial.serving not in trial.processes.watched:
        raise NotReady("nobody known answered over HTTP")
    trial.journal.note("harness", trial.serving, "serves")


def _waits(trial: TrialState) -> bool:
    ready = trial.spec.scenario.ready
    printed = ready.by != "stdout" or ready.line.encode() in trial.stdout.text.splitlines()
    return printed and bool(trial.gates.holding("waiting"))
