"""A scenario: a small program that declares itself in its own file. Pure.

`parse_scenario` judges the text of one file. The header is the script metadata block of
PEP 723, under `[tool.exitmatrix]`.
"""

from __future__ import annotations

import ast
import fnmatch
import re
import tomllib
import warnings
from collections.abc import Mapping
from typing import Any

from msgspec.structs import fields, replace
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from exitmatrix.declare.described import program
from exitmatrix.declare.header import H, InvalidHeader, checked, nearest_key, tables
from exitmatrix.declare.keys import Own, Script
from exitmatrix.declare.launchers import LAUNCHED
from exitmatrix.declare.program import InvalidProgram
from exitmatrix.declare.servers import SERVERS
from exitmatrix.declare.services import PACKAGES
from exitmatrix.declare.stacks import STACKS
from exitmatrix.declare.starts import STARTS_BY_ID
from exitmatrix.declare.terminations import IN_PROCESS, RARE, TERMINATIONS
from exitmatrix.model import DataState, Ending, Program, Ready, Scenario
from exitmatrix.model.app import PORT

# Ids become parts of paths and of cell ids: no dots, slashes or capitals.
ID = re.compile(r"[a-z0-9][a-z0-9-]*")

NEEDED = tuple(one.encode_name for one in fields(Own) if one.required)
CLEAN = ("kept", "removed")  # what a clean end may make of data; other states are for what is seen
ROLES = (("main",), ("parent", "child"))
FAMILIES = {one.family for one in STACKS}
ROLE = re.compile(r"[a-z][a-z-]*")
BUSY = "-busy"  # what the id of a scenario ends with that is ended while it answers
IN_FLIGHT = ("signal", "signal-then-signal")
"""How what ends a scenario is delivered while it answers."""
LONGEST_REST = 20  # seconds: nothing is watched for longer
OF_COMMANDS = ("listening", "line")  # how a command is seen to be ready
LINE_FORM = 'ready = {line = "REGEX"}'
READY_FORMS = 'ready = {stdout = "LINE"}, ready = "http" or ready = "none"'


