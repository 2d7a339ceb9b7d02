"""Runs the installer and the interpreters, and says in one line why they failed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from textwrap import shorten

from uv import find_uv_bin

from exitmatrix.machine.python_error import python_error
from exitmatrix.model import Interpreter

_LONGEST_BUILD = 300.0
_LONGEST_REASON = 200


UNREACHABLE = "the package index cannot be reached"


class FailedError(Exception):
    """A step of a build failed; the message is the reason, in one line."""


class UnreachableError(FailedError):
    """The package index cannot be reached."""


def reason_in(output: str) -> str:
    """Give the one line of an installer's output that says what went wrong.

    Addresses are left out: the reason is read by people who use another package index.
    """
    # What a Python complained of is the cause of what uv and the build say about it.
    if line := python_error(output):
        return _shown(line)
    # uv draws its chains of causes with boxes and arrows.
    lines = [re.sub(r"^[^\w(/'\"`]+", "", line).rstrip() for line in output.splitlines()]
    lines = [line for line in lines if line and not line.startswith(("warning:", "hint:"))]
    causes = [line for line in lines if line.startswith("cause: ")]
    errors = [line for line in lines if line.startswith("error: ")]
    line = (causes or errors or lines or ["it said nothing"])[-1]
    line = re.sub(r"^(cause|error): ", "", line)
    return _shown(line)


def _shown(line: str) -> str:
    return shorten(re.sub(r"\w+://[^\s`'\"),]+", "(address)", line), _LONGEST_REASON)


def network_failed(output: str) -> bool:
    """Tell whether an installer failed because it could not reach the package index."""
    signs = (
        r"error sending request|client error \(|dns error|timed out|HTTP status (server error|5)"
    )
    return re.search(signs, output) is not None


_NEEDED = re.compile(
    # To find programs, and to say things: the rest of what any command needs.
    r"PATH|HOME|TMPDIR|LD_LIBRARY_PATH|LANG|LC_\w+|XDG_CACHE_HOME"
    # To reach an index: proxies and certificates, and where a password is kept.
    r"|((https?|all|ftp|no)_proxy|(HTTPS?|ALL|FTP|NO)_PROXY)"
    r"|SSL_CERT_(FILE|DIR)|NETRC"
    # Which index, and how: not what is installed, which the pins' hashes decide.
    r"|UV_(DEFAULT_INDEX|INDEX(_\w+)?|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|KEYRING_PROVIDER|OFFLINE"
    r"|INSECURE_HOST|HTTP_\w+|REQUEST_TIMEOUT|SYSTEM_CERTS|NATIVE_TLS|CONCURRENT_\w+)"
)


def installer_environment(caller: Mapping[str, str]) -> dict[str, str]:
    """Make the installer's environment: of the caller's, what it takes to reach a package index.

    The rest stays out: other programs of this user can read it (proc(5), /proc/PID/environ),
    the builds of packages get it, and PYTHONDONTWRITEBYTECODE, UV_LINK_MODE and the like change
    the result. CC makes compilers fail: MarkupSafe, the one package that has C code, then takes
    its Python code, and a stack does not depend on whether the machine has a compiler.
    """
    kept = {name: value for name, value in caller.items() if _NEEDED.fullmatch(name)}
    return kept | {"CC": "false"}


class Tools:
    """Runs the installer and the interpreters for one call of `prepare`."""

    def __init__(self, cache: Path, pins: Path) -> None:
        self.cache = cache
        self.pins = pins
        # uv leaves locks in the temporary folder (uv-setuptools-*.lock): let it be ours.
        self.temporary = cache / "uv" / "tmp"
        self.environment = installer_environment(os.environ) | {"TMPDIR": os.fspath(self.temporary)}
        self.unreachable = ""  # why the package index cannot be reached, once that is known
        # Ended by the kernel when we are killed: prctl(2), PR_SET_PDEATHSIG. Nothing waits for
        # what an orphan builds, so where setpriv (util-linux) is missing it only costs its time.
        leash = shutil.which("setpriv")
        self.leash = (leash, "--pdeathsig", "KILL", "--") if leash else ()
        self.running: set[subprocess.Popen[bytes]] = set()
        self.stopped = False

    def run(self, *command: str | Path, given: str = "") -> str:
        """Run a command to its end and give what it printed; raises FailedError.

        `given` is what it reads on stdin.
        """
        self.temporary.mkdir(parents=True, exist_ok=True)
        process = subprocess.Popen(
            [*self.leash, *(os.fspath(part) for part in command)],
            stdin=subprocess.PIPE if given else subprocess.DEVNULL,
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
            text, _ = process.communicate(given.encode() or None, timeout=_LONGEST_BUILD)
        except subprocess.TimeoutExpired:
            raise FailedError(
                f"{Path(command[0]).name} took longer than {_LONGEST_BUILD:g} s"
            ) from None
        finally:
            self.end(process)
            self.running.discard(process)
        output = text.decode(errors="replace")
        if process.returncode:
            raise CommandFailedError(output)
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
        """The installer's path. Raises FailedError."""
        try:
            return os.fsdecode(find_uv_bin())
        except FileNotFoundError:
            raise FailedError("the program uv, which installs packages, is missing") from None

    @cached_property
    def install_options(self) -> tuple[str, ...]:
        """Those of the wanted options that this uv has."""
        # The platform's certificates are those that a company's proxy is trusted by.
        wanted = ("--system-certs", "--require-build-hashes")
        known = self.run(self.uv, "pip", "install", "--help")
        return tuple(option for option in wanted if option in known)

    @property
    def certificates(self) -> tuple[str | Path, ...]:
        """The option for the platform's certificates, where this uv has it."""
        return tuple(one for one in self.install_options if one == "--system-certs")

    def virtual_environment(self, interpreter: Interpreter, folder: Path) -> None:
        """Make an environment without packages. Raises FailedError."""
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
        self.ask_index(*command)

    def install_instead(self, instead: Sequence[str], python: Path) -> None:
        """Install what stands in for packages that are there; the others stay as they are.

        uv keeps what is installed and satisfies what is asked for. It builds a folder that it
        is given on the command line each time, and a compiler is not kept from it.
        """
        command: list[str | Path] = [
            *(self.uv, "pip", "install", "--quiet", "--no-config", "--cache-dir"),
            *(self.cache / "uv", "--no-python-downloads", *self.certificates),
            *("--link-mode", "copy", "--python", python),
            *instead,
        ]
        self.ask_index("env", "-u", "CC", *command)

    def exactly(
        self,
        words: Sequence[str],
        interpreter: Interpreter,
        *options: str,
        together: bool = False,
    ) -> tuple[str, ...]:
        """The releases, or the places, that words name for an interpreter, one requirement each.

        `together`: releases that go together, with all that they need. Raises FailedError.
        """
        command: list[str | Path] = [
            *(self.uv, "pip", "compile", "--quiet", "--no-config", "--cache-dir"),
            *(self.cache / "uv", "--no-python-downloads", *self.certificates),
            *(() if together else ("--no-deps",)),
            *("--no-header", "--no-annotate", "--python", interpreter.path),
            *(*options, "-"),
        ]
        answer = self.ask_index(*command, given="\n".join(words))
        return tuple(line for line in answer.splitlines() if line and not line.startswith("#"))

    def ask_index(self, *command: str | Path, given: str = "") -> str:
        """Run uv; that the index cannot be reached is found out once, and then is the reason."""
        offline = ("--offline",) if self.unreachable else ()
        try:
            return self.run(*command, *offline, given=given)
        except CommandFailedError as error:
            if self.unreachable:
                raise UnreachableError(self.unreachable) from None
            if network_failed(error.output):
                self.unreachable = f"{UNREACHABLE}: {error}"
                raise UnreachableError(self.unreachable) from None
            raise


class CommandFailedError(FailedError):
    """A command ended with a status other than 0."""

    def __init__(self, output: str) -> None:
        self.output = output
        super().__init__(reason_in(output))
