"""Find the Pythons of this machine.

`find` looks where Pythons are installed, asks each binary once what it is, and says what
it left and why. `select` narrows the answer by patterns; it is pure.
"""

from __future__ import annotations

import difflib
import fnmatch
import os
import re
import select as poller
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from packaging.version import Version

from exitmatrix.model import Frozen, Interpreter

SECONDS_TO_ANSWER = 5.0
"""A Python starts in 0.01-0.2 s; what takes longer than this is taken to hang."""

_MOST_OUTPUT = 65536
_NAME = re.compile(r"(python|pypy)(\d(\.\d+)?)?t?")
_SYSTEM_FOLDERS = ("/usr/bin", "/usr/local/bin", "/opt/homebrew/bin")
_FRAMEWORKS = "/Library/Frameworks/Python.framework/Versions"

# Only modules that are built in or frozen are imported, so that a broken library folder is
# reported by its own message and a start costs no more than it must. The executable goes over
# as hex: it is bytes on 2.7, and need not be encodable on any version.
_PROBE = """
import sys
v = sys.version_info
if '__pypy__' in sys.builtin_module_names: name = 'pypy'
elif hasattr(sys, 'implementation'): name = sys.implementation.name
else: name = getattr(sys, 'subversion', (sys.platform,))[0].lower()
def dotted(v):
    return '%d.%d.%d' % tuple(v[:3]) + {'alpha': 'a', 'beta': 'b', 'candidate': 'rc',
        'final': ''}[v[3]] + ('' if v[3] == 'final' else str(v[4]))
own = dotted(sys.pypy_version_info) if name == 'pypy' else '-'
path = getattr(sys, '_base_executable', None) or sys.executable or ''
if v[0] > 2: path = path.encode(sys.getfilesystemencoding(), 'surrogateescape')
path = ''.join('%02x' % byte for byte in bytearray(path))
print(' '.join(['exitmatrix:', name, dotted(v), own,
    't' if 't' in getattr(sys, 'abiflags', '') else '-', path or '-']))
"""
_ANSWER = re.compile(
    # Nothing that could lead out of a folder: an id becomes a file's name.
    r"^exitmatrix: (\w+) (\d+\.\d+\.\d+\w*) (\d+\.\d+\.\d+\w*|-) (t|-) ([0-9a-f]+|-)$",
    re.MULTILINE,
)


class Rejected(Frozen, kw_only=True):
    """A file that was looked at and is no Python that can be measured."""

    path: str
    reason: str


class Shadowed(Frozen, kw_only=True):
    """Of two binaries with one id, the one that was used and the one that was left."""

    id: str
    path: str
    left: str


class Named(Frozen, kw_only=True):
    """What a path that the caller named turned out to be: an interpreter's id, or why none."""

    name: str
    id: str = ""
    reason: str = ""


class Found(Frozen, kw_only=True):
    """What the search for interpreters gave; `named` answers for each path the caller named."""

    interpreters: tuple[Interpreter, ...]
    rejected: tuple[Rejected, ...] = ()
    shadowed: tuple[Shadowed, ...] = ()
    named: tuple[Named, ...] = ()


class NoSuchInterpreterError(LookupError):
    """A name or pattern that matches no interpreter.

    `wanted` is what was asked for, `nearest` the most similar ids, `reason` why a path was
    rejected ("" where `wanted` is a pattern).
    """

    def __init__(self, wanted: str, nearest: tuple[str, ...] = (), reason: str = "") -> None:
        self.wanted = wanted
        self.nearest = nearest
        self.reason = reason
        message = f"no interpreter matches {wanted!r}"
        if reason:
            message = f"{wanted} cannot be used: {reason}"
        elif nearest:
            message += f"; the nearest are {', '.join(nearest)}"
        super().__init__(message)


# ---------------------------------------------------------------- pure parts


class Answer(Frozen, kw_only=True):
    """What a binary said of itself when it was asked."""

    implementation: str
    version: str
    own_version: str
    free_threaded: bool
    executable: str


def is_path(name: str) -> bool:
    """Tell a path to a binary or folder from an id or a pattern of ids."""
    return os.sep in name or name.startswith(("~", "."))


