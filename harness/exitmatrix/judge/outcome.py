"""From the end state of a cell's program to the outcome that it predicts. Pure."""

from __future__ import annotations

from exitmatrix.judge.laws.law import Facts, HelpersStay, Helps, Keeps
from exitmatrix.judge.laws.multiprocess import TRACKED
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.multiprocess import FORK_SERVER
from exitmatrix.judge.semantics.state import Configuration, Path, ProcessState
from exitmatrix.judge.start import started_by
from exitmatrix.model import DataState, Outcome, Process, Program, StdoutFate, Termination
from exitmatrix.model.language import Share, Statement

FATES: tuple[StdoutFate, ...] = ("lost", "kept", "twice")


def outcome_of(
    end: Configuration, program: Program, termination: Termination, target: str, ask: Ask
) -> Outcome:
    """The outcome that a moment comes to after which nothing follows."""
    parent, *others = end.processes
    processes = sorted(end.processes, key=lambda one: one.role == FORK_SERVER)  # it comes last
    serving = None
    if program.server:
        candidates = others if program.supervisor else [parent]
        serving = next((one for one in candidates if one.exit is None), candidates[0])
    open_port = serving is not None and serving.exit is None
    inside = termination.delivery == "in-process"
    helps = _helps(end, program, termination, target, ask)
    stay = _stay(parent, program, ask)
    seen = () if inside and not stay else program.helpers  # or they were there when it was ready
    names = _names(end)
    alive = tuple(names[one.path] for one in processes if one.exit is None)
    return Outcome(
        processes=tuple(_process_of(one, names[one.path], end) for one in processes),
        order=None,
        survivors=alive,
        helpers=(*helps.helpers, *seen),
        port=None if serving is None else "open" if open_port else "closed",
        answer=(serving.answer or None) if serving and open_port and inside else None,
        left=tuple(sorted((*helps.leaves, *_left(end, termination, target, ask)))),
        data=None if stay or alive else _data(serving or parent, program, ask),
        printed=parent.printed if program.code.printed else None,
        cut=any(one.cut for one in end.processes),
    )


def _names(end: Configuration) -> dict[Path, str]:
    """The roles by path; several of one kind are counted in the order of their appearance."""
    names: dict[Path, str] = {}
    for one in end.processes:
        alike = sum(1 for other in names.values() if other.partition("#")[0] == one.role)
        names[one.path] = f"{one.role}#{alike + 1}" if alike else one.role
    return names


def _process_of(process: ProcessState, role: str, end: Configuration) -> Process:
    """A process of the outcome, from its state at the end."""
    runs: list[list[str]] = [[name, ""] for name in process.inherited]
    for line in process.lines:
        if line.moment == "began":
            runs.append([line.function, ""])
        else:
            last = next(run for run in reversed(runs) if run[0] == line.function and not run[1])
            last[1] = line.moment
    own = [(name, how) for name, how in runs if name not in process.library]
    marked = process.marked and process.exit is not None
    return Process(
        role=role,
        fired=tuple(name for name, how in own if how),
        unfinished=tuple(name for name, how in own if not how),
        exit=_exit(process),
        raised=tuple(name for name, how in own if how == "raised"),
        library=tuple(
            name if how else f"{name} (unfinished)" for name, how in runs if name in process.library
        ),
        stdout=_fate(process, end) if marked else None,
    )


def _fate(process: ProcessState, end: Configuration) -> StdoutFate | None:
    """What became of its marker; nobody can say where two wrote the same, or it came thrice."""
    alike = [one for one in end.processes if one.marked and one.role == process.role]
    written = end.stdout.count(process.role)
    return FATES[written] if len(alike) == 1 and written < len(FATES) else None


def _exit(process: ProcessState) -> dict[str, object] | None:
    if process.exit is None:
        return None
    if process.exit.signal:
        return {"signal": process.exit.signal}
    return {"code": process.exit.status}


def _helps(
    end: Configuration, program: Program, termination: Termination, target: str, ask: Ask
) -> Helps:
    """The helpers of all processes, and what they leave."""
    method = started_by(program) or ("names" if any(map(_shares, program.code.body)) else "")
    if method == "fork" or (not method and program.supervisor != "reloader"):
        return Helps((), ())
    if method and termination.delivery == "in-process":
        return Helps((), ())  # they are gone with the program, and only who lasts is told
    about = Facts(
        profile=ask.profile,
        signal=termination.signal,
        everyone=target == "group",
        method=method,
    )
    (effect,) = ask("helpers", about)
    if not isinstance(effect, Helps):
        raise NotPredicted(f"{effect!r} of helpers")
    each = 1 if method else len(end.processes)
    return Helps(effect.helpers * each, effect.leaves * each)


def _shares(statement: Statement) -> bool:
    return isinstance(statement, Share) and statement.kind in TRACKED


def _left(end: Configuration, termination: Termination, target: str, ask: Ask) -> tuple[str, ...]:
    """What is left of what others can find, once all that can remove it are gone."""
    made = [kind for one in end.processes if one.exit is not None for kind in one.shared]
    in_use = any(one.exit is None for one in end.processes)
    left: list[str] = []
    for kind in made:
        about = Facts(
            profile=ask.profile,
            shared=kind,
            signal=termination.signal,
            everyone=target == "group",
            in_use=in_use,
        )
        (effect,) = ask("left", about)
        if effect == Keeps("left behind"):
            left.append(kind.removeprefix("untracked "))
    return tuple(left)


def _stay(process: ProcessState, program: Program, ask: Ask) -> bool:
    """Whether processes that a library has started are there when the program is gone."""
    if not program.helpers:
        return False
    (effect,) = ask("orphans", Facts(profile=ask.profile, finalizing=process.finalized))
    if not isinstance(effect, HelpersStay):
        raise NotPredicted(f"{effect!r} of orphans")
    return effect.stays


def _data(process: ProcessState, program: Program, ask: Ask) -> dict[str, DataState] | None:
    """What becomes of the data of a process; kinds of which the header says too little are open."""
    if not program.data or process.exit is None:
        return None
    clean = dict(program.clean)
    states: dict[str, DataState] = {}
    for kind, nature in program.data:
        if process.finalized and (kind not in clean or process.exit.signal == "SIGKILL"):
            continue  # how far one came that is killed at its end, nobody says
        about = Facts(
            profile=ask.profile,
            data=nature,
            clean=clean.get(kind, "kept"),
            finalizing=process.finalized,
            saved=kind in process.saved,
            held="thread" if process.daemons else "",
            streams_flushed=process.streams_flushed,
        )
        (effect,) = ask("data", about)
        if isinstance(effect, Keeps):
            states[kind] = effect.state
    return states
