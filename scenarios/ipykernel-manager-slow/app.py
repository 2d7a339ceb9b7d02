# /// script
# requires-python = ">=3.10"
# dependencies = ["ipykernel"]
#
# [tool.exitmatrix]
# title = "A Jupyter kernel whose clean-up takes longer than its manager waits"
# roles = ["master", "worker"]
# ready = {line = "ready"}
# command = ["python", "app.py"]
# server = "ipykernel-manager-slow"
# terminations = ["SIGTERM@master", "SIGTERM@group", "SIGHUP@master", "SIGHUP@group"]
# ///
"""How long may the handlers of a Jupyter kernel take when it is shut down or restarted?

The program `ipykernel-manager` with a handler that takes half a minute, and a manager as it is: it waits
for half of its shutdown_wait_time, which is 5 s, and sends SIGTERM then.
"""

import os
import signal
import sys

CELL = """
import atexit, sys, time

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
    time.sleep(30)
    tell("C")
"""


def be_a_kernel():
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance(argv=["-f", "kernel.json", "--log-level=ERROR"])


def manage():
    from jupyter_client import KernelManager

    manager = KernelManager(connection_file=os.path.abspath("kernel.json"))
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
