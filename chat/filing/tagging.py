"""Tags of a chat: agents put them on and take them off, and find chats by them. Each is on record by its id."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.models import Agent, Service
from chat.conversation import message_masks
from chat.filing.choosing import may_file
from chat.filing.tag_names import clean_tag_name, named, tag_named
from chat.masking.concealing import conceal
from chat.masking.copies import conceal_in
from chat.models import Chat
from chat.tag import ChatTag
from contiple.base.errors import Closed, Invalid

TAGS_ON_CHAT_MAX = 10  # every row of Chat History shows them
TAGS_MAX = 500  # in a service: Chat History's filter offers them all


def register() -> None:
    """Hides in a chat's tags what is masked by hand in its messages."""
    message_masks.copies.append(_conceal_copies)


@transaction.atomic
def add_tag(agent: Agent, chat_id: int, name: str) -> None:
    """Puts a tag on, if it isn't; the service's tag of that name is made if there is none.

    Locks the Service's row for a new tag, then the chat's, then the tag's. Raises ``Closed`` for who may not and for a
    name of the system, and ``Invalid`` (code ``tag``) for a name that can't be used and past the limits.
    """
    name = conceal(agent.service, clean_tag_name(name))
    _require_room(agent.service, name)
    chat = _locked(agent, chat_id)
    tag = tag_named(ChatTag, agent.service, name)
    if chat.tags.filter(pk=tag.pk).exists():
        return
    if chat.tags.count() >= TAGS_ON_CHAT_MAX:
        raise Invalid(_("A chat has at most 10 tags."), code="tag")
    chat.tags.add(tag)
    audit.record(chat.service_id, "chat.tagged", chat.subject, agent=agent, tag=tag.pk)


@transaction.atomic
def remove_tag(agent: Agent, chat_id: int, tag_id: int) -> None:
    """Takes a tag off, if it is on. Locks the chat's row, then the tag's. Raises ``Closed`` for who may not."""
    chat = _locked(agent, chat_id)
    tag = chat.tags.filter(pk=tag_id).first()
    if tag is not None:
        _take_off(chat, tag)
        audit.record(chat.service_id, "chat.untagged", chat.subject, agent=agent, tag=tag.pk)


def _locked(agent: Agent, chat_id: int) -> Chat:
    chat = Chat.objects.select_for_update(no_key=True, of=("self",)).get(pk=chat_id, service=agent.service_id)
    if not may_file(agent, chat):
        raise Closed(_("Only the chat’s agent and admins set its tags."))
    return chat


def _require_room(service: Service, name: str) -> None:
    same = named(ChatTag, service, name)
    if same.exists():
        return
    Service.objects.select_for_update(no_key=True).values_list("pk").get(pk=service.pk)
    is_full = ChatTag.objects.filter(service=service).count() >= TAGS_MAX
    if is_full and not same.exists():  # somebody may have made it meanwhile
        raise Invalid(_("A service has at most 500 tags. Use one that is there."), code="tag")


def _take_off(chat: Chat, tag: ChatTag) -> None:
    """Takes the tag off, and deletes it if no chat has it: nobody would see it, though it may say what is masked.

    Needs the chat's row lock. Locks the tag's row, so nobody puts it on another chat meanwhile.
    """
    held = ChatTag.objects.select_for_update().filter(pk=tag.pk).first()
    chat.tags.remove(tag)
    if held is not None and not held.chats.exists():
        held.delete()


def _conceal_copies(chat: Chat, originals: Sequence[str]) -> None:
    for tag in chat.tags.all():
        name = conceal_in(tag.name, originals)
        if name != tag.name:
            _take_off(chat, tag)
            chat.tags.add(tag_named(ChatTag, chat.service, name))
