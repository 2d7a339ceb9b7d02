"""What the runs of an ending come to, and why: laws on made-up outcomes."""

from __future__ import annotations

import time
from typing import Any

import pytest
from exitmatrix.declare.situations import find_situation
from exitmatrix.judge import expectations
from exitmatrix.judge.app import clean_up, disagreements, needs_a_look, only_without
from exitmatrix.judge.app_reasons import reasons
from exitmatrix.machine.run.app.timed import TimedJournal
from exitmatrix.model import Event
from exitmatrix.model.app_outcome import AppOutcome, Fate, Handler, Member, Ran, Sent
from exitmatrix.observe.app_handlers import POOLS, of_finalizer
from exitmatrix.observe.app_record import records
from exitmatrix.report.app.page import AppReport, page
from exitmatrix.report.app.story import story
from msgspec.structs import replace

from tests.ownapp.made import CLOSE, FLUSH, LIBRARY, TERM, ending, member, outcome


def test_whoever_has_nothing_to_clean_up_speaks_not_for_who_goes_on() -> None:
    """A master without handlers ends, and workers that have some go on: so does the program."""
    seen = outcome(member("master"), member("worker", (CLOSE, "not run"), end=""))
    assert clean_up(seen).answer == "goes on"
    assert clean_up(outcome(member("master"), member("worker", end=""))).answer == "nothing"


def test_of_two_ends_that_are_learnt_at_once_the_order_is_told() -> None:
    """A waiting shell ends right after the program, within the same millisecond."""
    journal = TimedJournal()
    for pid in (11, 10):
        journal.note("kernel", pid, "ended", "code 0")
    journal.insert(1, Event("probe", 10, "began", ("1",)))  # learnt last, and before that end
    seconds = [one.seconds for one in journal.moments]
    assert [one.event.pid for one in journal.moments] == [11, 10, 10]
    assert sorted(set(seconds)) == seconds


def test_an_end_that_is_learnt_with_what_follows_on_it_was_not_seconds_before_that() -> None:
    """Nothing was learnt for five seconds: had it ended earlier, that would have been."""
    journal = TimedJournal()
    journal.note("harness", 10, "sent", "SIGTERM", "first")
    journal.begun -= 5
    journal.add(Event("probe", 10, "ended", ("1",)))
    journal.insert(1, Event("kernel", 11, "ended", ("code 0",)))
    seconds = [one.seconds for one in journal.moments]
    assert sorted(seconds) == seconds
    assert seconds[1] > 4.9


def test_every_way_in_which_runs_went_has_its_reason() -> None:
    """That includes what one of three runs showed. No reason is repeated."""
    fine = outcome(member("main", (CLOSE, "ran")))
    killed = outcome(member("main", (CLOSE, "not run"), end="signal SIGTERM"))
    text = " ".join(" ".join(story(ending(fine, fine, killed))).split())
    before, rare = text.split("In 1 of 3 runs it went otherwise")
    assert "no handler for SIGTERM" not in before
    assert rare.count("main had no handler for SIGTERM") == 1


def ended(how: str, *, gone: float = 0.4, output: str = "up") -> AppOutcome:
    return outcome(member("main", end=how), gone=gone, output=output)


FINE, KILLED = ended("code 0"), ended("signal SIGTERM")


