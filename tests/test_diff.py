"""`diff` between stacks, and of some cells only, on the records that are committed."""

from __future__ import annotations

import json

import pytest
from exitmatrix.cli.diff import only
from exitmatrix.plan.cells import Selection

from tests.support.command import run
from tests.support.values import LINUX, ended, record

OLD, NEW = "cpython-3.12.1/flask-1.1", "cpython-3.12.1/flask-3.1"
DEBUG = ["--scenario", "flask-debug"]


def diff(*words: str) -> tuple[int, str, str]:
    done = run("diff", *words, "--records", "reports")
    return done.returncode, done.stdout, done.stderr


@pytest.mark.real
def test_two_stacks_of_one_python_are_compared_where_it_is_asked_for() -> None:
    """Only cells of that scenario and of these stacks."""
    status, out, _ = diff(OLD, NEW, *DEBUG, "--json")
    document = json.loads(out)
    assert document["compared"] > 10
    assert status == (1 if document["changes"] else 0)
    unfiltered = json.loads(diff(OLD, NEW, "--json")[1])
    assert unfiltered["compared"] > document["compared"]
    asked = [
        *document["only_old"],
        *document["only_new"],
        *(one["new"]["cell"] for one in document["changes"]),
    ]
    assert all("/flask-debug/" in cell for cell in asked)


@pytest.mark.real
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            [OLD, "cpython-3.12.1/flask-9"],
            "no stack of cpython-3.12.1 on record is called 'flask-9'",
        ),
        ([OLD, "no/such"], "'no/such' is neither a folder"),
        ([OLD, NEW, "--scenario", "flask-dbug"], "no scenario matches 'flask-dbug'; nearest: "),
        ([OLD, NEW, "--stack", "uvicorn-*"], "nothing to compare"),
    ],
)
def test_what_is_not_on_record_is_one_line(words: list[str], says: str) -> None:
    """It names the word, with status 2."""
    status, out, err = diff(*words)
    assert (status, out) == (2, "")
    assert says in err.splitlines()[-1]


def test_a_selection_is_of_every_platform() -> None:
    """What is asked for stays, in its order."""
    rows = [record("plain/return@main", ended()), record("plain/SIGTERM@main", ended())]
    chosen = only({LINUX: rows, "macos-arm64": rows}, Selection(termination=("SIG*",)))
    assert chosen == {LINUX: rows[1:], "macos-arm64": rows[1:]}
