"""Text V: what uvicorn's documentation says of shutting down, and of its workers.

From docs/ as of July 2026 (0.51, commit d26c85c2): concepts/lifespan.md, "Lifespan
Architecture" and "Usage"; server-behavior.md, "Resource Limits"; settings.md, "Resource
Limits" and "Timeouts"; deployment/index.md, "Using a process manager"; and the release
notes. What the server logs is of uvicorn/server.py, `_wait_tasks_to_complete`.
"""

from __future__ import annotations

from exitmatrix.claims.claim import CONTRADICTED, HOLDS, Claim, PublishedText, case, every
from exitmatrix.claims.conditions import (
    REVERSED,
    Condition,
    all_of,
    dies_of,
    exits,
    lives_on,
    nobody_left,
    ran_where,
)

TEXT = PublishedText(
    id="V",
    title="uvicorn: shutting down",
    where="uvicorn's documentation, July 2026: Lifespan, Server Behavior, Settings, Deployment,"
    " Release Notes; and what the server logs",
    about="What a server and its workers do when they are told to stop. The app has a lifespan and"
    " registers A, B and C with `atexit`.",
)


def shuts_down(role: str = "main") -> Condition:
    """The shutdown of the lifespan runs."""
    return ran_where(
        "the shutdown of the lifespan runs", lambda names: "lifespan:shutdown" in names, role
    )


def handlers_after_lifespan() -> Condition:
    """The lifespan first, and then all that is registered with `atexit`."""
    return ran_where(
        "the shutdown of the lifespan runs, then C, B, A",
        lambda names: tuple(names) == ("lifespan:shutdown", *REVERSED),
    )


def ran_all() -> Condition:
    """All that is registered with `atexit`, and the lifespan not."""
    return ran_where("C, B, A run, and no more", lambda names: tuple(names) == REVERSED)


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="V1",
        says="Lifespan: on a shutdown signal the server takes no new connection, completes pending"
        " requests, and then shuts the lifespan down; Ctrl-C is one.",
        cases=(
            case(
                HOLDS,
                "The shutdown of the lifespan runs for either.",
                every("uvicorn/SIGTERM@main", all_of(shuts_down(), nobody_left())),
                every("uvicorn/SIGINT@main", all_of(shuts_down(), nobody_left())),
            ),
        ),
    ),
    Claim(
        id="V2",
        says="Release Notes, 0.29.0: signal handling is cooperative (#1600). By that change a"
        " captured signal is raised again once the server has shut down.",
        cases=(
            case(
                HOLDS,
                "After the lifespan the process is killed by SIGTERM, and so no `atexit`"
                " handler runs: no text says this.",
                every("uvicorn/SIGTERM@main", all_of(shuts_down(), dies_of("SIGTERM"))),
            ),
            case(
                CONTRADICTED,
                "The process ends as any program does, and the `atexit` handlers run: so it was"
                " before 0.29.",
                every("uvicorn/SIGTERM@main", all_of(handlers_after_lifespan(), exits(0))),
            ),
        ),
    ),
    Claim(
        id="V3",
        says="Deployment, Using a process manager: it listens for signals, to restart processes, to"
        " shut them down, or to change how many there are.",
        cases=(
            case(
                HOLDS,
                "On SIGTERM the shutdown of the lifespan runs in both, and no process is left.",
                every(
                    "uvicorn-workers/SIGTERM@master",
                    all_of(shuts_down("worker#1"), shuts_down("worker#2"), nobody_left()),
                ),
            ),
        ),
    ),
    Claim(
        id="V4",
        says="Deployment, Built-in: it restarts child processes that die unexpectedly.",
        cases=(
            case(
                HOLDS,
                "Another is alive afterwards.",
                every("uvicorn-workers/SIGKILL@worker", lives_on("new-worker")),
            ),
            case(
                CONTRADICTED,
                "The others go on, and it is not replaced: so it was before 0.30.",
                every(
                    "uvicorn-workers/SIGKILL@worker",
                    all_of(lives_on("master"), lives_on("others")),
                ),
            ),
        ),
    ),
    Claim(
        id="V5",
        says="Deployment, Built-in: on SIGHUP it restarts the workers gracefully.",
        cases=(
            case(
                HOLDS,
                "The shutdown of each one's lifespan runs, and new ones are alive.",
                every(
                    "uvicorn-workers/SIGHUP@master",
                    all_of(shuts_down("worker#1"), lives_on("master"), lives_on("new-worker#1")),
                ),
            ),
            case(
                CONTRADICTED,
                "The manager is killed by it, and its workers serve on: so it was before 0.30.",
                every(
                    "uvicorn-workers/SIGHUP@master",
                    all_of(lives_on("worker#1"), lives_on("worker#2")),
                ),
            ),
        ),
    ),
    Claim(
        id="V6",
        says="The log message while it waits for connections to close: Ctrl-C forces it to quit.",
        cases=(
            case(
                HOLDS,
                "A second Ctrl-C ends it, without the lifespan's shutdown.",
                every(
                    "uvicorn-open-stream/SIGINT-then-SIGINT@main", all_of(ran_all(), nobody_left())
                ),
            ),
            case(
                CONTRADICTED,
                (
                    "It goes on waiting after the second: since Python 3.12 `Server.wait_closed` "
                    "of asyncio waits for connections, and the second Ctrl-C does not interrupt "
                    "that."
                ),
                every("uvicorn-open-stream/SIGINT-then-SIGINT@main", lives_on("main")),
            ),
        ),
        beside=(
            "uvicorn-open-stream/SIGINT@main",
            "uvicorn-open-stream/SIGTERM-then-SIGTERM@main",
        ),
    ),
    Claim(
        id="V7",
        says="Settings, --timeout-graceful-shutdown: after so many seconds it terminates requests.",
        cases=(
            case(
                HOLDS,
                "With a stream open it ends, and the shutdown of the lifespan runs.",
                every(
                    "uvicorn-open-stream-timeout/SIGTERM@main", all_of(shuts_down(), nobody_left())
                ),
                every(
                    "uvicorn-open-stream-timeout/SIGINT@main", all_of(shuts_down(), nobody_left())
                ),
            ),
        ),
        beside=("uvicorn-open-stream/SIGTERM@main",),
    ),
    Claim(
        id="V8",
        says="Server Behavior, Max requests: so many are serviced before the process terminates.",
        cases=(
            case(
                HOLDS,
                "After the last one the shutdown of the lifespan runs, then the `atexit`"
                " handlers; the exit status is 0.",
                every(
                    "uvicorn-max-requests/SIGUSR1@main", all_of(handlers_after_lifespan(), exits(0))
                ),
            ),
        ),
    ),
)
