"""Looks under a mask, and a wrong mask taken off. Both need the agent's own permission, and both are on record.

**Reveal** (the guide's "unmask"): this agent sees the original for a while; nothing stored changes. **Lift**: the
original stands in the text again, for everybody and for good.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents import audit, throttle
from agents.access import may_unmask
from agents.models import Agent
from chat.masking import limit_notice, vault
from chat.masking.rules import rules_of
from contiple.base.errors import Closed, DomainError, TooMany

HOUR = timedelta(hours=1)


class OriginalGone(DomainError):
    """The original was destroyed: nobody can see it again."""

    code = "gone"
    status = 410


class Hidden(NamedTuple):
    """What somebody asks to see: where it is, as the trail says it, and what seals it. ``facts`` are never personal."""

    subject: str
    holder: vault.Holder
    place: str
    sealed: bytes
    facts: Mapping[str, Any]

    def record(self, agent: Agent, act: str, address: str | None) -> None:
        action = f"{self.subject.partition(':')[0]}.{act}"
        audit.record(agent.service, action, self.subject, agent=agent, address=address, **self.facts)


def look(agent: Agent, hidden: Hidden, *, address: str | None) -> str:
    """What is hidden. The look is on record before it is returned, or it is not returned. Not for use in a transaction.

    Raises ``Closed`` without Security Service or the permission, ``TooMany`` past the service's limit of looks in an
    hour, and ``OriginalGone`` where it was destroyed: each of these is on record as well.
    """
    require_look(agent, hidden, address=address)
    with gone_is_on_record(agent, hidden, address=address):
        text = opened(hidden)
    hidden.record(agent, "revealed", address)
    return text


def require_look(agent: Agent, hidden: Hidden, *, address: str | None) -> None:
    """Counts a look. Raises as ``look`` does; what is refused is on record."""
    if not may_unmask(agent):
        hidden.record(agent, "reveal_refused", address)
        raise Closed(_("You don’t have permission to unmask personal information."))
    if not (hidden.sealed and vault.has_key(hidden.holder)):
        hidden.record(agent, "reveal_gone", address)
        raise _gone()
    limit = throttle.Limit("unmask", rules_of(agent.service_id).reveals_per_hour, HOUR)
    now = timezone.now()
    try:
        throttle.count_attempt(limit, str(agent.pk), now=now)
    except TooMany:
        hidden.record(agent, "reveal_limited", address)
        limit_notice.tell_of_limit(agent, limit.attempts)  # where the limit was lowered meanwhile, for the first time
        text = _("You’ve reached the limit of %(count)s unmaskings an hour. Try again later.")
        raise TooMany(text % {"count": limit.attempts}) from None
    # Not ==: one that is about to be refused may be counted at this moment.
    if throttle.recent_attempts(limit, str(agent.pk), now=now) >= limit.attempts:
        limit_notice.tell_of_limit(agent, limit.attempts)


def opened(hidden: Hidden) -> str:
    """The original, for whom ``require_look`` has let through. Raises ``OriginalGone``."""
    try:
        return vault.unseal(hidden.holder, hidden.place, hidden.sealed)
    except vault.Gone:
        raise _gone() from None


@contextmanager
def gone_is_on_record(agent: Agent, hidden: Hidden, *, address: str | None) -> Iterator[None]:
    """Around what opens an original (and around its transaction): that it could not be opened is on record, too."""
    try:
        yield
    except OriginalGone:
        hidden.record(agent, "reveal_gone", address)
        raise


def _gone() -> OriginalGone:
    return OriginalGone(_("The original has been destroyed."))
