"""A part of the harness is killed while servers with processes of their own run below it."""

from __future__ import annotations

import contextlib
import random
import time
from functools import partial

import psutil
from exitmatrix.declare.stacks import STACKS, applies
from exitmatrix.model import Stack
from packaging.specifiers import SpecifierSet

from tests.conftest import FOUND, LOADED
from tests.faults.ground import KILLED, Ground, below, end_of, unclean
from tests.faults.killing import SEED, Campaign, tries
from tests.faults.tally import Fault, Skip, Tally

PARTS = ("harness", "guardian", "engine")
SERVERS = {"gunicorn": "gunicorn", "celery-prefork": "celery", "uwsgi-master": "uWSGI"}
"""Scenarios with a master and two workers, and what people call them."""
SIGNALS = ("SIGTERM", "SIGINT", "SIGQUIT")
BEGUN = 60.0  # seconds within which a server has its workers


def settle(ground: Ground, scenario: str) -> Stack:
    """Put the ground on the newest CPython that can have a stack for it: the newest of these.

    Raises Skip.
    """
    one = LOADED[scenario]
    cpythons = [each for each in FOUND.values() if each.implementation == "cpython"]
    for python in sorted(cpythons, key=lambda each: each.language, reverse=True):
        if not SpecifierSet(one.requires).contains(python.version):
            continue
        found = [two for two in STACKS if two.family == one.family and not applies(two, python)]
        ground.python = python.id
        if found and found[-1].name in ground.prepare(found[-1]):
            return found[-1]
    raise Skip(f"no Python here has a stack for {scenario}")


def serving(pid: int, mark: str) -> bool:
    """Whether a server is there that has forked both its workers."""
    return any(len(below(one.pid, mark)) > 1 for one in below(pid, mark))


def kill_while(scenario: str, ground: Ground, tally: Tally, times: int) -> None:
    """SIGKILL by turns to harness, guardian and engine, when a server has its workers.

    Without the harness the next run goes on; without one of the others the run is whole.
    """
    chance = random.Random(SEED)
    stack = settle(ground, scenario)
    words = ["--stack", stack.name, "--scenario", scenario, "--target", "master"]
    words += [word for one in SIGNALS for word in ("--termination", one)]
    mark = LOADED[scenario].command[2]  # `gunicorn` of python -m, or --app, --http-socket
    campaign = Campaign(ground)
    for _ in tries(tally, times):
        part = PARTS[tally.tried % len(PARTS)]
        process = ground.start(campaign.output, *words)
        limit = time.monotonic() + BEGUN
        while process.poll() is None and not serving(process.pid, mark):
            if time.monotonic() > limit:
                break
            time.sleep(0.02)
        time.sleep(chance.uniform(0.0, 1.0))
        for one in [process] if part == "harness" else below(process.pid, f"machine.run.{part}"):
            with contextlib.suppress(psutil.Error):
                one.kill()
        end = end_of(process)
        left = ground.left()
        wrong, lost = campaign.check(process.returncode, end)
        hit = process.returncode == KILLED or "the engine was started again" in end
        if process.returncode != (KILLED if part == "harness" else 0):
            wrong.append(f"{part}: status {process.returncode}: {end[-300:]}")
        if hit or wrong:
            tally.add([*wrong, *unclean(end)], left, lost)


FAULTS = tuple(
    Fault(f"SIGKILL to a part of the harness while {name} runs", partial(kill_while, one), 6, 0)
    for one, name in SERVERS.items()
)
