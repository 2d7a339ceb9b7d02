"""Laws of multiprocessing: whose handlers run in which process, and who outlives whom."""

from __future__ import annotations

from typing import Any

import pytest
from exitmatrix.declare.described import described_steps, program
from exitmatrix.declare.program import InvalidProgram
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.cell import predict
from exitmatrix.judge.profile import profile
from exitmatrix.judge.program import predict_program
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.model import Outcome, Process, Scenario, Unknown
from exitmatrix.model.execution import Exit
from exitmatrix.model.language import (
    ApplyTask,
    AwaitJoin,
    AwaitProcess,
    Code,
    Function,
    JoinProcess,
    Nothing,
    Register,
    StartProcess,
    SubmitTask,
)
from exitmatrix.observe import observe

from tests.support.histories import FORKS, PLAIN, Log

TRACKER = "from multiprocessing.resource_tracker import main;main(5)"
SIGKILL = TERMINATIONS["SIGKILL"]
SERVER = "from multiprocessing.forkserver import main; main(3, 4, ['__main__'])"
SPAWN = ("python", "-c", "from multiprocessing.spawn import spawn_main", "--multiprocessing-fork")


def outcomes(
    version: str, method: str, ending: str, target: str = "child", **more: Any
) -> tuple[Outcome, ...]:
    """What the laws allow for a program that registers A and starts a child that registers D."""
    child = {"process": ["register D", "write", "end here"], "method": method, **more}
    parsed = program({"steps": ["import multiprocessing", "register A", child, "join process"]})
    python = profile({"implementation": "cpython", "version": version})
    return predict(parsed, TERMINATIONS[ending], target, python).outcomes


def roles(outcome: Outcome) -> dict[str, Process]:
    return {one.role: one for one in outcome.processes}


def fired(outcome: Outcome) -> dict[str, tuple[str, ...] | None]:
    return {one.role: one.fired for one in outcome.processes}


def only(found: tuple[Outcome, ...]) -> Outcome:
    (one,) = found
    return one


# ------------------------------------------------------------------ whose handlers run


@pytest.mark.parametrize("ending", ["return", "sys-exit-3", "exception"])
@pytest.mark.parametrize(
    ("version", "method", "runs"),
    [
        ("3.12.9", "fork", ()),
        ("3.13.0", "fork", ("D",)),
        ("3.6.0", "spawn", ("D", "A")),
        ("3.14.1", "spawn", ("D", "A")),
        ("3.12.9", "forkserver", ()),
        ("3.13.0", "forkserver", ("D", "A")),
        ("3.13.8", "forkserver", ("D",)),
        ("3.14.0", "forkserver", ("D", "A")),
        ("3.14.1", "forkserver", ("D",)),
    ],
)
def test_a_child_runs_its_own_handlers_since_3_13_and_never_what_it_inherited(
    version: str, method: str, runs: tuple[str, ...], ending: str
) -> None:
    """However its function ends. A child that imports the program has the import's handlers."""
    assert fired(only(outcomes(version, method, ending)))["child"] == runs


def test_a_fork_server_that_imports_the_program_runs_its_handlers() -> None:
    """Handlers of the file run once more, in a process that nobody wrote."""
    assert fired(only(outcomes("3.14.0", "forkserver", "return")))["forkserver"] == ()
    assert fired(only(outcomes("3.14.1", "forkserver", "return")))["forkserver"] == ("A",)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("ending", ["os-exit-7", "SIGTERM", "SIGKILL"])
def test_what_ends_a_child_at_once_runs_none_of_its_handlers(method: str, ending: str) -> None:
    """And the parent, which has waited for it, goes on to its own."""
    shown = fired(only(outcomes("3.14.1", method, ending)))
    assert (shown["child"], shown["parent"]) == ((), ("A",))


# ----------------------------------------------------------------- who outlives whom


@pytest.mark.parametrize(
    ("method", "left"),
    [("fork", ("child",)), ("spawn", ("child",)), ("forkserver", ("child", "forkserver"))],
)
@pytest.mark.parametrize("ending", ["SIGTERM", "SIGKILL", "SIGHUP"])
def test_a_parent_that_is_ended_leaves_its_child_and_its_server(
    method: str, left: tuple[str, ...], ending: str
) -> None:
    """Nothing tells a process of multiprocessing that its starter is gone."""
    assert only(outcomes("3.14.1", method, ending, "parent")).survivors == left


