"""Text H: what hypercorn's documentation says of stopping and of reloading.

From hypercorn 0.18.0: docs/how_to_guides/configuring.rst, `graceful_timeout` and
`shutdown_timeout`; CHANGELOG.rst, 0.18.0. Nothing there tells what happens to workers that
are sent a signal themselves.
"""

from __future__ import annotations

from exitmatrix.claims.claim import CONTRADICTED, HOLDS, Claim, PublishedText, case, every
from exitmatrix.claims.conditions import all_of, dies_of, lives_on, nobody_left, ran_none
from exitmatrix.claims.texts.uvicorn_docs import shuts_down

TEXT = PublishedText(
    id="H",
    title="hypercorn: stopping and reloading",
    where="hypercorn 0.18.0, How to guides, Configuring; Changelog",
    about="What a master and its workers do when they are told to stop or to reload. The app has a"
    " lifespan and registers A, B and C with `atexit`.",
)

CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="H1",
        says=(
            "graceful_timeout: after SIGTERM or Ctrl-C workers have that time to complete their "
            "requests."
        ),
        cases=(
            case(
                HOLDS,
                "The worker's lifespan is shut down, also when SIGTERM is sent to all processes.",
                every("hypercorn/SIGTERM@group", all_of(shuts_down("worker"), nobody_left())),
                every("hypercorn/SIGINT@group", all_of(shuts_down("worker"), nobody_left())),
            ),
            case(
                CONTRADICTED,
                "So it is after Ctrl-C, and after SIGTERM to the first process. A worker has no"
                " handler for SIGTERM: sent to all, as systemd does, it kills the worker at once.",
                every(
                    "hypercorn/SIGTERM@group",
                    all_of(dies_of("SIGTERM", "worker"), ran_none("worker")),
                ),
                every("hypercorn/SIGINT@group", all_of(shuts_down("worker"), nobody_left())),
            ),
        ),
        beside=("hypercorn/SIGTERM@master", "hypercorn-no-worker/SIGTERM@main"),
    ),
    Claim(
        id="H2",
        says="Changelog, 0.18.0: workers are reloaded on SIGHUP.",
        cases=(
            case(
                HOLDS,
                "The shutdown of each one's lifespan runs, and others are alive.",
                every(
                    "hypercorn/SIGHUP@master",
                    all_of(shuts_down("worker"), lives_on("master"), lives_on("new-worker")),
                ),
                every(
                    "hypercorn-workers/SIGHUP@master",
                    all_of(
                        shuts_down("worker#1"),
                        shuts_down("worker#2"),
                        lives_on("new-worker#1"),
                        lives_on("new-worker#2"),
                    ),
                ),
            ),
        ),
    ),
    Claim(
        id="H3",
        says="shutdown_timeout: lifespans have 60 s to shut down.",
        cases=(
            case(
                HOLDS,
                "The shutdown runs in both workers, to its end.",
                every(
                    "hypercorn-workers/SIGTERM@master",
                    all_of(shuts_down("worker#1"), shuts_down("worker#2")),
                ),
            ),
        ),
        not_judged="How long it may take: with two workers, the first that is done ends the time of"
        " the other.",
    ),
)
