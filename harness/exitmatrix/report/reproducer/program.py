"""The whole reproducer of a cell: one file for Python 2.7 and 3.6 up. Pure.

Raises Refusal, with one line that says why, where the cell needs what cannot be
said without the harness.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.model import Outcome, Record, Scenario, Sources, Termination
from exitmatrix.model.language import HoldStdout
from exitmatrix.model.outcome_sets import is_race
from exitmatrix.report.reproducer.driver import DriverSpec, driver
from exitmatrix.report.reproducer.printing import print_function
from exitmatrix.report.reproducer.refusal import Refusal
from exitmatrix.report.reproducer.rewrite import Rewriting, imported, rewrite_program
from exitmatrix.report.reproducer.statements import termination_statements
from exitmatrix.report.reproducer.stub import stub
from exitmatrix.report.reproducer.summary import summary

OWN_GROUP = ("setsid", "setpgid", "setpgrp", "start_new_session", "process_group", "os.forkpty")
"""What takes a process out of the group by which all are ended in the end."""

LOOK = "look.py"
_FUTURE = "from __future__ import print_function\n"
_WIDTH = 79

OF_PYTHON = "multiprocessing."  # helpers that end when their program has


def holds_stdout(scenario: Scenario) -> bool:
    """Whether a thread of the program is stuck in a write, so that whoever reads sets it free."""
    if scenario.program is None:
        return False
    code = scenario.program.code
    return HoldStdout() in (*code.body, *(one for each in code.functions for one in each.body))


def reproducer(record: Record, scenario: Scenario, sources: Sources) -> str:
    """The program. Raises Refusal."""
    termination = TERMINATIONS.get(record.termination)
    if termination is None:
        raise Refusal(f"{record.termination} is not in the catalogue any more")
    if scenario.command:
        raise Refusal(
            "it is started by a command. Beside its app.py, use exitmatrix run --ending"
            f" {record.termination} --at {record.target} -- {' '.join(scenario.command)}"
        )
    if scenario.runner:
        raise Refusal(f"it is run by a library: python {' '.join(scenario.runner)} app.py")
    if scenario.start:
        raise Refusal(f"Python is given the program in another way: {scenario.start.does}")
    if any(not one.startswith(OF_PYTHON) for seen in record.outcomes for one in seen.helpers):
        raise Refusal("processes of its library may outlive it, for minutes")
    if termination.group:
        raise Refusal("a control group with a limit of memory ends it, which has to be made first")
    if holds_stdout(scenario):
        raise Refusal("a thread of it fills its stdout, which nobody may read meanwhile")
    if record.termination == "stdout-full":
        raise Refusal("nobody empties its stdout, and a reproducer would have to read it")
    if record.launcher != "direct":
        raise Refusal(f"it is launched by {record.launcher}, and nothing stands for that outside")
    if any(word in text for word in OWN_GROUP for text in sources.files.values()):
        raise Refusal("the program starts a group of processes that could not be ended for sure")
    spec = _spec(record, scenario, termination)
    says = _says(record, spec, termination, sources.files["app.py"])
    files = _files(spec, termination, scenario.length, sources, says)
    app = files.pop("app.py")
    driven = driver(spec)
    parts = [
        _about(record, scenario, spec, termination, beside=bool(files)),
        _FUTURE + ("import sys\n" if driven or files else ""),
        driven,
        _beside(files),
        app,
    ]
    text = "\n\n".join(part.strip() for part in parts if part)
    return f"{text}\n"


def _spec(record: Record, scenario: Scenario, termination: Termination) -> DriverSpec:
    return DriverSpec(
        roles=scenario.roles,
        serves=scenario.serves,
        target=record.target,
        ready=scenario.ready.line,
        signal=termination.signal,
        twice=termination.delivery == "signal-twice",
        then=termination.then,
        grace=termination.grace,
        touch=termination.delivery == "touch",
        race=is_race(record.outcomes),
        stays=any(outcome.survivors for outcome in record.outcomes),
        marks=any(one.stdout for outcome in record.outcomes for one in outcome.processes),
        length=scenario.length,
    )


def _files(
    spec: DriverSpec, termination: Termination, length: int, sources: Sources, says: str
) -> dict[str, str]:
    """The program's files, without the harness."""
    inside = termination.delivery == "in-process"
    how = Rewriting(
        ends=termination_statements(termination.id, sources.endings) if inside else None,
        waits=not inside and not spec.serves,
        names_itself=spec.to_child and not spec.serves,
        lingers=spec.twice,
        length=length,
        marker=_marker(spec),
        says=says,
        above=frozenset() if spec.by_itself and len(sources.files) == 1 else frozenset(["sys"]),
    )
    files = {}
    for name, text in sources.files.items():
        if not name.endswith(".py"):
            raise Refusal(f"the file {name} beside the program is not Python")
        files[name] = rewrite_program(text, how)
        for module in imported(text) & set(sources.provided):
            files[f"{module}.py"] = stub(module, sources.provided[module])
    return files


def _marker(spec: DriverSpec) -> str:
    """What is left unflushed: a whole line only where no terminal would have it written."""
    if not spec.marks:
        return ""
    return "[unflushed:%s]\\n" if spec.piped else "[unflushed:%s]"


