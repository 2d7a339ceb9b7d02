"""Sets of interpreters and stacks in words: "3.8 and later", "all but PyPy", "Flask 1.1.2".

A bare version number is CPython's. The words name a set exactly, within those
that were measured: "3.8 and later" says nothing of a release that was not, and
a release that stands alone is named with its patch number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

from packaging.version import InvalidVersion, Version

from exitmatrix.model import Frozen, Record

PREFIXES = {
    "cpython": "",
    "free-threaded": "free-threaded ",
    "debug": "debug ",
    "free-threaded debug": "free-threaded debug ",
    "build": "build ",
    "pypy": "PyPy ",
}
"""What stands before a version, by family: releases are compared with those built alike."""

WHOLE = {
    "cpython": "CPython",
    "free-threaded": "free-threaded builds",
    "debug": "debug builds",
    "free-threaded debug": "free-threaded debug builds",
    "build": "builds that are no release",
    "pypy": "PyPy",
}
FAMILY_TITLES = {
    "cpython": "CPython",
    "free-threaded": "CPython, free-threaded",
    "debug": "CPython, debug builds",
    "free-threaded debug": "CPython, free-threaded debug builds",
    "build": "CPython, builds that are no release",
    "pypy": "PyPy",
}
FAMILIES = tuple(PREFIXES)
HELD_STILL = ("flask-1.1", "apscheduler-3.6")
"""The stacks that are the same for every interpreter; any other is the newest that one can have."""


class Python(Frozen, kw_only=True):
    """An interpreter as far as a reader tells it from others."""

    id: str
    family: str  # one of FAMILIES
    version: str
    build: str = ""  # PyPy's own version; of a build that is no release, which one it is

    @property
    def minor(self) -> str:
        """3.13 for 3.13.0."""
        return ".".join(self.version.split(".")[:2])

    @property
    def full(self) -> str:
        """All that tells it apart, for people."""
        build = f" ({self.build})" if self.build else ""
        return f"{PREFIXES[self.family]}{self.version}{build}"


class Subject(Frozen, kw_only=True):
    """Who was asked: an interpreter with a stack, on a platform."""

    platform: str
    python: Python
    stack: str
    version: str = ""  # of the package that the stack is named for, as it was measured
    beside: str = ""  # another package, where the stack is named for two

    @property
    def label(self) -> str:
        """The stack for people: Flask 3.1.3, Celery 5.7.0 with redis."""
        family, _, number = self.stack.rpartition("-")
        if not family:
            return self.stack
        beside = f" with {self.beside}" if self.beside else ""
        package = family.removesuffix(f"-{self.beside}").capitalize()
        return f"{package} {self.version or number}{beside}"


def subject_of(platform: str, record: Record) -> Subject:
    """The subject that a record is about."""
    package, beside = _named_for(record.stack.rpartition("-")[0], record.packages)
    return Subject(
        platform=platform,
        python=python_of(record.interpreter_id, record.interpreter),
        stack=record.stack,
        version=record.packages.get(package, ""),
        beside=beside,
    )


def _named_for(family: str, packages: Mapping[str, str]) -> tuple[str, str]:
    """The package that a stack is named for, and another where there are two: celery and redis."""
    first, _, second = family.partition("-")
    two = family not in packages and first in packages and second in packages
    return (first, second) if two else (family, "")


def python_of(id: str, about: Mapping[str, Any]) -> Python:
    """An interpreter by its id and as a record describes it."""
    return _python(id, *map(about.get, _TELLING))


_TELLING = (
    "implementation",
    "version",
    "implementation_version",
    "build",
    "free_threaded",
    "debug",
)


@lru_cache(maxsize=1024)  # of thousands of records there are some dozens
def _python(
    id: str,
    implementation: object,
    version: object,
    own_version: object,
    build: object,
    free_threaded: object,
    debug: object,
) -> Python:
    return Python(
        id=id,
        family=_family(implementation, build, free_threaded, debug),
        version=str(version or "0"),
        build=str(own_version or build or ""),
    )


def _family(implementation: object, build: object, free_threaded: object, debug: object) -> str:
    if implementation == "pypy":
        return "pypy"
    if build:
        return "build"
    flags = {"free-threaded": free_threaded, "debug": debug}
    return " ".join(flag for flag, is_set in flags.items() if is_set) or "cpython"


def age(python: Python) -> tuple[int, Version, str]:
    """Sorts interpreters: CPython last, each family from old to new."""
    return -FAMILIES.index(python.family), _version(python.version), python.build


@cache
def _version(text: str) -> Version:
    return Version(text)


def in_order(pythons: Iterable[Python]) -> list[Python]:
    """CPython from old to new, then the other families."""
    return sorted(pythons, key=lambda one: (FAMILIES.index(one.family), *age(one)[1:]))


def adjacent(abouts: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Pairs next to each other by release and built alike; and a release with its debug build."""
    order = in_order(python_of(id, about) for id, about in abouts.items())
    pairs = [pair for pair in pairwise(order) if pair[0].family == pair[1].family]
    pairs += [
        (release, debug)
        for release in order
        for debug in order
        if (release.family, debug.family) == ("cpython", "debug")
        and release.version == debug.version
    ]
    return [(left.id, right.id) for left, right in pairs]


