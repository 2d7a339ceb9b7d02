"""Text Y: what CPython's documentation says of asyncio's end, and of signals in event loops.

From the pages of 3.14: library/asyncio-runner, library/asyncio-eventloop, library/signal.
"""

from __future__ import annotations

from exitmatrix.claims.claim import CONTRADICTED, HOLDS, Claim, PublishedText, case, every
from exitmatrix.claims.conditions import (
    Condition,
    all_of,
    dies_of,
    exits,
    lives_on,
    ran_none,
    ran_where,
)

TEXT = PublishedText(
    id="Y",
    title="CPython: asyncio",
    where="docs.python.org, 3.14, library/asyncio-runner, library/asyncio-eventloop",
    about="What asyncio.run ends, and what signals do to an event loop.",
)

ATEXIT = ("C", "B", "A")
STOP = "signal.SIGTERM:stop"


def _exactly(words: str, *names: str) -> Condition:
    return ran_where(words, lambda seen: tuple(seen) == names)


def _everything() -> Condition:
    return _exactly(
        "the main task cleans up, then other tasks, the generator, and atexit",
        *("__aexit__:w", "finally:f", "finally:t", "finally:s", "aclose:g"),
        *ATEXIT,
    )


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="Y1",
        says="`asyncio.run` finalizes asynchronous generators.",
        cases=(
            case(
                HOLDS,
                "One that is suspended is closed when all tasks are over, also after an exception.",
                *(
                    every(f"asyncio-run/{ending}@main", _everything())
                    for ending in ("return", "exception", "sys-exit-3")
                ),
            ),
        ),
    ),
    Claim(
        id="Y2",
        says="At Ctrl-C `try`/`finally` blocks can be used for clean-up, and KeyboardInterrupt is"
        " raised afterwards.",
        cases=(
            case(
                HOLDS,
                "All of them run, and then the program is killed by SIGINT.",
                every("asyncio-run/SIGINT@main", all_of(_everything(), dies_of("SIGINT"))),
            ),
            case(
                HOLDS,
                "All of them run; up to 3.7 the program then ends with status 1.",
                every("asyncio-run/SIGINT@main", _everything()),
            ),
            case(
                CONTRADICTED,
                "This Python runs no `atexit` handler then.",
                every(
                    "asyncio-run/SIGINT@main",
                    _exactly(
                        "tasks and generators clean up, and no atexit handler runs",
                        *("__aexit__:w", "finally:f", "finally:t", "finally:s", "aclose:g"),
                    ),
                ),
            ),
        ),
    ),
    Claim(
        id="Y3",
        says="Ctrl-C cannot interrupt a main task that does not await; the second one does.",
        cases=(
            case(
                HOLDS,
                "After the first the program goes on, after the second it cleans up.",
                every("asyncio-blocking/SIGINT@main", all_of(ran_none(), lives_on("main"))),
                every(
                    "asyncio-blocking/SIGINT-then-SIGINT@main",
                    ran_where("the main task cleans up", lambda seen: "finally:f" in seen),
                ),
            ),
            case(
                CONTRADICTED,
                "Up to 3.10 the first one interrupts it.",
                every(
                    "asyncio-blocking/SIGINT@main",
                    ran_where("the main task cleans up", lambda seen: "finally:f" in seen),
                ),
            ),
        ),
    ),
    Claim(
        id="Y4",
        says="`asyncio.run` closes the executor: functions in its threads come to their end.",
        cases=(
            case(
                HOLDS,
                (
                    "A function that needs another fifth of a second completes, and handlers run "
                    "after it."
                ),
                *(
                    every(
                        f"asyncio-executor/{ending}@main",
                        _exactly(
                            "the function in the pool ends, then the atexit handlers run",
                            *("finally:f", "finally:p"),
                            *ATEXIT,
                        ),
                    )
                    for ending in ("return", "exception")
                ),
            ),
        ),
    ),
    Claim(
        id="Y5",
        says="A handler that is set with `loop.add_signal_handler` may interact with the loop.",
        cases=(
            case(
                HOLDS,
                "It wakes the main task, which cleans up; the program ends with status 0.",
                every(
                    "asyncio-graceful/SIGTERM@main",
                    all_of(
                        _exactly(
                            "the handler runs, then all clean up",
                            *(STOP, "finally:f", "finally:t"),
                            *ATEXIT,
                        ),
                        exits(0),
                    ),
                ),
            ),
        ),
    ),
    Claim(
        id="Y6",
        says="A signal has one handler: `signal.signal` replaces that of"
        " `loop.add_signal_handler`.",
        cases=(
            case(
                CONTRADICTED,
                (
                    "Both run: the loop learns of the signal through a descriptor, which was not "
                    "replaced."
                ),
                every(
                    "asyncio-two-owners/SIGTERM@main",
                    ran_where(
                        "the library's handler runs, then the loop's",
                        lambda seen: tuple(seen[:2]) == ("signal.SIGTERM:library", STOP),
                    ),
                ),
            ),
        ),
    ),
    Claim(
        id="Y7",
        says="`signal.set_wakeup_fd` sets one descriptor for the process: of two event loops the"
        " second takes the signals of the first.",
        cases=(
            case(
                HOLDS,
                "The loop's handler of SIGTERM does not run, and the program goes on.",
                every("asyncio-wakeup-taken/SIGTERM@main", all_of(ran_none(), lives_on("main"))),
            ),
        ),
    ),
)
