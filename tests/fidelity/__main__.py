"""`make fidelity`: CPython's own test modules, bare and with the probe inside, must do the same.

    python -m tests.fidelity [--python ID] [--module NAME] [--again N] [--limit SECONDS]

A test that does otherwise with the probe is run again, alone, several times both ways: some of
these tests are races by themselves, or depend on what ran before. It counts as a difference when
it then does something with the probe that it never did bare, and is named in any case.

Exit status 1 where something differs, 3 where nothing could be compared.
"""

from __future__ import annotations

import argparse
import fnmatch
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exitmatrix.machine import interpreters
from exitmatrix.model import Interpreter

from tests.fidelity.compare import compare, run_tests

MODULES = (
    "test_atexit",
    "_test_atexit",  # what that runs in a child with -I, where no probe comes in
    "test_threading",
    "test_signal",
    "test_subprocess",
    "test_multiprocessing",
    "test_multiprocessing_fork",
    "test_multiprocessing_forkserver",
    "test_multiprocessing_spawn",
    "test_multiprocessing_main_handling",
    "test_concurrent_futures",
    "test_asyncio.test_subprocess",
    "test_asyncio.test_events",
    "test_asyncio.test_unix_events",
    "test_faulthandler",
    "test_weakref",
    "test_site",
    "test_cmd_line",
    "test_cmd_line_script",
    "test_io",
    "test_logging",
    "test_interpreters",
    "test__interpreters",
    "test_fork1",
    "test_os",
    "test_posix",
    "test_pickle",
    "test_inspect",
    "test_unraisablehook",
    "test_sys",
)


def say(text: str) -> None:
    """Print one line now."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def chosen(found: Iterable[Interpreter], patterns: Sequence[str]) -> list[Interpreter]:
    """The interpreters that a pattern names; all, where there is none."""
    return [one for one in found if any(fnmatch.fnmatch(one.id, p) for p in patterns or ["*"])]


@dataclass
class Tally:
    """How much was compared, and what differed."""

    modules: int = 0
    tests: int = 0
    unstable: int = 0
    differences: int = 0


def compare_module(
    python: Interpreter, module: str, again: int, limit: float, tally: Tally
) -> None:
    """Run a module both ways, and what differs again, each test alone."""
    begun = time.monotonic()
    bare, observed = (run_tests(python, [module], probed, limit) for probed in (False, True))
    if bare.missing:
        return
    for name in compare(bare, observed):
        seen = {
            False: {bare.tests.get(name, "not run")},
            True: {observed.tests.get(name, "not run")},
        }
        alone: dict[bool, set[str]] = {False: set(), True: set()}
        for probed in (False, True):
            for _ in range(again):
                alone[probed].add(
                    run_tests(python, [name], probed, limit).tests.get(name, "not run")
                )
        if alone[True] <= alone[False] | seen[False]:
            tally.unstable += 1
        else:
            tally.differences += 1
            say(f"  {name} differs: bare {sorted(alone[False])}, with {sorted(alone[True])}")
    tally.modules += 1
    tally.tests += len(bare.tests)
    cut = ", cut off by the limit" * (bare.cut or observed.cut)
    took = time.monotonic() - begun
    say(f"{python.id:22} {module:42} {len(bare.tests):5} tests {took:5.0f} s{cut}")


def main() -> int:
    """Compare, and say how much was compared and what differed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fidelity", description=__doc__)
    parser.add_argument("--python", action="append", default=[], metavar="ID")
    parser.add_argument("--module", action="append", default=[], metavar="NAME")
    parser.add_argument("--again", type=int, default=5, metavar="N")
    parser.add_argument("--limit", type=float, default=900.0, metavar="SECONDS")
    args = parser.parse_args()
    tally = Tally()
    for python in chosen(interpreters.find().interpreters, args.python):
        for module in args.module or MODULES:
            compare_module(python, f"test.{module}", args.again, args.limit, tally)
    say(f"{tally.modules} modules, {tally.tests} tests, {tally.differences} differences")
    if tally.unstable:
        say(f"{tally.unstable} tests were unstable")
    return 3 if not tally.modules else int(tally.differences > 0)


if __name__ == "__main__":
    sys.exit(main())