def _says(record: Record, spec: DriverSpec, termination: Termination, text: str) -> str:
    """What the program prints with; nothing where its own print does."""
    if not _needs_its_words(record, spec):
        return ""
    return print_function(
        several=spec.several,
        leads=not spec.by_itself,
        closes=termination.id == "stdout-closed",
        elsewhere="file=" in text,
    )


def _needs_its_words(record: Record, spec: DriverSpec) -> bool:
    """Whether what handlers say would be mixed up, come too late, or be lost with the buffer."""
    return (
        spec.several
        or spec.twice
        or any(
            one.unfinished or (one.fired and (one.stdout == "lost" or one.exit is None))
            for outcome in record.outcomes
            for one in outcome.processes
        )
    )


def _beside(files: Mapping[str, str]) -> str:
    """What writes the files that the program imports, or that look at what it leaves."""
    if not files:
        return ""
    texts = "".join(
        f'    "{name}": {_quoted(_FUTURE + text)},\n' for name, text in sorted(files.items())
    )
    return (
        f"FILES = {{\n{texts}}}\n"
        "for name in FILES:\n"
        '    with open(name, "w") as file:\n'
        "        file.write(FILES[name].lstrip())\n"
        'sys.path.insert(0, "")\n'
    )


def _quoted(text: str) -> str:
    """The text as it stands, between quotes that it does not hold itself."""
    for quotes in ("'''", '"""'):
        if quotes not in text and not text.rstrip("\n").endswith(("\\", quotes[0])):
            return f"r{quotes}\n{text.rstrip()}\n{quotes}"
    raise Refusal("its text holds both kinds of triple quotes")


# ----------------------------------------------------------------- what it says


def _about(
    record: Record, scenario: Scenario, spec: DriverSpec, termination: Termination, beside: bool
) -> str:
    """What the program is about, how to run it, and what was measured."""
    aim = f" ({record.target})" if spec.several else ""
    where = f"{record.platform.get('system', '')} {record.platform.get('machine', '')}"
    lines = _wrapped(f"{scenario.title}. {termination.id}{aim}: {termination.does}")
    if record.packages:
        pins = " ".join(f"{name}=={version}" for name, version in sorted(record.packages.items()))
        lines += _indented(f"pip install {pins}")
    run = f"    {_command(record)} FILE"
    run += "; echo $?" if spec.by_itself else ""
    run += f"; {_command(record)} {LOOK}" if scenario.data else ""
    lines.append(run)
    if beside:
        lines.append("It writes files: run it in an empty folder.")
    lines.append(f"{_python(record)} on {where} showed, without PYTHONUNBUFFERED:")
    lines += _showed(record.outcomes)
    notes = []
    if spec.marks:
        notes.append('"Output" is what stands in [unflushed:...].')
    if spec.several:
        notes.append("How the child ended is not printed: only its parent learns that.")
    if any(one.left for one in record.outcomes):
        notes.append("`ls /dev/shm` and `ipcs` list what is left; `rm` and `ipcrm` remove it.")
    return "".join(f"# {line}\n" for line in [*lines, *_wrapped(" ".join(notes))])


def _showed(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """What was seen: of several outcomes first what they have in common, then the rest of each."""
    summaries = list(dict.fromkeys(map(_summary, outcomes)))
    if not summaries:
        yield "    too little"
        return
    common = [line for line in summaries[0] if all(line in one for one in summaries)]
    yield from _at_four(common)
    apart = (
        [[line for line in one if line not in common] for one in summaries] if summaries[1:] else []
    )
    for number, rest in enumerate(apart):
        yield "  or" if number else "  and either" if common else "  either"
        yield from _at_four(rest or ["nothing else"])


def _at_four(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield from _wrapped(line, "    ")


def _summary(outcome: Outcome) -> tuple[str, ...]:
    data = [f"{kind}: {state}" for kind, state in (outcome.data or {}).items()]
    cut = ["(what was killed may have got less far)"] if outcome.cut else []
    return (*summary(outcome), *data, *cut)


def _command(record: Record) -> str:
    language = ".".join(record.interpreter.get("version", "").split(".")[:2])
    return ("pypy" if record.interpreter.get("implementation") == "pypy" else "python") + language


def _python(record: Record) -> str:
    about = record.interpreter
    version = about.get("version", "")
    if about.get("implementation") == "pypy":
        return f"PyPy {version} ({about.get('implementation_version', '')})"
    flags = {"free-threaded": about.get("free_threaded"), "debug": about.get("debug")}
    flags_set = [flag for flag, is_set in flags.items() if is_set]
    flags_set += [f"build {about['build']}"] if about.get("build") else []
    return f"CPython {version}" + (f" ({', '.join(flags_set)})" if flags_set else "")


def _wrapped(text: str, indent: str = "") -> list[str]:
    width = _WIDTH - len("# ")
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=2 * indent)


def _indented(text: str) -> list[str]:
    """A command of several lines, as a shell takes it."""
    lines = textwrap.wrap(
        text,
        _WIDTH - len("# ") - len(" \\"),
        initial_indent="    ",
        subsequent_indent="        ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [*(f"{line} \\" for line in lines[:-1]), lines[-1]]
