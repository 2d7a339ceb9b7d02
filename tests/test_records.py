"""Laws of the record format: the JSON Schema that is published, and what no record holds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from exitmatrix.machine.store.records import cell_of
from exitmatrix.model import Outcome, Process, Record, Unknown
from exitmatrix.model.schema import schema_text
from exitmatrix.observe import observe
from jsonschema import Draft202012Validator

from tests.support import values
from tests.support.histories import SAVED, outcome, process, saved
from tests.support.part import every

ROOT = Path(__file__).parent.parent
PUBLISHED = ROOT / "harness" / "exitmatrix" / "record.schema.json"
SCHEMA = json.loads(PUBLISHED.read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
FILES = sorted((ROOT / "reports" / "observations").rglob("*.jsonl"))

Json = dict[str, Any]


def record(*outcomes: Outcome, unknown: tuple[str, ...] = ()) -> Record:
    """One that has all that a record may have of its interpreter and packages."""
    return values.record(
        "flask-debug/SIGKILL@child",
        *outcomes,
        version="3.11.17",
        implementation="pypy",
        build="8.0.1",
        stack="flask-3.1",
        packages={"flask": "3.1.3", "markupsafe": "3.0.2"},
        unknown=unknown,
    )


def as_json(value: Record) -> Json:
    decoded: Json = json.loads(msgspec.json.encode(value))
    return decoded


FULL = msgspec.structs.replace(
    outcome(
        process("parent", "CBA", "code 247", raised="B", library=("logging.shutdown",)),
        process("child", None, "signal SIGKILL", stdout="lost"),
        process("child#2", "C", None, "B"),
        process("child#3", "", "unknown nobody saw it"),
        order="parent.C parent.B parent.A child#2.C",
        port="open",
        cut=True,
    ),
    helpers=("multiprocessing.resource_tracker",),
    answer="either",
    left=("semaphore",),
    printed=("Traceback (most recent call last):", "E: <function C at 0x<address>>"),
    data={"SQLite transaction": "lost", "lock file": "left behind"},
)


def made() -> Iterator[tuple[str, Json]]:
    yield "full", as_json(record(FULL))
    yield "two", as_json(record(outcome(order=None), FULL, unknown=("it was never ready",)))
    yield "unknown", as_json(record(unknown=("it was never ready",)))
    for name in SAVED:
        real = saved(name)
        shown = observe(real.trial, real.scenario, real.ending)
        assert not isinstance(shown, Unknown)
        yield name, as_json(record(shown))


MADE = dict(made())


def errors(value: Json) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(value)]


# ------------------------------------------------------------------------- the schema


def test_the_schema_is_one() -> None:
    """The schema is valid itself, and every part of a record is described in it."""
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["title"]
    assert SCHEMA["description"]
    for kind, part in ((Record, SCHEMA), (Outcome, "Outcome"), (Process, "Process")):
        schema = part if isinstance(part, dict) else SCHEMA["$defs"][part]
        assert set(schema["properties"]) == {field.name for field in msgspec.structs.fields(kind)}
        required = {f.name for f in msgspec.structs.fields(kind) if f.required}
        assert set(schema["required"]) == required
        assert schema["description"]
        assert all(rule["description"] for rule in schema["properties"].values())


def test_the_published_schema_is_that_of_the_model() -> None:
    """`make schema` writes it; a key that is added to a type is in the schema or fails here."""
    assert PUBLISHED.read_text() == schema_text()


@pytest.mark.parametrize("name", MADE)
def test_what_is_written_is_valid(name: str) -> None:
    """What the harness can write is a record by the schema."""
    assert errors(MADE[name]) == []


@pytest.mark.parametrize("place", ["record", "outcome", "process", "interpreter", "exit"])
def test_keys_may_be_added(place: str) -> None:
    """A record with a key that the schema does not know is a record."""
    value = json.loads(json.dumps(MADE["full"]))
    shown = value["outcomes"][0]
    places: dict[str, Json] = {
        "record": value,
        "outcome": shown,
        "process": shown["processes"][0],
        "interpreter": value["interpreter"],
        "exit": shown["processes"][0]["exit"],
    }
    places[place]["added"] = "later"
    assert errors(value) == []


def first(value: Json) -> Json:
    shown: Json = value["outcomes"][0]["processes"][0]
    return shown


BROKEN: dict[str, Callable[[Json], object]] = {
    "another format": lambda r: r.update(format=2),
    "a cell that is none": lambda r: r.update(cell="cpython-3.13.0/plain"),
    "a cell without a target": lambda r: r.update(cell="cpython-3.13.0/none/plain/return"),
    "another implementation": lambda r: r["interpreter"].update(implementation="jython"),
    "no version": lambda r: r["interpreter"].pop("version"),
    "a path for a version": lambda r: r["interpreter"].update(version="/usr/bin/python"),
    "a package without version": lambda r: r["packages"].update(flask=None),
    "a debug build that is none": lambda r: r["interpreter"].update(debug=False),
    "a build with a path": lambda r: r["interpreter"].update(build="/usr/bin"),
    "no handlers before": lambda r: first(r).update(before=0),
    "port that is null": lambda r: r["outcomes"][0].update(port=None),
    "another target": lambda r: r.update(target="4711"),
    "a time for a day": lambda r: r.update(since="2026-11-21T12:00:00"),
    "no machine": lambda r: r["platform"].pop("machine"),
    "no outcome and no reason": lambda r: r.update(outcomes=[]),
    "an outcome twice": lambda r: r["outcomes"].append(r["outcomes"][0]),
    "no reasons": lambda r: r.update(unknown=[]),
    "an outcome without processes": lambda r: r["outcomes"][0].update(processes=[]),
    "an outcome without order": lambda r: r["outcomes"][0].pop("order"),
    "an order of one": lambda r: r["outcomes"][0].update(order=[["parent"]]),
    "an order of strangers": lambda r: r["outcomes"][0].update(order=[["4711", "A"]]),
    "survivors that are no roles": lambda r: r["outcomes"][0].update(survivors=["4711"]),
    "a helper with its path": lambda r: r["outcomes"][0].update(helpers=["/bin/sh"]),
    "another state of the port": lambda r: r["outcomes"][0].update(port="ajar"),
    "another answer": lambda r: r["outcomes"][0].update(answer="OK"),
    "cut that is false": lambda r: r["outcomes"][0].update(cut=False),
    "a printed line that is empty": lambda r: r["outcomes"][0].update(printed=[""]),
    "printed as one text": lambda r: r["outcomes"][0].update(printed="E"),
    "data of no kind": lambda r: r["outcomes"][0].update(data={}),
    "data in another state": lambda r: r["outcomes"][0].update(data={"shelf": "gone"}),
    "a role that is none": lambda r: first(r).update(role="child#0"),
    "no fired": lambda r: first(r).pop("fired"),
    "fired that is a text": lambda r: first(r).update(fired="CBA"),
    "unfinished of the unobserved": lambda r: first(r).update(fired=None),
    "unobserved of the finished": lambda r: first(r).update(unfinished=None),
    "raised that is empty": lambda r: first(r).update(raised=[]),
    "another fate": lambda r: first(r).update(stdout="maybe"),
    "no exit": lambda r: first(r).pop("exit"),
    "an empty exit": lambda r: first(r).update(exit={}),
    "two exits": lambda r: first(r).update(exit={"code": 1, "signal": "SIGTERM"}),
    "an exit of another kind": lambda r: first(r).update(exit={"status": 1}),
    "a code that no process has": lambda r: first(r).update(exit={"code": 256}),
    "a code that is negative": lambda r: first(r).update(exit={"code": -9}),
    "a signal by number": lambda r: first(r).update(exit={"signal": "9"}),
    "unknown without a reason": lambda r: first(r).update(exit={"unknown": ""}),
} | {f"no {key}": lambda r, key=key: r.pop(key) for key in SCHEMA["required"]}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_record_is_refused(how: str) -> None:
    """Each way to break a record is seen by the schema."""
    value = json.loads(json.dumps(MADE["full"]))
    BROKEN[how](value)
    assert errors(value)


# ------------------------------------------------------------------ what is committed


def texts(value: object) -> Iterator[str]:
    """All texts of a value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def numbers(value: object) -> Iterator[int]:
    if isinstance(value, bool | None):
        return
    if isinstance(value, int | float):
        yield int(value)
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from numbers(item)


