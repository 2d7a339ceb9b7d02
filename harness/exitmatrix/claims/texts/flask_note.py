"""Text B: testing the note in the documentation of atexit, in Flask (2020)."""

from __future__ import annotations

from exitmatrix.claims.claim import (
    CONTRADICTED,
    HOLDS,
    OTHER_REASON,
    Claim,
    PublishedText,
    case,
    every,
    some,
)
from exitmatrix.claims.conditions import (
    TRACKER,
    all_of,
    all_reversed,
    client_fails,
    cut_off,
    data,
    exits,
    has_helper,
    nobody_left,
    processes,
    raised,
    ran_all_but,
    ran_none,
    still_serves,
)
from exitmatrix.claims.texts.shared import NOT_FOR_FATAL_ERRORS, NOT_FOR_OS_EXIT, NOT_FOR_SIGNALS

TEXT = PublishedText(
    id="B",
    title="Testing the note in atexit's documentation, in Flask",
    where="nijialin.com, 2020-07-01",
    about="A Flask app of July 2020 under the debug server, and `kill -9`.",
)

KILL_CHILD = "flask-debug/SIGKILL@child"

KILL_PARENT = "flask-debug/SIGKILL@parent"

EXIT_IN_VIEW = "flask-debug/os-exit-0@child"

FATAL_IN_VIEW = "flask-debug/fatal-error@child"

IN_PARENT_ONLY = all_of(all_reversed("parent"), ran_none("child"))


EXPERIMENTS = (KILL_CHILD, KILL_PARENT, EXIT_IN_VIEW)
"""What the author of text B did to the running app."""

CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="B1",
        says=(
            "Handlers registered A, B, C run C, B, A, like a stack; also when the program ends "
            "unexpectedly."
        ),
        cases=(
            case(
                HOLDS,
                (
                    "The last registered runs first, after the last line and after an uncaught "
                    "exception or Ctrl-C. No other unexpected end is judged here: signals, fatal "
                    "errors and `os._exit` are claims of their own."
                ),
                every("plain/return@main", all_reversed()),
                every("plain/exception@main", all_reversed()),
                every("plain/keyboard-interrupt@main", all_reversed()),
            ),
            case(
                CONTRADICTED,
                (
                    "The order is as claimed, but after one of the unexpected ends no handler "
                    "runs at all: an uncaught KeyboardInterrupt."
                ),
                every("plain/return@main", all_reversed()),
                every("plain/exception@main", all_reversed()),
                every("plain/keyboard-interrupt@main", ran_none()),
            ),
        ),
    ),
    Claim(
        id="B2",
        says=(
            "Handlers do not run when the program is killed by a signal that Python does not "
            "handle."
        ),
        cases=(
            case(
                HOLDS,
                (
                    "The signal kills the program at once, and none of its handlers begins. "
                    "Ctrl-C is different: Python handles SIGINT."
                ),
                *NOT_FOR_SIGNALS,
            ),
        ),
    ),
    Claim(
        id="B3",
        says="Handlers do not run on a fatal internal error.",
        cases=(
            case(
                HOLDS,
                "`Py_FatalError` ends in `abort()`, and no Python code runs before that.",
                NOT_FOR_FATAL_ERRORS,
            ),
        ),
    ),
    Claim(
        id="B4",
        says="Handlers do not run when `os._exit()` is called.",
        cases=(
            case(
                HOLDS,
                "The process ends in that call, whatever the status.",
                NOT_FOR_OS_EXIT,
            ),
        ),
    ),
    Claim(
        id="B5",
        says="In Flask, all of those except the fatal error do run the registered handler.",
        cases=(
            case(
                HOLDS,
                "The process that was ended ran its handlers itself.",
                every(KILL_CHILD, all_reversed("child")),
                every(EXIT_IN_VIEW, all_reversed("child")),
                every(FATAL_IN_VIEW, all_of(ran_none("parent"), ran_none("child"))),
            ),
            case(
                OTHER_REASON,
                "What ran are the handlers of the other process, the reloader's parent; the one "
                "that was ended ran none.",
                every(KILL_CHILD, IN_PARENT_ONLY),
                every(EXIT_IN_VIEW, IN_PARENT_ONLY),
                every(FATAL_IN_VIEW, all_of(ran_none("parent"), ran_none("child"))),
            ),
            case(
                CONTRADICTED,
                (
                    "The process that is ended runs no handler in any of these. The output on "
                    "the terminal comes from the reloader's parent, which ends normally because "
                    "its child has ended. The fatal error is no exception to that; and Flask "
                    "without the debug server runs none."
                ),
                every(KILL_CHILD, IN_PARENT_ONLY),
                every(EXIT_IN_VIEW, IN_PARENT_ONLY),
                every(FATAL_IN_VIEW, IN_PARENT_ONLY),
                every("flask/SIGKILL@main", ran_none()),
                every("flask/os-exit-0@main", ran_none()),
            ),
        ),
    ),
    Claim(
        id="B6",
        says="`ps` shows two processes for the debug app, with consecutive pids.",
        not_judged="That the pids follow each other is the kernel's doing, and chance.",
        cases=(
            case(
                HOLDS,
                (
                    "There are two: the reloader is the parent, and the serving process is its "
                    "child."
                ),
                every(KILL_PARENT, processes("parent", "child")),
            ),
            case(
                CONTRADICTED,
                "There are four Pythons: the reloader, the child that serves, and for each of the "
                "two a resource tracker of `multiprocessing`, which runs no line of the app.",
                every(KILL_PARENT, has_helper(TRACKER)),
            ),
        ),
    ),
    Claim(
        id="B7",
        says=(
            "`kill -9` on the first listed of the two pids, which is the child's, triggers the "
            "handler, because it is app.py that is deleted and not Python."
        ),
        cases=(
            case(
                HOLDS,
                "The process that was killed ran its handlers.",
                every(KILL_CHILD, all_reversed("child")),
            ),
            case(
                OTHER_REASON,
                "A handler is seen to run, but not in the process that was killed. Both processes "
                "run app.py and both have registered the handlers; the child dies without running "
                "any, and the parent, which was waiting for it, comes to a normal end and runs "
                "its own.",
                every(KILL_CHILD, IN_PARENT_ONLY),
            ),
        ),
    ),
    Claim(
        id="B8",
        says=(
            "`kill -9` on the second of the two pids, which is the parent's, triggers no handler, "
            "because Python's own process is removed along with it."
        ),
        cases=(
            case(
                HOLDS,
                "No handler ran, and no process is left.",
                every(KILL_PARENT, all_of(ran_none("parent"), ran_none("child"), nobody_left())),
            ),
            case(
                OTHER_REASON,
                (
                    "No handler runs, but nothing is removed along with the parent: the child is "
                    "not told that its parent has ended, goes on running Python, and still "
                    "answers on the port."
                ),
                every(
                    KILL_PARENT,
                    all_of(ran_none("parent"), ran_none("child"), still_serves("child")),
                ),
            ),
        ),
    ),
    Claim(
        id="B9",
        says=(
            "A request that calls `os._exit(0)` makes the client fail with a connection error, and "
            "the handler runs."
        ),
        cases=(
            case(
                HOLDS,
                "The client gets no answer, and the process that was asked runs its handlers.",
                every(EXIT_IN_VIEW, all_of(client_fails(), all_reversed("child"))),
            ),
            case(
                OTHER_REASON,
                (
                    "The client gets no answer, and a handler is seen to run. It is not a "
                    "handler of the process that served the request: that process ended in "
                    "`os._exit`. Its parent, the reloader, then ended normally and ran its own."
                ),
                every(EXIT_IN_VIEW, all_of(client_fails(), IN_PARENT_ONLY)),
            ),
        ),
    ),
    Claim(
        id="B10",
        says="The reason: Flask intercepts `os._exit`, so that the handler is reached.",
        cases=(
            case(
                HOLDS,
                "The process that called `os._exit` in a view ran its handlers all the same.",
                every(EXIT_IN_VIEW, all_reversed("child")),
                every("flask/os-exit-0@main", all_reversed()),
            ),
            case(
                CONTRADICTED,
                (
                    "`os._exit` is not intercepted. The process that calls `os._exit` runs no "
                    "handler, with the debug server and without it; without it there is no "
                    "second process whose handlers could be mistaken for its own, and no handler "
                    "runs."
                ),
                every(EXIT_IN_VIEW, ran_none("child")),
                every("flask/os-exit-0@main", ran_none()),
            ),
        ),
    ),
    Claim(
        id="B11",
        says="With three handlers, that request shows them run in reverse order.",
        cases=(
            case(
                HOLDS,
                "They run C, B, A in the process that was asked.",
                every(EXIT_IN_VIEW, all_reversed("child")),
            ),
            case(
                OTHER_REASON,
                "The order is C, B, A, and it is the parent's three that run: the child, which "
                "served the request, ran none.",
                every(EXIT_IN_VIEW, IN_PARENT_ONLY),
            ),
        ),
        beside=("flask-debug-slow-*/SIGINT@group",),
    ),
    Claim(
        id="B12",
        says=(
            "A handler needs its own try/except, and a time limit: one that takes too long is cut "
            "off anyway."
        ),
        not_judged="Whether a time limit is good style is an opinion.",
        cases=(
            case(
                HOLDS,
                "An exception in one handler keeps the others from running, and a slow one is cut "
                "off.",
                every("plain-handlers-raise/return@main", all_of(raised(), ran_all_but("A"))),
                some("plain-slow-*/SIGTERM-then-SIGKILL@main", cut_off()),
            ),
            case(
                OTHER_REASON,
                (
                    "An exception in a handler does no harm to the others, all of which run. A "
                    "slow handler is cut off, but not by Python, which sets no limit: the "
                    "SIGKILL after a grace period does it. A handler that is done by then "
                    "completes."
                ),
                every("plain-handlers-raise/return@main", all_of(raised(), all_reversed())),
                some("plain-slow-*/SIGTERM-then-SIGKILL@main", cut_off()),
                some("plain-slow-*/SIGTERM-then-SIGKILL@main", all_reversed()),
            ),
        ),
        beside=(
            "plain-handlers-catch/return@main",
            "flask-debug-slow-*/SIGINT@group",
            "plain-slow-*/SIGINT-then-SIGINT@main",
        ),
    ),
    Claim(
        id="B13",
        says=(
            "Real graceful shutdown reacts to a signal; Python has no package for it, and people "
            "write a class around `signal`."
        ),
        not_judged="What packages there are is no matter of observation.",
        cases=(
            case(
                HOLDS,
                "SIGTERM runs no handler in the program as it is, and all of them in the same "
                "program with a class that turns the signal into SystemExit.",
                every("plain/SIGTERM@main", ran_none()),
                every("plain-graceful/SIGTERM@main", all_of(all_reversed(), exits(0))),
                every("flask/SIGTERM@main", ran_none()),
                every("flask-graceful/SIGTERM@main", all_of(all_reversed(), exits(0))),
            ),
        ),
        beside=("flask-debug/SIGTERM@child", "flask-debug-graceful/SIGTERM@child"),
    ),
    Claim(
        id="B14",
        says=(
            "Without it, data in flight is lost: a cache is emptied, a database transaction cut in "
            "the middle."
        ),
        cases=(
            case(
                HOLDS,
                (
                    "After SIGTERM the open transaction and the contents of the cache are lost; "
                    "after a normal end both are saved. The database is not left half changed: "
                    "it is as it was before the transaction when it is next opened."
                ),
                every("data-in-flight/return@main", data("SQLite transaction", "kept")),
                every("data-in-flight/return@main", data("shelf", "kept")),
                every("data-in-flight/SIGTERM@main", data("SQLite transaction", "lost")),
                every("data-in-flight/SIGTERM@main", data("shelf", "lost", "damaged")),
            ),
            case(
                HOLDS,
                "After SIGTERM the transaction is there in part, and what the cache held is gone.",
                every("data-in-flight/return@main", data("SQLite transaction", "kept")),
                every("data-in-flight/return@main", data("shelf", "kept")),
                every("data-in-flight/SIGTERM@main", data("SQLite transaction", "damaged")),
                every("data-in-flight/SIGTERM@main", data("shelf", "lost", "damaged")),
            ),
        ),
        beside=("data-in-flight/SIGKILL@main",),
    ),
)
