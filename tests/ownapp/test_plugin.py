"""The pytest plugin, in sessions of other people's: it ends a program and tells what it saw."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from exitmatrix.cli.testing import CannotEnd, EndingSeen, Factory

from tests.conftest import FOUND, NEWEST
from tests.ownapp.conftest import PROGRAMS
from tests.ownapp.made import ending, member, outcome

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.real

TESTS = """
import pytest

@pytest.fixture(scope="module")
def app(exitmatrix):
    return exitmatrix.app(["{python}", "graceful.py"], folder="{folder}")
"""

PASSING = """
def test_cleans_up(app):
    seen = app.end("deploy", grace=10)
    assert seen.ran("__main__:bye")
    assert seen.ran()
    assert seen.exit == 0
    assert seen.seconds < 10
    assert not seen.left
    assert not seen.survivors
    assert "bye" in seen.output
"""


ASYNC = """
import asyncio

async def test_async(app):
    assert (await asyncio.to_thread(app.end, "deploy")).ran()
"""


@pytest.fixture
def session(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with tests of somebody's, and their program."""
    for name, text in PROGRAMS.items():
        (pytester.path / name).write_text(text)
    return pytester


def run(session: pytest.Pytester, tests: str, *options: str) -> pytest.RunResult:
    head = TESTS.format(python=FOUND[NEWEST].path, folder=session.path)
    session.makepyfile(head + tests)
    return session.runpytest_subprocess("-p", "no:cacheprovider", *options, timeout=120)


def test_pytest_finds_the_plugin() -> None:
    """It is named where pytest looks for plugins of installed packages."""
    named = {one.name: one.value for one in entry_points(group="pytest11")}
    assert named.get("exitmatrix") == "exitmatrix.pytest_plugin"


def test_a_program_that_cleans_up_passes(session: pytest.Pytester) -> None:
    """Handlers, exit status, time, what is left and what was written can be asked for."""
    run(session, PASSING).assert_outcomes(passed=1)


def test_a_failure_tells_which_handler_where_and_what_happened(session: pytest.Pytester) -> None:
    """The assertion names handler and process; the story of the ending stands below."""
    tests = """
def test_cleans_up(app):
    assert app.end("SIGKILL").ran("__main__:bye")
"""
    result = run(session, tests)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*assert <ran __main__:bye: __main__:bye did not run in main>*",
            "*exitmatrix: SIGKILL*",
            "*main is killed by SIGKILL; not run: __main__:bye*",
        ]
    )


def test_whether_it_serves_again_in_time_can_be_asked(session: pytest.Pytester) -> None:
    """Who ends as a whole does not; a time that is none is told in one line."""
    tests = """
def test_again(app):
    assert app.end("SIGKILL").serves_again_within(5)

def test_time(app):
    app.end("SIGKILL").serves_again_within("soon")
"""
    result = run(session, tests)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "*assert <serves again within 5: nobody was started>*",
            "*CannotEnd: *'soon' is not a time; write 30s, 500ms or 2m*",
        ]
    )


def test_each_test_that_asks_is_told_what_happened(session: pytest.Pytester) -> None:
    """An ending that a fixture brought about is asked about by many tests, or by a fixture."""
    tests = """
@pytest.fixture(scope="module")
def seen(app):
    return app.end("SIGKILL")

@pytest.fixture
def fine(seen):
    assert seen.exit == 0

def test_one(seen):
    assert seen.ran()
    assert seen.ran()

def test_two(seen):
    assert not seen.seconds

def test_three(fine):
    pass

def test_four():
    assert not "of it"
"""
    result = run(session, tests)
    result.assert_outcomes(failed=3, errors=1)
    text, _, _ = result.stdout.str().partition("short test summary info")  # wide where CI is set
    assert text.count("main is killed by SIGKILL; not run: __main__:bye") == 3
    parts = re.split(r"^_+ (?:ERROR at setup of )?(test_\w+) _+$", text, flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert {name for name, part in sections.items() if "exitmatrix: SIGKILL" in part} == {
        *("test_one", "test_two", "test_three")
    }
    assert max(len(line) for part in sections.values() for line in part.splitlines()) <= 80


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("end('deplyo')", "did you mean 'deploy'?"),
        ("end('lost-parent')", "there is one process"),
        ("end('deploy', at='wroker')", "no process is called 'wroker'"),
    ],
)
def test_a_mistake_is_an_error_in_one_line(
    call: str, message: str, session: pytest.Pytester
) -> None:
    """The error says what cannot be done, and the test does not pass."""
    result = run(session, f"def test_it(app):\n    app.{call}\n")
    result.assert_outcomes(failed=1)
    assert message in result.stdout.str()
    assert "cli/testing.py" not in result.stdout.str()  # no line of ours stands between


