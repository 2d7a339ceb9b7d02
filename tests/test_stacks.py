"""Laws of environments: what they hold, and that a broken one is never used."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from exitmatrix.declare.stacks import PINS, STACKS, InvalidStack, applies, load_stacks, pins_of
from exitmatrix.machine.environments.cache import UnusableCacheError, check_cache, default_cache
from exitmatrix.machine.environments.installer import installer_environment, reason_in
from exitmatrix.machine.environments.prepare import (
    Environment,
    Progress,
    Unavailable,
    prepare,
)
from exitmatrix.machine.interpreters import find
from exitmatrix.model import Interpreter, Stack

from tests.support.values import interpreter

STACK = {stack.name: stack for stack in STACKS}
NONE = STACK["none"]

# Serves one page over HTTP from inside, and tells what the process had to do with.
PROGRAM = """
import sys, threading
before = [name for name in ('pip', 'setuptools', '_virtualenv') if name in sys.modules]
import flask
from werkzeug.serving import make_server
try:
    from urllib.request import urlopen
except ImportError:
    from urllib2 import urlopen
app = flask.Flask('program')
@app.route('/<int:number>')
def page(number):
    return flask.render_template_string("{{ n }} {{ url_for('page', number=2) }}", n=number)
server = make_server('127.0.0.1', 0, app)
thread = threading.Thread(target=server.serve_forever)
thread.daemon = True
thread.start()
print(urlopen('http://127.0.0.1:%d/1' % server.server_port).read().decode())
print(before)
print(flask.Flask.run.__code__.co_filename)
server.shutdown()
"""


@pytest.fixture(scope="session")
def machine() -> tuple[Interpreter, ...]:
    return find([os.path.realpath(sys.executable)]).interpreters


@pytest.fixture(scope="session")
def running(machine: tuple[Interpreter, ...]) -> Interpreter:
    """The Python that runs the tests, or rather its base."""
    (found,) = find([os.path.realpath(sys.executable)]).named
    return next(each for each in machine if each.id == found.id)


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache for tests that install packages and leave them as they are."""
    return tmp_path_factory.mktemp("cache")


