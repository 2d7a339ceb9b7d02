"""The private folder of a trial is removed whatever the program made of it, and nothing else is."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.machine.run.spawn import PROGRAM, Folder
from exitmatrix.model import TrialSpec

from tests.conftest import LOADED


def _moved(folder: Folder, elsewhere: Path) -> None:
    shutil.rmtree(folder.work)
    Path(folder.work).symlink_to(elsewhere)


def _whole_moved(folder: Folder, elsewhere: Path) -> None:
    shutil.rmtree(folder.path)
    Path(folder.path).symlink_to(elsewhere.parent)


def _filled(folder: Folder, elsewhere: Path) -> None:
    deep = Path(folder.work, "deep")
    deep.mkdir()
    Path(deep, "link").symlink_to(elsewhere)
    deep.chmod(0)
    Path(folder.path, "channel.unheard.5").mkdir()


def _gone(folder: Folder, elsewhere: Path) -> None:
    del elsewhere
    Path(folder.program).unlink()


@pytest.mark.parametrize("act", [_moved, _whole_moved, _filled, _gone, lambda *_: None])
def test_nothing_is_removed_through_a_link(
    act: Callable[[Folder, Path], None], tmp_path: Path
) -> None:
    """What a link in the place of a folder leads to is somebody else's, whatever it is called."""
    elsewhere = tmp_path / "elsewhere" / "cwd"
    elsewhere.mkdir(parents=True)
    precious = [elsewhere / PROGRAM, elsewhere.parent / "channel"]
    for file in precious:
        file.write_text("precious")
    order = TrialSpec(
        cell="made",
        python=sys.executable,
        path=(),
        scenario=LOADED["plain"],
        termination=TERMINATIONS["return"],
        target="main",
    )
    folder = Folder(tmp_path, "trial", order)
    Path(folder.channel).touch()
    act(folder, elsewhere)
    folder.remove()
    assert [file.read_text() for file in precious] == ["precious"] * 2
    left = Path(folder.path)
    assert not left.exists() or left.is_symlink()  # a link itself is left, as by shutil.rmtree
