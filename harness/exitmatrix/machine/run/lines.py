"""Messages as lines of JSON, whatever bytes a name or a variable holds.

Python reads a byte that is no UTF-8 as half of a pair of surrogates (PEP 383), which JSON can
write as an escape and no encoder of UTF-8 as itself. Such lines are rare, and take the long way.
"""

from __future__ import annotations

import json
from typing import TypeVar

import msgspec

T = TypeVar("T")
_ENCODER = msgspec.json.Encoder()


def encode(message: msgspec.Struct) -> bytes:
    """One line, without its end."""
    try:
        return _ENCODER.encode(message)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(message)).encode("ascii")


def decode_message(line: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """The message of a line. Raises msgspec.DecodeError."""
    try:
        return decoder.decode(line)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        try:
            return msgspec.convert(json.loads(line), decoder.type)
        except (ValueError, UnicodeError):
            pass
        raise
