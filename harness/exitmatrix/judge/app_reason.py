"""A reason for what an ending came to. Pure."""

from __future__ import annotations

from exitmatrix.model.base import Frozen


class AppReason(Frozen, kw_only=True):
    """Why something happened, and what can be done about it."""

    text: str
    remedy: str = ""
    source: str = ""
