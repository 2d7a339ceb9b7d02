"""Handlers for signals of a user's command: did mine run, and who displaced it?"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from exitmatrix.declare.settings import from_option
from exitmatrix.declare.situations import find_situation
from exitmatrix.judge.app import clean_up, needs_a_look
from exitmatrix.judge.app_reasons import reasons
from exitmatrix.judge.expectations import check_expectations
from exitmatrix.model import Event
from exitmatrix.model.app import AppTrial, TimedEvent
from exitmatrix.model.app_outcome import NOBODY, AppOutcome, EndingResult, Ran
from exitmatrix.model.node import Node
from exitmatrix.observe.app import observe_app
from exitmatrix.report.app.page import AppReport, page
from exitmatrix.report.app.story import story

from tests.ownapp.conftest import Run

PID = 10
SITE = "/venv/lib/python3.13/site-packages"
STOP = ("s1", "SIGTERM", "__main__:stop", "/app/app.py:3", "__main__", "/app/app.py:9")
OTHER = ("s2", "SIGTERM", "server.loop:Server.exit", f"{SITE}/server/loop.py:5", "server.loop")
AGAIN = ("s3", *STOP[1:])
SENT = ("harness", "sent", "SIGTERM", "main")
READY = ("harness", "ready")
EXITED = ("kernel", "ended", "code 0")
DEPLOY = find_situation("deploy")


STARTED = (("kernel", "spawned"), ("probe", "started", "1", "python", "3.13.0", "0"))


def shown(
    *events: tuple[str, ...], target: str = "main", begins: tuple[tuple[str, ...], ...] = STARTED
) -> AppOutcome:
    """What a run shows in which one process told these things."""
    history = [*begins, *events]
    moments = tuple(
        TimedEvent(number / 10, Event(source, 0 if "group" in detail else PID, kind, tuple(detail)))  # type: ignore[arg-type]
        for number, (source, kind, *detail) in enumerate(history)
    )
    node = Node(
        pid=PID, parent=1, at_ready=True, words=("python", "app.py"), program="/usr/bin/python3"
    )
    trial = AppTrial(
        id="deploy",
        situation="deploy",
        target=target,
        blind=False,
        history=moments,
        tree=(node,),
        output="",
    )
    seen = observe_app(trial, "/app")
    assert isinstance(seen, AppOutcome), seen
    return seen


def installs(what: tuple[str, ...]) -> tuple[str, ...]:
    return ("probe", "signal", *what, *([f"{SITE}/server/loop.py:7"] if len(what) == 5 else []))


BEGAN, LEFT = ("probe", "began", "s1"), ("probe", "left", "s1")


def of(seen: AppOutcome, label: str = "signal.SIGTERM:stop") -> Ran:
    (ran,) = [ran for one in seen.members for ran in one.handlers if ran.handler.label == label]
    return ran


def broken(seen: AppOutcome, text: str) -> tuple[str, ...]:
    result = EndingResult(situation=DEPLOY, target="first", outcomes=(seen,))
    (checked,) = check_expectations(from_option(f"deploy:{text}"), [result])
    return checked.broken


def looks(seen: AppOutcome) -> list[str]:
    return needs_a_look(EndingResult(situation=DEPLOY, target="first", outcomes=(seen,)), 30.0)


def test_a_handler_that_was_left_ran() -> None:
    """It is named by its signal and its function, with the place of its code."""
    seen = shown(installs(STOP), READY, SENT, BEGAN, LEFT, EXITED)
    ran = of(seen)
    assert (ran.fate, ran.due, ran.handler.place) == ("ran", True, "app.py:3")
    assert clean_up(seen).answer == "all"
    for text in ("ran=all", "ran=signal.SIGTERM:stop", "ran=signal.SIGTERM"):
        assert broken(seen, text) == ()
    assert not looks(seen)


def test_a_handler_failed_if_what_left_it_has_ended_the_main_thread() -> None:
    """That is told when the thread is at its end; of a second run that returned it says nothing."""
    raised = ("probe", "raised", "s1", "ValueError")
    seen = shown(installs(STOP), READY, SENT, BEGAN, LEFT, raised, EXITED)
    assert (of(seen).fate, of(seen).error) == ("raised", "ValueError")
    (why,) = broken(seen, "ran=signal.SIGTERM")
    assert why == "signal.SIGTERM:stop failed with ValueError in main"
    returned = BEGAN, ("probe", "ended", "s1")
    assert of(shown(installs(STOP), READY, SENT, *returned, raised, EXITED)).fate == "ran"


def test_a_handler_in_which_its_process_ended_is_unfinished() -> None:
    """It began, and no event says that it was left."""
    seen = shown(installs(STOP), READY, SENT, BEGAN, ("harness", "sent", "SIGKILL", "main"), EXITED)
    assert of(seen).fate == "unfinished"
    (why,) = broken(seen, "ran=signal.SIGTERM:stop")
    assert why == "signal.SIGTERM:stop did not finish in main"


def test_a_handler_whose_end_cannot_be_told_is_neither_finished_nor_unfinished() -> None:
    """An expectation that cannot be checked is not met."""
    seen = shown(installs(STOP), READY, SENT, BEGAN, ("probe", "endless", "s1"), EXITED)
    assert of(seen).fate == "began"
    assert broken(seen, "ran=signal.SIGTERM:stop") == (
        "signal.SIGTERM:stop began, and was not seen to return, in main",
    )


def test_a_handler_for_another_signal_has_no_part_in_it() -> None:
    """A handler for SIGTERM need not run if SIGINT comes, or no signal."""
    seen = shown(installs(STOP), READY, ("harness", "sent", "SIGINT", "main"), EXITED)
    assert not of(seen).due
    assert clean_up(seen).answer == "nothing"
    assert broken(seen, "ran=all") == ()
    assert broken(seen, "ran=signal.SIGTERM:stop") == (
        "no process that has signal.SIGTERM:stop was sent its signal",
    )


def test_a_signal_to_the_group_is_sent_to_its_members() -> None:
    """The harness says who they were."""
    to_group = ("harness", "sent", "SIGTERM", "group", str(PID))
    assert of(shown(installs(STOP), READY, to_group, EXITED)).due
    assert not of(shown(installs(STOP), READY, (*to_group[:4], "99"), EXITED)).due


def test_a_handler_that_a_library_displaced_is_told_with_who_did_and_where() -> None:
    """A signal has one handler: the one that was installed last."""
    seen = shown(installs(STOP), installs(OTHER), READY, SENT, EXITED)
    by = "server.loop:Server.exit at server/loop.py:7"
    assert (of(seen).fate, of(seen).by) == ("displaced", by)
    (reason,) = [one for one in reasons(seen, DEPLOY) if "displaced" in one.text]
    assert by in reason.text
    assert reason.remedy
    assert broken(seen, "ran=signal.SIGTERM:stop") == (
        f"signal.SIGTERM:stop was displaced by {by}, in main",
    )
    assert "a handler was displaced" in looks(seen)


def test_a_handler_that_the_program_itself_takes_away_is_nothing_to_look_at() -> None:
    """It is listed, and `all` does not ask for it."""
    default = ("", "SIGTERM", "SIG_DFL", "", "__main__", "/app/app.py:20")
    seen = shown(installs(STOP), installs(default), READY, SENT, EXITED)
    assert of(seen).by == "SIG_DFL at app.py:20"
    assert not looks(seen)
    assert broken(seen, "ran=all") == ()


def test_a_handler_that_is_put_back_is_in_place() -> None:
    """Libraries save what was there, and give it back."""
    seen = shown(installs(STOP), installs(OTHER), installs(AGAIN), READY, SENT, EXITED)
    assert (of(seen).by, of(seen).due) == ("", True)


def test_what_is_taken_away_while_the_program_ends_was_not_displaced() -> None:
    """The loop of asyncio gives the signals back when it is closed."""
    default = ("", "SIGTERM", "SIG_DFL", "", "asyncio", f"{SITE}/asyncio/unix_events.py:140")
    seen = shown(installs(STOP), READY, SENT, installs(default), EXITED)
    assert of(seen).by == ""


def test_a_handler_in_place_that_never_began_is_told_with_why() -> None:
    """The main thread has to come back to Python code for it."""
    killed = ("kernel", "ended", "signal SIGKILL")
    seen = shown(installs(STOP), READY, SENT, ("harness", "sent", "SIGKILL", "main"), killed)
    assert (of(seen).fate, of(seen).due) == ("not run", True)
    assert clean_up(seen).answer == "none"
    assert any("main thread" in one.text for one in reasons(seen, DEPLOY))


def test_how_often_a_signal_comes_tells_no_two_runs_apart() -> None:
    """SIGCHLD comes once for one child or for several; and a library has its own affairs."""
    library = ("s2", "SIGCHLD", *OTHER[2:])
    again = (BEGAN, LEFT) * 2
    of_library = ("probe", "began", "s2"), ("probe", "left", "s2")
    once = shown(installs(STOP), installs(library), READY, SENT, BEGAN, LEFT, EXITED)
    often = shown(installs(STOP), installs(library), READY, SENT, *again, *of_library, EXITED)
    assert once.shape == often.shape
    never = shown(installs(STOP), installs(library), READY, SENT, *of_library, EXITED)
    assert once.shape != never.shape


def test_whom_the_program_displaced_stands_on_the_page() -> None:
    """A server that has lost its own handler for SIGTERM does not shut down as it is meant to."""
    seen = shown(installs(OTHER), installs(STOP), READY, SENT, BEGAN, LEFT, EXITED)
    result = EndingResult(situation=DEPLOY, target="first", outcomes=(seen,))
    report = AppReport(command="x", results=(result,), grace=30.0, runs=1, seconds=1.0, again="x")
    text = " ".join(" ".join(page(report)).split())
    assert (
        "signal.SIGTERM:Server.exit of server/loop.py:5 was displaced by __main__:stop at app.py:9"
        in text
    )


def test_a_sigkill_that_nobody_of_us_sent_is_told_as_one() -> None:
    """subprocess.run of Python kills its child when an exception ends it."""
    atexit = ("probe", "registered", "1", "bye", "__main__:bye", "/app/app.py:1", "__main__", "")
    killed = ("kernel", "ended", "signal SIGKILL")
    ours = ("harness", "sent", "SIGKILL", "main")
    texts = {
        before: reasons(shown(atexit, READY, SENT, *more, killed), DEPLOY)[0].text
        for before, more in (("ours", (ours,)), ("theirs", ()))
    }
    assert "when its time was over" in texts["ours"]
    assert "from another process than exitmatrix" in texts["theirs"]


def test_a_process_that_speaks_is_observed_though_nobody_knows_who_forked_it() -> None:
    """A daemon that forks twice tells of its handlers, and its own parent has ended before that."""
    atexit = ("probe", "registered", "1", "bye", "__main__:bye", "/app/app.py:1", "__main__", "")
    history = [("probe", "forked", "9"), atexit, READY, SENT, EXITED]
    seen = shown(*history, begins=())
    assert seen.members[0].observed
    assert clean_up(seen).answer == "none"


def test_a_program_that_another_replaced_before_it_was_ready_has_no_part() -> None:
    """As of pipx, which executes a Python without PYTHONPATH: what is there says nothing."""
    replaced = ("harness", "replaced")
    seen = shown(installs(STOP), replaced, READY, SENT, EXITED)
    (one,) = seen.members
    assert (one.observed, one.handlers, seen.python) == (False, (), "")
    assert clean_up(seen).answer == "unseen"
    seen = shown(installs(STOP), replaced, *STARTED[1:], READY, installs(AGAIN), SENT, EXITED)
    assert seen.members[0].observed
    assert [each.handler.label for each in seen.members[0].handlers] == ["signal.SIGTERM:stop"]


def test_a_signal_to_a_group_that_everybody_has_left_reaches_nobody() -> None:
    """A daemon is in a session of its own: Ctrl-C is not for it, and it goes on."""
    seen = shown(READY, ("harness", "sent", "SIGINT", "group"), target="group")
    assert [one.to for one in seen.sent] == [NOBODY]
    assert clean_up(seen).answer == "goes on"
    result = EndingResult(situation=find_situation("ctrl-c"), target="group", outcomes=(seen,))
    assert "SIGINT to the process group, which every process has left" in " ".join(story(result))


FINALIZER = ("probe", "finalize", "w1", "__main__:close", "/app/app.py:5", "__main__", "")


def test_a_finalizer_belongs_to_the_end_unless_it_ran_before_or_is_dropped() -> None:
    """Its owner may have gone before the program's end."""
    label = "weakref.finalize:close"
    ran = ("probe", "began", "w1"), ("probe", "ended", "w1")
    assert of(shown(FINALIZER, READY, SENT, *ran, EXITED), label).fate == "ran"
    lacking = shown(FINALIZER, READY, SENT, EXITED)
    assert of(lacking, label).fate == "not run"
    assert clean_up(lacking).answer == "none"
    assert broken(lacking, "ran=weakref.finalize") == (f"{label} did not run in main",)
    for before in (ran, [("probe", "dropped", "w1")]):
        assert shown(FINALIZER, *before, READY, SENT, EXITED).members[0].handlers == ()


