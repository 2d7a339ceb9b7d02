"""What the rules allow for a cell: questions in their order, answers put together. Pure.

A program is followed from its first step to its end, as the interpreter would:
what an act does, who catches the exception, which handlers then run, what is
written out, and what its supervisor makes of it. Each step asks the rules; none
knows an answer. Where an answer is a race, every way through is followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from exitmatrix.declare.program import act as parse_act
from exitmatrix.judge.context import Context
from exitmatrix.judge.effects import (
    Calls,
    Child,
    Dies,
    Effect,
    Ends,
    GoesOn,
    HandlerOrder,
    Helps,
    Imports,
    Keeps,
    Leaves,
    LosesStdout,
    Next,
    Passes,
    Prints,
    Raises,
    Registered,
    Restarts,
    Waits,
    Writes,
)
from exitmatrix.judge.rules import RULES, Question, Rule
from exitmatrix.model import Act, DataState, Frozen, Outcome, Prediction, Process, StdoutFate
from exitmatrix.model.outcome_sets import union

KILLED = "SIGKILL"
SIGNUMS = {
    "SIGHUP": 1,
    "SIGINT": 2,
    "SIGQUIT": 3,
    "SIGABRT": 6,
    "SIGKILL": 9,
    "SIGSEGV": 11,
    "SIGPIPE": 13,
    "SIGALRM": 14,
    "SIGTERM": 15,
}
"""Those with one number on Linux and macOS: what is judged may come from another machine."""
FATES: tuple[StdoutFate, ...] = ("lost", "kept", "twice")
LAST_LINE = Act(verb="return")
LEFT = Act(verb="end subinterpreter", about="at the end")

T = TypeVar("T")


class NotPredicted(Exception):
    """No rule answers a question that came up; says which."""


class Allowed(Frozen, kw_only=True):
    """One outcome that the rules allow, and how they came to it."""

    outcome: Outcome
    rules: tuple[str, ...]  # in the order in which they were asked
    chosen: tuple[tuple[str, int], ...]  # of which race rule the how-manieth effect
    races: tuple[str, ...]


class Ending(Frozen, kw_only=True):
    """How the program is ended: by what act, in or to which role, and how often."""

    act: Act
    target: str
    twice: bool = False  # again while the first handler runs
    then: str = ""  # the signal that follows, to what is still there
    grace: float = 0.0  # seconds, after which it does
    from_inside: bool = False


@dataclass
class _Asked:
    """The rules, asked along one way through the races."""

    rules: Sequence[Rule]
    script: list[int]
    used: dict[str, None] = field(default_factory=dict)
    chosen: list[tuple[str, int, int]] = field(default_factory=list)
    races: list[str] = field(default_factory=list)

    def __call__(
        self, about: Question, context: Context, kind: type[T], default: T | None = None
    ) -> T:
        """The effect that the first rule about it gives. Raises NotPredicted."""
        for rule in self.rules:
            if rule.about != about or not rule.when(context):
                continue
            self.used[rule.id] = None
            effect = rule.then(context)
            if isinstance(effect, tuple):
                effect = self._choose(rule, effect)
            if not isinstance(effect, kind):
                raise NotPredicted(f"rule {rule.id} gives {effect!r} for {about!r}")
            return effect
        if default is not None:
            return default
        raise NotPredicted(f"no rule says what happens: {about}, {_what(context)}")

    def _choose(self, rule: Rule, effects: tuple[Effect, ...]) -> Effect:
        place = len(self.chosen)
        number = self.script[place] if place < len(self.script) else 0
        self.chosen.append((rule.id, number, len(effects)))
        self.races.append(rule.race)
        return effects[number]


@dataclass
class _Process:
    """One process on its way to its end."""

    ask: _Asked
    context: Context
    role: str
    handlers: list[str] = field(default_factory=list)  # registered, oldest first
    running: list[str] = field(default_factory=list)
    ran: list[tuple[str, bool]] = field(default_factory=list)  # and whether it raised
    buffered: list[str] = field(default_factory=list)  # markers not written out yet
    written: list[str] = field(default_factory=list)
    no_reader: bool = False
    exit: dict[str, object] | None = None
    answer: str = ""
    children: list[_Process] = field(default_factory=list)
    library: set[str] = field(default_factory=set)
    signals: dict[str, tuple[str, Act]] = field(default_factory=dict)  # handled: by whom, and how
    second: tuple[str, ...] = ()  # handlers of a second interpreter that is there
    hooked: bool = False
    flushed_by_c: bool = False
    printed: list[str] = field(default_factory=list)
    finalized: bool = False
    marked: bool = False
    cut: bool = False
    again: int | None = None  # handlers that end before a second signal comes
    grace: float | None = None  # seconds until SIGKILL comes
    needed: float = 0.0  # seconds, by the handlers that were run
    met: str = ""  # by that signal, and not told yet

    # ------------------------------------------------------------------ the code

    def start(self, libraries: Sequence[str]) -> None:
        """Import, then take the program's own steps."""
        steps = self.context.program.steps
        imports = [
            self.ask("imports", self.context.asking(library=one), Imports, Imports())
            for one in (*libraries, *(s.about for s in steps if s.verb == "import"))
        ]
        self.library = {name for one in imports for name in (*one.before, *one.after)}
        # A module that is there already registers nothing anew.
        self.handlers = list(dict.fromkeys(name for one in imports for name in one.before))
        for step in steps:
            self._step(step)
        after = (name for one in imports for name in one.after)
        self.handlers += [name for name in after if name not in self.handlers]

    def _step(self, step: Act) -> None:
        match step.verb:
            case "import":
                pass  # taken already: what libraries register comes first
            case "write":
                self.mark()
            case "fork":
                self.children.append(self.fork(step.about.removeprefix("child: ")))
            case "start child, then":
                self.children.append(self._child(parse_act(step.about)))
            case "on":
                signal, _, rest = step.about.partition(" ")
                name, _, does = rest.partition(", ")
                told = "" if name == "-" else f"signal.{signal}:{name}"
                self.signals[signal] = (told, parse_act(does))
            case "hooks":
                self.hooked = True
            case "subinterpreter":
                self.second = tuple(step.about.split())
            case "end subinterpreter":
                self._end_second(step)
            case verb if verb not in LATER:
                if verb == "run handlers":
                    self.run_handlers()
                self._register(step)

    def _child(self, act: Act) -> _Process:
        """A child that runs the same file, and to which something then happens."""
        child = _Process(self.ask, self.context, "child")
        for step in self.context.program.steps:
            if step.verb == "register":
                child._register(step)
        child.mark()
        child.end(act, "main")
        return child

    def _end_second(self, step: Act) -> None:
        """What the end of a second interpreter does: run its handlers, or end everything."""
        now = self.context.asking(act=step, handlers=self.second)
        effect = self.ask("subinterpreter", now, object)
        match effect:
            case HandlerOrder(handlers):
                self.ran += [(name, False) for name in handlers]
            case Dies(signal, flushed):
                self.stop({"signal": signal}, flushed)
            case Leaves(status, flushed):
                self.running.append(self.second[-1])
                self.stop({"code": status}, flushed)
            case _:
                raise NotPredicted(f"{effect!r} of a second interpreter")
        self.second = ()

    def _register(self, step: Act) -> None:
        now = self.context.asking(act=step, handlers=tuple(self.handlers))
        self.handlers = list(self.ask("registers", now, Registered).handlers)

    def fork(self, act: str) -> _Process:
        """A copy of this process, which then ends in its own way."""
        child = self._copy()
        child.end(parse_act(act) if act else LAST_LINE, "main")
        return child

    def _copy(self) -> _Process:
        """A forked child: what the rules say that it has of this process, and a mark of its own."""
        now = self.context.asking(handlers=tuple(self.handlers))
        child = _Process(
            self.ask,
            self.context,
            "child",
            handlers=list(self.ask("fork", now, Registered).handlers),
            buffered=list(self.buffered),
        )
        child.mark()
        return child

    # ------------------------------------------------------------------- the end

    def end(self, act: Act, place: str) -> bool:
        """Let an act happen in the code at a place; whether the process is over."""
        if act.in_thread:
            place = "thread"
        signal = act.about if act.verb == "signal" else ""
        handler, does = self.signals.get(signal, ("", act))
        now = self.context.asking(act=act, place=place, handled=signal in self.signals)
        effect = self.ask("act", now, object)
        if isinstance(effect, Calls):
            act, effect = does, self.ask("act", now.asking(act=does, handled=False), object)
            if handler:
                self.ran.append((handler, isinstance(effect, Raises)))
        self.follow(effect, act, place)
        return self.exit is not None

    def follow(self, effect: object, act: Act, place: str) -> None:
        """Let an effect take its way."""
        exception, status = "", 0
        while isinstance(effect, (Raises, Passes)):
            if isinstance(effect, Raises):
                exception, status = effect.exception, effect.status
            else:
                place = effect.place
            now = self.context.asking(act=act, place=place, exception=exception, status=status)
            effect = self.ask("exception", now, object)
            if place == "main" and self.context.program.printed:
                self._print(now)
        match effect:
            case Dies(signal, flushed):
                self.stop({"signal": signal}, flushed)
            case Leaves(code, flushed):
                self.flushed_by_c = flushed
                self.stop({"code": code}, flushed)
            case Ends():
                self.finalize(effect, exception)
            case GoesOn(answer):
                self.answer = answer or "200"
            case LosesStdout():
                self.no_reader = True
                self.answer = "200"
            case _:
                raise NotPredicted(f"{effect!r} is no end")

    def mark(self) -> None:
        """Write a marker that nobody flushes, once."""
        if not self.marked:
            self.marked = True
            self.buffered.append(self.role)

    def process(self, written: Sequence[str]) -> Process:
        """What is told of it; `written` is what arrived, of all processes."""
        own = [(name, raised) for name, raised in self.ran if name not in self.library]
        fate = FATES[written.count(self.role)] if self.marked and self.exit is not None else None
        return Process(
            role=self.role,
            fired=tuple(name for name, _ in own),
            unfinished=tuple(self.running),
            exit=self.exit,
            raised=tuple(name for name, raised in own if raised),
            library=tuple(name for name, _ in self.ran if name in self.library),
            stdout=fate,
        )

    def stop(self, how: dict[str, object], flushed: bool) -> None:
        """The process is gone."""
        if flushed:
            self.flush()
        self.exit = how

    def flush(self) -> None:
        """Write out what is buffered."""
        self.written += self.buffered
        self.buffered = []

    def finalize(self, end: Ends, exception: str) -> None:
        """End as an interpreter does that ends normally, or of an exception."""
        self.finalized = True
        now = self.context.asking(exception=exception)
        if (
            not self.no_reader
            and self.ask(
                "flush", now.asking(flushes="code ended"), Writes, Writes(written=False)
            ).written
        ):
            self.flush()
        for step in now.program.steps:
            if step.verb in LATER:
                waits = self.ask("thread", now.asking(act=step), Waits).waits
                if waits and step.about:
                    self._register(step)
        status = self.run_handlers()
        if self.second and self.exit is None:
            self._end_second(LEFT)
        if self.exit is not None:
            return
        when = "finalized, no reader" if self.no_reader else "finalized"
        writes = self.ask("flush", now.asking(flushes=when), Writes)
        if writes.written:
            self.flush()
        code = end.status if status is None else status
        self.exit = {"signal": end.signal} if end.signal else {"code": writes.failed or code}

    def run_handlers(self) -> int | None:
        """Run what is registered; the exit status that a handler asked for."""
        if self.again is not None:
            self.met = dict(self.ask("again", self.context, Child).meets).get("main", "")
        if self.met == "atexit":
            return None
        now = self.context.asking(handlers=tuple(self.handlers))
        order = list(self.ask("order", now, HandlerOrder).handlers)
        status, last = None, None
        while order:
            name = order.pop(0)
            self.handlers = list(reversed(order))
            if self.met == "call" and name not in self.library:
                self.met = ""
                continue
            if name not in self.library and self._takes_too_long():
                self.running.append(name)
                self.stop({"signal": KILLED}, flushed=False)
                return None
            act = self.context.program.act_of(name)
            result = self._handle(name, act)
            if result is None:
                self.running.append(name)
                return None
            self.ran.append((name, result.raised))
            if act and act.verb == "end subinterpreter":
                self._end_second(act)
            if result.raised and act and self.context.program.printed:
                last = self.context.asking(act=act, handler=name)
                self._print(last)
            status = status if result.status is None else result.status
            order = list(reversed(self.handlers))
        if last:
            self._print(last.asking(handler="", again=True))
        return status

    def _print(self, now: Context) -> None:
        """Have an exception printed."""
        now = now.asking(hooked=self.hooked)
        self.printed += self.ask("prints", now, Prints, Prints(())).lines

    def _handle(self, name: str, act: Act | None) -> Next | None:
        """Run one handler; None when the process ends in it."""
        if self.met == "handler" and name not in self.library and not self._before_it_comes():
            self.met = ""
            now = self.context.asking(exception="KeyboardInterrupt")
            return self.ask("handler", now, Next)
        if act is None:
            return Next()
        if act.verb in ("register", "unregister"):
            now = self.context.asking(act=act, handlers=tuple(self.handlers))
            self.handlers = list(self.ask("running", now, Registered).handlers)
            return Next()
        if act.verb == "say":
            self.printed.append(act.about)
            return Next()
        if act.verb == "end subinterpreter":
            return Next()  # and what that brings comes after it
        if act.verb in ("start thread", "fork"):
            result = self.ask("handler", self.context.asking(act=act), Next)
            if act.verb == "fork" and not result.raised:
                self._fork_in_handler(name)
            return result
        effect = self.ask("act", self.context.asking(act=act), object)
        if isinstance(effect, Leaves):
            self.stop({"code": effect.status}, effect.flushed)
            return None
        if not isinstance(effect, Raises):
            raise NotPredicted(f"{effect!r} in a handler")
        now = self.context.asking(act=act, exception=effect.exception, status=effect.status)
        return self.ask("handler", now, Next)

    def _before_it_comes(self) -> bool:
        """Whether a handler ends before a second signal does."""
        if not self.again:
            return False
        self.again -= 1
        return True

    def _takes_too_long(self) -> bool:
        """Whether SIGKILL comes before the next handler has ended."""
        self.needed += self.context.program.length / 1000
        if self.grace is None:
            return False
        now = self.context.asking(needs=self.needed, grace=self.grace)
        return self.ask("grace", now, Child).fate == "killed"

    def _fork_in_handler(self, name: str) -> None:
        """The child comes back from the handler as well, and runs those that are left."""
        child = self._copy()
        child.ran = [(name, False)]
        child.run_handlers()
        if self.ask("flush", self.context.asking(flushes="finalized"), Writes).written:
            child.flush()
        child.exit = {"code": 0}
        self.children.append(child)


