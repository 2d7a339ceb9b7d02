"""An outcome, with what befell its processes and the view that was at work in one of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from exitmatrix.judge.served.facts import ServedFacts
from exitmatrix.judge.served.process import SHUTDOWN, cut_at_stages, number_processes
from exitmatrix.model import Outcome, Process
from exitmatrix.model.outcome import NEW
from exitmatrix.model.server import View

BUSY_VIEW = "view:busy"  # what `endings.busy()` tells of itself
ANSWERED = View(ends="returns", client="200")
LOST = View(ends="never", client="closed")
WAITS = "waits"
KILLED_LATE = {"signal": "SIGKILL"}


def has_gone(outcome: Outcome, target: str) -> bool:
    """Whether nobody is left to whom a second signal is sent."""
    sent = [one for one in outcome.processes if target in ("group", one.role)]
    return all(one.exit is not None for one in sent)


def hangs_in_exit(outcome: Outcome) -> bool:
    """Whether a worker hangs where its signals are blocked, and is deaf to another."""
    return any(one.exit is None and one.role.startswith("worker") for one in outcome.processes)


def reaped(outcome: Outcome, facts: ServedFacts) -> Outcome:
    """The outcome of which the master, before it was killed, has told of who had gone by then."""
    master, *workers = outcome.processes
    told = replace(master, fired=facts.reaps * (facts.workers - 1))
    return replace(outcome, processes=(told, *workers))


def too_late(outcome: Outcome, late: str) -> Outcome:
    """The outcome of which the view has taken longer than the process waits for it."""
    first, *workers = map(_given_up, outcome.processes)
    return _of(outcome, first, workers, late)


def without_master(outcome: Outcome, view: View, late: str) -> Outcome:
    """The outcome of which the master was killed meanwhile, and perhaps the view with it.

    The view is held until nothing else happens: longer than anybody waits who counts the time.
    """
    first, *workers = outcome.processes
    if view.ends == "returns" and late:
        return _of(outcome, _killed(first), map(_given_up, workers), late)
    if view.ends == "returns":
        return _of(outcome, _killed(first), workers, outcome.client)
    return _of(outcome, _killed(first), map(_unanswered, workers), view.client)


def with_untold_workers(outcome: Outcome) -> Outcome:
    """The outcome of which the master had not come to tell those that do not answer."""
    first, *workers = outcome.processes
    left = (one if BUSY_VIEW in (one.fired or ()) else _resting(one) for one in workers)
    return replace(_of(outcome, first, left, outcome.client), port="open")


def every_one_killed(outcome: Outcome) -> Outcome:
    """The outcome of which all who live are killed."""
    ended = (one if one.exit is not None else _killed(one) for one in outcome.processes)
    return replace(outcome, processes=tuple(ended), survivors=(), port="closed")


def without_both(outcome: Outcome) -> Outcome:
    """The outcome of which the master was killed meanwhile, and the process that answers."""
    first, *workers = outcome.processes
    left = (_unanswered(_killed(one)) if BUSY_VIEW in (one.fired or ()) else one for one in workers)
    return every_one_killed(_of(outcome, _killed(first), left, LOST.client))


def _of(
    outcome: Outcome, master: Process, workers: Iterable[Process], client: str | None
) -> Outcome:
    """The outcome with these processes, numbered by what they did."""
    processes = (master, *number_processes(tuple(workers)))
    alive = tuple(one.role for one in processes if one.exit is None)
    return replace(outcome, processes=processes, survivors=alive, client=client)


def _killed(process: Process) -> Process:
    fired = (BUSY_VIEW,) if BUSY_VIEW in (process.fired or ()) else ()
    return replace(process, fired=fired, raised=(), exit={"signal": "SIGKILL"})


def _resting(process: Process) -> Process:
    """The process, to which nothing has happened."""
    return Process(role=process.role, fired=(), unfinished=(), exit=None)


def _given_up(process: Process) -> Process:
    """The process, whose view was ended by an exception."""
    began = BUSY_VIEW in (process.fired or ())
    return replace(process, raised=(BUSY_VIEW, *process.raised) if began else process.raised)


def _unanswered(process: Process) -> Process:
    """The process, whose view has not come to its end."""
    fired = process.fired or ()
    if BUSY_VIEW not in fired:
        return process
    left = tuple(one for one in fired if one != BUSY_VIEW)
    return replace(process, fired=left, unfinished=(BUSY_VIEW, *(process.unfinished or ())))


def each_at_work(outcomes: Iterable[Outcome], target: str, view: View) -> Iterator[Outcome]:
    """Each outcome of an idle server, with one of its processes at work."""
    role = "worker" if target in ("master", "group") else target
    for outcome in outcomes:
        alike = [one for one in outcome.processes if one.role.partition("#")[0] == role]
        for busy in alike:
            if view.by and any("signal" in (one.exit or {}) for one in alike if one is not busy):
                continue
            if view.hurried and SHUTDOWN in (busy.fired or ()):
                continue
            beside = view.ends == "never" and busy.exit == KILLED_LATE
            for stage in cut_at_stages(busy) if beside else (busy,):
                changed = [_with(stage, view) if one is busy else one for one in alike]
                hangs = view.ends == "never" and busy.exit is None
                done = _put(outcome, alike, changed, role, WAITS if hangs else view.client)
                yield from _waiting(done, target) if view.stays else (done,)


def _with(process: Process, view: View) -> Process:
    """A process, with what became of the view that was at work in it: that began first."""
    if view.stays:
        process = _resting(process)
    if view.past or view.by:
        process = replace(process, fired=(), unfinished=(), raised=())
    if view.by:
        process = replace(process, exit={"signal": view.by})
    if view.status is not None and "code" in (process.exit or {}):
        process = replace(process, exit={"code": view.status})
    if view.ends in ("never", "cut"):
        return replace(process, unfinished=(BUSY_VIEW, *(process.unfinished or ())))
    raised = (BUSY_VIEW, *process.raised) if view.ends == "raises" else process.raised
    return replace(process, fired=(BUSY_VIEW, *(process.fired or ())), raised=raised)


def _waiting(outcome: Outcome, target: str) -> Iterator[Outcome]:
    """The outcome where a worker has not gone: nobody is in its place, and its master waits.

    It listens until it comes to look at what it was told. Where it reloads, it has started others
    before it told anybody to go.
    """
    reloads = target == "master" and outcome.processes[0].exit is None
    stays = [
        replace(one, exit=None) if one.role == "master" and "code" in (one.exit or {}) else one
        for one in outcome.processes
        if reloads or not one.role.startswith(NEW)
    ]
    alive = tuple(one.role for one in stays if one.exit is None)
    for port in dict.fromkeys((outcome.port, "open")):
        yield replace(outcome, processes=tuple(stays), survivors=alive, port=port)


def _put(
    outcome: Outcome, alike: list[Process], changed: list[Process], role: str, client: str
) -> Outcome:
    """The outcome with some of its processes replaced, numbered by what they did."""
    numbered = iter(number_processes(changed, role))
    processes = tuple(next(numbered) if one in alike else one for one in outcome.processes)
    alive = tuple(one.role for one in processes if one.exit is None)
    return replace(outcome, processes=processes, survivors=alive, client=client)
