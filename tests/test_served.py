"""Servers in the matrix: what their facts allow, and what trials of them show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from signal import SIGQUIT
from typing import Literal

import pytest
from exitmatrix.declare.servers import SERVERS
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.judge.served.facts import TRACKER, facts_now, facts_of
from exitmatrix.judge.served.predict import predict_served
from exitmatrix.judge.served.process import DEFAULT, process_of
from exitmatrix.judge.served.request import foresee_served
from exitmatrix.judge.verdict import judge
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.machine.run.served import CALM, readiness, situation, spec
from exitmatrix.model import (
    Event,
    Outcome,
    Prediction,
    Process,
    Ready,
    Record,
    Scenario,
    Trial,
    Unknown,
)
from exitmatrix.model.node import Node
from exitmatrix.model.server import How, Reaction, Server, Stop
from exitmatrix.observe import observe, timeline
from exitmatrix.observe.blind import PENDING, agrees, printed
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.conftest import LOADED, NEWEST, make_order
from tests.support.committed import records
from tests.support.part import every
from tests.support.served import MASTER, WORDS, events_of, tree, trial
from tests.support.values import record

SERVED = [one for one in LOADED.values() if one.command]
UVICORN, GUNICORN = LOADED["uvicorn"], LOADED["gunicorn"]
DJANGO = LOADED["django-runserver"]


def of(question: str, **packages: str) -> Record:
    return record(question, stack="made", packages=packages)


def only(one: Record) -> Outcome:
    (outcome,) = predict_served(one, LOADED[one.scenario]).outcomes
    return outcome


@pytest.mark.parametrize("scenario", SERVED, ids=lambda one: one.id)
def test_a_scenario_with_a_command_names_a_server_that_is_known(scenario: Scenario) -> None:
    """So every cell of it has a prediction, or a reason why it has none."""
    assert scenario.server in SERVERS


def test_a_signal_that_is_raised_again_runs_no_handler() -> None:
    """Uvicorn since 0.29: the lifespan is shut down, and SIGTERM ends the process."""
    (process,) = only(of("uvicorn/SIGTERM@main", uvicorn="0.29.0")).processes
    assert (process.fired, process.exit) == (("lifespan:shutdown",), {"signal": "SIGTERM"})
    (before,) = only(of("uvicorn/SIGTERM@main", uvicorn="0.28.1")).processes
    assert (before.fired, before.exit) == (("lifespan:shutdown", "C", "B", "A"), {"code": 0})


def test_the_facts_are_those_of_the_newest_release_that_is_reached() -> None:
    """0.100 is past 0.30.3 though it is before it as text is; of no release nothing is known."""
    assert facts_of(UVICORN, {"uvicorn": "0.100.0"}).since == "0.30.3"
    assert facts_of(UVICORN, {"uvicorn": "0.30.2"}).since == "0.29"
    with pytest.raises(NotPredicted):
        facts_of(UVICORN, {"gunicorn": "27.0.1"})


def test_what_garbage_collection_tells_of_tasks_is_not_compared() -> None:
    """Which task of a loop that SystemExit left is told of, and when, hangs on what else is alive.

    What handlers print stays, and so does what they raise: that is told by another line before.
    """
    shown = only(of("gunicorn/SIGTERM@worker", gunicorn="27.0.1"))

    def lines(*some: str) -> list[str]:
        return printed(replace(trial(), stdout="\n".join(some)), shown)

    handlers = ("A: cleaning up", "C: cleaning up")
    trace = ("Traceback (most recent call last):", "    serve()", "RuntimeError: no loop")
    cleans = ("Exception ignored in: <coroutine object serve at 0x7f>:", *trace)
    since_3_14 = ("Exception ignored while closing generator <coroutine object serve at 0x7f>:",)
    chained = (*trace, "", "During handling of the above exception, another one:", "", *trace)
    finalizers = (
        PENDING,
        "task: <Task cancelling coro=<serve() done> wait_for=<Future cancelled>>",
    )
    lost = ("Task exception was never retrieved", "future: <Task finished>", *chained)
    for garbage in (
        (),
        finalizers,
        lost,
        cleans,
        (*since_3_14, *trace),
        (*lost, *finalizers, *cleans),
    ):
        assert lines(handlers[0], *garbage, handlers[1]) == list(handlers)
    of_handler = ("Exception ignored in atexit callback <function A>:", *trace)
    assert lines(*finalizers, *of_handler, *cleans) == sorted(of_handler)


def test_nobody_handles_sigkill() -> None:
    """The master of gunicorn replaces a worker that is killed; the others go on."""
    outcome = only(of("gunicorn/SIGKILL@worker", gunicorn="27.0.1"))
    assert [one.role for one in outcome.processes] == ["master", "worker", "others", "new-worker"]
    assert outcome.processes[1].exit == {"signal": "SIGKILL"}
    assert outcome.processes[1].fired == ()


def test_a_second_signal_may_come_when_python_finalizes() -> None:
    """SIGTERM to the group of gunicorn: a worker gets another one of its master."""
    made = predict_served(of("gunicorn/SIGTERM@group", gunicorn="27.0.1"), GUNICORN)
    ends = {str(one.exit) for outcome in made.outcomes for one in outcome.processes[1:]}
    assert ends == {"{'code': 0}", "{'signal': 'SIGTERM'}"}
    assert made.races


def test_a_reloader_kills_the_process_that_serves_and_leaves_with_its_status() -> None:
    """SIGTERM unwinds its subprocess.call; of a child that SIGHUP killed it tells 255."""
    packages = {"flask": "3.1.3", "werkzeug": "3.1.9"}
    stopped = only(of("flask-run-debug/SIGTERM@master", **packages))
    assert [(one.fired, one.exit) for one in stopped.processes] == [
        (("C", "B", "A"), {"code": 0}),
        ((), {"signal": "SIGKILL"}),
    ]
    followed = only(of("flask-run-debug/SIGHUP@worker", **packages))
    assert [(one.fired, one.exit) for one in followed.processes] == [
        (("C", "B", "A"), {"code": 255}),
        ((), {"signal": "SIGHUP"}),
    ]


def test_a_child_that_is_killed_meanwhile_may_have_got_anywhere() -> None:
    """After Ctrl-C to both, SIGKILL may come before, among or after the child's handlers."""
    made = predict_served(of("django-runserver/SIGINT@group", django="6.1.3"), DJANGO)
    child = {(one.processes[1].fired, str(one.processes[1].exit)) for one in made.outcomes}
    whole = ("C", "B", "A")
    assert child == {(whole, "{'code': 0}"), (whole, "{'signal': 'SIGKILL'}")}
    assert {one.cut for one in made.outcomes if one.processes[1].exit != {"code": 0}} == {True}


def test_a_signal_that_a_callback_swallows_is_an_outcome_of_a_race_on_pypy() -> None:
    """Django's reloader goes on then, and serves; CPython has no callback that late."""
    asked = of("django-runserver/SIGTERM@worker", django="5.2.19")
    survivors = {}
    for name, version in (("cpython", "3.13.0"), ("pypy", "3.11.17")):
        one = replace(asked, interpreter={"implementation": name, "version": version})
        made = predict_served(one, DJANGO)
        survivors[name] = {outcome.survivors for outcome in made.outcomes}
        assert bool(made.races) == (name == "pypy")
    assert survivors == {"cpython": {()}, "pypy": {(), ("master", "worker")}}


