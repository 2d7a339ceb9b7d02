"""A kernel of Jupyter."""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.model.server import Reaction, Server, Stop

_SOURCE = "ipykernel 7.4.0, jupyter_client 8.10.0"

KERNEL = Server(
    id="ipykernel",
    package="ipykernel",
    imports=("main",),
    listens=False,
    again=("SIGTERM",),  # kernelapp.py has no handler for it
    worker={
        "SIGINT": Reaction(how="goes on", source="ipykernel/kernelapp.py, `init_signal`: ignored"),
    },
    source=_SOURCE,
)


_LEAVES = Reaction(
    how="finalizes",
    source="ipykernel/kernelbase.py, `shutdown_request`: the loop is stopped, and the program ends",
)

MANAGER = Server(
    id="ipykernel-manager",
    package="ipykernel",
    workers=1,
    imports=("worker",),
    listens=False,
    apart=True,  # jupyter_client/launcher.py, `launch_kernel`: start_new_session
    master={
        "SIGTERM": Stop(source="jupyter_client/manager.py, `shutdown_kernel`: shutdown_request"),
        "SIGHUP": Stop(restarts=True, source="jupyter_client/manager.py, `restart_kernel`"),
    },
    ignores=("SIGINT",),  # jupyter_client/manager.py, `interrupt_kernel`: SIGINT, and it is idle
    worker=KERNEL.worker,
    without_signal=_LEAVES,
    orphan=Reaction(
        how="exits at once",
        status=1,
        source="ipykernel/parentpoller.py, `ParentPollerUnix.run`: it looks once a second",
    ),
    source=_SOURCE,
)

RESTARTER = replace(
    MANAGER,
    id="ipykernel-restarter",
    apart=False,  # of the group it was not asked
    master={"SIGTERM": MANAGER.master["SIGTERM"]},
    ignores=(),
    worker={},
    orphan=None,
    # jupyter_client/restarter.py, `KernelRestarter.poll`: every `time_to_dead`, which is 3 s; a
    # kernel that a manager without it has lost is not started again
    replaces=True,
)

_PATIENCE = "jupyter_client/manager.py, `finish_shutdown`: SIGTERM when half of its time is over"
_SLOW = Stop(insists="SIGTERM", source=_PATIENCE)
MANAGER_SLOW = replace(
    MANAGER,
    id="ipykernel-manager-slow",
    master={"SIGTERM": _SLOW, "SIGHUP": replace(_SLOW, restarts=True)},
    ignores=(),
    worker={},
    busy=("C",),
    without_signal=Reaction(
        how="goes on", source="it has begun its first handler, which takes its time"
    ),
    orphan=None,
)

_CELL = ("cell:work",)
MANAGER_BUSY = replace(
    MANAGER,
    id="ipykernel-manager-busy",
    busy=_CELL,
    without_signal=replace(_LEAVES, hooks=_CELL, raised=_CELL),
    ignores=(),
    master={
        **MANAGER.master,
        "SIGINT": Stop(
            passes="SIGINT", source="jupyter_client/manager.py, `interrupt_kernel`: SIGINT"
        ),
    },
    worker={
        "SIGINT": Reaction(
            how="goes on",
            hooks=_CELL,
            raised=_CELL,
            source="ipykernel/kernelbase.py, `pre_handler_hook`: KeyboardInterrupt in the cell",
        ),
    },
)

MANAGER_LATE = replace(
    MANAGER,
    id="ipykernel-late",
    apart=False,  # of the group it was not asked
    master={},
    ignores=(),
    without_signal=None,
    orphan=None,
    worker={
        "SIGINT": Reaction(
            how="finalizes",
            source="ipykernel/kernelbase.py, `dispatch_shell`: KeyboardInterrupt is caught around"
            " the cell, and not in `pre_handler_hook` and `post_handler_hook` beside it;"
            " kernelapp.py, `IPKernelApp.start`: the loop is left, and it returns",
        )
    },
)

SERVERS = (KERNEL, MANAGER, MANAGER_BUSY, MANAGER_SLOW, MANAGER_LATE, RESTARTER)
