"""The configuration: a hook that waits for something that never comes."""

import time

import endings


@endings.tells("gunicorn:worker_exit")
def wait():
    while True:
        time.sleep(1)


def worker_exit(server, worker):
    wait()
