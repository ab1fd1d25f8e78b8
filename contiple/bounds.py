"""How much one request, one connection and one address may take. What is more is refused before it is read.

The server applies these in ``contiple.doorway`` and ``contiple.lanes``; a proxy in front should have bounds as well.
"""

import re

# A form or JSON. Korean text takes nine bytes for each character in a form, and a comment has at most 8,000.
FORM_BYTES = 256 * 1024
# A form with a long text in each language: an article has at most 50,000 characters.
LONG_TEXT_BYTES = 2 * 1024 * 1024
LARGEST_BYTES = LONG_TEXT_BYTES
# A mail of 30 MB in JSON, or as a field of a form. Only who has the webhook's secret may post as much.
POSTED_MAIL_BYTES = 42 * 1024 * 1024
POSTED_MAIL = "mail/inbound_mime/"  # Mailgun posts whole mails to an address with "mime" in it
# A file, sent as a body of its own. Services set smaller limits.
FILE_BYTES = 25 * 1024 * 1024
UPLOADS = re.compile(r"/(hc/[^/]+/chat|desk/[^/]+/(chat/[0-9]+|canned))/files/$")
# Addresses that take more than a form does. The first that matches counts.
BODIES = [
    (re.compile(UPLOADS.pattern.encode()), FILE_BYTES),
    (re.compile(rb"/desk/[^/]+/help-center/"), LONG_TEXT_BYTES),
    (re.compile(rb"/operator/helpcenter/"), LONG_TEXT_BYTES),
]

LINE_BYTES = 8 * 1024  # the request line, or a header
HEADERS_BYTES = 32 * 1024
HEADERS = 100

HEADER_SECONDS = 10  # from a request's first byte to its last header, or from connecting to it
# A body has this long, and a second more for each of these bytes: slower than the slowest phone network.
BODY_SECONDS, BODY_BYTES_PER_SECOND = 20, 8 * 1024
IDLE_SECONDS = 60  # between two requests; a proxy in front must close its idle connections sooner
# After a refusal the rest of the body is read for this long at most, so that the client reads the answer.
LINGER_SECONDS, LINGER_BYTES = 3, 1024 * 1024

# One address may be an office or a phone network: browsers open six connections each, and keep one socket.
CONNECTIONS_BY_ADDRESS = 600
SOCKETS_BY_ADDRESS = 2000

# Requests that are served at once. Each may hold a connection to the database (of 20): the others are for messages.
PAGES_AT_ONCE, PAGES_WAITING, PAGES_SECONDS = 8, 300, 20
# Requests that hash a password wait in a lane of their own, so that no page waits behind them.
HASHING_WAITING, HASHING_SECONDS = 60, 15
HASHING = re.compile(r"/(sign-in|confirm|password|invitation|operator/(login|password_change|agents/user))\b")
# Files that come or go, for as long as their requests: of one address, and of all that come. These are on the disk
# until they are stored.
FILES_BY_ADDRESS, FILES_ARRIVING = 24, 60
# Few are stored at once: each is worked on for a second or two, and read from the disk in pieces.
UPLOADS_AT_ONCE, UPLOADS_WAITING, UPLOADS_SECONDS = 3, 40, 30
DOWNLOADS = re.compile(r"/(hc|desk)/[^/]+/(chat|canned)/files/[0-9]+/(thumbnail/)?$")
DOWNLOADS_AT_ONCE, DOWNLOADS_WAITING, DOWNLOADS_SECONDS = 64, 300, 20
# Exports, which read and write for a while, and hold no connection to the database while a slow client reads.
EXPORTS = re.compile(r"/desk/[^/]+/(chats|masking/record)/export/$")
EXPORTS_AT_ONCE, EXPORTS_WAITING, EXPORTS_SECONDS = 4, 20, 20
PIECE_BYTES = 64 * 1024
# An answer has as long as a body has, and may stand still for this long.
STILL_SECONDS = 30


def body_limit(target: bytes, *, from_provider: bool = False) -> int:
    """Returns how many bytes a body sent to this request target may have.

    ``from_provider``: the request has the secret with which a provider posts mails.
    """
    path = target.partition(b"?")[0]
    if from_provider and path == b"/" + POSTED_MAIL.encode():
        return POSTED_MAIL_BYTES
    return next((limit for pattern, limit in BODIES if pattern.match(path)), FORM_BYTES)


def body_seconds(size: int) -> float:
    """Returns how long a body of ``size`` bytes may take to arrive."""
    return BODY_SECONDS + size / BODY_BYTES_PER_SECOND
