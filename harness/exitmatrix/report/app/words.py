"""Names, times and lists, as the page of a user's command writes them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from exitmatrix.model.app_outcome import Member

WIDTH = 80


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), "".join(words[-1:]))))


def seconds(value: float) -> str:
    """`0.4 s`."""
    return f"{abs(value):.1f} s"


def exit_words(ended: str, several: bool = False) -> str:
    """`exits with status 0`, `is killed by SIGTERM`."""
    word, _, how = ended.partition(" ")
    if word == "code":
        return f"exit{'' if several else 's'} with status {how}"
    if word == "signal":
        return f"{'are' if several else 'is'} killed by {how}"
    return f"end{'' if several else 's'}, nobody knows how ({how})"


def short_exit(ended: str) -> str:
    """`exit 0`, `SIGTERM`."""
    word, _, how = ended.partition(" ")
    return f"exit {how}" if word == "code" else how if word == "signal" else "?"


def roles(members: Sequence[Member]) -> str:
    """`worker#1 and worker#2`; `worker#1 to #8` of many in a row."""
    names = [one.role for one in members]
    numbers = [int(name.rpartition("#")[2]) for name in names if "#" in name]
    in_a_row = numbers == list(range(numbers[0], numbers[0] + len(names))) if numbers else False
    if len(names) > 3 and len(numbers) == len(names) and in_a_row:
        return f"{names[0]} to #{numbers[-1]}"
    return listed(names)


def filled(text: str, first: str = "", rest: str | None = None, width: int = WIDTH) -> list[str]:
    """A text in lines of 80 columns."""
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def cut(text: str, width: int) -> str:
    """At most so many columns, with an ellipsis where something is missing."""
    return text if len(text) <= width else text[: width - 1] + "…"
