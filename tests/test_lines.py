"""What the harness and its engine say to each other arrives as it was, whatever bytes it holds."""

from __future__ import annotations

import os

import msgspec
import pytest
from exitmatrix.declare.situations import find_situation
from exitmatrix.machine.run.app.engine import AppAnswer, AppAsk, broken
from exitmatrix.machine.run.lines import decode_message, encode
from exitmatrix.model.app import AppSpec, Readiness
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

SPEC = AppSpec(
    id="deploy",
    words=("python", "app.py"),
    folder="/app",
    environment={},
    situation=find_situation("deploy"),
    target="first",
    ready=Readiness(),
    inside=("probe.py",),
    grace=10.0,
)
ASK = msgspec.json.Decoder(AppAsk)
ANSWER = msgspec.json.Decoder(AppAnswer)


@given(st.binary())
def test_a_name_arrives_as_it_was(name: bytes) -> None:
    """A file's name and a variable's value are bytes, and need be no text: PEP 383."""
    text = os.fsdecode(name)
    ask = AppAsk(7, replace(SPEC, environment={"NAME": text}, words=("python", text)))
    line = encode(ask)
    assert b"\n" not in line
    assert decode_message(line, ASK) == ask
    answer = AppAnswer(7, replace(broken(SPEC, "failed", text), changed=(text,)))
    assert decode_message(encode(answer), ANSWER) == answer


@pytest.mark.parametrize("line", [b"", b"{", b'{"number": "\\udce9"}', b'"\\udce9"', b"\xff"])
def test_what_is_no_message_is_none(line: bytes) -> None:
    """A line that was cut off, or another value: the engine is lost then, and not believed."""
    with pytest.raises(msgspec.DecodeError):
        decode_message(line, ANSWER)
