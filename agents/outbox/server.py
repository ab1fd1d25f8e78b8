"""The mail server: whether there is one, and how it is handed one mail.

Nothing waits for ever: connecting has ``settings.EMAIL_TIMEOUT``, each answer ``ANSWER_S``. The answer after the whole
mail may take long (a server looks for viruses before it), and giving up then means to send the mail twice.
"""

import contextlib
import smtplib
from collections.abc import Iterator
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any, NamedTuple

from django.conf import settings
from django.core import mail
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import EmailMultiAlternatives, sanitize_address

from agents.outbox.models import OutgoingMail
from agents.outbox.posting import content_of
from agents.outbox.problems import Problem, codes_of, with_codes

ANSWER_S = 60


class Result(NamedTuple):
    """How one mail went. ``left``: the addresses to try again, if not ``is_final``. ``error`` is for ``last_error``."""

    left: list[str]
    error: str = ""
    is_final: bool = False
    taken: bool = False  # by at least one recipient's server


class Unreachable(Exception):
    """No mail at all can be handed over now. The text is for ``last_error``."""


def has_mail_server() -> bool:
    """Returns whether mail leaves this installation: without a mail server, links are passed on by hand."""
    return not settings.EMAIL_BACKEND.endswith((".console.EmailBackend", ".dummy.EmailBackend"))


class Line:
    """An open connection to the mail server."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend
        self.is_smtp = isinstance(backend, EmailBackend)

    def send(self, row: OutgoingMail) -> Result:
        """Hands the mail over to the recipients in ``row.pending``."""
        message = message_of(row)
        if not self.is_smtp:
            self.backend.send_messages([message])
            return Result([], taken=True)
        if not all(address.rpartition("@")[0].isascii() for address in row.pending):
            return Result([], with_codes(Problem.ADDRESS), is_final=True)
        return self._hand_over(message, row.pending)

    @property
    def is_open(self) -> bool:
        """``smtplib`` closes the socket of a line on which something went wrong for good."""
        return not self.is_smtp or self.backend.connection.sock is not None

    def _hand_over(self, message: EmailMultiAlternatives, pending: list[str]) -> Result:
        """An answer of 5xx is final. Everything else is tried again."""
        envelope = {sanitize_address(address, "utf-8"): address for address in pending}
        body = _bytes_of(message)
        sender = parseaddr(message.from_email)[1]
        try:
            refused = self.backend.connection.sendmail(sender, list(envelope), body)
        except smtplib.SMTPRecipientsRefused as error:
            unasked = dict.fromkeys(envelope, (421, b""))  # the server has closed the line before
            return _refused(envelope, unasked | error.recipients)
        except smtplib.SMTPDataError as error:
            return _answered(Problem.CONTENT, error, pending)
        except smtplib.SMTPSenderRefused as error:
            # Too large is about this mail (RFC 1870). Anything else is about how the server is set up.
            final = error.smtp_code == 552
            return Result(pending, with_codes(Problem.SENDER, codes_of(error)), is_final=final)
        except OSError as error:  # disconnected, timed out, or an answer that can't be read
            self.backend.connection.close()
            return Result(pending, with_codes(Problem.CUT, codes_of(error)))
        return _refused(envelope, refused) if refused else Result([], taken=True)


@contextlib.contextmanager
def opened() -> Iterator[Line]:
    """Connects, and disconnects afterwards. Raises ``Unreachable``."""
    backend: Any = mail.get_connection()
    line = Line(backend)
    try:
        backend.open()
        if line.is_smtp:
            backend.connection.sock.settimeout(ANSWER_S)
    except smtplib.SMTPAuthenticationError as error:
        raise Unreachable(with_codes(Problem.LOGIN, codes_of(error))) from None
    except OSError as error:  # all of smtplib's errors are
        raise Unreachable(with_codes(Problem.UNREACHABLE, codes_of(error))) from None
    try:
        yield line
    finally:
        with contextlib.suppress(OSError):
            backend.close()


def message_of(row: OutgoingMail) -> EmailMultiAlternatives:
    """Returns the mail as it leaves. Its id and its date are the same at each try, so that a double is recognised."""
    text, html = content_of(row)
    headers = {"Message-ID": row.message_id, "Date": format_datetime(row.created_at)}
    if row.in_reply_to:
        headers["In-Reply-To"] = row.in_reply_to
    if row.references:
        headers["References"] = " ".join(row.references)
    if row.is_automatic:
        headers |= {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}  # RFC 3834; Exchange
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    message = EmailMultiAlternatives(
        row.subject,
        text,
        formataddr((row.from_name or name, sanitize_address(address, "utf-8"))),
        row.to,
        cc=row.cc,
        reply_to=[row.reply_to] if row.reply_to else None,
        headers=headers,
    )
    if html:
        message.attach_alternative(html, "text/html")
    return message


def _bytes_of(message: EmailMultiAlternatives) -> bytes:
    made: Any = message.message()  # Django's own class, which knows line ends
    return made.as_bytes(linesep="\r\n")


def _refused(envelope: dict[str, str], answers: dict[str, Any]) -> Result:
    """Some or all recipients were refused: those with 4xx are left for another try."""
    left = [envelope[address] for address, (code, _words) in answers.items() if code < 500]
    worst = max(answers.values(), key=lambda answer: answer[0])
    problem = Problem.LATER if worst[0] < 500 else Problem.RECIPIENT
    return Result(left, with_codes(problem, codes_of(worst)), is_final=not left, taken=len(answers) < len(envelope))


def _answered(problem: Problem, error: smtplib.SMTPResponseException, pending: list[str]) -> Result:
    final = error.smtp_code >= 500
    return Result(pending, with_codes(problem if final else Problem.LATER, codes_of(error)), is_final=final)
