"""A folder on an IMAP server: which mails are in it, and what they are. Every wait has an end."""

import contextlib
import imaplib
import re
import ssl
from base64 import b64encode
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
        if url.scheme != "imaps":
            _encrypt(connection, url.hostname)
        _sign_in(connection, unquote(url.username or ""), unquote(url.password or ""))
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
    host = url.hostname or ""
    if url.scheme == "imaps":
        context = ssl.create_default_context()
        return imaplib.IMAP4_SSL(host, url.port or 993, ssl_context=context, timeout=timeout_s)
    return imaplib.IMAP4(host, url.port or 143, timeout=timeout_s)


def _encrypt(connection: imaplib.IMAP4, host: str | None) -> None:
    if "STARTTLS" in connection.capabilities:
        connection.starttls(ssl.create_default_context())
    elif host not in _LOCAL:
        raise NotSafe


def _sign_in(connection: imaplib.IMAP4, user: str, password: str) -> None:
    """Signs in, by SASL (RFC 4616) if the server offers it: `LOGIN` takes only ASCII."""
    if "AUTH=PLAIN" in connection.capabilities:
        connection.authenticate("PLAIN", lambda _challenge: f"\0{user}\0{password}".encode())
    else:
        connection.login(user, password)


def _encoded(folder: str) -> str:
    """Returns the folder's name as IMAP writes it, quoted and in its own UTF-7 (RFC 3501, 5.1.3)."""
    plain = re.sub("[^ -~]+", lambda found: f"&{_utf7(found[0])}-", folder.replace("&", "&-"))
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _utf7(text: str) -> str:
    return b64encode(text.encode("utf-16-be"), b"+,").rstrip(b"=").decode()


class Folder:
    """An open folder. A mail's number (UID) stays its own as long as the folder's ``validity`` is the same."""

    def __init__(self, connection: imaplib.IMAP4, name: str, folder: str) -> None:
        self._connection = connection
        self.name = name
        _done(connection.select(_encoded(folder)))
        self.validity = int(connection.response("UIDVALIDITY")[1][0])

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
        wanted = f"(BODY.PEEK[]<0.{MAIL_LENGTH_MAX + 1}> RFC822.SIZE)"
        answer = self._uid("FETCH", str(number), wanted)
        mail = next((each[1] for each in answer if isinstance(each, tuple)), None)
        if mail is None:
            return None
        said = b" ".join(each[0] if isinstance(each, tuple) else each for each in answer)
        size = re.search(rb"RFC822\.SIZE (\d+)", said)  # before the mail or after it, as the server likes
        return mail, max(len(mail), int(size[1]) if size else 0)

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
