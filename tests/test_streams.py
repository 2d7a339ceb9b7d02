"""Where text leaves: nothing that was said by a program acts on the reader's terminal."""

from __future__ import annotations

import io
import itertools
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from unittest import mock

import click
import msgspec
import pytest
from exitmatrix.cli.bar import Bar
from exitmatrix.cli.errors import Failure
from exitmatrix.cli.main import main
from exitmatrix.cli.progress import PlainLines
from exitmatrix.cli.streams import KEPT, Guarded, echo_styled, inert, one_line, say
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.machine import scenarios
from exitmatrix.model import Event, Outcome, Record
from exitmatrix.plan.cells import Plan
from exitmatrix.report.live import Narrator
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.conftest import LOADED
from tests.support import values
from tests.support.command import COMMAND
from tests.support.part import WHOLE

ACTING: Final = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Controls, formats (bidirectional ones among them), surrogates, separators of lines."""

HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]8;;http://example.org\x1b\\link",
    "back\rover",
    "\b\b\bover",
    "\x9b2J",
    "\u202ereversed",
    "\u2066isolated",
    "\u200bnothing",
    "\u2028line",
    "\udc9bsurrogate",
    "\U000e0041tag",
]
EVIL = st.sampled_from(HOSTILE) | st.text(
    st.characters(categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Lu", "Zs", "Sm")),
    min_size=1,
    max_size=12,
)


def acts(text: str) -> list[str]:
    """What in a text would act on a terminal, but for what lays it out."""
    return [c for c in text if unicodedata.category(c) in ACTING and c not in KEPT]


@given(st.text(st.characters()))
def test_inert_text_has_nothing_that_acts(text: str) -> None:
    """This holds for any text; the result can be encoded, and plain text is unchanged."""
    shown = inert(text)
    assert not acts(shown)
    assert inert(shown) == shown
    shown.encode()  # lone surrogates cannot be
    assert not acts(one_line(text))
    assert "\n" not in one_line(text)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_json_document_stays_the_same_document(text: str) -> None:
    """What escapes a character in a text escapes it in a JSON string, too."""
    assert json.loads(inert(msgspec.json.encode([text]).decode())) == [text]


@contextmanager
def guarded() -> Iterator[tuple[io.StringIO, io.StringIO]]:
    """What arrives behind the guards."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "stdout", Guarded(out)),
        mock.patch.object(sys, "stderr", Guarded(err)),
    ):
        yield out, err


def printed(*words: str) -> str:
    """All that a command says, in this process."""
    with guarded() as (out, err):
        with suppress(SystemExit):
            main(list(words))
        return out.getvalue() + err.getvalue()


@given(st.text(st.characters()))
def test_a_guarded_stream_sends_nothing_that_acts(text: str) -> None:
    """Whoever writes to stdout or stderr, with whatever in it."""
    with guarded() as (out, err):
        click.echo(text)
        click.echo(text, err=True)
        sys.stdout.write(text)
        say(text)
        Failure(text, 2).show()
        echo_styled((text, "bold"), (text, "cyan"), (text, ""))
    assert not acts(out.getvalue() + err.getvalue())


@given(st.text(st.characters()))
def test_on_a_terminal_nothing_acts_but_our_own_styles(text: str) -> None:
    """Styles given to a line are sent; escapes within its text are shown."""
    screen = io.StringIO()
    screen.isatty = lambda: True  # type: ignore[method-assign]
    with (
        mock.patch.object(sys, "stdout", Guarded(screen)),
        mock.patch.dict(os.environ, {"NO_COLOR": ""}),
    ):
        echo_styled((text, "bold"), (text, "cyan"), (text, ""))
    sent = screen.getvalue()
    bare = inert(text)
    assert sent == f"\x1b[1m{bare}\x1b[0m\x1b[36m{bare}\x1b[0m{bare}\n"


def test_no_bytes_go_round_the_guard() -> None:
    """A stream that encodes to ASCII makes click look for the buffer below it."""
    below = io.BytesIO()
    stream = io.TextIOWrapper(below, encoding="ascii", errors="backslashreplace")
    with mock.patch.object(sys, "stdout", Guarded(stream)):
        click.echo("\x1b]0;\x07 ✓")
        stream.flush()
    assert below.getvalue() == b"\\u001b]0;\\u0007 \\u2713\n"


def test_a_shell_completes_through_the_guard() -> None:
    """Click prints completions as bytes, and they are text for the shell."""
    asked = {
        "_EXITMATRIX_COMPLETE": "bash_complete",
        "COMP_WORDS": "exitmatrix ex",
        "COMP_CWORD": "1",
    }
    with guarded() as (out, _), mock.patch.dict(os.environ, asked), suppress(SystemExit):
        main([])
    assert out.getvalue() == "plain,explain\n"


