"""Text D: what Kubernetes, Docker and systemd say of stopping, for a Python program.

From Kubernetes, Concepts, Pods, "Termination of Pods"; Docker's CLI reference as of August
2026 (docker/cli 28f75608, container_stop.md), "docker container stop", description, --signal
and --timeout; systemd.kill(5), KillMode. Containers and units are not started here: the
records hold the signals that are sent, and the claims are about what a program makes of them.
"""

from __future__ import annotations

from exitmatrix.claims.claim import CONTRADICTED, HOLDS, Claim, PublishedText, case, every
from exitmatrix.claims.conditions import (
    all_of,
    all_reversed,
    cut_off,
    dies_of,
    lives_on,
    nobody_left,
    ran_none,
)

TEXT = PublishedText(
    id="D",
    title="Kubernetes, Docker and systemd: stopping",
    where="Kubernetes, Termination of Pods; Docker CLI reference, August 2026, docker container"
    " stop; systemd 260, systemd.kill(5)",
    about="What a Python program makes of the signals with which it is stopped.",
)

CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="D1",
        says=(
            "Kubernetes: the main process is sent SIGTERM first and SIGKILL after a grace "
            "period, so that it has a chance to clean up."
        ),
        cases=(
            case(
                HOLDS,
                "A program's handlers run.",
                every("plain/SIGTERM@main", all_reversed()),
            ),
            case(
                CONTRADICTED,
                "Python installs no handler for SIGTERM: unless the program does, it is killed at"
                " once, and none of its clean-up runs.",
                every("plain/SIGTERM@main", all_of(ran_none(), dies_of("SIGTERM"))),
            ),
        ),
        beside=("plain-graceful/SIGTERM@main", "flask/SIGTERM@main", "gunicorn/SIGTERM@master"),
    ),
    Claim(
        id="D2",
        says=(
            "Docker: a process that has not exited when the grace period is over (10 s on Linux "
            "unless set) is killed by SIGKILL."
        ),
        cases=(
            case(
                HOLDS,
                "A handler of three seconds is cut off after 2.5; one of 100 ms is not.",
                every("plain-slow-3000ms/SIGTERM-then-SIGKILL@main", cut_off()),
                every("plain-slow-100ms/SIGTERM-then-SIGKILL@main", all_reversed()),
            ),
        ),
    ),
    Claim(
        id="D3",
        says="Docker: STOPSIGNAL or --stop-signal names another first signal. systemd: KillSignal.",
        cases=(
            case(
                HOLDS,
                "For SIGINT a program's handlers run without any change to it.",
                every("plain/SIGINT@main", all_reversed()),
            ),
            case(
                CONTRADICTED,
                "SIGINT ends the program too, and no handler runs.",
                every("plain/SIGINT@main", ran_none()),
            ),
        ),
    ),
    Claim(
        id="D4",
        says="systemd: with KillMode=control-group all processes of the service are ended.",
        cases=(
            case(
                HOLDS,
                "Neither the parent nor its child is left.",
                every("plain-subprocess/SIGTERM@group", nobody_left()),
            ),
        ),
    ),
    Claim(
        id="D5",
        says="systemd: with KillMode=process, processes of a service may outlive it.",
        cases=(
            case(
                HOLDS,
                "The parent is killed, and its child goes on.",
                every(
                    "plain-subprocess/SIGTERM@parent",
                    all_of(dies_of("SIGTERM", "parent"), lives_on("child")),
                ),
            ),
        ),
    ),
)
