# /// script
# requires-python = ">=2.7,<3.7"
# dependencies = ["flask"]
#
# [tool.exitmatrix]
# title = "The debug server with three slow handlers in each process, before 3.7"
# roles = ["parent", "child"]
# ready = "http"
# terminations = ["SIGINT@group"]
# handler-ms = [50, 300]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C"]
# server = "threads"
# supervisor = "reloader"
# ///
"""The same as flask-debug-slow, on Pythons whose subprocess.call does not wait.

Claims B11 and B12. Up to 3.6 KeyboardInterrupt leaves subprocess.call at once: 2.7
lets the child be, 3.x before 3.7 kills it (bpo-25942). A race that these lose would
have every Python run the whole grid twenty times, so they have a grid of their own.
"""
from __future__ import print_function

import atexit
import os
import time

from flask import Flask

import endings

app = Flask(__name__)


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
    app.run(host="127.0.0.1", port=0, debug=True)
