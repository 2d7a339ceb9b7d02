"""Says whether the tasks are done, or are in the queue for the next worker."""

import glob
import os


def queued(name):
    for path in glob.glob("queue/*celery.msg"):
        with open(path) as file:
            if '"app.%s"' % name in file.read():
                return True
    return False


def done(name):
    return os.path.exists(name + ".done")


def state(*whether):
    return "kept" if all(whether) else "damaged" if any(whether) else "lost"


print("results of two tasks:", state(done("early"), done("late")))
print("a task, done or in the queue:", state(done("early") or queued("early")))
print("a task with acks_late, done or in the queue:", state(done("late") or queued("late")))
