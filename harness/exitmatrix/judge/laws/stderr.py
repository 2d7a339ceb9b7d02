"""Laws about what exceptions write to stderr, without the frames of tracebacks."""

from __future__ import annotations

from exitmatrix.judge.laws.law import Facts, Law, Prints

TRACEBACK = "Traceback (most recent call last):"
IGNORED = "Exception ignored in atexit callback"
ADDRESS = "at 0x<address>"


def _hook(name: str, facts: Facts) -> str:
    return f"sys.{name} is told: {facts.text.replace(': ', ' ', 1)}"


def _fails(facts: Facts) -> bool:
    """Whether the last exception of the handlers ends the interpreter at once."""
    return facts.profile.final_exception == "fails at once"


def _raised_again(facts: Facts) -> Prints:
    if not _fails(facts):
        again = (_hook("excepthook", facts),) if facts.hooked else (TRACEBACK, facts.text)
        return Prints(("Error in sys.exitfunc:", *again))
    kind, _, value = facts.text.partition(": ")
    lines = (
        "debug: OperationError:",
        f"debug:  operror-type: {kind}",
        f"debug:  operror-value: {value}",
    )
    return Prints(lines, alone=True)


def _of_handler(facts: Facts, style: str) -> bool:
    """Whether a handler raised, and it is reported in this way, by no hook."""
    hooked = facts.hooked and facts.profile.unraisable_hook
    return (
        facts.handler != ""
        and not hooked
        and facts.exception != "SystemExit"
        and facts.profile.handler_report == style
    )


LAWS: tuple[Law, ...] = (
    Law(
        id="uncaught-is-printed",
        about="stderr",
        when=lambda f: not f.handler and not f.again and f.exception != "SystemExit",
        then=lambda f: Prints((TRACEBACK, f.text)),
        because="An uncaught exception is printed before any handler runs.",
        source="docs: library/sys, sys.excepthook",
    ),
    Law(
        id="system-exit-is-silent",
        about="stderr",
        when=lambda f: not f.handler and not f.again and f.exception == "SystemExit",
        then=lambda _: Prints(()),
        because="SystemExit with a number ends the code and prints nothing.",
        source="docs: library/exceptions, SystemExit",
    ),
    Law(
        id="last-is-raised-again",
        about="stderr",
        when=lambda f: (
            f.again and f.exception != "SystemExit" and (f.profile.raises_again or _fails(f))
        ),
        then=_raised_again,
        because=(
            "Python 2 raises the last exception of the handlers again when all have run, and "
            "prints it once more, through sys.excepthook. PyPy 3.7 is ended by it at once, with "
            "three lines that begin with `debug:`. Its stderr is buffered where it is no terminal, "
            "so that every traceback before them is lost."
        ),
        source="CPython 2.7 Lib/atexit.py, _run_exitfuncs; Python/pythonrun.c, call_sys_exitfunc; "
        "PyPy 7.3.5 pypy/goal/targetpypystandalone.py, entry_point",
    ),
    Law(
        id="nothing-is-raised-again",
        about="stderr",
        when=lambda f: f.again and not f.profile.raises_again and not _fails(f),
        then=lambda _: Prints(()),
        because="Other Pythons print nothing more when all handlers have run.",
        source="CPython 3.9 Python/pylifecycle.c, call_py_exitfuncs",
    ),
    Law(
        id="unraisable-hook-is-told",
        about="stderr",
        when=lambda f: f.handler != "" and f.hooked and f.profile.unraisable_hook,
        then=lambda f: Prints((_hook("unraisablehook", f),)),
        because=(
            "From 3.10 on what a handler raises is reported as unraisable, one handler at a time; "
            "nothing is raised again at the end."
        ),
        source="CPython bpo-42639; Modules/atexitmodule.c, atexit_callfuncs",
    ),
    Law(
        id="pypy-printed-unraisable",
        about="stderr",
        when=lambda f: _of_handler(f, "named"),
        then=lambda f: Prints((f"{IGNORED} <function {f.handler} {ADDRESS}>", f.text)),
        because="This PyPy names the handler, and prints what it raised without a traceback.",
        source="PyPy pypy/module/atexit, pypy/interpreter/error.py",
    ),
    Law(
        id="printed-unraisable",
        about="stderr",
        when=lambda f: _of_handler(f, "colon behind"),
        then=lambda f: Prints((f"{IGNORED} <function {f.handler} {ADDRESS}>:", TRACEBACK, f.text)),
        because="From 3.13 on the line that names the handler ends with a colon.",
        source="CPython Modules/atexitmodule.c, atexit_callfuncs, PyErr_FormatUnraisable",
    ),
    Law(
        id="printed-unraisable-3-10",
        about="stderr",
        when=lambda f: _of_handler(f, "colon before"),
        then=lambda f: Prints((f"{IGNORED}: <function {f.handler} {ADDRESS}>", TRACEBACK, f.text)),
        because="From 3.10 to 3.12 a colon stands before the handler.",
        source="CPython 3.10 Modules/atexitmodule.c, _PyErr_WriteUnraisableMsg",
    ),
    Law(
        id="pypy-printed",
        about="stderr",
        when=lambda f: _of_handler(f, "traceback"),
        then=lambda f: Prints((TRACEBACK, f.text)),
        because="Older PyPys print the traceback of each handler, and nothing about whose it is.",
        source="PyPy lib_pypy or pypy/module/atexit, run_exitfuncs",
    ),
    Law(
        id="printed-by-atexit",
        about="stderr",
        when=lambda f: _of_handler(f, "title"),
        then=lambda f: Prints(("Error in atexit._run_exitfuncs:", TRACEBACK, f.text)),
        because=(
            "Up to 3.9 atexit prints the traceback of each handler itself, without calling a hook."
        ),
        source="CPython 3.9 Modules/atexitmodule.c, atexit_callfuncs; 2.7 Lib/atexit.py",
    ),
)
