"""Text V: what uvicorn's documentation says of shutting down, and of its workers.

From uvicorn 0.54: "Server Behavior", graceful process shutdown; "Deployment", the
built-in process manager (since 0.30); and the release notes of 0.29 (Kludex/uvicorn#1600).
"""

from __future__ import annotations

from exitmatrix.claims.claim import CONTRADICTED, HOLDS, Claim, Text, case, every
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

TEXT = Text(
    id="V",
    title="uvicorn: shutting down",
    where="uvicorn 0.54, Server Behavior, Deployment, Release Notes",
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


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="V1",
        says="SIGTERM and SIGINT both shut the server down gracefully, the lifespan included.",
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
        says="Since 0.29 a captured signal is raised again once the server has shut down.",
        cases=(
            case(
                HOLDS,
                "After the lifespan the process is killed by SIGTERM, and so no handler of"
                " `atexit` runs: no text says this.",
                every("uvicorn/SIGTERM@main", all_of(shuts_down(), dies_of("SIGTERM"))),
            ),
            case(
                CONTRADICTED,
                "The process ends as any program does, and the handlers of `atexit` run: so it was"
                " before 0.29.",
                every("uvicorn/SIGTERM@main", all_of(handlers_after_lifespan(), exits(0))),
            ),
        ),
    ),
    Claim(
        id="V3",
        says="SIGTERM to the process manager shuts its workers down gracefully.",
        cases=(
            case(
                HOLDS,
                "The shutdown of the lifespan runs in both, and nobody is left.",
                every(
                    "uvicorn-workers/SIGTERM@master",
                    all_of(shuts_down("worker#1"), shuts_down("worker#2"), nobody_left()),
                ),
            ),
        ),
    ),
    Claim(
        id="V4",
        says="The process manager restarts a worker that died.",
        cases=(
            case(
                HOLDS,
                "Another is alive afterwards.",
                every("uvicorn-workers/SIGKILL@worker", lives_on("new-worker")),
            ),
            case(
                CONTRADICTED,
                "The others go on and nobody takes its place: so it was before 0.30.",
                every(
                    "uvicorn-workers/SIGKILL@worker",
                    all_of(lives_on("master"), lives_on("others")),
                ),
            ),
        ),
    ),
    Claim(
        id="V5",
        says="SIGHUP to the process manager restarts its workers gracefully.",
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
)
