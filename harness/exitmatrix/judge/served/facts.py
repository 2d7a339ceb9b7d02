"""Which facts of a server hold for a cell: those of its release, and of its Python. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace
from packaging.version import Version

from exitmatrix.declare.servers import SERVERS
from exitmatrix.judge.laws import LAWS
from exitmatrix.judge.laws.law import Facts, Kills
from exitmatrix.judge.profile import Profile, profile
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.model import Record, Scenario
from exitmatrix.model.cell import Ending
from exitmatrix.model.language import Code
from exitmatrix.model.server import Server, Stop
from exitmatrix.model.tree import GROUP

TRACKER = "multiprocessing.resource_tracker"


class ServedFacts(Server, kw_only=True):
    """The facts that hold for a cell, and its Python; notes which laws of programs were used."""

    profile: Profile
    used: dict[str, None] = msgspec.field(default_factory=dict)


def facts_of(
    scenario: Scenario, packages: Mapping[str, str], python: Profile | None = None
) -> Server:
    """The facts that hold for the release and the Python measured. Raises NotPredicted."""
    known = SERVERS.get(scenario.server, ())
    holding = [
        one
        for one in known
        if (not one.package or one.package in packages)
        and _reaches(packages.get(one.package, ""), one.since)
        and all(getattr(python, name, None) == value for name, value in one.where.items())
    ]
    if not holding:
        raise NotPredicted(f"nothing is known of {scenario.server} in this release")
    return max(holding, key=lambda one: (Version(one.since or "0"), len(one.where)))


def _reaches(version: str, since: str) -> bool:
    return not since or (bool(version) and Version(version) >= Version(since))


def facts_now(record: Record, scenario: Scenario) -> ServedFacts:
    """The facts that hold for a cell, with the helpers of its Python. Raises NotPredicted."""
    python = profile(record.interpreter, record.packages)
    facts = facts_of(scenario, record.packages, python)
    ending = Ending(record.termination, record.target)
    if {ending.termination, str(ending)} & set(facts.unlisted):
        raise NotPredicted(
            f"what {ending.termination} to {ending.target} does to {facts.id}: it has a handler"
            " that its facts do not describe"
        )
    if python.tracker:
        facts = replace(facts, helpers=(*facts.helpers, *(TRACKER for _ in facts.locks)))
    every = {name: getattr(facts, name) for name in Server.__struct_fields__}
    here = ServedFacts(profile=python, **every)
    return replace(here, master={name: _unwound(here, stop) for name, stop in here.master.items()})


def tells_both(facts: Server, termination: str, target: str) -> bool:
    """Whether the facts say what two signals, sent to the target, come to together."""
    masters = facts.workers and target in ("master", GROUP)
    return termination in (facts.master if masters else facts.worker)


def _unwound(facts: ServedFacts, stop: Stop) -> Stop:
    return replace(stop, passes=unwinds(facts, child_rests=True)) if stop.in_call else stop


def unwinds(facts: ServedFacts, *, child_rests: bool) -> str:
    """The signal that a child gets when an exception leaves the `subprocess.call` of its parent.

    Raises NotPredicted.
    """
    ask = Ask(LAWS, Code(body=()), facts.profile)
    case = Facts(
        profile=facts.profile,
        supervisor="reloader",
        exception="SystemExit",
        child_rests=child_rests,
    )
    (effect,) = ask("supervisor exception", case)
    facts.used.update(ask.used)
    return "SIGKILL" if isinstance(effect, Kills) else ""
