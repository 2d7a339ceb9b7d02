"""One process has one name, and one handler too, over all runs of a command."""

from __future__ import annotations

import pytest
from exitmatrix.model import Unknown
from exitmatrix.model.app_outcome import AppOutcome, Fate, Handler, Sent
from exitmatrix.model.node import Node
from exitmatrix.model.tree import Tree
from exitmatrix.observe.naming import same_names
from exitmatrix.report.app.page import AppReport, page
from exitmatrix.report.app.words import roles
from msgspec.structs import replace

from tests.ownapp.made import ending, member, outcome


def shown(*runs: AppOutcome) -> list[list[str]]:
    named = same_names([*runs, Unknown(reason="it was not seen")])
    assert named[-1] == Unknown(reason="it was not seen")
    return [[one.role for one in run.members] for run in named if isinstance(run, AppOutcome)]


def test_who_has_workers_in_one_run_is_a_master_in_all() -> None:
    """One that starts another while it ends has none in a run in which it is killed."""
    alone = outcome(member("sh", family=False), member("main"))
    again = outcome(member("main#1"), member("main#2", new=True))
    several = outcome(member("master"), member("worker", new=True))
    assert shown(alone, again) == [["sh", "main"], ["main#1", "main#2"]]
    assert shown(alone, again, several) == [
        ["sh", "master"],
        ["master#1", "master#2"],
        ["master", "worker"],
    ]


def test_a_helper_that_is_called_so_gives_nobody_its_name() -> None:
    """A program of somebody else's may be called `master`; and one called `main` keeps its name."""
    assert shown(outcome(member("main"), member("master", family=False))) == [["main", "master"]]
    other = outcome(member("master"), member("main", family=False))
    assert shown(other, outcome(member("main"))) == [["master", "main"], ["master"]]


def test_a_signal_is_sent_to_whom_the_page_names() -> None:
    """The name in the timeline is that of the table."""
    sent = (Sent(seconds=0.0, signal="SIGTERM", to="main"),)
    runs = [outcome(member("main"), sent=sent), outcome(member("master"), member("worker"))]
    first = same_names(runs)[0]
    assert isinstance(first, AppOutcome)
    assert first.sent[0].to == "master"


def test_the_page_has_one_row_for_a_process() -> None:
    """What is registered in it is told once, under one name."""
    held = Handler(label="app:bye", place="app.py:3")
    runs = [
        outcome(member("main", (held, "ran"))),
        outcome(member("master", (held, "ran")), member("worker", (held, "ran"))),
    ]
    seen = tuple(one for one in same_names(runs) if isinstance(one, AppOutcome))
    report = AppReport(command="x", results=(ending(*seen),), grace=30, runs=2, seconds=1, again="")
    rows = [line.split()[0] for line in page(report) if "app.py:3" in line]
    assert rows == ["master", "worker"]


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ("main", "main"),
        ("master worker", "master and worker"),
        ("worker#1 worker#2 worker#3", "worker#1, worker#2 and worker#3"),
        ("master worker#1 worker#2 worker#3 worker#4", "master and worker#1 to #4"),
        ("worker#1 worker#3 worker#4 worker#5 worker#6", "worker#1 and worker#3 to #6"),
        (" ".join(f"worker#{n}" for n in range(1, 60, 3)), "20 of worker#1 to #58"),
        (" ".join(f"a#{n} b#{n}" for n in range(1, 5)), "a#1 to #4 and b#1 to #4"),
    ],
)
def test_many_processes_are_named_in_few_words(names: str, text: str) -> None:
    """A row of alike ones is named by the first and the last, and a crowd by its number."""
    assert roles([member(name) for name in names.split()]) == text


def test_a_long_name_leaves_room_for_the_line_of_a_handler() -> None:
    """A long role stands above its handlers, a long path below, so that the line number shows."""
    near, far = "app.py:3", "services/payments/connections/pool.py:311"
    held = [Handler(label="app:bye", place=place) for place in (near, far)]
    runs: list[tuple[Handler, Fate]] = [(one, "ran") for one in held]
    long = "multiprocessing.resource_tracker"
    seen = outcome(member("main", *runs), member(long, *runs))
    report = AppReport(command="x", results=(ending(seen),), grace=30, runs=1, seconds=1, again="")
    lines = [line for line in page(report) if near in line or far in line]
    assert [line[11:].split()[-1] for line in lines] == [near, far] * 2
    assert [line[:11].strip() for line in lines] == ["main", "", "", ""]
    assert f"  {long}" in page(report)
    deep = Handler(label="app:bye", place=f"{'deep/' * 30}pool.py:311")
    seen = outcome(member("main", (deep, "ran")))
    whole = page(replace(report, results=(ending(seen),)))
    assert any(line.endswith("deep/pool.py:311") for line in whole)
    assert max(map(len, whole)) <= 80


def test_either_name_finds_the_program_in_every_ending() -> None:
    """The page says `master`; the tree in which the signal is sent has no worker yet."""
    tree = Tree([Node(pid=1, parent=0, words=("python", "app.py"), program="/usr/bin/python3")])
    assert tree.roles == {1: "main"}
    assert tree.pids("master", [1]) == tree.pids("main", [1]) == [1]
    assert tree.pids("worker", [1]) == tree.pids("master", []) == []
