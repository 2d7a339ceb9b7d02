"""What a user asks to be installed instead of what a stack pins. Pure.

A word is a requirement as installers take it (PEP 508: `werkzeug==2.3.7`), or the place of a
wheel, an archive or a folder with a project.
"""

from __future__ import annotations

import re

from packaging.requirements import InvalidRequirement, Requirement

from exitmatrix.model import Frozen

ARCHIVES = (".whl", ".tar.gz", ".zip")


class BadRequirement(ValueError):
    """A word is no requirement. The text says which, and what one looks like."""


class Replacement(Frozen, kw_only=True):
    """A package that is installed instead of a stack's own."""

    name: str  # as PEP 503 normalises it
    word: str  # what names it to an installer


def normalised(name: str) -> str:
    """Write a package's name as PEP 503 does."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_place(word: str) -> bool:
    """Whether a word names a file or a folder; a requirement may have an address in it."""
    if "://" in word:
        return False
    return "/" in word or word.startswith(".") or word.endswith(ARCHIVES)


def replacement(word: str) -> Replacement:
    """The package that a requirement names. Raises BadRequirement."""
    try:
        return Replacement(name=normalised(Requirement(word).name), word=word)
    except InvalidRequirement as error:
        raise BadRequirement(
            f"'{word}' is no requirement ({str(error).splitlines()[0]}): one looks like"
            " 'werkzeug==2.3.7', ./checkout or dist/x.whl"
        ) from error