def test_a_lock_of_multiprocessing_has_a_tracker_from_3_14_on() -> None:
    """One for each process that makes one."""
    asked = of("flask-run-debug/SIGTERM@master", flask="3.1.3", werkzeug="3.1.9")
    newer = replace(asked, interpreter={"implementation": "cpython", "version": "3.14.0"})
    assert only(asked).helpers == ()
    assert only(newer).helpers == (TRACKER, TRACKER)


def test_nobody_catches_keyboard_interrupt_so_python_ends_by_sigint() -> None:
    """In a script around uvicorn 0.29 the clause runs, the next line does not, and handlers do."""
    one = of("uvicorn-run/SIGINT@main", uvicorn="0.29.0")
    assert "ctrl-c-dies-of-sigint" in predict_served(one, LOADED[one.scenario]).rules
    (process,) = only(one).processes
    assert process.fired == ("lifespan:shutdown", "finally:finish", "C", "B", "A")
    assert process.exit == {"signal": "SIGINT"}


def on(one: Record, version: str, implementation: str = "cpython", own: str = "") -> Record:
    """The same cell on another Python."""
    python = {"implementation": implementation, "version": version, "implementation_version": own}
    return replace(one, interpreter=python)


def test_what_python_makes_of_a_process_that_leaves_the_laws_of_programs_say() -> None:
    """The facts of uvicorn say the same of each Python; a law says how KeyboardInterrupt ends it.

    Up to 3.7 by status 1; on PyPy 7.3.11 by SIGINT, past the handlers.
    """
    one = of("uvicorn-run/SIGINT@main", uvicorn="0.29.0")
    clean = ("lifespan:shutdown", "finally:finish")
    every = {
        name: only(on(one, *python)).processes[0]
        for name, python in {
            "3.7": ("3.7.16",),
            "3.13": ("3.13.0",),
            "PyPy": ("3.9.16", "pypy", "7.3.11"),
        }.items()
    }
    assert {name: (process.fired, str(process.exit)) for name, process in every.items()} == {
        "3.7": ((*clean, "C", "B", "A"), "{'code': 1}"),
        "3.13": ((*clean, "C", "B", "A"), "{'signal': 'SIGINT'}"),
        "PyPy": (clean, "{'signal': 'SIGINT'}"),
    }


def test_a_forked_process_runs_its_handlers_since_3_13_by_the_law_of_multiprocessing() -> None:
    """Granian's facts are the same for 3.12 and 3.13: its worker returns from its function."""
    one = of("granian-wsgi/SIGTERM@master", granian="2.8.7")
    made = {
        version: predict_served(on(one, version), LOADED[one.scenario])
        for version in ("3.12.1", "3.13.0")
    }
    ran = {
        version: prediction.outcomes[0].processes[1].fired for version, prediction in made.items()
    }
    assert ran == {"3.12.1": (), "3.13.0": ("C", "B", "A")}
    assert "process-runs-its-own" in made["3.13.0"].rules


def test_a_signal_that_nobody_handles_does_what_python_has_it_do() -> None:
    """Under debugpy no facts are needed: Ctrl-C is KeyboardInterrupt, and SIGQUIT kills."""
    facts = facts_now(of("debugpy/SIGINT@worker", debugpy="1.8.22"), LOADED["debugpy"])
    assert not facts.worker
    process = {name: process_of("worker", facts, DEFAULT, name) for name in ("SIGINT", "SIGQUIT")}
    assert {name: (one.fired, one.exit) for name, one in process.items()} == {
        "SIGINT": (("C", "B", "A"), {"signal": "SIGINT"}),
        "SIGQUIT": ((), {"signal": "SIGQUIT"}),
    }


def test_the_line_after_serve_runs_where_the_runner_of_asyncio_cancels_its_task() -> None:
    """Ctrl-C, since Python 3.11; before, KeyboardInterrupt leaves the call itself."""
    cell = of("uvicorn-serve/SIGINT@main", uvicorn="0.54.0")
    ran = {}
    for version in ("3.10.13", "3.11.2"):
        python = {"implementation": "cpython", "version": version}
        (process,) = only(replace(cell, interpreter=python)).processes
        ran[version] = "next line:proceed" in (process.fired or ())
    assert ran == {"3.10.13": False, "3.11.2": True}


def test_a_server_that_waits_for_a_stream_is_alive_and_has_run_nothing() -> None:
    """A second Ctrl-C ends the wait until Python 3.11."""
    asked = of("uvicorn-open-stream/SIGINT-then-SIGINT@main", uvicorn="0.54.0")
    ends = {}
    for version in ("3.11.7", "3.12.1"):
        python = {"implementation": "cpython", "version": version}
        (process,) = only(replace(asked, interpreter=python)).processes
        ends[version] = (process.fired, process.exit)
    assert ends == {"3.11.7": (("C", "B", "A"), {"code": 0}), "3.12.1": ((), None)}


def test_a_handler_of_the_app_has_the_last_word_since_the_app_is_imported_first() -> None:
    """In 0.28 uvicorn's handler replaces the app's. In 0.29 it is the reverse. 0.47 restores it."""
    ran = {}
    for release in ("0.28.1", "0.46.0", "0.47.0"):
        asked = of("uvicorn-graceful/SIGTERM@main", uvicorn=release)
        ran[release] = "lifespan:shutdown" in (only(asked).processes[0].fired or ())
    assert ran == {"0.28.1": True, "0.46.0": False, "0.47.0": True}


def celery(question: str) -> Prediction:
    asked = of(question, celery="5.7.0")
    return predict_served(asked, LOADED[asked.scenario])


def test_a_process_of_a_pool_that_exits_at_once_runs_no_handler_of_atexit() -> None:
    """Celery's are told to end, and come to os._exit: their own signal is all that is sent."""
    (outcome,) = celery("celery-prefork/SIGTERM@master").outcomes
    master, *workers = outcome.processes
    assert (master.fired or ())[-3:] == ("C", "B", "A")
    assert {(one.fired, str(one.exit)) for one in workers} == {
        (("celery.worker_process_shutdown:process",), "{'code': 0}")
    }
    assert outcome.port is None


def test_a_worker_that_ignores_a_signal_to_the_group_is_told_by_its_master() -> None:
    """Ctrl-C to celery: what each does is what it does when the master alone is sent it."""
    alone, all_of_them = (
        celery(f"celery-prefork/SIGINT@{target}") for target in ("master", "group")
    )
    assert alone.outcomes == all_of_them.outcomes


def test_who_asks_to_die_with_its_parent_may_have_left_before() -> None:
    """Each of two processes sees either the end of the pipe or the kernel's SIGKILL."""
    made = celery("celery-prefork/SIGKILL@master")
    ends = {tuple(str(one.exit) for one in shown.processes[1:]) for shown in made.outcomes}
    left, killed = "{'code': 0}", "{'signal': 'SIGKILL'}"
    assert ends == {(left, left), (left, killed), (killed, killed)}
    assert made.races


