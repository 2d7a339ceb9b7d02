"""The table of situations that opens the report and README."""

from __future__ import annotations

from typing import Any

from exitmatrix.model import Outcome, Record
from exitmatrix.report.document import Table, plain
from exitmatrix.report.sections.situations import situations_section
from exitmatrix.report.survey import surveys

from tests.conftest import LOADED
from tests.support.values import LINUX, outcome, process, record

SIGTERM: dict[str, Any] = {"signal": "SIGTERM"}


def served(fired: tuple[str, ...], how: dict[str, Any]) -> Outcome:
    return outcome(process(fired=fired, exit=how), port="closed")


def entries(*records: Record) -> dict[str, str]:
    """The row of uvicorn, by situation."""
    made = situations_section(surveys({LINUX: list(records)}, LOADED), LOADED)
    (section,) = made
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    (row,) = [one for one in table.rows if plain(one[0]) == "uvicorn"]
    return {plain(name): plain(cell) for name, cell in zip(table.head, row, strict=True)}


def test_an_entry_is_what_the_newest_python_showed_with_the_newest_release() -> None:
    """Older Pythons and releases stand in other tables."""
    newest = record(
        "uvicorn/SIGTERM@main",
        served((), SIGTERM),
        version="3.14.1",
        stack="uvicorn-0.54",
        packages={"uvicorn": "0.54.0"},
    )
    older = record(
        "uvicorn/SIGTERM@main",
        served(("C", "B", "A"), {"code": 0}),
        version="3.14.1",
        stack="uvicorn-0.28",
        packages={"uvicorn": "0.28.1"},
    )
    oldest = record(
        "uvicorn/SIGTERM@main",
        served(("C", "B", "A"), {"code": 0}),
        version="3.9.1",
        stack="uvicorn-0.54",
        packages={"uvicorn": "0.54.0"},
    )
    for some in ((newest, older, oldest), (oldest, older, newest)):
        assert entries(*some)["kubectl delete pod, docker stop"] == "✗ no"


def test_a_program_has_a_row_below_what_many_run_below() -> None:
    """Where that was measured: a container's PID 1, a shell, each behind the program itself."""
    (section,) = situations_section(
        surveys(
            {
                LINUX: [
                    record("uvicorn/SIGTERM@main", served((), SIGTERM), stack="uvicorn-0.54"),
                    record("plain/SIGTERM@main", outcome(process(fired=(), exit=SIGTERM))),
                    record("plain/pid1/SIGTERM@first", outcome(process(fired=(), exit=None))),
                ]
            },
            LOADED,
        ),
        LOADED,
    )
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    first = {plain(one[0]): [plain(cell) for cell in one[1:]] for one in table.rows}
    assert list(first)[:2] == ["a program", "a program, a container's PID 1"]
    assert "behind a shell: sh -c, a script without exec" not in first
    answers = dict(
        zip([plain(one) for one in table.head[1:]], list(first.values())[1], strict=True)
    )
    assert answers["kubectl delete pod, docker stop"] == "✗ no; it goes on until SIGKILL"
    assert answers["kill -9 to the first process"] == "-"
    assert answers["Ctrl-C"] == "not measured"


def test_what_goes_on_is_killed_where_that_follows() -> None:
    """A platform sends SIGKILL when the grace period is over; a terminal that closes does not."""
    goes_on = outcome(process(fired=(), exit=None), port="serving")
    cells = ("uvicorn/SIGTERM@main", "uvicorn/SIGHUP@main")
    table = entries(*(record(cell, goes_on, stack="uvicorn-0.54") for cell in cells))
    assert table["systemctl stop"] == table["kubectl delete pod, docker stop"]
    assert table["kubectl delete pod, docker stop"] == "✗ no; it goes on until SIGKILL"
    assert table["the terminal is closed"].startswith("● it goes on")


def test_what_was_not_measured_is_said_so() -> None:
    """And what cannot be done has a dash."""
    table = entries(record("uvicorn/SIGTERM@main", served((), SIGTERM), stack="uvicorn-0.54"))
    assert table["Ctrl-C"] == "not measured"
    assert table["kill -9 to the first process"] == "-"


def test_without_servers_there_is_no_such_table() -> None:
    """The table of actions says the same of the programs that are no servers."""
    plain_one = record("plain/SIGTERM@main", outcome(process(fired=(), exit=SIGTERM)))
    assert situations_section(surveys({LINUX: [plain_one]}, LOADED), LOADED) == []


def test_what_an_older_release_shows_in_rare_runs_is_no_answer_for_the_newest() -> None:
    """Where all runs of the newest agree; where they differ, it is the same race, as a whole."""
    calm, rare = served(("C", "B", "A"), {"code": 0}), served((), SIGTERM)
    new: dict[str, Any] = {
        "version": "3.14.1",
        "stack": "uvicorn-0.54",
        "packages": {"uvicorn": "0.54.0"},
    }
    old: dict[str, Any] = {
        "version": "3.14.1",
        "stack": "uvicorn-0.28",
        "packages": {"uvicorn": "0.28.1"},
    }
    older = record("uvicorn/SIGTERM@main", calm, rare, **old)
    agreed = entries(record("uvicorn/SIGTERM@main", calm, **new), older)
    assert agreed["kubectl delete pod, docker stop"] == "✓ yes"
    unfinished = outcome(process(fired=("C",), unfinished=("B",), exit=SIGTERM), port="closed")
    racing = record("uvicorn/SIGTERM@main", calm, unfinished, **new)
    assert entries(racing, older)["kubectl delete pod, docker stop"].startswith("≈ sometimes")