def test_a_program_that_is_none_is_told_in_one_line() -> None:
    """No words, a quotation without an end, a folder that is not there."""
    made = Factory(trials=1, grace="30s")
    for command, folder, message in (
        ("", "", "no command: name the program"),
        ("python 'app.py", "", "python 'app.py: no closing quotation"),
        ([sys.executable, "app.py"], "/nowhere", "^/nowhere: no such folder$"),
        (None, "", "'nonetype' object is not iterable"),
        (["python", 3], "", "^command: expected `str`, got `int`$"),
        (["python", "a\0b"], "", "holds a NUL"),
    ):
        with pytest.raises(CannotEnd, match=message):
            made.app(command, folder=folder).end("deploy")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("of_app", "of_end", "message"),
    [
        ({"launcher": None}, {}, "launcher: expected `str`"),
        ({"env": ["A=1"]}, {}, "dictionary update"),
        ({"env": {"A": 1}}, {}, "env: expected `str`, got `int`"),
        ({"env": {"A=B": "1"}}, {}, "'A=B' is no name of a variable"),
        ({"roles": ["x"]}, {}, "dictionary update"),
        ({"allow_address": [1]}, {}, "allow_address: expected `str`"),
        ({}, {"ending": 15}, "ending: expected a name, got 15"),
        ({}, {"at": 3}, "at: expected `str`, got `int`"),
        ({}, {"trials": 0}, "trials: expected `int` >= 1"),
        ({}, {"trials": "3"}, "trials: expected `int`, got `str`"),
        ({}, {"grace": -1}, "'-1s' is not a time"),
        ({}, {"grace": 0}, "'0s' is no time at all"),
        ({}, {"grace": float("nan")}, "'nans' is not a time"),
    ],
)
def test_what_is_of_another_type_is_told_in_one_line(
    of_app: dict[str, Any], of_end: dict[str, Any], message: str
) -> None:
    """Nothing is run, and nothing is waited for."""
    with pytest.raises(CannotEnd) as refused:
        Factory(trials=1, grace="30s").app("python app.py", **of_app).end(
            **{"ending": "deploy", **of_end}
        )
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_where_it_leaves_things_and_listens_can_be_said() -> None:
    """One alone, or several, and a path too."""
    made = Factory(trials=1, grace="30s")
    app = made.app("python app.py", look_in=[Path("/var/tmp"), "out"], allow_address="0.0.0.0")
    assert app.call.folders == ("/var/tmp", "out")
    assert app.call.addresses == ("0.0.0.0",)
    with pytest.raises(CannotEnd, match="nowhere: no such folder"):
        made.app([sys.executable, "app.py"], look_in="nowhere").end("deploy")


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_a_number_of_runs_is_one_or_more(number: str, pytester: pytest.Pytester) -> None:
    """What is none is told by pytest, which exits with status 4."""
    result = pytester.runpytest_subprocess(f"--exitmatrix-trials={number}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--exitmatrix-trials: invalid number of runs" in result.stderr.str()


def test_a_setting_that_is_no_time_is_named(session: pytest.Pytester) -> None:
    """The setting is in a file of the project, not in the failing test."""
    result = run(session, "def test_it(app):\n    pass\n", "-o", "exitmatrix_grace=soon")
    result.assert_outcomes(errors=1)
    assert "UsageError: exitmatrix_grace: 'soon' is not a time" in result.stdout.str()


def test_an_exit_is_a_status_or_a_signal_and_none_where_runs_differ() -> None:
    """None also if the process lives; it is a survivor in whichever run showed that."""

    def seen(*ends: str) -> EndingSeen:
        return EndingSeen(ending(*(outcome(member("main", end=one)) for one in ends)), [])

    assert [seen("code 3", "code 3").exit, seen("signal SIGTERM").exit] == [3, "SIGTERM"]
    assert [seen("code 0", "code 1").exit, seen("").exit] == [None, None]
    assert [seen("code 0", "").survivors, seen("code 0").survivors] == [["main"], []]


def test_what_was_seen_once_is_not_run_again(session: pytest.Pytester) -> None:
    """Two tests that ask for one ending share its runs; another grace period is another ending."""
    tests = """
def test_one(app):
    assert app.end("deploy") is app.end("deploy")
    assert app.end("deploy", grace=9) is not app.end("deploy")
"""
    run(session, tests).assert_outcomes(passed=1)


def test_a_session_that_does_not_use_the_plugin_pays_next_to_nothing() -> None:
    """It imports two small modules of ours and no other: how long that takes is for a benchmark."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import pytest, exitmatrix.pytest_plugin"],
        capture_output=True,
        text=True,
        check=True,
    )
    names = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines()[1:]]
    own = names[names.index("pytest") + 1 :]
    assert own == ["exitmatrix", "exitmatrix.pytest_plugin"]


@pytest.mark.parametrize(
    ("options", "more"),
    [
        (["-n", "2"], ""),
        (["--cov", "."], ""),
        (["--timeout", "100"], ""),
        (
            ["-o", "asyncio_mode=auto"],
            ASYNC,
        ),
    ],
    ids=["xdist", "pytest-cov", "pytest-timeout", "pytest-asyncio"],
)
def test_other_plugins_of_the_session_change_nothing(
    options: list[str], more: str, session: pytest.Pytester
) -> None:
    """The same is seen, and coverage's own handler is none of the program's."""
    tests = (
        PASSING
        + "    found = [r.handler for o in seen.outcomes for m in o.members for r in m.handlers]\n"
        + "    assert {h.label for h in found} == {'__main__:bye', 'signal.SIGTERM:<lambda>'}\n"
    )
    run(session, tests + more, *options).assert_outcomes(passed=1 + bool(more))


def test_what_a_run_had_is_kept_where_that_is_asked_for(session: pytest.Pytester) -> None:
    """What it wrote, and its folder for temporary files; a test that fails names the place."""
    tests = """
def test_it(exitmatrix):
    app = exitmatrix.app(["{python}", "temporary.py"], folder="{folder}")
    assert app.end("SIGKILL", trials=2).exit == 0
"""
    tests = tests.replace("{python}", FOUND[NEWEST].path).replace("{folder}", str(session.path))
    kept = session.path / "base" / "exitmatrix0"
    result = run(session, tests, "--exitmatrix-keep", "--basetemp", str(kept.parent))
    result.stdout.fnmatch_lines([f"*Kept: {kept}/SIGKILL-*"])
    runs = sorted(kept.glob("SIGKILL-*"))
    assert len(runs) == 2
    assert [(one / "output.txt").read_text() for one in runs] == ["ready\n"] * 2
    assert all(any((one / "TMPDIR").iterdir()) for one in runs)


@pytest.mark.parametrize(("setting", "lines"), [("", 0), (", inherit_coverage=True", 7)])
def test_coverage_is_measured_in_the_program_where_that_is_asked_for(
    setting: str, lines: int, session: pytest.Pytester
) -> None:
    """The session measures its children; their data files do not count as left behind."""
    (session.path / ".coveragerc").write_text("[run]\npatch = subprocess\n")
    session.makepyfile(
        "import sys\n"
        "def test_it(exitmatrix):\n"
        f"    app = exitmatrix.app([sys.executable, 'graceful.py']{setting})\n"
        "    seen = app.end('deploy', trials=2)\n"
        "    assert seen.ran('__main__:bye')\n"
        "    assert not seen.left\n"
    )
    options = ("-p", "no:cacheprovider", "--cov", ".", "--cov-report", "json")
    session.runpytest_subprocess(*options, timeout=120).assert_outcomes(passed=1)
    measured = json.loads((session.path / "coverage.json").read_text())["files"]
    assert measured["graceful.py"]["summary"]["covered_lines"] == lines


def test_a_session_that_is_cut_off_leaves_nothing_running(session: pytest.Pytester) -> None:
    """pytest-timeout ends the session with os._exit(): what was started is ended too."""
    import time

    import psutil

    tests = """
def test_hangs(exitmatrix):
    exitmatrix.app(["{python}", "plain.py"], folder=r"{folder}", ready="line never").end("deploy")
""".replace("{python}", FOUND[NEWEST].path).replace("{folder}", str(session.path))
    result = run(session, tests, "--timeout", "3", "--timeout-method", "thread")
    assert result.ret != 0

    def running() -> list[int]:
        found = psutil.process_iter(["cwd", "cmdline"])
        return [
            one.pid
            for one in found
            if "plain.py" in (one.info["cmdline"] or ()) and one.info["cwd"] == str(session.path)
        ]

    for _ in range(200):  # the guardian ends them as soon as it is told; it is not asked to say so
        if not running():
            break
        time.sleep(0.05)
    assert not running()


def test_nothing_is_imported_where_it_is_not_used(tmp_path: Path) -> None:
    """Of the package the plugin alone, and none of what it stands on."""
    (tmp_path / "test_nothing.py").write_text(
        "import sys\n"
        "def test_nothing():\n"
        "    ours = {name for name in sys.modules if name.startswith('exitmatrix')}\n"
        "    assert ours <= {'exitmatrix', 'exitmatrix.pytest_plugin'}\n"
        "    assert not {'msgspec', 'rich', 'requests', 'click'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
