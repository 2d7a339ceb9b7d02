"""Requests to servers: whose view ends its process, or is at work when that is ended."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from exitmatrix.declare.servers import SERVERS
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.judge.served.request import foresee_served, view_of
from exitmatrix.judge.verdict import judge
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.machine.run.app import request
from exitmatrix.machine.run.app.delivery import aimed_at, hit_before
from exitmatrix.machine.run.app.request import response_outcome
from exitmatrix.machine.run.app.state import AppState
from exitmatrix.machine.run.gates import Gates
from exitmatrix.machine.run.served import situation
from exitmatrix.machine.scenarios import load
from exitmatrix.model import Event, Outcome, Prediction, Record, Scenario, Trial, Unknown
from exitmatrix.model.server import Reaction, Server, Stop, View
from exitmatrix.model.tree import Tree
from exitmatrix.observe import observe, timeline
from exitmatrix.observe.blind import agrees
from exitmatrix.report.document import Symbol
from exitmatrix.report.phrases import answer_words, handler_words, state
from msgspec.structs import replace

from tests.conftest import LOADED, NEWEST, make_order, run_orders
from tests.support.committed import records
from tests.support.part import every
from tests.support.served import MASTER, tree, trial
from tests.support.values import record

GUNICORN, BUSY = LOADED["gunicorn"], LOADED["gunicorn-busy"]
MEASURED = [one for one in records() if any(outcome.client is not None for outcome in one.outcomes)]


def foreseen(
    monkeypatch: pytest.MonkeyPatch, ending: str, facts: Server, scenario: Scenario = GUNICORN
) -> Prediction:
    """What facts that are made up allow."""
    monkeypatch.setitem(SERVERS, scenario.server, (facts,))
    asked = record(f"{scenario.id}/{ending}", stack="made", packages={"made": "1"})
    return foresee_served(asked, scenario)


def clients(made: Prediction) -> set[str | None]:
    return {one.client for one in made.outcomes}


def ends(made: Prediction) -> set[tuple[str, ...]]:
    return {
        tuple(f"{one.role} {one.exit}" for one in outcome.processes) for outcome in made.outcomes
    }


# ------------------------------------------------------------------ the laws


def test_a_view_that_exits_at_once_answers_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is replaced, where a worker that is gone is."""
    made = foreseen(monkeypatch, "os-exit-7@worker", replace(MASTER, replaces=True))
    assert clients(made) == {"closed"}
    assert ends(made) == {
        ("master None", "worker {'code': 7}", "others None", "new-worker None"),
    }


