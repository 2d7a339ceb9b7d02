# /// script
# requires-python = ">=3.10"
# dependencies = ["flask"]
#
# [tool.exitmatrix]
# title = "flask run"
# roles = ["main"]
# ready = "listening"
# command = ["python", "-m", "flask", "run", "--port", "{port}"]
# server = "flask-run"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGABRT", "SIGKILL", "sys-exit-3", "os-exit-3", "exception", "self-SIGTERM", "SIGTERM-then-SIGTERM"]
# busy = ["SIGTERM", "SIGINT", "SIGKILL", "SIGTERM-then-SIGTERM"]
# ///
"""Do handlers run when `flask run` is stopped?

The script `flask` and `python -m flask` call the same function (flask/__main__.py).
"""

import atexit

from flask import Flask

import endings

app = Flask(__name__)


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
    return "Hello, World!\n"


@app.route("/end")
def end():
    endings.end_here()
    return "Still here\n"


@app.route("/busy")
def busy():
    endings.busy()
    return "Done\n"
