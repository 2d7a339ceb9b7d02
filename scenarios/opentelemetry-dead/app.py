# /// script
# requires-python = ">=3.10"
# dependencies = ["opentelemetry-sdk"]
#
# [tool.exitmatrix]
# title = "OpenTelemetry, a collector that does not answer"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["SIGTERM", "SIGTERM-then-SIGKILL"]
#
# [tool.exitmatrix.program]
# steps = ["register A", "use opentelemetry, no answer", "register B", "register C", "on SIGTERM stop, sys.exit 0"]
# ///
"""How long does the export of the last span keep a program that is asked to end?

The exporter for OTLP over HTTP has ten seconds for a batch. Whoever stops the program may have less
patience: then handlers that were registered before the provider was made have no turn.
"""
from __future__ import print_function

import atexit
import signal
import socket
import sys

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

import endings


@atexit.register
def A():
    print("A: cleaning up")


collector = socket.socket()
collector.bind(("127.0.0.1", 0))
collector.listen()

exporter = OTLPSpanExporter(endpoint="http://127.0.0.1:%d/v1/traces" % collector.getsockname()[1])
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=60000))
trace.set_tracer_provider(provider)


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

with trace.get_tracer("app").start_as_current_span("the last work"):
    pass

print("ready")
sys.stdout.flush()
endings.end_here()
