"""Sends the traces of messages (``base.tracing``) by OTLP over HTTP, if ``OTEL_EXPORTER_OTLP_ENDPOINT`` is set.

A thread of the process sends what has gathered, every five seconds. Nothing waits for it: if the collector can't be
reached, spans are dropped, and the log says so once a minute. Nothing of the machine is sent with them.
"""

import atexit
import threading
import uuid
from collections.abc import Callable

from django.conf import settings

from contiple.base import tracing

FLUSH_SECONDS = 2  # for what is left when the process ends


def check_installed() -> None:
    """Raises ``ImportError`` if the extra `tracing` is not installed."""
    import opentelemetry.exporter.otlp.proto.http.trace_exporter
    import opentelemetry.sdk.trace  # noqa: F401


def begin() -> None:
    """Traces messages from now on, until the process ends. Call it in the process that serves, after any fork."""
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

    exporter = OTLPSpanExporter(
        endpoint=f"{settings.OTEL_EXPORTER_OTLP_ENDPOINT.geturl().rstrip('/')}/v1/traces",
        headers=settings.OTEL_EXPORTER_OTLP_HEADERS,
    )
    named = Resource({"service.name": settings.OTEL_SERVICE_NAME, "service.instance.id": str(uuid.uuid4())})
    # No message brings a trace with it from outside: the samplers that ask a parent come to the same.
    provider = TracerProvider(TraceIdRatioBased(settings.TRACED_SHARE), named, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracing.use(provider.get_tracer("contiple"))
    atexit.register(_end, provider.shutdown)


def _end(shut_down: Callable[[], None]) -> None:
    """Sends what is left. If the collector does not take it in time, it is lost."""
    tracing.use(None)
    sending = threading.Thread(target=shut_down, name="last traces", daemon=True)
    sending.start()
    sending.join(FLUSH_SECONDS)
