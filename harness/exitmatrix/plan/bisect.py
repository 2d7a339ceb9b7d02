"""The first of a row of releases that behaves differently. Pure: it is told what each shows.

A row is numbered from the newest release, 0, to older ones. It is asked for one
release after the other, so that only as much of it is looked up as is needed.

With an old end, the answer is the first release that does not behave as that one does;
without, the first that behaves as the newest does, which is looked for in steps that
double. As in `git bisect`, it is the only one if behaviour changed once in between, and
a release that cannot be measured is passed over: also an old end, in whose place comes the oldest
that can be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from exitmatrix.model import Frozen

T = TypeVar("T")


class HasReleases(Protocol):
    """Releases from new to old."""

    def has(self, place: int) -> bool:
        """Whether there is a release so far back."""


Look = Callable[[int], T | None]  # what the release at a place shows; None: it cannot be measured
Same = Callable[[T, T], bool]


class FirstChange(Frozen, kw_only=True):
    """Between two releases behaviour changed."""

    old: int  # the last that behaves as before
    new: int  # the first that behaves differently
    between: tuple[int, ...] = ()  # not measurable: any of these may be the first


class Alike(Frozen, kw_only=True):
    """All that were measured behave alike."""

    oldest: int  # of them


class NewestUnmeasured(Frozen, kw_only=True):
    """The newest release cannot be measured, so nothing can be said."""

    place: int


BisectResult = FirstChange | Alike | NewestUnmeasured


def first_change(
    row: HasReleases, measure: Look[T], same: Same[T], to_the_end: bool
) -> BisectResult:
    """Where behaviour changed; `to_the_end` says that the row's old end was asked for."""
    newest = measure(0)
    if newest is None:
        return NewestUnmeasured(place=0)
    if not to_the_end:
        return _back_from_the_newest(row, measure, lambda one: same(newest, one))
    end = 0
    while row.has(end + 1):
        end += 1
    while (oldest := measure(end)) is None:  # no later than the newest, which was measured
        end -= 1
    if same(oldest, newest):
        return Alike(oldest=end)
    return _between(0, end, measure, lambda one: not same(oldest, one))


def _back_from_the_newest(
    row: HasReleases, measure: Look[T], as_newest: Callable[[T], bool]
) -> BisectResult:
    last, step = 0, 1
    limit: int | None = None  # nothing from here on can be measured, or is there
    while limit is None or last + 1 < limit:
        place = last + step
        if limit is None:
            found = next((n for n in range(last + 1, place + 1) if not row.has(n)), None)
            limit = found
        if limit is not None:
            place = min(place, limit - 1)
        if place == last:
            break
        shown = measure(place)
        if shown is None:
            limit, step = place, max(1, step // 2)
        elif as_newest(shown):
            last, step = place, step * 2
        else:
            return _between(last, place, measure, as_newest)
    return Alike(oldest=last)


def _between(new: int, old: int, measure: Look[T], is_new: Callable[[T], bool]) -> FirstChange:
    """Halve the way between one that is as the new side and one that is not."""
    mute: set[int] = set()
    while places := [place for place in range(new + 1, old) if place not in mute]:
        middle = (new + old) // 2
        place = min(places, key=lambda one: (abs(one - middle), one))
        shown = measure(place)
        if shown is None:
            mute.add(place)
        elif is_new(shown):
            new = place
        else:
            old = place
    return FirstChange(old=old, new=new, between=tuple(range(new + 1, old)))
