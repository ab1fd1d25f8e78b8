"""Registers customers. The caller makes sure that no row is made before consent.

An unauthenticated form proves nothing: no function here shows, changes or hands over a customer whose token a browser
already holds.
"""

import hashlib
import re
import secrets
import unicodedata
from datetime import datetime, timedelta

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Service
from contiple.base.errors import Invalid
from contiple.base.texts import can_be_stored, tidy_text
from helpcenter.models import Customer
from helpcenter.texts import known_language

MEMBER_PREFIX = "member-"  # begins the token of a member's session; no other token has so many signs
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # 256 bits in base64url
_MARK_LENGTH = 12  # of the hash: enough to tell a customer's tokens apart
_link_signer = signing.TimestampSigner(salt="helpcenter.link_token", sep=".")
LINK_LASTS = timedelta(days=7)  # people read a mail after a weekend
TOKEN_LASTS = timedelta(days=7)  # after the chat's end: as long as it may be evaluated
NAME_LENGTH_MAX = 80
EMAIL_LENGTH_MAX = 254
# Tabs, line and paragraph separators break the page that shows a name; bidirectional overrides and isolates turn the
# words around it about (UTR #36, 2.5).
_REFUSED_SIGNS = set("\t\n\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def register_customer(
    service: Service, *, name: str, email: str, language: str, token: str = ""
) -> tuple[Customer, str]:
    """Makes a customer; returns it with the token that the browser keeps. Only the token's SHA-256 is stored.

    A page makes its ``token`` itself, so that a start which is sent twice finds its customer. A token of another form,
    or one that is taken, is replaced. Raises ``Invalid`` for a name or an e-mail that can't be used; the e-mail may be
    empty.
    """
    if not _TOKEN.fullmatch(token) or Customer.objects.filter(token_hash=token_hash(token)).exists():
        token = secrets.token_urlsafe(32)
    customer = Customer.objects.create(
        service=service,
        name=clean_name(name),
        email=clean_email(email),
        language=known_language(language),
        token_hash=token_hash(token),
    )
    return customer, token


def customer_for_inquiry(service: Service, *, name: str, email: str, language: str) -> Customer:
    """Returns the customer of a Contact Us form: the row of an earlier form with this name and e-mail, or a new one.

    Never a member's row: whoever writes a form only claims the address.
    """
    name, email = clean_name(name), clean_email(email)
    unproved = Customer.objects.filter(service=service, token_hash=None, member=None)
    known = unproved.filter(email__iexact=email, name=name).order_by("pk")
    return known.first() or Customer.objects.create(
        service=service, name=name, email=email, language=known_language(language)
    )


def same_address(customer: Customer) -> QuerySet[Customer]:
    """The service's other customers with this e-mail address; it proves nothing. None if the address is empty.

    Without those whom agents have merged with the customer.
    """
    if not customer.email:
        return Customer.objects.none()
    same = Customer.objects.alias(lower=Lower("email")).filter(lower=Lower(Value(customer.email)))
    kept = customer.merged_into_id or customer.pk
    same = same.filter(Q(merged_into=None) | ~Q(merged_into=kept))
    return same.filter(service=customer.service_id).exclude(pk__in=[customer.pk, kept])


def note_contact(customer_id: int, now: datetime) -> None:
    """Notes that the customer turned to the service, and so did the one whom it was merged into.

    Customers are listed by it. Locks the row, then the kept one's.
    """
    Customer.objects.filter(pk=customer_id, last_contact_at__lt=now).update(last_contact_at=now)
    _note_contact_of_kept(customer_id, now)


def with_email(customer: Customer, email: str) -> Customer:
    """Returns the customer, with ``email`` if none was known. Raises ``Invalid`` if there is none at all then."""
    if not customer.email:
        customer.email = clean_email(email)
        if not customer.email:
            raise Invalid(_("Please enter an e-mail address such as name@example.com."), code="email")
        customer.save(update_fields=["email"])
    return customer


