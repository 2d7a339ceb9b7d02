"""Two witnesses: what the processes tell and what the kernel reports must not contradict."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any, cast

import pytest
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.machine.run.channel import decode_event
from exitmatrix.machine.run.journal import Journal
from exitmatrix.machine.run.kernel import pidfd
from exitmatrix.machine.run.processes import Processes
from exitmatrix.model import Event, Outcome, Trial, Unknown
from exitmatrix.observe import observe
from exitmatrix.observe.history import STARVED, is_starved
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.histories import PLAIN, SAVED, Log, Saved, plain, saved

TOKEN = "0123456789abcdef"
FOREIGN = "fedcba9876543210"
REAL = {name: saved(name) for name in SAVED}


def shown(log: Log, termination: str = "return") -> Outcome | Unknown:
    return observe(log.trial(), PLAIN, TERMINATIONS[termination])


def reason(log: Log, termination: str = "return") -> str:
    found = shown(log, termination)
    assert isinstance(found, Unknown), found
    return found.reason


# ---------------------------------------------------------------- disagreements


def test_two_ends_of_one_process_are_unknown_and_both_are_named() -> None:
    """Where its parent and its pidfd tell two ends of a process, neither is believed."""
    log = plain().fires(10, *"CBA").ends(10, "code 0")
    log.kernel(10, "disagrees", "its parent learns code 0", "its pidfd tells signal SIGKILL")
    assert reason(log) == (
        "the witnesses disagree about main: "
        "its parent learns code 0, but its pidfd tells signal SIGKILL"
    )


def test_nobody_speaks_after_its_end() -> None:
    """An event that arrives from a process which the kernel saw end is unknown."""
    log = plain().fires(10, "C").ends(10).fires(10, "B")
    assert "the kernel saw its end, but then the channel has its 'began'" in reason(log)


@pytest.mark.parametrize(
    ("termination", "end"),
    [("os-exit-7", "code 0"), ("os-exit-0", "code 7"), ("self-SIGKILL", "code 0")],
)
def test_an_exit_that_cannot_follow_from_what_was_told(termination: str, end: str) -> None:
    """A process that says it leaves with one status, and ends with another, is unknown."""
    log = plain(ending=termination).ends(10, end)
    assert f"the channel says {termination}, but the kernel {end}" in reason(log, termination)


@pytest.mark.parametrize(
    ("termination", "end"),
    [("os-exit-7", "code 7"), ("os-exit-7", "signal SIGKILL"), ("self-SIGKILL", "signal SIGKILL")],
)
def test_an_exit_that_follows_from_what_was_told(termination: str, end: str) -> None:
    """A process may be killed before it leaves; that is no contradiction."""
    assert isinstance(shown(plain(ending=termination).ends(10, end), termination), Outcome)


def test_events_that_could_not_be_told_are_unknown() -> None:
    """A process that could not open the channel may have done what nobody heard."""
    log = plain().ends(10).harness("unheard", "a process could not open the event channel")
    assert reason(log) == (
        "not every event could be told: a process could not open the event channel"
    )


@pytest.mark.parametrize("starved", [True, False])
@pytest.mark.parametrize("killed", [True, False])
def test_who_may_have_been_ended_for_want_of_memory_is_unknown(starved: bool, killed: bool) -> None:
    """The kernel tells that it ended a process, and not which: it does so with SIGKILL."""
    log = plain().fires(10, *"CBA").ends(10, "signal SIGKILL" if killed else "code 0")
    trial = log.trial()
    note = Event("harness", 0, "starved")
    history = (*trial.history[:3], *[note] * starved, *trial.history[3:])
    found = observe(replace(trial, history=history), PLAIN, TERMINATIONS["return"])
    assert isinstance(found, Unknown) == (starved and killed)
    if isinstance(found, Unknown):
        assert found.reason == STARVED


def test_who_was_sent_sigkill_was_not_ended_for_want_of_memory() -> None:
    """It has its reason, whatever the kernel does to others meanwhile."""
    note, sent = Event("harness", 0, "starved"), Event("harness", 10, "sent", ("SIGKILL", "main"))
    end = Event("kernel", 10, "ended", ("signal SIGKILL",))
    assert not is_starved([note, sent, end])
    assert not is_starved([sent, end, note])
    assert is_starved([note, end, sent])


@pytest.mark.parametrize("name", SAVED)
def test_a_real_trial_has_no_disagreement(name: str) -> None:
    """The witnesses agree in every trial that was saved."""
    real = REAL[name]
    assert isinstance(observe(real.trial, real.scenario, real.ending), Outcome)


@pytest.mark.real
@pytest.mark.parametrize("alive", [True, False])
def test_a_parent_that_has_just_ended_is_none_any_more(alive: bool) -> None:
    """An orphan names who started it, and the kernel its reaper: both are right."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as parent:
        if not alive:
            parent.kill()
            os.waitid(os.P_PID, parent.pid, os.WEXITED | os.WNOWAIT)  # it ended, and is not reaped
        journal = Journal()
        processes = Processes(cast("Any", None), cast("Any", None), journal, 0, TOKEN)
        for pid in (os.getpid(), parent.pid):
            processes.watched[pid] = pidfd.watch(pid)
        processes.meet(Event("probe", os.getpid(), "started", (str(parent.pid),)))
        processes.close()
    assert [event.kind for event in journal.events] == ["disagrees"] * alive


