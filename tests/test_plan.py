"""Laws of the plan: every combination is a cell, or is left out with a reason."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from exitmatrix.declare.terminations import CATALOGUE, TERMINATIONS, not_on, targets
from exitmatrix.model import Cell, Interpreter, Scenario, Skipped, Stack
from exitmatrix.plan.cells import NothingMatches, Plan, Selection, plan
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.histories import DEBUG, FLASK, PLAIN
from tests.support.values import interpreter

NONE = Stack(name="none", family="none", requires=">=2.7")
OLD = Stack(name="flask-1.1", family="flask", requires=">=2.7")
NEW = Stack(name="flask-3.1", family="flask", requires=">=3.9")
STACKS = (NONE, OLD, NEW)


PYTHONS = (interpreter("2.7.18"), interpreter("3.13.0"), interpreter("3.11.17", "pypy"))
VARIANT = replace(PLAIN, id="plain-clear", terminations=("return",), requires=">=3.6")
SCENARIOS = (DEBUG, FLASK, PLAIN, VARIANT)


def why_not(stack: Stack, interpreter: Interpreter) -> str | None:
    return "too old" if stack is NEW and interpreter.language < (3, 9) else None


def made(**selection: str) -> Plan:
    asked = Selection(**{word: (pattern,) for word, pattern in selection.items()})
    return plan(PYTHONS, SCENARIOS, STACKS, why_not, asked)


def ids(planned: Plan) -> list[str]:
    return [cell.id for cell in planned.cells]


def test_the_id_of_a_cell() -> None:
    """INTERPRETER/STACK/SCENARIO/TERMINATION@TARGET, with the launcher where it is not direct."""
    cell = Cell(
        interpreter="cpython-3.13.0",
        stack="flask-3.1",
        scenario="flask-debug",
        termination="SIGKILL",
        target="child",
    )
    assert cell.id == "cpython-3.13.0/flask-3.1/flask-debug/SIGKILL@child"
    shell = replace(cell, launcher="shell")
    assert shell.id == "cpython-3.13.0/flask-3.1/flask-debug/shell/SIGKILL@child"


def test_signals_are_aimed_at_each_role_and_at_the_group() -> None:
    """From outside a debug server is ended at parent, child and group; a plain program at main."""
    picked = ids(made(scenario="flask-debug", termination="SIGTERM", stack="flask-1.1"))
    assert {id.rpartition("@")[2] for id in picked} == {"parent", "child", "group"}
    assert {id.rpartition("@")[2] for id in ids(made(scenario="plain"))} == {"main"}


@pytest.mark.parametrize(
    ("termination", "scenario", "aims"),
    [
        ("os-exit-7", DEBUG, ("child",)),
        ("os-exit-7", PLAIN, ("main",)),
        ("touch-source", DEBUG, ("child",)),
        ("SIGINT-twice", DEBUG, ("group",)),
        ("SIGINT-twice", PLAIN, ("main",)),
        ("SIGKILL", FLASK, ("main",)),
    ],
)
def test_targets(termination: str, scenario: Scenario, aims: tuple[str, ...]) -> None:
    """An ending from inside takes place where the work is done; two Ctrl-C reach the group."""
    assert targets(TERMINATIONS[termination], scenario) == aims


@pytest.mark.parametrize(
    ("selection", "reason"),
    [
        ({"scenario": "plain", "termination": "touch-source"}, "no reloader watches the source"),
        ({"scenario": "flask", "termination": "return"}, "ends the request, not the process"),
        ({"scenario": "flask", "termination": "sys-exit-3"}, "one law"),
        ({"scenario": "plain-clear", "termination": "abort"}, "does not declare it"),
    ],
)
def test_what_makes_no_sense_is_left_out_for_all(selection: dict[str, str], reason: str) -> None:
    """A termination that a scenario cannot have is left out once, for every interpreter."""
    planned = made(**selection)
    assert not planned.cells
    (out,) = planned.left_out
    assert reason in out.reason
    assert (out.interpreter, out.stack) == ("*", "*")


def test_a_target_that_is_not_declared_is_left_out() -> None:
    """`SIGINT@group` is one cell and none of the others."""
    aimed = replace(DEBUG, terminations=("SIGINT@group",))
    planned = plan(PYTHONS[1:2], [aimed], [NEW], why_not, Selection(termination=("SIGINT",)))
    assert [cell.target for cell in planned.cells] == ["group"]
    assert {(out.target, out.reason) for out in planned.left_out} == {
        (target, "the scenario does not declare it") for target in ("parent", "child")
    }


def test_a_rare_termination_takes_place_only_where_it_is_asked_for() -> None:
    """`*` and `in-process` stand for none; `rare` for all from inside, and an id for its own."""
    rare = {one.id for one in CATALOGUE if one.rare}
    inside = {one.id for one in CATALOGUE if one.rare and one.delivery == "in-process"}
    assert min(len(inside), len(rare - inside)) > 2

    def planned(*patterns: str) -> set[str]:
        declared = replace(PLAIN, terminations=patterns)
        return {one.termination for one in plan(PYTHONS[:2], [declared], STACKS, why_not).cells}

    assert not planned("*") & rare
    assert not planned("in-process") & rare
    assert planned("rare") == inside
    assert planned("alarm") == {"alarm"}
    assert planned("SIGUSR2") == planned("SIGUSR2@main") == {"SIGUSR2"}


def test_a_python_without_what_a_termination_needs_is_left_out() -> None:
    """Faulthandler is not of 2.7, and Py_Exit not of PyPy: each cell has that as its reason."""
    old, pypy = interpreter("2.7.18"), replace(interpreter("3.11.1"), implementation="pypy")
    assert "3.3" in str(not_on(TERMINATIONS["faulthandler-exit"], old))
    assert "C API" in str(not_on(TERMINATIONS["py-exit"], pypy))
    for id in ("faulthandler-exit", "py-exit"):
        assert not_on(TERMINATIONS[id], interpreter("3.6.1")) is None


@pytest.mark.parametrize("pattern", ["pypy", "pypy-3.11.*"])
def test_an_interpreter_is_left_out_with_the_reason_of_the_scenario(pattern: str) -> None:
    """What a scenario says of PyPy, or of some of its releases, is why these have no cell of it."""
    variant = replace(VARIANT, not_on={pattern: "it has none"})
    planned = plan(PYTHONS[1:], [variant], STACKS, why_not, Selection(termination=("return",)))
    assert [cell.interpreter for cell in planned.cells] == ["cpython-3.13.0"]
    assert [(o.interpreter, o.reason) for o in planned.left_out] == [
        ("pypy-3.11.17", "it has none")
    ]


def test_other_releases_than_those_that_a_scenario_names_are_measured() -> None:
    """A pattern of ids says nothing of what it does not match."""
    variant = replace(VARIANT, not_on={"pypy-3.9.*": "it has none"})
    planned = plan(PYTHONS[1:], [variant], STACKS, why_not, Selection(termination=("return",)))
    assert [cell.interpreter for cell in planned.cells] == ["cpython-3.13.0", "pypy-3.11.17"]


def test_a_scenario_whose_service_is_missing_is_left_out_with_that_reason() -> None:
    """Others are not, and where the service is here it is measured."""
    served = replace(PLAIN, id="served", needs=("redis-server",))
    asked = Selection(termination=("return",))
    missing = {"redis-server": "redis-server is not installed"}
    planned = plan(PYTHONS[1:2], [PLAIN, served], STACKS, why_not, asked, missing)
    assert {cell.scenario for cell in planned.cells} == {"plain"}
    assert {(out.scenario, out.reason) for out in planned.left_out} == {
        ("served", "redis-server is not installed")
    }
    here = plan(PYTHONS[1:2], [PLAIN, served], STACKS, why_not, asked)
    assert {cell.scenario for cell in here.cells} == {"plain", "served"}


def test_a_release_that_a_scenario_is_not_for_is_left_out_with_that_reason() -> None:
    """`flask --debug run` is a command of Flask 2.2 and later."""
    newer = replace(FLASK, releases=">=2.2")
    asked = Selection(termination=("SIGTERM",))
    planned = plan(PYTHONS[1:2], [newer], STACKS, why_not, asked)
    assert [cell.stack for cell in planned.cells] == ["flask-3.1"]
    assert [(out.stack, out.reason) for out in planned.left_out] == [
        ("flask-1.1", "the scenario needs flask>=2.2")
    ]


def test_what_an_interpreter_cannot_have_is_left_out_for_it() -> None:
    """A stack, a scenario or a termination that an interpreter cannot have is left out for it."""
    out = made(scenario="flask", termination="abort").left_out
    assert [(o.interpreter, o.stack, o.reason) for o in out] == [
        ("cpython-2.7.18", "flask-3.1", "too old")
    ]
    (out,) = [made(scenario="plain-clear", termination="return").left_out]
    assert [o.reason for o in out] == ["the scenario needs Python >=3.6"]
    out = made(scenario="plain", termination="fatal-error").left_out
    assert [o.interpreter for o in out] == ["pypy-3.11.17"]
    assert "CPython" in out[0].reason


def test_a_release_candidate_is_an_interpreter() -> None:
    """A pre-release counts as the version it leads to, for what asks for an older one."""
    planned = plan([interpreter("3.15.0rc1")], [VARIANT], STACKS, why_not)
    assert ids(planned) == ["cpython-3.15.0rc1/none/plain-clear/return@main"]


@pytest.mark.parametrize(
    ("word", "pattern", "near"),
    [
        ("scenario", "falsk", "flask"),
        ("termination", "SIGTREM", "SIGTERM"),
        ("target", "parnet", "parent"),
        ("stack", "flask-3.2", "flask-3.1"),
        ("stack", "*.9", ""),
    ],
)
def test_a_pattern_that_matches_nothing_is_an_error(word: str, pattern: str, near: str) -> None:
    """An unknown name is refused in one line that says which it is and what is near."""
    with pytest.raises(NothingMatches) as caught:
        made(**{word: pattern})
    message = str(caught.value)
    assert message.startswith(f"no {word} matches '{pattern}'")
    assert near in message
    assert "\n" not in message


def test_capitals_count() -> None:
    """Patterns are matched as written: SIGTERM is no sigterm."""
    with pytest.raises(NothingMatches, match="SIGTERM"):
        made(termination="sigterm")


@pytest.mark.parametrize(
    ("selection", "reason"),
    [
        ({"scenario": "plain", "target": "child"}, "`plain` has no process `child`, only `main`"),
        ({"scenario": "plain", "stack": "flask-*"}, "`plain` has no stack `flask-*`, only `none`"),
        (
            {"scenario": "flask", "stack": "none"},
            "`flask` has no stack `none`, only `flask-1.1`, `flask-3.1`",
        ),
    ],
)
def test_a_selection_that_cannot_be_says_why(selection: dict[str, str], reason: str) -> None:
    """Known names that make no cell together are left out with what would make one."""
    planned = made(**selection)
    assert not planned.cells
    assert reason in [out.reason for out in planned.left_out]


def test_a_launcher_that_a_scenario_lacks_is_the_only_reason() -> None:
    """Nothing is said of processes where none was asked for."""
    planned = made(scenario="plain", launcher="uv-run")
    reasons = {out.reason for out in planned.left_out}
    assert reasons == {"`plain` has no launcher `uv-run`, only `direct`"}


def test_the_plan_is_stable() -> None:
    """The same axes give the same plan, without a cell twice."""
    planned = made()
    assert planned == made()
    assert len(set(ids(planned))) == len(planned.cells) > 100


def one_of(*names: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(names), max_size=2).map(tuple)


SELECTIONS = st.builds(
    Selection,
    scenario=one_of("plain", "flask", "flask-*", "*-clear"),
    termination=one_of("SIG*", "return", "touch-source", "fatal-error", "*"),
    target=one_of("main", "child", "group", "p*"),
    stack=one_of("none", "flask-1.1", "flask-*"),
)


@given(SELECTIONS, st.sets(st.sampled_from(PYTHONS).map(lambda p: p.id)))
def test_every_combination_is_a_cell_or_left_out(selection: Selection, chosen: set[str]) -> None:
    """Each combination of the axes that is asked for is one cell, or has one reason."""
    pythons = [one for one in PYTHONS if one.id in chosen]
    planned = plan(pythons, SCENARIOS, STACKS, why_not, selection)
    cells = set(ids(planned))
    assert len(cells) == len(planned.cells)
    combinations = {
        (interpreter.id, stack.name, scenario.id, termination.id, target)
        for interpreter in pythons
        for scenario in SCENARIOS
        for stack in STACKS
        if stack.family == scenario.family
        for termination in CATALOGUE
        for target in targets(termination, scenario)
        if asked(selection, stack, scenario, termination.id, target)
    }
    found = {
        (cell.interpreter, cell.stack, cell.scenario, cell.termination, cell.target)
        for cell in planned.cells
    }
    assert found <= combinations
    for one in combinations:
        reasons = [out for out in planned.left_out if covers(out, one)]
        assert (one in found) + len(reasons) == 1
        assert all(out.reason for out in reasons)


def asked(s: Selection, stack: Stack, scenario: Scenario, termination: str, target: str) -> bool:
    named = (
        (s.stack, stack.name),
        (s.scenario, scenario.id),
        (s.termination, termination),
        (s.target, target),
    )
    return all(not some or any(fnmatchcase(name, one) for one in some) for some, name in named)


def covers(out: Skipped, one: tuple[str, ...]) -> bool:
    axes = (out.interpreter, out.stack, out.scenario, out.termination, out.target)
    return all(axis in ("*", value) for axis, value in zip(axes, one, strict=True))
