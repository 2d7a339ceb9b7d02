"""What the trials of one engine share."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from exitmatrix.machine.run.engine import Engine
from exitmatrix.machine.run.kernel import pidfd


class Listener:
    """What the engine knows of a trial: it takes events."""

    def __init__(self) -> None:
        self.told = asyncio.Event()

    def take_events(self) -> None:
        self.told.set()


@pytest.mark.real
def test_an_end_that_another_trial_came_upon_is_told(tmp_path: Path) -> None:
    """A trial learns that its process ended, also when another trial asked first."""

    async def ask() -> None:
        engine = Engine(tmp_path, 2)
        waits, asks = Listener(), Listener()
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
            watched = pidfd.watch(process.pid)
            engine.watch(watched, cast("Any", waits))
            await asyncio.sleep(0)
            process.send_signal(signal.SIGKILL)
            # It ends while the loop does other things, and is not reaped.
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            assert engine.ended(cast("Any", asks)) == []
            await asyncio.wait_for(waits.told.wait(), 10)
            assert engine.ended(cast("Any", waits)) == [watched]
            watched.close()
        engine.client.close()

    asyncio.run(ask())
