"""A mail server that takes every mail and sends none on."""

import email
import email.header
import socketserver
import threading
from pathlib import Path
from typing import Self


class Mailbox(socketserver.ThreadingTCPServer):
    """Keeps mails in ``folder``, as they came and as they are read."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.folder = folder

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def keep(self, mail: bytes) -> None:
        number = len(list(self.folder.iterdir()))
        (self.folder / f"{number:03}").write_bytes(b"\n".join([mail, *_as_read(email.message_from_bytes(mail))]))


class _Session(socketserver.StreamRequestHandler):
    """RFC 5321, as far as a client that is sent to this server needs it."""

    server: Mailbox

    def handle(self) -> None:
        self.say("220 here")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"DATA":
                self.say("354 go on")
                self.server.keep(b"".join(iter(self.rfile.readline, b".\r\n")))
            self.say("221 bye" if verb == b"QUIT" else "250 yes")

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


def _as_read(mail: email.message.Message) -> list[bytes]:
    headers = [str(email.header.make_header(email.header.decode_header(value))) for value in mail.values()]
    return [*map(str.encode, headers), *(part.get_payload(decode=True) or b"" for part in mail.walk())]