HOOK = ("probe", "finalize", "h1", "conf:gone", "/app/conf.py:3", "", "", "gunicorn.child_exit")


@pytest.mark.parametrize(
    ("before", "since", "fates"),
    [
        (("ended",), ("ended", "ended"), ["ran"]),
        (("ended",), (), []),
        ((), ("ended", "left", "ended"), ["began", "ran"]),
        ((), (), ["not run"]),
    ],
)
def test_a_hook_that_is_called_several_times_is_one_thing(
    before: tuple[str, ...], since: tuple[str, ...], fates: list[str]
) -> None:
    """There is child_exit for each worker of gunicorn that ends, at whatever time."""
    calls = [
        [event for how in ends for event in (("probe", "began", "h1"), ("probe", how, "h1"))]
        for ends in (before, since)
    ]
    seen = shown(HOOK, *calls[0], READY, SENT, *calls[1], EXITED)
    assert [(one.handler.label, one.fate) for one in seen.members[0].handlers] == [
        ("gunicorn.child_exit:gone", fate) for fate in fates
    ]


@pytest.mark.parametrize(
    ("name", "due"),
    [("worker_abort", False), ("worker_int", False), ("worker_exit", True)],
)
def test_a_hook_for_a_signal_is_to_run_where_that_is_sent(name: str, due: bool) -> None:
    """Gunicorn's workers call worker_int for SIGINT and SIGQUIT, and worker_abort for SIGABRT."""
    hook = (*HOOK[:-1], f"gunicorn.{name}")
    label = f"gunicorn.{name}:gone"
    why = f"{label} did not run in main"
    lacking = shown(hook, READY, SENT, EXITED)  # after SIGTERM
    assert of(lacking, label).fate == "not run"
    assert bool(lacking.members[0].own) == due
    assert broken(lacking, f"ran={label}") == (
        (why,) if due else (f"no process that has {label} called it",)
    )
    after = ("harness", "sent", "SIGABRT" if name == "worker_abort" else "SIGINT", "main")
    assert broken(shown(hook, READY, after, EXITED), f"ran={label}") == (why,)
    ran = ("probe", "began", "h1"), ("probe", "ended", "h1")
    assert broken(shown(hook, READY, SENT, *ran, EXITED), f"ran={label}") == ()


