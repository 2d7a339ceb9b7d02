"""`exitmatrix blog`: text B's experiment with the two pids, live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import click

from exitmatrix.cli import options
from exitmatrix.cli.environments import prepare_environments
from exitmatrix.cli.errors import (
    HARNESS_FAILED,
    INTERRUPTED,
    USAGE_ERROR,
    Failure,
    Interrupted,
    no_such,
    stopping_cleanly,
)
from exitmatrix.cli.scenarios import load_scenarios
from exitmatrix.cli.selecting import check_machine, find_interpreters
from exitmatrix.cli.streams import echo_styled
from exitmatrix.declare import stacks
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.machine.run.connection import EngineDied
from exitmatrix.machine.run.live import Live
from exitmatrix.model import Cell, Interpreter, Scenario, Stack, TrialSpec
from exitmatrix.model.versions import stack_words
from exitmatrix.plan.cells import Plan
from exitmatrix.report.live import Narrator

Victim = Literal["child", "parent", "request"]
SCENARIO = "flask-debug"
ACTIONS: Mapping[Victim, tuple[str, str]] = {
    "child": ("SIGKILL", "child"),
    "parent": ("SIGKILL", "parent"),
    "request": ("os-exit-0", "child"),
}
"""What is done to whom, as the author of text B did."""


@click.command("blog")
@click.option(
    "--victim",
    default="child",
    type=click.Choice(list(ACTIONS)),
    show_default=True,
    help="Who gets kill -9; request: a view calls os._exit(0) instead.",
)
@click.option("--stack", default="flask-1.1", show_default=True, help="The Flask to run.")
@options.python("The interpreter.  [default: the newest CPython that can have the stack]")
@click.option(
    "--pace",
    default=2.0,
    show_default=True,
    type=click.FloatRange(0, 60),
    help="Seconds between the steps.",
)
def command(victim: Victim, stack: str, python: Sequence[str], pace: float) -> None:
    """Watch kill -9 hit one of two processes, live.

    Starts a Flask app under the debug server, shows its two processes, ends one,
    and marks each line of output with the process that wrote it. Then it asks the
    port for an answer, and cleans up. Ctrl-C stops it, and leaves nothing running.

    \b
      exitmatrix blog                    kill -9 to the child: a handler is seen
      exitmatrix blog --victim parent    kill -9 to the parent: none is seen
      exitmatrix blog --victim request --stack flask-3.1
    """
    chosen = find_stack(stack)
    with stopping_cleanly():
        subjects, _ = load_scenarios()
        program = the_program(subjects)
        check_machine()
        found = find_interpreters(python, quiet=True)
        planned = the_plan(choose_python(found, chosen), chosen, victim)
        environments, _ = prepare_environments(planned, found, "none")
        cell = planned.cells[0]
        watch(cell, environments[cell.interpreter, cell.stack], program, pace)


def the_program(subjects: Mapping[str, Scenario]) -> Scenario:
    """The app of the experiment."""
    if SCENARIO not in subjects:
        raise Failure(f"the program {SCENARIO} is gone", HARNESS_FAILED)
    return subjects[SCENARIO]


def find_stack(name: str) -> Stack:
    """The stack of a name."""
    flasks = [one for one in stacks.STACKS if one.family == "flask"]
    for one in flasks:
        if one.name == name:
            return one
    raise no_such("stack of Flask", name, [one.name for one in flasks])


def choose_python(found: Mapping[str, Interpreter], stack: Stack) -> Interpreter:
    """The newest CPython of those found that can have the stack, else the newest of any."""
    able = [one for one in found.values() if stacks.applies(stack, one) is None]
    if not able:
        others = [
            one.name
            for one in stacks.STACKS
            if one.family == stack.family
            and any(stacks.applies(one, python) is None for python in found.values())
        ]
        choose = f", or choose --stack {others[-1]}" if others else ""
        raise Failure(
            f"{stack_words(stack.name)} needs Python {stack.requires}, and of"
            f" {', '.join(found)} none can have it: install one, name it with --python{choose}",
            USAGE_ERROR,
        )
    return max(able, key=lambda one: (one.implementation == "cpython", one.language, one.version))


def the_plan(python: Interpreter, stack: Stack, victim: Victim) -> Plan:
    """The one cell that is watched."""
    termination, target = ACTIONS[victim]
    cell = Cell(
        interpreter=python.id,
        stack=stack.name,
        scenario=SCENARIO,
        termination=termination,
        target=target,
    )
    return Plan(cells=(cell,), left_out=())


def watch(cell: Cell, environment: Environment, program: Scenario, pace: float) -> None:
    """Run the cell, and print each line as it comes. Nothing is left running, whatever happens."""
    termination = TERMINATIONS[cell.termination]
    order = TrialSpec(
        cell=cell.id,
        python=str(environment.python),
        path=tuple(str(one) for one in environment.inside),
        scenario=program,
        termination=termination,
        target=cell.target,
    )
    narrator = Narrator(program, termination, cell.target)
    echo_styled((cell.id, "bold"))
    try:
        with Live() as live:
            for event in live.watch(order, pace):
                for line in narrator.lines(event):
                    echo_styled(*line)
    except (Interrupted, KeyboardInterrupt) as error:
        raise Failure("stopped; nothing is left running", INTERRUPTED) from error
    except EngineDied as error:
        raise Failure(str(error), HARNESS_FAILED) from error
