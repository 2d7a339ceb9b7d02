"""What a thread waits for, or is at work for: other threads, processes, a loop, a server."""

from __future__ import annotations

from typing import Literal

from exitmatrix.model import Frozen
from exitmatrix.model.language import ApplyTask, StartMethod, SubmitTask

Path = tuple[int, ...]

NO_EXCEPTION = ("BaseException", "GeneratorExit")
"""Exceptions that `except Exception` does not catch, beside those that have laws of their own."""


class Raised(Frozen):
    """An exception on its way."""

    name: str  # SystemExit, KeyboardInterrupt, or Exception for any other
    status: int = 0  # that SystemExit carries
    empty: bool = False  # whether that is for want of a number: None
    text: str = ""  # the last line of its traceback

    @property
    def caught_as(self) -> str:
        """The name of one that `except Exception` takes as it takes this one."""
        return "SystemExit" if self.text.partition(":")[0] in NO_EXCEPTION else self.name


class Joins(Frozen):
    """Waits until another thread has ended, or has done what its starter waits for."""

    thread: int


class WaitsForChild(Frozen):
    """`os.waitpid`."""

    path: Path


class Owned(Frozen):
    """A process of multiprocessing that was started, as its starter knows it."""

    path: Path
    daemon: bool = False
    server: Path | None = None  # the fork server that has forked it
    reaped: bool = False  # whether its starter knows of its end


class JoinsProcess(Frozen):
    """`Process.join`."""

    child: Owned


class AwaitsProcess(Frozen):
    """Waits until a process rests, or has ended."""

    child: Owned


class AwaitsJoin(Frozen):
    """A process waits until its starter joins it, or is gone."""


class EndsProcesses(Frozen):
    """multiprocessing's exit function: it ends daemonic processes, and joins all."""

    notified: bool = False  # whether the workers of its pools know that nothing comes any more
    asked: bool = False  # whether it has asked them to end


class ProcessCode(Frozen):
    """Below the function of a process of multiprocessing."""

    method: StartMethod


class ProcessEnd(Frozen):
    """Such a process comes to its end: what it started itself, then threading, then stdout."""

    status: int
    method: StartMethod
    handlers: bool  # whether it runs its handlers
    stage: Literal["processes", "threading", "streams", "handlers", "over"]


class TaskCode(Frozen):
    """Below a task in a worker of a pool, which sends what becomes of it to its starter."""

    of_pool: bool = False  # of multiprocessing's Pool, and not of concurrent.futures


class AwaitsTask(Frozen):
    """A worker of a Pool between tasks, until its pipe says that none comes any more."""

    result: Raised | None = None  # what the last one raised
    done: bool = False  # whether there was one


class ServesManager(Frozen):
    """The process of a Manager, until its starter tells it to end."""


class AwaitsOther(Frozen):
    """A task that waits until another worker is done with its own."""

    worker: Path


class AwaitsWork(Frozen):
    """A worker of a pool between tasks."""

    result: Raised | None = None  # what the last one raised


class AwaitsResult(Frozen):
    """The starter of a pool waits for the result of a task."""

    workers: tuple[Owned, ...]  # the first of them is at the task
    pool: SubmitTask | ApplyTask
    lost: bool = False  # whether the task is nobody's any more


class ShutsDown(Frozen):
    """The `with` statement of a pool is left: its workers are told to end, and waited for."""

    workers: tuple[Owned, ...]
    raised: Raised | None = None  # what goes on then
    broken: bool = False  # whether one was gone before, so that the others have been terminated


class EndsPool(Frozen):
    """That of a Pool: its workers are told to end, and terminated."""

    workers: tuple[Owned, ...]
    raised: Raised | None = None  # what goes on then
    asked: bool = False  # whether they have been terminated


class PoolWork(Frozen):
    """Below a task in the worker of a pool of threads, which keeps what becomes of it."""


class PoolIdle(Frozen):
    """Such a worker has nothing to do."""

    result: Raised | None = None  # what its last task raised


class AwaitsWorker(Frozen):
    """Waits until a worker has done its task."""

    worker: int
    asks: bool  # for what became of it
    closes: bool  # whether the pool is shut down then


class ClosesPool(Frozen):
    """A worker was told to end, and is waited for."""

    worker: int
    raised: Raised | None = None  # what goes on then


class JoinsProcessPools(Frozen):
    """The exit function of pools of processes: those that are open are shut down."""


class JoinsPools(Frozen):
    """The exit function of pools of threads: it tells all workers to end, and waits for them."""


class AwaitsEndOfPools(Frozen):
    """A task waits until that runs."""


class ServesForks(Frozen):
    """A fork server, which ends when nobody is left that may ask it."""

    client: Path


class Lingering(Frozen):
    """A handler that is busy until what comes from outside has come."""


class Resting(Frozen):
    """Waits for what comes from outside."""

    awaits: bool = False  # in an event loop


class Looping(Frozen):
    """Below the main task of an event loop, and what is under way beside it."""

    beside: tuple[str, ...]  # functions of finally clauses, in the order in which they are called
    tasks: int = 0  # how many of them are those of tasks; generators come next
    generators: int = 0
    unordered: bool = False  # whether it is not known which of a kind is called first
    ended: bool = False  # whether the main task is over
    cancelled: bool = False  # whether Ctrl-C has cancelled it
    left: bool = False  # whether an exception has left the loop, which then cancels all
    raised: Raised | None = None  # what the whole ends with
    due: bool = False  # whether its main task is to be told of that when it awaits something
    calls: tuple[str, ...] = ()  # functions that it calls when it has its turn
    copy: bool = False  # whether it ran when the process was forked, and was not run again since


class Turn(Frozen):
    """The main task of an event loop waits for a moment: the loop has its turn."""


class CalledBack(Frozen):
    """Below a function that an event loop calls."""


class Serving(Frozen):
    """The loop of a server."""


class Supervising(Frozen):
    """Waits for the end of a child that executes the same program."""

    child: Path
    how: str  # reloader, wait


class RequestCode(Frozen):
    """Below the code of a request."""

    in_main: bool  # in the main thread, within the server's loop
