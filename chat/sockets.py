"""The addresses of the sockets."""

from django.urls import path

from chat.consumers import AgentSocket, CustomerSocket

sockets = [
    path("ws/desk/<slug:service>/", AgentSocket.as_asgi()),
    path("ws/chat/<slug:service>/", CustomerSocket.as_asgi()),
]
