# /// script
# requires-python = ">=3.10"
# dependencies = ["flask>=2.2"]
#
# [tool.exitmatrix]
# title = "flask --debug run, with the reloader"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "flask", "--debug", "run", "--port", "{port}"]
# server = "flask-run-debug"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGKILL", "SIGABRT", "sys-exit-3", "os-exit-3", "exception", "os-exit-7", "SIGTERM-then-SIGTERM", "self-SIGTERM"]
# busy = ["SIGTERM@master", "SIGINT@master", "SIGTERM@worker", "SIGINT@worker", "SIGKILL@worker", "SIGTERM-then-SIGTERM@master", "SIGTERM-then-SIGTERM@worker", "SIGTERM@group", "SIGINT@group"]
# ///
"""Whose handlers run when `flask --debug run` is stopped, or loses a process?

The reloader is the master and the process that serves its worker: both import the app.
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