def select(found: Found, patterns: Sequence[str]) -> tuple[Interpreter, ...]:
    """Give the interpreters that any of `patterns` names; all of them if there are none.

    A pattern is an id, an `fnmatch` pattern over ids, or a path that was given to `find`.
    The order is that of `found`. Raises NoSuchInterpreterError when one names nothing.
    """
    if not patterns:
        return found.interpreters
    ids = [interpreter.id for interpreter in found.interpreters]
    chosen: set[str] = set()
    for pattern in patterns:
        matches = _matches(found, ids, pattern)
        if not matches:
            raise _nothing(found, ids, pattern)
        chosen |= matches
    return tuple(each for each in found.interpreters if each.id in chosen)


def _matches(found: Found, ids: list[str], pattern: str) -> set[str]:
    if is_path(pattern):
        return {named.id for named in found.named if named.name == pattern and named.id}
    return set(fnmatch.filter(ids, pattern))


def _nothing(found: Found, ids: list[str], pattern: str) -> NoSuchInterpreterError:
    if is_path(pattern):
        reasons = [named.reason for named in found.named if named.name == pattern]
        return NoSuchInterpreterError(
            pattern, reason=reasons[0] if reasons else "it was not looked at"
        )
    plain = re.sub(r"[*?\[\]]", "", pattern)
    return NoSuchInterpreterError(pattern, tuple(difflib.get_close_matches(plain, ids, cutoff=0.4)))


def read_answer(output: str) -> Answer | None:
    """Read the line that the probe prints; None where there is none."""
    if not (match := _ANSWER.search(output)):
        return None
    implementation, version, own, threads, path = match.groups()
    return Answer(
        implementation=implementation,
        version=version,
        own_version="" if own == "-" else own,
        free_threaded=threads == "t",
        executable="" if path == "-" else os.fsdecode(bytes.fromhex(path)),
    )


def unsupported(answer: Answer) -> str | None:
    """Say why a Python cannot be measured, or None if it can."""
    if answer.implementation == "pypy":
        return None
    if answer.implementation != "cpython":
        return f"{answer.implementation} is not supported: CPython and PyPy are"
    language = Version(answer.version).release[:2]
    if language == (2, 7) or language >= (3, 6):
        return None
    return f"CPython {answer.version} is not supported: 2.7 and 3.6 up are"


def interpreter(answer: Answer, path: str) -> Interpreter:
    """Name the Python that gave this answer and is started by `path`."""
    if answer.implementation == "pypy":
        return Interpreter(
            id=f"pypy-{answer.version}-{answer.own_version}",
            implementation="pypy",
            version=answer.version,
            implementation_version=answer.own_version,
            path=path,
        )
    return Interpreter(
        id=f"cpython-{answer.version}{'t' if answer.free_threaded else ''}",
        implementation="cpython",
        version=answer.version,
        free_threaded=answer.free_threaded,
        path=path,
    )


def in_order(interpreters: Sequence[Interpreter]) -> tuple[Interpreter, ...]:
    """CPython by version, the free-threaded build after the other; then PyPy."""
    return tuple(
        sorted(
            interpreters,
            key=lambda each: (
                each.implementation,
                Version(each.version),
                each.free_threaded,
                Version(each.implementation_version or "0"),
            ),
        )
    )


# ---------------------------------------------------------- what the machine has


class _Candidate(Frozen, kw_only=True):
    path: str
    name: str = ""  # what the caller called it, where the caller did


def _absolute(name: str) -> str:
    # Links stay: what is started is the path that was named. Path.expanduser raises for ~nobody.
    return str(Path(os.path.expanduser(name)).absolute())  # noqa: PTH111


def _exists(path: str) -> bool:
    # Before 3.14, Path.exists raises where a folder on the way may not be read.
    return os.access(path, os.F_OK)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _explicit(name: str) -> _Candidate:
    path = Path(_absolute(name))
    if _is_folder(path):
        inside = (path / "bin" / binary for binary in ("python", "python3", "pypy3"))
        path = next((each for each in inside if _exists(str(each))), path)
    return _Candidate(path=str(path), name=name)


