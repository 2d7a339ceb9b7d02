"""Laws about what processes share, and about the tracker that removes it."""

from __future__ import annotations

from exitmatrix.judge.laws.law import Facts, Helps, Keeps, Later, Law, Proceeds, does
from exitmatrix.judge.laws.multiprocess import TRACKED
from exitmatrix.model.language import Share, Unshare

TRACKER_IGNORES = ("SIGINT", "SIGTERM")  # CPython Lib/multiprocessing/resource_tracker.py, main


def _ends_tracker(facts: Facts) -> bool:
    return facts.everyone and facts.signal != "" and facts.signal not in TRACKER_IGNORES


def _named(facts: Facts) -> bool:
    """Whether it has a name that the tracker is told of."""
    return facts.shared in TRACKED


LAWS: tuple[Law, ...] = (
    Law(
        id="names-are-made-and-removed",
        about="statement",
        when=does(Share, Unshare),
        then=lambda _: Proceeds(),
        because="An object with a name exists until the name is removed.",
        source="shm_overview(7); sem_overview(7); sysvipc(7)",
    ),
    Law(
        id="no-shared-memory-yet",
        about="shared",
        when=lambda f: f.shared == "shared memory" and not f.profile.shared_memory,
        then=lambda _: Later(),
        because="multiprocessing has shared memory since 3.8.",
        source="What's New In Python 3.8",
    ),
    Law(
        id="shared-memory-has-a-name",
        about="shared",
        when=lambda f: f.shared == "shared memory" and f.profile.shared_memory,
        then=lambda _: Proceeds(),
        because="multiprocessing's SharedMemory has a name until its unlink is called.",
        source="CPython Lib/multiprocessing/shared_memory.py, SharedMemory",
    ),
    Law(
        id="shared-object-has-a-name",
        about="shared",
        when=lambda f: f.shared != "shared memory",
        then=lambda _: Proceeds(),
        because=(
            "A lock for spawned processes has a name until multiprocessing's exit function removes "
            "it; System V's shared memory, semaphores and queues have a number."
        ),
        source="CPython Lib/multiprocessing/synchronize.py, SemLock; sysvipc(7)",
    ),
    Law(
        id="tracker-removes-names",
        about="left",
        when=lambda f: _named(f) and not _ends_tracker(f) and not f.in_use,
        then=lambda _: Keeps("removed"),
        because=(
            "The tracker is a process of its own that holds the end of a pipe. When the last "
            "process that has the other end is gone, however it ended, the tracker removes each "
            "name that was registered with it and not unregistered. It ignores SIGINT and "
            "SIGTERM."
        ),
        source="CPython Lib/multiprocessing/resource_tracker.py, main; 3.7 semaphore_tracker.py",
    ),
    Law(
        id="tracker-waits-for-the-last",
        about="left",
        when=lambda f: _named(f) and not _ends_tracker(f) and f.in_use,
        then=lambda _: Keeps("kept"),
        because=(
            "While a process of the program lives, names are in use: the tracker waits until the "
            "last that has its pipe is gone, an orphan too, however long that goes on."
        ),
        source="CPython Lib/multiprocessing/resource_tracker.py, main",
    ),
    Law(
        id="names-outlive-the-tracker",
        about="left",
        when=lambda f: _named(f) and _ends_tracker(f) and not f.in_use,
        then=lambda _: Keeps("left behind"),
        because=(
            "The tracker is in the group of the program. SIGHUP, which a terminal sends to the"
            " group when it is closed, ends the tracker as well, before it has removed anything;"
            " so does any signal other than SIGINT and SIGTERM. The names stay until the next"
            " boot."
        ),
        source="CPython Lib/multiprocessing/resource_tracker.py, _IGNORED_SIGNALS and main; "
        "setsid(2); shm_overview(7), Persistence",
    ),
    Law(
        id="nobody-tracks-system-v",
        about="left",
        when=lambda f: f.shared.startswith("System V") and not f.in_use,
        then=lambda _: Keeps("left behind"),
        because=(
            "System V shared memory, semaphores and queues belong to no process. They stay "
            "if no handler of the program removes them."
        ),
        source="shmctl(2), semctl(2) and msgctl(2), IPC_RMID; sysvipc(7); CPython Lib/"
        "multiprocessing/resource_tracker.py, _CLEANUP_FUNCS",
    ),
    Law(
        id="nobody-tracks-what-c-makes",
        about="left",
        when=lambda f: f.shared.startswith("untracked") and not f.in_use,
        then=lambda _: Keeps("left behind"),
        because=(
            "What sem_open(3) and shm_open(3) have made stays until its name is unlinked or "
            "the system shuts down; there is no tracker that would unlink it."
        ),
        source="shm_overview(7) and sem_overview(7), Persistence",
    ),
    Law(
        id="tracker-of-processes",
        about="helpers",
        when=lambda f: f.method in ("spawn", "forkserver", "names"),
        then=lambda f: Helps((f"multiprocessing.{f.profile.tracker_name}",), ()),
        because=(
            "Spawned processes, fork servers and names come with a tracker, which removes what is "
            "left in shared memory. It ends when all that have its pipe have ended."
        ),
        source="CPython Lib/multiprocessing/popen_spawn_posix.py, Popen._launch; forkserver.py, "
        "ForkServer.ensure_running",
    ),
)
