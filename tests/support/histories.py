"""Histories for tests: real ones that were saved under data/, and made ones that read aloud."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

import msgspec
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.model import (
    Cell,
    Event,
    Frozen,
    Outcome,
    Process,
    Question,
    Ready,
    Scenario,
    Source,
    Termination,
    Trial,
    Unknown,
)
from exitmatrix.model.outcome_sets import union
from exitmatrix.plan.schedule import Known, Result, Schedule

DATA = Path(__file__).parents[1] / "data"
SAVED = tuple(sorted(file.stem for file in DATA.glob("*.json")))

PLAIN = Scenario(
    id="plain",
    title="",
    path="plain.py",
    folder="",
    doc="",
    roles=("main",),
    ready=Ready(by="stdout", line="ready"),
    family="none",
    requires=">=2.7",
    terminations=("*",),
)
FORKS = msgspec.structs.replace(PLAIN, id="plain-forks", roles=("parent", "child"))
DEBUG = msgspec.structs.replace(
    FORKS, id="flask-debug", ready=Ready(by="http"), family="flask", folder="flask-debug"
)
FLASK = msgspec.structs.replace(DEBUG, id="flask", roles=("main",), folder="flask")


class Remembering(Schedule):
    """A schedule beside something that remembers its results, as a store does."""

    def __init__(
        self,
        cells: Iterable[Cell],
        several: Mapping[str, bool],
        known: Mapping[str, Known] = {},
        racy: Iterable[Question] = (),
        trials: int = 1,
    ) -> None:
        self.memory = dict(known)
        super().__init__(tuple(cells), several, lambda cell: self.memory.get(cell.id), racy, trials)

    def take(self, cell: Cell, shown: Outcome | Unknown) -> Result | None:
        result = super().take(cell, shown)
        if result:
            before = self.memory.get(cell.id, Known())
            self.memory[cell.id] = Known(
                outcomes=union((*before.outcomes, *result.outcomes)),
                trials=(before.trials or 0) + result.trials,
                in_this_run=True,
            )
        return result


class Saved(Frozen, kw_only=True):
    """A real trial, as it was once run."""

    scenario: Scenario
    termination: str
    target: str
    stdout: str
    history: tuple[Event, ...]

    @property
    def trial(self) -> Trial:
        """What `observe` reads."""
        return Trial(cell="saved", history=self.history, stdout=self.stdout, stderr="")

    @property
    def ending(self) -> Termination:
        """The termination from the catalogue."""
        return TERMINATIONS[self.termination]


def saved(name: str) -> Saved:
    """A real trial by the name of its file."""
    return msgspec.json.decode((DATA / f"{name}.json").read_bytes(), type=Saved)


class Log:
    """The history of a trial, built event by event; they are numbered as the probe numbers them."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.numbers: Counter[int] = Counter()

    def _add(
        self, source: Source, pid: int, kind: str, detail: tuple[str, ...], n: int = 0
    ) -> Self:
        self.events.append(Event(source, pid, kind, detail, n))
        return self

    def _event(self, source: Source, pid: int, kind: str, detail: tuple[str, ...]) -> Self:
        self.numbers[pid] += 1
        return self._add(source, pid, kind, detail, self.numbers[pid])

    def kernel(self, pid: int, kind: str, *detail: str) -> Self:
        return self._add("kernel", pid, kind, detail)

    def harness(self, kind: str, *detail: str, pid: int = 0) -> Self:
        return self._add("harness", pid, kind, detail)

    def probe(self, pid: int, kind: str, *detail: str) -> Self:
        return self._event("probe", pid, kind, detail)

    def endings(self, pid: int, kind: str, *detail: str) -> Self:
        return self._event("endings", pid, kind, detail)

    def starts(self, pid: int, *words: str) -> Self:
        """A process speaks for the first time; it runs the program unless told otherwise."""
        command = "\0".join(words or ("/usr/bin/python", "app.py")) + "\0"
        return self.probe(pid, "started", "1", command, "3.13.0", "0")

    def registers(self, pid: int, *names: str, module: str = "__main__") -> Self:
        """Handlers by name; the key of each is its name."""
        for name in names:
            self.probe(pid, "registered", name, name, f"{module}:{name}")
        return self

    def fires(self, pid: int, *names: str) -> Self:
        for name in names:
            self.probe(pid, "began", name).probe(pid, "ended", name)
        return self

    def ends(self, pid: int, how: str = "code 0") -> Self:
        return self.kernel(pid, "ended", how)

    def trial(self, stdout: str = "", closing: bool = True) -> Trial:
        events = [*self.events, *([Event("harness", 0, "closing")] if closing else [])]
        return Trial(cell="made", history=tuple(events), stdout=stdout, stderr="")


def plain(*names: str, ending: str = "return") -> Log:
    """A plain program with handlers that comes to its termination, in process 10."""
    log = Log().kernel(10, "spawned").harness("ready", pid=10).starts(10)
    return log.registers(10, *names or "ABC").endings(10, "ending", ending)


def debug(*names: str) -> Log:
    """A debug server that is ready: 20 is the reloader, 30 serves."""
    log = Log().kernel(20, "spawned").starts(20).registers(20, *names or "ABC")
    log.starts(30).registers(30, *names or "ABC")
    return log.harness("serves", pid=30).harness("ready", pid=20)


def process(
    role: str = "main",
    fired: str | None = "CBA",
    ended: str | None = "code 0",
    unfinished: str = "",
    library: tuple[str, ...] = (),
    raised: str = "",
    stdout: str | None = None,
) -> Process:
    """A process whose handlers have one letter each."""
    how: dict[str, object] | None = None
    if ended is not None:
        word, _, value = ended.partition(" ")
        how = {word: int(value) if word == "code" else value}
    return Process(
        role=role,
        fired=None if fired is None else tuple(fired),
        unfinished=None if fired is None else tuple(unfinished),
        exit=how,
        library=library,
        raised=tuple(raised),
        stdout=stdout,  # type: ignore[arg-type]
    )


def outcome(
    *processes: Process, order: str | None = "", port: str | None = None, cut: bool = False
) -> Outcome:
    """An outcome; `order` is "main.C main.B", or null."""
    return Outcome(
        processes=processes or (process(),),
        order=None if order is None else tuple(tuple(o.split(".")) for o in order.split()),  # type: ignore[misc]
        survivors=tuple(one.role for one in processes if one.exit is None),
        helpers=(),
        port=port,  # type: ignore[arg-type]
        cut=cut,
    )
