"""The table of endings: did clean-up run, how did it end, how long did that take, what is left."""

from __future__ import annotations

from pathlib import PurePosixPath

from exitmatrix.judge.app import SIGNS, clean_up_of_all, needs_a_look
from exitmatrix.model.app_outcome import AppOutcome, EndingResult
from exitmatrix.report.app.words import cut, listed, short_exit

COLUMNS = (15, 20, 22, 9)


def endings_table(results: tuple[EndingResult, ...], grace: float) -> list[str]:
    """One line for each ending."""
    head = ("", "clean-up ran", "ended", "after")
    rows = [_line(head, "left behind")]
    for result in results:
        if result.left_out:
            rows.append(f"  {result.situation.id:{COLUMNS[0]}}not run: {result.left_out}")
            continue
        mark = " !" if needs_a_look(result, grace) else ""
        cells = (result.situation.id, _ran(result), _ended(result), _after(result) + mark)
        rows.append(_line(cells, _left(result)))
    return rows


def _line(cells: tuple[str, ...], last: str) -> str:
    padded = [f"{cut(cell, width - 1):{width}}" for cell, width in zip(cells, COLUMNS, strict=True)]
    return ("  " + "".join(padded) + cut(last, 78 - sum(COLUMNS))).rstrip()


def _ran(result: EndingResult) -> str:
    found = clean_up_of_all(result)
    words = {
        "all": "all",
        "none": "none",
        "some": f"not in {listed(found.missing)}",
        "nothing": "nothing to run",
        "goes on": "it goes on",
        "unseen": "not seen",
        "varies": "varies",
    }[found.answer]
    if found.answer == "some" and all(map(_is_alone, result.outcomes)):
        words = "some"
    if found.answer == "none" and result.outcomes[0].survivors:
        words = f"not in {listed(found.missing)}"
    if found.answer == "all" and any(map(_is_waited_for, result.outcomes)):
        words = "all that ended"
    return f"{SIGNS[found.answer]} {words}"


def _is_alone(outcome: AppOutcome) -> bool:
    """Whether one process has something to clean up, so that it need not be named."""
    return sum(bool(one.own) for one in outcome.members if one.counts and not one.new) == 1


def _is_waited_for(outcome: AppOutcome) -> bool:
    """Whether somebody goes on whose clean-up has not run."""
    alive = [one for one in outcome.members if one.counts and not one.new and not one.exit]
    return any(ran.fate == "not run" for one in alive for ran in one.own)


def _ended(result: EndingResult) -> str:
    each = list(dict.fromkeys(_how(one) for one in result.outcomes))
    return " or ".join(each)


def _how(outcome: AppOutcome) -> str:
    """How the program ended: one word where all of it ended alike."""
    family = [one for one in outcome.members if one.family]
    if any(not one.exit for one in outcome.replacements):
        return "serves again" if outcome.answers else "replaced"
    ended = [one for one in family if one.exit]
    if not ended:
        return "goes on"
    exits = list(dict.fromkeys(short_exit(one.exit) for one in ended))
    rest = ", others go on" if outcome.survivors else ""
    return ", ".join(exits) + rest


def _after(result: EndingResult) -> str:
    """How long it took until all had ended, or until who was started anew serves."""
    whole = [one for one in result.outcomes if not one.shortened]
    each = [one.serves_again if one.gone is None else one.gone for one in whole]
    times = [one for one in each if one is not None]
    if not times or len(times) < len(whole):
        return "-"
    return f"{max(times):.1f} s"


def _left(result: EndingResult) -> str:
    """What the run left that left most."""
    if not result.outcomes:
        return ""
    names = [left_name(one.name) for one in max((o.left for o in result.outcomes), key=len)]
    if not names and any(one.unsure for one in result.outcomes):
        return "? in use"
    return ("nothing" if not names else names[0]) + (f" +{len(names) - 1}" if names[1:] else "")


def left_name(name: str) -> str:
    """The last part of a path."""
    return PurePosixPath(name).name or name
