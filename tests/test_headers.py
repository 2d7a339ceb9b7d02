"""What a header's words come to, in programs that mix them as no scenario here does. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from exitmatrix.declare.described import program
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.cell import predict
from exitmatrix.judge.profile import profile
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.model import Process

Table = Mapping[str, Any]


def shows(
    *steps: object,
    python: str = "3.13.0",
    target: str = "main",
    ending: str = "return",
    **keys: object,
) -> tuple[Process, ...]:
    """The processes of the one outcome that a program may have."""
    parsed = program({"steps": list(steps), **keys})
    about = profile({"implementation": "cpython", "version": python})
    (outcome,) = predict(parsed, TERMINATIONS[ending], target, about).outcomes
    return outcome.processes


def test_a_handler_that_the_program_calls_itself_is_not_heard_of() -> None:
    """The probe hears of what atexit calls; what a function does it does all the same."""
    handlers = {"A": ["register B"], "B": ["sys.exit 4"]}
    (main,) = shows("call A", {"try": ["nothing"], "finally": "A"}, handlers=handlers)
    assert (main.fired, main.exit) == (("B", "B"), {"code": 0})


def test_a_function_that_is_decorated_tells_of_itself() -> None:
    """One with a mechanism in its name is; of others the header says so."""
    (main,) = shows("call finally:f", "call A", "call B", tells=["B"])
    assert main.fired == ("finally:f", "B")


def test_a_handler_that_another_thread_is_in_has_begun_in_a_child() -> None:
    """Which thread forks is no matter; a function that says nothing is in neither."""
    handlers = {"A": ["call B"], "B": [{"thread": [{"fork": ["os._exit 0"]}]}]}
    parent, child = shows("register A", target="parent", handlers=handlers)
    assert (parent.fired, child.fired, child.unfinished) == (("A",), (), ("A",))


def test_several_tasks_that_the_program_orders_are_ended_in_turn() -> None:
    """As those of a program do that sees to it itself."""
    loop = {"asyncio": [], "tasks": ["finally:t", "finally:u"], "in-turn": True}
    (main,) = shows("register A", loop)
    assert main.fired == ("finally:t", "finally:u", "A")


SECOND = ["register A", "subinterpreter X Y"]
NOT_SAID: dict[str, Table] = {
    "which of several tasks is cancelled first": {
        "steps": [{"asyncio": [], "tasks": ["finally:t", "finally:u"]}]
    },
    "which of several generators is closed first": {
        "steps": [{"asyncio": [], "generators": ["aclose:g", "aclose:h"]}]
    },
    "whether a pool has a worker for what its task submits": {
        "steps": ["import executor", "submit pool:p"],
        "handlers": {"pool:p": ["submit pool:q"]},
    },
    "that a pool in a forked child has no worker": {
        "steps": ["import executor", "submit pool:p", {"fork": ["submit pool:q"]}]
    },
    "whose task a process awaits that is no worker": {"steps": ["await task"]},
    "where handlers in threads that handlers start come to an end": {
        "steps": ["register A", "run handlers"],
        "handlers": {"A": [{"thread": ["run handlers"]}]},
    },
    "who holds the generator of a main task that ends cancelled": {
        "steps": [
            {"asyncio": ["signal SIGINT"], "tasks": ["finally:t"], "generators": ["aclose:g"]}
        ]
    },
    "what a program starts that is supervised": {
        "steps": [{"apply": ["nothing"]}],
        "supervisor": "wait",
    },
}


@pytest.mark.parametrize("what", NOT_SAID)
def test_what_a_header_does_not_say_is_withheld(what: str) -> None:
    """With a question; no header makes the judge fail."""
    about = profile({"implementation": "cpython", "version": "3.13.0"})
    parsed = program(NOT_SAID[what])
    target = "child" if parsed.supervisor else "main"
    with pytest.raises(NotPredicted, match="no law says"):
        predict(parsed, TERMINATIONS["return"], target, about)


def test_from_3_8_to_3_11_a_second_interpreters_handler_has_to_say_what_it_does() -> None:
    """The first one that makes a system call ends the process. One that makes none does not."""
    (main,) = shows(*SECOND, python="3.8.18", handlers={"X": "say x", "Y": "say y"})
    assert (main.fired, main.unfinished, main.exit) == (("A",), ("Y",), {"code": 0})
    with pytest.raises(NotPredicted, match="second interpreter's handler"):
        shows(*SECOND, python="3.8.18", handlers={"X": "say x"})
    (main,) = shows(*SECOND, python="3.12.1")
    assert main.fired == ("A", "Y", "X")