def test_a_master_that_waits_for_a_lock_is_alive_and_its_handlers_have_not_run() -> None:
    """It is an outcome of a race, beside the one in which all have ended."""
    made = celery("celery-prefork/SIGQUIT@group")
    masters = {(one.processes[0].fired, one.survivors) for one in made.outcomes}
    begins = "celery.worker_shutting_down:begins"
    assert masters == {((begins, "C", "B", "A"), ()), ((begins,), ("master",))}
    assert "server-waits-for-a-lock" in made.rules


def test_what_is_at_work_when_nothing_handles_the_signal_does_not_end() -> None:
    """A task is unfinished then; where the process stops in order it is done, or has raised."""
    (killed,) = celery("celery-solo-busy/SIGKILL@main").outcomes
    assert killed.processes[0].unfinished == ("celery.task:work",)
    (warm,) = celery("celery-solo-busy/SIGTERM-then-SIGTERM@main").outcomes
    assert (warm.processes[0].unfinished, warm.processes[0].raised) == ((), ())
    (cold,) = celery("celery-solo-busy/SIGQUIT@main").outcomes
    assert cold.processes[0].raised == ("celery.task:work",)


def test_a_worker_that_waits_for_its_own_lock_is_killed_with_its_master_or_aborted_alone() -> None:
    """Gunicorn's worker is handing over a request that nobody has read: the client gets a reset."""
    asked = of("gunicorn-gthread-late-busy/SIGINT@master", gunicorn="27.0.1")
    made = {}
    for target in ("master", "worker"):
        one = replace(asked, target=target)
        (outcome,) = foresee_served(one, LOADED[one.scenario]).outcomes
        assert outcome.client == "reset"
        made[target] = outcome.processes[1]
    killed, aborted = made["master"], made["worker"]
    assert (killed.fired, killed.exit) == ((), {"signal": "SIGKILL"})
    assert (aborted.fired, aborted.exit) == (("view:busy", "C", "B", "A"), {"code": 1})


def test_who_loads_an_application_is_deaf_to_what_would_stop_it_later() -> None:
    """SIGTERM and SIGHUP to uWSGI are ignored until then; Ctrl-C costs it the application."""
    for signal in ("SIGTERM", "SIGHUP", "SIGINT"):
        alive = {
            name: only(of(f"{name}/{signal}@main", pyuwsgi="2.0.30")).survivors
            for name in ("uwsgi", "uwsgi-late")
        }
        assert alive == {"uwsgi": (), "uwsgi-late": ("main",)}


def test_a_cold_shutdown_that_fails_is_forgotten_until_celery_5_7() -> None:
    """Its task is cut off in any release: the worker of 5.6 goes on, or is stopped by the first."""
    task = "celery.task:work"
    for release, status, second in (("5.6.3", None, 1), ("5.7.0", {"code": 0}, 0)):
        ends = {}
        for signal in ("SIGQUIT", "SIGINT-then-SIGINT"):
            asked = of(f"celery-solo-busy/{signal}@main", celery=release)
            (process,) = only(asked).processes
            assert process.raised == (task,)
            ends[signal] = process.exit
        assert ends == {"SIGQUIT": status, "SIGINT-then-SIGINT": {"code": second}}


def test_a_second_signal_is_sent_when_the_first_has_had_its_time() -> None:
    """This holds for commands as for programs."""
    known = situation(TERMINATIONS["SIGTERM-then-SIGTERM"], "main", "main")
    assert [(step.signal, step.after) for step in known.steps] == [("SIGTERM", 0), ("SIGTERM", 2.5)]
    assert len(situation(TERMINATIONS["SIGTERM"], "main", "main").steps) == 1


def test_a_scenario_may_say_how_long_its_processes_rest_before_it_is_over(
    environment_of: Callable[[str, str], Environment],
) -> None:
    """The master of celery waits some ten seconds for a task that is lost."""
    celery = environment_of(NEWEST, "celery-5.7")
    slow, usual = (
        spec(make_order(celery, LOADED[one], "SIGTERM"), "/nowhere").calm
        for one in ("celery-prefork-busy", "celery-prefork")
    )
    assert (slow, usual) == (LOADED["celery-prefork-busy"].rests, CALM)


def test_workers_whose_master_ends_at_once_are_watched_until_they_notice() -> None:
    """A sync worker of gunicorn looks for its parent after 15 s, which no rest tells beforehand."""
    watched = {
        (signal, target): situation(TERMINATIONS[signal], target, "master").watch
        for signal in ("SIGKILL", "SIGABRT", "SIGTERM")
        for target in ("master", "group", "worker")
    }
    assert {key for key, how in watched.items() if how == "gone"} == {
        (signal, target) for signal in ("SIGKILL", "SIGABRT") for target in ("master", "group")
    }


def test_a_command_without_a_port_is_ready_when_its_line_is_written() -> None:
    """What listens is watched until it rests."""
    assert readiness(LOADED["celery-solo"].ready, 30).by == "line"
    assert readiness(GUNICORN.ready, 30).by == "auto"


def ends(made: Prediction) -> set[str]:
    """How all of its processes may end, and what they ran."""
    return {
        " ".join(f"{''.join(one.fired or ())}:{one.exit}" for one in outcome.processes)
        for outcome in made.outcomes
    }


def foreseen(
    monkeypatch: pytest.MonkeyPatch, ending: str, facts: Server, scenario: Scenario = GUNICORN
) -> Prediction:
    """What facts that are made up allow."""
    monkeypatch.setitem(SERVERS, scenario.server, (facts,))
    return predict_served(of(f"{scenario.id}/{ending}", made="1"), scenario)


def test_a_worker_that_is_sent_away_may_be_told_so_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """By then it has run its handlers, and the signal its default action."""
    facts = replace(
        MASTER,
        workers=1,
        worker={"SIGTERM": Reaction(how="finalizes", status=0)},
        resizes={"SIGTTOU": -1, "SIGTTIN": 1},
    )
    made = foreseen(monkeypatch, "SIGTTOU@master", facts)
    assert ends(made) == {":None A:{'code': 0}", ":None A:{'signal': 'SIGTERM'}"}
    assert made.races
    more = foreseen(monkeypatch, "SIGTTIN@master", facts)
    assert ends(more) == {":None :None :None"}
    assert not more.races


def test_a_master_that_hurries_may_kill_the_second_worker_wherever_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first ends as it is told to; the other too, or before, in, or after its handler.

    So it is of a signal that has its default action in a worker.
    """
    facts = replace(MASTER, master={"SIGTERM": Stop(hurries="SIGTERM")}, worker={})
    made = foreseen(monkeypatch, "SIGTERM@master", facts)
    second = {(one.processes[2].fired, str(one.processes[2].exit)) for one in made.outcomes}
    assert {one.processes[1].exit["code"] for one in made.outcomes if one.processes[1].exit} == {0}
    killed = str({"signal": "SIGTERM"})
    assert second == {(("A",), str({"code": 0})), (("A",), killed), ((), killed)}
    assert made.races
    calm = foreseen(monkeypatch, "SIGTERM@master", MASTER)
    assert ends(calm) == {":{'code': 0} A:{'code': 0} A:{'code': 0}"}


def test_a_master_that_gives_up_ends_with_its_first_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its status is its own, or that of the second worker, if it sees that one gone."""
    stop = Stop(passes="SIGQUIT", reports=True)
    facts = replace(MASTER, gives_up=stop)
    made = foreseen(monkeypatch, "SIGKILL@worker", facts)
    gone = ":{'signal': 'SIGKILL'} :{'signal': 'SIGQUIT'}"
    assert ends(made) == {f":{{'code': 0}} {gone}", f":{{'code': {256 - SIGQUIT}}} {gone}"}
    alone = foreseen(monkeypatch, "SIGKILL@worker", replace(facts, workers=1))
    assert ends(alone) == {":{'code': 0} :{'signal': 'SIGKILL'}"}
    all_hit = foreseen(monkeypatch, "SIGQUIT@group", replace(facts, ignores=("SIGQUIT",)))
    assert {one.survivors for one in all_hit.outcomes} == {()}