class Builder:
    """Prepares environments with injected folders of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = folder / "cache"
        self.pins = PINS
        self.events: list[Progress] = []
        for name in ("probe", "endings"):
            (folder / name).mkdir()
            (folder / name / f"own_{name}.py").write_text("VALUE = 1\n")

    def __call__(self, interpreter: Interpreter, stack: Stack = NONE) -> Environment | Unavailable:
        self.events.clear()
        prepared = prepare(
            [(interpreter, stack)],
            self.cache,
            self.events.append,
            pins=self.pins,
            probe=self.folder / "probe",
            endings=self.folder / "endings",
        )
        assert list(prepared) == [(interpreter.id, stack.name)]
        return prepared[interpreter.id, stack.name]

    def environment(self, interpreter: Interpreter, stack: Stack = NONE) -> Environment:
        """Prepare what needs no network, or skip where there is none."""
        given = self(interpreter, stack)
        if isinstance(given, Unavailable) and "cannot be reached" in given.reason:
            pytest.skip(given.reason)
        assert isinstance(given, Environment), given
        return given

    @property
    def states(self) -> list[str]:
        return [event.state for event in self.events]


@pytest.fixture
def build(tmp_path: Path) -> Builder:
    return Builder(tmp_path)


def run(environment: Environment, *arguments: str) -> str:
    """Start an environment's Python with nothing of the caller's environment."""
    ended = subprocess.run(
        [environment.python, *arguments],
        env={},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


# ---------------------------------------------------------------- which stack where


@pytest.mark.parametrize(
    ("interpreter", "names"),
    [
        (interpreter("2.7.18"), ["none", "flask-1.1"]),
        (interpreter("3.6.15"), ["none", "flask-1.1", "flask-2.0"]),
        (interpreter("3.7.16"), ["none", "flask-1.1", "flask-2.2"]),
        (interpreter("3.8.18"), ["none", "flask-1.1", "flask-3.0"]),
        (interpreter("3.9.18"), ["none", "flask-1.1", "flask-3.1"]),
        (interpreter("3.13.0"), ["none", "flask-1.1", "flask-3.1"]),
        (interpreter("3.14.0rc1"), ["none", "flask-3.1"]),
        (interpreter("3.15.2"), ["none", "flask-3.1"]),
        (interpreter("3.11.17", "pypy"), ["none", "flask-1.1", "flask-3.1"]),
        (interpreter("2.7.18", "pypy"), []),
    ],
    ids=lambda value: value.id if isinstance(value, Interpreter) else "",
)
def test_each_python_gets_the_old_stack_and_the_newest(
    interpreter: Interpreter, names: list[str]
) -> None:
    """A Python has flask-1.1 as long as that works, and the newest Flask there is for it."""
    flask = [stack for stack in STACKS if stack.family in ("none", "flask")]
    assert [stack.name for stack in flask if applies(stack, interpreter) is None] == names


@pytest.mark.parametrize(
    ("version", "names"),
    [
        ("2.7.18", ["3.6"]),
        ("3.6.15", ["3.6", "3.10"]),
        ("3.7.16", ["3.6", "3.10"]),
        ("3.8.18", ["3.6", "3.11"]),
        ("3.13.0", ["3.6", "3.11"]),
        ("3.15.2", ["3.11"]),
    ],
)
def test_the_scheduler_comes_with_the_flask_of_its_time(version: str, names: list[str]) -> None:
    """APScheduler of 2020 is there where flask-1.1 is, and the newest one everywhere."""
    have = [one.name for one in STACKS if one.family == "apscheduler"]
    assert [one for one in have if applies(STACK[one], interpreter(version)) is None] == [
        f"apscheduler-{name}" for name in names
    ]


def test_a_stack_that_is_kept_from_a_python_has_a_reason() -> None:
    """Every refusal says why, and says the true side: too old, or too new."""
    for version in ("2.7.18", "3.6.0", "3.7.0", "3.8.0", "3.9.0", "3.13.0", "3.14.0", "3.15.0"):
        for stack in STACKS:
            assert applies(stack, interpreter(version)) != ""
    assert (
        applies(STACK["flask-3.1"], interpreter("3.8.18")) == "Flask 3.1 needs Python 3.9 or newer"
    )
    assert "newer Flask exists" in (applies(STACK["flask-2.0"], interpreter("3.7.16")) or "")
    assert "Python 3.14 removed" in (applies(STACK["flask-1.1"], interpreter("3.14.0")) or "")


# ---------------------------------------------------------------- declared where they are pinned

DECLARED = """\
# uv pip compile ... bottle-0.13.in -o bottle-0.13.txt
# /// stack
# family = "bottle"
# requires-python = ">=3.8,<3.13"
# too-old = "Bottle 0.13 needs Python 3.8 or newer"
# ///
bottle==0.13.*
"""


def test_a_stack_is_added_by_one_file(tmp_path: Path) -> None:
    """Nothing in the package names it; what only completes another stack declares none."""
    shutil.copytree(PINS, tmp_path / "pins")
    (tmp_path / "pins" / "bottle-0.13.in").write_text(DECLARED)
    (tmp_path / "pins" / "bottle-0.13-py2.7.in").write_text("bottle==0.12.*\n")
    (added,) = set(load_stacks(tmp_path / "pins")) - set(STACKS)
    assert (added.name, added.family, added.imports) == ("bottle-0.13", "bottle", "")
    assert applies(added, interpreter("3.8.1")) is None
    assert applies(added, interpreter("3.7.1")) == "Bottle 0.13 needs Python 3.8 or newer"
    assert applies(added, interpreter("3.13.0")) == "bottle-0.13 needs Python >=3.8,<3.13"
    assert pins_of(added, interpreter("3.8.1")) == "bottle-0.13.txt"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("family", "famly", "famly: unknown key, nearest: family"),
        ("too-old", "to-old", "to-old: unknown key, nearest: too-old"),
        ('# family = "bottle"\n', "", "family: missing"),
        ('"bottle"', "7", "family: a text is valid, not 7"),
        (">=3.8,<3.13", "3.8 or later", "Invalid specifier"),
        ('"bottle"', '"bottle', "is no TOML"),
        ("bottle==0.13.*\n", DECLARED.replace("# uv", "x\n# uv"), "two headers"),
    ],
)
def test_a_wrong_declaration_names_the_file_and_the_key(
    old: str, new: str, says: str, tmp_path: Path
) -> None:
    """In one line, with what is near."""
    assert old in DECLARED
    (tmp_path / "bottle-0.13.in").write_text(DECLARED.replace(old, new, 1))
    with pytest.raises(InvalidStack, match=re.escape(says)) as refused:
        load_stacks(tmp_path)
    assert str(refused.value).startswith("bottle-0.13.in: ")
    assert "\n" not in str(refused.value)


def test_stacks_of_a_family_stand_from_old_to_new() -> None:
    """By their releases, not by letters; the bare interpreter comes first."""
    names = [stack.name for stack in STACKS]
    assert names[0] == "none"
    assert names.index("apscheduler-3.6") < names.index("apscheduler-3.10")
    assert names.index("flask-2.2") < names.index("flask-3.0")


# ---------------------------------------------------------------- pins


@pytest.mark.parametrize("file", sorted(PINS.glob("*.txt")), ids=lambda file: file.name)
def test_pins_are_exact_and_hashed(file: Path) -> None:
    """Every requirement is one version with hashes; no file tells an address or a machine."""
    text = file.read_text().replace("\\\n", " ")
    for line in filter(None, text.splitlines()):
        assert re.match(r"[a-z0-9-]+==[\w.]+( ; [^#]*?)?( +--hash=sha256:[0-9a-f]{64})+$", line)
    assert not re.search(r"://|/home|/tmp|@", text + file.with_suffix(".in").read_text())


def test_pins_say_how_they_are_made() -> None:
    """The first line of each .in file is the command that writes the .txt file."""
    for file in PINS.glob("*.in"):
        command = file.read_text().splitlines()[0]
        assert command.startswith("# uv pip compile ")
        assert command.endswith(f" {file.name} -o {file.stem}.txt")


def test_every_stack_has_pins_wherever_it_applies() -> None:
    """No Python is promised a stack whose pins are missing; an empty stack has none."""
    for stack in STACKS:
        for version in ("2.7.18", "3.6.15", "3.7.1", "3.8.1", "3.9.1", "3.13.0", "3.15.0"):
            pins = pins_of(stack, interpreter(version))
            if applies(stack, interpreter(version)) is None:
                assert (pins is None) == (stack.family == "none")
                assert pins is None or (PINS / pins).is_file()


# ---------------------------------------------------------------- the installer


NO_LIBRARY = """\
error: Failed to inspect Python interpreter from provided path
  cause: Querying Python at `/x` failed with exit status exit status: 1

         [stderr]
         Could not find platform independent libraries <prefix>
         Fatal Python error: Failed to import
         Python runtime state: core initialized
         ModuleNotFoundError: No module named 'x'

         Current thread 0x00007fdcc29db740 (most recent call first):
           <no Python frame>
