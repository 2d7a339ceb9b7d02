# /// script
# requires-python = ">=3.10"
# dependencies = ["ipykernel"]
#
# [tool.exitmatrix]
# title = "A Jupyter kernel that runs a cell, and the manager that started it"
# roles = ["master", "worker"]
# ready = {line = "work: begins"}
# command = ["python", "app.py"]
# server = "ipykernel-manager-busy"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"]
# ///
"""What comes of the cell that a Jupyter kernel runs when it is shut down, restarted or interrupted?

The program `ipykernel-manager`, whose kernel is given another cell that takes its time.
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
WORK = """
import time

import endings

@endings.tells("cell:work")
def work():
    print("work: begins", file=sys.__stdout__, flush=True)
    time.sleep(60)

work()
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
    client.execute(WORK)
    signal.signal(signal.SIGTERM, shut_down)
    signal.signal(signal.SIGHUP, restart)
    signal.signal(signal.SIGINT, interrupt)
    sys.stdout.flush()
    while True:
        signal.pause()


if "JPY_PARENT_PID" in os.environ:  # the manager says who it is
    be_a_kernel()
else:
    manage()
