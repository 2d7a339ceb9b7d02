"""A scenario: a small program that declares itself in its own file. Pure.

`parse` judges the text of one file. The header is the script metadata block of
PEP 723, under `[tool.exitmatrix]`.
"""

from __future__ import annotations

import ast
import difflib
import fnmatch
import re
import tomllib
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from msgspec.structs import replace
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from exitmatrix.declare.header import tables
from exitmatrix.declare.program import InvalidProgram, program
from exitmatrix.declare.servers import SERVERS
from exitmatrix.declare.stacks import STACKS
from exitmatrix.declare.terminations import IN_PROCESS, TERMINATIONS
from exitmatrix.model import DataState, Ending, ImplementationName, Program, Ready, Scenario
from exitmatrix.model.app import PORT

# Ids become parts of paths and of cell ids: no dots, slashes or capitals.
ID = re.compile(r"[a-z0-9][a-z0-9-]*")

SCRIPT_KEYS = ("requires-python", "dependencies", "tool")  # PEP 723 knows no others
OWN_KEYS = ("title", "roles", "ready", "terminations")
MORE_KEYS = (
    "program",
    "not-on",
    "handler-ms",
    "acts",
    "printed",
    "data",
    "command",
    "server",
)  # for scenarios that need them
CLEAN = ("kept", "removed")  # what a clean end may make of data; other states are for what is seen
ROLES = (("main",), ("parent", "child"))
FAMILIES = {one.family for one in STACKS}
ROLE = re.compile(r"[a-z][a-z-]*")
LONGEST = 3000  # milliseconds: a trial with three such handlers stays within its limit
OF_COMMANDS = ("listening", "line")  # how a command is seen to be ready
LINE_FORM = 'ready = {line = "REGEX"}'
READY_FORMS = 'ready = {stdout = "LINE"}, ready = "http" or ready = "none"'


