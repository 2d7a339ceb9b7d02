"""What is installed for the Python of a user's command: `packages` of `run --json`."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from exitmatrix.declare.situations import SITUATIONS
from exitmatrix.machine.run.app.session import installed_packages
from exitmatrix.model.app_outcome import AppOutcome, EndingResult, Member
from exitmatrix.model.node import Node
from exitmatrix.model.tree import Tree
from exitmatrix.observe.app import _interpreter
from exitmatrix.observe.app_record import records

from tests.conftest import FOUND

PATH = {"PATH": os.defpath}


def test_the_python_of_the_command_is_asked_what_it_has(tmp_path: Path) -> None:
    """By the word by which it was started: an environment's own is a link to another's."""
    found = installed_packages(sys.executable, PATH, str(tmp_path))
    assert found["msgspec"] == version("msgspec")
    assert "markdown-it-py" in found


@pytest.mark.parametrize("language", [(2, 7), (3, 6)])
def test_a_python_without_importlib_metadata_is_asked_too(
    language: tuple[int, int], tmp_path: Path
) -> None:
    """Up to 3.7 `pkg_resources` knows, where that is installed."""
    mine = [one for one in FOUND.values() if one.language == language]
    if not mine or mine[0].implementation != "cpython":
        pytest.skip("there is no such Python here")
    found = installed_packages(mine[0].path, PATH, str(tmp_path))
    assert not found or "pip" in found or "setuptools" in found


def test_what_cannot_be_asked_has_no_packages(tmp_path: Path) -> None:
    """No Python, one that is not there, and a program that answers otherwise."""
    for word in ("", "no-such-python", "true"):
        assert installed_packages(word, PATH, str(tmp_path)) == {}


def test_only_a_python_is_asked() -> None:
    """The first process of the program itself, below what launches it."""
    python = Node(pid=2, parent=1, words=("/venv/bin/python", "app.py"), program="/usr/bin/python")
    shell = Node(pid=1, parent=0, words=("sh", "-c", "python app.py"), program="/bin/dash")
    assert _interpreter(Tree([shell, python]).app) == "/venv/bin/python"
    assert _interpreter(Tree([Node(pid=1, parent=0, words=("nginx",))]).app) == ""
    assert _interpreter(None) == ""


def test_a_record_tells_what_its_schema_takes() -> None:
    """A version that is none, as of a checkout without tags, is left out."""
    result = EndingResult(situation=SITUATIONS[0], target="first", outcomes=(_outcome(),))
    (one,) = records(
        ["python", "app.py"],
        "direct",
        [result],
        {"system": "Linux", "machine": "x86_64"},
        "2026-01-02",
        {"flask": "3.1.3", "own": "unknown", "Odd Name": "1"},
    )
    assert one.packages == {"flask": "3.1.3"}


def _outcome() -> AppOutcome:
    member = Member(
        role="main",
        family=True,
        serves=False,
        new=False,
        observed=True,
        handlers=(),
        exit="code 0",
        seconds=0.1,
        born=-1.0,
    )
    return AppOutcome(
        situation="deploy",
        blind=False,
        members=(member,),
        sent=(),
        ready=1.0,
        gone=0.1,
        watched=0.2,
        left=(),
        output="",
        python="3.13.0",
    )
