"""The committed observations as a test suite: a test for each cell, its id is the cell's.

    pytest tests/regression --python cpython-3.13.0 --scenario flask-debug -k "SIGKILL and child"
    pytest tests/regression -n 4 --junit-xml regression.xml

As part of all tests, when this folder is not named, a few cells stand for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from exitmatrix.cli.check import raced
from exitmatrix.cli.environments import place_of
from exitmatrix.cli.measure import measure
from exitmatrix.declare import stacks
from exitmatrix.machine import interpreters
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.machine.run.session import Session
from exitmatrix.machine.store.records import platform_name, read_records
from exitmatrix.model import Cell, Record
from exitmatrix.model.change import Change
from exitmatrix.plan.cells import NothingMatches, Selection, plan
from exitmatrix.plan.changes import AmbiguousPythonError, change, compared_as, known, races, sort
from exitmatrix.plan.schedule import Result, Schedule
from msgspec.structs import replace

from tests.conftest import FOUND, JOBS, LOADED, newest_flask, note_exercised
from tests.support.committed import REPORTS as COMMITTED
from tests.support.committed import of_this_platform
from tests.support.part import every

HERE = Path(__file__).resolve().parent

FEW = (
    ("plain", "return", "main"),
    ("plain", "SIGTERM", "main"),
    ("flask", "os-exit-7", "main"),
    ("flask-debug", "SIGKILL", "child"),
)
"""A normal end, a signal, an end in a view, and the one that fools people."""

RECORDS = pytest.StashKey[dict[str, Record]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Selections. They can be given where this folder is named."""
    group = parser.getgroup("exitmatrix", "cells")
    text = "Only cells of these interpreters: 3.13, 'cpython-3.1*', or a path."
    group.addoption("--python", action="append", default=[], metavar="PATTERN|PATH", help=text)
    text = "Only cells of these scenarios."
    group.addoption("--scenario", action="append", default=[], metavar="PATTERN", help=text)
    text = "The records that are compared with (default: reports)."
    group.addoption("--records", default="reports", metavar="DIR", help=text)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each cell that is on record and can be measured here."""
    if "cell" not in metafunc.fixturenames:
        return
    config = metafunc.config
    try:
        cells, strangers = _cells(config)
    except (NothingMatches, AmbiguousPythonError, interpreters.NoSuchInterpreterError) as error:
        raise pytest.UsageError(str(error)) from error
    if _is_named(config) and not cells and not strangers:
        raise pytest.UsageError("no cell of the selection is on record")
    not_on_record = [
        pytest.param(None, id=id, marks=pytest.mark.skip(f"{id} is not on record: {ADVICE}"))
        for id in strangers
    ]
    metafunc.parametrize("cell", [*(pytest.param(one, id=one.id) for one in cells), *not_on_record])


ADVICE = "`exitmatrix matrix --python ID` measures it, `exitmatrix diff` compares it with another"


def _cells(config: pytest.Config) -> tuple[list[Cell], list[str]]:
    """The cells to compare, and the interpreters of which nothing is on record."""
    named = config.getoption("--python", [])
    chosen = interpreters.select(interpreters.find(named), named) if named else FOUND.values()
    selection = Selection(scenario=tuple(config.getoption("--scenario", [])))
    records = _records(config)
    on_record = {record.interpreter_id for record in records.values()}
    compared = compared_as(chosen, on_record)
    FOUND.update(compared)  # for the fixtures: what is named by its path is what runs
    few = {scenario for scenario, _, _ in FEW}
    subjects = [one for id, one in LOADED.items() if _is_named(config) or id in few]
    planned = plan(
        list(compared.values()), subjects, stacks.STACKS, stacks.applies, selection
    ).cells
    cells = sort(planned, records).known
    if not _is_named(config):
        cells = tuple(one for one in cells if _stands_for_others(one))
    return list(cells), sorted(set(compared) - on_record)


def _stands_for_others(cell: Cell) -> bool:
    newest = ("none", newest_flask(FOUND[cell.interpreter]))
    few = every(2, FEW, list(FOUND).index(cell.interpreter) % 2)
    return (cell.scenario, cell.termination, cell.target) in few and cell.stack in newest


def _is_named(config: pytest.Config) -> bool:
    """Whether this folder, or something in it, is what the command line asks for."""
    start = config.invocation_params.dir
    asked = [(start / arg.partition("::")[0]).resolve() for arg in config.args]
    return any(path.is_relative_to(HERE) for path in asked)


def _records(config: pytest.Config) -> dict[str, Record]:
    if RECORDS not in config.stash:
        folder = config.rootpath / config.getoption("--records", "reports")
        committed = folder.resolve() == COMMITTED.resolve()
        rows = of_this_platform() if committed else read_records(folder).get(platform_name(), ())
        config.stash[RECORDS] = {record.cell: record for record in rows}
    return config.stash[RECORDS]


@pytest.fixture(scope="session")
def session() -> Iterator[Session]:
    """What runs trials: one for each worker."""
    with Session(JOBS) as running:
        yield running
        running.finish()


@pytest.fixture
def again(
    session: Session,
    environment_of: Callable[[str, str], Environment],
    pytestconfig: pytest.Config,
) -> Callable[[Cell], tuple[Result, Change | None]]:
    """Measures a cell as `exitmatrix check` does: once, and twenty times if it differs."""
    records = _records(pytestconfig)

    def run(cell: Cell) -> tuple[Result, Change | None]:
        environment = environment_of(cell.interpreter, cell.stack)
        scenario = LOADED[cell.scenario]
        schedule = Schedule(
            [cell],
            several={scenario.id: len(scenario.roles) > 1},
            known=known(records),
            racy=races(records.values()),
        )
        place = place_of(environment)
        results: list[Result] = []
        measure(
            schedule,
            session,
            {(cell.interpreter, cell.stack): place},
            LOADED,
            on_result=lambda result, _told: results.append(result),
        )
        note_exercised([cell.interpreter])
        record, result = records[cell.id], results[-1]
        found = change(platform_name(), record, result, environment.packages, raced(LOADED))
        python = FOUND[cell.interpreter].argument
        return result, replace(found, python=python) if found else None

    return run
