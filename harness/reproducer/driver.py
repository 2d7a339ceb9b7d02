"""What starts a program and ends it, and says what became of it. Pure: it gives the text.

The file starts itself again with an argument, so that the program's own lines stay what
they are. A line is there where the cell needs it: a program that ends by itself needs
none.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator

from harness.model import Frozen

RUNS_OF_A_RACE = 20

_PORT = "PORT = 20000 + os.getpid() % 10000  # below those that Linux gives out by itself"

_GET = """\
def get(path):
    try:
        client = socket.create_connection(("127.0.0.1", PORT), 10)
        client.sendall(("GET %s HTTP/1.0\\r\\n\\r\\n" % path).encode())
        return client.makefile("rb").read().decode()
    except socket.error:
        return ""
"""

_ANYONE = """\
def anyone(group):
    try:
        os.killpg(group, 0)
    except OSError:
        return False
    return True
"""

_END = (
    "for _ in range(60):",
    "    if program.poll() is None:",
    "        time.sleep(0.1)",
)

# The slowest that end take three handlers of a second each.
_END_OF_ALL = (
    "for _ in range(60):  # longer than all handlers together: who is left then, stays",
    "    if program.poll() is None or anyone(program.pid):",
    "        time.sleep(0.1)",
)

_SAYS = """\
def print(*words, **to):
    \"""At once: what stays in a buffer may be lost.\"""
    line = " ".join(map(str, words)) + "\\n"
    os.write(to["file"].fileno() if to else screen, line.encode())
"""

_SAYS_ITS_ROLE = """\
def print(*words, **to):
    \"""At once, for what stays in a buffer may be lost; and with who says it.\"""
    role = "parent:" if os.environ["FIRST_PROCESS"] == str(os.getpid()) else "child:"
    line = " ".join(map(str, (role,) + words)) + "\\n"
    os.write(to["file"].fileno() if to else screen, line.encode())
"""


class Ending(Frozen, kw_only=True):
    """How a program is started and ended."""

    roles: tuple[str, ...]
    serves: bool
    target: str  # a role, or group
    signal: str = ""  # "" for a termination that is none
    twice: bool = False
    then: str = ""  # the signal that follows
    grace: float = 0.0  # seconds, after which it does
    touch: bool = False
    race: bool = False

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
    def listens(self) -> bool:
        """Whether what the program says is needed before its end."""
        return self.twice or not self.serves


def driver(ending: Ending) -> str:
    """What is run without an argument; nothing for a program that ends by itself."""
    if ending.by_itself:
        return ""
    of_a_session = ending.serves or ending.several
    body = "\n".join(_session(ending) if of_a_session else _alone(ending))
    if of_a_session:
        body = f"{_ANYONE}\n{body}"
    if ending.serves:
        body = f"{_PORT}\n\n{_GET}\n{body}"
    imports = f"import {', '.join(_modules(body))}\n"  # one line: it is to be pasted
    if ending.race:
        imports += "from collections import Counter\n"
    inner = textwrap.indent(f"{imports}\n{body}\nsys.exit()\n", "    ")
    return f"import sys\n\nif len(sys.argv) == 1:\n{inner}"


def said_at_once(roles: tuple[str, ...]) -> str:
    """What has a program's words arrive whatever becomes of its buffers."""
    if len(roles) == 1:
        return f"screen = os.dup(1)\n\n\n{_SAYS}"
    first = 'os.environ.setdefault("FIRST_PROCESS", str(os.getpid()))'
    return f"{first}\nscreen = os.dup(1)\n\n\n{_SAYS_ITS_ROLE}"


def _modules(body: str) -> list[str]:
    """Those of the standard library that the text speaks of."""
    spoken = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
    return sorted(spoken & {"os", "signal", "socket", "subprocess", "time"})


