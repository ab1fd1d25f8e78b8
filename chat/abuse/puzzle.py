"""A sum that the customer's browser solves before a start while a flood is on. People see nothing of it.

A browser finds a counter for which PBKDF2-SHA256 begins with ``ZERO_BITS`` zeros: 16 tries on average. A key derivation
takes a script nearly as long as a browser, other than a bare hash. Each doubling of a network's starts doubles the
tries, so a script on one core that solves sums slows itself down before it uses up the limit of its network; with four
times the cores it starts twice as many chats.
A sum is signed, for one service, for two minutes, and for one start. It stops scripts that only send forms, and slows
down others; the order of the queue and the shares (``crowds``), *End all of these* and *Block* do the rest.
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
from contiple.base.errors import DomainError, TooMany

ITERATIONS, ZERO_BITS, ZERO_BITS_MAX = 10_000, 4, 12
VALID_FOR = timedelta(minutes=2)
COUNTER_LENGTH_MAX = 10
ONCE = throttle.Limit("puzzle", 1, 2 * VALID_FOR)

# A network is asked beyond so many starts in ten minutes; a service's customers, if its last minute had more than
# so many starts and five times as many as the minutes of its last day on average.
NETWORK_STARTS, NETWORK_WINDOW = 20, timedelta(minutes=10)
SERVICE_STARTS, SERVICE_WINDOW, TIMES_USUAL = 30, timedelta(minutes=1), 5

_signer = TimestampSigner(salt="chat.abuse.puzzle")


class Unsolved(DomainError):
    """The start needs the solution of ``puzzle``: a challenge, the iterations, and how many bits must be zero."""

    code = "puzzle"
    status = 428

    def __init__(self, puzzle: str) -> None:
        super().__init__(_("Too many customers are waiting right now."))
        self.puzzle = puzzle


def require_solution(service_id: int, network: str, solution: str, *, now: datetime) -> None:
    """Raises ``Unsolved``, with a new sum, if a flood is on and ``solution`` doesn't solve an unused one."""
    bits = _bits_asked(service_id, network, now)
    if bits and not _is_solved(service_id, solution, bits, now):
        challenge = _signer.sign(f"{service_id}.{secrets.token_urlsafe(12)}")
        raise Unsolved(f"{challenge} {ITERATIONS} {bits}")


def _bits_asked(service_id: int, network: str, now: datetime) -> int:
    """Returns how many bits must be zero; 0 without a flood."""
    of_network = replace(START_BY_NETWORK, window=NETWORK_WINDOW)
    starts = throttle.recent_attempts(of_network, network, now=now)
    if starts >= NETWORK_STARTS:
        return min(ZERO_BITS + int(math.log2(starts / NETWORK_STARTS)), ZERO_BITS_MAX)
    return ZERO_BITS if _is_rushed(service_id, now) else 0


def _is_rushed(service_id: int, now: datetime) -> bool:
    of_service = replace(START_BY_SERVICE, window=SERVICE_WINDOW)
    last_minute = throttle.recent_attempts(of_service, str(service_id), now=now)
    if last_minute <= SERVICE_STARTS:
        return False
    usual = throttle.recent_attempts(START_BY_SERVICE, str(service_id), now=now) * SERVICE_WINDOW / DAY
    return last_minute > TIMES_USUAL * usual


def _is_solved(service_id: int, solution: str, bits: int, now: datetime) -> bool:
    challenge, _space, counter = solution.partition(" ")
    try:
        signed = _signer.unsign(challenge, max_age=VALID_FOR)
    except BadSignature:
        return False
    if not signed.startswith(f"{service_id}.") or not counter.isdecimal() or len(counter) > COUNTER_LENGTH_MAX:
        return False
    found = hashlib.pbkdf2_hmac("sha256", counter.encode(), challenge.encode(), ITERATIONS)
    if int.from_bytes(found[:2]) >> (16 - bits):
        return False
    try:
        throttle.count_attempt(ONCE, challenge, now=now)
    except TooMany:
        return False
    return True
