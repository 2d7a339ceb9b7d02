"""How a command is started: a table of other commands that start it.

In `words`, COMMAND stands for the words of the command, LINE within a word for the command
as a shell reads it, SCRIPT for a file that holds `script`, MODULE for the words of a command
`python FILE.py` with `-m FILE` in the place of the file.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from msgspec.structs import replace
from packaging.specifiers import SpecifierSet

from exitmatrix.declare.situations import did_you_mean
from exitmatrix.model import Interpreter, Scenario, Termination
from exitmatrix.model.cell import DIRECT
from exitmatrix.model.launcher import ExitStatus, Launcher, Launches, OnSignal, Passes, Stays
from exitmatrix.model.tree import FIRST, GROUP

COMMAND, LINE, SCRIPT, MODULE = "COMMAND", "LINE", "SCRIPT", "MODULE"
SCRIPT_PATH = "{script}"
"""What `SCRIPT` becomes; a run puts the path in its place, as it does with `{port}`."""

TRAP = """#!/bin/sh
trap 'kill -TERM $child' TERM
trap 'kill -INT $child' INT
LINE &
child=$!
wait $child
trap - TERM INT
wait $child
"""

SUPERVISED = """[supervisord]
nodaemon = true
silent = true
logfile = /dev/null
logfile_maxbytes = 0
pidfile = %(ENV_TMPDIR)s/supervisord.pid
[program:app]
command = LINE
startsecs = 0
redirect_stderr = true
stdout_logfile = /dev/fd/1
stdout_logfile_maxbytes = 0
"""
"""Its defaults: SIGTERM to the program alone, SIGKILL after ten seconds, restarted if it fails.
But for `startsecs`: a program that fails within its first second has not started, and is tried
three times more. Here it is as one that has run for longer."""

BECOMES = "execve(2): the process and its pid stay, the program is another"

DASH = "dash src/eval.c, evalcommand: it forks"
"""Of 0.5.12: a shell that is told one command in -c or ends a script with one waits for it too."""

DASH_INTERRUPTED = OnSignal(
    then="dies when its child has ended",
    source="dash src/trap.c, setsignal and onsig: it catches SIGINT, and raises it after the wait",
)

TINI = "tini src/tini.c"
DUMB_INIT = "dumb-init.c, forward_signal and handle_signal"
TIMEOUT = "coreutils src/timeout.c, cleanup and main"
UV = "uv crates/uv/src/child.rs, run_to_completion"
UV_INTERRUPTED = UV + ": SIGINT is sent on after 200 ms, unless stdin is a terminal"
HONCHO = "honcho 2.0 honcho/manager.py, Manager.loop and terminate; compat.py, ProcessManager"
HONCHO_WORKER = "honcho 2.0 honcho/process.py, Process.run: it ignores SIGINT and SIGTERM"
SUPERVISOR = "supervisor 4.3 supervisor/supervisord.py, handle_signal and runforever"
SUPERVISOR_PROCESS = "supervisor 4.3 supervisor/process.py, kill, finish and transition"
PYINSTALLER = "PyInstaller bootloader/src/pyi_utils_posix.c, pyi_utils_create_child"
BUNDLE = "bundle"
"""What the one file is called that PyInstaller makes of a scenario's program."""

MAKE = "GNU make src/commands.c, fatal_error_signal"


def _shell(name: str, exit_status: ExitStatus, **on: OnSignal) -> Launches:
    """A shell that waits for a command in the foreground."""
    source = "POSIX XCU 2.8.2, Exit Status for Commands; " + DASH
    return Launches(
        stays=(Stays(name=name, on=on, exit_status=exit_status, source=source),), source=DASH
    )


def _forwards(passes: Passes, source: str) -> dict[str, OnSignal]:
    signals = ("SIGHUP", "SIGINT", "SIGTERM")
    return {signal: OnSignal(passes=passes, source=source) for signal in signals}


def _honcho_stops(status: int) -> OnSignal:
    """Whatever it is told, it sends SIGTERM to the session that it made for the shell."""
    return OnSignal(
        passes="to the program's group",
        sends="SIGTERM",
        then="ends when its child has ended",
        status=status,
        source=HONCHO,
    )


def _supervises(passes: Passes) -> Launches:
    """It stops its program with SIGTERM, ends with 0, or starts it again at SIGHUP."""
    stop = OnSignal(
        passes=passes,
        sends="SIGTERM",
        then="ends when its child has ended",
        source=SUPERVISOR,
    )
    restart = replace(stop, then="starts it again")
    return Launches(
        stays=(
            Stays(
                name="supervisord",
                on={"SIGHUP": restart, "SIGINT": stop, "SIGTERM": stop},
                exit_status="nothing",
                restarts=True,
                apart=True,
                source=SUPERVISOR_PROCESS,
            ),
        ),
        source=SUPERVISOR,
    )


