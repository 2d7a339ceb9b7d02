"""The laws about the interpreter of the small language: what it foresees for a program."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import pytest
from exitmatrix.judge.laws import LAWS, LAWS_BY_ID
from exitmatrix.judge.laws.law import Law, Raises
from exitmatrix.judge.profile import PARAMETERS, Profile, profile
from exitmatrix.judge.program import predict_program
from exitmatrix.judge.semantics.ask import AmbiguousLaws, NotPredicted
from exitmatrix.model.execution import Seen
from exitmatrix.model.language import (
    Abort,
    AwaitJoin,
    AwaitProcess,
    Call,
    Clear,
    CloseStdout,
    Code,
    Default,
    Exec,
    Exhaust,
    FatalError,
    Finalize,
    Flush,
    Fork,
    Function,
    Handle,
    Hook,
    Ignore,
    JoinProcess,
    Keep,
    LibcExit,
    Nothing,
    OsExit,
    PyExit,
    Raise,
    Register,
    RegisterThreading,
    RunHandlers,
    Segfault,
    SetExitFunction,
    Signal,
    StartProcess,
    StartThread,
    Statement,
    SysExit,
    TerminateProcess,
    TryFinally,
    Unregister,
    UnregisterNamesake,
    Write,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

CPYTHONS = ["2.7.18", "3.6.15", "3.9.18", "3.10.13", "3.12.1", "3.13.0", "3.14.0"]
PYPYS = {"2.7.18": "7.3.3", "3.7.10": "7.3.5", "3.9.16": "7.3.11", "3.11.17": "8.0.1"}


def cpython(version: str) -> Profile:
    return profile({"implementation": "cpython", "version": version})


PROFILES: Mapping[str, Profile] = {
    **{version: cpython(version) for version in CPYTHONS},
    **{
        f"pypy-{version}": profile(
            {"implementation": "pypy", "version": version, "implementation_version": own}
        )
        for version, own in PYPYS.items()
    },
}
NEWEST = PROFILES["3.14.0"]


def code(*body: Statement, **functions: Statement | tuple[Statement, ...]) -> Code:
    """A program, and what its functions do."""
    return Code(
        body=body,
        functions=tuple(
            Function(name, does if isinstance(does, tuple) else (does,))
            for name, does in functions.items()
        ),
    )


def text(seen: Seen) -> str:
    """`A( A) = 0` for a handler that ran to its end in the only process; `!` where one raised."""
    signs = {"began": "(", "ended": ")", "raised": "!"}
    return "; ".join(
        " ".join(
            (
                *(f"{line.function}{signs[line.moment]}" for line in one.said),
                f"= {one.exit.signal or one.exit.status}",
            )
        )
        for one in seen.processes
    )


def foreseen(program: Code, python: Profile = NEWEST) -> set[str]:
    return {text(seen) for seen in predict_program(program, python).seen}


# ------------------------------------------------- programs that were once mispredicted


def test_a_signal_handler_runs_in_the_main_thread_whoever_sent_the_signal() -> None:
    """What it raises ends the program, also when another thread sent the signal."""
    stop = code(Handle("SIGTERM", "s"), StartThread((Signal("SIGTERM"),)), s=SysExit(5))
    assert foreseen(stop) == {"s( s! = 5"}


def test_a_forked_child_has_the_forking_thread_alone() -> None:
    """A thread of the parent registers nothing in the child."""
    program = code(Register("A"), StartThread((Register("B"),), "after main"), Fork())
    assert foreseen(program) == {"B( B) A( A) = 0; A( A) = 0"}


def test_forks_that_follow_each_other_make_a_tree() -> None:
    """The child of the first fork forks too; what was buffered is written by all four."""
    (seen,) = predict_program(code(Write("w"), Fork(), Fork()), NEWEST).seen
    assert [one.path for one in seen.processes] == [(), (0,), (0, 0), (1,)]
    assert seen.stdout == ("w",) * 4


def test_a_child_that_a_handler_forked_ends_as_its_parent_was_ending() -> None:
    """With the same status, after the handlers that were left."""
    program = code(Register("A"), Register("B"), SysExit(3), B=Fork())
    assert foreseen(program) == {"B( B) A( A) = 3; B) A( A) = 3"}


def test_a_forked_child_has_its_parents_signal_handlers() -> None:
    """They run in the child."""
    program = code(Handle("SIGTERM", "s"), Fork((Signal("SIGTERM"),)))
    assert foreseen(program) == {"= 0; s( s) = 0"}


def test_a_signal_handler_that_ends_the_process_did_not_end_itself() -> None:
    """os._exit in it leaves it unfinished."""
    program = code(Register("A"), Handle("SIGTERM", "s"), Signal("SIGTERM"), s=OsExit(3))
    assert foreseen(program) == {"s( = 3"}


@pytest.mark.parametrize("python", PROFILES)
def test_a_run_of_the_handlers_that_was_asked_for_raises_up_to_3_9(python: str) -> None:
    """And from 3.10 on it does not, so the program goes on."""
    program = code(Register("A"), Register("B"), RunHandlers(), Register("C"), B=Raise())
    new = PROFILES[python].handler_list == "copied" or python in {
        "3.10.13", "3.12.1", "3.13.0", "pypy-3.11.17",
    }  # fmt: skip
    assert foreseen(program, PROFILES[python]) == {
        "B( B! A( A) C( C) = 0" if new else "B( B! A( A) = 1"
    }


def test_nothing_follows_a_handler_that_ends_the_process() -> None:
    """Neither in a run that was asked for nor at the end."""
    program = code(Register("A"), Register("B"), RunHandlers(), Register("C"), B=OsExit(6))
    assert foreseen(program) == {"B( = 6"}


def test_unregister_finds_what_was_registered_with_arguments() -> None:
    """It compares functions, and nothing else."""
    assert foreseen(code(Register("A", "'x'"), Unregister("A"))) == {"= 0"}


def test_a_thread_that_a_handler_starts_is_one_like_any_other() -> None:
    """3.12.0 to 3.12.2 refuse it, and then the handler raises."""
    program = code(Register("A"), A=StartThread((SysExit(4),)))
    assert foreseen(program) == {"A( A) = 0"}
    assert foreseen(program, cpython("3.12.1")) == {"A( A! = 0"}


def test_of_the_exceptions_of_handlers_python_2_raises_the_last() -> None:
    """A SystemExit counts only where nothing is raised after it."""
    later = code(Register("A"), Register("B"), B=SysExit(4), A=Raise())
    last = code(Register("A"), Register("B"), B=Raise(), A=SysExit(4))
    assert foreseen(later, PROFILES["2.7.18"]) == {"B( B! A( A! = 0"}
    assert foreseen(last, PROFILES["2.7.18"]) == {"B( B! A( A! = 4"}
    assert foreseen(last) == {"B( B! A( A! = 0"}


def test_a_program_without_end_is_not_predicted() -> None:
    """On 2.7 a handler that registers itself runs for ever; it is withheld, with the question."""
    program = code(Register("A"), A=Register("A"))
    with pytest.raises(NotPredicted, match="moments"):
        predict_program(program, PROFILES["2.7.18"])
    assert foreseen(program) == {"A( A) = 0"}


def test_what_a_write_does_that_sends_a_signal_is_withheld() -> None:
    """Where SIGPIPE is handled a flush that nobody reads sends it: no law says what follows."""
    program = code(Register("A"), CloseStdout(), Handle("SIGPIPE", "B"), Write("w"))
    with pytest.raises(NotPredicted, match=r"streams|code ended"):
        predict_program(program, NEWEST)
    ignored = code(Register("A"), CloseStdout(), Write("w"))
    assert foreseen(ignored) == {"A( A) = 120"}


def test_python_2_begins_its_end_anew_for_a_system_exit() -> None:
    """sys.exitfunc runs again, if a handler has set it meanwhile."""
    program = code(Register("A"), Register("B"), A=SetExitFunction("B"), B=SysExit(0))
    assert foreseen(program, PROFILES["2.7.18"]) == {"B( B! A( A) B( B! = 0"}
    assert foreseen(program) == {"B( B! A( A) = 0"}


def test_after_a_clear_handlers_take_the_first_places_again() -> None:
    """Up to 3.13 those run that stand where the run has still to come; from a copy none does."""
    program = code(*map(Register, "ABC"), C=(Clear(), *map(Register, "DEF")))
    assert foreseen(program, PROFILES["3.13.0"]) == {"C( C) E( E) D( D) = 0"}
    assert foreseen(program) == {"C( C) B( B) A( A) = 0"}
    assert foreseen(program, PROFILES["pypy-3.11.17"]) == {"C( C) E( E) D( D) = 0"}
    shorter = code(*map(Register, "ABC"), C=(Clear(), Register("D")))
    assert foreseen(shorter, PROFILES["3.13.0"]) == {"C( C) D( D) = 0"}
    assert foreseen(shorter, PROFILES["pypy-3.11.17"]) == {"C( C) = 0"}


def test_a_traceback_of_a_daemon_thread_may_abort_the_process() -> None:
    """Nobody waits for it: a stream whose lock a suspended thread holds is a fatal error.

    Python 2 and PyPy wait for such a thread. SystemExit is not printed.
    """
    program = code(Register("A"), StartThread((Raise(),), "never"), Write("w"))
    assert foreseen(program) == {"A( A) = 0", "A( A) = SIGABRT"}
    assert foreseen(program, PROFILES["2.7.18"]) == {"A( A) = 0"}
    assert foreseen(program, PROFILES["pypy-3.11.17"]) == {"A( A) = 0"}
    assert foreseen(code(Register("A"), StartThread((SysExit(3),), "never"))) == {"A( A) = 0"}
    with pytest.raises(NotPredicted, match="a fork beside a thread that prints"):
        predict_program(code(StartThread((Raise(),), "never"), Fork()), NEWEST)
    with pytest.raises(NotPredicted, match="globals beside a thread that prints"):
        predict_program(code(Keep("A"), StartThread((Raise(),), "never")), NEWEST)


def test_pypy_3_9_does_not_always_wait_for_a_thread_that_joins_the_main_one() -> None:
    """CPython does, and so do other PyPys."""
    program = code(StartThread((Register("A"),), "joins main"))
    assert foreseen(program, PROFILES["pypy-3.9.16"]) == {"A( A) = 0", "= 0"}
    for python in ("pypy-3.11.17", "3.9.18", "2.7.18"):
        assert foreseen(program, PROFILES[python]) == {"A( A) = 0"}


def test_nobody_waits_for_a_hook_that_is_told_of_a_daemon_thread() -> None:
    """The end may come before it begins, while it runs, or when it is over."""
    raises = StartThread((Raise(),), "never")
    program = code(Register("A"), Hook("threading.excepthook", "h"), raises)
    shown = {one.rpartition(" = ")[0] for one in foreseen(program)}
    assert shown == {
        "A( A)",
        "h( A( A)",
        "A( h( A)",
        "A( A) h(",
        "h( h) A( A)",
        "h( A( h) A)",
        "h( A( A) h)",
        "A( h( h) A)",
        "A( h( A) h)",
        "A( A) h( h)",
    }


def test_globals_are_released_in_any_order() -> None:
    """No law says in which."""
    program = code(Keep("A"), Keep("B"))
    assert foreseen(program, PROFILES["3.13.0"]) == {"A( A) B( B) = 0", "B( B) A( A) = 0"}


@pytest.mark.parametrize("last", [Raise(), SysExit(5), Raise("KeyboardInterrupt")])
def test_what_a_released_global_does_changes_nothing_any_more(last: Statement) -> None:
    """It registers in vain, and what it raises is reported; what it writes comes out."""
    body = Register("B"), Call("C"), Write("w"), last
    program = code(Keep("A"), SysExit(3), A=body)
    assert foreseen(program) == {"A( C( C) A! = 3"}
    assert [one.stdout for one in predict_program(program, NEWEST).seen] == [("w",)]


def test_what_a_released_global_writes_to_nobody_is_withheld() -> None:
    """Whether that changes the exit status was not measured."""
    program = code(Keep("A"), CloseStdout(), A=Write("w"))
    with pytest.raises(NotPredicted, match="Write while globals are released"):
        predict_program(program, NEWEST)


# --------------------------------------------------------------- clauses of `finally`


@pytest.mark.parametrize(
    ("ending", "shown"),
    [
        (Nothing(), "f( f) A( A) = 0"),
        (SysExit(3), "f( f) A( A) = 3"),
        (Raise(), "f( f) A( A) = 1"),
        (Raise("KeyboardInterrupt"), "f( f) A( A) = SIGINT"),
        (Signal("SIGINT"), "f( f) A( A) = SIGINT"),
        (StartThread((SysExit(3),)), "f( f) A( A) = 0"),
        (OsExit(3), "= 3"),
        (Exec(3), "= 3"),
        (Abort(), "= SIGABRT"),
        (FatalError(), "= SIGABRT"),
        (Signal("SIGTERM"), "= SIGTERM"),
        (Signal("SIGKILL"), "= SIGKILL"),
    ],
    ids=str,
)
def test_what_unwinds_runs_finally_and_what_ends_the_process_does_not(
    ending: Statement, shown: str
) -> None:
    """Before any atexit handler, where both run."""
    assert foreseen(code(Register("A"), TryFinally((ending,), "f"))) == {shown}


def test_try_statements_are_left_from_the_inside_to_the_outside() -> None:
    """Each clause runs once, in the thread whose code is left."""
    inner = TryFinally((SysExit(3),), "f")
    assert foreseen(code(TryFinally((inner,), "g"))) == {"f( f) g( g) = 3"}
    thread = StartThread((TryFinally((inner,), "g"),))
    assert foreseen(code(TryFinally((thread,), "h"))) == {"f( f) g( g) h( h) = 0"}


def test_what_a_clause_raises_takes_the_place_of_what_was_raised() -> None:
    """And a clause that returns lets the first exception go on."""
    inner = TryFinally((SysExit(3),), "f")
    assert foreseen(code(TryFinally((inner,), "g"), f=SysExit(4))) == {"f( f! g( g) = 4"}
    assert foreseen(code(TryFinally((Raise(),), "f"), f=SysExit(4))) == {"f( f! = 4"}
    assert foreseen(code(TryFinally((), "f"), Write("w"), f=Raise())) == {"f( f! = 1"}


def test_a_child_that_is_forked_within_a_try_statement_leaves_it_too() -> None:
    """It is a copy of its parent, in the middle of the same code; one clause of which is over."""
    program = code(TryFinally((Fork((SysExit(3),)),), "f"))
    assert foreseen(program) == {"f( f) = 0; f( f) = 3"}
    in_the_clause = code(TryFinally((SysExit(3),), "f"), f=Fork())
    assert foreseen(in_the_clause) == {"f( f) = 3; f) = 3"}


def test_clauses_of_handlers_and_of_signal_handlers_run_too() -> None:
    """Wherever a function is called from, its try statements are its own."""
    inside = TryFinally((SysExit(3),), "f")
    assert foreseen(code(Register("A"), A=inside)) == {"A( f( f) A! = 0"}
    stop = code(Handle("SIGTERM", "s"), TryFinally((Signal("SIGTERM"),), "g"), s=inside)
    assert foreseen(stop) == {"s( f( f) s! g( g) = 3"}


# ---------------------------------------------------------------- finalizers and others


def test_finalizers_take_the_place_of_the_first_one() -> None:
    """All of them, the newest first; those that are made later move nothing."""
    program = code(Register("A"), Finalize("v"), Register("B"), Finalize("w"))
    assert foreseen(program) == {"B( B) w( w) v( v) A( A) = 0"}
    assert foreseen(program, PROFILES["2.7.18"]) == {"A( A) = 1"}


def test_a_finalizer_that_exits_takes_the_others_with_it() -> None:
    """Any other exception is reported, and the next finalizer runs."""
    program = code(Register("A"), Finalize("v"), Finalize("w"))
    assert foreseen(code(*program.body, w=SysExit(4))) == {"w( w! A( A) = 0"}
    assert foreseen(code(*program.body, w=Raise())) == {"w( w! v( v) A( A) = 0"}


def test_finalizers_run_once_in_a_process() -> None:
    """After a run that was asked for none runs any more, whenever it was made."""
    program = code(Finalize("v"), RunHandlers(), Finalize("w"), Register("A"))
    assert foreseen(program) == {"v( v) A( A) = 0"}


def test_finalizers_go_with_the_list_of_handlers() -> None:
    """atexit._clear takes their handler away, and weakref registers no second one."""
    assert foreseen(code(Finalize("v"), Clear(), Finalize("w"), Register("A"))) == {"A( A) = 0"}


def test_a_finalizer_that_is_made_by_one_runs_next() -> None:
    """One handler runs them all, and looks again after each."""
    assert foreseen(code(Finalize("v"), Finalize("w"), w=Finalize("x"))) == {
        "w( w) x( x) v( v) = 0"
    }


def test_the_list_of_threading_runs_before_threads_are_joined() -> None:
    """And those before handlers; one that raises ends all of the wait."""
    thread = StartThread((TryFinally((), "h"),), "after main")
    program = code(Register("A"), RegisterThreading("t"), RegisterThreading("u"), thread)
    assert foreseen(program) == {"u( u) t( t) h( h) A( A) = 0"}
    raising = code(Register("A"), RegisterThreading("t"), RegisterThreading("u"), u=Raise())
    assert foreseen(raising) == {"u( u! A( A) = 0"}


@pytest.mark.parametrize("python", PROFILES)
def test_cpython_releases_globals_behind_all_handlers_and_pypy_does_not(python: str) -> None:
    """Under what ends an interpreter."""
    released = "" if python.startswith("pypy") else " d( d)"
    assert foreseen(code(Register("A"), Keep("d")), PROFILES[python]) == {f"A( A){released} = 0"}
    assert foreseen(code(Register("A"), Keep("d"), OsExit(3)), PROFILES[python]) == {"= 3"}


def test_py_exit_releases_no_global_since_3_8_unless_multiprocessing_is_there() -> None:
    """It has entered the main module once more, which is so emptied before what that needs."""
    plain = code(Keep("d"), PyExit(5))
    process = code(StartProcess(()), JoinProcess(), Keep("d"), PyExit(5))
    assert foreseen(plain, cpython("3.7.16")) == {"d( d) = 5"}
    assert foreseen(plain, cpython("3.8.18")) == {"= 5"}
    for version in ("3.7.16", "3.8.18", "3.15.2"):
        (only,) = foreseen(process, cpython(version))
        assert only.startswith("d( d) = 5")


def test_hooks_are_told_before_handlers_and_not_of_every_end() -> None:
    """sys.excepthook of no SystemExit; threading's of that too, since 3.8."""
    hooks = Register("A"), Hook("sys.excepthook", "s"), Hook("threading.excepthook", "t")
    assert foreseen(code(*hooks, Raise())) == {"s( s) A( A) = 1"}
    assert foreseen(code(*hooks, SysExit(3))) == {"A( A) = 3"}
    for ending in (Raise(), SysExit(3)):
        program = code(*hooks, StartThread((ending,)))
        assert foreseen(program) == {"t( t) A( A) = 0"}
        assert foreseen(program, PROFILES["3.6.15"]) == {"A( A) = 0"}
    failing = code(*hooks, A=Raise())
    assert foreseen(failing) == {"A( A! = 0"}
    assert foreseen(failing, PROFILES["2.7.18"]) == {"A( A! s( s) = 0"}