def _folders() -> Iterator[Path]:
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob("versions/*/bin"))
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv/python")
    yield from sorted(uv.glob("*/bin"))
    yield from map(Path, _SYSTEM_FOLDERS)
    yield from sorted(Path(_FRAMEWORKS).glob("*/bin"))
    # An empty or relative entry of PATH means the current folder: what lies there by chance is
    # not an interpreter of the machine.
    entries = os.environ.get("PATH", "").split(os.pathsep)
    yield from (Path(entry) for entry in entries if entry.startswith(os.sep))


def _binaries(folder: Path) -> Iterator[str]:
    if "shims" in folder.parts:
        return
    try:
        paths = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except OSError:
        return
    yield from (str(path) for path in paths if not _is_folder(path))


def _candidates(named: Sequence[str]) -> Iterator[_Candidate]:
    yield from (_explicit(name) for name in named if is_path(name))
    listed = os.environ.get("EXITMATRIX_PYTHONS", "").split(os.pathsep)
    yield from (_Candidate(path=_explicit(name).path) for name in listed if name)
    for folder in _folders():
        yield from (_Candidate(path=path) for path in _binaries(folder))


def _environment_file(path: str) -> Path | None:
    """The file that makes a binary that of a virtual environment; None for a real Python."""
    folder = Path(path).parent
    for configuration in (folder.parent / "pyvenv.cfg", folder / "pyvenv.cfg"):
        if os.access(configuration, os.R_OK):
            return configuration
    # virtualenv before version 20 wrote the home of the Python that it copied into this file.
    return next(iter(folder.parent.glob("lib*/*/orig-prefix.txt")), None)


def _bases(configuration: Path, binary: str) -> Iterator[str]:
    text = configuration.read_text(encoding="utf-8", errors="surrogateescape")
    if configuration.name == "orig-prefix.txt":
        yield str(Path(text.strip()) / "bin" / binary)
        return
    pairs = (line.partition("=") for line in text.splitlines())
    keys = {key.strip().lower(): value.strip() for key, _, value in pairs}
    # `executable` is written by venv since 3.11, `base-executable` by virtualenv since 20.
    yield from (keys[key] for key in ("base-executable", "executable") if keys.get(key))
    if home := keys.get("home"):
        yield from (str(Path(home) / name) for name in (binary, "python3", "python"))


def base_of(path: str) -> str | None:
    """Give the interpreter that a virtual environment's binary is made from.

    `path` itself where it is none; None where the base is gone.
    """
    for _ in range(4):
        if not (configuration := _environment_file(path)):
            return path
        real = os.path.realpath(path)
        if _environment_file(real) is None:
            path = real
            continue
        bases = _bases(configuration, Path(path).name)
        following = next((base for base in bases if base != path and _exists(base)), None)
        if following is None:
            return None
        path = following
    return None


