"""Laws of looking at data on disk: what `look.py` may say, and when it is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.machine import scenarios
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.machine.run.inspection import CannotTell, parse
from exitmatrix.model import Outcome, Scenario, TrialSpec, Unknown
from msgspec.structs import replace

from tests.conftest import NEWEST, make_order, outcomes_of
from tests.support.histories import PLAIN

EnvironmentOf = Callable[[str, str], Environment]

ORDER = TrialSpec(
    cell="x",
    python="/usr/bin/python",
    path=(),
    scenario=replace(PLAIN, data={"lock file": "removed", "shelf": "kept"}),
    termination=TERMINATIONS["return"],
    target="main",
)


def test_each_kind_is_told_once() -> None:
    """Lines of `KIND: STATE`, in whatever order."""
    report = "shelf: damaged\nlock file: left behind\n"
    assert parse(report, ORDER) == [("lock file", "left behind"), ("shelf", "damaged")]


@pytest.mark.parametrize(
    "output",
    [
        "",
        "shelf: kept\n",
        "shelf: kept\nshelf: kept\n",
        "shelf: kept\nlock file: removed\nlog: kept\n",
        "shelf: kept\nlock file: gone\n",
        "shelf: kept\nlock file removed\n",
        "shelf: kept\nlock file: removed\nTraceback (most recent call last):\n",
    ],
)
def test_anything_else_is_no_answer(output: str) -> None:
    """A kind that is missing, doubled or unknown, and a state that is none, are refused."""
    with pytest.raises(CannotTell):
        parse(output, ORDER)


APP = """\
# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "Keeps a note"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["*"]
# data = {note = "kept"}
# ///
import atexit, sys
import endings

note = open("note.txt", "w")
note.write("remember")
atexit.register(note.close)
sys.stdout.write("ready\\n")
sys.stdout.flush()
endings.end_here()
"""

LOOK = """\
import os, sys
assert not [name for name in os.environ if name.startswith("EXITMATRIX")]
assert "atexit" not in str(sys.modules.get("sitecustomize"))
print("note: " + ("kept" if open("note.txt").read() == "remember" else "lost"))
"""


def keeper(folder: Path, inspection: str) -> Scenario:
    (folder / "keeps").mkdir()
    (folder / "keeps" / "app.py").write_text(APP)
    (folder / "keeps" / "look.py").write_text(inspection)
    (scenario,) = scenarios.load(folder).scenarios
    return scenario


@pytest.mark.real
def test_data_are_looked_at_bare_and_after_the_end(
    environment_of: EnvironmentOf, tmp_path: Path
) -> None:
    """What is on disk is told once nobody is alive, by a program without probe and channel."""
    subject = keeper(tmp_path, LOOK)
    environment = environment_of(NEWEST, "none")
    endings = ("return", "os-exit-7", "SIGKILL", "SIGPIPE")
    shown = outcomes_of([make_order(environment, subject, id) for id in endings])
    seen = {id: shown[f"{id}@main"] for id in endings}
    assert all(isinstance(one, Outcome) for one in seen.values()), seen
    data = {id: one.data for id, one in seen.items() if isinstance(one, Outcome)}
    assert data == {
        "return": {"note": "kept"},
        "os-exit-7": {"note": "lost"},
        "SIGKILL": {"note": "lost"},
        "SIGPIPE": None,  # Python ignores it: the program is alive
    }


@pytest.mark.real
@pytest.mark.parametrize(
    "inspection", ["raise SystemExit(3)", "print('note: vanished')", "import time; time.sleep(60)"]
)
def test_a_look_that_fails_is_unknown(
    inspection: str, environment_of: EnvironmentOf, tmp_path: Path
) -> None:
    """A `look.py` that fails, speaks nonsense or hangs makes the trial unknown."""
    subject = keeper(tmp_path, inspection)
    order = make_order(environment_of(NEWEST, "none"), subject, "return", limit=5)
    shown = outcomes_of([order])["return@main"]
    assert isinstance(shown, Unknown)
    assert shown.reason in (
        "what became of its data could not be seen",
        "the time limit was reached while waiting (looking)",
    )