def test_that_a_hook_is_interrupted_is_withheld() -> None:
    """It was not measured, nor what a finalizer raises where there is a hook."""
    interrupted = code(Hook("sys.excepthook", "s"), Raise(), s=Raise("KeyboardInterrupt"))
    with pytest.raises(NotPredicted, match="hook exception"):
        predict_program(interrupted, NEWEST)
    finalizer = code(Hook("sys.excepthook", "s"), Finalize("v"), v=Raise())
    with pytest.raises(NotPredicted, match="told of a finalizer"):
        predict_program(finalizer, NEWEST)


# ------------------------------------------------------------------- the laws themselves


def test_every_law_says_why_and_where_from() -> None:
    """Each has an id of its own, one to three sentences and a public source."""
    assert len(LAWS_BY_ID) == len(LAWS)
    for law in LAWS:
        assert law.because.endswith(".")
        assert law.because.count(". ") <= 2, law.id
        assert law.source


def test_every_parameter_is_a_field_of_the_profile() -> None:
    """And has a value for the oldest release of each of its subjects."""
    assert [one.name for one in PARAMETERS] == list(Profile.__struct_fields__)
    for one in PARAMETERS:
        subjects = {span.subject for span in one.spans}
        assert subjects == {span.subject for span in one.spans if span.since == ()}, one.name


