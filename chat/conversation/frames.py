"""Frames that show a whole state: an agent's desk, a customer's chat, how many customers wait."""

from functools import lru_cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef
from django.db.models.functions import JSONObject, Now
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext

from agents.models import Agent
from chat import access, protocol
from chat.alerts import AlertSettings, DeskNotice
from chat.conversation import evaluations, transcript_mail
from chat.conversation.rendering import plain
from chat.follow_ups import registered
from chat.models import Chat
from chat.operating_hours import ClosedUntil
from chat.service_settings import ChatSettings
from helpcenter.access import help_center_of
from helpcenter.texts import text_for

MINUTES_SAID_MAX = 60
OTHERS_SHOWN = 50  # of the service's other chats, in an admin's list
NOTICES_SHOWN = 5
# What an agent is told of chats that went elsewhere, the latest first; read with the agent.
_NOTICES = (
    DeskNotice.objects.filter(agent=OuterRef("pk"))
    .order_by("-at")
    .values(
        told=JSONObject(
            id="pk",
            kind="kind",
            by="by",
            at="at",
            moved="moved",
            chat="chat",
            name=F("chat__customer__name"),
            state=F("chat__state"),
        )
    )[:NOTICES_SHOWN]
)


def agent_of_desk(agent_id: int) -> Agent:
    """Returns the agent with what else ``desk_frame`` shows of agent and service, and the moment by the database."""
    agents = Agent.objects.select_related("service__chat_settings", "alert_settings")
    return agents.annotate(now=Now(), notices=ArraySubquery(_NOTICES)).get(pk=agent_id)


def desk_frame(agent: Agent, language: str, *, closed: ClosedUntil | None = None) -> protocol.Desk:
    """Returns what the agent's Chat Widget shows now; the agent is one of ``agent_of_desk``.

    ``closed`` says that no new chats come, by the hours. Times are told with the database's ``now``, so that a computer
    whose clock is wrong shows right ones.
    """
    chats = list(access.open_chats_of(agent).select_related(None).select_related("customer", "topic"))
    waiting = access.count_waiting(agent.service_id)
    others = list(access.chats_of_others(agent)[: OTHERS_SHOWN + 1]) if agent.is_admin else []
    context = {"chats": chats, "agent": agent, "waiting": waiting, "others": others[:OTHERS_SHOWN]}
    context |= {"is_cut": len(others) > OTHERS_SHOWN, "closed": closed, "service": agent.service}
    context |= {"now": int(agent.now.timestamp() * 1000), "target_s": _target_s(agent)}  # type: ignore[attr-defined]
    context["notices"] = agent.notices  # type: ignore[attr-defined]
    context["alerts"] = getattr(agent, "alert_settings", None) or AlertSettings()
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


def _target_s(agent: Agent) -> int:
    settings = getattr(agent.service, "chat_settings", None) or ChatSettings()
    return 60 * settings.answer_target_minutes


@lru_cache(maxsize=256)
def waiting_frame(waiting: int, language: str) -> protocol.Waiting:
    with translation.override(language):
        html = render_to_string("chat/_waiting_note.html", {"waiting": waiting})
    return protocol.Waiting(waiting, plain(html))


@lru_cache(maxsize=256)
def wait_text(minutes: int | None, language: str) -> str:
    """Says how long a customer is likely to wait; empty if that isn't known."""
    if minutes is None:
        return ""
    with translation.override(language):
        if minutes > MINUTES_SAID_MAX:
            return gettext("The wait is more than an hour.")
        words = ngettext("The wait is about %(minutes)s minute.", "The wait is about %(minutes)s minutes.", minutes)
        return words % {"minutes": minutes}


def active_status_frame(chat_id: int) -> protocol.Status:
    """Returns ``status_frame`` of a chat that an agent has open; its text is empty."""
    return protocol.Status(chat=chat_id, state=Chat.State.ACTIVE, html="")


def status_frame(
    chat: Chat, language: str, *, place: int | None, minutes: int | None = None, closed: ClosedUntil | None = None
) -> protocol.Status:
    """Returns how the customer's chat stands now; ``place`` is its place in the queue while it waits.

    ``minutes`` is how long it is likely to wait, ``closed`` is said if nobody is there.
    """
    context: dict[str, Any] = {"chat": chat, "place": place, "service": chat.service}
    context["wait"] = wait_text(minutes, language)
    if not chat.is_open:
        context["inquiry"] = registered().inquiry_of(chat)
        context["can_be_mailed"] = transcript_mail.can_be_mailed(chat)
        context["evaluation"] = evaluations.standing(chat, now=timezone.now())
    elif chat.inquiry_offer == Chat.InquiryOffer.ABSENT:
        context["closed"] = closed
        context["absent_message"] = text_for(help_center_of(chat.service), language).absent_message
    with translation.override(language):
        html = render_to_string("chat/_customer_status.html", context)
    return protocol.Status(chat=chat.pk, state=chat.state, html=plain(html))
