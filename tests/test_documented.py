"""The law of the documentation: what it promises has a test that can fail."""

from __future__ import annotations

import ast
import tomllib
from functools import cache

import pytest

from tests.support.documented import PAGES, ROOT, promises, sentences

TABLE = tomllib.loads((ROOT / "tests/data/documented_promises.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES)
def test_each_sentence_that_promises_something_has_a_test(page: str) -> None:
    """Or it is said what it does instead; no row is about a sentence or a page that is gone."""
    assert set(promises(page)) == set(TABLE.get(page, {}))
    assert set(TABLE) <= set(PAGES)


@cache
def names_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}


@pytest.mark.parametrize("page", TABLE)
def test_each_test_that_is_named_is_there(page: str) -> None:
    """A test that is renamed or removed leaves no promise behind that nothing holds."""
    named = [one for held in TABLE[page].values() if isinstance(held, list) for one in held]
    missing = [one for one in named if one.split("::")[1] not in names_in(one.split("::")[0])]
    assert missing == []


def test_a_promise_is_a_sentence_with_one_of_the_words() -> None:
    """Not a row of a table, a heading or a listing; a sentence ends before a new one."""
    text = (
        "# Never\n\nIt is so. It is never\notherwise: Nothing else.\n\n| no | x |\n\n    nothing\n"
    )
    assert list(sentences(text)) == ["It is so.", "It is never otherwise:", "Nothing else."]
