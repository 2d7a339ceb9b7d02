"""What a scenario's program does, as its header tells the judge. Pure.

A scenario says it in steps of few words; whatever is not said of a program, no law
can use. A step is a verb and what it is about. What a thread, a fork or a handler
does is another step, or a list of them:

    steps = ["register A", "register B", "unregister A", {thread = ["register C", "raise"]}]
    steps = ["register A", {try = ["end here"], finally = "finally:f"}]
    steps = ["register A", {process = ["register D"], method = "spawn"}, "join process"]
    handlers = {B = "sys.exit 4", C = ["register A", {fork = ["os._exit 0"]}]}
    server = "threads"
    supervisor = "reloader"
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import get_args

from exitmatrix.declare.libraries import LIBRARIES
from exitmatrix.model.language import (
    Abort,
    AwaitTask,
    Call,
    Clear,
    CloseStdout,
    Default,
    EndHere,
    EndInterpreter,
    Exec,
    Exhaust,
    FatalError,
    FillStdout,
    Finalize,
    Flush,
    Fork,
    HoldStdout,
    Hook,
    Ignore,
    Import,
    Interrupt,
    JoinDaemon,
    JoinProcess,
    Keep,
    LibcCall,
    LibcExit,
    Nothing,
    OsExit,
    PutUnread,
    PyExit,
    Raise,
    Register,
    RegisterFaulthandler,
    RegisterThreading,
    ReplaceHooks,
    Resource,
    Rest,
    RunHandlers,
    Save,
    Say,
    Segfault,
    ServeManager,
    SetExitFunction,
    Share,
    Shared,
    Signal,
    StartChild,
    StartInterpreter,
    StartThread,
    Statement,
    Submit,
    SysExit,
    TakeWakeup,
    TerminateProcess,
    Unregister,
    UnregisterNamesake,
    Unshare,
    Use,
    Wake,
    Write,
)

MARKER = "marker"
"""What a process writes to stdout and does not flush; each writes its role."""


ON = "on"
"""`on SIGNAL NAME, STEP`: a signal, its handler's name (- for a silent one), what that does."""

IN_LOOP = "loop on"
"""The same, of a handler that is set with the event loop's add_signal_handler."""


RESOURCES: tuple[Resource, ...] = get_args(Resource)


class InvalidProgram(ValueError):
    """Invalid program description; says which part, and what would be right."""


def _call(text: str) -> Register:
    name, _, arguments = text.partition("(")
    return Register(name, arguments.removesuffix(")"))


def _raise(text: str) -> Raise | SysExit:
    name, _, message = text.partition(": ")
    if name == "SystemExit":  # which is all that sys.exit does
        return SysExit(message or None)
    return Raise(name or "RuntimeError", message)


def _sys_exit(text: str) -> SysExit:
    return SysExit(int(text) if text.lstrip("-").isdigit() else text or None)


def _c(call: LibcCall) -> Callable[[str], Statement]:
    return lambda text: LibcExit(call, _number(text))


def _number(text: str) -> int:
    if not text.isdigit():
        raise InvalidProgram(f"a number is valid, not {text!r}")
    return int(text)


def _shared(text: str) -> Shared:
    found: dict[str, Shared] = {kind: kind for kind in get_args(Shared)}
    if text not in found:
        raise InvalidProgram(f"valid: {', '.join(found)}, not {text!r}")
    return found[text]


def _exhaust(text: str) -> Exhaust:
    for resource in RESOURCES:
        if text == resource:
            return Exhaust(resource)
    raise InvalidProgram(f"exhaust: valid: {', '.join(RESOURCES)}, not {text!r}")


def _after_main(text: str) -> StartThread:
    return StartThread((_call(text),) if text else (), "after main")


def _fork(text: str) -> Fork:
    rest = text.removeprefix("child: ")
    return Fork((Write(MARKER), *((step(rest),) if rest else ())))


def _use(text: str) -> Use:
    if text not in LIBRARIES:
        raise InvalidProgram(f"use: valid: {'; '.join(LIBRARIES)}, not {text!r}")
    return Use(text)


