"""A sum that the customer's browser solves before a start while a flood is on. People see nothing of it.

A browser finds ``PARTS`` counters, for each of which PBKDF2-SHA256 begins with so many zeros: in all 2 to the power of
the bits asked for tries on average; several parts, since the time for one varies widely. A key derivation takes a
script nearly as long as a browser, other than a bare hash. Each doubling of a network's starts quadruples the tries, up
to ``BITS_MAX``: then a script on one core starts a chat in six seconds, and a phone six times slower solves the sum in
half a minute. It does so while its owner fills in the form (``ahead``).

A sum is signed, for one service, for ten minutes, and for one start. It stops scripts that only send forms, and slows
down others, with four times the cores four times less. The order of the queue and the shares (``crowds``), *End all of
these* and *Block* do the rest.
"""

import hashlib
import math
import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from django.core.signing import BadSignature, TimestampSigner
from django.utils.translation import gettext_lazy as _

from agents import throttle
from chat.abuse.limits import DAY, START_BY_NETWORK, START_BY_SERVICE
from contiple.base.errors import DomainError

ITERATIONS, PARTS = 10_000, 4
BITS, BITS_MAX = 4, 11
VALID_FOR = timedelta(minutes=10)  # longer than people take for the form
COUNTER_LENGTH_MAX = 10
ONCE = throttle.Limit("puzzle", 1, 2 * VALID_FOR)

# A network is asked beyond so many starts in ten minutes; a service's customers, if its last minute had more than
# so many starts and five times as many as the minutes of its last day on average.
NETWORK_STARTS, NETWORK_WINDOW = 20, timedelta(minutes=10)
SERVICE_STARTS, SERVICE_WINDOW, TIMES_USUAL = 30, timedelta(minutes=1), 5

_signer = TimestampSigner(salt="chat.abuse.puzzle")


class Unsolved(DomainError):
    """The start needs the solution of ``puzzle``: a challenge, the iterations, the bits of each part, the parts."""

    code = "puzzle"
    status = 428

    def __init__(self, puzzle: str) -> None:
        super().__init__(_("Too many customers are waiting right now."))
        self.puzzle = puzzle


def require_solution(service_id: int, network: str, solution: str, *, now: datetime) -> None:
    """Raises ``Unsolved``, with a new sum, if a flood is on and ``solution`` doesn't solve an unused one."""
    bits = _bits_asked(service_id, network, now)
    if bits and not _is_solved(service_id, solution, bits, now):
        raise Unsolved(_sum(service_id, bits))


def ahead(service_id: int, network: str, *, now: datetime) -> str:
    """Returns a sum for a start that is about to come, ``""`` without a flood: harder than now, as the flood grows."""
    bits = _bits_asked(service_id, network, now)
    return _sum(service_id, min(bits + 1, BITS_MAX)) if bits else ""


def _sum(service_id: int, bits: int) -> str:
    challenge = _signer.sign(f"{service_id}.{secrets.token_urlsafe(12)}")
    return f"{challenge} {ITERATIONS} {_bits_of_part(bits)} {PARTS}"


def _bits_of_part(bits: int) -> int:
    return bits - int(math.log2(PARTS))


def _bits_asked(service_id: int, network: str, now: datetime) -> int:
    """Returns the power of two of the tries that a start costs; 0 without a flood."""
    of_network = replace(START_BY_NETWORK, window=NETWORK_WINDOW)
    starts = throttle.recent_attempts(of_network, network, now=now)
    if starts >= NETWORK_STARTS:
        return min(BITS + int(2 * math.log2(starts / NETWORK_STARTS)), BITS_MAX)
    return BITS if _is_rushed(service_id, now) else 0


def _is_rushed(service_id: int, now: datetime) -> bool:
    of_service = replace(START_BY_SERVICE, window=SERVICE_WINDOW)
    last_minute = throttle.recent_attempts(of_service, str(service_id), now=now)
    if last_minute <= SERVICE_STARTS:
        return False
    usual = throttle.recent_attempts(START_BY_SERVICE, str(service_id), now=now) * SERVICE_WINDOW / DAY
    return last_minute > TIMES_USUAL * usual


def _is_solved(service_id: int, solution: str, bits: int, now: datetime) -> bool:
    challenge, *counters = solution.split(" ")
    try:
        signed = _signer.unsign(challenge, max_age=VALID_FOR)
    except BadSignature:
        return False
    if not signed.startswith(f"{service_id}.") or len(counters) != PARTS:
        return False
    if not all(_is_zero(challenge, number, counter, bits) for number, counter in enumerate(counters)):
        return False
    return throttle.allow(ONCE, challenge, now=now)


def _is_zero(challenge: str, number: int, counter: str, bits: int) -> bool:
    if not counter.isdecimal() or len(counter) > COUNTER_LENGTH_MAX:
        return False
    found = hashlib.pbkdf2_hmac("sha256", counter.encode(), f"{challenge} {number}".encode(), ITERATIONS)
    return int.from_bytes(found[:2]) >> (16 - _bits_of_part(bits)) == 0
