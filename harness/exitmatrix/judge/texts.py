"""Every law by its id, whatever it is about: of programs, of servers, of launchers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from exitmatrix.judge.launcher_laws import LAWS as OF_LAUNCHERS
from exitmatrix.judge.laws import LAWS_BY_ID
from exitmatrix.judge.laws.law import Law
from exitmatrix.judge.served.laws import LAWS as OF_SERVERS
from exitmatrix.judge.served.laws import ServerLaw

ALL_LAWS: Mapping[str, Law | ServerLaw] = {**OF_SERVERS, **OF_LAUNCHERS, **LAWS_BY_ID}

GENERAL = (
    "register-appends",
    "library-is-imported",
    "written-to-a-buffer",
    "waits-for-an-event",
    "system-exit",
    "flush-before-handlers",
    "lifo",
    "handlers-leave-the-exit-alone",
    "flush-at-end",
)
"""Laws that many cells rest on, whatever ends them: an answer only names these."""


def telling(ids: Iterable[str]) -> tuple[str, ...]:
    """The laws of an answer that are told in full; all of them if all are general."""
    known = tuple(ids)
    return tuple(id for id in known if id not in GENERAL) or known