@pytest.mark.parametrize(
    ("with_it", "without", "differs", "only"),
    [
        ([FINE, FINE], [FINE], False, 0),
        ([FINE, FINE], [KILLED], True, 1),
        ([FINE, FINE, FINE], [KILLED, KILLED], True, 2),
        ([FINE, FINE, FINE], [KILLED, FINE], False, 1),
        ([FINE, FINE, KILLED], [KILLED, KILLED], False, 0),
        ([FINE, FINE], [ended("code 0", gone=8.0)], True, 0),
        ([FINE, FINE], [ended("code 0", gone=8.0), FINE], False, 0),
        ([FINE, FINE], [ended("code 0", output="down")], True, 0),
        ([FINE, FINE], [ended("code 0", output="down"), FINE], False, 0),
        ([FINE, FINE], [ended("code 0", output="up\n/dev/shm/exitmatrix-u_0/inside")], False, 0),
        (
            [ended("code 0", output="path: ['/x/exitmatrix-u_0/inside', '/venv/lib']")],
            [ended("code 0", output="path: ['/venv/lib']")],
            False,
            0,
        ),
        (
            [ended("code 0", output="path: ['/x/exitmatrix-u_0/inside', '/venv/lib']")],
            [ended("code 0", output="path: ['/venv/bin']")],
            True,
            0,
        ),
        (
            [ended("code 0", output="in /x/exitmatrix-u_0/inside/probe.py"), FINE],
            [ended("code 0", output="in app.py"), ended("code 0", output="in app.py")],
            True,
            0,
        ),
        (
            [ended("code 0", output="psm_3fffb881 leaked")],
            [ended("code 0", output="psm_a01b leaked")],
            False,
            0,
        ),
        ([FINE, ended("code 0", output="down")], [ended("code 0", output="down")], False, 0),
    ],
)
def test_runs_without_the_probe_differ_if_they_have_nothing_in_common_with_those_with_it(
    with_it: list[AppOutcome], without: list[AppOutcome], differs: bool, only: int
) -> None:
    """Each kind may show a part of a race; the page counts outcomes that only one kind showed."""
    result = ending(*with_it, blind=tuple(without))
    assert bool(disagreements(result)) is differs
    assert only_without(result) == only


def test_where_no_run_with_the_probe_was_seen_the_page_compares_none() -> None:
    """Runs without it say nothing of whether it makes a difference."""
    for seen, compared in (([FINE], True), ([], False)):
        result = ending(*seen, blind=(FINE,))
        report = AppReport(command="x", results=(result,), grace=30, runs=1, seconds=1, again="")
        assert ("The probe made no difference" in "\n".join(page(report))) is compared


FATES_OF_WHO_GOES_ON: tuple[Fate, ...] = ("unfinished", "not run")


def test_who_goes_on_within_what_a_library_called_is_told_so() -> None:
    """A pool waits for its threads, and whoever reads the page for what keeps the program."""
    waits = replace(CLOSE, library=True, label="concurrent.futures:thread._python_exit")
    begun, not_begun = (
        " ".join("\n".join(story(ending(outcome(member("main", (waits, fate), end=""))))).split())
        for fate in FATES_OF_WHO_GOES_ON
    )
    assert f"main goes on; begun and not finished: {waits.label}" in begun
    assert "main goes on" in not_begun
    assert waits.label not in not_begun


def test_long_words_are_compared_in_time() -> None:
    """A program may write a megabyte without a blank: that is no matter of its square."""
    word = "x" * 50_000
    begun = time.process_time()
    wordy = [ended("code 0", output=f"{word}{one}\n{word} pid 1{one}\n") for one in "ab"]
    assert disagreements(ending(wordy[0], blind=(wordy[0],))) == []
    (differs,) = disagreements(ending(wordy[0], blind=(wordy[1],)))
    assert "its output differs ('xxx" in differs
    assert time.process_time() - begun < 2


def why(*members: Member, name: str = "deploy") -> str:
    return " ".join(one.text for one in reasons(outcome(*members), find_situation(name)))


GRACE: dict[str, Any] = {"end": "signal SIGKILL", "got": ("SIGTERM", "SIGKILL")}


def test_why_a_process_stays_is_told() -> None:
    """It ignores the signal, or waits in a handler; that it was killed in the end is no reason."""
    ignoring = member("main", (CLOSE, "not run"), ignores=("SIGTERM",), **GRACE)
    assert "main ignores SIGTERM" in why(ignoring)
    assert "main ignores" not in why(member("main", (CLOSE, "not run"), **GRACE))
    begun = "app.db:close_pool began in main and did not end"
    assert begun in why(member("main", (CLOSE, "unfinished"), **GRACE))
    waits = member("main", (CLOSE, "unfinished"), end="", got=("SIGINT",))
    assert begun in why(waits, name="ctrl-c")
    assert "begun and not finished: app.db:close_pool" in " ".join(
        " ".join(story(ending(outcome(waits), name="ctrl-c"))).split()
    )
    at_once = member("main", (CLOSE, "unfinished"), end="signal SIGKILL", got=("SIGKILL",))
    assert begun not in why(at_once, name="oom")


