"""What a customer has had before: chats, and what an app above made of them, each with its date, state and evaluation.

A customer is one row, with those that agents have merged with it: one browser's chats, one form's name and address, or
all of a verified member. What other rows with the same e-mail address have is told apart from it: anybody can write any
address into a form.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db.models import QuerySet, Value
from django.urls import reverse
from django.utils.translation import gettext as _

from chat.conversation.evaluations import evaluation_of
from chat.conversation.history import answered, outcome_of
from chat.follow_ups import PastContact, registered
from chat.models import Chat
from helpcenter.customers import same_address
from helpcenter.families import family_of
from helpcenter.models import Customer

SHOWN = 5  # beside a conversation
SHOWN_APART = 3


class Past(NamedTuple):
    """Newest first. ``apart``: of others with the same address, which is not proved."""

    own: Sequence[PastContact]
    apart: Sequence[PastContact]
    merged: Sequence[Customer]  # whom agents have merged with this one


def beside(chat: Chat) -> Past:
    """What to show beside a conversation, without the chat itself. Three queries."""
    found = past_of(chat.customer, but=chat, most=SHOWN)
    return found._replace(apart=found.apart[:SHOWN_APART])


def past_of(customer: Customer, *, most: int, but: Chat | None = None) -> Past:
    """The newest ``most`` of the customer, and of others with the same address. Three queries."""
    family, others = list(family_of(customer)), same_address(customer)
    found = [*_chats(family, others, most, but), *registered().past_of(family, others, most)]
    found.sort(key=lambda one: one.at, reverse=True)
    merged = [row for row in family if row.pk != customer.pk]
    return Past(_first(most, found, is_own=True), _first(most, found, is_own=False), merged)


def _first(most: int, found: Iterable[PastContact], *, is_own: bool) -> list[PastContact]:
    return [one for one in found if one.is_own is is_own][:most]


def _chats(family: Sequence[Customer], others: QuerySet[Customer], most: int, but: Chat | None) -> list[PastContact]:
    chats = Chat.objects.filter(service=family[0].service_id).exclude(pk=but.pk if but else 0)
    chats = chats.select_related("agent__user", "evaluation", "service").only(*_SHOWN_OF_CHATS)
    chats = chats.order_by("-created_at", "-pk").annotate(is_processed=answered())
    own = chats.filter(customer__in=family).annotate(is_own=Value(value=True))[:most]
    apart = chats.filter(customer__in=others).annotate(is_own=Value(value=False))[:most]
    return [_contact(chat) for chat in own.union(apart, all=True)]


# Most of the time of such a query would be for the names of columns that nobody reads.
_SHOWN_OF_CHATS = (
    *("created_at", "state", "service__slug", "evaluation__score"),
    *("agent__user__name", "agent__user__email"),
)


def _contact(chat: Chat) -> PastContact:
    evaluation, state = evaluation_of(chat), _state_of(chat)
    return PastContact(
        icon="chat",
        label=_("Chat with %(name)s") % {"name": chat.agent} if chat.agent else _("Chat"),
        url=reverse("chat:history", args=[chat.service.slug, chat.pk]),
        at=chat.created_at,
        state=state[0],
        state_label=state[1],
        is_own=chat.is_own,  # type: ignore[attr-defined]  # annotated
        score=evaluation.score if evaluation else None,
    )


def _state_of(chat: Chat) -> tuple[str, str]:
    """The state of the pill, and its words."""
    if chat.state == Chat.State.CLOSED:
        outcome = outcome_of(chat)
        return outcome.value, str(outcome.label)
    is_active = chat.state == Chat.State.ACTIVE
    return chat.state, _("In progress") if is_active else _("Waiting")
