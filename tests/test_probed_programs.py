"""A generated program's record, made with the probe inside, says what the program showed bare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest
from exitmatrix.declare.batch import file_of
from exitmatrix.declare.generate import random
from exitmatrix.declare.source import scenario
from exitmatrix.declare.statements import NAMING, function_names, statements
from exitmatrix.judge.profile import Profile, profile
from exitmatrix.judge.semantics.multiprocess import FORK_SERVER
from exitmatrix.machine.bare.session import BareSession
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.machine.scenarios import load
from exitmatrix.model import Outcome, Unknown
from exitmatrix.model.execution import Execution, Exit, Seen
from exitmatrix.model.language import (
    CloseStdout,
    Code,
    Fork,
    Ignore,
    Register,
    RunHandlers,
    StartProcess,
    StartThread,
    Unregister,
    UnregisterNamesake,
    Write,
)
from exitmatrix.observe import observe
from exitmatrix.observe.bare import NotSeen, seen
from msgspec.structs import replace

from tests.conftest import FOUND, make_order, run_orders

pytestmark = pytest.mark.real

SEED = 4711
GENERATION = 6  # of later ones most programs run an event loop, whose functions are no handlers
PROGRAMS = 160
KNOWN = 0.9  # of the programs that can be compared; the others are `unknown`, with a reason


def comparable(code: Code, about: Profile) -> bool:
    """Whether functions are atexit handlers only, and records tell of all that is done."""
    names_a_handler = Register | Unregister | UnregisterNamesake
    other = NAMING | Ignore | RunHandlers | CloseStdout
    return not any(
        (isinstance(one, other) and not isinstance(one, names_a_handler))
        or (isinstance(one, StartThread) and one.ends != "joined")
        or (
            isinstance(one, StartProcess)
            and one.method == "forkserver"
            and is_told_less(code, about)
        )
        for one in statements(code)
    )


def is_told_less(code: Code, about: Profile) -> bool:
    """Whether a bare run tells less of a program with a fork server than a record does.

    On 3.6 the starter is told another status than that with which a child ends. Where the server
    imports the program it runs handlers, and what these start tells nothing.
    """
    forks = any(
        isinstance(one, Fork | StartProcess)
        for function in code.functions
        for one in statements(Code(body=function.body))
    )
    return not about.server_keeps_status or (about.server_imports and forks)


def recorded(one: Execution) -> tuple[list[str], list[str], dict[str, object]]:
    """What a record says of a process that nobody forked: fired, unfinished, exit."""
    began = [line.function for line in one.said if line.moment == "began"]
    running = list(began)
    for line in one.said:
        if line.moment != "began":
            running.remove(line.function)
    unfinished = list(running)
    fired = []
    for name in began:
        if name in running:
            running.remove(name)
        else:
            fired.append(name)
    return fired, unfinished, exit_of(one.exit)


def exit_of(end: Exit) -> dict[str, object]:
    return {"signal": end.signal} if end.signal else {"code": end.status}


def without_arguments(handlers: Sequence[str]) -> list[str]:
    return [name.partition("(")[0] for name in handlers]


def contradicts(shown: Seen, outcome: Outcome) -> str:
    """What a record says otherwise than the bare run; "" where it says the same."""
    if len(shown.processes) != len(outcome.processes):
        return f"{len(outcome.processes)} processes, not {len(shown.processes)}"
    for bare, process in zip(shown.processes, outcome.processes, strict=True):
        if process.exit != exit_of(bare.exit):
            return f"{process.role} ended with {process.exit}, not {bare.exit}"
        if process.fired is None:
            return f"{process.role} was not observed"
        fired = without_arguments(process.fired)
        if bare.path:  # it may have begun in its parent what it ended itself
            missing = {line.function for line in bare.said if line.moment == "ended"} - {*fired}
            if missing:
                return f"{process.role} did not run {missing}"
        elif (fired, without_arguments(process.unfinished or ())) != recorded(bare)[:2]:
            return f"{process.role} ran {fired}, not {recorded(bare)[0]}"
    return ""


def contradicts_in_any_order(shown: Seen, outcome: Outcome) -> str:
    """The same of a program that starts processes of multiprocessing: records name these by role.

    Which is which is not asked, but for the first. A fork server is a process on record, and tells
    nothing of itself in a bare run.
    """
    processes = tuple(one for one in outcome.processes if not one.role.startswith(FORK_SERVER))
    outcome = replace(outcome, processes=processes)
    if len(shown.processes) != len(outcome.processes):
        return f"{len(outcome.processes)} processes, not {len(shown.processes)}"
    if any(process.fired is None for process in outcome.processes):
        return "one was not observed"
    ends = [sorted(str(exit_of(one.exit)) for one in shown.processes)]
    ends.append(sorted(str(one.exit) for one in outcome.processes))
    ran = [sorted(name for one in shown.processes for name in over(one))]
    fired = [name for one in outcome.processes for name in one.fired or ()]
    ran.append(sorted(without_arguments(fired)))
    first = contradicts(
        Seen(processes=shown.processes[:1], stdout=shown.stdout),
        replace(outcome, processes=outcome.processes[:1]),
    )
    if ends[0] != ends[1] or ran[0] != ran[1]:
        return f"ended with {ends[1]} and ran {ran[1]}, not {ends[0]} and {ran[0]}"
    return first


def compared(code: Code) -> Callable[[Seen, Outcome], str]:
    starts = any(isinstance(one, StartProcess) for one in statements(code))
    return contradicts_in_any_order if starts else contradicts


def over(one: Execution) -> list[str]:
    """What has ended in a process, also of what it inherited running."""
    return [line.function for line in one.said if line.moment != "began"]


@pytest.mark.parametrize("interpreter_id", sorted(FOUND))
def test_a_record_says_what_the_program_showed_bare(
    interpreter_id: str, environment_of: Callable[[str, str], Environment], tmp_path: Path
) -> None:
    """Processes, handlers and ends of random programs; where it cannot say, it is unknown."""
    about = profile(msgspec.to_builtins(FOUND[interpreter_id]))
    codes = {
        f"program-{number}": code
        for number in range(PROGRAMS)
        if comparable(code := random(SEED, number, GENERATION), about) and function_names(code)
    }
    for id, code in codes.items():
        (tmp_path / f"{id}.py").write_text(scenario(code, "generated"))
    environment = environment_of(interpreter_id, "none")
    orders = [make_order(environment, one, "return") for one in load(tmp_path).scenarios]
    bare: dict[str, Seen] = {}
    with BareSession() as session:
        python = (FOUND[interpreter_id].path,)
        for id, (run,) in session.run((id, file_of(code)[0], python) for id, code in codes.items()):
            texts = {one.text for one in statements(codes[id]) if isinstance(one, Write)}
            try:
                bare[id] = seen(run, texts)
            except NotSeen:
                continue  # it goes in circles
    wrong, unknown = {}, {}
    for order, trial in run_orders([one for one in orders if one.scenario.id in bare]):
        id = order.scenario.id
        outcome = observe(trial, order.scenario, order.termination)
        if isinstance(outcome, Unknown):
            unknown[id] = outcome
        elif difference := compared(codes[id])(bare[id], outcome):
            wrong[id] = difference
    assert len(bare) >= PROGRAMS // 8
    assert not wrong
    assert len(unknown) <= (1 - KNOWN) * len(bare), unknown
