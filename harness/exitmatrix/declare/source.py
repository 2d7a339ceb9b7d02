"""A program of the small language, written out in Python for 2.7 and 3.6 up. Pure.

What is written is a program by itself: it imports nothing but the standard
library, and of that only what it uses. Its functions say what they do in
single system calls, on a descriptor that the environment variable TOLD names,
or on stderr when somebody runs it by hand. So what is seen of it depends on
neither the probe nor on stdout, whose fate is part of what is asked.

    - started 4711        the first process, and its pid
    - A began             the function A; then `ended` or `raised`
    0.1 started 4713      the second fork of the first fork
    0.1 exit 256          its wait status, told by the process that waited for it

Programs are in order where Python is: who starts a thread or a process waits for
it, and threads that wait for the end of the main thread's code take turns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from exitmatrix.declare import (
    prelude,
    prelude_interpreters,
    prelude_loops,
    prelude_process_pools,
)
from exitmatrix.declare.statements import function_names, statements
from exitmatrix.model.language import (
    Abort,
    ApplyTask,
    AwaitJoin,
    AwaitProcess,
    Call,
    Catch,
    Clear,
    CloseStdout,
    Code,
    Default,
    EndInterpreter,
    Exec,
    Exhaust,
    FatalError,
    Finalize,
    Flush,
    Fork,
    Handle,
    HandleInLoop,
    Hook,
    Ignore,
    Interrupt,
    JoinProcess,
    Keep,
    LibcExit,
    Nothing,
    OsExit,
    Pause,
    PyExit,
    Raise,
    Register,
    RegisterFaulthandler,
    RegisterThreading,
    RunHandlers,
    RunLoop,
    Say,
    Segfault,
    SetExitFunction,
    Signal,
    StartInterpreter,
    StartProcess,
    StartThread,
    Statement,
    SubmitTask,
    SysExit,
    TerminateProcess,
    TryFinally,
    Unregister,
    UnregisterNamesake,
    UsePool,
    Write,
)

INDENT = "    "

EXHAUSTING = {"recursion": "recurse", "input": "ask", "file size": "write_too_much"}

GUARD = 'if __name__ == "__main__":'

POOLS = (ApplyTask, SubmitTask)
"""A task of a pool of processes."""

SYS, THREADING = "sys.excepthook", "threading.excepthook"


def source(code: Code, title: str = "") -> str:
    """A whole Python file that does what `code` says."""
    return _Writer(code).file(title)


def scenario(code: Code, title: str) -> str:
    """The program as a scenario: its own termination, `return`, is what it does anyway.

    Whoever asks for it has it take place at the first line, so that it does in any program.
    """
    return _Writer(code, observed=True).file(title)


def excerpt(code: Code) -> str:
    """The program's own lines: neither imports nor helpers, nor what functions tell."""
    return _Writer(code).excerpt()