def test_a_finalizer_that_is_left_and_was_not_seen_to_return_does_not_count_as_run() -> None:
    """It may have raised; what is not known does not pass."""
    left = ("probe", "began", "w1"), ("probe", "left", "w1")
    seen = shown(FINALIZER, READY, SENT, *left, EXITED)
    assert of(seen, "weakref.finalize:close").fate == "began"
    assert clean_up(seen).answer != "all"
    (why,) = broken(seen, "ran=all")
    assert why == "weakref.finalize:close began, and was not seen to return, in main"
    assert shown(FINALIZER, *left, READY, SENT, EXITED).members[0].handlers == ()


@pytest.mark.parametrize(
    ("key", "mechanism"),
    [("m1", "multiprocessing.util.Finalize"), ("t1", "threading._register_atexit")],
)
def test_what_multiprocessing_and_threading_call_at_the_end_is_told_by_mechanism(
    key: str, mechanism: str
) -> None:
    """It belongs to the end as a finalizer does, by name, with file and line."""
    detail = (*FINALIZER[:2], key, *FINALIZER[3:])
    ran = ("probe", "began", key), ("probe", "ended", key)
    one = of(shown(detail, READY, SENT, *ran, EXITED), f"{mechanism}:close")
    assert (one.fate, one.handler.place, one.handler.mechanism) == ("ran", "app.py:5", mechanism)
    lacking = shown(detail, READY, SENT, EXITED)
    assert broken(lacking, f"ran={mechanism}") == (f"{mechanism}:close did not run in main",)
    assert shown(detail, *ran, READY, SENT, EXITED).members[0].handlers == ()


