"""Results for programs: one JSON document on stdout."""

from __future__ import annotations

from typing import Any

import click
import msgspec


def echo_json(value: Any) -> None:
    """Print a value of `report.exchange` as JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(value)).decode())
