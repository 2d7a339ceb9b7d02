"""Which process of the tree is which."""

from __future__ import annotations

from collections.abc import Sequence

from exitmatrix.model import Scenario
from exitmatrix.observe.history import ProcessHistory

FORK_SERVER = "forkserver"
"""The role of the process that forks others for the program, whatever the scenario declares."""


def assign_roles(seen: dict[int, ProcessHistory], scenario: Scenario) -> str | None:
    """Give the scenario's roles to the processes that run its program, in order of appearance."""
    # One that was caught between its fork and its exec has its parent's command still.
    running = [one for one in seen.values() if one.runs_program and (one.numbers or one.lasting)]
    for one in running:
        one.role = FORK_SERVER if one.forks else ""
    running = [one for one in running if not one.forks]
    # Of workers that are alike the one that comes to the ending is the first; order is chance.
    running[1:] = sorted(running[1:], key=lambda one: one.marker is None)
    names = [scenario.roles[0]] + [
        scenario.roles[-1] + (f"#{number}" if number > 1 else "")
        for number in range(1, len(running))
    ]
    for one, name in zip(running, names, strict=False):
        one.role = name
    if len(running) > 1 and len(scenario.roles) == 1:
        return "more processes than declared ran the program"
    # A server's child must be there to serve; a fork may be refused, and then there is none.
    if len(running) < len(scenario.roles) and scenario.serves:
        return f"the {scenario.roles[len(running)]} was never observed"
    return None


def place(one: ProcessHistory) -> tuple[bool, bool, int]:
    """Sorts processes: the first one, then by number; a fork server comes last.

    When that is found depends on who looks.
    """
    number = one.role.partition("#")[2]
    return one.forks, not one.spawned, int(number or 1)


def helper_name(words: Sequence[str]) -> str:
    """A stable name for a process that does not run the program.

    `python -c "from multiprocessing.resource_tracker import main;main(5)"` is
    `multiprocessing.resource_tracker`; any other is named by its command.
    """
    for place, word in enumerate(words[:-1]):
        source = words[place + 1].split()
        if word == "-c" and source[:1] == ["from"] and len(source) > 1:
            return source[1]
        if word == "-m":
            return words[place + 1]
    return words[0].rsplit("/", 1)[-1] if words else "a process without a name"