class _Writer:
    def __init__(self, code: Code, observed: bool = False) -> None:
        self.code = code
        self.observed = observed
        self.in_loop = False  # whether what is written is executed by the main task of a loop
        self.threads: list[str] = []  # the bodies of threads and processes, each a function
        self.kinds = {type(one) for one in statements(code)}
        self.ends = {one.ends for one in statements(code) if isinstance(one, StartThread)}
        pools = [one for one in statements(code) if isinstance(one, SubmitTask | ApplyTask)]
        self.plain = any(map(_is_plain, pools))  # whether it has pools of one worker
        self.many = not all(map(_is_plain, pools))  # and others
        self.open = any(one.ends == "left open" for one in pools)
        self.spawns = any(one.method != "fork" for one in pools)
        self.resources = {one.resource for one in statements(code) if isinstance(one, Exhaust)}

    def file(self, title: str) -> str:
        """Docstring, imports, helpers, functions, main program."""
        functions = [self._function(name) for name in function_names(self.code)]
        forks = bool(self.kinds & {Fork, StartProcess, *POOLS})
        roles = '["parent", "child"]' if forks else '["main"]'
        main = self._main("parent" if forks else "main")
        parts = [
            prelude.HEADER.format(title=title, roles=roles) if self.observed else "",
            f'"""{title}"""\n\n' if title else "",
            "".join(f"import {name}\n" for name in self._imports()),
            *(f"\n{part}" for part in self._helpers()),
            *(f"\n\n{part}" for part in (*self.threads, *functions)),
            f"\n\n{main}\n",
        ]
        return "".join(parts)

    def _main(self, role: str) -> str:
        """The main program; what others import are the registrations in it."""
        begin = ['tell("started", str(os.getpid()))']
        if self.observed:
            begin.append(f'endings.end_here("{role}")')
        if StartProcess not in self.kinds and not self.spawns:
            return "\n".join([*begin, "\n".join(self._lines(self.code.body, 0))])
        lines, guarded = [GUARD, *(INDENT + line for line in begin)], True
        for one in self.code.body:
            imported = isinstance(one, Register)
            if guarded and imported:
                lines.append("")
            elif not guarded and not imported:
                lines.append(GUARD)
            guarded = not imported
            lines += self._lines([one], int(guarded))
        return "\n".join(lines)

    def excerpt(self) -> str:
        """Functions that do something, then the main program."""
        functions = [
            f"def {one.name}():\n" + "\n".join(self._lines(one.body, 1)) + "\n"
            for one in self.code.functions
            if one.body
        ]
        main = "".join(f"{line}\n" for line in self._lines(self.code.body, 0))
        return "\n".join(part for part in (*self.threads, *functions, main) if part)

    def _imports(self) -> list[str]:
        atexit = {Register, Unregister, UnregisterNamesake, Clear, RunHandlers}
        signal = {Signal, Handle, HandleInLoop, Ignore, Default, RegisterFaulthandler}
        libc = {LibcExit, Segfault, FatalError, PyExit}
        hooks = {one.name for one in statements(self.code) if isinstance(one, Hook)}
        wanted = [
            ("endings", self.observed),
            ("errno", AwaitJoin in self.kinds),
            ("select", AwaitProcess in self.kinds),
            ("atexit", self.kinds & atexit),
            ("ctypes", self.kinds & libc),
            ("os", True),
            ("signal", self.kinds & signal),
            ("resource", "file size" in self.resources),
            (
                "sys",
                self.kinds & {SysExit, Write, Flush, Say, SetExitFunction, Catch, *POOLS}
                or SYS in hooks
                or "file size" in self.resources,
            ),
            (
                "threading",
                self.kinds & {StartThread, RegisterThreading, StartProcess, UsePool}
                or THREADING in hooks,
            ),
            ("time", UsePool in self.kinds),
            ("weakref", Finalize in self.kinds),
        ]
        return sorted(name for name, used in wanted if used)

    def _helpers(self) -> list[str]:
        after_main, keeps = "after main" in self.ends, Keep in self.kinds
        fork, process = prelude.FORK, prelude.PROCESSES
        pooled, workers = prelude_process_pools.PROCESS_POOLS, prelude_process_pools.WORKERS
        loops = prelude_loops.LOOPS
        if Fork in self.kinds:
            loops = loops.replace(*prelude_loops.WHERE_FORKED)
        if self.open:
            for otherwise in prelude_process_pools.WHERE_LEFT_OPEN:
                pooled, workers = pooled.replace(*otherwise), workers.replace(*otherwise)
        if not self.plain:
            workers = prelude_process_pools.NEXT_PLACE + workers
        if after_main:
            forget = '    tell("started', f'{prelude.FORGET_WAITING[4:]}    tell("started'
            process, pooled = process.replace(*forget), pooled.replace(*forget)
            workers = workers.replace(*forget)
            fork = fork.replace("        tell(", f"{prelude.FORGET_WAITING}        tell(", 1)
        if self.observed:
            watched = '    tell("started', f'{prelude.HOLD[4:]}    tell("started'
            process, pooled = process.replace(*watched), pooled.replace(*watched)
            workers = workers.replace(*watched)
            fork = fork.replace("        tell(", f"{prelude.HOLD}        tell(", 1)
        pools = bool(self.kinds & {*POOLS})
        processes = bool(self.kinds & {StartProcess, *POOLS})
        return [
            text.lstrip("\n") if text in (prelude.TELL, prelude.TELL_ELSEWHERE) else text
            for text, used in (
                (prelude.TELL, not processes),
                (prelude.TELL_ELSEWHERE, processes),
                (process, StartProcess in self.kinds),
                (prelude.TELL_END, pools and StartProcess not in self.kinds),
                (prelude_process_pools.LEFT_OPEN, self.open),
                (pooled, self.plain),
                (prelude.HANDED, self.many and StartProcess not in self.kinds),
                (workers, self.many),
                (fork, Fork in self.kinds),
                (prelude.JOINED, "joined" in self.ends),
                (loops, self.kinds & {RunLoop, HandleInLoop}),
                (prelude.POOLS, UsePool in self.kinds),
                (
                    prelude_interpreters.INTERPRETERS,
                    self.kinds & {StartInterpreter, EndInterpreter},
                ),
                (prelude.LOCKED, self.ends & {"never", "after main"}),
                (prelude.DAEMON, "never" in self.ends),
                (
                    prelude.AFTER_MAIN.replace("    ENDED.append(True)\n", prelude.LET_GO),
                    after_main and keeps,
                ),
                (prelude.AFTER_MAIN, after_main and not keeps),
                (prelude.JOINS_MAIN, "joins main" in self.ends),
                (prelude.NAMESAKE, UnregisterNamesake in self.kinds),
                (prelude.BROKEN_PIPE, CloseStdout in self.kinds),
                (prelude.KEPT, Finalize in self.kinds),
                (prelude.RELEASED, Keep in self.kinds),
                (prelude.INTERRUPT, Interrupt in self.kinds),
                (prelude.FAULTHANDLER, RegisterFaulthandler in self.kinds),
                *((prelude.EXHAUST[one], one in self.resources) for one in prelude.EXHAUST),
            )
            if used
        ]

    def _function(self, name: str) -> str:
        body = self.code.function(name)
        told = f'def {name}(*args, **kwargs):\n{INDENT}tell("{name}", "began")\n'
        if body:
            lines = "\n".join(self._lines(body, 2))
            told += (
                f"{INDENT}try:\n{lines}\n"
                f'{INDENT}except:\n{INDENT * 2}tell("{name}", "raised")\n{INDENT * 2}raise\n'
            )
        return told + f'{INDENT}tell("{name}", "ended")\n'

    def _lines(self, body: Iterable[Statement], depth: int) -> list[str]:
        lines = [line for one in body for line in self._statement(one)]
        return [INDENT * depth + line for line in lines]

    def _statement(self, one: Statement) -> list[str]:
        match one:
            case StartThread(body, ends):
                return [f"{STARTERS[ends]}({self._thread(body)})"]
            case StartProcess(body, method, daemon):
                name = self._thread(body, "process")
                return [f'start_process({name}, "{method}"{", daemon=True" if daemon else ""})']
            case SubmitTask() | ApplyTask():
                return [self._task(one)]
            case UsePool(body, ends):
                return [f'use_pool({self._thread(body, "task")}, "{ends}")']
            case RunLoop(body=body):
                return [f"run_loop({', '.join((self._main_task(body), *_beside(one)))})"]
            case Pause() if self.in_loop:
                return ["yield"]
            case Fork(()):
                return ["fork()"]
            case Fork(body):
                return ["if fork():", *self._lines(body, 1)]
            case TryFinally(body, function):
                inner = self._lines(body or (Nothing(),), 1)
                return ["try:", *inner, "finally:", f"{INDENT}{function}()"]
            case Catch(body, exits):
                return ["try:", *self._lines(body or (Nothing(),), 1), *_clauses(exits)]
            case _:
                return [line(one)]

    def _task(self, one: SubmitTask | ApplyTask) -> str:
        verb = "submit" if isinstance(one, SubmitTask) else "apply"
        task = self._thread(one.body, "task")
        keep = ", keep=Open" if one.ends == "left open" else ""
        if _is_plain(one):
            return f"{verb}_task({task}{keep})"
        begin = f", {self._thread(one.begin, 'begin')}" if one.begin else ""
        return f'{verb}_to({task}, "{one.method}", {one.workers}{begin}{keep})'

    def _main_task(self, body: tuple[Statement, ...]) -> str:
        self.in_loop = True
        lines = "\n".join(self._lines(body, 1))
        self.in_loop = False
        name = f"loop_{len(self.threads) + 1}"
        self.threads.append(f"def {name}():\n{lines}\n{INDENT}return\n{INDENT}yield\n")
        return name

    def _thread(self, body: tuple[Statement, ...], kind: str = "thread") -> str:
        in_loop, self.in_loop = self.in_loop, False
        lines = "\n".join(self._lines(body or (Nothing(),), 1))
        self.in_loop = in_loop
        name = f"{kind}_{len(self.threads) + 1}"
        self.threads.append(f"def {name}():\n{lines}\n")
        return name


