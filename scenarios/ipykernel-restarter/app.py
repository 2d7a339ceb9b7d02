# /// script
# requires-python = ">=3.10"
# dependencies = ["ipykernel"]
#
# [tool.exitmatrix]
# title = "A Jupyter kernel that is started again when it is gone"
# roles = ["master", "worker"]
# ready = {line = "ready"}
# command = ["python", "app.py"]
# server = "ipykernel-restarter"
# terminations = ["SIGTERM@master", "SIGTERM@worker", "SIGKILL@worker"]
# ///
"""Is a Jupyter kernel that is killed started again, and do its handlers run?

A notebook server looks whether each of its kernels is alive, every three seconds ("The kernel
appears to have died. It will restart automatically."). This is its manager with its restarter, in
the loop that a server runs. The handlers are those of a cell, which the new kernel has not run.
"""

import asyncio
import os
import signal
import sys

CELL = """
import atexit, sys

def tell(name):
    print(name + ": cleaning up", file=sys.__stdout__, flush=True)

@atexit.register
def A():
    tell("A")

@atexit.register
def B():
    tell("B")

@atexit.register
def C():
    tell("C")
"""


def be_a_kernel():
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance(argv=["-f", "kernel.json", "--log-level=ERROR"])


async def manage():
    from jupyter_client.ioloop import AsyncIOLoopKernelManager

    stopped = asyncio.Event()
    manager = AsyncIOLoopKernelManager(connection_file=os.path.abspath("kernel.json"))
    manager.shutdown_wait_time = 60
    manager.kernel_spec.argv = [sys.executable, "app.py"]
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    await client.execute(CELL, reply=True, timeout=60)
    client.stop_channels()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    print("ready", flush=True)
    await stopped.wait()
    await manager.shutdown_kernel()


if "JPY_PARENT_PID" in os.environ:  # the manager says who it is
    be_a_kernel()
else:
    asyncio.run(manage())
