"""A machine that misbehaves: full, read-only, out of processes, or with things gone."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exitmatrix.declare.stacks import STACKS
from exitmatrix.machine.environments.cache import default_cache

from tests.conftest import FOUND, newest_flask
from tests.faults.ground import SMALL, Ground, end_of, plain_and_flask, unclean
from tests.faults.killing import RESUMED
from tests.faults.tally import Fault, Skip, Tally

FAILED, USAGE_ERROR = 3, 2
LARGE = ("--stack", "none", "--scenario", "plain", "--scenario", "plain-unregister-*")
"""More records than there is room for."""
IN_TMPFS = """
set -e
mount -t tmpfs -o size=$1,mode=755 faults $2
shift
place=$1; again=$2; shift 2
mkdir -p $place/reports
set +e
[ $again = read-only ] && mount -o remount,ro $place
"$@"; echo "status $?" >&2
[ $again = read-only ] && exit 0
echo "on disk $(cat $place/reports/observations/*/*.jsonl | grep -c '}$')" >&2
mount -o remount,size=64m $place
"$@"; echo "status $?" >&2
echo "on disk $(cat $place/reports/observations/*/*.jsonl | grep -c '}$')" >&2
"""


def in_tmpfs(ground: Ground, size: str, again: str) -> str:
    """Run a harness that writes to a small tmpfs, and once more when there is room."""
    if subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "none", str(ground.temporary)],
        capture_output=True,
        check=False,
    ).returncode:
        raise Skip("no tmpfs can be mounted here (unshare --mount)")
    place = ground.output()
    place.mkdir()
    words = ["unshare", "--mount", "sh", "-c", IN_TMPFS, "sh", size, str(place), again]
    process = subprocess.Popen(
        [*words, *ground.words(place / "reports", *LARGE)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ground.environ(),
        cwd=ground.folder,
    )
    return end_of(process)


def numbers(text: str, word: str) -> list[int]:
    """What a script said of something, each time."""
    lines = [line for line in text.splitlines() if line.startswith(f"{word} ")]
    return [int(line.rpartition(" ")[2]) for line in lines]


def full_disk(ground: Ground, tally: Tally, times: int) -> None:
    """The disk is full while observations are written."""
    for number in range(times):
        output = in_tmpfs(ground, f"{12 + 4 * (number % 8)}k", "full")
        wrong = unclean(output)
        statuses, kept = numbers(output, "status"), numbers(output, "on disk")
        if statuses != [FAILED, 0]:
            wrong.append(f"statuses {statuses}: {output[-400:]}")
        if "No space left on device" not in output or "what was measured is kept" not in output:
            wrong.append("it did not say what was the matter")
        went_on = RESUMED.search(output)
        known = int(went_on[1]) if went_on else 0
        lost = max(0, kept[0] - 1 - known) if kept else 0  # the last may be torn, or not counted
        tally.add(wrong, ground.left(), lost)


def read_only(ground: Ground, tally: Tally, times: int) -> None:
    """The output cannot be written: said before anything is measured."""
    for _ in range(times):
        output = in_tmpfs(ground, "64m", "read-only")
        wrong = unclean(output)
        if numbers(output, "status") != [USAGE_ERROR] or "Read-only file system" not in output:
            wrong.append(output[-300:])
        tally.add(wrong, ground.left())


# ------------------------------------------------------------- a process limit


@contextmanager
def process_group() -> Iterator[Path]:
    """A control group that counts processes. Raises Skip."""
    for place in ("/sys/fs/cgroup/pids", "/sys/fs/cgroup"):
        group = Path(place) / f"exitmatrix-faults-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            if (group / "pids.max").exists():
                yield group
                return
        finally:
            for _ in range(100):
                with contextlib.suppress(OSError):
                    group.rmdir()
                    break
                time.sleep(0.02)
    raise Skip("no control group with a limit of processes can be made here")


def no_processes(ground: Ground, tally: Tally, times: int) -> None:
    """The limit of processes is reached at some moment: EAGAIN from fork, then there is room."""
    join = 'echo $$ > "$1/cgroup.procs"; shift; exec "$@"'
    with process_group() as group:
        for number in range(times):
            output = ground.output()
            process = ground.start(output, *SMALL, before=("sh", "-c", join, "sh", str(group)))
            assert process.stderr
            # At once, or when trials run already.
            first = process.stderr.readline() if number % 3 else ""
            time.sleep(0.1 * (number % 5))
            (group / "pids.max").write_text(str(1 + number % 4))
            end = first + end_of(process)
            (group / "pids.max").write_text("max")
            wrong = [] if process.returncode in (0, FAILED) else [f"status {process.returncode}"]
            if number % 3:  # else Python itself may not have got as far
                wrong += unclean(end)
                if process.returncode and "Resource temporarily unavailable" not in end:
                    wrong.append(f"it did not say what was the matter: {end[-300:]}")
            done = set(ground.ledger(output) or ())
            left = ground.left()
            status, end = ground.whole(*SMALL, output=output)
            records = ground.records(output)
            dark = [cell for cell, record in records.items() if record.unknown]
            if status or dark:
                wrong.append(f"the next run: {status}, {len(dark)} unknown: {end[-200:]}")
            tally.add(wrong, left, len(done - set(records)))


# ---------------------------------------------------------------- things gone


def lose_interpreter(ground: Ground, tally: Tally, times: int) -> None:
    """An interpreter is removed in the middle of a run."""
    for number in range(times):
        home = ground.folder / f"python-{number}"
        python = borrowed(Path(FOUND[ground.python].path), home)
        cache = ground.make_cache(f"lost-{number}", "uv")
        output = ground.output()
        words = ("--stack", "none", "--scenario", "plain", "--trials", "5")
        process = ground.start(output, *words, cache=cache, python=str(python))
        assert process.stderr
        end = ""
        for line in process.stderr:
            end += line
            if line.startswith("matrix:"):
                break
        shutil.rmtree(home)
        end += end_of(process)
        wrong = unclean(end)
        if process.returncode != FAILED or "No such file or directory" not in end:
            wrong.append(f"status {process.returncode}: {end[-300:]}")
        records = ground.records(output)
        if not records:
            wrong.append("nothing is on disk")
        tally.add(wrong, ground.left())


def borrowed(python: Path, home: Path) -> Path:
    """A Python of its own: a copy of the binary, with the library of another. Raises Skip."""
    real = python.resolve()
    (home / "bin").mkdir(parents=True)
    copy = home / "bin" / real.name
    shutil.copy2(real, copy)
    for name in ("lib", "lib64", "include"):
        if (real.parent.parent / name).exists():
            (home / name).symlink_to(real.parent.parent / name)
    ask = [str(copy), "-E", "-S", "-c", "import sys; print(sys.prefix)"]
    done = subprocess.run(ask, capture_output=True, text=True, check=False)
    if done.stdout.strip() != str(home):
        raise Skip("the newest Python here does not run from another place")
    return copy


def no_index(ground: Ground, tally: Tally, times: int) -> None:
    """The package index cannot be reached: what is built works, the rest is left out, with why."""
    flask = newest_flask(FOUND[ground.python])
    env = {
        "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
        "UV_HTTP_RETRIES": "0",
        "NO_PROXY": "127.0.0.1",
    }
    words = plain_and_flask(flask, "os-exit-7")
    for number in range(times):
        cache = ground.make_cache(f"unreachable-{number}")
        real = default_cache() / "environments" / ground.python
        (cache / "environments" / ground.python).mkdir(parents=True)
        for one in [*real.glob("none-*"), *real.glob("inside-*")]:
            (cache / "environments" / ground.python / one.name).symlink_to(one)
        output = ground.output()
        status, stderr = ground.whole(*words, output=output, cache=cache, env=env)
        wrong = unclean(stderr)
        if status or f"{flask}: the package index cannot be reached" not in stderr:
            wrong.append(f"status {status}: {stderr[-300:]}")
        if {one.split("/")[1] for one in ground.records(output)} != {"none"}:
            wrong.append("what is built was not measured")
        tally.add(wrong, ground.left())


def cached(ground: Ground, tally: Tally, times: int) -> None:
    """The package index cannot be reached, and everything is built: it is not asked."""
    flask = newest_flask(FOUND[ground.python])
    ground.prepare(*(one for one in STACKS if one.name == flask))
    env = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
    for _ in range(times):
        words = ("--stack", flask, "--scenario", "flask", "--termination", "os-exit-7")
        status, stderr = ground.whole(*words, env=env)
        tally.add([*unclean(stderr), *([f"status {status}"] if status else [])], ground.left())


FAULTS = (
    Fault("the disk is full while observations are written", full_disk, 5, 1),
    Fault("the output is read-only", read_only, 2, 0),
    Fault("no process can be started (EAGAIN from fork)", no_processes, 5, 1),
    Fault("an interpreter is removed in the middle of a run", lose_interpreter, 2, 1),
    Fault("no package index, some environments are missing", no_index, 2, 0),
    Fault("no package index, all environments are there", cached, 2, 0),
)