def _is_plain(one: SubmitTask | ApplyTask) -> bool:
    """Whether its pool has one worker, which is forked and begins with nothing."""
    return one.method == "fork" and one.workers == 1 and not one.begin


STARTERS = {
    "joined": "start_and_join",
    "never": "start_daemon",
    "after main": "start_after_main",
    "joins main": "start_joining_main",
}


def _beside(loop: RunLoop) -> Iterable[str]:
    """What a loop does beside its main task: of each kind the first."""
    for kind, called in (("task", loop.tasks), ("generator", loop.generators)):
        yield from (f"{kind}={name}" for name in called[:1])


def line(one: Statement) -> str:
    """The line of Python for which a statement without a body stands. KeyError for others."""
    return LINES[type(one)](one)


def _clauses(exits: Iterable[tuple[str, int]]) -> Iterable[str]:
    """The `except` clauses of a try statement; the one for all others comes last."""
    for name, status in sorted(exits, key=lambda one: not one[0]):
        yield f"except {name}:" if name else "except:"
        yield f"{INDENT}sys.exit({status})"


def _text(text: str) -> str:
    """A text as Python writes it, between double quotes where that needs no escape."""
    plain = repr(text)
    return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in text else plain


LINES: dict[type[Any], Callable[[Any], str]] = {
    Nothing: lambda _: "pass",
    Register: lambda one: (
        f"atexit.register({', '.join(filter(None, (one.function, one.arguments)))})"
    ),
    Unregister: lambda one: f"atexit.unregister({one.function})",
    UnregisterNamesake: lambda one: f"atexit.unregister(namesake({one.function}))",
    Clear: lambda _: "atexit._clear()",
    RunHandlers: lambda _: "atexit._run_exitfuncs()",
    SetExitFunction: lambda one: f"sys.exitfunc = {one.function}",
    Raise: lambda one: f"raise {one.exception}({_text(one.message) if one.message else ''})",
    SysExit: lambda one: (
        f"sys.exit({_text(one.argument) if isinstance(one.argument, str) else one.argument})"
    ),
    OsExit: lambda one: f"os._exit({one.status})",
    LibcExit: lambda one: f"ctypes.CDLL(None).{one.call}({one.status})",
    Abort: lambda _: "os.abort()",
    Segfault: lambda _: "ctypes.CDLL(None).strlen(ctypes.c_void_p(1))",
    FatalError: lambda _: 'ctypes.pythonapi.Py_FatalError(b"asked for")',
    Exec: lambda one: f'os.execv("/bin/sh", ["sh", "-c", "exit {one.status}"])',
    Signal: lambda one: f"os.kill(os.getpid(), signal.{one.signal})",
    Handle: lambda one: f"signal.signal(signal.{one.signal}, {one.function})",
    Pause: lambda _: "pass",
    HandleInLoop: lambda one: f"handle_in_loop(signal.{one.signal}, {one.function})",
    Ignore: lambda one: f"signal.signal(signal.{one.signal}, signal.SIG_IGN)",
    Default: lambda one: f"signal.signal(signal.{one.signal}, signal.SIG_DFL)",
    Finalize: lambda one: f"weakref.finalize(KEPT, {one.function})",
    Call: lambda one: f"{one.function}()",
    Interrupt: lambda _: "interrupt_main()",
    Exhaust: lambda one: f"{EXHAUSTING[one.resource]}()",
    PyExit: lambda one: f"ctypes.pythonapi.Py_Exit({one.status})",
    RegisterThreading: lambda one: f"threading._register_atexit({one.function})",
    Keep: lambda one: f"_RELEASED.append(Released({one.function}))",
    Hook: lambda one: f"{one.name} = {one.function}",
    RegisterFaulthandler: lambda one: f"dump_on(signal.{one.signal}, chain={one.chain})",
    Write: lambda one: f"sys.stdout.write({_text(one.text)})",
    Flush: lambda _: "sys.stdout.flush()",
    JoinProcess: lambda _: "join_process()",
    AwaitProcess: lambda _: "await_process()",
    AwaitJoin: lambda _: "wait_for_starter()",
    TerminateProcess: lambda _: "PROCESSES[-1][0].terminate()",
    StartInterpreter: lambda one: f"start_interpreter({', '.join(map(_text, one.functions))})",
    EndInterpreter: lambda _: "end_interpreter()",
    CloseStdout: lambda _: "close_stdout()",
    Say: lambda one: f"sys.stderr.write({_text(one.text + chr(10))})",
}
