"""Programs that the generator makes too seldom, each for what only such a one shows. Pure."""

from __future__ import annotations

from exitmatrix.model.language import (
    CloseStdout,
    Code,
    Flush,
    Fork,
    Function,
    LibcExit,
    Pause,
    Register,
    RunHandlers,
    RunLoop,
    StartThread,
    SubmitTask,
    SysExit,
    Write,
)

SELDOM: tuple[Code, ...] = (
    # Two flushes that fail, or one, behind each other: what the first one could not write.
    Code(
        body=(CloseStdout(), Register("A"), Register("A"), Write("w1.")),
        functions=(Function("A", (Flush(),)),),
    ),
    # A fork while the thread that has ended last may be loading a library.
    Code(body=(StartThread(), Fork((LibcExit("_exit", 0),)))),
    Code(body=(StartThread(), Fork((StartThread(),)))),
    # A thread that joins the main thread.
    Code(body=(StartThread((Register("A"),), "joins main"),)),
    # Pools of processes that break, or whose exit function fails.
    Code(body=(SubmitTask(()),)),
    Code(body=(SubmitTask((), "spawn"),)),
    # A pool behind the exit function of pools.
    Code(body=(SubmitTask(()), RunHandlers(), SubmitTask(()))),
    # A main task that pauses in a forked child.
    Code(body=(Register("B"), RunLoop(body=(Fork((Pause(),)),)))),
    # An exit of a child that was forked at the end of an event loop.
    Code(
        body=(Register("B"), RunLoop(body=(), tasks=("A",))),
        functions=(Function("A", (Fork((SysExit(4),)),)),),
    ),
)
"""Run with `exitmatrix fuzz --damage --again`, for damages that nothing else notices."""
