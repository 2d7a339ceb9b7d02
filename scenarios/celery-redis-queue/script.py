"""Starts a redis server, and does what the installed script `celery` does.

The server has a session of its own, as a service has: no signal to the worker or its group
reaches it.
"""

import os
import subprocess
import sys
import time

from celery.__main__ import main

SOCKET = os.path.abspath("redis.sock")
OPTIONS = ["--port", "0", "--save", "", "--set-proc-title", "no", "--unixsocket", SOCKET]

nothing = open(os.devnull, "r+")
words = ["redis-server"] + OPTIONS
subprocess.Popen(words, stdin=nothing, stdout=nothing, stderr=nothing, preexec_fn=os.setsid)
while not os.path.exists(SOCKET):
    time.sleep(0.02)
sys.exit(main())