def test_a_master_that_insists_kills_what_ignores_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal about which a worker does nothing is followed by one that it cannot ignore."""
    stop = Stop(passes="SIGINT", insists="SIGKILL")
    made = foreseen(monkeypatch, "SIGTERM@master", replace(MASTER, master={"SIGTERM": stop}))
    assert ends(made) == {":{'code': 0} :{'signal': 'SIGKILL'} :{'signal': 'SIGKILL'}"}


def test_a_worker_that_ignores_a_signal_is_left_to_its_master(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The signal then has the same effect on the group as on the master alone."""
    facts = replace(MASTER, master={"SIGINT": Stop()})
    alone, all_hit = (foreseen(monkeypatch, f"SIGINT@{to}", facts) for to in ("master", "group"))
    assert ends(alone) == ends(all_hit) == {":{'code': 0} A:{'code': 0} A:{'code': 0}"}


def test_a_master_that_repeats_its_signal_may_kill_a_worker_whose_handlers_have_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And of workers that it replaced just before, some are sent away again."""
    stop = Stop(passes="SIGTERM", restarts=True, repeats=True)
    facts = replace(MASTER, master={"SIGHUP": stop}, replaces=True)
    made = foreseen(monkeypatch, "SIGHUP@master", facts)
    assert {one.fired for o in made.outcomes for one in o.processes[1:3]} == {("A",)}
    assert {str(one.exit) for o in made.outcomes for one in o.processes[1:3]} == {
        str({"code": 0}),
        str({"signal": "SIGTERM"}),
    }
    all_hit = foreseen(monkeypatch, "SIGHUP@group", facts)
    assert {len(one.processes) for one in all_hit.outcomes} == {5, 6, 7}
    assert {len(one.survivors) for one in all_hit.outcomes} == {3}


def test_facts_may_be_those_of_a_python() -> None:
    """Granian forks before 3.14; of a Python that is not told, only what holds for all is known."""
    asked = of("granian/SIGTERM@master", granian="2.8.7")
    forks, spawns = (on(asked, version) for version in ("3.13.0", "3.15.2"))
    assert not facts_now(forks, LOADED["granian"]).where
    assert facts_now(spawns, LOADED["granian"]).where == {"start_method": "forkserver"}
    assert not facts_of(LOADED["granian"], {"granian": "2.8.7"}).where


def test_facts_may_be_those_of_an_implementation() -> None:
    """If SIGINT is ignored from the start, CPython leaves it so, and PyPy handles it."""
    asked = of("hypercorn/SIGINT@worker", hypercorn="0.18.0")
    pypy = replace(asked, interpreter={"implementation": "pypy", "version": "3.11.17"})
    assert only(asked).survivors == ("master", "worker")
    assert only(pypy).survivors == ()


@pytest.mark.parametrize("how", ["exits at once", "ends as a process"])
def test_no_signal_comes_too_late_for_a_fork_that_comes_to_os_exit(
    how: How, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it runs handlers before or not: of two signals the first alone counts."""
    leaves = Reaction(how=how)
    facts = replace(MASTER, worker={"SIGTERM": leaves, "SIGINT": leaves}, workers=1)
    facts = replace(facts, master={"SIGINT": Stop(passes="SIGTERM")})
    assert len(foreseen(monkeypatch, "SIGINT@group", facts).outcomes) == 1


def test_a_master_gives_up_when_a_worker_leaves_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its own status, and after the others have cleaned up."""
    facts = replace(MASTER, gives_up=Stop(passes="SIGTERM", status=1))
    made = foreseen(monkeypatch, "SIGTERM@worker", facts)
    assert ends(made) == {":{'code': 1} A:{'code': 0} A:{'code': 0}"}


def test_a_master_that_reloads_may_miss_that_its_workers_are_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The master leaves at once, or with the new workers, or goes on with them."""
    stop = Stop(passes="SIGTERM", restarts=True, misses=True)
    facts = replace(MASTER, master={"SIGHUP": stop}, gives_up=Stop(passes="SIGTERM", status=1))
    made = foreseen(monkeypatch, "SIGHUP@group", facts)
    gone = ":{'signal': 'SIGHUP'} :{'signal': 'SIGHUP'}"
    assert ends(made) == {
        f":{{'code': 1}} {gone}",
        f":{{'code': 1}} {gone} A:{{'code': 0}} A:{{'code': 0}}",
        f":None {gone} :None :None",
    }


def test_a_master_waits_for_a_worker_that_stalls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two signals may be as none; two of one kind are one."""
    finalizes = Reaction(how="finalizes")
    facts = replace(
        MASTER,
        workers=1,
        worker={"SIGTERM": finalizes, "SIGINT": finalizes},
        master={one: Stop(passes="SIGTERM") for one in ("SIGTERM", "SIGINT")},
        stalls=True,
    )
    made = foreseen(monkeypatch, "SIGINT@group", facts)
    assert ("master", "worker") in {one.survivors for one in made.outcomes}
    assert {one.survivors for one in foreseen(monkeypatch, "SIGTERM@group", facts).outcomes} == {()}


def test_a_worker_that_leaves_within_a_handler_is_cut_off_by_another_signal_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same signal is blocked meanwhile; another ends it where it is, with its own status.

    Or it hangs: exit() waits for the lock that the exit() below it holds. Then its master waits.
    """
    finalizes = Reaction(how="finalizes", status=30)
    facts = replace(
        MASTER,
        workers=1,
        worker={"SIGTERM": finalizes, "SIGINT": finalizes},
        master={one: Stop(passes="SIGTERM") for one in ("SIGTERM", "SIGINT")},
        nests=True,
    )
    left, cut, killed = "A:{'code': 30}", ":{'code': 30}", "A:{'signal': 'SIGTERM'}"
    same = foreseen(monkeypatch, "SIGTERM@group", facts)
    assert ends(same) == {f":{{'code': 0}} {left}"}
    other = foreseen(monkeypatch, "SIGINT@group", facts)
    gone = {f":{{'code': 0}} {one}" for one in (left, cut, killed)}
    assert ends(other) == gone | {":None :None", ":None A:None"}
    assert {one.processes[1].unfinished for one in other.outcomes} == {(), ("A",)}
    assert "server-nested-exit" in other.rules


