"""Reads what a mail server says of a mail that it couldn't deliver (RFC 3464), and which mail that was."""

import re
from collections.abc import Iterator
from email.message import Message
from typing import NamedTuple

from tickets.mail import headers
from tickets.mail.automatic import has_null_return_path
from tickets.mail.parts import payload_of

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_ID_LINE = re.compile(rb"(?im)^[>| \t]{0,20}message-id:[ \t]{0,20}(<[^<>\s]{1,250}>)")
_SENDERS = ("mailer-daemon@", "postmaster@")
LOOKED_AT = 200_000  # bytes of each part, in which the headers of the original are searched for


class Bounce(NamedTuple):
    """``original_ids`` are Message-IDs of mails that may have been meant. ``status`` is as in RFC 3463, or empty."""

    original_ids: tuple[str, ...]
    status: str = ""


def bounce_in(message: Message) -> Bounce | None:
    """Returns what was not delivered; ``None`` if the mail is no bounce, or tells only of a delay or a delivery."""
    reports = [part for part in message.walk() if part.get_content_type() == "message/delivery-status"]
    if reports:
        return _of_reports(reports, message)
    if not (has_null_return_path(message) or _is_from_a_server(message)):
        return None
    return Bounce(found) if (found := tuple(_ids_in(message))) else None


def _of_reports(reports: list[Message], message: Message) -> Bounce | None:
    """Reads the report. One that says what failed, but not which mail, is a bounce without ids."""
    recipients = [block for report in reports for block in _blocks(report)]
    failed = [block for block in recipients if headers.raw_value(block, "Action").lower().startswith("failed")]
    if not failed:
        return None
    status = _STATUS.search(headers.raw_value(failed[0], "Status"))
    return Bounce(tuple(dict.fromkeys(_ids_in(message))), status[0] if status else "")


def _blocks(report: Message) -> list[Message]:
    payload = report.get_payload()
    return [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []


def _ids_in(message: Message) -> Iterator[str]:
    """Yields the ids of mails within this one: of attached ones, and those that stand as headers in its texts."""
    for part in message.walk():
        if part is not message:
            yield from headers.ids(part, "Message-ID")
        if part.get_content_maintype() == "text" and not part.is_multipart():
            found = _ID_LINE.findall(payload_of(part)[:LOOKED_AT])
            yield from (each.decode("ascii", "replace") for each in found[: headers.IDS_MAX])


def _is_from_a_server(message: Message) -> bool:
    return any(each.email.startswith(_SENDERS) for each in headers.addresses(message, "From"))
