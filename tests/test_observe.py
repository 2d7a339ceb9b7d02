"""Laws of `observe`: what a history shows, and that nothing it does not show is claimed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import groupby

import pytest
from exitmatrix.declare.described import program
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.verdict import judge
from exitmatrix.machine.run.channel import decode_event
from exitmatrix.model import Event, Outcome, Process, Scenario, Trial, Unknown
from exitmatrix.observe import observe, timeline
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.histories import (
    DEBUG,
    FLASK,
    FORKS,
    PLAIN,
    SAVED,
    Log,
    Saved,
    debug,
    plain,
    saved,
)
from tests.support.values import record

TRACKER = ("python", "-c", "from multiprocessing.resource_tracker import main;main(5)")
REAL = {name: saved(name) for name in SAVED}


def seen(
    log: Log | Trial,
    scenario: Scenario = PLAIN,
    termination: str = "return",
    stdout: str = "",
) -> Outcome:
    trial = log if isinstance(log, Trial) else log.trial(stdout)
    shown = observe(trial, scenario, TERMINATIONS[termination])
    assert isinstance(shown, Outcome), shown
    return shown


def doubted(log: Log | Trial, scenario: Scenario = PLAIN, termination: str = "return") -> str:
    trial = log if isinstance(log, Trial) else log.trial()
    shown = observe(trial, scenario, TERMINATIONS[termination])
    assert isinstance(shown, Unknown), shown
    return shown.reason


def only(shown: Outcome) -> Process:
    (one,) = shown.processes
    return one


def roles(shown: Outcome) -> dict[str, Process]:
    return {one.role: one for one in shown.processes}


def of(real: Saved, trial: Trial | None = None) -> Outcome | Unknown:
    return observe(trial or real.trial, real.scenario, real.ending)


# ------------------------------------------------------------- what a trial shows


def test_handlers_that_began_and_ended_fired_in_that_order() -> None:
    """`fired` holds the handlers that began and ended, in the order in which they began."""
    one = only(seen(plain().fires(10, "C", "B", "A").ends(10)))
    assert (one.fired, one.unfinished) == (("C", "B", "A"), ())


def test_a_handler_that_began_and_never_ended_is_unfinished() -> None:
    """A handler that began and did not end is `unfinished`, and takes no part in `order`."""
    shown = seen(plain().fires(10, "C").probe(10, "began", "B").ends(10, "code 4"))
    assert (only(shown).fired, only(shown).unfinished) == (("C",), ("B",))
    assert shown.order == (("main", "C"),)


def test_a_handler_that_raised_has_fired() -> None:
    """A handler that ends by an exception has fired, and is named in `raised` as well."""
    log = plain().probe(10, "began", "C").probe(10, "raised", "C", "ValueError").fires(10, "B")
    one = only(seen(log.ends(10)))
    assert (one.fired, one.raised) == (("C", "B"), ("C",))


def test_what_libraries_registered_stands_apart() -> None:
    """Handlers of other modules stand under `library`, by module and name."""
    log = plain("A").registers(10, "shutdown", module="logging").fires(10, "shutdown", "A")
    log.registers(10, "flush", module="a.b").probe(10, "began", "flush")
    one = only(seen(log.ends(10)))
    assert one.fired == ("A",)
    assert one.library == ("logging.shutdown", "a.b.flush (unfinished)")


def test_what_the_program_s_other_modules_register_is_its_own() -> None:
    """Handlers of the scenario's own modules stand with those of its main one; others do not."""
    log = plain("C").registers(10, "B", module="database").registers(10, "A", module="data")
    log.fires(10, "A", "B", "C").ends(10)
    one = only(seen(log, replace(PLAIN, modules=("database", "settings"))))
    assert (one.fired, one.library) == (("B", "C"), ("data.A",))
    assert only(seen(log)).fired == ("C",)


def test_handlers_of_other_mechanisms_tell_of_themselves() -> None:
    """What `endings` tells of a handler counts as what the probe tells of one."""
    log = plain("A").endings(10, "registered", "endings.1", "signal.SIGTERM:stop", "__main__:stop")
    log.endings(10, "began", "endings.1").endings(10, "raised", "endings.1", "SystemExit")
    one = only(seen(log.fires(10, "A").ends(10)))
    assert one.fired == ("signal.SIGTERM:stop", "A")
    assert one.raised == ("signal.SIGTERM:stop",)
    drawn = timeline(log.trial(), PLAIN)
    assert ("main", "raised", "signal.SIGTERM:stop", "SystemExit") in drawn


def test_a_process_in_which_only_endings_spoke_is_not_observed() -> None:
    """Handlers of a blind run may report themselves; the others are unknown."""
    log = Log().kernel(10, "spawned").harness("ready", pid=10)
    log.endings(10, "registered", "endings.1", "sys.exitfunc:f", "__main__:f")
    log.endings(10, "ending", "return").endings(10, "began", "endings.1")
    log.endings(10, "ended", "endings.1").ends(10)
    one = only(seen(log))
    assert (one.fired, one.unfinished) == (None, None)


PRINTS = replace(PLAIN, printed=True)


