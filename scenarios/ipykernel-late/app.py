# /// script
# requires-python = ">=3.10"
# dependencies = ["ipykernel"]
#
# [tool.exitmatrix]
# title = "A Jupyter kernel that is interrupted when its cell has just ended"
# roles = ["master", "worker"]
# ready = {line = "late: begins"}
# command = ["python", "app.py"]
# server = "ipykernel-late"
# terminations = ["SIGINT@worker"]
# ///
"""What comes of a Jupyter kernel that is interrupted a moment after its cell has ended?

The program `ipykernel-manager`, whose kernel takes its time where it has run a cell and is about to
ignore SIGINT again. It takes that by an exception from before a cell until after it, and catches it
only in between.
"""

import os
import signal
import sys

CELL = """
import atexit, signal, sys

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

kernel = get_ipython().kernel
ignore_again = kernel.post_handler_hook

def late():
    print("late: begins", file=sys.__stdout__, flush=True)
    signal.pause()
    ignore_again()

kernel.post_handler_hook = late
"""


def be_a_kernel():
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance(argv=["-f", "kernel.json", "--log-level=ERROR"])


def manage():
    from jupyter_client import KernelManager

    manager = KernelManager(connection_file=os.path.abspath("kernel.json"))
    manager.kernel_spec.argv = [sys.executable, "app.py"]
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    client.execute(CELL)
    while True:
        signal.pause()


if "JPY_PARENT_PID" in os.environ:  # the manager says who it is
    be_a_kernel()
else:
    manage()
