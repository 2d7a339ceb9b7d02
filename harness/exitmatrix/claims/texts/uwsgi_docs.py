"""Text U: what uWSGI's documentation says of its signals.

From uwsgi-docs, of uWSGI 2.0: "Managing the uWSGI server", signals for controlling uWSGI and
reloading the server; "Options", no-orphans; "Upstart", what is --die-on-term; "Systemd".
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
    ran_none,
    ran_where,
)

TEXT = PublishedText(
    id="U",
    title="uWSGI: signals, reloading and stopping",
    where="uWSGI 2.0, Managing the uWSGI server, Options, Upstart, Systemd",
    about="What a master and two processes do with signals. The app has a function as"
    " `uwsgi.atexit`, and registers A, B and C with `atexit`.",
)


def cleans_up(role: str) -> Condition:
    """`uwsgi.atexit` first, and then all that is registered with `atexit`."""
    return ran_where(
        "uwsgi.atexit runs, then C, B, A",
        lambda names: tuple(names) == ("uwsgi.atexit:bye", *REVERSED),
        role,
    )


BOTH = all_of(cleans_up("worker#1"), cleans_up("worker#2"))
NEITHER = all_of(ran_none("worker#1"), ran_none("worker#2"))
STOPPED = all_of(BOTH, nobody_left())
RELOADED = all_of(BOTH, lives_on("master"), lives_on("new-worker#1"), lives_on("new-worker#2"))

CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="U1",
        says="SIGINT and SIGQUIT to the master kill the whole stack at once.",
        cases=(
            case(
                HOLDS,
                "No process is left, and the handlers of both workers run: they are not killed.",
                every("uwsgi-master/SIGINT@master", STOPPED),
                every("uwsgi-master/SIGQUIT@master", STOPPED),
            ),
        ),
    ),
    Claim(
        id="U2",
        says="SIGTERM to the master reloads the workers and the master brutally.",
        cases=(
            case(
                HOLDS,
                (
                    "New workers serve. The old ones run their handlers; requests in progress "
                    "are not waited for."
                ),
                every("uwsgi-master/SIGTERM@master", RELOADED),
            ),
        ),
    ),
    Claim(
        id="U3",
        says="On SIGHUP the master stops its workers and executes uWSGI anew, with the sockets that"
        " it has.",
        cases=(
            case(
                CONTRADICTED,
                (
                    "It does, if uWSGI finds its own binary. The wheel in a virtual environment "
                    "executes the Python that the environment was made from, which has no uWSGI: "
                    "the server ends with status 1. --binary-path names the right binary."
                ),
                every("uwsgi-master/SIGHUP@master", RELOADED),
                every("uwsgi-wheel/SIGHUP@master", all_of(STOPPED, exits(1, "master"))),
            ),
            case(
                HOLDS,
                "New workers serve, also from a wheel in a virtual environment.",
                every("uwsgi-master/SIGHUP@master", RELOADED),
                every("uwsgi-wheel/SIGHUP@master", RELOADED),
            ),
        ),
    ),
    Claim(
        id="U4",
        says="--die-on-term exchanges the meanings of SIGTERM and SIGQUIT.",
        cases=(
            case(
                HOLDS,
                "SIGTERM stops it, SIGQUIT reloads it, and handlers run for either.",
                every("uwsgi-die-on-term/SIGTERM@master", STOPPED),
                every("uwsgi-die-on-term/SIGQUIT@master", RELOADED),
            ),
        ),
    ),
    Claim(
        id="U5",
        says="In a unit of systemd, KillSignal=SIGQUIT stops it.",
        cases=(
            case(
                HOLDS,
                (
                    "But systemd sends it to all processes (KillMode=control-group is the "
                    "default), and a worker has no handler for SIGQUIT: no handler runs. They do "
                    "run after SIGQUIT to the master only."
                ),
                every("uwsgi-master/SIGQUIT@master", STOPPED),
                every(
                    "uwsgi-master/SIGQUIT@group",
                    all_of(NEITHER, dies_of("SIGQUIT", "worker#1"), nobody_left()),
                ),
            ),
            case(
                HOLDS,
                "No process is left, and the handlers of both workers run.",
                every("uwsgi-master/SIGQUIT@group", STOPPED),
            ),
        ),
    ),
    Claim(
        id="U6",
        says="It takes --no-orphans to end the workers whose master dies.",
        cases=(
            case(
                CONTRADICTED,
                "A worker reads end of file from its master and exits at once: its handlers run.",
                every("uwsgi-master/SIGKILL@master", STOPPED),
            ),
            case(
                HOLDS,
                "Both workers are alive afterwards.",
                every(
                    "uwsgi-master/SIGKILL@master",
                    all_of(lives_on("worker#1"), lives_on("worker#2")),
                ),
            ),
        ),
    ),
)
