# /// script
# requires-python = ">=3.10"
# dependencies = ["celery>=5.7"]
#
# [tool.exitmatrix]
# title = "celery worker with one process in its pool, while that runs a task of some seconds"
# roles = ["master", "worker"]
# ready = {line = "work: begins"}
# command = ["python", "script.py", "--app", "app", "worker", "--pool", "prefork", "--concurrency", "1", "--loglevel", "INFO"]
# server = "celery-prefork-busy"
# rests = 15
# terminations = ["SIGTERM", "SIGINT@group", "SIGINT-then-SIGINT@group", "SIGQUIT@master", "SIGQUIT@worker", "SIGHUP", "SIGABRT@worker", "SIGKILL@master", "SIGKILL@worker", "SIGTERM-then-SIGTERM", "SIGTERM-then-SIGKILL"]
# ///
"""Does a celery worker that is stopped finish the task that it runs, and which handlers run?

The program `celery-prefork`, which gives itself a task when it is ready: it takes longer than the
time between two signals. Its pool has one process, so that it is known which one is at work.
"""

import atexit
import time

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


@signals.worker_ready.connect
def give_work(**about):
    work.delay()


@app.task
@endings.tells("celery.task:work")
def work():
    print("work: begins")
    time.sleep(5)
    print("work: done")
