"""Every law by its id, whatever it is about: of programs, of servers, of launchers."""

from __future__ import annotations

from collections.abc import Mapping

from exitmatrix.judge.launcher_laws import LAWS as OF_LAUNCHERS
from exitmatrix.judge.laws import LAWS_BY_ID
from exitmatrix.judge.laws.law import Law
from exitmatrix.judge.served.laws import LAWS as OF_SERVERS
from exitmatrix.judge.served.laws import ServerLaw

TEXTS: Mapping[str, Law | ServerLaw] = {**OF_SERVERS, **OF_LAUNCHERS, **LAWS_BY_ID}
