"""`check --with`: a stack with other packages, compared with the record of the stack itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from exitmatrix.cli.replacing import (
    Replacements,
    by_stack,
    newest_stacks,
    other_releases,
    tell_how_to_find_out,
    with_replacements,
)
from exitmatrix.declare.requirements import BadRequirement, is_place, replacement
from exitmatrix.declare.stacks import STACKS, packages_of
from exitmatrix.machine.environments.replacements import marks, newest_releases, tools_at
from exitmatrix.model.change import Change
from exitmatrix.model.versions import stack_age
from exitmatrix.plan.cells import Selection
from msgspec.structs import replace
from packaging.requirements import Requirement

from tests.conftest import FOUND, NEWEST
from tests.support.command import run, tree
from tests.support.part import every
from tests.support.recorded import CELL, bent, measured, output, records
from tests.support.values import LINUX, ended, record
from tests.support.wheels import index, on_sigterm, wheel

__all__ = ["measured", "output"]  # fixtures

ONLY = ["--python", NEWEST, "--scenario", "plain", "--termination", "SIGTERM"]


def check(output: Path, wheels: Path, *words: str) -> tuple[int, str, str]:
    given = ("--stack", "none", *ONLY, "--progress", "none", *words)
    done = run("check", "--records", str(output), *given, env=index(wheels))
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """An index with three releases of one package, of which the second changed its mind."""
    folder = tmp_path / "wheels"
    wheel(folder, "bent", "1.0", {"bent.py": ""})
    wheel(folder, "bent", "2.0", on_sigterm(5))
    return folder


# ------------------------------------------------------------------------ real


@pytest.mark.real
def test_another_release_is_compared_with_the_record_and_nothing_is_written(
    output: Path, wheels: Path
) -> None:
    """The record is what is expected, the new release what is seen; the command repeats it."""
    before = tree(output)
    status, out, err = check(output, wheels, "--with", "bent==2.0")
    assert status == 1, err
    assert "none with bent==2.0: bent 2.0 instead of none" in err
    rows = dict(line.split(maxsplit=1) for line in out.splitlines()[2:] if line[2:3].strip())
    assert (rows["expected"], rows["seen"]) == ("SIGTERM", "exit 5")
    assert rows["again"].endswith("--with bent==2.0")
    assert tree(output) == before
    status, out, err = check(output, wheels, "--with", "bent==1.0")
    assert (status, out) == (0, "1 cell checked: all behave as on record.\n"), err
    assert tree(output) == before


@pytest.mark.real
def test_a_wheel_and_its_place_are_kept_in_what_is_suggested(output: Path, wheels: Path) -> None:
    """A path is as good as a release; a file that changed under its name is installed anew."""
    path = wheel(wheels.with_name("a place"), "bent", "3.0", on_sigterm(6))
    status, out, err = check(output, wheels, "--with", str(path))
    assert status == 1, err
    assert "exit 6" in out
    assert f"--with '{path}'" in out
    wheel(wheels.with_name("a place"), "bent", "3.0", on_sigterm(7))
    assert "exit 7" in check(output, wheels, "--with", str(path))[1]


@pytest.mark.real
def test_what_a_name_is_given_to_is_written_as_a_stack_of_its_own(
    output: Path, wheels: Path
) -> None:
    """No line that is on record changes; `diff` compares the new stack with the old one."""
    before = records(output)
    status, _, err = check(output, wheels, "--with", "bent==2.0", "--as", "with-bent")
    assert status == 1, err
    after = records(output)
    new = CELL.replace("/none/", "/with-bent/")
    assert {id: one for id, one in after.items() if id != new} == before
    assert after[new].stack == "with-bent"
    assert after[new].packages == {"bent": "2.0"}
    assert after[new].outcomes[0].processes[0].exit == {"code": 5}
    sides = (f"{NEWEST}/none", f"{NEWEST}/with-bent")
    apart = run("diff", *sides, "--records", str(output))
    assert apart.returncode == 1, apart.stderr
    assert "1 of 1 cell behaves differently." in apart.stdout
    assert re.search(r"none +SIGTERM\n +\S+/with-bent +exit 5\n", apart.stdout)


@pytest.mark.real
@pytest.mark.parametrize(
    ("words", "says"),
    every(
        2,
        [
            (["--with", "bent=>1"], "'bent=>1' is no requirement"),
            (["--with", "bent==9"], "bent==9: there is no version of bent==9"),
            (["--with", "bend==1.0"], "bend==1.0: bend was not found"),
            (["--with", "./no-such-folder"], "there is no ./no-such-folder"),
            (["--with", "./tests"], "./tests is no project"),
            (["--with", "bent==2.0", "--update"], "--as NAME writes what --with shows"),
            (["--as", "mine"], "say what, as --with PACKAGE==VERSION"),
            (["--with", "bent==2.0", "--as", "flask-1.1"], "a stack with pins of its own"),
            (["--with", "bent==2.0", "--as", "a/b"], "small letters, digits"),
        ],
    ),
)
def test_what_cannot_be_had_is_one_line(
    words: list[str], says: str, output: Path, wheels: Path
) -> None:
    """It names the word and what is valid, with status 2; nothing is written."""
    before = tree(output)
    status, out, err = check(output, wheels, *words)
    assert (status, out) == (2, "")
    last = err.splitlines()[-1]
    assert last.startswith("exitmatrix: ")
    assert says in last
    assert tree(output) == before


@pytest.mark.real
def test_a_package_that_cannot_be_installed_is_one_line(output: Path, wheels: Path) -> None:
    """A file that is no wheel is the user's: status 2. An index out of reach is status 3."""
    broken = wheels / "bent-4.0-py3-none-any.whl"
    broken.write_bytes(b"no archive")
    status, out, err = check(output, wheels, "--with", str(broken))
    assert (status, out) == (2, "")
    assert "bent-4.0-py3-none-any.whl" in err.splitlines()[-1]
    given = ("--stack", "none", *ONLY, "--progress", "none", "--with", "bent==1.0")
    closed = {
        "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
        "UV_HTTP_RETRIES": "0",
        "NO_PROXY": "127.0.0.1",
    }
    done = run("check", "--records", str(output), *given, env=closed)
    assert done.returncode == 3
    assert "the package index cannot be reached" in done.stderr.splitlines()[-1]