@cache
def has_a_place_or_time(text: str) -> bool:
    return re.search(r"(^|[\s'\"=:(])/\w|\\\\|[0-9]:[0-9]{2}", text) is not None


@cache
def has_a_large_number(text: str) -> bool:
    return re.search(r"[0-9]{4,}(?!ms)", text) is not None


def tells_of_the_machine(value: Json) -> list[str]:
    """Paths, times, pids and other large numbers in a record."""
    found = [text for text in texts(value) if has_a_place_or_time(text)]
    kept = {
        key: item for key, item in value.items() if key not in ("since", "packages", "interpreter")
    }
    found += [text for text in texts(kept) if has_a_large_number(text)]
    return found + [str(number) for number in numbers(value) if number > 999]


@pytest.mark.parametrize("name", MADE)
def test_no_record_tells_of_the_machine(name: str) -> None:
    """What is made of real trials holds no pid, no path and no time."""
    assert tells_of_the_machine(MADE[name]) == []


@pytest.mark.parametrize("bad", ["/tmp/x", "at 4711", "see '/usr/bin/python'", "12:30:01"])
def test_the_check_sees_what_it_forbids(bad: str) -> None:
    """A pid, a path or a time anywhere in a record is found."""
    assert tells_of_the_machine(as_json(record(FULL, unknown=(bad,)))) == [bad]


