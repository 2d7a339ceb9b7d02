"""Cells, the questions that they ask, and the one place where their ids are put together.

An id is INTERPRETER/STACK/SCENARIO/TERMINATION@TARGET, with LAUNCHER/ before the
termination where it is not `direct`. What follows the stack is the question,
and what follows the last slash is the ending. No other module takes an id apart.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import NamedTuple, Self

from exitmatrix.model.base import Frozen

DIRECT = "direct"
"""The launcher that is not written."""

FORM = "INTERPRETER/STACK/SCENARIO/[LAUNCHER/]TERMINATION@TARGET"
SIDE = r"([^/]+)/([^/]+)"
QUESTION = rf"([^/]+)/(?:(?!{DIRECT}/)([^/]+)/)?([^/@]+)@([^/@]+)"
IS_QUESTION = re.compile(QUESTION)
IS_ID = re.compile(f"{SIDE}/{QUESTION}")


class Ending(NamedTuple):
    """A termination and its target; either may be a pattern."""

    termination: str
    target: str  # "" where none is named

    def __str__(self) -> str:
        """TERMINATION@TARGET."""
        return f"{self.termination}@{self.target}" if self.target else self.termination

    @classmethod
    def parse(cls, text: str) -> Ending:
        """The ending that a text names: SIGINT@group, or SIGINT alone."""
        termination, _, target = text.partition("@")
        return cls(termination, target)


class Question(NamedTuple):
    """What a cell asks, whatever the interpreter and the stack."""

    scenario: str
    launcher: str
    termination: str
    target: str

    def __str__(self) -> str:
        """SCENARIO/[LAUNCHER/]TERMINATION@TARGET."""
        launcher = "" if self.launcher == DIRECT else f"{self.launcher}/"
        return f"{self.scenario}/{launcher}{self.ending}"

    @property
    def ending(self) -> Ending:
        """How the scenario is ended, and where."""
        return Ending(self.termination, self.target)

    @classmethod
    def parse(cls, text: str) -> Question:
        """The question, or the pattern over questions, that a text names.

        Raises ValueError.
        """
        found = IS_QUESTION.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is not SCENARIO/[LAUNCHER/]TERMINATION@TARGET")
        scenario, launcher, termination, target = found.groups()
        return cls(scenario, launcher or DIRECT, termination, target)

    def matches(self, pattern: str) -> bool:
        """Whether a pattern names it; `*` stands for anything, slashes included."""
        return fnmatchcase(str(self), pattern)


class Side(NamedTuple):
    """An interpreter, with one stack or, where none is named, with all that it has."""

    interpreter: str
    stack: str = ""

    @classmethod
    def parse(cls, text: str) -> Side:
        """INTERPRETER or INTERPRETER/STACK."""
        interpreter, _, stack = text.partition("/")
        return cls(interpreter, stack)


class CellId(Frozen, kw_only=True):
    """The words that name a cell."""

    interpreter: str
    stack: str
    scenario: str
    termination: str
    target: str
    launcher: str = DIRECT

    def __str__(self) -> str:
        """INTERPRETER/STACK/SCENARIO/[LAUNCHER/]TERMINATION@TARGET."""
        return f"{self.interpreter}/{self.stack}/{self.question}"

    @property
    def question(self) -> Question:
        """What is asked, whatever the interpreter and the stack: races are judged by it."""
        return Question(self.scenario, self.launcher, self.termination, self.target)

    def matches(self, pattern: str) -> bool:
        """Whether a pattern names it; `*` stands for anything, slashes included."""
        return fnmatchcase(str(self), pattern)

    def tail(self, words: int) -> str:
        """So many of its last words: of two, SCENARIO/TERMINATION@TARGET."""
        return "/".join(str(self).split("/")[-words:])

    @classmethod
    def parse(cls, text: str) -> Self:
        """The id that a text is. Raises ValueError."""
        return cls.asking(*_parts(text))

    @staticmethod
    def check(text: str) -> None:
        """Raise ValueError for a text that is no id."""
        if IS_ID.fullmatch(text) is None:
            raise ValueError(f"{text!r} is not {FORM}")

    @staticmethod
    def interpreter_of(text: str) -> str:
        """The first word of an id, which is not looked at further: of records there are many."""
        return text.partition("/")[0]

    @classmethod
    def asking(cls, interpreter: str, stack: str, question: Question) -> Self:
        """The id of a question that is asked of an interpreter with a stack."""
        return cls(interpreter=interpreter, stack=stack, **question._asdict())


@lru_cache(maxsize=8192)  # a record's id is asked for its parts many times
def _parts(id: str) -> tuple[str, str, Question]:
    """Interpreter, stack and question. Raises ValueError."""
    found = IS_ID.fullmatch(id)
    if found is None:
        raise ValueError(f"{id!r} is not {FORM}")
    interpreter, stack, scenario, launcher, termination, target = found.groups()
    return interpreter, stack, Question(scenario, launcher or DIRECT, termination, target)


class Cell(CellId, kw_only=True):
    """One combination that can be measured."""

    @property
    def id(self) -> str:
        """Its id as text."""
        return str(self)


class Skipped(CellId, kw_only=True):
    """A combination that is not measured, and why; "*" stands for whatever there is."""

    reason: str
