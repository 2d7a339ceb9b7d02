# /// script
# requires-python = ">=3.10"
# dependencies = ["celery>=5.7"]
#
# [tool.exitmatrix]
# title = "celery worker --pool prefork, while it runs two tasks that it took from a queue in files"
# roles = ["master", "worker"]
# ready = {line = "both begun"}
# command = ["python", "script.py", "--app", "app", "worker", "--pool", "prefork", "--concurrency", "2", "--loglevel", "INFO"]
# server = "celery-prefork-queue"
# terminations = ["SIGTERM@master", "SIGTERM@group", "SIGINT@group", "SIGQUIT@master"]
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
"""Are the tasks of a celery worker finished or lost when it, or everybody, is told to stop?

One is acknowledged before it runs, as is usual, and one when it is done. What was not acknowledged
goes back to the queue where the main process comes to its end.
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
