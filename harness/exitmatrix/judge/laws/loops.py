"""Laws about event loops: what asyncio.run ends, and what signals do to it."""

from __future__ import annotations

from exitmatrix.judge.laws.law import (
    Calls,
    Facts,
    Later,
    Law,
    PassesOn,
    Proceeds,
    Raises,
    Swallows,
    does,
)
from exitmatrix.model.language import HandleInLoop, Pause, RunLoop, TakeWakeup, Wake


def _runs(facts: Facts) -> bool:
    runs = isinstance(facts.statement, RunLoop) and facts.profile.has_runner
    return runs and not facts.in_loop


def _handles(facts: Facts) -> bool:
    return facts.in_loop and not facts.loop_is_copy and facts.in_main


def _is_unknown(facts: Facts) -> bool:
    """Whether the main task of a child pauses that does not know the loop of its parent."""
    copied = facts.loop_is_copy and facts.in_main_task
    return does(Pause)(facts) and copied and facts.profile.copied_loop != "runs"


LAWS: tuple[Law, ...] = (
    Law(
        id="loop-runs",
        about="statement",
        when=lambda f: _runs(f) and not f.profile.runner_takes_sigint,
        then=lambda _: Proceeds(),
        because=(
            "asyncio.run executes the main task in the thread that calls it. Up to 3.10 it leaves "
            "SIGINT alone."
        ),
        source="docs: library/asyncio-runner, asyncio.run; CPython 3.10 Lib/asyncio/runners.py",
    ),
    Law(
        id="runner-takes-sigint",
        about="statement",
        when=lambda f: _runs(f) and f.profile.runner_takes_sigint,
        then=lambda _: Proceeds(),
        because=(
            "From 3.11 on asyncio.run sets a handler of SIGINT while the main task runs, if "
            "no other has been set."
        ),
        source="docs: library/asyncio-runner, Handling Keyboard Interruption; CPython gh-83658; "
        "Lib/asyncio/runners.py, Runner.run",
    ),
    Law(
        id="no-runner-yet",
        about="statement",
        when=lambda f: isinstance(f.statement, RunLoop) and not f.profile.has_runner,
        then=lambda _: Raises("Exception"),
        because="asyncio.run is there since 3.7, and asyncio since 3.4: asking for it raises.",
        source="docs: library/asyncio-runner, asyncio.run, New in version 3.7",
    ),
    Law(
        id="loop-in-a-loop",
        about="statement",
        when=lambda f: (
            isinstance(f.statement, RunLoop)
            and f.profile.has_runner
            and f.in_loop
            and not f.loop_is_copy  # a child does not know of it; nobody asked what it then does
        ),
        then=lambda _: Raises("Exception"),
        because="asyncio.run in a thread whose event loop runs is a RuntimeError.",
        source="docs: library/asyncio-runner, asyncio.run; CPython Lib/asyncio/runners.py",
    ),
    Law(
        id="main-task-pauses",
        about="statement",
        when=lambda f: does(Pause)(f) and not _is_unknown(f),
        then=lambda _: Proceeds(),
        because=(
            "While a task awaits something the loop has its turn: it calls what signals have asked "
            "for, and tells the task that it was cancelled."
        ),
        source="docs: library/asyncio-task, Task Cancellation; CPython Lib/asyncio/base_events.py, "
        "_run_once",
    ),
    Law(
        id="copied-loop-is-unknown",
        about="statement",
        when=_is_unknown,
        then=lambda _: Raises("Exception"),
        because=(
            "asyncio notes in which process a loop runs. In a child that a task has forked none "
            "does: asyncio.sleep, which asks for it from 3.8 on, raises RuntimeError. The child "
            "goes on with the loop all the same when its main task is over."
        ),
        source="CPython 3.8 Lib/asyncio/events.py, _get_running_loop; 3.8 Lib/asyncio/tasks.py, "
        "sleep; bpo-32526",
    ),
    Law(
        id="callback-fails",
        about="loop exception",
        when=lambda f: f.exception == "Exception",
        then=lambda _: Proceeds(),
        because=(
            "An exception in a function that the loop calls is given to the loop's exception "
            "handler, which logs it. It has no other effect."
        ),
        source="docs: library/asyncio-eventloop, Error Handling API; CPython "
        "Lib/asyncio/events.py, Handle._run",
    ),
    Law(
        id="no-loop-to-handle-signals",
        about="statement",
        when=lambda f: isinstance(f.statement, HandleInLoop) and not _handles(f),
        then=lambda _: Raises("Exception"),
        because=(
            "Where no loop runs asyncio.get_running_loop raises RuntimeError, and so does "
            "loop.add_signal_handler in another thread than the main one."
        ),
        source="docs: library/asyncio-eventloop, asyncio.get_running_loop; library/signal, "
        "Signals and threads",
    ),
    Law(
        id="main-task-wakes",
        about="statement",
        when=does(Wake),
        then=lambda _: Proceeds(),
        because="A task goes on when what it awaits is done.",
        source="docs: library/asyncio-sync, Event",
    ),
    Law(
        id="loop-handles-signal",
        about="statement",
        when=lambda f: isinstance(f.statement, HandleInLoop) and _handles(f),
        then=lambda _: Proceeds(),
        because=(
            "loop.add_signal_handler sets a handler that does nothing, in place of the one that "
            "was there, and has the loop call a function when the signal's number comes "
            "through the descriptor of signal.set_wakeup_fd."
        ),
        source="docs: library/asyncio-eventloop, loop.add_signal_handler; CPython "
        "Lib/asyncio/unix_events.py, add_signal_handler",
    ),
    Law(
        id="wakeup-is-taken",
        about="statement",
        when=does(TakeWakeup),
        then=lambda _: Proceeds(),
        because=(
            "There is one descriptor for signals. If another one is set, the loop no longer "
            "calls the functions that were set with add_signal_handler."
        ),
        source="docs: library/signal, signal.set_wakeup_fd; CPython Lib/asyncio/unix_events.py, "
        "_process_self_data",
    ),
    Law(
        id="runner-cancels-main-task",
        about="signal",
        when=lambda f: f.disposition == "runner",
        then=lambda _: Calls(),
        because=(
            "The first Ctrl-C cancels the main task, which notices when it awaits something; the "
            "second one raises KeyboardInterrupt where the main thread is."
        ),
        source="docs: library/asyncio-runner, Handling Keyboard Interruption; CPython "
        "Lib/asyncio/runners.py, Runner._on_sigint",
    ),
    Law(
        id="loop-calls-back",
        about="signal",
        when=lambda f: f.disposition == "loop",
        then=lambda _: Calls(),
        because="The loop calls the function between two steps of its tasks.",
        source="docs: library/asyncio-eventloop, loop.add_signal_handler",
    ),
    Law(
        id="loop-is-left",
        about="loop exception",
        when=lambda f: f.exception in ("KeyboardInterrupt", "SystemExit"),
        then=lambda _: PassesOn(),
        because=(
            "What is raised while all tasks wait leaves the loop and none of them; asyncio.run "
            "then cancels them all, the main task too."
        ),
        source="CPython Lib/asyncio/runners.py, run and _cancel_all_tasks",
    ),
    Law(
        id="lost-result-is-released",
        about="loop result",
        when=lambda f: f.profile.releases_globals,
        then=lambda _: Calls(),
        because=(
            "A task that was cancelled and comes to its end without awaiting anything is cancelled "
            "all the same: what it returns is thrown away. A generator that nothing else refers to "
            "is closed by the loop then, as a task of its own, before other tasks are cancelled."
        ),
        source="bpo-30048; CPython Modules/_asynciomodule.c, task_step_impl, task_must_cancel; "
        "Lib/asyncio/base_events.py, _asyncgen_finalizer_hook",
    ),
    Law(
        id="lost-result-stays-for-a-while",
        about="loop result",
        when=lambda f: not f.profile.releases_globals,
        then=lambda _: Later(),
        because=(
            "PyPy does not see at once that nothing refers to it: such a generator is closed with "
            "the others, when tasks have been cancelled."
        ),
        source="docs: PyPy, Differences related to garbage collection strategies",
    ),
    Law(
        id="loop-ends-the-rest",
        about="loop clean-up",
        when=lambda f: f.exception == "",
        then=lambda _: Calls(),
        because=(
            "When its main task is over, asyncio.run cancels the other tasks, shielded ones too, "
            "and waits for them; then it closes asynchronous generators that are suspended. From "
            "3.9 on it also waits for the threads of its pool; before, the end of the "
            "interpreter does."
        ),
        source="docs: library/asyncio-runner, asyncio.run; library/asyncio-eventloop, "
        "shutdown_asyncgens and shutdown_default_executor",
    ),
    Law(
        id="clean-up-of-a-task-fails",
        about="loop clean-up",
        when=lambda f: f.exception == "Exception",
        then=lambda _: Swallows(),
        because=(
            "An exception in another task while it is cancelled, or in a generator while it is "
            "closed, is kept as its result, and logged."
        ),
        source="CPython Lib/asyncio/runners.py, _cancel_all_tasks; Lib/asyncio/base_events.py, "
        "shutdown_asyncgens",
    ),
    Law(
        id="loop-gives-up",
        about="loop clean-up",
        when=lambda f: f.exception in ("KeyboardInterrupt", "SystemExit"),
        then=lambda _: PassesOn(),
        because=(
            "KeyboardInterrupt or SystemExit in the clean-up of a task leaves the loop at once: "
            "it is closed with its tasks pending, and generators are not closed. A coroutine "
            "that is then discarded runs no further than its next await."
        ),
        source="CPython Lib/asyncio/events.py, Handle._run; Lib/asyncio/runners.py, "
        "_cancel_all_tasks",
    ),
)
