"""Text P: what CPython's documentation says of names in shared memory and of child processes.

From the pages of 3.14: library/multiprocessing, "Contexts and start methods", "Pipes and Queues",
"Synchronization primitives", "Managers" and "Process Pools"; library/multiprocessing.shared_memory,
"SharedMemory"; library/concurrent.futures, "Exception classes";
library/weakref, "finalize"; library/subprocess, "Popen Objects".
"""

from __future__ import annotations

from exitmatrix.claims.claim import CONTRADICTED, HOLDS, Claim, PublishedText, case, every
from exitmatrix.claims.conditions import (
    all_of,
    all_reversed,
    dies_of,
    exits,
    leaves_shared,
    lives_on,
    no_name_is_left,
    nobody_left,
    ran,
    ran_none,
    ran_where,
)

FINALIZER = "weakref.finalize:w"

TEXT = PublishedText(
    id="P",
    title="CPython: multiprocessing's names, and child processes",
    where="docs.python.org, 3.14, library/multiprocessing, library/subprocess, library/os",
    about="What is left when a program with names in shared memory ends, what a parent learns of"
    " its child, and what its end does to one. The debugger of Werkzeug makes such a lock.",
)

CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="P1",
        says="When all processes have ended, the resource tracker unlinks the names that are left,"
        " also after a signal.",
        cases=(
            case(
                HOLDS,
                "No name is left, whichever signal ends the group.",
                every("named-objects/SIGTERM@group", no_name_is_left()),
                every("named-objects/SIGHUP@group", no_name_is_left()),
                every("named-objects/SIGINT@group", no_name_is_left()),
            ),
            case(
                CONTRADICTED,
                (
                    "SIGHUP to the group ends the tracker too, before it can unlink anything: "
                    "after a terminal is closed, the semaphore is left."
                ),
                every("named-objects/SIGHUP@group", leaves_shared("semaphore")),
            ),
        ),
        beside=("named-objects/SIGHUP@main", "flask-debug/SIGHUP@group", "tqdm/SIGHUP@group"),
    ),
    Claim(
        id="P2",
        says="SIGTERM to all processes, as `killall python` sends it, does not end the resource"
        " tracker.",
        cases=(
            case(
                HOLDS,
                "The names are unlinked.",
                every("named-objects/SIGTERM@group", no_name_is_left()),
            ),
        ),
        beside=("flask-debug/SIGTERM@group",),
    ),
    Claim(
        id="P3",
        says="If a process is killed by SIGKILL, the tracker unlinks what it leaves.",
        cases=(
            case(
                HOLDS,
                "No name is left when the process that made the names is killed alone.",
                every("named-objects/SIGKILL@main", no_name_is_left()),
                every("named-objects/self-SIGKILL@main", no_name_is_left()),
            ),
        ),
        beside=("named-objects/SIGKILL@group", "flask-debug/SIGKILL@child"),
    ),
    Claim(
        id="P4",
        says="A return code of -N means that the child was ended by signal N.",
        cases=(
            case(
                HOLDS,
                "The reloader passes its child's -9 to `sys.exit`, of which the kernel keeps 247.",
                every("flask-debug/SIGKILL@child", exits(247, "parent")),
            ),
        ),
    ),
    Claim(
        id="P5",
        says="`Popen.kill` and `Popen.terminate` reach only the child, not the parent.",
        cases=(
            case(
                HOLDS,
                "The child is killed, and the parent runs its handlers.",
                every(
                    "plain-subprocess-terminate/return@parent",
                    all_of(ran_none("child"), dies_of("SIGTERM", "child"), all_reversed("parent")),
                ),
            ),
        ),
    ),
    Claim(
        id="P6",
        says="A signal that is sent to the parent alone does not reach its child.",
        cases=(
            case(
                HOLDS,
                "The parent is killed, and the child goes on.",
                every(
                    "plain-subprocess/SIGTERM@parent",
                    all_of(dies_of("SIGTERM", "parent"), lives_on("child")),
                ),
                every("plain-subprocess/SIGHUP@parent", lives_on("child")),
            ),
        ),
    ),
    Claim(
        id="P7",
        says="A signal that is sent to the process group reaches the parent and its child.",
        cases=(
            case(
                HOLDS,
                "Both are killed, and no handler runs in either.",
                every(
                    "plain-subprocess/SIGTERM@group",
                    all_of(ran_none("parent"), ran_none("child"), nobody_left()),
                ),
            ),
        ),
    ),
    Claim(
        id="P8",
        says=(
            "`os._exit` is how a forked child should end: it calls no handlers, and those of the "
            "parent run only in the parent."
        ),
        cases=(
            case(
                HOLDS,
                "The child runs none, the parent all.",
                every(
                    "plain-fork-os-exit/return@parent",
                    all_of(all_reversed("parent"), ran_none("child")),
                ),
            ),
        ),
    ),
    Claim(
        id="P9",
        says="A process that exits attempts to terminate all of its daemonic children.",
        cases=(
            case(
                HOLDS,
                "Its exit function sends them SIGTERM.",
                every("multiprocessing-daemon/return@parent", dies_of("SIGTERM", "child")),
                every("multiprocessing-daemon/exception@parent", dies_of("SIGTERM", "child")),
            ),
        ),
        beside=(
            "multiprocessing-daemon/SIGTERM@parent",
            "multiprocessing-daemon/SIGKILL@parent",
            "multiprocessing-daemon/os-exit-7@parent",
        ),
    ),
    Claim(
        id="P10",
        says="`Process.terminate` sends SIGTERM, and exit handlers are then not executed.",
        cases=(
            case(
                HOLDS,
                "The child is killed by SIGTERM and runs none, with each start method.",
                every(
                    "multiprocessing-[fs]*/SIGTERM@child",
                    all_of(ran_none("child"), dies_of("SIGTERM", "child")),
                ),
            ),
        ),
    ),
    Claim(
        id="P11",
        says="Non-daemonic processes are joined when their parent exits.",
        cases=(
            case(
                HOLDS,
                "A parent that alone gets SIGINT waits for its child.",
                every(
                    "multiprocessing-[fs]*/SIGINT@parent",
                    all_of(lives_on("parent"), lives_on("child")),
                ),
            ),
            case(
                CONTRADICTED,
                "The interrupted parent has ended, and its child goes on.",
                every("multiprocessing-[fs]*/SIGINT@parent", lives_on("child")),
            ),
        ),
    ),
    Claim(
        id="P12",
        says="If the remote call raised an exception then that exception will be reraised by"
        " `get()`, of a Pool.",
        cases=(
            case(
                HOLDS,
                "RuntimeError and SystemExit of a task end the program that asks for its result.",
                every("multiprocessing-pool-two/exception@child", exits(1, "parent")),
                every("multiprocessing-pool-two/sys-exit-3@child", exits(3, "parent")),
            ),
            case(
                CONTRADICTED,
                (
                    "SystemExit ends the worker and is not sent: the worker is replaced, and "
                    "`get()` without a timeout waits for ever."
                ),
                every("multiprocessing-pool-two/exception@child", exits(1, "parent")),
                every(
                    "multiprocessing-pool-two/sys-exit-3@child",
                    all_of(lives_on("parent"), exits(3, "child"), lives_on("child#3")),
                ),
            ),
        ),
        beside=("process-pool-two/sys-exit-3@child", "multiprocessing-pool-two/SIGKILL@child"),
    ),
    Claim(
        id="P13",
        says="`Pool.terminate`, which the end of its `with` statement calls, stops the workers"
        " without completing outstanding work.",
        cases=(
            case(
                HOLDS,
                (
                    "A worker that is executing a task is killed by SIGTERM, and runs none of "
                    "its handlers."
                ),
                every(
                    "multiprocessing-pool-two/SIGINT@parent",
                    all_of(ran_none("child"), dies_of("SIGTERM", "child")),
                ),
            ),
        ),
        beside=("multiprocessing-pool-two/return@child",),
    ),
    Claim(
        id="P14",
        says="A worker of a ProcessPoolExecutor that is killed breaks the pool: BrokenProcessPool.",
        cases=(
            case(
                HOLDS,
                "The program ends by that exception. The other worker is sent SIGTERM, and runs"
                " none of its handlers.",
                every(
                    "process-pool-two/SIGKILL@child",
                    all_of(
                        exits(1, "parent"),
                        ran_none("child#2"),
                        dies_of("SIGTERM", "child#2"),
                    ),
                ),
            ),
        ),
        beside=("multiprocessing-pool-two/SIGKILL@child",),
    ),
    Claim(
        id="P15",
        says=(
            "Each remaining finalizer of weakref is called when the program exits, in a process "
            "of multiprocessing too."
        ),
        cases=(
            case(
                HOLDS,
                "The child's finalizer is called at the child's end.",
                every(
                    "multiprocessing-finalize/return@child",
                    ran_where("weakref.finalize:w runs", lambda names: FINALIZER in names, "child"),
                ),
            ),
            case(
                CONTRADICTED,
                (
                    "Since 3.13 the child runs its exit handlers, but not its finalizer if its "
                    "parent has made one before."
                ),
                every(
                    "multiprocessing-finalize/return@child",
                    all_of(
                        ran("child", "D"),
                        ran_where("w does not run", lambda names: FINALIZER not in names, "child"),
                    ),
                ),
            ),
            case(
                CONTRADICTED,
                "Up to 3.12 the child ends by os._exit, and runs neither.",
                every(
                    "multiprocessing-finalize/return@child",
                    ran_where("nothing runs", lambda names: not names, "child"),
                ),
            ),
        ),
        beside=("plain-weakref-finalize/return@main",),
    ),
    Claim(
        id="P16",
        says="A Manager's process is shut down when the process that has started it exits.",
        cases=(
            case(
                CONTRADICTED,
                "It is where the exit function of multiprocessing runs. After SIGTERM, SIGKILL and"
                " os._exit it serves on, for nobody.",
                every("multiprocessing-manager/return@parent", nobody_left()),
                every("multiprocessing-manager/SIGINT@group", nobody_left()),
                every("multiprocessing-manager/SIGTERM@parent", lives_on("child")),
                every("multiprocessing-manager/SIGKILL@parent", lives_on("child")),
                every("multiprocessing-manager/os-exit-7@parent", lives_on("child")),
            ),
        ),
        beside=("multiprocessing-manager-forkserver/SIGKILL@parent",),
    ),
    Claim(
        id="P17",
        says="A process that has put items into a Queue waits, before it ends, until all of them"
        " have been written to the pipe, unless cancel_join_thread was called.",
        cases=(
            case(
                HOLDS,
                "It never ends where nobody reads. Its own handlers have not begun by then if they"
                " were registered before the Queue was made.",
                every("multiprocessing-queue-unread/return@main", lives_on("main")),
                every("multiprocessing-queue-cancelled/return@main", all_reversed()),
            ),
        ),
        beside=("multiprocessing-queue-unread/SIGINT@main",),
    ),
    Claim(
        id="P18",
        says="Shared memory is deleted by the resource tracker of the first process that ends, if"
        " that was not started by multiprocessing, also where it has attached to the memory only.",
        cases=(
            case(
                HOLDS,
                "The name is gone, however the program ends that has attached to it.",
                every("named-objects-attached/return@main", no_name_is_left()),
                every("named-objects-attached/os-exit-7@main", no_name_is_left()),
                every("named-objects-attached/SIGTERM@main", no_name_is_left()),
                every("named-objects-attached/SIGKILL@main", no_name_is_left()),
            ),
        ),
        beside=("named-objects-attached/SIGHUP@group",),
    ),
)
