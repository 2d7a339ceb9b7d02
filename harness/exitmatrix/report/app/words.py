"""Names, times and lists, as the page of a user's command writes them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

from exitmatrix.model.app_outcome import Member

WIDTH = 80
IN_A_ROW = 3  # processes that are named one by one
MOST_NAMES = 8


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), "".join(words[-1:]))))


def seconds(value: float) -> str:
    """`0.4 s`."""
    return f"{abs(value):.1f} s"


def exit_phrase(ended: str, several: bool = False) -> str:
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
    """`worker#1 and worker#2`; `worker#1 to #8` of many in a row; `43 of worker#1 to #60`."""
    numbers: dict[str, list[int]] = {}
    for one in members:
        numbers.setdefault(one.base, []).append(int(one.role[len(one.base) + 1 :] or 0))
    texts: list[str] = []
    for base, own in numbers.items():
        rows = list(_in_rows(base, sorted(own)))
        whole = f"{len(own)} of {base}#{min(own)} to #{max(own)}"
        texts += rows if len(rows) <= MOST_NAMES else [whole]
    return listed(texts)


def _in_rows(base: str, numbers: Sequence[int]) -> Iterator[str]:
    """Those that follow one another, together."""
    for _, row in groupby(enumerate(numbers), lambda one: one[1] - one[0]):
        own = [number for _, number in row]
        if len(own) > IN_A_ROW:
            yield f"{base}#{own[0]} to #{own[-1]}"
        else:
            yield from (f"{base}#{number}" if number else base for number in own)


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
