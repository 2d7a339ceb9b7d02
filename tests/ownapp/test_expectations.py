"""What a project writes down about its own program, and whether it is so."""

from __future__ import annotations

import tomllib
from typing import Any
from xml.etree import ElementTree as ET

import click
import pytest
from exitmatrix.cli.run import command
from exitmatrix.declare.settings import APP, SettingsError, from_option, parse_settings
from exitmatrix.declare.situations import find_situation
from exitmatrix.judge.expectations import check_expectations, handlers_ran
from exitmatrix.model.app import Expectation, Left
from exitmatrix.model.app_outcome import AppOutcome, EndingResult, Fate, Handler, Member, Ran
from exitmatrix.report.app import exports
from msgspec.structs import replace

CLOSE = Handler(label="app.db:close_pool", place="app/db.py:31")
LOCK = (Left(kind="file", name="app.lock"),)
LIBRARY = Handler(label="logging:shutdown", library=True)


def member(role: str = "main", fate: Fate = "ran", end: str = "code 0", **more: Any) -> Member:
    fields: dict[str, Any] = {
        "family": True,
        "serves": False,
        "new": False,
        "observed": True,
        "handlers": (Ran(handler=CLOSE, fate=fate), Ran(handler=LIBRARY, fate="not run")),
        "seconds": 0.4 if end else None,
        "born": -1.0,
    }
    return Member(role=role, exit=end, **(fields | more))


def outcome(*members: Member, **more: Any) -> AppOutcome:
    ends = [one.seconds for one in members]
    fields: dict[str, Any] = {
        "situation": "deploy",
        "blind": False,
        "sent": (),
        "ready": 0.5,
        "gone": None if None in ends else max(one for one in ends if one is not None),
        "watched": 1.0,
        "left": (),
        "output": "pool closed\n",
    }
    return AppOutcome(members=members, **(fields | more))


def result(*outcomes: AppOutcome, **more: Any) -> EndingResult:
    return EndingResult(
        situation=find_situation("deploy"), target="first", outcomes=outcomes, **more
    )


def broken(text: str, *outcomes: AppOutcome, **more: Any) -> tuple[str, ...]:
    (checked,) = check_expectations(from_option(f"deploy:{text}"), [result(*outcomes, **more)])
    return checked.broken


@pytest.mark.parametrize(
    "text",
    ["ran=all", "ran=app.db:close_pool", "exit=0", "within=1s", "left=nothing", "lines=^pool"],
)
def test_what_is_as_expected_is_met(text: str) -> None:
    """Handlers of libraries are not of `all`."""
    assert broken(text, outcome(member())) == ()


def test_who_is_replaced_in_time_is_met() -> None:
    """By a process of the program; a run in which no more was waited for says nothing."""
    new = member("worker#3", new=True, born=1.25)
    assert broken("replaced=2s", outcome(member(), new)) == ()
    assert broken("replaced=2s", outcome(member(), shortened=True)) == ()
    late = "somebody was started after 1.2 s"
    assert broken("replaced=1s", outcome(member(), new)) == (late,)
    helper = member("ps", new=True, born=0.1, family=False)
    assert broken("replaced=2s", outcome(member(), helper)) == ("nobody was started",)
    again = member("worker#3", new=True, born=0.1, family=False, python=True)
    assert broken("replaced=2s", outcome(member("worker#1"), again)) == ()
    mute = "the URL of --ready is not answered any more"
    assert broken("replaced=2s", outcome(member(), new, answers=False)) == (mute,)


def test_who_serves_again_in_time_is_met() -> None:
    """It waits for connections; and the URL of --ready, if there is one, is answered."""
    new = member("worker#3", end="", new=True, born=0.2, accepts=1.25)
    assert broken("serves-again=2s", outcome(member(), new)) == ()
    assert broken("serves-again=2s", outcome(member(), shortened=True)) == ()
    late = "it waited for connections after 1.2 s"
    assert broken("serves-again=1s", outcome(member(), new)) == (late,)
    asleep = replace(new, accepts=None)
    unseen = "who was started was not seen to wait for connections"
    assert broken("serves-again=2s", outcome(member(), asleep)) == (unseen,)
    gone = replace(new, exit="code 3")
    assert broken("serves-again=2s", outcome(member(), gone)) == (unseen,)
    assert broken("serves-again=2s", outcome(member())) == ("nobody was started",)
    mute = "the URL of --ready is not answered any more"
    assert broken("serves-again=2s", outcome(member(), new, answers=False)) == (mute,)