@pytest.mark.real
def test_a_change_under_other_packages_is_told_to_programs(output: Path, wheels: Path) -> None:
    """`--json` holds both sides with their packages."""
    status, out, err = check(output, wheels, "--with", "bent==2.0", "--json")
    assert status == 1, err
    (change,) = json.loads(out)["changes"]
    assert (change["old"]["packages"], change["new"]["packages"]) == ({}, {"bent": "2.0"})


# ------------------------------------------------------------------------ pure


@pytest.mark.parametrize(
    ("word", "place"),
    [
        ("werkzeug==2.3.7", False),
        ("werkzeug<3", False),
        ("werkzeug @ git+https://host.example/werkzeug", False),
        ("./checkout", True),
        (".", True),
        ("dist/x.whl", True),
        ("x-1.0-py3-none-any.whl", True),
        ("x-1.0.tar.gz", True),
    ],
)
def test_a_place_is_told_from_a_requirement(word: str, place: bool) -> None:
    """By its slash, its dot or its ending; an address belongs to a requirement."""
    assert is_place(word) is place


def test_a_requirement_names_its_package_as_indexes_do() -> None:
    """PEP 503: case, dots and underscores do not matter."""
    assert replacement("Flask_SQLAlchemy==3.0").name == "flask-sqlalchemy"
    with pytest.raises(BadRequirement, match="'=='"):
        replacement("==")


def test_the_stacks_that_hold_the_package_are_selected() -> None:
    """All of them and no other, unless a stack is named: that one gets it."""
    chosen = with_replacements(Selection(), Replacements(names=("werkzeug",))).stack
    assert chosen
    assert set(chosen) == {one.name for one in STACKS if "werkzeug" in packages_of(one)}
    assert "none" not in chosen
    named = Selection(stack=("none",))
    assert with_replacements(named, Replacements(names=("werkzeug",))) == named


def test_a_stack_gets_what_it_holds_and_a_named_one_everything() -> None:
    """`--with werkzeug --with uvicorn` puts no uvicorn beside Flask, unless that is asked for."""
    both = Replacements(words=("werkzeug==3", "uvicorn<1"), names=("werkzeug", "uvicorn"))
    given = by_stack(both, Selection())
    assert given["flask-3.1"] == ("werkzeug==3",)
    assert given["uvicorn-0.54"] == ("uvicorn<1",)
    assert given["none"] == ()
    assert by_stack(both, Selection(stack=("none",)))["none"] == both.words


