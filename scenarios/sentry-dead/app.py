# /// script
# requires-python = ">=3.6"
# dependencies = ["sentry-sdk"]
#
# [tool.exitmatrix]
# title = "Sentry, a collector that does not answer"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["SIGTERM", "SIGTERM-then-SIGKILL"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "use sentry, no answer", "register B", "register C", "on SIGTERM stop, sys.exit 0"]
# ///
"""How long does an event keep a program that is asked to end, if nobody takes it?

For shutdown_timeout, which is two seconds by default and six here. Whoever stops the program may have
less patience: then handlers that were registered before the SDK was set up have no turn.
"""
from __future__ import print_function

import atexit
import signal
import socket
import sys

import endings
import sentry_sdk


@atexit.register
def A():
    print("A: cleaning up")


collector = socket.socket()
collector.bind(("127.0.0.1", 0))
collector.listen(5)

sentry_sdk.init(
    dsn="http://key@127.0.0.1:%d/1" % collector.getsockname()[1],
    shutdown_timeout=6,
)
sentry_sdk.capture_message("the last words")
connection = collector.accept()  # and read nothing


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


@endings.tells("signal.SIGTERM:stop")
def stop(number, frame):
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)

print("ready")
sys.stdout.flush()
endings.end_here()
