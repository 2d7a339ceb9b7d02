"""Why runs of an ending ended as they did, and what can be done about it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from exitmatrix.judge.app_reason import AppReason
from exitmatrix.judge.app_reasons_launchers import (
    about_launchers,
    was_killed_in_the_end,
    was_reached,
)
from exitmatrix.model.app import Situation
from exitmatrix.model.app_outcome import AppOutcome, Handler, Member, Ran
from exitmatrix.model.tree import GROUP, MAIN, MASTER


def reasons(outcome: AppOutcome, situation: Situation) -> list[AppReason]:
    """Why it ended as it did, as far as what was seen says so; each said once."""
    found = [
        *about_launchers(outcome),
        *_about_those_left(outcome, situation),
        *_about_those_who_stay(outcome),
        *_about_members(outcome, situation),
        *_about_signals(outcome),
        *_about_restarts(outcome),
        *_about_gaps(outcome, situation),
        *_about_programs(outcome),
    ]
    return list({one.text: one for one in found}.values())


def _about_those_left(outcome: AppOutcome, situation: Situation) -> Iterator[AppReason]:
    """Processes that go on when the first of the program has ended: nothing tells them."""
    first = outcome.members[0] if outcome.members else None
    if first is None or not first.counts or not first.got or situation.watch != "gone":
        return
    name = first.got[0]
    killed = name == "SIGKILL"
    if not first.exit or (not killed and was_killed_in_the_end(first)):
        return
    apart = outcome.sent[0].to == GROUP
    left = [
        one
        for one in outcome.members
        if one is not first and _goes_on(one, name) and (apart or _is_unaware(one, name))
    ]
    left = [one for one in left if one.counts] or left
    if not left:
        return
    roles = [one.role for one in left]
    if len({one.base for one in left}) < len(left):
        roles = list(dict.fromkeys(f"any {one.base}" for one in left))
    them = " or ".join((", ".join(roles[:-1]), roles[-1]) if len(roles) > 1 else roles)
    words = f"{name} came to {first.base} alone, which ended and did not pass it on to {them}."
    if apart:
        words = f"{name} went to the process group of {first.base}, and did not reach {them}."
    yield AppReason(
        text=f"{first.base} is gone, and nothing told {them}." if killed else words,
        remedy="have them look for the end of their parent (an os.getppid() that has changed, and"
        " is 1 only where no subreaper is above; the end of a pipe), or start them with"
        " prctl(PR_SET_PDEATHSIG)"
        if killed
        else f"have {first.base} end them before it ends: terminate() and join(), or what their"
        " pool has for that",
        source="prctl(2), PR_SET_PDEATHSIG; Python, multiprocessing, Process.terminate",
    )


def _goes_on(one: Member, name: str) -> bool:
    """Whether it was not sent the signal, and neither ended by itself nor ran a handler for it."""
    if one.new or name in one.got or was_reached(one):
        return False
    return not one.exit or was_killed_in_the_end(one)


def _is_unaware(one: Member, name: str) -> bool:
    """Whether nobody passed the signal on to it: it would have ended, or a handler run.

    Of one that ignores it, or has a handler of its own in C, nobody knows.
    """
    seen = any(ran.handler.mechanism == f"signal.{name}" for ran in one.handlers)
    return name not in one.ignores and (name not in one.catches or seen)


def _about_those_who_stay(outcome: AppOutcome) -> Iterator[AppReason]:
    """A process that got a signal which asks it to end, and was there until its time was over."""
    for one in outcome.members:
        name = one.got[0] if one.got else ""
        if not one.counts or one.new or name in ("", "SIGKILL"):
            continue
        if one.exit and (one.exit != "signal SIGKILL" or one.got[-1] != "SIGKILL"):
            continue
        if name in one.ignores:
            yield AppReason(
                text=f"{one.base} ignores {name}: itself, or because its parent did.",
                remedy=f"give it a handler for {name}",
                source="signal(7); execve(2): what is ignored stays so",
            )
        if one.finishing and all(ran.began is None for ran in one.handlers if _is_last(ran)):
            yield AppReason(
                text=f"The main thread of {one.base} has ended. Python waits for the other threads,"
                " unless they are daemons, before it runs the atexit handlers.",
                remedy="tell them to end (threading.Event) before it does, or start them with"
                " daemon=True",
                source="Python, threading, Thread objects; Lib/threading.py, _shutdown",
            )
        # What waits so is told from 3.9 on: exitmatrix_exits.
        waits = WAITS * outcome.python.startswith(("2.", "3.6.", "3.7.", "3.8."))
        for ran in one.registered:
            where = f" ({ran.handler.place})" if ran.handler.place else ""
            if ran.handler.mechanism == f"signal.{name}" and _led_nowhere(one, ran):
                yield AppReason(
                    text=f"{ran.handler.label}{where} ran in {one.base}, which went on."
                    + (RAISED + waits if ran.left else RETURNED),
                    remedy=STOPS if ran.left else f"{STOPS}, or call sys.exit() at its end",
                    source="Python, signal, Note on Signal Handlers and Exceptions",
                )
            if ran.fate == "unfinished" and not ran.past:
                yield AppReason(
                    text=f"{ran.handler.label}{where} began in {one.base} and did not end. The"
                    " process waits for it, and so do the handlers after it.",
                    remedy="give what it waits for a time limit",
                    source="Python, atexit",
                )


RAISED = (
    " A handler that raises ends nothing where its exception is caught, as in a server's code in C."
)
WAITS = " Or the main thread has ended, and Python waits for threads that are no daemons."
RETURNED = " It returned, and then Python goes on where the signal has interrupted it."
STOPS = "have the handler tell the server to stop, in the way that it has for that"


def _led_nowhere(one: Member, ran: Ran) -> bool:
    """Whether a handler for a signal ran, and neither another one nor the end began after it."""
    others = (each for each in one.handlers if not each.handler.of_signal)
    went_on = not (one.finishing or ran.past)
    return ran.fate == "ran" and went_on and all(each.began is None for each in others)


LAST = ("atexit", "weakref.finalize", "multiprocessing.util.Finalize", "concurrent.futures")


def _is_last(ran: Ran) -> bool:
    """Whether it is called once the other threads are over: no lifespan, and no library's hook."""
    return ran.handler.mechanism in LAST


