# /// script
# requires-python = ">=2.7"
# dependencies = ["flask"]
#
# [tool.exitmatrix]
# title = "A Flask app on its development server that handles one request at a time"
# roles = ["main"]
# ready = "http"
# terminations = ["sys-exit-0", "exception", "keyboard-interrupt", "SIGINT", "SIGTERM"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C"]
# server = "one thread"
# ///
"""Without threads a view runs in the main thread, inside the server's loop.

So what it raises can leave the loop and end the server; the same in a thread cannot.
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
    app.run(host="127.0.0.1", port=0, threaded=False)
