"""The runs of a user's command: asked for, so many at once, and what they showed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec.structs import replace

from exitmatrix.cli.errors import HARNESS_FAILED, Failure
from exitmatrix.cli.invocation import Invocation
from exitmatrix.machine.run.app import session
from exitmatrix.model.app import AppSpec, AppTrial, Situation
from exitmatrix.observe.app import was_lost, why_unknown
from exitmatrix.plan import app as plan
from exitmatrix.report.app.notes import waits_for


class Show(Protocol):
    """Told of each run: how many are done, of how many, and which one it was."""

    def __call__(self, done: int, total: int, note: str, *, now: bool = False) -> None:
        """`now`: nothing will happen for a while."""


class Runs:
    """The runs that are made, and what they showed."""

    def __init__(self, running: session.AppSession, show: Show, call: Invocation) -> None:
        self.seen: list[tuple[AppSpec, AppTrial]] = []
        self.done = 0
        self._running = running
        self._show = show
        self._call = call
        self._asked: list[AppSpec] = []  # kept, so that what `id` tells stays true
        self._numbers: dict[int, int] = {}  # in which order they were asked for
        self._under_way: set[int] = set()
        self._met: set[int] = set()  # those beside which others were under way
        self._resting: set[int] = set()  # those in which nothing is done but to wait for somebody

    def first(self, specs: Sequence[AppSpec]) -> tuple[int, tuple[AppSpec, AppTrial]]:
        """Make a run, and the next where it costs the harness; how many, and what the last shows.

        That is what it has shown when it is over, or only waits: then it goes on.
        """
        for number, spec in enumerate(specs, start=1):
            self._show(self.done, self.done + 1, f"{spec.id}: until it is ready")
            self._ask(spec)
            answer = self._answer(self.done + 1)
            if not was_lost(answer[1]) or number == len(specs):
                return number, answer
        raise ValueError("no run is asked for")

    def take(self, specs: Sequence[AppSpec], at_once: int) -> None:
        """Make runs, so many at once at most; one by one, each finds what the first found."""
        waiting, total = list(reversed(specs)), self.done + self._running.running + len(specs)
        if specs and not self._running.running:
            self._show(self.done, total, f"{specs[0].id}: until it is ready")
        while waiting or self._running.running:
            while waiting and self._running.running < at_once:
                self._ask(waiting.pop())
            self._answer(total)

    def _ask(self, spec: AppSpec) -> None:
        before = self._call.before_each
        if before and (problem := session.run_before(before, spec)):
            raise Failure(f"--before-each: {problem}", HARNESS_FAILED)
        if spec.alone and not self._call.patient:
            spec = replace(spec, as_before=self._who_went_on(spec))
        if self._call.keep:
            spec = replace(spec, keep=session.new_folder(self._call.keep, spec.id))
        self._under_way.add(id(spec))
        if len(self._under_way) > 1:
            self._met |= self._under_way
        self._numbers[id(spec)] = len(self._asked)
        self._asked.append(spec)
        self._running.ask(spec)

    def _who_went_on(self, spec: AppSpec) -> tuple[tuple[str, ...], ...]:
        """Who went on in runs of this ending that were watched for the whole grace period."""
        shown = (
            plan.who_goes_on(one, trial)
            for one, trial in self.seen
            if one.situation.id == spec.situation.id and not why_unknown(trial)
        )
        return tuple(dict.fromkeys(filter(None, shown)))

    def _answer(self, total: int) -> tuple[AppSpec, AppTrial]:
        spec, trial = self._running.answer()
        if not trial.over:
            self._resting.add(id(spec))
            all_rest = len(self._resting) == self._running.running
            waits = waits_for(spec, plan.who_lives(spec, trial))
            self._show(self.done, total, waits, now=all_rest)
            return spec, trial
        self._resting.discard(id(spec))
        self._under_way.discard(id(spec))
        if spec.alone and not any(one.shared for one in trial.left):
            self._running.put_aside([one.name for one in trial.left])
        self.seen.append((spec, trial))
        self.seen.sort(key=lambda one: self._numbers[id(one[0])])
        self.done += 1
        self._show(self.done, total, spec.id)
        return spec, trial

    def of(self, spec: AppSpec) -> AppTrial:
        """What the run of a spec has shown."""
        return next(trial for one, trial in self.seen if one is spec)

    def forget(self, situations: Sequence[Situation]) -> list[str]:
        """Take back runs of some endings that met others; the endings of those that are kept.

        What they left is put aside: it would not be new to those that are made in their place.
        """
        ids = {one.id for one in situations}
        met = [id(spec) in self._met and spec.situation.id in ids for spec, _ in self.seen]
        taken_back = [trial for (_, trial), meets in zip(self.seen, met, strict=True) if meets]
        self._running.put_aside([one.name for trial in taken_back for one in trial.left])
        self.seen = [run for run, meets in zip(self.seen, met, strict=True) if not meets]
        return [spec.situation.id for spec, _ in self.seen if not spec.blind]
