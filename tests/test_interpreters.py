"""Laws of finding the Pythons of a machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from exitmatrix.machine.interpreters import (
    Found,
    NoSuchInterpreterError,
    ask,
    find,
    places,
    select,
)
from exitmatrix.machine.interpreters.answer import PROBE, interpreter, read_answer
from exitmatrix.model import Interpreter

from tests.support.running import GONE

BASE = os.path.realpath(sys.executable)


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which no Python is installed where `find` looks."""
    monkeypatch.setattr(places, "SYSTEM_FOLDERS", ())
    monkeypatch.setattr(places, "FRAMEWORKS", str(tmp_path / "frameworks"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("EXITMATRIX_PYTHONS", raising=False)
    return tmp_path


def program(path: Path, script: str) -> str:
    """Write an executable shell script and give its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def claims(path: Path, answer: str) -> str:
    """A program that answers like a Python; its own path is the executable it tells of."""
    return program(path, f'echo "exitmatrix: {answer} {os.fsencode(path).hex()}"')


def ids(found: Found) -> list[str]:
    return [each.id for each in found.interpreters]


def reasons(found: Found) -> dict[str, str]:
    return {each.path: each.reason for each in found.rejected}


def test_a_machine_without_pythons_gives_none() -> None:
    """Where there is nothing, nothing is found and nothing fails."""
    assert find() == Found(interpreters=())


def test_a_real_python_is_named_by_what_it_is() -> None:
    """The running Python is found by its path, with its full version."""
    found = find([BASE])
    (one,) = found.interpreters
    assert one.version.startswith("{}.{}.{}".format(*sys.version_info[:3]))
    assert one.implementation == sys.implementation.name
    assert one.id.startswith(f"{one.implementation}-{one.version}")
    assert select(found, [BASE]) == (one,)


@pytest.mark.parametrize(
    ("answer", "identity"),
    [
        ("cpython 2.7.18 - - -", "cpython-2.7.18"),
        ("cpython 3.15.0rc1 - - -", "cpython-3.15.0rc1"),
        ("cpython 3.13.5 - t -", "cpython-3.13.5t"),
        ("cpython 3.14.10 - d -", "cpython-3.14.10d"),
        ("cpython 3.14.10 - td -", "cpython-3.14.10td"),
        ("pypy 3.11.17 8.0.1 - -", "pypy-3.11.17-8.0.1"),
        ("pypy 2.7.18 7.3.11 - -", "pypy-2.7.18-7.3.11"),
    ],
)
def test_an_id_tells_all_that_can_differ(
    answer: str, identity: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pre-releases, free-threaded and debug builds and PyPys have ids of their own."""
    listed(monkeypatch, claims(tmp_path / "python", answer))
    assert ids(find()) == [identity]


def test_interpreters_are_sorted_by_version_not_by_letters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CPython comes first, 3.9 before 3.10, a pre-release before its release."""
    answers = ["pypy 3.9.16 7.3.11 - -", "cpython 3.10.1 - - -", "cpython 3.9.9 - - -"]
    answers += [
        "cpython 3.14.0 - t -",
        "cpython 3.14.0 - d -",
        "cpython 3.14.0 - - -",
        "cpython 3.14.0rc2 - - -",
    ]
    listed(
        monkeypatch, *(claims(tmp_path / str(n) / "python", one) for n, one in enumerate(answers))
    )
    assert ids(find()) == [
        "cpython-3.9.9",
        "cpython-3.10.1",
        "cpython-3.14.0rc2",
        "cpython-3.14.0",
        "cpython-3.14.0d",
        "cpython-3.14.0t",
        "pypy-3.9.16-7.3.11",
    ]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo hello", "is no Python, it printed no version: hello"),
        ("exit 0", "is no Python, it printed no version"),
        ("echo >&2 pyenv: not found; exit 127", "ended with status 127: pyenv: not found"),
        (
            "echo exitmatrix: cpython 3.5.2 - - - -",
            "CPython 3.5.2 is not supported: 2.7 and 3.6 up",
        ),
        ("echo exitmatrix: cpython 3.0.1 - - - -", "CPython 3.0.1 is not supported"),
        ("echo exitmatrix: jython 2.7.3 - - - -", "jython is not supported: CPython and PyPy are"),
        ("while :; do echo y; done", "is no Python, it printed no version: y"),
        ("kill -9 $$", "ended with status -9"),
    ],
)
def test_a_file_that_is_no_python_is_rejected(script: str, reason: str, tmp_path: Path) -> None:
    """A file that is no Python to be measured is named with the reason and skipped."""
    path = program(tmp_path / "python3", script)
    found = find([path, BASE])
    assert reason in reasons(found)[path]
    assert len(found.interpreters) == 1
    with pytest.raises(NoSuchInterpreterError, match="cannot be used"):
        select(found, [path])


def test_what_cannot_be_started_is_rejected(tmp_path: Path) -> None:
    """A missing file, a link to nothing, a text and an empty folder each have their reason."""
    text, dangling = tmp_path / "text", tmp_path / "dangling"
    text.write_text("import sys\n")
    dangling.symlink_to(tmp_path / "gone")
    bad = program(tmp_path / "interpreter-gone", "")
    Path(bad).write_text("#!/nowhere/sh\n")
    names = [str(tmp_path / "missing"), str(dangling), str(text), str(tmp_path), bad]
    assert list(reasons(find(names)).values()) == [
        "does not exist",
        "is a link to nothing",
        "is not executable",
        "is a folder without bin/python",
        "cannot be started: No such file or directory",
    ]


def test_a_program_that_hangs_is_ended_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A binary that does not answer in time is rejected, and leaves no process behind."""
    monkeypatch.setattr(ask, "SECONDS_TO_ANSWER", 0.5)
    path = program(tmp_path / "python", f'/bin/sleep 60 & echo $! >"{tmp_path}/pid"; wait')
    started = time.monotonic()
    assert reasons(find([path])) == {path: "gave no answer within 0.5 s"}
    assert time.monotonic() - started < 50  # its child sleeps for 60 s, and a machine may be busy
    child = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + GONE
    # Killed, it is gone or a zombie; its new parent may take a moment to reap it.
    state = "?"
    while time.monotonic() < deadline and state not in ("", "Z"):
        shown = subprocess.run(
            ["/bin/ps", "-o", "stat=", "-p", str(child)],
            capture_output=True,
            text=True,
            check=False,
        )
        state = shown.stdout.strip()[:1]
    if state not in ("", "Z"):
        os.kill(child, signal.SIGKILL)
    assert state in ("", "Z")


def listed(monkeypatch: pytest.MonkeyPatch, *paths: str) -> None:
    monkeypatch.setenv("EXITMATRIX_PYTHONS", os.pathsep.join(paths))


def test_of_two_with_one_id_the_first_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two binaries with one id are one interpreter, and the one that was left is named."""
    first = claims(tmp_path / "a" / "python", "cpython 3.13.0 - - -")
    second = claims(tmp_path / "b" / "python", "cpython 3.13.0 - - -")
    listed(monkeypatch, first, second)
    found = find()
    assert [each.path for each in found.interpreters] == [first]
    assert [(each.path, each.left) for each in found.shadowed] == [(first, second)]


def test_a_build_that_is_named_is_never_taken_for_the_machines_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A patched copy says that it is 3.13.0; it stands beside the 3.13.0 that is installed."""
    own = claims(tmp_path / "own" / "python", "cpython 3.13.0 - - -")
    patched = claims(tmp_path / "patched" / "python", "cpython 3.13.0 - - -")
    listed(monkeypatch, own)
    found = find([patched])
    release, build = found.interpreters
    assert (release.path, release.id, release.argument) == (own, "cpython-3.13.0", "cpython-3.13.0")
    assert (build.path, build.argument) == (patched, patched)
    assert build.id.startswith("cpython-3.13.0+p")
    assert build.release == release.id
    assert not found.shadowed
    assert select(found, [patched]) == select(found, [build.id]) == (build,)
    assert select(found, ["cpython-3.13.0"]) == select(found, ["3.13"]) == (release,)
    assert find([patched]) == found, "the same at every call"


@pytest.mark.parametrize(
    ("answer", "identity"),
    [
        ("cpython 3.13.0 - - -", "cpython-3.13.0+p"),
        ("cpython 3.14.10 - td -", "cpython-3.14.10td+p"),
        ("pypy 3.11.17 8.0.1 - -", "pypy-3.11.17-8.0.1+p"),
        ("cpython 3.13.0 - - =", "cpython-3.13.0"),
        ("cpython 3.15.0a2 - - 1a2b3c4d5e6f", "cpython-3.15.0a2+g1a2b3c4d5"),
    ],
)
def test_what_is_named_by_its_path_alone_is_a_release_if_it_tells_that(
    answer: str, identity: str, tmp_path: Path
) -> None:
    """What was built from an archive may have been patched before: then its place is in its id.

    Also where no other Python of that id is here. A checkout at the release's tag is the release.
    """
    path = claims(tmp_path / "python", answer)
    (one,) = find([path]).interpreters
    place = identity.endswith("+p")
    assert one.id.startswith(identity) if place else one.id == identity
    assert len(one.id) == len(identity) + 8 * place
    assert (one.argument, find([path])) == (path, find([path]))


@pytest.mark.parametrize("answer", ["cpython 3.13.0 - - -", "cpython 3.13.0 - - ="])
def test_of_two_builds_that_are_named_none_is_the_release(answer: str, tmp_path: Path) -> None:
    """Which of them bears the bare id does not depend on the order in which they are named."""
    paths = [claims(tmp_path / name / "python", answer) for name in "ab"]
    found = find(paths)
    assert found.interpreters == find(paths[::-1]).interpreters
    assert len(set(ids(found))) == 2
    assert all(each.build for each in found.interpreters)


def test_the_machines_own_python_keeps_its_id_when_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Naming it by a link or a wrapper makes no build of it; commands keep the path."""
    link = tmp_path / "mine" / "python"
    link.parent.mkdir()
    link.symlink_to(BASE)
    listed(monkeypatch, BASE)
    (one,) = find([str(link)]).interpreters
    assert not one.build
    assert one.argument == str(link)


@pytest.mark.parametrize(
    ("answer", "identity"),
    [
        ("cpython 3.15.0a2 - - 1a2b3c4d5e6f", "cpython-3.15.0a2+g1a2b3c4d5"),
        ("cpython 3.15.0a2 - td 1a2b3c4d5e6f.dirty", "cpython-3.15.0a2td+g1a2b3c4d5.dirty"),
    ],
)
def test_what_was_built_in_a_checkout_bears_its_revision(
    answer: str, identity: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two releases CPython keeps the number of the one before."""
    listed(monkeypatch, claims(tmp_path / "python", answer))
    (one,) = find().interpreters
    assert one.id == identity
    assert "+" not in one.release
    assert select(find(), ["3.15" if "td" not in identity else "3.15td"]) == (one,)


@pytest.mark.parametrize(
    ("git", "build"),
    [
        (("CPython", "", ""), ""),
        (("CPython", "tags/v{version}", "1a2b3c4d5e6f"), ""),
        (("CPython", "v{version}", "1a2b3c4d5e6f"), ""),
        (("CPython", "tags/v{version}-dirty", "1a2b3c4d5e6f"), "g1a2b3c4d5.dirty"),
        (("CPython", "heads/main", "1a2b3c4d5e6f"), "g1a2b3c4d5"),
        (("CPython", "heads/main-dirty", "1a2b3c4d5e6f"), "g1a2b3c4d5.dirty"),
    ],
)
def test_a_checkout_at_a_release_is_the_release(git: tuple[str, str, str], build: str) -> None:
    """What `sys._git` holds decides: no revision, or the release's own tag, is the release."""
    version = "{}.{}.{}".format(*sys.version_info[:3])
    words = tuple(part.format(version=version) for part in git)
    script = f"import sys; sys._git = {words!r}\n{PROBE}"
    done = subprocess.run([BASE, "-c", script], capture_output=True, text=True, check=True)
    answer = read_answer(done.stdout)
    assert answer is not None
    assert interpreter(answer, "/x").build == build
    assert answer.tagged == (words[1].endswith(f"v{version}"))


def test_two_names_of_one_file_are_no_shadow(tmp_path: Path) -> None:
    """Links to a binary and scripts that start it count as one interpreter, without a message."""
    link = tmp_path / "python"
    link.symlink_to(BASE)
    script = program(tmp_path / "wrapper", f'exec "{BASE}" "$@"')
    found = find([str(link), BASE, script])
    assert len(found.interpreters) == 1
    assert found.interpreters[0].path == str(link)
    assert not found.shadowed
    assert not found.rejected


def test_a_virtual_environment_is_its_base(tmp_path: Path) -> None:
    """The Python of a virtual environment is that which the environment was made from."""
    made = [sys.executable, "-m", "venv", "--without-pip"]
    subprocess.run([*made, "--symlinks", str(tmp_path / "linked")], check=True)
    subprocess.run([*made, "--copies", str(tmp_path / "copied")], check=True)
    found = find([str(tmp_path / "linked"), str(tmp_path / "copied"), BASE])
    assert [os.path.realpath(each.path) for each in found.interpreters] == [BASE]
    assert not found.shadowed


def test_a_virtual_environment_without_a_base_is_rejected(tmp_path: Path) -> None:
    """An environment whose base was removed is told from a Python."""
    claims(tmp_path / "env" / "bin" / "python", "cpython 3.13.0 - - -")
    (tmp_path / "env" / "pyvenv.cfg").write_text("home = /nowhere/bin\n")
    found = find([str(tmp_path / "env")])
    assert [named.reason for named in found.named] == [
        "is a virtual environment whose base is gone"
    ]


def test_pyenv_is_searched_without_its_shims(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folders of pyenv and uv are searched; a shim on PATH is passed over in silence."""
    claims(tmp_path / "pyenv/versions/3.6.15/bin/python", "cpython 3.6.15 - - -")
    claims(tmp_path / "uv/cpython-3.13.0-linux/bin/python3.13", "cpython 3.13.0 - - -")
    claims(tmp_path / "here/pypy3", "pypy 3.9.16 7.3.11 - -")
    program(tmp_path / "here/python-config", "exit 1")
    program(tmp_path / "shims/python", "exit 127")
    monkeypatch.setenv("PATH", f"{tmp_path}/shims:{tmp_path}/here::relative")
    found = find()
    assert ids(found) == ["cpython-3.6.15", "cpython-3.13.0", "pypy-3.9.16-7.3.11"]
    assert not found.rejected


def test_a_named_shim_stands_for_what_it_starts(tmp_path: Path) -> None:
    """What a shim starts depends on the folder, so the binary it started is used instead."""
    shim = program(tmp_path / "shims" / "python3", f'exec "{BASE}" "$@"')
    (one,) = find([shim]).interpreters
    assert os.path.realpath(one.path) == BASE


def test_exitmatrix_pythons_comes_before_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named paths come first, then EXITMATRIX_PYTHONS (binaries or folders), then the rest."""
    answer = "cpython 3.13.0 - - -"
    paths = [claims(tmp_path / name / "bin" / "python", answer) for name in ("a", "b")]
    claims(tmp_path / "pyenv/versions/3.13.0/bin/python", answer)
    monkeypatch.setenv("EXITMATRIX_PYTHONS", f"{tmp_path / 'b'}{os.pathsep}{tmp_path / 'gone'}")
    assert find().interpreters[0].path == paths[1]
    assert {each.path for each in find([paths[0]]).interpreters} == set(paths)
    assert str(tmp_path / "gone") in reasons(find())


def one(identity: str) -> Interpreter:
    implementation, version = identity.split("-")[:2]
    return Interpreter(
        id=identity,
        implementation="pypy" if implementation == "pypy" else "cpython",
        version=version.rstrip("td"),
        free_threaded="t" in version,
        debug="d" in version,
        path="/x",
    )


THREE = Found(interpreters=tuple(map(one, ("cpython-3.9.1", "cpython-3.13.0", "pypy-3.9.16-7.3"))))
MANY = Found(
    interpreters=tuple(
        map(
            one,
            (
                "cpython-2.7.18",
                "cpython-3.1.0",
                "cpython-3.13.0",
                "cpython-3.13.5",
                "cpython-3.13.5d",
                "cpython-3.13.5t",
                "cpython-3.14.0rc1",
                "pypy-3.11.17-8.0.1",
            ),
        )
    )
)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("3.13", "cpython-3.13.0 cpython-3.13.5"),
        ("python3.13", "cpython-3.13.0 cpython-3.13.5"),
        ("cpython3.13", "cpython-3.13.0 cpython-3.13.5"),
        ("cpython-3.13", "cpython-3.13.0 cpython-3.13.5"),
        ("3.13.5", "cpython-3.13.5"),
        ("3.13t", "cpython-3.13.5t"),
        ("3.13d", "cpython-3.13.5d"),
        ("python3.13.5t", "cpython-3.13.5t"),
        ("3.1", "cpython-3.1.0"),
        ("2", "cpython-2.7.18"),
        ("3.14", "cpython-3.14.0rc1"),
        ("3.14.0rc1", "cpython-3.14.0rc1"),
        ("3.13*", "cpython-3.13.0 cpython-3.13.5 cpython-3.13.5d cpython-3.13.5t"),
        ("pypy3.11", "pypy-3.11.17-8.0.1"),
        ("pypy-3.11", "pypy-3.11.17-8.0.1"),
        ("pypy3", "pypy-3.11.17-8.0.1"),
        ("py*", "pypy-3.11.17-8.0.1"),
        ("*t", "cpython-3.13.5t"),
    ],
)
def test_a_version_is_a_request_as_for_uv_and_tox(word: str, meant: str) -> None:
    """A bare number is CPython's, a letter asks for a build, and a part of a number is none."""
    assert " ".join(each.id for each in select(MANY, [word])) == meant


@pytest.mark.parametrize("word", ["3.14.0", "3.12", "3.13.", "13", "3.13td", "pypy3.1", "3.11"])
def test_a_version_that_is_not_here_is_named_with_what_is_near(word: str) -> None:
    """Neither another patch release nor another implementation is taken in its place."""
    with pytest.raises(NoSuchInterpreterError, match="nearest: "):
        select(MANY, [word])


def test_a_selection_keeps_the_order_of_the_machine() -> None:
    """Patterns narrow and never reorder or repeat; no pattern means all."""
    chosen = select(THREE, ["pypy-*", "cpython-3.9.1", "*3.9*"])
    assert [each.id for each in chosen] == ["cpython-3.9.1", "pypy-3.9.16-7.3"]
    assert select(THREE, []) == THREE.interpreters


def test_a_pattern_that_matches_nothing_names_the_nearest() -> None:
    """The error lists the most similar ids."""
    with pytest.raises(NoSuchInterpreterError, match=r"nearest: .*cpython-3\.13\.0") as caught:
        select(THREE, ["cpython-3.1*", "cpython-3.13.1"])
    assert caught.value.wanted == "cpython-3.13.1"
    assert caught.value.nearest[0] == "cpython-3.13.0"


def test_a_path_that_was_not_looked_at_selects_nothing() -> None:
    """A path counts only if `find` was given it."""
    with pytest.raises(NoSuchInterpreterError, match="was not looked at"):
        select(THREE, [BASE])


def test_the_search_of_a_real_machine_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """All Pythons of this machine are found within the time that one may take to answer."""
    monkeypatch.undo()
    started = time.monotonic()
    found = find([BASE])
    assert time.monotonic() - started < ask.SECONDS_TO_ANSWER
    assert len({each.id for each in found.interpreters}) == len(found.interpreters)
    assert all(os.access(each.path, os.X_OK) for each in found.interpreters)