def _ask(path: str) -> Answer | str:
    """Ask a binary what it is; a text says why it gave no usable answer."""
    # Nothing of the caller's environment but what a wrapper script needs to find its tools:
    # observed programs are started from a clean environment too.
    environment = {key: os.environ[key] for key in ("HOME", "PATH") if key in os.environ}
    try:
        process = subprocess.Popen(
            [path, "-E", "-S", "-c", _PROBE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        return f"cannot be started: {error.strerror}"
    output, status = _listen(process)
    if answer := read_answer(output):
        return answer
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    # A traceback says what is wrong at its end, a shell or a loader at the beginning.
    line = -1 if "Traceback" in output else 0
    said = f": {lines[line][:120]}" if lines else ""
    if status:
        return f"is no working Python, it ended with status {status}{said}"
    if status is None and len(output) < _MOST_OUTPUT:
        return f"gave no answer within {SECONDS_TO_ANSWER:g} s"
    return f"is no Python, it printed no version{said}"


def _listen(process: subprocess.Popen[bytes]) -> tuple[str, int | None]:
    """Read what a binary says until it ends, says too much or takes too long.

    The status is None where it did not end by itself; its whole session is ended then.
    `communicate` would not do: it collects without bound what a program such as `yes` says,
    and after a time-out it waits for grandchildren that hold the pipe.
    """
    assert process.stdout is not None
    deadline = time.monotonic() + SECONDS_TO_ANSWER
    output, chunk = b"", b"."
    with process.stdout as stdout:
        watch = poller.poll()
        watch.register(stdout, poller.POLLIN)
        while chunk and len(output) < _MOST_OUTPUT:
            if not watch.poll(max(0.0, deadline - time.monotonic()) * 1000):
                break
            chunk = os.read(stdout.fileno(), 8192)
            output += chunk
        status = None
        if not chunk:
            with suppress(subprocess.TimeoutExpired):
                status = process.wait(max(0.0, deadline - time.monotonic()))
        if status is None:
            # Not yet reaped, so the number still is that of this process and its group.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return output.decode(errors="replace"), status


class _Identified(Frozen, kw_only=True):
    interpreter: Interpreter
    executable: str  # the real file that answered: two names of one file are one interpreter


def _identify(path: str) -> _Identified | Rejected:
    answer = _ask(path)
    reason = answer if isinstance(answer, str) else unsupported(answer)
    if isinstance(answer, str) or reason is not None:
        return Rejected(path=path, reason=reason or "")
    executable = os.path.realpath(answer.executable or path)
    # A wrapper script answers with the binary that it starts. What a shim starts depends on
    # the folder it is called in, so the binary is used in its place.
    if "shims" in Path(path).parts and _exists(executable):
        path = answer.executable
    return _Identified(interpreter=interpreter(answer, path), executable=executable)


def _look(candidate: _Candidate) -> str | Rejected:
    """The binary to ask for a candidate, or why there is none."""
    path = candidate.path
    if _is_folder(Path(path)):
        return Rejected(path=path, reason="is a folder without bin/python")
    if not _exists(path):
        reason = "is a link to nothing" if os.path.lexists(path) else "does not exist"
        return Rejected(path=path, reason=reason)
    base = base_of(path)
    if base is None:
        return Rejected(path=path, reason="is a virtual environment whose base is gone")
    if not os.access(base, os.X_OK):
        return Rejected(path=path, reason="is not executable")
    return base


def find(named: Sequence[str] = ()) -> Found:
    """Find every Python of this machine that can be measured.

    Of `named`, the paths (to a binary, or to a folder with bin/python) are looked at first;
    then come EXITMATRIX_PYTHONS, pyenv, uv, the system's folders and PATH. Ids and patterns in
    `named` are left to `select`. A binary that cannot be used is in `rejected`; nothing raises.
    """
    looked: list[tuple[_Candidate, str | Rejected]] = []
    binaries: dict[str, str] = {}  # real path -> the path to start it by
    for candidate in _candidates(named):
        binary = _look(candidate)
        looked.append((candidate, binary))
        if isinstance(binary, str):
            binaries.setdefault(os.path.realpath(binary), binary)
    with ThreadPoolExecutor(max_workers=max(4, os.cpu_count() or 1)) as pool:
        answers = dict(zip(binaries, pool.map(_identify, binaries.values()), strict=True))

    used: dict[str, _Identified] = {}
    shadowed: dict[str, Shadowed] = {}
    rejected: dict[str, Rejected] = {}
    meant: list[Named] = []
    for candidate, binary in looked:
        result = binary if isinstance(binary, Rejected) else answers[os.path.realpath(binary)]
        if isinstance(result, Rejected):
            rejected.setdefault(result.path, result)
            if candidate.name:
                meant.append(Named(name=candidate.name, reason=result.reason))
            continue
        first = used.setdefault(result.interpreter.id, result)
        if first.executable != result.executable:
            left = Shadowed(
                id=first.interpreter.id,
                path=first.interpreter.path,
                left=result.interpreter.path,
            )
            shadowed.setdefault(result.executable, left)
        if candidate.name:
            meant.append(Named(name=candidate.name, id=first.interpreter.id))
    return Found(
        interpreters=in_order([each.interpreter for each in used.values()]),
        rejected=tuple(rejected.values()),
        shadowed=tuple(shadowed.values()),
        named=tuple(meant),
    )