class InvalidScenario(Exception):
    """A text is no scenario; says at which key, and what would be right."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(f"{key}: {text}" if key else text)
        self.key = key
        self.text = text


def parse(id: str, text: str, path: str, folder: str = "") -> Scenario:
    """The scenario that a text declares. Raises InvalidScenario."""
    if not ID.fullmatch(id):
        raise InvalidScenario(
            "", f"{id!r} is no scenario id: small letters, digits and hyphens, as in plain-clear"
        )
    header = _header(text)
    _refuse_unknown("", header, SCRIPT_KEYS)
    tool = header.get("tool", {})
    own = tool.get("exitmatrix") if isinstance(tool, dict) else None
    if not isinstance(own, dict):
        raise InvalidScenario("tool.exitmatrix", f"missing; it holds {', '.join(OWN_KEYS)}")
    _refuse_unknown("tool.exitmatrix", own, (*OWN_KEYS, *MORE_KEYS))
    for key in OWN_KEYS:
        if key not in own:
            raise InvalidScenario(f"tool.exitmatrix.{key}", "missing")
    ready = _ready(own["ready"])
    command = _command(own.get("command", []), ready)
    family, releases = _family(header.get("dependencies", []))
    roles = _roles(own["roles"], command)
    return Scenario(
        id=id,
        title=_title(own["title"]),
        path=path,
        folder=folder,
        doc=_doc(text, path),
        roles=roles,
        ready=ready,
        family=family,
        releases=releases,
        requires=_requires(header.get("requires-python", "")),
        terminations=_terminations(own["terminations"], roles),
        not_on=_not_on(own.get("not-on", {})),
        lengths=_lengths(own.get("handler-ms", [])),
        program=_program(own.get("program")),
        command=command,
        server=_server(own.get("server", ""), command),
        acts=_acts(own.get("acts", ""), roles),
        printed=_printed(own.get("printed", False)),
        data=_data(own.get("data", {})),
    )


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


def _refuse_unknown(table: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in given:
        if key not in known:
            dotted = f"{table}.{key}" if table else key
            raise InvalidScenario(
                dotted, f"unknown key{_nearest(key, known)}; valid: {', '.join(known)}"
            )


def _title(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or value.splitlines() != [value]:
        raise InvalidScenario("tool.exitmatrix.title", f"one line of text is valid, not {value!r}")
    return value


def _command(value: object, ready: Ready) -> tuple[str, ...]:
    words = _texts("tool.exitmatrix.command", value)
    if words and ready.by not in OF_COMMANDS:
        valid = f'ready = "listening" or {LINE_FORM}'
        raise InvalidScenario("tool.exitmatrix.ready", f"with a command, valid: {valid}")
    if not words and ready.by in OF_COMMANDS:
        raise InvalidScenario("tool.exitmatrix.ready", f"{ready.by} goes together with a command")
    if ready.by == "listening" and not any(PORT in word for word in words):
        raise InvalidScenario("tool.exitmatrix.command", f"{PORT} is missing, for a free port")
    return words


def _server(value: object, command: tuple[str, ...]) -> str:
    if bool(value) != bool(command):
        raise InvalidScenario("tool.exitmatrix.server", "goes together with a command")
    if value and value not in SERVERS:
        raise InvalidScenario(
            "tool.exitmatrix.server", f"valid: {', '.join(sorted(SERVERS))}, not {value!r}"
        )
    return str(value)


def _roles(value: object, command: tuple[str, ...] = ()) -> tuple[str, ...]:
    roles = _texts("tool.exitmatrix.roles", value)
    if command and roles and all(ROLE.fullmatch(one) for one in roles):
        return roles
    if roles not in ROLES:
        valid = " or ".join(f"{list(each)}" for each in ROLES)
        raise InvalidScenario("tool.exitmatrix.roles", f"valid: {valid}, not {value!r}")
    return roles


def with_lengths(scenario: Scenario) -> tuple[Scenario, ...]:
    """The scenarios that one file declares: one for each length of its handlers."""
    return tuple(
        replace(
            scenario,
            id=f"{scenario.id}-{length}ms",
            title=f"{scenario.title}: {length} ms each",
            lengths=(),
            length=length,
        )
        for length in scenario.lengths
    ) or (scenario,)


def _lengths(value: object) -> tuple[int, ...]:
    if (
        isinstance(value, list)
        and all(type(one) is int and 0 < one <= LONGEST for one in value)
        and value == sorted(set(value))
    ):
        return tuple(value)
    raise InvalidScenario(
        "tool.exitmatrix.handler-ms",
        f"a list of milliseconds up to {LONGEST} that rise is valid, not {value!r}",
    )


def _not_on(value: object) -> dict[str, str]:
    valid = get_args(ImplementationName)
    if (
        isinstance(value, dict)
        and all(name in valid for name in value)
        and all(isinstance(why, str) and why.splitlines() == [why] for why in value.values())
    ):
        return dict(value)
    raise InvalidScenario(
        "tool.exitmatrix.not-on",
        f'a reason for some of {", ".join(valid)} is valid, as {{pypy = "WHY"}}, not {value!r}',
    )


def _acts(value: object, roles: tuple[str, ...]) -> str:
    if value != "" and value not in roles:
        valid = " or ".join(f'"{role}"' for role in roles)
        raise InvalidScenario("tool.exitmatrix.acts", f"valid: {valid}, not {value!r}")
    return str(value)


def _program(value: object) -> Program | None:
    """What the rules are told of the program; nothing where the header says nothing."""
    key = "tool.exitmatrix.program"
    if value is None:
        return None
    if not isinstance(value, dict):
        raise InvalidScenario(key, f"a table is valid, not {value!r}")
    try:
        return program(value)
    except InvalidProgram as error:
        raise InvalidScenario(key, str(error)) from error


def _printed(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidScenario("tool.exitmatrix.printed", f"valid: true or false, not {value!r}")
    return value


def _data(value: object) -> dict[str, DataState]:
    key = "tool.exitmatrix.data"
    if not isinstance(value, dict):
        raise InvalidScenario(key, f"a table of kinds is valid, not {value!r}")
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


def _family(value: object) -> tuple[str, str]:
    """The family of stacks, and the releases of its package that the scenario is for."""
    dependencies = _texts("dependencies", value)
    try:
        last = Requirement(dependencies[-1] if dependencies else "none")
    except InvalidRequirement as error:
        raise InvalidScenario(
            "dependencies", f'a package such as "flask>=2.2" is valid (PEP 508), not {value!r}'
        ) from error
    if last.name not in FAMILIES or last.name in dependencies[:-1]:
        valid = ", ".join(sorted(FAMILIES - {"none"}))
        raise InvalidScenario(
            "dependencies", f"valid: none, or a list whose last is one of {valid}; not {value!r}"
        )
    return last.name, str(last.specifier)


def _requires(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidScenario("requires-python", f'a text such as ">=3.9" is valid, not {value!r}')
    try:
        SpecifierSet(value)
    except InvalidSpecifier as error:
        raise InvalidScenario(
            "requires-python", f'a specifier such as ">=3.9" is valid (PEP 440), not {value!r}'
        ) from error
    return value


def _terminations(value: object, roles: tuple[str, ...]) -> tuple[str, ...]:
    key = "tool.exitmatrix.terminations"
    patterns = _texts(key, value)
    if not patterns:
        raise InvalidScenario(key, 'at least one is needed; ["*"] is all of them')
    for pattern in patterns:
        id, target = Ending.parse(pattern)
        aims = (*roles, "group")
        if "@" in pattern and target not in aims:
            raise InvalidScenario(
                key, f"{pattern!r} is aimed at none of {', '.join(aims)}, as in SIGINT@group"
            )
        if pattern != IN_PROCESS and not fnmatch.filter(TERMINATIONS, id):
            raise InvalidScenario(
                key,
                f"{pattern!r} matches no termination"
                f"{_nearest(pattern, (*TERMINATIONS, IN_PROCESS))};"
                f' valid: ids of the catalogue, patterns over them, or "{IN_PROCESS}"',
            )
    return patterns


def _texts(key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidScenario(key, f"a list of texts is valid, not {value!r}")
    return tuple(value)


def _nearest(word: str, valid: Iterable[str]) -> str:
    """`, did you mean ...?`, or nothing; capitals do not count."""
    folded = {name.casefold(): name for name in valid}
    near = difflib.get_close_matches(word.casefold(), folded, n=3, cutoff=0.5)
    return f", nearest: {', '.join(folded[name] for name in near)}" if near else ""