def blind(log: Log, stderr: str) -> Trial:
    """The same trial, and one without the probe that wrote something."""
    bare = Log().kernel(10, "spawned").harness("ready", pid=10).endings(10, "ending", "return")
    return replace(
        log.trial(), stderr="of the probed", blind=replace(bare.ends(10).trial(), stderr=stderr)
    )


def test_what_is_printed_is_that_of_the_run_without_the_probe() -> None:
    """Its lines in their order, without the frames of tracebacks; nothing of the probed run's."""
    text = 'Traceback (most recent call last):\n  File "x", line 1, in B\n    raise\nE: failed\n'
    assert seen(blind(plain().ends(10), text), PRINTS).printed == (
        "Traceback (most recent call last):",
        "E: failed",
    )
    assert seen(blind(plain().ends(10), ""), PRINTS).printed == ()


def test_what_is_printed_is_not_told_where_nobody_asks_for_it() -> None:
    """Of a scenario that does not ask for it there is nothing about stderr."""
    assert seen(blind(plain().ends(10), "x")).printed is None


def test_without_a_blind_run_that_ended_the_same_nothing_is_known() -> None:
    """No run without the probe, one that failed, one that ended otherwise: unknown."""
    assert doubted(plain().ends(10), PRINTS) == "it was not run without the probe"
    other = blind(plain().ends(10, "code 1"), "x")
    assert doubted(other, PRINTS) == "without the probe it ended in another way"
    assert other.blind
    unready = replace(other.blind, history=other.blind.history[:1])
    assert "without the probe: it was never ready" in doubted(replace(other, blind=unready), PRINTS)


KEEPS = replace(PLAIN, data={"lock file": "removed", "shelf": "kept"})


def test_what_became_of_data_is_told_by_kind() -> None:
    """What was seen of each kind once all had ended, in an order of its own."""
    log = plain().ends(10, "signal SIGKILL")
    log.harness("data", "shelf", "lost").harness("data", "lock file", "left behind")
    data = seen(log, KEEPS).data
    assert data
    assert list(data.items()) == [("lock file", "left behind"), ("shelf", "lost")]


def test_while_somebody_is_alive_data_are_in_flight() -> None:
    """Nothing is lost that a living process still holds."""
    assert seen(plain().kernel(10, "alive"), KEEPS).data is None


@pytest.mark.parametrize(
    "states",
    [(), (("shelf", "lost"),), (("shelf", "lost"), ("lock file", "gone"))],
)
def test_data_that_nobody_could_look_at_are_unknown(states: tuple[tuple[str, str], ...]) -> None:
    """A kind of which nothing is told, or in no word that is known, is not told as lost."""
    log = plain().ends(10)
    for kind, state in states:
        log.harness("data", kind, state)
    assert doubted(log, KEEPS) == "what became of its data could not be seen"


def test_the_role_that_acts_is_the_declared_one() -> None:
    """A termination in the child of a scenario whose child acts is where it belongs."""
    log = Log().kernel(10, "spawned").harness("ready", pid=10).starts(10).starts(11)
    log.endings(11, "ending", "return").ends(11).ends(10)
    assert roles(seen(log, replace(FORKS, acts="child")))["child"].exit == {"code": 0}
    assert doubted(log, FORKS) == "the termination took place outside of the parent"


@pytest.mark.parametrize(
    ("fate", "shown"),
    [
        ("code 247", {"code": 247}),
        ("signal SIGTERM", {"signal": "SIGTERM"}),
        ("unknown", {"unknown": "its parent reaped it before its status could be read"}),
    ],
)
def test_the_kernel_says_how_a_process_ended(fate: str, shown: dict[str, object]) -> None:
    """The exit is a code, a signal or unknown with the reason, as the kernel told it."""
    assert only(seen(plain().ends(10, fate))).exit == shown


def test_an_end_that_nobody_saw_is_unknown() -> None:
    """A process that was reaped before it could be watched has an unknown exit."""
    log = plain().kernel(10, "unseen", "too late")
    assert only(seen(log)).exit == {"unknown": "too late"}


def test_the_living_survive() -> None:
    """A process that is alive at the closing is a survivor, with no exit and no stdout."""
    log = debug().harness("sent", "SIGKILL", "parent", pid=20).ends(20, "signal SIGKILL")
    log.endings(30, "marked", "main").harness("answered", pid=30).kernel(30, "alive")
    shown = seen(log, DEBUG, "SIGKILL", stdout="[unflushed:main]")
    assert shown.survivors == ("child",)
    assert (roles(shown)["child"].exit, roles(shown)["child"].stdout) == (None, None)


def test_what_comes_after_the_closing_is_the_harness_own_doing() -> None:
    """Facts after the closing change nothing."""
    log = plain().fires(10, "C").kernel(10, "alive")
    before = seen(log)
    trial = log.harness("closing").probe(10, "began", "B").ends(10, "signal SIGKILL").trial()
    assert seen(trial) == before


@pytest.mark.parametrize(("times", "fate"), [(0, "lost"), (1, "kept"), (2, "twice")])
def test_the_fate_of_unflushed_stdout(times: int, fate: str) -> None:
    """A marker that was written without flush arrives never, once or twice."""
    log = plain().endings(10, "marked", "main").ends(10)
    assert only(seen(log, stdout="ready\n" + "[unflushed:main]" * times)).stdout == fate


