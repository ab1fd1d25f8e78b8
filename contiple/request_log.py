"""Gives each request and socket its id, times requests, and writes the access log if ``ACCESS_LOG`` is set.

The id is a proxy's ``X-Request-ID`` if the proxy is trusted and the id is plain, else a new one. The answer has it as
``X-Request-ID``, and every log line of the request too. A line of the access log has the pattern of the address, never
the address, which may hold a secret; and neither the query nor the client's address.
"""

import logging
import re
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from contiple.base import log_ids, metrics
from contiple.base.addresses import is_from_proxy
from contiple.health import Receive, Scope, Send
from contiple.log_addresses import pattern

# As UUIDs, ULIDs and proxies' own ids are: nothing that could be read as a sentence, or break a line.
PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
GROUPS = {"hc", "desk", "operator", "embed", "static", "health", "metrics"}

log = logging.getLogger("contiple.access")


@dataclass
class Answer:
    """What is known of the answer so far. Status 499, as proxies write it: the client left before there was one."""

    status: int = 499
    size: int = 0


def identified(application: Any) -> Any:
    """Gives a socket its id. Its log lines have it as long as it is open."""

    async def identify(scope: Scope, receive: Receive, send: Send) -> None:
        log_ids.begin(request_id(scope))
        await application(scope, receive, send)

    return identify


def observed(application: Any) -> Any:
    """Gives a request its id, and counts and times it."""

    async def observe(scope: Scope, receive: Receive, send: Send) -> None:
        ids = log_ids.begin(request_id(scope))
        answer, began = Answer(), time.perf_counter()

        async def note(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-request-id", ids["request"].encode())]}
            else:
                answer.size += len(message.get("body", b""))
            await send(message)

        try:
            await application(scope, receive, note)
        except Exception:
            answer.status = 500
            raise
        finally:
            _done(scope, answer, time.perf_counter() - began)

    return observe


def request_id(scope: Scope) -> str:
    """Returns the id that a trusted proxy gives, or a new one."""
    given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin1")
    return given if PLAIN_ID.fullmatch(given) and is_from_proxy(scope) else ""


def group_of(path: str) -> str:
    """Returns the first folder of our addresses; of all others ``"other"``, so that nobody can make up labels."""
    first = path[1:].partition("/")[0]
    return first if first in GROUPS else "other"


def _done(scope: Scope, answer: Answer, seconds: float) -> None:
    metrics.request_done(group_of(scope["path"]), scope["method"], answer.status, seconds)
    if settings.ACCESS_LOG:
        fields = {
            "route": pattern(scope["path"]),
            "method": scope["method"],
            "status": answer.status,
            "ms": round(seconds * 1000, 1),
            "bytes": answer.size,
        }
        log.info("%(method)s %(route)s %(status)s %(ms)s ms %(bytes)s bytes", fields, extra={"fields": fields})
