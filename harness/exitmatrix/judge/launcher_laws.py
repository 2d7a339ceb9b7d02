"""What holds below a launcher, whatever the program: reasons with their sources. Frozen data."""

from __future__ import annotations

from collections.abc import Mapping

from exitmatrix.judge.served.laws import ServerLaw

LAWS: Mapping[str, ServerLaw] = {
    "launcher-becomes-the-program": ServerLaw(
        because="The launcher replaces itself by the program: there is one process, and what is"
        " sent to the first pid is sent to Python.",
        source="execve(2); bash builtins/evalstring.c, parse_and_execute: -c with one command",
    ),
    "launcher-has-it-ignored": ServerLaw(
        because="The program starts with a signal ignored, and Python leaves that so: SIGHUP below"
        " nohup, SIGINT where a shell started it in the background. No KeyboardInterrupt is raised"
        " then. PyPy installs its handler for SIGINT all the same.",
        source="POSIX XCU nohup, and 2.11 of asynchronous lists; CPython Modules/signalmodule.c,"
        " signal_install_handlers",
    ),
    "launcher-makes-it-init": ServerLaw(
        because="To the first process of a PID namespace, as in a container, the kernel gives no"
        " signal but SIGKILL that it has no handler for: SIGTERM and SIGHUP do nothing. The SIGINT"
        " with which an interrupted Python kills itself does nothing either, so that it exits with"
        " 130, PyPy with 1. When it ends, all others in the namespace are killed.",
        source="pid_namespaces(7); CPython Modules/main.c, exit_sigint",
    ),
    "launcher-passes-it-on": ServerLaw(
        because="The launcher stays, has a handler for the signal and sends it to the program, or"
        " to the program's process group. uv run sends SIGINT 200 ms later, and not at all where"
        " its stdin is a terminal, as it is not here.",
        source="tini src/tini.c, wait_and_forward_signal; dumb-init.c, forward_signal;"
        " coreutils src/timeout.c, cleanup; uv crates/uv/src/child.rs, run_to_completion;"
        " PyInstaller bootloader/src/pyi_utils_posix.c, pyi_utils_create_child",
    ),
    "launcher-dies-alone": ServerLaw(
        because="The launcher stays and has no handler for the signal, or it is SIGKILL: the"
        " launcher is killed, the program is told nothing and goes on, as an orphan.",
        source="signal(7); credentials(7); dash src/eval.c: sh -c forks for its command",
    ),
    "launcher-waits-first": ServerLaw(
        because="The launcher takes down that the signal came, waits until its child has ended, and"
        " is killed by the signal then. As long as the child lives nothing happens.",
        source="dash src/trap.c, onsig; GNU make src/commands.c, fatal_error_signal",
    ),
    "launcher-sets-it-apart": ServerLaw(
        because="The program is in a process group of its own: what is sent to the group of the"
        " first pid reaches the launcher alone.",
        source="setpgid(2), setsid(2); tini src/tini.c, isolate_child; dumb-init.c, main",
    ),
    "launcher-shares-its-group": ServerLaw(
        because="Launcher and program are in one process group: what is sent to it reaches both.",
        source="fork(2), setpgid(2)",
    ),
    "launcher-tells-128-and-more": ServerLaw(
        because="The launcher exits with the program's status, or with 128 and the number of the"
        " signal that killed it: 143 for SIGTERM, 137 for SIGKILL.",
        source="POSIX XCU 2.8.2, Exit Status for Commands; tini src/tini.c, reap_zombies;"
        " dumb-init.c, handle_signal",
    ),
    "launcher-tells-the-number": ServerLaw(
        because="setsid --wait exits with the low byte of the wait status: of a program that was"
        " killed that is the number of the signal, which nothing tells from a status.",
        source="util-linux sys-utils/setsid.c, main",
    ),
    "launcher-ends-alike": ServerLaw(
        because="The launcher ends as the program did, by the same signal or with the same status.",
        source="coreutils src/timeout.c, main; PyInstaller bootloader/src/pyi_main.c",
    ),
    "launcher-hides-the-end": ServerLaw(
        because="The launcher's status is its own: that of a command that comes after the program,"
        " or 2 of a make whose recipe failed.",
        source="POSIX XCU 2.9.3, Sequential Lists; GNU make manual, Running",
    ),
    "launcher-embeds-python": ServerLaw(
        because="A program that PyInstaller has made embeds Python: KeyboardInterrupt is an"
        " exception like any other there, which is printed and gives status 1. The interpreter is"
        " finalized, so handlers run; nobody kills the process with SIGINT, as python does.",
        source="PyInstaller bootloader/src/pyi_launch.c, pyi_launch_run_scripts; CPython"
        " Modules/main.c, exit_sigint",
    ),
    "launcher-hangs-up": ServerLaw(
        because="The first process leads the session of its terminal. When it ends, however that"
        " may be, the kernel sends SIGHUP to the terminal's foreground process group: no orphan"
        " goes on that has not asked for it.",
        source="POSIX XSH _exit, Consequences of Process Termination; Linux"
        " drivers/tty/tty_jobctrl.c, disassociate_ctty",
    ),
    "launcher-stops-it": ServerLaw(
        because="The launcher answers a signal with one of its own: SIGTERM to the program,"
        " whatever it was sent itself. supervisord sends it to the program alone, or to its process"
        " group with stopasgroup; honcho to the group of the shell that it has started. Ctrl-C"
        " raises no KeyboardInterrupt in the program then.",
        source="supervisor supervisor/process.py, stop and kill; honcho honcho/manager.py,"
        " _killall; compat.py, ProcessManager.terminate",
    ),
    "launcher-goes-on": ServerLaw(
        because="supervisord is there whether its program is or not: the program's end is not its"
        " own.",
        source="supervisor supervisor/process.py, finish",
    ),
    "launcher-starts-it-again": ServerLaw(
        because="supervisord starts a program again that was killed or ended with another status"
        " than 0 (autorestart=unexpected), and whatever its end when it is sent SIGHUP itself.",
        source="supervisor supervisor/process.py, transition; supervisord.py, main",
    ),
    "launcher-reads-to-the-end": ServerLaw(
        because="honcho reads the program's output until nobody holds it open any more: an orphan"
        " that goes on keeps it there.",
        source="honcho honcho/process.py, Process.run",
    ),
    "launcher-buries-the-others": ServerLaw(
        because="When the program has ended, dumb-init sends SIGTERM to what its session's group"
        " still holds, and ends itself.",
        source="dumb-init.c, handle_signal",
    ),
}
