"""Laws about what is left when code is left: `try` statements and their `finally` clauses."""

from __future__ import annotations

from exitmatrix.judge.laws.law import Calls, Law, Proceeds, Swallows, always, does
from exitmatrix.model.language import Catch, TryFinally

LAWS: tuple[Law, ...] = (
    Law(
        id="try-begins",
        about="statement",
        when=does(TryFinally),
        then=lambda _: Proceeds(),
        because="A try statement executes its body; its finally clause waits for the end of that.",
        source="docs: reference/compound_stmts, The try statement",
    ),
    Law(
        id="runner-catches",
        about="statement",
        when=does(Catch),
        then=lambda _: Proceeds(),
        because=(
            "A program that runs the code of others, such as a test runner, catches the "
            "exceptions of that code and exits by itself."
        ),
        source="docs: reference/compound_stmts, The try statement; pytest _pytest/main.py, "
        "wrap_session",
    ),
    Law(
        id="runner-exits",
        about="except",
        when=always,
        then=lambda _: Swallows(),
        because=(
            "A test runner catches every exception, SystemExit and KeyboardInterrupt too, and"
            " ends with a status of its own: by SystemExit, so that atexit handlers run."
        ),
        source="pytest _pytest/runner.py, CallInfo.from_call; _pytest/main.py, wrap_session",
    ),
    Law(
        id="finally-follows",
        about="finally",
        when=lambda f: not f.exception,
        then=lambda _: Calls(),
        because="When the body of a try statement ends, its finally clause follows.",
        source="docs: reference/compound_stmts, The try statement",
    ),
    Law(
        id="finally-unwinds",
        about="finally",
        when=lambda f: f.exception != "",
        then=lambda _: Calls(),
        because=(
            "An exception that leaves the body of a try statement, SystemExit and"
            " KeyboardInterrupt too, runs the finally clause on its way, in the thread in which it"
            " was raised and before any atexit handler. Then it goes on, unless the clause raises"
            " another in its place."
        ),
        source="docs: reference/compound_stmts, The try statement; library/sys, sys.exit",
    ),
)
