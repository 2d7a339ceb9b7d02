"""From what was asked for to a plan: interpreters, scenarios, cells, or one clear line."""

from __future__ import annotations

from collections.abc import Sequence

from exitmatrix.cli.errors import HARNESS_FAILED, USAGE_ERROR, Failure
from exitmatrix.cli.streams import say
from exitmatrix.declare import stacks
from exitmatrix.machine import interpreters as pythons
from exitmatrix.machine import launchers, terminations
from exitmatrix.machine.run.kernel.facilities import refusal
from exitmatrix.model import Interpreter, Scenario
from exitmatrix.plan.cells import NothingMatches, Plan, Selection, check_patterns, plan
from exitmatrix.plan.shards import Shard, of_shard


def selected(
    scenario: Sequence[str],
    launcher: Sequence[str],
    termination: Sequence[str],
    target: Sequence[str],
    stack: Sequence[str],
) -> Selection:
    """The options as a selection."""
    return Selection(
        scenario=tuple(scenario),
        launcher=tuple(launcher),
        termination=tuple(termination),
        target=tuple(target),
        stack=tuple(stack),
    )


def check_machine() -> None:
    """Fail where trials cannot be run."""
    if reason := refusal():
        raise Failure(reason, HARNESS_FAILED)


def find_interpreters(named: Sequence[str], quiet: bool = False) -> dict[str, Interpreter]:
    """The interpreters asked for, by id; what was found is reported on stderr."""
    found = pythons.find(named)
    try:
        chosen = pythons.select(found, named)
    except pythons.NoSuchInterpreterError as error:
        raise Failure(str(error), USAGE_ERROR) from error
    if not chosen:
        raise Failure("no Python was found; name one with --python PATH", USAGE_ERROR)
    if not quiet:
        plural = "s" if len(chosen) > 1 else ""
        say(f"{len(chosen)} interpreter{plural}: {', '.join(one.id for one in chosen)}")
        for one in chosen:
            if one.named and one.build:
                say(f"  {one.id}: named by its path; it is not this machine's own {one.release}")
        for rejected in found.rejected:
            say(f"  left out: {rejected.path}: {rejected.reason}")
        for twin in found.shadowed:
            say(f"  left out: {twin.left}: {twin.id} is already at {twin.path}")
    return {one.id: one for one in chosen}


def check_selection(selection: Selection, subjects: dict[str, Scenario]) -> None:
    """Fail for the first pattern that names nothing."""
    try:
        check_patterns(selection, list(subjects.values()), stacks.STACKS)
    except NothingMatches as error:
        raise Failure(str(error), USAGE_ERROR) from error


def plan_all(
    found: dict[str, Interpreter], subjects: dict[str, Scenario], selection: Selection
) -> Plan:
    """The cells asked for, and what is left out."""
    pythons_here, programs_here = list(found.values()), list(subjects.values())
    # Where none is asked for nobody needs to know which are here.
    out = {**launchers.lacking(), **terminations.missing()}
    out |= launchers.missing() if selection.launcher else {}
    return plan(pythons_here, programs_here, stacks.STACKS, stacks.applies, selection, out)


def take_part(
    planned: Plan, subjects: dict[str, Scenario], selection: Selection, part: str | None
) -> Plan:
    """The part of the plan that --shard names; all of it where it names none."""
    if part is None:
        return planned
    try:
        shard = Shard.parse(part)
    except ValueError as error:
        raise Failure(f"--shard: {error}", USAGE_ERROR) from error
    mine = of_shard(planned, list(subjects.values()), selection, shard)
    say(f"shard {shard}: {len(mine.cells):,} of {len(planned.cells):,} cells")
    if not mine.cells:
        raise Failure(f"shard {shard} holds no cell of this selection", USAGE_ERROR)
    return mine


def make_plan(
    found: dict[str, Interpreter], subjects: dict[str, Scenario], selection: Selection
) -> Plan:
    """The cells asked for, of which there is at least one."""
    try:
        planned = plan_all(found, subjects, selection)
    except NothingMatches as error:
        raise Failure(str(error), USAGE_ERROR) from error
    if not planned.cells:
        # What a scenario does not have at all says more than why single cells are left out.
        lacking = {one.reason for one in planned.left_out if one.termination == "*"}
        reasons = sorted(lacking or {one.reason for one in planned.left_out})
        why = f": {'; '.join(reasons[:3])}" if reasons else ""
        raise Failure(f"nothing to run{why}", USAGE_ERROR)
    return planned
