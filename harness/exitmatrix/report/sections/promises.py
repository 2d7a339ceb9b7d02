"""Which clean-up runs when: endings down, the mechanisms that promise one across. Pure.

Each column is one function of one scenario. A further mechanism is a further row of
`PROMISES` or `IN_ASYNCIO`; what is said of it comes from the records of its scenario alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from exitmatrix.model import Frozen, Outcome, Question, Scenario
from exitmatrix.model.versions import Subject, subject_words
from exitmatrix.report.document import (
    Code,
    Inline,
    Row,
    Section,
    Symbol,
    inline,
    joined,
    paragraph,
    table,
)
from exitmatrix.report.labels import rank, termination_words
from exitmatrix.report.survey import Group, Survey


class Promise(Frozen):
    """A mechanism, and a function that relies on it."""

    words: Inline
    scenario: str
    function: str  # as records name it


PROMISES: tuple[Promise, ...] = (
    Promise(Code("atexit"), "plain", "A"),
    Promise(Code("finally"), "plain-finally", "finally:f"),
    Promise(Code("with"), "plain-finally", "__exit__:w"),
    Promise(Code("contextmanager"), "plain-finally", "contextmanager:g"),
    Promise(inline(Code("finally"), " in a thread"), "plain-finally-threads", "finally:t"),
    Promise(inline(Code("finally"), " in a daemon"), "plain-finally-threads", "finally:d"),
    Promise(
        Code("threading._register_atexit"),
        "plain-threading-atexit",
        "threading._register_atexit:t",
    ),
    Promise(Code("weakref.finalize"), "plain-weakref-finalize", "weakref.finalize:v"),
    Promise(inline("a global's ", Code("__del__")), "plain-del-global", "__del__:d"),
    Promise("a suspended generator", "plain-generator-suspended", "generator:g"),
    Promise(Code("sys.excepthook"), "plain-excepthook", "sys.excepthook:s"),
    Promise(Code("threading.excepthook"), "plain-excepthook", "threading.excepthook:t"),
)

IN_ASYNCIO: tuple[Promise, ...] = (
    Promise(Code("atexit"), "asyncio-run", "A"),
    Promise(inline(Code("finally"), " in the main task"), "asyncio-run", "finally:f"),
    Promise(Code("async with"), "asyncio-run", "__aexit__:w"),
    Promise(inline(Code("finally"), " in another task"), "asyncio-run", "finally:t"),
    Promise(inline("a task in ", Code("asyncio.shield")), "asyncio-run", "finally:s"),
    Promise("an asynchronous generator", "asyncio-run", "aclose:g"),
    Promise(
        inline("the end of a function in ", Code("run_in_executor")),
        "asyncio-executor",
        "finally:p",
    ),
    Promise(
        inline("a handler of SIGTERM, ", Code("loop.add_signal_handler")),
        "asyncio-graceful",
        "signal.SIGTERM:stop",
    ),
    Promise(
        inline(Code("finally"), " in the main task, with that handler"),
        "asyncio-graceful",
        "finally:f",
    ),
    Promise(
        inline(Code("finally"), " in a main task that blocks"), "asyncio-blocking", "finally:f"
    ),
)

RAN = inline(Symbol.YES)
INTERRUPTED = inline(Symbol.SOME, " interrupted")
CUT = inline(Symbol.SOME, " cut off")
NOT = inline(Symbol.NO)
SOMETIMES = inline(Symbol.RACE)
UNKNOWN = inline(Symbol.UNKNOWN)
ABSENT: Inline = "-"

LEAD = paragraph(
    inline(
        "One function of each mechanism, in small programs that also have handlers of ",
        Code("atexit"),
        ". ",
        Symbol.YES,
        " it ran, ",
        Symbol.NO,
        " it never began, ",
        Symbol.SOME,
        " it began and was interrupted or cut off, ",
        Symbol.RACE,
        " it differs from run to run.",
    ),
    "Each entry shows the newest Python first, then those that differ from it.",
)


def promises_section(
    surveys: Mapping[Question, Survey], scenarios: Mapping[str, Scenario]
) -> list[Section]:
    """The sections, where another mechanism than atexit was measured."""
    return [
        *_section("Which clean-up runs when?", PROMISES, surveys, scenarios),
        *_section(
            inline("Which clean-up runs when ", Code("asyncio.run"), " is ended?"),
            IN_ASYNCIO,
            surveys,
            scenarios,
        ),
    ]


def _section(
    title: Inline,
    promises: Sequence[Promise],
    surveys: Mapping[Question, Survey],
    scenarios: Mapping[str, Scenario],
) -> list[Section]:
    of = {
        one: {s.termination: s for s in surveys.values() if s.scenario == one.scenario}
        for one in promises
    }
    shown = [one for one in promises if of[one]]
    if not any(one.function in _mechanisms(of[one].values()) for one in shown):
        return []
    endings: dict[str, Survey] = {}
    for one in shown:
        endings = {**of[one], **endings}
    names: dict[Row, list[Inline]] = {}
    for id, survey in sorted(endings.items(), key=lambda item: rank(item[1])):
        roles = scenarios[survey.scenario].roles if survey.scenario in scenarios else ("main",)
        row = tuple(_entry(one, of[one].get(id)) for one in shown)
        names.setdefault(row, []).append(termination_words(survey, roles))
    place: Row = (
        inline("where, beside handlers of ", Code("atexit")),
        *(_place(one, of[one].values()) for one in shown),
    )
    rows = [place, *((joined(", ", some), *row) for row, some in names.items())]
    head: Sequence[Inline] = ("what ends it", *(one.words for one in shown))
    return [Section(title, (LEAD, table(head, rows)))]


def _mechanisms(surveys: Iterable[Survey]) -> set[str]:
    """The functions of other mechanisms than atexit that ran."""
    return {name for fired in _runs(surveys) for name in fired if ":" in name}


def _runs(surveys: Iterable[Survey]) -> Iterator[tuple[str, ...]]:
    for survey in surveys:
        for group in survey.groups:
            for outcome in group.outcomes:
                yield outcome.processes[0].fired or ()


def _place(promise: Promise, surveys: Iterable[Survey]) -> Inline:
    """Whether it runs before handlers or behind them, in all runs that had both."""
    found = set()
    for fired in _runs(surveys):
        if promise.function not in fired:
            continue
        at = fired.index(promise.function)
        before = any(":" not in name for name in fired[:at])
        behind = any(":" not in name for name in fired[at + 1 :])
        if before or behind:
            found.add((before, behind))
    words = {
        (False, True): "before them",
        (True, False): "behind them",
        (True, True): "among them",
    }
    if ":" not in promise.function or len(found) != 1:
        return ABSENT
    return words.get(found.pop(), ABSENT)


def _entry(promise: Promise, survey: Survey | None) -> Inline:
    """What the newest Python showed, then what others did and who."""
    if survey is None:
        return ABSENT
    by_state: dict[Inline, list[Subject]] = {}
    for group in survey.groups:
        by_state.setdefault(_state(promise, group), []).extend(group.subjects)
    (first, _), *others = by_state.items()
    return joined(
        "; ",
        (
            first,
            *(
                inline(state, f" {subject_words(subjects, survey.measured)}")
                for state, subjects in others
            ),
        ),
    )


def _state(promise: Promise, group: Group) -> Inline:
    states = {_of(promise.function, outcome) for outcome in group.outcomes}
    if group.unknown or not states:
        return UNKNOWN
    return states.pop() if len(states) == 1 else SOMETIMES


def _of(function: str, outcome: Outcome) -> Inline:
    process = outcome.processes[0]
    if process.fired is None or process.unfinished is None:
        return UNKNOWN
    if function in process.raised:
        return INTERRUPTED
    if function in process.fired:
        return RAN
    return CUT if function in process.unfinished else NOT
