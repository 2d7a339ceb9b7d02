"""What the runs of an ending come to, and why: laws on made-up outcomes."""

from __future__ import annotations

from exitmatrix.judge.app import clean_up
from exitmatrix.machine.run.app.state import TimedJournal
from exitmatrix.report.app.story import story

from tests.ownapp.made import CLOSE, ending, member, outcome


def test_whoever_has_nothing_to_clean_up_speaks_not_for_who_goes_on() -> None:
    """A master without handlers ends, and workers that have some go on: so does the program."""
    seen = outcome(member("master"), member("worker", (CLOSE, "not run"), end=""))
    assert clean_up(seen).answer == "goes on"
    assert clean_up(outcome(member("master"), member("worker", end=""))).answer == "nothing"


def test_of_two_ends_that_are_learnt_at_once_the_order_is_told() -> None:
    """A shell that waits for the program ends after it, within the same thousandth of a second."""
    journal = TimedJournal()
    journal.note("kernel", 11, "ended", "code 0")
    journal.note("kernel", 10, "ended", "code 0")
    first, second = journal.moments
    assert first.seconds < second.seconds


def test_every_way_in_which_runs_went_has_its_reason() -> None:
    """What only one of three runs showed needs one most of all; what is said is not repeated."""
    fine = outcome(member("main", (CLOSE, "ran")))
    killed = outcome(member("main", (CLOSE, "not run"), end="signal SIGTERM"))
    text = " ".join(" ".join(story(ending(fine, fine, killed))).split())
    before, rare = text.split("In 1 of 3 runs it went otherwise")
    assert "no handler for SIGTERM" not in before
    assert rare.count("main had no handler for SIGTERM") == 1