def test_no_marker_no_fate() -> None:
    """A process that wrote no marker has no value for stdout, whatever others wrote."""
    assert only(seen(plain().ends(10), stdout="[unflushed:main]")).stdout is None


def test_two_that_wrote_one_marker_have_no_fate() -> None:
    """Where two processes wrote the same marker nobody can say whose arrived."""
    log = debug().endings(20, "marked", "main").endings(30, "marked", "main")
    log.harness("sent", "SIGTERM", "group").ends(20).ends(30)
    shown = seen(log, DEBUG, "SIGTERM", stdout="[unflushed:main]")
    assert {one.stdout for one in shown.processes} == {None}


@pytest.mark.parametrize(("writes_too", "fate"), [(False, "lost"), (True, None)])
def test_a_program_that_replaced_another_may_have_written_its_marker(
    writes_too: bool, fate: str | None
) -> None:
    """Where the second wrote none, that of the first is known; else nobody can say whose it is."""
    log = plain().endings(10, "marked", "main")
    log.numbers[10] = 0  # another Python in the same process counts anew
    log.starts(10)
    if writes_too:
        log.endings(10, "marked", "main")
    assert only(seen(log.ends(10))).stdout == fate


# --------------------------------------------------------- roles, helpers and forks


def test_roles_go_to_the_processes_that_run_the_program() -> None:
    """The first process that runs the program is the parent, whatever helpers come between."""
    log = Log().kernel(20, "spawned").starts(20).starts(25, *TRACKER).starts(30)
    log.harness("serves", pid=30).harness("ready", pid=20)
    log.harness("sent", "SIGTERM", "group").ends(20).ends(25).ends(30, "signal SIGTERM")
    shown = seen(log, DEBUG, "SIGTERM")
    assert roles(shown)["child"].exit == {"signal": "SIGTERM"}
    assert shown.helpers == ("multiprocessing.resource_tracker",)


def test_a_restarted_child_is_the_second_child() -> None:
    """Each restart gives the child the next number."""
    log = debug().harness("touched", "app.py", pid=30).ends(30, "code 3").starts(40)
    log.ends(40, "code 3").starts(50).harness("answered", pid=50)
    shown = seen(log.kernel(20, "alive").kernel(50, "alive"), DEBUG, "touch-source")
    assert list(roles(shown)) == ["parent", "child", "child#2", "child#3"]
    assert (shown.survivors, shown.port) == (("parent", "child#3"), "open")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (TRACKER, "multiprocessing.resource_tracker"),
        (("/usr/bin/python3.14", "-m", "pip.vendored"), "pip.vendored"),
        (("/bin/uname", "-p"), "uname"),
        (("python", "-c", "from "), "python"),
        (("python", "-c"), "python"),
    ],
)
def test_helpers_have_stable_names(words: tuple[str, ...], name: str) -> None:
    """A helper is named by its module or its command: no path, no number, no pid."""
    log = Log().kernel(10, "spawned").starts(10).kernel(11, "found", *words)
    log.harness("ready", pid=10).harness("sent", "SIGTERM", "main", pid=10)
    assert seen(log.ends(10).ends(11), PLAIN, "SIGTERM").helpers == (name,)


def test_helpers_that_are_gone_before_ready_are_ignored() -> None:
    """What ended before the program was ready is no part of the outcome."""
    log = Log().kernel(10, "spawned").starts(10).starts(11, "python", "-m", "x").ends(11)
    log.harness("ready", pid=10).harness("sent", "SIGTERM", "main", pid=10).ends(10)
    assert seen(log, PLAIN, "SIGTERM").helpers == ()


def test_helpers_that_are_caught_in_passing_are_ignored() -> None:
    """What a look at the process table found by chance after ready, and is gone, is no outcome."""
    log = debug().harness("touched", "app.py", pid=30).ends(30, "code 3").starts(40)
    log.kernel(41, "found").ends(41).kernel(42, "found", "uname", "-p").ends(42)
    log.harness("answered", pid=40).kernel(20, "alive").kernel(40, "alive")
    assert seen(log, DEBUG, "touch-source").helpers == ()


def test_a_helper_that_was_found_before_its_exec_is_a_helper() -> None:
    """What a process says of itself goes before the command it was found with."""
    log = debug().kernel(40, "found", "/usr/bin/python", "app.py").starts(40, *TRACKER)
    log.harness("sent", "SIGHUP", "child", pid=30).ends(20).ends(30).kernel(40, "alive")
    shown = seen(log, DEBUG, "SIGHUP")
    assert list(roles(shown)) == ["parent", "child"]
    assert shown.helpers == ("multiprocessing.resource_tracker",)


def test_old_reloaders_name_the_program_by_its_path() -> None:
    """A command that ends in the program's file runs the program; a namesake does not."""
    log = Log().kernel(20, "spawned").starts(20).starts(25, "python", "myapp.py")
    log.starts(30, "python", "/run/trial/cwd/app.py").harness("serves", pid=30)
    log.harness("ready", pid=20).harness("sent", "SIGTERM", "group")
    shown = seen(log.ends(20).ends(25).ends(30), DEBUG, "SIGTERM")
    assert (list(roles(shown)), shown.helpers) == (["parent", "child"], ("python",))


