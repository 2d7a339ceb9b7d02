"""What `--json` prints is what the published schemas say."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, get_args

import exitmatrix
import jsonschema
import msgspec
import pytest
from click.testing import CliRunner, Result
from exitmatrix.claims.claim import ClaimWord
from exitmatrix.cli.main import main
from exitmatrix.report.exchange.schemas import DOCUMENTS, schema_texts

from tests.support.part import every

ROOT = Path(__file__).parent.parent
SCHEMAS = Path(exitmatrix.__file__).parent / "schemas"


@cache
def shown(*words: str) -> Result:
    """What a command that only reads prints: asked once."""
    return CliRunner().invoke(main, words)


def printed(*words: str, status: int = 0) -> Any:
    done = shown(*words, "--json")
    assert done.exit_code == status, done.output
    return json.loads(done.stdout)


RECORDS = ("--records", str(ROOT / "reports"))


def test_the_published_schemas_are_those_of_the_types() -> None:
    """`make schema` writes them; none is missing, and none is left of a command that is gone."""
    on_disk = {file.name: file.read_text() for file in SCHEMAS.iterdir()}
    assert on_disk == {f"{name}.schema.json": text for name, text in schema_texts().items()}


@pytest.mark.parametrize(
    ("name", "words", "status"),
    every(
        2,
        [
            ("explain", ["explain", "flask-debug/SIGTERM"], 0),
            ("explain", ["explain", "cpython-3.13.0/none/plain/SIGTERM@main"], 0),
            ("diff", ["diff", "cpython-3.12.1", "cpython-3.13.0"], 1),
            ("diff", ["diff", "cpython-3.13.0", "cpython-3.13.0"], 0),
            ("answer", ["answer", "docker stop", "gunicorn"], 0),
            ("answer", ["answer", "celery tasks lost"], 0),
            ("answer", ["answer", "lost parent"], 0),
            ("claims", ["claims"], 0),
            ("list-interpreters", ["list", "interpreters"], 0),
            ("list-scenarios", ["list", "scenarios"], 0),
            ("list-terminations", ["list", "terminations"], 0),
            ("list-stacks", ["list", "stacks"], 0),
            ("list-claims", ["list", "claims"], 0),
            ("list-cells", ["list", "cells", "--scenario", "plain"], 0),
        ],
    ),
)
def test_a_document_is_what_its_schema_says(name: str, words: list[str], status: int) -> None:
    """As others read it, and as the type reads it back; the status is that of the text."""
    if words[0] != "list":
        words = [*words, *RECORDS]
    document = printed(*words, status=status)
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    again = msgspec.convert(document, DOCUMENTS[name])
    assert json.loads(msgspec.json.encode(again)) == document
    assert document


def test_a_schema_refuses_what_is_no_such_document() -> None:
    """The laws above would hold of a schema that takes anything."""
    for text in schema_texts().values():
        for wrong in (1, {"format": "one"}, [1]):
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(wrong, json.loads(text))


def test_a_document_says_what_the_text_says() -> None:
    """The same changes, and the same verdicts, as for people."""
    words = ["diff", "cpython-3.12.1", "cpython-3.13.0", *RECORDS]
    document = printed(*words, status=1)
    text = shown(*words).stdout
    number, compared = len(document["changes"]), document["compared"]
    assert f"{number} of {compared:,} cells" in text.splitlines()[0]
    for one in document["changes"]:
        assert one["old"]["cell"].startswith("cpython-3.12.1/")
        assert one["new"]["cell"].startswith("cpython-3.13.0/")
        assert one["old"]["outcomes"] != one["new"]["outcomes"]
    words = ["claims", *RECORDS]
    judged = {one["id"]: one["verdict"] for one in printed(*words)["claims"]}
    for one in printed(*words)["claims"]:
        assert all(ruling["verdict"] in get_args(ClaimWord) for ruling in one["rulings"])
        if [ruling["subjects"] for ruling in one["rulings"]] == [""]:
            assert one["verdict"].startswith(one["rulings"][0]["verdict"])
    for line in shown(*words).stdout.splitlines():
        id, verdict = line.split(maxsplit=1)
        assert judged[id].lower() == verdict.lower()