def stack_age(stack: str) -> tuple[int, ...]:
    """Sorts stacks of one family from old to new."""
    return tuple(int(part) for part in stack.rpartition("-")[2].split(".") if part.isdigit())


# --------------------------------------------------------------- interpreters


def subject_age(subject: Subject) -> tuple[object, ...]:
    """Sorts subjects from old to new: by interpreter, then by stack."""
    return (*age(subject.python), stack_age(subject.stack), subject.platform)


def python_words(chosen: Collection[Python], measured: Collection[Python]) -> str:
    """The fewest words that name the chosen ones, of those measured; "" for all of them."""
    some, everyone = set(chosen), set(measured)
    if some == everyone:
        return ""
    direct = _direct(some, everyone)
    but = f"all but {_direct(everyone - some, everyone)}"
    return but if ", " in direct and len(but) < len(direct) else direct


def _direct(chosen: set[Python], measured: set[Python]) -> str:
    return ", ".join(
        part
        for family in FAMILIES
        for part in _family_parts(
            family,
            {one for one in chosen if one.family == family},
            in_order(one for one in measured if one.family == family),
        )
    )


def _family_parts(family: str, chosen: set[Python], measured: Sequence[Python]) -> list[str]:
    if not chosen:
        return []
    if len(chosen) == len(measured) > 1:
        return [WHOLE[family]]
    return [f"{PREFIXES[family]}{_run_words(run, measured)}" for run in _runs(chosen, measured)]


def _runs(chosen: set[Python], measured: Sequence[Python]) -> list[list[Python]]:
    """The chosen ones in stretches without a measured one between them."""
    runs: list[list[Python]] = []
    broken = True
    for one in measured:
        if one in chosen:
            if broken:
                runs.append([])
            runs[-1].append(one)
        broken = one not in chosen
    return runs


def _run_words(run: Sequence[Python], measured: Sequence[Python]) -> str:
    first, last = run[0], run[-1]
    if len(run) == 1:
        return _alone(first, measured)
    if last == measured[-1] and first != measured[0]:
        return f"{_edge(first, run, measured)} and later"
    if first == measured[0]:
        return f"{_edge(last, run, measured)} and earlier"
    start, end = _edge(first, run, measured), _edge(last, run, measured)
    return start if start == end else f"{start}-{end}"


def _alone(one: Python, measured: Sequence[Python]) -> str:
    """One release: with its patch number, for its neighbours may differ.

    Python 2 has no neighbours to come, and of a PyPy the language version is what is asked for.
    """
    siblings = [other for other in measured if other.minor == one.minor]
    if len(siblings) == 1 and (one.family == "pypy" or one.minor.startswith("2.")):
        return one.minor
    twins = [other for other in siblings if other.version == one.version]
    return one.version if len(twins) == 1 else f"{one.version} ({one.build or one.id})"


