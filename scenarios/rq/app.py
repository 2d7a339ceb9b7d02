# /// script
# requires-python = ">=3.10"
# dependencies = ["rq"]
#
# [tool.exitmatrix]
# title = "rq worker, while it runs a job"
# roles = ["master", "worker"]
# ready = {line = "work: begins"}
# command = ["python", "script.py"]
# server = "rq"
# needs = ["redis-server"]
# terminations = ["SIGTERM", "SIGTERM-then-SIGTERM@master", "SIGINT@master", "SIGINT@group", "SIGHUP@master", "SIGKILL@master", "SIGKILL@worker"]
# ///
"""Is a running job of rq finished or lost, and do the handlers of its module run?

rq forks a process for each job, which imports the module of the job's function and leaves by
os._exit. The queue is in a redis server, which `script.py` starts.
"""

import atexit
import time

import endings


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


@endings.tells("rq.job:work")
def work():
    print("work: begins", flush=True)
    time.sleep(5)
    print("work: done")