def test_a_label_without_arguments_means_whatever_they_are() -> None:
    """Arguments may be new in each run, and `ran=shutil:rmtree` holds for all of them."""
    handlers = (
        Ran(handler=Handler(label="shutil:rmtree('a')"), fate="ran"),
        Ran(handler=Handler(label="shutil:rmtree('b')"), fate="not run"),
    )
    seen = outcome(member(handlers=handlers))
    assert broken("ran=shutil:rmtree('a')", seen) == ()
    (why,) = broken("ran=shutil:rmtree", seen)
    assert "shutil:rmtree('b') did not run" in why
    (why,) = broken("ran=shutil:rm", seen)
    assert why == "shutil:rm was not registered; did you mean 'shutil:rmtree('b')'?"


def test_the_name_of_a_mechanism_means_its_handler_whatever_that_is_called() -> None:
    """`ran=signal.SIGTERM` is the program's own handler of it, and no other signal's."""
    term = Handler(label="signal.SIGTERM:stop", mechanism="signal.SIGTERM")
    hup = Handler(label="signal.SIGHUP:again", mechanism="signal.SIGHUP")
    ran_term = outcome(
        member(handlers=(Ran(handler=term, fate="ran"), Ran(handler=hup, fate="not run")))
    )
    assert broken("ran=signal.SIGTERM", ran_term) == ()
    (why,) = broken("ran=signal.SIGHUP", ran_term)
    assert "signal.SIGHUP:again did not run" in why


def test_what_was_registered_is_told_where_a_label_or_a_role_is_none() -> None:
    """A handler without its module, or a role that another tree has, is what people write."""
    (why,) = broken("ran=close", outcome(member()))
    assert why == "close was not registered; there is app.db:close_pool"
    assert handlers_ran(outcome(member()), ("all",), "worker") == [
        "no process is called 'worker'; there is main"
    ]


@pytest.mark.parametrize(
    ("text", "seen", "why"),
    [
        ("ran=all", outcome(member(fate="not run")), "app.db:close_pool did not run in main"),
        ("ran=all", outcome(member(fate="unfinished")), "did not finish in main"),
        ("ran=all", outcome(member(handlers=())), "nothing was registered"),
        ("ran=all", outcome(member(observed=False)), "main could not be seen from inside"),
        ("ran=x:y", outcome(member()), "x:y was not registered"),
        ("ran=all", outcome(member(end="")), "no process ended"),
        ("exit=0", outcome(member(end="signal SIGTERM")), "main ended with signal SIGTERM"),
        ("exit=0", outcome(member(end="")), "main goes on"),
        ("within=300ms", outcome(member()), "it took 0.4 s"),
        ("within=1s", outcome(member(end="")), "main goes on"),
        (
            "left=nothing",
            outcome(member(), left=(Left(kind="file", name="a"),)),
            "a is left behind",
        ),
        ("left=b*", outcome(member(), left=(Left(kind="file", name="a"),)), "a is left behind"),
        ("lines=flushed", outcome(member()), "no line of the output matches 'flushed'"),
    ],
)
def test_what_is_otherwise_is_told(text: str, seen: AppOutcome, why: str) -> None:
    """Which handler, which process, how long: what a test's failure should say."""
    assert any(why in one for one in broken(text, seen))


def test_who_goes_on_where_all_are_to_end_has_not_cleaned_up() -> None:
    """A program in the background of a shell ignores SIGINT; who a kill leaves out lives on."""
    seen = outcome(member("app#1", fate="not run", end=""), member("app#2"))
    assert broken("ran=all", seen) == ("app.db:close_pool did not run in app#1, which goes on",)
    assert broken("ran=app:other+app.db:close_pool", seen)[-1:] == broken("ran=all", seen)
    killed = replace(seen, situation="SIGUSR1")
    assert broken("ran=all", killed) == ()


