"""What is known of a server: facts with their sources, from which the laws tell the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from exitmatrix.model.base import Frozen

How = Literal[
    "finalizes",
    "interrupted",
    "ends as a process",
    "exits at once",
    "raises again",
    "default action",
    "waits",
    "goes on",
]
"""How a process takes a signal. What Python makes of that, the laws of programs tell.

finalizes          its main thread returns or calls sys.exit
interrupted        KeyboardInterrupt leaves its main thread
ends as a process  it returns from the function of a process that multiprocessing has forked
exits at once      it comes to `os._exit`
raises again       it stops serving and restores the default action, and the signal comes again:
                   it sends it to itself, or its master does
default action     it has no handler for it but those that Python sets when it starts
waits              it stops, and does not leave before whoever it is answering does
goes on            it ignores it, or handles it without leaving
"""


Ends = Literal["returns", "raises", "cut", "never"]
"""How a view ends that is at work.

returns  as it would
raises   by an exception
cut      by an exception, and another is raised within its clean-up
never    not: its process is gone
"""


class View(Frozen, kw_only=True):
    """What becomes of a view that is at work when its process is ended, and of its client."""

    ends: Ends
    client: str = "200"  # as in an outcome: a status, closed, reset, waits
    status: int | None = None  # with which the process leaves then, if with another
    by: str = ""  # the signal that ends the process meanwhile, because another has gone
    past: bool = False  # whether the process leaves past Python then, and the server's own hooks
    late: str = ""  # what the client gets if the view takes longer than the process waits for it
    stays: bool = False  # whether the process waits on, though the view is over
    hurried: bool = False  # so only where the process leaves without its lifespan's end
    handed: View | None = None  # instead, where the signal comes as the request is handed over
    source: str = ""


class Race(Frozen, kw_only=True):
    """Two events within one process, either of which may come first."""

    between: str
    instead: Reaction  # what the process does where they come in the rarer order


class Reaction(Frozen, kw_only=True):
    """What a process does on a signal."""

    how: How
    status: int = 0  # with which it leaves, where it says one
    then: str = ""  # the signal that ends it, where that is another than it got
    anew: bool = False  # whether its master starts another for that reason
    interrupts: bool = False  # of "finalizes": the handler raises, within one of atexit too
    lifespan: bool = False  # whether the application's lifespan is shut down before
    called: tuple[str, ...] = ()  # of the server's own kind, that the signal's handler calls
    hooks: tuple[str, ...] = ()  # and those that it calls on its way out, in order
    raised: tuple[str, ...] = ()  # those of them that end by an exception
    view: View | None = None  # of a request that is being answered; None: by the law, or unknown
    hurried: Reaction | None = None  # what it comes to where its master stops meanwhile
    race: Race | None = None  # within the process itself
    source: str = ""


class Stop(Frozen, kw_only=True):
    """What a master does on a signal, or when a worker is gone: it stops its workers.

    It passes a signal on to them, or tells them in another way, such as an event that they look at.
    """

    passes: str = ""  # the signal that the workers get; "": it tells them in another way
    in_call: bool = False  # it waits in `subprocess.call`, which an exception leaves
    in_turn: bool = False  # it tells one after another, and waits for each
    hurries: str = ""  # the signal that those get that are left when the first has gone
    insists: str = ""  # the signal that those get that have not gone in time
    repeats: bool = False  # it may pass the signal again before a worker has gone
    hooks: tuple[str, ...] = ()  # of the server's own kind, that it calls itself, in order
    restarts: bool = False  # it starts new workers in their place, and goes on
    starts: tuple[str, ...] = ()  # what those come to at once that it starts in their place
    misses: bool = False  # whom it loses while it restarts, it may notice afterwards or never
    cut: str = ""  # the signal that ends the master meanwhile, so that it tells nobody
    abandons: bool = False  # it leaves, and neither tells its workers nor waits for them
    status: int = 0  # with which it exits where it does not restart
    reports: bool = False  # or it exits with that of a second worker that was killed, if it looks
    source: str = ""


class Server(Frozen, kw_only=True):
    """The facts of a server in one arrangement of processes and one range of releases."""

    id: str
    since: str = ""  # the first release for which this is so; "" for the oldest
    where: Mapping[str, str | bool] = {}  # on which Pythons: parameters of their profile
    package: str  # "" for what comes with Python
    workers: int = 0  # 0: one process, which serves
    imports: tuple[str, ...]  # roles whose process has the application's handlers
    handlers: tuple[str, ...] = ("C", "B", "A")  # what finalization runs there, in order
    listens: bool = True  # whether it has a port; a worker that takes tasks from a broker has none
    asgi: bool = False  # whether it has a lifespan
    master: Mapping[str, Stop] = {}  # by signal; any other has its default action
    ignores: tuple[str, ...] = ()  # signals that the master handles and does nothing about
    resizes: Mapping[str, int] = {}  # signals by which the master has workers more or fewer
    unlisted: tuple[
        str, ...
    ] = ()  # signals that it handles in a way not told here, or SIGNAL@TARGET
    again: tuple[str, ...] = ()  # signals by which it leaves soon, and that change nothing if they
    # come once more while it waits for a view
    forced: View | None = None  # of a request, where SIGINT comes to a process that leaves already
    thrice: View | None = None  # of a request, where the same signal may come a third time
    worker: Mapping[str, Reaction] = {}  # or of the one process; also by what sends two signals,
    # by the id of what a view does, such as self-SIGTERM, or a task of one that does not listen
    busy: tuple[str, ...] = ()  # what it is at work on when it is ended
    raises: View = View(ends="raises", client="500")  # what an exception in a view comes to
    quits: Reaction | None = None  # what SystemExit in a view does, with the status that it has
    retires: Reaction | None = None  # what it does when it has answered as many as it may
    hung: str = ""  # the signal that a process gets that does not come back in time
    reaps: tuple[str, ...] = ()  # hooks that the master calls for each worker that is gone
    tells_in_handler: bool = False  # whether it logs what ended one in its handler of SIGCHLD
    fatal: Mapping[int, Stop] = {}  # what the master does when a worker leaves with that status
    without_signal: Reaction | None = (
        None  # what a worker does that its master tells without a signal
    )
    restores: bool = False  # whether signals have their default action when it has stopped
    stalls: bool = False  # whether its main thread waits for a lock, beside others
    replaces: bool = False  # whether a worker that is gone is replaced
    gives_up: Stop | None = None  # what the master does instead when a worker is gone
    notes: bool = False  # whether one that is gone counts, though the master came to stop before
    replaces_late: bool = False  # whether one may be replaced while the master comes to stop
    starting: Reaction | None = None  # what SIGTERM may do to a worker that is not ready for it
    inherits_handlers: bool = False  # whether one that was just forked has its master's handlers
    waits_for_lock: bool = False  # which a worker that a signal ends may have left taken
    stuck: tuple[str, ...] = ()  # hooks that the master has called where it waits; (): all
    leaves: How = "finalizes"  # how a master goes that has stopped its workers
    apart: bool = False  # whether its workers are in another process group than the master
    nests: bool = False  # whether a worker leaves within the handler of its signal, as of C
    renews: tuple[int, ...] = ()  # statuses of a worker for which the master starts another
    follows: bool = False  # whether the master leaves with the status of a worker that is gone
    orphan: Reaction | None = None  # what a worker does whose master is gone
    dies_with_parent: bool = False  # PR_SET_PDEATHSIG: when the thread that forked it is gone
    helpers: tuple[str, ...] = ()
    locks: tuple[str, ...] = ()  # roles whose process makes a named semaphore of multiprocessing
    source: str
