"""Text L: what the documentation of libraries says of the end of a program.

From Sentry's SDK for Python 2.75: "Shutdown and Draining", "Options" (shutdown_timeout); rq 3.0:
"Workers", "Taking Down Workers"; coverage 7.17: "Managing processes", "Configuration reference"
(run: patch, sigterm); pytest 9.2: "About fixtures", "A note about fixture cleanup"; pytest-xdist
3.8: "When tests crash"; psycopg_pool 3.3: "Connection pools", "Other ways to create a pool"; tqdm
4.70: README, "Manual".
"""

from __future__ import annotations

from exitmatrix.claims.claim import CONTRADICTED, HOLDS, Claim, PublishedText, case, every, if_had
from exitmatrix.claims.conditions import (
    all_of,
    all_reversed,
    data,
    dies_of,
    exits,
    processes,
    ran_all_but,
    ran_any,
    ran_none,
    ran_where,
)

TEXT = PublishedText(
    id="L",
    title="Libraries: Sentry, rq, coverage, pytest, psycopg_pool, tqdm",
    where="Sentry's SDK 2.75, rq 3.0, coverage 7.17, pytest 9.2, pytest-xdist 3.8, psycopg_pool"
    " 3.3, tqdm 4.70; the page is named with each claim",
    about="What libraries promise about data, jobs, fixtures and threads when a program ends.",
)

EVENT, BAR, OF_CHILD = "last event", "last state of the bar", "data of coverage, of the child"
COVERAGE = "data of coverage"
JOB, FIXTURE = "rq.job:work", "fixture:service"

DONE = ran_where("the job comes to its end", lambda names: JOB in names, "worker")
NOT_DONE = ran_where("the job does not come to its end", lambda names: JOB not in names, "worker")
TORN_DOWN = ran_where("the fixture is torn down", lambda names: FIXTURE in names, "worker")

CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="L1",
        says="Sentry, Shutdown and Draining: the SDK drains by itself on shutdown.",
        cases=(
            case(
                HOLDS,
                "An event that is being sent arrives: an atexit handler waits for it.",
                every("sentry/return@main", data(EVENT, "kept")),
                every("sentry/sys-exit-3@main", data(EVENT, "kept")),
                every("sentry/exception@main", data(EVENT, "kept")),
            ),
        ),
        beside=("sentry/SIGINT@main",),
    ),
    Claim(
        id="L2",
        says="Sentry, Shutdown and Draining: events may be lost if the application shuts down"
        " unexpectedly.",
        cases=(
            case(
                HOLDS,
                "SIGTERM, by which platforms ask a program to end, is such a shutdown: no handler"
                " of atexit runs, and the event is lost.",
                every("sentry/SIGTERM@main", data(EVENT, "lost")),
                every("sentry/SIGKILL@main", data(EVENT, "lost")),
                every("sentry/os-exit-7@main", data(EVENT, "lost")),
            ),
        ),
        beside=("sentry/SIGHUP@main",),
    ),
    Claim(
        id="L3",
        says="Sentry, Options, shutdown_timeout: the time to wait before shutting down.",
        cases=(
            case(
                HOLDS,
                (
                    "With a collector that never answers the program ends by itself when the "
                    "time is over. If it is killed before that, later handlers do not run."
                ),
                every("sentry-dead/SIGTERM@main", all_of(ran_any(), exits(0))),
                every(
                    "sentry-dead/SIGTERM-then-SIGKILL@main",
                    all_of(ran_all_but("A"), dies_of("SIGKILL")),
                ),
            ),
        ),
    ),
    Claim(
        id="L4",
        says="rq, Taking Down Workers: on SIGINT or SIGTERM the worker waits for the running job,"
        " and stops.",
        cases=(
            case(
                HOLDS,
                (
                    "The job completes, also if the whole group gets the signal, and the worker "
                    "exits with 0."
                ),
                every("rq/SIGTERM@master", all_of(DONE, exits(0, "master"))),
                every("rq/SIGTERM@group", all_of(DONE, exits(0, "master"))),
                every("rq/SIGINT@master", all_of(DONE, exits(0, "master"))),
                every("rq/SIGINT@group", all_of(DONE, exits(0, "master"))),
            ),
        ),
    ),
    Claim(
        id="L5",
        says="rq, Taking Down Workers: on a second signal it sends SIGKILL to the child.",
        cases=(
            case(
                HOLDS,
                "The job is lost, and none of its clean-up runs; the worker exits with 0.",
                every(
                    "rq/SIGTERM-then-SIGTERM@master",
                    all_of(NOT_DONE, dies_of("SIGKILL", "worker"), exits(0, "master")),
                ),
            ),
        ),
    ),
    Claim(
        id="L6",
        says="coverage, Managing processes: with patch = subprocess Python processes that are"
        " started are measured.",
        cases=(
            case(
                HOLDS,
                "A process of multiprocessing that ends normally has saved its data.",
                every("coverage-subprocess/SIGTERM@master", data(OF_CHILD, "kept")),
            ),
        ),
    ),
    Claim(
        id="L7",
        says="coverage, Configuration reference, sigterm: data are captured when SIGTERM ends a"
        " process if that is set, and it is not by default.",
        cases=(
            case(
                HOLDS,
                (
                    "Without it they are lost, of a child that Process.terminate ends as of the "
                    "program; with it they are saved, and the process is still killed by "
                    "SIGTERM."
                ),
                every("coverage/SIGTERM@main", data(COVERAGE, "lost")),
                every("coverage-subprocess/SIGTERM@worker", data(OF_CHILD, "lost")),
                every(
                    "coverage-sudden/SIGTERM@main",
                    all_of(data(COVERAGE, "kept"), dies_of("SIGTERM")),
                ),
            ),
        ),
    ),
    Claim(
        id="L8",
        says="pytest, A note about fixture cleanup: SIGTERM is not handled, so that fixtures may"
        " leak what they manage.",
        cases=(
            case(
                HOLDS,
                "The fixture is not torn down, and there is no report. So it is in a worker of"
                " pytest-xdist that gets the signal.",
                every(
                    "pytest/SIGTERM@main",
                    all_of(ran_none(), data("file of the fixture", "left behind")),
                ),
                if_had("pytest-xdist/SIGTERM@group", ran_none("worker")),
            ),
        ),
    ),
    Claim(
        id="L9",
        says="pytest, A note about fixture cleanup: SIGINT is handled by KeyboardInterrupt.",
        cases=(
            case(
                HOLDS,
                "The fixture is torn down and the report written, with status 2; in a worker of"
                " pytest-xdist too.",
                every(
                    "pytest/SIGINT@main", all_of(data("file of the fixture", "removed"), exits(2))
                ),
                if_had("pytest-xdist/SIGINT@group", all_of(TORN_DOWN, exits(2, "master"))),
            ),
        ),
    ),
    Claim(
        id="L10",
        says=(
            "pytest-xdist, When tests crash: --max-worker-restart 0 disables restarting workers."
        ),
        cases=(
            case(
                HOLDS,
                "The run ends with 1, and no other worker was started.",
                every(
                    "pytest-xdist/SIGKILL@worker",
                    all_of(processes("master", "worker"), exits(1, "master")),
                ),
            ),
        ),
    ),
    Claim(
        id="L11",
        says="psycopg_pool, Connection pools: a pool that is not closed delays the exit on some"
        " versions of Python.",
        cases=(
            case(
                HOLDS,
                "Each of its threads is waited for in vain, until the pool's timeout.",
                every(
                    "psycopg-pool/return@main",
                    ran_where(
                        "the pool says that it could not stop its threads",
                        lambda names: names.count("logging:hint") == 2,
                    ),
                ),
            ),
            case(
                CONTRADICTED,
                "On these versions the threads are not waited for, and no time is lost.",
                every(
                    "psycopg-pool/return@main",
                    ran_where(
                        "the pool says nothing of its threads",
                        lambda names: "logging:hint" not in names,
                    ),
                ),
            ),
        ),
    ),
    Claim(
        id="L12",
        says="tqdm, Manual: a `with` statement closes the bar.",
        cases=(
            case(
                HOLDS,
                "The last count shown is complete, also when an exception ends the program.",
                every("tqdm/exception@main", all_of(data(BAR, "kept"), all_reversed())),
                every("tqdm/sys-exit-3@main", data(BAR, "kept")),
            ),
        ),
        beside=("tqdm/SIGTERM@main", "tqdm/SIGINT@main", "tqdm/SIGHUP@group"),
    ),
)
