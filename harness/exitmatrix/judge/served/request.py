"""What becomes of a request: whose view ends its process, or is at work when that is ended. Pure.

Four laws hold. A view that comes to `os._exit`, or whose process a signal kills,
answers nobody. An exception of a view is caught, and answered with 500 unless the server's facts
say otherwise. A process that leaves in order answers what it waits for, and nothing that it does
not. Whoever goes on, answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, product

from msgspec.structs import replace

from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.judge.served.data import with_data
from exitmatrix.judge.served.facts import ServedFacts, facts_now, tells_both
from exitmatrix.judge.served.hits import predict_hit
from exitmatrix.judge.served.outcomes import (
    ANSWERED,
    LOST,
    each_at_work,
    every_one_killed,
    hangs_in_exit,
    has_gone,
    reaped,
    too_late,
    with_untold_workers,
    without_both,
    without_master,
)
from exitmatrix.judge.served.predict import predict_served
from exitmatrix.judge.served.process import (
    DEFAULT,
    GOES_ON,
    KILLED_AT_ONCE,
    number_processes,
    reaction_of,
)
from exitmatrix.model import Prediction, Record, Scenario, Termination
from exitmatrix.model.outcome import NEW
from exitmatrix.model.outcome_sets import union
from exitmatrix.model.server import Reaction, View
from exitmatrix.model.tree import GROUP

MERGED = "the signal to the group, and the one that the master passes on before it is handled"
TWICE = "what the view cleans up, and the signal that the master passes on"
HANDED = "the view, and the end of what hands it to another thread"
ANSWER = "the answer to the request, and the signal that the master passes on"


def foresee_served(record: Record, scenario: Scenario) -> Prediction:
    """What the laws and a server's facts allow for a cell. Raises NotPredicted."""
    termination = TERMINATIONS[record.termination]
    facts = facts_now(record, scenario)
    if termination.delivery == "in-process":
        return with_data(_from_inside(facts, termination), scenario, facts.profile)
    if termination.then and not tells_both(facts, termination.id, record.target):
        return _in_turn(facts, record, scenario, termination)
    idle = predict_served(record, scenario)
    if not scenario.answering:
        return idle
    taken = tuple(map(view_of, _taken(facts, termination.signal, record.target)))
    views = dict.fromkeys(_ends(taken))
    handed = [view.handed for view in views if view.handed]
    outcomes = union(
        one
        for view in (*views, *handed)
        for one in each_at_work(idle.outcomes, record.target, view)
    )
    ends = dict.fromkeys(view.ends for view in views)
    unanswered = "cut" in ends and len({view.client for view in views}) > 1
    races = ((TWICE,) if "cut" in ends else ()) + ((ANSWER,) if unanswered else ())
    races += (HANDED,) if handed else ()
    laws = [f"server-view-{one}" for one in ends]
    laws += ["server-answer-cut"] if unanswered else []
    laws += ["server-view-stays"] if any(view.stays for view in views) else []
    laws += ["server-view-handed"] if handed else []
    return replace(
        idle,
        outcomes=outcomes,
        rules=(*idle.rules, *laws),
        races=(*idle.races, *races),
    )


def _in_turn(
    facts: ServedFacts, record: Record, scenario: Scenario, termination: Termination
) -> Prediction:
    """Two signals, of which nobody has said what they come to together. Raises NotPredicted.

    What the first has begun waits for the view and for nothing else: where the view is over, so is
    all the rest, and the second finds nobody. One that comes again finds a handler that does what
    it did before. A SIGKILL asks nobody: a process that still waits has done nothing else by then,
    and one whose master it takes goes on with what it was told.
    """
    signal = termination.signal
    first = foresee_served(replace(record, termination=signal), scenario)
    if _starts_anew(facts, signal, record.target):
        idle = replace(scenario, answering=False)
        return _renewed(first, foresee_served(replace(record, termination=termination.then), idle))
    blocked = facts.nests and termination.then == signal
    gone = all(
        has_gone(one, record.target) or (blocked and hangs_in_exit(one)) for one in first.outcomes
    )
    if not scenario.answering:
        if gone and signal in facts.again:
            return replace(first, rules=(*first.rules, "server-gone-by-then"))
        return _outlived(facts, first, record.target, termination)
    views = {view_of(one) for one in _taken(facts, signal, record.target)}
    waits = any(view.ends == "returns" for view in views)
    if gone and not waits:
        return first
    stays = any(view.stays for view in views)
    if termination.then == signal and signal in facts.again and (gone or stays):
        late = "".join(view.late for view in views)
        outcomes = union(too_late(one, late) for one in first.outcomes) if late else first.outcomes
        result = replace(first, outcomes=outcomes, rules=(*first.rules, "server-signal-again"))
        return _thrice(result, facts, record, scenario) if record.target == GROUP else result
    if termination.then != "SIGKILL" or not waits:
        return _outlived(facts, first, record.target, termination)
    if len(views) > 1:
        raise NotPredicted(f"whether {facts.id} waits for a view by then")
    if record.target in ("main", "worker"):
        return foresee_served(replace(record, termination="SIGKILL"), scenario)
    (view,) = views
    return _killed_meanwhile(facts, first, record.target, view.late)