def _about_members(outcome: AppOutcome, situation: Situation) -> Iterator[AppReason]:
    for one in outcome.members:
        word, _, how = one.exit.partition(" ")
        by_default = one.observed and not one.registered and how not in (*one.catches, "SIGKILL")
        lacks = any(ran.fate == "not run" for ran in one.own)
        if not one.counts or not word or not (lacks or (word == "signal" and by_default)):
            continue
        first = outcome.sent[0].signal
        if one.init and how == "SIGKILL" and first not in (*one.catches, "SIGKILL"):
            yield AppReason(
                text=f"{one.base} is the first process of its container: {first}, for which it has"
                " no handler, is ignored there.",
                remedy="start it below an init, such as tini or docker run --init, or give it a"
                f" handler for {first}",
                source="pid_namespaces(7)",
            )
        if (word, how) == ("signal", "SIGKILL"):
            yield AppReason(
                text=f"Nothing in a process can run on SIGKILL{_who_killed(outcome, situation)}.",
                remedy="hold what needs no clean-up: a lock by fcntl.flock, a file that is written"
                " beside the old one and renamed, a temporary file without a name",
                source="signal(7)",
            )
        elif word == "signal" and how in one.catches:
            mine = (ran for ran in one.own if ran.handler.mechanism == f"signal.{how}")
            own = next((ran for ran in mine if ran.fate == "unfinished"), None)
            yield AppReason(
                text=f"{one.base} had a handler for {how}, and {how} ended it all the same: the"
                " signal was sent again with its default action, and Python did not finalize.",
                remedy=f"have {own.handler.label} call sys.exit(), or clean up in it"
                if own
                else "close what must be closed where the server shuts down (lifespan, hooks)"
                if any(ran.handler.mechanism == f"signal.{how}" for ran in one.handlers)
                else "catch KeyboardInterrupt, and leave with sys.exit()"
                if how == "SIGINT"
                else "",
                source="uvicorn does so since 0.29: Server.capture_signals; PyPy issue #4995",
            )
        elif word == "signal":
            yield AppReason(
                text=f"{one.base} had no handler for {how}: its default action ends a process at"
                " once, and no Python code runs.",
                remedy=f"signal.signal(signal.{how}, lambda *_: sys.exit(0)), or the like"
                if how in ("SIGTERM", "SIGHUP")
                else "",
                source="signal(7); Python, atexit",
            )
        elif word == "code":
            yield _why_it_left(one, how)