def keep_token(customer_id: int, until: datetime | None, *, contact_at: datetime | None = None) -> None:
    """Lets the customer's token end then; with ``None`` it lasts until this is called again.

    ``contact_at`` is the moment if the customer has just turned to the service (``note_contact``).
    """
    contact = {"last_contact_at": contact_at} if contact_at else {}
    Customer.objects.filter(pk=customer_id).update(token_ends_at=until, **contact)
    if contact_at:
        _note_contact_of_kept(customer_id, contact_at)


def revoke_token(customer_id: int) -> None:
    """Ends the customer's token, and every link that was sent until now: both are nobody's from now on.

    The row keeps a hash that nothing has. Without one it would count among those of inquiries, which people share.
    """
    Customer.objects.filter(pk=customer_id).exclude(token_hash=None).update(
        token_hash=token_hash(secrets.token_urlsafe(32))
    )


def link_token(customer: Customer) -> str:
    """Returns a token for a link in a mail to the customer's own address.

    It ends after ``LINK_LASTS``, with the browser's token, or when that is revoked.
    """
    return _link_signer.sign(f"{customer.pk}-{(customer.token_hash or '')[:_MARK_LENGTH]}")


def known_by(token: str, prefix: str = "") -> Q:
    """Returns what selects the customer of a browser's token, or of a member's session or a link that has not ended.

    ``prefix`` leads from the rows that are selected to the customer.
    """
    if token.startswith(MEMBER_PREFIX):
        sessions = f"{prefix}member_sessions__"
        return Q(**{f"{sessions}token_hash": token_hash(token), f"{sessions}expires_at__gt": timezone.now()})
    lasts = Q(**{f"{prefix}token_ends_at": None}) | Q(**{f"{prefix}token_ends_at__gt": Now()})
    if is_of_browser(token):
        return Q(**{f"{prefix}token_hash": token_hash(token)}) & lasts
    try:
        pk, _sep, mark = _link_signer.unsign(token, max_age=LINK_LASTS).partition("-")
    except signing.BadSignature:
        return Q(pk__in=[])
    marked = {f"{prefix}token_hash__startswith": mark} if mark else {}
    return Q(**{f"{prefix}pk": int(pk)}, **marked) & lasts


def mark_of(token: str) -> str:
    """Returns how the ``token_hash`` of its customer begins as long as this token of a browser, or link, counts.

    Raises ``BadSignature`` for what is neither.
    """
    return token_hash(token) if is_of_browser(token) else _link_signer.unsign(token).partition("-")[2]


def is_of_browser(token: str) -> bool:
    """Whether it can only be a token that a browser has made: neither a member's session nor a link."""
    return "." not in token and not token.startswith(MEMBER_PREFIX)


def token_hash(token: str) -> str:
    """Returns the token's SHA-256 in hex, enough for 256 random bits. Accepts any text, even one that is no token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _note_contact_of_kept(customer_id: int, now: datetime) -> None:
    kept = Customer.objects.filter(pk=customer_id, merged_into__isnull=False).values("merged_into")[:1]
    Customer.objects.filter(pk=kept, last_contact_at__lt=now).update(last_contact_at=now)


def clean_name(name: str) -> str:
    """Returns the name trimmed and in NFC. Raises ``Invalid``."""
    name = tidy_text(name)
    if not can_be_stored(name) or not _REFUSED_SIGNS.isdisjoint(name):
        raise Invalid(_("The name has characters that can’t be used."), code="name")
    if not any(unicodedata.category(sign)[0] in "LNPS" for sign in name):
        raise Invalid(_("Please enter your name."), code="name")
    if len(name) > NAME_LENGTH_MAX:
        raise Invalid(_("The name is too long."), code="name")
    return name


def clean_email(email: str) -> str:
    """Returns the e-mail trimmed; it may be empty. Raises ``Invalid``."""
    email = email.strip()
    try:
        if email:
            validate_email(email)
    except ValidationError:
        raise Invalid(_("Please enter an e-mail address such as name@example.com."), code="email") from None
    if len(email) > EMAIL_LENGTH_MAX:
        raise Invalid(_("The e-mail address is too long."), code="email")
    return email
