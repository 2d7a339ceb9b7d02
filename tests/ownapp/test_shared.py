"""Runs of a program that share more than a port: each begins as the first did."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from exitmatrix.cli.errors import Failure
from exitmatrix.cli.invocation import Invocation
from exitmatrix.cli.rounds import measure_endings
from exitmatrix.declare.settings import from_option
from exitmatrix.declare.situations import find_situation
from exitmatrix.judge.expectations import check_expectations
from exitmatrix.machine.run.app import session
from exitmatrix.machine.run.app.folder_lock import FolderLock
from exitmatrix.machine.run.app.leftovers import RunLeftovers
from exitmatrix.machine.run.app.restoring import PREFIX, PutAside
from exitmatrix.model import Event
from exitmatrix.model.app import AppTrial, Left, TimedEvent
from exitmatrix.plan.app import why_alone
from exitmatrix.report.app.endings import endings_table
from exitmatrix.report.app.notes import not_ready_again
from exitmatrix.report.app.story import story

from tests.ownapp.conftest import Run, row

LOCKS = """\
import atexit, os, sys, time

try:
    os.open({name!r}, os.O_CREAT | os.O_EXCL)
except FileExistsError:
    sys.exit("there is a lock: does another one run?")
atexit.register(os.remove, {name!r})
print("ready", flush=True)
time.sleep(600)
"""

ASKED = ("--ready", "line ready", "--trials", "2", "--ending", "deploy", "--ending", "ctrl-c")


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.real
def test_a_lock_file_that_one_run_leaves_does_not_stop_the_next(run_app: Run, folder: Path) -> None:
    """Each run finds what the first found, and at the end the user's file is back."""
    (folder / "locks.py").write_text(LOCKS.format(name="app.lock"))
    done = run_app(*ASKED, "--", "python", "locks.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"✗ none +SIGTERM .*app\.lock", row(done.stdout, "deploy"))
    assert re.search(r"✓ all +SIGINT .*nothing", row(done.stdout, "ctrl-c"))
    assert "Left behind in 2 of 2 runs" in done.stdout
    assert "It writes where it is started (app.lock)" in words(done.stdout)
    assert (folder / "app.lock").exists()
    assert not list(folder.parent.glob(f"{PREFIX}*"))


BY_NAME = """\
import os, socket, tempfile, time
os.environ.pop("TMPDIR")
folder = tempfile.mkdtemp()
one = socket.socket(socket.AF_UNIX)
one.bind(os.path.join(folder, "app.sock"))
one.listen()
time.sleep(600)
"""


@pytest.mark.real
def test_a_socket_that_it_listened_on_is_left_behind_with_its_folder(folder: Path) -> None:
    """Where a program makes a folder of its own for temporary files, as ssh-agent does."""
    (folder / "app.py").write_text(BY_NAME)
    asked = Invocation(
        command=(sys.executable, "app.py"), trials=1, blind=False, folder=str(folder)
    )
    (result,) = measure_endings(asked, [find_situation("deploy")], lambda *_, **__: None).results
    (made,) = (one for one in result.outcomes[0].left if one.kind == "folder")
    shutil.rmtree(made.name)
    assert made.name.startswith(tempfile.gettempdir())
    assert Left(kind="unix socket", name=f"{made.name}/app.sock") in result.outcomes[0].left


def test_what_somebody_who_lives_listens_on_is_not_left_behind(tmp_path: Path) -> None:
    """Nor the folder around it, though ssh-agent names it by the pid of the program that ends."""
    own, work = tmp_path / "own", tmp_path / "work"
    (own / "made.123").mkdir(parents=True)
    work.mkdir()
    leftovers = RunLeftovers(str(work), str(own), (), alone=True)
    for name in (own / "made.123" / "agent.123", work / "agent.123", work / "lock.123"):
        name.touch()
    used = [f"{own}/made.123/agent.123", f"{work}/agent.123"]
    (work / "cache").touch()
    left = leftovers.find([7], [123], alone=True, used=used)
    assert sorted((one.in_use, one.name.rpartition("/")[2]) for one in left) == [
        *(("no", "lock.123"), ("perhaps", "cache")),
        *(("yes", "agent.123"), ("yes", "agent.123"), ("yes", "made.123")),
    ]
    assert {one.in_use for one in leftovers.find([], [7, 123], alone=True)} == {"no"}


HOLDS = """
import os, time
os.close(os.open("app.lock", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
if os.fork() == 0:
    open("cache", "w").close()
time.sleep(600)
"""


@pytest.mark.real
def test_what_is_there_while_somebody_goes_on_is_not_known_to_be_left(folder: Path) -> None:
    """A live process may have it in use; still, it is moved away for the next run."""
    (folder / "app.py").write_text(HOLDS)
    asked = Invocation(
        command=(sys.executable, "app.py"), trials=2, blind=False, folder=str(folder)
    )
    (result,) = measure_endings(asked, [find_situation("oom")], lambda *_, **__: None).results
    assert not result.unknown
    for one in result.outcomes:
        assert not one.left
        assert sorted(each.name for each in one.unsure) == [
            str(folder / "app.lock"),
            str(folder / "cache"),
        ]
    text = " ".join("\n".join([*endings_table((result,), 30.0), *story(result)]).split())
    assert "? in use" in text
    assert "Left behind, or in use by who goes on, in 2 of 2 runs" in text
    (broken,) = check_expectations(from_option("oom:left=*.lock"), [result])
    assert broken.broken == (f"{folder}/cache is left behind, or who goes on has it in use",)


@pytest.mark.real
def test_runs_that_meet_in_another_place_are_made_again_one_by_one(
    run_app: Run, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Effects of runs on each other are no race of the program."""
    lock = tmp_path_factory.mktemp("elsewhere") / "app.lock"
    (folder / "locks.py").write_text(LOCKS.format(name=str(lock)))
    only = [word for word in ASKED if word != "deploy"]
    only.remove("--ending")
    done = run_app(*only, "--", "python", "locks.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✓ all" in row(done.stdout, "ctrl-c")
    assert "Runs at the same time did not all end alike (ctrl-c)" in words(done.stdout)


WRITES_LATE = """\
import signal, sys, time

def stop(signum, frame):
    time.sleep(3)
    open("late.txt", "w").close()
    sys.exit(0)

signal.signal(signal.SIGINT, stop)
print("ready", flush=True)
signal.pause()
"""


@pytest.mark.real
def test_what_the_first_run_writes_at_its_end_makes_the_others_go_one_by_one(
    run_app: Run, folder: Path
) -> None:
    """They have begun while it waited, when nothing was written yet, and are made again."""
    (folder / "late.py").write_text(WRITES_LATE)
    asked = ("--ready", "line ready", "--ending", "ctrl-c", "--trials", "1")
    done = run_app(*asked, "--", "python", "late.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "It writes where it is started (late.txt)" in words(done.stdout)
    assert "late.txt" in row(done.stdout, "ctrl-c")


@pytest.mark.real
def test_what_an_earlier_run_left_elsewhere_can_be_removed_before_each(
    run_app: Run, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Without that the page says what the program wrote, and how; with it every run is seen."""
    lock = tmp_path_factory.mktemp("elsewhere") / "app.lock"
    (folder / "locks.py").write_text(LOCKS.format(name=str(lock)))
    program = ("--", "python", "locks.py")
    done = run_app(*ASKED, *program)
    assert done.returncode == 3, done.stdout
    text = words(done.stdout)
    assert "one wrote: there is a lock: does another one run?" in text
    assert "--before-each" in text
    done = run_app(*ASKED, "--jobs", "1", "--before-each", f"rm -f {lock}", *program)
    assert done.returncode == 0, done.stdout
    assert "✗ none" in row(done.stdout, "deploy")
    assert "✓ all" in row(done.stdout, "ctrl-c")


def looked_at(work: Path, own: Path) -> RunLeftovers:
    return RunLeftovers(str(work), str(own), (), alone=True)


def test_what_was_made_and_removed_shows(tmp_path: Path) -> None:
    """The folder's mtime tells: a removed lock file would still meet that of another run."""
    work, own = tmp_path / "work", tmp_path / "own"
    work.mkdir()
    own.mkdir()
    (work / "log").write_text("1")
    seen = looked_at(work, own)
    assert seen.changed() == []
    (work / "lock").touch()
    (work / "lock").unlink()
    assert seen.changed() == [str(work)]
    (work / "log").write_text("2")
    (work / "new").touch()
    assert seen.changed() == [str(work), str(work / "log"), str(work / "new")]


def test_what_tools_keep_is_no_change(tmp_path: Path) -> None:
    """__pycache__ and coverage's data from a first run do not count as changes."""
    work, own = tmp_path / "work", tmp_path / "own"
    work.mkdir()
    own.mkdir()
    seen = looked_at(work, own)
    (work / "__pycache__").mkdir()
    (work / "__pycache__" / "app.pyc").touch()
    (work / ".coverage.machine.pid7.Xabc").touch()
    (own / "scratch").touch()
    assert seen.changed() == []


def test_what_is_put_aside_comes_back_and_nothing_of_a_users_is_lost(tmp_path: Path) -> None:
    """This holds for folders, too; what was made again meanwhile stays as it is."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("old")
    (tmp_path / "lock").write_text("first")
    aside = PutAside()
    names = [str(tmp_path / "folder"), str(tmp_path / "folder" / "file"), str(tmp_path / "lock")]
    aside.take([*names, "$TMPDIR/own", str(tmp_path / "gone")])
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "lock").write_text("second")
    aside.take([str(tmp_path / "lock")])
    (tmp_path / "lock").write_text("third")
    aside.give_back()
    assert (tmp_path / "folder" / "file").read_text() == "old"
    assert (tmp_path / "lock").read_text() == "third"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder", "lock"]


def test_two_that_are_at_work_in_one_folder_see_each_other(tmp_path: Path) -> None:
    """Each sees the other until that leaves; a run in another folder does not count."""
    one, far = FolderLock(str(tmp_path)), FolderLock(str(tmp_path.parent))
    assert not one.is_shared()
    other = FolderLock(str(tmp_path))
    assert one.is_shared()
    assert other.is_shared()
    other.leave()
    assert not one.is_shared()
    one.leave()
    far.leave()
    assert not FolderLock(str(tmp_path / "gone")).is_shared()


def test_without_a_descriptor_left_nothing_runs_and_the_folder_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails in one line; pytest goes on, and the folder's lock is free for the next test."""

    def fail(*_: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(session, "Connection", fail)
    command = (sys.executable, "-c", "")
    with pytest.raises(Failure, match="Too many open files"):
        measure_endings(
            Invocation(command=command, folder=str(tmp_path)),
            [find_situation("deploy")],
            lambda *_, **__: None,
        )
    assert not FolderLock(str(tmp_path)).is_shared()


@pytest.mark.real
def test_a_run_beside_another_in_the_same_folder_says_so(run_app: Run, folder: Path) -> None:
    """What the other makes there may be told as its own."""
    (folder / "locks.py").write_text(LOCKS.format(name="app.lock"))
    options = ("--ready", "line ready", "--trials", "1", "--ending", "ctrl-c", "--")
    other = FolderLock(str(folder))
    beside = run_app(*options, "python", "locks.py")
    (folder / "app.lock").touch()  # as another program would leave it at work
    stopped = run_app(*options, "python", "locks.py")
    (folder / "app.lock").unlink()
    other.leave()
    by_itself = run_app(*options, "python", "locks.py")
    assert "Another exitmatrix run was at work in the same folder" in words(beside.stdout)
    assert "Another exitmatrix run was at work" in words(stopped.stderr)
    assert "Another exitmatrix run" not in words(by_itself.stdout)


def trial(*kinds: str, changed: tuple[str, ...] = (), output: str = "") -> AppTrial:
    history = tuple(TimedEvent(0.0, Event("harness", 0, kind, ())) for kind in kinds)
    return AppTrial(
        id="deploy",
        situation="deploy",
        target="first",
        blind=False,
        history=history,
        tree=(),
        output=output,
        left=tuple(Left(kind="file", name=one) for one in changed),
        changed=changed,
    )


def test_who_asks_for_several_at_once_knows_what_they_share() -> None:
    """`--jobs 4` is obeyed, unless the runs would meet at one port."""
    writes = trial("ready", changed=("/srv/app.lock",))
    assert "(app.lock)" in why_alone(["app"], writes, "/srv")
    assert why_alone(["app"], writes, "/srv", forced=True) == ""
    assert why_alone(["app"], trial("ready"), "/srv") == ""


def test_a_program_that_was_never_ready_is_no_matter_of_what_runs_leave() -> None:
    """The advice is for one that was ready at first."""
    early = trial("not-ready", output="x\nthere is a lock\n")
    assert "there is a lock" in not_ready_again([trial("ready"), early])
    assert not_ready_again([early, early]) == ""
    assert not_ready_again([trial("ready"), trial("ready")]) == ""