def test_a_handler_that_ran_and_ended_nothing_is_told() -> None:
    """Bjoern prints the exception and serves on; a program that is on its way to its end is not."""
    stop = Handler(label="signal.SIGTERM:stop", place="app.py:4", mechanism="signal.SIGTERM")
    expected = "signal.SIGTERM:stop (app.py:4) ran in main, which went on"
    swallowed = member("main", (stop, "ran"), (CLOSE, "not run"), **GRACE)
    assert f"{expected}. It returned, and then Python goes on" in why(swallowed)
    raised = tuple(replace(one, left=one.handler == stop) for one in swallowed.handlers)
    assert f"{expected}. A handler that raises ends nothing" in why(
        replace(swallowed, handlers=raised)
    )
    old = outcome(replace(swallowed, handlers=raised), python="3.8.18")
    (reason, *_) = reasons(old, find_situation("deploy"))
    assert "Python waits for threads that are no daemons" in reason.text  # not told of there
    assert expected not in why(member("main", (stop, "ran"), (CLOSE, "unfinished"), **GRACE))
    assert expected not in why(replace(swallowed, finishing=True))
    assert expected not in why(replace(swallowed, exit="code 0"))
    executed = tuple(replace(one, past=True) for one in swallowed.handlers)
    assert expected not in why(replace(swallowed, handlers=executed))
    other = replace(stop, mechanism="signal.SIGUSR1")
    assert "which went on" not in why(member("main", (other, "ran"), (CLOSE, "not run"), **GRACE))


@pytest.mark.parametrize("server", [True, False])
def test_a_remedy_for_servers_is_told_where_a_server_has_the_signal(server: bool) -> None:
    """PyPy 3.9 does to a plain program what uvicorn does to itself."""
    own = Handler(label="signal.SIGINT:exit", mechanism="signal.SIGINT", library=True)
    runs = ((CLOSE, "not run"), *([(own, "ran")] if server else []))
    one = member("main", *runs, end="signal SIGINT", catches=("SIGINT",))  # type: ignore[arg-type]
    (reason,) = reasons(outcome(one), find_situation("ctrl-c"))
    assert ("where the server shuts down" in reason.remedy) is server
    assert ("KeyboardInterrupt" in reason.remedy) is not server


def test_a_handler_that_sends_its_signal_again_is_told_what_else_to_do() -> None:
    """It ends within the handler, and nothing of atexit runs: no server stands between."""
    stop = Handler(label="signal.SIGTERM:stop", mechanism="signal.SIGTERM")
    end: dict[str, Any] = {"end": "signal SIGTERM", "catches": ("SIGTERM",)}
    remedies: dict[Fate, str] = {
        "unfinished": "have signal.SIGTERM:stop call sys.exit()",
        "ran": "close what must be closed where the server shuts down",
    }
    for fate, remedy in remedies.items():
        one = member("main", (CLOSE, "not run"), (stop, fate), **end)
        (reason,) = reasons(outcome(one), find_situation("deploy"))
        assert reason.remedy.startswith(remedy)


def test_the_time_of_the_programs_handlers_is_not_that_of_a_librarys() -> None:
    """A library's handler that waits for a pool's threads runs before the program's own."""
    waits = Ran(handler=LIBRARY, fate="ran", began=0.0, seconds=3.0)
    close = Ran(handler=CLOSE, fate="ran", began=3.0, seconds=0.0)
    one = replace(member("main", seconds=3.1), handlers=(waits, close))
    assert "3.0 s  main runs app.db:close_pool" in "\n".join(story(ending(outcome(one))))


