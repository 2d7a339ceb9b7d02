"""The laws of event loops: what asyncio.run ends, and what signals do to it. Pure."""

from __future__ import annotations

from typing import Any

import pytest
from exitmatrix.declare.described import program
from exitmatrix.declare.program import InvalidProgram

from tests.support.predicted import ABC, only, outcomes

F = {"try": ["await end here"], "finally": "finally:f"}
BLOCKS = {"try": ["end here"], "finally": "finally:f"}


def loop(*steps: Any, **beside: Any) -> dict[str, Any]:
    return {"steps": [*ABC, {"asyncio": list(steps), **beside}]}


def test_what_is_under_way_beside_the_main_task_is_ended_behind_it() -> None:
    """Tasks, then generators, then the pool; then come the atexit handlers."""
    table = loop(F, tasks=["task:t"], generators=["generator:g"], pool=["thread:p"])
    ended = ("main", "finally:f", "task:t", "generator:g", "thread:p", "C", "B", "A", 3)
    assert only(table, "sys-exit-3") == [ended]


@pytest.mark.parametrize(
    ("version", "names"),
    [("3.10.13", ()), ("3.11.2", ("task:t", "generator:g"))],
    ids=["3.10", "3.11"],
)
def test_a_second_ctrl_c_gives_up_what_is_beside_up_to_3_10(
    version: str, names: tuple[str, ...]
) -> None:
    """From 3.11 on it leaves the main task alone, and the others still clean up."""
    (handlers,) = only(
        loop(F, tasks=["task:t"], generators=["generator:g"]), "SIGINT-twice", version
    )
    assert handlers == ("main", "finally:f", *names, "C", "B", "A", "SIGINT")


@pytest.mark.parametrize("version", ["3.10.13", "3.11.2"])
def test_code_that_blocks_is_interrupted_by_the_first_ctrl_c_up_to_3_10(version: str) -> None:
    """From 3.11 on by the second."""
    (once,) = outcomes(loop(BLOCKS), "SIGINT", version)
    assert once.survivors == (("main",) if version == "3.11.2" else ())
    ended = ("main", "finally:f", "C", "B", "A", "SIGINT")
    assert only(loop(BLOCKS), "SIGINT-then-SIGINT", version) == [ended]


def test_a_handler_of_the_program_for_ctrl_c_keeps_the_runner_from_its_own() -> None:
    """It is called as everywhere; what it raises leaves the loop, and all clean up."""
    table = loop(F, tasks=["task:t"])
    table["steps"].insert(0, "on SIGINT stop, sys.exit 4")
    ended = ("main", "signal.SIGINT:stop", "finally:f", "task:t", "C", "B", "A", 4)
    assert only(table, "SIGINT") == [ended]


def test_a_loop_is_told_of_a_signal_that_somebody_else_handles_too() -> None:
    """First the handler that signal.signal has set, then the loop's."""
    table = loop("loop on SIGTERM stop, wake", "on SIGTERM library, nothing", F)
    handlers = ("signal.SIGTERM:library", "signal.SIGTERM:stop")
    assert only(table, "SIGTERM") == [("main", *handlers, "finally:f", "C", "B", "A", 0)]


def test_a_loop_whose_wakeup_was_taken_does_nothing_at_a_signal() -> None:
    """The program lives on, as it does where the main task blocks."""
    for table in (
        loop("loop on SIGTERM stop, wake", "other wakeup", F),
        loop("loop on SIGTERM stop, wake", BLOCKS),
    ):
        (outcome,) = outcomes(table, "SIGTERM")
        assert outcome.survivors == ("main",)
        assert outcome.processes[0].fired == ()


def test_a_loop_is_described_by_its_keys_alone() -> None:
    """Another one is refused, and says what is valid."""
    with pytest.raises(InvalidProgram, match="asyncio = STEPS"):
        program({"steps": [{"asyncio": [], "threads": []}]})
