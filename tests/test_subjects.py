"""What the programs of the published claims show, on every Python that is here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.model import Outcome, Process, TrialSpec, Unknown
from exitmatrix.observe import observe
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet

from tests.conftest import (
    FOUND,
    LOADED,
    NEWEST,
    make_order,
    newest_flask,
    outcomes_of,
    own_scenario,
    run_orders,
)

pytestmark = pytest.mark.real
EnvironmentOf = Callable[[str, str], Environment]
ALL = ("C", "B", "A")

every_python = pytest.mark.parametrize("interpreter_id", FOUND)


def known(shown: Outcome | Unknown) -> Outcome:
    assert isinstance(shown, Outcome), shown
    return shown


def roles(shown: Outcome | Unknown) -> dict[str, Process]:
    return {one.role: one for one in known(shown).processes}


def printed(orders: Iterable[TrialSpec], environment: Environment) -> list[Outcome]:
    """Outcomes of orders whose scenarios ask for stderr: each is run blind as well."""
    seeing = list(orders)
    blind = [replace(one, path=(str(environment.endings),)) for one in seeing]
    trials = [trial for _, trial in run_orders([*seeing, *blind])]
    pairs = zip(seeing, trials[: len(seeing)], trials[len(seeing) :], strict=True)
    return [
        known(observe(replace(trial, blind=other), order.scenario, order.termination))
        for order, trial, other in pairs
    ]


# --------------------------------------------------------- a parent and its child


@every_python
def test_a_child_that_gets_sigterm_runs_nothing_and_its_parent_everything(
    interpreter_id: str, environment_of: EnvironmentOf
) -> None:
    """The signal is the child's alone; its parent comes to its last line."""
    environment = environment_of(interpreter_id, "none")
    orders = [
        make_order(environment, LOADED["plain-subprocess"], "SIGTERM", "child"),
        make_order(environment, LOADED["plain-subprocess"], "SIGTERM", "parent"),
        make_order(environment, LOADED["plain-subprocess"], "SIGKILL", "group"),
        make_order(environment, LOADED["plain-subprocess"], "return"),
        make_order(environment, LOADED["plain-subprocess-terminate"], "return"),
    ]
    shown = outcomes_of(orders)
    for how in ("SIGTERM@child", "return@parent"):
        assert roles(shown[how])["child"].fired == ()
        assert roles(shown[how])["child"].exit == {"signal": "SIGTERM"}
        assert roles(shown[how])["parent"].fired == ALL
        assert roles(shown[how])["parent"].exit == {"code": 0}
    assert known(shown["SIGTERM@parent"]).survivors == ("child",)
    assert {one.fired for one in known(shown["SIGKILL@group"]).processes} == {()}
    assert {one.fired for one in known(shown["return@child"]).processes} == {ALL}


def test_a_child_that_does_not_introduce_itself_is_known_to_the_kernel(
    environment_of: EnvironmentOf,
) -> None:
    """Without the probe the child has its role as well, and nothing is said of its handlers."""
    environment = environment_of(NEWEST, "none")
    subject = LOADED["plain-subprocess"]
    order = make_order(environment, subject, "SIGTERM", "child", [environment.endings])
    child = roles(outcomes_of([order])["SIGTERM@child"])["child"]
    assert (child.fired, child.exit) == (None, {"signal": "SIGTERM"})


def test_a_program_may_sleep_on_its_way(environment_of: EnvironmentOf, tmp_path: Path) -> None:
    """A trial does not end before its program reaches the termination, however long that takes."""
    text = "import time, endings\ntime.sleep(1)\nendings.end_here()\n"
    order = make_order(environment_of(NEWEST, "none"), own_scenario(tmp_path, text), "sys-exit-3")
    assert roles(outcomes_of([order])["sys-exit-3@main"])["main"].exit == {"code": 3}


# ------------------------------------------------------------------- registering


@every_python
@pytest.mark.everywhere  # one trial of each: CI asks that no Python of the machine is left out
def test_modules_are_cleaned_up_in_the_reverse_of_their_import(
    interpreter_id: str, environment_of: EnvironmentOf
) -> None:
    """What was imported last registers last and runs first; a module's handler is the program's."""
    order = make_order(environment_of(interpreter_id, "none"), LOADED["imported-modules"], "return")
    (one,) = known(outcomes_of([order])["return@main"]).processes
    assert (one.fired, one.library) == (ALL, ())


def test_exitfunc_holds_one_function(environment_of: EnvironmentOf) -> None:
    """The last one assigned runs: atexit's own is one too, which takes over what it finds."""
    old = [one.id for one in FOUND.values() if one.language == (2, 7)]
    if not old:
        pytest.skip("no Python 2.7 here")
    environment = environment_of(old[0], "none")
    for id, fired in {
        "exitfunc": ("sys.exitfunc:g",),
        "exitfunc-before-atexit": ("A", "sys.exitfunc:f"),
        "exitfunc-after-atexit": ("sys.exitfunc:f",),
    }.items():
        shown = outcomes_of([make_order(environment, LOADED[id], "return")])["return@main"]
        assert roles(shown)["main"].fired == fired, id


