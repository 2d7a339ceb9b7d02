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

SOCKET = os.path.abspath("redis.sock")
OPTIONS = ["--port", "0", "--save", "", "--set-proc-title", "no", "--unixsocket", SOCKET]


@atexit.register
def M():
    print("M: cleaning up")


def serve():
    nothing = open(os.devnull, "r+")
    words = ["redis-server"] + OPTIONS
    subprocess.Popen(words, stdin=nothing, stdout=nothing, stderr=nothing, preexec_fn=os.setsid)
    connection = redis.Redis(unix_socket_path=SOCKET)
    while not os.path.exists(SOCKET):
        time.sleep(0.02)
    return connection


Queue(connection=serve()).enqueue("app.work")
sys.argv = ["rq", "worker", "--url", "unix://%s" % SOCKET]
main()
