"""The catalogue of terminations: one table. A new termination is a new entry.

An in-process one is also an entry of `WAYS` in `endings/endings.py`, which a
test holds against this table.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from exitmatrix.model import Ending, Interpreter, Scenario, Termination

IN_PROCESS = "in-process"
RARE = "rare"
"""Both stand for several terminations where a scenario declares what it is ended by."""

IN_A_VIEW_ONE_EXIT_IS_ENOUGH = "in a view every sys.exit follows one law; sys-exit-0 stands for all"
NOT_IN_A_VIEW = {
    "return": "a view that returns ends the request, not the process",
    "sys-exit-3": IN_A_VIEW_ONE_EXIT_IS_ENOUGH,
    "sys-exit-message": IN_A_VIEW_ONE_EXIT_IS_ENOUGH,
    "sys-exit-256": IN_A_VIEW_ONE_EXIT_IS_ENOUGH,
    "sys-exit-minus-1": IN_A_VIEW_ONE_EXIT_IS_ENOUGH,
}
CPYTHON_ONLY = {
    "fatal-error": "Py_FatalError belongs to CPython's C API; PyPy has no call that ends it so",
    "py-exit": "Py_Exit belongs to CPython's C API, which PyPy's ctypes does not have",
    "set-interrupt": "PyErr_SetInterrupt belongs to CPython's C API, which PyPy's ctypes lacks",
}
SINCE = {
    "faulthandler-exit": ((3, 3), "faulthandler came with Python 3.3"),
}


def _inside(id: str, act: str, does: str) -> Termination:
    return Termination(id=id, delivery="in-process", does=does, act=act)


def _rare(id: str, act: str, does: str) -> Termination:
    return Termination(id=id, delivery="in-process", does=does, act=act, rare=True)


def _signal(name: str, does: str, *, rare: bool = False) -> Termination:
    return Termination(
        id=name, delivery="signal", does=does, signal=name, act=f"signal {name}", rare=rare
    )


def _signals(first: str, then: str, does: str) -> Termination:
    return Termination(
        id=f"{first}-then-{then}",
        delivery="signal-then-signal",
        does=does,
        signal=first,
        then=then,
        grace=2.5,
        act=f"signal {first}",
    )


CATALOGUE: tuple[Termination, ...] = (
    _inside("return", "return", "The program reaches its last line."),
    _inside("sys-exit-0", "sys.exit 0", "Calls sys.exit(0)."),
    _inside("sys-exit-3", "sys.exit 3", "Calls sys.exit(3)."),
    _inside("sys-exit-message", "sys.exit a message", "Calls sys.exit with a text."),
    _inside(
        "sys-exit-256",
        "sys.exit 256",
        "Calls sys.exit(256), of which the kernel keeps the low eight bits.",
    ),
    _inside("sys-exit-minus-1", "sys.exit -1", "Calls sys.exit(-1)."),
    _inside(
        "thread-system-exit",
        "thread: sys.exit 3",
        "Raises SystemExit(3) in a second thread, and joins it.",
    ),
    _inside("os-exit-0", "os._exit 0", "Calls os._exit(0)."),
    _inside(
        "os-exit-3",
        "os._exit 3",
        "Calls os._exit(3), the status with which a reloader asks for a restart.",
    ),
    _inside("os-exit-7", "os._exit 7", "Calls os._exit(7)."),
    _inside(
        "exception",
        "raise RuntimeError: nobody catches this",
        "Raises an exception that is not caught.",
    ),
    _inside(
        "thread-exception", "thread: raise", "Raises an exception in a second thread, and joins it."
    ),
    _inside(
        "keyboard-interrupt",
        "raise KeyboardInterrupt",
        "Raises KeyboardInterrupt, without any signal.",
    ),
    _inside("abort", "abort", "Calls os.abort."),
    _inside("segfault", "segfault", "Reads memory that is not mapped."),
    _inside(
        "fatal-error",
        "fatal error",
        "Calls Py_FatalError, as the interpreter does on an internal error.",
    ),
    _inside("exec", "exec /bin/true 0", "Replaces the program with another one, by os.execv."),
    _inside("libc-exit", "C exit 5", "Calls the C library's exit(5) directly."),
    _inside("libc-immediate-exit", "C _exit 5", "Calls the C library's _exit(5) directly."),
    _inside("libc-quick-exit", "C quick_exit 5", "Calls the C library's quick_exit(5) directly."),
    _inside("self-SIGTERM", "signal SIGTERM", "Sends SIGTERM to itself."),
    _inside("self-SIGKILL", "signal SIGKILL", "Sends SIGKILL to itself."),
    _inside(
        "stdout-closed",
        "close stdout",
        "The reader of its stdout goes away, as with `| head`; it goes on.",
    ),
    # Rare: what ends few programs is tried where a scenario asks for it.
    _rare(
        "py-exit",
        "Py_Exit 5",
        "Calls Py_Exit(5), by which C code ends the interpreter it is called from.",
    ),
    _rare("os-exit-in-thread", "thread: os._exit 3", "Calls os._exit(3) in a second thread."),
    _rare(
        "faulthandler-exit",
        "C _exit 1",
        "Takes longer than faulthandler.dump_traceback_later(exit=True) allows.",
    ),
    _rare("alarm", "signal SIGALRM", "Takes longer than signal.alarm allows."),
    _rare(
        "cpu-limit",
        "signal SIGXCPU",
        "Uses more processor time than RLIMIT_CPU allows: the kernel sends SIGXCPU.",
    ),
    _rare(
        "file-limit",
        "exhaust file size",
        "Writes a file that is larger than RLIMIT_FSIZE allows.",
    ),
    _rare(
        "memory-limit",
        "exhaust memory",
        "Asks for more memory than RLIMIT_AS allows.",
    ),
    Termination(
        id="group-limit",
        delivery="in-process",
        act="signal SIGKILL",
        does=(
            "Uses more memory than its control group allows, as in a container: the kernel's "
            "out-of-memory killer kills it."
        ),
        rare=True,
        group=64 << 20,
    ),
    _rare(
        "recursion-limit",
        "exhaust recursion",
        "Calls itself more often than sys.getrecursionlimit() allows.",
    ),
    _rare(
        "stack-overflow",
        "exhaust stack",
        "Calls itself through C code without end, after raising Python's recursion limit.",
    ),
    _rare("input-ended", "exhaust input", "Calls input(), and stdin is at its end."),
    _rare(
        "stdout-full",
        "fill stdout",
        "Its stdout is a full pipe that is not read; it goes on.",
    ),
    _rare(
        "interrupt-main",
        "thread: interrupt",
        "Calls _thread.interrupt_main() in a second thread.",
    ),
    _rare("set-interrupt", "interrupt", "Calls PyErr_SetInterrupt(), as C code does after Ctrl-C."),
    _rare(
        "exec-python",
        "exec another Python 0",
        "Replaces the program with another Python program, by os.execv.",
    ),
    _inside("hang", "hang", "Waits for something that does not come."),
    _signal("SIGTERM", "What `kill`, systemd and a container runtime send first."),
    _signal("SIGINT", "What Ctrl-C in a terminal sends."),
    _signal("SIGHUP", "What a terminal sends when it is closed."),
    _signal("SIGQUIT", "What Ctrl-\\ in a terminal sends."),
    _signal("SIGABRT", "What abort() and some supervisors send."),
    _signal("SIGUSR1", "A signal for the program's own use."),
    _signal("SIGUSR2", "The other signal for the program's own use.", rare=True),
    _signal("SIGTTIN", "What asks some masters for one worker more.", rare=True),
    _signal("SIGTTOU", "What asks some masters for one worker less.", rare=True),
    _signal("SIGALRM", "What an alarm clock set with alarm() sends."),
    _signal("SIGPIPE", "What a write to a closed pipe sends."),
    _signal("SIGKILL", "What `kill -9` and the kernel's out-of-memory killer send."),
    Termination(
        id="SIGINT-twice",
        delivery="signal-twice",
        signal="SIGINT",
        act="signal SIGINT",
        does="Ctrl-C, and Ctrl-C again while the first handler runs.",
    ),
    _signals(
        "SIGTERM",
        "SIGKILL",
        "SIGTERM, and SIGKILL 2.5 s later, as a container runtime does after a longer time.",
    ),
    _signals("SIGTERM", "SIGTERM", "SIGTERM, and SIGTERM again 2.5 s later: what people try next."),
    _signals("SIGINT", "SIGINT", "Ctrl-C, and Ctrl-C again when handlers have run for 2.5 s."),
    Termination(
        id="touch-source",
        delivery="touch",
        act="touch",
        does="The program's file changes on disk, and a reloader sees it.",
    ),
)

TERMINATIONS = {termination.id: termination for termination in CATALOGUE}


def targets(termination: Termination, scenario: Scenario) -> tuple[str, ...]:
    """The targets that make sense: roles of the scenario, or `group`."""
    if termination.delivery in ("in-process", "touch"):
        return (scenario.acting_role,)
    if len(scenario.roles) == 1:
        # The group holds helpers, too, where a scenario says that it has some.
        group = any(pattern.endswith("@group") for pattern in scenario.terminations)
        return (*scenario.roles, "group") if group else scenario.roles
    if termination.delivery == "signal-twice":
        return ("group",)
    return (*scenario.roles, "group")


def not_applicable(termination: Termination, scenario: Scenario) -> str | None:
    """Why the termination makes no sense for the scenario; None where it does."""
    if termination.delivery == "touch" and not (scenario.serves and len(scenario.roles) > 1):
        return "no reloader watches the source"
    if termination.group and scenario.command:
        return "no control group is made for a command and its workers"
    if termination.id == "hang" and not scenario.command:
        return "it never ends by itself: only a server whose master sees that ends it"
    if scenario.serves and termination.id in NOT_IN_A_VIEW:
        return NOT_IN_A_VIEW[termination.id]
    return None


def declared(termination: Termination, target: str, scenario: Scenario) -> bool:
    """Whether the scenario declares that it is ended so; `*` stands for none that is rare."""
    names = termination.id, str(Ending(termination.id, target))
    return any(_means(pattern, termination, names) for pattern in scenario.terminations)


def _means(pattern: str, termination: Termination, names: tuple[str, str]) -> bool:
    inside = termination.delivery == IN_PROCESS
    if termination.rare:
        return pattern in names or (inside and pattern == RARE)
    if pattern == IN_PROCESS:
        return inside
    return any(fnmatchcase(name, pattern) for name in names)


def not_on(termination: Termination, interpreter: Interpreter) -> str | None:
    """Why the termination cannot be had on an interpreter; None where it can."""
    if interpreter.implementation != "cpython" and termination.id in CPYTHON_ONLY:
        return CPYTHON_ONLY[termination.id]
    since, why = SINCE.get(termination.id, ((0, 0), None))
    return why if interpreter.language < since else None
