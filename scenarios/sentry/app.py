# /// script
# requires-python = ">=3.6"
# dependencies = ["sentry-sdk"]
#
# [tool.exitmatrix]
# title = "Sentry's last event"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"]
#
# [tool.exitmatrix.data]
# "last event" = "kept"
#
# [tool.exitmatrix.program]
# steps = ["use sentry", "register A", "register B", "register C"]
#
# [tool.exitmatrix.program.data]
# "last event" = "until saved"
# ///
"""Does an event that is being sent arrive when the program ends that way?

The SDK sends in a thread that is a daemon, and waits for it in a handler of atexit. The collector
answers from the time on when the first handler runs: it shows who waits, and is no race.
"""
from __future__ import print_function

import atexit
import gzip
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer  # novm: not on 2.7

import endings
import sentry_sdk

arrived, asked = threading.Event(), threading.Event()


class Collector(BaseHTTPRequestHandler):
    def do_POST(self):
        arrived.set()
        asked.wait()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)  # novm: not on 2.7
        if b"the last words" in body:
            with open("event", "w") as file:
                file.write("1\n")
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *about):
        pass


collector = HTTPServer(("127.0.0.1", 0), Collector)
answers = threading.Thread(target=collector.serve_forever)
answers.daemon = True
answers.start()

sentry_sdk.init(
    dsn="http://key@127.0.0.1:%d/1" % collector.server_port,
    shutdown_timeout=60,  # it is not the subject how long it waits
)
sentry_sdk.capture_message("the last words")
arrived.wait()


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")
    asked.set()


print("ready")
sys.stdout.flush()
endings.end_here()
