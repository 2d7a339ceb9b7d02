"""What a trial showed once pids and times are taken away."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from exitmatrix.model.base import Frozen, doc
from exitmatrix.model.subject import DataState

StdoutFate = Literal["kept", "lost", "twice"]
PortState = Literal["open", "closed"]

Text = Annotated[str, msgspec.Meta(extra_json_schema={"minLength": 1})]
RoleName = Annotated[
    str, msgspec.Meta(extra_json_schema={"pattern": "^[0-9]*[^/@#0-9][^/@#]*(#[1-9][0-9]*)?$"})
]

_ENDS: dict[str, dict[str, Any]] = {
    "code": {"type": "integer", "minimum": 0, "maximum": 255},
    "signal": {"type": "string", "pattern": "^SIG[A-Z0-9+-]+$"},
    "unknown": {"type": "string", "minLength": 1},
}
_EXIT = [
    {"type": "null"},
    *(
        {
            "type": "object",
            "required": [end],
            "properties": {end: rule},
            "not": {"anyOf": [{"required": [other]} for other in _ENDS if other != end]},
        }
        for end, rule in _ENDS.items()
    ),
]


NEW = "new-"
"""What the role of a worker begins with that replaces another."""


class Process(Frozen, kw_only=True):
    """What one process did, and how it ended."""

    role: Annotated[RoleName, doc("What it is in the tree; one that takes its place counts on.")]
    fired: Annotated[
        tuple[Text, ...] | None,
        doc(
            "The scenario's own handlers that began and ended, in order; null: not observed from"
            " inside."
        ),
    ]
    unfinished: Annotated[
        tuple[Text, ...] | None,
        doc("Handlers that began and never ended; null: not observed from inside."),
    ]
    exit: Annotated[
        dict[str, Any] | None,
        doc("How it ended; null: it was alive when the trial closed.", oneOf=_EXIT),
    ]
    raised: Annotated[
        tuple[Text, ...], doc("Those of `fired` that ended by an exception; absent when empty.")
    ] = ()
    library: Annotated[
        tuple[Text, ...],
        doc("Handlers that libraries registered, by module; absent when empty."),
    ] = ()
    before: Annotated[
        int,
        doc("Handlers that existed before the program's first line; absent when none.", minimum=1),
    ] = 0
    stdout: Annotated[
        StdoutFate | None,
        doc("Whether what was written without a flush arrived; absent where nothing was."),
    ] = None


class Launching(Frozen, kw_only=True):
    """A process that a launcher is, above the program that it started."""

    name: Annotated[
        str,
        doc("What its program is called: sh, tini.", pattern="^[^/]+$"),
    ]
    exit: Annotated[
        dict[str, Any] | None,
        doc("How it ended; null: it was alive when the trial closed.", oneOf=_EXIT),
    ]


class Outcome(Frozen, kw_only=True):
    """What a trial showed once pids and times are taken away."""

    processes: Annotated[
        tuple[Process, ...],
        doc("The processes that ran the program, in order of appearance.", minItems=1),
    ]
    order: Annotated[
        tuple[tuple[RoleName, Text], ...] | None,
        doc(
            "Handlers that fired across processes, by when each began: [role, handler]. Null when"
            " trials disagree. Takes no part in equality."
        ),
    ]
    survivors: Annotated[
        tuple[RoleName, ...],
        doc("Processes that were alive when the trial closed, by role.", uniqueItems=True),
    ]
    helpers: Annotated[
        tuple[Annotated[str, msgspec.Meta(extra_json_schema={"pattern": "^[^/]+$"})], ...],
        doc("Other processes of the tree, by stable names."),
    ]
    port: Annotated[
        PortState | None,
        doc("Whether HTTP answered at the end; absent where nothing listens."),
    ] = None
    answer: Annotated[
        str | None,
        doc(
            "What the client of an ending view got from a server that goes on: a status, none, or"
            " either when trials disagree. Takes no part in equality.",
            pattern="^([1-5][0-9][0-9]|none|either)$",
        ),
    ] = None
    client: Annotated[
        str | None,
        doc(
            "What became of a request to a server that a command starts, be it that its view ended"
            " the process or that it was being answered meanwhile: a status; cut (a part of an"
            " answer), closed or reset (none at all), or waits (nothing yet). Absent without one.",
            pattern="^([1-5][0-9][0-9]|cut|closed|reset|waits)$",
        ),
    ] = None
    left: Annotated[
        tuple[Text, ...],
        doc(
            "Kinds of things left that others can find: shared memory, semaphores and queues;"
            " absent where nothing was.",
            items={
                "enum": [
                    "semaphore",
                    "shared memory",
                    "System V shared memory",
                    "System V semaphore",
                    "System V queue",
                ]
            },
        ),
    ] = ()
    printed: Annotated[
        tuple[Text, ...] | None,
        doc(
            "Lines of stderr of the same program without the probe, without the frames of"
            " tracebacks and without what is chance; absent where a scenario does not ask for it."
        ),
    ] = None
    data: Annotated[
        dict[str, DataState] | None,
        doc(
            "What became of data in flight, by kind: of a server, that of processes which are"
            " gone. Absent where a scenario has none, and of a program while a process is alive.",
            minProperties=1,
            propertyNames={"pattern": "^[^:]+$"},
        ),
    ] = None
    launchers: Annotated[
        tuple[Launching, ...],
        doc(
            "The processes through which the program was started, the first one first; absent where"
            " it is the first itself."
        ),
    ] = ()
    cut: Annotated[
        bool,
        doc(
            "Trials differed in how far a killed process got, and this is the longest run; absent"
            " where false."
        ),
    ] = False


def started_later(role: str, outcome: Outcome) -> bool:
    """Whether a role of an outcome is that of a process which was started in another's place.

    A `new-worker` is; and so is the `child#2` that serves where the `child` has ended, as a
    reloader has one child at a time. The second process of a pool is numbered too. It was there
    beside the first, and serves nothing.
    """
    if role.startswith(NEW):
        return True
    base, number, _ = role.partition("#")
    ended = {one.role for one in outcome.processes if one.exit is not None}
    return bool(number) and outcome.port is not None and base in ended


class Unknown(Frozen, kw_only=True):
    """A trial of which the harness could not see enough, and why."""

    reason: str
