"""A line between browser and server that can break, as lines do: a TCP proxy on a port that stays the same."""

import contextlib
import socket
import threading
from collections.abc import Iterator

CHUNK = 65536


class Line:
    """``up`` forwards, ``deaf`` loses what the server says, ``down`` refuses and has cut what was open."""

    def __init__(self) -> None:
        self.upstream = 0  # the server's port
        self.mode = "up"
        self.open: set[socket.socket] = set()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    def cut(self) -> None:
        with self.lock:
            self.mode = "down"
            for end in self.open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def deafen(self) -> None:
        """The server hears the browsers, and they don't hear it."""
        self.mode = "deaf"

    def restore(self) -> None:
        self.mode = "up"

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                browser, _address = self.listener.accept()
                threading.Thread(target=self._connect, args=[browser], daemon=True).start()

    def _connect(self, browser: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.upstream))
        except OSError:
            browser.close()
            return
        with self.lock:
            is_down = self.mode == "down"
            if not is_down:
                self.open |= {browser, server}
        if is_down:
            browser.close()
            server.close()
            return
        threading.Thread(target=self._pump, args=[server, browser, True], daemon=True).start()
        self._pump(browser, server, from_server=False)

    def _pump(self, source: socket.socket, target: socket.socket, from_server: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                if not (from_server and self.mode == "deaf"):
                    target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self.lock:
            self.open -= {source, target}


@contextlib.contextmanager
def line() -> Iterator[Line]:
    made = Line()
    threading.Thread(target=made.serve, daemon=True).start()
    try:
        yield made
    finally:
        made.cut()
        made.listener.close()