class InvalidScenario(Exception):
    """A text is no scenario; says at which key, and what would be right."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(f"{key}: {text}" if key else text)
        self.key = key
        self.text = text


def parse_scenario(id: str, text: str, path: str, folder: str = "") -> Scenario:
    """The scenario that a text declares. Raises InvalidScenario."""
    if not ID.fullmatch(id):
        raise InvalidScenario(
            "", f"{id!r} is no scenario id: small letters, digits and hyphens, as in plain-clear"
        )
    script = _checked("", _header(text), Script)
    own = script.tool.get("exitmatrix")
    if not isinstance(own, dict):
        raise InvalidScenario("tool.exitmatrix", f"missing; it holds {', '.join(NEEDED)}")
    keys = _checked("tool.exitmatrix.", own, Own)
    ready = _ready(keys.ready)
    family, releases = _family(script.dependencies)
    _roles(keys)
    return Scenario(
        id=id,
        title=keys.title,
        path=path,
        folder=folder,
        doc=_doc(text, path),
        roles=keys.roles,
        ready=ready,
        family=family,
        releases=releases,
        requires=_requires(script.requires_python),
        terminations=_terminations(keys.terminations, keys.roles),
        launchers=_launchers(keys),
        not_on=dict(keys.not_on),
        lengths=_lengths(keys.handler_ms),
        starts=_starts(keys.starts),
        program=_program(keys.program),
        command=_command(keys.command, ready),
        needs=_needs(keys.needs),
        server=_server(keys),
        busy=_busy(keys, ready),
        rests=_rests(keys.rests),
        runner=_runner(keys),
        acts=_acts(keys),
        printed=keys.printed,
        data=_data(keys.data),
    )


def _checked(table: str, given: Mapping[str, Any], form: type[H]) -> H:
    try:
        return checked(given, form)
    except InvalidHeader as error:
        raise InvalidScenario(f"{table}{error.key}", error.text) from error


def _header(text: str) -> dict[str, Any]:
    try:
        blocks = tables(text, "script")
    except tomllib.TOMLDecodeError as error:
        raise InvalidScenario("", f"the header is no TOML: {error}") from error
    if len(blocks) != 1:
        wrong = "two headers" if blocks else "no header"
        raise InvalidScenario(
            "", f"{wrong}; a scenario opens with one block `# /// script` ... `# ///` (PEP 723)"
        )
    return blocks[0]


def _doc(text: str, path: str) -> str:
    """The docstring, if the program compiles."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the subject's code, not ours
            tree = ast.parse(text, path)
            # Parsing alone lets `return` outside of a function pass.
            compile(tree, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        where = f" in line {error.lineno}" if error.lineno else ""
        raise InvalidScenario("", f"does not compile: {error.msg}{where}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        # Null bytes, and nesting past what the parser takes.
        reason = str(error) or type(error).__name__
        raise InvalidScenario("", f"does not compile: {reason}") from error
    return ast.get_docstring(tree) or ""


# ------------------------------------------------------------------ the keys


def _command(words: tuple[str, ...], ready: Ready) -> tuple[str, ...]:
    if words and ready.by not in OF_COMMANDS:
        valid = f'ready = "listening" or {LINE_FORM}'
        raise InvalidScenario("tool.exitmatrix.ready", f"with a command, valid: {valid}")
    if not words and ready.by in OF_COMMANDS:
        raise InvalidScenario("tool.exitmatrix.ready", f"{ready.by} goes together with a command")
    if ready.by == "listening" and not any(PORT in word for word in words):
        raise InvalidScenario("tool.exitmatrix.command", f"{PORT} is missing, for a free port")
    return words


def _runner(keys: Own) -> tuple[str, ...]:
    if keys.runner and keys.command:
        raise InvalidScenario("tool.exitmatrix.runner", "does not go together with a command")
    return keys.runner


def _server(keys: Own) -> str:
    if bool(keys.server) != bool(keys.command):
        raise InvalidScenario("tool.exitmatrix.server", "goes together with a command")
    if keys.server and keys.server not in SERVERS:
        valid = ", ".join(sorted(SERVERS))
        raise InvalidScenario("tool.exitmatrix.server", f"valid: {valid}, not {keys.server!r}")
    return keys.server


def _roles(keys: Own) -> None:
    of_command = keys.command and keys.roles and all(ROLE.fullmatch(one) for one in keys.roles)
    if not of_command and keys.roles not in ROLES:
        valid = " or ".join(f"{list(each)}" for each in ROLES)
        given = list(keys.roles)
        raise InvalidScenario("tool.exitmatrix.roles", f"valid: {valid}, not {given}")


def declared_by(scenario: Scenario) -> tuple[Scenario, ...]:
    """The scenarios that one file declares.

    One for each start of Python, or length of its handlers; and one that is ended while it
    answers a request.
    """
    if scenario.busy:
        answering = replace(
            scenario,
            id=f"{scenario.id}{BUSY}",
            title=f"{scenario.title}, while it answers a request",
            terminations=scenario.busy,
            busy=(),
            answering=True,
        )
        return replace(scenario, busy=()), answering
    return _with_starts(scenario) or _with_lengths(scenario) or (scenario,)


def _with_starts(scenario: Scenario) -> tuple[Scenario, ...]:
    return tuple(
        replace(
            scenario,
            id=f"{scenario.id}-{id}",
            title=f"{scenario.title}: {STARTS_BY_ID[id].does}",
            starts=(),
            start=STARTS_BY_ID[id],
            requires=STARTS_BY_ID[id].requires or scenario.requires,
        )
        for id in scenario.starts
    )


def _with_lengths(scenario: Scenario) -> tuple[Scenario, ...]:
    return tuple(
        replace(
            scenario,
            id=f"{scenario.id}-{length}ms",
            title=f"{scenario.title}: {length} ms each",
            lengths=(),
            length=length,
        )
        for length in scenario.lengths
    )


def _starts(ids: tuple[str, ...]) -> tuple[str, ...]:
    for id in ids:
        if id not in STARTS_BY_ID:
            valid = ", ".join(STARTS_BY_ID)
            raise InvalidScenario("tool.exitmatrix.starts", f"valid: {valid}; not {id!r}")
    return ids


def _lengths(rising: tuple[int, ...]) -> tuple[int, ...]:
    if list(rising) != sorted(set(rising)):
        valid = "a list of milliseconds that rise is valid"
        raise InvalidScenario("tool.exitmatrix.handler-ms", f"{valid}, not {list(rising)}")
    return rising


def _acts(keys: Own) -> str:
    if keys.acts and keys.acts not in keys.roles:
        valid = " or ".join(f'"{role}"' for role in keys.roles)
        raise InvalidScenario("tool.exitmatrix.acts", f"valid: {valid}, not {keys.acts!r}")
    return keys.acts


def _busy(keys: Own, ready: Ready) -> tuple[str, ...]:
    key = "tool.exitmatrix.busy"
    if not keys.busy:
        return ()
    if ready.by != "listening":
        raise InvalidScenario(key, "goes together with a command that listens")
    for id in {Ending.parse(one)[0] for one in _terminations(keys.busy, keys.roles, key)}:
        if id not in TERMINATIONS or TERMINATIONS[id].delivery not in IN_FLIGHT:
            raise InvalidScenario(
                key, f"a signal is valid, as SIGTERM@{keys.roles[-1]}, not {id!r}"
            )
    return keys.busy


def _rests(seconds: int) -> int:
    if not 0 <= seconds < LONGEST_REST:
        valid = f"{LONGEST_REST - 1} seconds at most"
        raise InvalidScenario("tool.exitmatrix.rests", f"valid: {valid}, not {seconds}")
    return seconds


def _program(value: Mapping[str, Any] | None) -> Program | None:
    """What the laws are told of the program; nothing where the header says nothing."""
    if value is None:
        return None
    try:
        return program(value)
    except InvalidProgram as error:
        raise InvalidScenario("tool.exitmatrix.program", str(error)) from error


def _data(value: Mapping[str, Any]) -> dict[str, DataState]:
    key = "tool.exitmatrix.data"
    for kind, state in value.items():
        if ":" in kind or kind.strip() != kind or kind.splitlines() != [kind]:
            raise InvalidScenario(key, f"a kind is a few words without a colon, not {kind!r}")
        if state not in CLEAN:
            valid = " or ".join(f'"{word}"' for word in CLEAN)
            raise InvalidScenario(f"{key}.{kind}", f"valid: {valid}, not {state!r}")
    return dict(sorted(value.items()))


def _ready(value: object) -> Ready:
    if value == "http":
        return Ready(by="http")
    if value in ("none", "listening"):
        return Ready(by=value)
    if isinstance(value, dict) and list(value) == ["line"]:
        line = value["line"]
        if isinstance(line, str) and line.splitlines() == [line]:
            try:
                re.compile(line)
            except re.error as error:
                raise InvalidScenario("tool.exitmatrix.ready", f"{line!r}: {error}") from error
            return Ready(by="line", line=line)
    if isinstance(value, dict) and list(value) == ["stdout"]:
        line = value["stdout"]
        if isinstance(line, str) and line.splitlines() == [line]:
            return Ready(by="stdout", line=line)
    raise InvalidScenario("tool.exitmatrix.ready", f"valid: {READY_FORMS}; not {value!r}")


def _family(dependencies: tuple[str, ...]) -> tuple[str, str]:
    """The family of stacks, and the releases of its package that the scenario is for."""
    given = list(dependencies)
    try:
        last = Requirement(dependencies[-1] if dependencies else "none")
    except InvalidRequirement as error:
        raise InvalidScenario(
            "dependencies", f'a package such as "flask>=2.2" is valid (PEP 508), not {given}'
        ) from error
    if last.name not in FAMILIES or last.name in dependencies[:-1]:
        valid = ", ".join(sorted(FAMILIES - {"none"}))
        raise InvalidScenario(
            "dependencies", f"valid: none, or a list whose last is one of {valid}; not {given}"
        )
    return last.name, str(last.specifier)


def _requires(value: str) -> str:
    try:
        SpecifierSet(value)
    except InvalidSpecifier as error:
        raise InvalidScenario(
            "requires-python", f'a specifier such as ">=3.9" is valid (PEP 440), not {value!r}'
        ) from error
    return value


def _terminations(
    patterns: tuple[str, ...], roles: tuple[str, ...], key: str = "tool.exitmatrix.terminations"
) -> tuple[str, ...]:
    if not patterns:
        raise InvalidScenario(key, 'at least one is needed; ["*"] is all but the rare')
    for pattern in patterns:
        id, target = Ending.parse(pattern)
        aims = (*roles, "group")
        if "@" in pattern and target not in aims:
            raise InvalidScenario(
                key, f"{pattern!r} is aimed at none of {', '.join(aims)}, as in SIGINT@group"
            )
        if pattern not in (IN_PROCESS, RARE) and not fnmatch.filter(TERMINATIONS, id):
            raise InvalidScenario(
                key,
                f"{pattern!r} matches no termination"
                f"{nearest_key(pattern, (*TERMINATIONS, IN_PROCESS, RARE))};"
                " valid: ids of the catalogue, patterns over them,"
                f' "{IN_PROCESS}" or "{RARE}"',
            )
    return patterns


def _needs(services: tuple[str, ...]) -> tuple[str, ...]:
    for service in services:
        if service not in PACKAGES:
            valid = ", ".join(PACKAGES)
            raise InvalidScenario("tool.exitmatrix.needs", f"valid: {valid}; not {service!r}")
    return services


def _launchers(keys: Own) -> tuple[str, ...]:
    key = "tool.exitmatrix.launchers"
    if keys.launchers and keys.command:
        raise InvalidScenario(key, "does not go together with a command")
    for pattern in keys.launchers:
        if not fnmatch.filter(LAUNCHED, pattern):
            raise InvalidScenario(
                key, f"{pattern!r} matches no launcher{nearest_key(pattern, LAUNCHED)}"
            )
    return keys.launchers
