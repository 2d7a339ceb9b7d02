"""Values made by hand, each field by its name. What is not told has the plainest value."""

from __future__ import annotations

from typing import Any

from exitmatrix.model import (
    FORMAT,
    CellId,
    ImplementationName,
    Interpreter,
    Outcome,
    Process,
    Question,
    Ready,
    Record,
    Scenario,
)
from exitmatrix.model.versions import Python

LINUX = "linux-x86_64"
ALL = ("C", "B", "A")
FLASK = {"flask": "3.1.3", "werkzeug": "3.1.9"}
FLASK_OF_2020 = {"flask": "1.1.2", "werkzeug": "1.0.1"}


def interpreter(version: str, implementation: ImplementationName = "cpython") -> Interpreter:
    """An interpreter that is on no machine."""
    return Interpreter(
        id=f"{implementation}-{version}",
        implementation=implementation,
        version=version,
        path=f"/nowhere/{implementation}{version}",
    )


def python(version: str, family: str = "cpython", build: str = "") -> Python:
    """An interpreter as reports tell of it."""
    name = {"cpython": "cpython", "free-threaded": "cpython", "pypy": "pypy"}[family]
    end = {"free-threaded": "t"}.get(family, f"-{build}" if build else "")
    return Python(id=f"{name}-{version}{end}", family=family, version=version, build=build)


def process(
    role: str = "main",
    fired: tuple[str, ...] | None = ALL,
    **more: Any,
) -> Process:
    """One process: its handlers ran, and it is alive, where nothing else is told."""
    return Process(role=role, fired=fired, **{"unfinished": (), "exit": None, **more})


def ended(fired: tuple[str, ...] = ALL, status: int = 0, **more: Any) -> Outcome:
    """One process that ended by itself."""
    return outcome(process(fired=fired, exit={"code": status}, stdout="kept"), **more)


def died(signal: str) -> Outcome:
    """One process that died of a signal, without a word."""
    return outcome(process(fired=(), exit={"signal": signal}, stdout="lost"))


def outcome(*processes: Process, **more: Any) -> Outcome:
    """What these processes did; those without an exit survive."""
    return Outcome(
        processes=processes,
        order=None,
        survivors=tuple(one.role for one in processes if one.exit is None),
        helpers=more.pop("helpers", ()),
        **more,
    )


def pair(child: Process, **more: Any) -> Outcome:
    """A debug server whose parent ran everything."""
    return outcome(process("parent", exit={"code": 0}), child, port="closed", **more)


def _packages(stack: str) -> dict[str, str]:
    if stack == "none":
        return {}
    return FLASK_OF_2020 if stack == "flask-1.1" else FLASK


def record(
    question: str,
    *outcomes: Outcome,
    version: str = "3.13.0",
    stack: str = "none",
    implementation: str = "cpython",
    build: str = "",
    packages: dict[str, str] | None = None,
    unknown: tuple[str, ...] = (),
    since: str = "2026-01-02",
) -> Record:
    """A record of SCENARIO/TERMINATION@TARGET."""
    asked = Question.parse(question)
    id = f"{implementation}-{version}" + (f"-{build}" if build else "")
    about = {"implementation": implementation, "version": version}
    if build:
        about["implementation_version"] = build
    return Record(
        format=FORMAT,
        cell=str(CellId.asking(id, stack, asked)),
        interpreter=about,
        packages=_packages(stack) if packages is None else packages,
        stack=stack,
        **asked._asdict(),
        platform={"system": "Linux", "machine": "x86_64"},
        since=since,
        outcomes=outcomes,
        unknown=unknown,
    )


def scenario(id: str, *roles: str, ends: tuple[str, ...] = ("*",), title: str = "") -> Scenario:
    """A program that nobody runs; its name says whether it is a server."""
    family = "flask" if id.startswith("flask") else "none"
    return Scenario(
        id=id,
        title=title or f"The program {id}",
        path="app.py",
        folder="",
        doc="What it does.",
        roles=roles or ("main",),
        ready=Ready(by="http" if family == "flask" else "none"),
        family=family,
        requires=">=2.7",
        terminations=ends,
    )
