# /// script
# requires-python = ">=3.10"
# dependencies = ["ipykernel"]
#
# [tool.exitmatrix]
# title = "A Jupyter kernel and the manager that started it"
# roles = ["master", "worker"]
# ready = {line = "ready"}
# command = ["python", "app.py"]
# server = "ipykernel-manager"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL", "SIGABRT"]
# ///
"""Which handlers run when a Jupyter kernel is shut down, restarted, or loses its manager?

What a notebook server does when a user clicks is done here by signals to the manager: SIGTERM shuts
the kernel down, SIGHUP restarts it and SIGINT interrupts it. The handlers are those of a cell. The
manager is patient: how long it waits is the subject of `ipykernel-manager-slow`.
"""

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


def manage():
    from jupyter_client import KernelManager

    manager = KernelManager(connection_file=os.path.abspath("kernel.json"))
    manager.shutdown_wait_time = 60
    manager.kernel_spec.argv = [sys.executable, "app.py"]

    def shut_down(number, frame):
        manager.shutdown_kernel()
        sys.exit()

    def restart(number, frame):
        manager.restart_kernel()

    def interrupt(number, frame):
        manager.interrupt_kernel()

    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    client.execute(CELL, reply=True, timeout=60)
    client.stop_channels()
    signal.signal(signal.SIGTERM, shut_down)
    signal.signal(signal.SIGHUP, restart)
    signal.signal(signal.SIGINT, interrupt)
    print("ready", flush=True)
    while True:
        signal.pause()


if "JPY_PARENT_PID" in os.environ:  # the manager says who it is
    be_a_kernel()
else:
    manage()