def with_a_child(*events: Event) -> AppOutcome:
    """What a run shows of a process and its fork, up to whose end these things were told."""
    history = [
        Event("kernel", PID, "spawned"),
        Event("probe", PID, "started", ("1", "python", "3.13.0", "0"), number=1),
        *events,
        *(Event("kernel", pid, "ended", ("code 0",)) for pid in (PID + 1, PID)),
    ]
    words = ("python", "app.py")
    trial = AppTrial(
        id="deploy",
        situation="deploy",
        target="master",
        blind=False,
        history=tuple(TimedEvent(place / 10, event) for place, event in enumerate(history)),
        tree=(
            Node(pid=PID, parent=1, words=words, program="/usr/bin/python3"),
            Node(pid=PID + 1, parent=PID, words=words, program="/usr/bin/python3", forked=True),
        ),
        output="",
    )
    seen = observe_app(trial, "/app")
    assert isinstance(seen, AppOutcome), seen
    return seen


FOUND = Event("kernel", PID + 1, "found", ("python", "app.py"))
ENDING = (Event("harness", PID, "ready"), Event("harness", PID, "sent", ("SIGTERM", "master")))


def forked(after: int, *how: str) -> Event:
    """A child speaks; its parent had told so many events before the fork."""
    return Event("probe", PID + 1, "forked", (str(PID), str(after), *how), number=1)


