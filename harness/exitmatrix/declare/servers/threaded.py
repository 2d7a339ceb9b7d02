"""What becomes of a view in a thread that nobody joins, when it has ended the main thread. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.model.server import Race, Reaction, View

BETWEEN = "what is left of a view, in its thread, and the end of the main thread"


def from_a_view(leaves: Reaction, left: View) -> Reaction:
    """A signal to itself: the view is done, has sent its headers alone, or is left as `left`."""
    last = Race(between=BETWEEN, instead=leaves)
    cut = replace(left, client="cut", source="headers are sent before the body")
    returns = View(ends="returns", source="the view is done before the interpreter finalizes")
    first = Race(between=BETWEEN, instead=replace(leaves, view=cut, race=last))
    return replace(leaves, view=returns, race=first)