"""
NO_COMPILER = """\
error: Failed to build `x`
  cause: Call to `build_wheel` failed (exit status: 1)

         [stderr]
         Traceback (most recent call last):
           File "setup.py", line 1
         setuptools.errors.PlatformError: no compiler
"""


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("", "it said nothing"),
        ("warning: old\nerror: No space left\n\nhint: buy a disk\n", "No space left"),
        (
            "error: Request failed\n  cause: at url (https://h.example/x/)\n  cause: dns error",
            "dns error",
        ),
        (
            "  \N{MULTIPLICATION SIGN} Failed to fetch\n  ╰─▶ gone: `https://h.example/a`",
            "gone: `(address)`",
        ),
        (
            'Traceback (most recent call last):\n  File "x"\nImportError: no Str',
            "ImportError: no Str",
        ),
        (
            NO_LIBRARY,
            "Fatal Python error: Failed to import: ModuleNotFoundError: No module named 'x'",
        ),
        (NO_COMPILER, "setuptools.errors.PlatformError: no compiler"),
        ("error: " + "a long story " * 30, ("a long story " * 30)[:194].rstrip() + " [...]"),
    ],
)
def test_a_reason_is_the_one_line_that_matters(output: str, reason: str) -> None:
    """What a Python complained of, else the last cause; without addresses, cut at a word."""
    assert reason_in(output) == reason


def test_the_installer_gets_what_it_takes_to_reach_an_index_and_no_more() -> None:
    """Proxies, certificates and the index stay; secrets and what changes the result go."""
    kept = installer_environment(
        {
            "HTTPS_PROXY": "p",
            "SSL_CERT_FILE": "c",
            "UV_DEFAULT_INDEX": "i",
            "UV_INDEX_OURS_PASSWORD": "p",
            "https_proxy": "p",
            "PATH": "/bin",
            "HOME": "/home/someone",
            "LC_ALL": "C",
            "AWS_SECRET_ACCESS_KEY": "s",
            "GITHUB_TOKEN": "s",
            "DATABASE_URL": "s",
            "LD_PRELOAD": "/x.so",
            "UV_PUBLISH_TOKEN": "s",
            "UV_LINK_MODE": "symlink",
            "UV_PYTHON": "3.8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": "/x",
            "VIRTUAL_ENV": "/v",
            "SOURCE_DATE_EPOCH": "0",
            "CC": "gcc",
        }
    )
    assert kept == {
        "HTTPS_PROXY": "p",
        "SSL_CERT_FILE": "c",
        "UV_DEFAULT_INDEX": "i",
        "UV_INDEX_OURS_PASSWORD": "p",
        "https_proxy": "p",
        "PATH": "/bin",
        "HOME": "/home/someone",
        "LC_ALL": "C",
        "CC": "false",
    }


def test_the_cache_is_the_users_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """$EXITMATRIX_CACHE wins over $XDG_CACHE_HOME, which wins over ~/.cache."""
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.delenv("EXITMATRIX_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert default_cache() == Path("/home/someone/.cache/exitmatrix")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert default_cache() == Path("/caches/exitmatrix")
    monkeypatch.setenv("EXITMATRIX_CACHE", "/own")
    assert default_cache() == Path("/own")


def test_the_installers_programs_see_no_secret(
    build: Builder, running: Interpreter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What the builds of packages, and any program of this user, could read of them."""
    monkeypatch.setenv("MY_TOKEN", "secret")
    seen = tmp_path / "seen"
    wrapper = tmp_path / "python"
    wrapper.write_text(f'#!/bin/sh\nenv >> "{seen}"\nexec "{running.path}" "$@"\n')
    wrapper.chmod(0o755)
    build.environment(msgspec.structs.replace(running, path=str(wrapper)))
    assert "PATH=" in seen.read_text()
    assert "MY_TOKEN" not in seen.read_text()


