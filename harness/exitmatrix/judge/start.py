"""The initial state of a cell's program: its processes, and the signals that will come. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.declare.program import MARKER, step
from exitmatrix.judge.laws.exits import PROMPTS
from exitmatrix.judge.semantics.state import (
    Body,
    Configuration,
    MainCode,
    OutsideEvent,
    Path,
    ProcessState,
    ThreadState,
)
from exitmatrix.model import Frozen, Program, Termination
from exitmatrix.model.language import (
    ApplyTask,
    Catch,
    Code,
    EndHere,
    Fork,
    Function,
    Handle,
    Import,
    Rest,
    RunLoop,
    Serve,
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

PARENT: Path = ()
CHILD: Path = (0,)
RELOADER = Function("-reloader", (SysExit(0),))


class Below(Frozen, kw_only=True):
    """What a launcher makes of it: what comes to the program, and how it starts."""

    events: tuple[OutsideEvent, ...]
    ignored: tuple[tuple[Path, tuple[str, ...]], ...] = ()  # signals, by process


def code_of(program: Program, target: str) -> Code:
    """The program's code, in which each marker says whose it is."""
    code = program.code
    if program.supervisor == "reloader":
        code = replace(code, functions=(*code.functions, RELOADER))
    return replace(
        code,
        functions=tuple(Function(one.name, _named(one.body, target)) for one in code.functions),
    )


def first_moment(
    program: Program, termination: Termination, target: str, below: Below | None
) -> Configuration:
    """Where the program begins."""
    return Configuration(
        _starting(_processes(program, termination, target), below),
        events=_events(program, termination, target) if below is None else below.events,
    )


def _processes(program: Program, termination: Termination, target: str) -> tuple[ProcessState, ...]:
    if not program.supervisor:
        alone = "main" if target == "group" else target
        role = "parent" if started_by(program) or _forks(program.code.body) else alone
        return (_process(program, PARENT, role, _last(program, termination)),)
    how = Supervise("reloader" if program.supervisor == "reloader" else "wait")
    ended_inside = termination.delivery == "in-process" and target == "child"
    child = _process(
        program, CHILD, "child", _last(program, termination) if ended_inside else _waits(program)
    )
    return _process(program, PARENT, "parent", (how,)), child


def _starting(processes: tuple[ProcessState, ...], below: Below | None) -> tuple[ProcessState, ...]:
    """The processes with the signals that they ignore from their start."""
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
    main = ThreadState(0, (MainCode(), Body(_named(_ended(body, last), role))))
    return ProcessState(path=path, threads=(main,), role=role, library=program.code.library)


def _ended(body: tuple[Statement, ...], last: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """The body with its ending: where it says so, within a `try` statement, or behind."""
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
    """The body, in which each marker says whose it is."""
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


def _events(program: Program, termination: Termination, target: str) -> tuple[OutsideEvent, ...]:
    to = _aims(program, target)
    match termination.delivery:
        case "in-process" if not program.server:
            return ()
        case "in-process":
            acts = (step(termination.act),)
            return (OutsideEvent(to=to, request=acts, in_main=program.server == "one thread"),)
        case "touch":
            return (OutsideEvent(to=to, touch=True),)
    first = OutsideEvent(termination.signal, to)
    if termination.delivery == "signal-twice":
        return first, replace(first, when="in a handler")
    if termination.then:
        grace = int(termination.grace * 1000)
        return first, OutsideEvent(termination.then, to, when="later", after=grace)
    return (first,)


def _aims(program: Program, target: str) -> tuple[Path, ...]:
    """The processes that a target names."""
    if not program.supervisor and not started_by(program):
        return (PARENT,)
    forks = started_by(program) == "forkserver"  # then the child is the server's
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


def started_by(program: Program) -> str:
    """How multiprocessing starts the processes of a program; "" where it starts none."""
    started = (
        one for one in program.code.body if isinstance(one, StartProcess | SubmitTask | ApplyTask)
    )
    return next((getattr(one, "method", "fork") for one in started), "")