def _edge(one: Python, run: Sequence[Python], measured: Sequence[Python]) -> str:
    """An end of a stretch: by its minor version where the stretch holds all that were measured."""
    whole = all(other in run for other in measured if other.minor == one.minor)
    return one.minor if whole else _alone(one, measured)


# ------------------------------------------------------------------- subjects


def stack_words(stack: str) -> str:
    """Flask 1.1 for flask-1.1."""
    return stack.replace("-", " ", 1).capitalize()


def subject_words(chosen: Collection[Subject], measured: Collection[Subject]) -> str:
    """The fewest words that name the chosen subjects, of those measured; "" for all of them."""
    some, everyone = set(chosen), set(measured)
    if some == everyone:
        return ""
    on = {
        platform: _on_one_platform(
            {one for one in some if one.platform == platform},
            {one for one in everyone if one.platform == platform},
        )
        for platform in sorted({one.platform for one in everyone})
    }
    if len(set(on.values())) == 1:
        return next(iter(on.values())) or ""
    named = {platform: words for platform, words in on.items() if words is not None}
    return "; ".join(f"{p}: {words}" if words else p for p, words in named.items())


def _on_one_platform(chosen: set[Subject], measured: set[Subject]) -> str | None:
    """The words; "" for all of them; None for none of them."""
    if not chosen:
        return None
    if chosen == measured:
        return ""
    everyone = {one.python for one in measured}
    whole = everyone - {one.python for one in measured - chosen}
    if chosen == {one for one in measured if one.python in whole}:
        return python_words(whole, everyone)
    direct, but = _by_stack(chosen, measured), f"all but {_by_stack(measured - chosen, measured)}"
    return but if len(but) < len(direct) else direct


def _by_stack(chosen: set[Subject], measured: set[Subject]) -> str:
    """Flask 2.0.3-3.1.3; Flask 1.1.2 on 3.8 and later."""
    names = _stack_names(measured)
    whole, parts = [], []
    order = sorted(set(names.values()), key=release)
    for name in order:
        pythons = {one.python for one in chosen if names[one] == name}
        everyone = {one.python for one in measured if names[one] == name}
        if pythons == everyone:
            whole.append(name)
        elif pythons:
            parts.append(f"{name} on {python_words(pythons, everyone)}")
    return "; ".join([*_spans(whole, order), *parts])


def _stack_names(measured: Collection[Subject]) -> dict[Subject, str]:
    """What each is called; by its stack's own name too where two stacks hold the same release."""
    stacks: dict[tuple[Python, str], set[str]] = {}
    for one in measured:
        stacks.setdefault((one.python, one.label), set()).add(one.stack)
    twins = {label for (_, label), some in stacks.items() if len(some) > 1}
    return {
        one: f"{one.label} ({one.stack})" if one.label in twins else one.label for one in measured
    }


def release(name: str) -> tuple[str, Version, str]:
    """Sorts labels of stacks: Flask 3.9 before Flask 3.10."""
    package, _, release = name.partition(" ")
    try:
        return package, _version(release.partition(" ")[0]), name
    except InvalidVersion:
        return package, Version("0"), name


def _spans(names: Sequence[str], order: Sequence[str]) -> list[str]:
    """Names, three or more of one package in a row as from the first to the last."""
    runs: list[list[str]] = []
    for name in names:
        package = name.partition(" ")[0]
        last = runs[-1][-1] if runs else ""
        follows = last and order.index(name) == order.index(last) + 1
        if follows and last.partition(" ")[0] == package and "(" not in last + name:
            runs[-1].append(name)
        else:
            runs.append([name])
    spans = []
    for run in runs:
        far = len(run) > 2
        spans += [f"{run[0]}-{run[-1].partition(' ')[2]}"] if far else run
    return [", ".join(spans)] if spans else []