def without(id: str) -> tuple[Law, ...]:
    return tuple(law for law in LAWS if law.id != id)


def test_what_no_law_speaks_of_is_withheld_with_the_question() -> None:
    """A gap in the laws is told as one."""
    with pytest.raises(NotPredicted, match="statement, Exec in the main thread"):
        predict_program(code(Exec(0)), NEWEST, laws=without("exec-replaces"))


def test_laws_that_contradict_each_other_are_noticed() -> None:
    """No order of the laws decides between two."""
    other = replace(LAWS_BY_ID["exec-replaces"], id="other", then=lambda _: Raises("Exception"))
    with pytest.raises(AmbiguousLaws, match="exec-replaces, other"):
        predict_program(code(Exec(0)), NEWEST, laws=(*LAWS, other))


NAMES = st.sampled_from(["A", "B", "C"])
SIGNALS = st.sampled_from(["SIGTERM", "SIGINT", "SIGCHLD", "SIGKILL", "SIGPIPE", "SIGSTOP"])
LEAVES: st.SearchStrategy[Statement] = st.one_of(
    st.sampled_from(
        [Nothing(), Clear(), RunHandlers(), Abort(), FatalError(), Flush(), CloseStdout()]
    ),
    st.builds(Raise, st.sampled_from(["RuntimeError", "KeyboardInterrupt"])),
    st.builds(SysExit, st.sampled_from([None, 0, 3, 256, -1, 2**40, "text"])),
    st.builds(OsExit, st.integers(0, 255)),
    st.builds(LibcExit, st.sampled_from(["exit", "_exit", "quick_exit"]), st.integers(0, 255)),
    st.builds(Exec, st.integers(0, 255)),
    *(st.builds(kind, NAMES) for kind in (Register, Unregister, UnregisterNamesake)),
    *(st.builds(kind, NAMES) for kind in (Finalize, RegisterThreading, Keep)),
    st.builds(Hook, st.sampled_from(["sys.excepthook", "threading.excepthook"]), NAMES),
    st.builds(SetExitFunction, NAMES),
    *(st.builds(kind, SIGNALS) for kind in (Signal, Ignore, Default)),
    st.builds(Handle, SIGNALS, NAMES),
    st.builds(Write, st.just("w")),
)


