"""Text K: what gunicorn's documentation says of signals, workers and preloading.

From gunicorn 27: "Signal Handling" (master process, worker process) and the settings
preload_app and graceful_timeout.
"""

from __future__ import annotations

from exitmatrix.claims.claim import HOLDS, Claim, Text, case, every
from exitmatrix.claims.conditions import (
    all_of,
    all_reversed,
    exits,
    lives_on,
    nobody_left,
    ran_none,
)

TEXT = Text(
    id="K",
    title="gunicorn: signals, workers and preloading",
    where="gunicorn 27, Signal Handling, Settings",
    about="What gunicorn's master and its workers do with signals. Two sync workers run an app"
    " that registers A, B and C.",
)

BOTH = all_of(all_reversed("worker#1"), all_reversed("worker#2"))

CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="K1",
        says="TERM to the master is a graceful shutdown.",
        cases=(
            case(
                HOLDS,
                "Both workers run all their handlers, and nobody is left.",
                every("gunicorn/SIGTERM@master", all_of(BOTH, nobody_left())),
            ),
        ),
    ),
    Claim(
        id="K2",
        says="INT and QUIT to the master are a quick shutdown.",
        cases=(
            case(
                HOLDS,
                "It ends at once, and the handlers of both workers run all the same.",
                every("gunicorn/SIGINT@master", all_of(BOTH, nobody_left())),
                every("gunicorn/SIGQUIT@master", all_of(BOTH, nobody_left())),
            ),
        ),
    ),
    Claim(
        id="K3",
        says="HUP to the master starts new workers and shuts the older ones down gracefully.",
        cases=(
            case(
                HOLDS,
                "The old workers run all their handlers; two new ones serve.",
                every(
                    "gunicorn/SIGHUP@master",
                    all_of(BOTH, lives_on("master"), lives_on("new-worker#1")),
                ),
            ),
        ),
    ),
    Claim(
        id="K4",
        says="TERM to a worker is a graceful shutdown of that worker.",
        cases=(
            case(
                HOLDS,
                "It runs its handlers and exits with 0; the other goes on.",
                every(
                    "gunicorn/SIGTERM@worker",
                    all_of(all_reversed("worker"), exits(0, "worker"), lives_on("others")),
                ),
            ),
        ),
    ),
    Claim(
        id="K5",
        says="INT and QUIT to a worker are a quick shutdown of it.",
        cases=(
            case(
                HOLDS,
                "It exits with 0, and its handlers run all the same.",
                every("gunicorn/SIGINT@worker", all_of(all_reversed("worker"), exits(0, "worker"))),
                every(
                    "gunicorn/SIGQUIT@worker", all_of(all_reversed("worker"), exits(0, "worker"))
                ),
            ),
        ),
    ),
    Claim(
        id="K6",
        says="As long as the master runs, a worker that ended is replaced.",
        cases=(
            case(
                HOLDS,
                "Whatever ended it: another one is alive afterwards.",
                every("gunicorn/SIGKILL@worker", lives_on("new-worker")),
                every("gunicorn/SIGTERM@worker", lives_on("new-worker")),
            ),
        ),
    ),
    Claim(
        id="K7",
        says="With preload_app the application is loaded before the workers are forked.",
        cases=(
            case(
                HOLDS,
                "The master has the handlers too, and runs them; without it, it has none.",
                every("gunicorn-preload/SIGTERM@master", all_of(all_reversed("master"), BOTH)),
                every("gunicorn/SIGTERM@master", ran_none("master")),
            ),
        ),
    ),
)
