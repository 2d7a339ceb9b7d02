"""What the options of `run` say, and what is said of those that say nothing."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest
from exitmatrix.cli.invocation import Invocation
from exitmatrix.cli.run import options_of
from exitmatrix.declare import launchers, situations
from exitmatrix.declare.texts import (
    CannotRead,
    address,
    duration,
    hint_of_command,
    readiness,
    request,
    role,
    time_given,
)
from exitmatrix.machine.run.app import session
from exitmatrix.machine.store.files import CannotWrite, check_writable
from exitmatrix.model.app import GRACE, Readiness, Situation
from exitmatrix.model.launcher import Launcher
from exitmatrix.model.tree import PLACES
from exitmatrix.plan.app import meet_at_a_port


@pytest.mark.parametrize("situation", situations.SITUATIONS, ids=lambda one: one.id)
def test_a_situation_is_a_sequence_in_time(situation: Situation) -> None:
    """Its first signal is sent at once, the others later and in order; targets are places."""
    times = [float("inf") if one.after == GRACE else one.after for one in situation.steps]
    assert times[0] == 0
    assert times == sorted(times)
    assert len(set(times)) == len(times)
    assert {situation.target, *(one.target for one in situation.steps)} <= {"", *PLACES}
    assert {one.signal for one in situation.steps} <= set(situations.SIGNALS)


def test_an_ending_is_found_by_name_or_by_signal() -> None:
    """`deploy` is a situation, `SIGQUIT` one signal to the first process."""
    assert situations.find_situation("deploy").first.signal == "SIGTERM"
    assert [one.signal for one in situations.find_situation("SIGQUIT").steps] == ["SIGQUIT"]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("deplyo", "did you mean 'deploy'?"),
        ("sigterm", "did you mean 'SIGTERM'?"),
        ("deploy,SIGQUIT", "name each by itself: --ending deploy --ending SIGQUIT"),
        ("x", "deploy,"),
    ],
)
def test_an_unknown_ending_is_told_with_the_nearest(name: str, nearest: str) -> None:
    """A name that is none is named, with the nearest or with all that there are."""
    with pytest.raises(situations.NoSuchSituation) as refused:
        situations.find_situation(name)
    assert f"'{name}'" in str(refused.value)
    assert nearest in str(refused.value)


AS_WRITTEN = [one for one in launchers.LAUNCHERS if launchers.MODULE not in one.words]


@pytest.mark.parametrize("launcher", AS_WRITTEN, ids=lambda one: one.id)
def test_a_launcher_starts_the_command_as_it_was_written(launcher: Launcher) -> None:
    """The words arrive whole, with blanks and quotes, as words or as a shell reads them.

    All but `python-m`, which is another way to write the command itself.
    """
    command = ["python", "a b.py", "it's", "{port}"]
    words, script = launchers.wrap(launcher, command)
    line = shlex.join(command)
    whole = any(list(words[i : i + 4]) == command for i in range(len(words)))
    assert whole or any(line in text for text in (*words, script))


def test_a_command_that_a_launcher_cannot_write_is_refused() -> None:
    """In supervisor's files a comment begins at a semicolon after a blank, quoted or not."""
    supervisord = launchers.find_launcher("supervisord")
    with pytest.raises(launchers.CannotLaunch, match=r"supervisord cannot start .* ' ;' in it"):
        launchers.wrap(supervisord, ["sh", "-c", "true ; true"])
    _, script = launchers.wrap(supervisord, ["python", "100%.py"])
    assert "command = python 100%%.py\n" in script  # a percent sign alone begins a variable


def test_an_unknown_launcher_is_told_with_the_nearest() -> None:
    """The error names the unknown launcher and the nearest known one."""
    with pytest.raises(launchers.NoSuchLauncher, match="'tinny'; did you mean 'tini'"):
        launchers.find_launcher("tinny")


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("500ms", 0.5), ("2m", 120), ("1.5", 1.5)]
)
def test_a_time_has_a_unit(text: str, seconds: float) -> None:
    """Seconds unless it says otherwise."""
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "by", "what"),
    [
        ("auto", "auto", ""),
        ("8000", "port", "8000"),
        ("{port}", "port", "{port}"),
        ("/healthz", "url", "/healthz"),
        ("http://127.0.0.1:{port}/", "url", "http://127.0.0.1:{port}/"),
        ("line ready to go", "line", "ready to go"),
        ("file app.pid", "file", "app.pid"),
        ("5s", "seconds", ""),
    ],
)
def test_there_are_six_ways_to_be_ready(text: str, by: str, what: str) -> None:
    """The form of the text tells which is meant."""
    found = readiness(text, 30)
    assert (found.by, found.what) == (by, what)
    assert isinstance(found, Readiness)


@pytest.mark.parametrize("text", ["soon", "http://example.org/", "line [", "-1", "²", "²s", "٣"])
def test_what_is_no_way_to_be_ready_is_refused(text: str) -> None:
    """In one line that says what there is; another machine is never asked."""
    with pytest.raises(CannotRead) as refused:
        readiness(text, 30)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["0", "0s", "0ms"])
