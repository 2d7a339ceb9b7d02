"""Asks a binary what it is."""

from __future__ import annotations

import os
import select as poller
import signal
import subprocess
import time
from contextlib import suppress
from textwrap import shorten

from exitmatrix.machine.interpreters.answer import PROBE, SelfReport, read_answer
from exitmatrix.machine.python_error import python_error

SECONDS_TO_ANSWER = 5.0
"""A Python starts in 0.01-0.2 s; what takes longer than this is taken to hang."""

_MOST_OUTPUT = 65536


def ask(path: str) -> SelfReport | str:
    """Ask a binary what it is; a text says why it gave no usable answer."""
    # Nothing of the caller's environment but what a wrapper script needs to find its tools:
    # observed programs are started from a clean environment too.
    environment = {key: os.environ[key] for key in ("HOME", "PATH") if key in os.environ}
    try:
        process = subprocess.Popen(
            [path, "-E", "-S", "-c", PROBE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        return f"cannot be started: {error.strerror}"
    output, status = _listen(process)
    if answer := read_answer(output):
        return answer
    # A shell or a loader says what is wrong at the beginning.
    words = python_error(output) or next(filter(None, map(str.strip, output.splitlines())), "")
    words = f": {shorten(words, 160)}" if words else ""
    if status:
        return f"is no working Python, it ended with status {status}{words}"
    if status is None and len(output) < _MOST_OUTPUT:
        return f"gave no answer within {SECONDS_TO_ANSWER:g} s"
    return f"is no Python, it printed no version{words}"


def _listen(process: subprocess.Popen[bytes]) -> tuple[str, int | None]:
    """Read what a binary says until it ends, says too much or takes too long.

    The status is None where it did not end by itself; its whole session is ended then.
    `communicate` would not do: it collects without bound what a program such as `yes` says,
    and after a timeout it waits for grandchildren that hold the pipe.
    """
    assert process.stdout is not None
    deadline = time.monotonic() + SECONDS_TO_ANSWER
    output, chunk = b"", b"."
    with process.stdout as stdout:
        watch = poller.poll()
        watch.register(stdout, poller.POLLIN)
        while chunk and len(output) < _MOST_OUTPUT:
            if not watch.poll(max(0.0, deadline - time.monotonic()) * 1000):
                break
            chunk = os.read(stdout.fileno(), 8192)
            output += chunk
        status = None
        if not chunk:
            with suppress(subprocess.TimeoutExpired):
                status = process.wait(max(0.0, deadline - time.monotonic()))
        if status is None:
            # Not yet reaped, so the number still is that of this process and its group.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return output.decode(errors="replace"), status
