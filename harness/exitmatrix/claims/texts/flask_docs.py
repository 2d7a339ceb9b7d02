"""Text W: what Flask's and Werkzeug's documentation says of the development server.

From Flask 3.1, "Development Server" and "Debugging", and Werkzeug 3.1, "Serving WSGI
Applications" with the notes on the reloader and signals in its changelog (0.8, 0.9).
"""

from __future__ import annotations

from exitmatrix.claims.claim import CONTRADICTED, HOLDS, Claim, PublishedText, case, every
from exitmatrix.claims.conditions import (
    TRACKER,
    all_of,
    all_reversed,
    has_helper,
    nobody_left,
    processes,
    ran_none,
    restarted,
    still_serves,
)

TEXT = PublishedText(
    id="W",
    title="Flask and Werkzeug: the development server",
    where="Flask 3.1, server and debugging; Werkzeug 3.1, serving and changelog",
    about="How the server with the debugger and the reloader starts, restarts and stops.",
)

CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="W1",
        says="With the reloader the application is loaded twice: in a parent and in its child.",
        cases=(
            case(
                HOLDS,
                "Two processes run the file.",
                every("flask-debug/exception@child", processes("parent", "child")),
            ),
            case(
                HOLDS,
                "Two processes run the file; each has a resource tracker beside it.",
                every("flask-debug/exception@child", has_helper(TRACKER)),
            ),
        ),
    ),
    Claim(
        id="W2",
        says="The server restarts when a file of the application changes.",
        cases=(
            case(
                HOLDS,
                "The child runs its handlers and ends, and the parent starts another that serves.",
                every("flask-debug/touch-source@child", all_of(all_reversed("child"), restarted())),
            ),
        ),
    ),
    Claim(
        id="W3",
        says="A process that exits with status 3 is started again.",
        cases=(
            case(
                HOLDS,
                "So is one in which the application itself calls `os._exit(3)`.",
                every("flask-debug/os-exit-3@child", restarted()),
            ),
        ),
    ),
    Claim(
        id="W4",
        says="Ctrl-C quits the server.",
        cases=(
            case(
                HOLDS,
                "Neither process is left, and all handlers run without the reloader.",
                every("flask/SIGINT@main", all_of(all_reversed(), nobody_left())),
                every("flask-debug/SIGINT@group", nobody_left()),
            ),
        ),
    ),
    Claim(
        id="W5",
        says="An exception in a view is answered with status 500, and the server goes on.",
        cases=(
            case(
                HOLDS,
                "It serves afterwards.",
                every("flask/exception@main", still_serves("main")),
            ),
        ),
    ),
    Claim(
        id="W6",
        says="With the reloader SIGTERM stops the server, by a signal handler.",
        cases=(
            case(
                HOLDS,
                "SIGTERM to the parent ends both; its handlers run and the child's do not.",
                every(
                    "flask-debug/SIGTERM@parent",
                    all_of(all_reversed("parent"), ran_none("child"), nobody_left()),
                ),
            ),
            case(
                CONTRADICTED,
                "The parent ends and its child goes on serving.",
                every("flask-debug/SIGTERM@parent", still_serves("child")),
            ),
        ),
    ),
    Claim(
        id="W7",
        says="Without the reloader SIGTERM has its default action, and ends the server.",
        cases=(
            case(
                HOLDS,
                "It ends, and no handler runs.",
                every("flask/SIGTERM@main", all_of(ran_none(), nobody_left())),
            ),
        ),
    ),
)
