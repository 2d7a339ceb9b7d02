"""The laws of ending, on every Python that is here, through the whole way of a trial."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from exitmatrix.declare.terminations import TERMINATIONS, not_on
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.model import Outcome, Process, Unknown

from tests.conftest import FOUND, LOADED, make_order, newest_flask, outcomes_of

pytestmark = pytest.mark.real
EnvironmentOf = Callable[[str, str], Environment]
ALL = ("C", "B", "A")
PLAIN = [
    "return",
    "sys-exit-3",
    "exception",
    "os-exit-7",
    "exec",
    "abort",
    "fatal-error",
    "segfault",
    "self-SIGKILL",
    "SIGTERM",
    "SIGHUP",
    "SIGKILL",
    "SIGINT",
    "SIGINT-twice",
    "SIGPIPE",
]


def known(shown: Outcome | Unknown) -> Outcome:
    assert isinstance(shown, Outcome), shown
    return shown


def only(shown: Outcome | Unknown) -> Process:
    (process,) = known(shown).processes
    return process


@pytest.mark.parametrize("interpreter_id", FOUND)
def test_plain(interpreter_id: str, environment_of: EnvironmentOf) -> None:
    """Handlers run, last first, if and only if the interpreter itself ends the process."""
    interpreter = FOUND[interpreter_id]
    environment = environment_of(interpreter_id, "none")
    ids = [id for id in PLAIN if not not_on(TERMINATIONS[id], interpreter)]
    shown = outcomes_of([make_order(environment, LOADED["plain"], id) for id in ids])
    for id in ("return", "sys-exit-3", "exception"):
        assert only(shown[f"{id}@main"]).fired == ALL, id
    # PyPy 7.3.11 ends itself with SIGINT before it comes to the handlers; 8.0.1 does not.
    hasty = interpreter.implementation_version.startswith("7.3.")
    assert only(shown["SIGINT@main"]).fired == (() if hasty else ALL)
    for id in set(ids) - {"return", "sys-exit-3", "exception", "SIGINT", "SIGINT-twice"}:
        assert only(shown[f"{id}@main"]).fired == (), id
    assert only(shown["return@main"]).exit == {"code": 0}
    assert only(shown["sys-exit-3@main"]).exit == {"code": 3}
    assert only(shown["exception@main"]).exit == {"code": 1}
    assert only(shown["os-exit-7@main"]).exit == {"code": 7}
    for signal in ("SIGTERM", "SIGHUP", "SIGKILL"):
        assert only(shown[f"{signal}@main"]).exit == {"signal": signal}
    assert only(shown["self-SIGKILL@main"]).exit == {"signal": "SIGKILL"}
    assert known(shown["SIGPIPE@main"]).survivors == ("main",)
    assert only(shown["SIGINT-twice@main"]).raised == (() if hasty else ("C",))


@pytest.mark.parametrize("interpreter_id", FOUND)
def test_debug_server(interpreter_id: str, environment_of: EnvironmentOf) -> None:
    """Killing one of the debug server's two processes runs handlers in the parent or nowhere."""
    interpreter = FOUND[interpreter_id]
    environment = environment_of(interpreter_id, newest_flask(interpreter))
    subject = LOADED["flask-debug"]
    shown = outcomes_of(
        [
            make_order(environment, subject, "SIGKILL", "parent"),
            make_order(environment, subject, "SIGKILL", "child"),
            make_order(environment, subject, "os-exit-3"),
        ]
    )
    parent, child = known(shown["SIGKILL@parent"]).processes
    assert (parent.fired, parent.exit) == ((), {"signal": "SIGKILL"})
    assert (child.fired, child.exit) == ((), None)
    assert known(shown["SIGKILL@parent"]).survivors == ("child",)
    assert known(shown["SIGKILL@parent"]).port == "open"

    parent, child = known(shown["SIGKILL@child"]).processes
    assert (child.fired, child.exit) == ((), {"signal": "SIGKILL"})
    assert parent.fired == ALL
    assert known(shown["SIGKILL@child"]).port == "closed"

    restarted = known(shown["os-exit-3@child"])
    assert [one.role for one in restarted.processes] == ["parent", "child", "child#2"]
    assert restarted.survivors == ("parent", "child#2")
    assert restarted.port == "open"


@pytest.mark.parametrize("interpreter_id", FOUND)
def test_exit_in_a_view(interpreter_id: str, environment_of: EnvironmentOf) -> None:
    """sys.exit in a view ends a server without threads, and one with threads goes on.

    2.7's SocketServer catches everything that a request raises, SystemExit too
    (Lib/SocketServer.py, BaseServer._handle_request_noblock).
    """
    environment = environment_of(interpreter_id, newest_flask(FOUND[interpreter_id]))
    threaded = outcomes_of([make_order(environment, LOADED["flask"], "sys-exit-0")])
    assert known(threaded["sys-exit-0@main"]).survivors == ("main",)
    alone = outcomes_of([make_order(environment, LOADED["flask-unthreaded"], "sys-exit-0")])
    catches = FOUND[interpreter_id].language == (2, 7)
    assert only(alone["sys-exit-0@main"]).fired == (() if catches else ALL)
    assert known(alone["sys-exit-0@main"]).survivors == (("main",) if catches else ())
