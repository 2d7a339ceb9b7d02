"""From axes to cells. Pure: every combination is a cell, or is left out with a reason."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from msgspec.structs import replace
from packaging.specifiers import SpecifierSet

from exitmatrix.declare import launchers
from exitmatrix.declare.terminations import CATALOGUE, declared, not_applicable, not_on, targets
from exitmatrix.model import (
    Cell,
    Frozen,
    Interpreter,
    Record,
    Scenario,
    Skipped,
    Stack,
    Termination,
)
from exitmatrix.model.cell import DIRECT
from exitmatrix.model.tree import FIRST, GROUP

WhyNot = Callable[[Stack, Interpreter], str | None]


class Combination(NamedTuple):
    """How a scenario is started and ended."""

    launcher: str
    termination: Termination
    target: str


class Selection(Frozen, kw_only=True):
    """What the user asked for: patterns with `*`; an empty tuple means everything."""

    scenario: tuple[str, ...] = ()
    termination: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    stack: tuple[str, ...] = ()
    launcher: tuple[str, ...] = ()  # nothing: `direct` alone, of what is to be measured


class Plan(Frozen, kw_only=True):
    """What will be measured, and what not and why."""

    cells: tuple[Cell, ...]
    left_out: tuple[Skipped, ...]


class NothingMatches(ValueError):
    """A pattern of the selection matches nothing. The text says which, and what is near."""


def check_pattern(word: str, pattern: str, names: Iterable[str]) -> None:
    """Raise NothingMatches when a pattern matches no name."""
    known = sorted(set(names))
    if any(fnmatchcase(name, pattern) for name in known):
        return
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(pattern.casefold(), folded, n=3, cutoff=0.4)
    near = [folded[name] for name in close]
    if not near:
        near = known[:5]
    hint = f"; nearest: {', '.join(near)}" if near else ""
    raise NothingMatches(f"no {word} matches '{pattern}'{hint}")


def matches_any(name: str, patterns: Sequence[str]) -> bool:
    """Whether a name is asked for."""
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def matches(of: Cell | Record, selection: Selection) -> bool:
    """Whether a selection asks for a cell, or for the cell of a record."""
    return all(
        matches_any(getattr(of, axis), getattr(selection, axis))
        for axis in ("scenario", "launcher", "termination", "target", "stack")
    )


def check_patterns(
    selection: Selection, scenarios: Sequence[Scenario], stacks: Sequence[Stack]
) -> None:
    """Raise NothingMatches for the first pattern that names nothing."""
    roles = {role for scenario in scenarios for role in scenario.roles}
    names = {
        "scenario": [scenario.id for scenario in scenarios],
        "termination": [termination.id for termination in CATALOGUE],
        "target": [*roles, GROUP, FIRST],
        "stack": [stack.name for stack in stacks],
        "launcher": list(launchers.LAUNCHERS_BY_ID),
    }
    for word, known in names.items():
        for pattern in getattr(selection, word):
            check_pattern(word, pattern, known)


def plan(
    interpreters: Sequence[Interpreter],
    scenarios: Sequence[Scenario],
    stacks: Sequence[Stack],
    why_not: WhyNot,
    selection: Selection = Selection(),  # noqa: B008 - frozen
    missing: Mapping[str, str] = {},
) -> Plan:
    """All cells of a selection, one interpreter after the other, in a stable order.

    `why_not` says why an interpreter cannot have a stack, `missing` why a launcher, a termination,
    or a program that a scenario starts, cannot be had here, by name. Raises NothingMatches.
    """
    check_patterns(selection, scenarios, stacks)
    cells: list[Cell] = []
    left_out: list[Skipped] = []
    asking: list[tuple[Scenario, list[Combination]]] = []
    for scenario in scenarios:
        if matches_any(scenario.id, selection.scenario):
            endings = [t for t in CATALOGUE if matches_any(t.id, selection.termination)]
            asked, out = _asked(scenario, endings, selection, missing)
            asking.append((scenario, asked))
            left_out += out
            left_out.extend(_nothing_of(scenario, endings, stacks, selection))
    for interpreter in interpreters:
        for scenario, asked in asking:
            for stack in stacks:
                if stack.family != scenario.family or not matches_any(stack.name, selection.stack):
                    continue
                barred = (
                    scenario.not_on_this(interpreter)
                    or _requires(scenario, interpreter)
                    or _releases(scenario, stack)
                    or why_not(stack, interpreter)
                )
                for launcher, termination, target in asked:
                    reason = barred or not_on(termination, interpreter)
                    reason = reason or launchers.not_on(launcher, interpreter)
                    common = {
                        "interpreter": interpreter.id,
                        "stack": stack.name,
                        "scenario": scenario.id,
                        "launcher": launcher,
                        "termination": termination.id,
                        "target": target,
                    }
                    if reason:
                        left_out.append(Skipped(**common, reason=reason))
                    else:
                        cells.append(Cell(**common))
    return Plan(cells=tuple(cells), left_out=tuple(left_out))


def without(planned: Plan, missing: Mapping[tuple[str, str], str]) -> Plan:
    """The plan without the cells whose environment cannot be had.

    `missing` says why, by interpreter and stack.
    """
    return leave_out(planned, lambda cell: missing.get((cell.interpreter, cell.stack), ""))


def leave_out(planned: Plan, why: Callable[[Cell], str]) -> Plan:
    """The plan without the cells for which there is a reason to leave them out."""
    reasons = {cell.id: why(cell) for cell in planned.cells}
    there = [cell for cell in planned.cells if not reasons[cell.id]]
    gone = [cell for cell in planned.cells if reasons[cell.id]]
    out = [
        Skipped(
            interpreter=cell.interpreter,
            stack=cell.stack,
            scenario=cell.scenario,
            launcher=cell.launcher,
            termination=cell.termination,
            target=cell.target,
            reason=reasons[cell.id],
        )
        for cell in gone
    ]
    return Plan(cells=tuple(there), left_out=(*planned.left_out, *out))


def combinations(
    scenario: Scenario, endings: Iterable[Termination], selection: Selection
) -> Iterator[tuple[Combination, str | None]]:
    """How a scenario may be started and ended, and why it is not, where that is so."""
    endings = list(endings)
    own = _launchers_of(scenario)
    for launcher in launchers.LAUNCHERS:
        if launcher.id not in own:
            continue
        if not matches_any(launcher.id, selection.launcher or (DIRECT,)):
            continue
        direct = launcher.id == DIRECT
        for termination in endings:
            aims = targets(termination, scenario)
            if not direct:
                aims = launchers.targets(termination, scenario)
            for target in aims:
                if not matches_any(target, selection.target):
                    continue
                reason = _undeclared(termination, target, scenario)
                reason = reason or not_applicable(termination, scenario)
                if not direct:
                    about = (launcher, termination, target, scenario)
                    reason = reason or launchers.not_applicable(*about)
                yield Combination(launcher.id, termination, target), reason


def _asked(
    scenario: Scenario,
    endings: Iterable[Termination],
    selection: Selection,
    missing: Mapping[str, str],
) -> tuple[list[Combination], list[Skipped]]:
    """How a scenario is started and ended, on whatever interpreter, and how it is not."""
    asked: list[Combination] = []
    left_out: list[Skipped] = []
    for one, impossible in combinations(scenario, endings, selection):
        names = (one.launcher, one.termination.id, *scenario.needs)
        lacks = (missing[name] for name in names if name in missing)
        reason = impossible or next(lacks, None)
        if not reason:
            asked.append(one)
            continue
        left_out.append(
            Skipped(
                interpreter="*",
                stack="*",
                scenario=scenario.id,
                launcher=one.launcher,
                termination=one.termination.id,
                target=one.target,
                reason=reason,
            )
        )
    return asked, left_out


def _nothing_of(
    scenario: Scenario,
    asked: Sequence[Termination],
    stacks: Sequence[Stack],
    selection: Selection,
) -> Iterator[Skipped]:
    """Why a scenario that was asked for has no combination with the rest of the selection."""
    own = [stack.name for stack in stacks if stack.family == scenario.family]
    out = Skipped(
        interpreter="*", stack="*", scenario=scenario.id, termination="*", target="*", reason=""
    )
    if selection.target:
        anywhere = replace(selection, target=())
        aims = {one.target for one, _ in combinations(scenario, asked, anywhere)}
        if aims and not any(matches_any(target, selection.target) for target in aims):
            reason = _lacks(scenario, "process", selection.target, aims)
            yield replace(out, target=", ".join(selection.target), reason=reason)
    known = _launchers_of(scenario)
    if not any(matches_any(id, selection.launcher) for id in known):
        reason = _lacks(scenario, "launcher", selection.launcher, known)
        yield replace(out, launcher=", ".join(selection.launcher), reason=reason)
    if not any(matches_any(name, selection.stack) for name in own):
        reason = _lacks(scenario, "stack", selection.stack, own)
        yield replace(out, stack=", ".join(selection.stack) or "*", reason=reason)


def _launchers_of(scenario: Scenario) -> list[str]:
    """Under which it is measured."""
    return [
        id
        for id in launchers.LAUNCHERS_BY_ID
        if id == DIRECT or (scenario.launchers and matches_any(id, scenario.launchers))
    ]


def _lacks(scenario: Scenario, what: str, asked: Sequence[str], has: Iterable[str]) -> str:
    """`plain` has no process `child`, only `main`."""
    known = ", ".join(f"`{one}`" for one in sorted(has))
    wanted = " or ".join(f"`{one}`" for one in asked)
    return f"`{scenario.id}` has no {what} {wanted}" + (f", only {known}" if known else "")


def _undeclared(termination: Termination, target: str, scenario: Scenario) -> str | None:
    known = declared(termination, target, scenario)
    return None if known else "the scenario does not declare it"


def _releases(scenario: Scenario, stack: Stack) -> str | None:
    if not scenario.releases or SpecifierSet(scenario.releases).contains(stack.release):
        return None
    return f"the scenario needs {scenario.family}{scenario.releases}"


def _requires(scenario: Scenario, interpreter: Interpreter) -> str | None:
    if SpecifierSet(scenario.requires, prereleases=True).contains(interpreter.version):
        return None
    return f"the scenario needs Python {scenario.requires}"
