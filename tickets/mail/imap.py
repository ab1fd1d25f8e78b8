"""A folder on an IMAP server: which mails are in it, and what they are. Every wait has an end."""

import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterator
from urllib.parse import SplitResult, unquote

from tickets.mail.parsing import MAIL_LENGTH_MAX

TIMEOUT_S = 30  # of each step
_LOCAL = {"localhost", "127.0.0.1", "::1"}
imaplib._MAXLINE = 10_000_000  # type: ignore[attr-defined]  # a search may find a million mails


class NotSafe(OSError):
    """The server offers no encryption, and the password would go over a network."""


@contextlib.contextmanager
def opened(url: SplitResult, *, timeout_s: float = TIMEOUT_S) -> Iterator["Folder"]:
    """Signs in and opens the folder that the URL names, INBOX if it names none. Raises ``OSError`` or imaplib's."""
    connection = _connected(url, timeout_s)
    try:
        connection.login(unquote(url.username or ""), unquote(url.password or ""))
        yield Folder(connection, name_of(url), _folder_in(url))
    finally:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            connection.logout()


def name_of(url: SplitResult) -> str:
    """Returns what the folder is called in the database and to operators; it has no password."""
    return f"{url.hostname}/{unquote(url.username or '')}/{_folder_in(url)}"[:255]


def _folder_in(url: SplitResult) -> str:
    return unquote(url.path.strip("/")) or "INBOX"


def _connected(url: SplitResult, timeout_s: float) -> imaplib.IMAP4:
    host, context = url.hostname or "", ssl.create_default_context()
    if url.scheme == "imaps":
        return imaplib.IMAP4_SSL(host, url.port or 993, ssl_context=context, timeout=timeout_s)
    connection = imaplib.IMAP4(host, url.port or 143, timeout=timeout_s)
    if "STARTTLS" in connection.capabilities:
        connection.starttls(context)
    elif host not in _LOCAL:
        connection.shutdown()
        raise NotSafe
    return connection


class Folder:
    """An open folder. A mail's number (UID) stays its own as long as the folder's ``validity`` is the same."""

    def __init__(self, connection: imaplib.IMAP4, name: str, folder: str) -> None:
        self._connection = connection
        self.name = name
        _done(connection.select('"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'))
        validity = connection.response("UIDVALIDITY")[1][0]
        if validity is None:
            raise imaplib.IMAP4.error("the server gives mails no lasting numbers")
        self.validity = int(validity)

    def highest(self) -> int:
        """Returns the highest number of a mail in the folder, 0 if it is empty."""
        return max(self._search("ALL"), default=0)

    def unread(self) -> list[int]:
        return self._search("UNSEEN")

    def numbers_after(self, number: int) -> list[int]:
        """Returns the numbers above ``number``. `n:*` always has the last mail, so that may have to go."""
        return [each for each in self._search("UID", f"{number + 1}:*") if each > number]

    def fetch(self, number: int) -> tuple[bytes, int] | None:
        """Returns the mail, or its beginning if it is too large, and its size; ``None`` if it is gone meanwhile."""
        wanted = f"(RFC822.SIZE BODY.PEEK[]<0.{MAIL_LENGTH_MAX + 1}>)"
        found = next((each for each in self._uid("FETCH", str(number), wanted) if isinstance(each, tuple)), None)
        if found is None:
            return None
        size = re.search(rb"RFC822\.SIZE (\d+)", found[0])
        return found[1], max(len(found[1]), int(size[1]) if size else 0)

    def mark_read(self, number: int) -> None:
        self._uid("STORE", str(number), "+FLAGS", r"(\Seen)")

    def flag(self, number: int) -> None:
        self._uid("STORE", str(number), "+FLAGS", r"(\Flagged)")

    def _search(self, *criteria: str) -> list[int]:
        return sorted(int(each) for line in self._uid("SEARCH", *criteria) for each in (line or b"").split())

    def _uid(self, *command: str) -> list:
        return _done(self._connection.uid(*command))


def _done(answer: tuple[str, list]) -> list:
    """Returns the data of an answer. Raises imaplib's error, without the server's words, if it is no OK."""
    kind, data = answer
    if kind != "OK":
        raise imaplib.IMAP4.error(kind)
    return data
