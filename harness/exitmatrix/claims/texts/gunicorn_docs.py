"""Text K: what gunicorn's documentation says of signals, workers and preloading.

From gunicorn 27: "Signal Handling" (master process, worker process) and the settings
preload_app, graceful_timeout and max_requests, and those of its hooks.
"""

from __future__ import annotations

from exitmatrix.claims.claim import CONTRADICTED, HOLDS, Claim, PublishedText, case, every
from exitmatrix.claims.conditions import (
    all_of,
    all_reversed,
    client_gets,
    dies_of,
    exits,
    lives_on,
    nobody_left,
    ran_none,
    ran_where,
)

TEXT = PublishedText(
    id="K",
    title="gunicorn: signals, workers and preloading",
    where="gunicorn 27, Signal Handling, Settings",
    about="What gunicorn's master and its workers do with signals. Two sync workers run an app"
    " that registers A, B and C.",
)

INT, ABORT, EXIT = "gunicorn:worker_int", "gunicorn:worker_abort", "gunicorn:on_exit"
LEAVES, CHILD = "gunicorn:worker_exit", "gunicorn:child_exit"
BOTH = all_of(all_reversed("worker#1"), all_reversed("worker#2"))

CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="K1",
        says="TERM to the master is a graceful shutdown.",
        cases=(
            case(
                HOLDS,
                "Both workers run all their handlers, and no process is left.",
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
                "Another one is alive afterwards, for each end that was tried.",
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
    Claim(
        id="K8",
        says="TERM to the master waits for workers to finish their current requests.",
        cases=(
            case(
                HOLDS,
                "The client of a request that is being answered gets its answer.",
                every("gunicorn-busy/SIGTERM@master", client_gets("200")),
                every("gunicorn-gthread-busy/SIGTERM@master", client_gets("200")),
            ),
        ),
    ),
    Claim(
        id="K9",
        says="Workers still alive after graceful_timeout are force killed.",
        cases=(
            case(
                HOLDS,
                "They are killed by SIGKILL, and their handlers have not run.",
                every(
                    "gunicorn-stuck/SIGTERM@master",
                    all_of(dies_of("SIGKILL", "worker#1"), dies_of("SIGKILL", "worker#2")),
                ),
            ),
        ),
    ),
    Claim(
        id="K10",
        says="After max_requests a worker is restarted.",
        cases=(
            case(
                HOLDS,
                "It answers, runs its handlers and exits with 0; another is started.",
                every(
                    "gunicorn-hooks/return@worker",
                    all_of(exits(0, "worker"), lives_on("new-worker"), client_gets("200")),
                ),
            ),
        ),
    ),
    Claim(
        id="K11",
        says="worker_exit is called just after a worker has been exited, in the worker process.",
        cases=(
            case(
                HOLDS,
                "It runs after everything else.",
                every(
                    "gunicorn-hooks/SIGTERM@worker",
                    ran_where(
                        "worker_exit comes last", lambda names: names[-1:] == (LEAVES,), "worker"
                    ),
                ),
            ),
            case(
                CONTRADICTED,
                "It runs in the worker, which then goes on to its atexit handlers.",
                every(
                    "gunicorn-hooks/SIGTERM@worker",
                    ran_where(
                        "worker_exit comes before C, B and A",
                        lambda names: names == (LEAVES, "C", "B", "A"),
                        "worker",
                    ),
                ),
            ),
        ),
    ),
    Claim(
        id="K12",
        says="child_exit is called just after a worker has been exited, in the master process.",
        cases=(
            case(
                HOLDS,
                "However it ended: by a signal, by os._exit, or by itself.",
                *(
                    every(
                        f"gunicorn-hooks/{one}@worker",
                        ran_where("child_exit runs", lambda names: names == (CHILD,), "master"),
                    )
                    for one in ("SIGTERM", "SIGKILL", "os-exit-7", "return")
                ),
            ),
        ),
    ),
    Claim(
        id="K13",
        says="worker_int is called just after a worker exited on SIGINT or SIGQUIT.",
        cases=(
            case(
                HOLDS,
                "It runs last, or in the master.",
                every(
                    "gunicorn-hooks/SIGINT@worker",
                    ran_where(
                        "worker_int comes last", lambda names: names[-1:] == (INT,), "worker"
                    ),
                ),
            ),
            case(
                CONTRADICTED,
                "It is the first that runs, in the worker itself.",
                every(
                    "gunicorn-hooks/SIGINT@worker",
                    ran_where(
                        "worker_int comes first", lambda names: names[:1] == (INT,), "worker"
                    ),
                ),
            ),
        ),
    ),
    Claim(
        id="K14",
        says="worker_abort is called when a worker received SIGABRT, generally on timeout.",
        cases=(
            case(
                HOLDS,
                "It is the first that runs in the worker, for a timeout and for a signal.",
                *(
                    every(
                        f"gunicorn-hooks/{one}@worker",
                        ran_where(
                            "worker_abort comes first",
                            lambda names: names[:1] == (ABORT,),
                            "worker",
                        ),
                    )
                    for one in ("SIGABRT", "hang")
                ),
            ),
        ),
    ),
    Claim(
        id="K15",
        says="on_exit is called just before exiting Gunicorn.",
        cases=(
            case(
                HOLDS,
                "It is the last that runs in the master.",
                every(
                    "gunicorn-hooks/SIGTERM@master",
                    ran_where("on_exit comes last", lambda names: names[-1:] == (EXIT,), "master"),
                ),
            ),
        ),
    ),
)
