# /// script
# requires-python = ">=3.10"
# dependencies = ["ipykernel"]
#
# [tool.exitmatrix]
# title = "A Jupyter kernel, started as a command of its own"
# roles = ["main"]
# ready = {line = "ready"}
# command = ["python", "-m", "ipykernel_launcher", "-f", "kernel.json", "--IPKernelApp.exec_files=app.py"]
# server = "ipykernel"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGKILL", "SIGABRT", "SIGTERM-then-SIGTERM", "SIGTERM-then-SIGKILL"]
# ///
"""Which handlers run when a Jupyter kernel is signalled, as a container or a service does?

It runs this file as it runs a cell: the handlers are those of a notebook.
"""

import atexit
import sys


@atexit.register
def A():
    print("A: cleaning up", file=sys.__stdout__, flush=True)


@atexit.register
def B():
    print("B: cleaning up", file=sys.__stdout__, flush=True)


@atexit.register
def C():
    print("C: cleaning up", file=sys.__stdout__, flush=True)


print("ready", file=sys.__stdout__, flush=True)
