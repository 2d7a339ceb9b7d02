"""An isolated environment for an interpreter and a stack.

`prepare` builds what is missing and gives back what can be started. An environment holds the
interpreter, the packages of one stack with their bytecode, and nothing else: no pip, no import
hooks. The folders that are injected into observed programs are copied and compiled once for
each interpreter, beside its environments, so that a changed probe rebuilds no environment.

    CACHE/environments/INTERPRETER/STACK-DIGEST/     bin/python, the packages, the stamp
    CACHE/environments/INTERPRETER/inside-DIGEST/    probe/, endings/, the stamp
    CACHE/uv/                                        what was downloaded and built

Each is built under another name and published by one rename, under a lock whose owner's death
frees it; the stamp lists every file, so what is damaged or half there is built again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Literal

import msgspec
from packaging.specifiers import SpecifierSet
from uv import find_uv_bin

from harness.model import Frozen, Interpreter, Stack

BUILDER = 1
"""Part of every digest: raise it when the same pins are to give another environment."""

PINS = Path(__file__).parent / "pins"
PROBE = Path(__file__).parent / "probe"
ENDINGS = Path(__file__).parent / "endings"

STACKS: tuple[Stack, ...] = (
    Stack(name="none", family="none", requires=">=2.7"),
    Stack(name="flask-1.1", family="flask", requires=">=2.7,<3.14"),
    Stack(name="flask-2.0", family="flask", requires="==3.6.*"),
    Stack(name="flask-2.2", family="flask", requires="==3.7.*"),
    Stack(name="flask-3.0", family="flask", requires="==3.8.*"),
    Stack(name="flask-3.1", family="flask", requires=">=3.9"),
    Stack(name="apscheduler-3.6", family="apscheduler", requires=">=2.7,<3.14"),
    Stack(name="apscheduler-3.10", family="apscheduler", requires=">=3.6,<3.8"),
    Stack(name="apscheduler-3.11", family="apscheduler", requires=">=3.8"),
)

# What keeps a Python out that is older than `requires` allows, and one that is newer. Flask 1.1
# was tried on 3.14: `flask/helpers.py` fails at the first request, and `werkzeug/routing.py`
# builds its URL functions from `ast.Str`; "What's New In Python 3.14" lists both as removed.
_NEWER_EXISTS = "a newer Flask exists for this Python, and only the newest is measured"
_TOO_OLD_OR_NEW: dict[str, tuple[str, str]] = {
    "none": ("Python 2.7 is the oldest that is measured", ""),
    "flask-1.1": (
        "Flask 1.1 needs Python 2.7 or newer",
        "Python 3.14 removed pkgutil.get_loader and ast.Str, which Flask 1.1 and Werkzeug 1.0 use",
    ),
    "flask-2.0": ("Flask 2.0 needs Python 3.6 or newer", _NEWER_EXISTS),
    "flask-2.2": ("Flask 2.2 needs Python 3.7 or newer", _NEWER_EXISTS),
    "flask-3.0": ("Flask 3.0 needs Python 3.8 or newer", _NEWER_EXISTS),
    "flask-3.1": ("Flask 3.1 needs Python 3.9 or newer", ""),
    "apscheduler-3.6": (
        "APScheduler 3.6 is measured with Flask 1.1, which needs Python 2.7 or newer",
        "Python 3.14 removed what Flask 1.1 and Werkzeug 1.0 use, with which this one is measured",
    ),
    "apscheduler-3.10": (
        "APScheduler 3.10 needs Python 3.6 or newer",
        "a newer APScheduler exists for this Python, and only the newest is measured",
    ),
    "apscheduler-3.11": ("APScheduler 3.11 needs Python 3.8 or newer", ""),
}

_STAMP = "exitmatrix.json"
_LONGEST_BUILD = 300.0
_LEAST_WORKERS, _MOST_WORKERS = 2, 4


class Environment(Frozen, kw_only=True):
    """A stack that is installed for an interpreter and can be started."""

    interpreter: str
    stack: str
    python: Path  # started by this path, the interpreter sees its own library and the stack
    packages: dict[str, str]  # of the stack: normalised name -> installed version, sorted
    probe: Path
    endings: Path

    @property
    def inside(self) -> tuple[Path, Path]:
        """The folders that go on PYTHONPATH; a blind run takes `endings` only."""
        return self.probe, self.endings


class Unavailable(Frozen, kw_only=True):
    """Why there is no environment for an interpreter and a stack, in one line."""

    reason: str


class Progress(Frozen, kw_only=True):
    """One step of `prepare`; `done` of `total` environments are decided."""

    interpreter: str
    stack: str
    state: Literal["building", "built", "reused", "unavailable"]
    done: int
    total: int
    reason: str = ""  # of an unavailable one


class _Manifest(Frozen, kw_only=True):
    digest: str
    packages: dict[str, str]
    files: dict[str, tuple[int, int]]  # path -> size, time of change in nanoseconds


class _FailedError(Exception):
    """A step of a build failed; the message is the reason, in one line."""


# ---------------------------------------------------------------- pure parts


def applies(stack: Stack, interpreter: Interpreter) -> str | None:
    """Say why an interpreter cannot have a stack, or None if it can."""
    language = interpreter.language
    if interpreter.implementation == "pypy" and language < (3, 0):
        return "no way is known to isolate PyPy 2.7 from its own site-packages"
    if SpecifierSet(stack.requires).contains("{}.{}".format(*language)):
        return None
    oldest = min(_versions(stack.requires))
    return _TOO_OLD_OR_NEW[stack.name][0 if language < oldest else 1]


def _versions(requires: str) -> Iterator[tuple[int, int]]:
    for major, minor in re.findall(r"(\d+)\.(\d+)", requires):
        yield int(major), int(minor)


def pins_of(stack: Stack, interpreter: Interpreter) -> str | None:
    """Name the file that pins a stack for an interpreter; None for an empty stack."""
    if stack.family == "none":
        return None
    if interpreter.language == (2, 7):
        return f"{stack.name}-py2.7.txt"
    return f"{stack.name}.txt"


def reason_in(output: str) -> str:
    """Give the one line of an installer's output that says what went wrong.

    Addresses are left out: the reason is read by people who use another package index.
    """
    # uv draws its chains of causes with boxes and arrows.
    lines = [re.sub(r"^[^\w(/'\"`]+", "", line).rstrip() for line in output.splitlines()]
    lines = [line for line in lines if line and not line.startswith(("warning:", "hint:"))]
    causes = [line for line in lines if line.startswith("cause: ")]
    errors = [line for line in lines if line.startswith("error: ")]
    line = (causes or errors or lines or ["it said nothing"])[-1]
    line = re.sub(r"^(cause|error): ", "", line)
    return re.sub(r"\w+://[^\s`'\"),]+", "(address)", line)[:200]


def network_failed(output: str) -> bool:
    """Tell whether an installer failed because it could not reach the package index."""
    signs = (
        r"error sending request|client error \(|dns error|timed out|HTTP status (server error|5)"
    )
    return re.search(signs, output) is not None


def installer_environment(caller: dict[str, str]) -> dict[str, str]:
    """Make the installer's environment: the caller's, without what would change the result.

    Proxies, certificates and the choice of a package index stay: the pins' hashes decide what
    is installed, wherever it comes from. PYTHON* goes because PYTHONDONTWRITEBYTECODE and the
    like reach the interpreters that the installer starts, and other UV_* because they are
    options. CC makes compilers fail: MarkupSafe, the one package that has C code, then takes its
    Python code, and a stack does not depend on whether the machine has a compiler.
    """
    access = re.compile(
        r"UV_(DEFAULT_INDEX|INDEX(_\w+)?|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|KEYRING_PROVIDER|OFFLINE"
        r"|INSECURE_HOST|HTTP_\w+|REQUEST_TIMEOUT|SYSTEM_CERTS|NATIVE_TLS|CONCURRENT_\w+)"
    )
    changes = ("PYTHON", "UV_", "VIRTUAL_ENV", "CONDA_PREFIX", "SOURCE_DATE_EPOCH")
    kept = {
        name: value
        for name, value in caller.items()
        if access.fullmatch(name) or not name.startswith(changes)
    }
    return kept | {"CC": "false"}


def normalised(name: str) -> str:
    """Write a package's name as PEP 503 does."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _digest(*parts: bytes) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(b"%d:" % len(part))
        total.update(part)
    return total.hexdigest()[:12]