def test_a_helper_that_was_gone_before_the_signal_tells_no_two_runs_apart() -> None:
    """A shell's `sleep` may end between the moment at which all is ready and the signal."""
    main = member("main", (CLOSE, "ran"))
    gone = member("sleep", family=False, seconds=-0.01)
    killed = member("sleep", family=False, end="signal SIGTERM")
    assert outcome(main, gone).shape == outcome(main).shape != outcome(main, killed).shape
    assert "sleep" not in " ".join(story(ending(outcome(main, gone))))


def test_a_helper_that_outlives_the_program_is_what_its_end_waited_for() -> None:
    """A handler starts another program and exits: the page names the program that took the time."""
    main = member("main", (CLOSE, "ran"))
    more: dict[str, Any] = {"family": False, "new": True, "observed": False, "born": 0.1}
    long, short = (member("sweep.sh", seconds=end, **more) for end in (1.7, 0.5))
    text = "\n".join(story(ending(outcome(main, long))))
    assert "0.1 s  sweep.sh is started" in text
    assert "1.7 s  sweep.sh exits with status 0" in text
    assert "sweep.sh" not in "\n".join(story(ending(outcome(main, short))))
    assert outcome(main, long).shape == outcome(main, short).shape == outcome(main).shape


def test_clean_up_counts_in_a_program_that_another_one_starts() -> None:
    """Below honcho, supervisord and watchmedo runs the user's program, which has the handlers."""
    starter = member("main", (LIBRARY, "ran"))
    below = member("web.py", (CLOSE, "not run"), end="signal SIGTERM", family=False)
    seen = outcome(starter, below, member("sh", family=False, observed=False))
    assert (clean_up(seen).answer, clean_up(seen).missing) == ("none", ("web.py",))
    assert "web.py had no handler for SIGTERM" in why(starter, below)
    assert expectations.handlers_ran(seen, ["all"]) == ["app.db:close_pool did not run in web.py"]
    result = ending(seen)
    report = AppReport(command="x", results=(result,), grace=30, runs=1, seconds=1, again="")
    text = "\n".join(page(report))
    assert "1 thing to clean up was found" in text
    assert "deploy: clean-up is missing" in text
    (record,) = records(("x",), "direct", [result], {}, "2026-11-26", {})
    assert [one.role for one in record.outcomes[0].processes] == ["main", "web.py"]


SENT: dict[str, Any] = {"got": ("SIGTERM",), "signalled": ("SIGTERM",)}
ENDED: dict[str, Any] = {"end": "signal SIGKILL", "got": ("SIGKILL",)}


def test_whoever_is_left_when_the_first_process_ends_was_not_told() -> None:
    """A container's grace is spent on workers that never hear of it; so is a lost parent's end."""
    first = member("master", (CLOSE, "ran"), end="code 3", **SENT)
    left = [member(f"worker#{n}", (CLOSE, "not run"), seconds=9.0, **ENDED) for n in (1, 2)]
    (reason, _) = reasons(outcome(first, *left), find_situation("deploy"))
    assert reason.text == (
        "SIGTERM came to master alone, which ended and did not pass it on to any worker."
    )
    assert "have master end them before it ends" in reason.remedy
    one, other = replace(left[0], role="worker"), replace(left[1], role="mailer.py")
    assert "pass it on to worker or mailer.py." in why(first, one, other)
    alive = replace(one, exit="", seconds=None, got=())
    killed = member("master", end="signal SIGKILL", got=("SIGKILL",), signalled=("SIGKILL",))
    (reason,) = reasons(outcome(killed, alive), find_situation("lost-parent"))
    assert reason.text == "master is gone, and nothing told worker."
    assert "PR_SET_PDEATHSIG" in reason.remedy
    assert "os.getppid() that has changed" in reason.remedy
    (reason,) = reasons(outcome(killed, alive), find_situation("oom"))  # the others are to go on
    assert reason.text == "Nobody was started in the place of master."


def test_whoever_has_left_the_process_group_is_told_apart() -> None:
    """Who is in the group is known, whatever the handlers: even Python's own for SIGINT."""
    first = member("master", end="signal SIGINT", got=("SIGINT",))
    apart = member("worker", (CLOSE, "not run"), end="", catches=("SIGINT",))
    reason = "SIGINT went to the process group of master, and did not reach worker."
    group = (Sent(seconds=0.0, signal="SIGINT", to="group"),)
    for one, expected in ((apart, True), (replace(apart, got=("SIGINT",)), False)):
        found = reasons(outcome(first, one, sent=group), find_situation("ctrl-c"))
        assert any(each.text == reason for each in found) is expected


