"""Frames that show a whole state: an agent's desk, a customer's chat, how many customers wait."""

from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation

from agents.models import Agent
from chat import access, protocol
from chat.conversation import evaluations, transcript_mail
from chat.conversation.rendering import plain
from chat.follow_ups import registered
from chat.models import Chat
from helpcenter.access import help_center_of
from helpcenter.texts import text_for

OTHERS_SHOWN = 50  # of the service's other chats, in an admin's list


def desk_frame(agent: Agent, language: str) -> protocol.Desk:
    """Returns what the agent's Chat Widget shows now."""
    chats = list(access.open_chats_of(agent).select_related(None).select_related("customer"))
    waiting = access.waiting_chats(agent.service_id).count()
    others = list(access.chats_of_others(agent)[: OTHERS_SHOWN + 1]) if agent.is_admin else []
    context = {"chats": chats, "agent": agent, "waiting": waiting, "others": others[:OTHERS_SHOWN]}
    context["is_cut"] = len(others) > OTHERS_SHOWN
    with translation.override(language):
        html = render_to_string("chat/_active_chats.html", context)
    return protocol.Desk(
        status=agent.chat_status,
        ringing=sum(chat.state == Chat.State.RINGING for chat in chats),
        waiting=waiting,
        unread=sum(chat.unread for chat in chats if chat.state == Chat.State.ACTIVE),
        chats=[chat.pk for chat in chats],
        html=plain(html),
    )


@lru_cache(maxsize=256)
def waiting_frame(waiting: int, language: str) -> protocol.Waiting:
    with translation.override(language):
        html = render_to_string("chat/_waiting_note.html", {"waiting": waiting})
    return protocol.Waiting(waiting, plain(html))


def active_status_frame(chat_id: int) -> protocol.Status:
    """Returns ``status_frame`` of a chat that an agent has open; its text is empty."""
    return protocol.Status(chat=chat_id, state=Chat.State.ACTIVE, html="")


def status_frame(chat: Chat, language: str, *, place: int | None) -> protocol.Status:
    """Returns how the customer's chat stands now; ``place`` is its place in the queue while it waits."""
    context: dict[str, Any] = {"chat": chat, "place": place, "service": chat.service}
    if not chat.is_open:
        context["inquiry"] = registered().inquiry_of(chat)
        context["can_be_mailed"] = transcript_mail.can_be_mailed(chat)
        context["evaluation"] = evaluations.standing(chat, now=timezone.now())
    elif chat.inquiry_offer == Chat.InquiryOffer.ABSENT:
        context["absent_message"] = text_for(help_center_of(chat.service), language).absent_message
    with translation.override(language):
        html = render_to_string("chat/_customer_status.html", context)
    return protocol.Status(chat=chat.pk, state=chat.state, html=plain(html))
