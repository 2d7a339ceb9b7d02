"""OpenTelemetry's SDK: a tracer provider with a batch processor, and two exporters.

`TracerProvider` registers its `shutdown` with atexit (opentelemetry/sdk/trace/__init__.py);
that has the processor export what is in its queue, and waits for it up to 30 s
(opentelemetry/sdk/_shared_internal/__init__.py, `BatchProcessor.shutdown`). The thread that exports
is a daemon, and no signal is handled.
"""

from __future__ import annotations

from exitmatrix.model.language import Busy, Function, Save
from exitmatrix.model.library import Library

SPAN = "last span"
_SHUTDOWN = "opentelemetry.sdk.trace.TracerProvider.shutdown"
_LOGGING = "logging.shutdown"
_CERTIFI = "certifi.core.exit_cacert_ctx"  # of requests, through which the exporter sends
_SOURCE = "opentelemetry-sdk 1.45.2, sdk/trace/__init__.py, `TracerProvider.__init__`"

LIBRARIES = (
    Library(
        id="opentelemetry",
        package="opentelemetry-sdk",
        handlers=(_LOGGING, _SHUTDOWN),
        functions=(Function(_SHUTDOWN, (Save(SPAN),)),),
        source=_SOURCE,
    ),
    Library(
        id="opentelemetry, no answer",
        package="opentelemetry-sdk",
        handlers=(_LOGGING, _CERTIFI, _SHUTDOWN),
        functions=(Function(_SHUTDOWN, (Busy(10000),)),),
        source=f"{_SOURCE}; docs: OTEL_EXPORTER_OTLP_TIMEOUT, by default 10 s",
    ),
)