def test_a_second_signal_may_end_one_of_the_handlers_that_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The handler of the signal that the master passes on raises, wherever the main thread is.

    It is raised within an atexit handler, or when that has not done anything; the others run.
    """
    leaves = Reaction(how="finalizes")
    facts = Server(
        id="gunicorn",
        package="made",
        workers=1,
        imports=("worker",),
        handlers=("B", "A"),
        master={"SIGINT": Stop(passes="SIGQUIT")},
        worker={"SIGINT": leaves, "SIGQUIT": replace(leaves, interrupts=True)},
        source="",
    )

    def shown() -> set[tuple[tuple[str, ...], tuple[str, ...]]]:
        made = foreseen(monkeypatch, "SIGINT@group", facts)
        ran = (one.processes[1] for one in made.outcomes if one.processes[1].exit == {"code": 0})
        return {(one.fired or (), one.raised) for one in ran}

    whole = ("B", "A")
    cut = {(whole, ("A",)), (whole, ("B",)), (("B",), ()), (("A",), ())}
    assert shown() == {(whole, ()), *cut}
    facts = replace(facts, worker={"SIGINT": leaves, "SIGQUIT": leaves})
    assert shown() == {(whole, ())}


def test_a_worker_that_was_just_started_may_leave_before_it_has_registered_a_handler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the handler of the signal raises; one that sets a flag has it import the application.

    Handlers run in the order that is not that in which they were registered.
    """
    facts = Server(
        id="gunicorn",
        package="made",
        workers=1,
        imports=("worker",),
        handlers=("B", "A"),
        master={"SIGTERM": Stop(passes="SIGTERM")},
        worker={"SIGTERM": Reaction(how="finalizes", interrupts=True)},
        replaces_late=True,
        source="",
    )

    def ran() -> set[tuple[str, ...]]:
        made = foreseen(monkeypatch, "SIGTERM@group", facts)
        return {one.fired or () for some in made.outcomes for one in some.processes[2:]}

    assert ran() == {("B", "A"), ("A",), ()}
    facts = replace(facts, worker={"SIGTERM": Reaction(how="finalizes")})
    assert ran() == {("B", "A")}


def test_a_worker_that_still_counts_a_connection_stays_when_it_has_answered() -> None:
    """So do gunicorn's own ASGI workers, 25.0.2 to 26.0: the client is answered, and nobody leaves.

    Its master waits for it, and where it is an orphan it is alone. Whether it listens depends on
    whether it has looked at the signal.
    """
    of_25, of_26_1 = {"gunicorn": "25.3.0"}, {"gunicorn": "26.1.0"}

    def alive(question: str, packages: dict[str, str]) -> set[tuple[tuple[str, ...], str | None]]:
        asked = of(f"gunicorn-asgi{question}", **packages)
        made = foresee_served(asked, LOADED[asked.scenario])
        assert {one.client for one in made.outcomes} == {"200"}
        return {(one.survivors, one.port) for one in made.outcomes}

    waits = {(("master", "worker#2"), port) for port in ("open", "closed")}
    assert alive("-busy/SIGTERM@master", of_25) == waits
    assert alive("-busy/SIGTERM@master", of_26_1) == {((), "closed")}
    orphan = {(("worker#2",), port) for port in ("open", "closed")}
    assert alive("-busy/SIGKILL@master", of_25) == orphan
    three = {(("master", "worker", "others"), "open")}
    assert alive("-busy/SIGTERM@worker", of_25) == alive("/self-SIGTERM@worker", of_25) == three


@pytest.mark.parametrize(
    ("release", "at_ctrl_c", "when_asked_to_stop"),
    [
        ("24.1.1", (True, "200"), {()}),
        ("25.0.0", (False, "closed"), {()}),
        ("25.0.1", (False, "closed"), {()}),
        ("25.0.2", (False, "closed"), {("master", "worker#2")}),
        ("26.1.0", (False, "closed"), {()}),
    ],
)
def test_two_facts_of_a_server_may_change_in_two_releases(
    release: str, at_ctrl_c: tuple[bool, str], when_asked_to_stop: set[tuple[str, ...]]
) -> None:
    """Gunicorn's own ASGI workers, while one answers, with what the master passes on.

    On Ctrl-C: whether it answers, and shuts the lifespan down. On SIGTERM: who stays.
    """

    def made(signal: str) -> Prediction:
        asked = of(f"gunicorn-asgi-busy/{signal}@master", gunicorn=release)
        return foresee_served(asked, LOADED[asked.scenario])

    stopped = {
        ("lifespan:shutdown" in (process.fired or ()), one.client)
        for one in made("SIGINT").outcomes
        for process in one.processes[1:]
    }
    assert stopped == {at_ctrl_c}
    assert {one.survivors for one in made("SIGTERM").outcomes} == when_asked_to_stop