LATER = {
    "thread that ends after main",
    "thread that ends after main registers",
    "daemon thread",
}
"""Steps that matter when the main thread has ended."""


def predict(context: Context, ending: Ending, rules: Sequence[Rule] = RULES) -> Prediction:
    """All that the rules allow, as one set. Raises NotPredicted."""
    ways = list(allowed(context, ending, rules))
    return Prediction(
        outcomes=union(way.outcome for way in ways),
        rules=tuple(dict.fromkeys(id for way in ways for id in way.rules)),
        races=tuple(dict.fromkeys(race for way in ways for race in way.races)),
    )


def allowed(context: Context, ending: Ending, rules: Sequence[Rule] = RULES) -> Iterator[Allowed]:
    """One outcome for each way through the races. Raises NotPredicted."""
    script: list[int] = []
    while True:
        ask = _Asked(rules, script)
        outcome = (
            _tree(ask, context, ending)
            if context.program.supervisor
            else _alone(ask, context, ending)
        )
        yield Allowed(
            outcome=outcome,
            rules=tuple(ask.used),
            chosen=tuple((id, number) for id, number, _ in ask.chosen),
            races=tuple(ask.races),
        )
        script = [number for _, number, _ in ask.chosen]
        while script and script[-1] + 1 == ask.chosen[len(script) - 1][2]:
            script.pop()
        if not script:
            return
        script[-1] += 1


