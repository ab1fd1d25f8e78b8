"""The addresses of the sockets."""

from django.urls import path, re_path

from chat.sockets.agent_socket import AgentSocket
from chat.sockets.client import Send
from chat.sockets.codes import UNKNOWN
from chat.sockets.connection import Receive
from chat.sockets.customer_socket import CustomerSocket


async def no_socket(scope: dict, receive: Receive, send: Send) -> None:
    """Answers any other address by a close code: a refused handshake would tell a browser nothing."""
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": UNKNOWN})


sockets = [  # ASGI applications: Django's types know views only
    path("ws/desk/<slug:service>/", AgentSocket.serve),  # type: ignore[arg-type]
    path("ws/chat/<slug:service>/", CustomerSocket.serve),  # type: ignore[arg-type]
    re_path("", no_socket),  # type: ignore[arg-type]
]