def registers(number: int, name: str) -> Event:
    """A parent registers a handler: its event with this number."""
    detail = (str(number), name, f"__main__:{name}", "/app/app.py:1", "__main__", "")
    return Event("probe", PID, "registered", detail, number=number)


def begins(number: int, key: int) -> Event:
    """A parent begins a handler, by its key: its event with this number."""
    return Event("probe", PID, "began", (str(key),), number=number)


@pytest.mark.parametrize(("key", "inherited"), [("m1", 0), ("t1", 1), ("w1", 1)])
def test_a_finalizer_of_multiprocessing_belongs_to_the_process_that_made_it(
    key: str, inherited: int
) -> None:
    """A forked process never calls it, so it is not missing there."""
    first = Event("probe", PID, "finalize", (key, *FINALIZER[3:]), number=2)
    seen = with_a_child(first, forked(2), *ENDING)
    assert [len(one.handlers) for one in seen.members] == [1, inherited]


@pytest.mark.parametrize("found", [(FOUND,), ()])
def test_what_a_parent_registers_after_a_fork_is_not_its_childs(found: tuple[Event, ...]) -> None:
    """However late the child first speaks, and whether or not it was seen before."""
    events = (registers(2, "early"), *found, registers(3, "late"), *ENDING, forked(2))
    handlers = [
        [each.handler.label for each in one.handlers] for one in with_a_child(*events).members
    ]
    assert handlers == [["__main__:early", "__main__:late"], ["__main__:early"]]
    events = (registers(2, "early"), *found, registers(3, "late"), *ENDING, forked(3))
    assert len(with_a_child(*events).members[1].handlers) == 2


