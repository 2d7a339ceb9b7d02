"""Other packages than those that a stack pins: from the words of `--with` to a plan with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec.structs import replace
from packaging.version import Version

from exitmatrix.cli.environments import Environments
from exitmatrix.cli.errors import HARNESS_FAILED, USAGE_ERROR, Failure, no_such
from exitmatrix.cli.streams import say
from exitmatrix.declare.requirements import BadRequirement
from exitmatrix.declare.stacks import STACKS, packages_of, stacks_in_order, unpinned
from exitmatrix.machine.environments.cache import UnusableCacheError, check_cache, default_cache
from exitmatrix.machine.environments.installer import FailedError
from exitmatrix.machine.environments.prepare import OLDEST_REPLACED
from exitmatrix.machine.environments.replacements import absolute, exact, tools_at
from exitmatrix.model import Frozen, Interpreter, Record, Stack
from exitmatrix.model.change import Change
from exitmatrix.plan.cells import Selection


class Replacements(Frozen, kw_only=True):
    """What is installed instead of what the stacks pin."""

    asked: tuple[str, ...] = ()  # as the user wrote it
    words: tuple[str, ...] = ()  # the same wherever the installer works
    names: tuple[str, ...] = ()  # of the packages, one a word
    left_out: Mapping[str, str] = {}  # interpreters that cannot have them, and why
    newest: bool = False  # of each package that a stack holds, the newest release
    pre: bool = False  # which may be a pre-release

    @property
    def renewed(self) -> Literal["", "newest", "pre"]:
        """Which releases of all that a stack holds are asked for, where they are."""
        return "" if not self.newest else "pre" if self.pre else "newest"

    def of(self, stack: Stack, named: bool) -> tuple[str, ...]:
        """What a stack gets: what it holds, and where it was named everything."""
        held = packages_of(stack)
        if self.newest:
            return unpinned(stack)
        pairs = zip(self.words, self.names, strict=True)
        return tuple(word for word, name in pairs if named or name in held)


def find_replacements(
    asked: Sequence[str],
    found: Mapping[str, Interpreter],
    newest: bool = False,
    pre: bool = False,
) -> Replacements:
    """The packages that words name, for each interpreter that can have them."""
    if not asked:
        return Replacements(newest=newest, pre=pre)
    names: tuple[str, ...] = ()
    left_out: dict[str, str] = {}
    try:
        check_cache(default_cache())
        words = tuple(absolute(word) for word in asked)
        tools = tools_at(default_cache())
        for id, interpreter in found.items():
            if interpreter.language < OLDEST_REPLACED:
                left_out[id] = "other packages than those pinned need Python 3.6 or newer"
                continue
            try:
                names = tuple(one.name for one in exact(tools, words, interpreter))
            except BadRequirement as error:
                left_out[id] = str(error)
    except (BadRequirement, UnusableCacheError) as error:
        raise Failure(str(error), USAGE_ERROR) from error
    except FailedError as error:
        raise Failure(str(error), HARNESS_FAILED) from error
    if not names:
        raise Failure("; ".join(dict.fromkeys(left_out.values())), USAGE_ERROR)
    for id, reason in left_out.items():
        say(f"left out: {id}: {reason}")
    return Replacements(asked=tuple(asked), words=words, names=names, left_out=left_out)


def with_replacements(selection: Selection, replacements: Replacements) -> Selection:
    """The selection, of stacks that hold one of the packages; those named by --stack get them."""
    if selection.stack:
        return selection
    if replacements.newest:
        return replace(selection, stack=tuple(newest_stacks()))
    if not replacements.names:
        return selection
    held = {stack.name: packages_of(stack) for stack in STACKS}
    for name in replacements.names:
        if not any(name in packages for packages in held.values()):
            raise no_such("package of a stack", name, set().union(*held.values()))
    having = [name for name, packages in held.items() if packages & set(replacements.names)]
    return replace(selection, stack=tuple(having))


def newest_stacks() -> list[str]:
    """The newest stack of each family that has packages."""
    families: dict[str, str] = {}
    for stack in stacks_in_order(STACKS):
        if packages_of(stack):
            families[stack.family] = stack.name
    return sorted(families.values())


def by_stack(replacements: Replacements, selection: Selection) -> dict[str, tuple[str, ...]]:
    """What each stack gets instead of its own packages; `selection` is what the user named."""
    return {one.name: replacements.of(one, bool(selection.stack)) for one in STACKS}


def without_interpreters(
    found: Mapping[str, Interpreter], replacements: Replacements
) -> dict[str, Interpreter]:
    """The interpreters that can have the packages."""
    return {id: one for id, one in found.items() if id not in replacements.left_out}


def tell_replaced(
    replacements: Replacements, compared: Iterable[Record], environments: Environments
) -> None:
    """Say which packages stood in for which, once for each stack."""
    newest = "the newest releases, pre-releases too" if replacements.pre else "the newest releases"
    asked = ", ".join(replacements.asked) or newest
    lines: dict[str, None] = {}
    for record in compared:
        here = environments[record.interpreter_id, record.stack].packages
        parts = [
            f"{name} {here.get(name, 'without')} instead of {record.packages.get(name, 'none')}"
            for name in sorted({*here, *record.packages})
            if here.get(name) != record.packages.get(name)
        ]
        versions = ", ".join(parts) or "the same versions as on record"
        lines[f"{record.stack} with {asked}: {versions}"] = None
    for line in lines:
        say(line)


def other_releases(change: Change) -> tuple[str, ...]:
    """The requirements that give a stack the packages with which a change was seen."""
    there = change.old.packages
    return tuple(
        f"{name}=={version}"
        for name, version in sorted(change.new.packages.items())
        if there.get(name) != version
    )


def tell_how_to_find_out(changes: Iterable[Change]) -> None:
    """For each question and other package: the command that says since which of its releases."""
    asked: dict[tuple[str, str], str] = {}
    for change in changes:
        mine, its = change.old.packages, change.new.packages
        for name in sorted(mine.keys() & its):
            old, new = sorted((mine[name], its[name]), key=Version)
            if old != new:
                words = f"exitmatrix bisect {name} {old} {new} {change.old.cell}"
                asked.setdefault((name, str(change.old.question)), words)
    for words in asked.values():
        say(f"since which release: {words}")
