# /// script
# requires-python = ">=3.10"
# dependencies = ["celery>=5.7"]
#
# [tool.exitmatrix]
# title = "celery worker --pool threads"
# roles = ["main"]
# ready = {line = " ready\\.$"}
# command = ["python", "script.py", "--app", "app", "worker", "--pool", "threads", "--concurrency", "2", "--loglevel", "INFO"]
# server = "celery-threads"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGABRT", "SIGKILL", "SIGUSR1", "SIGTERM-then-SIGTERM", "SIGTERM-then-SIGKILL"]
# ///
"""Which handlers run when a celery worker that runs tasks in threads is stopped?

The broker is in its memory, so that no server is needed: nobody but itself can send it a task.
`script.py` does what the installed script `celery` does. On SIGHUP celery executes its
command anew in the same process.
"""

import atexit

from celery import Celery, signals

import endings

app = Celery("app", broker="memory://")


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


@signals.worker_shutting_down.connect
@endings.tells("celery.worker_shutting_down:begins")
def begins(**about):
    print("begins: told to stop")


@signals.worker_process_shutdown.connect
@endings.tells("celery.worker_process_shutdown:process")
def process(**about):
    print("process: cleaning up")


@signals.worker_shutdown.connect
@endings.tells("celery.worker_shutdown:worker")
def worker(**about):
    print("worker: cleaning up")
