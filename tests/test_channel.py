"""Laws of the harness's end of the event channel: what is an event, and what is garbled."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from exitmatrix.machine.run.channel import MOST_EVENTS, READ_SIZE, Channel, Output, decode_event
from exitmatrix.model import Event
from hypothesis import given
from hypothesis import strategies as st

TOKEN = "0123456789abcdef"


def line(*fields: object, token: str = TOKEN) -> bytes:
    escaped = (
        str(one).replace("%", "%25").replace("\t", "%09").replace("\n", "%0A") for one in fields
    )
    return "\t".join([token, *escaped]).encode()


def is_garbled(data: bytes) -> bool:
    return decode_event(data, TOKEN).kind == "garbled"


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Channel]:
    one = Channel(str(tmp_path / "channel"), TOKEN)
    yield one
    one.close()


def say(channel: Channel, data: bytes) -> None:
    fd = os.open(channel.path, os.O_WRONLY)
    os.write(fd, data)
    os.close(fd)


def test_an_event_is_a_line() -> None:
    """Token, speaker, pid, number, kind and details make a fact."""
    data = line("probe", 4711, 3, "registered", "1", "A", "__main__:A")
    assert decode_event(data, TOKEN) == Event(
        "probe", 4711, "registered", ("1", "A", "__main__:A"), 3
    )


@given(st.lists(st.text(max_size=20), max_size=5))
def test_details_arrive_as_they_were_told(details: list[str]) -> None:
    """Tabs, ends of lines and percent signs come through, whatever they are mixed with."""
    assert decode_event(line("endings", 7, 1, "note", *details), TOKEN).detail == tuple(details)


@pytest.mark.parametrize("source", ["kernel", "harness", "", "PROBE"])
def test_only_probe_and_endings_speak_on_the_channel(source: str) -> None:
    """A program that speaks as the kernel or the harness is not believed."""
    assert is_garbled(line(source, 7, 1, "ended", "code 0"))
    assert is_garbled(line(source, 7, 1, "closing"))


def test_a_stranger_is_not_heard() -> None:
    """A line without the trial's token is no event of it."""
    assert is_garbled(line("probe", 7, 1, "began", "1", token="f" * 16))
    assert is_garbled(line("probe", 7, 1, "began", "1", token=""))


@pytest.mark.parametrize("pid", ["0", "-5", "+5", " 5", "1_0", "x", "", "٣", "4194305", "9" * 30])
def test_a_pid_is_a_number_that_a_process_can_have(pid: str) -> None:
    """What no process can be called is garbled: the kernel must never be asked about it."""
    assert is_garbled(line("probe", pid, 1, "began", "1"))


@pytest.mark.parametrize("number", ["0", "-1", "1.0", "", "x", "9" * 30])
def test_events_are_numbered_from_one(number: str) -> None:
    """An event that is not counted would escape the count."""
    assert is_garbled(line("probe", 7, number, "began", "1"))


@pytest.mark.parametrize(
    "event",
    [
        ("started",),
        ("started", "1", "python", "3.13.0"),
        ("started", "one", "python", "3.13.0", "0"),
        ("started", "1", "python", "3.13.0", "many"),
        ("forked",),
        ("forked", "nobody"),
        ("forked", "10"),
        ("registered", "1", "A"),
        ("began",),
        ("ended",),
        ("raised", "1"),
        ("holding", "/gate"),
        ("marked",),
    ],
)
def test_an_event_holds_what_its_kind_holds(event: tuple[str, ...]) -> None:
    """An event with too little in it, or a word for a number, is garbled."""
    assert is_garbled(line("probe", 7, 1, *event))


def test_what_2_7_cannot_tell_is_told_empty() -> None:
    """How many handlers existed before may be left empty; more details than needed are taken."""
    assert not is_garbled(line("probe", 7, 1, "started", "1", "python", "3.13.0", "", "more"))


@given(st.binary(max_size=200))
def test_no_bytes_make_decoding_fail(data: bytes) -> None:
    """Whatever arrives is a fact or garbled, in at most one short text."""
    event = decode_event(data, TOKEN)
    assert event.kind == "garbled"
    assert len(event.detail[0]) < 400


@given(st.binary(max_size=60))
def test_no_bytes_behind_the_token_make_decoding_fail(data: bytes) -> None:
    """Knowing the token does not help to break the harness."""
    decode_event(TOKEN.encode() + b"\tprobe\t7\t1\t" + data, TOKEN)


def test_events_come_in_the_order_of_the_kernel(channel: Channel) -> None:
    """Lines arrive in the order in which they were written, and only once."""
    for number in (1, 2, 3):
        say(channel, line("probe", 7, number, "note", f"{number}") + b"\n")
    assert [event.number for event in channel.read()] == [1, 2, 3]
    assert channel.read() == []


def test_a_line_may_come_in_parts(channel: Channel) -> None:
    """Half a line is kept until its other half arrives."""
    data = line("probe", 7, 1, "began", "1") + b"\n"
    say(channel, data[:20])
    assert channel.read() == []
    say(channel, data[20:])
    assert [event.kind for event in channel.read()] == ["began"]


def test_a_program_gone_wild_costs_no_memory(channel: Channel) -> None:
    """Past the bound events are dropped, which is told once; a line without end is not kept."""
    channel.events = MOST_EVENTS - 2
    for number in range(1, 6):
        say(channel, line("probe", 7, number, "note") + b"\n")
    kinds = [event.kind for event in channel.read()]
    assert kinds == ["note", "garbled"]
    for _ in range(4):
        say(channel, b"x" * READ_SIZE)
        assert channel.read() == []
    assert len(channel._rest) <= READ_SIZE


def test_a_writer_that_never_stops_keeps_nobody(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One look at a pipe takes what it can hold, however fast it is filled again."""
    taken = []

    def never_empty(_fd: int, size: int) -> bytes:
        taken.append(size)
        assert sum(taken) <= 1 << 21, "it reads for ever"
        return b"x" * size

    output = Output()
    monkeypatch.setattr(os, "read", never_empty)
    channel.read()
    output.read()
    monkeypatch.undo()
    assert taken
    output.close_both()


def test_output_is_kept_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a program writes is read to its end, and kept up to the bound."""
    monkeypatch.setattr(Output, "KEPT", 10)
    output = Output()
    assert not output.read()
    os.write(output.write_end, b"twelve bytes")
    assert output.read()
    output.close_write_end()
    output.read()
    assert (bytes(output.text), output.ended) == (b"twelve byt", True)
    output.close()
