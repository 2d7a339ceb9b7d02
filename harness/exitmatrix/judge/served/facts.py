"""Which facts of a server hold for a cell: those of its release, and of its Python. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace
from packaging.version import Version

from exitmatrix.declare.servers import SERVERS
from exitmatrix.judge.profile import profile
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.model import Record, Scenario
from exitmatrix.model.server import Server

TRACKER = "multiprocessing.resource_tracker"


def facts_of(
    scenario: Scenario, packages: Mapping[str, str], python: str = "", implementation: str = ""
) -> Server:
    """The facts that hold for the release and the Python measured. Raises NotPredicted."""
    known = SERVERS.get(scenario.server, ())
    holding = [
        one
        for one in known
        if (not one.package or one.package in packages)
        and _reaches(packages.get(one.package, ""), one.since)
        and _reaches(python, one.python)
        and one.implementation in ("", implementation)
    ]
    if not holding:
        raise NotPredicted(f"nothing is known of {scenario.server} in this release")
    return max(
        holding,
        key=lambda one: (
            Version(one.since or "0"),
            Version(one.python or "0"),
            one.implementation,
        ),
    )


def _reaches(version: str, since: str) -> bool:
    return not since or (bool(version) and Version(version) >= Version(since))


def facts_now(record: Record, scenario: Scenario) -> Server:
    """The facts that hold for a cell, with the helpers of its Python. Raises NotPredicted."""
    python = record.interpreter
    facts = facts_of(
        scenario, record.packages, str(python["version"]), str(python["implementation"])
    )
    if profile(record.interpreter, record.packages).tracker:
        return replace(facts, helpers=(*facts.helpers, *(TRACKER for _ in facts.locks)))
    return facts