def _why_it_left(one: Member, status: str) -> AppReason:
    """A process that exited, and not all of its handlers had run."""
    handlers = [ran for ran in one.own if not ran.handler.of_signal]
    missing = [ran for ran in handlers if ran.fate == "not run"]
    ran = {one.handler.mechanism for one in handlers if one.fate in ("ran", "raised")}
    lacks = {one.handler.mechanism for one in missing}
    remedy = (
        "leave by sys.exit(), or by the end of the program, instead"
        if one.base in (MAIN, MASTER)
        else "clean up in a hook that is called before that, such as celery's"
        " worker_process_shutdown; in a process of multiprocessing, multiprocessing.util.Finalize"
        " with an exitpriority runs on every Python"
    )
    if stuck := next((each for each in handlers if each.fate == "unfinished"), None):
        return AppReason(
            text=f"{one.base} exited with status {status} while {stuck.handler.label}"
            f" ({stuck.handler.place}) ran, as os._exit() does. The handlers after it do not run.",
            source="Python, os._exit",
        )
    if ran & lacks:
        return AppReason(
            text=f"{one.base} exited with status {status} before the remaining handlers."
        )
    if missing and all(each.inherited for each in missing):
        return AppReason(
            text=f"{one.base} ended without running what it inherited: the process that forked it"
            " had registered it, and a forked process of multiprocessing leaves it to its parent.",
            remedy=f"if it is to run in {one.base} too, {remedy}",
            source="Lib/multiprocessing/popen_fork.py, Popen._launch",
        )
    if missing and not lacks & {*LAST, "threading._register_atexit"}:
        return AppReason(
            text=f"{one.base} exited with status {status} before {' and '.join(sorted(lacks))} was"
            " called: an exception, or an exit, in what comes before passed it by.",
            remedy="catch what may be raised there, or register with atexit what must run even so",
            source="aiohttp, web.run_app; uvicorn, Server.serve: hooks and lifespans run in turn",
        )
    what = f"no {' or '.join(sorted(lacks))} handler" if ran else "no handler"
    return AppReason(
        text=f"{one.base} exited with status {status} and ran {what}, as os._exit() does.",
        remedy=remedy,
        source="Python, os._exit",
    )


def _who_killed(outcome: AppOutcome, situation: Situation) -> str:
    """Of whom a SIGKILL came, where that is no matter of course."""
    if not any(one.signal == "SIGKILL" for one in outcome.sent):
        return ", which came from another process than exitmatrix, or from the kernel"
    return ", which was sent when its time was over" if len(situation.steps) > 1 else ""


def _about_restarts(outcome: AppOutcome) -> Iterator[AppReason]:
    """A master that takes what it is sent for an order to start its workers anew."""
    new = [one for one in outcome.members if one.family and one.new and not one.exit]
    for one in outcome.members:
        if not new or one.exit or not one.family or not one.signalled:
            continue
        name = one.signalled[0]
        old = [each for each in outcome.members if each.family and not each.new and each is not one]
        if name in one.catches and old and all(each.exit for each in old):
            yield AppReason(
                text=f"{one.base} did not end on {name}, and has replaced the processes that did:"
                " it takes this signal as an order to restart.",
                remedy="send it the signal that it stops on, or have it stop on this one (uWSGI:"
                " --die-on-term)",
                source="uWSGI, Managing the uWSGI server: SIGTERM and --die-on-term",
            )


def _about_gaps(outcome: AppOutcome, situation: Situation) -> Iterator[AppReason]:
    """One that was killed, and others go on: its like, who manages them, or what started it."""
    if is_missing(outcome, situation):
        role = next(one.role for one in outcome.members if one.signalled and one.exit)
        yield AppReason(text=f"Nobody was started in the place of {role}.")


def is_missing(outcome: AppOutcome, situation: Situation) -> bool:
    """Whether one that ended was not replaced, though that was waited for and others go on."""
    go_on = outcome.survivors
    return (
        situation.watch == "replaced"
        and any(one.signalled and one.exit for one in outcome.members)
        and bool(go_on)
        and all(one.exit for one in outcome.replacements)
    )


def _about_programs(outcome: AppOutcome) -> Iterator[AppReason]:
    """A process that has become another program, which knows nothing of what was registered."""
    for one in outcome.members:
        if any(ran.past and ran.fate == "not run" for ran in one.own):
            yield AppReason(
                text=f"{one.base} executed another program in its place. The atexit handlers"
                " were lost with the old one.",
                remedy="clean up before os.execv",
                source="Python, os.execv: no clean-up handlers are called",
            )


def _about_signals(outcome: AppOutcome) -> Iterator[AppReason]:
    """A handler that is no longer in place, or whose process does not come to it."""
    sent = {f"signal.{one.signal}" for one in outcome.sent}
    for one in outcome.members:
        for ran in one.registered:
            handler = ran.handler
            if handler.mechanism not in sent or one.new:
                continue
            if ran.by_library:
                yield AppReason(
                    text=f"{handler.label} ({handler.place}) was displaced in {one.base} by"
                    f" {ran.by}: a signal has one handler, the last that was installed.",
                    remedy="install it after that, and call from it what signal.signal gave back",
                    source="Python, signal.signal",
                )
            elif ran.due and ran.fate == "not run" and not _was_killed_otherwise(one, handler):
                yield AppReason(
                    text=f"{handler.label} ({handler.place}) was in place in {one.base} and did not"
                    " begin: handlers run in the main thread, between two instructions of Python"
                    " code, and it executed none.",
                    source="Python, signal, Execution of Python signal handlers",
                )


def _was_killed_otherwise(one: Member, handler: Handler) -> bool:
    """Whether another signal than the handler's, for which there was none, ended it before."""
    word, _, how = one.exit.partition(" ")
    own = handler.mechanism.partition(".")[2]
    return word == "signal" and how not in (*one.catches, own, "SIGKILL")