@pytest.mark.parametrize("version", ["3.6.0", "3.14.1"])
def test_an_interrupted_parent_waits_for_its_child_before_its_handlers(version: str) -> None:
    """The exit function of multiprocessing joins: behind it, A does not begin."""
    shown = only(outcomes(version, "spawn", "SIGINT", "parent"))
    assert shown.survivors == ("parent", "child")
    assert fired(shown)["parent"] == ()
    assert shown.processes[0].library == ("multiprocessing.util._exit_function (unfinished)",)


def daemon(ending: str, target: str = "parent") -> tuple[Outcome, ...]:
    child = {"process": ["register D", "rest"], "daemon": True}
    parsed = program({"steps": ["import multiprocessing", "register A", child]})
    python = profile({"implementation": "cpython", "version": "3.13.0"})
    return predict(parsed, TERMINATIONS[ending], target, python).outcomes


def test_a_daemonic_child_is_sent_sigterm_by_the_handlers_of_its_parent_and_else_by_nobody() -> (
    None
):
    """A parent that ends past its handlers leaves it, an orphan."""
    for ending in ("return", "exception", "SIGINT"):
        shown = only(daemon(ending))
        assert shown.processes[1].exit == {"signal": "SIGTERM"}, ending
        assert fired(shown) == {"parent": ("A",), "child": ()}
    for ending in ("os-exit-7", "SIGTERM", "SIGKILL"):
        assert only(daemon(ending)).survivors == ("child",), ending


def test_ctrl_c_lets_a_daemonic_child_race_with_the_sigterm_of_its_parent() -> None:
    """It may come to its end, or be ended on its way, or before its first handler."""
    ends = [
        tuple((one.exit or {}).values())
        for _, one in (o.processes for o in daemon("SIGINT", "group"))
    ]
    assert set(ends) == {(1,), ("SIGTERM",)}


# ------------------------------------------------------------------ pools and tasks


def pooled(ending: str, target: str = "child", version: str = "3.13.0") -> Outcome:
    parsed = program(
        {"steps": ["import process pool", "register A", {"submit": ["register D", "end here"]}]}
    )
    python = profile({"implementation": "cpython", "version": version})
    return only(predict(parsed, TERMINATIONS[ending], target, python).outcomes)


def left_open(version: str, ending: str, target: str = "parent") -> set[tuple[Any, ...]]:
    """What may become of the worker of a Pool that is left open: what it ran, and its end."""
    worker = {"process": ["register D", "await task"], "daemon": True}
    parsed = program({"steps": ["import multiprocessing", "register A", worker]})
    python = profile({"implementation": "cpython", "version": version})
    found = [roles(one) for one in predict(parsed, TERMINATIONS[ending], target, python).outcomes]
    assert all(one["parent"].exit for one in found)
    return {
        (*(one["child"].fired or ()), *(one["child"].exit or {"": "alive"}).values())
        for one in found
    }


def test_a_pool_that_is_left_open_tells_its_worker_and_sends_it_sigterm() -> None:
    """Which of the two comes first is a race, in which handlers of the worker may be cut off."""
    assert left_open("3.12.0", "return") == {(0,), ("SIGTERM",)}
    assert left_open("3.13.0", "return") >= {("D", 0), ("SIGTERM",)}


@pytest.mark.parametrize("ending", ["os-exit-7", "SIGTERM", "SIGKILL"])
def test_the_worker_of_a_pool_does_not_outlive_its_starter(ending: str) -> None:
    """Its pipe ends, however its starter has: unlike a process that waits for something else."""
    assert left_open("3.12.0", ending) == {(0,)}
    assert left_open("3.13.0", ending) == {("D", 0)}
    assert left_open("3.13.0", "SIGTERM", "group") == {("SIGTERM",)}


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_pool_that_is_killed_with_its_tracker_leaves_the_semaphores_of_its_queues(
    method: str,
) -> None:
    """Five; while a worker lives the tracker waits, and removes them behind it."""
    steps = ["import process pool", {"submit": ["end here"], "method": method}]
    python = profile({"implementation": "cpython", "version": "3.13.0"})

    def left(target: str) -> tuple[str, ...]:
        return only(predict(program({"steps": steps}), SIGKILL, target, python).outcomes).left

    assert left("group") == ("semaphore",) * 5
    assert left("parent") == ()
    assert left("child") == ()


