"""The addresses of the sockets."""

from django.urls import path, re_path

from chat.consumers import AgentSocket, CustomerSocket, no_socket

sockets = [
    path("ws/desk/<slug:service>/", AgentSocket.as_asgi()),
    path("ws/chat/<slug:service>/", CustomerSocket.as_asgi()),
    re_path("", no_socket),  # type: ignore[arg-type]  # Django knows of views alone
]
