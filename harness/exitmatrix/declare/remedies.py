"""The smallest change that makes clean-up run where it did not, and the cell that shows it. Pure.

A remedy is a claim like any other: the records of `shown_by` must show what those of
`instead_of` do not: that all `atexit` handlers run, or what the row names in its place. A test
holds every row against them.
"""

from __future__ import annotations

from exitmatrix.model import Frozen


class Kept(Frozen, kw_only=True):
    """Data in flight that fares better than other data, whatever ends the program."""

    before: str  # a kind of data, as look.py of the scenario calls it
    after: str  # the kind that takes its place
    state: str  # what becomes of that one, and not of the other


class Remedy(Frozen, kw_only=True):
    """A change, with what it is made to and what shows that it helps."""

    instead_of: str  # SCENARIO/[LAUNCHER/]TERMINATION@TARGET
    shown_by: str  # the same where the change is another place for the clean-up
    runs: str = ""  # what runs then, where it is no atexit handler
    ends: bool = False  # that all of it ends is what changes
    data: Kept | None = None  # what becomes of data is what changes
    change: str  # what to do, as an instruction
    cost: str  # what it does not do


STOP_SIGNAL = (
    "Stop it with SIGINT: STOPSIGNAL SIGINT in a Dockerfile, KillSignal=SIGINT in a systemd unit."
)
OTHERS = "Other tools that stop it have to be configured as well."

