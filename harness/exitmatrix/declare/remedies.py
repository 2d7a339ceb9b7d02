"""The smallest change that makes clean-up run where it did not, and the cell that shows it. Pure.

A remedy is a claim like any other: the records of `shown_by` must show handlers where
those of `instead_of` show none: of `atexit`, or the one that it names. A test holds every row
against them.
"""

from __future__ import annotations

from exitmatrix.model import Frozen


class Remedy(Frozen, kw_only=True):
    """A change, with what it is made to and what shows that it helps."""

    instead_of: str  # SCENARIO/TERMINATION@TARGET
    shown_by: str
    runs: str = ""  # what runs then, where it is no handler of atexit
    change: str  # what to do, as an instruction
    cost: str  # what it does not do


STOP_SIGNAL = (
    "Stop it with SIGINT: STOPSIGNAL SIGINT in a Dockerfile, KillSignal=SIGINT in a systemd unit."
)
OTHERS = "Other tools that stop it must be told as well."

REMEDIES: tuple[Remedy, ...] = (
    Remedy(
        instead_of="plain/SIGTERM@main",
        shown_by="plain-graceful/SIGTERM@main",
        change="Install a handler that ends the program: signal.signal(signal.SIGTERM, lambda *_:"
        " sys.exit(0)).",
        cost="It runs between two bytecodes of the main thread: a long call into C delays it.",
    ),
    Remedy(
        instead_of="coverage/SIGTERM@main",
        shown_by="coverage-graceful/SIGTERM@main",
        change="Install a handler for SIGTERM that raises SystemExit in the program that is"
        " measured.",
        cost="It displaces coverage's own, of `sigterm = true`, which saves the data and runs no"
        " handler of the program.",
    ),
    Remedy(
        instead_of="flask/SIGTERM@main",
        shown_by="flask-graceful/SIGTERM@main",
        change="Install a handler for SIGTERM that raises SystemExit before app.run().",
        cost="Under the debug server it has no effect: Werkzeug installs its own after it.",
    ),
    Remedy(
        instead_of="uvicorn/SIGTERM@main",
        shown_by="uvicorn/SIGINT@main",
        change="Stop it with SIGINT (STOPSIGNAL SIGINT in a Dockerfile, KillSignal=SIGINT in a"
        " systemd unit), or move clean-up from atexit into the lifespan, which SIGTERM runs too.",
        cost="With --workers the supervisor sends SIGTERM to its workers whatever it is sent.",
    ),
    Remedy(
        instead_of="gunicorn/SIGKILL@worker",
        shown_by="gunicorn-hooks/SIGKILL@worker",
        runs="gunicorn:child_exit",
        change="Clean up in the hook child_exit, which the master calls for each worker that is"
        " gone, however it went.",
        cost="It runs in the master, which has none of the worker's memory. The hook worker_exit is"
        " no remedy: it runs where atexit does, just before it.",
    ),
    Remedy(
        instead_of="gunicorn/os-exit-7@worker",
        shown_by="gunicorn-hooks/os-exit-7@worker",
        runs="gunicorn:child_exit",
        change="Clean up in the hook child_exit, which the master calls for each worker that is"
        " gone, however it went.",
        cost="It runs in the master, which has none of the worker's memory.",
    ),
    Remedy(
        instead_of="gunicorn-asgi/SIGINT@master",
        shown_by="gunicorn-asgi/SIGTERM@master",
        runs="lifespan:shutdown",
        change="Stop it with SIGTERM: after SIGINT and SIGQUIT the lifespan of gunicorn's own ASGI"
        " workers is not shut down, and requests are cut off.",
        cost="Ctrl-C in a terminal sends SIGINT.",
    ),
    Remedy(
        instead_of="waitress/SIGTERM@main",
        shown_by="waitress/SIGINT@main",
        change=STOP_SIGNAL,
        cost=OTHERS,
    ),
    *(
        Remedy(
            instead_of=f"{one}/SIGTERM@main",
            shown_by=f"{one}/SIGINT@main",
            change=STOP_SIGNAL,
            cost=OTHERS,
        )
        for one in ("flask-run", "django-runserver-noreload", "http-server")
    ),
    Remedy(
        instead_of="hypercorn/SIGTERM@group",
        shown_by="hypercorn/SIGTERM@master",
        change="Have SIGTERM sent to the first process alone: KillMode=mixed in a systemd unit.",
        cost="With two workers and more, the first that is ready ends the time of the others.",
    ),
)


def remedy_for(question: str) -> Remedy | None:
    """The remedy for a cell, if one was measured."""
    return next((one for one in REMEDIES if one.instead_of == question), None)
