"""The guardian: a small process that outlives the harness and kills what is left.

    harness  --starts-->  guardian  --starts-->  engine  --starts-->  trials

It has a session of its own, so that signals to the harness's terminal or group
do not reach it, and it is a subreaper, so that every process of every trial is
below it however far it fled. It waits for the first of two things: the engine
ends, or the harness's end of the lifeline closes, which happens however the
harness dies. Then it kills all that is below it and removes the run's folder.

Each of the three sees to the others, so that no two of them can be killed and leave
anything. The engine holds the lifeline too: when the harness is gone it ends its
trials itself, and the guardian waits for that. When the guardian is gone the kernel
tells the engine (PR_SET_PDEATHSIG). When both are gone the harness sweeps up. After
the death of all three the next run does, by the marks of the processes.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import time

from exitmatrix.machine.run.grounds import Owner, end_abandoned_runs, make_folder
from exitmatrix.machine.run.kernel import control_group, shared_memory
from exitmatrix.machine.run.kernel.dispositions import ignore_all
from exitmatrix.machine.run.kernel.marks import MARKS
from exitmatrix.machine.run.kernel.prctl import become_subreaper
from exitmatrix.machine.run.kernel.wait_status import SIGNALLED
from exitmatrix.machine.run.reaper import end_all_below

PATIENCE = 5.0  # seconds that an engine may take to end its trials when the harness is gone


def main(lifeline: int, jobs: str, engine_module: str = "exitmatrix.machine.run.engine") -> int:
    """Guard one engine; its exit status, or 128 and the signal that ended it."""
    become_subreaper()
    ignore_all()  # only the lifeline decides
    news = _news_of_children()
    os.set_inheritable(lifeline, False)
    end_abandoned_runs()
    # Unlike those of other runs on this machine, and unlike what a limit may be.
    first_mark = (1 << 61) + (secrets.randbits(40) << 20)
    memory = shared_memory.names()
    folder, _ = make_folder(Owner(first_mark, tuple(memory)))
    try:
        engine = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", engine_module, folder, jobs),
                *(str(first_mark), str(os.getpid()), str(lifeline)),
            ],
            stdin=0,
            stdout=1,
            pass_fds=(lifeline,),
        )
        # Our copies would keep the engine's pipes open after it ended.
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        if not _until_it_ends(engine, news, lifeline):
            engine.send_signal(signal.SIGCONT)
            _until_it_ends(engine, news, patience=PATIENCE)
        status = engine.poll() or 0
        return status if status >= 0 else SIGNALLED - status
    except OSError as error:  # no process, no descriptor: the harness hears the pipe's end
        print(f"exitmatrix: the engine cannot be started: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 1
    finally:
        end_all_below(memory, range(first_mark, first_mark + MARKS))
        control_group.remove_marked(range(first_mark, first_mark + MARKS))
        shutil.rmtree(folder, ignore_errors=True)


def _news_of_children() -> int:
    """A descriptor that can be read whenever a child has ended, or was stopped."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return read


def _until_it_ends(
    engine: subprocess.Popen[bytes],
    news: int,
    lifeline: int | None = None,
    patience: float | None = None,
) -> bool:
    """Wait for the engine's end, or the lifeline's, or so many seconds; True if it ended.

    An engine that somebody stops is continued at once.
    """
    limit = None if patience is None else time.monotonic() + patience
    while engine.poll() is None:
        left = None if limit is None else max(0.0, limit - time.monotonic())
        ready, _, _ = select.select([news] if lifeline is None else [news, lifeline], [], [], left)
        if not ready or lifeline in ready:
            return False
        with contextlib.suppress(BlockingIOError):
            os.read(news, 4096)
        with contextlib.suppress(ChildProcessError):
            if os.waitid(os.P_PID, engine.pid, os.WSTOPPED | os.WNOHANG):
                engine.send_signal(signal.SIGCONT)
    return True


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