def test_the_newest_stack_of_each_family_is_held_against_the_newest_releases() -> None:
    """Older stacks are older on purpose. What a Python has no use for, its word leaves out."""
    families = {one.family for one in STACKS} - {"none"}
    chosen = newest_stacks()
    of = {one.name: one for one in STACKS}
    assert {of[name].family for name in chosen} == families
    assert len(chosen) == len(families)
    for name in chosen:
        own = [one for one in STACKS if one.family == of[name].family]
        assert max(own, key=lambda one: stack_age(one.name)).name == name
        words = Replacements(newest=True).of(of[name], named=False)
        assert {replacement(word).name for word in words} == packages_of(of[name])
        assert not any("==" in Requirement(word).name for word in words)
        assert not any(Requirement(word).specifier for word in words)


def test_a_change_with_newer_releases_is_told_with_what_repeats_it() -> None:
    """Only packages of another release than on record; `bisect` goes from the one to the other."""
    old = record("flask/return@main", ended(), stack="flask-3.1")
    old = replace(old, packages={"flask": "3.1.2", "werkzeug": "3.1.3"})
    new = replace(old, packages={"flask": "3.1.2", "werkzeug": "3.2.0", "zipp": "3.0"})
    change = Change(platform=LINUX, old=old, new=new)
    assert other_releases(change) == ("werkzeug==3.2.0", "zipp==3.0")


def test_since_which_release_is_asked_from_the_older_to_the_newer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whichever of the two is on record."""
    newer = record("flask/return@main", ended(), stack="flask-3.1")
    newer = replace(newer, packages={"werkzeug": "3.10.0", "click": "8.1"})
    older = replace(newer, packages={"werkzeug": "3.9.1", "zipp": "3.0", "click": "8.1"})
    tell_how_to_find_out([Change(platform=LINUX, old=newer, new=older)])
    assert capsys.readouterr().err.splitlines() == [
        f"since which release: exitmatrix bisect werkzeug 3.9.1 3.10.0 {newer.cell}"
    ]


@pytest.mark.real
def test_the_newest_releases_are_compared_and_no_record_is_written(
    output: Path, wheels: Path
) -> None:
    """Also where something differs; without packages the newest are what is there."""
    bent(output, exit={"code": 5})
    before = tree(output)
    status, out, err = check(output, wheels, "--newest")
    assert status == 1, err
    assert "none with the newest releases: the same versions as on record" in err
    rows = dict(line.split(maxsplit=1) for line in out.splitlines()[2:] if line[2:3].strip())
    assert (rows["expected"], rows["seen"]) == ("exit 5", "SIGTERM")
    assert tree(output) == before


@pytest.mark.real
def test_newest_stands_for_itself(output: Path, wheels: Path) -> None:
    """`--newest` itself says which packages are installed, and it writes no record."""
    for words in (["--with", "bent==1.0"], ["--update"]):
        status, _, err = check(output, wheels, "--newest", *words)
        assert (status, "--newest" in err.splitlines()[-1]) == (2, True)


@pytest.mark.real
def test_the_newest_releases_are_those_that_go_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package may need an older release of another; a pre-release counts if it is asked for."""
    folder = tmp_path / "wheels"
    for version in ("1.0", "1.1", "2.0"):
        wheel(folder, "other", version, {"other.py": ""})
    wheel(folder, "bent", "1.0", {"bent.py": ""}, needs="other<2")
    wheel(folder, "bent", "2.0rc1", {"bent.py": ""}, needs="other<1.1")
    for name, value in index(folder).items():
        monkeypatch.setenv(name, value)
    tools = tools_at(tmp_path / "cache")
    assert newest_releases(tools, ("bent", "other"), FOUND[NEWEST]) == ("bent==1.0", "other==1.1")
    early = newest_releases(tools, ("bent", "other"), FOUND[NEWEST], pre=True)
    assert early == ("bent==2.0rc1", "other==1.0")


def test_an_edited_checkout_is_another_environment(tmp_path: Path) -> None:
    """Whatever file is edited, also one below; what builds leave there is none of it."""
    (tmp_path / "src").mkdir()
    module = tmp_path / "src" / "module.py"
    module.write_text("1")
    first = marks(str(tmp_path))
    for left in ("build", ".git", "x.egg-info", "src/__pycache__"):
        (tmp_path / left).mkdir()
        (tmp_path / left / "file").write_text("")
    assert marks(str(tmp_path)) == first
    module.write_text("10")
    assert marks(str(tmp_path)) != first
    assert marks("werkzeug==2.3.7") == b""
    assert marks(f"x @ {module.as_uri()}") == marks(str(module)) != b""
