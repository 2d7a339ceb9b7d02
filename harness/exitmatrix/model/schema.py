"""The JSON Schema of records, made from the types that hold them. Pure."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from exitmatrix.model.record import Record

RULES: dict[str, dict[str, Any]] = {
    "Record": {"anyOf": [{"properties": {"outcomes": {"minItems": 1}}}, {"required": ["unknown"]}]},
    "Process": {
        "if": {"properties": {"fired": {"type": "null"}}},
        "then": {"properties": {"unfinished": {"type": "null"}}},
        "else": {"properties": {"unfinished": {"type": "array"}}},
    },
}
"""What holds between keys, which the type of none of them can say."""


def record_schema() -> dict[str, Any]:
    """The schema of one line of records."""
    (_, *_), parts = msgspec.json.schema_components([Record], ref_template="#/$defs/{name}")
    parts_described = {name: _part(part) | RULES.get(name, {}) for name, part in parts.items()}
    top = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **parts_described.pop("Record"),
    }
    return top | {"title": "exitmatrix record", "$defs": parts_described}


def schema_text() -> str:
    """The text of record.schema.json."""
    return json.dumps(record_schema(), indent=2) + "\n"


def _part(struct: dict[str, Any]) -> dict[str, Any]:
    """What the schema says of one type; its docstring is the description."""
    properties = {key: _written(rule) for key, rule in struct["properties"].items()}
    description = " ".join(struct["description"].split())
    return struct | {"description": description, "properties": properties}


def _written(rule: dict[str, Any]) -> dict[str, Any]:
    """The rule of a key that is left out where it would hold its default."""
    if "default" not in rule:
        return rule
    rule = dict(rule)
    return rule | {"not": {"const": rule.pop("default")}}
