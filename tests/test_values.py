"""Laws of values: what all types of data in the package have in common."""

from __future__ import annotations

import gc
import importlib
import pkgutil
from collections.abc import Iterator

import exitmatrix
import msgspec
import pytest
from exitmatrix.model import CellId, Frozen, Record

from tests.support.committed import records


def kinds(of: type[Frozen] = Frozen) -> Iterator[type[Frozen]]:
    """All types of values, also of modules that nothing has imported yet."""
    for one in of.__subclasses__():
        yield one
        yield from kinds(one)


def test_no_field_of_a_value_can_be_set_again() -> None:
    """Of no type that the package has; and of a record, tried."""
    for module in pkgutil.walk_packages(exitmatrix.__path__, "exitmatrix."):
        if ".inside." not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found = [one for one in kinds() if one.__module__.startswith("exitmatrix.")]
    assert len(found) > 100
    assert not [one for one in found if not one.__struct_config__.frozen]
    record = next(iter(records()))
    with pytest.raises(AttributeError, match="immutable"):
        record.runs = 0  # type: ignore[misc]


def test_values_are_equal_by_content() -> None:
    """And then have one hash, so that a set holds one of them."""
    text = "cpython-3.13.0/none/plain/SIGTERM@main"
    one, other = CellId.parse(text), CellId.parse(text)
    assert one is not other
    assert {one, other} == {one}


def test_what_is_as_usual_is_not_written() -> None:
    """A field that has its default stands in no file, and is read as that."""
    record = next(one for one in records() if not one.unknown)
    text = msgspec.json.encode(record)
    assert b'"unknown"' not in text
    assert msgspec.json.decode(text, type=Record) == record


def test_keys_of_a_later_version_are_read_over() -> None:
    """They are added without a new number of the format, so older versions meet them."""
    one = CellId.parse("cpython-3.13.0/none/plain/SIGTERM@main")
    later = {**msgspec.to_builtins(one), "added-later": 1}
    assert msgspec.convert(later, CellId) == one


def test_the_collector_of_cycles_does_not_look_at_values() -> None:
    """A hundred thousand records are nothing that it goes through."""
    assert not [one for one in kinds() if one.__struct_config__.gc]
    assert not gc.is_tracked(next(iter(records())))