def _thrice(
    result: Prediction, facts: ServedFacts, record: Record, scenario: Scenario
) -> Prediction:
    """A worker has had the signal of the group, and perhaps that of its master, before another."""
    if facts.thrice is None:
        return result
    idle = foresee_served(
        replace(record, termination="SIGTERM"), replace(scenario, answering=False)
    )
    hung = each_at_work(idle.outcomes, record.target, facts.thrice)
    return Prediction(
        outcomes=union((*result.outcomes, *hung)),
        rules=(*result.rules, "server-signal-thrice"),
        races=(*result.races, MERGED),
    )


def _starts_anew(facts: ServedFacts, signal: str, target: str) -> bool:
    """Whether the master has started all anew when the second signal comes."""
    stop = facts.master.get(signal)
    return stop is not None and stop.restarts and target in ("master", GROUP)


def _renewed(first: Prediction, second: Prediction) -> Prediction:
    """What the second signal does to those that the first has had started."""
    outcomes = []
    for before, after in product(first.outcomes, second.outcomes):
        left = [one for one in before.processes[1:] if not one.role.startswith(NEW)]
        new = number_processes(after.processes[1:], f"{NEW}worker")
        processes = (after.processes[0], *left, *new)
        alive = tuple(one.role for one in processes if one.exit is None)
        outcomes.append(replace(after, processes=processes, survivors=alive, client=before.client))
    return Prediction(
        outcomes=union(outcomes),
        rules=tuple(dict.fromkeys((*first.rules, *second.rules, "server-anew-by-then"))),
        races=tuple(dict.fromkeys((*first.races, *second.races))),
    )


def _outlived(
    facts: ServedFacts, first: Prediction, target: str, termination: Termination
) -> Prediction:
    """The second signal finds somebody who has not taken the first. Raises NotPredicted.

    One that was just forked, and deaf, is deaf no more. One that may lose a signal may lose two.
    """
    signal = termination.signal
    again = signal in facts.again and termination.then == signal
    reaction = reaction_of(facts, signal)
    if target == GROUP and facts.inherits_handlers and signal in facts.again:
        outcomes = tuple(one for one in first.outcomes if has_gone(one, target))
        if termination.then == "SIGKILL":
            outcomes = union(map(every_one_killed, first.outcomes))
    elif again and target == "worker" and reaction.race and reaction.race.instead.how == "goes on":
        outcomes = first.outcomes
    else:
        raise NotPredicted(f"what {termination.id} comes to with {facts.id}")
    return replace(first, outcomes=outcomes, rules=(*first.rules, "server-second-is-taken"))


def _killed_meanwhile(facts: ServedFacts, first: Prediction, target: str, late: str) -> Prediction:
    """A SIGKILL to the master, or to all, while a process waits for its view."""
    if target == "master":
        view = facts.orphan.view if facts.orphan and facts.orphan.view else ANSWERED
        left = tuple(without_master(one, view, late) for one in first.outcomes)
        in_turn = facts.master["SIGTERM"].in_turn
        outcomes = union((*left, *(map(with_untold_workers, left) if in_turn else ())))
    else:
        outcomes = union(without_both(one) for one in first.outcomes)
    outcomes = tuple(reaped(one, facts) for one in outcomes)
    return replace(first, outcomes=outcomes, rules=(*first.rules, "server-sigkill-follows"))


def view_of(reaction: Reaction) -> View:
    """What becomes of a view that is at work. Raises NotPredicted where nobody has said it."""
    if reaction.view is not None:
        return reaction.view
    if reaction.how == "goes on":
        return ANSWERED
    if reaction.how == "default action":
        return LOST
    raise NotPredicted("what becomes of a request that is being answered")


