# /// script
# requires-python = ">=3.10"
# dependencies = ["pyuwsgi"]
#
# [tool.exitmatrix]
# title = "uWSGI with --max-requests and --harakiri"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "script.py", "--http-socket", "127.0.0.1:{port}", "--module", "app:app", "--master", "--processes", "2", "--max-requests", "1", "--min-worker-lifetime", "0", "--harakiri", "2"]
# server = "uwsgi-limits"
# terminations = ["return", "hang"]
# not-on = {pypy = "pyuwsgi is built around CPython and has no wheel for it; uWSGI loads PyPy by a plugin that is no part of it"}
# ///
"""Which handlers run in a worker of uWSGI that has answered enough, and in one that takes too long?

A worker answers one request and is then replaced, if it is as old as --min-worker-lifetime says: a
minute, where it says nothing. One that takes longer than two seconds is killed.
"""

import atexit

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


def app(environ, start_response):
    if environ["PATH_INFO"] == "/end":
        endings.end_here()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, World!"]
