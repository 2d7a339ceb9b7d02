"""Variables that the command put aside, for they would bend the Python that it runs on. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

_PREFIX = "EXITMATRIX_ASIDE_"


def put_aside(environment: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    """An environment in which some variables are put aside."""
    return {
        f"{_PREFIX}{name}" if name in names else name: value for name, value in environment.items()
    }


def as_given(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment as the caller gave it: with what was put aside back in its place."""
    return {name.removeprefix(_PREFIX): value for name, value in environment.items()}
