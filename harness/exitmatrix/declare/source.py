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

from exitmatrix.declare.statements import names, statements
from exitmatrix.model.language import (
    Abort,
    AwaitJoin,
    AwaitProcess,
    Call,
    Catch,
    Clear,
    CloseStdout,
    Code,
    Default,
    Exec,
    Exhaust,
    FatalError,
    Finalize,
    Flush,
    Fork,
    Handle,
    Hook,
    Ignore,
    Interrupt,
    JoinProcess,
    Keep,
    LibcExit,
    Nothing,
    OsExit,
    PyExit,
    Raise,
    Register,
    RegisterFaulthandler,
    RegisterThreading,
    RunHandlers,
    Say,
    Segfault,
    SetExitFunction,
    Signal,
    StartProcess,
    StartThread,
    Statement,
    SysExit,
    TerminateProcess,
    TryFinally,
    Unregister,
    UnregisterNamesake,
    Write,
)

INDENT = "    "

TELL = """
TOLD = int(os.environ.get("TOLD", "2"))  # the descriptor to write to; stderr by default
PATH = []  # which fork of which fork this process is
FORKS = [0]


def tell(*words):
    line = " ".join((".".join(str(number) for number in PATH) or "-",) + words)
    os.write(TOLD, (line + "\\n").encode("ascii"))
"""

FORK = '''
def fork():
    """True in the child; the parent waits for the child's end first."""
    number = FORKS[0]
    child = os.fork()
    if child == 0:
        PATH.append(number)
        FORKS[0] = 0
        tell("started", str(os.getpid()))
        return True
    FORKS[0] += 1
    status = os.waitpid(child, 0)[1]
    PATH.append(number)
    tell("exit", str(status))
    PATH.pop()
    return False
'''

JOINED = """
def start_and_join(body):
    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
"""

DAEMON = '''
def start_daemon(body):
    """A daemon; the starter waits until its body is done, or it has ended of an exception."""
    done = locked()
    raised = []

    def run():
        try:
            body()
        except:
            raised.append(True)
            raise
        finally:
            done.release()
        locked().acquire()

    thread = threading.Thread(target=run)
    thread.daemon = True
    thread.start()
    done.acquire()
    if raised:
        thread.join()
'''

PROCESSES = '''
PROCESSES = []  # of multiprocessing: each with a pipe that it tells on, and one that it waits for
SERVER = []  # the place of the fork server, and how often it has forked
STARTER = []  # in one of them, the other ends of these pipes


class Handed(object):
    """A descriptor that a process is given, which may be another number there."""

    def __init__(self, number):
        self.number = number

    def __reduce__(self):
        from multiprocessing.reduction import DupFd

        return taken, (DupFd(self.number),)


def taken(descriptor):
    return Handed(descriptor.detach())


def start_process(body, method, daemon=False):
    import multiprocessing

    context = multiprocessing
    if method != "fork" or hasattr(multiprocessing, "get_context"):
        context = multiprocessing.get_context(method)
    rested, rests = os.pipe()
    waits, release = os.pipe()
    place = place_of(method)
    handed = [Handed(number) for number in (TOLD, rested, rests, waits)]
    process = context.Process(target=run_process, args=(body, place, handed))
    process.daemon = daemon
    PROCESSES.append((process, rested, [release]))
    try:
        process.start()
    except:
        PROCESSES.pop()
        raise
    finally:
        os.close(rests)
        os.close(waits)
    os.read(rested, 1)  # it has told that it began, or is gone
    count(method)
    tell_end(process._popen, place)


def place_of(method):
    """Where in the tree the next process is: a fork server is one too."""
    if method != "forkserver":
        return PATH + [FORKS[0]]
    return PATH + (SERVER or [FORKS[0], 0])


def count(method):
    if method == "forkserver" and not SERVER:
        SERVER[:] = [FORKS[0], 0]
        FORKS[0] += 1
    if method == "forkserver":
        SERVER[1] += 1
    else:
        FORKS[0] += 1


def tell_end(popen, place):
    """Have it told when multiprocessing has waited for a process."""
    poll = popen.poll

    def poll_and_tell(*args, **kwargs):
        known = popen.returncode
        code = poll(*args, **kwargs)
        if known is None and code is not None:
            status = code << 8 if code >= 0 else -code
            tell("exit", str(status), place=place)
        return code

    popen.poll = poll_and_tell


def run_process(body, place, handed):
    global TOLD
    for _, _, releases in PROCESSES:  # of the starter, if this was forked
        while releases:
            os.close(releases.pop())
    del PROCESSES[:], SERVER[:]
    TOLD = handed[0].number
    STARTER[:] = [one.number for one in handed[1:]]
    PATH[:] = place
    FORKS[0] = 0
    tell("started", str(os.getpid()))
    os.write(STARTER[1], b"s")
    body()


def await_process():
    """Until the process that was started last rests, or has ended."""
    process, rested, _ = PROCESSES[-1]
    while process.is_alive() and not select.select([rested], [], [], 0.005)[0]:
        pass


def join_process():
    """Let the process that was started last go on if it rests, and wait for its end."""
    process, _, releases = PROCESSES[-1]
    while releases:
        os.close(releases.pop())
    process.join()


def wait_for_starter():
    """Rest, until the starter joins this process or is gone."""
    _, rests, waits = STARTER
    os.write(rests, b"r")
    while True:
        try:
            os.read(waits, 1)
            return
        except OSError as error:  # Python 2
            if error.errno != errno.EINTR:
                raise
'''

