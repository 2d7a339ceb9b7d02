"""Text F: what people repeat about clean-up at exit, in issue threads and answers.

Among them the threads vivekchand/clawmetry#1593, nedbat/coveragepy PR 2, kuralabs/multiexit
1 and 2, and the recipe "How to always execute exit functions in Python" (2016).
"""

from __future__ import annotations

from exitmatrix.claims.claim import CONTRADICTED, HOLDS, Claim, PublishedText, case, every
from exitmatrix.claims.conditions import (
    all_of,
    all_reversed,
    buffered,
    dies_of,
    exits,
    lives_on,
    nobody_left,
    ran_any,
    ran_none,
    ran_where,
)

TEXT = PublishedText(
    id="F",
    title="What people repeat",
    where="issue threads, answers and recipes",
    about="Sentences about atexit, signals and servers that are passed on without a test.",
)

CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="F1",
        says="`atexit` handlers run on SIGTERM.",
        cases=(
            case(HOLDS, "They run.", every("plain/SIGTERM@main", all_reversed())),
            case(
                CONTRADICTED,
                "The default action kills the program, and none runs.",
                every("plain/SIGTERM@main", all_of(ran_none(), dies_of("SIGTERM"))),
            ),
        ),
    ),
    Claim(
        id="F2",
        says=(
            "Without a signal handler of the program's own, `atexit` handlers never run on SIGTERM."
        ),
        cases=(
            case(
                HOLDS,
                "None runs, in either process.",
                every("flask-debug/SIGTERM@parent", all_of(ran_none("parent"), ran_none("child"))),
            ),
            case(
                CONTRADICTED,
                "A library may have installed one: Werkzeug's reloader does, in both processes.",
                every("flask-debug/SIGTERM@parent", ran_any("parent")),
            ),
        ),
        beside=("plain/SIGTERM@main",),
    ),
    Claim(
        id="F3",
        says="Ctrl-C skips `atexit` handlers.",
        cases=(
            case(HOLDS, "None runs.", every("plain/SIGINT@main", ran_none())),
            case(
                CONTRADICTED,
                "All run: Ctrl-C is an exception.",
                every("plain/SIGINT@main", all_reversed()),
            ),
        ),
    ),
    Claim(
        id="F4",
        says="An uncaught exception skips `atexit` handlers.",
        cases=(
            case(HOLDS, "None runs.", every("plain/exception@main", ran_none())),
            case(CONTRADICTED, "All run.", every("plain/exception@main", all_reversed())),
        ),
    ),
    Claim(
        id="F5",
        says="No handler runs on `kill -9`.",
        cases=(
            case(
                HOLDS,
                "None runs, in either process.",
                every("flask-debug/SIGKILL@child", all_of(ran_none("parent"), ran_none("child"))),
            ),
            case(
                CONTRADICTED,
                "None runs in the process that is killed; but its parent, which waits for it, "
                "ends because of it and runs all of its own.",
                every(
                    "flask-debug/SIGKILL@child",
                    all_of(all_reversed("parent"), ran_none("child")),
                ),
            ),
        ),
        beside=("plain/SIGKILL@main",),
    ),
    Claim(
        id="F6",
        says="Handlers run when the terminal is closed.",
        cases=(
            case(HOLDS, "They run.", every("plain/SIGHUP@main", all_reversed())),
            case(
                CONTRADICTED,
                "SIGHUP has its default action.",
                every("plain/SIGHUP@main", all_of(ran_none(), dies_of("SIGHUP"))),
            ),
        ),
    ),
    Claim(
        id="F7",
        says="A SIGTERM handler that calls `sys.exit` makes `atexit` handlers run.",
        cases=(
            case(
                HOLDS,
                "It runs, and they run after it.",
                every("plain-graceful/SIGTERM@main", all_of(ran_any(), exits(0))),
            ),
        ),
    ),
    Claim(
        id="F8",
        says="That SIGTERM handler works under Flask's debug server too.",
        cases=(
            case(
                HOLDS,
                "It runs in the process that serves.",
                every(
                    "flask-debug-graceful/SIGTERM@child",
                    ran_where(
                        "the program's own handler of SIGTERM runs",
                        lambda names: "signal.SIGTERM:stop" in names,
                        "child",
                    ),
                ),
            ),
            case(
                CONTRADICTED,
                "It does not run: Werkzeug installs its own after it (`run_with_reloader`).",
                every(
                    "flask-debug-graceful/SIGTERM@child",
                    all_of(
                        ran_any("child"),
                        ran_where(
                            "the program's own handler of SIGTERM does not run",
                            lambda names: "signal.SIGTERM:stop" not in names,
                            "child",
                        ),
                    ),
                ),
            ),
        ),
    ),
    Claim(
        id="F9",
        says="What was printed before a crash is not lost.",
        cases=(
            case(
                HOLDS,
                "Text that was buffered arrives.",
                every("plain/SIGTERM@main", buffered("kept")),
                every("plain/segfault@main", buffered("kept")),
            ),
            case(
                CONTRADICTED,
                "Text that was written and not flushed is lost when stdout is a pipe.",
                every("plain/SIGTERM@main", buffered("lost")),
                every("plain/segfault@main", buffered("lost")),
            ),
        ),
    ),
    Claim(
        id="F10",
        says="A child process ends with its parent.",
        cases=(
            case(
                HOLDS,
                "No process is left.",
                every("plain-subprocess/SIGKILL@parent", nobody_left()),
            ),
            case(
                CONTRADICTED,
                "It goes on, and is adopted by another process.",
                every("plain-subprocess/SIGKILL@parent", lives_on("child")),
            ),
        ),
    ),
    Claim(
        id="F11",
        says="`sys.exit` in a thread ends the program.",
        cases=(
            case(HOLDS, "It exits with 3.", every("plain/thread-system-exit@main", exits(3))),
            case(
                CONTRADICTED,
                "Only the thread ends.",
                every("plain/thread-system-exit@main", exits(0)),
            ),
        ),
    ),
    Claim(
        id="F12",
        says="`docker stop` gives a program time for its `atexit` handlers.",
        cases=(
            case(
                HOLDS,
                "They run between SIGTERM and SIGKILL.",
                every("plain/SIGTERM-then-SIGKILL@main", ran_any()),
            ),
            case(
                CONTRADICTED,
                "SIGTERM kills the program at once: no handler runs.",
                every("plain/SIGTERM-then-SIGKILL@main", all_of(ran_none(), dies_of("SIGTERM"))),
            ),
        ),
        not_judged="PID 1 of a container, for which SIGTERM has no default action.",
    ),
)