def test_a_spawned_worker_runs_what_the_import_of_the_program_registers() -> None:
    """Those of the libraries too, and its task's."""
    steps = ["import process pool", "register A", {"submit": ["register D"], "method": "spawn"}]
    python = profile({"implementation": "cpython", "version": "3.12.0"})
    outcome = only(
        predict(program({"steps": steps}), TERMINATIONS["return"], "child", python).outcomes
    )
    assert roles(outcome)["child"].fired == ("D", "A")


@pytest.mark.parametrize(
    ("ending", "status"), [("return", 0), ("sys-exit-3", 3), ("exception", 1), ("os-exit-7", 1)]
)
def test_what_leaves_a_task_of_a_pool_leaves_the_program_that_submitted_it(
    ending: str, status: int
) -> None:
    """SystemExit too, and a worker that is gone breaks its pool; the handlers of both run."""
    seen = pooled(ending)
    assert seen.processes[0].exit == {"code": status}
    assert fired(seen) == {"parent": ("A",), "child": () if ending == "os-exit-7" else ("D",)}
    assert fired(pooled(ending, version="3.12.0"))["child"] == ()


def test_a_pool_waits_for_its_task_when_sigint_comes_to_its_starter_alone() -> None:
    """The `with` statement is left only when the worker has ended; a dead starter leaves it."""
    assert pooled("SIGINT", "parent").survivors == ("parent", "child")
    assert pooled("SIGKILL", "parent").survivors == ("child",)


def of_two(
    kind: str, ending: str, target: str = "child", version: str = "3.13.0", method: str = "fork"
) -> tuple[Outcome, ...]:
    """What the laws allow where one of two workers is at a task, and the other waits for one."""
    task = {kind: ["end here"], "workers": 2, "begin": ["register D"], "method": method}
    parsed = program({"steps": ["import process pool", "register A", task]})
    python = profile({"implementation": "cpython", "version": version})
    return predict(parsed, TERMINATIONS[ending], target, python).outcomes


def ends(outcome: Outcome) -> dict[str, object]:
    return {
        one.role: next(iter(one.exit.values())) if one.exit else "alive"
        for one in outcome.processes
    }


@pytest.mark.parametrize(("ending", "how"), [("os-exit-7", 7), ("SIGKILL", "SIGKILL")])
def test_a_worker_that_is_gone_takes_the_others_with_it_in_an_executor(
    ending: str, how: object
) -> None:
    """They are sent SIGTERM, which runs none of their handlers; those of the program run."""
    seen = only(of_two("submit", ending))
    assert ends(seen) == {"parent": 1, "child": how, "child#2": "SIGTERM"}
    assert fired(seen) == {"parent": ("A",), "child": (), "child#2": ()}


@pytest.mark.parametrize(
    ("ending", "how"), [("os-exit-7", 7), ("SIGKILL", "SIGKILL"), ("sys-exit-3", 3)]
)
def test_a_worker_that_is_gone_is_replaced_in_a_pool_and_its_task_is_waited_for(
    ending: str, how: object
) -> None:
    """For ever; sys.exit in a task ends the worker, too, and runs its handlers since 3.13."""
    seen = only(of_two("apply", ending))
    alive = {"parent": "alive", "child#2": "alive", "child#3": "alive"}
    assert ends(seen) == {**alive, "child": how}
    assert fired(seen)["child"] == (("D",) if ending == "sys-exit-3" else ())


def test_what_a_task_raises_ends_both_kinds_of_pools_and_their_starter() -> None:
    """An executor lets its workers end by themselves; a Pool sends them SIGTERM as well."""
    seen = only(of_two("submit", "exception"))
    assert ends(seen) == {"parent": 1, "child": 0, "child#2": 0}
    outcomes_ = [ends(one) for one in of_two("apply", "exception")]
    assert {one["parent"] for one in outcomes_} == {1}
    assert {(one["child"], one["child#2"]) for one in outcomes_} >= {(0, 0), ("SIGTERM", 0)}


