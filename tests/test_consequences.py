"""Laws of the table of data in flight, on records made here."""

from __future__ import annotations

from exitmatrix.model import DataState, Outcome, Scenario
from exitmatrix.report.document import Block, Section
from exitmatrix.report.render.markdown import markdown
from exitmatrix.report.sections.data import data_blocks
from exitmatrix.report.sections.differences import differences
from exitmatrix.report.sections.scenarios import scenario_table
from exitmatrix.report.survey import surveys
from msgspec.structs import replace

from tests.conftest import LOADED
from tests.support.values import LINUX, died, ended, outcome, process, record, scenario

KEEPS = replace(scenario("keeps"), data={"lock file": "removed", "shelf": "kept"})


def clean() -> Outcome:
    return replace(ended(), data={"lock file": "removed", "shelf": "kept"})


def killed(shelf: DataState = "lost") -> Outcome:
    return replace(died("SIGKILL"), data={"lock file": "left behind", "shelf": shelf})


def table(*rows: tuple[str, Outcome, str], subject: Scenario = KEEPS) -> list[str]:
    """The rows of the table, for (termination, outcome, version)."""
    asked = surveys(
        {LINUX: [record(f"keeps/{id}@main", o, version=v) for id, o, v in rows]}, LOADED
    )
    return table_rows(*data_blocks(subject, [*asked.values()]))[2:]


def table_rows(*blocks: Block) -> list[str]:
    lines = markdown(Section("", blocks)).splitlines()
    return [line for line in lines if line.startswith("| ")]


def test_kinds_stand_across_and_terminations_down() -> None:
    """Each kind has a column, and each cell says whether it is what a clean end makes of it."""
    rows = table(("return", clean(), "3.13.0"), ("SIGKILL", killed(), "3.13.0"))
    assert rows == [
        "| `SIGKILL` | ✗ left behind | ✗ lost |",
        "| `return` | ✓ removed | ✓ kept |",
    ]


def test_terminations_with_the_same_consequences_share_a_row() -> None:
    """What looks the same on disk is told once, whatever ended the program."""
    rows = table(("SIGKILL", killed(), "3.13.0"), ("os-exit-7", killed(), "3.13.0"))
    assert rows == ["| `SIGKILL`, `os-exit-7` | ✗ left behind | ✗ lost |"]


def test_versions_that_differ_have_rows_of_their_own() -> None:
    """A difference in one kind is told with who shows it, newest first."""
    rows = table(("SIGKILL", killed("damaged"), "3.14.1"), ("SIGKILL", killed(), "3.13.0"))
    assert rows == [
        "| `SIGKILL`: 3.14.1 | ✗ left behind | ✗ damaged |",
        "| `SIGKILL`: 3.13.0 | ✗ left behind | ✗ lost |",
    ]


def test_terminations_that_differ_by_version_alike_share_their_rows() -> None:
    """The names stand in the first row, and the others are the same."""
    rows = table(
        ("SIGKILL", killed("damaged"), "3.14.1"),
        ("SIGKILL", killed(), "3.13.0"),
        ("abort", killed("damaged"), "3.14.1"),
        ("abort", killed(), "3.13.0"),
    )
    assert rows == [
        "| `SIGKILL`, `abort`: 3.14.1 | ✗ left behind | ✗ damaged |",
        "| the same: 3.13.0 | ✗ left behind | ✗ lost |",
    ]


def test_a_difference_in_other_things_is_no_row_of_this_table() -> None:
    """Exits and handlers are told elsewhere: who agrees on the data is one here."""
    other = replace(clean(), processes=(process(fired=(), exit={"code": 3}),))
    rows = table(("SIGINT", clean(), "3.13.0"), ("SIGINT", other, "3.6.1"))
    assert rows == ["| `SIGINT` | ✓ removed | ✓ kept |"]


def test_data_of_the_living_are_in_flight() -> None:
    """While a process is alive, nothing is said to be lost."""
    alive = outcome(process(fired=()))
    rows = table(("SIGPIPE", alive, "3.13.0"), ("return", clean(), "3.13.0"))
    assert rows[0] == "| `SIGPIPE` | ● in flight | ● in flight |"


def test_what_was_not_seen_is_not_known() -> None:
    """A cell without an outcome is never shown as a loss."""
    seen = [
        record("keeps/return@main", clean()),
        record("keeps/SIGKILL@main", unknown=("it was never ready",)),
    ]
    blocks = data_blocks(KEEPS, [*surveys({LINUX: seen}, LOADED).values()])
    assert "| `SIGKILL` | ? not known | ? not known |" in table_rows(*blocks)


def test_a_scenario_without_data_has_no_such_table() -> None:
    """Nothing is said of data where nobody looked at any."""
    asked = surveys({LINUX: [record("keeps/return@main", ended())]}, LOADED)
    assert data_blocks(KEEPS, [*asked.values()]) == []


def test_data_split_no_row_of_the_scenario_s_own_table() -> None:
    """Subjects that differ in data alone share a row of handlers and exits."""
    seen = [
        record("keeps/SIGKILL@main", killed("damaged"), version="3.14.1"),
        record("keeps/SIGKILL@main", killed(), version="3.13.0"),
    ]
    asked = surveys({LINUX: seen}, LOADED)
    rows = table_rows(scenario_table(KEEPS, asked.values()))[2:]
    assert rows == ["| `SIGKILL` | ✗ none, killed by it | lost |"]
    assert differences(asked.values(), {"keeps": KEEPS}) == []
    assert len(table_rows(*data_blocks(KEEPS, [*asked.values()]))) == 4


def test_what_stderr_said_is_a_column_where_a_scenario_asks_for_it() -> None:
    """Line after line, without the words that open every traceback."""
    printed = ("Error in f at 0x<address>:", "Traceback (most recent call last):", "E: x")
    seen = [
        record("keeps/return@main", replace(ended(), printed=printed)),
        record("keeps/sys-exit-3@main", replace(ended(), printed=())),
    ]
    columns = scenario_table(KEEPS, surveys({LINUX: seen}, LOADED).values())
    head, _, *rows = table_rows(columns)
    assert head.endswith("| stderr, without frames |")
    assert [row.rsplit(" | ", 1)[1] for row in rows] == ["Error in f: / E: x |", "nothing |"]
