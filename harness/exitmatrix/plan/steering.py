"""How the trials of a race are steered: whom they hold back, by turns. Pure."""

from __future__ import annotations

from exitmatrix.model import Steering

PROCESSES = 3  # a supervisor and two workers
EVENTS = 3  # before the signal is sent, and when so much of it has been told
EVENTS_AHEAD = (1, 2)  # the first of all is held back until another has told so much

TURNS: tuple[Steering | None, ...] = (
    None,  # nobody is held back
    *(Steering(process, events) for events in range(EVENTS) for process in range(PROCESSES)),
    *(Steering(0, 0, until) for until in EVENTS_AHEAD),
)


def steering_of(turn: int) -> Steering | None:
    """What is done in a trial of a cell, by how many it had before."""
    return TURNS[turn % len(TURNS)]
