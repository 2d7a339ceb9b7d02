"""Damaged laws: what was seen of programs and cells has to contradict each of them. Pure.

A law that is removed answers its question no more, so what matched is withheld. A
boundary that is moved by one gives the Python beside it the value of the other side, so
what matched is mispredicted. A damage that nothing notices is a law that is superfluous,
or one that was never tested.

A damage may also do no more than add an outcome to a race. No run contradicts that: it is
noticed as far as so many runs of a program never showed that outcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, cast

from msgspec.structs import replace

from exitmatrix.judge.laws import LAWS
from exitmatrix.judge.laws.law import Law
from exitmatrix.judge.profile import PARAMETERS, Parameter, Profile, profile
from exitmatrix.judge.program import predict_program
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.judge.verdict import Profiler, expected, judge
from exitmatrix.judge.watched import WatchedProfile
from exitmatrix.model import Frozen, Record, Scenario
from exitmatrix.model.boundary import Witness
from exitmatrix.model.execution import Seen
from exitmatrix.model.language import Code
from exitmatrix.model.outcome_sets import allows

OF_CELLS = frozenset({
    "handler_report", "unraisable_hook", "raises_again", "tracker",
    "server_catches_all", "call_leaves_child", "debugger_locks", "scheduler_forks",
    "late_join", "endless_calls", "gzip_loses",
    "prompt_handlers", "prompt_interrupt",
    "early_exit_function", "server_keeps_status",
    "shared_memory", "pool_notices", "file_buffer", "tracker_name",
    "keeps_ignored_sigint", "unkilled_status", "held_stream",
})  # fmt: skip
"""Parameters to which no generated program comes: those of the laws about stderr, libraries,
servers, loops, an overflow of the stack, prompts, what processes share, launchers and a stdout that
a thread is stuck in. Their boundaries are moved between the Pythons whose cells are on record."""

OF_SERVERS = frozenset(
    {"start_method", "closing_waits", "trusts_family", "tells_frames", "wait_in_handler"}
)
"""Parameters that only facts of servers and launchers rest on, which tests take away one by one."""

Does = Literal["nothing", "withholds", "takes away", "adds"]


class Damage(Frozen, kw_only=True):
    """One thing that is wrong, for one Python or, with "", for all."""

    name: str
    python: str = ""
    law: str = ""  # the law that is removed
    parameter: str = ""  # or the parameter that has another value
    value: Any = None


def removed_laws(laws: Sequence[Law] = LAWS) -> Iterator[Damage]:
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
            if older == newer:
                continue
            for python, other, value in ((left, right, newer), (right, left, older)):
                yield Damage(
                    name=f"{parameter.name} of {python} as on {other}",
                    python=python,
                    parameter=parameter.name,
                    value=value,
                )


def damages(
    profiles: Mapping[str, Profile],
    neighbours: Iterable[tuple[str, str]],
    with_cells: Iterable[tuple[str, str]],
) -> tuple[Damage, ...]:
    """All of them: neighbours among the Pythons that ran programs, and among those with cells."""
    of_programs = [one for one in PARAMETERS if one.name not in OF_CELLS | OF_SERVERS]
    of_cells = [one for one in PARAMETERS if one.name in OF_CELLS]
    return (
        *removed_laws(),
        *moved_boundaries(profiles, neighbours, of_programs),
        *moved_boundaries(profiles, with_cells, of_cells),
    )


class Needed(Frozen, kw_only=True):
    """What the laws allow for a program on a Python, and on what that rests."""

    allowed: tuple[Seen, ...] | str  # or the question that is withheld
    laws: frozenset[str]
    parameters: frozenset[str]

    def rests_on(self, damage: Damage) -> bool:
        """Whether a damage may make a difference."""
        return damage.law in self.laws or damage.parameter in self.parameters


def needed(code: Code, profile: Profile) -> Needed:
    """What the laws say of a program."""
    watched = WatchedProfile(profile)
    laws: tuple[str, ...] = ()
    allowed: tuple[Seen, ...] | str
    try:
        foreseen = predict_program(code, cast(Profile, watched))
        allowed, laws = foreseen.seen, foreseen.rules
    except NotPredicted as question:
        allowed = str(question)
    return Needed(allowed=allowed, laws=frozenset(laws), parameters=frozenset(watched.read))


def notices(
    code: Code, profile: Profile, seen: Seen, damage: Damage, now: Needed | None = None
) -> bool:
    """Whether what a program showed contradicts the damaged laws, and not those that there are.

    Where these withhold their answer, the damaged ones would have to give a wrong one. `now`: what
    they say, where that is known.
    """
    now = now or needed(code, profile)
    withheld = isinstance(now.allowed, str)
    if not (now.rests_on(damage) and (withheld or seen in now.allowed)):
        return False
    then = _allowed(code, *_damaged(profile, damage))
    return not withheld if isinstance(then, str) else seen not in then


def effect_of(code: Code, profile: Profile, damage: Damage) -> tuple[Does, tuple[Seen, ...]]:
    """What a damage does to the prediction of a program; the outcomes that it adds."""
    now, then = _allowed(code, profile), _allowed(code, *_damaged(profile, damage))
    if now == then:
        return "nothing", ()
    if isinstance(then, str):
        return "withholds", ()
    if isinstance(now, str) or not set(now) <= set(then):
        return "takes away", ()
    return "adds", tuple(one for one in then if one not in now)


def cell_notices(record: Record, scenario: Scenario, damage: Damage) -> bool:
    """Whether a cell does not match the damaged laws."""
    return judge(record, scenario, *_of_cells(damage)).verdict.verdict != "match"


def adds_to_cell(record: Record, scenario: Scenario, damage: Damage) -> bool:
    """Whether all that a damage does to a cell is to allow more, which no run of it has shown."""
    if cell_notices(record, scenario, damage):
        return False
    now = expected(record, scenario).outcomes
    then = expected(record, scenario, *_of_cells(damage)).outcomes
    return all(allows(then, one) for one in now) and not all(allows(now, one) for one in then)


def _of_cells(damage: Damage) -> tuple[tuple[Law, ...], Profiler]:
    def profiler(python: Mapping[str, Any], packages: Mapping[str, str] | None = None) -> Profile:
        return _damaged(profile(python, packages), damage)[0]

    return _laws_but(damage), profiler


def still_notices(
    one: Witness, damage: Damage, profile: Profile | None, cell: tuple[Record, Scenario] | None
) -> bool:
    """Whether a witness notices its damage by the laws of today, on its Python or by its cell."""
    if one.cell:
        return (
            cell is not None
            and judge(*cell).verdict.verdict == "match"
            and (adds_to_cell if one.never else cell_notices)(*cell, damage)
        )
    if one.program is None or one.shows is None or profile is None:
        return False
    if one.never:
        what, added = effect_of(one.program, profile, damage)
        return what == "adds" and one.shows in added
    return notices(one.program, profile, one.shows, damage)


def _damaged(profile: Profile, damage: Damage) -> tuple[Profile, tuple[Law, ...]]:
    if damage.parameter:
        profile = replace(profile, **{damage.parameter: damage.value})
    return profile, _laws_but(damage)


def _laws_but(damage: Damage) -> tuple[Law, ...]:
    return tuple(law for law in LAWS if law.id != damage.law) if damage.law else LAWS


def _allowed(code: Code, profile: Profile, laws: tuple[Law, ...] = LAWS) -> tuple[Seen, ...] | str:
    try:
        return predict_program(code, profile, laws=laws).seen
    except NotPredicted as question:
        return str(question)