def test_a_view_that_raises_is_answered_with_500(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody leaves."""
    made = foreseen(monkeypatch, "exception@worker", MASTER)
    assert clients(made) == {"500"}
    assert {one.survivors for one in made.outcomes} == {("master", "worker", "others")}


def test_what_system_exit_does_in_a_view_is_a_fact_of_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is caught, or it leaves with its own status; where nobody has said it, it is withheld."""
    caught = Reaction(how="goes on", view=View(ends="raises", client="500"))
    made = foreseen(monkeypatch, "sys-exit-3@worker", replace(MASTER, quits=caught))
    assert (clients(made), {one.port for one in made.outcomes}) == ({"500"}, {"open"})
    leaves = Reaction(how="finalizes", view=View(ends="raises", client="closed"))
    made = foreseen(monkeypatch, "sys-exit-3@worker", replace(MASTER, quits=leaves))
    assert ("master None", "worker {'code': 3}", "others None") in ends(made)
    with pytest.raises(NotPredicted):
        foreseen(monkeypatch, "sys-exit-3@worker", MASTER)


def test_a_status_may_stop_the_whole_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of gunicorn 3 does, which says that a worker could not start; 7 does not."""
    facts = replace(MASTER, replaces=True, fatal={3: Stop(passes="SIGTERM", status=3)})
    stopped = foreseen(monkeypatch, "os-exit-3@worker", facts)
    assert ends(stopped) == {("master {'code': 3}", "worker {'code': 3}", "others {'code': 0}")}
    assert "server-cannot-start-status" in stopped.rules
    goes_on = foreseen(monkeypatch, "os-exit-7@worker", facts)
    assert {one.survivors[0] for one in goes_on.outcomes} == {"master"}


def test_a_status_may_ask_for_another_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reloader starts its program again when that ends with 3, and follows it with any other."""
    facts = replace(MASTER, workers=1, follows=True, renews=(3,))
    again = foreseen(monkeypatch, "os-exit-3@worker", facts)
    assert ends(again) == {("master None", "worker {'code': 3}", "new-worker None")}
    followed = foreseen(monkeypatch, "os-exit-7@worker", facts)
    assert ends(followed) == {("master {'code': 7}", "worker {'code': 7}")}


def test_a_server_may_answer_nothing_when_a_view_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers with 500 unless its facts say otherwise, and goes on either way."""
    made = foreseen(monkeypatch, "exception@worker", MASTER)
    assert (clients(made), made.rules[0]) == ({"500"}, "server-answers-500")
    nothing = replace(MASTER, raises=View(ends="raises", client="closed"))
    made = foreseen(monkeypatch, "exception@worker", nothing)
    assert (clients(made), made.rules[0]) == ({"closed"}, "server-answers-nothing")
    assert {len(one.survivors) for one in made.outcomes} == {3}


def test_a_process_may_leave_past_python_because_a_view_is_at_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As uWSGI's: it has its status, and runs neither handlers nor the server's own hooks."""
    past = View(ends="never", client="closed", past=True)
    leaves = Reaction(how="finalizes", status=30, hooks=("bye",), view=past)
    facts = replace(MASTER, worker={"SIGTERM": leaves})
    made = foreseen(monkeypatch, "self-SIGTERM@worker", facts)
    assert {one.processes[1].fired for one in made.outcomes} == {()}
    assert {str(one.processes[1].exit) for one in made.outcomes} == {"{'code': 30}"}
    idle = foreseen(monkeypatch, "SIGTERM@worker", facts)
    assert {one.processes[1].fired for one in idle.outcomes} == {("bye", "A")}


def in_turn(scenario: str, ending: str, **packages: str) -> set[tuple[object, ...]]:
    """What its processes ran and how they ended, and its client, when two signals come."""
    made = foresee_served(
        record(f"{scenario}/{ending}", stack="made", packages=packages), LOADED[scenario]
    )
    return {
        (*((one.fired, one.unfinished, str(one.exit)) for one in outcome.processes), outcome.client)
        for outcome in made.outcomes
    }


def test_a_sigkill_that_follows_takes_those_that_it_is_sent_to_while_they_wait_for_a_view() -> None:
    """As `docker stop` does. A worker whose master it takes answers, and cleans up."""
    killed, clean = "{'signal': 'SIGKILL'}", ("C", "B", "A")
    gone, idle = ((), (), killed), (clean, (), "{'code': 0}")
    answers = (("view:busy", *clean), (), "{'code': 0}")
    assert in_turn("gunicorn-busy", "SIGTERM-then-SIGKILL@master", gunicorn="27.0.1") == {
        (gone, idle, answers, "200")
    }
    cut = ((), ("view:busy",), killed)
    lost = in_turn("gunicorn-busy", "SIGTERM-then-SIGKILL@worker", gunicorn="27.0.1")
    assert {(one[1], one[-1]) for one in lost} == {(cut, "closed")}
    alone = in_turn("hypercorn-no-worker-busy", "SIGTERM-then-SIGKILL@main", hypercorn="0.18.0")
    assert alone == {(cut, "closed")}


def test_a_worker_that_leaves_without_its_master_may_cut_its_view_then() -> None:
    """Those of gevent look once a second for their parent, and leave their greenlets."""
    packages = {"gunicorn": "27.0.1", "gevent": "26.9.0"}
    made = in_turn("gunicorn-gevent-busy", "SIGTERM-then-SIGKILL@master", **packages)
    unfinished = {
        name for one in made for process in one[:-1] for name in cast(tuple[str, str], process)[1]
    }
    assert (unfinished, {one[-1] for one in made}) == ({"view:busy"}, {"closed"})


def test_two_signals_of_which_nobody_has_said_anything_are_withheld() -> None:
    """So is one that comes while a worker is in a hook that never returns."""
    cell = "gunicorn-stuck/SIGTERM-then-SIGTERM@master"
    asked = record(cell, stack="made", packages={"gunicorn": "27.0.1"})
    with pytest.raises(NotPredicted, match="SIGTERM-then-"):
        foresee_served(asked, LOADED[asked.scenario])


Reported = tuple[tuple[str, ...], tuple[str, ...], str]
BEGINS, PROCESS = "celery.worker_shutting_down:begins", "celery.worker_process_shutdown:process"


def test_a_second_signal_to_all_has_workers_replaced_once_more() -> None:
    """A master that takes seconds to stop has those replaced that the first ended, and the second.

    Nobody is replaced three times, and one that starts may leave before its hooks.
    """
    made = in_turn("celery-prefork", "SIGTERM-then-SIGTERM@group", celery="5.7.0")
    hit, early = ((PROCESS,), (), TERMINATED), ((), (), "{'code': 15}")
    pairs = [(one[0], cast(tuple[Reported, ...], one[3:-1])) for one in made]
    assert {cast(tuple[tuple[str, ...]], first)[0][:2] for first, _ in pairs} == {(BEGINS, BEGINS)}
    assert max(len(new) for _, new in pairs) == 4
    assert {new.count(hit) for _, new in pairs if len(new) == 4} == {0, 1, 2}
    assert not any(
        len(new) > 2 + sum(one in (hit, early) for one in new)
        for _, new in pairs
        if BEGINS not in str(new)
    )
    assert any(early in new for _, new in pairs)


def test_a_sigkill_to_all_takes_whom_a_master_has_started_meanwhile() -> None:
    """The master is cut off while it waits for its pool: of its hooks it has called the first."""
    made = in_turn("celery-prefork", "SIGTERM-then-SIGKILL@group", celery="5.7.0")
    assert {one[0] for one in made} == {((BEGINS,), (), KILLED)}
    pairs = [cast(tuple[Reported, ...], one[3:-1]) for one in made]
    assert {len(new) for new in pairs} == {0, 1, 2}
    assert {one[-1] for new in pairs for one in new} == {KILLED, "{'code': 0}"}


@pytest.mark.parametrize("target", ["master", "worker"])
@pytest.mark.parametrize("scenario", ["gunicorn", "gunicorn-busy"])
def test_a_second_sigterm_changes_nothing(scenario: str, target: str) -> None:
    """It finds nobody where nobody was answering, and else a handler that sets what it has set."""
    packages = {"gunicorn": "27.0.1"}
    once, twice = (
        in_turn(scenario, f"{ending}@{target}", **packages)
        for ending in ("SIGTERM", "SIGTERM-then-SIGTERM")
    )
    assert twice == once


KILLED, TERMINATED = "{'signal': 'SIGKILL'}", "{'signal': 'SIGTERM'}"
CLEAN = (("C", "B", "A"), (), "{'code': 0}")
LIVES = ((), (), "None")


@pytest.mark.parametrize("scenario", ["uwsgi-master", "uwsgi-master-busy"])
def test_a_master_that_has_started_anew_takes_the_second_signal_as_the_first(scenario: str) -> None:
    """Of two workers each signal has two more started. A SIGKILL leaves the last without it."""
    left = (("uwsgi.atexit:bye", "C", "B", "A"), (), "{'code': 30}")
    lost = ((), ("view:busy",), "{'code': 30}") if scenario.endswith("busy") else left
    client = "closed" if scenario.endswith("busy") else None
    old = sorted((left, lost), reverse=True)
    twice = in_turn(scenario, "SIGTERM-then-SIGTERM@master", pyuwsgi="2.0.30")
    assert twice == {(LIVES, *old, left, left, LIVES, LIVES, client)}
    killed = in_turn(scenario, "SIGTERM-then-SIGKILL@master", pyuwsgi="2.0.30")
    gone = ((), (), KILLED)
    assert killed == {(gone, *old, left, left, client)}


def test_a_worker_that_was_deaf_to_the_first_signal_takes_the_second() -> None:
    """So nobody is left, where after one signal a worker may be that had just been forked."""
    once, twice, killed = (
        in_turn("gunicorn", f"{ending}@group", gunicorn="20.1.0")
        for ending in ("SIGTERM", "SIGTERM-then-SIGTERM", "SIGTERM-then-SIGKILL")
    )
    assert {processes for processes in once if LIVES not in processes} == twice < once
    assert any(LIVES in processes for processes in once)
    assert (
        {processes for processes in killed if ((), (), KILLED) not in processes} == twice < killed
    )


def test_a_signal_that_may_be_swallowed_may_be_swallowed_twice() -> None:
    """In Django's reloader on PyPy, where a callback of a weak reference runs at that moment."""
    once, twice = (
        foresee_served(
            record(
                f"django-runserver/{ending}@worker",
                version="3.11.17",
                implementation="pypy",
                build="8.0.1",
                stack="made",
                packages={"django": "5.2"},
            ),
            LOADED["django-runserver"],
        )
        for ending in ("SIGTERM", "SIGTERM-then-SIGTERM")
    )
    assert twice.outcomes == once.outcomes
    assert {one.processes[1].exit is None for one in twice.outcomes} == {True, False}


def test_a_master_that_stops_one_worker_after_another_may_be_killed_before_the_second() -> None:
    """Then that serves on, if the first is the one that answers."""
    answered = (("view:busy", "lifespan:shutdown", "C", "B", "A"), (), "{'code': 0}")
    gone_on = (("lifespan:shutdown", "C", "B", "A"), (), "{'code': 0}")
    gone = ((), (), KILLED)
    made = in_turn("uvicorn-workers-busy", "SIGTERM-then-SIGKILL@master", uvicorn="0.28.1")
    assert made == {(gone, gone_on, answered, "200"), (gone, answered, LIVES, "200")}
    at_once = in_turn("uvicorn-workers-busy", "SIGTERM-then-SIGKILL@master", uvicorn="0.54.0")
    assert not any(LIVES in one for one in at_once)


def test_a_third_signal_may_hang_a_worker_of_granian() -> None:
    """The group's and its master's are two, unless Python has merged them."""
    twice = in_turn("granian-busy", "SIGTERM-then-SIGTERM@group", granian="2.8.7")
    hung = (LIVES, ((), ("view:busy",), "None"), "waits")
    assert twice - {hung} == in_turn("granian-busy", "SIGTERM@group", granian="2.8.7")
    assert hung in twice
    assert hung not in in_turn("granian-busy", "SIGTERM-then-SIGTERM@worker", granian="2.8.7")


def test_sigabrt_ends_a_view_as_the_kind_of_worker_has_it() -> None:
    """A sync worker since 22 takes it for an exception of the view, and leaves with 0."""
    packages = {"gunicorn": "27.0.1", "gevent": "26.9.0"}

    def foreseen_of(scenario: str, gunicorn: str = "27.0.1") -> tuple[object, ...]:
        made = in_turn(scenario, "SIGABRT@worker", **{**packages, "gunicorn": gunicorn})
        ((_, worker, *_, client),) = made
        return cast(tuple[object, ...], worker)[2], client

    assert foreseen_of("gunicorn-busy") == ("{'code': 0}", "500")
    assert foreseen_of("gunicorn-busy", "20.1.0") == ("{'code': 1}", "closed")
    assert foreseen_of("gunicorn-gthread-busy") == ("{'code': 1}", "200")
    assert foreseen_of("gunicorn-gevent-busy") == ("{'code': 1}", "closed")
    assert foreseen_of("gunicorn-asgi-busy") == ("{'code': 1}", "closed")


def test_a_process_that_is_killed_beside_its_view_may_have_come_anywhere() -> None:
    """The reloader's SIGKILL cuts off two threads: that of the view, and that of the handlers."""
    made = foresee_served(
        record("flask-run-debug-busy/SIGTERM@group", stack="made", packages={"flask": "3.1.3"}),
        LOADED["flask-run-debug-busy"],
    )
    workers = [one.processes[1] for one in made.outcomes]
    killed = [one for one in workers if one.exit == {"signal": "SIGKILL"}]
    assert {one.fired for one in killed} == {(), ("C",), ("C", "B"), ("C", "B", "A")}
    assert all("view:busy" in (one.unfinished or ()) for one in killed)


def test_a_master_of_celery_that_is_killed_on_its_way_takes_its_task_along() -> None:
    """It waits for the task; the kernel kills a process of the pool with its parent."""
    begun = (("celery.worker_shutting_down:begins",), (), KILLED)
    made = in_turn("celery-prefork-busy", "SIGTERM-then-SIGKILL@master", celery="5.7.0")
    assert made == {(begun, ((), ("celery.task:work",), KILLED), None)}


def test_of_two_workers_the_one_that_answers_may_be_killed_because_the_other_has_gone() -> None:
    """That of hypercorn has no handler of SIGTERM; where it is the only one, it answers."""
    lost = in_turn("hypercorn-workers-busy", "SIGTERM@master", hypercorn="0.18.0")
    clean = (("lifespan:shutdown", "C", "B", "A"), (), "{'code': 0}")
    cut = ((), ("view:busy",), "{'signal': 'SIGTERM'}")
    assert lost == {(((), (), "{'code': 0}"), clean, cut, "closed")}
    alone = in_turn("hypercorn-busy", "SIGTERM@master", hypercorn="0.18.0")
    assert {one[-1] for one in alone} == {"200"}


def test_a_process_that_leaves_past_python_runs_nothing_though_it_is_told_by_a_signal() -> None:
    """A worker of uWSGI that is at work; the other runs all. On SIGHUP it answers before."""
    lost = in_turn("uwsgi-die-on-term-busy", "SIGTERM@master", pyuwsgi="2.0.30")
    clean = (("uwsgi.atexit:bye", "C", "B", "A"), (), "{'code': 30}")
    gone = ((), (), "{'code': 0}")
    assert lost == {(gone, clean, ((), ("view:busy",), "{'code': 30}"), "closed")}
    reloaded = in_turn("uwsgi-die-on-term-busy", "SIGHUP@worker", pyuwsgi="2.0.30")
    assert {(one[1], one[-1]) for one in reloaded} == {
        ((("view:busy", *clean[0]), (), "{'code': 30}"), "200")
    }


def test_a_signal_to_oneself_is_taken_as_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A view that is waited for is answered; where nothing handles the signal, nobody is."""
    waits = Reaction(how="finalizes", view=View(ends="returns"))
    made = foreseen(monkeypatch, "self-SIGTERM@worker", replace(MASTER, worker={"SIGTERM": waits}))
    assert clients(made) == {"200"}
    killed = foreseen(monkeypatch, "self-SIGTERM@worker", replace(MASTER, worker={}))
    assert clients(killed) == {"closed"}
    assert {str(one.processes[1].exit) for one in killed.outcomes} == {"{'signal': 'SIGTERM'}"}


def test_a_worker_that_may_answer_no_more_retires(monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers, leaves as it does when it is told to, and its master tells of it."""
    retires = Reaction(how="finalizes", hooks=("made:leaves",), view=View(ends="returns"))
    facts = replace(MASTER, retires=retires, reaps=("made:reaped",), replaces=True)
    made = foreseen(monkeypatch, "return@worker", facts)
    (outcome,) = made.outcomes
    assert [one.fired for one in outcome.processes] == [
        ("made:reaped",),
        ("made:leaves", "A"),
        (),
        (),
    ]
    assert outcome.client == "200"
    (goes_on,) = foreseen(monkeypatch, "return@worker", MASTER).outcomes
    assert goes_on.survivors == ("master", "worker", "others")


def test_a_view_that_hangs_may_be_killed_while_its_process_leaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """SIGKILL follows the first signal; where nobody looks, nothing is foreseen."""
    abort = Reaction(how="finalizes", status=1, view=View(ends="raises", client="500", status=0))
    facts = replace(MASTER, worker={"SIGABRT": abort}, hung="SIGABRT", replaces=True)
    made = foreseen(monkeypatch, "hang@worker", facts)
    assert clients(made) == {"500"}
    assert {str(one.processes[1].exit) for one in made.outcomes} == {
        "{'code': 0}",
        "{'signal': 'SIGKILL'}",
    }
    assert made.races
    with pytest.raises(NotPredicted):
        foreseen(monkeypatch, "hang@worker", MASTER)


def test_hooks_run_where_there_is_no_application(monkeypatch: pytest.MonkeyPatch) -> None:
    """The master calls its own for each worker that is gone, and then when it leaves."""
    stop = Stop(passes="SIGTERM", hooks=("made:leaves",))
    facts = replace(MASTER, master={"SIGTERM": stop}, reaps=("made:reaped",))
    (outcome,) = foreseen(monkeypatch, "SIGTERM@master", facts).outcomes
    assert outcome.processes[0].fired == ("made:reaped", "made:reaped", "made:leaves")


def test_a_request_in_flight_is_one_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two that a master stops, one has a view that ends before its handlers run."""
    waits = Reaction(how="finalizes", view=View(ends="returns"))
    facts = replace(MASTER, master={"SIGTERM": Stop(passes="SIGTERM")}, worker={"SIGTERM": waits})
    made = foreseen(monkeypatch, "SIGTERM@master", facts, BUSY)
    assert {
        tuple(one.fired or () for one in outcome.processes[1:]) for outcome in made.outcomes
    } == {(("A",), ("view:busy", "A"))}
    assert clients(made) == {"200"}


def test_two_signals_that_raise_may_cut_off_what_a_view_cleans_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ctrl-C to all: a worker's own handler raises, and the one for what its master passes on."""
    raises = Reaction(how="finalizes", view=View(ends="raises", client="500"))
    facts = replace(
        MASTER,
        master={"SIGINT": Stop(passes="SIGQUIT")},
        worker={"SIGINT": raises, "SIGQUIT": raises},
    )
    made = foreseen(monkeypatch, "SIGINT@group", facts, BUSY)
    busy = [[one for one in outcome.processes if one.raised] for outcome in made.outcomes]
    cut = [[one for one in outcome.processes if one.unfinished] for outcome in made.outcomes]
    assert any(busy)
    assert any(cut)
    assert clients(made) == {"500", "closed"}  # the second may come while the first is answered
    assert made.races
    alone = foreseen(monkeypatch, "SIGINT@worker", facts, BUSY)
    assert not any(one.unfinished for outcome in alone.outcomes for one in outcome.processes)
    assert clients(alone) == {"500"}


@pytest.mark.parametrize(("how", "client"), [("goes on", "200"), ("default action", "closed")])
def test_who_goes_on_answers_and_who_is_killed_does_not(how: str, client: str) -> None:
    """By law, and without a fact."""
    assert view_of(Reaction(how=how)).client == client  # type: ignore[arg-type]


def test_who_leaves_in_order_may_or_may_not_answer() -> None:
    """So it is withheld until somebody has said it; as of a fork that ends with `os._exit`."""
    for how in ("finalizes", "exits at once", "raises again"):
        with pytest.raises(NotPredicted):
            view_of(Reaction(how=how))


def test_a_view_that_is_cut_off_is_unfinished(monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGKILL to the worker that answers."""
    made = foreseen(monkeypatch, "SIGKILL@worker", MASTER, BUSY)
    assert {one.processes[1].unfinished for one in made.outcomes} == {("view:busy",)}
    assert clients(made) == {"closed"}


# ---------------------------------------------------------------- observing


def ended(*after: Event) -> Trial:
    """A view that ended its process, in the second worker."""
    made = trial(
        Event("harness", 0, "asked", ("/end",)),
        Event("endings", 30, "ending", ("os-exit-3",)),
        *after,
        Event("kernel", 30, "ended", ("code 3",)),
        Event("kernel", 10, "alive"),
        Event("kernel", 20, "alive"),
        Event("harness", 0, "replied", ("none", "closed")),
    )
    return replace(made, cell="cpython-3.13.0/made/gunicorn/os-exit-3@worker")


def test_the_worker_whose_view_ends_it_is_the_target() -> None:
    """Whichever was started first; and what its client got is part of the outcome."""
    shown = observe(ended(), GUNICORN, TERMINATIONS["os-exit-3"])
    assert isinstance(shown, Outcome)
    assert [(one.role, one.exit) for one in shown.processes] == [
        ("master", None),
        ("worker", {"code": 3}),
        ("others", None),
    ]
    assert shown.client == "closed"
    steps = timeline(ended(), GUNICORN)
    assert ("worker", "ending", "os-exit-3") in steps
    assert ("harness", "replied", "closed") in steps


def test_a_view_that_never_came_to_its_end_is_no_outcome() -> None:
    """Nor is one whose act had no effect."""
    silent = replace(ended(), history=tuple(one for one in ended().history if one.kind != "ending"))
    for made in (silent, ended(Event("endings", 30, "no-effect", ("os-exit-3", "it came back")))):
        assert isinstance(observe(made, GUNICORN, TERMINATIONS["os-exit-3"]), Unknown)


def test_two_outcomes_differ_in_what_the_client_got() -> None:
    """Of runs with the probe, and of one without it beside one with it."""
    made = ended()
    other = replace(
        made,
        history=tuple(
            replace(one, detail=("500",)) if one.kind == "replied" else one for one in made.history
        ),
    )
    one, two = (observe(each, GUNICORN, TERMINATIONS["os-exit-3"]) for each in (made, other))
    assert isinstance(one, Outcome)
    assert isinstance(two, Outcome)
    assert one != two
    assert not agrees(one, two)
    assert agrees(one, one)


@pytest.mark.parametrize(
    ("sent", "outcome"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "200"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", "cut"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "200"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", "cut"),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\nno", "500"),
        (b"HTTP/1.0 500 Oh\r\n\r\nuntil it is closed", "500"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok", "cut"),
        (b"HTTP/1.1 200", "cut"),
        (b"", "none"),
    ],
)
def test_an_answer_is_whole_when_its_end_has_come(sent: bytes, outcome: str) -> None:
    """By its length, by its last chunk, or by the end of the connection.

    A head may end with a bare line feed, as that of gunicorn's error pages does on Python 3.14.
    """
    assert response_outcome(sent) == outcome


@pytest.mark.parametrize(("sent", "became"), [(4 << 20, "200"), ((4 << 20) - 1, "cut")])
def test_of_a_long_answer_the_beginning_and_the_end_are_kept(
    sent: int, became: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream may have no end; whether all has come is known all the same."""
    held: list[int] = []

    def outcome(data: bytes, left_out: int = 0) -> str:
        held.append(len(data))
        return response_outcome(data, left_out)

    monkeypatch.setattr(request, "response_outcome", outcome)
    reading = SimpleNamespace(_state=SimpleNamespace(journal=SimpleNamespace(now=0.0)))

    async def read() -> tuple[str, ...]:
        reader = asyncio.StreamReader()
        reader.feed_data(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (4 << 20))
        reader.feed_data(bytes(sent))
        reader.feed_eof()
        writer = SimpleNamespace(close=lambda: None)
        return await request.Request._read(cast("Any", reading), reader, cast("Any", writer))

    assert asyncio.run(read()) == (became,)
    assert held == [2 * request.KEPT]


def test_what_ends_a_process_from_inside_is_asked_for_and_nothing_is_sent() -> None:
    """And a signal may be sent while a view is held."""
    inside = situation(TERMINATIONS["os-exit-3"], "worker", "master")
    assert (inside.steps, inside.request, inside.held) == ((), True, False)
    busy = situation(TERMINATIONS["SIGTERM"], "worker", "master", answering=True)
    assert ([one.signal for one in busy.steps], busy.request, busy.held) == (
        ["SIGTERM"],
        True,
        True,
    )
    idle = situation(TERMINATIONS["SIGTERM"], "worker", "master")
    assert (idle.request, idle.held) == (False, False)


def test_the_worker_that_answers_is_the_one_that_is_hit(tmp_path: Path) -> None:
    """Workers that are alike are interchangeable, but for the one that has the request."""
    channel = tmp_path / "channel"
    gates = Gates(str(channel))
    processes, live = Tree(tree(20, 30)), [10, 20, 30]
    assert aimed_at("worker", processes, gates, live) == [20]
    gate = f"{channel}.hold.30.1"
    assert gates.hold(Event("endings", 30, "holding", (gate, "answering", "10")))
    assert aimed_at("worker", processes, gates, live) == [30]
    assert aimed_at("master", processes, gates, live) == [10]
    gates.close()


def test_a_second_signal_goes_to_whoever_got_the_first() -> None:
    """Whoever has taken its place, or is another of its role, has not been told before."""
    sent = [
        Event("harness", 30, "sent", ("SIGTERM", "worker")),
        Event("harness", 10, "sent", ("SIGTERM", "master")),
        Event("harness", 0, "sent", ("SIGTERM", "group", "10", "30")),
    ]
    state = cast(AppState, SimpleNamespace(journal=SimpleNamespace(events=sent)))
    assert hit_before(state, "worker") == {30}
    assert hit_before(state, "main") == set()


def test_a_view_is_no_handler() -> None:
    """Who was killed at work ran no handler, and who had ended its view ran all."""
    shown = observe(ended(), GUNICORN, TERMINATIONS["os-exit-3"])
    assert isinstance(shown, Outcome)
    killed = replace(shown.processes[1], unfinished=("view:busy",))
    assert (state(killed), handler_words(killed)) == (Symbol.NO, "none, view unfinished")
    done = replace(killed, fired=("view:busy", "C", "B", "A"), unfinished=())
    assert (state(done), handler_words(done)) == (Symbol.YES, "all, view done")
    raised = replace(done, raised=("view:busy",))
    assert handler_words(raised) == "all, view raised"
    assert answer_words(shown) == "no answer: closed"


SERVING = '''\
# /// script
# requires-python = ">=3.6"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A server"
# roles = ["main"]
# ready = "listening"
# command = ["python", "app.py", "{port}"]
# server = "http-server"
# terminations = ["SIGTERM", "os-exit-7"]
# busy = ["SIGTERM", "SIGINT"]
# ///
"""A server whose threads are waited for when Ctrl-C ends its loop."""
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import endings


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        endings.busy() if self.path == "/busy" else endings.end_here()
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
server.daemon_threads = False


def leave(*_):
    time.sleep(0.3)
    os._exit(0)


signal.signal(signal.SIGTERM, leave)
try:
    server.serve_forever()
except KeyboardInterrupt:
    server.server_close()
'''


def test_a_view_is_at_work_until_the_signal_has_had_its_effect(
    environment_of: Callable[[str, str], Environment], tmp_path: Path
) -> None:
    """It is answered where its thread is waited for, and lost where the process leaves without.

    Were it let go on at once, it would be done before the handler of SIGTERM is.
    """
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "app.py").write_text(SERVING)
    idle, busy = load(tmp_path).scenarios
    environment = environment_of(NEWEST, "none")
    orders = [
        make_order(environment, *one)
        for one in ((busy, "SIGTERM"), (busy, "SIGINT"), (idle, "os-exit-7"))
    ]
    trials = run_orders(orders)
    steps = timeline(trials[-1][1], idle)
    assert steps.index(("harness", "asked", "/end")) < steps.index(("main", "ending", "os-exit-7"))
    shown = {
        f"{one.termination.id}@{one.target}": observe(trial, one.scenario, one.termination)
        for one, trial in trials
    }
    assert {
        ending: (one.processes[0].fired, one.processes[0].unfinished, one.client)
        for ending, one in shown.items()
        if isinstance(one, Outcome)
    } == {
        "SIGTERM@main": ((), ("view:busy",), "closed"),
        "SIGINT@main": (("view:busy",), (), "200"),
        "os-exit-7@main": ((), (), "closed"),
    }


@pytest.mark.parametrize("at_work", [True, False])
def test_who_is_at_work_on_a_request_may_not_have_read_it(
    at_work: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that is about to hand it to a thread: the signal is sent, though nobody reads it."""
    monkeypatch.setattr(request, "PATIENCE", 0.2)
    notes = []

    async def within(_seconds: float, holds: Callable[[], bool]) -> bool:
        return holds()

    async def ask() -> float:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            gates = SimpleNamespace(holding=lambda _why: [1] if at_work else [])
            journal = SimpleNamespace(
                note=lambda *words: notes.append(words[2]), within=within, now=1.0
            )
            spec = SimpleNamespace(
                request="/busy", situation=SimpleNamespace(steps=("SIGINT",), held=True)
            )
            port = listener.getsockname()[1]
            state = SimpleNamespace(
                spec=spec, port=port, gates=gates, journal=journal, live=[os.getpid()]
            )
            asked = request.Request(cast("AppState", state))
            begun = time.monotonic()
            await asked.send()
            took = time.monotonic() - begun
        await asked.finish(0.0)
        return took

    took = asyncio.run(ask())
    assert notes == [*(["asked"] if at_work else ["asked", "not-asked"]), "replied"]
    assert (took < 0.2) == at_work


# ------------------------------------------------------ held against what was measured


def reactions(server: Server) -> Iterator[tuple[str, str, Reaction]]:
    for signal, one in server.worker.items():
        yield "worker", signal, one
    for field in ("orphan", "quits"):
        if getattr(server, field) is not None:
            yield field, "", getattr(server, field)


BETWEEN = (("uvicorn-workers", 2),)  # no stack has a release of these
SERVED_BUSY = {LOADED[one.scenario].server for one in MEASURED if LOADED[one.scenario].answering}
SAID = [
    (name, place, field, signal, part)
    for name in sorted(SERVED_BUSY)
    for place, server in enumerate(SERVERS[name])
    if (name, place) not in BETWEEN
    for field, signal, one in reactions(server)
    if one.view is not None
    for part in ("ends", "client")
    # Of a view that ends its process nothing is told.
    if part != "ends" or (field != "quits" and not signal.startswith("self-"))
]


@pytest.mark.parametrize(("name", "place", "field", "signal", "part"), every(3, SAID))
def test_a_wrong_view_is_noticed(
    name: str, place: int, field: str, signal: str, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Had it ended otherwise, or had its client got something else, some record would differ."""
    some = list(SERVERS[name])
    known = getattr(some[place], field)
    one = known[signal] if signal else known
    wrong = {
        "ends": "never" if one.view.ends != "never" else "returns",
        "client": "reset" if one.view.client != "reset" else "200",
    }[part]
    changed = replace(one, view=replace(one.view, **{part: wrong}))
    some[place] = replace(some[place], **{field: {**known, signal: changed} if signal else changed})
    monkeypatch.setitem(SERVERS, name, tuple(some))
    rows = [one for one in MEASURED if LOADED[one.scenario].server == name]
    assert not all(judged(one) for one in rows)


def judged(one: Record) -> bool:
    return judge(one, LOADED[one.scenario]).verdict.verdict == "match"


def test_who_is_killed_while_it_answers_never_does() -> None:
    """SIGKILL to the process that serves: on every server and Python on record."""
    rows = [
        one for one in MEASURED if one.termination == "SIGKILL" and one.target in ("main", "worker")
    ]
    assert rows
    assert {outcome.client for one in rows for outcome in one.outcomes} == {"closed"}


def test_old_records_say_nothing_of_a_client() -> None:
    """Of a server without a request none is told."""
    idle = [one for one in records() if one.scenario == "gunicorn" and one.termination == "SIGTERM"]
    assert idle
    assert {outcome.client for one in idle for outcome in one.outcomes} == {None}


def test_the_hook_worker_exit_runs_where_atexit_does_and_just_before() -> None:
    """So it is no remedy; the master's `child_exit` is one."""
    rows = [one for one in records() if one.scenario == "gunicorn-hooks"]
    ended = [
        one
        for row in rows
        if row.target != "group"  # a second signal may raise where it would have been called
        for outcome in row.outcomes
        for one in outcome.processes
        if one.role != "master" and one.exit is not None
    ]
    assert {one.fired[-4:] for one in ended if one.fired} == {
        ("gunicorn:worker_exit", "C", "B", "A")
    }
    assert any(not one.fired for one in ended)
    for row in rows:
        for outcome in row.outcomes:
            master, *workers = outcome.processes
            gone = sum(one.exit is not None for one in workers)
            if master.exit != {"signal": "SIGKILL"}:
                assert (master.fired or ()).count("gunicorn:child_exit") == gone
