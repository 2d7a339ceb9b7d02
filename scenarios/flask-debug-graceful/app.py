# /// script
# requires-python = ">=2.7"
# dependencies = ["flask"]
#
# [tool.exitmatrix]
# title = "The same Flask app with that class, under the debug server with its reloader"
# roles = ["parent", "child"]
# ready = "http"
# terminations = ["SIGTERM@parent", "SIGTERM@child"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "on SIGTERM stop, sys.exit 0"]
# server = "threads"
# supervisor = "reloader"
# ///
"""The program `flask-debug`, and a class around `signal`: SIGTERM raises SystemExit.
Both processes install it, each for itself, before the server starts.

For the claim that a graceful shutdown has to react to a signal, for which people
write a class of their own (B13). The documentation promises that a handler set with
signal.signal is executed in the main thread, and that SystemExit is a normal end,
at which the functions registered with atexit are called.
"""
from __future__ import print_function

import atexit
import os
import signal
import sys

from flask import Flask

import endings

app = Flask(__name__)


class GracefulExit(object):
    """Ends the program, as if it had called sys.exit, when it is asked to terminate."""

    def __init__(self):
        signal.signal(signal.SIGTERM, self.stop)

    @endings.tells("signal.SIGTERM:stop")
    def stop(self, number, frame):
        print("stop: asked to end by signal", number)
        sys.exit(0)


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


@app.route("/")
def index():
    return "Hello from process %d\n" % os.getpid()


@app.route("/end")
def end():
    endings.end_here()
    return "Still here\n"


if __name__ == "__main__":
    GracefulExit()
    app.run(host="127.0.0.1", port=0, debug=True)