# ------------------------------------------------------------------ from inside


def _from_inside(facts: ServedFacts, termination: Termination) -> Prediction:
    """A view, or a task, that ends its process, or tries to."""
    own = facts.worker.get(termination.id)
    if not facts.listens:
        if own is None:
            raise NotPredicted(f"what {termination.id} in a task of {facts.id} comes to")
        return predict_hit(facts, own, "")  # and nobody has asked it
    verb, _, rest = termination.act.partition(" ")
    match verb:
        case "os._exit":
            reaction = Reaction(how="exits at once", status=int(rest), view=LOST)
            signal = law = ""
        case "raise":
            reaction, signal = replace(GOES_ON, view=facts.raises), ""
            law = "answers-500" if facts.raises.client == "500" else "answers-nothing"
        case "sys.exit" if facts.quits is not None:
            reaction, signal, law = _with_status(facts.quits, int(rest)), "", "view-quits"
        case "signal":
            reaction, signal, law = own or reaction_of(facts, rest), rest, ""
        case "return":
            reaction, signal = facts.retires or GOES_ON, ""
            law = "max-requests" if facts.retires else ""
        case "hang" if facts.hung:
            reaction, signal, law = reaction_of(facts, facts.hung), facts.hung, "worker-timeout"
        case _:
            raise NotPredicted(f"what {termination.id} in a view of {facts.id} comes to")
    then = "SIGKILL" if law == "worker-timeout" else ""
    answers = [_answered(facts, reaction, signal, then)]
    races = []
    one = reaction
    while one.race:
        races.append(one.race.between)
        one = one.race.instead
        answers.append(_answered(facts, one, signal, then))
    rules = (*((f"server-{law}",) if law else ()), *chain.from_iterable(w.rules for w in answers))
    races += answers[0].races
    return Prediction(
        outcomes=union(chain.from_iterable(one.outcomes for one in answers)),
        rules=tuple(dict.fromkeys(rules)),
        races=tuple(dict.fromkeys(races)),
    )


def _with_status(reaction: Reaction, status: int) -> Reaction:
    race = reaction.race
    race = race and replace(race, instead=replace(race.instead, status=status))
    return replace(reaction, status=status, race=race)


def _answered(facts: ServedFacts, reaction: Reaction, signal: str, then: str) -> Prediction:
    """What a process comes to that answers a request, and its client with it."""
    view = view_of(reaction)
    if view.status is not None:
        reaction = replace(reaction, status=view.status)
    if view.past:
        reaction = replace(reaction, how="exits at once", hooks=(), lifespan=False)
    if view.stays:
        reaction = GOES_ON
    made = predict_hit(facts, reaction, signal, then)
    return replace(made, outcomes=tuple(replace(one, client=view.client) for one in made.outcomes))


# ------------------------------------------------------------------- in flight


def _taken(facts: ServedFacts, signal: str, target: str) -> Iterator[Reaction]:
    """How the process that answers takes what it is sent, and what follows of it.

    Where all get a signal, either may come first: its own, or the one that its master passes on.
    """
    own = reaction_of(facts, signal)
    if target != "master" and (target != "group" or own.how == "default action"):
        yield own
        return
    stop = None if signal == "SIGKILL" else facts.master.get(signal)
    if target == "group" and not (stop and own.how == "goes on"):
        yield own
        if facts.forced and signal == "SIGINT":  # of two that wait the later may be taken first
            yield replace(own, view=facts.forced)
    if signal in facts.ignores:
        yield GOES_ON
    elif stop:
        reaction = reaction_of(facts, stop.passes)
        if stop.hurries and facts.workers > 1:  # nobody else is answering, and so has gone
            yield replace(reaction, view=replace(LOST, by=stop.hurries, source=stop.source))
            return
        insists = stop.insists and reaction.how == "goes on"
        yield replace(KILLED_AT_ONCE, view=reaction.view) if insists else reaction
    elif target == "master":
        yield facts.orphan or DEFAULT


def _ends(views: Sequence[View]) -> Iterator[View]:
    """How a view may end that one signal or several end, each in its way.

    Where two are there, Python calls the handler of the second as soon as the first has raised:
    before the clean-up of the view has begun, or within it. One that comes later finds the server
    in the middle of its answer.
    """
    yield from views
    if len(views) > 1 and all(one.ends == "raises" for one in views):
        yield replace(views[-1], ends="cut")
        yield replace(views[-1], client=LOST.client)
