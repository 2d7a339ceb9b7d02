"""One run of an interpreter's own tests, bare or with the probe inside, and its results."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from exitmatrix.machine.run.app.session import MECHANISMS
from exitmatrix.model import Interpreter

from tests.support.probed import ENDINGS, PROBE, TOKEN, environment

DRIVER = Path(__file__).with_name("driver.py")


@dataclass(frozen=True)
class Results:
    """What each test did, by its id."""

    tests: dict[str, str]
    events: int  # lines on the channel
    cut: bool = False  # the time limit ended it

    @property
    def missing(self) -> bool:
        """Whether the interpreter has no such tests."""
        return all(result.startswith("missing") for result in self.tests.values())


def compare(bare: Results, observed: Results) -> list[str]:
    """The tests that did otherwise with the probe, among those that both runs came to."""
    names = bare.tests.keys() | observed.tests.keys()
    if bare.cut or observed.cut:
        names = bare.tests.keys() & observed.tests.keys()
    return sorted(n for n in names if bare.tests.get(n) != observed.tests.get(n))


def run_tests(
    python: Interpreter, names: Sequence[str], probed: bool, limit: float, probe: Path = PROBE
) -> Results:
    """Run tests by name in a folder, a session and an environment of their own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        channel, events, work = f"{scratch}/channel", Path(scratch, "told"), Path(scratch, "cwd")
        os.mkfifo(channel)
        work.mkdir()
        given = {"HOME": str(work), "TMPDIR": str(work), "PATH": os.environ.get("PATH", os.defpath)}
        if probed:
            given |= {"EXITMATRIX_CHANNEL": channel, "EXITMATRIX_TOKEN": TOKEN}
            given |= {"EXITMATRIX_MECHANISMS": " ".join(MECHANISMS)}
        reader = os.open(channel, os.O_RDWR)
        lines: list[int] = []
        drain = threading.Thread(target=_drain, args=(reader, lines))
        drain.start()
        process = subprocess.Popen(
            [python.path, str(DRIVER), str(events), *names],
            env=environment(given, folders=[probe, ENDINGS] if probed else [ENDINGS]),
            cwd=work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            cut = False
            process.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            cut = True
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            os.write(reader, b"\0")
            drain.join()
            os.close(reader)
        return Results(_read(events), sum(lines), cut)


def _drain(channel: int, lines: list[int]) -> None:
    """Read until a null byte, which no event begins with: a full pipe would block its writers."""
    while True:
        data = os.read(channel, 1 << 16)
        lines.append(data.count(b"\n"))
        if data.endswith(b"\0"):
            return


def _read(events: Path) -> dict[str, str]:
    """Results by test; of one with several parts that failed, the first is enough."""
    found: dict[str, str] = {}
    for line in events.read_text(errors="replace").splitlines() if events.exists() else ():
        name, _, result = line.rpartition("\t")
        if found.get(name) in (None, "ok"):
            found[name] = result
    return found
