"""Says whether the tasks are done, or are in redis for another worker."""

import os

import redis

broker = redis.Redis(unix_socket_path=os.path.abspath("redis.sock"))
waiting = broker.lrange("celery", 0, -1) + broker.hvals("unacked")


def queued(name):
    return any(b'"app.%s"' % name.encode() in one for one in waiting)


def done(name):
    return os.path.exists(name + ".done")


def state(*whether):
    return "kept" if all(whether) else "damaged" if any(whether) else "lost"


print("results of two tasks:", state(done("early"), done("late")))
print("a task, done or in the queue:", state(done("early") or queued("early")))
print("a task with acks_late, done or in the queue:", state(done("late") or queued("late")))