REMEDIES: tuple[Remedy, ...] = (
    Remedy(
        instead_of="plain/SIGTERM@main",
        shown_by="plain-graceful/SIGTERM@main",
        change="Install a handler that ends the program:"
        " `signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))`.",
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
        cost=(
            "With --workers and --reload the first process sends SIGTERM to the others, "
            "whichever signal it gets."
        ),
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
        cost="Requests that are still in progress then are cancelled.",
    ),
    Remedy(
        instead_of="gunicorn/SIGKILL@worker",
        shown_by="gunicorn-hooks/SIGKILL@worker",
        runs="gunicorn:child_exit",
        change=(
            "Clean up in the hook child_exit, which the master calls for each worker that has "
            "ended, whatever ended it."
        ),
        cost=(
            "It runs in the master, which has none of the worker's memory. The hook worker_exit "
            "is no remedy: it runs just before atexit, and only if atexit runs."
        ),
    ),
    Remedy(
        instead_of="gunicorn/os-exit-7@worker",
        shown_by="gunicorn-hooks/os-exit-7@worker",
        runs="gunicorn:child_exit",
        change=(
            "Clean up in the hook child_exit, which the master calls for each worker that has "
            "ended, whatever ended it."
        ),
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
        change=(
            "Stop a single process with SIGHUP, which it handles when the request is answered."
        ),
        cost="With --master SIGHUP is a reload: there a graceful stop is `q` to --master-fifo.",
    ),
    Remedy(
        instead_of="uwsgi-master/SIGTERM@master",
        shown_by="uwsgi-die-on-term/SIGTERM@master",
        ends=True,
        change="Start it with --die-on-term: without it, a master restarts on SIGTERM.",
        cost="SIGQUIT is the reload then.",
    ),
    *(
        Remedy(
            instead_of=f"{one}/SIGTERM@master",
            shown_by=f"{one}/SIGTERM@master",
            runs="lifespan:shutdown",
            change="Clean up where the application's lifespan is shut down, and not in atexit.",
            cost="What libraries register with atexit still does not run.",
        )
        for one in ("uvicorn-workers", "uvicorn-reload", "gunicorn-uvicorn")
    ),
    Remedy(
        instead_of="celery-prefork/SIGTERM@master",
        shown_by="celery-prefork/SIGTERM@master",
        runs="celery.worker_process_shutdown:process",
        change=(
            "Clean up in the signal worker_process_shutdown of celery: the processes of its pool "
            "end by os._exit."
        ),
        cost="It runs for each process of the pool, and for none that is killed.",
    ),
    *(
        Remedy(
            instead_of=f"{one}/SIGTERM@master",
            shown_by=f"{one}/SIGINT@group",
            change="Stop it with SIGINT to all of its processes: KillSignal=SIGINT in a systemd"
            " unit, Ctrl-C in a terminal.",
            cost="A container runtime sends its signal to the first process only.",
        )
        for one in ("django-runserver", "flask-run-debug")
    ),
    Remedy(
        instead_of="plain/pid1/SIGTERM@first",
        shown_by="plain-graceful/pid1/SIGTERM@first",
        change=(
            "Install a handler that ends the program, `signal.signal(signal.SIGTERM, lambda *_: "
            "sys.exit(0))`: the first process of a container gets only signals for which it has a "
            "handler."
        ),
        cost="Processes that it leaves behind are not reaped: an init does that.",
    ),
    Remedy(
        instead_of="plain/pid1/SIGTERM@first",
        shown_by="plain/tini/SIGTERM@first",
        ends=True,
        change="Start it below an init: tini, dumb-init, docker run --init.",
        cost="It ends at once, and clean-up runs only with a handler for the signal.",
    ),
    Remedy(
        instead_of="plain-subprocess/SIGTERM@parent",
        shown_by="plain-subprocess/SIGTERM@group",
        ends=True,
        change="Have all processes of the program signalled, and not its first one alone:"
        " stopasgroup=true and killasgroup=true for supervisord, KillMode=control-group in a"
        " systemd unit.",
        cost="Each process gets the signal, and runs its handlers only if it has one for it.",
    ),
    Remedy(
        instead_of="data-in-flight/SIGKILL@main",
        shown_by="files-in-flight/SIGKILL@main",
        data=Kept(before="lock file", after="flock", state="removed"),
        change="Lock with fcntl.flock on an open file, and not by the existence of one: the kernel"
        " releases it.",
        cost="The file stays, and a child that inherits it holds the lock too.",
    ),
    Remedy(
        instead_of="data-in-flight/SIGKILL@main",
        shown_by="files-in-flight/SIGKILL@main",
        data=Kept(before="long buffered file", after="renamed file", state="lost"),
        change="Write into a file beside it, and rename that when it is whole: a reader finds the"
        " old one or the new.",
        cost="What was being written is lost, and the file beside it is left behind.",
    ),
    Remedy(
        instead_of="data-in-flight/SIGKILL@main",
        shown_by="files-in-flight/SIGKILL@main",
        data=Kept(before="SQLite transaction", after="SQLite commit in WAL", state="kept"),
        change="Commit each step to a journal, such as SQLite's write-ahead log: what is committed"
        " is there at the next start.",
        cost="What was not committed is lost, and the log is left for the next start to read.",
    ),
    Remedy(
        instead_of="files-in-flight/SIGKILL@main",
        shown_by="files-in-flight/SIGKILL@main",
        data=Kept(before="NamedTemporaryFile", after="TemporaryFile", state="removed"),
        change="Use a temporary file without a name: tempfile.TemporaryFile, which opens it with"
        " O_TMPFILE.",
        cost="No other program can open it by a path.",
    ),
    Remedy(
        instead_of="hypercorn/SIGTERM@group",
        shown_by="hypercorn/SIGTERM@master",
        change="Have SIGTERM sent to the first process alone: KillMode=mixed in a systemd unit.",
        cost=(
            "With two or more workers, the first one that ends has the master signal the others."
        ),
    ),
    Remedy(
        instead_of="plain/sh/SIGTERM@first",
        shown_by="plain-graceful/script-exec/SIGTERM@first",
        change="Put exec before the command, so that the shell becomes the program (CMD as a list"
        " in a Dockerfile starts no shell), and have the program handle SIGTERM.",
        cost="Lines after the command are not executed then: use a trap for what is to follow.",
    ),
    Remedy(
        instead_of="plain-graceful/sh/SIGTERM@first",
        shown_by="plain-graceful/script-exec/SIGTERM@first",
        change="Put exec before the command, so that the shell becomes the program: CMD as a list"
        " in a Dockerfile starts no shell.",
        cost="Lines after the command are not executed then: use a trap for what is to follow.",
    ),
    Remedy(
        instead_of="plain-graceful/script/SIGTERM@first",
        shown_by="plain-graceful/script-exec/SIGTERM@first",
        change="Put exec before the command in the entry script: the program takes the place of the"
        " shell, and gets the signal.",
        cost="Lines after the command are not executed then: use a trap for what is to follow.",
    ),
)


def remedies_for(question: str) -> tuple[Remedy, ...]:
    """The remedies for a cell that were measured, the simplest first."""
    return tuple(one for one in REMEDIES if one.instead_of == question)