def test_a_helper_that_goes_on_is_named_where_nobody_else_does() -> None:
    """`os.system` starts a shell, which has nothing to clean up and outlives the grace period."""
    first = member("main", end="signal SIGTERM", **SENT)
    sh = member("sh", family=False, observed=False, **ENDED)
    reason = "SIGTERM came to main alone, which ended and did not pass it on to"
    assert f"{reason} sh." in why(first, sh)
    assert f"{reason} worker." in why(first, sh, member("worker", (CLOSE, "not run"), **ENDED))


def test_that_nobody_took_a_place_is_told_where_that_was_waited_for() -> None:
    """And not where a new process lives, where all have ended, or of one that only asked them."""
    killed = member("worker#1", end="signal SIGKILL", got=("SIGKILL",), signalled=("SIGKILL",))
    other, new = member("worker#2", end=""), member("worker#3", end="", new=True)
    expected = "nobody took the place of who was killed"
    for name, members, missing in (
        ("oom", (killed, other), True),
        ("crash", (killed, other), True),
        ("SIGUSR1", (killed, other), False),
        ("oom", (killed, other, new), False),
        ("oom", (killed, member("watchfiles", end="", family=False)), True),
        ("oom", (killed, other, replace(new, family=False, python=True)), False),
        ("oom", (killed,), False),
    ):
        result = ending(outcome(*members, situation=name), name=name)
        reason = "Nobody was started in the place of worker#1."
        assert (reason in why(*members, name=name)) == missing
        assert (expected in needs_a_look(result, 30.0)) == missing


def test_nobody_is_blamed_for_who_may_have_been_told() -> None:
    """That is one that got or ignores the signal, handles it in C, ran a handler, or ends late."""
    first = member("master", end="code 0", **SENT)
    term = Handler(label="signal.SIGTERM:stop", mechanism="signal.SIGTERM")
    reason = "came to master alone"
    left = member("worker", (term, "not run"), seconds=9.0, **ENDED)
    catching = replace(left, catches=("SIGTERM",))
    assert reason in why(first, left)
    assert reason in why(first, catching)
    assert reason not in why(first, replace(catching, handlers=()))
    assert reason not in why(first, replace(left, ignores=("SIGTERM",)))
    assert reason not in why(first, replace(left, got=("SIGTERM", "SIGKILL")))
    assert reason not in why(first, replace(left, exit="code 0"))
    assert reason not in why(first, member("worker", (term, "ran"), seconds=9.0, **ENDED))
    stays = replace(first, exit="signal SIGKILL", got=("SIGTERM", "SIGKILL"), seconds=9.0)
    assert reason not in why(stays, left)


def test_a_terminal_that_goes_with_its_launcher_is_told() -> None:
    """`unbuffer python app.py`: expect is ended, its terminal closed, and the program gets SIGHUP.

    A handler for what was sent is no riddle then.
    """
    term = Handler(label="signal.SIGTERM:stop", mechanism="signal.SIGTERM")
    first = launching("unbuffer", "signal SIGTERM", 0.0, got=("SIGTERM",))
    app = member("main", (CLOSE, "not run"), (term, "not run"), end="signal SIGHUP", seconds=0.0)
    app = replace(app, catches=("SIGTERM",))
    text = why(first, app)
    assert (
        "unbuffer, which was started first, ended on SIGTERM, and main got SIGHUP instead" in text
    )
    assert "did not begin" not in text
    assert "main had no handler for SIGHUP" in text
    first_of_all, *_ = reasons(outcome(first, app), find_situation("deploy"))
    assert first_of_all.remedy.startswith("start the program without unbuffer")