def test_a_forked_child_has_its_parents_handlers() -> None:
    """What the parent registered runs in a child that it forked afterwards, under its names."""
    log = plain("A", "B").probe(11, "forked", "10").fires(11, "B", "A").ends(11)
    shown = seen(log.fires(10, "B", "A").ends(10), FORKS)
    assert roles(shown)["child"].fired == ("B", "A")


def test_a_child_that_another_thread_forked_may_end_without_its_handlers() -> None:
    """It ends with its thread, by itself. Of any other child that silence would be a loss."""

    def log(*forked: str) -> Log:
        begun = plain().probe(10, "registered", "1", "A", "__main__:A", "")
        return begun.endings(11, "forked", "10", *forked).ends(11).fires(10, "1").ends(10)

    shown = roles(seen(log("thread"), FORKS))
    assert (shown["child"].fired, shown["child"].exit) == ((), {"code": 0})
    assert "none of its handlers ran" in doubted(log(), FORKS)


def test_a_handler_that_another_thread_is_in_does_not_end_in_a_child() -> None:
    """A thread that forks is alone in the child. A child of that handler itself would end it."""

    def log(*forked: str) -> Log:
        begun = plain().probe(10, "registered", "1", "A", "__main__:A", "").probe(10, "began", "1")
        return begun.endings(11, "forked", "10", *forked).ends(11).probe(10, "ended", "1").ends(10)

    shown = roles(seen(log("thread"), FORKS))
    assert (shown["child"].unfinished, shown["child"].exit) == (("A",), {"code": 0})
    assert "a handler that had begun did not end" in doubted(log(), FORKS)


def test_a_child_that_is_forked_behind_the_handlers_runs_none() -> None:
    """What `_run_exitfuncs` has called is gone from the list, and so it is in the child's."""
    begun = plain().probe(10, "registered", "1", "A", "__main__:A", "").fires(10, "1")
    log = begun.endings(11, "forked", "10").ends(11).ends(10)
    shown = roles(seen(log, FORKS))
    assert (shown["child"].fired, shown["child"].exit) == ((), {"code": 0})


@pytest.mark.parametrize("step", ["C exit 5", "Py_Exit 5"])
def test_a_program_that_ends_past_python_says_so(step: str) -> None:
    """The probe does not see C code that ends a process: its silence is the program's then."""
    begun = plain().probe(10, "registered", "1", "A", "__main__:A", "").probe(10, "began", "1")
    log = begun.ends(10)
    says = replace(PLAIN, program=program({"steps": ["register A"], "handlers": {"A": [step]}}))
    assert only(seen(log, says)).unfinished == ("A",)
    assert "did not end" in doubted(log)


def test_handlers_that_run_at_the_fork_have_begun_in_the_child() -> None:
    """A handler that forks has begun in both; it is finished in the one that returns from it."""
    log = plain("A", "B", "C").fires(10, "C").probe(10, "began", "B").endings(11, "forked", "10")
    log.ends(11).probe(10, "ended", "B").fires(10, "A").ends(10)
    shown = roles(seen(log, FORKS))
    assert (shown["child"].fired, shown["child"].unfinished) == ((), ("B",))
    assert (shown["parent"].fired, shown["parent"].unfinished) == (("C", "B", "A"), ())


# ------------------------------------------------------------- port, answer, left


@pytest.mark.parametrize(
    ("events", "port"),
    [
        ([], "closed"),
        ([("no-answer", 0)], "closed"),
        ([("answered", 30)], "open"),
        ([("no-answer", 0), ("answered", 30)], "open"),
        ([("answered", 30), ("no-answer", 0)], "closed"),
    ],
)
def test_the_port_is_open_when_http_answered(events: list[tuple[str, int]], port: str) -> None:
    """Open means that HTTP answered the last time it was asked; a socket alone is closed."""
    log = debug().harness("sent", "SIGHUP", "parent", pid=20).ends(20, "signal SIGHUP")
    for kind, pid in events:
        log.harness(kind, pid=pid)
    assert seen(log.kernel(30, "alive"), DEBUG, "SIGHUP").port == port


def test_a_port_is_closed_when_the_one_that_answered_has_ended() -> None:
    """An answer opens the port only while the process that gave it lives."""
    log = debug().harness("sent", "SIGTERM", "group").harness("answered", pid=30)
    assert seen(log.ends(20).ends(30), DEBUG, "SIGTERM").port == "closed"


def test_a_program_that_serves_nothing_has_no_port() -> None:
    """`port` and `answer` are absent where nothing serves."""
    shown = seen(plain().ends(10))
    assert (shown.port, shown.answer) == (None, None)


@pytest.mark.parametrize("answer", ["200", "500", "none"])
def test_the_answer_of_an_ending_view(answer: str) -> None:
    """`answer` is what the client of the ending view got from a server that goes on."""
    log = Log().kernel(10, "spawned").starts(10).harness("serves", pid=10)
    log.harness("ready", pid=10).endings(10, "ending", "exception").harness("replied", answer)
    log.harness("answered", pid=10).kernel(10, "alive")
    assert seen(log, FLASK, "exception").answer == answer


