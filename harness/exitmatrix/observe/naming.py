"""The same handler, and the same process, has the same name in all runs of a command. Pure.

A process is `master` where it has started others of the program, and `main` where it has not: in
one run it may have, when it is being ended, and in another not. It has one name over them all.

The name of a handler holds what that was registered with, and some of it is made anew in each run:
`rmtree('/tmp/tmp0phh186b')`. It is data then, and tells no two handlers apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from exitmatrix.model import Unknown
from exitmatrix.model.app_outcome import AppOutcome, Handler
from exitmatrix.model.tree import MAIN, MASTER, base_of

_Site = tuple[str, str]


def same_names(runs: Sequence[AppOutcome | Unknown]) -> list[AppOutcome | Unknown]:
    """The runs, with one name for each process and each handler, whichever run shows it.

    `...` stands for the arguments of handlers for which they are not always the same.
    """
    seen = [run for run in runs if isinstance(run, AppOutcome)]
    if any(one.family and one.base == MASTER for run in seen for one in run.members):
        runs = [_with_a_master(run) if isinstance(run, AppOutcome) else run for run in runs]
    shown: dict[_Site, set[frozenset[str]]] = {}
    for run in runs:
        if isinstance(run, AppOutcome):
            for site, labels in _labels(run).items():
                shown.setdefault(site, set()).add(frozenset(labels))
    changing = {site for site, each in shown.items() if len(each) > 1}
    return [_renamed(run, changing) if isinstance(run, AppOutcome) else run for run in runs]


def _with_a_master(run: AppOutcome) -> AppOutcome:
    """The run, with the program's first process called as in a run in which it has workers."""
    named = {one.role: _as_master(one.role) for one in run.members if one.family}
    return replace(
        run,
        members=tuple(
            replace(one, role=named[one.role]) if one.family else one for one in run.members
        ),
        sent=tuple(replace(one, to=named.get(one.to, one.to)) for one in run.sent),
    )


def _as_master(role: str) -> str:
    return role.replace(MAIN, MASTER, 1) if base_of(role) == MAIN else role


def _site(handler: Handler) -> _Site:
    """Its code and its place, by which it is the same in another run."""
    return handler.label.partition("(")[0], handler.place


def _labels(run: AppOutcome) -> dict[_Site, set[str]]:
    found: dict[_Site, set[str]] = {}
    for handler in _handlers(run):
        found.setdefault(_site(handler), set()).add(handler.label)
    return found


def _handlers(run: AppOutcome) -> Iterable[Handler]:
    return (ran.handler for member in run.members for ran in member.handlers)


def _renamed(run: AppOutcome, changing: set[_Site]) -> AppOutcome:
    if not any(_site(handler) in changing for handler in _handlers(run)):
        return run
    return replace(
        run,
        members=tuple(
            replace(
                member,
                handlers=tuple(
                    replace(ran, handler=_without_arguments(ran.handler))
                    if _site(ran.handler) in changing
                    else ran
                    for ran in member.handlers
                ),
            )
            for member in run.members
        ),
    )


def _without_arguments(handler: Handler) -> Handler:
    name, bracket, _ = handler.label.partition("(")
    return replace(handler, label=f"{name}(...)" if bracket else name)
