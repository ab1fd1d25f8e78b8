"""Numbers that a process counts about itself, for Prometheus.

Each process has its own and answers for them directly (``contiple.scrape``), not through the proxy. Labels have a few
values, all listed here: never a service, a person or a chat.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

# From delays that nobody notices to delays that everybody does; finer around the targets (10 and 60 ms).
MESSAGE_SECONDS = (0.0025, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.04, 0.06, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

# From a fragment out of memory to what a proxy gives up on. The targets of pages are 100 ms and 1 s.
REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
METHODS = ("GET", "POST")  # all others are "other"

registry = CollectorRegistry()
ProcessCollector(registry=registry)
PlatformCollector(registry=registry)

sockets_open = Gauge("contiple_sockets_open", "Open sockets of this process.", ["side"], registry=registry)
message_seconds = Histogram(
    "contiple_message_seconds",
    "From a message's frame being received to its acknowledgement, and to each delivery by this process.",
    ["stage"],
    buckets=MESSAGE_SECONDS,
    registry=registry,
)
request_seconds = Histogram(
    "contiple_http_request_duration_seconds",
    "From a request's headers to the end of its answer, by the first folder of its address.",
    ["group", "method"],
    buckets=REQUEST_SECONDS,
    registry=registry,
)
requests = Counter(
    "contiple_http_requests_total",
    "Requests by the class of their answer's status; 499 in 4xx: the client left before.",
    ["group", "method", "status"],
    registry=registry,
)
rings_healed = Counter(
    "contiple_lost_rings_healed_total",
    "Deliveries that were lost and then found by number, at a later delivery or at a heartbeat.",
    ["found_by"],
    registry=registry,
)

# All label values exist from the start: a series that appears with its first event would lose that event.
for _side in ("agent", "customer"):
    sockets_open.labels(_side)
for _stage in ("acknowledged", "delivered"):
    message_seconds.labels(_stage)
for _found_by in ("delivery", "heartbeat"):
    rings_healed.labels(_found_by)
for _group in ("hc", "desk", "other"):
    for _method in METHODS:
        for _status in ("2xx", "3xx", "4xx", "5xx"):
            requests.labels(_group, _method, _status)


# Wall clock in seconds: the process that delivers may be another than the one that received.
_received_at: ContextVar[float] = ContextVar("received_at", default=0.0)


def request_done(group: str, method: str, status: int, seconds: float) -> None:
    method = method if method in METHODS else "other"
    request_seconds.labels(group, method).observe(seconds)
    requests.labels(group, method, f"{status // 100}xx").inc()


def message_received() -> None:
    """Notes that a frame with a message arrived now, for all that runs from here on, also in threads."""
    _received_at.set(time.time())


def received_at() -> float:
    """Returns when the frame that is being handled arrived; 0 if there is none."""
    return _received_at.get()


def message_acknowledged() -> None:
    _observe("acknowledged", received_at())


def message_delivered(received: float) -> None:
    """Counts a delivery of the message whose frame arrived at ``received``; 0 is not counted."""
    _observe("delivered", received)


def _observe(stage: str, received: float) -> None:
    if received:
        # Clocks of two machines may differ: never negative.
        message_seconds.labels(stage).observe(max(0.0, time.time() - received))


# Statistics of connection pools by name, as `get_stats()` of psycopg_pool returns them.
_pools: dict[str, Callable[[], Mapping[str, int]]] = {}


def watch_pool(name: str, stats: Callable[[], Mapping[str, int]]) -> None:
    """Shows the pool from now on; ``stats`` is its ``get_stats``."""
    _pools[name] = stats


class _Pools:
    """Reads the pools' own counts when Prometheus asks."""

    # name in the exposition, name in psycopg_pool, factor
    GAUGES = (
        ("contiple_pool_connections", "pool_size", "Connections to the database that the pool holds."),
        ("contiple_pool_free", "pool_available", "Of those, how many nobody uses now."),
        ("contiple_pool_waiting", "requests_waiting", "Who waits for a connection now."),
    )
    COUNTERS = (
        ("contiple_pool_requests", "requests_num", 1.0, "Connections asked for."),
        ("contiple_pool_queued", "requests_queued", 1.0, "Of those, how many had to wait."),
        ("contiple_pool_wait_seconds", "requests_wait_ms", 0.001, "Time spent waiting for a connection."),
        ("contiple_pool_errors", "requests_errors", 1.0, "Connections asked for in vain."),
    )

    def collect(self) -> Iterator[Metric]:
        stats = {name: read() for name, read in _pools.items()}
        for metric, key, text in self.GAUGES:
            yield _filled(GaugeMetricFamily(metric, text, labels=["pool"]), stats, key, 1.0)
        for metric, key, factor, text in self.COUNTERS:
            yield _filled(CounterMetricFamily(metric, text, labels=["pool"]), stats, key, factor)


def _filled(family: Any, stats: Mapping[str, Mapping[str, int]], key: str, factor: float) -> Metric:
    for pool, values in stats.items():
        family.add_metric([pool], values.get(key, 0) * factor)
    return family


registry.register(_Pools())