def test_the_answer_of_a_server_that_ends() -> None:
    """Whether a client hears from a server that ends is not told: it is chance."""
    log = Log().kernel(10, "spawned").starts(10).harness("serves", pid=10)
    log.harness("ready", pid=10).endings(10, "ending", "os-exit-7").harness("replied", "none")
    assert seen(log.ends(10, "code 7"), FLASK, "os-exit-7").answer is None


def test_what_is_left_in_shared_memory_is_told_by_its_kind() -> None:
    """`left` holds kinds, sorted, as often as they were left; only the kernel is believed."""
    log = plain().endings(10, "left", "a forged thing").ends(10)
    log.kernel(0, "left", "shared memory").kernel(0, "left", "semaphore")
    log.kernel(0, "left", "semaphore")
    assert seen(log).left == ("semaphore", "semaphore", "shared memory")


# ------------------------------------------------------------------------- truth


def test_a_mute_child_is_not_observed() -> None:
    """A process that the probe never spoke from has `fired` null, never empty; so no verdict."""
    log = Log().kernel(20, "spawned").starts(20).kernel(30, "found", "python", "app.py")
    log.harness("serves", pid=30).harness("ready", pid=20)
    log.harness("sent", "SIGKILL", "child", pid=30).ends(30, "signal SIGKILL").ends(20)
    shown = seen(log, DEBUG, "SIGKILL")
    child = roles(shown)["child"]
    assert (child.fired, child.unfinished) == (None, None)
    assert roles(shown)["parent"].fired == ()
    assert judge(record("plain/return@main", shown)).verdict.verdict == "unknown"


def test_a_verdict_on_what_was_seen() -> None:
    """Without rules all that was seen is unpredicted, and what was not is unknown."""
    shown = seen(plain().ends(10))
    other = seen(plain().ends(10, "code 1"))
    assert judge(record("plain/return@main", shown)).verdict.verdict == "unpredicted"
    assert (
        judge(record("plain/return@main", shown, unknown=("it was never ready",))).verdict.verdict
        == "unknown"
    )
    assert [
        judge(record("plain/return@main", *some)).verdict.racy for some in ([shown], [shown, other])
    ] == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("kind", "detail", "reason"),
    [
        ("not-started", ("No such file",), "could not be started"),
        ("not-ready", ("it ended before it served",), "never ready"),
        ("gave-up", ("settling",), "time limit"),
        ("garbled", ("b'x 4711 /tmp/y'",), "no event of this trial"),
        ("not-sent", ("SIGTERM",), "already ended"),
        ("failed", ("OSError(2, '/tmp/x')",), "itself failed"),
    ],
)
def test_a_trial_that_failed_shows_nothing(kind: str, detail: tuple[str, ...], reason: str) -> None:
    """What went wrong makes a trial unknown, and the reason tells no pid and no path."""
    doubt = doubted(plain().harness(kind, *detail).fires(10, "C").ends(10))
    assert reason in doubt
    assert "/tmp" not in doubt
    assert "4711" not in doubt


def test_only_the_harness_says_that_a_trial_failed() -> None:
    """A program that tells what the harness tells is not believed."""
    assert seen(plain().endings(10, "not-ready").ends(10)).survivors == ()


def test_a_termination_that_did_not_take_place_is_no_outcome() -> None:
    """A call that came back did not end the program, whatever did."""
    log = plain(ending="segfault").endings(10, "no-effect", "segfault", "OSError").ends(10)
    assert doubted(log, PLAIN, "segfault") == "segfault did not take place: OSError"


def test_a_call_that_came_back_for_an_instant_took_place() -> None:
    """A signal to oneself that reached another thread first has taken place all the same."""
    log = plain(ending="abort").endings(10, "no-effect", "abort").ends(10, "signal SIGABRT")
    assert only(seen(log, PLAIN, "abort")).exit == {"signal": "SIGABRT"}


def test_the_termination_was_reached() -> None:
    """A program that ended without reaching its own termination shows nothing about it."""
    log = Log().kernel(10, "spawned").harness("ready", pid=10).starts(10).ends(10)
    assert "never reached" in doubted(log)
    assert "never reached" in doubted(plain(ending="abort").ends(10), PLAIN, "return")


@pytest.mark.parametrize("termination", ["SIGTERM", "SIGINT-twice", "touch-source"])
def test_the_termination_was_sent(termination: str) -> None:
    """A history in which nothing was sent is no trial of a termination from outside."""
    log = debug().harness("sent", "SIGHUP", "group").ends(20).ends(30)
    assert "took place" in doubted(log, DEBUG, termination)


def test_a_trial_that_was_never_ready_or_closed_shows_nothing() -> None:
    """A history without the harness's own marks was not saved whole."""
    log = plain().ends(10)
    assert "closed" in doubted(log.trial(closing=False))
    log.events = [event for event in log.events if event.kind != "ready"]
    assert "never ready" in doubted(log)


def test_a_process_neither_ended_nor_alive_is_unknown() -> None:
    """Without an end and without a sign of life nobody knows what a process did."""
    assert doubted(plain()) == "main neither ended nor showed a sign of life"
    log = plain().starts(11, *TRACKER).ends(10)
    assert doubted(log).startswith("multiprocessing.resource_tracker neither")