def test_a_cache_that_everybody_may_write_to_is_refused(tmp_path: Path) -> None:
    """What lies in a cache is run; the line says what to do. In a closed folder it is no matter."""
    cache = tmp_path / "cache"
    check_cache(cache)  # it will be made
    (cache / "environments").mkdir(parents=True)
    cache.chmod(0o775)
    check_cache(cache)
    for folder in (cache, cache / "environments"):
        mode = folder.stat().st_mode
        folder.chmod(0o777)
        with pytest.raises(UnusableCacheError, match=f"`chmod o-w {folder}`"):
            check_cache(cache)
        with pytest.raises(UnusableCacheError):
            prepare([], cache)
        folder.chmod(mode)
    (cache / "environments").chmod(0o777)
    cache.chmod(0o700)
    check_cache(cache)


def test_a_new_cache_is_its_owners(tmp_path: Path) -> None:
    """Whatever the umask says."""
    before = os.umask(0)
    try:
        prepare([], tmp_path / "cache")
    finally:
        os.umask(before)
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700


def test_a_cache_of_another_user_is_refused(tmp_path: Path) -> None:
    """Also where this user could write there, as root can."""
    cache = tmp_path / "cache"
    cache.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(cache, 65534, -1)
    with pytest.raises(UnusableCacheError, match="belongs to another user"):
        check_cache(cache)


def test_a_cache_that_pythonpath_cannot_hold_is_refused(tmp_path: Path) -> None:
    """The colon would cut the path in two, and nothing would be observed."""
    with pytest.raises(UnusableCacheError, match="':' in its path"):
        prepare([], tmp_path / "a:b")
    assert not (tmp_path / "a:b").exists()
    (tmp_path / "file").touch()
    with pytest.raises(UnusableCacheError, match="is no folder"):
        check_cache(tmp_path / "file")


# ---------------------------------------------------------------- what is built


def test_an_empty_stack_is_the_bare_interpreter(build: Builder, running: Interpreter) -> None:
    """Without packages there is Python, its library, and no more modules than it needs itself."""
    environment = build.environment(running)
    assert build.states == ["building", "built"]
    assert environment.packages == {}
    root = environment.python.parent.parent
    assert run(environment, "-c", "import sys; print(sys.prefix)").strip() == str(root)
    assert not [name for name in tree(root) if name.endswith((".pth", ".py"))]
    show = "import sys; print(*sorted(sys.modules))"
    bare = subprocess.run(
        [running.path, "-I", "-c", show], env={}, capture_output=True, text=True, check=True
    )
    assert set(run(environment, "-c", show).split()) <= set(bare.stdout.split())


