"""The addresses of the sockets."""

from django.urls import path, re_path

from chat.sockets.agent_socket import AgentSocket
from chat.sockets.connection import UNKNOWN, Receive, Send
from chat.sockets.customer_socket import CustomerSocket


async def no_socket(scope: dict, receive: Receive, send: Send) -> None:
    """Any other address: said by a close code, since a refused handshake tells a browser nothing."""
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": UNKNOWN})


sockets = [  # ASGI applications: Django's types know of views alone
    path("ws/desk/<slug:service>/", AgentSocket.serve),  # type: ignore[arg-type]
    path("ws/chat/<slug:service>/", CustomerSocket.serve),  # type: ignore[arg-type]
    re_path("", no_socket),  # type: ignore[arg-type]
]