def test_a_worker_that_was_just_forked_may_lose_the_signal_of_its_master(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is there in the place of one that is gone, and it and its master go on."""
    facts = Server(
        id="gunicorn",
        package="made",
        workers=1,
        imports=("worker",),
        master={"SIGTERM": Stop(passes="SIGTERM")},
        worker={"SIGTERM": Reaction(how="finalizes")},
        replaces_late=True,
        inherits_handlers=True,
        source="",
    )

    def alive() -> set[tuple[str, ...]]:
        made = foreseen(monkeypatch, "SIGTERM@group", facts)
        assert ("server-new-worker-ignores-signal" in made.rules) == facts.inherits_handlers
        return {one.survivors for one in made.outcomes}

    assert alive() == {(), ("master", "new-worker")}
    facts = replace(facts, inherits_handlers=False)
    assert alive() == {()}


def test_a_master_that_leaves_past_python_runs_none_of_its_handlers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Though it has them: the law says so, and only where it does leave."""
    facts = replace(MASTER, imports=("master", "worker"), leaves="exits at once")
    made = foreseen(monkeypatch, "SIGHUP@master", facts)
    assert ends(made) == {":{'code': 0} A:{'code': 0} A:{'code': 0}"}
    assert "server-exits-without-finalizing" in made.rules
    hit = foreseen(monkeypatch, "SIGTERM@worker", facts)
    assert "server-exits-without-finalizing" not in hit.rules


def test_a_signal_to_the_group_does_not_reach_workers_of_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What comes of it is what comes of the same signal to the master alone."""
    facts = replace(MASTER, apart=True)
    alone, all_hit = (foreseen(monkeypatch, f"SIGKILL@{to}", facts) for to in ("master", "group"))
    assert alone.outcomes == all_hit.outcomes
    together = foreseen(monkeypatch, "SIGKILL@group", MASTER)
    assert ends(together) != ends(all_hit)


def test_a_worker_that_goes_on_may_have_left_what_it_was_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An interrupt that its master passes on raises an exception there, and it goes on."""
    cell = ("cell:work",)
    interrupted = Reaction(how="goes on", hooks=cell, raised=cell)
    facts = replace(
        MASTER,
        workers=1,
        busy=cell,
        master={"SIGTERM": Stop(passes="SIGINT")},
        worker={"SIGINT": interrupted},
    )
    (outcome,) = foreseen(monkeypatch, "SIGTERM@master", facts).outcomes
    worker = outcome.processes[1]
    assert (worker.fired, worker.raised, worker.exit) == (cell, cell, None)
    assert outcome.survivors == ("master", "worker")


def test_workers_have_the_same_numbers_without_the_probe() -> None:
    """They are numbered by what they ran, which only the probe tells: how they end counts."""
    ran = Process(role="", fired=("A",), unfinished=(), exit={"signal": "SIGTERM"})
    alive = Process(role="", fired=(), unfinished=(), exit=None)

    def outcome(*some: Process, inside: bool) -> Outcome:
        each = (one if inside else replace(one, fired=None, unfinished=None) for one in some)
        named = tuple(replace(one, role=f"worker#{place}") for place, one in enumerate(each, 1))
        return Outcome(
            processes=named,
            order=None,
            survivors=tuple(one.role for one in named if one.exit is None),
            helpers=(),
            port="open",
        )

    shown = outcome(ran, alive, inside=True)
    assert agrees(outcome(alive, ran, inside=False), shown)
    assert not agrees(outcome(alive, alive, inside=False), shown)
    assert not agrees(outcome(ran, ran, inside=False), shown)


# ------------------------------------------------------------------ observing


def in_time(seconds: str, *after: Event) -> Outcome | Unknown:
    """What is seen of a worker that was at work when the time was over."""
    history = (
        Event("harness", 20, "sent", ("SIGTERM", "worker")),
        Event("kernel", 20, "at-work", (seconds,)),
        *after,
    )
    alive = [Event("kernel", pid, "alive") for pid in (10, 20, 30) if not after or pid != 20]
    return observe(trial(*history, *alive), GUNICORN, TERMINATIONS["SIGTERM"])


def test_who_is_at_work_when_the_time_is_over_may_be_on_the_way_to_its_end() -> None:
    """On a machine with too much to do it had little of a processor: nobody knows."""
    shown = in_time("0.4")
    assert isinstance(shown, Unknown)
    assert shown.reason.endswith("was still at work when the time was over")


def test_who_works_without_an_end_lives() -> None:
    """It had all the processor that an end takes, and has not ended."""
    shown = in_time("12.0")
    assert isinstance(shown, Outcome)
    assert "worker" in shown.survivors


def test_who_ended_after_all_has_ended() -> None:
    """The master saw the worker's end in the last moment."""
    shown = in_time("0.4", Event("kernel", 20, "ended", ("code 0",)))
    assert isinstance(shown, Outcome)
    assert "worker" not in shown.survivors


def hit(pid: int) -> Trial:
    other = 50 - pid
    return trial(
        Event("harness", pid, "sent", ("SIGTERM", "worker")),
        *events_of(pid, "began", "ended"),
        Event("kernel", pid, "ended", ("code 0",)),
        Event("kernel", 10, "alive"),
        Event("kernel", other, "alive"),
    )


def test_workers_that_are_alike_are_interchangeable() -> None:
    """The one that is hit is `worker`, whichever was started first; without a port none is told."""
    one, other = (observe(hit(pid), GUNICORN, TERMINATIONS["SIGTERM"]) for pid in (20, 30))
    assert isinstance(one, Outcome)
    assert one == other
    assert one.port == "open"
    silent = replace(GUNICORN, ready=Ready(by="line", line="ready"))
    quiet = observe(hit(20), silent, TERMINATIONS["SIGTERM"])
    assert isinstance(quiet, Outcome)
    assert quiet.port is None
    roles = [(each.role, each.fired, each.exit) for each in one.processes]
    assert roles == [
        ("master", (), None),
        ("worker", ("A",), {"code": 0}),
        ("others", (), None),
    ]
    assert ("worker", "returned", "A") in timeline(hit(20), GUNICORN)


def test_a_forked_worker_has_what_its_master_registered() -> None:
    """Also where it was found before its master's events were read."""
    early = trial(
        Event("harness", 20, "sent", ("SIGTERM", "worker")),
        *(Event("probe", 20, kind, ("10.1",)) for kind in ("began", "ended")),
        Event("kernel", 20, "ended", ("code 0",)),
        Event("kernel", 10, "alive"),
        workers=(20,),
    )
    found = Event("kernel", 20, "found", WORDS)
    registered = Event("probe", 10, "registered", ("10.1", "M", "app:M", "/w/app.py:9"))
    library = Event("probe", 10, "registered", ("10.0", "shutdown", "logging:shutdown", ""))
    history = list(early.history)
    history[2:2] = [library, found, registered]
    shown = observe(replace(early, history=tuple(history)), GUNICORN, TERMINATIONS["SIGTERM"])
    assert isinstance(shown, Outcome)
    assert shown.processes[1].fired == ("M",)


@pytest.mark.parametrize("source", ["probe", "endings"])
def test_a_forked_worker_whose_first_word_is_of_any_source_has_what_its_master_has(
    source: Literal["probe", "endings"],
) -> None:
    """What it runs first may be a handler that tells of itself: uWSGI's, of its own kind."""
    registered = Event("endings", 10, "registered", ("endings.1", "uwsgi.atexit:bye", "app:bye"))
    early = trial(
        Event("harness", 20, "sent", ("SIGTERM", "worker")),
        Event(source, 20, "forked", ("10",)),
        *(Event("endings", 20, kind, ("endings.1",)) for kind in ("began", "ended")),
        Event("kernel", 20, "ended", ("code 0",)),
        Event("kernel", 10, "alive"),
        workers=(),
    )
    found = Event("kernel", 20, "found", WORDS)
    history = list(early.history)
    history[2:2] = [found, registered]
    shown = observe(
        replace(early, history=tuple(history), tree=tree(20)), GUNICORN, TERMINATIONS["SIGTERM"]
    )
    assert isinstance(shown, Outcome)
    assert shown.processes[1].fired == ("uwsgi.atexit:bye",)


@given(st.permutations([20, 30, 40]))
def test_the_order_in_which_workers_are_seen_does_not_matter(pids: list[int]) -> None:
    """Outcomes are equal up to a permutation of the workers."""
    ends = [
        event
        for pid in pids
        for event in (*events_of(pid, "began", "ended"), Event("kernel", pid, "ended", ("code 0",)))
    ]
    sent = Event("harness", 10, "sent", ("SIGTERM", "master"))
    made = trial(sent, *ends, Event("kernel", 10, "ended", ("code 0",)), workers=(20, 30, 40))
    made = replace(made, cell="cpython-3.13.0/made/gunicorn/SIGTERM@master")
    shown = observe(made, GUNICORN, TERMINATIONS["SIGTERM"])
    assert isinstance(shown, Outcome)
    assert [one.role for one in shown.processes[1:]] == ["worker#1", "worker#2", "worker#3"]
    assert {one.fired for one in shown.processes[1:]} == {("A",)}


def with_a_fork(copied: float, end: str, *kinds: str, torn: bool = False) -> Trial:
    """A worker that its master replaces, and a fork of the new one that ends at some time."""
    made = hit(20)
    late = Node(pid=60, parent=10, words=WORDS, program="/p", forked=True, at_ready=False, copied=9)
    fork = replace(late, pid=61, parent=60, copied=copied, forked=not torn)
    after = (
        Event("probe", 60, "forked", ("10",)),
        *events_of(61, *kinds),
        Event("kernel", 61, "ended", (end,)),
        Event("kernel", 60, "alive"),
    )
    return replace(
        made, history=(*made.history[:-1], *after, made.history[-1]), tree=(*made.tree, late, fork)
    )


@pytest.mark.parametrize(
    ("copied", "end", "kinds", "new"),
    [
        (0.007, "code 0", (), 1),
        (0.055, "code 0", (), 2),
        (0.0, "signal SIGKILL", (), 2),
        (0.0, "code 0", ("began",), 2),
    ],
    ids=["seen before its exec", "lasts", "is killed", "tells something"],
)
def test_what_is_seen_only_before_its_exec_is_no_worker(
    copied: float, end: str, kinds: tuple[str, ...], new: int
) -> None:
    """A library that starts `uname` forks: until that is executed it is a copy of a worker."""
    for torn in (False, True):  # the command of before its exec, and the memory of after
        made = with_a_fork(copied, end, *kinds, torn=torn)
        shown = observe(made, GUNICORN, TERMINATIONS["SIGTERM"])
        assert isinstance(shown, Outcome)
        assert sum(one.role.startswith("new-") for one in shown.processes) == new


def test_a_new_worker_that_was_not_seen_from_inside_is_not_said_to_have_run_nothing() -> None:
    """Its handlers are null, so the cell is unknown."""
    late = Node(pid=60, parent=10, words=WORDS, program="/p", listens=True, at_ready=False)
    hit_one = hit(20)
    history = (*hit_one.history[:-1], Event("kernel", 60, "alive"), hit_one.history[-1])
    shown = observe(
        replace(hit_one, history=history, tree=(*hit_one.tree, late)),
        GUNICORN,
        TERMINATIONS["SIGTERM"],
    )
    assert isinstance(shown, Outcome)
    new = shown.processes[-1]
    assert (new.role, new.fired, new.exit) == ("new-worker", None, None)


def test_a_master_that_holds_the_socket_alone_answers_nobody() -> None:
    """The port is closed where no worker is left to accept a connection."""
    gone = trial(
        Event("harness", 20, "sent", ("SIGTERM", "worker")),
        Event("kernel", 20, "ended", ("code 0",)),
        Event("kernel", 10, "alive"),
        workers=(20,),
    )
    shown = observe(gone, GUNICORN, TERMINATIONS["SIGTERM"])
    assert isinstance(shown, Outcome)
    assert (shown.survivors, shown.port) == (("master",), "closed")


# ------------------------------------------------------------ held against what was measured


@cache
def observed(server: str) -> list[Record]:
    return [one for one in records() if LOADED[one.scenario].server == server]


def all_match(rows: list[Record]) -> bool:
    return all(judge(one, LOADED[one.scenario]).verdict.verdict == "match" for one in rows)


@pytest.mark.parametrize("server", sorted(SERVERS))
def test_every_record_of_a_server_is_as_its_facts_foresee(server: str) -> None:
    """Of every Python and release on record."""
    rows = observed(server)
    assert rows
    assert all_match(rows)


def test_no_process_of_a_pool_of_celery_ran_a_handler_of_atexit() -> None:
    """On no Python and after no ending; and the main process did after some."""
    rows = [*observed("celery-prefork"), *observed("celery-prefork-busy")]
    ran = {
        one.role == "master"
        for row in rows
        for outcome in row.outcomes
        for one in outcome.processes
        if "A" in (one.fired or ())
    }
    assert ran == {True}


def test_clean_up_of_uwsgi_is_cut_off_by_the_signal_of_its_master() -> None:
    """Of a worker that is sent SIGTERM with all others; it has the status of one that is done."""
    rows = [one for one in observed("uwsgi-die-on-term") if "/uwsgi-slow/" in one.cell]
    cut = {
        (row.cell.partition("uwsgi-slow/")[2], one.exit["code"])
        for row in rows
        for outcome in row.outcomes
        for one in outcome.processes
        if one.unfinished and one.exit
    }
    assert cut == {("SIGTERM@group", 30)}


def test_no_master_of_uwsgi_ran_a_handler_and_workers_did() -> None:
    """On no Python and after no ending, though it has imported the application."""
    rows = [*observed("uwsgi-master"), *observed("uwsgi-die-on-term"), *observed("uwsgi-wheel")]
    ran = {
        one.role == "master"
        for row in rows
        for outcome in row.outcomes
        for one in outcome.processes
        if one.fired or one.unfinished
    }
    assert ran == {False}


# What is no fact of its own; and what only adds an outcome to a race, which may be rare.
ABOUT = (
    "id",
    "since",
    "where",
    "package",
    "source",
    "handlers",
    "restores",
    "nests",
    "inherits_handlers",
    "unlisted",
)
# Whether its workers have handlers shows nowhere: on 3.12 they come to os._exit, and run none.
# Of gunicorn-stuck, because they are killed before they would run. A server that waits and does not
# end has run nothing yet: uvicorn with a stream, since 3.12.
UNSEEN = (
    ("granian-wsgi", 0, "imports", ""),
    ("gunicorn-stuck", 0, "imports", ""),
    ("ipykernel", 0, "imports", ""),  # a signal kills it
    ("ipykernel-manager-slow", 0, "imports", ""),  # it is cut off
    ("uvicorn-open-stream", 1, "imports", ""),
    ("uwsgi-late", 0, "imports", ""),  # it goes on, or a signal kills it
    ("uwsgi-lazy-apps", 0, "leaves", ""),  # of a master that has none it does not show
)
# What no run has shown, and the source says: the master of granian may be so late to act upon a
# signal that a thread of it has noted before that a worker is gone. That of gunicorn would have to
# be a second late, in which a worker with threads looks at its own signal. That a worker
# of uvicorn takes SIGINT after its master's SIGTERM was seen up to 0.29, on a busy machine.
RARE_FACTS = (
    *(("granian", place, "notes", "") for place in range(2)),
    ("granian-wsgi", 1, "notes", ""),  # of forked workers, up to 3.13, it was seen under load
    ("gunicorn-gthread", 0, "replaces_late", ""),
    # Seen of 22.0; 20.1 does it where its writes to stderr are held.
    *((f"gunicorn{what}", 0, "tells_in_handler", "") for what in ("", "-preload", "-gthread")),
    ("uvicorn-workers", 3, "forced", ""),
)
# What lies between two stacks: `exitmatrix bisect` tells since which release it is so, and no cell
# of a release before that is on record.
BETWEEN = (("uvicorn-workers", 2),)
Key = str | int
WITHOUT = Server(id="", package="", imports=(), source="")


BY_KEY = ("worker", "master", "fatal")
# What is said of requests, of servers that are not asked for anything.
OF_REQUESTS = ("quits", "raises", "fatal", "renews")


@cache
def is_asked(server: str, answering: bool = False) -> bool:
    """Whether there are records of a request to it, or of one that was in flight."""
    return any(
        outcome.client is not None and LOADED[one.scenario].answering >= answering
        for one in observed(server)
        for outcome in one.outcomes
    )


def is_signalled_again(server: str) -> bool:
    """Whether there are records of one signal that is sent twice to it."""
    return any("-then-SIGTERM" in one.termination for one in observed(server))


def is_interrupted(server: str) -> bool:
    """Whether there are records of SIGINT to all of it while a request is in flight."""
    return any(
        one.target == "group" and one.termination == "SIGINT"
        for one in observed(server)
        if LOADED[one.scenario].answering
    )


def facts() -> list[tuple[str, int, str, Key]]:
    """Every fact of every server: the field, and the signal where it has some for each."""
    return [
        (server, place, field, signal)
        for server, some in SERVERS.items()
        for place, one in enumerate(some)
        if (server, place) not in BETWEEN
        for field in one.__struct_fields__
        if field not in ABOUT and getattr(one, field) != getattr(WITHOUT, field)
        if field not in OF_REQUESTS or is_asked(server)
        if field != "again" or is_signalled_again(server)
        if field != "forced" or is_interrupted(server)
        for signal in (getattr(one, field) if field in BY_KEY else ("",))
    ]


def goes_unnoticed(server: str, wrong: tuple[Server, ...]) -> bool:
    """Whether every record of a server is as these facts foresee."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SERVERS, server, wrong)
        return all_match(observed(server))


def test_a_wrong_fact_is_noticed() -> None:
    """Had a server not what the fact says, some record would not be as foreseen."""
    seen = every(4, [one for one in facts() if one not in (*UNSEEN, *RARE_FACTS)])
    assert len(seen) > 100
    assert not [one for one in seen if goes_unnoticed(one[0], less(*one))]


@pytest.mark.parametrize(
    ("scenario", "target", "withheld", "termination"),
    [
        ("celery-prefork-busy", "group", "SIGUSR1", "SIGINT"),
        ("gunicorn-gthread", "master", "SIGUSR1", "SIGTERM"),
        ("gunicorn-hooks", "worker", "SIGUSR1", "SIGTERM"),
        ("gunicorn", "master", "SIGUSR2", "SIGTERM"),
        ("celery-threads-busy", "main", "SIGUSR2", "SIGTERM"),
        ("uwsgi", "main", "SIGUSR1", "SIGTERM"),
    ],
)
def test_a_signal_that_is_handled_in_a_way_nobody_tells_is_withheld(
    scenario: str, target: str, withheld: str, termination: str
) -> None:
    """It is no signal that has its default action. Others are foretold."""
    packages = {"celery": "5.7.0", "gunicorn": "27.0.1", "pyuwsgi": "2.0.30"}
    subject = LOADED[scenario]
    assert predict_served(of(f"{scenario}/{termination}@{target}", **packages), subject).outcomes
    with pytest.raises(NotPredicted, match=withheld):
        predict_served(of(f"{scenario}/{withheld}@{target}", **packages), subject)


def test_of_facts_between_two_stacks_nothing_is_on_record() -> None:
    """Once a cell rests on them, they are to be noticed as all others are."""
    for server, place in BETWEEN:
        some = SERVERS[server]
        assert not any(
            facts_of(LOADED[one.scenario], one.packages) is some[place] for one in observed(server)
        )


def less(server: str, place: int, field: str, signal: Key) -> tuple[Server, ...]:
    """The facts of a server, of which one is not known."""
    some = list(SERVERS[server])
    known = getattr(some[place], field)
    left = {name: how for name, how in known.items() if name != signal} if signal else None
    wrong = getattr(WITHOUT, field) if left is None else left
    some[place] = replace(some[place], **{field: wrong})
    return tuple(some)


Part = tuple[str, int, str, Key, str]

# What only adds an outcome to a race, and one that no run has shown: that the master of hypercorn
# sees one worker gone and the other not yet, though SIGTERM was sent to both at once.
# That SIGTERM is swallowed in Django's reloader on PyPy: by hand it was, and in Werkzeug's, which
# is alike, in 4 of 960 servers.
# That an idle worker of celery has gone within 2.5 s of SIGTERM: it took 3.5 s and more.
# And that the SIGQUIT of a master of gunicorn comes while handlers run which take no time: it was
# seen where they take some (`gunicorn-slow`), and in a worker that had registered none yet.
RARE: tuple[Part, ...] = (
    *(("hypercorn-workers", place, "master", "SIGTERM", "reports") for place in (0, 2)),
    ("django-runserver", 1, "worker", "SIGTERM", "race"),
    *(
        (server, place, "worker", f"SIGTERM-then-{second}", "race")
        for server in ("celery-solo", "celery-threads")
        for place in range(2)
        for second in ("SIGTERM", "SIGKILL")
    ),
    ("gunicorn", 2, "worker", "SIGQUIT", "interrupts"),
    *(
        (server, place, "worker", "SIGQUIT", "interrupts")
        for server in ("gunicorn-preload", "gunicorn-gthread")
        for place in range(2)
    ),
)


def parts() -> list[Part]:
    """All that is said of what a process does: status, hooks, what is passed on, ..."""
    return [
        (server, place, field, signal, part)
        for server, some in SERVERS.items()
        for place, one in enumerate(some)
        if (server, place) not in BETWEEN
        for field, signal, what in said_of(one)
        for part in what.__struct_fields__
        if part not in ("source", "how") and getattr(what, part) != getattr(nothing(what), part)
        if part != "view" or is_asked(server, answering=True)
        if part != "passes" or one.workers > 1 or field != "gives_up"  # who is left is nobody
        if field not in OF_REQUESTS or is_asked(server)
    ]


def without(server: str, place: int, field: str, signal: Key, part: str) -> tuple[Server, ...]:
    """The facts of a server, of which a part of one says nothing."""
    some = list(SERVERS[server])
    known = getattr(some[place], field)
    what = known[signal] if signal else known
    wrong = replace(what, **{part: getattr(nothing(what), part)})
    some[place] = replace(some[place], **{field: {**known, signal: wrong} if signal else wrong})
    return tuple(some)


def said_of(one: Server) -> Iterator[tuple[str, Key, Reaction | Stop]]:
    for signal, reaction in one.worker.items():
        yield "worker", signal, reaction
    for signal, stop in one.master.items():
        yield "master", signal, stop
    for status, stop in one.fatal.items():
        yield "fatal", status, stop
    for field in ("without_signal", "orphan", "gives_up", "quits", "retires"):
        if getattr(one, field) is not None:
            yield field, "", getattr(one, field)


def nothing(what: Reaction | Stop) -> Reaction | Stop:
    return Reaction(how="goes on") if isinstance(what, Reaction) else Stop()


def test_a_wrong_part_of_a_fact_is_noticed() -> None:
    """Had it another status, no hooks, no restart, some record would not be as foreseen."""
    seen = every(4, [one for one in parts() if one not in RARE])
    assert len(seen) > 100
    assert not [one for one in seen if goes_unnoticed(one[0], without(*one))]


@pytest.mark.parametrize(
    ("server", "left"),
    [
        *((law[0], without(*law)) for law in RARE),
        *((fact[0], less(*fact)) for fact in RARE_FACTS),
    ],
    ids=[str(one) for one in (*RARE, *RARE_FACTS)],
)
def test_what_no_run_has_shown_is_still_an_outcome_of_a_race(
    server: str, left: tuple[Server, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It allows some record's cell another outcome; once a run shows that, it is rare no more."""

    def allowed() -> set[tuple[str, str]]:
        made = {one.cell: foresee_served(one, LOADED[one.scenario]) for one in rows}
        return {(cell, str(outcome)) for cell, one in made.items() for outcome in one.outcomes}

    rows = observed(server)
    before = allowed()
    monkeypatch.setitem(SERVERS, server, left)
    assert allowed() < before
    assert all_match(rows)
