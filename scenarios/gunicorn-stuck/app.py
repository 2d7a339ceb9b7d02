# /// script
# requires-python = ">=3.10"
# dependencies = ["gunicorn>=27"]
#
# [tool.exitmatrix]
# title = "gunicorn whose workers do not end in time"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "gunicorn", "-c", "hooks.py", "--graceful-timeout", "2", "-w", "2", "-b", "127.0.0.1:{port}", "app:app"]
# server = "gunicorn-stuck"
# terminations = ["SIGTERM@master", "SIGINT@master", "SIGQUIT@master"]
# ///
"""What happens when a hook blocks, and `graceful_timeout` runs out?
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
