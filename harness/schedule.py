"""How many trials each cell takes. Pure: it is told outcomes and says what to run next.

The laws, in the order in which they were needed:

- a cell with one process takes one trial, one with more takes three;
- when a question (scenario, launcher, termination, target) shows two outcomes
  for one interpreter and stack, every cell that asks it takes twenty: a race
  shows its rare outcomes late, and three trials agree by chance;
- a cell that has a record takes one trial when that agrees with the record;
- a trial that showed too little is a trial: it is not repeated until it pleases.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from harness.model import Cell, Frozen, Outcome, Unknown
from harness.outcomes import add, contains, is_race

SINGLE = 1
SEVERAL = 3
RACY = 20

Question = tuple[str, str, str, str]


class Known(Frozen, kw_only=True):
    """What earlier runs know of a cell."""

    outcomes: tuple[Outcome, ...] = ()
    trials: int | None = None  # how many were ever run; None: by another machine, all that it took
    in_this_run: bool = False  # measured by the run that is now continued


class Result(Frozen, kw_only=True):
    """A cell of which enough has been seen."""

    cell: Cell
    outcomes: tuple[Outcome, ...]  # of this run alone
    unknown: tuple[str, ...]
    trials: int  # of this run


@dataclass(slots=True)
class _State:
    cell: Cell
    base: int
    known: Known | None
    outcomes: tuple[Outcome, ...] = ()
    unknown: tuple[str, ...] = ()
    started: int = 0
    done: int = 0
    owed: int = 0  # trials still to be started, as counted in the schedule's sum

    def new(self) -> bool:
        """Whether this run showed what the record does not hold."""
        if self.known is None:
            return True
        return bool(self.unknown) or not all(
            contains(self.known.outcomes, one) for one in self.outcomes
        )

    def wanted(self, racy: bool, racy_before: bool, least: int) -> int:
        """How many trials of this run the cell takes."""
        full = max(self.base, RACY) if racy else self.base
        if self.new():
            return full
        assert self.known
        if self.known.trials is not None:
            before = self.known.trials
        else:
            before = RACY if racy_before else self.base
        return max(0 if self.known.in_this_run else least, full - before)


def spread(cells: Iterable[Cell], waits: Callable[[Cell], bool]) -> list[Cell]:
    """The same cells, those that mostly wait evenly among the others.

    Many that wait one behind the other would leave the processor to nobody.
    """
    groups: tuple[list[Cell], list[Cell]] = ([], [])
    for cell in cells:
        groups[waits(cell)].append(cell)
    places = [(n / len(group), cell) for group in groups for n, cell in enumerate(group, 1)]
    return [cell for _, cell in sorted(places, key=lambda one: one[0])]


class Schedule:
    """Says which cell to run next until every cell has what it takes."""

    def __init__(
        self,
        cells: Iterable[Cell],
        several: Mapping[str, bool],
        known: Mapping[str, Known],
        racy: Iterable[Question] = (),
        trials: int = 1,
    ) -> None:
        """Prepare.

        `several` says by scenario whether it has more than one process, `known`
        by cell id what earlier runs know, `racy` which questions have shown two
        outcomes before; `trials` is the least that the user wants.
        """
        self._least = trials
        self._racy_before = frozenset(racy)
        self._racy = set(racy)
        self._states = {
            cell: _State(
                cell,
                max(trials, SEVERAL if several[cell.scenario] else SINGLE),
                known.get(cell.id),
            )
            for cell in cells
        }
        self._asking: dict[Question, list[_State]] = defaultdict(list)
        for state in self._states.values():
            self._asking[state.cell.question].append(state)
        self._queue: deque[_State] = deque(self._states.values())
        self._owed = 0
        self._settled: set[Cell] = set()
        for state in self._states.values():
            self._count(state)
        self._settled = {cell for cell, state in self._states.items() if not state.owed}

    @property
    def total(self) -> int:
        """How many cells there are."""
        return len(self._states)

    @property
    def settled(self) -> int:
        """How many cells have all that they take, as far as is known now."""
        return len(self._settled)

    @property
    def owed(self) -> int:
        """How many trials are still to be started, as far as is known now."""
        return self._owed

    @property
    def racy(self) -> frozenset[Question]:
        """The questions that have shown two outcomes, now or before."""
        return frozenset(self._racy)

    def next(self) -> Cell | None:
        """The next cell to run once; None when nothing is to be started now."""
        while self._queue:
            state = self._queue[0]
            if state.owed:
                state.started += 1
                self._count(state)
                return state.cell
            self._queue.popleft()
        return None

    def take(self, cell: Cell, shown: Outcome | Unknown) -> Result | None:
        """Learn what a trial showed; the cell's result once enough has been seen of it."""
        state = self._states[cell]
        state.done += 1
        if isinstance(shown, Unknown):
            state.unknown += (shown.reason,)
        else:
            state.outcomes = add(state.outcomes, shown)
        seen = state.outcomes
        if state.known is not None:
            for one in state.known.outcomes:
                seen = add(seen, one)
        if is_race(seen) and cell.question not in self._racy:
            self._racy.add(cell.question)
            for asking in self._asking[cell.question]:
                self._count(asking)
                if asking.owed:
                    self._settled.discard(asking.cell)
                    self._queue.append(asking)
        else:
            self._count(state)
            if state.owed:
                self._queue.append(state)
        if state.done < state.started or state.owed:
            return None
        self._settled.add(cell)
        return Result(
            cell=state.cell,
            outcomes=state.outcomes,
            unknown=tuple(sorted(set(state.unknown))),
            trials=state.done,
        )

    def _count(self, state: _State) -> None:
        """Bring what a cell is owed, and the sum of it, up to date."""
        question = state.cell.question
        racy, before = question in self._racy, question in self._racy_before
        owed = max(0, state.wanted(racy, before, self._least) - state.started)
        self._owed += owed - state.owed
        state.owed = owed