def test_a_launcher_that_sends_another_signal_is_told() -> None:
    """Parallel and entr answer Ctrl-C with SIGTERM to what they started in a group of its own."""
    first = launching("parallel", "code 255", 0.0, got=("SIGINT",))
    app = member("main", (CLOSE, "not run"), end="signal SIGTERM", seconds=0.0)
    reason = "parallel, which was started first, got SIGINT. main got SIGTERM instead"
    assert reason in why(first, app)
    assert reason not in why(first, replace(app, got=("SIGINT",)))
    assert "instead" not in why(first, replace(app, exit="signal SIGINT"))
    assert "instead" not in why(first, replace(app, exit="signal SIGKILL"))


def test_a_process_without_handlers_of_its_users_is_a_helper() -> None:
    """A tracker or a tool has only what its library registers, which is no user's clean-up."""
    tracker = member("tracker", (LIBRARY, "not run"), end="signal SIGKILL", family=False)
    assert clean_up(outcome(member("main"), tracker)).answer == "nothing"


def test_who_starts_several_programs_cannot_be_replaced_by_one() -> None:
    """`exec` helps where a shell starts one."""
    shell = launching("sh", "signal SIGTERM", got=("SIGTERM",))
    one, two = (member(f"app.py#{number}", seconds=30.0) for number in (1, 2))
    beside = outcome(shell, one, two)
    alone = outcome(shell, member("main", seconds=30.0))
    workers = outcome(shell, *(member(role, seconds=30.0) for role in ("master", "worker#1")))
    remedies = [
        reasons(seen, find_situation("deploy"))[0].remedy for seen in (beside, alone, workers)
    ]
    assert ["with exec" in remedy for remedy in remedies] == [False, True, True]
    assert "supervisor" in remedies[0]


def launching(role: str, end: str, seconds: float = 0.1, **more: Any) -> Member:
    """A launcher that was sent what `got` says, alone."""
    more = {"signalled": more.get("got", ())[:1], **more}
    return member(role, end=end, seconds=seconds, family=False, launches=True, **more)


@pytest.mark.parametrize("got", [("SIGTERM",), ("SIGINT",)])
def test_the_launcher_is_blamed_that_swallowed_the_signal(got: tuple[str, ...]) -> None:
    """Whatever supervisord was sent, it sends SIGTERM to the shell below it, which passes none on.

    So it does not matter whether supervisord was sent it alone, or with its group.
    """
    supervisor = launching("supervisord", "code 0", 1.3, got=got)
    shell = launching("sh", "signal SIGTERM", 0.1)
    left = member("main", (CLOSE, "not run"), end="", got=())
    (reason,) = reasons(outcome(supervisor, shell, left), find_situation("deploy"))
    assert "sh, through which supervisord started the program, was ended by SIGTERM" in reason.text
    assert "with exec" in reason.remedy
    assert "stopasgroup=true" in reason.remedy
    below = launching("honcho", "code 0", 1.3, got=got)
    (reason,) = reasons(outcome(below, shell, left), find_situation("deploy"))
    assert "with exec" in reason.remedy
    assert "stopasgroup" not in reason.remedy


def test_exec_is_no_remedy_within_a_pipe() -> None:
    """Of `python app.py | tee log` the shell stays, whatever its first command does."""
    shell = launching("sh", "signal SIGTERM", got=("SIGTERM",))
    left = member("main", (CLOSE, "not run"), end="", got=())
    tee = member("tee", end="", family=False, observed=False, beside=True)
    (reason,) = reasons(outcome(shell, left, tee), find_situation("deploy"))
    assert "> >(tee log)" in reason.remedy
    alone = replace(tee, beside=False)
    (reason,) = reasons(outcome(shell, left, alone), find_situation("deploy"))
    assert "with exec" in reason.remedy
    # Of `ls | entr python app.py` the other end is gone, and the pipe stands in the command.
    (reason,) = reasons(outcome(replace(shell, pipes=True), left, alone), find_situation("deploy"))
    assert "> >(tee log)" in reason.remedy


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("bash", "with exec"),
        ("flock", "flock --no-fork"),
        ("supervise", "svc -d"),
        ("runsvdir", "send SIGHUP to runsvdir"),
        ("entr", "start the program without entr"),
    ],
)
def test_what_is_no_shell_has_another_remedy_than_exec(name: str, remedy: str) -> None:
    """Exec makes a shell become the program; before flock it changes nothing."""
    launcher = launching(name, "signal SIGTERM", got=("SIGTERM",))
    left = member("main", (CLOSE, "not run"), end="", got=())
    (reason,) = reasons(outcome(launcher, left), find_situation("deploy"))
    assert remedy in reason.remedy
    stays = replace(launcher, exit="", seconds=None)
    (reason,) = reasons(outcome(stays, left), find_situation("deploy"))
    assert remedy in reason.remedy


