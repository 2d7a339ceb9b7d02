# /// script
# requires-python = ">=3.10"
# dependencies = ["celery>=5.7"]
#
# [tool.exitmatrix]
# title = "celery worker with two processes in its pool"
# not-on = {pypy = "its pool handles signals only 0.3 to 0.9 s after it says that it is ready"}
# roles = ["master", "worker"]
# ready = {line = " ready\\.$"}
# command = ["python", "script.py", "--app", "app", "worker", "--pool", "prefork", "--concurrency", "2", "--loglevel", "INFO"]
# server = "celery-prefork"
# terminations = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGKILL", "SIGHUP", "SIGABRT", "SIGUSR1", "SIGTERM-then-SIGTERM", "SIGTERM-then-SIGKILL"]
# ///
"""Whose handlers run when a celery worker with a pool of processes is stopped?

The main process is the master, and those of its pool are the workers: they are forked, so each has
the handlers of the master. The broker is in memory, so that no server is needed; with one that is
asynchronous (Redis, RabbitMQ) the master looks after its pool in another way. After SIGHUP celery
executes its command anew in the same process: what is told of the master is what it does then.
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
