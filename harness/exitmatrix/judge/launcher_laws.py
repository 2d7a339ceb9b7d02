"""What holds below a launcher, whatever the program: reasons with their sources. Frozen data."""

from __future__ import annotations

from collections.abc import Mapping

from exitmatrix.judge.served.laws import ServerLaw

LAWS: Mapping[str, ServerLaw] = {
    "launcher-exec": ServerLaw(
        because="The launcher replaces itself with the program: there is one process, and what is"
        " sent to the first pid is sent to Python.",
        source="execve(2); bash builtins/evalstring.c, parse_and_execute: -c with one command",
    ),
    "launcher-ignored-signal": ServerLaw(
        because=(
            "The program starts with a signal ignored, and Python leaves it ignored: SIGHUP under"
            " nohup, SIGINT where a shell started it in the background. Ctrl-C then raises no"
            " KeyboardInterrupt. PyPy installs its handler for SIGINT all the same."
        ),
        source="POSIX XCU nohup, and 2.11 of asynchronous lists; CPython Modules/signalmodule.c,"
        " signal_install_handlers",
    ),
    "launcher-pid-1": ServerLaw(
        because=(
            "The first process of a PID namespace, as in a container, gets only signals for "
            "which it has a handler; SIGKILL and SIGSTOP from outside are the exceptions. So "
            "SIGTERM and SIGHUP do nothing by default. The SIGINT with which an interrupted "
            "Python kills itself does nothing either: it exits with 130, PyPy with 1. When the "
            "first process ends, the kernel kills all others in the namespace."
        ),
        source="pid_namespaces(7); CPython Modules/main.c, exit_sigint",
    ),
    "launcher-forwards-signal": ServerLaw(
        because=(
            "The launcher stays, has a handler for the signal, and sends it to the program or to "
            "the program's process group. uv run sends SIGINT after 200 ms, and not at all if "
            "its stdin is a terminal, which it is not here."
        ),
        source="tini src/tini.c, wait_and_forward_signal; dumb-init.c, forward_signal;"
        " coreutils src/timeout.c, cleanup; uv crates/uv/src/child.rs, run_to_completion;"
        " PyInstaller bootloader/src/pyi_utils_posix.c, pyi_utils_create_child",
    ),
    "launcher-is-killed-alone": ServerLaw(
        because=(
            "The launcher stays and has no handler for the signal, or the signal is SIGKILL: the "
            "launcher is killed. The program gets no signal, and goes on as an orphan."
        ),
        source="signal(7); credentials(7); dash src/eval.c: sh -c forks for its command",
    ),
    "launcher-waits-first": ServerLaw(
        because=(
            "The launcher records the signal, waits until its child has ended, and is then "
            "killed by the signal. While the child lives, nothing happens."
        ),
        source="dash src/trap.c, onsig; GNU make src/commands.c, fatal_error_signal",
    ),
    "launcher-own-process-group": ServerLaw(
        because=(
            "The program is in a process group of its own: a signal to the group of the first "
            "pid reaches the launcher only."
        ),
        source="setpgid(2), setsid(2); tini src/tini.c, isolate_child; dumb-init.c, main",
    ),
    "launcher-same-process-group": ServerLaw(
        because=(
            "Launcher and program are in one process group: a signal to that group reaches both."
        ),
        source="fork(2), setpgid(2)",
    ),
    "launcher-exits-with-128-plus-signal": ServerLaw(
        because="The launcher exits with the program's status, or with 128 and the number of the"
        " signal that killed it: 143 for SIGTERM, 137 for SIGKILL.",
        source="POSIX XCU 2.8.2, Exit Status for Commands; tini src/tini.c, reap_zombies;"
        " dumb-init.c, handle_signal",
    ),
    "launcher-exits-with-signal-number": ServerLaw(
        because=(
            "setsid --wait exits with the low byte of the wait status. For a program that was "
            "killed that is the number of the signal, which looks like an exit status."
        ),
        source="util-linux sys-utils/setsid.c, main",
    ),
    "launcher-ends-as-the-program": ServerLaw(
        because="The launcher ends as the program did, by the same signal or with the same status.",
        source="coreutils src/timeout.c, main; PyInstaller bootloader/src/pyi_main.c",
    ),
    "launcher-status-of-its-own": ServerLaw(
        because="The launcher's status is its own: that of a command that comes after the program,"
        " or 2 of a make whose recipe failed.",
        source="POSIX XCU 2.9.3, Sequential Lists; GNU make manual, Running",
    ),
    "launcher-embeds-python": ServerLaw(
        because=(
            "A program that PyInstaller has made embeds Python. There KeyboardInterrupt is"
            " printed like any other exception, and gives status 1. The interpreter finalizes, so"
            " handlers run; the process does not kill itself with SIGINT, as python does."
        ),
        source="PyInstaller bootloader/src/pyi_launch.c, pyi_launch_run_scripts; CPython"
        " Modules/main.c, exit_sigint",
    ),
    "launcher-terminal-sighup": ServerLaw(
        because=(
            "The first process leads the session of its terminal. When it ends, for whatever "
            "reason, the kernel sends SIGHUP to the terminal's foreground process group: an "
            "orphan there goes on only if it handles or ignores SIGHUP."
        ),
        source="POSIX XSH _exit, Consequences of Process Termination; Linux"
        " drivers/tty/tty_jobctrl.c, disassociate_ctty",
    ),
    "launcher-sends-sigterm": ServerLaw(
        because=(
            "The launcher answers a signal with SIGTERM to the program, whichever signal it got "
            "itself. supervisord sends it to the program only, or to its process group with "
            "stopasgroup; honcho sends it to the group of the shell that it has started. So "
            "Ctrl-C raises no KeyboardInterrupt in the program."
        ),
        source="supervisor supervisor/process.py, stop and kill; honcho honcho/manager.py,"
        " _killall; compat.py, ProcessManager.terminate",
    ),
    "launcher-goes-on": ServerLaw(
        because=(
            "supervisord runs whether its program does or not: it does not end when the program "
            "ends."
        ),
        source="supervisor supervisor/process.py, finish",
    ),
    "launcher-restarts-the-program": ServerLaw(
        because=(
            "supervisord restarts a program that was killed or exited with a status other than 0 "
            "(autorestart=unexpected). If supervisord itself gets SIGHUP, it restarts the "
            "program whatever the status."
        ),
        source="supervisor supervisor/process.py, transition; supervisord.py, main",
    ),
    "launcher-waits-for-output": ServerLaw(
        because=(
            "honcho reads the program's output until no process holds it open any more: an orphan"
            " that goes on keeps honcho waiting."
        ),
        source="honcho honcho/process.py, Process.run",
    ),
    "launcher-terminates-the-session": ServerLaw(
        because=(
            "When the program has ended, dumb-init sends SIGTERM to the processes that are left "
            "in its session's group, and exits."
        ),
        source="dumb-init.c, handle_signal",
    ),
}