def test_a_gap_or_a_double_is_doubt() -> None:
    """A number that is missing or comes twice is an event in doubt."""
    log = plain().fires(10, "C", "B").ends(10)
    for change in (lambda f: f[:7] + f[8:], lambda f: [*f[:7], f[6], *f[7:]]):
        trial = replace(log.trial(), history=tuple(change(list(log.trial().history))))
        assert doubted(trial) == "events of a process are missing or doubled"


def test_threads_may_write_in_another_order() -> None:
    """Numbers that come in another order are all there."""
    log = plain("A", "B").ends(10)
    trial = log.trial()
    events = list(trial.history)
    events[3], events[4] = events[4], events[3]
    assert seen(replace(trial, history=tuple(events))) == seen(trial)


def test_what_ends_has_begun_and_what_begins_was_registered() -> None:
    """An end without a beginning, or a beginning without a registration, is doubt."""
    assert "had not begun" in doubted(plain().probe(10, "ended", "C").ends(10))
    assert "had not begun" in doubted(plain().fires(10, "C").probe(10, "ended", "C").ends(10))
    assert "had not begun" in doubted(plain().probe(10, "raised", "C", "ValueError").ends(10))
    assert "never registered" in doubted(plain().fires(10, "X").ends(10))


def test_the_child_of_a_stranger_is_doubt() -> None:
    """What a forked process inherited is known only if its parent is."""
    assert "not known" in doubted(plain().probe(11, "forked", "1").ends(11).ends(10), FORKS)


def test_every_declared_role_was_observed() -> None:
    """A server's role that nobody filled, or one process too many, is unknown."""
    alone = Log().kernel(20, "spawned").starts(20).harness("ready", pid=20)
    alone.harness("sent", "SIGTERM", "group").ends(20)
    assert doubted(alone, DEBUG, "SIGTERM") == "the child was never observed"
    assert "more processes" in doubted(plain().starts(11).ends(11).ends(10), PLAIN)


def test_a_fork_may_be_refused() -> None:
    """Where a fork is what is tried, there may be no child."""
    assert list(roles(seen(plain().ends(10), FORKS))) == ["parent"]


def test_the_child_is_the_process_that_serves() -> None:
    """Roles by order of appearance are checked against who answered over HTTP."""
    log = Log().kernel(20, "spawned").starts(20).starts(30).starts(40)
    log.harness("serves", pid=40).harness("ready", pid=20).harness("sent", "SIGTERM", "group")
    assert "served" in doubted(log.ends(20).ends(30).ends(40), DEBUG, "SIGTERM")


def test_the_signal_reached_its_target() -> None:
    """A signal that went to a process of another role is no trial of the target."""
    log = debug().harness("sent", "SIGKILL", "child", pid=20).ends(20).ends(30)
    assert "another process" in doubted(log, DEBUG, "SIGKILL")


def test_the_termination_took_place_in_its_role() -> None:
    """An ending that another process told of is no trial of the acting role."""
    log = debug().endings(20, "ending", "os-exit-7").ends(20).ends(30)
    assert "outside of the child" in doubted(log, DEBUG, "os-exit-7")


def test_a_stranger_that_answers_is_doubt() -> None:
    """HTTP answered by nobody of the trial says neither open nor closed."""
    log = debug().harness("sent", "SIGHUP", "parent", pid=20).ends(20).ends(30)
    assert "answered" in doubted(log.harness("answered", pid=99), DEBUG, "SIGHUP")


# -------------------------------------------------- the same, on what was really seen


def test_there_are_real_histories() -> None:
    """The saved trials are there, and each shows an outcome."""
    assert len(SAVED) >= 10
    assert not {name for name, real in REAL.items() if not isinstance(of(real), Outcome)}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain-return", {"main": ("CBA", "", {"code": 0}, "kept")}),
        ("plain-SIGTERM", {"main": ("", "", {"signal": "SIGTERM"}, "lost")}),
        ("plain-SIGINT-twice", {"main": ("CBA", "", {"signal": "SIGINT"}, "kept")}),
        ("handler-os-exit", {"main": ("C", "B", {"code": 4}, "kept")}),
        (
            "fork-returns",
            {
                "parent": ("CBA", "", {"code": 0}, "twice"),
                "child": ("CBA", "", {"code": 0}, "kept"),
            },
        ),
        (
            "handler-forks",
            {"parent": ("CBA", "", {"code": 0}, "kept"), "child": ("BA", "", {"code": 0}, "kept")},
        ),
        (
            "debug-SIGKILL-child",
            {
                "parent": ("CBA", "", {"code": 247}, None),
                "child": ("", "", {"signal": "SIGKILL"}, "lost"),
            },
        ),
        (
            "debug-SIGKILL-parent",
            {"parent": ("", "", {"signal": "SIGKILL"}, None), "child": ("", "", None, None)},
        ),
        (
            "debug-tracker-touch",
            {
                "parent": ("", "", None, None),
                "child": ("CBA", "", {"code": 3}, "kept"),
                "child#2": ("", "", None, None),
            },
        ),
    ],
)
def test_what_real_trials_showed(
    name: str, shown: dict[str, tuple[str, str, dict[str, object] | None, str | None]]
) -> None:
    """Real histories show what their programs did."""
    got = of(REAL[name])
    assert isinstance(got, Outcome)
    assert {
        one.role: ("".join(one.fired or "-"), "".join(one.unfinished or ""), one.exit, one.stdout)
        for one in got.processes
    } == {role: (fired or "-", *rest) for role, (fired, *rest) in shown.items()}


