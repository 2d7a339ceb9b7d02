"""Ask an observed server, with a real client, without blocking the trials beside it."""

from __future__ import annotations

import asyncio
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import requests

# How the scenarios that serve are spoken to.
ANNOUNCED = re.compile(rb"Running on http://127\.0\.0\.1:(\d+)")
GREETING = re.compile(r"process (\d+)")
END = "/end"  # the path of the view that comes to `end_here()`
BUSY = "/busy"  # and of the one that is at work until it is let go on
PATIENCE = 10.0  # seconds; a reloader's parent holds the socket, so a request can wait for nobody


class Client:
    """HTTP over loopback, in threads."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="http")
        self._local = threading.local()

    async def get(self, port: int, path: str) -> tuple[int, str] | None:
        """Status and text; None when there was no answer."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._get, port, path)

    async def who_serves(self, port: int) -> int | None:
        """The pid of the process that answers; None when none does."""
        answer = await self.get(port, "/")
        greeting = GREETING.search(answer[1]) if answer and answer[0] == 200 else None
        return int(greeting[1]) if greeting else None

    def _get(self, port: int, path: str) -> tuple[int, str] | None:
        import requests  # noqa: PLC0415 - costs more than ten plain programs, which need none of it

        try:
            answer = self._session().get(
                f"http://127.0.0.1:{port}{path}", timeout=PATIENCE, headers={"Connection": "close"}
            )
        except requests.RequestException:
            return None
        return answer.status_code, answer.text

    def _session(self) -> requests.Session:
        """This thread's session."""
        import requests  # noqa: PLC0415

        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            self._local.session.trust_env = False  # a proxy has no business on loopback
        session: requests.Session = self._local.session
        return session

    def close(self) -> None:
        """Let the threads end; requests under way are abandoned."""
        self._threads.shutdown(wait=False, cancel_futures=True)
