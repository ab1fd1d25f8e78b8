"""An IMAP server for tests: Twisted's, which speaks the whole protocol on a real socket, over mails in memory.

Started as a process of its own, with two ports: for signing in by `LOGIN`, and by SASL. Tests put mails into it, and
look at their flags, as any other client.
"""

import sys
from email import message_from_bytes
from io import BytesIO

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import Portal
from twisted.internet import defer, protocol, reactor
from twisted.mail import imap4
from zope.interface import implementer

USER, PASSWORD = "help", "s3cret:@/word"
KOREAN_USER, KOREAN_PASSWORD = "상담", "비밀 번호"  # which only SASL can pass on
FOLDERS = ("INBOX", "문의함", "Rückgaben & mehr")
UNREADABLE = b"X-Unreadable"  # a mail with this header is on a broken disk
LONGER = b"X-Longer"  # and one with this is longer than what of it is handed out


@implementer(imap4.IMessage)
class Mail:
    def __init__(self, uid: int, raw: bytes, flags: tuple) -> None:
        self.uid, self.raw, self.flags = uid, raw, set(flags)

    def getUID(self):  # noqa: N802 (Twisted's names)
        return self.uid

    def getFlags(self):  # noqa: N802
        return list(self.flags)

    def getInternalDate(self):  # noqa: N802
        return "Fri, 27 Nov 2026 10:12:00 +0000"

    def getHeaders(self, negate, *names):  # noqa: N802
        wanted = {name.decode() if isinstance(name, bytes) else name for name in names}
        headers = {name.lower(): str(value) for name, value in message_from_bytes(self.raw).items()}
        return {name: value for name, value in headers.items() if (name.upper() in wanted) != negate or not names}

    def getBodyFile(self):  # noqa: N802
        return BytesIO(self.raw.partition(b"\r\n\r\n")[2])

    def getSize(self):  # noqa: N802
        return len(self.raw) + 1_000 * (LONGER in self.raw)

    def isMultipart(self):  # noqa: N802
        return False

    def getSubPart(self, part):  # noqa: N802
        raise IndexError


@implementer(imap4.IMessageFile)
class WholeMail(Mail):
    def open(self):
        if UNREADABLE in self.raw:
            raise OSError
        return BytesIO(self.raw)


@implementer(imap4.IMailbox)
class Inbox:
    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.validity, self.next = 7, 1

    def getFlags(self):  # noqa: N802
        return ["\\Seen", "\\Flagged", "\\Deleted"]

    def getHierarchicalDelimiter(self):  # noqa: N802
        return "/"

    def getUIDValidity(self):  # noqa: N802
        return self.validity

    def getUIDNext(self):  # noqa: N802
        return self.next

    def getUID(self, message):  # noqa: N802
        return self.mails[message - 1].uid

    def getMessageCount(self):  # noqa: N802
        return len(self.mails)

    def getRecentCount(self):  # noqa: N802
        return 0

    def getUnseenCount(self):  # noqa: N802
        return len([mail for mail in self.mails if "\\Seen" not in mail.flags])

    def isWriteable(self):  # noqa: N802
        return True

    def destroy(self) -> None:
        """`DELETE`, as a test asks: the server numbers its mails anew, as after its disk was restored."""
        self.validity += 1
        self.next = len(self.mails) + 1
        for number, mail in enumerate(self.mails, 1):
            mail.uid = number

    def requestStatus(self, names):  # noqa: N802
        return imap4.statusRequestHelper(self, names)

    def addListener(self, listener):  # noqa: N802
        pass

    def removeListener(self, listener):  # noqa: N802
        pass

    def addMessage(self, body, flags=(), date=None):  # noqa: N802
        self.mails.append(WholeMail(self.next, body.read(), flags))
        self.next += 1
        return defer.succeed(None)

    def expunge(self):
        gone = [mail.uid for mail in self.mails if "\\Deleted" in mail.flags]
        self.mails = [mail for mail in self.mails if mail.uid not in gone]
        return gone

    def fetch(self, messages, uid):
        messages.last = self.next - 1 if uid else len(self.mails)
        return [(at, mail) for at, mail in enumerate(self.mails, 1) if (mail.uid if uid else at) in messages]

    def store(self, messages, flags, mode, uid):
        changed = {}
        for at, mail in self.fetch(messages, uid):
            mail.flags = set(flags) if mode == 0 else mail.flags | set(flags) if mode > 0 else mail.flags - set(flags)
            changed[at] = list(mail.flags)
        return changed


class Account(imap4.MemoryAccount):
    def _emptyMailbox(self, name, number):  # noqa: N802
        return Inbox()

    def delete(self, name):
        self.mailboxes["INBOX"].destroy()
        return True


class Realm:
    def __init__(self) -> None:
        self.account = Account(USER.encode())
        for name in FOLDERS:
            self.account.create(name)

    def requestAvatar(self, who, mind, *interfaces):  # noqa: N802
        return imap4.IAccount, self.account, lambda: None


class Factory(protocol.Factory):
    def __init__(self, portal: Portal, challengers: dict) -> None:
        self.portal, self.challengers = portal, challengers

    def buildProtocol(self, address):  # noqa: N802
        server = imap4.IMAP4Server()
        server.portal, server.challengers = self.portal, self.challengers
        return server


if __name__ == "__main__":
    checker = InMemoryUsernamePasswordDatabaseDontUse()
    checker.addUser(USER.encode(), PASSWORD.encode())
    checker.addUser(KOREAN_USER.encode(), KOREAN_PASSWORD.encode())
    portal = Portal(Realm(), [checker])
    for port, challengers in zip(sys.argv[1:], ({}, {b"PLAIN": imap4.PLAINCredentials}), strict=True):
        reactor.listenTCP(int(port), Factory(portal, challengers), interface="127.0.0.1")
    reactor.run()
