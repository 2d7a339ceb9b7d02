"""Laws of the pages of a user's own program: what `run --json` saw, ending by ending."""

from __future__ import annotations

from pathlib import Path

import pytest
from exitmatrix.cli.errors import Failure
from exitmatrix.cli.site import command
from exitmatrix.machine.site import assets
from exitmatrix.machine.store.records import read
from exitmatrix.machine.store.sharing import Sharing
from exitmatrix.model import Record
from exitmatrix.model.app_outcome import Member
from exitmatrix.observe.app_record import records
from exitmatrix.report.app.exports import json_lines
from exitmatrix.report.document import plain
from exitmatrix.report.render.html import html_words
from exitmatrix.report.site.own import own_answer, own_files, page_path

from tests.ownapp.made import CLOSE, FLUSH, LIBRARY, ending, member, outcome
from tests.support.committed import records as of_the_matrix


def record(*runs: tuple[Member, ...]) -> Record:
    seen = ending(*(outcome(*members) for members in runs))
    platform = {"system": "Linux", "machine": "x86_64"}
    (one,) = records(("python", "app.py"), "direct", [seen], platform, "2026-11-25")
    return one


RAN = member("main", (CLOSE, "ran"), (FLUSH, "ran"))
KILLED = member("main", (CLOSE, "not run"), end="signal SIGTERM")


def test_a_record_of_run_says_who_did_what_after_what() -> None:
    """It uses the roles of the record, in order of time, without times and without libraries."""
    master = member("master", (CLOSE, "ran"), (LIBRARY, "ran"), seconds=0.9)
    worker = member("worker#1", (FLUSH, "raised"), end="signal SIGKILL", seconds=0.5)
    (moments,) = record((master, worker)).timelines
    assert moments == (
        ("master", "started"),
        ("master", "holds", "app.db:close_pool"),
        ("worker", "started"),
        ("worker", "holds", "app:flush"),
        ("harness", "ready"),
        ("harness", "sent", "SIGTERM", "main"),
        ("master", "began", "app.db:close_pool"),
        ("master", "returned", "app.db:close_pool"),
        ("worker", "began", "app:flush"),
        ("worker", "raised", "app:flush", "an exception"),
        ("worker", "ended", "signal SIGKILL"),
        ("master", "ended", "code 0"),
    )


@pytest.mark.parametrize(
    ("says", "runs"),
    [
        ("✓ all", [(RAN,)]),
        ("✗ none", [(KILLED,)]),
        ("◐ some", [(member("main", (CLOSE, "ran"), (FLUSH, "unfinished")),)]),
        ("◐ some", [(member("main", (CLOSE, "ran"), (FLUSH, "raised")),)]),
        ("● it goes on", [(member("main", (CLOSE, "not run"), end=""),)]),
        ("- nothing to run", [(member("main", (LIBRARY, "ran")),)]),
        ("● it goes on", [(member("master"), member("worker", (CLOSE, "not run"), end=""))]),
        ("? not seen from inside", [(member("main", observed=False),)]),
        ("≈ runs differ: ✓ all or ✗ none", [(RAN,), (KILLED,)]),
        ("✓ all", [(RAN, member("new-worker", (FLUSH, "not run"), new=True, born=0.2))]),
    ],
)
def test_the_answer_is_about_what_was_to_run_and_who_ended(
    says: str, runs: list[tuple[Member, ...]]
) -> None:
    """Of a process that goes on, or came later, nothing is asked; runs that differ are said."""
    one = record(*runs)
    words = plain(own_answer(one))
    assert sorted(words.removeprefix("≈ runs differ: ").split(" or ")) == sorted(
        says.removeprefix("≈ runs differ: ").split(" or ")
    )
    assert words[0] == says[0]


def test_every_ending_has_a_page_with_its_figure() -> None:
    """The first page leads to it; no script, and nothing that is fetched."""
    one = record((KILLED,))
    files = dict(own_files([one], assets()))
    assert f'href="{page_path(one)}"' in files["index.html"].decode()
    page = files[page_path(one)].decode()
    assert "SIGTERM; main is killed by SIGTERM" in page
    assert "exitmatrix run --ending deploy --at first -- COMMAND" in page
    for name, content in files.items():
        assert b"<script" not in content, name
        assert name.endswith(".svg") or b"//" not in content.replace(b"://", b""), name


def test_pages_are_written_from_the_file_that_run_writes(tmp_path: Path) -> None:
    """Into the folder that is named, and into none that holds something else."""
    file = tmp_path / "run.jsonl"
    one = record((RAN,))
    file.write_text(json_lines([one]))
    assert read(file, Sharing().decode) == [one]
    call("--from", str(file), "--to", str(tmp_path / "pages"))
    page = (tmp_path / "pages" / page_path(one)).read_text()
    assert f"<strong>{html_words(own_answer(one))}</strong>" in page
    assert "main runs app.db:close_pool, app:flush" in page
    with pytest.raises(Failure, match="neither empty nor a site"):
        call("--from", str(file), "--to", str(tmp_path))


def test_a_file_that_run_did_not_write_is_refused(tmp_path: Path) -> None:
    """With one line that names it, and nothing is written."""
    file = tmp_path / "run.jsonl"
    file.write_text("")
    with pytest.raises(Failure, match="holds no record: write it with exitmatrix run --json"):
        call("--from", str(file), "--to", str(tmp_path / "pages"))
    file.write_text(json_lines([of_the_matrix()[0]]))
    with pytest.raises(Failure, match="records of the matrix"):
        call("--from", str(file), "--to", str(tmp_path / "pages"))
    file.write_text("{}\n")
    with pytest.raises(Failure, match="line 1"):
        call("--from", str(file), "--to", str(tmp_path / "pages"))
    with pytest.raises(Failure, match="is not a file that `exitmatrix run --json` has written"):
        call("--from", str(tmp_path / "gone.jsonl"), "--to", str(tmp_path / "pages"))
    with pytest.raises(Failure, match="--from needs --to"):
        call("--from", str(file))
    assert not (tmp_path / "pages").exists()


def call(*arguments: str) -> None:
    command.main(list(arguments), standalone_mode=False)
