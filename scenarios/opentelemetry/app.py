# /// script
# requires-python = ">=3.10"
# dependencies = ["opentelemetry-sdk"]
#
# [tool.exitmatrix]
# title = "OpenTelemetry's last span"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"]
#
# [tool.exitmatrix.data]
# "last span" = "kept"
#
# [tool.exitmatrix.program]
# steps = ["use opentelemetry", "register A", "register B", "register C"]
#
# [tool.exitmatrix.program.data]
# "last span" = "until saved"
# ///
"""Is the last span exported when the program ends that way?

The processor exports when its delay is over, and when its provider is shut down, which is a
handler of atexit. The exporter is the one of the SDK that writes to a file.
"""
from __future__ import print_function

import atexit
import sys

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

import endings

exporter = ConsoleSpanExporter(out=open("spans.json", "w"))
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=60000))
trace.set_tracer_provider(provider)


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


with trace.get_tracer("app").start_as_current_span("the last work"):
    pass

print("ready")
sys.stdout.flush()
endings.end_here()
