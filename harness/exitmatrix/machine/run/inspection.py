"""The last stage: have a scenario's own `look.py` say what became of its data.

It runs bare, with the interpreter of the trial, in the trial's working folder: what a
shelf or a database looks like on disk is a matter of the interpreter, so only the same
one can tell whether it is whole. Of a program it runs when nobody of the trial is alive any
more; of a server, which goes on without a worker, it speaks of those that are gone.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import get_args

from exitmatrix.machine.run.journal import Journal
from exitmatrix.machine.run.kernel.wait_status import describe_status
from exitmatrix.machine.run.spawn import environment, start
from exitmatrix.machine.run.state import TrialState
from exitmatrix.model import DataState, TrialSpec

PROGRAM = "look.py"
INJECTED = ("PYTHONPATH", "EXITMATRIX_")


class CannotTell(Exception):
    """What `look.py` said is not what the scenario's header asks for."""


async def inspect(trial: TrialState) -> None:
    """Inspect the data on disk. While somebody is alive they are in flight still."""
    if not trial.spec.scenario.data or trial.live:
        return
    variables = environment(trial.spec, trial.folder, "")
    await tell(trial.spec, trial.folder.work, variables, trial.mark, trial.journal)


async def tell(
    spec: TrialSpec, work: str, variables: Mapping[str, str], mark: int, journal: Journal
) -> None:
    """Note what became of each kind of data, or why nobody can tell."""
    bare = {name: text for name, text in variables.items() if not name.startswith(INJECTED)}
    try:
        for kind, state in await _ask(spec, work, bare, mark):
            journal.note("harness", 0, "data", kind, state)
    except (CannotTell, OSError) as error:
        journal.note("harness", 0, "data-unseen", str(error))


async def _ask(
    spec: TrialSpec, work: str, bare: dict[str, str], mark: int
) -> list[tuple[str, str]]:
    """(kind, state) of each kind of data, in order. Raises CannotTell, OSError."""
    os.chdir(work)
    output, write_end = os.pipe()
    try:
        # Should it hang, it bears the trial's mark, and is ended with it.
        pid = start(spec.python, [spec.python, PROGRAM], bare, write_end, write_end, mark)
    except OSError:
        os.close(output)
        raise
    finally:
        os.close(write_end)
    written, status = await asyncio.to_thread(_wait_for, pid, output)
    if status:
        raise CannotTell(f"{PROGRAM} ended with {describe_status(status)}")
    return parse(written.decode("utf-8", "replace"), spec)


def _wait_for(pid: int, output: int) -> tuple[bytes, int]:
    """What a child of this process says until it ends, and its wait status."""
    with open(output, "rb") as stream:
        written = stream.read()
    return written, os.waitpid(pid, 0)[1]


def parse(output: str, spec: TrialSpec) -> list[tuple[str, str]]:
    """Parse lines of `KIND: STATE`: each kind of the header once. Raises CannotTell."""
    pairs = [line.partition(": ")[::2] for line in output.splitlines()]
    if sorted(kind for kind, _ in pairs) != sorted(spec.scenario.data):
        raise CannotTell(f"{PROGRAM} did not speak of each kind of data once")
    if not {state for _, state in pairs} <= set(get_args(DataState)):
        raise CannotTell(f"{PROGRAM} said a state that is none")
    return sorted(pairs)
