"""A report for somebody else's tracker, and what its program showed. Frozen data."""

from __future__ import annotations

from typing import Any

from exitmatrix.model.base import Frozen


class Ticket(Frozen):
    """A related thread of a public tracker, and what it is about."""

    at: str  # OWNER/REPOSITORY#NUMBER
    about: str


class Draft(Frozen, kw_only=True):
    """What is reported: all but what follows from records and runs."""

    id: str  # the name of its file
    tracker: str  # where it would be sent
    title: str
    documented: str  # what the documentation says, in our own words
    where: str  # which page, of which version
    claims: tuple[str, ...]  # that are judged by records: their sentences, verdicts and reasons
    cells: tuple[str, ...]  # that show what happens
    cause: str  # with its source
    since: str  # which release brought it, with its source
    program: str
    requires: str  # of Python, by the program: >=3.6
    stack: str  # of its environment; none where the interpreter is enough
    wish: str  # what would settle it
    threads: tuple[Ticket, ...]


class ProgramRun(Frozen, kw_only=True):
    """What the program of a draft showed on one Python; no pid, time or path of a machine."""

    draft: str
    python: str  # id of the interpreter
    interpreter: dict[str, Any]  # as a record describes it
    packages: dict[str, str]
    platform: dict[str, str]
    program: str  # digest of its text
    output: str  # stdout and stderr, as they came
    exit: dict[str, Any]
