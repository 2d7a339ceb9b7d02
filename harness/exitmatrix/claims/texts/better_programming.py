"""Text E: create exit handlers for your Python application."""

from __future__ import annotations

from collections.abc import Sequence

from exitmatrix.claims.claim import CONTRADICTED, HOLDS, Claim, PublishedText, case, every, if_had
from exitmatrix.claims.conditions import (
    all_of,
    all_reversed,
    ends_cleanly,
    exits,
    ran_all_but,
    ran_times,
    ran_where,
)
from exitmatrix.claims.texts.shared import NOT_FOR_FATAL_ERRORS, NOT_FOR_OS_EXIT, NOT_FOR_SIGNALS

TEXT = PublishedText(
    id="E",
    title="Create exit handlers for your Python application",
    where="Better Programming",
    about="`atexit` step by step, with a Flask app and a scheduler at the end.",
)

ENDED = "plain-subinterpreter-ended/return@main"

ENDED_IN_HANDLER = "plain-subinterpreter-handler/return@main"


C_FAILED, B_FAILED = "RuntimeError: C failed", "ValueError: B failed"


def _own_end_first(names: Sequence[str]) -> bool:
    return tuple(names[:2]) == ("E", "D")


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="E1",
        says=(
            "A registered function runs when the program ends normally; not after a signal that "
            "Python does not handle, on a fatal internal error, or when `os._exit()` is called."
        ),
        cases=(
            case(
                HOLDS,
                "Handlers run after the last line and after `sys.exit`, and in none of the three "
                "exceptions.",
                every("plain/return@main", all_reversed()),
                every("plain/sys-exit-*@main", all_reversed()),
                *NOT_FOR_SIGNALS,
                if_had(NOT_FOR_FATAL_ERRORS.cells, NOT_FOR_FATAL_ERRORS.shows),
                NOT_FOR_OS_EXIT,
            ),
        ),
    ),
    Claim(
        id="E2",
        says="Registering the same function twice runs it twice.",
        cases=(
            case(
                HOLDS,
                "Each registration counts: the function runs once for each, at its place in the "
                "order.",
                every("plain-same-twice/return@main", ran_times("A", 2)),
            ),
        ),
    ),
    Claim(
        id="E3",
        says="`unregister` removes every registration of the function, however many.",
        cases=(
            case(
                HOLDS,
                "The function that was registered twice does not run at all; the others do.",
                every("plain-unregister-twice/return@main", ran_all_but("A")),
            ),
        ),
    ),
    Claim(
        id="E4",
        says="`unregister` of a function that was never registered does nothing.",
        cases=(
            case(
                HOLDS,
                "All that was registered runs, and there is no error.",
                every("plain-unregister-never/return@main", all_of(all_reversed(), exits(0))),
            ),
        ),
    ),
    Claim(
        id="E5",
        says='`unregister` removes registrations "with the same name".',
        cases=(
            case(
                HOLDS,
                "A handler that has only its name in common with the function given is removed.",
                every("plain-unregister-namesake/return@main", ran_all_but("B")),
            ),
            case(
                CONTRADICTED,
                "Names do not count. Another function of the same name removes nothing, and a "
                "callable that compares equal with `==` does remove the registration.",
                every("plain-unregister-namesake/return@main", all_reversed()),
                every("plain-unregister-equal/return@main", ran_all_but("B")),
            ),
        ),
    ),
    Claim(
        id="E6",
        says="Positional and keyword arguments given to `register` reach the handler.",
        cases=(
            case(
                HOLDS,
                "Each registration has its own arguments, of both kinds.",
                every(
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
            case(
                HOLDS,
                "The server catches the KeyboardInterrupt and returns from `app.run`; the program "
                "ends normally.",
                every("flask/SIGINT@main", all_reversed()),
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
            case(
                HOLDS,
                "After Ctrl-C the handlers run to their end, the scheduler's among them, and the "
                "exit status is 0.",
                every(
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
            case(
                HOLDS,
                "Those of a second interpreter run when that one is ended, before and apart from "
                "those of the main one.",
                every(ENDED, ran_where("E, D run first, at the end of their own", _own_end_first)),
                every(
                    ENDED_IN_HANDLER,
                    ran_where(
                        "E, D run within the handler that ends their interpreter",
                        lambda names: _own_end_first(names[1:]),
                    ),
                ),
            ),
            case(
                CONTRADICTED,
                (
                    "Handlers of a second interpreter do not run, neither at its own end nor at "
                    "that of the main one."
                ),
                every(ENDED, all_reversed()),
            ),
        ),
        beside=("plain-subinterpreter-left/return@main",),
    ),
)
