"""From the history of a scenario that is run as a user's command is, to its outcome. Pure.

A command of its own starts it, or a launcher does.

Workers that are alike are interchangeable: the one that a termination is aimed at is
`worker`, the others are `others`, and what is started afterwards is `new-worker`; where there
are several of a kind they are numbered by what they did, not by when they were seen.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from exitmatrix.model import (
    CellId,
    Outcome,
    Process,
    Scenario,
    Termination,
    Timeline,
    Trial,
    Unknown,
)
from exitmatrix.model.app import AppTrial, TimedEvent
from exitmatrix.model.app_outcome import AppOutcome, Handler, Member
from exitmatrix.model.outcome import NEW, Launching, PortState
from exitmatrix.model.tree import Tree
from exitmatrix.observe.app import begins, observe_app
from exitmatrix.observe.history import told_of_data

FOLDER = ("harness", "folder")
AT_WORK = ("kernel", "at-work")
ENOUGH = 5.0  # seconds of a processor, in which whatever is on its way to its end has ended
CLIENT = ("asked", "replied")  # what is told of a client of the server


def observe_served(
    trial: Trial, scenario: Scenario, termination: Termination, target: str
) -> Outcome | Unknown:
    """What a trial showed, or why it does not show enough."""
    if reason := _did_not_take_place(trial, termination):
        return Unknown(reason=reason)
    shown = _shown(trial, target)
    if isinstance(shown, Unknown):
        return shown
    members = [one for one in shown.members if one.family]
    if not all(one.exit or _lives(one) for one in members):
        return Unknown(reason="a process neither ended nor was alive")
    if reason := _hurried(trial):
        return Unknown(reason=reason)
    named = _named(members, target, scenario.roles)
    order = sorted(
        (ran.began, role, _name(ran.handler))
        for role, one in named
        for ran in one.own
        if ran.began is not None and ran.fate in ("ran", "raised")
    )
    survivors = tuple(role for role, one in named if not one.exit)
    data = told_of_data(trial.history)
    if set(data) != set(scenario.data):
        return Unknown(reason="what became of its data could not be seen")
    return Outcome(
        processes=tuple(_process(role, one) for role, one in named),
        order=tuple((role, name) for _, role, name in order),
        survivors=survivors,
        helpers=tuple(sorted(one.base for one in shown.members if _helps(one))),
        port=_port(members, scenario) if scenario.ready.by in ("listening", "http") else None,
        launchers=tuple(
            Launching(name=one.base, exit=_exit(one)) for one in shown.members if one.launches
        ),
        data=dict(sorted(data.items())) or None,
        client=(shown.without or shown.reply) or None,
    )


def _hurried(trial: Trial) -> str | None:
    """Why nobody knows whether somebody who lives was on the way to an end; None if all rest.

    What goes on working though it has had a processor for long does not end.
    """
    ended = {one.pid for one in trial.history if (one.source, one.kind) == ("kernel", "ended")}
    for event in trial.history:
        if (event.source, event.kind) != AT_WORK or event.pid in ended:
            continue
        if float(event.detail[0]) < ENOUGH:
            role = Tree(trial.tree).roles.get(event.pid, "a process")
            return f"{role} was still at work when the time was over"
    return None


def _helps(member: Member) -> bool:
    return not (member.family or member.new or member.launches)


def _did_not_take_place(trial: Trial, termination: Termination) -> str | None:
    """Why a view did not end its process as it was asked to; None where nothing says so."""
    if termination.delivery != "in-process":
        return None
    ready = any((one.source, one.kind) == ("harness", "ready") for one in trial.history)
    own = [event for event in trial.history if event.source == "endings"]
    if ready and not any((one.kind, one.detail) == ("ending", (termination.id,)) for one in own):
        return "the program never reached the termination"
    without = next((one for one in own if one.kind == "no-effect"), None)
    if without is None:
        return None
    return f"{without.detail[0]} did not take place: {' '.join(without.detail[1:])}"


def _port(members: Sequence[Member], scenario: Scenario) -> PortState:
    return "open" if any(_answers(one, scenario.roles) for one in members) else "closed"


def timeline_served(trial: Trial, scenario: Scenario, target: str) -> Timeline:
    """Who did what after what: (who, what, ...), without times, pids and paths."""
    shown = _shown(trial, target)
    if isinstance(shown, Unknown):
        return ()
    members = [one for one in shown.members if one.family]
    launchers = [one for one in shown.members if one.launches]
    steps: list[tuple[float, tuple[str, ...]]] = [
        (sent.seconds, ("harness", "sent", sent.signal, target))
        for sent in shown.sent
        if sent.signal
    ]
    steps += [(one.born, (one.base, "spawned")) for one in launchers]
    begun = next(place for place, event in enumerate(trial.history) if begins(event))
    steps += [
        (float(place - begun), ("harness", event.kind, event.detail[-1]))
        for place, event in enumerate(trial.history)
        if event.source == "harness" and event.kind in CLIENT
    ]
    named = _named(members, target, scenario.roles)
    for role, one in named:
        steps.append((one.born, (role, "spawned")))
        if one.acted is not None:
            steps.append((one.acted, (role, "ending", CellId.parse(trial.cell).termination)))
        for ran in one.own:
            if ran.began is None:
                continue
            name = _name(ran.handler)
            steps.append((ran.began, (role, "began", name)))
            if ran.seconds is not None:
                how = ("raised", name, ran.error) if ran.error else ("returned", name)
                steps.append((ran.began + ran.seconds, (role, *how)))
    for role, one in [(one.base, one) for one in launchers] + named:
        if one.exit and one.seconds is not None:
            steps.append((one.seconds, (role, "ended", one.exit)))
    steps.sort(key=lambda step: step[0])
    return tuple(step for _, step in steps)


def _shown(trial: Trial, target: str) -> AppOutcome | Unknown:
    folder = next((e.detail[0] for e in trial.history if (e.source, e.kind) == FOLDER), "")
    # The place in the history stands for the time: what counts is what followed what.
    moments = tuple(TimedEvent(float(place), event) for place, event in enumerate(trial.history))
    return observe_app(
        AppTrial(
            id=trial.cell,
            situation="",
            target=target,
            blind=False,
            history=moments,
            tree=trial.tree,
            output=trial.stdout,
        ),
        folder,
    )


def _answers(member: Member, roles: Sequence[str]) -> bool:
    """Whether it lives and holds the listening socket; a master holds it and answers nobody."""
    return (
        not member.exit and member.serves and (len(roles) == 1 or _base(member, roles) != roles[0])
    )


def _lives(member: Member) -> bool:
    return member.seconds is None


def _named(
    members: Sequence[Member], target: str, roles: Sequence[str]
) -> list[tuple[str, Member]]:
    """Each process with its role, in an order that depends on what they did alone."""
    groups: dict[str, list[Member]] = {}
    for one in members:
        groups.setdefault(_kind(one, target, roles), []).append(one)
    first = [role for role in (*roles, "others") if role in groups]
    named: list[tuple[str, Member]] = []
    for role in (*first, *sorted(groups.keys() - set(first))):
        alike = sorted(groups[role], key=lambda one: msgspec.json.encode(_process(role, one)))
        several = len(alike) > 1
        named += [
            (f"{role}#{number}" if several else role, one)
            for number, one in enumerate(alike, start=1)
        ]
    return named


def _kind(member: Member, target: str, roles: Sequence[str]) -> str:
    if member.new:
        return f"{NEW}{_base(member, roles) if len(roles) > 1 else member.base}"
    base = _base(member, roles)
    aimed = base == target and base == roles[-1] and len(roles) > 1
    hit = member.signalled or member.acted is not None
    return "others" if aimed and not hit else base


def _base(member: Member, roles: Sequence[str]) -> str:
    """The scenario's own word for a role: the master of a reloader's child is its `parent`."""
    if member.base in roles:
        return member.base
    return roles[0] if member.base == "master" else roles[-1]


def _name(handler: Handler) -> str:
    """The handler's name; that of another mechanism tells the mechanism too."""
    if handler.mechanism != "atexit":
        return handler.label
    return handler.label.partition(":")[2] or handler.label


def _process(role: str, member: Member) -> Process:
    ran = [one for one in member.own if one.fate in ("ran", "raised")]
    return Process(
        role=role,
        fired=tuple(_name(one.handler) for one in ran) if member.observed else None,
        unfinished=tuple(_name(one.handler) for one in member.own if one.fate == "unfinished")
        if member.observed
        else None,
        exit=_exit(member),
        raised=tuple(_name(one.handler) for one in ran if one.fate == "raised"),
    )


def _exit(member: Member) -> dict[str, object] | None:
    word, _, value = member.exit.partition(" ")
    if word == "code":
        return {"code": int(value)}
    if word == "signal":
        return {"signal": value}
    if member.exit:
        return {"unknown": "its parent reaped it before its status could be read"}
    return None
