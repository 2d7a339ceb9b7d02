"""An environment for each interpreter and stack of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec.structs import replace

from exitmatrix.cli.errors import HARNESS_FAILED, USAGE_ERROR, Failure
from exitmatrix.cli.measure import Workplace
from exitmatrix.cli.progress import Kind, reporter
from exitmatrix.cli.streams import say
from exitmatrix.declare import launchers, stacks
from exitmatrix.machine.bundles import CannotBundle, bundle
from exitmatrix.machine.environments.cache import UnusableCacheError, default_cache
from exitmatrix.machine.environments.installer import UNREACHABLE
from exitmatrix.machine.environments.prepare import Environment, Progress, Unavailable, prepare
from exitmatrix.model import Cell, Interpreter, Scenario, Stack
from exitmatrix.plan.cells import Plan, leave_out

Environments = Mapping[tuple[str, str], Environment]  # by interpreter and stack


def prepare_environments(
    planned: Plan,
    found: Mapping[str, Interpreter],
    progress: Kind,
    instead: Mapping[str, tuple[str, ...]] | None = None,
    renewed: Literal["", "newest", "pre"] = "",
) -> tuple[dict[tuple[str, str], Environment], dict[tuple[str, str], str]]:
    """An environment for each interpreter and stack of the plan, or why there is none.

    `instead` is what is installed over what the stacks pin, by the name of the stack; `renewed`:
    the newest releases of that which go together, pre-releases too where it says so.
    """
    others = instead or {}
    by_name = {
        one.name: replace(one, instead=others.get(one.name, ()), renewed=renewed)
        for one in stacks.STACKS
    }
    wanted: dict[tuple[str, str], tuple[Interpreter, Stack]] = {
        (cell.interpreter, cell.stack): (found[cell.interpreter], by_name[cell.stack])
        for cell in planned.cells
    }
    with reporter(progress, "environments", "ready") as bar:

        def show(step: Progress) -> None:
            why = f": {step.reason}" if step.state == "waiting" else ""
            bar.show(step.done, step.total, f"{step.interpreter}/{step.stack} {step.state}{why}")

        try:
            made = prepare(wanted.values(), default_cache(), show)
        except UnusableCacheError as error:
            raise Failure(str(error), USAGE_ERROR) from error
    ready: dict[tuple[str, str], Environment] = {}
    missing: dict[tuple[str, str], str] = {}
    for key, environment in made.items():
        if isinstance(environment, Unavailable):
            missing[key] = environment.reason
            say(f"left out: {'/'.join(key)}: {environment.reason}")
        else:
            ready[key] = environment
    if not ready and any(others.values()) and not unreached(missing):
        reasons = "; ".join(dict.fromkeys(missing.values()))
        raise Failure(f"that cannot be installed: {reasons}", USAGE_ERROR)
    if not ready:
        raise Failure("no environment could be made; the reasons are above", HARNESS_FAILED)
    return ready, missing


def without_bundles(
    planned: Plan, environments: Environments, subjects: Mapping[str, Scenario]
) -> Plan:
    """Make the bundles that a plan needs; the plan without the cells whose bundle failed."""
    failures: dict[str, str] = {}

    def why(cell: Cell) -> str:
        if not launchers.LAUNCHERS_BY_ID[cell.launcher].builds:
            return ""
        python = environments[cell.interpreter, cell.stack].python
        name = f"{cell.interpreter}/{cell.scenario}/{cell.launcher}"
        if name not in failures:
            say(f"preparing one file of PyInstaller: {name}")
            try:
                bundle(str(python), subjects[cell.scenario].path)
                failures[name] = ""
            except CannotBundle as error:
                failures[name] = str(error)
                say(f"left out: {name}: {error}")
        return failures[name]

    return leave_out(planned, why)


def unreached(missing: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """Those of the missing environments that could perhaps be had: the index was not reached."""
    return {key: why for key, why in missing.items() if UNREACHABLE in why}


def place_of(environment: Environment) -> Workplace:
    """Where the trials of an environment are started."""
    endings = str(environment.endings)
    return Workplace(
        python=str(environment.python),
        path=(str(environment.probe), endings),
        blind=(endings,),
    )