def test_what_is_injected_is_compiled_beforehand(build: Builder, running: Interpreter) -> None:
    """The injected folders hold copies with bytecode: a start compiles and writes nothing."""
    environment = build.environment(running)
    assert environment.inside == (environment.probe, environment.endings)
    before = tree(environment.probe)
    assert [name for name in before if name.endswith(".pyc")]
    program = f"import sys; sys.path.insert(0, {str(environment.probe)!r}); import own_probe"
    shown = run(environment, "-v", "-c", program + "; print(own_probe.__cached__)")
    assert shown.strip().endswith(".pyc")
    assert tree(environment.probe) == before
    build.environment(running)
    assert build.states == ["reused"]


@pytest.fixture(params=["cpython-2.7", "cpython-3.6", "cpython", "newest", "pypy"])
def various(
    request: pytest.FixtureRequest, machine: tuple[Interpreter, ...], running: Interpreter
) -> Interpreter:
    """Pythons that are made and installed for in different ways, as far as they are here."""
    if request.param == "cpython":
        return running
    kind = "cpython-" if request.param == "newest" else request.param
    those = [each for each in machine if each.id.startswith(kind)]
    if not those:
        pytest.skip(f"no {request.param} on this machine")
    return those[-1]


def test_an_environment_serves_and_holds_the_stack_only(
    various: Interpreter, build: Builder, shared_cache: Path
) -> None:
    """Flask answers over HTTP; there are no start-up hooks, no installers, no uncompiled files."""
    build.cache = shared_cache
    oldest = next(s for s in STACKS if s.family == "flask" and applies(s, various) is None)
    environment = build.environment(various, oldest)
    root = environment.python.parent.parent
    answer, before, place = run(environment, "-c", PROGRAM).splitlines()
    assert answer == "1 /2"
    assert before == "[]"
    assert place.startswith(str(root))
    flask = run(environment, "-c", "import flask; print(flask.__file__)").strip()
    packages = Path(flask).parent.parent
    assert packages.is_relative_to(root)
    assert not list(packages.glob("*.pth"))
    assert not list(packages.glob("_virtualenv*"))
    assert {"pip", "setuptools", "wheel"}.isdisjoint(path.name for path in packages.iterdir())
    assert list(packages.glob("flask/**/app*.pyc"))
    assert all(path.name.startswith(("python", "pypy")) for path in (root / "bin").iterdir())
    assert list(environment.packages) == sorted(environment.packages)
    pins = (PINS / (pins_of(oldest, various) or "")).read_text()
    assert all(f"{name}=={version} " in pins for name, version in environment.packages.items())
    build.environment(various, oldest)
    assert build.states == ["reused"], "to run programs must not look like damage"


def test_other_peoples_packages_are_not_seen(
    various: Interpreter, build: Builder, tmp_path: Path
) -> None:
    """Neither the interpreter's own site-packages nor the user's are on the path."""
    environment = build.environment(various)
    code = "import sys, site; print(site.ENABLE_USER_SITE); print('\\n'.join(sys.path))"
    first, *path = run(environment, "-c", code).splitlines()
    assert first == "False"
    root = str(environment.python.parent.parent)
    foreign = [each for each in path if each.endswith("-packages") and not each.startswith(root)]
    assert foreign == []


# ---------------------------------------------------------------- what breaks


def half_built(root: Path) -> None:
    (root / "exitmatrix.json").unlink()


def stamp_cut(root: Path) -> None:
    (root / "exitmatrix.json").write_bytes((root / "exitmatrix.json").read_bytes()[:-10])


def file_cut(root: Path) -> None:
    os.truncate(root / "pyvenv.cfg", 3)


def file_rewritten(root: Path) -> None:
    file = root / "pyvenv.cfg"
    file.write_bytes(b"#" + file.read_bytes()[1:])


def file_edited_in_secret(root: Path) -> None:
    """Another content of the same size, with the time set back."""
    file = root / "pyvenv.cfg"
    status = file.stat()
    file.write_bytes(file.read_bytes().replace(b"false", b"true "))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert file.stat().st_size == status.st_size