TELL_ELSEWHERE = """
TOLD = None  # the descriptor to write to, where there is one; stderr by default
if __name__ == "__main__":
    TOLD = int(os.environ.get("TOLD", "2"))
PATH = []  # which fork of which fork this process is
FORKS = [0]


def tell(*words, **other):
    line = " ".join((".".join(map(str, other.get("place", PATH))) or "-",) + words)
    if TOLD is not None:
        os.write(TOLD, (line + "\\n").encode("ascii"))
"""

LOCKED = """
def locked():
    lock = threading.Lock()
    lock.acquire()
    return lock
"""

AFTER_MAIN = '''
WAITING = []  # the locks of threads that wait for the end of main's code and for their turn
BEFORE = []  # the threads that had their turn
ENDED = []


def start_after_main(body):
    turn = locked()

    def run():
        turn.acquire()
        for thread in BEFORE:
            thread.join()
        BEFORE[:] = [threading.current_thread()]
        try:
            body()
        finally:
            if turn in WAITING:
                WAITING.remove(turn)
                next_turn()

    threading.Thread(target=run).start()
    WAITING.append(turn)
    if ENDED and WAITING == [turn]:
        next_turn()


def next_turn():
    if WAITING:
        WAITING[0].release()


def shutdown(wait=threading._shutdown):
    """Every Python calls this when main's code has ended and what it wrote is flushed."""
    ENDED.append(True)
    next_turn()
    wait()


threading._shutdown = shutdown
'''

HOLD = """        endings.hold("forked")  # until the harness watches this process
"""

HEADER = """\
# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "{title}"
# roles = {roles}
# ready = "none"
# terminations = ["return"]
# ///
"""

FORGET_WAITING = """        WAITING[:] = BEFORE[:] = []  # those threads are the parent's
"""

LET_GO = """    ENDED.append(True)
    threading._shutdown = wait  # or threading would hold on to the globals of this program
"""

NAMESAKE = """
def namesake(function):
    def other():
        pass

    other.__name__ = function.__name__
    return other
"""

BROKEN_PIPE = '''
def close_stdout():
    """Make descriptor 1 the end of a pipe that nobody reads."""
    read, write = os.pipe()
    os.dup2(write, 1)
    os.close(write)
    os.close(read)
'''

KEPT = """
class Kept(object):
    pass


KEPT = Kept()
"""

RELEASED = """
class Released(object):
    def __init__(self, function):
        self.function = function

    def __del__(self):
        self.function()


_RELEASED = []  # the underscore has it released first, when every other global is still there
"""

INTERRUPT = """
try:
    from _thread import interrupt_main
except ImportError:
    from thread import interrupt_main
"""

FAULTHANDLER = """
def dump_on(number, chain):
    import faulthandler

    faulthandler.register(number, chain=chain)
"""

