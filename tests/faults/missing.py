"""A machine that lacks what the harness would use: it says the same, or that it cannot know."""

from __future__ import annotations

from functools import partial

from exitmatrix.declare.stacks import STACKS
from exitmatrix.machine.run.kernel.facilities import FACILITIES, VARIABLE
from exitmatrix.model.outcome_sets import contains

from tests.conftest import FOUND, newest_flask
from tests.faults.ground import Ground, end_of, unclean
from tests.faults.tally import Fault, Tally

UNKNOWN_STATUS = "its parent reaped it before its status could be read"
REAPED = "reaped before it could be watched"


def selection(ground: Ground) -> tuple[str, ...]:
    """Cells with one process, with forks, with a server and with two."""
    flask = newest_flask(FOUND[ground.python])
    words = ["--stack", "none", "--stack", flask]
    for one in ("plain", "plain-fork-*", "plain-handler-forks", "flask", "flask-debug"):
        words += ["--scenario", one]
    for one in ("return", "SIGTERM", "SIGKILL", "os-exit-7", "sys-exit-3"):
        words += ["--termination", one]
    return *words, "--target", "main", "--target", "parent", "--target", "child"


def without(names: str, ground: Ground, tally: Tally, times: int) -> None:
    """The same cells with facilities switched off, and compared."""
    flask = newest_flask(FOUND[ground.python])
    ground.prepare(*(one for one in STACKS if one.name == flask))
    words = selection(ground)
    quiet = ground.output()
    ground.whole(*words, output=quiet)
    known = ground.records(quiet)
    for _ in range(times):
        output = ground.output()
        process = ground.start(output, *words, env={VARIABLE: names})
        end = end_of(process)
        wrong = unclean(end)
        seen = ground.records(output)
        if process.returncode:
            wrong.append(f"status {process.returncode}: {end[-300:]}")
        if set(seen) != set(known):
            wrong.append(f"{len(set(known) - set(seen))} cells are missing")
        for cell, record in seen.items():
            for one in record.outcomes:
                ends = [p.exit.get("unknown") for p in one.processes if p.exit]
                if {UNKNOWN_STATUS, REAPED} & set(ends):
                    continue  # it says that it cannot know
                if not contains(known[cell].outcomes, one):
                    wrong.append(f"{cell} is {one}, it was {known[cell].outcomes}"[:700])
        tally.add(wrong, ground.left(), len(set(known) - set(seen)))


FAULTS = (
    *(Fault(f"without {one}", partial(without, one), 1, 0) for one in sorted(FACILITIES)),
    Fault("without any facility", partial(without, ",".join(sorted(FACILITIES - {"mark"}))), 1, 0),
)
