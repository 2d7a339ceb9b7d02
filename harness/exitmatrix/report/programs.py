"""What programs of the small language showed, in words. Pure."""

from __future__ import annotations

from itertools import groupby

from exitmatrix.model.execution import Execution, Exit, Seen

MANY = 4
"""What happens so often in a row is counted."""


def program_lines(seen: Seen) -> list[str]:
    """A line for each process, and one for stdout."""
    processes = [f"{_name(one)}: {_lines_words(one)}{_exit(one.exit)}" for one in seen.processes]
    return [*processes, f"stdout: {' '.join(seen.stdout) or 'nothing'}"]


def _name(one: Execution) -> str:
    return f"fork {'.'.join(map(str, one.path))}" if one.path else "main"


def _lines_words(one: Execution) -> str:
    """Functions in the order in which they began; one that ends at once is one word."""
    words: list[str] = []
    for line in one.said:
        began = f"{line.function} began"
        if line.moment == "ended" and words[-1:] == [began]:
            words[-1] = line.function
        elif line.moment == "raised" and words[-1:] == [began]:
            words[-1] = f"{line.function} raised"
        else:
            words.append(f"{line.function} {line.moment}")
    counted = [(word, sum(1 for _ in some)) for word, some in groupby(words)]
    parts = [
        ", ".join([word] * count) if count < MANY else f"{word} {count} times"
        for word, count in counted
    ]
    return f"{', '.join(parts)}; " if parts else ""


def _exit(end: Exit) -> str:
    return f"killed by {end.signal}" if end.signal else f"exit status {end.status}"
