"""How many trials each cell takes. Pure: it is told outcomes and says what to run next.

The laws, in the order in which they were needed:

- a cell with one process takes one trial, one with more takes three;
- when a question (scenario, launcher, termination, target) shows two outcomes
  for one interpreter and stack, every cell that asks it takes twenty: a race
  shows its rare outcomes late, and three trials agree by chance;
- a cell that has a record takes one trial when that agrees with the record;
- a trial that showed too little is a trial: it is not repeated until it pleases;
- a cell whose run without the probe came out differently takes twenty as well.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from msgspec.structs import replace

from exitmatrix.declare.launchers import LAUNCHED
from exitmatrix.model import Cell, Frozen, Outcome, Question, Scenario, Unknown
from exitmatrix.model.outcome_sets import add, contains, essence, is_race, union

Work = TypeVar("Work")

SINGLE = 1
SEVERAL = 3
RACY = 20


class Known(Frozen, kw_only=True):
    """What is known of a cell from this run and earlier ones."""

    outcomes: tuple[Outcome, ...] = ()
    trials: int | None = None  # how many were ever run; None: by another machine, all that it took
    in_this_run: bool = False  # measured by this run, be it before it was interrupted


class Result(Frozen, kw_only=True):
    """A cell of which enough has been seen, and what was seen since its last result."""

    cell: Cell
    outcomes: tuple[Outcome, ...]
    unknown: tuple[str, ...]
    trials: int
    seen: tuple[Outcome, ...] = ()  # each that differs, where `outcomes` holds the longest of some

    def and_then(self, later: Result) -> Result:
        """This and the result that the cell had when it was reopened, as one."""
        return Result(
            cell=self.cell,
            outcomes=union((*self.outcomes, *later.outcomes)),
            unknown=tuple(sorted({*self.unknown, *later.unknown})),
            trials=self.trials + later.trials,
            seen=(*self.seen, *later.seen),
        )


@dataclass(slots=True)
class _State:
    cell: Cell
    base: int
    known: Known | None
    outcomes: tuple[Outcome, ...] = ()
    seen: tuple[Outcome, ...] = ()
    unknown: tuple[str, ...] = ()
    started: int = 0
    done: int = 0
    owed: int = 0  # trials still to be started, as counted in the schedule's sum

    def wanted(self, racy: bool, racy_before: bool, least: int) -> int:
        """How many trials of this run the cell takes."""
        full = max(self.base, RACY) if racy else self.base
        if self.known is None:
            return full
        before = self.known.trials
        if before is None:
            before = RACY if racy_before else self.base
        if self.known.in_this_run:
            return max(0, full - before)
        agrees = all(contains(self.known.outcomes, one) for one in self.outcomes)
        return max(least, full - before) if agrees and not self.unknown else full


def spread(work: Iterable[Work], waits: Callable[[Work], bool]) -> list[Work]:
    """Reorder work so that what mostly waits stands evenly among the rest.

    Much that waits, one behind the other, would leave the processor to nobody.
    """
    groups: tuple[list[Work], list[Work]] = ([], [])
    for one in work:
        groups[waits(one)].append(one)
    places = [(n / len(group), one) for group in groups for n, one in enumerate(group, 1)]
    return [one for _, one in sorted(places, key=lambda place: place[0])]


def in_turn(cells: Iterable[Cell], scenarios: Mapping[str, Scenario]) -> list[Cell]:
    """One interpreter after the other, as the store holds them; see `spread`."""
    return [
        cell
        for _, here in itertools.groupby(cells, lambda cell: cell.interpreter)
        for cell in spread(here, lambda cell: _waits(scenarios[cell.scenario]))
    ]


def _waits(scenario: Scenario) -> bool:
    """Whether its trials mostly wait: for handlers of a length, or for who may serve on."""
    return scenario.length > 0 or bool(scenario.command)


class Schedule:
    """Says which cell to run next until every cell has what it takes.

    It holds the cells at work. What the others have shown, `known` remembers: so
    memory does not follow the number of cells.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        several: Mapping[str, bool],
        known: Callable[[Cell], Known | None],
        racy: Iterable[Question] = (),
        trials: int = 1,
    ) -> None:
        """Prepare.

        `several` says by scenario whether it has more than one process, `known`
        what is known of a cell, the results of this run included, and `racy`
        which questions have shown two outcomes before; `trials` is the least that
        the user wants.
        """
        self._cells = cells
        self._several = several
        self._known = known
        self._least = trials
        self._racy_before = frozenset(racy)
        self._racy = set(racy)
        self._begun = 0  # so many cells, from the first on
        self._working: dict[Cell, _State] = {}
        self._queue: deque[_State] = deque()
        owed = [self._owed(self._look_up(cell)) for cell in cells]
        self._sum = sum(owed)
        self._settled = owed.count(0)

    @property
    def total(self) -> int:
        """How many cells there are."""
        return len(self._cells)

    @property
    def settled(self) -> int:
        """How many cells have all that they take, as far as is known now."""
        return self._settled

    @property
    def owed(self) -> int:
        """How many trials are still to be started, as far as is known now."""
        return self._sum

    @property
    def racy(self) -> frozenset[Question]:
        """The questions that have shown two outcomes, now or before."""
        return frozenset(self._racy)

    def next(self) -> Cell | None:
        """The next cell to run once; None when nothing is to be started now."""
        while self._queue or self._begun < len(self._cells):
            if not self._queue:
                self._begin(self._cells[self._begun])
                self._begun += 1
                continue
            state = self._queue[0]
            if state.owed:
                state.started += 1
                self._count(state)
                return state.cell
            self._queue.popleft()
        return None

    def take(self, cell: Cell, shown: Outcome | Unknown) -> Result | None:
        """Learn what a trial showed; the cell's result once enough has been seen of it.

        A cell that a race reopens has another result, of the trials since.
        """
        state = self._working[cell]
        state.done += 1
        if isinstance(shown, Unknown):
            state.unknown += (shown.reason,)
        else:
            state.outcomes = add(state.outcomes, shown)
            if not any(essence(one) == essence(shown) for one in state.seen):
                state.seen += (shown,)
        seen = state.outcomes
        if state.known is not None:
            for one in state.known.outcomes:
                seen = add(seen, one)
        if is_race(seen) and cell.question not in self._racy:
            self._reopen(cell.question)
        else:
            self._count(state)
            if state.owed:
                self._queue.append(state)
        if state.done < state.started or state.owed:
            return None
        del self._working[cell]
        self._settled += 1
        return Result(
            cell=state.cell,
            outcomes=state.outcomes,
            unknown=tuple(sorted(set(state.unknown))),
            trials=state.done,
            seen=state.seen,
        )

    def shown(self, cell: Cell) -> tuple[Outcome, ...]:
        """What a cell that is at work has shown, in this run and before it."""
        state = self._working[cell]
        return union((*(state.known.outcomes if state.known else ()), *state.outcomes))

    def doubt(self, cell: Cell) -> None:
        """A run of a cell at work without the probe showed something else: perhaps a race."""
        self._working[cell].base = max(RACY, self._working[cell].base)

    def _look_up(self, cell: Cell) -> _State:
        several = self._several[cell.scenario] or cell.launcher in LAUNCHED
        base = SEVERAL if several else SINGLE
        return _State(cell, max(self._least, base), self._known(cell))

    def _owed(self, state: _State) -> int:
        question = state.cell.question
        racy, before = question in self._racy, question in self._racy_before
        return max(0, state.wanted(racy, before, self._least) - state.started)

    def _count(self, state: _State) -> None:
        """Bring what a cell is owed, and the sum of it, up to date."""
        owed = self._owed(state)
        self._sum += owed - state.owed
        state.owed = owed

    def _begin(self, cell: Cell) -> None:
        """Have a cell at work, if it is owed anything: the sum holds that already."""
        state = self._look_up(cell)
        state.owed = self._owed(state)
        if state.owed:
            self._working[cell] = state
            self._queue.append(state)

    def _reopen(self, question: Question) -> None:
        """A question has shown two outcomes: each cell that asks it is owed more."""
        asking = [(n, cell) for n, cell in enumerate(self._cells) if cell.question == question]
        states = [(n, self._working.get(cell) or self._look_up(cell)) for n, cell in asking]
        for number, state in states:
            if number >= self._begun:
                state.owed = self._owed(state)
            elif state.cell not in self._working and state.known:
                state.known = replace(state.known, in_this_run=True)
        self._racy.add(question)
        for number, state in states:
            works = state.cell in self._working
            was = state.owed
            self._count(state)
            if not works and state.owed and not was:
                self._settled -= 1
            if number < self._begun and state.owed:
                self._working[state.cell] = state
                self._queue.append(state)
