"""Takes mails that a provider posts (``INBOUND_WEBHOOK``). Imported only then: it needs the package django-anymail.

django-anymail proves whose post it is and finds the mail in it; we read the mail, as any other. The answer tells the
provider whether to post it again: 200 only if the mail is stored, or was stored before. The server refuses a large
body before the secret is known to be right (``contiple.doorway``).
"""

from typing import Any
from urllib.parse import parse_qs

from anymail.inbound import AnymailInboundMessage
from anymail.webhooks import mailgun, mailjet, postmark
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from tickets.mail import nobodys
from tickets.mail.incoming import NobodysMail, receive
from tickets.mail.parsing import MAIL_LENGTH_MAX


class WholeMail(AnymailInboundMessage):
    """A mail that is not parsed here: that takes long, and is for a process of its own."""

    raw: str = ""

    @classmethod
    def parse_raw_mime(cls, s: str) -> "WholeMail":
        message = cls()
        message.raw = s
        return message


for _module in (mailgun, mailjet, postmark):
    _module.AnymailInboundMessage = WholeMail


class _Inbound:
    """What is ours in each provider's view."""

    run_validators: Any
    parse_events: Any

    def post(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        if request.content_type == "multipart/form-data":
            request.encoding = "latin-1"  # a field has bytes of any charset: each becomes one character
        self.run_validators(request)
        outcomes = [_is_taken(event.message, request) for event in self.parse_events(request)]
        if not all(outcomes):
            raise Http404
        return HttpResponse()


class Mailgun(_Inbound, mailgun.MailgunInboundWebhookView):
    pass


class Mailjet(_Inbound, mailjet.MailjetInboundWebhookView):
    pass


class Postmark(_Inbound, postmark.PostmarkInboundWebhookView):
    pass


PROVIDERS: dict[str, Any] = {"MAILGUN": Mailgun, "MAILJET": Mailjet, "POSTMARK": Postmark}


def _is_taken(message: WholeMail, request: HttpRequest) -> bool:
    """Files a mail. One for no service is on record, and may come again until a service has the address."""
    raw, now = _raw(message, request), timezone.now()
    try:
        receive(raw[: MAIL_LENGTH_MAX + 1], size=len(raw), now=now, recipients=_addresses(message.envelope_recipient))
    except NobodysMail as error:
        nobodys.note(error.mail, now=now)
        return False
    return True


def _raw(message: WholeMail, request: HttpRequest) -> bytes:
    raw = _posted(message.raw, request) if message.raw else message.as_bytes()
    return b"Return-Path: <>\n" + raw if message.envelope_sender in ("", "<>") else raw


def _posted(raw: str, request: HttpRequest) -> bytes:
    """Returns the bytes that the provider posted. Django reads forms as UTF-8, which a mail need not be."""
    if request.content_type == "multipart/form-data":
        return raw.encode("latin-1")
    if request.content_type == "application/x-www-form-urlencoded":
        fields = parse_qs(request.body.decode("latin-1"), encoding="latin-1")
        return fields["body-mime"][-1].encode("latin-1")
    return raw.encode("utf-8", "surrogatepass")


def _addresses(recipients: str | None) -> list[str]:
    return [each.strip() for each in (recipients or "").split(",") if each.strip()]
