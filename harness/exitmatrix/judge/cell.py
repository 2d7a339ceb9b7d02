"""What the laws allow for a cell: the program, what comes from outside, the outcomes. Pure."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from exitmatrix.declare.program import MARKER, step
from exitmatrix.judge.laws import LAWS
from exitmatrix.judge.laws.exits import PROMPTS
from exitmatrix.judge.laws.law import Facts, Helps, Keeps, Law, Stays
from exitmatrix.judge.laws.multiprocess import TRACKED
from exitmatrix.judge.memory import remembered
from exitmatrix.judge.profile import Profile
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.explore import MOST_MOMENTS, outcomes
from exitmatrix.judge.semantics.multiprocess import FORK_SERVER
from exitmatrix.judge.semantics.state import (
    Body,
    Configuration,
    Event,
    MainCode,
    Path,
    ProcessState,
    Thread,
)
from exitmatrix.model import (
    DataState,
    Frozen,
    Outcome,
    Prediction,
    Process,
    Program,
    StdoutFate,
    Termination,
)
from exitmatrix.model.language import (
    ApplyTask,
    Catch,
    EndHere,
    Fork,
    Function,
    Handle,
    Import,
    Rest,
    RunLoop,
    Serve,
    Share,
    StartChild,
    StartProcess,
    StartThread,
    Statement,
    SubmitTask,
    Supervise,
    SysExit,
    TryFinally,
    Write,
)
from exitmatrix.model.outcome_sets import union

FATES: tuple[StdoutFate, ...] = ("lost", "kept", "twice")
PARENT: Path = ()
CHILD: Path = (0,)
RELOADER = Function("-reloader", (SysExit(0),))


class Below(Frozen, kw_only=True):
    """What a launcher makes of it: what comes to the program, and how it starts."""

    events: tuple[Event, ...]
    ignored: tuple[tuple[Path, tuple[str, ...]], ...] = ()  # signals, by process


def predict(
    program: Program,
    termination: Termination,
    target: str,
    profile: Profile,
    laws: tuple[Law, ...] = LAWS,
    below: Below | None = None,
) -> Prediction:
    """All that the laws allow, as one set. Raises NotPredicted."""
    question = program, termination, target, laws, below
    return remembered(question, profile, partial(_predict, *question))


def _predict(
    program: Program,
    termination: Termination,
    target: str,
    laws: tuple[Law, ...],
    below: Below | None,
    profile: Profile,
) -> Prediction:
    code = program.code
    if program.supervisor == "reloader":
        code = replace(code, functions=(*code.functions, RELOADER))
    code = replace(
        code,
        functions=tuple(Function(one.name, _named(one.body, target)) for one in code.functions),
    )
    ask = Ask(laws, code, profile, ordered=False)
    first = Configuration(
        _starting(_processes(program, termination, target), below),
        events=_events(program, termination, target) if below is None else below.events,
    )
    # A signal that may come at any moment has many; whose programs are few.
    most = 4 * MOST_MOMENTS if below else MOST_MOMENTS
    told = union(
        _outcome(end, program, termination, target, ask) for end in outcomes(first, ask, most)
    )
    open_end = len(told) > 1 or any(one.cut or one.answer == "either" for one in told)
    races = tuple(ask.races) if open_end else ()
    return Prediction(outcomes=told, rules=tuple(ask.used), races=races)


# ------------------------------------------------------------------ the first moment


def _processes(program: Program, termination: Termination, target: str) -> tuple[ProcessState, ...]:
    if not program.supervisor:
        alone = "main" if target == "group" else target
        role = "parent" if _started(program) or _forks(program.code.body) else alone
        return (_process(program, PARENT, role, _last(program, termination)),)
    how = Supervise("reloader" if program.supervisor == "reloader" else "wait")
    ended_inside = termination.delivery == "in-process" and target == "child"
    child = _process(
        program, CHILD, "child", _last(program, termination) if ended_inside else _waits(program)
    )
    return _process(program, PARENT, "parent", (how,)), child


def _starting(processes: tuple[ProcessState, ...], below: Below | None) -> tuple[ProcessState, ...]:
    """The same with what they ignore from their start."""
    ignored = dict(below.ignored if below else ())
    return tuple(
        replace(one, signals=tuple((name, "ignored") for name in ignored.get(one.path, ())))
        for one in processes
    )


def _process(program: Program, path: Path, role: str, last: tuple[Statement, ...]) -> ProcessState:
    body = program.code.body
    reloader = program.supervisor == "reloader"
    if reloader:
        body = (*body, Import("debugger"), Handle("SIGTERM", RELOADER.name))
    if program.server:
        body = (Import("logging"), *body)
    if program.code.start in PROMPTS:
        body = (Import("prompt"), *body)  # after -i it comes later: its place is not told
    if Write(MARKER) not in body and not (reloader and role == "parent"):
        last = (Write(MARKER), *last)
    main = Thread(0, (MainCode(), Body(_named(_ended(body, last), role))))
    return ProcessState(path=path, threads=(main,), role=role, library=program.code.library)


def _ended(body: tuple[Statement, ...], last: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """The same with what it ends with: where it says so, within a `try` statement, or behind."""
    ended = _at_the_place(body, last)
    return (*body, *last) if ended == body else ended


def _at_the_place(
    body: tuple[Statement, ...], last: tuple[Statement, ...]
) -> tuple[Statement, ...]:
    placed: list[Statement] = []
    for one in body:
        match one:
            case EndHere(awaits):
                placed += (Rest(awaits=awaits) if done == Rest() else done for done in last)
            case RunLoop():
                placed.append(replace(one, body=_at_the_place(one.body, last)))
            case Fork(inner):
                placed.append(Fork(_at_the_place(inner, last)))
            case StartThread(inner, ends):
                placed.append(StartThread(_at_the_place(inner, last), ends))
            case TryFinally(inner, function):
                placed.append(TryFinally(_at_the_place(inner, last), function))
            case StartProcess(inner) | SubmitTask(inner) | ApplyTask(inner):
                placed.append(replace(one, body=_at_the_place(inner, last)))
            case Catch(inner, exits):
                placed.append(Catch(_at_the_place(inner, last), exits))
            case _:
                placed.append(one)
    return tuple(placed)


def _named(body: tuple[Statement, ...], role: str) -> tuple[Statement, ...]:
    """The same, in which each marker says whose it is."""
    named: list[Statement] = []
    for one in body:
        match one:
            case Write(text) if text == MARKER:
                named.append(Write(role))
            case Fork(inner):
                named.append(Fork(_named(inner, "child")))
            case StartChild(inner):
                named.append(StartChild(_named(inner, "child")))
            case StartProcess(inner) | SubmitTask(inner) | ApplyTask(inner):
                named.append(replace(one, body=_named(inner, "child")))
            case TryFinally(inner, function):
                named.append(TryFinally(_named(inner, role), function))
            case RunLoop():
                named.append(replace(one, body=_named(one.body, role)))
            case Catch(inner, exits):
                named.append(Catch(_named(inner, role), exits))
            case StartThread(inner, ends):
                named.append(StartThread(_named(inner, role), ends))
            case _:
                named.append(one)
    return tuple(named)


def _waits(program: Program) -> tuple[Statement, ...]:
    return (Serve(threads=program.server == "threads"),) if program.server else (Rest(),)


def _last(program: Program, termination: Termination) -> tuple[Statement, ...]:
    """What the main thread's code ends with."""
    if termination.delivery != "in-process" or program.server:
        return _waits(program)
    return (step(termination.act),)


