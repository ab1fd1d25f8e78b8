"""The addresses of the sockets."""

from django.urls import path, re_path

from chat.consumers import AgentSocket, CustomerSocket, no_socket

sockets = [  # ASGI applications: Django's types know of views alone
    path("ws/desk/<slug:service>/", AgentSocket.serve),  # type: ignore[arg-type]
    path("ws/chat/<slug:service>/", CustomerSocket.serve),  # type: ignore[arg-type]
    re_path("", no_socket),  # type: ignore[arg-type]
]
