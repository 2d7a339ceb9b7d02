"""A cell as commands for a shell, the way the authors of the texts did it. Pure.

They need the checkout and the Python that is asked, and none of the harness: the
scenarios' own `endings` act on a variable of the environment, and are silent without
their channel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath

from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.model import Frozen, Scenario, Termination

PREPARE = (
    'export SCENARIOS="$PWD/scenarios" PYTHONPATH="$PWD/harness/exitmatrix/inside/endings"',
    'cd "$(mktemp -d)"',
)
"""What all commands need; typed once, in the folder of the checkout."""

PROGRAM = "app.py"
TO_START = 1  # second that a plain program is given before a signal, as text M does
PIDS = f"ps -eo pid,ppid,args | grep '[a]{PROGRAM[1:]}'"
NUMBERS = {"SIGKILL": "9"}  # as everybody types it


class Action(Frozen, kw_only=True):
    """What is done to which program."""

    scenario: Scenario
    termination: Termination
    target: str

    @property
    def inside(self) -> bool:
        """Whether the program does it itself."""
        return self.termination.delivery == "in-process"


def commands(cells: Iterable[tuple[Scenario, str, str]]) -> list[str]:
    """The lines for some cells; actions that differ in one word only are a loop."""
    alike: dict[tuple[str, str, str], list[Action]] = {}
    for scenario, termination, target in cells:
        action = Action(scenario=scenario, termination=TERMINATIONS[termination], target=target)
        key = (copy_of(scenario), action.termination.delivery, target)
        alike.setdefault(key, []).append(action)
    lines: list[str] = []
    for (copy, _, _), actions in alike.items():
        lines += [copy, *_actions(actions), ""]
    return lines[:-1]


def copy_of(scenario: Scenario) -> str:
    """The command that brings its program here."""
    if scenario.folder:
        return f'cp -r "$SCENARIOS"/{PurePath(scenario.folder).name}/. .'
    return f'cp "$SCENARIOS"/{PurePath(scenario.path).name} {PROGRAM}'


def _actions(actions: Sequence[Action]) -> list[str]:
    first = actions[0]
    if first.scenario.start or first.termination.delivery not in (
        "in-process",
        "signal",
        "signal-then-signal",
    ):
        return [_by_the_harness(action) for action in actions]
    if first.scenario.serves:
        parts = [["", *_server(action)] for action in actions]
        return [line for part in parts for line in part][1:]
    endings = list(dict.fromkeys(_ending_of(action) for action in actions))
    lengths = list(dict.fromkeys(str(action.scenario.length) for action in actions))
    looping = {"how": endings, "ms": lengths}
    how, length = (f"${name}" if len(some) > 1 else some[0] for name, some in looping.items())
    lines = _plain(first, how, length)
    for name, some in looping.items():
        if len(some) > 1:
            inner = [f"  {line}" for line in lines]
            lines = [f"for {name} in {' '.join(some)}; do", *inner, "done"]
    return lines


def _ending_of(action: Action) -> str:
    """The word that tells it from others: an ending's id, or a signal."""
    signal = action.termination.signal
    return _typed(signal) if signal else action.termination.id


def _typed(signal: str) -> str:
    """A signal as `kill` takes it."""
    return NUMBERS.get(signal, signal.removeprefix("SIG"))


def _plain(action: Action, how: str, length: str) -> list[str]:
    handlers = f"EXITMATRIX_HANDLER_MS={length} " if length != "0" else ""
    if action.inside:
        ending = f"EXITMATRIX_ENDING={how} " if how != "return" else ""
        lines = [f"{handlers}{ending}{_python(action)}; echo exit status $?"]
    else:
        lines = [f"EXITMATRIX_ENDING=wait {handlers}{_python(action)} &", f"sleep {TO_START}"]
        lines += [f"{_kill(action, how)}; wait $!; echo exit status $?"]
    return [*lines, "python look.py"] if action.scenario.data else lines


def _python(action: Action) -> str:
    """The command that runs the program."""
    return " ".join(("python", *action.scenario.runner, PROGRAM))


def _kill(action: Action, how: str) -> str:
    """The command that signals a program in the background."""
    roles = action.scenario.roles
    if action.target == "group":
        kill = f"kill -{how} -- -$!"
    elif action.target == roles[0]:
        kill = f"kill -{how} $!"
    else:
        kill = f"pkill -{how} -P $!"
    return f"{kill}{_then(action, '$!')}"


def _then(action: Action, receiver: str) -> str:
    """The signal that follows after a grace period, if one does."""
    ending = action.termination
    return (
        f"; sleep {ending.grace:g}; kill -{_typed(ending.then)} {receiver}" if ending.then else ""
    )


def _server(action: Action) -> list[str]:
    """Two terminals: the app says its port in the one, and is ended from the other."""
    length = action.scenario.length
    handlers = f"EXITMATRIX_HANDLER_MS={length} " if length else ""
    ending = f"EXITMATRIX_ENDING={_ending_of(action)} " if action.inside else ""
    lines = [f"{handlers}{ending}python {PROGRAM}    # it says its PORT"]
    if action.inside:
        return [*lines, "# in a second terminal:", _get("end")]
    if action.target == "group" and action.termination.signal == "SIGINT":
        return [*lines, "# press Ctrl-C"]
    pid = "PID" if len(action.scenario.roles) == 1 else f"{action.target.upper()}_PID"
    receiver = "-- -PARENT_PID" if action.target == "group" else pid
    roles = action.scenario.roles
    note = f"    # the {roles[1]}'s PPID is the {roles[0]}'s PID" if len(roles) > 1 else ""
    return [
        *lines,
        "# in a second terminal:",
        f"{PIDS}{note}",
        f"kill -{_ending_of(action)} {receiver}{_then(action, receiver)}",
        f"{_get('')}    # does anybody answer?",
    ]


def _get(path: str) -> str:
    url = f"http://127.0.0.1:PORT/{path}"
    return f"python -c 'import requests; print(requests.get(\"{url}\").text)'"


def _by_the_harness(action: Action) -> str:
    """What hands are too slow or too fast for."""
    return (
        f"exitmatrix matrix --scenario {action.scenario.id} --termination {action.termination.id}"
        f" --target {action.target} --output again"
    )
