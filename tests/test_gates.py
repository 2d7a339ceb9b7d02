"""Gates: what is written to let a process go on goes to its FIFO, and to nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from exitmatrix.machine.environments.prepare import Environment
from exitmatrix.machine.run.gates import Gates
from exitmatrix.model import Event, Outcome, Unknown
from exitmatrix.observe import observe

from tests.conftest import NEWEST, make_order, own_scenario, run_orders

EnvironmentOf = Callable[[str, str], Environment]
PID = 4711


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "trial"
    made.mkdir()
    return made


@pytest.fixture
def gates(folder: Path) -> Iterator[Gates]:
    made = Gates(f"{folder}/channel")
    yield made
    made.close()


def holding(gate: Path | str, pid: int = PID) -> Event:
    return Event("endings", pid, "holding", (str(gate), "waiting", "1"))


@pytest.fixture
def gate(folder: Path) -> Iterator[tuple[Path, int]]:
    """A gate as a process makes it, and the process's end."""
    path = folder / f"channel.hold.{PID}.1"
    os.mkfifo(path)
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    yield path, fd
    os.close(fd)


def test_a_process_at_a_gate_is_poked_and_let_go(gates: Gates, gate: tuple[Path, int]) -> None:
    """`?` asks for a sign of life, `g` lets it go on, and then it holds no longer."""
    assert gates.hold(holding(gate[0]))
    gates.poke(PID)
    assert os.read(gate[1], 10) == b"?"
    assert gates.holding("waiting") == [PID]
    gates.release(PID)
    assert os.read(gate[1], 10) == b"g"
    assert PID not in gates


@pytest.mark.parametrize("kind", ["link to a file", "link to a gate", "file"])
def test_nothing_is_written_to_what_stands_in_a_gates_place(
    kind: str, gates: Gates, folder: Path, tmp_path: Path
) -> None:
    """Links are not followed, wherever they lead, and files keep their bytes."""
    path, victim = folder / f"channel.hold.{PID}.1", tmp_path / "victim"
    fd = None
    match kind:
        case "file":
            path.write_text("precious")
            victim = path
        case "link to a file":
            victim.write_text("precious")
            path.symlink_to(victim)
        case _:
            os.mkfifo(victim)
            fd = os.open(victim, os.O_RDWR | os.O_NONBLOCK)
            path.symlink_to(victim)
    assert gates.hold(holding(path))
    gates.poke(PID)
    gates.release(PID)
    if fd is None:
        assert victim.read_text() == "precious"
    else:
        with pytest.raises(BlockingIOError):
            os.read(fd, 10)
        os.close(fd)


def test_a_folder_that_was_exchanged_is_not_looked_into(
    gates: Gates, gate: tuple[Path, int], folder: Path, tmp_path: Path
) -> None:
    """The trial's folder is held: what bears its name later may be somebody else's."""
    other = tmp_path / "other"
    other.mkdir()
    os.mkfifo(other / gate[0].name)
    fd = os.open(other / gate[0].name, os.O_RDWR | os.O_NONBLOCK)
    gates.hold(holding(gate[0]))
    folder.rename(tmp_path / "moved")
    folder.symlink_to(other)
    gates.release(PID)
    with pytest.raises(BlockingIOError):
        os.read(fd, 10)
    os.close(fd)
    assert os.read(gate[1], 10) == b"g"


@pytest.mark.parametrize(
    "name",
    [
        "channel",
        "channel.hold.4711",
        "channel.hold.4711.",
        "channel.hold.4712.1",
        "channel.hold.4711.1x",
        "channel.hold.4711.1/../victim",
        "../trial/channel.hold.4711.1",
    ],
)
def test_another_name_is_no_gate(name: str, gates: Gates, folder: Path) -> None:
    """A gate is `CHANNEL.hold.PID.N`, of the process that tells of it."""
    assert not gates.hold(holding(f"{folder}/{name}"))
    assert PID not in gates


PLANTS = """
import os, sys
import endings
victim = os.path.join(os.getcwd(), "victim")
with open(victim, "w") as file:
    file.write("precious")
channel, token = os.environ["EXITMATRIX_CHANNEL"], os.environ["EXITMATRIX_TOKEN"]
{plant}
fd = os.open(channel, os.O_WRONLY)
fields = [token, "endings", str(os.getpid()), "2", "holding", gate, "forked", str(os.getppid())]
os.write(fd, ("\\t".join(fields) + "\\n").encode())
sys.stdin.read()
import time
for _ in range(100):
    time.sleep(0.002)
    with open(victim) as file:
        text = file.read()
print(text)
"""


@pytest.mark.real
@pytest.mark.parametrize(
    "plant",
    [
        'gate = "%s.hold.%d.1" % (channel, os.getpid()); os.symlink(victim, gate)',
        'gate = "%s.hold.%d.1" % (channel, os.getpid()); os.link(victim, gate)',
        'gate = "%s.hold.%d." % (channel, os.getpid()); os.mkdir(gate); gate += "/../cwd/victim"',
    ],
)
def test_a_program_cannot_have_the_engine_write_for_it(
    plant: str, environment_of: EnvironmentOf, tmp_path: Path
) -> None:
    """A planted gate is left alone, and the trial ends within its limit."""
    subject = own_scenario(tmp_path, PLANTS.replace("{plant}", plant), ready="none")
    order = make_order(environment_of(NEWEST, "none"), subject, "return", limit=10)
    ((_, trial),) = run_orders([order])
    assert trial.stdout == "precious\n", trial.stderr
    assert isinstance(observe(trial, subject, order.termination), Outcome | Unknown)
