# /// script
# requires-python = ">=3.11"
# dependencies = ["gunicorn>=27"]
#
# [tool.exitmatrix]
# title = "gunicorn --bind fd://N: with a socket that was made for it"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "serve.py", "{port}"]
# server = "gunicorn-fd"
# terminations = ["SIGTERM@master", "SIGTERM@worker", "SIGTERM@group"]
# ///
"""Does gunicorn stop in order when its socket was made by whoever started it?

A process manager that hands sockets on does so. Here the script `serve.py` makes one, and is gunicorn then.
"""

import atexit


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, World!"]
