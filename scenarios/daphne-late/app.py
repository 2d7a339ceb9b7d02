# /// script
# requires-python = ">=3.10"
# dependencies = ["daphne"]
#
# [tool.exitmatrix]
# title = "daphne that is told to stop when it has just begun to listen"
# roles = ["main"]
# ready = {line = "late: begins"}
# command = ["python", "-m", "daphne", "--port", "{port}", "app:app"]
# not-on = {pypy = "cryptography, which Twisted needs for TLS, has no wheel for it, and building one takes Rust"}
# server = "daphne-late"
# terminations = ["SIGTERM", "SIGINT"]
# ///
"""What comes of a signal between the port and the handlers of signals?

daphne listens before Twisted installs its handlers. The moment in between is short, and is held here
for as long as is asked for.
"""

import atexit
import time

from twisted.internet import reactor


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


def late(*args, **kwargs):
    print("late: begins", flush=True)
    time.sleep(20)
    begin(*args, **kwargs)


begin, reactor.startRunning = reactor.startRunning, late


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"Hello, World!"})
