"""Laws about what a process may not have more of, and about what C code does to Python."""

from __future__ import annotations

from exitmatrix.judge.laws.law import (
    Blocks,
    Calls,
    Dies,
    Facts,
    Finalizes,
    Law,
    Proceeds,
    Raises,
    Unnoticed,
    does,
    low_byte,
)
from exitmatrix.judge.laws.streams import flush_fails, flushed_early
from exitmatrix.model.language import Exhaust, FillStdout, HoldStdout, Interrupt, PyExit


def _lacks(facts: Facts, *resources: str) -> bool:
    return isinstance(facts.statement, Exhaust) and facts.statement.resource in resources


def _input_flushes(facts: Facts) -> bool:
    return facts.profile.streams == "Python"


def _unhandled(facts: Facts) -> bool:
    return facts.disposition in ("ignored", "default")


def _stuck(facts: Facts) -> bool:
    return facts.full and facts.buffered and not facts.stuck


LAWS: tuple[Law, ...] = (
    Law(
        id="py-exit-finalizes",
        about="statement",
        # What it does in another thread, in a child that such a thread has forked, or while the
        # interpreter ends, was not measured.
        when=lambda f: (
            isinstance(f.statement, PyExit)
            and f.in_main
            and not f.finalizing
            and not f.rootless
            and f.profile.fatal_error != "no such call"
        ),
        then=lambda f: Finalizes(
            low_byte(f.statement.status) if isinstance(f.statement, PyExit) else 0
        ),
        because=(
            "Py_Exit finalizes the interpreter as the end of the code does, handlers included, "
            "and then ends the process. It raises no exception, so no finally clause and no "
            "__exit__ runs."
        ),
        source="docs: c-api/sys, Py_Exit; CPython Python/pylifecycle.c, Py_Exit",
    ),
    Law(
        id="pypy-has-no-py-exit",
        about="statement",
        when=lambda f: isinstance(f.statement, PyExit) and f.profile.fatal_error == "no such call",
        then=lambda _: Raises("Exception"),
        because="PyPy's ctypes has no pythonapi: using it raises AttributeError.",
        source="PyPy lib_pypy/ctypes_support.py; docs: library/ctypes, ctypes.pythonapi",
    ),
    Law(
        id="interrupt-sends-nothing",
        about="statement",
        when=does(Interrupt),
        then=lambda _: Proceeds(),
        because=(
            "_thread.interrupt_main and PyErr_SetInterrupt send no signal, and return at once, "
            "whichever thread calls them."
        ),
        source="docs: library/_thread, interrupt_main; c-api/exceptions, PyErr_SetInterrupt",
    ),
    Law(
        id="interrupt-is-as-ctrl-c",
        about="interrupt",
        when=lambda f: (
            (f.disposition == "interrupt" or f.disposition.startswith(":"))
            and (not f.rootless or f.profile.signals_after_fork == "noticed")
        ),
        then=lambda _: Calls(),
        because=(
            "The main thread then reacts as it does to SIGINT: it raises KeyboardInterrupt, or"
            " calls the handler that the program has set."
        ),
        source="docs: library/_thread, interrupt_main; c-api/exceptions, PyErr_SetInterrupt",
    ),
    Law(
        id="interrupt-unnoticed-after-fork",
        about="interrupt",
        when=lambda f: (
            (f.disposition == "interrupt" or f.disposition.startswith(":"))
            and f.rootless
            and f.profile.signals_after_fork == "unnoticed"
        ),
        then=lambda _: Unnoticed(),
        because=(
            "Since 3.13 a signal is noted in the thread that was the main one when Python started. "
            "In a child that another thread has forked there is no such thread, so Python code "
            "runs on, until something asks for signals of its own accord: a system call that is "
            "interrupted, os.kill, signal.signal."
        ),
        source="CPython Python/ceval_gil.c, _PyEval_SignalReceived; Python/pystate.c, "
        "_PyRuntimeState_ReInitThreads, which sets main_thread and not main_tstate",
    ),
    Law(
        id="interrupt-that-nobody-handles",
        about="interrupt",
        when=lambda f: _unhandled(f) and f.profile.unhandled_interrupt == "nothing",
        then=lambda _: Proceeds(),
        because="If SIGINT is ignored or has its default action, nothing happens.",
        source="docs: library/_thread, interrupt_main; CPython bpo-23395",
    ),
    Law(
        id="interrupt-calls-what-is-no-handler",
        about="interrupt",
        when=lambda f: _unhandled(f) and f.profile.unhandled_interrupt == "TypeError",
        then=lambda _: Raises("Exception"),
        because=(
            "Older Pythons call what signal.signal was given for SIGINT, whatever that is. SIG_IGN "
            "is no function: the main thread gets a TypeError."
        ),
        source="CPython bpo-23395; 3.6 Modules/signalmodule.c, PyErr_CheckSignals",
    ),
    Law(
        id="exhaustion-raises",
        about="statement",
        when=lambda f: (
            _lacks(f, "memory", "recursion")
            or (_lacks(f, "input") and (not _input_flushes(f) or not f.buffered))
        ),
        then=lambda _: Raises("Exception"),
        because=(
            "If memory, stack or input runs out, Python raises an exception: MemoryError, "
            "RecursionError, EOFError. The program ends normally even if the exception is not "
            "caught."
        ),
        source="docs: library/exceptions; library/functions, input; setrlimit(2), RLIMIT_AS",
    ),
    Law(
        id="input-flushes",
        about="statement",
        when=lambda f: (
            _lacks(f, "input") and _input_flushes(f) and f.buffered and f.reader and not _stuck(f)
        ),
        then=lambda _: Raises("Exception", flush="done"),
        because=(
            "input() shows what was written so far before it waits: it flushes stdout, and then "
            "raises EOFError. raw_input of CPython 2.7 does not flush."
        ),
        source="CPython Python/bltinmodule.c, builtin_input_impl; 2.7 builtin_raw_input; "
        "PyPy pypy/module/__builtin__/app_io.py",
    ),
    Law(
        id="input-fails-to-flush",
        about="statement",
        when=lambda f: _lacks(f, "input") and _input_flushes(f) and f.buffered and flush_fails(f),
        then=lambda _: Raises("Exception", flush="failed"),
        because=(
            "If the reader of stdout is gone, CPython's input() ignores that the flush "
            "fails, and PyPy's raises BrokenPipeError instead of EOFError."
        ),
        source="CPython Python/bltinmodule.c, builtin_input_impl; "
        "PyPy pypy/module/__builtin__/app_io.py",
    ),
    Law(
        id="file-too-large-raises",
        about="statement",
        when=lambda f: _lacks(f, "file size") and f.disposition == "ignored",
        then=lambda _: Raises("Exception"),
        because=(
            "The kernel sends SIGXFSZ for a file that grows too large, and Python ignores that "
            "from its start: the write fails with EFBIG, an OSError."
        ),
        source="setrlimit(2), RLIMIT_FSIZE; CPython Python/pylifecycle.c, _Py_InitSigs",
    ),
    Law(
        id="file-too-large-dies",
        about="statement",
        when=lambda f: _lacks(f, "file size") and f.disposition == "default",
        then=lambda _: Dies("SIGXFSZ"),
        because="Where SIGXFSZ has its default action again, that ends the process.",
        source="setrlimit(2), RLIMIT_FSIZE; signal(7), section Standard signals",
    ),
    Law(
        id="stack-overflows",
        about="statement",
        when=lambda f: _lacks(f, "stack") and f.profile.endless_calls == "overflow",
        then=lambda _: Dies("SIGSEGV"),
        because=(
            "Only the limit of sys.setrecursionlimit protects the C stack there. A program that"
            " raises it is killed by SIGSEGV when its stack overflows."
        ),
        source="docs: library/sys, sys.setrecursionlimit; PyPy issue #4874",
    ),
    Law(
        id="endless-calls-raise",
        about="statement",
        when=lambda f: _lacks(f, "stack") and f.profile.endless_calls == "raise",
        then=lambda _: Raises("Exception"),
        because=(
            "From CPython 3.12 and PyPy 8 on the depth of calls through C code has a fixed "
            "limit: beyond it they raise RecursionError, whatever was given to "
            "sys.setrecursionlimit."
        ),
        source="What's New In Python 3.12, sys; CPython gh-91079; PyPy pull request #5520",
    ),
    # -------------------------------------------------------------------- a full pipe
    Law(
        id="stdout-is-full",
        about="statement",
        when=lambda f: does(FillStdout)(f) and f.reader,
        then=lambda _: Proceeds(),
        because="A full pipe has no effect until something is written to it.",
        source="pipe(7), section I/O on pipes and FIFOs",
    ),
    Law(
        id="full-pipe-blocks-first",
        about="code ended",
        when=lambda f: flushed_early(f) and _stuck(f),
        then=lambda _: Blocks(),
        because=(
            "Stdout is flushed when the code has ended and before any handler runs. A write "
            "to a full pipe waits until it is read, however long that is, so no handler "
            "begins."
        ),
        source="pipe(7), section I/O on pipes and FIFOs; CPython Python/pythonrun.c, flush_io",
    ),
    Law(
        id="full-pipe-blocks-last",
        about="streams",
        when=_stuck,
        then=lambda _: Blocks(),
        because="When handlers have run, the last flush of stdout waits until it is read.",
        source="pipe(7), section I/O on pipes and FIFOs; CPython Python/pylifecycle.c, "
        "flush_std_files",
    ),
    # --------------------------------------------------- a thread that is stuck in a write
    Law(
        id="stdout-is-held",
        about="statement",
        when=lambda f: does(HoldStdout)(f) and f.reader,
        then=lambda _: Proceeds(),
        because=(
            "A thread that writes to a full pipe waits, and the other threads of its program go on."
        ),
        source="pipe(7), section I/O on pipes and FIFOs",
    ),
    Law(
        id="held-stdout-blocks-first",
        about="code ended",
        when=lambda f: flushed_early(f) and f.stuck,
        then=lambda _: Blocks(),
        because=(
            "Stdout is flushed when the code has ended and before any handler runs. That takes the "
            "lock of its buffer, which a thread holds that is stuck in a write: daemon or not, it "
            "is waited for, however long, and no handler begins."
        ),
        source="CPython Python/pythonrun.c, flush_io; Modules/_io/bufferedio.c, ENTER_BUFFERED",
    ),
    Law(
        id="held-stdout-aborts",
        about="streams",
        when=lambda f: f.stuck and f.profile.held_stream == "aborts",
        then=lambda _: Dies("SIGABRT"),
        because=(
            "When handlers have run, daemon threads never go on. A stream whose lock one of them "
            "holds is waited for one second, then CPython calls that a fatal error, which flushes "
            "once more, waits for another second, and aborts."
        ),
        source="CPython Modules/_io/bufferedio.c, _enter_buffered_busy; Python/pylifecycle.c, "
        "fatal_error; gh-129536",
    ),
    Law(
        id="held-stdout-blocks-last",
        about="streams",
        when=lambda f: f.stuck and f.profile.held_stream == "waits",
        then=lambda _: Blocks(),
        because="Python 2 and PyPy wait for that lock at the end, however long.",
        source="CPython 2.7 Objects/fileobject.c; flockfile(3); PyPy "
        "pypy/module/_io/interp_bufferedio.py, TryLock",
    ),
)
