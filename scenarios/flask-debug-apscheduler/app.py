# /// script
# requires-python = ">=2.7"
# dependencies = ["flask", "apscheduler"]
#
# [tool.exitmatrix]
# title = "The same app and its scheduler under the debug server"
# roles = ["parent", "child"]
# ready = "http"
# terminations = ["SIGINT@child", "SIGTERM@parent"]
#
# [tool.exitmatrix.program]
# steps = ["import apscheduler", "register stop_scheduler"]
# server = "threads"
# supervisor = "reloader"
# ///
"""Two processes run this file, so two schedulers run its job. Which of them does a
handler shut down?

Claim E8, with the debug server that the tutorials use. Nobody promises that the
handler in either process comes to its end: that a job runs twice there is often
reported (flask-apscheduler, issue 139), what becomes of it at the end is not.
"""
from __future__ import print_function

import atexit
import os

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

import endings

app = Flask(__name__)
worked = []


def work():
    worked.append(os.getpid())


scheduler = BackgroundScheduler(timezone="UTC")
scheduler.add_job(work, "interval", seconds=1)
scheduler.start()


@atexit.register
def stop_scheduler():
    print("stop_scheduler: cleaning up")
    scheduler.shutdown()


@app.route("/")
def index():
    return "Hello from process %d\n" % os.getpid()


@app.route("/end")
def end():
    endings.end_here()
    return "Still here\n"


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=0, debug=True)
