"""Laws about interpreters that share a process: each is heard, and none is mistaken for another."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.machine.run.channel import decode_event
from exitmatrix.model import Event, Outcome, Unknown
from exitmatrix.observe import observe, timeline

from tests.conftest import FOUND, LOADED, make_order, outcomes_of
from tests.support.histories import PLAIN, Log, plain

RETURN = TERMINATIONS["return"]
CPYTHONS = [id for id, one in FOUND.items() if one.implementation == "cpython"]


def second(log: Log, number: int, kind: str, *detail: str, source: str = "probe") -> Log:
    """What the first subinterpreter of process 10 tells, as the event of that number."""
    log.events.append(Event(source, 10, kind, detail, number, 1))  # type: ignore[arg-type]
    return log


def with_second() -> Log:
    """A plain program that has made a subinterpreter, in which D is registered."""
    log = Log().kernel(10, "spawned").harness("ready", pid=10).starts(10)
    log.registers(10, "A")
    second(log, 1, "started", "1", "python\0app.py\0", "3.13.0", "0")
    second(log, 2, "registered", "1.1", "D", "__main__:D")
    return log.endings(10, "subinterpreter").endings(10, "ending", "return")


def test_each_interpreter_of_a_process_counts_its_own_events() -> None:
    """Two that number from 1 on have told everything; handlers of both are the process's."""
    log = second(second(with_second(), 3, "began", "1.1"), 4, "ended", "1.1")
    shown = observe(log.fires(10, "A").ends(10).trial(), PLAIN, RETURN)
    assert isinstance(shown, Outcome), shown
    assert [one.fired for one in shown.processes] == [("D", "A")]


def test_a_gap_in_what_a_subinterpreter_tells_is_unknown() -> None:
    """A lost event of a subinterpreter is a lost event."""
    log = second(with_second(), 4, "began", "1.1")
    shown = observe(log.ends(10).trial(), PLAIN, RETURN)
    assert shown == Unknown(reason="events of a process are missing or doubled")


def test_a_subinterpreter_that_nobody_heard_is_unknown() -> None:
    """Where the probe did not come into a subinterpreter, nothing is said of its handlers."""
    log = plain().endings(10, "subinterpreter").fires(10, "C", "B", "A").ends(10)
    shown = observe(log.trial(), PLAIN, RETURN)
    assert shown == Unknown(reason="a subinterpreter was not observed from inside")


def test_a_process_that_begins_anew_is_no_subinterpreter() -> None:
    """Its main interpreter is another program's (exec), with numbers and keys of its own."""
    log = plain().fires(10, "C")
    log.numbers[10] = 0
    shown = observe(
        log.starts(10).registers(10, "D").fires(10, "D").ends(10).trial(), PLAIN, RETURN
    )
    assert isinstance(shown, Outcome), shown
    assert [one.fired for one in shown.processes] == [("C", "D")]


def test_a_timeline_says_where_a_subinterpreter_started() -> None:
    """Its start is told apart from that of the process."""
    lines = timeline(with_second().ends(10).trial(), PLAIN)
    assert ("main", "started") in lines
    assert ("main", "started", "subinterpreter 1") in lines


@pytest.mark.parametrize(
    ("speaker", "pid", "subinterpreter"), [("4711", 4711, 0), ("4711.1", 4711, 1), ("7.12", 7, 12)]
)
def test_an_event_names_the_interpreter_that_tells_it(
    speaker: str, pid: int, subinterpreter: int
) -> None:
    """PID.N is the Nth subinterpreter of process PID."""
    event = decode_event(f"t\tprobe\t{speaker}\t1\tbegan\t1".encode(), "t")
    assert (event.pid, event.subinterpreter) == (pid, subinterpreter)


@pytest.mark.parametrize("speaker", ["7.", "7.0", "7.x", ".1", "7.1.1", "7.-1", "7.01", "7. 1"])
def test_what_names_no_interpreter_is_garbled(speaker: str) -> None:
    """A speaker is a pid, with the number of an interpreter from 1 on behind a point."""
    assert decode_event(f"t\tprobe\t{speaker}\t1\tbegan\t1".encode(), "t").kind == "garbled"


@pytest.mark.real
@pytest.mark.parametrize("interpreter_id", CPYTHONS)
def test_handlers_are_local_to_their_interpreter(
    interpreter_id: str, environment_of: Callable[[str, str], Environment]
) -> None:
    """An interpreter that is ended runs its own handlers since 3.7, and before that nobody does."""
    environment = environment_of(interpreter_id, "none")
    local = ("E", "D") if FOUND[interpreter_id].language >= (3, 7) else ()
    fired = {}
    for id in ("ended", "handler"):
        subject = LOADED[f"plain-subinterpreter-{id}"]
        shown = outcomes_of([make_order(environment, subject, "return")])["return@main"]
        assert isinstance(shown, Outcome), shown
        (fired[id],) = (one.fired for one in shown.processes)
    # `end_second` ends after what runs inside of it.
    assert fired["ended"] == (*local, "C", "B", "A")
    assert fired["handler"] is not None
    assert set(fired["handler"]) == {"end_second", *local, "C", "B", "A"}


@pytest.mark.real
@pytest.mark.parametrize("interpreter_id", CPYTHONS)
def test_an_interpreter_that_is_left_can_take_the_exit_status_with_it(
    interpreter_id: str, environment_of: Callable[[str, str], Environment]
) -> None:
    """What becomes of one that nobody ends differs by version; main's handlers run in all."""
    environment = environment_of(interpreter_id, "none")
    subject = LOADED["plain-subinterpreter-left"]
    shown = outcomes_of([make_order(environment, subject, "sys-exit-3")])["sys-exit-3@main"]
    assert isinstance(shown, Outcome), shown
    (main,) = shown.processes
    language = FOUND[interpreter_id].language
    assert main.fired is not None
    assert main.fired[:3] == ("C", "B", "A")
    if language < (3, 7):
        assert (main.fired[3:], main.unfinished, main.exit) == ((), (), {"code": 3})
    elif language == (3, 7):  # PyInterpreterState_Delete: remaining subinterpreters
        assert (main.fired[3:], main.unfinished, main.exit) == ((), (), {"signal": "SIGABRT"})
    elif language < (3, 12):  # gh-109793
        assert (main.fired[3:], main.unfinished, main.exit) == ((), ("E",), {"code": 0})
    else:
        assert (main.fired[3:], main.unfinished, main.exit) == (("E", "D"), (), {"code": 3})