# -------------------------------------------------------------- files and locks


def default_cache() -> Path:
    """Say where environments are kept: $EXITMATRIX_CACHE, or the user's cache folder."""
    if own := os.environ.get("EXITMATRIX_CACHE"):
        return Path(own).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "exitmatrix"


def _files(folder: str, prefix: str = "") -> Iterator[tuple[str, tuple[int, int]]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path, f"{prefix}{entry.name}/")
            elif prefix or entry.name != _STAMP:
                status = entry.stat(follow_symlinks=False)
                yield f"{prefix}{entry.name}", (status.st_size, status.st_mtime_ns)


def _intact(folder: Path, digest: str) -> _Manifest | None:
    """Read the stamp of a published folder; None if anything is not as it was published."""
    try:
        manifest = msgspec.json.decode((folder / _STAMP).read_bytes(), type=_Manifest)
        found = dict(_files(str(folder)))
    except (OSError, msgspec.DecodeError):
        return None
    if manifest.digest != digest:
        return None
    # An interpreter that is run with -O adds bytecode of its own; that is no damage.
    added = (name for name in found.keys() - manifest.files.keys() if not name.endswith(".pyc"))
    if any(added) or any(found.get(name) != is_ for name, is_ in manifest.files.items()):
        return None
    return manifest