def test_one_run_breaks_an_expectation() -> None:
    """If one of many runs breaks it, it is broken: a race does not meet an expectation."""
    good, bad = outcome(member()), outcome(member(fate="not run"))
    assert broken("ran=all", good, good, bad, good)


def test_what_was_not_seen_is_not_met() -> None:
    """A run that showed too little breaks what is expected, and so does an ending without runs."""
    assert broken("exit=0", outcome(member()), unknown=("it was never ready",))
    assert broken("exit=0")
    assert broken("exit=0", left_out="there is one process")
    (checked,) = check_expectations([Expectation(ending="oom", key="exit", values=("0",))], [])
    assert checked.broken


FILE = """
[app]
command = "gunicorn -w 2 app:app"
ready = "/healthz"
env = { DATABASE_URL = "sqlite://" }

[expect.deploy]
ran = ["app.db:close_pool"]
exit = 0
within = "10s"
left = []
"""


def test_a_file_says_all_that_options_say() -> None:
    """Command, options and expectations; a shell's quoting is undone, no shell is called."""
    given = parse_settings(tomllib.loads(FILE), "exitmatrix.toml")
    assert given.command == ("gunicorn", "-w", "2", "app:app")
    assert given.ready == "/healthz"
    assert given.env == {"DATABASE_URL": "sqlite://"}
    assert [str(one) for one in given.expectations] == [
        *("deploy: ran=app.db:close_pool", "deploy: exit=0"),
        *("deploy: within=10", "deploy: left=nothing"),
    ]


def test_a_file_may_write_a_port_or_a_time_as_a_number() -> None:
    """TOML has numbers, and 8000 is a port there as well."""
    given = parse_settings(
        tomllib.loads("[app]\nready = 8000\ngrace = 30\nready-within = 2.5"), "x"
    )
    (expected,) = parse_settings(tomllib.loads("[expect.deploy]\nwithin = 0.5"), "x").expectations
    assert expected.values == ("0.5",)
    assert (given.ready, given.grace, given.ready_within) == ("8000", "30", "2.5")


OTHER_OPTIONS = """
[app]
endings = ["deploy", "SIGQUIT"]
trials = 5
jobs = 1
thorough = true
look-in = "/var/tmp"
allow-address = ["0.0.0.0", "[::]"]
role = { web = "gunicorn", mail = "mail=.*" }
clean-env = true
"""


def test_a_file_says_how_often_where_and_whom() -> None:
    """As many as may be given are lists, or one text; roles are a table of expressions."""
    given = parse_settings(tomllib.loads(OTHER_OPTIONS), "exitmatrix.toml")
    assert given.endings == ("deploy", "SIGQUIT")
    assert (given.trials, given.jobs, given.thorough, given.clean_env) == (
        5,
        1,
        True,
        True,
    )
    assert given.folders == ("/var/tmp",)
    assert given.addresses == ("0.0.0.0", "::")
    assert given.roles == ("web=gunicorn", "mail=mail=.*")


NOT_OF_THE_APP = {"expect", "json", "junit-xml", "markdown", "github", "progress", "help"}


