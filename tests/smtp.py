"""A real mail server for tests (aiosmtpd). It keeps what it takes, and answers as a test wants it to."""

import asyncio
import contextlib
import email
import email.policy
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from tests.services import free_port

logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # the server's, which says every address
OK = "250 2.0.0 taken"


@dataclass
class MailServer:
    """``at_sender``, ``at_rcpt`` and ``at_data`` return an answer for an address or a mail, or ``""`` to take it."""

    port: int = field(default_factory=free_port)
    taken: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    at_sender: Callable[[str], str] = lambda address: ""
    at_rcpt: Callable[[str], str] = lambda address: ""
    at_data: Callable[[EmailMessage], str] = lambda mail: ""
    refuses_logins: bool = False
    seconds: float = 0.0  # that each mail takes
    cuts_after_taking: int = 0  # lines to cut where the 250 would be, with the mail taken
    lines: int = 0
    controller: Controller | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def ids(self) -> list[str]:
        return [mail["Message-ID"] for _to, mail in self.taken]

    @property
    def recipients(self) -> list[str]:
        return [address for to, _mail in self.taken for address in to]

    def start(self) -> None:
        self.controller = _Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=20)
        self.controller.start()

    def stop(self) -> None:
        if self.controller:
            self.controller.stop(no_assert=True)
            self.controller = None

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802 - aiosmtpd's names
        self.lines += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        if answer := self.at_sender(address):
            return answer
        envelope.mail_from = address
        return OK

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if answer := self.at_rcpt(address):
            return answer
        envelope.rcpt_tos.append(address)
        return OK

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if answer := await asyncio.to_thread(self.at_data, mail):
            return answer
        self.taken.append((list(envelope.rcpt_tos), mail))
        if self.cuts_after_taking:
            self.cuts_after_taking -= 1
            server.transport.abort()
        return OK


class _Controller(Controller):
    def factory(self) -> SMTP:
        logins = {"authenticator": _refuse, "auth_require_tls": False} if self.handler.refuses_logins else {}
        return SMTP(self.handler, enable_SMTPUTF8=False, data_size_limit=50_000_000, **logins)


def _refuse(*_asked) -> AuthResult:
    return AuthResult(success=False, handled=False)


@contextlib.contextmanager
def mail_server(**answers) -> Iterator[MailServer]:
    server = MailServer(**answers)
    server.start()
    try:
        yield server
    finally:
        server.stop()
