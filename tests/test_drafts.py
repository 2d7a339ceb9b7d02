"""Laws of the reports for other trackers: what they say was seen; nobody writes them by hand."""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from pathlib import Path

import pytest
from exitmatrix.claims.drafts import DRAFTS, DRAFTS_BY_ID
from exitmatrix.claims.texts import CLAIMS_BY_ID
from exitmatrix.cli.upstream import command, kept, pages, text_digest
from exitmatrix.declare.questions import url_of
from exitmatrix.machine import programs
from exitmatrix.machine.store.drafts import write_drafts
from exitmatrix.model.draft import Draft, ProgramRun
from exitmatrix.model.versions import age, python_of

from tests.support.committed import REPORTS, records

RUNS = kept(REPORTS)


@cache
def made() -> dict[str, str]:
    """The pages as records and runs make them, by their files' names."""
    return dict(pages(REPORTS, RUNS))


SHOWN = {
    "cpython-atexit-exceptions": (r"SystemExit: 3\n(.*\n)*.*ValueError: failed\n", r"(?!)"),
    "cpython-atexit-threads": (r"starts a thread\na handler forks\n", r"RuntimeError"),
    "cpython-resource-tracker-sighup": (
        r"SIGTERM to the group: removed\nSIGHUP to the group: LEFT BEHIND\n",
        r"(?!)",
    ),
    "cpython-forkserver-handlers": (
        r"the child is at work\nthe handler of the module runs in the fork server\n",
        r"in the child",
    ),
    "cpython-daemon-holds-globals": (
        r"function of the program: exit 0, '' is in(.*\n).*holds the module: exit 0, .all of it",
        r"exit [1-9]",
    ),
    "cpython-finalize-in-children": (
        r"no finalizer: the child's folder is removed\n(.*\n)*.*made one: .* LEFT BEHIND\n",
        r"no finalizer: .* LEFT BEHIND",
    ),
    "cpython-gzip-unclosed": (r"ended before the end-of-stream marker", r"all of it"),
    "gunicorn-gthread-quit": (
        r"is answered\n.* cleans up\n.*soon\n(.*\n)*.* not answered\n.*graceful_timeout is over\n",
        r"SIGINT to the master\n(.*\n)*.*cleans up",
    ),
    "granian-third-signal": (
        r"2 x SIGTERM.*\n.* answered\n.* has ended\n3 x SIGTERM.*\n.* not answered.*\n.* hangs\n",
        r"[12] x SIGTERM.*\n(.*\n)?.* hangs",
    ),
    "cpython-default-method-signals": (
        r"start method: forkserver\nexit code: -15\n",
        r"cleans up",
    ),
    "cpython-logging-in-children": (
        r"spawn wrote: all of it\nforkserver wrote: NOTHING\nfork wrote: NOTHING\n",
        r"fork(server)? wrote: all of it",
    ),
    "cpython-handlers-in-children-lose-output": (
        r"spawn: .* holds: bye\nforkserver: .* holds: NOTHING\nfork: the handler .* NOTHING\n",
        r"fork(server)?: .* holds: bye",
    ),
    "cpython-lazy-imports-at-the-end": (
        r"in glob\nImportError: sys.meta_path is None(.*\n)*.*shlex.py(.*\n)*ImportError",
        r"folder is removed|words are",
    ),
    "cpython-signal-taken-by-a-thread": (
        r"alone: the main thread wakes\nand a thread is started: the main thread sleeps on\n",
        r"alone: the main thread sleeps on",
    ),
    "pypy-signal-is-forgotten": (
        r"long\ntwo seconds later\nanother signal\nSIGTERM is handled: when another",
        r"at once",
    ),
    "werkzeug-reloader-sigterm": (r"child: serves\n(.*\n)*parent: clean-up\n", r"child: clean-up"),
}
"""What the title says, as the output on the newest Python of its tracker shows it.

That is PyPy for PyPy's, and CPython otherwise; and what must not be there.
"""


def test_what_is_committed_is_what_records_and_runs_make() -> None:
    """Nobody wrote a page by hand; `make upstream ARGS=--no-run` makes them anew."""
    for name, text in made().items():
        assert (REPORTS / "upstream" / name).read_text() == text, name
    files = {one.name for one in (REPORTS / "upstream").iterdir()}
    assert files == {"runs.jsonl", "README.md", *(f"{one.id}.md" for one in DRAFTS)}


