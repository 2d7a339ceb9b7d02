"""The JSON Schemas, by the names of the commands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from exitmatrix.model import Frozen, Interpreter, Scenario, Skipped, Stack, Termination
from exitmatrix.report.exchange.answer import AnswerDocument
from exitmatrix.report.exchange.cells import ExplainDocument
from exitmatrix.report.exchange.changes import BisectDocument, CheckDocument, DiffDocument
from exitmatrix.report.exchange.claims import ClaimDocument, ClaimsDocument


class CellsDocument(Frozen, kw_only=True, omit_defaults=False):
    """What `list cells --json` prints."""

    cells: tuple[str, ...]
    left_out: tuple[Skipped, ...]


DOCUMENTS: Mapping[str, Any] = {
    "check": CheckDocument,
    "diff": DiffDocument,
    "bisect": BisectDocument,
    "explain": ExplainDocument,
    "answer": AnswerDocument,
    "claims": ClaimsDocument,
    "list-interpreters": list[Interpreter],
    "list-scenarios": list[Scenario],
    "list-terminations": list[Termination],
    "list-stacks": list[Stack],
    "list-claims": list[ClaimDocument],
    "list-cells": CellsDocument,
}


def schema_texts() -> dict[str, str]:
    """The text of schemas/NAME.schema.json, by name."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {
        name: json.dumps(head | {"title": name} | msgspec.json.schema(kind), indent=2) + "\n"
        for name, kind in DOCUMENTS.items()
    }