def _events(program: Program, termination: Termination, target: str) -> tuple[Event, ...]:
    to = _aims(program, target)
    match termination.delivery:
        case "in-process" if not program.server:
            return ()
        case "in-process":
            acts = (step(termination.act),)
            return (Event(to=to, request=acts, in_main=program.server == "one thread"),)
        case "touch":
            return (Event(to=to, touch=True),)
    first = Event(termination.signal, to)
    if termination.delivery == "signal-twice":
        return first, replace(first, when="in a handler")
    if termination.then:
        grace = int(termination.grace * 1000)
        return first, Event(termination.then, to, when="later", after=grace)
    return (first,)


def _aims(program: Program, target: str) -> tuple[Path, ...]:
    """The processes that a target names."""
    if not program.supervisor and not _started(program):
        return (PARENT,)
    forks = _started(program) == "forkserver"  # then the child is the server's
    child: Path = (*CHILD, 0) if forks else CHILD
    others = tuple((*child[:-1], place) for place in range(1, _workers(program)))
    everyone = (PARENT, CHILD, child, *others) if forks else (PARENT, child, *others)
    return {"group": everyone, "child": (child,)}.get(target, (PARENT,))


def _workers(program: Program) -> int:
    """How many a pool of processes has."""
    pools = (one for one in program.code.body if isinstance(one, SubmitTask | ApplyTask))
    return next((one.workers for one in pools), 1)


def _forks(body: tuple[Statement, ...]) -> bool:
    """Whether what ends here is a child that the program, or a thread of it, forks."""
    for one in body:
        match one:
            case Fork(inner) if _at_the_place(inner, ()) != inner:
                return True
            case StartThread(inner) if _forks(inner):
                return True
    return False


def _started(program: Program) -> str:
    """How multiprocessing starts the processes of a program; "" where it starts none."""
    started = (
        one for one in program.code.body if isinstance(one, StartProcess | SubmitTask | ApplyTask)
    )
    return next((getattr(one, "method", "fork") for one in started), "")


# ------------------------------------------------------------------------ the outcome


def _outcome(
    end: Configuration, program: Program, termination: Termination, target: str, ask: Ask
) -> Outcome:
    parent, *others = end.processes
    told = sorted(end.processes, key=lambda one: one.role == FORK_SERVER)  # it comes last
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
    return Outcome(
        processes=tuple(_told(one, names[one.path], end) for one in told),
        order=None,
        survivors=tuple(names[one.path] for one in told if one.exit is None),
        helpers=(*helps.helpers, *seen),
        port=None if serving is None else "open" if open_port else "closed",
        answer=(serving.answer or None) if serving and open_port and inside else None,
        left=tuple(sorted((*helps.leaves, *_left(end, termination, target, ask)))),
        data=None if stay else _data(parent, program, ask),
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


def _told(process: ProcessState, role: str, end: Configuration) -> Process:
    """What is told of a process."""
    runs: list[list[str]] = [[name, ""] for name in process.inherited]
    for line in process.said:
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
    method = _started(program) or ("names" if any(map(_shares, program.code.body)) else "")
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
    if not isinstance(effect, Stays):
        raise NotPredicted(f"{effect!r} of orphans")
    return effect.stays


def _data(process: ProcessState, program: Program, ask: Ask) -> dict[str, DataState] | None:
    """What becomes of data in flight; kinds of which the header says too little are open."""
    if not program.data or process.exit is None:
        return None
    clean = dict(program.clean)
    told: dict[str, DataState] = {}
    for kind, nature in program.data:
        if process.finalized and kind not in clean:
            continue
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
            told[kind] = effect.state
    return told