EVENTS = [
    (name, place)
    for name, real in REAL.items()
    for place, event in enumerate(real.history)
    if event.number
]
TELLS_NOTHING = {"holding", "alive", "registered", "marked"}


def own(real: Saved, place: int) -> list[int]:
    """The places of all events of the process that spoke at a place."""
    pid = real.history[place].pid
    return [i for i, f in enumerate(real.history) if f.pid == pid and f.number]


@pytest.mark.parametrize("name", SAVED)
def test_no_dropped_event_passes_unseen(name: str) -> None:
    """One event less is unknown, or another outcome, or was the last and told nothing."""
    real = REAL[name]
    intact = of(real)
    for place in [i for n, i in EVENTS if n == name]:
        events = real.history[:place] + real.history[place + 1 :]
        shown = of(real, replace(real.trial, history=events))
        last = own(real, place)[-1] == place
        assert isinstance(shown, Unknown) or last, place
        assert shown != intact or real.history[place].kind in TELLS_NOTHING or helper(real, place)


def helper(real: Saved, place: int) -> bool:
    starts = [f for f in real.history if f.pid == real.history[place].pid and f.kind == "started"]
    return any("resource_tracker" in f.detail[1] for f in starts)


@pytest.mark.parametrize("name", SAVED)
def test_no_doubled_event_passes_unseen(name: str) -> None:
    """One event twice is unknown."""
    real = REAL[name]
    for place in [i for n, i in EVENTS if n == name]:
        events = real.history[: place + 1] + real.history[place:]
        assert isinstance(of(real, replace(real.trial, history=events)), Unknown)


@pytest.mark.parametrize("name", SAVED)
def test_no_swapped_pid_passes_unseen(name: str) -> None:
    """Two events that carry each other's pid are unknown, unless they are the same event."""
    real = REAL[name]
    intact = of(real)
    places = [i for n, i in EVENTS if n == name]
    for a in places:
        for b in places:
            one, other = real.history[a], real.history[b]
            if a >= b or one.pid == other.pid or kind_and_detail(one) == kind_and_detail(other):
                continue
            events = list(real.history)
            events[a], events[b] = replace(one, pid=other.pid), replace(other, pid=one.pid)
            shown = of(real, replace(real.trial, history=tuple(events)))
            assert isinstance(shown, Unknown) or explained(intact, shown, (one, other)), (a, b)


def kind_and_detail(event: Event) -> tuple[str, ...]:
    detail = event.detail[1:] if event.kind in ("started", "holding") else event.detail
    return event.source, event.kind, *detail


def explained(intact: Outcome | Unknown, shown: Outcome, swapped: tuple[Event, Event]) -> bool:
    """A swap that is not doubted claims of no process that a handler of its did not run."""
    assert isinstance(intact, Outcome)
    before, after = roles(intact), roles(shown)
    return all(
        set(before[role].fired or ()) <= {*(one.fired or ()), *(one.unfinished or ())}
        for role, one in after.items()
    )


@pytest.mark.parametrize("name", SAVED)
def test_one_event_under_another_pid_is_seen(name: str) -> None:
    """An event that carries another process's pid is unknown, or last and told nothing."""
    real = REAL[name]
    pids = {real.history[i].pid for n, i in EVENTS if n == name}
    for place in [i for n, i in EVENTS if n == name]:
        for pid in pids - {real.history[place].pid}:
            events = list(real.history)
            events[place] = replace(events[place], pid=pid)
            shown = of(real, replace(real.trial, history=tuple(events)))
            harmless = own(real, place)[-1] == place and events[place].kind in TELLS_NOTHING
            assert isinstance(shown, Unknown) or harmless, place


def test_a_mute_process_of_a_real_trial_is_not_observed() -> None:
    """All events of one process gone: its role is unknown or not observed, never idle."""
    for name, real in REAL.items():
        for pid in {f.pid for f in real.history if f.number}:
            events = tuple(f for f in real.history if not (f.pid == pid and f.number))
            shown = of(real, replace(real.trial, history=events))
            intact = of(real)
            assert isinstance(intact, Outcome)
            if isinstance(shown, Outcome) and len(shown.processes) == len(intact.processes):
                mute = [one for one in shown.processes if one.fired is None]
                assert mute or len(shown.helpers) <= len(intact.helpers), name


@given(st.sampled_from(SAVED), st.randoms(use_true_random=False))
def test_interleavings_are_one_outcome(name: str, random: random.Random) -> None:
    """Events may come in any order that keeps each process's own: only `order` differs.

    Processes that fork are left out: what a child inherits depends on when it says so.
    """
    real = REAL[name]
    if any(event.kind == "forked" for event in real.history):
        return
    shuffled = interleaved(real.history, random)
    intact, shown = of(real), of(real, replace(real.trial, history=shuffled))
    assert isinstance(intact, Outcome)
    assert isinstance(shown, Outcome), shown
    assert replace(shown, order=None) == replace(intact, order=None)
    assert sorted(shown.order or ()) == sorted(intact.order or ())


