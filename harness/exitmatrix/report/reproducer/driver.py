"""What starts a program and ends it, and says what became of it. Pure: it gives the text.

The file starts itself again with an argument, so that the program's own lines stay what
they are. A line is there where the cell needs it: a program that ends by itself needs
none, and what is said on stdout is read only where it is waited for.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator

from exitmatrix.model import Frozen

RUNS_OF_A_RACE = 20

_GET = """\
PORT = str(20000 + os.getpid() % 10000)  # below those that Linux gives out
def get(path):
    try:
        client = socket.create_connection(("127.0.0.1", PORT), 10)
        client.sendall(("GET %s HTTP/1.0\\r\\n\\r\\n" % path).encode())
        return client.makefile("rb").read()
    except socket.error:
        return b""
"""

# A shell's kill takes the whole group, and does not mind if nobody is there any more.
_KILL = '"kill -9 -%d 2>/dev/null" % program.pid'


IGNORED_IN_BACKGROUND = {
    "SIGINT": "signal.default_int_handler",
    "SIGQUIT": "signal.SIG_DFL",
    "SIGHUP": "signal.SIG_DFL",
}
"""What is ignored in a shell's background job or under nohup, and what a foreground job has.

What a process ignores, its children ignore (POSIX, Shell Command Language, 2.9.3; nohup(1)).
"""


class DriverSpec(Frozen, kw_only=True):
    """How a program is started and ended, and what is told of it."""

    roles: tuple[str, ...]
    serves: bool
    target: str  # a role, or group
    ready: str = ""  # the line that says that it is ready, where it says so
    signal: str = ""  # "" for a termination that is none
    twice: bool = False
    then: str = ""  # the signal that follows
    grace: float = 0.0  # seconds, after which it does
    touch: bool = False
    race: bool = False
    stays: bool = False  # whether anybody was ever left
    marks: bool = False  # whether anybody's output was judged
    length: int = 0  # of each of its handlers, in milliseconds, where they have one

    @property
    def several(self) -> bool:
        """Whether there is more than one process."""
        return len(self.roles) > 1

    @property
    def by_itself(self) -> bool:
        """Whether it is the program alone that ends it, without being asked."""
        return not self.serves and not self.signal and not self.touch

    @property
    def asked(self) -> bool:
        """Whether a request has a server end."""
        return self.serves and not self.signal and not self.touch

    @property
    def to_child(self) -> bool:
        """Whether the signal goes to a process of which only the program knows the number."""
        return bool(self.signal) and self.several and self.target == self.roles[-1]

    @property
    def needs_output(self) -> bool:
        """Whether what the program says is needed before its end."""
        return not self.by_itself and (self.twice or not self.serves)

    @property
    def grouped(self) -> bool:
        """Whether there may be others than the one that is started, or it may stay for ever."""
        return self.serves or self.several or self.target == "group"

    @property
    def killed(self) -> bool:
        """Whether what is left has to be killed before its words can be read to the end."""
        return self.needs_output and (self.serves or self.stays)

    @property
    def piped(self) -> bool:
        """Whether its stdout is a pipe wherever it is run: on a terminal a line is written."""
        return self.needs_output or (self.race and not self.by_itself)


def driver(spec: DriverSpec) -> str:
    """What is run without an argument; nothing for a program that ends by itself."""
    if spec.by_itself:
        return ""
    body = "\n".join(_lines(spec))
    body = f"import {', '.join(_modules(body))}\n{body}\nsys.exit()\n"
    first = "if len(sys.argv) == 1:\n"
    if spec.race:
        runs = textwrap.indent("\n".join(_runs(spec)), "    ")
        first = f'{first}{runs}\nif sys.argv[1:] == ["once"]:\n'
    return first + textwrap.indent(body, "    ")


def _runs(spec: DriverSpec) -> Iterator[str]:
    """Many runs of what comes then, counted by what each said.

    Not by check_output: it would kill, at Ctrl-C, what has to clean up.
    """
    yield "import collections, subprocess"
    yield f"RUNS = {RUNS_OF_A_RACE}  # two events race"
    yield "def run():"
    yield "    once = subprocess.Popen("
    yield '        [sys.executable, __file__, "once"], stdout=subprocess.PIPE)'
    if spec.several:
        yield "    lines = once.communicate()[0].decode().splitlines()"
        yield '    lines.sort(key=lambda line: line.startswith("child:"))'
        yield '    return "\\n".join(lines)'
    else:
        yield "    return once.communicate()[0].decode()"
    yield "seen = collections.Counter(run() for _ in range(RUNS))"
    yield "for outcome, times in seen.most_common():"
    yield '    print("%d of %d runs:\\n%s\\n" % (times, RUNS, outcome))'
    yield "sys.exit()"


def _modules(body: str) -> list[str]:
    """The modules of the standard library that the text names."""
    names = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
    return sorted(names & {"atexit", "os", "signal", "socket", "subprocess", "time"})


def _lines(spec: DriverSpec) -> Iterator[str]:
    if spec.serves:
        yield _GET.rstrip()
    yield from _start(spec)
    yield from _serving(spec) if spec.serves else _ready(spec)
    if not spec.asked:
        yield f"time.sleep({2 if spec.touch else 0.5})  # until all is at rest"
    if spec.touch:
        yield "os.utime(__file__, (time.time() + 10, time.time() + 10))"
    if spec.signal:
        yield from _signals(spec)
    yield from _rest(spec) if spec.serves or spec.stays else _end(spec)


def _start(spec: DriverSpec) -> Iterator[str]:
    for name in dict.fromkeys((spec.signal, spec.then)):
        if default := IGNORED_IN_BACKGROUND.get(name):
            yield f"# A background job ignores {name}, and so would what it starts."
            yield f"signal.signal(signal.{name}, {default})"
    argument = "PORT" if spec.serves else '"run"'
    options = ["stdout=subprocess.PIPE"] * spec.needs_output + [
        "preexec_fn=os.setsid"
    ] * spec.grouped
    before = "\n    " if len(options) > 1 else " "
    yield "program = subprocess.Popen("
    yield f"    [sys.executable, __file__, {argument}],{before}{', '.join(options)})"
    if spec.grouped and spec.killed:
        yield f"kill = {_KILL}"
        yield "atexit.register(os.system, kill)"
    elif spec.grouped:
        yield f"atexit.register(os.system, {_KILL})"


def _ready(spec: DriverSpec) -> Iterator[str]:
    # What is written before is shown, too: a handler may run as early.
    yield 'for line in iter(program.stdout.readline, b""):'
    yield '    print(line.decode(), end="")'
    line = f"{spec.ready}\n"
    yield f"    if line.endswith(b{line!r}): break"
    if spec.to_child:
        yield "child = int(program.stdout.readline().split()[-1])"


def _serving(spec: DriverSpec) -> Iterator[str]:
    yield "# Until it serves, or ends, but not for ever."
    yield 'any(get("/") or program.poll() or time.sleep(0.1) for _ in range(300))'
    if spec.to_child:
        yield 'child = int(get("/").split()[-1])'
    if spec.asked and spec.stays:
        yield 'print("client:", get("/end")[9:12].decode() or "no answer")'
    elif spec.asked:
        yield 'get("/end")'
    elif spec.marks:
        yield 'get("/end")  # marks its output'


def _signals(spec: DriverSpec) -> Iterator[str]:
    yield _sends(spec, spec.signal)
    if spec.then:
        yield f"time.sleep({spec.grace:g})"
        yield _sends(spec, spec.then)
    if spec.twice:
        if spec.serves:
            yield "signal.signal(signal.SIGALRM, signal.default_int_handler)"
            yield "signal.alarm(60)  # if no handler says a word"
        yield 'said = b""'
        yield 'while b"cleaning up" not in said and program.poll() is None:'
        yield "    said += program.stdout.readline()"
        yield _sends(spec, spec.signal)


def _sends(spec: DriverSpec, signal: str) -> str:
    if spec.target == "group":
        return f"os.killpg(program.pid, signal.{signal})"
    if spec.to_child:
        return f"os.kill(child, signal.{signal})"
    return f"program.send_signal(signal.{signal})"


def _rest(spec: DriverSpec) -> Iterator[str]:
    """What became of processes of which one may stay."""
    handlers = 3 * spec.length // 1000  # three, one after the other
    seconds = 3 + (handlers or 3 * (spec.twice or spec.touch))
    yield f"time.sleep({seconds})  # who is left then, stays"
    yield f'print("{spec.roles[0]}:", program.poll())  # None: still running'
    if spec.serves and (spec.several or spec.stays):
        yield 'print("port:", "open" if get("/") else "closed")'
    if spec.killed:
        yield _kills(spec)
        yield _shows_the_rest(spec)


def _kills(spec: DriverSpec) -> str:
    if spec.serves:
        return "os.system(kill)"
    if spec.several:
        return 'print("some are left" if os.system(kill) == 0 else "nobody is left")'
    return "program.kill()"


def _end(spec: DriverSpec) -> Iterator[str]:
    """What became of processes that all end, if only because they do not wait for ever."""
    yield _shows_the_rest(spec)
    yield f'print("{spec.roles[0]}:", program.wait())'


def _shows_the_rest(spec: DriverSpec) -> str:
    if spec.twice:
        return "print((said + program.stdout.read()).decode())"
    return "print(program.stdout.read().decode())"
