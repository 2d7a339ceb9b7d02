"""Records as the commands read them, and what is derived from them."""

from __future__ import annotations

from pathlib import Path

from exitmatrix.cli.errors import HARNESS_FAILED, USAGE_ERROR, Failure
from exitmatrix.cli.streams import say
from exitmatrix.machine.store.places import HERE, nearest_records
from exitmatrix.machine.store.records import read_records
from exitmatrix.model import CellId, Question, Record
from exitmatrix.model.record import Records

PATTERN = "*?["  # of which a pattern has one: fnmatch


def folder_to_read(named: Path | None) -> Path:
    """The folder that was named, `reports` in the working folder, or what the package brings."""
    folder = named or nearest_records()
    if folder not in (named, HERE):
        say("from the records that exitmatrix brings; --records names others")
    return folder


def read_all(folder: Path) -> dict[str, list[Record]]:
    """All records of an output folder, which agree with each other."""
    try:
        return read_records(folder)
    except ValueError as error:
        raise Failure(f"the records cannot be used: {error}", HARNESS_FAILED) from error


def read_alike(folder: Path, words: str) -> Records:
    """The records of a cell, or of those whose ids end so, and of all that were asked the same.

    None where the words are no id, and may be more than the end of one.
    """
    try:
        return read_asked(folder, CellId.parse(words).question)
    except ValueError:
        whole = "@" in words and not set(words) & set(PATTERN)
        return read_asked(folder, words) if whole else {}


def read_asked(folder: Path, question: Question | str) -> Records:
    """The records of one question, with no other read; none where one cannot be used.

    Of the end of one, which has its target, those of all whose questions end so.
    """
    try:
        return read_records(folder, f'/{question}"'.encode())
    except ValueError:  # which the whole reading tells of
        return {}


def is_on_record(folder: Path, scenario: str, termination: str) -> bool:
    """Whether a scenario was measured, started directly, with a termination."""
    try:
        rows = read_records(folder, f"/{scenario}/{termination}@".encode())
    except ValueError:  # which the whole reading tells of
        return False
    return any(rows.values())


def read_some(folder: Path) -> Records:
    """All records of an output folder, of which there are some."""
    records = read_all(folder)
    if not any(records.values()):
        raise Failure(
            f"nothing is on record in {folder}: measure with `exitmatrix matrix`, or name another"
            " folder with --records",
            USAGE_ERROR,
        )
    return records