def test_ctrl_c_ends_a_worker_at_a_task_and_one_between_tasks_in_a_race() -> None:
    """The end of the one breaks the executor, unless the other's result has come before.

    Or it takes the length of the message with it that tells the other to end.
    """
    outcomes_ = of_two("submit", "SIGINT", "group")
    assert [(ends(one)["child"], fired(one)["child"]) for one in outcomes_] == [
        (0, ("D",)),
        (1, ("D",)),
        ("SIGTERM", ()),
    ]
    assert {(ends(one)["parent"], ends(one)["child#2"]) for one in outcomes_} == {("SIGINT", 1)}


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_workers_that_import_the_program_run_what_it_registers(method: str) -> None:
    """Two of a Pool, each of which may be ended at any moment, and two of an executor."""
    outcomes_ = of_two("apply", "return", "child", "3.13.0", method)
    whole = {(fired(one)["child"], fired(one)["child#2"]) for one in outcomes_}
    assert {(("D", "A"), ("D", "A")), (("D", "A"), ()), ((), ())} <= whole
    assert all(ends(one)["parent"] == 0 for one in outcomes_)
    seen = only(of_two("submit", "return", "child", "3.13.0", method))
    assert fired(seen)["child"] == fired(seen)["child#2"] == ("D", "A")


@pytest.mark.parametrize("ending", ["SIGTERM", "SIGKILL"])
def test_an_idle_worker_outlives_its_starter_in_an_executor_and_not_in_a_pool(ending: str) -> None:
    """A worker of an executor has both ends of its queue, so that it never sees its end."""
    assert only(of_two("submit", ending, "parent")).survivors == ("child", "child#2")
    seen = only(of_two("apply", ending, "parent"))
    assert seen.survivors == ("child",)
    assert fired(seen)["child#2"] == ("D",)


def test_a_starter_that_is_interrupted_waits_for_an_executor_and_ends_a_pool() -> None:
    """The `with` statement of the one waits for the task, that of the other terminates it."""
    assert only(of_two("submit", "SIGINT", "parent")).survivors == ("parent", "child", "child#2")
    for seen in of_two("apply", "SIGINT", "parent"):
        assert (ends(seen)["parent"], ends(seen)["child"]) == ("SIGINT", "SIGTERM")


def test_the_queues_of_a_pool_leave_six_names_since_3_8_and_four_before() -> None:
    """When the tracker is killed with all others; a fork has none."""
    for version, number in (("3.7.16", 4), ("3.8.0", 6)):
        (seen,) = of_two("apply", "SIGKILL", "group", version, "forkserver")
        assert seen.left == ("semaphore",) * number
        assert only(of_two("apply", "SIGKILL", "group", version)).left == ()


@pytest.mark.parametrize("target", ["child", "group"])
def test_a_forked_process_alone_has_the_handlers_of_signals_of_its_program(target: str) -> None:
    """A fork server is a Python of its own: SIGTERM skips finally clauses in what it forks."""
    for method, run, end in (
        ("fork", ("signal.SIGTERM:stop", "finally:f", "D"), 3),
        ("forkserver", (), "SIGTERM"),
    ):
        child = ["register D", {"try": ["end here"], "finally": "finally:f"}]
        process = {"process": child, "method": method}
        table = {"steps": ["on SIGTERM stop, sys.exit 3", process, "join process"]}
        python = profile({"implementation": "cpython", "version": "3.15.2"})
        found = predict(program(table), TERMINATIONS["SIGTERM"], target, python).outcomes
        assert (fired(only(found))["child"], ends(only(found))["child"]) == (run, end)


def supervised(ending: str, target: str, cancel: str) -> Outcome:
    task = ["on SIGTERM cancel", "register D", {"try": ["end here"], "finally": "finally:f"}]
    table = {
        "steps": ["register A", {"process": task}, "on SIGTERM stop", "join process"],
        "handlers": {"stop": "terminate process", "cancel": cancel},
    }
    python = profile({"implementation": "cpython", "version": "3.13.0"})
    return only(predict(program(table), TERMINATIONS[ending], target, python).outcomes)


