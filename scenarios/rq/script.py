"""Starts a redis server, gives it a job, and does what the installed script `rq` does.

The server has a session of its own, as a service has: no signal to the worker or its group
reaches it.
"""

import atexit
import os
import subprocess
import sys
import time

import redis
from rq import Queue
from rq.cli import main

SERVER = ["redis-server", "--port", "0"]
SOCKET = os.path.abspath("redis.sock")


@atexit.register
def M():
    print("M: cleaning up")


def serve():
    subprocess.Popen(
        [*SERVER, "--unixsocket", SOCKET, "--save", "", "--set-proc-title", "no"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    connection = redis.Redis(unix_socket_path=SOCKET)
    while not os.path.exists(SOCKET):
        time.sleep(0.02)
    return connection


Queue(connection=serve()).enqueue("app.work")
sys.argv = ["rq", "worker", "--url", "unix://%s" % SOCKET]
main()
