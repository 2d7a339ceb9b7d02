"""Laws about programs that nobody wrote: generated, written out, and made smaller."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec
import pytest
from exitmatrix.declare.author import FUNCTION_NAMES, KILL, OLDEST, RELEASED
from exitmatrix.declare.dice import Dice
from exitmatrix.declare.generate import GENERATOR_VERSION, random
from exitmatrix.declare.shrink import smaller, weight
from exitmatrix.declare.small_programs import ACTS, ENDINGS, small
from exitmatrix.declare.source import LINES, source
from exitmatrix.declare.statements import HOLDING, function_names, size, statements
from exitmatrix.machine.bare.session import BareSession
from exitmatrix.model.language import (
    Abort,
    ApplyTask,
    Call,
    Catch,
    Code,
    EndInterpreter,
    Exec,
    Fork,
    Function,
    Handle,
    HandleInLoop,
    Hook,
    LibcExit,
    OsExit,
    Pause,
    Raise,
    Register,
    RegisterThreading,
    RunLoop,
    Segfault,
    SetExitFunction,
    Signal,
    StartInterpreter,
    StartProcess,
    StartThread,
    Statement,
    SubmitTask,
    SysExit,
    TryFinally,
    UsePool,
    Write,
)

from tests.conftest import FOUND

SEED = 20261125
PROGRAMS = [random(SEED, number) for number in range(500)]


def bodies(code: Code) -> Iterator[tuple[Statement, ...]]:
    """The body of a program and those in it, functions left out."""
    waiting = [code.body]
    while waiting:
        yield (body := waiting.pop())
        waiting += [one.body for one in body if isinstance(one, HOLDING)]


def test_the_sequence_is_splitmix64() -> None:
    """The first numbers for seed 1234567 are those that the algorithm's authors publish."""
    dice = Dice()
    dice._state = 1234567
    assert [dice.below(1 << 64) for _ in range(3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


GENERATIONS = {
    3: "bb710abb91d19998",
    4: "7421a4b02b34d3ab",
    5: "bd1be250315295e3",
    6: "5141a74b54d74c75",
    7: "a18c8030b64bfd2d",
    8: "0e9e89c25b5b488b",
    9: "7779758317243f5b",
    10: "8b7deba61f0c780f",
    11: "acec2c64d2dbabf6",
    12: "b9d664e8fd93707e",
}


@pytest.mark.parametrize("version", range(OLDEST, GENERATOR_VERSION + 1))
def test_a_seed_means_the_same_programs_everywhere(version: int) -> None:
    """A number finds its program on any machine; other programs need another VERSION."""
    programs = [random(SEED, number, version) for number in range(500)]
    digest = hashlib.sha256(msgspec.json.encode(programs)).hexdigest()
    assert digest[:16] == GENERATIONS[version]


FILES = {
    3: "4307787186e4e4cc",
    4: "9290ac6cbe5586cd",
    5: "f2896dc26f868e70",
    6: "32dd8d99c7749d21",
    7: "6cb166d647f66fa9",
    8: "109a33b4309a4b87",
    9: "9f7f34b9ccb40a2d",
    10: "0eccfa6193c18f6f",
    11: "832b89b4fb19f4c6",
    12: "4b05953df30473ff",
}


@pytest.mark.parametrize("version", range(OLDEST, GENERATOR_VERSION + 1))
def test_a_program_is_the_same_file_everywhere(version: int) -> None:
    """What was seen of another file is of no use: all that was run would be run again."""
    files = "".join(source(random(SEED, number, version)) for number in range(500))
    assert hashlib.sha256(files.encode()).hexdigest()[:16] == FILES[version]


def test_seeds_and_numbers_matter() -> None:
    """Of many programs hardly any are the same; another seed gives others."""
    assert len(set(PROGRAMS)) > 0.95 * len(PROGRAMS)
    others = {random(SEED + 1, number) for number in range(len(PROGRAMS))}
    assert len(others & set(PROGRAMS)) < 0.05 * len(PROGRAMS)


def test_small_programs_are_all_there_once() -> None:
    """Up to three handlers with one act each out of nine, under each ending."""
    assert len(ACTS) >= 9
    assert len(ENDINGS) >= 12
    programs = list(small())
    assert len(programs) == (1 + 9 + 9**2 + 9**3) * len(ENDINGS)
    assert len(set(programs)) == len(programs)


def test_random_programs_use_the_whole_language() -> None:
    """Every kind of statement occurs, also in functions, and every end of a thread."""
    everywhere = {type(one) for code in PROGRAMS for one in statements(code)}
    assert everywhere == {
        *LINES,
        Fork,
        RunLoop,
        StartProcess,
        StartThread,
        TryFinally,
        Catch,
        UsePool,
        SubmitTask,
        ApplyTask,
    }
    loops = [one for c in PROGRAMS for one in statements(c) if isinstance(one, RunLoop)]
    assert {bool(one.tasks) for one in loops} == {bool(one.generators) for one in loops}
    processes = [one for c in PROGRAMS for one in statements(c) if isinstance(one, StartProcess)]
    assert {one.method for one in processes} == {"fork", "spawn", "forkserver"}
    assert {one.daemon for one in processes} == {True, False}
    pools = {one.ends for c in PROGRAMS for one in statements(c) if isinstance(one, UsePool)}
    assert pools == {"with", "shutdown", "left open", "at exit"}
    threads = {one.ends for c in PROGRAMS for one in statements(c) if isinstance(one, StartThread)}
    assert threads == {"joined", "after main", "never"}


@pytest.mark.parametrize("code", PROGRAMS[:100], ids=range(100))
def test_random_programs_end(code: Code) -> None:
    """No function registers, or calls by a signal, itself or one before it; or none forks.

    By name and in its `finally` clauses none calls such a one at all.
    """
    functions = [one for one in code.functions if one.name != RELEASED]
    for function in functions:
        rest = FUNCTION_NAMES[FUNCTION_NAMES.index(function.name) + 1 :]
        inside = statements(Code(body=function.body))
        acts = list(inside)
        assert all(one.function in rest for one in acts if isinstance(one, TryFinally | Call))
        loops = [one for one in acts if isinstance(one, RunLoop)]
        assert all(name in rest for one in loops for name in (*one.tasks, *one.generators))
    assert all(
        one.method == "fork"
        for function in functions
        for one in statements(Code(body=function.body))
        if isinstance(one, StartProcess)
    ), "a spawned process may call it as a handler, and start another, for ever"
    if not any(isinstance(one, Fork | StartProcess) for one in statements(code)):
        return
    handled = {(one.signal, one.function) for one in statements(code) if isinstance(one, Handle)}
    for function in functions:
        rest = FUNCTION_NAMES[FUNCTION_NAMES.index(function.name) + 1 :]
        for one in statements(Code(body=function.body)):
            if isinstance(one, Handle) and one.signal == KILL:
                continue
            if isinstance(one, Register | SetExitFunction | Handle | RegisterThreading | Hook):
                assert one.function in rest
            if isinstance(one, Signal):
                assert all(name in rest for signal, name in handled if signal == one.signal)


def test_programs_with_event_loops_only_fork() -> None:
    """They start no processes of multiprocessing; what only a loop does is in a loop."""
    forks = 0
    for code in PROGRAMS:
        if any(isinstance(one, RunLoop) for one in statements(code)):
            assert not any(isinstance(one, StartProcess) for one in statements(code))
            loops = [one for one in statements(code) if isinstance(one, RunLoop)]
            forks += any(
                isinstance(act, Fork) for one in loops for act in statements(Code(body=one.body))
            )
    assert forks
    functions = [function for code in PROGRAMS for function in code.functions]
    acts = [act for one in functions for act in statements(Code(body=one.body))]
    loops = [one for one in acts if isinstance(one, RunLoop)]
    inside = [act for one in loops for act in statements(Code(body=one.body))]
    in_loops = [one for one in acts if isinstance(one, Pause | HandleInLoop)]
    assert loops
    assert len(in_loops) == sum(isinstance(one, Pause | HandleInLoop) for one in inside)


def test_tasks_of_pools_fork_nothing() -> None:
    """In the child their worker would wait for another task, for ever; and one waits at most."""
    for code in PROGRAMS:
        pools = [one for one in statements(code) if isinstance(one, UsePool)]
        others = [one for one in statements(code) if isinstance(one, SubmitTask | ApplyTask)]
        acts = [act for one in (*pools, *others) for act in one.body]
        assert not any(isinstance(one, Fork | StartProcess | Call | TryFinally) for one in acts)
        assert sum(one.ends == "at exit" for one in pools) <= 1
        assert not (pools and others)


def test_pools_of_processes_are_in_mains_code() -> None:
    """No law says what one in a handler does; and no task ends a worker of a Pool."""
    functions = [function for code in PROGRAMS for function in code.functions]
    inside = [act for one in functions for act in statements(Code(body=one.body))]
    assert not any(isinstance(one, SubmitTask | ApplyTask) for one in inside)
    pools = [o for c in PROGRAMS for o in statements(c) if isinstance(o, SubmitTask | ApplyTask)]
    assert {one.ends for one in pools} == {"with", "left open"}
    applied = [one for one in pools if isinstance(one, ApplyTask)]
    acts = [act for one in applied for act in one.body]
    assert acts
    ends = SysExit | OsExit | LibcExit | Abort | Segfault | Signal | Exec | Handle
    assert not any(isinstance(one, ends) for one in acts)
    assert {one.exception for one in acts if isinstance(one, Raise)} == {"RuntimeError"}


def test_a_program_has_one_second_interpreter_at_most() -> None:
    """Main's code starts it, once. Such a program forks nothing: no law says what a child has."""
    started = 0
    for code in PROGRAMS:
        every = [one for one in statements(code) if isinstance(one, StartInterpreter)]
        assert every == [one for one in code.body if isinstance(one, StartInterpreter)]
        if every or any(isinstance(one, EndInterpreter) for one in statements(code)):
            assert len(every) <= 1
            assert not any(isinstance(one, Fork | StartProcess) for one in statements(code))
            started += len(every)
            assert not set(FUNCTION_NAMES) & {name for one in every for name in one.functions}
    assert started


# ------------------------------------------------------------------------- source


def test_a_file_defines_what_it_names() -> None:
    """A function that is named and not described has an empty body."""
    code = Code(body=(Register("A"),), functions=(Function("B", (Register("C"),)),))
    assert function_names(code) == ("B", "A", "C")
    assert all(f"def {name}(" in source(code) for name in function_names(code))


def test_a_file_imports_what_it_uses() -> None:
    """Threads and signals leave traces in an interpreter that a program without them has not."""
    assert [line for line in source(Code(body=())).splitlines() if "import" in line] == [
        "import os"
    ]
    assert "import threading\n" in source(Code(body=(StartThread(),)))


def test_messages_are_written_as_they_are() -> None:
    """Quotes in a text are the text's."""
    text = source(Code(body=(Raise("ValueError", """it's "so" """), SysExit("it's"), Write('"'))))
    assert """raise ValueError('it\\'s "so" ')""" in text
    assert """sys.exit("it's")""" in text


@pytest.mark.real
def test_every_python_can_read_what_is_written() -> None:
    """Python 2.7 and 3.6 up compile each file."""
    files = [source(code) for code in PROGRAMS[:50]]
    program = (
        "import os\n"
        f"for text in {files!r}:\n"
        "    compile(text, 'program', 'exec')\n"
        "os.write(3, b'- compiled ended\\n')\n"
    )
    pythons = tuple(one.path for one in FOUND.values())
    with BareSession() as session:
        [(_, runs)] = session.run([(0, program, pythons)])
    assert [run.events for run in runs] == [("- compiled ended",)] * len(pythons)


# ----------------------------------------------------------------------- smaller


@pytest.mark.parametrize("code", PROGRAMS[:20], ids=range(20))
def test_what_is_smaller_weighs_less(code: Code) -> None:
    """So shrinking always terminates."""
    assert all(weight(one) < weight(code) for one in smaller(code))


def test_the_smallest_is_found() -> None:
    """A large program is reduced to the one fork in a handler that matters."""

    def matters(code: Code) -> bool:
        return any(
            isinstance(one, Fork) for function in code.functions for one in function.body
        ) and any(isinstance(one, Register) for one in code.body)

    code = max((one for one in PROGRAMS if matters(one)), key=size)
    while found := next((one for one in smaller(code) if matters(one)), None):
        code = found
    assert size(code) == 3
    assert isinstance(code.body[0], Register)
    assert [function.body for function in code.functions] == [(Fork(),)]


def test_what_is_inside_can_take_the_place_of_what_holds_it() -> None:
    """A thread around an act is left out where only the act matters."""
    code = Code(body=(StartThread((OsExit(3),), "after main"),))
    assert Code(body=(OsExit(3),)) in list(smaller(code))
    assert Code(body=(StartThread((OsExit(3),)),)) in list(smaller(code))