def bytecode_planted(root: Path) -> None:
    """A module without a source is imported all the same."""
    packages = next(root.glob("lib/*/site-packages"))
    (packages / "antigravity2.pyc").write_bytes(b"")


def bytecode_planted_for_o(root: Path) -> None:
    folder = next(root.glob("lib/*/site-packages")) / "__pycache__"
    folder.mkdir(exist_ok=True)
    (folder / "antigravity2.cpython-313.opt-1.pyc").write_bytes(b"")


def file_removed(root: Path) -> None:
    (root / "bin" / "python").unlink()


def hook_added(root: Path) -> None:
    (next(root.glob("lib/*/site-packages")) / "hook.pth").write_text("import antigravity\n")


def file_for_folder(root: Path) -> None:
    shutil.rmtree(root)
    root.write_text("no folder")


@pytest.mark.parametrize(
    "damage",
    [
        half_built,
        stamp_cut,
        file_cut,
        file_rewritten,
        file_edited_in_secret,
        bytecode_planted,
        bytecode_planted_for_o,
        file_removed,
        hook_added,
        file_for_folder,
    ],
)
def test_a_damaged_environment_is_built_again(
    damage: Callable[[Path], None], build: Builder, running: Interpreter
) -> None:
    """An environment that is not as it was published is never used, but made anew."""
    first = build.environment(running)
    root = first.python.parent.parent
    whole = tree(root)
    damage(root)
    assert build.environment(running) == first
    assert build.states == ["building", "built"]
    assert tree(root) == whole
    run(first, "-c", "")


def test_damage_to_what_is_injected_is_repaired(build: Builder, running: Interpreter) -> None:
    """A changed copy of the probe is replaced by what the harness holds."""
    first = build.environment(running)
    copy = first.probe / "own_probe.py"
    copy.write_text("VALUE = 2\n")
    assert build.environment(running) == first
    assert copy.read_text() == "VALUE = 1\n"


def test_a_changed_probe_keeps_the_packages(build: Builder, running: Interpreter) -> None:
    """New injected code is copied anew; the environment beside it is reused."""
    first = build.environment(running)
    (build.folder / "endings" / "own_endings.py").write_text("VALUE = 2\n")
    second = build.environment(running)
    assert build.states == ["reused"]
    assert second.python == first.python
    assert second.endings != first.endings
    assert (second.endings / "own_endings.py").read_text() == "VALUE = 2\n"


def test_an_injected_file_that_cannot_be_compiled_is_a_reason(
    build: Builder, running: Interpreter
) -> None:
    """A probe that a Python cannot read makes its environments unavailable, not its trials odd."""
    (build.folder / "probe" / "own_probe.py").write_text("def :\n")
    given = build(running)
    assert isinstance(given, Unavailable)
    assert "SyntaxError" in given.reason
    assert build.states[-1] == "unavailable"


def test_an_interpreter_that_is_gone_is_a_reason(build: Builder) -> None:
    """A Python that was removed after it was found is unavailable, with the path."""
    given = build(interpreter("3.13.0"))
    assert isinstance(given, Unavailable)
    assert "/nowhere/cpython3.13.0" in given.reason


def test_a_changed_pin_is_another_environment(
    build: Builder, running: Interpreter, shared_cache: Path
) -> None:
    """An environment belongs to the content of its pins."""
    build.cache = shared_cache
    stack = next(s for s in reversed(STACKS) if applies(s, running) is None)
    first = build.environment(running, stack)
    build.pins = build.folder / "pins"
    shutil.copytree(PINS, build.pins)
    assert build.environment(running, stack) == first
    pins = build.pins / f"{stack.name}.txt"
    pins.write_text(pins.read_text() + "# changed\n")
    second = build.environment(running, stack)
    assert build.states == ["building", "built"]
    assert second.python != first.python
    assert second.packages == first.packages


def test_a_package_with_another_hash_is_never_installed(
    build: Builder, running: Interpreter
) -> None:
    """What the index gives must be what was pinned, bit by bit."""
    stack = next(s for s in reversed(STACKS) if applies(s, running) is None)
    build.pins = build.folder / "pins"
    shutil.copytree(PINS, build.pins)
    pins = build.pins / f"{stack.name}.txt"
    pins.write_text(re.sub("sha256:[0-9a-f]{4}", "sha256:0000", pins.read_text()))
    given = build(running, stack)
    assert isinstance(given, Unavailable)
    assert not list(build.cache.glob(f"environments/*/{stack.name}*/"))
    if "cannot be reached" in given.reason:
        pytest.skip(given.reason)
    assert re.search("[Hh]ash", given.reason)