@pytest.mark.parametrize(
    ("fork", "fate"),
    [
        (forked(3), "not run"),  # before the handler begins
        (forked(4), "unfinished"),  # within it, as of a handler that forks
        (forked(4, "thread"), "not run"),  # by another thread than the one that is in it
    ],
)
def test_a_child_is_in_the_handlers_that_the_thread_which_forked_it_is_in(
    fork: Event, fate: str
) -> None:
    """Celery starts a process of its pool in a thread, while its main thread handles SIGTERM."""
    seen = with_a_child(registers(2, "a"), registers(3, "b"), *ENDING, begins(4, 3), fork)
    fates = {each.handler.label: each.fate for each in seen.members[1].handlers}
    assert fates == {"__main__:a": "not run", "__main__:b": fate}


def test_a_child_that_never_speaks_is_in_no_handler_of_its_parent() -> None:
    """Nobody saw which thread has forked it."""
    seen = with_a_child(registers(2, "a"), *ENDING, begins(3, 2), FOUND)
    assert [each.fate for each in seen.members[1].handlers] == ["not run"]


PROGRAM = """\
import signal, sys, time

def stop(number, frame):
    print("stopped")
    sys.exit(0)

signal.signal(signal.SIGTERM, stop)
if "library" in sys.argv:
    import library
print("ready", flush=True)
time.sleep(600)
"""

BOTH = """\
import threading, time
from multiprocessing.util import Finalize

def close(): pass
def leave(): pass

Finalize(None, close, exitpriority=10)
threading._register_atexit(leave)
print("ready", flush=True)
time.sleep(600)
"""

BUSY = """\
import ctypes, signal

signal.signal(signal.SIGTERM, lambda *_: None)
print("ready", flush=True)
lock = ctypes.create_string_buffer(64)
for _ in range(2):
    ctypes.CDLL(None).pthread_mutex_lock(lock)
"""


@pytest.mark.real
def test_who_displaced_a_handler_stands_on_the_page(run_app: Run, folder: Path) -> None:
    """As the reason why the program's own did not run, with file and line."""
    (folder / "app.py").write_text(PROGRAM)
    library = folder / "venv" / "site-packages"
    library.mkdir(parents=True)
    (library / "library.py").write_text(
        "import signal, sys\n\ndef leave(*_):\n    sys.exit(0)\n\n"
        "signal.signal(signal.SIGTERM, leave)\n"
    )
    ending = ("--ending", "deploy", "--trials", "1")
    done = run_app(*ending, "--json", "seen.jsonl", "--", "python", "app.py")
    assert "runs signal.SIGTERM:stop" in done.stdout
    (record,) = map(json.loads, (folder / "seen.jsonl").read_text().splitlines())
    assert record["outcomes"][0]["processes"][0]["fired"] == ["signal.SIGTERM:stop"]
    expected = ("--expect", "deploy:ran=signal.SIGTERM:stop")
    words = (*ending, *expected, "--", "python", "app.py", "library")
    done = run_app(*words, PYTHONPATH=str(library))
    assert done.returncode == 1
    assert "displaced by library:leave at library.py:6" in done.stdout
    assert "! 1 of 1 ending needs a look" in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


