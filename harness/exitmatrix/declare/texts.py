"""Texts that a user writes: times, ways to be ready, roles. Pure."""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches

from exitmatrix.model.app import PORT, Readiness

DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m)?", re.ASCII)
NUMBER = re.compile(r"\d+", re.ASCII)  # str.isdigit() takes ² for one, and int() does not
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, None: 1.0}
HIGHEST = 1 << 16
VARIABLE = re.compile(r"[A-Za-z_]\w*=.*")
OF_SHELLS = re.compile(r"[|&;<>`$()\n]")
WORDS_OF_SHELLS = {
    *("cd", "source", ".", "export", "unset", "exec", "eval", "set", "ulimit", "umask", "alias"),
    *("if", "for", "while", "until", "case", "trap", "wait", "pushd", "command", "function"),
}
LOOPBACK = re.compile(r"https?://(?:localhost|127\.0\.0\.1)(?=[:/]|\Z)")


class CannotRead(Exception):
    """A text that says nothing which is understood; one line."""


def duration(text: str) -> float:
    """`30s`, `500ms`, `2m`, `1.5` as seconds. Raises CannotRead."""
    found = DURATION.fullmatch(text.strip())
    if not found:
        raise CannotRead(f"'{text}' is not a time; write 30s, 500ms or 2m")
    return float(found[1]) * UNITS[found[2]]


def time_given(text: str) -> float:
    """A time in which something is to happen. Raises CannotRead."""
    if not (seconds := duration(text)):
        raise CannotRead(f"'{text}' is no time at all; write 30s, 500ms or 2m")
    return seconds


def readiness(text: str, within: float) -> Readiness:
    """What `--ready` says. Raises CannotRead."""
    word, _, rest = text.partition(" ")
    if text == "auto":
        return Readiness(within=within)
    if NUMBER.fullmatch(text) or text == PORT:
        if text != PORT and not 0 < int(text) < HIGHEST:
            raise CannotRead(f"{text} is no port; a number of seconds is written {text}s")
        return Readiness(by="port", what=text, within=within)
    if word in ("line", "file") and rest:
        if word == "line":
            try:
                re.compile(rest)
            except re.error as error:
                raise CannotRead(f"'{rest}' is no regular expression: {error}") from error
        return Readiness(by="line" if word == "line" else "file", what=rest, within=within)
    if text.startswith("/") or LOOPBACK.match(text):
        return Readiness(by="url", what=text, within=within)
    if "://" in text:
        raise CannotRead(f"'{text}' is not on this machine; name http://127.0.0.1:PORT/PATH")
    if DURATION.fullmatch(text):
        if duration(text) >= within:
            raise CannotRead(f"--ready {text} is not within --ready-within {within:g}s")
        return Readiness(by="seconds", seconds=duration(text), within=within)
    raise CannotRead(
        f"'{text}' does not say when it is ready;"
        " write auto, PORT, URL, /PATH, 'line REGEX', 'file PATH' or 5s"
    )


def request(text: str) -> str:
    """What `--request` says: a path or a URL of this machine. Raises CannotRead."""
    if not text or text.startswith("/") or LOOPBACK.match(text):
        return text
    raise CannotRead(f"'{text}' is no path to request; write /PATH, or http://127.0.0.1:PORT/PATH")


def address(text: str) -> str:
    """What `--allow-address` says. Raises CannotRead."""
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        raise CannotRead(f"'{text}' is no IP address; write 0.0.0.0, or [::]") from None


def role(text: str) -> tuple[str, str]:
    """What `--role NAME=REGEX` says. Raises CannotRead."""
    name, equals, expression = text.partition("=")
    if not (name and equals and expression):
        raise CannotRead(f"'{text}' names no role; write NAME=REGEX")
    try:
        re.compile(expression)
    except re.error as error:
        raise CannotRead(f"'{expression}' is no regular expression: {error}") from error
    return name, expression


def for_the_kernel(words: Sequence[str], env: Mapping[str, str]) -> None:
    """Check that the kernel takes them: NUL ends a text, and `=` a name. Raises CannotRead."""
    for one in (*words, *env, *env.values()):
        if "\0" in one:
            raise CannotRead(f"{one!r} holds a NUL, which no command and no variable can hold")
    for name in env:
        if not name or "=" in name:
            raise CannotRead(f"{name!r} is no name of a variable")


def hint_of_command(words: Sequence[str], known: Collection[str]) -> str:
    """What may be meant by a command that is none; `known`: the programs that there are."""
    word = words[0]
    if VARIABLE.fullmatch(word):
        return f"; a variable is set by --env {word}"
    if word in WORDS_OF_SHELLS or (len(words) == 1 and OF_SHELLS.search(word)):
        return f"; a shell would know it: -- sh -c {shlex.quote(' '.join(words))}"
    if len(words) == 1 and " " in word.strip():
        return f"; without quotes around the whole it is one: -- {word}"
    if word.endswith(".py"):
        return f"; a Python is to run it: -- python {shlex.join(words)}"
    close = [] if "/" in word else get_close_matches(word, known, n=1)  # a path is no name
    return f"; did you mean '{close[0]}'?" if close else ""