@given(EVIL)
@settings(max_examples=20)
def test_progress_shows_no_escapes_of_others(evil: str) -> None:
    """Neither lines nor a bar pass them on, and neither reads markup."""
    with guarded() as (_, err):
        with PlainLines("matrix", "runs", lambda: 0.0) as lines:
            lines.show(1, 2, evil)
        assert not acts(err.getvalue())
        assert err.getvalue().count("\n") == 1
        with Bar("matrix", "runs") as bar:
            bar.show(1, 2, f"[red]{evil}")
            shown = bar.note
    assert shown == f"[red]{one_line(evil)}"
    assert not acts(shown)


@given(st.lists(st.integers(0, 30), max_size=30))
def test_plain_progress_is_at_most_one_line_in_ten_seconds(pauses: list[int]) -> None:
    """The first comes at once: whoever looks into a log sees what goes on."""
    times: list[float] = []
    now = 0.0
    with guarded() as (_, err), PlainLines("matrix", "runs", lambda: now) as lines:
        for done, pause in enumerate([0, *pauses]):
            now += pause
            before = err.getvalue()
            lines.show(done, 100, "")
            if err.getvalue() != before:
                times.append(now)
    assert times[0] == 0
    assert all(later - earlier >= 10 for earlier, later in itertools.pairwise(times))
    last = times[-1]
    assert now - last < 10 or not pauses  # none that was due is missing


# ------------------------------------------------- each command, fed with evil words


def evil_outcome(evil: str) -> Outcome:
    return values.outcome(
        values.process(
            fired=(evil, "A"),
            raised=(evil,),
            library=(evil,),
            exit={"unknown": evil},
            stdout="lost",
        ),
        helpers=(evil,),
        left=(evil,),
        printed=(evil,),
        answer=evil,
    )


def evil_records(evil: str) -> list[Record]:
    """Records in which programs say it wherever they can."""
    fine = values.ended()
    return [
        values.record("plain/return@main", evil_outcome(evil), unknown=(evil,)),
        values.record("plain/return@main", fine, version="3.12.1"),
        values.record("plain/SIGTERM@main", evil_outcome(evil), fine),
        values.record(
            "flask/return@main", evil_outcome(evil), stack="flask-3.1", packages={evil: evil}
        ),
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evil")


def written(text: str) -> str:
    """As it can stand in a file of UTF-8, which has no surrogates."""
    return text.encode("utf-8", "replace").decode()


def write(folder: Path, evil: str) -> Path:
    """Records, timelines and a scenario that say it."""
    shutil.rmtree(folder / "reports", ignore_errors=True)
    for row in evil_records(written(evil)):
        file = folder / f"reports/observations/linux-x86_64/{row.interpreter_id}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab") as out:
            out.write(msgspec.json.encode(row) + b"\n")
    return folder / "reports"


@contextmanager
def evil_scenarios(evil: str) -> Iterator[None]:
    """Scenarios whose titles and descriptions say it, and a file whose error does."""
    title = written(evil)
    some = [replace(one, title=title, doc=title) for one in LOADED.values()]
    error = scenarios.ScenarioError(file=evil, key=evil, text=evil)
    loaded = scenarios.Loaded(scenarios=tuple(some), errors=(error,))
    with mock.patch.object(scenarios, "load", return_value=loaded):
        yield


def claims(*words: str) -> str:
    """What `claims` says of the records that there are; nothing is measured."""
    nothing = Plan(cells=(), left_out=())
    with mock.patch("exitmatrix.cli.claims.missing", return_value=nothing):
        return printed("claims", *words)


Way = Callable[[str, Path], str]