def test_whether_sigkill_to_all_finds_the_other_end_of_a_pipe_is_chance() -> None:
    """The other end exits by itself once the program is killed, so both runs ended alike."""
    app = member("main", end="signal SIGKILL", got=("SIGKILL",))
    tee = member("tee", end="code 0", family=False, beside=True, got=("SIGKILL",))
    killed = replace(tee, exit="signal SIGKILL")
    assert outcome(app, tee).shape == outcome(app, killed).shape
    assert outcome(app, tee).exits == outcome(app, killed).exits
    for other in ({"beside": False}, {"got": ()}, {"signalled": ("SIGKILL",)}):
        changed = [replace(one, **other) for one in (tee, killed)]
        assert outcome(app, changed[0]).shape != outcome(app, changed[1]).shape


def test_nobody_is_blamed_for_a_signal_that_came_to_the_program() -> None:
    """A master takes its time: it ends before who waits for it, and a library's handler ran."""
    supervisor = launching("supervisord", "code 0", 3.4, got=("SIGTERM",))
    waited = member("master", seconds=2.2)
    assert not reasons(outcome(supervisor, waited), find_situation("deploy"))
    hasty = replace(supervisor, seconds=0.2)
    assert "supervisord, which was started first" in why(hasty, waited)
    stop = Handler(label="signal.SIGTERM:stop", mechanism="signal.SIGTERM", library=True)
    assert not reasons(
        outcome(hasty, member("master", (stop, "ran"), seconds=2.2)), find_situation("deploy")
    )
    assert not reasons(outcome(hasty, replace(waited, got=("SIGTERM",))), find_situation("deploy"))


def test_what_a_library_has_registered_and_did_not_come_to_tells_no_two_runs_apart() -> None:
    """How far its threads were when the signal came is chance, and nobody is told of it."""
    bare, having = member("worker", end=""), member("worker", (LIBRARY, "not run"), end="")
    assert outcome(bare).shape == outcome(having).shape
    assert outcome(bare).shape != outcome(member("worker", (LIBRARY, "ran"), end="")).shape


LAST = Handler(label="multiprocessing.util.Finalize:last", mechanism="Finalize")


def left(
    *fates: tuple[Handler, Fate], role: str = "worker", inherited: bool = False
) -> tuple[str, str]:
    one = member(role, *fates)
    ran = tuple(replace(ran, inherited=inherited) for ran in one.handlers)
    (reason,) = reasons(outcome(replace(one, handlers=ran)), find_situation("deploy"))
    return reason.text, reason.remedy


def test_why_a_process_that_exits_runs_less_than_all_is_told() -> None:
    """It ran none, none of one mechanism, or not all; or it had inherited what did not run."""
    missing: tuple[Handler, Fate] = (CLOSE, "not run")
    assert "ran no handler, as os._exit()" in left(missing)[0]
    assert "worker_process_shutdown" in left(missing)[1]
    assert left(missing, role="main")[1].startswith("leave by sys.exit()")
    assert "ran no atexit handler, as os._exit()" in left((LAST, "ran"), missing)[0]
    text, remedy = left((FLUSH, "ran"), missing)
    assert (text, remedy) == ("worker exited with status 0 before the remaining handlers.", "")
    assert "before the remaining handlers" in left((FLUSH, "raised"), missing)[0]
    assert "while app:flush () ran" in left((LAST, "ran"), (FLUSH, "unfinished"), missing)[0]
    text, remedy = left(missing, inherited=True)
    assert "a forked process of multiprocessing leaves it to its parent" in text
    assert remedy.startswith("if it is to run in worker too")


