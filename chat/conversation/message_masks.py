"""Masks in the messages of a chat: what ``chat.masking`` is told about them."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Self

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from agents.models import Agent, Service
from chat import access
from chat.conversation import live
from chat.conversation.entries import entry_of, last_line
from chat.masking import engine
from chat.masking.holders import Holder, HolderKind, Link
from chat.masking.rules import Masked
from chat.masking.selections import Selection
from chat.masking.texts import Texts
from chat.models import Chat, Mask, Message

CHAT = "chat"
# Apps above keep texts that may repeat a message, and hide there what is masked here. Each registers a function, which
# is called with the chat and the originals, in the transaction of the mask.
copies: list[Callable[[Chat, Sequence[str]], None]] = []


class Messages(Texts):
    """The messages of a chat, which are known by their ``seq``."""

    mask_model, text_field = Mask, "message"

    def __init__(self, chat: Chat) -> None:
        super().__init__(holder_of(chat))
        self.chat = chat

    @classmethod
    def mask_for(cls, agent: Agent, mask_id: int) -> Mask:
        return access.message_mask_for(agent, mask_id)

    @classmethod
    def around(cls, mask: Mask) -> Self:
        return cls(mask.message.chat)

    def lock(self) -> None:
        chats = Chat.objects.select_for_update(no_key=True)
        self.chat = chats.get(pk=self.holder.number, service=self.holder.service)

    def find(self, ids: Collection[int]) -> dict[int, Message]:
        wanted = self.chat.messages.filter(seq__in=ids).prefetch_related("masks").order_by("seq")
        return {message.seq: message for message in wanted}

    def id_of(self, text: Message) -> int:
        return text.seq

    def facts_of(self, text: Message) -> dict[str, Any]:
        return {"seq": text.seq, "customer": self.chat.customer_id}

    def save(self, text: Message) -> None:
        change_body(self.chat, text)
        entry = entry_of(text, Mask.objects.filter(message=text))
        live.publish_on_commit(live.chat_topic(self.chat.pk), live.Changed(entry))

    def conceal_copies(self, originals: Sequence[str]) -> None:
        for conceal in copies:
            conceal(self.chat, originals)


class ChatKeys(HolderKind):
    """The data keys of chats: a chat's originals are kept for so many days after its end."""

    name = CHAT
    kept_by_last_use = False

    def sealed_name(self, number: int) -> str:
        return str(number)  # the first kind there was: its originals are sealed to the number alone

    def customer_of(self, number: int) -> int | None:
        return Chat.objects.values_list("customer", flat=True).get(pk=number)

    def links(self, service: Service, numbers: Collection[int]) -> dict[int, Link]:
        return {number: _link(service, number) for number in numbers}

    def abouts(self, numbers: Collection[int]) -> dict[int, str]:
        return dict(Chat.objects.filter(pk__in=numbers).values_list("pk", "last_line"))

    def due(self, service_id: int, before: datetime) -> Q:
        ended = Chat.objects.filter(service=service_id, closed_at__lt=before)
        return Q(number__in=ended.values("pk"))


def holder_of(chat: Chat) -> Holder:
    return Holder(chat.service_id, CHAT, chat.pk)


def put_on(chat: Chat, message: Message, *, original: str, spans: Sequence[Masked]) -> list[Mask]:
    """Stores masks over ``spans`` of a new message. Needs the chat's row lock."""
    return engine.put_on(Messages(chat), message, spans, original=original)


def mask_selection(agent: Agent, chat_id: int, selections: Sequence[Selection]) -> int:
    """Masks what ``agent`` selected in messages. The caller has checked that the agent may mask in this chat."""
    return engine.mask_selections(agent, Messages(Chat(pk=chat_id, service_id=agent.service_id)), selections)


def reveal(agent: Agent, mask_id: int, *, address: str | None) -> str:
    return engine.reveal(agent, Messages, mask_id, address=address)


def lift(agent: Agent, mask_id: int, *, address: str | None) -> None:
    engine.lift(agent, Messages, mask_id, address=address)


def masked_originals(chat: Chat) -> list[str]:
    """Returns what was masked by hand in ``chat``, for an agent's look under a mask; not to be shown to anybody.

    Raises ``vault.Locked`` if some of it can't be opened now. What agents write must never be compared with it.
    """
    return engine.originals(Messages(chat), _masked_by_hand(chat))


def is_masked_by_hand(chat: Chat) -> bool:
    return _masked_by_hand(chat).exists()


def originals_of_customer(chat: Chat) -> list[str]:
    """Returns what can be opened of what was masked by hand in the customer's own words."""
    masks = _masked_by_hand(chat).filter(message__author=Message.Author.CUSTOMER)
    return engine.originals_at_hand(Messages(chat), masks)


def change_body(chat: Chat, message: Message) -> None:
    """Saves what the message says under the chat's next rev, and the lists' last line if a person said it last.

    Needs the chat's row lock. The caller tells of the message itself.
    """
    chat.last_rev += 1
    message.rev = chat.last_rev
    message.save(update_fields=["body", "event", "rev", "offers", "file", "edited", "quote"])
    fields: dict[str, Any] = {"last_rev": chat.last_rev}
    last = None if message.internal else _last_said(chat)
    if not message.internal and (last is None or last.seq <= message.seq):
        fields["last_line"] = last_line(last.body, is_file=bool(last.file)) if last else ""
        live.publish_on_commit(live.service_topic(chat.service_id), live.Touched())
        if chat.agent_id:
            live.publish_on_commit(live.agent_topic(chat.agent_id), live.Touched())
    Chat.objects.filter(pk=chat.pk).update(**fields)


def _last_said(chat: Chat) -> Message | None:
    """Returns the last message that lists show: of a person, and not deleted."""
    said = chat.messages.filter(internal=False).exclude(author=Message.Author.SYSTEM).exclude(body="")
    return said.order_by("-seq").first()


def _masked_by_hand(chat: Chat) -> QuerySet[Mask]:
    return Mask.objects.filter(message__chat=chat, masked_by__isnull=False).select_related("message")


def _link(service: Service, number: int) -> Link:
    return Link(_("Chat %(number)s") % {"number": number}, reverse("chat:history", args=[service.slug, number]))