@pytest.mark.real
def test_a_handler_whose_process_never_comes_to_it_has_not_run(run_app: Run, folder: Path) -> None:
    """Its main thread waits in C for a lock, which no signal ends."""
    (folder / "app.py").write_text(BUSY)
    done = run_app("--ending", "deploy", "--grace", "2s", "--trials", "1", "--", "python", "app.py")
    assert "not run: signal.SIGTERM:<lambda>" in done.stdout
    assert "did not begin" in " ".join(done.stdout.split())


@pytest.mark.real
def test_what_multiprocessing_and_threading_call_is_seen_in_a_run(
    run_app: Run, folder: Path
) -> None:
    """With file and line, and that it ran; the run without the probe ends alike."""
    (folder / "app.py").write_text(BOTH)
    expected = "ctrl-c:ran=multiprocessing.util.Finalize:close+threading._register_atexit:leave"
    words = ("--ending", "ctrl-c", "--trials", "1", "--expect", expected)
    done = run_app(*words, "--", "python", "app.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"multiprocessing\.util\.Finalize:close +Finalize +app\.py:4", done.stdout)
    assert re.search(r"threading\._register_atexit:leave +thread +app\.py:5", done.stdout)
    assert "The probe made no difference that was seen" in done.stdout


REGISTERED = ("probe", "registered", "1", "close", "__main__:close", "/app/app.py:2", "__main__")
ALSO = ("probe", "registered", "2", "flush", "__main__:flush", "/app/app.py:3", "__main__")


def handlers_of(*events: tuple[str, ...]) -> dict[str, str]:
    seen = shown(REGISTERED, ALSO, *events, READY, SENT, EXITED)
    return {ran.handler.label: ran.fate for one in seen.members for ran in one.handlers}


def test_what_atexit_no_longer_has_is_nothing_to_clean_up() -> None:
    """Who has closed something unregisters what would; a process of multiprocessing clears all."""
    assert set(handlers_of()) == {"__main__:close", "__main__:flush"}
    assert handlers_of(("probe", "dropped", "1")) == {"__main__:flush": "not run"}
    own = ("probe", "registered", "3", "own", "__main__:own", "/app/app.py:4", "__main__")
    assert handlers_of(("probe", "cleared"), own) == {"__main__:own": "not run"}
    finalizer = ("probe", "finalize", "w1", "__main__:f", "/app/app.py:5", "__main__", "")
    assert len(handlers_of(finalizer, ("probe", "cleared"))) == 1


AGAIN_STARTED = ("probe", "started", "1", "python", "3.13.0", "0")


def test_a_program_that_replaces_itself_after_the_signal_loses_what_it_had() -> None:
    """A server that executes itself on SIGHUP goes on, and what it registered has not run."""
    seen = shown(REGISTERED, READY, SENT, AGAIN_STARTED, ALSO)
    (main,) = seen.members
    assert [(ran.handler.label, ran.past) for ran in main.handlers] == [
        ("__main__:close", True),
        ("__main__:flush", False),
    ]
    assert clean_up(seen).answer == "none"
    (reason,) = reasons(seen, DEPLOY)
    assert reason.remedy == "clean up before os.execv"
    text = " ".join(
        " ".join(story(EndingResult(situation=DEPLOY, target="", outcomes=(seen,)))).split()
    )
    assert "main executes another program; not run: __main__:close" in text
    handling = shown(installs(STOP), READY, SENT, BEGAN, AGAIN_STARTED, installs(STOP))
    assert clean_up(handling).answer == "goes on"
    assert not reasons(handling, DEPLOY)
    before = shown(REGISTERED, AGAIN_STARTED, ALSO, READY, SENT, EXITED)
    assert [ran.handler.label for ran in before.members[0].handlers] == ["__main__:flush"]
