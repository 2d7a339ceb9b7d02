"""A trial described line by line while it runs: which process did what. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import wrap

from exitmatrix.declare.terminations import IN_PROCESS
from exitmatrix.model import Event, Scenario, Termination

WIDTH = 80
NAME = 14  # of the column that says who: a role and a pid
COLOURS = ("cyan", "yellow")  # of the roles, in their order
NUMBERS = {"SIGKILL": "9"}  # as everybody types it

LINES = {1: "The one line", 2: "Both lines", 3: "All three lines"}

StyledText = tuple[str, str]  # a text and its style: "bold", a colour, or "" for none
StyledLine = tuple[StyledText, ...]


class Narrator:
    """Takes events in the order in which they were learnt, and says them in lines.

    Who is the parent is known at once, who is the child when it answers HTTP: until
    then a process is told by its pid alone.
    """

    def __init__(self, scenario: Scenario, termination: Termination, target: str) -> None:
        self.scenario = scenario
        self.termination = termination
        self.target = target
        self.roles: dict[int, str] = {}
        self.alive: list[int] = []
        self.over = False
        self.victim = 0
        self.writer_pids: list[int] = []  # who wrote each line on stdout after the victim was hit
        self._sayings: dict[str, Callable[[Event], Iterator[StyledLine]]] = {
            "spawned": self._starts,
            "started": self._starts,
            "found": self._starts,
            "serves": self._serves,
            "ready": self._ready,
            "says": self._says,
            "says on stderr": self._says,
            "sent": self._sent,
            "asked": self._asked,
            "replied": self._replied,
            "ended": self._ended,
            "port": self._afterwards,
            "closing": self._closing,
            "over": self._over,
            "not-ready": self._failed,
            "gave-up": self._failed,
            "failed": self._failed,
            "not-sent": self._failed,
        }

    def lines(self, event: Event) -> list[StyledLine]:
        """What an event is worth saying."""
        kernels = event.kind != "ended" or event.source == "kernel"  # a handler ends, too
        say = self._sayings.get(event.kind)
        return list(say(event)) if say and kernels else []

    def _starts(self, event: Event) -> Iterator[StyledLine]:
        if event.pid in self.alive:
            return
        self.alive.append(event.pid)
        if event.kind == "spawned":
            self.roles[event.pid] = self.scenario.roles[0]
        if event.kind != "found":  # a helper that tells nothing: it comes when the two are shown
            yield from self._by(event.pid, "starts")

    def _serves(self, event: Event) -> Iterator[StyledLine]:
        self.roles[event.pid] = self.scenario.roles[-1]
        yield from ()

    def _says(self, event: Event) -> Iterator[StyledLine]:
        if event.detail[0].strip() and not self.over:
            if self.victim and event.kind == "says":
                self.writer_pids.append(event.pid)
            yield from self._by(event.pid, f"| {event.detail[0]}")

    def _sent(self, event: Event) -> Iterator[StyledLine]:
        self.victim = event.pid
        signal = NUMBERS.get(event.detail[0], event.detail[0].removeprefix("SIG"))
        yield from _between(f"kill -{signal} {event.pid}, the {event.detail[-1]}")

    def _asked(self, event: Event) -> Iterator[StyledLine]:
        self.victim = next((pid for pid, role in self.roles.items() if role == self.target), 0)
        does = self.termination.does.rstrip(".")
        how = f"{does[:1].lower()}{does[1:]}"
        yield from _between(f"GET {event.detail[0]}: the view, in the {self.target}, {how}")

    def _replied(self, event: Event) -> Iterator[StyledLine]:
        got = "no answer" if event.detail[0] == "none" else f"status {event.detail[0]}"
        yield from _between(f"the client gets {got}")

    def _ended(self, event: Event) -> Iterator[StyledLine]:
        if event.pid in self.alive:
            self.alive.remove(event.pid)
        yield from self._by(event.pid, self._end(event.detail[0]))

    def _closing(self, _fact: Event) -> Iterator[StyledLine]:
        self.over = True
        if self.alive:
            yield from _between("cleaning up")

    def _over(self, _fact: Event) -> Iterator[StyledLine]:
        yield from _between("nothing of it runs any more")
        if self.victim:
            yield from _between(self._moral())

    def _failed(self, event: Event) -> Iterator[StyledLine]:
        yield from _between(f"{event.kind}: {' '.join(event.detail)}")

    def _ready(self, _fact: Event) -> Iterator[StyledLine]:
        """The pids, as `ps` would list them, and what each is."""
        what = {self.scenario.roles[0]: "the reloader, which waits for its child"}
        what[self.scenario.roles[-1]] = "it serves"
        yield from _between(f"{len(self.alive)} processes run")
        for pid in sorted(self.alive):
            role = self.roles.get(pid, "")
            yield from self._by(pid, what.get(role, "a helper, which does not run app.py"))

    def _end(self, how: str) -> str:
        word, _, value = how.partition(" ")
        ends = {"code": f"ends with status {value}", "signal": f"is gone: {value}"}
        words = ends.get(word, "ends")
        return f"{words}, by the cleaning up" if self.over else words

    def _afterwards(self, event: Event) -> Iterator[StyledLine]:
        """Who is left, and whether the port is answered."""
        left = [pid for pid in self.alive if pid in self.roles]
        for pid in left:
            yield from self._by(pid, "is the survivor")
        if not left:
            yield from _between("neither of the two is left")
        port, status, text = event.detail
        got = "no answer" if status == "none" else f"{status}, {text!r}"
        yield from _between(f"GET http://127.0.0.1:{port}/ : {got}")

    def _moral(self) -> str:
        """Who was hit, and from whom the lines came that were seen."""
        hit = f"You killed {self.victim}"
        if self.termination.delivery == IN_PROCESS:
            hit = f"You made {self.victim} end itself"
        writers = dict.fromkeys(self.writer_pids)
        if not writers:
            return f"{hit}. No handler printed a line."
        lines = LINES.get(len(self.writer_pids), f"All {len(self.writer_pids)} lines")
        return f"{hit}. {lines} came from {' and '.join(map(self._relation, writers))}."

    def _relation(self, pid: int) -> str:
        if pid == self.victim:
            return f"{pid} itself"
        parent = self.roles.get(pid) == self.scenario.roles[0]
        return f"{pid}, its {'parent' if parent else 'child'}"

    def _by(self, pid: int, what: str) -> Iterator[StyledLine]:
        """A line that begins with who it is about."""
        role = self.roles.get(pid, "")
        name = f"{role:>6} {pid}"
        colour = dict(zip(self.scenario.roles, COLOURS, strict=False)).get(role, "")
        for line in wrap(what, WIDTH - NAME, subsequent_indent="  ") or [""]:
            yield (f"{name:{NAME - 1}}", colour), (f" {line}".rstrip(), "")


def _between(what: str) -> Iterator[StyledLine]:
    yield (("", ""),)
    for line in wrap(what, WIDTH - 4):
        yield ((f"--- {line}", "bold"),)
