"""Damaged laws: what was seen of programs has to contradict each of them. Pure.

A law that is removed answers its question no more, so a program that matched is
withheld. A boundary that is moved by one gives the Python beside it the value of
the other side, so a program that matched is mispredicted. A damage that no program
notices is a law that is superfluous, or one that was never tested.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from exitmatrix.judge.laws import (
    LAWS,
    exits,
    handlers,
    interpreters,
    limits,
    loops,
    multiprocess,
    owners,
    pools,
    processes,
    promises,
    shared,
    signals,
    streams,
    sudden,
    unwinding,
)
from exitmatrix.judge.laws.law import Law
from exitmatrix.judge.profile import PARAMETERS, Parameter, Profile
from exitmatrix.judge.program import predict_program
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.model import Frozen
from exitmatrix.model.execution import Seen
from exitmatrix.model.language import Code

NOT_GENERATED = frozenset({
    "main-task-wakes", "wakeup-is-taken",
    "prompt-follows", "prompt-dies-of-past-ctrl-c", "prompt-forgets-ctrl-c",
    "typed-ctrl-c-is-remembered", "typed-ctrl-c-is-forgotten",
    "library-saves", "os-exit-is-replaced",
    "stack-overflows", "endless-calls-raise",
    "stdout-is-full", "full-pipe-blocks-first", "full-pipe-blocks-last",
    "stdout-is-held", "held-stdout-aborts", "held-stdout-blocks-first", "held-stdout-blocks-last",
    "pypy-ctrl-c-waits-for-stdout",
    "multiprocessing-registers-early", "multiprocessing-registers-late",
    "pool-replaces-a-worker", "task-exception-ends-a-worker", "worker-waits-for-a-task",
    "pool-breaks-while-it-ends", "interrupted-read-tears-a-message",
    "ending-daemons-are-terminated", "process-of-old-server-exits-with-1",
    "names-are-made-and-removed", "no-shared-memory-yet", "shared-memory-has-a-name",
    "shared-object-has-a-name", "tracker-removes-names", "tracker-waits-for-the-last",
    "names-outlive-the-tracker", "nobody-tracks-system-v", "nobody-tracks-what-c-makes",
    "tracker-of-processes",
})  # fmt: skip
"""Laws about a prompt, about libraries that stand in for os._exit, about an overflow of the stack
and a pipe that nobody empties, or a thread fills, about a worker of a Pool that ends at its task,
and about what processes share, which the generator does not say; and about what a starter does not
tell."""

OF_PROGRAMS: tuple[Law, ...] = tuple(
    law
    for law in (
        *sudden.LAWS,
        *exits.LAWS,
        *unwinding.LAWS,
        *promises.LAWS,
        *handlers.LAWS,
        *signals.LAWS,
        *owners.LAWS,
        *limits.LAWS,
        *loops.LAWS,
        *processes.LAWS,
        *multiprocess.LAWS,
        *pools.LAWS,
        *shared.LAWS,
        *interpreters.LAWS,
        *streams.LAWS,
    )
    if law.id not in NOT_GENERATED
)
"""Laws that a generated program can come to; the others are about what only the matrix has."""

OF_CELLS = frozenset({
    "handler_report", "unraisable_hook", "raises_again", "tracker",
    "server_catches_all", "call_leaves_child", "call_grace", "debugger_locks", "scheduler_forks",
    "late_join", "endless_calls", "gzip_closes_itself",
    "prompt_handlers", "prompt_interrupt",
    "early_exit_function", "server_keeps_status",
    "shared_memory", "pool_locks", "file_buffer", "tracker_name",
    "keeps_ignored_sigint", "unkilled_status", "held_stream",
    "start_method", "closing_waits", "trusts_family",
})  # fmt: skip
"""Parameters of the laws about stderr, libraries, servers, loops, an overflow of the stack,
prompts, what processes share, launchers and a stdout that a thread is stuck in."""


class Damage(Frozen, kw_only=True):
    """One thing that is wrong, for one Python or, with "", for all."""

    name: str
    python: str = ""
    law: str = ""  # the law that is removed
    parameter: str = ""  # or the parameter that has another value
    value: Any = None


def removed_laws(laws: Sequence[Law] = OF_PROGRAMS) -> Iterator[Damage]:
    """Each law in turn is not there."""
    for law in laws:
        yield Damage(name=f"without {law.id}", law=law.id)


def moved_boundaries(
    profiles: Mapping[str, Profile],
    neighbours: Iterable[tuple[str, str]],
    parameters: Sequence[Parameter] = PARAMETERS,
) -> Iterator[Damage]:
    """Each boundary of a parameter that lies between two neighbours, moved by one, either way."""
    for left, right in neighbours:
        for parameter in parameters:
            older = getattr(profiles[left], parameter.name)
            newer = getattr(profiles[right], parameter.name)
            if older == newer or parameter.name in OF_CELLS:
                continue
            for python, other, value in ((left, right, newer), (right, left, older)):
                yield Damage(
                    name=f"{parameter.name} of {python} as on {other}",
                    python=python,
                    parameter=parameter.name,
                    value=value,
                )


def notices(code: Code, profile: Profile, seen: Seen, damage: Damage) -> bool:
    """Whether a program that matches the laws does not match the damaged ones."""
    laws = tuple(law for law in LAWS if law.id != damage.law)
    if damage.parameter:
        profile = replace(profile, **{damage.parameter: damage.value})
    try:
        return seen not in predict_program(code, profile, laws=laws).seen
    except NotPredicted:
        return True