def bodies(statements: st.SearchStrategy[Statement]) -> st.SearchStrategy[tuple[Statement, ...]]:
    return st.lists(statements, max_size=3).map(tuple)


STATEMENTS: st.SearchStrategy[Statement] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(
            StartThread,
            bodies(inner),
            st.sampled_from(["joined", "after main", "joins main", "never"]),
        ),
        st.builds(Fork, bodies(inner)),
        st.builds(TryFinally, bodies(inner), NAMES),
    ),
    max_leaves=6,
)
PROGRAMS = st.builds(
    Code,
    body=bodies(STATEMENTS),
    functions=st.lists(
        st.builds(Function, NAMES, bodies(STATEMENTS)), max_size=3, unique_by=lambda one: one.name
    ).map(tuple),
)


@settings(deadline=None)
@given(PROGRAMS, st.sampled_from(sorted(PROFILES)))
def test_no_program_crashes_or_hangs_the_judge(program: Code, python: str) -> None:
    """Any program is predicted or withheld, and at most one law answers each question."""
    with contextlib.suppress(NotPredicted):
        foreseen_ = predict_program(program, PROFILES[python])
        assert foreseen_.seen
        assert set(foreseen_.rules) <= set(LAWS_BY_ID)


NOT_MEASURED: dict[str, Code] = {
    "a handler of SIGSEGV, which comes again and again": code(Handle("SIGSEGV", "A"), Segfault()),
    "what is done while globals are released": code(Keep("A"), A=Fork()),
    "a global of a module that sys holds on to": code(Hook("sys.excepthook", "B"), Keep("A")),
    "Py_Exit in a handler": code(Register("A"), A=PyExit(3)),
    "Py_Exit in a child of a thread": code(StartThread((Fork((PyExit(3),)),))),
}


