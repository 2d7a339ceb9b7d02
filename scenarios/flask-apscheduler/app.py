# /// script
# requires-python = ">=2.7"
# dependencies = ["flask", "apscheduler"]
#
# [tool.exitmatrix]
# title = "A Flask app with a scheduler that a handler shuts down"
# roles = ["main"]
# ready = "http"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL", "os-exit-0"]
#
# [tool.exitmatrix.program]
# steps = ["import apscheduler", "register stop_scheduler"]
# server = "threads"
# ///
"""Does the handler shut the scheduler down, and does the app end cleanly?

Claim E8. The scheduler works in a daemon thread and has a pool of threads of
concurrent.futures, which Python joins by itself: in an atexit handler of that
module up to 3.8, and from 3.9 on before any atexit handler runs (bpo-39812).
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
    app.run(host="127.0.0.1", port=0)
