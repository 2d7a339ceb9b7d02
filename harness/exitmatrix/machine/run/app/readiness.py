"""When a command is ready to be ended, seen from outside."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable
from urllib.parse import urlsplit

from exitmatrix.machine.run.app import looking
from exitmatrix.machine.run.app.leftovers import mark_of
from exitmatrix.machine.run.app.state import AppState
from exitmatrix.machine.run.running import NotReady
from exitmatrix.model.app import PORT

MISSING = re.compile(r"^ModuleNotFoundError: (.+)$", re.MULTILINE)
SAMPLE = 0.1  # seconds between two looks at who works
LONG = 5.0  # seconds; a rest that is to last so long is looked at less often
SAMPLE_OF_LONG = 0.25  # seconds
QUIET_LISTENING = 0.5  # seconds at rest, after which what listens is ready
QUIET = 1.5  # seconds at rest, after which what does not listen is ready: supervisord starts its
# programs when it looks for the second time, a second after the first
QUIET_WITHOUT = 10.0  # the same of one that was given a port, and has not opened it: it may be UDP
QUIET_SHOWN = 0.2  # seconds at rest, after what was to be seen was seen
LONGEST_LISTENING = 5.0  # seconds after which what listens is ready though it never rests
LONGEST_SILENT = 10.0  # the same of what does not listen: it writes, or starts others, all the time
LONGEST_SHOWN = 2.0
LONGEST_GROWING = 20.0  # seconds after which even what still grows is ready
FULL_GROWN = 2.0  # seconds in which what has been loaded takes no more memory
GROWTH = 64  # pages: what imports its modules takes more, and what waits for requests does not
BUSY_TICKS = 2  # of processor time in a sample: what works more does not rest


class RestWatch:
    """Whether a tree rests: nobody new, nothing told, nothing written, nobody works."""

    def __init__(self, state: AppState, output: bool = True, longest: float = 0.0) -> None:
        """`output`: whether what is written counts. `longest`: seconds that are waited for."""
        self._state = state
        self._output = output
        self._every = SAMPLE_OF_LONG if longest >= LONG else SAMPLE
        self._samples: deque[bool] = deque(maxlen=100)
        self._last = self._sign()
        self._work = self._ticks()[0]

    def _sign(self) -> tuple[int, ...]:
        state = self._state
        written = len(state.output.text) if self._output else 0
        return len(state.journal.events), written, len(state.nodes), len(state.live)

    def _ticks(self) -> tuple[int, bool]:
        seen = [looking.work_of(pid) for pid in self._state.live]
        return sum(ticks for ticks, _ in seen), any(works for _, works in seen)

    def sample(self) -> None:
        """Look once more."""
        self._state.update_tree()
        self.take()

    def take(self) -> None:
        """Take down what the last look at the tree has shown."""
        sign, (work, works) = self._sign(), self._ticks()
        if sign != self._last:
            self._samples.clear()
        busy = works or work - self._work >= BUSY_TICKS * self._every / SAMPLE
        self._samples.append(not busy)
        self._last, self._work = sign, work

    def lasts(self, seconds: float) -> bool:
        """Whether it has rested for so long; one look in ten may meet somebody at work."""
        wanted = round(seconds / self._every)
        last = list(self._samples)[-wanted:]
        return len(last) >= wanted and sum(last) * 10 >= len(last) * 9

    async def comes(self, seconds: float, over: Callable[[], bool]) -> bool:
        """Look again and again, until it has rested for so long or it is over; whether it rests.

        The kernel tells no event when a process falls asleep.
        """
        while not self.lasts(seconds):
            if over():
                return False
            await self._state.journal.within(self._every, lambda: not self._state.live)
            self.sample()
        return True


class Growth:
    """Whether a tree still loads its program, which takes memory, however much it waits for."""

    def __init__(self) -> None:
        self._most = 0
        self._still = 0

    def sample(self, pages: int) -> None:
        """Take down how much memory the tree has now."""
        if pages > self._most + GROWTH:
            self._most, self._still = pages, 0
        else:
            self._still += 1

    def is_over(self, seconds: float = FULL_GROWN) -> bool:
        """Whether it has grown no more for so long."""
        return self._still >= round(seconds / SAMPLE)


async def until_ready(state: AppState) -> None:
    """Wait until the command is ready to be ended. Raises NotReady."""
    ready = state.spec.ready
    try:
        async with asyncio.timeout(ready.within):
            await _until_shown(state)
    except TimeoutError:
        raise NotReady(f"not ready within {ready.within:g} s: {_missing(state)}") from None
    state.update_tree()
    state.look_at_sockets()
    for one in state.sockets.values():
        if not one.is_local and one.host not in state.spec.addresses:
            raise NotReady(
                f"it listens on {one.address}, which others can reach:"
                f" have it listen on 127.0.0.1, or allow it with --allow-address {one.host}"
            )
    state.look_at_dispositions()
    state.become_ready()
    state.journal.note("harness", state.processes.root, "ready")


def _missing(state: AppState) -> str:
    """What was waited for."""
    ready = state.spec.ready
    what = ready.what.replace(PORT, str(state.port))
    match ready.by:
        case "auto" if state.given_port and not state.listens:
            return (
                f"nothing of it listens on port {state.port}, which it was given; say what shows"
                " that it is ready: --ready 5s, 'line REGEX' or 'file PATH'"
            )
        case "auto":
            return (
                "it was never idle; say what shows that it is ready: --ready 5s, --ready PORT, URL,"
                " 'line REGEX' or 'file PATH'"
            )
        case "port":
            return f"nothing of it listens on port {what}"
        case "url":
            return f"{what} was not answered with success"
        case "line":
            return f"no line of its output matches '{what}'"
        case _ if state.shown:
            return f"{what} was there before, and has not been written since"
        case _:
            return f"{what} is not there"


async def _until_shown(state: AppState) -> None:
    """Wait until what the user named is there, and the tree rests."""
    ready = state.spec.ready
    if ready.by == "seconds":
        await _live_for(state, ready.seconds)
        return
    if ready.by == "auto":
        await _until_at_rest(state)
        return
    while not await _is_shown(state):
        await _live_for(state, SAMPLE)
        state.update_tree()
    rest, growth = RestWatch(state, output=False), Growth()
    for count in range(round(LONGEST_GROWING / SAMPLE)):
        await _live_for(state, SAMPLE)
        rest.sample()
        growth.sample(looking.memory_of(state.live))
        if rest.lasts(QUIET_SHOWN):
            return
        if count * SAMPLE >= LONGEST_SHOWN and growth.is_over():
            return


async def _until_at_rest(state: AppState) -> None:
    """Wait until it listens and rests; or rests for longer; or no longer loads what it runs."""
    rest, silent, growth = RestWatch(state), RestWatch(state, output=False), Growth()
    waited = listening = 0
    while True:
        await _live_for(state, SAMPLE)
        rest.sample()
        silent.take()
        growth.sample(looking.memory_of(state.live))
        state.look_at_sockets()
        waited += 1
        if state.listens:
            listening += 1
            if silent.lasts(SAMPLE):
                state.host.yield_slot(state)  # what follows is waiting, most times
            rests = silent.lasts(QUIET_LISTENING) and state.accepts
            if rests or is_loaded(listening, LONGEST_LISTENING, growth):
                return
        elif state.given_port:
            if state.has_started and rest.lasts(QUIET_WITHOUT):
                return
        elif state.has_started and (rest.lasts(QUIET) or is_loaded(waited, LONGEST_SILENT, growth)):
            return


def is_loaded(looks: int, longest: float, growth: Growth) -> bool:
    """Whether what never rests has had its time, and does not go on loading its program.

    A machine that has much else to do loads it slowly: time alone does not tell.
    """
    seconds = looks * SAMPLE
    return seconds >= LONGEST_GROWING or (seconds >= longest and growth.is_over())


async def _is_shown(state: AppState) -> bool:
    ready = state.spec.ready
    what = ready.what.replace(PORT, str(state.port))
    match ready.by:
        case "port":
            state.look_at_sockets()
            return any(one.port == int(what) for one in state.sockets.values())
        case "url":
            return await _answers(state, what)
        case "line":
            return re.search(what, state.text, re.MULTILINE) is not None
        case _:  # what a run that was killed has left says nothing of this one
            return mark_of(state.file_of_ready) not in (None, state.shown)


async def _answers(state: AppState, url: str) -> bool:
    """Whether a path, or a URL of this machine, is answered with success."""
    parts = urlsplit(url)
    port = parts.port or state.port
    if not port:
        state.look_at_sockets()
        port = state.tcp_port
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    answer = await state.host.client.get(port, path) if port else None
    return answer is not None and answer[0] < 400


async def ask_again(state: AppState) -> None:
    """Note whether who goes on still answers, where a URL has shown that the command was ready.

    A request wakes a worker and may leave something behind, so it is sent when all has been seen.
    """
    ready = state.spec.ready
    if ready.by == "url" and state.live:
        answered = await _answers(state, ready.what.replace(PORT, str(state.port)))
        state.journal.note("harness", 0, "answers" if answered else "mute")


async def _live_for(state: AppState, seconds: float) -> None:
    """Let time pass. Raises NotReady as soon as everybody has ended."""

    def over() -> bool:
        return not state.live

    if await state.journal.within(seconds, over):
        state.update_tree()
        if not state.live:
            raise NotReady(f"it ended before it was ready{_how_it_ended(state)}{_hint(state)}")


def _hint(state: AppState) -> str:
    """What is missing, or what may be meant by a program that ends by itself, as it should."""
    if missing := MISSING.search(state.text):  # whose text names no path, as an ImportError may
        return f": {missing[1]}"
    root = state.processes.watched.get(state.processes.root)
    if root is None or root.fate != "code 0" or state.spec.terminal:
        return ""
    return (
        ": a program that ends by itself cannot be ended. Its stdin is empty; if it needs a"
        " terminal, use --as pty"
    )


def _how_it_ended(state: AppState) -> str:
    """How the process ended that was started first."""
    root = state.processes.watched.get(state.processes.root)
    word, _, how = root.fate.partition(" ") if root else ("", "", "")
    return {"code": f", with status {how}", "signal": f", killed by {how}"}.get(word, "")
