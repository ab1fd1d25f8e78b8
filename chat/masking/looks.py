"""Looks under a mask. They need the agent's own permission, are limited, and are on record, a refused one too.

To *reveal* (the guide's "unmask") shows the original to this agent for a while; nothing stored changes. To *lift* puts
it into the text again, for everybody and for good; that counts as a look (``engine`` has both).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from agents import audit, throttle
from agents.access import may_unmask
from agents.models import Agent
from chat.masking import limit_notice, vault
from chat.masking.holders import Holder
from chat.masking.rules import rules_of
from contiple.base.errors import Closed, Conflict, DomainError, TooMany
from contiple.base.waiting import try_again

HOUR = timedelta(hours=1)


class OriginalGone(DomainError):
    """The original was destroyed: nobody can see it again."""

    code = "gone"
    status = 410


class OriginalLocked(DomainError):
    """The original is there, and can't be opened now: the server has not the key to it."""

    code = "locked"
    status = 503


class Hidden(NamedTuple):
    """An original under a mask: who holds it, at which spot, the ciphertext, and what the trail says about a look.

    ``facts`` are never personal.
    """

    holder: Holder
    spot: str
    sealed: bytes
    facts: Mapping[str, Any]

    def record(self, agent: Agent, act: str, address: str | None) -> None:
        action = f"{self.holder.kind}.{act}"
        audit.record(agent.service, action, self.holder.subject, agent=agent, address=address, **self.facts)


def look(agent: Agent, hidden: Hidden, *, address: str | None) -> str:
    """Returns the original. The look is on record first, or nothing is returned. Not for use in a transaction.

    Raises ``Closed`` without Security Service or the permission, ``TooMany`` past the service's limit of looks in an
    hour, ``OriginalGone`` if it was destroyed, and ``OriginalLocked`` if it can't be opened now: each of these is on
    record as well.
    """
    require_look(agent, hidden, address=address)
    with failure_is_on_record(agent, hidden, address=address):
        text = opened(hidden)
    hidden.record(agent, "revealed", address)
    return text


def require_look(agent: Agent, hidden: Hidden, *, address: str | None) -> None:
    """Counts a look. Raises as ``look`` does; a refusal is on record."""
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
    except TooMany as error:
        hidden.record(agent, "reveal_limited", address)
        limit_notice.tell_of_limit(agent, limit.attempts)  # not told yet if the limit was lowered meanwhile
        text = _("You’ve reached the limit of %(count)s unmaskings an hour.") % {"count": limit.attempts}
        wait_s = error.retry_after_s
        raise TooMany(format_lazy("{} {}", text, try_again(wait_s)), retry_after_s=wait_s) from None
    # `>=`: a concurrent attempt that is refused later may be counted.
    if throttle.recent_attempts(limit, str(agent.pk), now=now) >= limit.attempts:
        limit_notice.tell_of_limit(agent, limit.attempts)


def opened(hidden: Hidden) -> str:
    """Returns the original, after ``require_look``. Raises ``OriginalGone`` and ``OriginalLocked``."""
    try:
        return vault.unseal(hidden.holder, hidden.spot, hidden.sealed)
    except vault.Gone:
        raise _gone() from None
    except vault.Locked:
        raise _locked() from None


@contextmanager
def failure_is_on_record(agent: Agent, hidden: Hidden, *, address: str | None) -> Iterator[None]:
    """Records that the original could not be shown. Stands around the transaction, which is rolled back then."""
    try:
        yield
    except OriginalGone:
        hidden.record(agent, "reveal_gone", address)
        raise
    except OriginalLocked:
        hidden.record(agent, "reveal_locked", address)
        raise
    except vault.Locked:  # something else that the look depends on
        hidden.record(agent, "reveal_locked", address)
        raise _locked() from None
    except Conflict:  # says that this is masked elsewhere too, so it counts as a look
        hidden.record(agent, "lift_refused", address)
        raise


def _gone() -> OriginalGone:
    return OriginalGone(_("The original has been destroyed."))


def _locked() -> OriginalLocked:
    return OriginalLocked(_("The original can’t be opened now, but it isn’t destroyed. Tell whoever runs this server."))