STEPS: Mapping[str, tuple[Callable[[str], Statement], str]] = {
    "return": (lambda _: Nothing(), "the end of the code"),
    "nothing": (lambda _: Nothing(), ""),
    "save": (Save, "data in flight of one kind; or remove it"),
    "import": (Import, "a library that registers handlers of its own"),
    "use": (_use, "a library that is known in declare/libraries, with its options"),
    "register": (_call, "a handler, with the arguments that it is registered with"),
    "unregister a namesake of": (
        UnregisterNamesake,
        "another function that bears the handler's name",
    ),
    "unregister": (Unregister, "what compares equal to a handler"),
    "clear": (lambda _: Clear(), "atexit._clear()"),
    "run handlers": (lambda _: RunHandlers(), "atexit._run_exitfuncs()"),
    "thread that ends after main registers": (_after_main, "a handler; the thread is no daemon"),
    "thread that ends after main": (_after_main, "no daemon"),
    "end here": (
        lambda _: EndHere(),
        "where the scenario is ended, if not behind the last of these steps",
    ),
    "await end here": (
        lambda _: EndHere(awaits=True),
        "the same, where the main task of an event loop waits for it",
    ),
    "wake": (lambda _: Wake(), "the main task, which waits for the end"),
    "other wakeup": (
        lambda _: TakeWakeup(),
        "signal.set_wakeup_fd is called with another descriptor than the event loop's",
    ),
    "rest": (lambda _: Rest(), "for ever, in a thread that is a daemon"),
    "hang": (lambda _: Rest(), "for ever"),
    "daemon thread": (lambda _: StartThread((), "never"), "one that never ends"),
    "start thread": (lambda _: StartThread(), "and join it"),
    "thread:": (lambda text: StartThread((step(text),)), "a step that a thread does"),
    "exitfunc": (
        lambda text: SetExitFunction(f"sys.exitfunc:{text}"),
        "a function that is assigned to sys.exitfunc",
    ),
    "finalize": (
        lambda text: Finalize(f"weakref.finalize:{text}"),
        "a function, of an object that lives as long as the process",
    ),
    "threading register": (
        lambda text: RegisterThreading(f"threading._register_atexit:{text}"),
        "a function that is registered with threading._register_atexit",
    ),
    "keep": (Keep, "what a global calls when it is released: an object, or a generator"),
    "sys.excepthook": (
        lambda text: Hook("sys.excepthook", f"sys.excepthook:{text}"),
        "a function that is assigned to it",
    ),
    "threading.excepthook": (
        lambda text: Hook("threading.excepthook", f"threading.excepthook:{text}"),
        "a function that is assigned to it",
    ),
    "join process": (lambda _: JoinProcess(), "the one that was started last"),
    "await task": (lambda _: AwaitTask(), "as a worker of multiprocessing.Pool does"),
    "serve manager": (lambda _: ServeManager(), "as the process of multiprocessing.Manager does"),
    "put unread": (lambda _: PutUnread(), "more than a pipe holds, into a Queue"),
    "terminate process": (lambda _: TerminateProcess(), "the same"),
    "share": (lambda text: Share(_shared(text)), f"one of: {', '.join(get_args(Shared))}"),
    "unshare": (lambda text: Unshare(_shared(text)), "the same, which is removed"),
    "subinterpreter": (
        lambda text: StartInterpreter(tuple(text.split())),
        "a second interpreter, which registers these handlers",
    ),
    "end subinterpreter": (lambda _: EndInterpreter(), ""),
    "start child, then": (
        lambda text: StartChild((Write(MARKER), step(text))),
        "what the program does to it, once it is at work",
    ),
    "hooks": (
        lambda _: ReplaceHooks(),
        "sys.excepthook and sys.unraisablehook are replaced by functions that say so",
    ),
    "write": (lambda _: Write(MARKER), "text to stdout, not flushed"),
    "flush": (lambda _: Flush(), "stdout"),
    "submit": (Submit, "a function, to a pool of threads, and wait for its result"),
    "join daemon, else": (
        JoinDaemon,
        "a thread is joined that was asked to end; a function that is called if it has not ended",
    ),
    "fork": (_fork, "and wait for the child; what follows `fork, child:` the child does first"),
    "sys.exit": (_sys_exit, "a number, or text"),
    "raise": (_raise, "an exception that is not caught, and its text"),
    "say": (Say, "something on stderr"),
    "os._exit": (lambda text: OsExit(_number(text)), "a number"),
    "signal": (Signal, "one that the process sends to itself"),
    "ignore": (Ignore, "a signal"),
    "default": (Default, "a signal, whose default action is restored"),
    "call": (Call, "a function, such as the handler that was there before"),
    "faulthandler chains": (
        lambda text: RegisterFaulthandler(text, chain=True),
        "a signal, for which faulthandler.register(..., chain=True) is called",
    ),
    "faulthandler": (
        lambda text: RegisterFaulthandler(text, chain=False),
        "a signal, for which faulthandler.register is called",
    ),
    "abort": (lambda _: Abort(), "os.abort()"),
    "segfault": (lambda _: Segfault(), "a read of memory that is not there"),
    "fatal error": (lambda _: FatalError(), "Py_FatalError"),
    "Py_Exit": (lambda text: PyExit(_number(text)), "a number"),
    "interrupt": (lambda _: Interrupt(), "the main thread, as if SIGINT had come"),
    "exhaust": (_exhaust, "more than there is of a resource"),
    "fill stdout": (lambda _: FillStdout(), "it is a full pipe that is not read"),
    "hold stdout": (
        lambda _: HoldStdout(),
        "a daemon thread is stuck in a write to it, and holds its lock",
    ),
    "exec": (
        lambda text: Exec(_number(text.rpartition(" ")[2])),
        "another program, and the status with which it ends",
    ),
    "C exit": (_c("exit"), "exit(3), a number"),
    "C _exit": (_c("_exit"), "_exit(2), a number"),
    "C quick_exit": (_c("quick_exit"), "quick_exit(3), a number"),
    "close stdout": (lambda _: CloseStdout(), "its reader has closed it"),
}
"""The verbs, the statement that each makes of what it is about, and what it is about."""

LONGEST_FIRST = sorted(STEPS, key=len, reverse=True)


def step(text: str) -> Statement:
    """The statement that a text describes. Raises InvalidProgram."""
    for verb in LONGEST_FIRST:
        if text == verb or text.startswith((f"{verb} ", f"{verb}, ")):
            return STEPS[verb][0](text[len(verb) :].strip(", "))
    raise InvalidProgram(f"{text!r} is none of: {', '.join((*STEPS, ON))}")
