# /// script
# requires-python = ">=3.7"
# dependencies = ["flask"]
#
# [tool.exitmatrix]
# title = "The debug server with three slow handlers in each process"
# roles = ["parent", "child"]
# ready = "http"
# terminations = ["SIGINT@group"]
# handler-ms = [50, 100, 300, 1000]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C"]
# server = "threads"
# supervisor = "reloader"
# ///
"""How long may handlers take in the debug server's child, after Ctrl-C?

Claims B11 and B12: three handlers run in reverse, and one that takes too long is
cut off. Ctrl-C reaches both processes. The documentation says nothing of it, but
the reloader waits in subprocess.call, which from 3.7 on gives a child a quarter of
a second after KeyboardInterrupt and then kills it (bpo-25942).
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