@pytest.mark.parametrize("what", NOT_MEASURED)
def test_what_was_not_measured_is_withheld(what: str) -> None:
    """With the question that no law answers; Python 3 keeps globals that others hold on to."""
    with pytest.raises(NotPredicted, match="no law says"):
        predict_program(NOT_MEASURED[what], NEWEST)


def test_who_sends_a_signal_that_dumps_core_may_go_on() -> None:
    """The main thread dies of it, and does nothing more; another thread comes some way."""
    foreseen_ = predict_program(
        code(Register("A"), StartThread((Signal("SIGQUIT"), TryFinally((), "B")))), NEWEST
    )
    assert {text(one) for one in foreseen_.seen} == {
        "= SIGQUIT",
        "B( = SIGQUIT",
        "B( B) = SIGQUIT",
    }
    assert foreseen_.races
    alone = predict_program(code(Register("A"), Signal("SIGQUIT"), TryFinally((), "B")), NEWEST)
    assert {text(one) for one in alone.seen} == {"= SIGQUIT"}


def test_a_forked_process_forgets_that_weakref_has_finalizers() -> None:
    """From 3.13 on it has a list of its own, and weakref believes that it is in it."""
    foreseen_ = predict_program(
        code(Finalize("A"), StartProcess((Finalize("B"), Register("C"))), JoinProcess()), NEWEST
    )
    assert {text(one) for one in foreseen_.seen} == {"A( A) = 0; C( C) = 0"}