def test_each_option_of_how_it_is_run_is_a_key_of_the_file() -> None:
    """`--help` says that the options are read there; what is written and shown is the call's."""
    params = command.get_params(click.Context(command))
    options = {one.lstrip("-") for param in params for one in param.opts if one.startswith("--")}
    assert {"endings" if one == "ending" else one for one in options - NOT_OF_THE_APP} == set(
        APP
    ) - {"command"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[ap]", "no key 'ap'; did you mean 'app'?"),
        ("[app]\ncomand = 'x'", "did you mean 'command'?"),
        ('[app]\ncommand = "it\'s"', "must be a command, and has no closing quotation"),
        ("[app]\ngrace = true", "app.grace: must be a text"),
        ("[app]\ncommand = 3", "app.command: must be a list of texts"),
        ("app = 3", "app: must be a table"),
        ("[expect.deplyo]\nexit = 0", "did you mean 'deploy'?"),
        ("[expect.deploy]\nexits = 0", "did you mean 'exit'?"),
        ("[expect.deploy]\nexit = true", "must be an exit status"),
        ("[expect.deploy]\nexit = 'SIGFOO'", "must be an exit status"),
        ("[expect.deploy]\nexit = [0, 300]", "must be an exit status"),
        ("[expect.deploy]\nexit = '²'", "must be an exit status"),
        ("[expect.deploy]\nwithin = 'soon'", "must be a time"),
        ("[expect.deploy]\nran = []", "must be all, or"),
        ("[expect.deploy]\nran = 5", "must be all, or"),
        ("[expect.deploy]\nexit = 'SIGTREM'", "'SIGTREM' is none; did you mean 'SIGTERM'?"),
        ("[expect.deploy]\nlines = '['", "match; '[' is none: unterminated character set"),
        ("[app]\ntrails = 3", "no key 'trails'; did you mean 'trials'?"),
        ("[app]\ntrials = 0", "app.trials: must be a whole number from 1 to 1000"),
        ("[app]\ntrials = true", "app.trials: must be a whole number from 1 to 1000"),
        ("[app]\njobs = 2.5", "app.jobs: must be a whole number from 1 to 512"),
        ("[app]\nthorough = 1", "app.thorough: must be true or false"),
        ("[app]\nending = 'deploy'", "no key 'ending'; did you mean 'endings'?"),
        ("[app]\nendings = ['deplyo']", "app.endings: no ending is called 'deplyo'; did you mean"),
        ("[app]\nlook_in = '/x'", "no key 'look_in'; did you mean 'look-in'?"),
        ("[app]\nlook-in = 3", "app.look-in: must be a list of texts"),
        ("[app]\nallow-address = ['any']", "app.allow-address: 'any' is no IP address; write"),
        ("[app]\nrole = 'web=x'", "app.role: must be a table of texts"),
        ("[app]\nrole = { web = '(' }", "app.role: '(' is no regular expression"),
        ("command = 'x'", "no key 'command'; it belongs below app"),
        ("[expect]\nran = 'all'", "must be a table; name the ending, as in [expect.deploy] ran"),
    ],
)
def test_what_a_file_cannot_say_is_refused_with_the_nearest(text: str, message: str) -> None:
    """In one line that names the file and the key."""
    with pytest.raises(SettingsError) as refused:
        parse_settings(tomllib.loads(text), "exitmatrix.toml")
    assert message in str(refused.value)
    assert str(refused.value).startswith("exitmatrix.toml")


@pytest.mark.parametrize("text", ["deploy", "deploy:", "deploy:ran", "deplyo:ran=all"])
def test_an_option_that_expects_nothing_is_refused(text: str) -> None:
    """ENDING:KEY=VALUE, or one line."""
    with pytest.raises(SettingsError):
        from_option(text)


def test_a_junit_report_has_a_case_for_each_expectation() -> None:
    """A suite for each ending; a broken expectation is a failure with its reasons."""
    checked = check_expectations(
        from_option("deploy:ran=all,exit=0"), [result(outcome(member(fate="not run")))]
    )
    root = ET.fromstring(exports.junit(checked))
    (suite,) = root
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [len(case) for case in suite] == [1, 0]
    assert "close_pool did not run" in str(suite[0][0].get("message"))


def test_a_handler_that_did_not_run_is_annotated_at_its_line() -> None:
    """What is expected stands in the title; GitHub's own characters are escaped."""
    checked = check_expectations(
        from_option("deploy:ran=all,exit=0"),
        [result(outcome(member(fate="not run", end="code 9")))],
    )
    ran, ended = exports.for_github(checked, "services/").splitlines()
    assert ran == (
        "::error file=services/app/db.py,line=31,title=deploy%3A ran=all::"
        "app.db:close_pool did not run in main"
    )
    assert ended == "::error title=deploy%3A exit=0::main ended with code 9"
    met = check_expectations(from_option("deploy:ran=all"), [result(outcome(member()))])
    assert exports.for_github(met, "") == ""


def test_a_handler_that_is_not_of_the_repository_has_no_line_in_it() -> None:
    """An absolute place is not of the folder in which the program was started."""
    far = Handler(label="far", place="/opt/far.py:3")
    lacking = member(handlers=(Ran(handler=far, fate="not run"),))
    checked = check_expectations(from_option("deploy:ran=far"), [result(outcome(lacking))])
    assert exports.for_github(checked, "").startswith("::error title=deploy%3A ran=far::far did")
