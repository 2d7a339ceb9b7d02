"""What came of a fault, and the table of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.ground import Ground

HEAD = ("fault", "tried", "survived", "left behind", "lost")


class Skip(Exception):
    """The machine does not let this fault be done; the text says why."""


@dataclass
class Tally:
    """Counts of one fault. `lost` counts finished cells that were not found again on disk."""

    fault: str
    tried: int = 0
    survived: int = 0
    left: int = 0
    lost: int = 0
    skipped: str = ""
    notes: list[str] = field(default_factory=list)

    def add(self, wrong: Iterable[str], left: Iterable[str] = (), lost: int = 0) -> None:
        """Count one try: what went wrong, what it left behind, what was lost."""
        wrong, left = list(wrong), list(left)
        self.tried += 1
        self.left += len(left)
        self.lost += lost
        self.survived += not wrong and not left and not lost
        self.notes += [*wrong, *(f"left behind: {one}" for one in left)]
        if lost:
            self.notes.append(f"{lost} finished cells were lost")

    @property
    def good(self) -> bool:
        """Whether every try was survived."""
        return self.survived == self.tried

    @property
    def row(self) -> tuple[str, ...]:
        """Its line of the table."""
        if self.skipped:
            return self.fault, "-", f"not done: {self.skipped}", "-", "-"
        return self.fault, *(str(n) for n in (self.tried, self.survived, self.left, self.lost))


@dataclass(frozen=True)
class Fault:
    """One thing that is done to the harness, so and so often."""

    name: str
    act: Callable[[Ground, Tally, int], None]
    times: int = 1
    few: int = 1  # in the brief run; 0: not in it

    def run(self, ground: Ground, times: int | None, brief: bool) -> Tally:
        """Do it."""
        tally = Tally(self.name)
        try:
            self.act(ground, tally, times or (self.few if brief else self.times))
        except Skip as why:
            tally.skipped = str(why)
        return tally


def table(found: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table that can also be read as it is."""
    rows = [HEAD, *(tuple(cell.replace("|", "\\|") for cell in row) for row in found)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) + " |" for r in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *lines[1:]])


def rows_of(page: str) -> dict[str, tuple[str, ...]]:
    """The rows of a page's table, by fault."""
    lines = [line for line in page.splitlines() if line.startswith("| ")][1:]
    cells = (re.split(r" +(?<!\\)\| ?", line.removeprefix("| "))[: len(HEAD)] for line in lines)
    return {row[0].replace("\\|", "|"): tuple(c.replace("\\|", "|") for c in row) for row in cells}
