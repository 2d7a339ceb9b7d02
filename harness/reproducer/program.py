"""The whole reproducer of a cell: one file for Python 2.7 and 3.6 up. Pure.

Raises Refusal, with one line that says why, where the cell needs what cannot be
said without the harness.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence

from harness.model import Frozen, Record, Scenario, Termination
from harness.outcomes import is_race
from harness.reproducer.refusal import Refusal
from harness.reproducer.shown import shown
from harness.reproducer.subject import Subject, subject
from harness.reproducer.ways import way
from harness.terminations import BY_ID

RUNS_OF_A_RACE = 20
OWN_GROUP = ("setsid", "setpgid", "setpgrp", "start_new_session", "process_group", "os.forkpty")
"""What takes a process out of the group by which all are ended in the end."""

_IF = re.compile(r"#if ([a-z ]+)")
_CUT = "#cut\n\n"
_WIDTH = 79


class Sources(Frozen, kw_only=True):
    """The texts that a reproducer is made of."""

    files: Mapping[str, str]  # of the scenario: its program as app.py, and what lies beside it
    endings: str
    provided: tuple[str, ...]  # other modules that the harness lets a program import
    driver: str
    witness: str


def reproducer(record: Record, scenario: Scenario, sources: Sources) -> str:
    """The program. Raises Refusal."""
    termination = BY_ID.get(record.termination)
    if termination is None:
        raise Refusal(f"{record.termination} is not in the catalogue any more")
    if record.launcher != "direct":
        raise Refusal(f"it is launched by {record.launcher}, and nothing stands for that outside")
    if any(word in text for word in OWN_GROUP for text in sources.files.values()):
        raise Refusal("the program starts a group of processes that could not be ended for sure")
    made = _subjects(termination, scenario, sources)
    facts = _facts(record, scenario, termination, list(made.values()))
    witness = _chosen(sources.witness, facts)
    imports, _, rest = _chosen(sources.driver, facts).partition(_CUT)
    files = {"witness.py": witness} | {name: one.text for name, one in made.items()}
    texts = "".join(f'FILES["{name}"] = {_quoted(text)}\n\n' for name, text in files.items())
    if is_race(record.outcomes):
        imports = imports.replace(" else 1\n", f" else {RUNS_OF_A_RACE}\n")
    rest = rest.replace("signal.SIGNAL", f"signal.{termination.signal}")
    return f'"""{_about(record, scenario, termination)}"""\n{imports}\n{texts}{rest}'


def _subjects(termination: Termination, scenario: Scenario, sources: Sources) -> dict[str, Subject]:
    """The program's files, without the harness."""
    inside = termination.delivery == "in-process"
    made = {}
    for name, text in sorted(sources.files.items()):
        if not name.endswith(".py"):
            raise Refusal(f"the file {name} beside the program is not Python")
        made[name] = subject(
            text,
            foreign=sources.provided,
            way=way(termination.id, sources.endings) if inside else None,
            lingers=termination.delivery == "signal-twice",
            waits=not inside and not scenario.serves,
        )
    return made


def _facts(
    record: Record, scenario: Scenario, termination: Termination, made: Sequence[Subject]
) -> set[str]:
    """Which parts the cell needs."""
    inside = termination.delivery == "in-process"
    signalled = termination.delivery in ("signal", "signal-twice")
    if not signalled and termination.delivery not in ("in-process", "touch"):
        raise Refusal(f"nothing stands for the delivery {termination.delivery} outside")
    held = {
        "serves": scenario.serves,
        "plain": not scenario.serves,
        "inside": inside,
        "outside": not inside,
        "waits": not inside and not scenario.serves,
        "single": len(scenario.roles) == 1,
        "several": len(scenario.roles) > 1,
        "signal": signalled,
        "twice": termination.delivery == "signal-twice",
        "touch": termination.delivery == "touch",
        "group": signalled and record.target == "group",
        "first": signalled and record.target == scenario.roles[0],
        "second": signalled and record.target in scenario.roles[1:],
        "marks": any(one.marks for one in made),
        "named": any(one.named for one in made),
        "callable": any(one.callable for one in made),
        "arguments": any(one.arguments for one in made),
    }
    return {name for name, holds in held.items() if holds}


def _chosen(text: str, facts: set[str]) -> str:
    """The lines between `#if fact fact` and `#end` whose facts all hold, and those outside."""
    lines = []
    asked: list[bool] = []
    for line in text.splitlines(keepends=True):
        condition = _IF.fullmatch(line.strip())
        if condition:
            asked.append(set(condition[1].split()) <= facts)
        elif line.strip() == "#end":
            asked.pop()
        elif all(asked):
            lines.append(line)
    assert not asked, "every #if has its #end"
    return "".join(lines)


def _quoted(text: str) -> str:
    """The text as it stands, between quotes that it does not hold itself."""
    for quotes in ("'''", '"""'):
        if quotes not in text and not text.rstrip("\n").endswith(("\\", quotes[0])):
            return f"r{quotes}\n{text.rstrip()}\n{quotes}"
    raise Refusal("its text holds both kinds of triple quotes")


# ----------------------------------------------------------------- what it says


def _about(record: Record, scenario: Scenario, termination: Termination) -> str:
    """What the program is about, what was measured, and how to run it."""
    aim = f" ({record.target})" if len(scenario.roles) > 1 else ""
    where = f"{record.platform.get('system', '')} {record.platform.get('machine', '')}"
    title = f"{scenario.title}. {termination.id}{aim}: {termination.does}"
    lines = [*textwrap.wrap(title.replace("\\", "\\\\"), _WIDTH - 3), ""]
    lines += [f"With {_python(record)} on {where} this was measured:", ""]
    for number, outcome in enumerate(record.outcomes):
        lines += ["  or", ""] if number else []
        lines += [f"    {line}" for line in shown(outcome)]
        lines += ["    (what was killed may have got less far)"] if outcome.cut else []
        lines.append("")
    if not record.outcomes:
        lines += ["    too little was seen", ""]
    lines += ["It needs nothing but that Python" + (" and:" if record.packages else "."), ""]
    if record.packages:
        pins = " ".join(f"{name}=={version}" for name, version in sorted(record.packages.items()))
        lines += _indented(f"pip install {pins}")
        lines.append("")
    lines += ["    python FILE [RUNS]", ""]
    return "\n".join(lines).replace('"""', "'''")


def _python(record: Record) -> str:
    about = record.interpreter
    version = about.get("version", "")
    if about.get("implementation") == "pypy":
        return f"PyPy {version} ({about.get('implementation_version', '')})"
    return f"CPython {version}" + (" (free-threaded)" if about.get("free_threaded") else "")


def _indented(text: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH - 8,
        initial_indent="    ",
        subsequent_indent="        ",
        break_long_words=False,
        break_on_hyphens=False,
    )
