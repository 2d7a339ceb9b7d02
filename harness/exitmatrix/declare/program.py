"""What a scenario's program does, as far as the rules are concerned. Pure.

A scenario says it in its header, in steps of few words; whatever is not said of
a program, no rule can use. A step is a verb and what it is about:

    steps = ["register A", "register B", "unregister A"]
    handlers = {B = "sys.exit 4"}
    server = "threads"
    supervisor = "reloader"
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exitmatrix.model import Act, Program

# Longest first: "unregister a namesake of B" is no "unregister".
STEPS = {
    "import": "a library that registers handlers of its own, at once or by what it imports",
    "register": "a handler, with the arguments that it is registered with",
    "unregister a namesake of": "another function that bears the handler's name",
    "unregister": "what compares equal to a handler",
    "clear": "atexit._clear()",
    "run handlers": "atexit._run_exitfuncs()",
    "thread that ends after main registers": "a handler, from a thread that is no daemon",
    "thread that ends after main": "no daemon",
    "daemon thread": "one that never ends",
    "on": "a signal, its handler's name (- for one that tells nothing), and what it does",
    "exitfunc": "a function that is assigned to sys.exitfunc",
    "subinterpreter": "a second interpreter, which registers these handlers",
    "end subinterpreter": "",
    "start child, then": "what the program does to it, once it is at work",
    "hooks": "sys.excepthook and sys.unraisablehook are replaced by functions that say so",
    "write": "text to stdout, not flushed",
    "fork": "and wait for the child; what follows `fork, child:` is the child's end",
}
"""What the main program does before it is ended, in order."""

ACTS = {
    "return": "the end of the code",
    "sys.exit": "a number, or text",
    "raise": "an exception that nobody catches, and its text",
    "say": "something on stderr",
    "os._exit": "a number",
    "signal": "one that the process gets, from whomever",
    "fatal error": "Py_FatalError",
    "exec": "another program, and the status with which it ends",
    "C exit": "exit(3), a number",
    "C _exit": "_exit(2), a number",
    "C quick_exit": "quick_exit(3), a number",
    "close stdout": "nobody reads it any more",
    "touch": "the program's file changes on disk",
    "register": "a handler, from a handler",
    "unregister": "a handler, from a handler",
    "end subinterpreter": "",
    "start thread": "and join it",
    "fork": "and wait for the child",
}
"""What ends a program, or what a handler does."""

NATURES = {
    "memory": "of the process",
    "buffer": "of a file, until it is written",
    "long buffer": "in part written already",
    "transaction": "open, in SQLite",
    "journal": "of such a transaction",
    "file": "or folder, that somebody has to remove",
}
"""What data in flight can be."""

SERVERS = ("threads", "one thread")
SUPERVISORS = ("reloader", "wait")
KEYS = ("steps", "handlers", "server", "supervisor", "data")


class InvalidProgram(ValueError):
    """A description is none; says which part, and what would be right."""


def act(text: str, verbs: Mapping[str, str] = ACTS) -> Act:
    """The act that a text describes. Raises InvalidProgram."""
    in_thread = text.startswith("thread: ")
    text = text.removeprefix("thread: ")
    for verb in verbs:
        if text == verb or text.startswith((f"{verb} ", f"{verb}, ")):
            about = text[len(verb) :].strip(", ")
            return Act(verb=verb, about=about, in_thread=in_thread)
    raise InvalidProgram(f"{text!r} is none of: {', '.join(verbs)}")


def program(table: Mapping[str, Any]) -> Program:
    """The program that a table of a header describes. Raises InvalidProgram."""
    for key in table:
        if key not in KEYS:
            raise InvalidProgram(f"unknown key {key!r}; valid: {', '.join(KEYS)}")
    steps, handlers = table.get("steps", []), table.get("handlers", {})
    server, supervisor = table.get("server", ""), table.get("supervisor", "")
    if not isinstance(steps, list) or not all(isinstance(step, str) for step in steps):
        raise InvalidProgram(f"steps: a list of texts is valid, not {steps!r}")
    if not isinstance(handlers, dict) or not all(isinstance(a, str) for a in handlers.values()):
        raise InvalidProgram(f"handlers: a table of texts is valid, not {handlers!r}")
    if server and server not in SERVERS:
        raise InvalidProgram(f"server: valid: {' or '.join(SERVERS)}, not {server!r}")
    if supervisor and supervisor not in SUPERVISORS:
        raise InvalidProgram(f"supervisor: valid: {' or '.join(SUPERVISORS)}, not {supervisor!r}")
    data = table.get("data", {})
    if not isinstance(data, dict) or not all(nature in NATURES for nature in data.values()):
        raise InvalidProgram(f"data: natures are {', '.join(NATURES)}, not {data!r}")
    return Program(
        steps=tuple(act(step, STEPS) for step in steps),
        handlers=tuple((name, act(text)) for name, text in handlers.items()),
        server=server,
        supervisor=supervisor,
        data=tuple(data.items()),
    )
