"""In a background job, or under nohup, everything behaves as in the foreground."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.background import background

pytestmark = pytest.mark.real

SHOW = """
import signal
numbers = set(signal.valid_signals()) - {signal.SIGPIPE, signal.SIGXFSZ}
ignored = [int(n) for n in sorted(numbers) if signal.getsignal(n) == signal.SIG_IGN]
print(ignored, [int(n) for n in signal.pthread_sigmask(signal.SIG_BLOCK, [])])
"""


def in_background(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        background(*words),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_a_background_job_hands_on_what_it_ignores() -> None:
    """The tests below are about something: a child inherits ignored signals and the mask."""
    shown = in_background(sys.executable, "-c", SHOW).stdout
    assert shown == f"{[1, 2, 3]} {[int(signal.SIGUSR1)]}\n"


def test_a_reset_process_hands_on_nothing() -> None:
    """After `dispositions.reset()` a child has default dispositions and an empty mask."""
    text = "from exitmatrix.machine.run.kernel import dispositions; dispositions.reset()"
    again = f"{text}\nimport subprocess, sys\nsubprocess.run([sys.executable, '-c', {SHOW!r}])"
    assert in_background(sys.executable, "-c", again).stdout == "[] []\n"


def test_what_tests_start_has_default_dispositions() -> None:
    """Also where the tests themselves run in the background (below)."""
    shown = subprocess.run([sys.executable, "-c", SHOW], capture_output=True, text=True, check=True)
    assert shown.stdout == "[] []\n"


def test_the_tests_do_not_care_who_started_them() -> None:
    """The same test, in a session of pytest that is a background job."""
    this = f"{Path(__file__)}::{test_what_tests_start_has_default_dispositions.__name__}"
    done = in_background(
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n0", this
    )
    assert done.returncode == 0, done.stdout
