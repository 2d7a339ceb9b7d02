"""What the tests that start real processes share."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache
from pathlib import Path

import hypothesis
import pytest
from exitmatrix.declare import stacks
from exitmatrix.declare.terminations import TERMINATIONS, targets
from exitmatrix.machine import interpreters, scenarios
from exitmatrix.machine.environments.cache import default_cache
from exitmatrix.machine.environments.prepare import Environment, Unavailable, prepare
from exitmatrix.machine.run.kernel import dispositions, shared_memory
from exitmatrix.machine.run.session import run_all
from exitmatrix.model import (
    CellId,
    Ending,
    Interpreter,
    Outcome,
    Scenario,
    Trial,
    TrialSpec,
    Unknown,
)
from exitmatrix.observe import observe

from tests.support import part
from tests.support.committed import scenarios as committed_scenarios
from tests.support.part import pytest_xdist_make_scheduler
from tests.support.running import Driver, drivers, end_marked, remove_what_nobody_holds

__all__ = ["pytest_xdist_make_scheduler"]  # a hook

JOBS = 2

# In a background job, or under nohup, what tests start would inherit ignored signals.
dispositions.reset()

# How long something takes is a matter of the machine and of what else it does.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

FOUND = {one.id: one for one in interpreters.find().interpreters}
LOADED = committed_scenarios()
NEWEST = max(
    (one for one in FOUND.values() if one.implementation == "cpython"),
    key=lambda one: one.language,
).id

MEMORY = pytest.StashKey[Collection[str]]()
"""The names of shared memory that there were when the tests began."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose the mark of this run, which all that its workers start inherits."""
    if not hasattr(config, "workerinput") and getattr(config.option, "testrunuid", "") is None:
        config.option.testrunuid = uuid.uuid4().hex
        config.stash[MEMORY] = shared_memory.listed()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what is left of a run that was interrupted: of a driver that is killed, its program."""
    if not hasattr(config, "workerinput") and (mark := getattr(config.option, "testrunuid", None)):
        end_marked(mark)
        if MEMORY in config.stash:
            remove_what_nobody_holds(config.stash[MEMORY])


@pytest.hookimpl(trylast=True)  # pytest puts those together that share a fixture
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only the whole runs; a worker of pytest-xdist spreads those that wait."""
    if not part.WHOLE and not any("::" in word for word in config.args):
        items[:], left_out = part.split(items, FOUND)
        config.hook.pytest_deselected(items=left_out)
    if hasattr(config, "workerinput"):
        items[:] = part.dealt(items)


@pytest.fixture(scope="session")
def environment_of() -> Callable[[str, str], Environment]:
    """An environment by interpreter id and stack; skips the test where there is none."""
    by_name = {stack.name: stack for stack in stacks.STACKS}
    made: dict[tuple[str, str], Environment | Unavailable] = {}

    def get(id: str, stack: str) -> Environment:
        if reason := stacks.applies(by_name[stack], FOUND[id]):
            pytest.skip(reason)
        if (id, stack) not in made:
            made.update(prepare([(FOUND[id], by_name[stack])], default_cache()))
        environment = made[id, stack]
        if isinstance(environment, Unavailable):
            pytest.skip(f"no environment: {environment.reason}")
        return environment

    return get


@pytest.fixture
def pythons(request: pytest.FixtureRequest) -> list[Interpreter]:
    """All Pythons of the machine; of a part of the tests four, which are others for each test."""
    return part.some_of(FOUND, request.node.nodeid)


@pytest.fixture
def driver() -> Iterator[Driver]:
    """A harness in a process of its own, that can be killed."""
    with drivers() as start:
        yield start


@cache
def newest_flask(interpreter: Interpreter) -> str:
    """The newest Flask stack that an interpreter can have."""
    return [
        stack.name
        for stack in stacks.STACKS
        if stack.family == "flask" and stacks.applies(stack, interpreter) is None
    ][-1]


def make_order(
    environment: Environment,
    scenario: Scenario,
    termination: str,
    target: str | None = None,
    path: Iterable[Path] | None = None,
    limit: float = 60.0,
) -> TrialSpec:
    """An order for one trial; `path` replaces the probe and the endings."""
    chosen = TERMINATIONS[termination]
    target = target or targets(chosen, scenario)[0]
    cell = CellId(
        interpreter=environment.interpreter,
        stack=environment.stack,
        scenario=scenario.id,
        termination=termination,
        target=target,
    )
    return TrialSpec(
        cell=str(cell),
        python=str(environment.python),
        path=tuple(str(one) for one in path or environment.inside),
        scenario=scenario,
        termination=chosen,
        target=target,
        limit=limit,
    )


def run_orders(orders: list[TrialSpec]) -> list[tuple[TrialSpec, Trial]]:
    """Run each order once, and note which interpreters were exercised."""
    trials = sorted(run_all(orders, JOBS), key=lambda pair: orders.index(pair[0]))
    note_exercised({CellId.parse(order.cell).interpreter for order in orders})
    return trials


def outcomes_of(orders: list[TrialSpec]) -> dict[str, Outcome | Unknown]:
    """The outcome of each order, by TERMINATION@TARGET."""
    return {
        str(Ending(order.termination.id, order.target)): observe(
            trial, order.scenario, order.termination
        )
        for order, trial in run_orders(orders)
    }


def note_exercised(ids: Iterable[str]) -> None:
    """Tell CI which interpreters have run a trial."""
    file = os.environ.get("EXITMATRIX_EXERCISED")
    if file:
        with Path(file).open("a", encoding="utf-8") as out:
            out.write("".join(f"{id}\n" for id in ids))


def own_scenario(folder: Path, text: str, **header: object) -> Scenario:
    """A scenario for one test, from its program's text."""
    fields = {
        "title": "a test",
        "roles": ["main"],
        "ready": {"stdout": "ready"},
        "terminations": ["*"],
    } | header
    lines = ["# /// script", '# requires-python = ">=2.7"', "# dependencies = []", "#"]
    lines += ["# [tool.exitmatrix]"] + [f"# {k} = {_toml(v)}" for k, v in fields.items()]
    file = folder / "own.py"
    file.write_text("\n".join([*lines, "# ///", text]))
    loaded = scenarios.load(folder)
    assert not loaded.errors, loaded.errors
    return loaded.scenarios[0]


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    return f'"{value}"'
