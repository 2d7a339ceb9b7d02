"""An observation as it is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from exitmatrix.model.base import FORMAT, Frozen, doc
from exitmatrix.model.cell import CellId, Question
from exitmatrix.model.outcome import Outcome, Text

_NAME = "^[a-z0-9][a-z0-9.-]*$"
_BUILD = "^[a-z0-9]+([.][a-z0-9]+)*$"  # a local version label, as PEP 440 has it
_ABSENT = "Absent where false."
_INTERPRETER = {
    "implementation": {"enum": ["cpython", "pypy"]},
    "version": {
        "description": "Of the language, with the patch release.",
        "type": "string",
        "pattern": "^[0-9]+\\.[0-9]+\\.[0-9]+[0-9a-z.+]*$",
    },
    "implementation_version": {
        "description": "PyPy's own version.",
        "type": "string",
        "pattern": "^[0-9]+\\.[0-9]",
    },
    "free_threaded": {"description": _ABSENT, "const": True},
    "debug": {"description": f"Whether it is a debug build. {_ABSENT}", "const": True},
    "build": {
        "description": "Which build, of what is no release; absent of a release.",
        "type": "string",
        "pattern": _BUILD,
    },
}


class Record(Frozen, kw_only=True):
    """What one cell showed, and where: one line of observations/<platform>/<interpreter>.jsonl.

    Keys may be added under one format, not renamed; a reader leaves out those that it
    does not know.
    """

    format: Annotated[int, doc("Version of this format.", const=FORMAT)]
    cell: Annotated[
        str,
        doc(
            "INTERPRETER/STACK/SCENARIO/[LAUNCHER/]TERMINATION@TARGET.",
            pattern="^(cpython|pypy)-[0-9][^/@ ]*(/[^/@ ]+){3,4}@[^/@ ]+$",
        ),
    ]
    interpreter: Annotated[
        dict[str, Any],
        doc(
            "The Python that ran the program, without its place on the machine.",
            required=["implementation", "version"],
            properties=_INTERPRETER,
        ),
    ]
    packages: Annotated[
        dict[str, Annotated[str, msgspec.Meta(extra_json_schema={"pattern": "^[0-9][^/ ]*$"})]],
        doc(
            "Packages of the environment, by name, with their versions.",
            propertyNames={"pattern": "^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$"},
        ),
    ]
    stack: Annotated[str, doc("The pinned set of packages.", pattern=_NAME)]
    scenario: Annotated[str, doc("The program that was run.", pattern=_NAME)]
    launcher: Annotated[str, doc("How it was started.", pattern=_NAME)]
    termination: Annotated[str, doc("What ended it.", pattern="^[A-Za-z0-9][A-Za-z0-9-]*$")]
    target: Annotated[
        str,
        doc(
            "Where the termination took place or was aimed: a role, or group.",
            pattern="^[0-9]*[^/@# 0-9][^/@# ]*(#[1-9][0-9]*)?$",
        ),
    ]
    platform: Annotated[
        dict[str, Text],
        doc("The system that it was measured on.", required=["system", "machine"]),
    ]
    since: Annotated[
        str,
        doc(
            "The day on which this set of outcomes was first measured.",
            pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        ),
    ]
    outcomes: Annotated[
        tuple[Outcome, ...],
        doc(
            "Every outcome that trials of this cell have shown; more than one is a race.",
            uniqueItems=True,
        ),
    ]
    unknown: Annotated[
        tuple[Text, ...],
        doc(
            "Why trials of the last run showed too little to say; absent where none did.",
            uniqueItems=True,
        ),
    ] = ()
    seen: Annotated[
        tuple[Outcome, ...],
        doc(
            "Every distinct outcome that was seen, where `outcomes` holds the longest of some"
            " (`cut`); without order. Absent elsewhere, and in records from before it was kept.",
            uniqueItems=True,
        ),
    ] = ()
    runs: Annotated[
        int | None,
        doc(
            "How many trials stood behind the outcomes when one was last added: what none of n"
            " showed has a probability below 3/n (at 95 %). It takes no part in equality. A record"
            " from before it was counted gets it from the first run of twenty trials or more.",
            minimum=1,
        ),
    ] = None

    timelines: Annotated[
        tuple[tuple[tuple[Text, ...], ...], ...],
        doc(
            "Who did what after what in one run of each outcome, in the order of `outcomes`,"
            " without times: [who, what, ...]. Written by `exitmatrix run --json`; the matrix"
            " keeps its own beside the records, and they are absent here."
        ),
    ] = ()

    @property
    def interpreter_id(self) -> str:
        """Of the interpreter that was measured: cpython-3.13.0."""
        return CellId.interpreter_of(self.cell)

    @property
    def question(self) -> Question:
        """What was asked, whatever the interpreter and the stack."""
        return Question(self.scenario, self.launcher, self.termination, self.target)


Records = Mapping[str, Sequence[Record]]  # by platform
