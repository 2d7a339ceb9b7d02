"""Made-up processes, runs and endings of a user's program."""

from __future__ import annotations

from typing import Any

from exitmatrix.declare.situations import find_situation
from exitmatrix.model.app_outcome import AppOutcome, EndingResult, Fate, Handler, Member, Ran, Sent

CLOSE, FLUSH = (Handler(label=label) for label in ("app.db:close_pool", "app:flush"))
LIBRARY = Handler(label="logging:shutdown", library=True)
TERM = Sent(seconds=0.0, signal="SIGTERM", to="main")


def member(role: str, *fates: tuple[Handler, Fate], end: str = "code 0", **more: Any) -> Member:
    began = {"ran": 0.1, "raised": 0.2, "unfinished": 0.3, "not run": None}
    fields: dict[str, Any] = {
        "family": True,
        "serves": False,
        "new": False,
        "observed": True,
        "seconds": 0.4 if end else None,
        "born": -1.0,
    }
    runs = tuple(Ran(handler=one, fate=fate, began=began[fate]) for one, fate in fates)
    return Member(role=role, exit=end, handlers=runs, **(fields | more))


def outcome(*members: Member, **more: Any) -> AppOutcome:
    fields: dict[str, Any] = {
        "situation": "deploy",
        "blind": False,
        "sent": (TERM,),
        "ready": 0.5,
        "gone": 0.4,
        "watched": 1.0,
        "left": (),
        "output": "",
        "python": "3.13.0",
    }
    return AppOutcome(members=members, **(fields | more))


def ending(*outcomes: AppOutcome, name: str = "deploy", **more: Any) -> EndingResult:
    return EndingResult(situation=find_situation(name), target="first", outcomes=outcomes, **more)
