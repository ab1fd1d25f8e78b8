"""The sessions of members: begun by a member token, ended by the site's sign-out, by time or with the secret.

A page makes the session's token itself, so that a token which is sent again, because the answer was lost, finds its
session.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from agents.models import Service
from contiple.base import crypto
from helpcenter.customers import MEMBER_PREFIX, token_hash
from helpcenter.members.models import MemberSecret, MemberSession, SpentToken
from helpcenter.members.tokens import Member, Refused, Token, verify
from helpcenter.models import Customer, HelpCenter
from helpcenter.texts import known_language

LASTS = timedelta(hours=12)
_TOKEN = re.compile(MEMBER_PREFIX + r"[A-Za-z0-9_-]{43}")


class Browser(NamedTuple):
    """What the member's browser brings: the token of its session so far, the one to begin a session with, and how a
    name is masked before it is stored.
    """

    current: str
    new: str
    conceal: Callable[[str], str]


class Begun(NamedTuple):
    session: MemberSession
    token: str  # by which the browser is known from now on


def new_token() -> str:
    return MEMBER_PREFIX + secrets.token_urlsafe(32)


@transaction.atomic
def begin(service: Service, text: str, browser: Browser, *, now: datetime) -> Begun:
    """Takes a member token. Raises ``Refused``; nothing is stored then.

    The browser's session goes on if it is the member's; another member's ends. A member who is a customer already gets
    the name and e-mail of the token. Whoever is not, becomes one by ``consented``.
    """
    if not HelpCenter.objects.filter(service=service, member_interlink=True).exists():
        raise Refused("Member Interlink is off for this service.", code="off")
    if not _TOKEN.fullmatch(browser.new):
        raise Refused("The page is out of date. Load it again.", code="form")
    verified = verify(service, text, now=now)
    member = verified.member._replace(name=browser.conceal(verified.member.name))
    is_spent = _is_spent(service, verified, browser.new)
    until, current = now + LASTS, session_of(service, browser.current)
    if current is not None and member_of(current, browser.current).id == member.id:
        _fill(current, verified.secret, member, browser.current, until).save()
        return Begun(current, browser.current)
    known = session_of(service, browser.new)
    if is_spent or known is not None:
        if not (is_spent and known):
            raise _replayed()
        return Begun(known, browser.new)
    if current is not None:
        current.delete()
    session = _fill(MemberSession(service=service), verified.secret, member, browser.new, until)
    session.save()
    return Begun(session, browser.new)


def continued(parent: MemberSession, parent_token: str, *, token: str) -> MemberSession | None:
    """Returns the session of ``token`` that ends with ``parent``; a new one unless it has begun already.

    ``None`` if the token is of another form, or another session's.
    """
    known = session_of(parent.service, token)
    if known is not None or not _TOKEN.fullmatch(token):
        return known if known and known.parent_id == parent.pk else None
    session = MemberSession(service=parent.service, parent=parent)
    _fill(session, parent.secret, member_of(parent, parent_token), token, parent.expires_at).save()
    return session


def session_of(service: Service, token: str) -> MemberSession | None:
    """Returns the service's session with this token that has not ended."""
    if not token.startswith(MEMBER_PREFIX):
        return None
    running = MemberSession.objects.filter(service=service, expires_at__gt=timezone.now())
    return running.select_related("service", "secret", "customer").filter(token_hash=token_hash(token)).first()


def running_sessions(token_hashes: set[str]) -> set[str]:
    """Returns those of the hashes whose sessions have not ended."""
    running = MemberSession.objects.filter(token_hash__in=token_hashes, expires_at__gt=timezone.now())
    return set(running.values_list("token_hash", flat=True)) if token_hashes else set()


def member_of(session: MemberSession, token: str) -> Member:
    """Returns what the site has said of the session's member."""
    return Member(*json.loads(crypto.unseal(_key(token), bytes(session.sealed), _bound_to(session))))


@transaction.atomic
def consented(session: MemberSession, token: str, *, language: str) -> Customer:
    """Returns the session's customer; makes the row if there is none. Call it once the member has agreed."""
    member, service = member_of(session, token), session.service
    customer, _is_new = Customer.objects.get_or_create(
        service=service,
        member=member.id,
        defaults={"name": member.name, "email": member.email, "language": known_language(language)},
    )
    MemberSession.objects.filter(pk=session.pk).update(customer=customer)
    return customer


def end(service: Service, token: str) -> int | None:
    """Ends the session of the token, with the one that it came from and all that came from that.

    Otherwise the next page would go on as the same member. Returns the customer's id, if there was one.
    """
    session = session_of(service, token)
    if session is None:
        return None
    (session.parent or session).delete()
    return session.customer_id


def drop_expired() -> None:
    """Deletes what has run out."""
    now = timezone.now()
    MemberSession.objects.filter(expires_at__lt=now).delete()
    SpentToken.objects.filter(expires_at__lt=now).delete()


def _fill(
    session: MemberSession, secret: MemberSecret, member: Member, token: str, expires_at: datetime
) -> MemberSession:
    known = Customer.objects.filter(service=session.service_id, member=member.id)
    # An address that the member gave stays, if the site names none.
    known.update(**{"name": member.name} | ({"email": member.email} if member.email else {}))
    session.secret, session.customer, session.expires_at = secret, known.first(), expires_at
    session.token_hash = token_hash(token)
    session.sealed = crypto.seal(_key(token), json.dumps(member).encode(), _bound_to(session))
    return session


def _is_spent(service: Service, verified: Token, token: str) -> bool:
    """Notes that the token has come. Of many at once, one is the first."""
    spent, is_first = SpentToken.objects.get_or_create(
        service=service,
        nonce_hash=token_hash(verified.nonce),
        defaults={"session_hash": token_hash(token), "expires_at": verified.expires_at},
    )
    if not is_first and spent.session_hash != token_hash(token):
        raise _replayed()
    return not is_first


def _replayed() -> Refused:
    return Refused("The token was used before. Make a new one for each page.", code="replayed")


def _key(token: str) -> bytes:
    """The token has 256 random bits, so its hash is a key; another than the one that is stored."""
    return hashlib.sha256(b"helpcenter.members session " + token.encode()).digest()


def _bound_to(session: MemberSession) -> bytes:
    return f"{session.service_id} {session.token_hash}".encode()
