"""Many harnesses at once: nothing collides, and what is shared is built once."""

from __future__ import annotations

from collections import Counter

from exitmatrix.declare.stacks import STACKS

from tests.conftest import FOUND, newest_flask
from tests.faults.ground import SMALL, Ground, end_of, plain_and_flask, unclean
from tests.faults.tally import Fault, Tally

CROWD = 20
USAGE_ERROR = 2


def two_in_one_place(ground: Ground, tally: Tally, times: int) -> None:
    """Two write to one output folder: one does, the other says why it does not."""
    for _ in range(times):
        output = ground.output()
        both = [ground.start(output, *SMALL) for _ in range(2)]
        ends = [end_of(one) for one in both]
        wrong = [line for text in ends for line in unclean(text)]
        statuses = sorted(one.returncode for one in both)
        if statuses == [0, USAGE_ERROR]:
            refused = ends[0 if both[0].returncode else 1]
            if "is writing there" not in refused:
                wrong.append(f"refused without a reason: {refused[-200:]}")
        elif statuses != [0, 0]:  # one after the other, if the first was that fast
            wrong.append(f"statuses {statuses}: {ends}")
        tally.add(wrong, ground.left(), 0 if ground.records(output) else 1)


def crowd(ground: Ground, tally: Tally, times: int) -> None:
    """Harnesses that share a cache, each with an output folder, all see the same."""
    flask = newest_flask(FOUND[ground.python])
    ground.prepare(*(one for one in STACKS if one.name == flask))  # so that uv has it
    words = plain_and_flask(flask, "SIGTERM", "os-exit-7")
    cache = ground.make_cache("crowded", "uv")
    outputs = [ground.output() for _ in range(times)]
    everybody = [ground.start(one, *words, cache=cache) for one in outputs]
    ends = [end_of(one) for one in everybody]
    left = ground.left()
    built = Counter(word for text in ends for word in text.split() if word.startswith("built"))
    seen = {str(ground.records(one)) for one in outputs}
    for one, text in zip(everybody, ends, strict=True):
        wrong = unclean(text)
        if one.returncode:
            wrong.append(f"status {one.returncode}: {text[-200:]}")
        tally.add(wrong)
    if len(seen) > 1:
        tally.add([f"{len(seen)} different sets of records"])
    if sum(built.values()) > 2:
        tally.add([f"two environments were built {sum(built.values())} times"])
    if left:
        tally.add([], left)


FAULTS = (
    Fault("two harnesses in one checkout", two_in_one_place, 5, 1),
    Fault("twenty harnesses on one machine, one cache", crowd, CROWD, 2),
)