LAUNCHERS: tuple[Launcher, ...] = (
    Launcher(
        id="direct",
        does="The command itself.",
        words=(COMMAND,),
        facts=Launches(source=BECOMES),
    ),
    Launcher(
        id="python-m",
        does="python -m MODULE, instead of python FILE.",
        words=(MODULE,),
        facts=Launches(source="docs: using/cmdline, -m: the module is executed as __main__"),
    ),
    Launcher(
        id="sh",
        does="sh -c 'COMMAND'.",
        words=("/bin/sh", "-c", LINE),
        facts=_shell("sh", "128 and more", SIGINT=DASH_INTERRUPTED),
    ),
    Launcher(
        id="sh-then",
        does="sh -c 'COMMAND; true'.",
        words=("/bin/sh", "-c", f"{LINE}; true"),
        facts=_shell("sh", "success", SIGINT=DASH_INTERRUPTED),
    ),
    Launcher(
        id="bash",
        does="bash -c 'COMMAND'.",
        words=("bash", "-c", LINE),
        package="bash",
        facts=Launches(
            source="bash builtins/evalstring.c, parse_and_execute: the last command of -c is not"
            " forked"
        ),
    ),
    Launcher(
        id="script",
        does="A shell script that calls the command.",
        words=(SCRIPT,),
        script="#!/bin/sh\nLINE\n",
        facts=_shell("sh", "128 and more", SIGINT=DASH_INTERRUPTED),
    ),
    Launcher(
        id="script-exec",
        does="A shell script that ends with exec COMMAND.",
        words=(SCRIPT,),
        script="#!/bin/sh\nexec LINE\n",
        facts=Launches(source=BECOMES),
    ),
    Launcher(
        id="script-trap",
        does="A shell script that traps SIGTERM and SIGINT and passes them on.",
        words=(SCRIPT,),
        script=TRAP,
        facts=Launches(
            stays=(
                Stays(
                    name="sh",
                    on={
                        "SIGTERM": OnSignal(passes="to its child", source="the script's trap"),
                        "SIGINT": OnSignal(passes="to its child", source="the script's trap"),
                    },
                    exit_status="128 and more",
                    source="POSIX XCU wait, Exit Status",
                ),
            ),
            ignored=("SIGINT",),
            source="POSIX XCU 2.11: an asynchronous list ignores SIGINT and SIGQUIT",
        ),
    ),
    Launcher(
        id="pid1",
        does="As a container's first process: signals that it has no handler for are ignored.",
        words=("unshare", "--pid", "--fork", "--mount-proc", "--kill-child", COMMAND),
        namespace=True,
        package="util-linux",
        facts=Launches(
            source="pid_namespaces(7), The namespace init process; Linux kernel/signal.c,"
            " sig_task_ignored"
        ),
    ),
    Launcher(
        id="tini",
        does="tini, as a container's init; a subreaper here.",
        words=("tini", "-s", "--", COMMAND),
        package="tini",
        facts=Launches(
            stays=(
                Stays(
                    name="tini",
                    on=_forwards("to its child", TINI),
                    exit_status="128 and more",
                    apart=True,
                    source=TINI,
                ),
            ),
            source=TINI,
        ),
    ),
    Launcher(
        id="tini-g",
        does="tini -g, which signals the process group of its child.",
        words=("tini", "-s", "-g", "--", COMMAND),
        package="tini",
        facts=Launches(
            stays=(
                Stays(
                    name="tini",
                    on=_forwards("to its child's group", TINI),
                    exit_status="128 and more",
                    apart=True,
                    source=TINI,
                ),
            ),
            source=TINI,
        ),
    ),
    Launcher(
        id="dumb-init",
        does="dumb-init, which signals the session of its child.",
        words=("dumb-init", "--", COMMAND),
        package="dumb-init",
        facts=Launches(
            stays=(
                Stays(
                    name="dumb-init",
                    on=_forwards("to its child's group", DUMB_INIT),
                    exit_status="128 and more",
                    apart=True,
                    signals_group="SIGTERM",
                    source=DUMB_INIT,
                ),
            ),
            source=DUMB_INIT,
        ),
    ),
    Launcher(
        id="dumb-init-single",
        does="dumb-init --single-child, which signals only its child.",
        words=("dumb-init", "--single-child", "--", COMMAND),
        package="dumb-init",
        facts=Launches(
            stays=(
                Stays(
                    name="dumb-init",
                    on=_forwards("to its child", DUMB_INIT),
                    exit_status="128 and more",
                    source=DUMB_INIT,
                ),
            ),
            source=DUMB_INIT,
        ),
    ),
    Launcher(
        id="pty",
        does="In a terminal: Ctrl-C is typed into it, and hanging up closes it.",
        words=(COMMAND,),
        terminal=True,
        facts=Launches(source=BECOMES),
    ),
    Launcher(
        id="nohup",
        does="nohup: SIGHUP is ignored.",
        words=("nohup", COMMAND),
        facts=Launches(
            ignored=("SIGHUP",), source="POSIX XCU nohup; execve(2): what is ignored stays so"
        ),
    ),
    Launcher(
        id="setsid",
        does="setsid --wait: in a session of its own, below the first process.",
        words=("setsid", "--wait", COMMAND),
        package="util-linux",
        facts=Launches(
            stays=(
                Stays(
                    name="setsid",
                    exit_status="the number",
                    apart=True,
                    source="util-linux sys-utils/setsid.c: of --wait, the low byte of the status",
                ),
            ),
            source="util-linux sys-utils/setsid.c",
        ),
    ),
    Launcher(
        id="timeout",
        does="timeout, with a limit that is not reached.",
        words=("timeout", "86400", COMMAND),
        facts=Launches(
            stays=(
                Stays(
                    name="timeout",
                    on=_forwards("to its own group", TIMEOUT),
                    exit_status="the same end",
                    source=TIMEOUT,
                ),
            ),
            source=TIMEOUT,
        ),
    ),
    Launcher(
        id="uv-run",
        does="uv run.",
        words=("uv", "run", "--no-project", "--", COMMAND),
        package="uv",
        facts=Launches(
            stays=(
                Stays(
                    name="uv",
                    on={
                        "SIGHUP": OnSignal(passes="to its child", source=UV),
                        "SIGINT": OnSignal(passes="to its child", source=UV_INTERRUPTED),
                        "SIGTERM": OnSignal(passes="to its child", source=UV),
                    },
                    exit_status="128 and more",
                    source=UV,
                ),
            ),
            source=UV,
        ),
    ),
    Launcher(
        id="pyinstaller",
        does=(
            "A one-file executable of PyInstaller, which unpacks itself and starts again as a "
            "child."
        ),
        words=(COMMAND,),
        builds=True,
        requires=">=3.10",
        package="pyinstaller",
        facts=Launches(
            stays=(
                Stays(
                    name=BUNDLE,
                    on=_forwards("to its child", PYINSTALLER),
                    exit_status="the same end",
                    source=PYINSTALLER + "; pyi_main.c, the child's signal is raised again",
                ),
            ),
            embeds=True,
            source="PyInstaller bootloader/src/pyi_launch.c, pyi_launch_run_scripts: an exception,"
            " KeyboardInterrupt too, gives status 1",
        ),
    ),
    Launcher(
        id="make",
        doubled="$",
        does="A recipe of a Makefile.",
        words=("make", "-f", SCRIPT),
        script="all:\n\t@LINE\n",
        package="make",
        facts=Launches(
            stays=(
                Stays(
                    name="make",
                    on={
                        "SIGHUP": OnSignal(then="dies when its child has ended", source=MAKE),
                        "SIGINT": OnSignal(then="dies when its child has ended", source=MAKE),
                        "SIGTERM": OnSignal(
                            passes="to its child", then="dies when its child has ended", source=MAKE
                        ),
                    },
                    exit_status="failure",
                    failure=2,
                    source=MAKE,
                ),
            ),
            source=MAKE,
        ),
    ),
    Launcher(
        id="honcho",
        does="honcho start, from a Procfile with one line.",
        words=("honcho", "-f", SCRIPT, "start"),
        script="app: LINE\n",
        starter="honcho",
        wakes=0.1,
        package="honcho",
        facts=Launches(
            stays=(
                Stays(
                    name="honcho",
                    on={
                        "SIGINT": _honcho_stops(130),
                        "SIGTERM": _honcho_stops(143),
                    },
                    exit_status="128 and more",
                    source=HONCHO,
                ),
                Stays(
                    name="honcho",
                    on={
                        "SIGINT": OnSignal(source=HONCHO_WORKER),
                        "SIGTERM": OnSignal(source=HONCHO_WORKER),
                    },
                    exit_status="success",
                    waits_for_output=True,
                    apart=True,
                    source=HONCHO_WORKER,
                ),
                Stays(name="sh", exit_status="128 and more", source=DASH),
            ),
            source=HONCHO,
        ),
    ),
    Launcher(
        id="supervisord",
        does="supervisord, with its defaults: it signals only the program, and restarts it.",
        words=("supervisord", "-c", SCRIPT),
        script=SUPERVISED,
        doubled="%",
        refuses=(" ;", " #"),
        starter="supervisord",
        wakes=1.0,
        package="supervisor",
        facts=_supervises("to its child"),
    ),
    Launcher(
        id="supervisord-asgroup",
        does="supervisord with stopasgroup and killasgroup: it stops the program's process group.",
        words=("supervisord", "-c", SCRIPT),
        script=SUPERVISED + "stopasgroup = true\nkillasgroup = true\n",
        doubled="%",
        refuses=(" ;", " #"),
        starter="supervisord",
        wakes=1.0,
        package="supervisor",
        facts=_supervises("to its child's group"),
    ),
)

