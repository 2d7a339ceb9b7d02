# /// script
# requires-python = ">=3.10"
# dependencies = ["pyuwsgi"]
#
# [tool.exitmatrix]
# title = "uWSGI --die-on-term with two processes, whose clean-up takes a quarter of a second"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "script.py", "--http-socket", "127.0.0.1:{port}", "--module", "app:app", "--master", "--processes", "2", "--die-on-term"]
# server = "uwsgi-die-on-term"
# terminations = ["SIGTERM@master", "SIGTERM@group", "SIGINT@group"]
# not-on = {pypy = "pyuwsgi is built around CPython and has no wheel for it; uWSGI loads PyPy by a plugin that is no part of it"}
# ///
"""What comes of clean-up that takes its time when everybody is sent SIGTERM?

So does `systemctl stop` where the unit does not say KillMode=mixed. The master sends SIGINT besides.
"""

import atexit
import time

import uwsgi

import endings


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")
    time.sleep(0.25)


@atexit.register
def C():
    print("C: cleaning up")


@endings.tells("uwsgi.atexit:bye")
def bye():
    print("bye: cleaning up")


uwsgi.atexit = bye


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, World!"]
