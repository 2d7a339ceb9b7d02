"""Text G: what CPython's documentation says of signals, threads and child processes.

From the pages of 3.14: library/signal, library/threading, library/subprocess, library/os,
library/faulthandler.
"""

from __future__ import annotations

from exitmatrix.claims.claim import CONTRADICTED, HOLDS, Claim, PublishedText, case, every
from exitmatrix.claims.conditions import (
    all_of,
    all_reversed,
    dies_of,
    exits,
    lives_on,
    nobody_left,
    raised,
    ran_none,
    ran_where,
)
from exitmatrix.claims.texts.shared import DEFAULT_SIGNALS

TEXT = PublishedText(
    id="G",
    title="CPython: signals, threads and child processes",
    where="docs.python.org, 3.14, library/signal, library/threading, library/subprocess,"
    " library/faulthandler",
    about="What Python does with signals by default, and what keeps a process from its end.",
)

STOPPED = ("signal.SIGTERM:stop", "C", "B", "A")

CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="G1",
        says="SIGINT is translated into KeyboardInterrupt, so that clean-up runs.",
        cases=(
            case(
                HOLDS,
                "All handlers run.",
                every("plain/SIGINT@main", all_reversed()),
            ),
            case(
                CONTRADICTED,
                "The exception ends the program, and no handler runs.",
                every("plain/SIGINT@main", ran_none()),
            ),
        ),
    ),
    Claim(
        id="G2",
        says="SIGPIPE is ignored, so that a write to a broken pipe raises an exception instead.",
        cases=(case(HOLDS, "The program goes on.", every("plain/SIGPIPE@main", lives_on("main"))),),
    ),
    Claim(
        id="G3",
        says="Signals for which no handler is installed have their default action.",
        cases=(
            case(
                HOLDS,
                "Each kills the program.",
                *(every(f"plain/{one}@main", dies_of(one)) for one in DEFAULT_SIGNALS),
            ),
        ),
    ),
    Claim(
        id="G4",
        says="A handler set with `signal.signal` is executed in the main thread.",
        cases=(
            case(
                HOLDS,
                "The SystemExit that it raises unwinds the main thread, and `atexit` follows.",
                every(
                    "plain-graceful/SIGTERM@main",
                    ran_where(
                        "the signal's handler runs, then those of atexit",
                        lambda names: tuple(names) == STOPPED,
                    ),
                ),
            ),
        ),
    ),
    Claim(
        id="G5",
        says="No handler can be installed for SIGKILL.",
        cases=(
            case(
                HOLDS,
                "A program with a class for signals ends like one without.",
                every("plain-graceful/SIGKILL@main", all_of(ran_none(), dies_of("SIGKILL"))),
            ),
        ),
    ),
    Claim(
        id="G6",
        says="A program does not end as long as a non-daemon thread is alive.",
        cases=(
            case(
                HOLDS,
                "The thread ends first, and then all handlers run.",
                every("plain-thread-alive/return@main", all_of(all_reversed(), exits(0))),
            ),
        ),
    ),
    Claim(
        id="G7",
        says="Daemon threads do not keep a program from ending; they are stopped abruptly.",
        cases=(
            case(
                HOLDS,
                "All handlers run, and the process ends while the thread still waits.",
                every("plain-thread-daemon/return@main", all_of(all_reversed(), nobody_left())),
            ),
        ),
    ),
    Claim(
        id="G8",
        says="An exception that ends a thread is reported, and does not end the program.",
        cases=(
            case(
                HOLDS,
                "All handlers run, and the status is 0.",
                every("plain/thread-exception@main", all_of(all_reversed(), exits(0))),
            ),
        ),
    ),
    Claim(
        id="G9",
        says="A SystemExit that ends a thread is ignored silently.",
        cases=(
            case(
                HOLDS,
                "All handlers run, and its status is dropped.",
                every("plain/thread-system-exit@main", all_of(all_reversed(), exits(0))),
            ),
        ),
    ),
    Claim(
        id="G10",
        says="A child that `os.fork` made is a copy: it has the handlers of its parent.",
        cases=(
            case(
                HOLDS,
                "Both processes run all of them.",
                every(
                    "plain-fork-returns/return@parent",
                    all_of(all_reversed("parent"), all_reversed("child")),
                ),
            ),
        ),
    ),
    Claim(
        id="G11",
        says="`Popen.terminate` sends SIGTERM to the child.",
        cases=(
            case(
                HOLDS,
                "The child is killed by it, and none of its handlers runs.",
                every(
                    "plain-subprocess-terminate/return@parent",
                    all_of(ran_none("child"), dies_of("SIGTERM", "child")),
                ),
            ),
        ),
    ),
    Claim(
        id="G12",
        says="A child goes on when its parent is killed: its parent's end does not end it.",
        cases=(
            case(
                HOLDS,
                "The child is alive afterwards.",
                every("plain-subprocess/SIGKILL@parent", lives_on("child")),
            ),
        ),
    ),
    Claim(
        id="G13",
        says="An exception raised by a handler of a signal is raised in the main thread.",
        cases=(
            case(
                HOLDS,
                "The handler ends by SystemExit, and the program with status 0.",
                every("plain-graceful/SIGTERM@main", all_of(raised(), exits(0))),
            ),
        ),
    ),
    Claim(
        id="G14",
        says="`signal.signal` returns the previous handler, which the new one can call.",
        cases=(
            case(
                HOLDS,
                "A library that calls the handler that it found runs both, and `atexit` follows.",
                every(
                    "plain-two-owners-chains/SIGTERM@main",
                    all_of(
                        ran_where(
                            "the library's handler runs, then the program's, then those of atexit",
                            lambda names: tuple(names) == ("signal.SIGTERM:library", *STOPPED),
                        ),
                        exits(0),
                    ),
                ),
            ),
        ),
    ),
    Claim(
        id="G15",
        says="A signal has one handler: setting it replaces the previous one.",
        cases=(
            case(
                HOLDS,
                "Of two independent owners only the last is called.",
                every(
                    "plain-two-owners-program-last/SIGTERM@main",
                    ran_where(
                        "the program's handler runs, the library's does not",
                        lambda names: tuple(names) == STOPPED,
                    ),
                ),
                every(
                    "plain-two-owners-swallows/SIGTERM@main",
                    all_of(
                        ran_where(
                            "the library's handler runs, and nothing else",
                            lambda names: tuple(names) == ("signal.SIGTERM:library",),
                        ),
                        lives_on("main"),
                    ),
                ),
            ),
        ),
    ),
    Claim(
        id="G16",
        says="`faulthandler.register` calls the previous handler of a signal if `chain` is true.",
        cases=(
            case(
                HOLDS,
                "With chain=True the program's handler runs; without it the program goes on.",
                every(
                    "plain-two-owners-faulthandler-chain/SIGTERM@main",
                    ran_where(
                        "the program's handler runs, then those of atexit",
                        lambda names: tuple(names) == STOPPED,
                    ),
                ),
                every(
                    "plain-two-owners-faulthandler/SIGTERM@main",
                    all_of(ran_none(), lives_on("main")),
                ),
            ),
        ),
    ),
    Claim(
        id="G17",
        says="`Thread.join` of a daemon thread raises PythonFinalizationError when the interpreter"
        " is at its end.",
        cases=(
            case(
                HOLDS,
                (
                    "It does so in `__del__` of a global; the error is reported, and the program "
                    "does not wait."
                ),
                every(
                    "plain-join-in-del/return@main",
                    all_of(
                        raised(),
                        ran_where(
                            "`__del__` begins and does not come to the end of the timeout",
                            lambda names: tuple(names) == ("C", "B", "A", "__del__:d"),
                        ),
                    ),
                ),
            ),
            case(
                CONTRADICTED,
                "The join takes its whole timeout in vain: the thread is alive afterwards.",
                every(
                    "plain-join-in-del/return@main",
                    ran_where("the join is in vain", lambda names: "__del__:late" in names),
                ),
            ),
            case(
                CONTRADICTED,
                "It returns at once.",
                every(
                    "plain-join-in-del/return@main",
                    ran_where(
                        "`__del__` comes to its end", lambda names: names[-1:] == ("__del__:d",)
                    ),
                ),
            ),
            case(
                CONTRADICTED,
                "`__del__` of a global is not called.",
                every(
                    "plain-join-in-del/return@main",
                    ran_where(
                        "the atexit handlers run, and nothing else",
                        lambda names: tuple(names) == ("C", "B", "A"),
                    ),
                ),
            ),
        ),
    ),
)
