"""Sockets as a browser holds them, against the ASGI application with its origin check, session and routes."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator
from types import TracebackType

from asgiref.testing import ApplicationCommunicator
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from agents.models import Agent
from chat.conversation import messages
from chat.models import Chat, Message
from contiple.base.threads import in_thread

WITHIN_S = 10


class Pipe(WebsocketCommunicator):
    """Channels' own keeps threads from giving database connections back while it waits: the pool would run dry."""

    send_input = ApplicationCommunicator.send_input
    receive_output = ApplicationCommunicator.receive_output


class Line:
    """One open socket. Use it as ``async with Line(…) as line``; leaving it closes it."""

    def __init__(
        self, path: str, *, browser: Client | None = None, origin: str | None = "", language: str = "en"
    ) -> None:
        from contiple.asgi import application

        headers = [] if origin is None else [(b"origin", (origin or settings.PUBLIC_ORIGIN).encode())]
        if browser is not None:
            cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in browser.cookies.items())
            headers.append((b"cookie", cookies.encode()))
        self.pipe = Pipe(application, f"{path}?language={language}", headers=headers)
        self.heard: list[dict] = []
        self.code: int | None = None

    async def __aenter__(self) -> "Line":
        self.accepted, code = await self.pipe.connect(timeout=WITHIN_S)
        if not self.accepted:
            self.code = code
        return self

    async def __aexit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.accepted and not self.pipe.future.done():
            await self.pipe.disconnect(timeout=WITHIN_S)

    async def say(self, kind: str, **fields) -> None:
        await self.pipe.send_to(text_data=json.dumps({"type": kind, **fields}, default=str))

    async def say_raw(self, text: str | bytes) -> None:
        await self.pipe.send_to(**{"text_data" if isinstance(text, str) else "bytes_data": text})

    async def frame(self) -> dict | None:
        """The next frame; ``None`` once it was closed."""
        output = await self.pipe.receive_output(WITHIN_S)
        if output["type"] == "websocket.close":
            self.code = output["code"]
            return None
        frame = json.loads(output["text"])
        self.heard.append(frame)
        return frame

    async def hear(self, kind: str, **fields) -> dict:
        """The next frame of this type and with these values; what comes before it stays in ``heard``."""
        while True:
            frame = await self.frame()
            assert frame is not None, f"closed with {self.code} before {kind} {fields}; heard {self.heard}"
            if frame["type"] == kind and fields.items() <= frame.items():
                return frame

    async def hear_messages(self, count: int) -> list[dict]:
        return [await self.hear("message") for _ in range(count)]

    async def closing(self) -> int:
        """The code it is closed with, after whatever still comes before."""
        async with asyncio.timeout(WITHIN_S):
            while await self.frame() is not None:
                pass
        assert self.code is not None
        return self.code

    async def is_quiet(self, for_s: float = 0.15) -> bool:
        return await self.pipe.receive_nothing(for_s)

    def types(self) -> list[str]:
        return [frame["type"] for frame in self.heard]

    async def send_text(self, body: str, *, chat: int = 0, client_id: uuid.UUID | None = None) -> dict:
        """Sends a message and returns its acknowledgement: a frame of its own, or the message as it is on display."""
        sent = client_id or uuid.uuid4()
        await self.say("send", client_id=sent, body=body, **({"chat": chat} if chat else {}))
        while True:
            frame = await self.frame()
            assert frame is not None, f"closed with {self.code} before {sent}; heard {self.heard}"
            if frame.get("client_id") == str(sent) and frame["type"] in {"ack", "message"}:
                return frame


def desk(agent: Agent, *, slug: str = "", **options) -> Line:
    """The socket of the agent's page, with the agent's session."""
    browser = Client()
    browser.force_login(agent.user)
    return Line(f"/ws/desk/{slug or agent.service.slug}/", browser=browser, **options)


@contextlib.asynccontextmanager
async def desk_of(agent: Agent, **options) -> AsyncIterator[Line]:
    """Open, with the first look at the desk heard."""
    line = await do(desk, agent, **options)
    async with line:
        await line.hear("desk")
        yield line


@contextlib.asynccontextmanager
async def chat_of(token: str, *, rev: int = 0, slug: str = "demo", **options) -> AsyncIterator[Line]:
    """A customer's open socket after its hello, with the first status heard."""
    async with Line(f"/ws/chat/{slug}/", **options) as line:
        await line.say("hello", token=token, rev=rev)
        await line.hear("status")
        yield line


async def do(function, *args, **kwargs):
    """Something with the database, from a test of a socket."""
    return await in_thread(function, *args, **kwargs)


def sent(chat: Chat, body: str = "Hello") -> Message:
    """What the chat's customer wrote, from another page."""
    return messages.send_as_customer(chat, body=body, client_id=uuid.uuid4())
