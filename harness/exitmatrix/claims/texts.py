"""What four published texts say about exit handlers, and what would have to be seen. Frozen data.

The claims are told in this project's own words. A claim has cases, and the first whose
expectations are all met gives the verdict, and says why. `assess.py` is the
law; nothing here knows what was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from exitmatrix.claims.conditions import (
    TRACKER,
    Condition,
    all_of,
    all_reversed,
    client_fails,
    cut_off,
    data,
    dies_of,
    ends_cleanly,
    exits,
    has_helper,
    nobody_left,
    prints_errors,
    processes,
    raised,
    ran_all_but,
    ran_any,
    ran_none,
    ran_times,
    ran_where,
    still_serves,
)
from exitmatrix.model import Frozen

Word = Literal[
    "holds",
    "holds, but not for the reason given",
    "holds in some runs",
    "contradicted",
    "cannot be tested",
    "not measured",
]

HOLDS: Word = "holds"
OTHER_REASON: Word = "holds, but not for the reason given"
IN_SOME_RUNS: Word = "holds in some runs"
CONTRADICTED: Word = "contradicted"
UNTESTABLE: Word = "cannot be tested"
NOT_MEASURED: Word = "not measured"


class Text(Frozen, kw_only=True):
    """One of the published texts."""

    id: str
    title: str
    where: str
    about: str


class Expect(Frozen, kw_only=True):
    """What the cells of a pattern have to show."""

    cells: str  # SCENARIO/TERMINATION@TARGET, with `*`
    shows: Condition
    of: Literal["every", "some"] = "every"  # of the cells of the pattern
    if_it_can_be_had: bool = False  # else a Python without such a cell is not asked at all


class Case(Frozen, kw_only=True):
    """One thing that may be seen, what it makes of the claim, and why."""

    verdict: Word
    because: str
    expects: tuple[Expect, ...]


class Claim(Frozen, kw_only=True):
    """One statement of a text."""

    id: str
    says: str
    cases: tuple[Case, ...] = ()
    beside: tuple[str, ...] = ()  # cells that are shown with it, and judge nothing
    opinion: str = ""  # why nothing that could be seen would decide it
    not_judged: str = ""  # what else the text says there, which is no matter of observation

    @property
    def judged_by(self) -> tuple[Expect, ...]:
        """What its cases ask, each pattern once."""
        asked = {one.cells: one for case in self.cases for one in case.expects}
        return tuple(asked.values())

    @property
    def rests_on(self) -> tuple[str, ...]:
        """Patterns of the cells that have to be measured for it."""
        return tuple(dict.fromkeys((*(one.cells for one in self.judged_by), *self.beside)))


TEXTS: tuple[Text, ...] = (
    Text(
        id="B",
        title="Testing the note in atexit's documentation, in Flask",
        where="nijialin.com, 2020-07-01",
        about="A Flask app of July 2020 under the debug server, and `kill -9`.",
    ),
    Text(
        id="E",
        title="Create exit handlers for your Python application",
        where="Better Programming",
        about="`atexit` step by step, with a Flask app and a scheduler at the end.",
    ),
    Text(
        id="M",
        title="PyMOTW: atexit",
        where="Doug Hellmann",
        about="The module of the week, when Python was 2.1 to 2.5.",
    ),
)


def _every(cells: str, shows: Condition) -> Expect:
    return Expect(cells=cells, shows=shows)


def _some(cells: str, shows: Condition) -> Expect:
    return Expect(cells=cells, shows=shows, of="some")


def _if_had(cells: str, shows: Condition) -> Expect:
    return Expect(cells=cells, shows=shows, if_it_can_be_had=True)


def _case(verdict: Word, because: str, *expects: Expect) -> Case:
    return Case(verdict=verdict, because=because, expects=expects)


# ------------------------------------------------------- what several claims ask

DEFAULT_SIGNALS = ("SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGALRM", "SIGKILL")
"""Python handles none of these: signal, "Python installs a small number of handlers by default"."""

NOT_FOR_SIGNALS = tuple(
    _every(f"plain/{name}@main", all_of(ran_none(), dies_of(name))) for name in DEFAULT_SIGNALS
)
NOT_FOR_FATAL_ERRORS = _every("plain/fatal-error@main", all_of(ran_none(), dies_of("SIGABRT")))
NOT_FOR_OS_EXIT = _every("plain/os-exit-*@main", ran_none())

KILL_CHILD = "flask-debug/SIGKILL@child"
KILL_PARENT = "flask-debug/SIGKILL@parent"
EXIT_IN_VIEW = "flask-debug/os-exit-0@child"
FATAL_IN_VIEW = "flask-debug/fatal-error@child"

IN_PARENT_ONLY = all_of(all_reversed("parent"), ran_none("child"))

EXPERIMENTS = (KILL_CHILD, KILL_PARENT, EXIT_IN_VIEW)
"""What the author of text B did to the running app."""

ENDED = "plain-subinterpreter-ended/return@main"
ENDED_IN_HANDLER = "plain-subinterpreter-handler/return@main"


C_FAILED, B_FAILED = "RuntimeError: C failed", "ValueError: B failed"
NUMBERS = ("first", "second", "third")


def _own_end_first(names: Sequence[str]) -> bool:
    return tuple(names[:2]) == ("E", "D")


CLAIMS: tuple[Claim, ...] = (
    # ------------------------------------------------------------------ text B
    Claim(
        id="B1",
        says=(
            "Handlers registered A, B, C run C, B, A, like a stack; also when the program ends "
            "unexpectedly."
        ),
        cases=(
            _case(
                HOLDS,
                "The last registered runs first, after the last line and after an exception or a "
                "Ctrl-C that nobody catches. That is as far as the unexpected goes: signals, fatal "
                "errors and `os._exit` are claims of their own.",
                _every("plain/return@main", all_reversed()),
                _every("plain/exception@main", all_reversed()),
                _every("plain/keyboard-interrupt@main", all_reversed()),
            ),
            _case(
                CONTRADICTED,
                "The order is as told, but of the unexpected ends one runs no handler at all: a "
                "KeyboardInterrupt that nobody catches.",
                _every("plain/return@main", all_reversed()),
                _every("plain/exception@main", all_reversed()),
                _every("plain/keyboard-interrupt@main", ran_none()),
            ),
        ),
    ),
    Claim(
        id="B2",
        says="Handlers do not run when a signal kills the program that Python does not handle.",
        cases=(
            _case(
                HOLDS,
                "The program dies of the signal at once, and none of its handlers begins. Ctrl-C "
                "is another matter: Python does handle SIGINT.",
                *NOT_FOR_SIGNALS,
            ),
        ),
    ),
    Claim(
        id="B3",
        says="Handlers do not run on a fatal internal error.",
        cases=(
            _case(
                HOLDS,
                "`Py_FatalError` ends in `abort()`, and nothing of Python runs on the way there.",
                NOT_FOR_FATAL_ERRORS,
            ),
        ),
    ),
    Claim(
        id="B4",
        says="Handlers do not run when `os._exit()` is called.",
        cases=(
            _case(
                HOLDS,
                "The process is gone within that call, whatever the status.",
                NOT_FOR_OS_EXIT,
            ),
        ),
    ),
    Claim(
        id="B5",
        says="In Flask, all of those except the fatal error do run the registered handler.",
        cases=(
            _case(
                HOLDS,
                "The process that was ended ran its handlers itself.",
                _every(KILL_CHILD, all_reversed("child")),
                _every(EXIT_IN_VIEW, all_reversed("child")),
                _every(FATAL_IN_VIEW, all_of(ran_none("parent"), ran_none("child"))),
            ),
            _case(
                OTHER_REASON,
                "What ran are the handlers of the other process, the reloader's parent; the one "
                "that was ended ran none.",
                _every(KILL_CHILD, IN_PARENT_ONLY),
                _every(EXIT_IN_VIEW, IN_PARENT_ONLY),
                _every(FATAL_IN_VIEW, all_of(ran_none("parent"), ran_none("child"))),
            ),
            _case(
                CONTRADICTED,
                "The process that is ended runs no handler in any of these. What the reader of the "
                "terminal sees are those of the reloader's parent, which comes to a normal end "
                "because its child is gone. So it is for the fatal error too, which is no "
                "exception; and Flask without the debug server runs none.",
                _every(KILL_CHILD, IN_PARENT_ONLY),
                _every(EXIT_IN_VIEW, IN_PARENT_ONLY),
                _every(FATAL_IN_VIEW, IN_PARENT_ONLY),
                _every("flask/SIGKILL@main", ran_none()),
                _every("flask/os-exit-0@main", ran_none()),
            ),
        ),
    ),
    Claim(
        id="B6",
        says="`ps` shows two processes for the debug app, with consecutive pids.",
        not_judged="That the pids follow each other is the kernel's doing, and chance.",
        cases=(
            _case(
                HOLDS,
                "There are two: the reloader is the parent, and the one that serves is its child.",
                _every(KILL_PARENT, processes("parent", "child")),
            ),
            _case(
                CONTRADICTED,
                "There are four Pythons: the reloader, the child that serves, and for each of the "
                "two a resource tracker of `multiprocessing`, which runs no line of the app.",
                _every(KILL_PARENT, has_helper(TRACKER)),
            ),
        ),
    ),
    Claim(
        id="B7",
        says=(
            "`kill -9` on the first listed of the two pids, which is the child's, triggers the "
            "handler, because it is app.py that is deleted and not Python."
        ),
        cases=(
            _case(
                HOLDS,
                "The process that was killed ran its handlers.",
                _every(KILL_CHILD, all_reversed("child")),
            ),
            _case(
                OTHER_REASON,
                "A handler is seen to run, but not in the process that was killed. Both processes "
                "run app.py and both have registered the handlers; the child dies without running "
                "any, and the parent, which was waiting for it, comes to a normal end and runs "
                "its own.",
                _every(KILL_CHILD, IN_PARENT_ONLY),
            ),
        ),
    ),
    Claim(
        id="B8",
        says=(
            "`kill -9` on the second of the two pids, which is the parent's, triggers no handler, "
            "because Python's own process is removed along with it."
        ),
        cases=(
            _case(
                HOLDS,
                "No handler ran, and no process is left.",
                _every(KILL_PARENT, all_of(ran_none("parent"), ran_none("child"), nobody_left())),
            ),
            _case(
                OTHER_REASON,
                "No handler runs, but nothing is removed along with the parent: the child is told "
                "nothing of its death, goes on running Python, and still answers on the port.",
                _every(
                    KILL_PARENT,
                    all_of(ran_none("parent"), ran_none("child"), still_serves("child")),
                ),
            ),
        ),
    ),
    Claim(
        id="B9",
        says=(
            "A request that calls `os._exit(0)` makes the client fail with a connection error, and "
            "the handler runs."
        ),
        cases=(
            _case(
                HOLDS,
                "The client gets no answer, and the process that was asked runs its handlers.",
                _every(EXIT_IN_VIEW, all_of(client_fails(), all_reversed("child"))),
            ),
            _case(
                OTHER_REASON,
                "The client gets no answer, and a handler is seen to run. It is not that of the "
                "process which served the request: that one is gone within `os._exit`, and its "
                "parent, the reloader, ends normally after it and runs its own.",
                _every(EXIT_IN_VIEW, all_of(client_fails(), IN_PARENT_ONLY)),
            ),
        ),
    ),
    Claim(
        id="B10",
        says="The reason: Flask intercepts `os._exit`, so that the handler is reached.",
        cases=(
            _case(
                HOLDS,
                "The process that called `os._exit` in a view ran its handlers all the same.",
                _every(EXIT_IN_VIEW, all_reversed("child")),
                _every("flask/os-exit-0@main", all_reversed()),
            ),
            _case(
                CONTRADICTED,
                "Nobody intercepts it. The process that calls `os._exit` runs no handler, with the "
                "debug server and without it; without it there is no second process whose "
                "handlers could be taken for its own, and none is seen.",
                _every(EXIT_IN_VIEW, ran_none("child")),
                _every("flask/os-exit-0@main", ran_none()),
            ),
        ),
    ),
    Claim(
        id="B11",
        says="With three handlers, that request shows them run in reverse order.",
        cases=(
            _case(
                HOLDS,
                "They run C, B, A in the process that was asked.",
                _every(EXIT_IN_VIEW, all_reversed("child")),
            ),
            _case(
                OTHER_REASON,
                "The order is C, B, A, and it is the parent's three that run: the child, which "
                "served the request, ran none.",
                _every(EXIT_IN_VIEW, IN_PARENT_ONLY),
            ),
        ),
        beside=("flask-debug-slow-*/SIGINT@group",),
    ),
    Claim(
        id="B12",
        says=(
            "A handler needs its own try/except, and a time limit: one that takes too long is cut "
            "off anyway."
        ),
        not_judged="Whether a time limit is good style is an opinion.",
        cases=(
            _case(
                HOLDS,
                "An exception in one handler keeps the others from running, and a slow one is cut "
                "off.",
                _every("plain-handlers-raise/return@main", all_of(raised(), ran_all_but("A"))),
                _some("plain-slow-*/SIGTERM-then-SIGKILL@main", cut_off()),
            ),
            _case(
                OTHER_REASON,
                "An exception in a handler does no harm to the others, all of which run. A slow "
                "handler is cut off, though not by Python, which sets no limit: by whoever sends "
                "SIGKILL after a grace time. One that is done by then comes to its end.",
                _every("plain-handlers-raise/return@main", all_of(raised(), all_reversed())),
                _some("plain-slow-*/SIGTERM-then-SIGKILL@main", cut_off()),
                _some("plain-slow-*/SIGTERM-then-SIGKILL@main", all_reversed()),
            ),
        ),
        beside=(
            "plain-handlers-catch/return@main",
            "flask-debug-slow-*/SIGINT@group",
            "plain-slow-*/SIGINT-then-SIGINT@main",
        ),
    ),
    Claim(
        id="B13",
        says=(
            "Real graceful shutdown reacts to a signal; Python has no package for it, and people "
            "write a class around `signal`."
        ),
        not_judged="What packages there are is no matter of observation.",
        cases=(
            _case(
                HOLDS,
                "SIGTERM runs no handler in the program as it is, and all of them in the same "
                "program with a class that turns the signal into SystemExit.",
                _every("plain/SIGTERM@main", ran_none()),
                _every("plain-graceful/SIGTERM@main", all_of(all_reversed(), exits(0))),
                _every("flask/SIGTERM@main", ran_none()),
                _every("flask-graceful/SIGTERM@main", all_of(all_reversed(), exits(0))),
            ),
        ),
        beside=("flask-debug/SIGTERM@child", "flask-debug-graceful/SIGTERM@child"),
    ),
    Claim(
        id="B14",
        says=(
            "Without it, data in flight is lost: a cache is emptied, a database transaction cut in "
            "the middle."
        ),
        cases=(
            _case(
                HOLDS,
                "After SIGTERM the transaction that was open and what the cache held are not there "
                "any more; after a normal end both are. The database is not left half changed: "
                "the next one who opens it finds it as it was before the transaction.",
                _every("data-in-flight/return@main", data("SQLite transaction", "kept")),
                _every("data-in-flight/return@main", data("shelf", "kept")),
                _every("data-in-flight/SIGTERM@main", data("SQLite transaction", "lost")),
                _every("data-in-flight/SIGTERM@main", data("shelf", "lost", "damaged")),
            ),
            _case(
                HOLDS,
                "After SIGTERM the transaction is there in part, and what the cache held is gone.",
                _every("data-in-flight/return@main", data("SQLite transaction", "kept")),
                _every("data-in-flight/return@main", data("shelf", "kept")),
                _every("data-in-flight/SIGTERM@main", data("SQLite transaction", "damaged")),
                _every("data-in-flight/SIGTERM@main", data("shelf", "lost", "damaged")),
            ),
        ),
        beside=("data-in-flight/SIGKILL@main",),
    ),
    # ------------------------------------------------------------------ text E
    Claim(
        id="E1",
        says=(
            "A registered function runs when the program ends normally; not after a signal that "
            "Python does not handle, on a fatal internal error, or when `os._exit()` is called."
        ),
        cases=(
            _case(
                HOLDS,
                "Handlers run after the last line and after `sys.exit`, and in none of the three "
                "exceptions.",
                _every("plain/return@main", all_reversed()),
                _every("plain/sys-exit-*@main", all_reversed()),
                *NOT_FOR_SIGNALS,
                _if_had(NOT_FOR_FATAL_ERRORS.cells, NOT_FOR_FATAL_ERRORS.shows),
                NOT_FOR_OS_EXIT,
            ),
        ),
    ),
    Claim(
        id="E2",
        says="Registering the same function twice runs it twice.",
        cases=(
            _case(
                HOLDS,
                "Each registration counts: the function runs once for each, at its place in the "
                "order.",
                _every("plain-same-twice/return@main", ran_times("A", 2)),
            ),
        ),
    ),
    Claim(
        id="E3",
        says="`unregister` removes every registration of the function, however many.",
        cases=(
            _case(
                HOLDS,
                "The function that was registered twice does not run at all; the others do.",
                _every("plain-unregister-twice/return@main", ran_all_but("A")),
            ),
        ),
    ),
    Claim(
        id="E4",
        says="`unregister` of a function that was never registered does nothing.",
        cases=(
            _case(
                HOLDS,
                "All that was registered runs, and there is no error.",
                _every("plain-unregister-never/return@main", all_of(all_reversed(), exits(0))),
            ),
        ),
    ),
    Claim(
        id="E5",
        says='`unregister` removes registrations "with the same name".',
        cases=(
            _case(
                HOLDS,
                "A handler that has only its name in common with the function given is removed.",
                _every("plain-unregister-namesake/return@main", ran_all_but("B")),
            ),
            _case(
                CONTRADICTED,
                "Names do not count. Another function of the same name removes nothing, and a "
                "callable that compares equal with `==` does remove the registration.",
                _every("plain-unregister-namesake/return@main", all_reversed()),
                _every("plain-unregister-equal/return@main", ran_all_but("B")),
            ),
        ),
    ),
    Claim(
        id="E6",
        says="Positional and keyword arguments given to `register` reach the handler.",
        cases=(
            _case(
                HOLDS,
                "Each registration has its own arguments, of both kinds.",
                _every(
                    "plain-arguments/return@main",
                    ran_where(
                        "one handler gets a positional and one a keyword argument",
                        lambda names: (
                            any("('" in one for one in names)
                            and any("(name='" in one for one in names)
                        ),
                    ),
                ),
            ),
        ),
    ),
    Claim(
        id="E7",
        says=(
            "A Flask app without the debugger, run with `app.run`, shows its handler's output when "
            "it is stopped with Ctrl-C."
        ),
        cases=(
            _case(
                HOLDS,
                "The server catches the KeyboardInterrupt and returns from `app.run`; the program "
                "ends normally.",
                _every("flask/SIGINT@main", all_reversed()),
            ),
        ),
    ),
    Claim(
        id="E8",
        says=(
            "A Flask app that starts an APScheduler `BackgroundScheduler` and shuts it down in the "
            "handler ends cleanly when it is stopped."
        ),
        cases=(
            _case(
                HOLDS,
                "After Ctrl-C the handlers run to their end, the scheduler's among them, and the "
                "exit status is 0.",
                _every(
                    "flask-apscheduler/SIGINT@main",
                    all_of(
                        ran_where("stop_scheduler runs", lambda names: "stop_scheduler" in names),
                        ends_cleanly(),
                    ),
                ),
            ),
        ),
        beside=("flask-debug-apscheduler/SIGINT@child",),
    ),
    Claim(
        id="E9",
        says=(
            "Since some Python 3 version, handlers are local to the (sub)interpreter that "
            "registered them."
        ),
        cases=(
            _case(
                HOLDS,
                "Those of a second interpreter run when that one is ended, before and apart from "
                "those of the main one.",
                _every(ENDED, ran_where("E, D run first, at the end of their own", _own_end_first)),
                _every(
                    ENDED_IN_HANDLER,
                    ran_where(
                        "E, D run within the handler that ends their interpreter",
                        lambda names: _own_end_first(names[1:]),
                    ),
                ),
            ),
            _case(
                CONTRADICTED,
                "What a second interpreter has registered never runs, neither at its own end nor "
                "at that of the main one.",
                _every(ENDED, all_reversed()),
            ),
        ),
        beside=("plain-subinterpreter-left/return@main",),
    ),
    # ------------------------------------------------------------------ text M
    Claim(
        id="M1",
        says="A program that registers a function and does nothing else calls it when it ends.",
        cases=(
            _case(
                HOLDS,
                "The handlers run after the last line, with no call for it in the program.",
                _every("plain/return@main", all_of(ran_any(), exits(0))),
            ),
        ),
    ),
    Claim(
        id="M2",
        says=(
            "The same function registered with arguments `first`, `second`, `third` runs third, "
            "second, first."
        ),
        cases=(
            _case(
                HOLDS,
                "The last registration runs first, also where all are of one function.",
                _every(
                    "plain-arguments/return@main",
                    ran_where(
                        "third, second, first",
                        lambda names: (
                            [word for one in names for word in NUMBERS if word in one]
                            == [*reversed(NUMBERS)]
                        ),
                    ),
                ),
            ),
        ),
    ),
    Claim(
        id="M3",
        says=(
            "Reverse order lets modules clean up in the reverse of the order in which they were "
            "imported."
        ),
        cases=(
            _case(
                HOLDS,
                "Of three modules that import one another and register on import, the one imported "
                "last cleans up first.",
                _every("imported-modules/return@main", all_reversed()),
            ),
        ),
    ),
    Claim(
        id="M4",
        says=(
            "A parent starts a child program with `subprocess` and sends it SIGTERM: the child's "
            "handler is not called."
        ),
        cases=(
            _case(
                HOLDS,
                "The child dies of the signal without running a handler. The parent's own run at "
                "its own end, which the text does not speak of.",
                _every(
                    "plain-subprocess-terminate/return@parent",
                    all_of(ran_none("child"), dies_of("SIGTERM", "child")),
                ),
            ),
        ),
        beside=("plain-subprocess/SIGTERM@child",),
    ),
    Claim(
        id="M5",
        says="`os._exit` skips the handlers.",
        cases=(_case(HOLDS, "None begins, whatever the status.", NOT_FOR_OS_EXIT),),
    ),
    Claim(
        id="M6",
        says="`sys.exit()` runs the handlers.",
        cases=(
            _case(
                HOLDS,
                "It raises SystemExit, which ends the program normally; all handlers run, whatever "
                "the status.",
                _every("plain/sys-exit-*@main", all_reversed()),
            ),
        ),
    ),
    Claim(
        id="M7",
        says="A fatal error inside the interpreter does not run the handlers.",
        cases=(
            _case(
                HOLDS,
                "The text leaves the experiment to its reader: `Py_FatalError` runs none.",
                NOT_FOR_FATAL_ERRORS,
            ),
        ),
    ),
    Claim(
        id="M8",
        says=(
            "Of two handlers that raise, both tracebacks are printed, in the order run, and the "
            "last exception is raised again as the program's final error message."
        ),
        cases=(
            _case(
                HOLDS,
                "Both are told, and the last one once more at the very end.",
                _every(
                    "plain-handlers-raise/return@main",
                    prints_errors(C_FAILED, B_FAILED, B_FAILED),
                ),
            ),
            _case(
                CONTRADICTED,
                "Both are told in the order run, and that is all: nothing is raised again, and the "
                "exit status tells of no error.",
                _every(
                    "plain-handlers-raise/return@main",
                    all_of(prints_errors(C_FAILED, B_FAILED), exits(0)),
                ),
            ),
        ),
        beside=("plain-handlers-raise-hooks/return@main",),
    ),
    Claim(
        id="M9",
        says="`sys.exitfunc` can hold one function only; `atexit` serves many modules.",
        cases=(
            _case(
                HOLDS,
                "Of two functions assigned to `sys.exitfunc` the later one alone runs; three "
                "modules that use `atexit` are all served. Python 3 has no `sys.exitfunc`, so only "
                "Python 2 is asked.",
                _every(
                    "exitfunc/return@main",
                    ran_where(
                        "of the two functions the later one runs",
                        lambda names: tuple(names) == ("sys.exitfunc:g",),
                    ),
                ),
                _every("imported-modules/return@main", all_reversed()),
            ),
        ),
        beside=("exitfunc-*/return@main",),
    ),
    Claim(
        id="M10",
        says="It is best to handle and log all exceptions quietly inside the clean-up functions.",
        opinion=(
            "What is best is an opinion. What an exception in a handler prints with the advice and "
            "without it can be compared in these cells."
        ),
        beside=("plain-handlers-raise/return@main", "plain-handlers-catch/return@main"),
    ),
)

CLAIMS_BY_ID = {claim.id: claim for claim in CLAIMS}
