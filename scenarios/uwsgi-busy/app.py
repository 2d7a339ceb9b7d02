# /// script
# requires-python = ">=3.10"
# dependencies = ["pyuwsgi"]
#
# [tool.exitmatrix]
# title = "uWSGI in one process, while it answers a request of some seconds"
# roles = ["main"]
# ready = {line = "work: begins"}
# command = ["python", "script.py", "--http-socket", "127.0.0.1:{port}", "--module", "app:app", "--enable-threads"]
# server = "uwsgi-busy"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGKILL"]
# not-on = {pypy = "pyuwsgi is built around CPython and has no wheel for it; uWSGI loads PyPy by a plugin that is no part of it"}
# ///
"""Which handlers run when uWSGI is stopped while it answers a request?

The program `uwsgi`, which sends itself a request when it is ready.
"""

import atexit
import threading
import time
import urllib.request

import uwsgi

import endings


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


@endings.tells("uwsgi.atexit:bye")
def bye():
    print("bye: cleaning up")


uwsgi.atexit = bye


@endings.tells("uwsgi.view:work")
def work():
    print("work: begins", flush=True)
    time.sleep(3)
    print("work: done")


def app(environ, start_response):
    work()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, World!"]


def ask():
    address = uwsgi.opt["http-socket"].decode()
    with urllib.request.urlopen("http://" + address) as answer:  # noqa: S310 - to itself
        answer.read()


threading.Thread(target=ask, daemon=True).start()