def test_a_process_that_cannot_write_fails() -> None:
    """Its flush of stdout raises on its way out, behind what has set its status."""
    program = code(CloseStdout(), StartProcess((Write("w"),)), JoinProcess())
    assert foreseen(program, PROFILES["3.12.1"]) == {"= 0; = 1"}


def test_a_starter_that_cannot_write_starts_nothing() -> None:
    """It flushes stdout first, and that raises."""
    program = code(CloseStdout(), Write("w"), TryFinally((StartProcess(()), JoinProcess()), "A"))
    assert foreseen(program, PROFILES["3.12.1"]) == {"A( A) = 120"}


@pytest.mark.parametrize(("version", "status"), [("2.7.18", 1), ("3.6.15", 1), ("3.9.18", 0)])
def test_a_process_may_exit_without_a_number(version: str, status: int) -> None:
    """Before 3.9 multiprocessing took None for a message."""
    program = code(StartProcess((SysExit(None),)), JoinProcess())
    assert foreseen(program, PROFILES[version]) == {f"= 0; = {status}"}
    parsed = code(StartProcess((SysExit("a message"),)), JoinProcess())
    assert foreseen(parsed, PROFILES[version]) == {"= 0; = 1"}


def test_a_process_comes_to_its_end_by_itself() -> None:
    """What it has started and left, it joins or terminates itself; then its handlers run."""
    inner = StartProcess((AwaitJoin(), Register("A")), daemon=True)
    program = code(StartProcess((Register("B"), inner, AwaitProcess())), JoinProcess())
    for version, runs in (("3.12.1", ""), ("3.13.0", "B( B) ")):
        assert foreseen(program, PROFILES[version]) == {f"= 0; {runs}= 0; = SIGTERM"}


