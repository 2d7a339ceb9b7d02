"""The laws about how a header describes a program to the rules."""

from __future__ import annotations

import contextlib
from typing import Any, get_args

import pytest
from exitmatrix.declare.described import described_steps, program
from exitmatrix.declare.program import STEPS, InvalidProgram, step
from exitmatrix.declare.terminations import CATALOGUE, TERMINATIONS
from exitmatrix.judge.cell import predict
from exitmatrix.judge.profile import profile
from exitmatrix.machine.scenarios import find_folder, load
from exitmatrix.model import Outcome, Process
from exitmatrix.model.language import (
    EndHere,
    Exhaust,
    Fork,
    Raise,
    Register,
    StartThread,
    Statement,
    SysExit,
    TryFinally,
    Unregister,
    UnregisterNamesake,
    Write,
)
from exitmatrix.model.outcome_sets import allows
from hypothesis import find, given
from hypothesis import strategies as st
from msgspec.structs import replace


def test_every_termination_is_told_to_the_laws() -> None:
    """Each entry of the catalogue that code comes to is a step."""
    for one in CATALOGUE:
        if one.delivery == "in-process":
            assert isinstance(step(one.act), get_args(Statement)), one.id


def test_every_scenario_tells_the_rules_what_it_does() -> None:
    """A program of which the rules are told nothing would be unpredicted for ever."""
    untold = [one for one in load(find_folder()).scenarios if not (one.program or one.server)]
    assert not untold


def test_the_longest_verb_is_meant() -> None:
    """`unregister a namesake of B` is not `unregister`, and what is not a verb is none."""
    assert step("unregister a namesake of B") == UnregisterNamesake("B")
    assert step("unregister B") == Unregister("B")
    assert step("register f('x', False)") == Register("f", "'x', False")
    assert step("exhaust file size") == Exhaust("file size")
    with pytest.raises(InvalidProgram, match=r"exhaust: valid: memory, .* not 'disk'"):
        step("exhaust disk")
    assert step("raise SystemExit") == SysExit(None)
    assert step("raise SystemExit: 3") == SysExit("3")
    assert step("thread: raise ValueError: no") == StartThread((Raise("ValueError", "no"),))
    with pytest.raises(InvalidProgram, match="'registers A' is none of"):
        step("registers A")


def test_what_a_thread_or_a_fork_does_is_a_list_of_steps() -> None:
    """As deep as the program goes; a forked child first writes its marker."""
    statements = described_steps(
        [{"thread": ["register A", {"fork": "raise"}], "ends": "after main"}]
    )
    fork = Fork((Write("marker"), Raise()))
    assert statements == (StartThread((Register("A"), fork), "after main"),)


def test_a_try_statement_names_what_its_finally_clause_calls() -> None:
    """Its steps may say where the scenario is ended."""
    statements = described_steps(
        ["register A", {"try": ["write", "end here"], "finally": "finally:f"}]
    )
    assert statements == (Register("A"), TryFinally((Write("marker"), EndHere()), "finally:f"))


def test_a_scenario_is_ended_where_its_steps_say_or_behind_the_last() -> None:
    """Within a `try` statement its clause runs; behind it the clause has run already."""
    exits, newest = TERMINATIONS["sys-exit-3"], {"implementation": "cpython", "version": "3.14.0"}
    for place in (["write", "end here"], ["write"]):
        parsed = program({"steps": [{"try": place, "finally": "finally:f"}]})
        [outcome] = predict(parsed, exits, "main", profile(newest)).outcomes
        [process] = outcome.processes
        assert (process.fired, process.exit) == (("finally:f",), {"code": 3})
    killed = TERMINATIONS["os-exit-3"]
    for place, fired in ((["end here"], ()), (["nothing"], ("finally:f",))):
        parsed = program({"steps": [{"try": place, "finally": "finally:f"}]})
        [outcome] = predict(parsed, killed, "main", profile(newest)).outcomes
        assert outcome.processes[0].fired == fired


