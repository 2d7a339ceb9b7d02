"""What a project says of its own program: exitmatrix.toml, or [tool.exitmatrix] in pyproject.toml.

    [app]
    command = "gunicorn -w 2 -b 127.0.0.1:{port} app:app"
    ready = "/healthz"
    endings = ["deploy", "oom"]

    [expect.deploy]
    ran = "all"
    exit = 0
    within = "10s"
    left = []

The keys of `app` are the options of `exitmatrix run`. Every key is known, or the file is refused
with the nearest that is. Pure: the text comes in parsed.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from exitmatrix.declare.situations import SIGNALS, NoSuchSituation, did_you_mean, find_situation
from exitmatrix.declare.texts import NUMBER, CannotRead, address, duration, role
from exitmatrix.model.app import Expectation
from exitmatrix.model.base import Frozen

MOST_TRIALS = 1000
MOST_JOBS = 512


class SettingsError(Exception):
    """A file, or an option, that cannot be used; one line."""


class Settings(Frozen, kw_only=True):
    """What a project says."""

    command: tuple[str, ...] = ()
    ready: str = ""
    ready_within: str = ""
    grace: str = ""
    at: str = ""
    launcher: str = ""
    env: Mapping[str, str] = {}
    before: tuple[str, ...] = ()
    before_each: tuple[str, ...] = ()
    request: str = ""
    endings: tuple[str, ...] = ()
    trials: int = 0  # 0: nothing is said
    thorough: bool = False
    jobs: int = 0  # 0: nothing is said
    roles: tuple[str, ...] = ()  # NAME=REGEX
    folders: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    clean_env: bool = False
    expectations: tuple[Expectation, ...] = ()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text")
    return value


def _number(value: Any) -> str:
    """A port or a number of seconds, which an option cannot but write as a text."""
    return str(value) if type(value) in (int, float) else _text(value)


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, str):
        return _texts(value)
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise ValueError(f"a command, and has {str(error).lower()}") from error


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError("a list of texts")
    return tuple(value)


def _table(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise TypeError("a table of texts")
    return dict(value)


def _several(value: Any) -> tuple[str, ...]:
    """What an option says that may be given several times; one may stand alone."""
    return _texts([value] if isinstance(value, str) else value)


def _endings(value: Any) -> tuple[str, ...]:
    found = _several(value)
    for one in found:
        find_situation(one)
    return found


def _addresses(value: Any) -> tuple[str, ...]:
    return tuple(address(one) for one in _several(value))


def _roles(value: Any) -> tuple[str, ...]:
    found = tuple(f"{name}={expression}" for name, expression in _table(value).items())
    for one in found:
        role(one)
    return found


def _yes(value: Any) -> bool:
    if type(value) is not bool:
        raise TypeError("true or false")
    return value


def _count(most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if type(value) is not int or not 0 < value <= most:
            raise ValueError(f"a whole number from 1 to {most}")
        return value

    return read


APP: Mapping[str, Callable[[Any], Any]] = {
    "command": _words,
    "ready": _number,
    "ready-within": _number,
    "grace": _number,
    "at": _text,
    "as": _text,
    "env": _table,
    "before": _words,
    "before-each": _words,
    "request": _text,
    "endings": _endings,
    "trials": _count(MOST_TRIALS),
    "thorough": _yes,
    "jobs": _count(MOST_JOBS),
    "role": _roles,
    "look-in": _several,
    "allow-address": _addresses,
    "clean-env": _yes,
}
FIELDS = {
    "as": "launcher",
    "ready-within": "ready_within",
    "before-each": "before_each",
    "role": "roles",
    "look-in": "folders",
    "allow-address": "addresses",
    "clean-env": "clean_env",
}

STATUSES = 256
KILLING = {
    *SIGNALS,
    *("SIGILL", "SIGTRAP", "SIGBUS", "SIGFPE", "SIGSYS", "SIGSTKFLT", "SIGVTALRM", "SIGPROF"),
    *("SIGXCPU", "SIGXFSZ", "SIGIO", "SIGPWR"),
}
"""The signals whose default action ends a process: signal(7)."""

EXPECTED = {
    "ran": "all, or the labels of handlers",
    "exit": "an exit status from 0 to 255, or the name of a signal such as SIGTERM",
    "within": "a time, such as 10s",
    "replaced": "a time, such as 5s, in which a process is started in the place of one that ended;"
    " if --ready is a URL, that must be answered in the end",
    "serves-again": "a time, such as 5s, in which whoever is started in the place of one that ended"
    " waits for connections;"
    " if --ready is a URL, that must be answered in the end",
    "left": "names that may be left behind",
    "lines": "expressions that lines of the output must match",
}
"""What can be expected of an ending, and how it is written."""


def parse_settings(whole: Mapping[str, Any], where: str) -> Settings:
    """The settings that a file holds, below its own table. Raises SettingsError."""
    for key in whole:
        if key not in ("app", "expect"):
            instead = (
                "; it belongs below app" if key in APP else did_you_mean(key, ("app", "expect"))
            )
            raise SettingsError(f"{where}: no key '{key}'{instead}")
    fields: dict[str, Any] = {}
    for key, value in _section(whole, "app", where).items():
        if key not in APP:
            raise SettingsError(f"{where}, app: no key '{key}'{did_you_mean(key, tuple(APP))}")
        try:
            fields[FIELDS.get(key, key)] = APP[key](value)
        except (TypeError, ValueError) as error:
            raise SettingsError(f"{where}, app.{key}: must be {error}") from error
        except (CannotRead, NoSuchSituation) as error:
            raise SettingsError(f"{where}, app.{key}: {error}") from error
    found: list[Expectation] = []
    for ending, rows in _section(whole, "expect", where).items():
        if not isinstance(rows, dict):
            of = f"; name the ending, as in [expect.deploy] {ending}" if ending in EXPECTED else ""
            raise SettingsError(f"{where}, expect.{ending}: must be a table{of}")
        found += [expectation(ending, key, value, where) for key, value in rows.items()]
    return Settings(**fields, expectations=tuple(found))


def _section(whole: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    rows = whole.get(name, {})
    if not isinstance(rows, dict):
        raise SettingsError(f"{where}, {name}: must be a table")
    return rows


def expectation(ending: str, key: str, value: Any, where: str) -> Expectation:
    """One expectation. Raises SettingsError."""
    try:
        find_situation(ending)
    except NoSuchSituation as error:
        raise SettingsError(f"{where}: {error}") from error
    if key not in EXPECTED:
        raise SettingsError(
            f"{where}, {ending}: no key '{key}'{did_you_mean(key, tuple(EXPECTED))}"
        )
    values = value if isinstance(value, list) else [value]
    try:
        return Expectation(ending=ending, key=key, values=READ[key](values))
    except (TypeError, ValueError, CannotRead) as error:
        wanted = f"{where}, {ending}.{key}: must be {EXPECTED[key]}"
        reason = f"; {error}" if isinstance(error, _IsNone) else ""
        raise SettingsError(wanted + reason) from error


class _IsNone(ValueError):
    """A value that is none of what it may be; it is named, with the nearest."""


def _plain(values: Sequence[Any]) -> tuple[str, ...]:
    """Texts and whole numbers, as texts."""
    if not all(isinstance(one, str) or type(one) is int for one in values):
        raise TypeError
    return tuple(str(one) for one in values)


def _seconds(values: Sequence[Any]) -> tuple[str, ...]:
    (one,) = values
    return (f"{duration(_number(one)):g}",)


def _some(values: Sequence[Any]) -> tuple[str, ...]:
    if not values:
        raise ValueError
    return _plain(values)


def _labels(values: Sequence[Any]) -> tuple[str, ...]:
    found = _some(values)
    if any(type(one) is int for one in values):
        raise TypeError
    return found


def _exits(values: Sequence[Any]) -> tuple[str, ...]:
    found = _some(values)
    for one in found:
        if not (NUMBER.fullmatch(one) and int(one) < STATUSES) and one not in KILLING:
            close = get_close_matches(one.upper(), sorted(KILLING), n=1)
            meant = f"; did you mean '{close[0]}'?" if close else ""
            raise _IsNone(f"'{one}' is none{meant}")
    return found


def _expressions(values: Sequence[Any]) -> tuple[str, ...]:
    found = _some(values)
    for one in found:
        try:
            re.compile(one)
        except re.error as error:
            raise _IsNone(f"'{one}' is none: {error}") from error
    return found


READ: Mapping[str, Callable[[Sequence[Any]], tuple[str, ...]]] = {
    "ran": _labels,
    "exit": _exits,
    "within": _seconds,
    "replaced": _seconds,
    "serves-again": _seconds,
    "left": _plain,
    "lines": _expressions,
}


def from_option(text: str) -> list[Expectation]:
    """`deploy:ran=all,within=10s` as expectations. Raises SettingsError."""
    ending, colon, rest = text.partition(":")
    if not colon or not rest:
        raise SettingsError(f"'{text}' is no expectation; write ENDING:KEY=VALUE,...")
    found: list[Expectation] = []
    for part in rest.split(","):
        key, equals, value = part.partition("=")
        if not equals:
            raise SettingsError(f"'{part}' has no value; write {part}=VALUE")
        values: Sequence[str] = [] if value in ("", "nothing") else value.split("+")
        found.append(expectation(ending, key, list(values), "--expect"))
    return found