def test_a_process_that_rests_goes_on_when_it_is_joined() -> None:
    """Or when its starter is gone; SIGTERM ends it."""
    process = StartProcess((Register("A"), AwaitJoin(), Register("B")))
    rests = (process, AwaitProcess())
    assert foreseen(code(*rests, JoinProcess())) == {"= 0; B( B) A( A) = 0"}
    assert foreseen(code(*rests, OsExit(3))) == {"= 3; B( B) A( A) = 0"}
    assert foreseen(code(*rests, TerminateProcess(), JoinProcess())) == {"= 0; = SIGTERM"}


def test_who_joins_at_its_end_what_rests_waits_for_ever() -> None:
    """The exit function joins what is no daemon, and lets nobody go on."""
    with pytest.raises(NotPredicted, match="for ever"):
        predict_program(code(StartProcess((AwaitJoin(),)), AwaitProcess()), NEWEST)


def test_a_forked_child_takes_its_parents_processes_for_its_own() -> None:
    """Who joins is refused; the exit function sends SIGTERM to a daemon first, and then fails."""
    rests = StartProcess((AwaitJoin(),), daemon=True)
    program = code(Register("A"), rests, AwaitProcess(), Fork((TryFinally((), "B"),)))
    assert foreseen(program) == {"A( A) = 0; = SIGTERM; B( B) A( A) = 0"}
    joins = code(StartProcess(()), AwaitProcess(), Fork((TryFinally((JoinProcess(),), "B"),)))
    assert foreseen(joins) == {"= 0; = 0; B( B) = 1"}


