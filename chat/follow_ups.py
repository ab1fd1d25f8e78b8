"""Links to follow-ups, which an app above makes from chats, and to the 1:1 inquiry form.

chat doesn't import that app. The app registers its ``FollowUps`` when it is ready, and pages of chat take words and
addresses from there. If nothing is registered, these pages work and leave the links out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.http import Http404
from django.utils.functional import Promise

from agents.models import Agent, Service
from chat.models import Chat
from helpcenter.models import Customer


@dataclass(frozen=True)
class FollowUp:
    """A thing that was made from a chat. ``label`` is its name in a list, ``title`` its name on a button."""

    label: str
    title: str
    url: str
    url_with_chat: str  # the same page, with the conversation open in it


@dataclass(frozen=True, kw_only=True)
class PastContact:
    """A chat or a follow-up of a customer, as a list shows it. Words are in the reader's language.

    ``is_own`` is False if another customer's row has it, which bears the same address without proof.
    """

    icon: str
    label: str
    url: str
    at: datetime
    state: str  # of the pill
    state_label: str
    is_own: bool
    score: int | None = None  # the customer's evaluation


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A customer's wish for an answer by e-mail instead of the chat.

    ``typed`` is what was not sent in the chat. ``email`` counts only if no address of the customer is known.
    """

    email: str
    typed: str
    address: str  # the sender's IP address
    now: datetime


class FollowUps:
    """An app above overrides these. Words are translated where they are shown; an empty address means no link."""

    noun: Promise | str = ""  # the heading of the column in Chat History
    nouns: Promise | str = ""  # of several, beside their number
    create_label: Promise | str = ""
    after_end: Promise | str = ""  # said before a chat is ended: a follow-up can still be made
    icon = ""
    trail_words: Mapping[str, Promise] = {}  # by action, for ``lifecycle.trail``

    def made_from(self, chats: Sequence[Chat]) -> Mapping[int, FollowUp]:
        """The follow-ups of ``chats``, by the chat's id. One query, however many chats there are."""
        return {}

    def past_of(self, family: Sequence[Customer], others: QuerySet[Customer], most: int) -> Sequence[PastContact]:
        """Returns up to ``most`` follow-ups of a customer, with all that are merged, and as many of ``others``; the
        newest. One query."""
        return []

    def count_of(self, family: Sequence[Customer]) -> int:
        """Returns how many follow-ups these customers have. One query."""
        return 0

    def create_url(self, agent: Agent, chat: Chat) -> str:
        """The page where ``agent`` makes a follow-up from ``chat``; empty if the agent may not."""
        return ""

    def customer_url(self, chat: Chat, *, now: datetime) -> str:
        """A new link, good from ``now`` on, to the page on which the customer follows it up; empty without one."""
        return ""

    def inquiry_url(self, service: Service) -> str:
        """The inquiry form, as everybody sees it."""
        return ""

    def leave_inquiry(self, chat: Chat, wish: Wish) -> None:
        """Makes the chat an inquiry, with what the customer wrote in it. Asked for twice, it is one.

        Raises ``Invalid`` without an e-mail address, ``Conflict`` if nothing was written, and ``TooMany``.
        """
        raise Http404

    def inquiry_of(self, chat: Chat) -> str:
        """The number, for its customer, of the inquiry that the chat became; empty if it became none."""
        return ""

    def inquiry_from_chat_url(self, service: Service) -> str:
        """The inquiry form that takes over what the customer wrote in the chat: a POST with the chat's token."""
        return ""


_registered = [FollowUps()]


def register(follow_ups: FollowUps) -> None:
    """Takes the place of what was registered before. Call it from ``AppConfig.ready``."""
    _registered[:] = [follow_ups]


def registered() -> FollowUps:
    return _registered[0]