def test_committed_records_are_valid() -> None:
    """Every record that is committed tells nothing of the machine, and is one by the schema.

    By the schema as others read it the part is every tenth; the law below reads all by the types
    that it is generated from.
    """
    if not FILES:
        pytest.skip("no observations are committed yet")
    rows = [
        (f"{file.parent.name}/{file.name}:{number}", json.loads(line))
        for file in FILES
        for number, line in enumerate(file.read_text().splitlines(), 1)
    ]
    telling = {where: text for where, row in rows if (text := tells_of_the_machine(row))}
    assert not telling
    wrong = {where: found for where, row in every(10, rows) if (found := errors(row))}
    assert not wrong


def test_committed_records_are_where_they_belong() -> None:
    """A record lies in its interpreter's file, once, in order, under the id that its parts make."""
    if not FILES:
        pytest.skip("no observations are committed yet")
    for file in FILES:
        lines = file.read_bytes().splitlines()
        assert lines == sorted(set(lines))
        records = [msgspec.json.decode(line, type=Record) for line in lines]
        assert len({one.cell for one in records}) == len(records)
        for line, one in zip(lines, records, strict=True):
            assert one.cell == cell_of(one).id
            assert one.interpreter_id == file.stem
            assert msgspec.json.encode(one) == line


@pytest.mark.parametrize("role", ["worker", "app.py#2", "2to3", "7z#12", "http.server", "a-b", "Ä"])
def test_a_role_may_be_the_name_of_any_program(role: str) -> None:
    """In a record of a user's command it is called by its file, which may begin with a digit."""
    assert VALIDATOR.is_valid({**as_json(record(FULL)), "target": role})


@pytest.mark.parametrize(
    "role", ["", "12", "worker#0", "worker#", "#2", "a b", "bin/app", "a@b", "worker#2#3", " a"]
)
def test_a_role_is_no_number_path_or_other_part_of_an_id(role: str) -> None:
    """A pid is no role either, and the text after the @ of a cell can be parsed back."""
    assert not VALIDATOR.is_valid({**as_json(record(FULL)), "target": role})
