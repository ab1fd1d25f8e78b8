"""The ASGI application: pages; sockets, whose origin is checked; and the addresses for probes and metrics.

Probes and metrics are about one process, not the site.
"""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contiple.settings")
django_pages = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import OriginValidator  # noqa: E402
from channels.sessions import CookieMiddleware  # noqa: E402
from django.conf import settings  # noqa: E402

from chat.sockets.addresses import sockets  # noqa: E402
from contiple import health, lanes, request_log, scrape, traces  # noqa: E402
from contiple.base import metrics  # noqa: E402

traces.begin()
pages = lanes.in_turn(django_pages)
FOR_MACHINES = {"/health/live": health.live, "/health/ready": health.ready}


async def http(scope: dict[str, Any], receive: health.Receive, send: health.Send) -> None:
    answerer: Any = FOR_MACHINES.get(scope["path"], pages)
    if scope["path"] == "/metrics" and settings.METRICS_TOKEN:
        answerer = scrape.scrape
    await answerer(scope, receive, send)


def counted(application: Any) -> Any:
    """Counts open sockets. It is the outermost layer, so a refused or failed socket is counted down again."""

    async def count(scope: dict[str, Any], receive: health.Receive, send: health.Send) -> None:
        side = "agent" if scope["path"].startswith("/ws/desk/") else "customer"
        with metrics.sockets_open.labels(side).track_inprogress():
            await application(scope, receive, send)

    return count


allowed = OriginValidator(CookieMiddleware(URLRouter(sockets)), settings.SOCKET_ORIGINS)
application = ProtocolTypeRouter(
    {
        "http": request_log.observed(http),
        "websocket": request_log.identified(counted(allowed)),
    }
)
