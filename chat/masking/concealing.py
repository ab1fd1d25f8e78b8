"""Finds and hides personal data in a text by the rules of its service, and says whether masking is on at all."""

from django.utils.translation import gettext_lazy as _

from agents.models import Service
from chat.masking.rules import NOTHING, Action, Found, rules_of
from chat.masking.spans import apply_mask
from contiple.base.errors import Closed


def search(service: Service, text: str) -> Found:
    """Returns what is to be masked in ``text`` and what is offered, by the service's rules as they are now.

    Finds nothing if the contract has no Security Service.
    """
    return rules_of(service.pk).find(text) if is_on(service) else NOTHING


def conceal(service: Service, text: str) -> str:
    """Returns ``text`` with asterisks, for fields in which nobody unmasks; no original is kept."""
    return apply_mask(text, search(service, text).bounds)


def masked_kinds(service: Service) -> frozenset[str]:
    """Returns the kinds of personal data that are masked in this service before they are saved."""
    if not is_on(service):
        return frozenset()
    return frozenset(kind for kind, rule in rules_of(service.pk).kinds.items() if rule.action == Action.MASK)


def is_on(service: Service) -> bool:
    """Whether the contract has what masking needs."""
    return service.contract.security_service


def require_masking(service: Service) -> None:
    """Raises ``Closed`` if the contract has no Security Service."""
    if not is_on(service):
        raise Closed(_("Personal information masking needs Security Service in Contract Details."))
