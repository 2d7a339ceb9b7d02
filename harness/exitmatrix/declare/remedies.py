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
        cost="With --workers and --reload the first process sends SIGTERM to the others whatever it"
        " is sent.",
    ),
    Remedy(
        instead_of="uvicorn/SIGTERM@main",
        shown_by="uvicorn-graceful/SIGTERM@main",
        change="Install a handler for SIGTERM that raises SystemExit where the app's module is"
        " imported: uvicorn gives it back when the lifespan is over, and sends the signal again.",
        cost="From 0.29 to 0.46 uvicorn imports the app after it has installed its own: this one"
        " takes its place, and the lifespan is not shut down. The same holds in each measured"
        " release for one that the lifespan's startup installs (uvicorn-graceful-late).",
    ),
    Remedy(
        instead_of="uvicorn-run/SIGTERM@main",
        shown_by="uvicorn-run-graceful/SIGTERM@main",
        change="Install a handler for SIGTERM that raises SystemExit before uvicorn.run().",
        cost="The lifespan is shut down, then SystemExit leaves uvicorn.run: a `finally` clause"
        " around it runs, a line behind it does not.",
    ),
    Remedy(
        instead_of="uvicorn-serve/SIGTERM@main",
        shown_by="uvicorn-serve/SIGINT@main",
        change=STOP_SIGNAL,
        cost="The program ends by SIGINT unless it catches KeyboardInterrupt around asyncio.run().",
    ),
    Remedy(
        instead_of="uvicorn-open-stream/SIGINT@main",
        shown_by="uvicorn-open-stream-timeout/SIGINT@main",
        change="Give uvicorn a limit for what is open: --timeout-graceful-shutdown 1, in seconds.",
        cost="What is still answered then is cancelled.",
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
    *(
        Remedy(
            instead_of=f"{one}/SIGQUIT@group",
            shown_by="uwsgi-lazy-apps/SIGINT@group",
            change="Stop it with SIGINT: KillSignal=SIGINT in a systemd unit, STOPSIGNAL SIGINT in"
            " a Dockerfile. With --lazy-apps the master has no handlers that would not run.",
            cost="A worker that answers a request is ended within it, and runs no handler.",
        )
        for one in ("uwsgi-master", "uwsgi-lazy-apps")
    ),
    Remedy(
        instead_of="uwsgi-master/SIGINT@master",
        shown_by="uwsgi-lazy-apps/SIGINT@master",
        change="Have each worker import the application itself: --lazy-apps. The master has no"
        " handlers then that would not run.",
        cost="The workers share no memory of the application.",
    ),
    Remedy(
        instead_of="uwsgi-busy/SIGTERM@main",
        shown_by="uwsgi-busy/SIGHUP@main",
        change="Stop a single process with SIGHUP, which it takes when the request is answered.",
        cost="With --master SIGHUP is a reload: there a graceful stop is `q` to --master-fifo.",
    ),
    Remedy(
        instead_of="hypercorn/SIGTERM@group",
        shown_by="hypercorn/SIGTERM@master",
        change="Have SIGTERM sent to the first process alone: KillMode=mixed in a systemd unit.",
        cost="With two workers and more, the first that is ready ends the time of the others.",
    ),
    Remedy(
        instead_of="plain/sh/SIGTERM@first",
        shown_by="plain-graceful/script-exec/SIGTERM@first",
        change="Put exec before the command, so that the shell becomes the program (CMD as a list"
        " in a Dockerfile starts no shell), and have the program handle SIGTERM.",
        cost="Nothing comes after the command then: what is to follow needs a trap.",
    ),
    Remedy(
        instead_of="plain-graceful/sh/SIGTERM@first",
        shown_by="plain-graceful/script-exec/SIGTERM@first",
        change="Put exec before the command, so that the shell becomes the program: CMD as a list"
        " in a Dockerfile starts no shell.",
        cost="Nothing comes after the command then: what is to follow needs a trap.",
    ),
    Remedy(
        instead_of="plain-graceful/script/SIGTERM@first",
        shown_by="plain-graceful/script-exec/SIGTERM@first",
        change="Put exec before the last command of the script.",
        cost="Nothing comes after the command then: what is to follow needs a trap.",
    ),
    Remedy(
        instead_of="plain/pid1/SIGTERM@first",
        shown_by="plain-graceful/pid1/SIGTERM@first",
        change="Install a handler that ends the program: signal.signal(signal.SIGTERM, lambda *_:"
        " sys.exit(0)).",
        cost="An init above it (docker run --init) alone makes SIGTERM kill it: no handler of"
        " atexit runs then.",
    ),
)


def remedies_for(question: str) -> tuple[Remedy, ...]:
    """The remedies for a cell that were measured, the simplest first."""
    return tuple(one for one in REMEDIES if one.instead_of == question)
