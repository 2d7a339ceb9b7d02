"""The page of boundaries: the smallest programs that tell neighbouring Pythons apart. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby

from exitmatrix.declare.source import excerpt
from exitmatrix.model.boundary import BatchResult, Boundary, Witness
from exitmatrix.report.document import (
    Block,
    Code,
    Listing,
    Section,
    inline,
    paragraph,
    points,
    table,
)
from exitmatrix.report.phrases import prose
from exitmatrix.report.programs import program_lines
from exitmatrix.report.render.markdown import markdown

Why = Callable[[Boundary], Sequence[str]]
"""The laws that one side follows and the other does not, or why there is none."""

ABOUT = (
    "Random programs were run on many Pythons without the probe: what was seen comes from the"
    " programs' own functions and from the kernel. Where two neighbouring Pythons differed, the"
    " program was reduced to the smallest one that still tells them apart."
)
READING = (
    (
        "`fork()` is `os.fork()`. The parent waits for the child and then goes on; the result"
        " is true in the child."
    ),
    (
        "`start_and_join(f)` runs `f` in a thread and waits for it. `start_after_main(f)` runs"
        " it in a thread when the main program has ended. `start_daemon(f)` runs it in a daemon"
        " thread, waits until it is done, and leaves the thread asleep."
    ),
    (
        "`start_process(f, method)` starts a process of multiprocessing and waits until `f` has"
        " begun in it. `await_process()` waits until the process that was started last has"
        " ended, or has reached `wait_for_starter()`. `join_process()` lets it go on from there"
        " and joins it; so does the end of its starter."
    ),
    (
        "`use_pool(f, how)` gives `f` as a task to a pool of one thread. It asks for the result"
        " in the pool's `with` statement, or shuts the pool down and does not ask, or asks and"
        " leaves the pool open. Or the task waits until Python's own exit function for pools has"
        " begun, which then waits for the task."
    ),
    (
        "`run_loop(f)` is `asyncio.run`. Its main task executes `f` and awaits a short sleep at"
        " each `yield`. Its other task and its generator wait in a `try` statement whose"
        " `finally` clause calls a function. `handle_in_loop(signal, f)` is `add_signal_handler`"
        " of the running loop."
    ),
    (
        "`start_interpreter(names)` starts a second interpreter, which registers functions of"
        " these names that do nothing. `end_interpreter()` ends it, if there is one."
    ),
    (
        "`submit_task(f)` has a ProcessPoolExecutor with one forked worker execute `f`, and"
        " asks for the result in the pool's `with` statement. `apply_task(f)` does so with a"
        " Pool of multiprocessing. `submit_to` and `apply_to` also name how workers are started,"
        " how many there are, and what each begins with. `keep=Open` leaves the pool open."
    ),
    "A function that is not defined does nothing.",
)
CANNOT_SAY = (
    "conditions and loops: a program does the same thing each time",
    "sys.exit with anything but None, a whole number or text: of 3.5 PyPy makes 3, and CPython 1",
    "two threads that act at the same time: each waits for the other to be done",
    "signals from another process, but the SIGTERM of a process that is terminated, and time",
    "subprocess, servers: the matrix has those",
    "a pool of processes of more than two workers, or in a function",
    "a fork in a task of such a pool, and a task that ends the worker of a Pool",
    "a second interpreter in a program that forks, and what its handlers do but to tell it",
    "two processes that act at the same time, but when one ends that was let go on",
    "a process that is spawned, or forked by a fork server, and that a function starts",
    "what handlers of a fork server do, and its child that nobody joins",
    "a fork in a daemon thread, and a thread that waits for main's end in a handler",
    "a thread that joins the main one, but where a damage needs it",
    "a fork in a task of a pool of threads, and two tasks that wait for the end of pools",
    "an event loop in a program with multiprocessing, and more than one task beside it",
    "an overflow of the stack, and a pipe that is full",
    "what a global does when it is released, but to tell it or to raise an exception",
)


def render(
    batches: Sequence[BatchResult],
    boundaries: Sequence[Boundary],
    why: Why,
    damages: Mapping[str, Witness | None],
) -> str:
    """The page as Markdown; `damages` says of each damage to the laws what notices it."""
    return markdown(page(batches, boundaries, why, damages))


def page(
    batches: Sequence[BatchResult],
    boundaries: Sequence[Boundary],
    why: Why,
    damages: Mapping[str, Witness | None],
) -> Section:
    """The whole page."""
    pairs = [
        Section(f"{_short(left)} and {_short(right)}", tuple(_pair(group, why)))
        for (left, right), group in groupby(boundaries, key=lambda one: (one.left, one.right))
    ]
    blocks: list[Block] = [
        paragraph(ABOUT),
        paragraph("How to read the programs:"),
        points(map(prose, READING)),
        *pairs,
        Section("What was run", (_batches(batches), paragraph(_total(batches)))),
        Section("What notices damaged laws", tuple(_damages(damages))),
        Section("What the generator cannot say", (points(CANNOT_SAY),)),
    ]
    return Section("Boundaries between Pythons", tuple(blocks))


def _batches(batches: Iterable[BatchResult]) -> Block:
    return table(
        ("batch", "programs", "Pythons", "runs", "mispredicted", "withheld", "endless", "unknown"),
        [
            (
                Code(one.batch),
                f"{one.programs:,}",
                str(len(one.pythons)),
                f"{one.runs:,}",
                f"{one.mispredicted:,}",
                f"{one.withheld:,}",
                f"{one.endless:,}",
                f"{one.unknown:,}",
            )
            for one in batches
        ],
    )


def _total(batches: Sequence[BatchResult]) -> str:
    """All batches together; whoever changes a law judges again what is in the cache."""
    programs = sum(one.programs for one in batches)
    random = sum(one.programs for one in batches if "-seed-" in one.batch)
    runs = sum(one.runs for one in batches)
    return (
        f"In all, {programs:,} programs and {runs:,} runs. {random:,} of the programs are random;"
        " the others are all programs up to a small size. A batch is judged by the laws as they"
        " were when it was last run."
    )


def _damages(damages: Mapping[str, Witness | None]) -> Iterable[Block]:
    found = [one for one in damages.values() if one]
    kinds = Counter(one.kind for one in found)
    yield paragraph(
        "Each law was removed, and each version boundary of the laws moved by one, both ways:"
        f" {len(found)} of these {len(damages)} damages are noticed. {kinds['program']} are"
        f" contradicted by what some program showed, and {kinds['cell']} by a cell of the matrix."
    )
    if never := [one for one in found if one.never]:
        yield paragraph("These only allow one more outcome of a race, which was never seen:")
        yield points(inline(Code(one.damage), f": in {one.runs:,} runs") for one in never)
    if missed := [name for name, witness in damages.items() if not witness]:
        yield paragraph("Nothing notices these:")
        yield points(Code(name) for name in missed)


def _pair(boundaries: Iterable[Boundary], why: Why) -> Iterable[Block]:
    for one in boundaries:
        yield Listing("python", tuple(excerpt(one.program).splitlines()))
        yield Listing("text", tuple(_sides(one)))
        yield points(why(one) or ["no reason that the laws know"])


def _sides(one: Boundary) -> Iterable[str]:
    """What each side shows, its name in front of the first line."""
    sides = (_short(one.left), one.shows[0]), (_short(one.right), one.shows[1])
    width = max(len(name) for name, _ in sides)
    for name, seen in sides:
        for place, line in enumerate(program_lines(seen)):
            yield f"{'' if place else name:<{width}}  {line}"


def _short(id: str) -> str:
    """3.13.0 for cpython-3.13.0; PyPy is said."""
    return id.removeprefix("cpython-")
