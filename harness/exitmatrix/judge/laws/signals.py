"""Laws about signals: what a process does with one, and what can be set."""

from __future__ import annotations

from exitmatrix.judge.laws.law import (
    Calls,
    Dies,
    Facts,
    Later,
    Law,
    Proceeds,
    Raises,
    does,
)
from exitmatrix.model.language import Default, Handle, Ignore, Signal

ENDS = frozenset({
    "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL",
    "SIGUSR1", "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGXCPU", "SIGXFSZ",
    "SIGVTALRM", "SIGPROF", "SIGIO", "SIGSYS",
})  # fmt: skip
"""Those whose default action ends the process, with or without a core dump: signal(7)."""

TAKEN_BY_ONE = frozenset({
    "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGSEGV", "SIGXCPU", "SIGXFSZ",
    "SIGSYS",
})  # fmt: skip
"""Those that dump core: Linux include/linux/signal.h, SIG_KERNEL_COREDUMP_MASK."""

NO_ACTION = frozenset(["SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH"])
"""Those whose default action does nothing to a process that runs."""

UNCATCHABLE = frozenset(["SIGKILL", "SIGSTOP"])

RELOADER = ":-reloader"
"""The handler of SIGTERM that Werkzeug's reloader sets."""

OF_CHILDREN = frozenset(["SIGCHLD"])
"""Of a program that waits for children no law says what another disposition of this does."""


def _sets(facts: Facts) -> str:
    """The signal whose disposition is set."""
    return facts.statement.signal if isinstance(facts.statement, Handle | Ignore | Default) else ""


def _can_set(facts: Facts) -> bool:
    return _sets(facts) in (ENDS | NO_ACTION) - UNCATCHABLE - OF_CHILDREN


LAWS: tuple[Law, ...] = (
    Law(
        id="signal-is-sent",
        about="statement",
        when=does(Signal),
        then=lambda _: Proceeds(),
        because="A signal that a process sends to itself has arrived before os.kill returns.",
        source="kill(2), Notes",
    ),
    Law(
        id="disposition-is-set",
        about="statement",
        when=lambda f: f.in_main and _can_set(f),
        then=lambda _: Proceeds(),
        because="signal.signal sets what the process does with a signal from then on.",
        source="docs: library/signal, signal.signal",
    ),
    Law(
        id="only-the-main-thread-sets",
        about="statement",
        when=lambda f: not f.in_main and _sets(f) != "",
        then=lambda _: Raises("Exception"),
        because="Only the main thread may call signal.signal; in another it is a ValueError.",
        source="docs: library/signal, Signals and threads",
    ),
    Law(
        id="uncatchable-is-refused",
        about="statement",
        when=lambda f: f.in_main and _sets(f) in UNCATCHABLE and f.profile.refuses_uncatchable,
        then=lambda _: Raises("Exception"),
        because="No process can handle or ignore SIGKILL and SIGSTOP.",
        source="signal(2), Description; docs: library/signal, signal.signal",
    ),
    Law(
        id="pypy-does-not-refuse",
        about="statement",
        when=lambda f: f.in_main and _sets(f) in UNCATCHABLE and not f.profile.refuses_uncatchable,
        then=lambda _: Proceeds(),
        because="PyPy's signal.signal does not report that the kernel refused; nothing changes.",
        source="PyPy pypy/module/signal/interp_signal.py, signal",
    ),
    # ------------------------------------------------------------------- what one does
    Law(
        id="default-action",
        about="signal",
        when=lambda f: (
            f.disposition == "default"
            and f.signal in ENDS
            and (f.in_main or not (f.signal in TAKEN_BY_ONE or f.passed_on))
        ),
        then=lambda f: Dies(f.signal),
        because=(
            "A signal that the program does not handle has its default action: the kernel ends"
            " the process. Python runs nothing more: handlers do not run, and buffers are not"
            " flushed."
        ),
        source="signal(7), section Standard signals; docs: library/atexit, note at the top",
    ),
    Law(
        id="dumps-core-in-time",
        about="signal",
        when=lambda f: (
            f.disposition == "default"
            and f.signal in TAKEN_BY_ONE
            and not f.in_main
            and not f.passed_on
        ),
        then=lambda _: Later(),
        because=(
            "A signal to the process whose default action dumps core is given to the main thread,"
            " which executes nothing more. Other threads, including the sender, go on until the"
            " dump has begun."
        ),
        source="Linux kernel/signal.c, complete_signal and get_signal; kernel/coredump.c, "
        "zap_threads",
        race="what the sender does next, and the main thread's end",
    ),
    Law(
        id="no-default-action",
        about="signal",
        when=lambda f: f.disposition == "default" and f.signal in NO_ACTION,
        then=lambda _: Proceeds(),
        because=(
            "The default action of SIGCHLD, SIGCONT, SIGURG and SIGWINCH does not end the process."
        ),
        source="signal(7), section Standard signals",
    ),
    Law(
        id="ignored",
        about="signal",
        when=lambda f: f.disposition == "ignored",
        then=lambda _: Proceeds(),
        because=(
            "A signal that is ignored does nothing. Python ignores SIGPIPE and SIGXFSZ from its "
            "start, so that writes fail with an exception."
        ),
        source="docs: library/signal, General rules; CPython Python/pylifecycle.c, init_signals",
    ),
    Law(
        id="sigint-raises",
        about="signal",
        when=lambda f: f.disposition == "interrupt",
        then=lambda _: Raises("KeyboardInterrupt"),
        because="Python turns SIGINT into a KeyboardInterrupt, raised in the main thread.",
        source="docs: library/signal, signal.default_int_handler",
    ),
    Law(
        id="program-signal-handler",
        about="signal",
        when=lambda f: f.disposition.startswith(":") and f.disposition != RELOADER,
        then=lambda _: Calls(),
        because=(
            "If the program has set a handler for a signal, Python calls it in the main thread,"
            " between two instructions. What the handler raises is raised there."
        ),
        source="docs: library/signal, Execution of Python signal handlers",
    ),
    Law(
        id="reloader-sigterm",
        about="signal",
        when=lambda f: f.disposition == RELOADER,
        then=lambda _: Calls(),
        because=(
            "Werkzeug's reloader installs a SIGTERM handler that calls sys.exit(0), in the parent "
            "and in the child; it runs in the main thread, whichever thread the signal reached."
        ),
        source="Werkzeug src/werkzeug/_reloader.py, run_with_reloader; docs: library/signal",
    ),
    Law(
        id="signal-is-noticed",
        about="noticing",
        when=lambda f: not f.nested and f.profile.notices_signals == "at once",
        then=lambda _: Calls(),
        because=(
            "The main thread handles a signal that another thread has sent before it does "
            "anything else."
        ),
        source="CPython Python/ceval.c, handle_signals",
    ),
    Law(
        id="pypy-notices-in-time",
        about="noticing",
        when=lambda f: not f.nested and f.profile.notices_signals == "in time",
        then=lambda _: (Calls(), Later()),
        because=(
            "PyPy looks for signals every so many instructions only: after another thread has sent "
            "one, the main thread may still do a few things before its handler runs."
        ),
        source="PyPy pypy/module/signal/interp_signal.py, CheckSignalAction",
        race="the main thread's next statements, and its next look for signals",
    ),
)