@pytest.mark.parametrize(
    ("cell", "ran", "reason"),
    [
        ("cpython-3.13.0", "3.13.0", None),
        ("cpython-3.13.5t", "3.13.5", None),
        ("cpython-3.15.0rc1", "3.15.0rc1", None),
        ("cpython-3.14.10d", "3.14.10+", None),
        ("pypy-3.11.17-8.0.1", "3.11.17", None),
        (
            "cpython-3.13.1",
            "3.13.10",
            "it ran on Python 3.13.10, put in the place of 3.13.1",
        ),
        (
            "cpython-3.15.0rc1",
            "3.15.0",
            "it ran on Python 3.15.0, put in the place of 3.15.0rc1",
        ),
    ],
)
def test_another_python_than_the_cell_names_is_unknown(
    cell: str, ran: str, reason: str | None
) -> None:
    """An interpreter that is upgraded in the middle of a run is not recorded as the old one."""
    trial = plain().fires(10, *"CBA").ends(10).trial()
    started = next(event for event in trial.history if event.kind == "started")
    detail = (*started.detail[:2], ran, *started.detail[3:])
    history = [replace(one, detail=detail) if one is started else one for one in trial.history]
    changed = replace(trial, cell=f"{cell}/none/plain/return@main", history=tuple(history))
    found = observe(changed, PLAIN, TERMINATIONS["return"])
    assert getattr(found, "reason", None) == reason


# ------------------------------------------------------------------ any stream


def line(event: Event, token: str = TOKEN) -> bytes:
    """An event as its process wrote it."""
    fields = [token, event.source, str(event.pid), str(event.number), event.kind, *event.detail]
    escaped = (f.replace("%", "%25").replace("\t", "%09").replace("\n", "%0A") for f in fields)
    return "\t".join(escaped).encode("utf-8", "surrogateescape") + b"\n"


def events(real: Saved) -> list[Event]:
    return [event for event in real.history if event.source in ("probe", "endings")]


def heard(real: Saved, stream: bytes) -> Trial:
    """The trial with another stream on its channel: the harness's own facts stay in place.

    A pipe loses nothing, so what is cut was heard before: the closing tells how many events
    there were, and an end without a newline is garbled, as `trial.py` notes both.
    """
    *lines, rest = stream.split(b"\n")
    arrived = [decode_event(one, TOKEN) for one in lines]
    if rest:
        arrived.append(Event("harness", 0, "garbled", ("an event without an end",)))
    events_seen = events(real)
    count = str(len(events_seen))
    history: list[Event] = []
    supply = iter(arrived)
    for event in real.history:
        if event.source in ("probe", "endings"):
            if (one := next(supply, None)) is not None:
                history.append(one)
        elif (event.source, event.kind) == ("harness", "closing"):
            history += supply
            history.append(replace(event, detail=(count,)))
        else:
            history.append(event)
    return replace(real.trial, history=tuple(history))


def claims(found: Outcome) -> dict[str, set[str]]:
    """Of each role that was observed from inside: the handlers that at least began."""
    return {
        one.role: {*one.fired, *(one.unfinished or ())}
        for one in found.processes
        if one.fired is not None
    }