def test_without_the_index_what_is_there_still_works(
    build: Builder, running: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When packages cannot be fetched, only environments that need some are unavailable."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    build.environment(running)
    for stack in STACKS:
        if stack.family == "flask" and applies(stack, running) is None:
            given = build(running, stack)
            assert isinstance(given, Unavailable)
            assert given.reason.startswith("the package index cannot be reached: ")
            assert "127.0.0.1" not in given.reason


# ---------------------------------------------------------------- many at once


def test_who_waits_for_another_process_says_so(build: Builder, running: Interpreter) -> None:
    """The other one may be stopped: then somebody has to know what is waited for."""
    first = build.environment(running)
    root = first.python.parent.parent
    half_built(root)
    lock = root.with_name(f"{root.name}.lock").open("wb")
    fcntl.flock(lock, fcntl.LOCK_EX)
    progress: list[Progress] = []

    def tell(step: Progress) -> None:
        progress.append(step)
        if step.state == "waiting":
            lock.close()  # the other process is done

    inside = {"probe": build.folder / "probe", "endings": build.folder / "endings"}
    prepared = prepare([(running, NONE)], build.cache, tell, pins=build.pins, **inside)
    assert prepared[running.id, NONE.name] == first
    assert [step.state for step in progress] == ["waiting", "building", "built"]
    assert re.fullmatch(r"process \d+ is building it", progress[0].reason)
    assert [step.done for step in progress] == [0, 0, 1]


WORKER = """
import sys
from pathlib import Path
from exitmatrix.machine.interpreters import find
from exitmatrix.machine.environments.prepare import prepare
from exitmatrix.declare.stacks import STACKS
folder, path = sys.argv[1:3]
found = find([path])
one = next(each for each in found.interpreters if each.id == found.named[0].id)
print("ready", flush=True)
prepare([(one, STACKS[0])], Path(folder) / "cache",
    lambda event: print(event.state, event.reason, flush=True),
    probe=Path(folder) / "probe", endings=Path(folder) / "endings")
"""


def worker(build: Builder, interpreter: Interpreter, code: str = WORKER) -> subprocess.Popen[str]:
    """Another harness that prepares the same environment."""
    return subprocess.Popen(
        [sys.executable, "-c", code, str(build.folder), interpreter.path],
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_of_two_harnesses_one_builds(build: Builder, running: Interpreter) -> None:
    """Two processes that want one environment at once get the same one, built once."""
    root = build.environment(running).python.parent.parent
    shutil.rmtree(root)
    with root.with_name(f"{root.name}.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        workers = [worker(build, running) for _ in range(2)]
        for each in workers:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
    states = sorted(line.strip() for each in workers for line in each.communicate()[0].splitlines())
    # Whether one has to wait for the other is chance.
    states = [state for state in states if not state.startswith("waiting")]
    assert states == ["building", "built", "reused"]


def test_the_lock_of_a_dead_owner_is_free(build: Builder, running: Interpreter) -> None:
    """A harness that is killed while it builds leaves neither a lock nor a half environment."""
    root = build.environment(running).python.parent.parent
    shutil.rmtree(root)
    code = f"""
import os, signal, sys
from pathlib import Path
from exitmatrix.machine.environments.published import publish
def build(folder):
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").write_text("half")
    print("building", flush=True)
    signal.pause()
publish(Path({str(root)!r}), "x", build)
"""
    killed = worker(build, running, code)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "building\n"
    half = root.with_name(f"{root.name}.building")
    assert half.is_dir()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    run(build.environment(running), "-c", "")
    assert not half.exists()
    assert build.states == ["building", "built"]


def test_only_what_the_dead_left_is_swept(build: Builder, running: Interpreter) -> None:
    """A half environment is removed when its lock is free, and left alone when it is held."""
    folder = build.environment(running).python.parent.parent.parent
    dead, live = folder / "old-1.building", folder / "old-2.building"
    dead.mkdir()
    live.mkdir()
    with (folder / "old-2.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        build.environment(running)
        assert not dead.exists()
        assert live.is_dir()
    build.environment(running)
    assert not live.exists()
