"""Where requests come in: each connection and request is bounded before anything is parsed or stored.

Guaranteed: a body over its limit is refused (413) when its length is announced, or when so many bytes have come; a line
or headers that are too long are refused (414, 431); a request whose headers or body come too slowly is refused (408),
however steadily its bytes drip; forms are parsed by Django alone. A refused connection ends after
``LINGER_SECONDS``. The numbers are in ``contiple.bounds``.
"""

import base64
import hmac
import math
import time
from collections import Counter
from http import HTTPStatus
from io import BytesIO
from typing import Any

from daphne.http_protocol import WebRequest
from django.conf import settings
from twisted.internet.protocol import connectionDone
from twisted.web.http import HTTPChannel, _GenericHTTPChannelProtocol
from twisted.web.http_headers import Headers

from contiple import bounds, streams
from contiple.base.addresses import counted_network, scope_address
from contiple.refusals import refusal


class Crowd:
    """Counts what each network has open, and bounds the sum. An empty network's own number is never limited."""

    def __init__(self, limit: int, *, in_all: float = math.inf) -> None:
        self.limit, self.in_all = limit, in_all
        self.open: Counter[str] = Counter()

    def enter(self, network: str) -> bool:
        """Counts one more. Returns False if there are too many."""
        if (network and self.open[network] >= self.limit) or self.open.total() >= self.in_all:
            return False
        self.open[network] += 1
        return True

    def leave(self, network: str) -> None:
        self.open[network] -= 1
        if not self.open[network]:
            del self.open[network]


connections = Crowd(bounds.CONNECTIONS_BY_ADDRESS)
sockets = Crowd(bounds.SOCKETS_BY_ADDRESS)
uploads = Crowd(bounds.FILES_BY_ADDRESS, in_all=bounds.FILES_ARRIVING)
downloads = Crowd(bounds.FILES_BY_ADDRESS)


class Channel(HTTPChannel):
    """One HTTP connection. ``network`` is set until it is closed or has become a socket."""

    MAX_LENGTH = bounds.LINE_BYTES
    totalHeadersSize = bounds.HEADERS_BYTES  # noqa: N815 - Twisted's names
    maxHeaders = bounds.HEADERS  # noqa: N815
    transport: Any
    network: str | None = None
    discarded = 0
    is_refused = False
    pace: streams.Pace
    is_reading = True  # a request has begun, or is waited for since the connection was made

    def connectionMade(self) -> None:  # noqa: N802
        self.pace = streams.Pace()
        super().connectionMade()
        self.setTimeout(bounds.HEADER_SECONDS)

    def connectionLost(self, reason: Any = connectionDone) -> None:  # noqa: N802
        self.leave()
        self.pace.go()
        super().connectionLost(reason)

    def leave(self) -> None:
        if self.network is not None:
            connections.leave(self.network)
            self.network = None

    def pauseProducing(self) -> None:  # noqa: N802
        self.pace.hold()
        super().pauseProducing()

    def resumeProducing(self) -> None:  # noqa: N802
        self.pace.go()
        super().resumeProducing()

    def resetTimeout(self) -> None:  # noqa: N802
        """Does nothing: Twisted gives more time with each byte."""

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        if self.is_refused:
            self._discard(data)
            return
        if not self.is_reading and not self._handlingRequest:
            self.is_reading = True
            self.setTimeout(bounds.HEADER_SECONDS)
        super().dataReceived(data)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802
        self.refuse(431 if hasattr(self, "_command") else 414)

    def lineReceived(self, line: bytes) -> None:  # noqa: N802
        if self.is_refused:
            return
        if self._receivedHeaderSize + len(line) > self.totalHeadersSize:
            self.refuse(431)
            return
        super().lineReceived(line)

    def headerReceived(self, line: bytes) -> bool:  # noqa: N802
        if self._receivedHeaderCount >= self.maxHeaders:
            self.refuse(431)
        return not self.is_refused and super().headerReceived(line)

    def allHeadersReceived(self) -> None:  # noqa: N802
        if self.is_refused:
            return
        codings = self.requests[-1].requestHeaders.getRawHeaders(b"transfer-encoding", [])
        if [coding.lower() for coding in codings] not in ([], [b"chunked"]):
            self.refuse(400)  # a proxy may see the end of its body elsewhere (RFC 9112 §6.3)
            return
        limit = self.requests[-1].limit = bounds.body_limit(
            self._path, from_provider=_has_webhook_secret(self.requests[-1].requestHeaders)
        )
        if (self.length or 0) > limit:
            self.refuse(413)
            return
        if not self.requests[-1].enter_files(self._path):
            self.refuse(503)
            return
        if self.length != 0:
            self.setTimeout(bounds.body_seconds(limit if self.length is None else self.length))
        super().allHeadersReceived()

    def rawDataReceived(self, data: bytes) -> None:  # noqa: N802
        if not self.is_refused:
            super().rawDataReceived(data)

    def allContentReceived(self) -> None:  # noqa: N802
        if self.is_refused:
            return
        self.is_reading = False
        self.setTimeout(bounds.IDLE_SECONDS)  # which Twisted puts aside until the answer has been sent
        super().allContentReceived()

    def timeoutConnection(self) -> None:  # noqa: N802
        if self.is_refused:
            self.transport.abortConnection()
        elif self.is_reading and self.requests:
            self.refuse(408)
        else:
            super().timeoutConnection()

    def refuse(self, status: int) -> None:
        """Answers at once and ends the connection. What still comes is read for a while, and thrown away."""
        self.is_refused = True
        asked = self.requests[-1].requestHeaders.getAllRawHeaders() if self.requests else []
        headers, body = refusal(status, {name.lower(): values[0] for name, values in asked})
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode(), b"Connection: close"]
        lines += [name + b": " + value for name, value in headers]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        self.transport.loseWriteConnection()
        self.setTimeout(bounds.LINGER_SECONDS)

    def _discard(self, data: bytes) -> None:
        self.discarded += len(data)
        if self.discarded > bounds.LINGER_BYTES:
            self._networkProducer.pauseProducing()


