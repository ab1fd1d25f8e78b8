"""Asks the ASGI application as a machine does: without Django's test client, which would go past what is in front."""

import asyncio
from dataclasses import dataclass

from contiple.asgi import application


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str


async def ask(path: str, *, method: str = "GET", host: str = "10.11.12.13:8000", **headers: str) -> Answer:
    sent: list[dict] = []
    received = asyncio.Queue[dict]()  # the request, and then silence: the other side stays
    received.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    async def send(message: dict) -> None:
        sent.append(message)

    lines = [(b"host", host.encode()), *((name.encode(), value.encode()) for name, value in headers.items())]
    scope = {"type": "http", "method": method, "path": path, "headers": lines, "query_string": b"", "scheme": "http"}
    await application({**scope, "asgi": {"version": "3.0"}, "http_version": "1.1"}, received.get, send)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], {n.decode().lower(): v.decode() for n, v in sent[0]["headers"]}, body.decode())
