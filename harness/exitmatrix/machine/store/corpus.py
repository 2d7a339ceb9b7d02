"""What generated programs have shown so far: a file for each batch, to which runs add lines.

It lies in the cache. Whoever runs a batch again goes on where the last run stopped,
and whoever changes a law judges all that was seen without running anything.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from exitmatrix.machine.store.files import append, lines_of, lock, make_folders
from exitmatrix.model.execution import Seen
from exitmatrix.model.shown import ShownAlike

T = TypeVar("T")
LINE = msgspec.json.Decoder(ShownAlike)


class Corpus:
    """The lines of one batch. Raises CannotWrite where another run adds to it."""

    def __init__(self, cache: Path, batch: str) -> None:
        folder = cache / "programs" / batch
        make_folders([folder])
        self._file = folder / "shown.jsonl"
        self._lock = lock(folder, folder)
        self._same: dict[Seen, Seen] = {}
        self._shown: dict[int, tuple[str, dict[str, Seen]]] = {}
        self._unseen: dict[int, tuple[str, dict[str, str]]] = {}
        for line in lines_of(self._file):
            try:
                self._take(LINE.decode(line))
            except msgspec.DecodeError:
                continue  # torn when a run was killed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._lock)

    def shown(self, program: int, source: str) -> Mapping[str, Seen]:
        """What a program showed, by interpreter; nothing of a file that was another one."""
        digest, by_python = self._shown.get(program, ("", {}))
        return by_python if digest == source else {}

    def unseen(self, program: int, source: str) -> Mapping[str, str]:
        """Why nothing was seen of a program, by interpreter."""
        digest, by_python = self._unseen.get(program, ("", {}))
        return by_python if digest == source else {}

    def add(self, shown: ShownAlike) -> None:
        """Put down what was seen of a program. Raises OSError."""
        append(self._file, msgspec.json.encode(shown))
        self._take(shown)

    def _take(self, shown: ShownAlike) -> None:
        seen = _of_source(self._shown.get(shown.program), shown.source)
        unseen = _of_source(self._unseen.get(shown.program), shown.source)
        for one, ids in shown.seen:
            seen |= dict.fromkeys(ids, self._same.setdefault(one, one))
        for reason, ids in shown.unseen:
            unseen |= dict.fromkeys(ids, reason)
        self._shown[shown.program] = shown.source, seen
        if unseen:
            self._unseen[shown.program] = shown.source, unseen


def _of_source(known: tuple[str, dict[str, T]] | None, source: str) -> dict[str, T]:
    """What is known of this file; of another one it is forgotten."""
    return known[1] if known and known[0] == source else {}


def together(
    program: int, source: str, seen: Iterable[tuple[str, Seen]], unseen: Iterable[tuple[str, str]]
) -> ShownAlike:
    """A line of runs, of which equal ones stand together."""
    return ShownAlike(program=program, source=source, seen=_grouped(seen), unseen=_grouped(unseen))


def _grouped(pairs: Iterable[tuple[str, T]]) -> tuple[tuple[T, tuple[str, ...]], ...]:
    groups: dict[T, list[str]] = {}
    for id, value in pairs:
        groups.setdefault(value, []).append(id)
    return tuple((value, tuple(ids)) for value, ids in groups.items())