def interleaved(history: Sequence[Event], random: random.Random) -> tuple[Event, ...]:
    """Shuffle what lies between two facts of the harness; who appears first stays first."""
    result: list[Event] = []
    first: set[int] = set()
    for fixed, group in groupby(history, lambda event: event.source == "harness" or not event.pid):
        events = list(group)
        if fixed:
            result += events
            continue
        lanes: dict[int, list[Event]] = {}
        for event in events:
            lanes.setdefault(event.pid, []).append(event)
        new = [pid for pid in lanes if pid not in first]
        while lanes:
            ready = [pid for pid in lanes if pid not in new or pid == new[0]]
            pid = random.choice(ready)
            result.append(lanes[pid].pop(0))
            new = [one for one in new if one != pid]
            if not lanes[pid]:
                del lanes[pid]
        first |= {event.pid for event in events}
    return tuple(result)


# ----------------------------------------------------------------------- timelines

KNOWN = {"parent", "child", "child#2", "main", "harness", "multiprocessing.resource_tracker"}


@pytest.mark.parametrize("name", SAVED)
def test_a_timeline_tells_no_pid_no_path_and_no_time(name: str) -> None:
    """A timeline names roles, handlers and ways to end, nothing of the machine."""
    real = REAL[name]
    pids = {str(event.pid) for event in real.history if event.pid}
    for speaker, *what in timeline(real.trial, real.scenario):
        assert speaker in KNOWN
        for word in what:
            assert word not in pids
            assert "/" not in word or word == "/end"


@pytest.mark.parametrize("name", SAVED)
def test_two_runs_have_one_timeline(name: str) -> None:
    """Other pids, folders and token lengths, and more asking for signs of life, change nothing."""
    real = REAL[name]
    twin = []
    pids = {str(event.pid): str(event.pid + 70_000) for event in real.history if event.pid}
    for event in real.history:
        if event.kind in ("answered", "no-answer"):
            twin.append(Event("harness", 0, "no-answer"))
        detail = tuple(pids.get(word, word.replace("/run/trial", "/x/2")) for word in event.detail)
        pid = int(pids.get(str(event.pid), "0"))
        twin.append(replace(event, pid=pid, detail=detail))
    trial = replace(real.trial, history=tuple(twin))
    assert timeline(trial, real.scenario) == timeline(real.trial, real.scenario)
    assert of(real, trial) == of(real)


def test_a_timeline_tells_who_did_what_after_what() -> None:
    """Registrations, runs, exceptions, forks and ends, in order."""
    log = plain("A").probe(10, "began", "A").endings(11, "forked", "10").ends(11, "code 1")
    log.endings(10, "alive").endings(10, "alive").probe(10, "raised", "A", "OSError").ends(10)
    assert timeline(log.trial(), FORKS) == (
        ("parent", "spawned"),
        ("parent", "ready"),
        ("parent", "started"),
        ("parent", "registered", "A"),
        ("parent", "ending", "return"),
        ("parent", "began", "A"),
        ("child", "forked"),
        ("child", "ended", "code 1"),
        ("parent", "raised", "A", "OSError"),
        ("parent", "ended", "code 0"),
    )


def test_a_fork_is_told_whoever_speaks_first() -> None:
    """A child whose first word comes from a handler is told to have forked, as any."""
    by = [
        timeline(getattr(plain("A"), speaker)(11, "forked", "10").trial(), FORKS)
        for speaker in ("probe", "endings")
    ]
    assert by[0] == by[1]
    assert ("child", "forked") in by[0]


# ------------------------------------------------------------------------- garbage


@given(
    st.lists(st.one_of(st.binary(max_size=60), st.text(max_size=40).map(str.encode)), max_size=8)
)
def test_garbage_on_the_channel_is_unknown(lines: list[bytes]) -> None:
    """Whatever bytes come, nothing fails, and a trial that got them is unknown."""
    log = plain().fires(10, "C")
    log.events += [decode_event(line, "token") for line in lines]
    shown = observe(log.ends(10).trial(), PLAIN, TERMINATIONS["return"])
    assert isinstance(shown, Unknown) or not lines


KINDS = ["started", "forked", "registered", "began", "ended", "raised", "marked", "ending", "left"]
KINDS += ["holding", "no-effect", "spawned", "found", "unseen", "alive", "closing", "ready"]


@example([Event("kernel", 0, "left", ())])
@example([Event("harness", 0, "replied", ())])
@given(
    st.lists(
        st.builds(
            Event,
            st.sampled_from(["probe", "endings", "kernel", "harness"]),
            st.sampled_from([0, 10, 11]),
            st.sampled_from(KINDS),
            st.lists(st.sampled_from(["", "1", "10", "app.py", "code x", "-1"]), max_size=4).map(
                tuple
            ),
            st.integers(0, 3),
        ),
        max_size=5,
    )
)
def test_no_saved_history_makes_observe_fail(events: list[Event]) -> None:
    """A history that no harness would save is unknown at worst: `observe` does not raise."""
    log = plain().fires(10, "C")
    log.events += events
    for scenario, termination in ((PLAIN, "return"), (DEBUG, "SIGTERM"), (FLASK, "os-exit-7")):
        shown = observe(log.ends(10).trial(), scenario, TERMINATIONS[termination])
        assert isinstance(shown, Outcome | Unknown)
