"""How a command is started: a table of other commands that start it.

In `words`, COMMAND stands for the words of the command, LINE within a word for the command
as a shell reads it, SCRIPT for a file that holds `script`.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from exitmatrix.declare.situations import nearest
from exitmatrix.model.app import Launcher

COMMAND, LINE, SCRIPT = "COMMAND", "LINE", "SCRIPT"
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
redirect_stderr = true
stdout_logfile = /dev/fd/1
stdout_logfile_maxbytes = 0
"""
"""Its defaults: SIGTERM to the program alone, SIGKILL after ten seconds, restarted if it fails."""

LAUNCHERS: tuple[Launcher, ...] = (
    Launcher(id="direct", does="The command itself.", words=(COMMAND,)),
    Launcher(id="sh", does="sh -c 'COMMAND'.", words=("/bin/sh", "-c", LINE)),
    Launcher(id="sh-then", does="sh -c 'COMMAND; true'.", words=("/bin/sh", "-c", f"{LINE}; true")),
    Launcher(id="bash", does="bash -c 'COMMAND'.", words=("bash", "-c", LINE), package="bash"),
    Launcher(
        id="script",
        does="A shell script that calls the command.",
        words=(SCRIPT,),
        script="#!/bin/sh\nLINE\n",
    ),
    Launcher(
        id="script-exec",
        does="A shell script that ends with exec COMMAND.",
        words=(SCRIPT,),
        script="#!/bin/sh\nexec LINE\n",
    ),
    Launcher(
        id="script-trap",
        does="A shell script that traps SIGTERM and SIGINT and passes them on.",
        words=(SCRIPT,),
        script=TRAP,
    ),
    Launcher(
        id="pid1",
        does="As a container's first process: signals that it has no handler for are ignored.",
        words=("unshare", "--pid", "--fork", "--mount-proc", "--kill-child", COMMAND),
        namespace=True,
        package="util-linux",
    ),
    Launcher(
        id="tini",
        does="tini, as a container's init; a subreaper here.",
        words=("tini", "-s", "--", COMMAND),
        package="tini",
    ),
    Launcher(
        id="tini-g",
        does="tini -g, which signals the process group of its child.",
        words=("tini", "-s", "-g", "--", COMMAND),
        package="tini",
    ),
    Launcher(
        id="dumb-init",
        does="dumb-init, which signals the session of its child.",
        words=("dumb-init", "--", COMMAND),
        package="dumb-init",
    ),
    Launcher(
        id="dumb-init-single",
        does="dumb-init --single-child, which signals its child alone.",
        words=("dumb-init", "--single-child", "--", COMMAND),
        package="dumb-init",
    ),
    Launcher(
        id="pty",
        does="In a terminal: Ctrl-C is typed into it, and hanging up closes it.",
        words=(COMMAND,),
        terminal=True,
    ),
    Launcher(id="nohup", does="nohup: SIGHUP is ignored.", words=("nohup", COMMAND)),
    Launcher(
        id="setsid",
        does="setsid --wait: in a session of its own, below the first process.",
        words=("setsid", "--wait", COMMAND),
        package="util-linux",
    ),
    Launcher(
        id="timeout",
        does="timeout, with a time that is not reached.",
        words=("timeout", "86400", COMMAND),
    ),
    Launcher(
        id="uv-run",
        does="uv run.",
        words=("uv", "run", "--no-project", "--", COMMAND),
        package="uv",
    ),
    Launcher(
        id="make",
        doubled="$",
        does="A recipe of a Makefile.",
        words=("make", "-f", SCRIPT),
        script="all:\n\t@LINE\n",
        package="make",
    ),
    Launcher(
        id="honcho",
        does="honcho start, from a Procfile with one line.",
        words=("honcho", "-f", SCRIPT, "start"),
        script="app: LINE\n",
        starter="honcho",
        package="honcho",
    ),
    Launcher(
        id="supervisord",
        does="supervisord, with its defaults: it stops the program alone, and starts it again.",
        words=("supervisord", "-c", SCRIPT),
        script=SUPERVISED,
        doubled="%",
        refuses=(" ;", " #"),
        starter="supervisord",
        package="supervisor",
    ),
    Launcher(
        id="supervisord-asgroup",
        does="supervisord with stopasgroup and killasgroup: it stops the program's process group.",
        words=("supervisord", "-c", SCRIPT),
        script=SUPERVISED + "stopasgroup = true\nkillasgroup = true\n",
        doubled="%",
        refuses=(" ;", " #"),
        starter="supervisord",
        package="supervisor",
    ),
)

BY_ID = {one.id: one for one in LAUNCHERS}


class NoSuchLauncher(Exception):
    """A name that is none; the text is one line."""


class CannotLaunch(Exception):
    """A command that a launcher has no way to write; the text is one line."""


def find(name: str) -> Launcher:
    """The launcher of a name. Raises NoSuchLauncher."""
    if name not in BY_ID:
        raise NoSuchLauncher(f"no launcher is called '{name}'{nearest(name, tuple(BY_ID))}")
    return BY_ID[name]


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
        elif word == SCRIPT:
            words.append(SCRIPT_PATH)
        else:
            words.append(word.replace(LINE, line))
    if launcher.doubled:
        line = line.replace(launcher.doubled, launcher.doubled * 2)
    return tuple(words), launcher.script.replace(LINE, line)
