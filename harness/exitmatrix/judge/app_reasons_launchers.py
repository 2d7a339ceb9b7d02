"""Why a launcher did not pass a signal on to its program, and what can be done about it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from exitmatrix.judge.app_reason import AppReason
from exitmatrix.model.app_outcome import AppOutcome, Member
from exitmatrix.model.node import SHELLS

SOON = 0.5  # seconds in which who was sent a signal too may end, and it looks as if passed on
EXEC = "start the program with exec, so that it takes the place of the shell"
PIPE = (
    "have the program take the place of the shell, which exec within a pipe does not do: in bash,"
    " exec PROGRAM > >(tee log); or leave its output to the process that starts it"
)
OF_LAUNCHERS = {
    "flock": "flock --no-fork, which becomes the program and keeps the lock",
    "supervise": "svc -d, which has supervise send SIGTERM to the program",
    "runsvdir": "send SIGHUP to runsvdir, on which it has each runsv end its program",
}
"""Where a launcher that is no shell has a way of its own: flock(1), -F; daemontools, svc;
runsvdir(8), Signals.
"""
SEVERAL = (
    "have one supervisor for several programs (supervisord, honcho), or a trap in the shell that"
    " sends the signal to each and waits for them"
)


def about_launchers(outcome: AppOutcome) -> Iterator[AppReason]:
    """A launcher that is sent a signal, or ends of one, and does not pass it on."""
    if not outcome.members:
        return
    first, others = outcome.members[0], outcome.members[1:]
    if first.counts or not first.got or first.got[0] == "SIGKILL":
        return
    name = first.got[0]
    apps = [one for one in others if one.family and not one.new]
    if not apps or name in apps[0].got or was_reached(apps[0]):
        return
    several = sum(one.base != "worker" for one in apps) > 1
    pipes = any(one.beside or one.pipes for one in outcome.members)
    remedy = SEVERAL if several else PIPE if pipes else EXEC
    word, _, how = apps[0].exit.partition(" ")
    other = how if word == "signal" and how not in (name, "SIGKILL") else ""
    if first.exit and other == "SIGHUP":
        yield AppReason(
            text=f"{first.base}, which was started first, ended on {name}, and {apps[0].base} got"
            " SIGHUP instead, as from a terminal that is closed.",
            remedy=_remedy_of(first.base, EXEC),
            source="unbuffer(1); pty(7)",
        )
    elif other:
        yield AppReason(
            text=f"{first.base}, which was started first, got {name}. {apps[0].base} got {other}"
            " instead, which exitmatrix did not send.",
            source="parallel(1), --termseq; entr(1), -r",
        )
    elif ended := [one for one in outcome.members if one.launches and _went_before(one, apps[0])]:
        yield _who_swallowed(ended[-1], first, name, remedy)
    elif first.signalled and (not first.exit or was_killed_in_the_end(first)):
        yield AppReason(
            text=f"{first.base}, which was started first, neither ended nor passed {name} on.",
            remedy=_remedy_of(first.base, remedy),
            source="bash(1), SIGNALS: a trap waits for the command to complete",
        )


def _remedy_of(launcher: str, shells: str) -> str:
    """What can be done about a launcher that passes no signal on; `shells`: if it is a shell."""
    if launcher in SHELLS:
        return shells
    own = f"start the program without {launcher}, or have the signal sent to the program itself"
    return OF_LAUNCHERS.get(launcher, own)


def was_reached(app: Member) -> bool:
    """Whether a signal came to the program: a handler began, a library's own too."""
    return any(ran.began is not None and ran.began >= 0 for ran in app.handlers)


def _went_before(launcher: Member, app: Member) -> bool:
    """Whether a launcher had ended, and the program went on: one that waits for it ends after."""
    if launcher.seconds is None or was_killed_in_the_end(launcher):
        return False
    return app.seconds is None or app.seconds > max(launcher.seconds, SOON)


def was_killed_in_the_end(member: Member) -> bool:
    """Whether it was killed by the SIGKILL that was the last thing sent to it."""
    return member.exit == "signal SIGKILL" and member.got[-1:] == ("SIGKILL",)


def _who_swallowed(launcher: Member, first: Member, name: str, remedy: str) -> AppReason:
    """Of the launchers that have ended, the one that is next to the program."""
    if launcher is first:
        return AppReason(
            text=f"{first.base}, which was started first, ended and did not pass {name} on.",
            remedy=_remedy_of(first.base, remedy),
            source="POSIX, Shell Command Language, exec",
        )
    word, _, signal = launcher.exit.partition(" ")
    how = f"was ended by {signal}" if word == "signal" else "ended"
    it = "it" if word == "signal" else name
    if remedy == EXEC and first.base == "supervisord":
        remedy += ", or have supervisord signal them all: stopasgroup=true and killasgroup=true"
    return AppReason(
        text=f"{launcher.base}, through which {first.base} started the program, {how} and did not"
        f" pass {it} on.",
        remedy=_remedy_of(launcher.base, remedy),
        source="POSIX, Shell Command Language, exec; supervisor, Configuration, stopasgroup",
    )