# ---------------------------------------------------------------------- trees


def _alone(ask: _Asked, context: Context, ending: Ending) -> Outcome:
    """A program of one process, and of those that it forks."""
    server = context.program.server
    context = context.asking(request=bool(server) and ending.from_inside)
    one = _Process(ask, context, ending.target)
    one.start(["logging"] if server else [])
    one.mark()
    length = context.program.length
    if ending.twice:
        one.again = 0
    elif ending.then == "SIGINT" and length:
        one.again = int(ending.grace * 1000) // length
    elif ending.then == "SIGKILL":
        one.grace = ending.grace
    over = one.end(ending.act, _place(ending, server, "server" if server else "main"))
    if not over and ending.from_inside and not server:
        one.end(LAST_LINE, "main")
    everyone = [one, *one.children]
    return _outcome(ask, context, everyone, ending, serving=one if server else None)


def _tree(ask: _Asked, context: Context, ending: Ending) -> Outcome:
    """A parent that supervises a child which runs the same program."""
    parent, child = _Process(ask, context, "parent"), _Process(ask, context, "child")
    reloader, server = context.program.supervisor == "reloader", context.program.server
    for one in (parent, child):
        one.start(["logging", "debugger"] if reloader else [])
    if not reloader:
        parent.mark()
    child.mark()
    above, below = ("supervisor", "reloader") if reloader else ("main", "main")
    everyone = [parent, child]
    if ending.target == "group":
        again = Child("")
        if ending.twice:
            again = ask("again", context.asking(place="supervisor"), Child)
        for one in everyone:
            one.met = dict(again.meets).get(one.role, "")
        child.end(ending.act, below)
        parent.end(ending.act, "main" if parent.met == "nobody" else above)
        if parent.finalized:
            fate = again.fate or ask("parent ends", context.asking(child="ends"), Child).fate
            _meet(child, fate)
    elif ending.target == "parent":
        parent.end(ending.act, above)
        about: Question = "parent ends" if parent.finalized else "parent died"
        _meet(child, ask(about, context.asking(child="serves"), Child).fate)
    else:
        over = child.end(ending.act, _place(ending, server, below))
        if not over and ending.from_inside and not server:
            over = child.end(LAST_LINE, below)
        if over:
            everyone += _child_ended(ask, context, parent, child)
    serving = [one for one in everyone if one is not parent and one.exit is None] or [child]
    return _outcome(ask, context, everyone, ending, serving[0] if server else None)