def test_why_a_hook_of_a_library_is_not_called_is_told() -> None:
    """What is called before it raises: the process ends as Python's own end has it."""
    stop, clean = (
        Handler(label=f"aiohttp.{name}:f", mechanism=f"aiohttp.{name}")
        for name in ("on_shutdown", "on_cleanup")
    )
    reason = "main exited with status 1 before aiohttp.on_cleanup was called"
    passed = member("main", (stop, "ran"), (clean, "not run"), end="code 1")
    assert reason in why(passed)
    assert reason in why(member("main", (clean, "not run"), end="code 1"))
    assert "os._exit" in why(member("main", (clean, "not run"), (CLOSE, "not run"), end="code 1"))
    lifespan = replace(clean, mechanism="lifespan")
    assert "before lifespan was called" in why(member("main", (lifespan, "not run"), end="code 1"))


def test_who_waits_for_its_threads_is_told_so() -> None:
    """Its main thread is over, and nothing of atexit has begun: what waits is Python itself."""
    waits = "Python waits for the other threads"
    got: dict[str, Any] = {"end": "", "got": ("SIGINT",)}
    assert waits in why(member("main", (CLOSE, "not run"), finishing=True, **got), name="ctrl-c")
    assert waits not in why(member("main", (CLOSE, "not run"), **got), name="ctrl-c")
    stuck = member("main", (CLOSE, "unfinished"), finishing=True, **got)
    assert waits not in why(stuck, name="ctrl-c")
    over = member("main", (CLOSE, "ran"), finishing=True, got=("SIGINT",))
    assert waits not in why(over, name="ctrl-c")


def test_who_ended_by_itself_has_not_failed_to_end() -> None:
    """That others were killed when the time was over is no reason to blame who was first."""
    left = member("main", (CLOSE, "not run"), end="signal SIGKILL", got=("SIGKILL",))
    deploy = TERM, Sent(seconds=30.0, signal="SIGKILL", to="all")
    for end, got, blamed in (
        ("code 0", ("SIGTERM",), False),
        ("signal SIGKILL", ("SIGTERM", "SIGKILL"), True),
    ):
        first = launching("sh", end, got=got, observed=False)
        found = reasons(outcome(first, left, sent=deploy), find_situation("deploy"))
        assert any("neither ended nor passed" in one.text for one in found) is blamed


def test_why_what_is_registered_nowhere_does_not_run_is_told() -> None:
    """`finally` does not run either where nobody has a handler for the signal."""
    reason = "main had no handler for SIGTERM"
    assert reason in why(member("main", end="signal SIGTERM"))
    assert not why(member("main", end="signal SIGTERM", observed=False))
    assert not why(member("main", end="code 0"))


def test_equal_handlers_are_named_once() -> None:
    """A loop that registers one a hundred times makes no hundred lines."""
    missing: tuple[Handler, Fate] = (CLOSE, "not run")
    one = member("main", missing, missing, missing, end="signal SIGTERM")
    result = ending(outcome(one))
    report = AppReport(command="x", results=(result,), grace=30, runs=1, seconds=1, again="")
    text = "\n".join(page(report))
    assert "3 things to clean up were found:" in text
    assert text.count("app.db:close_pool, 3 times") == 1
    assert "not run: app.db:close_pool\n" in text


def test_what_pools_have_at_the_end_goes_by_their_module() -> None:
    """Pools have a call of threading from 3.9 on, and one of atexit before."""
    where = ("/usr/lib/python3.13/concurrent/futures/thread.py:20", "", "/app")
    found = of_finalizer("threading._register_atexit", f"{POOLS}thread:_python_exit", *where)
    assert (found.label, found.library) == ("concurrent.futures:thread._python_exit", True)
    other = of_finalizer("lifespan", "app:lifespan", "/app/app.py:4", "", "/app")
    assert (other.label, other.place, other.library) == ("lifespan:lifespan", "app.py:4", False)
