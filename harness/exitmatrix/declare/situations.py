"""What people and platforms do to a program: one table, for `run`, the reports and the page.

A new situation is a new row: signals, whom they are sent to, and when. Sources
name the code or the manual in which it is written that this is what happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from exitmatrix.model.app import GRACE, SignalStep, Situation
from exitmatrix.model.tree import ALL, FIRST, GROUP, LEAF, SERVING

SITUATIONS: tuple[Situation, ...] = (
    Situation(
        id="deploy",
        does="SIGTERM to the first process, SIGKILL to all when the grace period is over.",
        target=FIRST,
        steps=(SignalStep(signal="SIGTERM"), SignalStep(signal="SIGKILL", target=ALL, after=GRACE)),
        source="Kubernetes, Pod Lifecycle: Termination of Pods; docker stop",
    ),
    Situation(
        id="ctrl-c",
        does="SIGINT to the process group, as a terminal sends it for Ctrl-C.",
        target=GROUP,
        steps=(SignalStep(signal="SIGINT"),),
        source="termios(3), VINTR",
    ),
    Situation(
        id="oom",
        does="SIGKILL to one process that serves, as the out-of-memory killer sends it.",
        target=SERVING,
        steps=(SignalStep(signal="SIGKILL"),),
        watch="replaced",
        source="proc(5), oom_score",
    ),
    Situation(
        id="lost-parent",
        does="SIGKILL to the first process only.",
        target=FIRST,
        steps=(SignalStep(signal="SIGKILL"),),
        needs_several=True,
        source="subprocess.run(timeout=...): only the child itself is killed",
    ),
    Situation(
        id="stop-service",
        does="SIGTERM to every process, SIGKILL to all when the grace period is over.",
        target=ALL,
        steps=(SignalStep(signal="SIGTERM"), SignalStep(signal="SIGKILL", target=ALL, after=GRACE)),
        source="systemd.kill(5), KillMode=control-group",
    ),
    Situation(
        id="stop-service-mixed",
        does="SIGTERM to the first process, SIGKILL to the others once it has ended.",
        target=FIRST,
        steps=(
            SignalStep(signal="SIGTERM"),
            SignalStep(signal="SIGKILL", target=ALL, after=GRACE, or_first_gone=True),
        ),
        source="systemd.kill(5), KillMode=mixed",
    ),
    Situation(
        id="stop-service-process",
        does="SIGTERM to the first process only; no other signal is sent.",
        target=FIRST,
        steps=(SignalStep(signal="SIGTERM"), SignalStep(signal="SIGKILL", after=GRACE)),
        source="systemd.kill(5), KillMode=process",
    ),
    Situation(
        id="hang-up",
        does="SIGHUP to the process group, as when its terminal is closed.",
        target=GROUP,
        steps=(SignalStep(signal="SIGHUP"),),
        source="setpgid(2), termios(3)",
    ),
    Situation(
        id="scale-down",
        does="What `deploy` does, while a request is being answered.",
        target=FIRST,
        steps=(SignalStep(signal="SIGTERM"), SignalStep(signal="SIGKILL", target=ALL, after=GRACE)),
        request=True,
        source="Kubernetes, Pod Lifecycle: Termination of Pods",
    ),
    Situation(
        id="crash",
        does="SIGSEGV to a process of the program that has no child processes.",
        target=LEAF,
        steps=(SignalStep(signal="SIGSEGV"),),
        watch="replaced",
    ),
    Situation(
        id="timeout",
        does="SIGTERM to the process group, and SIGKILL to it when the grace period is over.",
        target=GROUP,
        steps=(SignalStep(signal="SIGTERM"), SignalStep(signal="SIGKILL", after=GRACE)),
        source="coreutils, timeout.c: the signal goes to the command and to its group",
    ),
    Situation(
        id="ci-cancel",
        does="SIGINT to the first process, SIGTERM 7.5 s later, SIGKILL to all 2.5 s after that.",
        target=FIRST,
        steps=(
            SignalStep(signal="SIGINT"),
            SignalStep(signal="SIGTERM", after=7.5),
            SignalStep(signal="SIGKILL", target=ALL, after=10.0),
        ),
        source="GitHub Actions, Workflow cancellation reference",
    ),
)

SITUATIONS_BY_ID = {one.id: one for one in SITUATIONS}
USUAL = ("deploy", "ctrl-c", "oom", "lost-parent")
"""What `run` does unless it is told what to do."""

SIGNALS = (
    *("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGABRT", "SIGKILL"),
    *("SIGUSR1", "SIGUSR2", "SIGALRM", "SIGPIPE", "SIGSEGV"),
)


class NoSuchSituation(Exception):
    """A name that is none; the text is one line."""


def find_situation(name: str) -> Situation:
    """The situation of a name, or one of a single signal: `SIGQUIT`. Raises NoSuchSituation."""
    if name in SITUATIONS_BY_ID:
        return SITUATIONS_BY_ID[name]
    if name in SIGNALS:
        return Situation(
            id=name,
            does=f"{name}.",
            target=FIRST,
            steps=(SignalStep(signal=name),),
            watch="rest" if name.startswith("SIGUSR") else "gone",
        )
    parts = [one.strip() for one in name.split(",")]
    if len(parts) > 1 and all(one in SITUATIONS_BY_ID or one in SIGNALS for one in parts):
        each = " ".join(f"--ending {one}" for one in parts)
        raise NoSuchSituation(f"no ending is called '{name}'; name each by itself: {each}")
    raise NoSuchSituation(
        f"no ending is called '{name}'{did_you_mean(name, (*SITUATIONS_BY_ID, *SIGNALS))}"
    )


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """`; did you mean ...?`, or all that there are."""
    close = get_close_matches(word, known, n=1)
    close = close or [one for one in known if one.lower() == word.lower()]
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; there {'are' if len(known) > 1 else 'is'} {', '.join(known)}"
