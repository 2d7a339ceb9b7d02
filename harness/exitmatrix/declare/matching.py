"""Which of many names are in the words that somebody types. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

ALIKE = 6
"""Letters that a name has, at least, which is found by its letters alone within other words."""

SHORT = re.compile("-[^-]")
"""How an option of one dash begins."""

MARKS = "'\"`\N{RIGHT SINGLE QUOTATION MARK},.;:!?()[]{}"
"""What surrounds words in a sentence or a message and says nothing about them."""

SENTENCE = ",.;:!?"
ENDINGS = ("ing", "ed", "s", "e")
"""Of English words, the longest first: `closing`, `closed`, `closes` and `close` are one."""
STEM = 3  # letters that are left without an ending, at least


def held_in(words: str, names: Iterable[str]) -> str:
    """The longest of some names that is in the words; "" for none.

    Its words follow each other there, perhaps with others between them: `uvicorn main:app
    --workers 4` holds `uvicorn --workers`. Or others have the same letters: `docker-compose down`
    holds `docker compose down`; not where it has a short option: `kill 1` is no `kill -1`. A name
    with an option comes before those with fewer.
    """
    asked = words_of(words)
    every = _letters("".join(asked))
    held = []
    for name in names:
        some, letters = words_of(name), _letters(name)
        if are_in_order(some, asked):
            options = sum(one.startswith("-") for one in some)
            held.append((options, len(letters), follow(some, asked), len(name), name))
        elif (
            letters
            and not any(SHORT.match(one) for one in some)
            and letters in every
            and (letters == every or len(letters) >= ALIKE)
            and letters in _runs(asked, len(letters))
        ):
            held.append((0, len(letters), False, len(name), name))
    return max(held, default=(0, 0, False, 0, ""))[-1]


def held_loosely_in(words: str, names: Iterable[str]) -> str:
    """As `held_in`, without the endings of words, in any order: `the terminal was closed`."""
    asked = set(_stems(words))
    held = [name for name in names if (some := _stems(name)) and asked.issuperset(some)]
    return max(held, key=lambda one: (len(_letters(one)), one), default="")


def words_of(text: str) -> list[str]:
    """The words of a text without punctuation; the parentheses of a call belong to its word."""
    return [word for one in text.lower().replace("=", " ").split() if (word := _bare(one))]


def follow(some: Sequence[str], every: Sequence[str]) -> bool:
    """Whether some words follow each other among others."""
    return bool(some) and any(
        list(every[place : place + len(some)]) == list(some) for place in range(len(every))
    )


def are_in_order(some: Sequence[str], every: Sequence[str]) -> bool:
    """Whether some words are among others, in their order."""
    left = iter(every)
    return bool(some) and all(one in left for one in some)


def _bare(word: str) -> str:
    bare = word.strip(MARKS)
    return f"{bare}()" if bare and word.rstrip(SENTENCE).endswith("()") else bare


def _stems(text: str) -> list[str]:
    return [_stem(word) for word in words_of(text)]


def _stem(word: str) -> str:
    """The word without its ending, and a letter that is doubled before it: `dropped`, `drop`."""
    if not word.isalpha():
        return word
    ending = next((one for one in ENDINGS if word.endswith(one)), "")
    stem = word.removesuffix(ending) if len(word) - len(ending) >= STEM else word
    return stem[:-1] if stem[-2:-1] == stem[-1:] else stem


def _runs(words: Sequence[str], length: int) -> set[str]:
    """The letters of words that follow each other, as many; an option is no part of a name."""
    found = set()
    for place in range(len(words)):
        run = ""
        for one in words[place:]:
            if one.startswith("-") or len(run) >= length:
                break
            run += _letters(one)
        found.add(run)
    return found


def _letters(text: str) -> str:
    """`ctrl c` and `Ctrl-C` are one; so are `docker-stop` and `docker stop`."""
    return "".join(one for one in text.lower() if one.isalnum())
