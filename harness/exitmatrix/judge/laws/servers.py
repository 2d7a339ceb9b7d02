"""Laws about a server's loop, its requests, and the process that supervises it."""

from __future__ import annotations

from exitmatrix.judge.laws.law import (
    Answers,
    Facts,
    Kills,
    Law,
    PassesOn,
    Proceeds,
    Raises,
    Restarts,
    Swallows,
    Waits,
    does,
    low_byte,
)
from exitmatrix.model.language import Rest, Serve, Supervise


def _reloader_interrupted(facts: Facts) -> bool:
    return facts.supervisor == "reloader" and facts.exception == "KeyboardInterrupt"


def _swallowed_in_main(facts: Facts) -> bool:
    """Whether CPython 2's server may catch an exception that comes from elsewhere."""
    return facts.exception == "SystemExit" and facts.requested and facts.profile.server_catches_all


def _swallowed_in_callback(facts: Facts) -> bool:
    """Whether a reloader's loop may be in a callback of the collector just then."""
    return (
        facts.exception == "SystemExit"
        and facts.requested
        and facts.supervisor == "reloader"
        and facts.profile.callbacks == "collected"
    )


LAWS: tuple[Law, ...] = (
    Law(
        id="waits-for-an-event",
        about="statement",
        when=does(Rest, Serve, Supervise),
        then=lambda _: Proceeds(),
        because="A program that waits goes on when something comes.",
        source="pause(2)",
    ),
    # ----------------------------------------------------------------------- requests
    Law(
        id="view-exception",
        about="request exception",
        when=lambda f: f.exception == "Exception",
        then=lambda _: Answers("500"),
        because="Flask turns an exception in a view into the answer 500.",
        source="Flask src/flask/app.py, Flask.handle_exception",
    ),
    Law(
        id="view-ends-its-thread",
        about="request exception",
        when=lambda f: f.exception != "Exception" and not f.in_main,
        then=lambda _: Answers("none"),
        because=(
            "SystemExit and KeyboardInterrupt are not subclasses of Exception, so Flask does not "
            "catch them, and they end the request's thread: the client gets no answer, and the "
            "server goes on."
        ),
        source="CPython Lib/socketserver.py, ThreadingMixIn.process_request_thread",
    ),
    Law(
        id="socketserver-2-catches-all",
        about="request exception",
        when=lambda f: f.exception != "Exception" and f.in_main and f.profile.server_catches_all,
        then=lambda _: Answers("none"),
        because="Python 2's SocketServer catches every exception of a request, SystemExit too.",
        source="CPython 2.7 Lib/SocketServer.py, BaseServer._handle_request_noblock",
    ),
    Law(
        id="view-leaves-the-loop",
        about="request exception",
        when=lambda f: (
            f.exception != "Exception" and f.in_main and not f.profile.server_catches_all
        ),
        then=lambda _: PassesOn(),
        because=(
            "Without threads a view runs inside the server's loop, and socketserver does not "
            "catch what is not a subclass of Exception."
        ),
        source="CPython Lib/socketserver.py, BaseServer._handle_request_noblock",
    ),
    Law(
        id="werkzeug-stops-at-ctrl-c",
        about="server exception",
        when=lambda f: f.exception == "KeyboardInterrupt",
        then=lambda _: Swallows(),
        because=(
            "Werkzeug's server swallows KeyboardInterrupt and returns, and so does its reloader, "
            "in parent and child: the program reaches its last line."
        ),
        source="Werkzeug src/werkzeug/serving.py, BaseWSGIServer.serve_forever; "
        "src/werkzeug/_reloader.py, run_with_reloader",
    ),
    Law(
        id="server-loop-raises",
        about="server exception",
        when=lambda f: (
            f.exception != "KeyboardInterrupt"
            and not _swallowed_in_main(f)
            and not _swallowed_in_callback(f)
        ),
        then=lambda _: PassesOn(),
        because="Any other exception that is raised in the server's loop leaves it.",
        source="CPython Lib/socketserver.py, BaseServer.serve_forever",
    ),
    Law(
        id="socketserver-2-swallows-in-main",
        about="server exception",
        when=_swallowed_in_main,
        then=lambda _: (PassesOn(), Answers("either")),
        because=(
            "Python 2's SocketServer catches whatever is raised while it hands a request over to "
            "its thread. A signal that the view sends may come to the main thread just there: the "
            "SystemExit of its handler is then swallowed, and the server goes on."
        ),
        source="CPython 2.7 Lib/SocketServer.py, BaseServer._handle_request_noblock",
        race="the signal, and the main thread's return to waiting for the next request",
    ),
    Law(
        id="weakref-callback-swallows",
        about="server exception",
        when=_swallowed_in_callback,
        then=lambda _: (PassesOn(), Answers("200")),
        because=(
            "PyPy calls the callbacks of weak references when its collector finds them, between "
            "any two steps of a program, and a signal's handler may run inside of one. What it "
            "raises there is printed and ignored: the reloader's loop goes on, and the server too."
        ),
        source="PyPy pypy/module/_weakref/interp__weakref.py, W_WeakrefBase.activate_callback; "
        "CPython 3.9 Lib/importlib/_bootstrap.py, _get_module_lock (CPython gh-95959 and "
        "esphome/device-builder #2688 tell of it elsewhere); Werkzeug src/werkzeug/_reloader.py, "
        "run_with_reloader",
        race="the signal, and the callbacks of what the collector has found",
    ),
    # --------------------------------------------------------------------- supervisors
    Law(
        id="wait-returns",
        about="child ended",
        when=lambda f: f.supervisor == "wait",
        then=lambda _: Proceeds(),
        because=(
            "Popen.wait returns its child's status, negative for a signal, and raises nothing: "
            "the parent goes on to its last line."
        ),
        source="docs: library/subprocess, Popen.wait and Popen.returncode",
    ),
    Law(
        id="reloader-restarts-on-3",
        about="child ended",
        when=lambda f: f.supervisor == "reloader" and f.status == 3,
        then=lambda _: Restarts(),
        because=(
            "If the child exits with status 3, for whatever reason, the parent starts a new one."
        ),
        source="Werkzeug src/werkzeug/_reloader.py, restart_with_reloader",
    ),
    Law(
        id="reloader-passes-status-on",
        about="child ended",
        when=lambda f: f.supervisor == "reloader" and f.status != 3,
        then=lambda f: Raises("SystemExit", low_byte(f.status)),
        because=(
            "The reloader's parent calls sys.exit with its child's return code, which is "
            "negative for a signal: -9 after SIGKILL, which becomes 247. So the parent ends "
            "normally, and its handlers run, however the child died."
        ),
        source="Werkzeug src/werkzeug/_reloader.py, run_with_reloader; docs: library/subprocess, "
        "Popen.returncode",
    ),
    Law(
        id="wait-leaves-child",
        about="supervisor exception",
        when=lambda f: f.supervisor == "wait",
        then=lambda _: PassesOn(),
        because=(
            "An exception that leaves Popen.wait does nothing to the child: one that got no signal "
            "goes on, an orphan."
        ),
        source="CPython Lib/subprocess.py, Popen.wait",
    ),
    Law(
        id="call-2-leaves-child",
        about="supervisor exception",
        when=lambda f: f.supervisor == "reloader" and f.profile.call_leaves_child,
        then=lambda f: Swallows() if _reloader_interrupted(f) else PassesOn(),
        because=(
            "Python 2's subprocess.call lets an exception pass and leaves its child alone: one "
            "that got no signal goes on, an orphan, and one that got the same signal ends in its "
            "own time."
        ),
        source="CPython 2.7 Lib/subprocess.py, call; Werkzeug src/werkzeug/_reloader.py, "
        "run_with_reloader",
    ),
    Law(
        id="call-kills-child",
        about="supervisor exception",
        when=lambda f: (
            f.supervisor == "reloader" and not f.profile.call_leaves_child and f.child_rests
        ),
        then=lambda f: Kills(swallows=_reloader_interrupted(f)),
        because=(
            "In Python 3, when an exception leaves subprocess.call, SystemExit included, the"
            " child is killed with SIGKILL: none of its handlers run."
        ),
        source="CPython Lib/subprocess.py, call",
    ),
    Law(
        id="call-kills-ending-child",
        about="supervisor exception",
        when=lambda f: (
            f.supervisor == "reloader" and not f.profile.call_leaves_child and not f.child_rests
        ),
        then=lambda f: Kills(swallows=_reloader_interrupted(f)),
        because=(
            "Both processes got the signal. The parent's subprocess.call kills the child, which is "
            "running its own handlers: at once, or after Ctrl-C, from 3.7 on, when a quarter of a "
            "second has passed."
        ),
        source="CPython Lib/subprocess.py, call and Popen._sigint_wait_secs (bpo-25942)",
        race="the end of the child, and the SIGKILL that its parent sends on its own way out",
    ),
    Law(
        id="reloader-sees-change",
        about="change",
        when=lambda _: True,
        then=lambda _: Raises("SystemExit", 3),
        because="When a watched file changes, the child's reloader calls sys.exit(3).",
        source="Werkzeug src/werkzeug/_reloader.py, ReloaderLoop.trigger_reload",
    ),
    Law(
        id="grace-time",
        about="grace",
        when=lambda _: True,
        then=lambda f: Waits(waits=f.needs < f.grace),
        because=(
            "Nothing in Python limits how long handlers take; the sender of the signal does, with"
            " a second one after a grace period. A handler ends before that if it and those"
            " before it need less time in total."
        ),
        source="signal(7); docker stop, kill -9 after 10 s; systemd.kill(5), TimeoutStopSec",
    ),
    Law(
        id="second-ctrl-c-alone",
        about="second signal",
        when=lambda f: not f.supervisor,
        then=lambda _: Proceeds(),
        because=(
            "A second Ctrl-C raises KeyboardInterrupt in the handler that runs. That handler ends, "
            "and the others run."
        ),
        source="docs: library/signal; library/atexit, atexit.register",
    ),
    Law(
        id="second-ctrl-c-2",
        about="second signal",
        when=lambda f: f.supervisor != "" and f.profile.call_leaves_child,
        then=lambda _: Proceeds(),
        because=(
            "In Python 2 parent and child run their handlers at the same time after the "
            "first Ctrl-C. The second one interrupts whichever handler runs, in one of them "
            "or in both, also before its first line; between two, it interrupts atexit "
            "itself, which is Python code, and then none runs; and where the reloader is "
            "about to end, it is no longer caught."
        ),
        source="CPython 2.7 Lib/subprocess.py, call; docs: library/signal",
        race="the second SIGINT, and the beginning of the first handler in each process",
    ),
    Law(
        id="second-ctrl-c-kills",
        about="second signal",
        when=lambda f: f.supervisor != "" and not f.profile.call_leaves_child,
        then=lambda _: Proceeds(),
        because=(
            "The parent kills its child after the first Ctrl-C: before 3.7 at once, then when a "
            "quarter of a second has passed, or at the second one. That interrupts whichever "
            "process's handler runs by then. A child that is quick has ended before it is killed."
        ),
        source="CPython Lib/subprocess.py, Popen.wait and call (bpo-25942)",
        race="the second SIGINT, the end of the child, and the SIGKILL that its parent sends to it",
    ),
    Law(
        id="orphan-goes-on",
        about="orphan",
        when=lambda _: True,
        then=lambda _: Proceeds(),
        because=(
            "A parent that is killed, or that leaves by os._exit, tells its child nothing. The "
            "child becomes an orphan and goes on: it serves its port, or waits for ever."
        ),
        source="wait(2), notes on orphans; prctl(2), PR_SET_PDEATHSIG, which is not set here",
    ),
)
