"""The harness is killed, stopped, or loses its terminal or its readers, at a random moment."""

from __future__ import annotations

import contextlib
import os
import pty
import random
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from exitmatrix.declare.stacks import STACKS

from tests.conftest import FOUND, newest_flask
from tests.faults.ground import (
    KILLED,
    LONGEST,
    STOPPED,
    Ground,
    below,
    end_of,
    plain_and_flask,
    unclean,
)
from tests.faults.tally import Fault, Skip, Tally

SEED = 20261121
RESUMED = re.compile(r"continuing an interrupted run: (\d+) cells")


def tries(tally: Tally, times: int) -> Iterator[None]:
    """Until so many were counted: a run that ends before the fault does not count."""
    for _ in range(10 * times):
        if tally.tried >= times:
            return
        yield
    tally.add(["hardly any run lasted until the fault"])


class Campaign:
    """One run that is interrupted again and again until it is whole, and then the next."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.output = ground.output()
        self.done: list[str] = []  # cells that were on disk after the last interruption

    def check(self, status: int, stderr: str) -> tuple[list[str], int]:
        """After an interruption: what is wrong, and how many finished cells were lost."""
        wrong: list[str] = []
        lost = 0
        try:
            records = self.ground.records(self.output)
        except ValueError as error:
            return [f"a record cannot be read: {error}"], 1
        now = self.ground.ledger(self.output)
        if status == 0 or now is None:  # it may be killed after its last cell, and is whole
            lost = len(set(self.done) - set(records))
            self.output, self.done = self.ground.output(), []
            return wrong, lost
        went_on = RESUMED.search(stderr)
        if went_on and int(went_on[1]) != len(set(self.done)):
            wrong.append(f"{len(set(self.done))} cells were on disk, it went on from {went_on[1]}")
        lost += len(set(self.done) - set(now)) + len(set(now) - set(records))
        again = len(now) - len(set(now))
        if again:
            wrong.append(f"{again} finished cells were measured again")
        self.done = now
        return wrong, lost


def kill_harness(ground: Ground, tally: Tally, times: int) -> None:
    """SIGKILL, over whole runs: where it was killed, the next goes on."""
    chance = random.Random(SEED)
    campaign = Campaign(ground)
    longest = 3.0
    for _ in tries(tally, times):
        begun = time.monotonic()
        process = ground.start(campaign.output)
        moment = chance.uniform(0.0, longest)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(moment)
        process.kill()
        end = end_of(process)
        left = ground.left()
        wrong, lost = campaign.check(process.returncode, end)
        if process.returncode == 0:
            # It was faster: this was no kill, but what it says counts.
            longest = max(1.0, 0.9 * (time.monotonic() - begun))
            tally.notes += [*wrong, *left]
            tally.lost += lost
            continue
        if process.returncode != KILLED:
            wrong.append(f"status {process.returncode} before the kill: {end[-300:]}")
        tally.add(wrong, left, lost)
    status, end = ground.whole(output=campaign.output)
    if status or unclean(end):
        tally.add([f"the run after the kills ended with {status}: {end[-300:]}"])


def kill_part(word: str, ground: Ground, tally: Tally, times: int) -> None:
    """SIGKILL to the guardian or the engine: another is started, and the run is whole."""
    chance = random.Random(SEED)
    campaign = Campaign(ground)
    for _ in tries(tally, times):
        process = ground.start(campaign.output, *("--trials", "3"), *SELECTION)
        limit = time.monotonic() + 20
        while not (found := below(process.pid, word)) and time.monotonic() < limit:
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 1.5))
        for one in found:
            with contextlib.suppress(Exception):
                one.kill()
        end = end_of(process)
        left = ground.left()
        wrong, lost = campaign.check(process.returncode, end)
        if process.returncode != 0:
            wrong.append(f"status {process.returncode}: {end[-200:]}")
        if "the engine was started again" in end or wrong:
            tally.add([*wrong, *unclean(end)], left, lost)


SELECTION = ("--stack", "none", "--scenario", "plain", "--termination", "S*")


def kill_guardian(ground: Ground, tally: Tally, times: int) -> None:
    """The guardian dies: the engine does its work."""
    kill_part("exitmatrix.machine.run.guardian", ground, tally, times)


def kill_engine(ground: Ground, tally: Tally, times: int) -> None:
    """The engine dies: the guardian does its work."""
    kill_part("exitmatrix.machine.run.engine", ground, tally, times)


def kill_two(ground: Ground, tally: Tally, times: int) -> None:
    """Two of harness, guardian and engine die together, or one soon after the other."""
    chance = random.Random(SEED)
    campaign = Campaign(ground)
    parts = ("harness", "guardian", "engine")
    for _ in tries(tally, times):
        process = ground.start(campaign.output, *("--trials", "3"), *SELECTION)
        pair = chance.sample(parts, 2)
        names = [f"exitmatrix.machine.run.{one}" for one in parts[1:]]
        limit = time.monotonic() + 20
        while not (all(below(process.pid, one) for one in names)) and time.monotonic() < limit:
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 1.0))
        found = dict(zip(parts[1:], (below(process.pid, one) for one in names), strict=True))
        for part in pair:
            for one in found.get(part, [process]):
                with contextlib.suppress(Exception):
                    one.kill()
            time.sleep(chance.choice([0.0, 0.001, 0.02, 0.05]))
        end = end_of(process)
        left = ground.left()
        wrong, lost = campaign.check(process.returncode, end)
        if process.returncode not in ([KILLED, 0] if "harness" in pair else [0]):
            wrong.append(f"{pair}: status {process.returncode}: {end[-200:]}")
        if process.returncode == KILLED or "the engine was started again" in end or wrong:
            tally.add([*wrong, *unclean(end)], left, lost)


def kill_builder(ground: Ground, tally: Tally, times: int) -> None:
    """SIGKILL while environments are built: none is left half-built and later used."""
    chance = random.Random(SEED)
    flask = newest_flask(FOUND[ground.python])
    ground.prepare(*(one for one in STACKS if one.name in ("none", flask)))
    for number in range(times):
        cache = ground.make_cache(f"cache-{number}", "uv")
        words = plain_and_flask(flask, "os-exit-7")
        process = ground.start(output := ground.output(), *words, cache=cache)
        time.sleep(chance.uniform(0.4, 2.5))
        process.kill()
        end_of(process)
        left = ground.left()
        wrong = [f"half built: {one}" for one in unstamped(cache)]
        status, stderr = ground.whole(*words, output=output, cache=cache)
        if status:
            wrong.append(f"the next run ended with {status}: {stderr[-300:]}")
        wrong += [f"still there: {one.name}" for one in cache.glob("environments/*/*.building")]
        tally.add([*wrong, *unclean(stderr)], [*left, *ground.left()])


def unstamped(cache: Path) -> Sequence[str]:
    """Published environments that are not whole."""
    return [
        one.name
        for one in cache.glob("environments/*/*")
        if one.is_dir() and one.suffix != ".building" and not (one / "exitmatrix.json").exists()
    ]


def stop(signals: Sequence[signal.Signals], ground: Ground, tally: Tally, times: int) -> None:
    """A signal, or the same one twice, at a random moment after the first words."""
    chance = random.Random(SEED)
    campaign = Campaign(ground)
    for _ in tries(tally, times):
        process = ground.start(campaign.output, *("--trials", "3"), *SELECTION)
        assert process.stderr
        first = process.stderr.readline()
        time.sleep(chance.uniform(0.0, 1.5))
        for place, number in enumerate(signals):
            if place:
                time.sleep(chance.choice([0.0, 0.02, 0.1]))
            process.send_signal(number)
        end = first + end_of(process)
        left = ground.left()
        wrong, lost = campaign.check(process.returncode, end)
        if process.returncode == 0:
            continue
        if process.returncode != STOPPED or "exitmatrix: stopped" not in end:
            wrong.append(f"status {process.returncode}: {end[-300:]}")
        tally.add([*wrong, *unclean(end)], left, lost)


def stop_once(ground: Ground, tally: Tally, times: int) -> None:
    """SIGTERM or SIGINT, once."""
    for number in (signal.SIGTERM, signal.SIGINT):
        stop([number], ground, tally, tally.tried + times)


def stop_twice(ground: Ground, tally: Tally, times: int) -> None:
    """SIGTERM or SIGINT, twice."""
    for number in (signal.SIGTERM, signal.SIGINT):
        stop([number, number], ground, tally, tally.tried + times)


def hang_up(ground: Ground, tally: Tally, times: int) -> None:
    """The terminal is closed: SIGHUP, and then nobody can be told anything."""
    chance = random.Random(SEED)
    campaign = Campaign(ground)
    for _ in tries(tally, times):
        words = ground.words(campaign.output, "--trials", "3", *SELECTION)
        words[words.index("plain")] = chance.choice(["rich", "plain"])
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(words[0], words, ground.environ())
        os.read(terminal, 100)
        time.sleep(chance.uniform(0.0, 1.5))
        os.close(terminal)
        status = wait_for(pid)
        left = ground.left()
        wrong, lost = campaign.check(status, "")
        if status == 0:
            continue
        if status != STOPPED:
            wrong.append(f"status {status}")
        tally.add(wrong, left, lost)


def wait_for(pid: int) -> int:
    """The exit status of our own child, as `subprocess` tells it."""
    limit = time.monotonic() + LONGEST
    while time.monotonic() < limit:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)  # our child, and not yet waited for
    os.waitpid(pid, 0)
    raise Skip("the harness hung")


def lose_readers(ground: Ground, tally: Tally, times: int) -> None:
    """Whoever read stdout or stderr goes away (`| head`): the run is whole all the same."""
    chance = random.Random(SEED)
    for number in range(2 * times):
        process = ground.start(output := ground.output(), *SELECTION)
        assert process.stderr
        assert process.stdout
        process.stderr.readline()
        time.sleep(chance.uniform(0.0, 0.5))
        # One in turn: stdout's reader, then that of both.
        process.stdout.close()
        if number % 2:
            process.stderr.close()
            process.wait(LONGEST)
            stderr = ""
        else:
            stderr = process.stderr.read()
            process.wait(LONGEST)
            process.stderr.close()
        wrong = [] if process.returncode == 0 else [f"status {process.returncode}: {stderr[-300:]}"]
        if not (output / "matrix.md").exists():
            wrong.append("no report was written")
        tally.add([*wrong, *unclean(stderr)], ground.left())


FAULTS = (
    Fault("SIGKILL to the harness", kill_harness, 100, 3),
    Fault("SIGKILL to the guardian", kill_guardian, 5, 1),
    Fault("SIGKILL to the engine", kill_engine, 5, 1),
    Fault("SIGKILL to two of harness, guardian and engine", kill_two, 30, 2),
    Fault("SIGKILL while environments are built", kill_builder, 5, 0),
    Fault("SIGTERM, SIGINT", stop_once, 5, 0),
    Fault("SIGTERM twice, SIGINT twice", stop_twice, 5, 1),
    Fault("its terminal is closed", hang_up, 5, 1),
    Fault("nobody reads stdout, stderr (`| head`)", lose_readers, 3, 1),
)
