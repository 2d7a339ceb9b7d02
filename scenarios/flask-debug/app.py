# /// script
# requires-python = ">=2.7"
# dependencies = ["flask"]
#
# [tool.exitmatrix]
# title = "The same Flask app under the debug server with its reloader"
# roles = ["parent", "child"]
# ready = "http"
# terminations = ["in-process", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL", "SIGINT-twice", "touch-source"]
# launchers = ["*"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C"]
# server = "threads"
# supervisor = "reloader"
# ///
"""Two processes run this file: the reloader is the parent, and its child serves.

Both register A, B and C. A termination reaches one of them, and what happens to
the other is the parent's doing.
"""
from __future__ import print_function

import atexit
import os

from flask import Flask

import endings

app = Flask(__name__)


@atexit.register
def A():
    print("A: cleaning up")
    endings.linger()


@atexit.register
def B():
    print("B: cleaning up")
    endings.linger()


@atexit.register
def C():
    print("C: cleaning up")
    endings.linger()


@app.route("/")
def index():
    return "Hello from process %d\n" % os.getpid()


@app.route("/end")
def end():
    endings.end_here()
    return "Still here\n"


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=0, debug=True)
