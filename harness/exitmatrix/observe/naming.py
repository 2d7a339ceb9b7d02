"""The same handler has the same name in all runs of a command. Pure.

A name holds what the handler was registered with, and some of that is made anew in each
run: `rmtree('/tmp/tmp0phh186b')`. It is data then, and tells no two handlers apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from exitmatrix.model import Unknown
from exitmatrix.model.app_outcome import AppOutcome, Handler

_Site = tuple[str, str]


def same_names(runs: Sequence[AppOutcome | Unknown]) -> list[AppOutcome | Unknown]:
    """The runs, with `...` for the arguments of handlers for which they are not always the same."""
    shown: dict[_Site, set[frozenset[str]]] = {}
    for run in runs:
        if isinstance(run, AppOutcome):
            for site, labels in _labels(run).items():
                shown.setdefault(site, set()).add(frozenset(labels))
    changing = {site for site, each in shown.items() if len(each) > 1}
    return [_renamed(run, changing) if isinstance(run, AppOutcome) else run for run in runs]


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
