"""A server's loop, its requests, and the process that supervises it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.judge.laws.law import (
    Answers,
    Effect,
    Facts,
    Kills,
    PassesOn,
    Proceeds,
    Raises,
    Restarts,
    Swallows,
)
from exitmatrix.judge.semantics import change
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.state import Configuration, MainCode, ProcessState, ThreadState
from exitmatrix.judge.semantics.waits import (
    AwaitsJoin,
    AwaitsOther,
    AwaitsProcess,
    AwaitsResult,
    AwaitsTask,
    AwaitsWork,
    EndsPool,
    EndsProcesses,
    JoinsProcess,
    Raised,
    RequestCode,
    Resting,
    ServesForks,
    ServesManager,
    Serving,
    ShutsDown,
    Supervising,
)
from exitmatrix.model.execution import Exit

SIGNUMS = {
    "SIGHUP": 1,
    "SIGINT": 2,
    "SIGQUIT": 3,
    "SIGABRT": 6,
    "SIGKILL": 9,
    "SIGSEGV": 11,
    "SIGPIPE": 13,
    "SIGALRM": 14,
    "SIGTERM": 15,
}
"""Those with one number on Linux and macOS: what is judged may come from another machine."""


WAITING = (
    Resting
    | Serving
    | Supervising
    | JoinsProcess
    | AwaitsProcess
    | AwaitsJoin
    | EndsProcesses
    | ServesForks
    | ServesManager
    | AwaitsTask
    | AwaitsWork
    | AwaitsOther
    | AwaitsResult
    | ShutsDown
    | EndsPool
)


def rests(process: ProcessState) -> bool:
    """Whether it is alive and waits for what comes from outside."""
    main = process.thread(process.main)
    return (
        main is not None
        and isinstance(main.top, WAITING)
        and main.raising is None
        and not process.pending
    )


# ------------------------------------------------------------------- the supervisor


def wait(
    now: Configuration, process: ProcessState, main: ThreadState, ask: Ask
) -> Iterator[Configuration]:
    """What may follow while a child is waited for. Raises NotPredicted."""
    waiting = main.top
    assert isinstance(waiting, Supervising)
    child = now.process(waiting.child)
    if child.exit is None:
        return
    about = Facts(profile=ask.profile, status=_return_code(child.exit), supervisor=waiting.how)
    for effect in ask("child ended", about):
        match effect:
            case Proceeds():
                yield change.put(now, process, change.pop(main))
            case Raises(name, status):
                failed = change.fail(change.pop(main), Raised(name, status))
                yield change.put(now, process, failed)
            case Restarts():
                path = (process.forked + 1,)
                new = ProcessState(
                    path=path,
                    threads=(ThreadState(0, (MainCode(), Serving())),),
                    role=f"child#{process.forked + 2}",
                )
                now = replace(now, processes=(*now.processes, new))
                process = replace(process, forked=process.forked + 1)
                yield change.put(now, process, change.swap(main, replace(waiting, child=path)))
            case _:
                raise NotPredicted(f"{effect!r} of a supervisor")


def _return_code(how: Exit) -> int:
    if how.signal and how.signal not in SIGNUMS:
        raise NotPredicted(f"no law says what happens: the number of {how.signal}")
    return -SIGNUMS[how.signal] if how.signal else how.status


def _kill(now: Configuration, child: ProcessState) -> Configuration:
    child = replace(child, cut=not rests(child))
    return change.end(change.with_process(now, child), child, Exit(signal="SIGKILL"), flushed=False)


def interrupt(
    now: Configuration,
    process: ProcessState,
    main: ThreadState,
    raised: Raised,
    ask: Ask,
) -> Iterator[Configuration]:
    """What may follow an exception while a child is waited for. Raises NotPredicted."""
    waiting = main.top
    assert isinstance(waiting, Supervising)
    about = Facts(
        profile=ask.profile,
        exception=raised.name,
        supervisor=waiting.how,
        child_rests=rests(now.process(waiting.child)),
    )
    for effect in ask("supervisor exception", about):
        over = change.pop(main)
        match effect:
            case PassesOn():
                yield change.put(now, process, over)
            case Swallows():
                yield change.put(now, process, replace(over, raising=None))
            case Kills(swallows):
                child = now.process(waiting.child)
                if child.exit is None:
                    now = _kill(now, child)
                yield change.put(now, process, replace(over, raising=None if swallows else raised))
            case _:
                raise NotPredicted(f"{effect!r} of a supervisor")


# ---------------------------------------------------------------- server and request


def leave_server(
    now: Configuration, process: ProcessState, main: ThreadState, raised: Raised, ask: Ask
) -> Iterator[Configuration]:
    """What may follow an exception in the server's loop. Raises NotPredicted."""
    about = Facts(
        profile=ask.profile,
        exception=raised.name,
        requested=process.requested,
        supervisor=_supervisor(now, process),
    )
    for effect in ask("server exception", about):
        match effect:
            case PassesOn():
                yield change.put(now, process, change.pop(main))
            case Swallows():
                yield change.put(now, process, replace(change.pop(main), raising=None))
            case Answers(answer):
                calm = replace(main, raising=None)
                yield change.put(now, replace(process, answer=answer), calm)
            case _:
                raise NotPredicted(f"{effect!r} of a server")


def _supervisor(now: Configuration, process: ProcessState) -> str:
    tops = (thread.top for one in now.processes for thread in one.threads)
    waiting = (top for top in tops if isinstance(top, Supervising))
    return next((top.how for top in waiting if top.child == process.path), "")


def leave_request(
    now: Configuration,
    process: ProcessState,
    thread: ThreadState,
    raised: Raised | None,
    ask: Ask,
) -> Iterator[Configuration]:
    """What may follow the end of a request. Raises NotPredicted."""
    request = thread.top
    assert isinstance(request, RequestCode)
    effects: tuple[Effect, ...] = (Answers("200"),)
    if raised:
        about = Facts(profile=ask.profile, exception=raised.name, in_main=request.in_main)
        effects = ask("request exception", about)
    for effect in effects:
        match effect:
            case PassesOn():
                yield change.put(now, process, change.pop(thread))
            case Answers(answer) if request.in_main:
                calm = replace(change.pop(thread), raising=None)
                yield change.put(now, replace(process, answer=process.answer or answer), calm)
            case Answers(answer):
                answered = replace(process, answer=process.answer or answer)
                yield change.with_process(now, change.without_thread(answered, thread.id))
            case _:
                raise NotPredicted(f"{effect!r} of a request")
