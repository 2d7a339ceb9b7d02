# /// script
# requires-python = ">=3.10"
# dependencies = ["celery>=5.7"]
#
# [tool.exitmatrix]
# title = "celery worker --pool threads, while it runs two tasks that it took from a queue in files"
# roles = ["main"]
# ready = {line = "both begun"}
# command = ["python", "script.py", "--app", "app", "worker", "--pool", "threads", "--concurrency", "2", "--loglevel", "INFO"]
# server = "celery-threads-busy"
# terminations = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGKILL", "SIGTERM-then-SIGTERM", "SIGTERM-then-SIGKILL", "SIGHUP"]
#
# [tool.exitmatrix.data]
# "results of two tasks" = "kept"
# "a task, done or in the queue" = "kept"
# "a task with acks_late, done or in the queue" = "kept"
#
# [tool.exitmatrix.program.data]
# "results of two tasks" = "of tasks, when they are done"
# "a task, done or in the queue" = "of tasks, when they are done"
# "a task with acks_late, done or in the queue" = "of tasks, or in the queue again"
# ///
"""Are the tasks of a celery worker with a pool of threads finished or lost when it is stopped?

One is acknowledged before it runs, as is usual, and one when it is done.
"""

import atexit
import os
import time

from celery import Celery, signals

import endings

FOLDERS = {"data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control"}
for folder in set(FOLDERS.values()):
    if not os.path.isdir(folder):
        os.mkdir(folder)

app = Celery("app", broker="filesystem://", broker_transport_options=FOLDERS)
app.conf.worker_prefetch_multiplier = 1


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



@signals.worker_shutdown.connect
@endings.tells("celery.worker_shutdown:worker")
def worker(**about):
    print("worker: cleaning up")


@signals.worker_ready.connect
def give_work(**about):
    early.delay()
    late.delay()


def work(name):
    open(name + ".begun", "w").close()
    if os.path.exists("early.begun") and os.path.exists("late.begun"):
        print("both begun")
    time.sleep(6)
    open(name + ".done", "w").close()


@app.task
def early():
    work("early")


@app.task(acks_late=True)
def late():
    work("late")
