"""Environments for interpreters and stacks: what is missing is built, by several at once."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Literal

from msgspec.structs import replace

from exitmatrix.declare.requirements import BadRequirement
from exitmatrix.declare.stacks import PINS, applies, pins_of
from exitmatrix.machine.environments.build import build_environment, build_inside, sources_in
from exitmatrix.machine.environments.cache import check_cache
from exitmatrix.machine.environments.installer import FailedError, Tools
from exitmatrix.machine.environments.published import publish, remove_abandoned
from exitmatrix.machine.environments.replacements import exact, marks, newest_releases
from exitmatrix.model import Frozen, Interpreter, Stack

BUILDER = 2
"""Part of every digest: raise it when the same pins are to give another environment."""

OLDEST_REPLACED = (3, 6)
"""uv installs for no older Python, and cannot be told for which it is to choose."""

PROBE = Path(__file__).parents[2] / "inside" / "probe"
ENDINGS = Path(__file__).parents[2] / "inside" / "endings"

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


State = Literal["waiting", "building", "built", "reused", "unavailable"]


class Progress(Frozen, kw_only=True):
    """One step of `prepare`; `done` of `total` environments are decided."""

    interpreter: str
    stack: str
    state: State
    done: int
    total: int
    reason: str = ""  # of an unavailable one, or of waiting


def _digest(*parts: bytes) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(b"%d:" % len(part))
        total.update(part)
    return total.hexdigest()[:12]


def _identity(interpreter: Interpreter) -> bytes:
    real = os.path.realpath(interpreter.path)
    status = Path(real).stat()
    marks = (interpreter.path, real, str(status.st_size), str(status.st_mtime_ns))
    return os.fsencode("\0".join(marks))


class _Preparation:
    """One call of `prepare`: what all environments share, and the caller's callback."""

    def __init__(
        self,
        tools: Tools,
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
            for file in sources_in(source):
                parts += [os.fsencode(f"{name}/{file.relative_to(source)}"), file.read_bytes()]
        return _digest(*parts)

    def report(
        self,
        interpreter: Interpreter,
        stack: Stack,
        state: State,
        reason: str = "",
    ) -> None:
        """Tell of one step; the caller's function is never called by two threads at once."""
        with self.telling:
            self.done += state not in ("building", "waiting")
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
                environment, built = self.environment(interpreter, self.exact(stack, interpreter))
            except (FailedError, BadRequirement, OSError) as error:
                reason = str(error)
            else:
                self.report(interpreter, stack, "built" if built else "reused")
                return environment
        self.report(interpreter, stack, "unavailable", reason)
        return Unavailable(reason=reason)

    def exact(self, stack: Stack, interpreter: Interpreter) -> Stack:
        """The stack with the releases that its replacements name for this interpreter."""
        if not stack.instead:
            return stack
        if interpreter.language < OLDEST_REPLACED:
            raise FailedError("other packages than those pinned need Python 3.6 or newer")
        if stack.renewed:
            pre = stack.renewed == "pre"
            return replace(
                stack, instead=newest_releases(self.tools, stack.instead, interpreter, pre=pre)
            )
        found = exact(self.tools, stack.instead, interpreter)
        return replace(stack, instead=tuple(one.word for one in found))

    def environment(self, interpreter: Interpreter, stack: Stack) -> tuple[Environment, bool]:
        folder = self.root / interpreter.id
        identity = _identity(interpreter)
        pins = pins_of(stack, interpreter)
        content = (self.tools.pins / pins).read_bytes() if pins else b""
        constraints = (self.tools.pins / "build.txt").read_bytes() if pins else b""
        instead = [part for one in stack.instead for part in (one.encode(), marks(one))]
        digest = _digest(b"%d" % BUILDER, identity, content, constraints, *instead)
        target = folder / f"{stack.name}-{digest}"
        build = build_environment(self.tools, interpreter, stack, target)

        def build_and_report(building: Path) -> dict[str, str]:
            self.report(interpreter, stack, "building")
            return build(building)

        def waiting(who: str) -> None:
            self.report(interpreter, stack, "waiting", f"{who} is building it")

        manifest, built = publish(target, digest, build_and_report, waiting)

        inside_digest = _digest(identity, self.inside_digest.encode())
        inside = folder / f"inside-{inside_digest}"
        publish(
            inside,
            inside_digest,
            build_inside(self.tools, interpreter, inside, self.sources),
            waiting,
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
    an Unavailable with its reason; nothing is raised for it. A cache that cannot be trusted is:
    UnusableCacheError. Any number of processes may
    prepare in one cache at once. `on_event` is called from worker threads, one at a time.
    """
    jobs = {(each.id, stack.name): (each, stack) for each, stack in wanted}
    # A temporary cache may be reached by a link, as on macOS; interpreters tell real paths.
    cache = Path(os.path.realpath(cache))
    check_cache(cache)
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    root = cache / "environments"
    remove_abandoned(root)
    preparation = _Preparation(
        Tools(cache, pins), root, {"probe": probe, "endings": endings}, on_event, len(jobs)
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
