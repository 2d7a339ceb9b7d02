# /// script
# requires-python = ">=2.7"
# dependencies = ["flask"]
#
# [tool.exitmatrix]
# title = "A Flask app with three slow handlers, which a second signal may cut off"
# roles = ["main"]
# ready = "http"
# terminations = ["SIGTERM-then-SIGKILL", "SIGINT", "SIGINT-then-SIGINT"]
# handler-ms = [100, 1000, 2000, 3000]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "on SIGTERM -, sys.exit 0"]
# server = "threads"
# ///
"""How long may a server's handlers take after Ctrl-C, when it is pressed again, and
when the runtime kills what has not ended in time?

Claims B11 and B12: three handlers run in reverse, and one that takes too long is
cut off. Nothing in the documentation limits them after Ctrl-C; a runtime that
sends SIGTERM waits for a time of its own choice.
"""
from __future__ import print_function

import atexit
import os
import signal
import sys
import time

from flask import Flask

import endings

app = Flask(__name__)


def stop(number, frame):
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)


@atexit.register
def A():
    print("A: cleaning up")
    time.sleep(endings.seconds())
    print("A: done")


@atexit.register
def B():
    print("B: cleaning up")
    time.sleep(endings.seconds())
    print("B: done")


@atexit.register
def C():
    print("C: cleaning up")
    time.sleep(endings.seconds())
    print("C: done")


@app.route("/")
def index():
    return "Hello from process %d\n" % os.getpid()


@app.route("/end")
def end():
    endings.end_here()
    return "Still here\n"


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=0)