@pytest.mark.parametrize("draft", DRAFTS, ids=[one.id for one in DRAFTS])
def test_a_draft_says_what_its_program_showed(draft: Draft) -> None:
    """On the newest Python of its tracker, and no run shows a place of the machine."""
    runs = [run for (id, _), run in RUNS.items() if id == draft.id]
    about = "pypy" if draft.tracker == "pypy/pypy" else "cpython"
    newest = max(
        (one for one in runs if one.interpreter["implementation"] == about),
        key=lambda one: age(python_of(one.python, one.interpreter)),
    )
    wanted, forbidden = SHOWN[draft.id]
    assert re.search(wanted, newest.output)
    assert not re.search(forbidden, newest.output)
    assert newest.exit == {"code": 0}
    assert len(runs) > 5
    assert not any(re.search(r"/(root|home|tmp)/|0x[0-9a-f]{4}", one.output) for one in runs)


@pytest.mark.parametrize("draft", DRAFTS, ids=[one.id for one in DRAFTS])
def test_a_draft_rests_on_claims_and_cells(draft: Draft) -> None:
    """They exist; the program is one; every thread has an address in a public tracker."""
    measured = {str(one.question) for one in records()}
    assert set(draft.claims) <= set(CLAIMS_BY_ID)
    assert draft.cells
    assert set(draft.cells) <= measured
    ast.parse(draft.program)
    assert draft.threads
    assert all(url_of(one.at).startswith("https://github.com/") for one in draft.threads)


def test_a_draft_about_documentation_has_a_sentence_that_is_contradicted() -> None:
    """Else there would be nothing to report."""
    for draft in DRAFTS:
        if draft.claims:
            assert re.search(r"\*\*: contradicted\. ", made()[f"{draft.id}.md"]), draft.id


def test_the_list_says_that_none_was_sent() -> None:
    """And leads to each."""
    text = (REPORTS / "upstream" / "README.md").read_text()
    assert "None of them was sent." in text
    assert all(f"({one.id}.md)" in text for one in DRAFTS)


def test_a_run_of_another_program_is_not_used(tmp_path: Path) -> None:
    """A program that was changed has to be run again."""
    draft = DRAFTS[0]
    run = ProgramRun(
        draft=draft.id, python="cpython-3.13.0", packages={}, output="", exit={"code": 0},
        interpreter={"implementation": "cpython", "version": "3.13.0"},
        platform={"system": "Linux", "machine": "x86_64"}, program=text_digest(draft),
    )  # fmt: skip
    write_drafts(tmp_path, [run], [])
    assert list(kept(tmp_path)) == [(draft.id, "cpython-3.13.0")]
    text = (tmp_path / "upstream" / "runs.jsonl").read_text()
    (tmp_path / "upstream" / "runs.jsonl").write_text(text.replace(text_digest(draft), "0" * 12))
    assert not kept(tmp_path)


def test_an_unknown_draft_is_refused_with_the_nearest(tmp_path: Path) -> None:
    """One line, and nothing is written."""
    near = next(iter(DRAFTS_BY_ID))
    with pytest.raises(Exception, match=near):
        command.main([near[:-1], "--output", str(tmp_path)], standalone_mode=False)
    assert not list(tmp_path.iterdir())


def test_a_program_is_run_bare_and_told_without_its_place() -> None:
    """Its traceback names the file alone; the caller's PYTHONPATH and signals are not its own."""
    text = "import os, signal\nprint(os.environ.get('PYTHONPATH'))\n"
    text += (
        "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)\nprint(object())\n"
    )
    output, end = programs.run_program(sys.executable, f"{text}1 / 0\n")
    assert output.startswith("None\nTrue\n<object object at 0x...>\nTraceback")
    assert 'File "program.py", line 5' in output
    assert end == {"code": 1}


def test_a_program_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all that it started."""
    monkeypatch.setattr(programs, "SECONDS", 0.5)
    text = "import subprocess\nsubprocess.Popen(['sleep', '77']).wait()\n"
    with pytest.raises(programs.DidNotEnd, match="was not done"):
        programs.run_program(sys.executable, text)