def test_a_handler_may_do_several_things_in_order() -> None:
    """Also one of a signal, whose steps stand among those of the others."""
    code = program(
        {
            "steps": ["register A", "on SIGTERM stop"],
            "handlers": {"A": ["register B", "raise"], "stop": ["unregister A", "sys.exit 5"]},
        }
    ).code
    assert code.function("A") == (Register("B"), Raise())
    assert code.function("signal.SIGTERM:stop")[0] == Unregister("A")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"step": []}, "step: unknown key, nearest: steps; valid: steps"),
        ({"steps": "register A"}, "a list is valid"),
        ({"steps": ["register A", 3]}, "texts, {fork = STEPS}, {thread = STEPS}, {process"),
        ({"steps": [{"fork": "return", "thread": "return"}]}, "texts, {fork = STEPS}, "),
        ({"steps": [{"try": "return"}]}, "and {try = STEPS, finally = NAME} are valid"),
        ({"steps": [{"try": "return", "finally": 3}]}, "finally: a name is valid, not 3"),
        (
            {"steps": [{"thread": [], "ends": "soon"}]},
            "ends: valid: joined, after main, joins main, never",
        ),
        ({"steps": ["os._exit soon"]}, "a number is valid, not 'soon'"),
        ({"steps": ["on SIGTERM"]}, "`on SIGNAL NAME` or"),
        ({"steps": ["sing"]}, "'sing' is none of"),
        ({"handlers": ["A"]}, "a table is valid"),
        ({"handlers": {"A": "sing"}}, "'sing' is none of"),
        ({"server": "many"}, "threads or one thread"),
        ({"supervisor": True}, "supervisor: reloader or wait is valid, not True"),
        ({"data": {"cache": "gas"}}, "natures are"),
    ],
)
def test_a_wrong_description_says_what_would_be_right(table: dict[str, Any], message: str) -> None:
    """One line, with the valid choice."""
    with pytest.raises(InvalidProgram, match=message) as raised:
        program(table)
    assert len(str(raised.value).splitlines()) == 1


WORDS = st.lists(st.sampled_from([*STEPS, "on", "A", "B", "3", "SIGTERM", "thread:", "-", "x y"]))
TEXTS = WORDS.map(" ".join) | st.text(max_size=8)
TABLES = st.fixed_dictionaries(
    {},
    optional={
        "steps": st.lists(TEXTS, max_size=4) | st.text(max_size=3),
        "handlers": st.dictionaries(st.sampled_from("ABC"), TEXTS, max_size=2),
        "server": st.sampled_from(["", "threads", "one thread", "many"]),
        "data": st.dictionaries(st.text(max_size=3), TEXTS, max_size=2),
    },
)


@given(TABLES)
def test_no_description_crashes(table: dict[str, Any]) -> None:
    """Whatever a header holds is a program, or is refused in one line."""
    made, refusal = None, ""
    try:
        made = program(table)
    except InvalidProgram as error:
        refusal = str(error)
    if made is None:
        assert len(refusal.splitlines()) == 1
    else:
        assert len(made.code.body) >= len(table.get("steps", ()))


def test_descriptions_reach_the_parser() -> None:
    """Of the descriptions that are tried above some are programs with steps, so nothing is idle."""
    found = find(TABLES, lambda table: _is_program(table) and bool(table.get("steps")))
    assert program(found).code.body


def _is_program(table: dict[str, Any]) -> bool:
    with contextlib.suppress(InvalidProgram):
        return bool(program(table))
    return False


# --------------------------------------------------------------------- allowing


def outcome(*fired: str, how: dict[str, Any] | None = None, **more: Any) -> Outcome:
    process = Process(role="main", fired=fired, unfinished=(), exit=how or {"code": 0})
    return Outcome(processes=(process,), order=None, survivors=(), helpers=(), **more)


KILLED = {"signal": "SIGKILL"}


def test_what_is_allowed_is_allowed_exactly() -> None:
    """Another handler, another exit, another answer are not."""
    expected = (outcome("B", "A", answer="200"),)
    assert allows(expected, outcome("B", "A", answer="200"))
    assert not allows(expected, outcome("B", answer="200"))
    assert not allows(expected, outcome("B", "A", how={"code": 1}, answer="200"))
    assert not allows(expected, outcome("B", "A", answer="500"))


def test_where_a_process_may_be_killed_on_its_way_every_stage_is_allowed() -> None:
    """And nothing that is not on the way."""
    expected = (outcome("B", "A", how=KILLED, cut=True),)
    for fired in ((), ("B",), ("B", "A")):
        assert allows(expected, outcome(*fired, how=KILLED))
        assert allows(expected, outcome(*fired, how=KILLED, cut=True))
        assert not allows((replace(expected[0], cut=False),), outcome("B", how=KILLED, cut=True))
    assert not allows(expected, outcome("A", how=KILLED))
    assert not allows(expected, outcome("B", how={"code": 0}))


def test_of_data_what_is_not_spoken_of_is_not_compared() -> None:
    """A kind that no rule speaks of is left open; the others count."""
    expected = (outcome(data={"file": "kept"}),)
    assert allows(expected, outcome(data={"file": "kept", "shelf": "lost"}))
    assert not allows(expected, outcome(data={"file": "lost", "shelf": "lost"}))
    assert not allows(expected, outcome(data=None))
