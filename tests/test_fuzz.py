"""`exitmatrix fuzz`: generated programs against the laws, and what was learnt from them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from exitmatrix.cli import programs as stages
from exitmatrix.cli.fuzz import command, print_one
from exitmatrix.declare.batch import Batch, file_of
from exitmatrix.declare.generate import random
from exitmatrix.declare.statements import size
from exitmatrix.judge.profile import Profile, profile
from exitmatrix.judge.programs import Compared
from exitmatrix.machine.bare.session import BareSession
from exitmatrix.machine.scenarios import load
from exitmatrix.machine.store.corpus import Corpus, together
from exitmatrix.machine.store.files import CannotWrite
from exitmatrix.model.execution import Execution, Exit, Seen
from exitmatrix.model.language import Code
from exitmatrix.model.shown import ShownAlike
from msgspec.structs import replace

from tests.conftest import FOUND, NEWEST
from tests.support.part import every

NOTHING = Seen(processes=(Execution((), (), Exit()),))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in which nothing was seen yet."""
    monkeypatch.setenv("EXITMATRIX_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def fuzz(*words: str) -> Result:
    return CliRunner().invoke(command, [*words, "--progress", "none"], catch_exceptions=False)


# --------------------------------------------------------------------- the proof


@pytest.mark.real
@pytest.mark.parametrize("seed", every(2, [101, 102]))
def test_nothing_is_mispredicted(cache: Path, seed: int) -> None:
    """What random programs show, on every Python here, the laws allow."""
    done = fuzz("--seed", str(seed), "--programs", "12")
    assert done.exit_code == 0, done.output
    assert " 0 mispredictions" in done.output
    counted = re.search(r"12 programs, ([\d,]+) runs", done.output)
    assert counted
    assert int(counted[1].replace(",", "")) > 0.95 * 12 * len(FOUND)  # the others go in circles


@pytest.mark.real
def test_small_programs_are_predicted(cache: Path) -> None:
    """Every program with up to one handler, under every ending, on the newest Python."""
    done = fuzz("--small", "1", "--python", NEWEST)
    assert done.exit_code == 0, done.output
    assert "160 programs, 160 runs" in done.output


@pytest.mark.real
def test_a_misprediction_is_found_and_made_small(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Laws of another Python: status 1, and a program of a few statements, also as files."""

    def damaged(python: dict[str, str]) -> Profile:
        return replace(profile(python), has_unregister=False)

    monkeypatch.setattr(stages, "profile", damaged)
    done = fuzz("--programs", "30", "--python", NEWEST, "--shrink", "1", "--keep", str(tmp_path))
    assert done.exit_code == 1
    assert ", 0 mispredictions" not in done.output
    program = done.output.partition("made smaller:\n")[2].partition(f"  {NEWEST}\n")[0]
    lines = [line.strip() for line in program.splitlines()]
    assert len([one for one in lines if one and not one.startswith("def ")]) <= 2
    assert "    expected  " in done.output
    assert "    seen      " in done.output
    [reproducer] = (tmp_path / "reproducers").iterdir()
    alone = subprocess.run(
        [FOUND[NEWEST].path, reproducer], check=False, capture_output=True, text=True
    )
    assert alone.stderr.startswith("- started ")
    [one] = load(tmp_path / "scenarios").scenarios
    assert one.terminations == ("return",)


@pytest.mark.real
def test_a_misprediction_that_was_seen_once_is_shown_as_it_was(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A race: nothing of it is lost, and nothing smaller is said to show it."""
    code = random(1, 7)
    once = stages.Misprediction(
        program=7,
        code=code,
        python=NEWEST,
        seen=NOTHING,
        compared=Compared(word="mismatch", foreseen=(NOTHING,)),
    )
    with BareSession(1) as session:
        [(shown, wrong)] = stages.shrink([once], {NEWEST: FOUND[NEWEST]}, session, 3)
    assert (shown, wrong) == (code, [replace(once, again=False)])
    print_one(shown, wrong)
    output = capsys.readouterr().out
    assert "program 7, which did not show it a second time:" in output
    assert f"  {NEWEST}\n" in output


@pytest.mark.real
def test_what_was_seen_is_not_run_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch goes on where it stopped: with more programs, and after a kill in mid-line."""
    assert fuzz("--programs", "5", "--python", NEWEST).exit_code == 0
    [file] = cache.rglob("shown.jsonl")
    lines = file.read_bytes().splitlines(keepends=True)
    cut = json.loads(lines[-1])["program"]  # lines come as programs end
    file.write_bytes(b"".join(lines[:-1]) + lines[-1][:20])
    ran: list[int] = []
    add = Corpus.add

    def noting(corpus: Corpus, shown: ShownAlike) -> None:
        ran.append(shown.program)
        add(corpus, shown)

    monkeypatch.setattr(Corpus, "add", noting)
    done = fuzz("--programs", "7", "--python", NEWEST)
    assert "7 programs, 7 runs" in done.output
    assert sorted(ran) == [cut, 5, 6]


@pytest.mark.real
def test_programs_can_be_spread_over_pythons(cache: Path) -> None:
    """Each runs on one of them, by turns."""
    done = fuzz("--programs", str(len(FOUND) + 1), "--spread")
    assert (
        f"{len(FOUND) + 1} programs, {len(FOUND) + 1} runs on {len(FOUND)} Pythons" in done.output
    )


# -------------------------------------------------------------------- the corpus


def test_what_another_file_showed_is_of_no_use(tmp_path: Path) -> None:
    """A program whose generated file changed is run again."""
    with Corpus(tmp_path, "batch") as corpus:
        corpus.add(together(3, "old", [("a", NOTHING)], []))
        assert corpus.shown(3, "old") == {"a": NOTHING}
        assert corpus.shown(3, "new") == {}
        corpus.add(together(3, "new", [("b", NOTHING)], [("c", "it did not end in time")]))
        corpus.add(together(3, "new", [("c", NOTHING)], []))
    with Corpus(tmp_path, "batch") as corpus:
        assert corpus.shown(3, "new") == {"b": NOTHING, "c": NOTHING}
        assert corpus.shown(3, "old") == {}


def test_two_runs_do_not_add_to_one_batch(tmp_path: Path) -> None:
    """The second one says so and ends."""
    writes = f"process {os.getpid()} is writing there"
    with Corpus(tmp_path, "batch"), pytest.raises(CannotWrite, match=writes):
        Corpus(tmp_path, "batch")
    Corpus(tmp_path, "batch").__exit__()


def test_a_batch_can_be_made_longer() -> None:
    """Programs keep their numbers."""
    assert list(Batch(seed=7, programs=3)) == list(Batch(seed=7, programs=9))[:3]
    assert list(Batch(handlers=1)) == list(Batch(handlers=2))[: 10 * 16]


# ------------------------------------------------------------------------ usage


@pytest.mark.parametrize("words", [["--programs", "0"], ["--small", "4"], ["--seed", "-1"]])
def test_wrong_options_are_told(words: list[str]) -> None:
    """One line, status 2."""
    done = fuzz(*words)
    assert done.exit_code == 2
    assert words[0] in done.output


def test_a_file_and_its_digest_belong_together() -> None:
    """Another program has another one."""
    assert file_of(random(1, 1))[1] != file_of(random(1, 2))[1]
    assert size(Code(body=())) == 0