def test_exitfunc_is_for_2_7_alone() -> None:
    """Python 3 does not have the variable, so it is not measured there."""
    for id in ("exitfunc", "exitfunc-before-atexit", "exitfunc-after-atexit"):
        assert "3.6.0" not in SpecifierSet(LOADED[id].requires)
        assert "2.7.18" in SpecifierSet(LOADED[id].requires)


# ----------------------------------------------------------------- raising


@every_python
def test_handlers_that_raise_are_told_of_in_their_order(
    interpreter_id: str, environment_of: EnvironmentOf
) -> None:
    """Each exception is printed when its handler ends; on 2.7 the last one once more."""
    environment = environment_of(interpreter_id, "none")
    subject = LOADED["plain-handlers-raise"]
    orders = [make_order(environment, subject, id) for id in ("return", "sys-exit-3")]
    for shown, status in zip(printed(orders, environment), (0, 3), strict=True):
        (one,) = shown.processes
        assert (one.fired, one.raised, one.exit) == (ALL, ("C", "B"), {"code": status})
        assert shown.printed is not None
        warnings = [line for line in shown.printed if line.startswith(("Runtime", "Value"))]
        again = FOUND[interpreter_id].language == (2, 7)
        first = ["RuntimeError: C failed", "ValueError: B failed"]
        assert warnings == first + first[1:] * again
        assert shown.printed[-1] == warnings[-1]


@every_python
def test_handlers_that_catch_their_exceptions_say_what_they_like(
    interpreter_id: str, environment_of: EnvironmentOf
) -> None:
    """Nothing but the log is printed, and nothing counts as raised."""
    environment = environment_of(interpreter_id, "none")
    (shown,) = printed(
        [make_order(environment, LOADED["plain-handlers-catch"], "return")], environment
    )
    assert shown.processes[0].raised == ()
    assert shown.printed == ("WARNING clean-up: C failed", "WARNING clean-up: B failed")


# ------------------------------------------------------------- reacting to a signal


@every_python
def test_a_class_that_turns_sigterm_into_sys_exit_gives_a_clean_end(
    interpreter_id: str, environment_of: EnvironmentOf
) -> None:
    """The signal's handler raises SystemExit, and then all handlers run; SIGKILL asks nobody."""
    environment = environment_of(interpreter_id, "none")
    subject = LOADED["plain-graceful"]
    shown = outcomes_of([make_order(environment, subject, id) for id in ("SIGTERM", "SIGKILL")])
    (one,) = known(shown["SIGTERM@main"]).processes
    assert one.fired == ("signal.SIGTERM:stop", *ALL)
    assert (one.raised, one.exit) == (("signal.SIGTERM:stop",), {"code": 0})
    (one,) = known(shown["SIGKILL@main"]).processes
    assert one.fired == ()


@every_python
def test_the_debug_server_replaces_the_handler_of_the_application(
    interpreter_id: str, environment_of: EnvironmentOf
) -> None:
    """Flask alone keeps the class's handler; under the reloader Werkzeug sets one of its own.

    werkzeug/_reloader.py, run_with_reloader: signal.signal(signal.SIGTERM, ...).
    """
    environment = environment_of(interpreter_id, newest_flask(FOUND[interpreter_id]))
    alone = make_order(environment, LOADED["flask-graceful"], "SIGTERM")
    (one,) = known(outcomes_of([alone])["SIGTERM@main"]).processes
    assert one.fired == ("signal.SIGTERM:stop", *ALL)
    debug = make_order(environment, LOADED["flask-debug-graceful"], "SIGTERM", "child")
    for one in known(outcomes_of([debug])["SIGTERM@child"]).processes:
        assert (one.fired, one.exit) == (ALL, {"code": 0})


# ------------------------------------------------------------------ data in flight


@every_python
def test_data_in_flight_are_safe_after_a_normal_end_and_lost_after_a_kill(
    interpreter_id: str, environment_of: EnvironmentOf
) -> None:
    """What handlers and finalization do is all there is: a kill leaves everything as it was."""
    environment = environment_of(interpreter_id, "none")
    subject = LOADED["data-in-flight"]
    shown = outcomes_of([make_order(environment, subject, id) for id in ("return", "SIGKILL")])
    assert known(shown["return@main"]).data == subject.data
    after = known(shown["SIGKILL@main"]).data
    assert after is not None
    assert list(after) == list(subject.data)
    assert {kind: after[kind] for kind in after if "shelf" not in kind} == {
        "SQLite journal": "left behind",
        "SQLite transaction": "lost",
        "lock file": "left behind",
        "log in memory": "lost",
        "long buffered file": "damaged",
        "short buffered file": "lost",
        "temporary folder": "left behind",
    }
    # What a shelf is kept in differs: Berkeley DB's ndbm does not even have what was synced.
    assert after["shelf"] in ("lost", "damaged")