def _alone(ending: Ending) -> Iterator[str]:
    """One process that serves nobody."""
    yield 'program = subprocess.Popen([sys.executable, __file__, "run"], stdout=subprocess.PIPE)'
    yield "said = program.stdout.readline()  # it is ready"
    yield "time.sleep(0.5)  # and waits"
    yield from _signals(ending)
    yield from _END
    yield f'print("{ending.roles[0]}:", program.poll())  # None: still running'
    yield "if program.poll() is None:"
    yield "    program.kill()"
    yield "print((said + program.stdout.read()).decode())"


def _session(ending: Ending) -> Iterator[str]:
    """A server, or several processes: in a session of their own, of which nobody is left."""
    run = "\n".join(_run(ending))
    if not ending.race:
        yield run
        return
    yield "def run():"
    yield textwrap.indent(run, "    ")
    yield ""
    yield f"RUNS = {RUNS_OF_A_RACE}  # two events race"
    yield "for outcome, times in Counter(run() for _ in range(RUNS)).most_common():"
    yield '    print("%d of %d runs:\\n%s\\n" % (times, RUNS, outcome))'


def _run(ending: Ending) -> Iterator[str]:
    argument = "str(PORT)" if ending.serves else '"run"'
    yield "program = subprocess.Popen("
    yield f"    [sys.executable, __file__, {argument}],"
    yield "    stdout=subprocess.PIPE, preexec_fn=os.setsid)"
    if ending.listens:
        yield 'said = b""'
    if ending.race:
        yield "shown = []"
    yield "try:"
    for line in _course(ending):
        yield f"    {line}"
    yield "finally:"
    yield "    if anyone(program.pid):"
    yield "        os.killpg(program.pid, signal.SIGKILL)"
    if not ending.serves:
        yield f"        {_shows(ending)}" % '"some were left, and are killed"'
    yield "    program.wait()"
    said = "(said + program.stdout.read())" if ending.listens else "program.stdout.read()"
    if ending.race:
        yield f"lines = {said}.decode().splitlines()"
        yield 'lines.sort(key=lambda line: line.startswith("child:"))'
        yield 'return "\\n".join(shown + lines)'
    else:
        yield f"print({said}.decode())"


def _course(ending: Ending) -> Iterator[str]:
    """From the start of a session to what is shown of its end."""
    show = _shows(ending)
    if ending.serves:
        yield 'while not get("/") and program.poll() is None:'
        yield "    time.sleep(0.1)"
        if ending.several and ending.target == ending.roles[-1] and ending.signal:
            yield 'server = int(get("/").split()[-1])'
        yield 'client = get("/end")[9:12]' if ending.asked else 'get("/end")  # marks its output'
    else:
        yield 'while b"process" not in said and program.poll() is None:'
        yield "    said += program.stdout.readline()"
    if not ending.asked:
        yield f"time.sleep({2 if ending.touch else 0.5})  # until all are at rest"
    if ending.touch:
        yield "os.utime(__file__, (time.time() + 10, time.time() + 10))"
    if ending.signal:
        yield from _signals(ending)
    yield from _END_OF_ALL if ending.several else _END
    yield show % f'"{ending.roles[0]}: %s" % program.poll()' + "  # None: still running"
    if ending.serves:
        yield show % '"port: " + ("open" if get("/") else "closed")'
    if ending.asked:
        yield show % '"client: " + (client or "no answer")'


def _shows(ending: Ending) -> str:
    return "shown.append(%s)" if ending.race else "print(%s)"


def _signals(ending: Ending) -> Iterator[str]:
    send = _sends(ending, ending.signal)
    yield send
    if ending.then:
        yield f"time.sleep({ending.grace:g})"
        yield "if program.poll() is None:"
        yield f"    {_sends(ending, ending.then)}"
    if ending.twice:
        yield 'while b"cleaning up" not in said and program.poll() is None:'
        yield "    said += program.stdout.readline()"
        yield send


def _sends(ending: Ending, signal: str) -> str:
    if ending.target == "group":
        return f"os.killpg(program.pid, signal.{signal})"
    if ending.target == ending.roles[0]:
        return f"program.send_signal(signal.{signal})"
    if ending.serves:
        return f"os.kill(server, signal.{signal})"
    return f"os.kill(int(said.split()[-1]), signal.{signal})"