@contextmanager
def _locked(target: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock on building `target`; False, without waiting, where another holds it.

    The kernel drops a flock when its owner dies. Lock files stay: to unlink one that a third
    process has just opened would give two owners.
    """
    with target.with_name(f"{target.name}.lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


def _remove(folder: Path) -> None:
    if folder.is_dir() and not folder.is_symlink():
        for _ in range(3):  # an orphan may be writing to it
            with suppress(OSError):
                shutil.rmtree(folder)
                return
        shutil.rmtree(folder)
    else:
        folder.unlink(missing_ok=True)


def _publish(
    target: Path, digest: str, build: Callable[[Path], dict[str, str]]
) -> tuple[_Manifest, bool]:
    """Give the manifest of `target`, and whether it was built for that.

    `build` fills a folder and gives the packages in it; what it raises passes through.
    """
    if manifest := _intact(target, digest):
        return manifest, False
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target):
        if manifest := _intact(target, digest):
            return manifest, False
        # Under the lock nobody else builds here: what is there was left by the dead.
        # In a place of its own, since a builder's orphan may write to its old one still.
        building = target.with_name(f"{target.name}.building")
        _remove(building)
        draft = building / secrets.token_hex(4)
        try:
            packages = build(draft)
            manifest = _Manifest(
                digest=digest, packages=packages, files=dict(sorted(_files(str(draft))))
            )
            (draft / _STAMP).write_bytes(msgspec.json.encode(manifest))
            _remove(target)
            draft.rename(target)
        finally:
            _remove(building)
        return manifest, True


def _sweep(root: Path) -> None:
    """Remove what builders left that were killed."""
    for left in root.glob("*/*.building"):
        with _locked(left.with_suffix(""), wait=False) as free:
            if free:
                _remove(left)


# ------------------------------------------------------------------- building

# Compiles a folder so that tracebacks name the place where it will stand, not the one where it
# was built. Strict: a file that cannot be compiled is an error (packages may well hold files
# for other Pythons than this one, as Jinja2 2.11 does for 2.7).
_COMPILE = """
import compileall, sys
folder, final, strict = sys.argv[1:4]
done = compileall.compile_dir(folder, ddir=final, quiet=1)
if strict == 'strict' and not done: sys.exit(1)
"""
_COMPILE_FILE = """
import py_compile, sys
py_compile.compile(sys.argv[1], dfile=sys.argv[2], doraise=True)
"""


class _Tools:
    """Runs the installer and the interpreters for one call of `prepare`."""

    def __init__(self, cache: Path, pins: Path) -> None:
        self.cache = cache
        self.pins = pins
        # uv leaves locks in the temporary folder (uv-setuptools-*.lock): let it be ours.
        self.temporary = cache / "uv" / "tmp"
        self.environment = installer_environment(dict(os.environ)) | {
            "TMPDIR": os.fspath(self.temporary)
        }
        self.unreachable = ""  # why the package index cannot be reached, once that is known
        # Ended by the kernel when we are killed: prctl(2), PR_SET_PDEATHSIG. Nothing waits for
        # what an orphan builds, so where setpriv (util-linux) is missing it only costs its time.
        leash = shutil.which("setpriv")
        self.leash = (leash, "--pdeathsig", "KILL", "--") if leash else ()
        self.running: set[subprocess.Popen[bytes]] = set()
        self.stopped = False

    def run(self, *command: str | Path) -> str:
        """Run a command to its end and give what it printed; raises _FailedError."""
        self.temporary.mkdir(parents=True, exist_ok=True)
        process = subprocess.Popen(
            [*self.leash, *(os.fspath(part) for part in command)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self.environment,
            cwd="/",
            start_new_session=True,
        )
        self.running.add(process)
        try:
            if self.stopped:
                self.end(process)
            text, _ = process.communicate(timeout=_LONGEST_BUILD)
        except subprocess.TimeoutExpired:
            raise _FailedError(
                f"{Path(command[0]).name} took longer than {_LONGEST_BUILD:g} s"
            ) from None
        finally:
            self.end(process)
            self.running.discard(process)
        output = text.decode(errors="replace")
        if process.returncode:
            raise _CommandFailedError(output)
        return output

    @staticmethod
    def end(process: subprocess.Popen[bytes]) -> None:
        """End a command and what it started, unless it has ended by itself."""
        if process.poll() is None:  # so its number still is its own, and that of its group
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            assert process.stdout
            process.stdout.close()

    def stop(self) -> None:
        """End what runs and start nothing more: nobody waits for it any longer."""
        self.stopped = True
        for process in list(self.running):
            process.kill()

    @cached_property
    def uv(self) -> str:
        try:
            return os.fsdecode(find_uv_bin())
        except FileNotFoundError:
            raise _FailedError("the program uv, which installs packages, is missing") from None

    @cached_property
    def install_options(self) -> tuple[str, ...]:
        known = self.run(self.uv, "pip", "install", "--help")
        # The platform's certificates are those that a company's proxy is trusted by.
        wanted = ("--system-certs", "--require-build-hashes")
        return tuple(option for option in wanted if option in known)

    def virtual_environment(self, interpreter: Interpreter, folder: Path) -> None:
        self.run(
            self.uv,
            *("venv", "--quiet", "--no-project", "--no-config", "--no-python-downloads"),
            *("--cache-dir", self.cache / "uv", "--python", interpreter.path, folder),
        )

    def install(self, pins: str, *where: str | Path) -> None:
        """Install what `pins` names; a failure to reach the index is not waited for twice."""
        command: list[str | Path] = [
            *(self.uv, "pip", "install", "--quiet", "--no-config", "--cache-dir"),
            *(self.cache / "uv", "--no-python-downloads", "--require-hashes", "--no-deps"),
            *self.install_options,
            # A hard link would let damage to an environment reach the cache it is rebuilt from.
            *("--link-mode", "copy"),
            *("--build-constraints", self.pins / "build.txt"),
            *("--requirements", self.pins / pins),
            *where,
        ]
        offline = ("--offline",) if self.unreachable else ()
        try:
            self.run(*command, *offline)
        except _CommandFailedError as error:
            if self.unreachable:
                raise _FailedError(self.unreachable) from None
            if network_failed(error.output):
                self.unreachable = f"the package index cannot be reached: {error}"
                raise _FailedError(self.unreachable) from None
            raise


class _CommandFailedError(_FailedError):
    def __init__(self, output: str) -> None:
        self.output = output
        super().__init__(reason_in(output))


def _build_inside(
    tools: _Tools, interpreter: Interpreter, target: Path, sources: dict[str, Path]
) -> Callable[[Path], dict[str, str]]:
    def build(folder: Path) -> dict[str, str]:
        for name, source in sources.items():
            (folder / name).mkdir(parents=True)
            for file in _sources(source):
                copy = folder / name / file.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(file.read_bytes())
        tools.run(interpreter.path, "-E", "-s", "-S", "-c", _COMPILE, folder, target, "strict")
        return {}

    return build


def _build_environment(
    tools: _Tools, interpreter: Interpreter, stack: Stack, target: Path
) -> Callable[[Path], dict[str, str]]:
    def build(folder: Path) -> dict[str, str]:
        python = folder / "bin" / "python"
        if interpreter.language == (2, 7):
            packages = _prefix(tools, interpreter, folder, target)
            # uv serves no Python older than 3.6. The wheels of these pins are one for 2 and 3,
            # and MarkupSafe, which has others, is built from source, without its C part.
            where: tuple[str | Path, ...] = ("--target", packages, "--no-binary", "markupsafe")
        else:
            tools.virtual_environment(interpreter, folder)
            packages = next(iter([*folder.glob("lib/*/site-packages"), folder / "site-packages"]))
            where = ("--python", python)
        if pins := pins_of(stack, interpreter):
            tools.install(pins, *where)
        _strip(folder, packages)
        final = target / packages.relative_to(folder)
        tools.run(python, "-E", "-s", "-c", _COMPILE, packages, final, "tolerant")
        if stack.family != "none":
            tools.run(python, "-E", "-s", "-B", "-c", "import flask, werkzeug.serving")
        return _installed(packages)

    return build


def _strip(folder: Path, packages: Path) -> None:
    """Leave an interpreter and the stack's packages, nothing that acts at start-up.

    uv puts an import hook of virtualenv into environments of older Pythons. Scripts name the
    folder that the environment is built in, and programs are started with `python -m`.
    """
    for name in ("CACHEDIR.TAG", ".gitignore", ".lock"):
        (folder / name).unlink(missing_ok=True)
    for name in ("_virtualenv.pth", "_virtualenv.py", ".lock"):
        (packages / name).unlink(missing_ok=True)
    _remove(packages / "bin")
    for file in (folder / "bin").iterdir():
        if not file.name.startswith(("python", "pypy")):
            _remove(file)


def _prefix(tools: _Tools, interpreter: Interpreter, folder: Path, target: Path) -> Path:
    """Make an isolated Python 2.7 and give its folder for packages.

    2.7 has no venv, and virtualenv gives it a start-up of its own. But it takes its prefix from
    where the binary lies, if lib/python2.7/os.py stands beside it (Modules/getpath.c): a copy
    of the binary and links to the library are the bare interpreter with empty site-packages.
    """
    ask = "import os; print(os.path.dirname(os.__file__))"
    library = Path(tools.run(interpreter.path, "-E", "-S", "-c", ask).strip())
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    shutil.copy2(os.path.realpath(interpreter.path), python)
    own = folder / "lib" / "python2.7"
    own.mkdir(parents=True)
    kept_out = {"site-packages", "dist-packages", "site.py", "site.pyc", "site.pyo"}
    for entry in library.iterdir():
        if entry.name not in kept_out:
            (own / entry.name).symlink_to(entry)
    # The user's own packages are shut out, as an environment of Python 3 does.
    text = (library / "site.py").read_bytes()
    text = text.replace(b"\nENABLE_USER_SITE = None\n", b"\nENABLE_USER_SITE = False\n")
    (own / "site.py").write_bytes(text)
    final = target / "lib" / "python2.7" / "site.py"
    tools.run(python, "-E", "-S", "-c", _COMPILE_FILE, own / "site.py", final)

    ask = "import site; print('\\n'.join(site.getsitepackages()))"
    places = [Path(line) for line in tools.run(python, "-E", "-s", "-c", ask).splitlines()]
    places = [place for place in places if place.is_relative_to(folder)]
    if not places:
        raise _FailedError("this Python 2.7 keeps its own prefix when it is copied")
    places[0].mkdir(parents=True, exist_ok=True)
    return places[0]


def _installed(packages: Path) -> dict[str, str]:
    """Read what is really installed, from the names of the .dist-info folders."""
    found: dict[str, str] = {}
    for folder in packages.glob("*.dist-info"):
        name, _, version = folder.stem.partition("-")
        found[normalised(name)] = version
    return dict(sorted(found.items()))


# -------------------------------------------------------------------- prepare


def _sources(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise _FailedError(f"the folder {folder.name}/ of the harness is missing")
    return sorted(folder.rglob("*.py"))


def _identity(interpreter: Interpreter) -> bytes:
    real = os.path.realpath(interpreter.path)
    status = Path(real).stat()
    marks = (interpreter.path, real, str(status.st_size), str(status.st_mtime_ns))
    return os.fsencode("\0".join(marks))


class _Preparation:
    """One call of `prepare`: what all environments share, and who is told."""

    def __init__(
        self,
        tools: _Tools,
        root: Path,
        sources: dict[str, Path],
        on_event: Callable[[Progress], None] | None,
        total: int,
    ) -> None:
        self.tools = tools
        self.root = root
        self.sources = sources
        self.on_event = on_event
        self.total = total
        self.done = 0
        self.telling = threading.Lock()

    @cached_property
    def inside_digest(self) -> str:
        parts = [b"inside", b"%d" % BUILDER]
        for name, source in self.sources.items():
            for file in _sources(source):
                parts += [os.fsencode(f"{name}/{file.relative_to(source)}"), file.read_bytes()]
        return _digest(*parts)

    def tell(
        self,
        interpreter: Interpreter,
        stack: Stack,
        state: Literal["building", "built", "reused", "unavailable"],
        reason: str = "",
    ) -> None:
        """Tell of one step; the caller's function is never called by two threads at once."""
        with self.telling:
            self.done += state != "building"
            if self.on_event:
                self.on_event(
                    Progress(
                        interpreter=interpreter.id,
                        stack=stack.name,
                        state=state,
                        done=self.done,
                        total=self.total,
                        reason=reason,
                    )
                )

    def one(self, interpreter: Interpreter, stack: Stack) -> Environment | Unavailable:
        reason = applies(stack, interpreter)
        if reason is None:
            try:
                environment, built = self.environment(interpreter, stack)
            except (_FailedError, OSError) as error:
                reason = str(error)
            else:
                self.tell(interpreter, stack, "built" if built else "reused")
                return environment
        self.tell(interpreter, stack, "unavailable", reason)
        return Unavailable(reason=reason)

    def environment(self, interpreter: Interpreter, stack: Stack) -> tuple[Environment, bool]:
        folder = self.root / interpreter.id
        identity = _identity(interpreter)
        pins = pins_of(stack, interpreter)
        content = (self.tools.pins / pins).read_bytes() if pins else b""
        constraints = (self.tools.pins / "build.txt").read_bytes() if pins else b""
        digest = _digest(b"%d" % BUILDER, identity, content, constraints)
        target = folder / f"{stack.name}-{digest}"
        build = _build_environment(self.tools, interpreter, stack, target)

        def told(building: Path) -> dict[str, str]:
            self.tell(interpreter, stack, "building")
            return build(building)

        manifest, built = _publish(target, digest, told)

        inside_digest = _digest(identity, self.inside_digest.encode())
        inside = folder / f"inside-{inside_digest}"
        _publish(
            inside,
            inside_digest,
            _build_inside(self.tools, interpreter, inside, self.sources),
        )
        return Environment(
            interpreter=interpreter.id,
            stack=stack.name,
            python=target / "bin" / "python",
            packages=manifest.packages,
            probe=inside / "probe",
            endings=inside / "endings",
        ), built


def prepare(
    wanted: Iterable[tuple[Interpreter, Stack]],
    cache: Path,
    on_event: Callable[[Progress], None] | None = None,
    *,
    pins: Path = PINS,
    probe: Path = PROBE,
    endings: Path = ENDINGS,
) -> dict[tuple[str, str], Environment | Unavailable]:
    """Give an environment for each interpreter and stack, building those that are missing.

    The keys are (interpreter id, stack name), in the order of `wanted`. What cannot be had is
    an Unavailable with its reason; nothing is raised for it. Any number of processes may
    prepare in one cache at once. `on_event` is called from worker threads, one at a time.
    """
    jobs = {(each.id, stack.name): (each, stack) for each, stack in wanted}
    # A temporary cache may be reached by a link, as on macOS; interpreters tell real paths.
    cache = Path(os.path.realpath(cache))
    root = cache / "environments"
    _sweep(root)
    preparation = _Preparation(
        _Tools(cache, pins), root, {"probe": probe, "endings": endings}, on_event, len(jobs)
    )
    # A build is mostly an interpreter that compiles: one for each processor, but two at least,
    # to download meanwhile.
    workers = min(_MOST_WORKERS, max(_LEAST_WORKERS, os.cpu_count() or 1))
    pool = ThreadPoolExecutor(max_workers=workers)
    try:
        futures = {key: pool.submit(preparation.one, *job) for key, job in jobs.items()}
        return {key: future.result() for key, future in futures.items()}
    except BaseException:
        preparation.tools.stop()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