WAYS: dict[str, Way] = {
    "list scenarios": lambda evil, _: printed("list", "scenarios"),
    "list scenarios --json": lambda evil, _: printed("list", "scenarios", "--json"),
    "list cells, left out": lambda evil, _: printed(
        "list", "cells", "--termination", "touch-source", "--scenario", "plain"
    ),
    "explain one": lambda _, out: printed(
        "explain", "cpython-3.13.0/none/plain/return@main", "--output", str(out)
    ),
    "explain with packages": lambda _, out: printed(
        "explain", "flask/return", "--output", str(out)
    ),
    "explain several": lambda _, out: printed("explain", "*", "--output", str(out)),
    "diff": lambda _, out: printed(
        "diff", "cpython-3.12.1", "cpython-3.13.0", "--output", str(out)
    ),
    "claims": lambda _, out: claims("B7", "--output", str(out)),
    "an unknown cell": lambda evil, out: printed("explain", f"x{evil}", "--output", str(out)),
    "an unknown claim": lambda evil, _: printed("claims", f"x{evil}"),
    "an unknown command": lambda evil, _: printed(f"x{evil}"),
    "an unknown option": lambda evil, _: printed("matrix", f"--x{evil}"),
    "an unknown scenario": lambda evil, _: printed("matrix", "--scenario", f"x{evil}"),
    "an unknown python": lambda evil, _: printed("list", "cells", "--python", f"x{evil}"),
    "an unknown side": lambda evil, out: printed("diff", f"x{evil}", "y", "--output", str(out)),
    "an unknown stack": lambda evil, _: printed("blog", "--stack", f"x{evil}"),
    "no records": lambda evil, out: printed("explain", "plain", "--output", f"{out}/x{evil}"),
}


@pytest.mark.parametrize("way", WAYS)
@given(evil=EVIL)
@settings(max_examples=12 if WHOLE else 4)
def test_whatever_a_program_says_no_command_sends_what_acts(
    way: str, evil: str, folder: Path
) -> None:
    """Records, titles, errors, paths and the user's own words: all of it is shown inert."""
    evil = evil.replace("\0", "\x1b")  # no argument and no path can have it, nor these surrogates
    evil = re.sub("[\ud800-\udc7f\udd00-\udfff]", "\udc9b", evil)
    output = write(folder, evil)
    with evil_scenarios(evil):
        text = WAYS[way](evil, output)
    assert text
    assert not acts(text)


def test_the_words_of_the_evil_do_arrive() -> None:
    """Otherwise the test above would prove nothing."""
    with evil_scenarios(HOSTILE[0]):
        assert "\\u001b[31mred" in WAYS["list scenarios"](HOSTILE[0], Path())
    assert "\\u001b[31mred" in WAYS["an unknown command"](HOSTILE[0], Path())
    assert "\\u001b[31mred" in WAYS["an unknown scenario"](HOSTILE[0], Path())


@given(EVIL)
def test_a_watched_program_says_nothing_that_acts(evil: str) -> None:
    """`blog` shows each line of the app, and what it answers."""
    narrator = Narrator(LOADED["flask-debug"], TERMINATIONS["SIGKILL"], "child")
    events = [
        Event("kernel", 1, "spawned"),
        Event("kernel", 1, "says", (evil,)),
        Event("kernel", 1, "says on stderr", (evil,)),
        Event("harness", 0, "replied", (evil,)),
        Event("harness", 0, "port", (evil, evil, evil)),
        Event("kernel", 1, "ended", (f"signal {evil}",)),
        Event("harness", 0, "failed", (evil,)),
    ]
    with guarded() as (out, _):
        for event in events:
            for line in narrator.lines(event):
                echo_styled(*line)
    assert out.getvalue()
    assert not acts(out.getvalue())


# ------------------------------------------------------------------------ for real


def through_a_terminal(*words: str, cwd: Path) -> str:
    """What a terminal would get from stdout and stderr."""
    reader, writer = pty.openpty()
    environment = {**os.environ, "NO_COLOR": "1", "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(
        [*COMMAND, *words], stdin=writer, stdout=writer, stderr=writer, env=environment, cwd=cwd
    ) as process:
        os.close(writer)
        got = b""
        while True:
            try:
                more = os.read(reader, 65536)
            except OSError:  # EIO: nobody holds the other end any more
                break
            if not more:
                break
            got += more
        process.wait()
    os.close(reader)
    return got.decode().replace("\r\n", "\n")


def through_a_pipe(*words: str, cwd: Path) -> str:
    done = subprocess.run([*COMMAND, *words], capture_output=True, cwd=cwd, check=False)
    return (done.stdout + done.stderr).decode()


@pytest.mark.real
@pytest.mark.parametrize("through", [through_a_pipe, through_a_terminal])
def test_nothing_acts_through_a_pipe_or_on_a_terminal(
    through: Callable[..., str], tmp_path: Path
) -> None:
    """The console script itself guards its streams before anything is said."""
    output = write(tmp_path, HOSTILE[1])
    cell = "cpython-3.13.0/none/plain/return@main"
    for words in (
        ["explain", cell, "--output", str(output)],
        ["explain", "plain", "--output", str(output)],
        ["explain", "x\x1b]0;t\x07", "--output", str(output)],
        ["x\x1b]0;t\x07"],
    ):
        text = through(*words, cwd=tmp_path)
        assert text
        assert not acts(text), words