LAUNCHERS_BY_ID = {one.id: one for one in LAUNCHERS}
STARTS_COMMANDS = tuple(one.id for one in LAUNCHERS if not one.builds)
"""All that can start any command."""

LAUNCHED = tuple(id for id in LAUNCHERS_BY_ID if id != DIRECT)
"""All that are something else than the command itself."""

ASKED = ("return", "exception", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL")
"""How a scenario is ended under a launcher: with a status, and by what platforms send."""


class NoSuchLauncher(Exception):
    """A name that is none; the text is one line."""


class CannotLaunch(Exception):
    """A command that a launcher has no way to write; the text is one line."""


def find_launcher(name: str) -> Launcher:
    """The launcher of a name. Raises NoSuchLauncher."""
    if name not in LAUNCHERS_BY_ID:
        raise NoSuchLauncher(f"no launcher is called '{name}'{did_you_mean(name, STARTS_COMMANDS)}")
    if LAUNCHERS_BY_ID[name].builds:
        raise NoSuchLauncher(
            f"{name} makes a program of a program: make it, and give that as the command"
        )
    return LAUNCHERS_BY_ID[name]


def targets(termination: Termination, scenario: Scenario) -> tuple[str, ...]:
    """Whom a termination is aimed at under a launcher: the first process, a role, the group."""
    if termination.delivery == "in-process":
        return (scenario.acting_role,)
    return (FIRST, *scenario.roles, GROUP)


def not_applicable(
    launcher: Launcher, termination: Termination, target: str, scenario: Scenario
) -> str | None:
    """Why a termination says nothing about a launcher; None where it does."""
    if termination.id not in ASKED:
        return f"below a launcher a program is ended by {', '.join(ASKED)} alone"
    if termination.delivery == "in-process" and scenario.serves:
        return "below a launcher no request is made"
    if launcher.builds and (scenario.folder or scenario.family != "none"):
        return "it is made of programs that are one file and need no package"
    if launcher.namespace and target == GROUP:
        return "the program that makes the namespace is in the group, and in no container"
    return None


def not_on(id: str, interpreter: Interpreter) -> str | None:
    """Why a launcher cannot start what an interpreter runs; None where it can."""
    requires = LAUNCHERS_BY_ID[id].requires
    if not requires or (
        interpreter.implementation == "cpython"
        and SpecifierSet(requires, prereleases=True).contains(interpreter.version)
    ):
        return None
    return f"{id} needs CPython {requires}"


def wrap(launcher: Launcher, command: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """The words that start a command, and the text of the script. Raises CannotLaunch."""
    line = shlex.join(command)
    for text in launcher.refuses:
        if text in line:
            raise CannotLaunch(f"{launcher.id} cannot start a command with '{text}' in it")
    words: list[str] = []
    for word in launcher.words:
        if word == COMMAND:
            words += command
        elif word == MODULE:
            words += _module(launcher, command)
        elif word == SCRIPT:
            words.append(SCRIPT_PATH)
        else:
            words.append(word.replace(LINE, line))
    if launcher.doubled:
        line = line.replace(launcher.doubled, launcher.doubled * 2)
    return tuple(words), launcher.script.replace(LINE, line)


def _module(launcher: Launcher, command: Sequence[str]) -> tuple[str, ...]:
    """`python app.py one` as `python -m app one`. Raises CannotLaunch."""
    file = command[1] if len(command) > 1 else ""
    name = file.removesuffix(".py")
    if name == file or not name.isidentifier():
        raise CannotLaunch(f"{launcher.id} starts a command such as python app.py, and no other")
    return (command[0], "-m", name, *command[2:])
