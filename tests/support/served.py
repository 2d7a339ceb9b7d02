"""Servers that are made up, and trials of them."""

from __future__ import annotations

from exitmatrix.model import Event, Trial
from exitmatrix.model.node import Node
from exitmatrix.model.server import Reaction, Server, Stop

MASTER = Server(
    id="made",
    package="made",
    workers=2,
    imports=("worker",),
    handlers=("A",),
    master={"SIGTERM": Stop(), "SIGHUP": Stop(passes="SIGTERM")},
    worker={"SIGINT": Reaction(how="goes on"), "SIGTERM": Reaction(how="finalizes")},
    without_signal=Reaction(how="finalizes"),
    orphan=Reaction(how="goes on"),
    source="nowhere",
)


WORDS = ("python", "-m", "gunicorn")


def tree(*workers: int, new: tuple[int, ...] = ()) -> tuple[Node, ...]:
    master = Node(pid=10, parent=1, words=WORDS, program="/p", listens=True)
    return (
        master,
        *(
            Node(
                pid=pid, parent=10, words=WORDS, program="/p", forked=True, listens=True,
                at_ready=pid not in new,
            )
            for pid in workers
        ),
    )  # fmt: skip


def events_of(pid: int, *kinds: str) -> list[Event]:
    return [Event("probe", pid, kind, (f"{pid}.1",)) for kind in kinds]


def trial(*after: Event, workers: tuple[int, ...] = (20, 30)) -> Trial:
    started = [Event("probe", 10, "started", ("1", "python\0", "3.13.0", "0"))]
    for pid in workers:
        started += [
            Event("probe", pid, "forked", ("10",)),
            Event("probe", pid, "registered", (f"{pid}.1", "A", "app:A", "/w/app.py:5")),
        ]
    history = (
        Event("harness", 0, "folder", ("/w",)),
        *started,
        Event("harness", 10, "ready"),
        *after,
        Event("harness", 0, "closing"),
    )
    return Trial(
        cell="cpython-3.13.0/made/gunicorn/SIGTERM@worker",
        history=history,
        stdout="",
        stderr="",
        tree=tree(*workers),
    )
