"""The order of events in one trial, by process."""

from __future__ import annotations

from exitmatrix.model import CellId, Scenario, Timeline, Trial
from exitmatrix.observe.history import OWN_MODULE, asked_for_life, read_history, until_closing
from exitmatrix.observe.roles import assign_roles, helper_name
from exitmatrix.observe.served import timeline_served


def timeline(trial: Trial, scenario: Scenario) -> Timeline:
    """Who did what after what: (who, what, ...), without times, pids and paths."""
    if scenario.command or trial.tree:
        return timeline_served(trial, scenario, CellId.parse(trial.cell).target)
    history = until_closing(trial.history)
    seen = read_history(history, scenario.modules)
    assign_roles(seen, scenario)
    names = {pid: one.role or helper_name(one.words) for pid, one in seen.items()}
    asked = asked_for_life(history)
    kinds = {
        "spawned": 0,
        "ready": 0,
        "serves": 0,
        "asked": 1,
        "replied": 1,
        "sent": 2,
        "touched": 1,
        "ending": 1,
        "ended": 1,
        "alive": 0,
        "answered": 0,
        "no-answer": 0,
        "left": 1,
    }
    lines: list[tuple[str, ...]] = []
    for event in history:
        role = names.get(event.pid, "")
        if event.source == "endings" and event.kind == "alive":
            continue  # how often a sign of life was asked for is a matter of time
        if event in asked and event is not asked[-1]:
            continue  # and so is how often HTTP was
        inside = event.source in ("probe", "endings")
        if inside and event.kind in ("started", "forked"):
            where = (f"subinterpreter {event.subinterpreter}",) if event.subinterpreter else ()
            lines.append((role, event.kind, *where))
        elif inside and event.kind in ("registered", "began", "ended", "raised"):
            name, module = seen[event.pid].handlers.get(event.detail[0], ("?", OWN_MODULE))
            label = name if module == OWN_MODULE else module
            kind = {"ended": "returned"}.get(event.kind, event.kind)
            how = event.detail[1:2] if kind == "raised" else ()
            lines.append((role, kind, label, *how))
        elif event.source != "probe" and event.kind in kinds:
            speaker = role or "harness"
            lines.append((speaker, event.kind, *event.detail[: kinds[event.kind]]))
    return tuple(lines)
