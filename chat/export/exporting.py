"""Exports of Chat History: who may, how much, how often, and the record of each."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents import audit, throttle
from agents.access import may_export
from agents.models import Agent, AuditEntry, Service
from chat.conversation.history import Filters
from chat.export.rows import Content, content_for, said_in
from chat.export.writing import WRITERS
from chat.masking.concealing import conceal
from contiple.base.errors import Closed, Invalid

CHATS_MAX, MESSAGES_MAX = 100_000, 500_000  # of one export; a sheet of Excel holds 1,048,576 rows
REASON_LENGTH_MAX = 200
BY_AGENT = throttle.Limit("chat export", 20, timedelta(hours=1))
EXPORTED = "service.chats_exported"


class Wish(NamedTuple):
    """What an agent asks for. ``reason`` is masked before it is kept."""

    filters: Filters
    reason: str
    kind: str = "xlsx"  # of ``WRITERS``
    messages: bool = False
    notes: bool = False


def export(agent: Agent, wish: Wish, *, language: str, address: str | None) -> Generator[bytes, None, None]:
    """Returns the file in pieces. It is on record before there is one, with the filters, the reason and the number.

    Raises ``Closed`` (no permission), ``TooMany``, and ``Invalid`` if there is nothing, or more than in one export.
    """
    if not may_export(agent):
        raise Closed(_("You may not export chats."))
    throttle.count_attempt(BY_AGENT, f"agent:{agent.pk}", now=timezone.now())
    content = content_for(agent, wish.filters, messages=wish.messages, notes=wish.notes)
    figures = _figures(content)
    with transaction.atomic():
        audit.record(
            agent.service_id,
            EXPORTED,
            f"service:{agent.service_id}",
            agent=agent,
            address=address,
            reason=conceal(agent.service, wish.reason),
            kind=wish.kind,
            notes=wish.notes,
            filters=_on_record(wish.filters),
            **figures,
        )
    return WRITERS[wish.kind](content, language)


def exports_of(service: Service) -> QuerySet[AuditEntry]:
    """The record of exports, the latest first."""
    return audit.entries(service, [EXPORTED]).order_by("-id")


def _figures(content: Content) -> dict[str, Any]:
    """Returns how much it is. Raises ``Invalid`` if it is nothing, or too much."""
    chats = content.found.chats.order_by()
    figures = {"chats": chats[: CHATS_MAX + 1].count()}
    if content.messages and figures["chats"] <= CHATS_MAX:
        said = said_in(chats.values_list("pk", flat=True), notes=content.notes)
        figures["messages"] = said[: MESSAGES_MAX + 1].count()
    if not figures["chats"]:
        raise Invalid(_("No chats match."))
    if figures["chats"] > CHATS_MAX:
        raise Invalid(_("More than 100,000 chats match. Choose a shorter period."))
    if figures.get("messages", 0) > MESSAGES_MAX:
        raise Invalid(_("These chats have more than 500,000 messages. Choose a shorter period."))
    return figures


def _on_record(filters: Filters) -> dict[str, str]:
    """The filters in force. Of a text only that there was one, since it may be a name."""
    used = {name: str(value) for name, value in vars(filters).items() if value}
    return used | ({"text": "*"} if filters.text else {})