def _child_ended(
    ask: _Asked, context: Context, parent: _Process, child: _Process
) -> list[_Process]:
    """What the supervisor makes of it; the child that it starts anew, if any."""
    assert child.exit is not None
    signal = str(child.exit.get("signal", ""))
    status = -SIGNUMS[signal] if signal else int(str(child.exit["code"]))
    now = context.asking(place="supervisor", status=status, signal=signal)
    effect = ask("child ended", now, object)
    if isinstance(effect, Restarts):
        return [_Process(ask, context, "child#2")]
    parent.follow(effect, LAST_LINE, "supervisor")
    return []


def _meet(child: _Process, fate: str) -> None:
    """Let a fate befall a child."""
    if fate == "killed":
        child.stop({"signal": KILLED}, flushed=False)
    elif fate == "killed on its way":
        child.exit, child.cut = {"signal": KILLED}, True
    elif fate not in ("goes on", "ends"):
        raise NotPredicted(f"{fate!r} is no fate")


def _place(ending: Ending, server: str, main: str) -> str:
    """Where an act happens. Python runs its signal handlers in the main thread."""
    if not ending.from_inside or ending.act.verb == "signal":
        return main
    return {"": "main", "threads": "view", "one thread": "view in main"}[server]


def _outcome(
    ask: _Asked,
    context: Context,
    everyone: Sequence[_Process],
    ending: Ending,
    serving: _Process | None,
) -> Outcome:
    now = context.asking(act=ending.act, everyone=ending.target == "group")
    debugger = context.program.supervisor == "reloader"
    helps = ask("helpers", now, Helps, Helps()) if debugger else Helps()
    written = [role for one in everyone for role in one.written]
    goes_on = serving is not None and serving.exit is None
    return Outcome(
        processes=tuple(one.process(written) for one in everyone),
        order=None,
        survivors=tuple(one.role for one in everyone if one.exit is None),
        helpers=helps.helpers * len(everyone),
        port=None if serving is None else "open" if goes_on else "closed",
        answer=(serving.answer or None) if serving and goes_on and ending.from_inside else None,
        left=helps.leaves * len(everyone),
        data=_data(ask, context, everyone[0]),
        printed=tuple(everyone[0].printed) if context.program.printed else None,
        cut=any(one.cut for one in everyone),
    )


def _data(ask: _Asked, context: Context, one: _Process) -> dict[str, DataState] | None:
    """What becomes of data in flight; kinds whose nature the header leaves out are open."""
    program = context.program
    if not program.data or one.exit is None:
        return None
    clean = dict(program.clean)
    told: dict[str, DataState] = {}
    for kind, nature in program.data:
        now = context.asking(
            data=nature, clean=clean[kind], finalized=one.finalized, flushed=one.flushed_by_c
        )
        told[kind] = ask("data", now, Keeps).state
    return told


def _what(context: Context) -> str:
    asked = context.act
    about = " ".join(part for part in (asked.verb, asked.about) if part)
    return f"{context.exception or about} in {context.place}"