def test_a_daemonic_process_starts_none() -> None:
    """AssertionError, in its function and in the handlers that it runs."""
    program = code(
        StartProcess((TryFinally((StartProcess(()),), "A"),), daemon=True), JoinProcess()
    )
    assert foreseen(program) == {"= 0; A( A) = 1"}


def test_a_process_calls_what_threading_has_in_its_list() -> None:
    """Once more, where it was forked while that was gone through; not when that is over."""
    start = (StartProcess((), daemon=True), JoinProcess())
    program = code(RegisterThreading("A"), *start)
    assert foreseen(program) == {"A( A) = 0; A( A) = 0"}
    within = code(RegisterThreading("A"), A=start)
    assert foreseen(within) == {"A( A) = 0; A( A! = 1"}
    assert foreseen(within, cpython("3.9.2")) == {"A( A) = 0; = 0"}
    behind = code(RegisterThreading("A"), Register("B"), B=start)
    assert foreseen(behind) == {"A( A) B( B) = 0; = 0"}
    left = code(RegisterThreading("A"), Register("B"), A=Raise(), B=start)
    assert foreseen(left) == {"A( A! B( B) = 0; A( A! = 1"}
    assert foreseen(left, cpython("3.9.2")) == {"A( A! B( B) = 0; = 0"}


def test_a_spawned_process_goes_through_that_list_again_where_it_raised() -> None:
    """It left multiprocessing's end, and the interpreter's own begins anew."""
    spawned = StartProcess((RegisterThreading("A"),), "spawn")
    program = code(spawned, JoinProcess(), A=Raise())
    assert foreseen(program) == {"= 0; A( A! A( A! = 1"}


def test_handlers_of_a_fork_server_are_not_heard() -> None:
    """They run in a process that tells nothing, and so does what they start."""
    start = (StartProcess(()), JoinProcess())
    program = code(Register("A"), StartProcess((), "forkserver"), JoinProcess(), A=start)
    (seen,) = predict_program(program, cpython("3.14.1")).seen
    assert [one.path for one in seen.processes] == [(), (0, 0), (1,)]


def test_a_process_that_imports_late_may_not_find_its_function() -> None:
    """When main's code has ended, nobody knows the program's file any more."""
    program = code(Register("A"), A=(StartProcess((), "spawn"), JoinProcess()))
    with pytest.raises(NotPredicted, match="StartProcess"):
        predict_program(program, NEWEST)


@pytest.mark.parametrize(
    ("version", "end"), [("3.7.16", "1"), ("3.13.0", "1"), ("3.14.0", "SIGINT")]
)
def test_a_handler_may_make_ctrl_c_forgotten(version: str, end: str) -> None:
    """Its first process imports what calls eval; before 3.14 that resets what is remembered."""
    program = code(Register("A"), Raise("KeyboardInterrupt"), A=(StartProcess(()), JoinProcess()))
    assert foreseen(program, cpython(version)) == {f"A( A) = {end}; = 0"}


@pytest.mark.parametrize(("version", "written"), [("2.7.18", ()), ("3.6.15", ("w",))])
def test_input_flushes_stdout(version: str, written: tuple[str, ...]) -> None:
    """Also where nothing comes any more, before the exception; but raw_input of 2.7 does not."""
    program = code(Write("w"), TryFinally((Exhaust("input"),), "A"), A=OsExit(5))
    (seen,) = predict_program(program, cpython(version)).seen
    assert seen.stdout == written