def test_no_time_is_no_time_of_grace(text: str) -> None:
    """SIGKILL would be sent before anybody could do anything, and none of it be seen."""
    assert time_given("1ms") == 0.001
    with pytest.raises(CannotRead, match="is no time at all"):
        time_given(text)


@pytest.mark.parametrize(
    ("words", "start"),
    [
        (["pyton", "app.py"], "; did you mean 'python'?"),
        (["python app.py"], "; without quotes around the whole it is one: -- python app.py"),
        (["cd /app && python app.py"], "; a shell would know it: -- sh -c 'cd /app && python"),
        (["source", "venv/bin/activate"], "; a shell would know it: -- sh -c 'source venv/bin"),
        (["PORT=80", "python"], "; a variable is set by --env PORT=80"),
        (["app.py", "-v"], "; a Python is to run it: -- python app.py -v"),
        (["zzz", "app.py"], ""),
        (["/cat", "app.py"], ""),
    ],
)
def test_what_may_be_meant_by_a_command_that_is_none_is_told(words: list[str], start: str) -> None:
    """The hint is the nearest program, or what a shell would have made of the command."""
    hint = hint_of_command(words, ["python", "perl", "cat"])
    assert hint.startswith(start)
    assert bool(hint) is bool(start)


@pytest.mark.parametrize("text", ["web", "=x", "web=", "web=["])
def test_a_role_has_a_name_and_an_expression(text: str) -> None:
    """What lacks one of them is refused."""
    with pytest.raises(CannotRead):
        role(text)


@pytest.mark.parametrize("text", ["0", "65536", "99999999", "31s", "30s"])
def test_what_can_never_be_ready_is_refused(text: str) -> None:
    """A number that is no port, or a time that is not over before the program is given up."""
    with pytest.raises(CannotRead, match=r"is no port|is not within"):
        readiness(text, 30)


@pytest.mark.parametrize("text", ["/", "/a?b=c", "http://127.0.0.1:{port}/", "http://localhost/"])
def test_what_is_asked_for_is_a_path_or_of_this_machine(text: str) -> None:
    """Nothing is asked of another one."""
    assert request(text) == text
    for other in ("index.html", "http://example.com/", "ftp://127.0.0.1/"):
        with pytest.raises(CannotRead, match="is no path to request"):
            request(other)


@pytest.mark.parametrize(
    ("text", "means"),
    [("0.0.0.0", "0.0.0.0"), ("[::]", "::"), ("::", "::")],
)
def test_an_address_is_one_of_ip(text: str, means: str) -> None:
    """In brackets or not; a name would have to be looked up."""
    assert address(text) == means
    with pytest.raises(CannotRead, match="no IP address"):
        address("localhost")


def test_the_command_to_run_it_again_says_how_it_was_called() -> None:
    """It holds every unusual option, but not the values of variables, which may be secret."""
    call = Invocation(
        command=("app",), ready="line up", grace="5s", launcher="sh", at="worker",
        roles=("db=post.*",), env={"TOKEN": "hush"}, clean_env=True, before=("make", "all"),
    )  # fmt: skip
    assert options_of(Invocation(command=("app",))) == ""
    assert options_of(call) == (
        "--as sh --ready 'line up' --at worker --grace 5s --clean-env --before 'make all'"
        " --role 'db=post.*' --env TOKEN=... "
    )


@pytest.mark.parametrize(
    ("command", "listening", "alone"),
    [
        (["app", "-p", "8000"], ["127.0.0.1:8000"], True),
        (["app", "-p", "{port}"], ["127.0.0.1:8000"], False),
        (["app"], ["/run/app.sock"], False),
        (["app"], [], False),
    ],
)
def test_a_fixed_port_is_had_by_one_run_at_a_time(
    command: list[str], listening: list[str], alone: bool
) -> None:
    """Two runs side by side would meet at it, unless {port} is asked for."""
    assert meet_at_a_port(command, listening) is alone


def test_only_a_regular_file_is_written(tmp_path: Path) -> None:
    """A pipe would block, and replacing a device would destroy it."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    check_writable(tmp_path / "file")
    check_writable(tmp_path / "other")
    for name, message in (
        ("pipe", "it is no regular file"),
        ("/dev/null", "it is no regular file"),
        (".", "it is a folder"),
        ("nowhere/file", "there is no folder"),
        ("file/other", "there is no folder"),
        ("x" * 300, "File name too long"),
    ):
        with pytest.raises(CannotWrite, match=message):
            check_writable(tmp_path / name)


def test_a_name_that_is_too_long_is_none() -> None:
    """It is said as of any other that is not there."""
    name = f"/{'x' * 5000}"
    assert not session.is_folder(name, "/")
    assert session.why_no_command(name, "/") == "file name too long"
