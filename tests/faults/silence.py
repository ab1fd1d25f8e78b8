"""A proxy between a cluster and its PostgreSQL that can fall silent: it keeps connections open, and drops all.

TCP finds nothing wrong then: the proxy's end confirms every byte.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

CHUNK = 65536


@dataclass
class Wire:
    """``silent`` drops what goes either way on the connections that are there; ``deaf``: on new ones, too."""

    upstream: str  # the socket's path
    is_deaf: bool = False
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0), backlog=64))
    silenced: set[socket.socket] = field(default_factory=set)
    open: set[socket.socket] = field(default_factory=set)

    @property
    def port(self) -> int:
        return self.listener.getsockname()[1]

    def silence(self, *, new_ones: bool) -> None:
        self.is_deaf = new_ones
        self.silenced |= set(self.open)

    def hear(self) -> None:
        """New connections work again. What was dropped is lost, and its connections stay silent."""
        self.is_deaf = False

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = self.listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.upstream)
                self.open |= {client, server}
                if self.is_deaf:
                    self.silenced |= {client, server}
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=[source, target], daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                if source not in self.silenced:
                    target.sendall(data)
        if source in self.silenced:
            return  # the other end hears nothing of this, either
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def wire_to(url: str) -> Iterator[tuple[Wire, str]]:
    """The wire, and the URL of the same database through it."""
    parts = conninfo_to_dict(url)
    wire = Wire(f"{parts['host']}/.s.PGSQL.{parts['port']}")
    threading.Thread(target=wire.serve, daemon=True).start()
    try:
        yield wire, f"postgresql://{quote(str(parts['user']))}@127.0.0.1:{wire.port}/{parts['dbname']}"
    finally:
        wire.listener.close()
        for end in list(wire.open):
            end.close()