EXHAUST = {
    "recursion": """
def recurse():
    recurse()
""",
    "input": """
try:
    ask = raw_input
except NameError:
    ask = input
""",
    "file size": """
def write_too_much():
    name = sys.argv[0] + ".%d" % os.getpid()
    descriptor = os.open(name, os.O_RDWR | os.O_CREAT)
    os.unlink(name)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    os.write(descriptor, b"12345678")
    os.write(descriptor, b"9")
""",
}
"""By what there is too little of; other resources are not among those of generated programs."""

EXHAUSTING = {"recursion": "recurse", "input": "ask", "file size": "write_too_much"}

GUARD = 'if __name__ == "__main__":'

SYS, THREADING = "sys.excepthook", "threading.excepthook"


def source(code: Code, title: str = "") -> str:
    """A whole Python file that does what `code` says."""
    return _Writer(code).file(title)


def scenario(code: Code, title: str) -> str:
    """The same as a scenario: its own termination, `return`, is what it does anyway.

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
        self.threads: list[str] = []  # the bodies of threads and processes, each a function
        self.kinds = {type(one) for one in statements(code)}
        self.ends = {one.ends for one in statements(code) if isinstance(one, StartThread)}
        self.resources = {one.resource for one in statements(code) if isinstance(one, Exhaust)}

    def file(self, title: str) -> str:
        """Docstring, imports, helpers, functions, main program."""
        functions = [self._function(name) for name in names(self.code)]
        forks = bool(self.kinds & {Fork, StartProcess})
        roles = '["parent", "child"]' if forks else '["main"]'
        main = self._main("parent" if forks else "main")
        parts = [
            HEADER.format(title=title, roles=roles) if self.observed else "",
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
        if StartProcess not in self.kinds:
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
        signal = {Signal, Handle, Ignore, Default, RegisterFaulthandler}
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
                self.kinds & {SysExit, Write, Flush, Say, SetExitFunction, Catch} or SYS in hooks,
            ),
            (
                "threading",
                self.kinds & {StartThread, RegisterThreading, StartProcess} or THREADING in hooks,
            ),
            ("weakref", Finalize in self.kinds),
        ]
        return sorted(name for name, used in wanted if used)

    def _helpers(self) -> list[str]:
        after_main, keeps = "after main" in self.ends, Keep in self.kinds
        fork, process = FORK, PROCESSES
        if after_main:
            process = process.replace('    tell("started', f'{FORGET_WAITING[4:]}    tell("started')
            fork = fork.replace("        tell(", f"{FORGET_WAITING}        tell(", 1)
        if self.observed:
            process = process.replace('    tell("started', f'{HOLD[4:]}    tell("started')
            fork = fork.replace("        tell(", f"{HOLD}        tell(", 1)
        processes = StartProcess in self.kinds
        return [
            text.lstrip("\n") if text in (TELL, TELL_ELSEWHERE) else text
            for text, used in (
                (TELL, not processes),
                (TELL_ELSEWHERE, processes),
                (process, processes),
                (fork, Fork in self.kinds),
                (JOINED, "joined" in self.ends),
                (LOCKED, self.ends & {"never", "after main"}),
                (DAEMON, "never" in self.ends),
                (AFTER_MAIN.replace("    ENDED.append(True)\n", LET_GO), after_main and keeps),
                (AFTER_MAIN, after_main and not keeps),
                (NAMESAKE, UnregisterNamesake in self.kinds),
                (BROKEN_PIPE, CloseStdout in self.kinds),
                (KEPT, Finalize in self.kinds),
                (RELEASED, Keep in self.kinds),
                (INTERRUPT, Interrupt in self.kinds),
                (FAULTHANDLER, RegisterFaulthandler in self.kinds),
                *((EXHAUST[one], one in self.resources) for one in EXHAUST),
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

    def _thread(self, body: tuple[Statement, ...], kind: str = "thread") -> str:
        lines = "\n".join(self._lines(body or (Nothing(),), 1))
        name = f"{kind}_{len(self.threads) + 1}"
        self.threads.append(f"def {name}():\n{lines}\n")
        return name


STARTERS = {
    "joined": "start_and_join",
    "never": "start_daemon",
    "after main": "start_after_main",
}


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
    CloseStdout: lambda _: "close_stdout()",
    Say: lambda one: f"sys.stderr.write({_text(one.text + chr(10))})",
}
