"""Finds personal data in a text: pure, no database, no settings, in time linear in the text's length.

Detectors read a shadow of the text (``shadow``) and map their finds back to it. Korean has no space before a particle,
so numbers are bounded by look-arounds for digits, not by ``\\b``. Each family of kinds has a module.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Set

import regex

from chat.masking.detectors.accounts import bank_accounts, ibans
from chat.masking.detectors.cards import card_codes, cards
from chat.masking.detectors.contact import addresses, emails, phones
from chat.masking.detectors.credentials import secrets
from chat.masking.detectors.custom import CUSTOM, compile_custom, find_custom, find_each, read_custom
from chat.masking.detectors.documents import driver_licenses, passports
from chat.masking.detectors.overlap import united
from chat.masking.detectors.registered import (
    business_numbers,
    foreigner_numbers,
    resident_numbers,
    social_security_numbers,
)
from chat.masking.detectors.shadow import read, with_spoken_digits
from chat.masking.spans import Span

__all__ = [
    "CUSTOM",
    "DESTROYED_BY_DEFAULT",
    "KINDS",
    "MASKED_BY_DEFAULT",
    "OFFERED_BY_DEFAULT",
    "compile_custom",
    "detect",
    "find_custom",
    "find_each",
    "find_kinds",
    "join",
    "read_custom",
]

# The surest kind first: if two finds overlap, the kind that comes first here names both.
KINDS: dict[str, Callable[[str], Iterator[tuple[int, int]]]] = {
    "card": cards,
    "rrn": resident_numbers,
    "frn": foreigner_numbers,
    "iban": ibans,
    "driver_license": driver_licenses,
    "passport": passports,
    "us_ssn": social_security_numbers,
    "secret": secrets,
    "card_code": card_codes,
    "bank_account": bank_accounts,
    "brn": business_numbers,
    "email": emails,
    "phone": phones,
    "ip": addresses,
}
# The rules until a service chooses: support needs phone, e-mail and address, and a business number is public.
MASKED_BY_DEFAULT = frozenset(KINDS) - {"brn", "email", "phone", "ip"}
OFFERED_BY_DEFAULT = frozenset({"brn"})
# Support has no use for these originals, a thief has (PCI DSS 3.3.1: card codes are not kept).
DESTROYED_BY_DEFAULT = frozenset({"card_code", "secret"})

_RANKS = {kind: rank for rank, kind in enumerate([*KINDS, CUSTOM])}
_WITHOUT_DIGITS = {"secret", "email", "ip"}
# Kinds that people dictate: long numbers that stand alone.
_SPOKEN = {"card", "rrn", "frn", "driver_license", "us_ssn", "bank_account", "brn", "phone"}
_DIGIT = re.compile(r"\d")


def detect(
    text: str, kinds: Collection[str] | None = None, *, patterns: Sequence[regex.Pattern[str]] = ()
) -> list[Span]:
    """Returns the spans of personal data in ``text``, in code points, in order, never overlapping.

    ``kinds`` limits the search (default: all ``KINDS``); ``patterns`` of ``compile_custom`` are searched besides.
    Spans that overlap become one, of the surer kind: nothing of either is left out.
    """
    return join([*find_kinds(text, kinds), *find_custom(text, patterns)])


def find_kinds(text: str, kinds: Collection[str] | None = None) -> list[Span]:
    """Returns spans as ``detect`` does, in no order and before overlapping ones are joined."""
    shadow, origin = read(text)
    wanted = KINDS.keys() if kinds is None else KINDS.keys() & set(kinds)
    bounds = set(_found(shadow, wanted))
    if spoken := with_spoken_digits(shadow):
        bounds |= set(_found(spoken, wanted & _SPOKEN))
    return [Span(kind, origin[start], origin[end - 1] + 1) for kind, start, end in bounds]


def join(spans: Iterable[Span]) -> list[Span]:
    """Returns ``spans`` in order; those that overlap become one, of the surer kind."""
    return united(spans, _RANKS)


def _found(reading: str, kinds: Set[str]) -> Iterator[tuple[str, int, int]]:
    if not _DIGIT.search(reading):
        kinds = kinds & _WITHOUT_DIGITS
    for kind in kinds:
        for start, end in KINDS[kind](reading):
            yield kind, start, end