def never_silent(real: Saved, trial: Trial) -> None:
    """What is concluded never says of a handler that ran that it did not."""
    found = observe(trial, real.scenario, real.ending)
    assert isinstance(found, Outcome | Unknown)
    intact = observe(real.trial, real.scenario, real.ending)
    assert isinstance(intact, Outcome)
    if isinstance(found, Outcome):
        before = claims(intact)
        for role, handlers in claims(found).items():
            assert before.get(role, set()) <= handlers, (role, found)


NAMES = st.sampled_from(SAVED)


@given(NAMES, st.integers(0, 10**6))
def test_a_stream_that_is_cut_at_any_byte_claims_nothing_false(name: str, place: int) -> None:
    """Whatever is missing at the end of a stream makes the trial unknown."""
    real = REAL[name]
    stream = b"".join(map(line, events(real)))
    cut = stream[: place % (len(stream) + 1)]
    never_silent(real, heard(real, cut))
    if len(cut) < len(stream):
        found = observe(heard(real, cut), real.scenario, real.ending)
        assert isinstance(found, Unknown)


@given(NAMES, st.data())
def test_a_stream_with_parts_doubled_or_left_out_claims_nothing_false(
    name: str, data: st.DataObject
) -> None:
    """Lines that come twice, or not, or in another order, never become "did not fire"."""
    real = REAL[name]
    lines = [line(one) for one in events(real)]
    times = data.draw(
        st.lists(st.sampled_from([1, 1, 1, 1, 0, 2]), min_size=len(lines), max_size=len(lines))
    )
    changed = [one for one, n in zip(lines, times, strict=True) for _ in range(n)]
    never_silent(real, heard(real, b"".join(changed)))


@given(NAMES, st.randoms(use_true_random=False))
def test_a_stream_in_any_order_never_fails(name: str, random: object) -> None:
    """Events in an order that no program told them in are an outcome or unknown."""
    real = REAL[name]
    lines = [line(one) for one in events(real)]
    random.shuffle(lines)  # type: ignore[attr-defined]
    trial = heard(real, b"".join(lines))
    assert isinstance(observe(trial, real.scenario, real.ending), Outcome | Unknown)


@given(NAMES, NAMES, st.integers(0, 10**6))
def test_a_stream_with_another_trials_events_is_unknown(name: str, other: str, place: int) -> None:
    """An event without the trial's token, anywhere in the stream, makes the trial unknown."""
    real = REAL[name]
    lines = [line(one) for one in events(real)]
    foreign = [line(one, FOREIGN) for one in events(REAL[other])]
    at = place % (len(lines) + 1)
    trial = heard(real, b"".join([*lines[:at], foreign[place % len(foreign)], *lines[at:]]))
    found = observe(trial, real.scenario, real.ending)
    assert found == Unknown(reason="the event channel holds what is no event of this trial")


@given(NAMES, st.binary(min_size=1, max_size=80), st.integers(0, 10**6))
def test_a_stream_with_any_bytes_in_it_claims_nothing_false(
    name: str, junk: bytes, place: int
) -> None:
    """Bytes between the lines, which are written whole, never become "did not fire"."""
    real = REAL[name]
    lines = [line(one) for one in events(real)]
    at = place % (len(lines) + 1)
    never_silent(real, heard(real, b"".join([*lines[:at], junk, *lines[at:]])))


@given(NAMES, st.integers(0, 10**6))
def test_a_saved_history_that_lost_its_end_is_unknown(name: str, place: int) -> None:
    """Without the closing, nobody knows what else there was."""
    real = REAL[name]
    whole = [event.kind for event in real.history].index("closing")
    trial = replace(real.trial, history=real.history[: place % (whole + 1)])
    assert isinstance(observe(trial, real.scenario, real.ending), Unknown)


def test_the_streams_are_those_of_real_trials() -> None:
    """Told as they are, the saved streams show what the saved histories show."""
    for real in REAL.values():
        stream = b"".join(map(line, events(real)))
        trial = heard(real, stream)
        assert observe(trial, real.scenario, real.ending) == observe(
            real.trial, real.scenario, real.ending
        )


def test_no_line_is_longer_than_what_is_written_whole() -> None:
    """A line of PIPE_BUF bytes or more was not one write of a probe, so it is no event."""
    long = Event("probe", 10, "note", ("x" * 4096,), 1)
    assert decode_event(line(long).rstrip(b"\n"), TOKEN).kind == "garbled"