def test_a_signal_that_is_passed_on_reaches_the_clean_up_of_a_task_if_its_handler_raises() -> None:
    """With one that returns the task goes on, and its supervisor waits for it."""
    cancel = "signal.SIGTERM:cancel"
    raising = supervised("SIGTERM", "parent", "sys.exit 4")
    assert fired(raising)["child"] == (cancel, "finally:f", "D")
    assert raising.processes[1].exit == {"code": 4}
    returning = supervised("SIGTERM", "parent", "nothing")
    assert fired(returning)["child"] == (cancel,)
    assert returning.survivors == ("parent", "child")


# ------------------------------------------------------------------- how it is said


def test_a_process_is_a_list_of_steps_with_a_method_and_a_nature() -> None:
    """Without these it is forked, and no daemon."""
    assert described_steps({"process": ["register D"]}) == (StartProcess((Register("D"),)),)
    assert described_steps({"process": ["register D"], "method": "spawn", "daemon": True}) == (
        StartProcess((Register("D"),), "spawn", daemon=True),
    )


@pytest.mark.parametrize(
    "table", [{"method": "thread"}, {"method": []}, {"daemon": "yes"}, {"name": "x"}]
)
def test_a_wrong_process_says_what_would_be_right(table: dict[str, Any]) -> None:
    """Valid methods are named."""
    with pytest.raises(InvalidProgram, match=r"fork|process"):
        described_steps({"process": [], **table})


@pytest.mark.parametrize("workers", [0, -1, "two", True])
def test_a_wrong_number_of_workers_says_what_would_be_right(workers: object) -> None:
    """A pool has one at least."""
    with pytest.raises(InvalidProgram, match="workers: a number from 1 up"):
        described_steps({"submit": [], "workers": workers})


def test_a_header_says_that_a_pool_is_left_open() -> None:
    """Otherwise a `with` statement shuts it down; another word is refused."""
    for word, kind in (("submit", SubmitTask), ("apply", ApplyTask)):
        assert described_steps({word: ["nothing"]}) == (kind((Nothing(),)),)
        left = described_steps({word: ["nothing"], "ends": "left open"})
        assert left == (kind((Nothing(),), ends="left open"),)
        with pytest.raises(InvalidProgram, match="ends: with, left open"):
            described_steps({word: ["nothing"], "ends": "shutdown"})


def test_who_joins_a_process_that_nobody_started_is_not_predicted() -> None:
    """The header is wrong, and nothing is guessed."""
    python = profile({"implementation": "cpython", "version": "3.13.0"})
    with pytest.raises(NotPredicted):
        predict_program(Code(body=(JoinProcess(),)), python)


# ------------------------------------------------------------------ who is who


def seen(log: Log, scenario: Scenario, termination: str = "return") -> Outcome:
    outcome = observe(log.trial(), scenario, TERMINATIONS[termination])
    assert isinstance(outcome, Outcome), outcome
    return outcome


def shown(log: Log, *pids: int) -> Outcome:
    """What is seen once these have ended, in this order, and then the first process."""
    log.harness("ready", pid=10).endings(10, "ending", "return")
    for pid in pids:
        log.ends(pid)
    return seen(log.ends(10), FORKS)


def begun() -> Log:
    return Log().kernel(10, "spawned").starts(10)


def test_a_spawned_process_is_the_child_and_the_tracker_is_none() -> None:
    """It imports the program's file, under a name that multiprocessing gives it."""
    log = begun().starts(11, "python", "-c", TRACKER).starts(12, *SPAWN)
    log.registers(12, "A", module="__mp_main__").fires(12, "A")
    outcome = shown(log, 12, 11)
    assert list(roles(outcome)) == ["parent", "child"]
    assert roles(outcome)["child"].fired == ("A",)


def test_what_a_fork_server_forks_is_the_child_and_it_is_told_last() -> None:
    """The child has the server's command; that it is no server, what it does tells."""
    log = begun().starts(11, "python", "-c", SERVER).probe(12, "forked", "11")
    log.endings(12, "holding", "gate", "forked", "11")
    outcome = shown(log, 12, 11)
    assert list(roles(outcome)) == ["parent", "child", "forkserver"]


def test_without_the_probe_the_child_of_a_fork_server_is_known_by_what_it_does() -> None:
    """The kernel finds it with the server's command, and nothing tells of the fork."""
    log = begun().kernel(12, "found", "python", "-c", SERVER)
    log.endings(12, "holding", "gate", "forked", "11").kernel(11, "found", "python", "-c", SERVER)
    outcome = shown(log, 12, 11)
    assert list(roles(outcome))[:2] == ["parent", "child"]