def _has_webhook_secret(headers: Headers) -> bool:
    """Whether the request is from the provider that posts mails. Takes as long for any wrong secret."""
    secret: str = settings.INBOUND_WEBHOOK_SECRET
    given = headers.getRawHeaders(b"authorization", [b""])[0].removeprefix(b"Basic ").strip()
    return bool(secret) and hmac.compare_digest(given, base64.b64encode(secret.encode()))


class Request(WebRequest):
    """One request. ``limit`` is what its body may have, set when its headers are there."""

    limit = bounds.FORM_BYTES
    received = 0
    waited_s = 0.0  # for the client to take the answer
    counted: tuple[Crowd, str] | None = None  # a file, in this crowd, of this network
    is_upload = False
    content: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._parsePOSTFormSubmission = False  # Django parses forms

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        self.received += len(data)
        if self.channel.is_refused:
            return
        if self.received > self.limit:
            self.channel.refuse(413)
            return
        super().handleContentChunk(data)

    def enter_files(self, target: bytes) -> bool:
        """Counts a request that brings or fetches a file until it ends. Returns False if there are too many."""
        path = target.partition(b"?")[0].decode("latin1")
        self.is_upload = self.channel._command == b"POST" and bounds.UPLOADS.match(path) is not None
        crowd = uploads if self.is_upload else downloads if bounds.DOWNLOADS.match(path) else None
        if crowd is None:
            return True
        network = self._network()
        if not crowd.enter(network):
            return False
        self.counted = crowd, network
        return True

    def _network(self) -> str:
        """The client's own, also behind a proxy: these requests are long, and few are let in."""
        given = self.requestHeaders.getAllRawHeaders()
        headers = [(name.lower(), value) for name, values in given for value in values]
        peer = getattr(self.channel.getPeer(), "host", "")
        return counted_network(scope_address({"client": [peer], "headers": headers}))

    def leave_files(self) -> None:
        if self.counted:
            crowd, network = self.counted
            crowd.leave(network)
            self.counted = None

    def finish(self) -> None:
        self.leave_files()
        super().finish()

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        self.leave_files()
        super().connectionLost(reason)

    def take_body(self) -> Any:
        """Hands over the body of an upload, an open file. Without it Daphne passes on an empty one."""
        if not self.is_upload:
            return None
        body, self.content = self.content, BytesIO()
        return body

    async def keep_pace(self, *, has_sent: bool = True) -> None:
        """Waits while the client reads more slowly than is written, and cuts off one that hardly reads at all.

        Without ``has_sent`` the application only said that it is still at work on the answer.
        """
        if self.channel is None or self.finished:
            return
        if not has_sent:
            self.request_start = time.time()
            return
        began = time.monotonic()
        is_taken = await self.channel.pace.wait(sent=self.sentLength, waited_s=self.waited_s)
        self.waited_s += time.monotonic() - began
        if is_taken:
            self.request_start = time.time()  # Daphne ends an answer that takes longer than a minute from then
        elif self.channel is not None:
            self.channel.transport.abortConnection()

    def process(self) -> Any:
        """Counts a connection that becomes a socket among the sockets, which are limited apart."""
        channel, transport, network = self.channel, self.transport, self.channel.network or ""
        wants_socket = self.requestHeaders.hasHeader(b"Upgrade")
        if wants_socket and not sockets.enter(network):
            channel.refuse(503)
            return None
        processing = super().process()
        if self.transport is None:
            channel.leave()
            transport.protocol.network = network
        elif wants_socket:
            sockets.leave(network)
        return processing

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        if status != HTTPStatus.SERVICE_UNAVAILABLE:
            super().basic_error(status, status_text, body)
            return
        asked = {name.lower(): values[0] for name, values in self.requestHeaders.getAllRawHeaders()}
        headers, page = refusal(status, asked)
        self.handle_reply({"type": "http.response.start", "status": status, "headers": headers})
        self.handle_reply({"type": "http.response.body", "body": page})


def new_channel() -> _GenericHTTPChannelProtocol:
    return _GenericHTTPChannelProtocol(Channel())


def enter(channel: Any, host: str) -> bool:
    """Counts a new connection from ``host``. Returns False if the address has too many: close it."""
    network = counted_network(host)
    if not connections.enter(network):
        return False
    channel._channel.network = network
    channel.requestFactory = Request
    return True