def test_of_several_workers_the_first_is_who_comes_to_the_ending() -> None:
    """Which of them appears first, and gets the task, is chance."""
    log = begun()
    for pid in (11, 12):
        log.endings(pid, "forked", "10")
    log.endings(12, "marked", "child").kernel(12, "ended", "code 7")
    outcome = shown(log, 11)
    assert [(one.role, one.exit) for one in outcome.processes] == [
        ("parent", {"code": 0}),
        ("child", {"code": 7}),
        ("child#2", {"code": 0}),
    ]


def test_a_program_without_processes_has_no_place_for_them() -> None:
    """Of one role, two that run the program are one too many, however they were started."""
    log = begun().starts(12, *SPAWN)
    log.harness("ready", pid=10).endings(10, "ending", "return").ends(12).ends(10)
    outcome = observe(log.trial(), PLAIN, TERMINATIONS["return"])
    assert isinstance(outcome, Unknown)
    assert "more processes" in outcome.reason


def test_what_was_found_before_its_exec_is_known_by_what_is_found_later() -> None:
    """Without the probe a tracker that was caught between fork and exec is no second program."""
    log = Log().kernel(10, "spawned").kernel(11, "found", "python", "app.py")
    log.kernel(11, "found", "python", "-c", TRACKER)
    log.harness("ready", pid=10).harness("sent", "SIGTERM", "main", pid=10)
    outcome = seen(log.ends(10).ends(11), PLAIN, "SIGTERM")
    assert (list(roles(outcome)), outcome.helpers) == (
        ["main"],
        ("multiprocessing.resource_tracker",),
    )


@pytest.mark.parametrize("implementation", ["cpython", "pypy"])
def test_a_process_that_2_7_cannot_start_brings_the_exit_function(implementation: str) -> None:
    """The import has registered it by then, so it runs before what was registered earlier.

    A daemon that a handler starts is not terminated any more: it rests until its starter is gone.
    """
    python = profile({"implementation": implementation, "version": "2.7.18"})
    starts = StartProcess((AwaitJoin(),), daemon=True), AwaitProcess()
    body = (Register("A"), StartProcess((), "spawn"))
    (seen,) = predict_program(Code(body=body, functions=(Function("A", starts),)), python).seen
    assert [one.exit for one in seen.processes] == [Exit(status=1), Exit(status=0)]


# --------------------------------------------------------------- a signal and several threads


def of_pool(target: str, method: str = "fork", ending: str = "SIGINT") -> tuple[Outcome, ...]:
    """What the laws allow for a program that waits for the worker of a Pool, on 3.9."""
    pool = {"apply": ["end here"], "workers": 1, "method": method}
    parsed = program({"steps": ["import multiprocessing", pool]})
    python = profile({"implementation": "cpython", "version": "3.9.18"})
    return predict(parsed, TERMINATIONS[ending], target, python).outcomes


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_thread_that_replaces_workers_may_take_the_signal_of_the_main_one(method: str) -> None:
    """Ctrl-C ends the worker, and a thread of the Pool forks before the main one has run."""
    found = of_pool("group", method)
    sleeps = only(tuple(one for one in found if roles(one)["parent"].exit is None))
    assert sleeps.survivors == ("parent", "child#2")
    assert roles(sleeps)["child"].exit == {"code": 1}


@pytest.mark.parametrize(
    ("target", "method", "ending"),
    [("parent", "fork", "SIGINT"), ("group", "forkserver", "SIGINT"), ("group", "fork", "SIGTERM")],
    ids=["no worker ends", "another process forks", "nothing of Python handles it"],
)
def test_where_no_thread_forks_the_main_one_takes_its_signal(
    target: str, method: str, ending: str
) -> None:
    """So the program ends, whatever else may happen."""
    assert all(roles(one)["parent"].exit is not None for one in of_pool(target, method, ending))


def test_a_worker_may_be_replaced_before_the_main_thread_is_interrupted() -> None:
    """It has taken the signal, but another thread has the lock of the interpreter first."""
    found = of_pool("group")
    ended = [one for one in found if roles(one)["parent"].exit is not None]
    assert {len(one.processes) for one in ended} == {2, 3}
