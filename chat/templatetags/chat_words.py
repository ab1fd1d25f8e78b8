"""Words and parts that depend on how a chat, its customer or an agent stands."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, Service
from agents.status import BREAK_REASONS, reason_in_words
from chat.alerts import DeskNotice
from chat.categories import category_of
from chat.conversation.entries import shown_file
from chat.conversation.evaluations import evaluation_of, settings_of
from chat.conversation.plain_words import in_words
from chat.evaluation import Score
from chat.files.limits import Limits, limits_in
from chat.masking.preview import Piece
from chat.masking.rules import Action
from chat.models import Chat, Message
from chat.operating_hours import ClosedUntil

register = template.Library()

_NO_CHATS = {
    Agent.ChatStatus.ONLINE: _("No chats right now. New chats will ring here."),
    Agent.ChatStatus.BREAK: _("You are on a break. New chats go to other agents until you are Online again."),
    Agent.ChatStatus.OFFLINE: _("You are Offline. Change your chat status to Online to receive chats."),
}
_NOTICES = {
    DeskNotice.Kind.MISSED: _("You missed a chat with {name} at {time}."),
    DeskNotice.Kind.TAKEN_OVER: _("{by} took over your chat with {name} at {time}."),
    DeskNotice.Kind.GONE: _("You were disconnected, so your chat with {name} went on to the queue at {time}."),
    DeskNotice.Kind.ENDED: _("{by} ended your chat with {name} at {time}."),
    DeskNotice.Kind.MENTIONED: _("{by} mentioned you in a note in the chat with {name} at {time}."),
}
_STAGES = {"chat": "chat/_stage_chat.html", "start": "chat/_stage_start.html"}


@register.simple_tag
def category_path(chat_id: int | None) -> str:
    """The path of the chat's category; empty without a chat or a category."""
    category = category_of(chat_id) if chat_id else None
    return category.path if category else ""


@register.simple_tag
def file_limits(chat: Chat) -> Limits | None:
    """What may be sent in the chat, for the composer; ``None`` if no files may be."""
    return limits_in(settings_of(chat))


@register.simple_tag
def files_part(reader: str, service: Service) -> SafeString:
    """Parts and words of files in a conversation, for the scripts."""
    return _files_part(reader, service.slug, get_language() or "", static("joined/files.js"))


@lru_cache(256)
def _files_part(reader: str, slug: str, language: str, _script: str) -> SafeString:
    """Drawn once: it is the same in every conversation of a service, and larger than many."""
    return render_to_string("chat/_files.html", {"reader": reader, "service": {"slug": slug}})


@register.filter
def said(message: Message) -> str:
    """What the message says in a mail."""
    return in_words(message.body, shown_file(message))


@register.simple_tag
def break_reasons() -> Mapping[str, Promise]:
    """The reasons for a break that are offered, by what is stored of them."""
    return BREAK_REASONS


@register.filter
def break_reason(agent: Agent) -> str:
    """Why the agent is on a break; empty if no reason was given, and for an agent who is not on one."""
    return reason_in_words(agent.break_reason) if agent.chat_status == Agent.ChatStatus.BREAK else ""


@register.filter
def no_chats_text(status: str) -> str:
    """The text of an agent's empty list of chats."""
    return str(_NO_CHATS[Agent.ChatStatus(status)])


@register.filter
def stage_template(stage: str) -> str:
    """The template of a stage of the customer's chat."""
    return _STAGES.get(stage, "chat/_stage_unavailable.html")


_UNAVAILABLE = {
    "full": _("Too many customers are waiting right now."),
    "out_of_hours": _("Chat is closed right now."),
}


@register.filter
def unavailable_text(stage: str) -> str:
    """The text for a customer when no chat can be started, though somebody may be there."""
    return str(_UNAVAILABLE.get(stage, _("Chat is not available now.")))


@register.simple_tag
def opening(closed: ClosedUntil) -> SafeString:
    """When the service opens again, as part of a sentence. The browser says it in the reader's zone (`times.js`)."""
    at = localtime(closed.opens_at, closed.zone)
    time, days = f"{at:%H:%M}".removeprefix("0"), (at.date() - localtime(timezone=closed.zone).date()).days
    near, far = _("%(day)s at %(time)s"), _("on %(day)s at %(time)s")
    words = (near if days < 2 else far) % {"day": _day(at.date(), days), "time": time}
    mark = '<time datetime="{}" data-format="opening" data-near="{}" data-far="{}">{}</time>'
    return format_html(mark, at.isoformat(), near, far, words)


def _day(day: date, days: int) -> str:
    if days < 2:
        return str(_("tomorrow") if days else _("today"))
    return date_format(day, "l" if days < 7 else "MONTH_DAY_FORMAT")


@register.filter
def waits_since(chat: Chat) -> datetime | None:
    """Since when the chat's customer waits for an agent, or for an agent's answer; ``None`` if there is nothing to do.

    A chat that waits again after an answer waits since its customer's next words, or since it came if there are none.
    """
    if chat.state == Chat.State.ACTIVE:
        return chat.customer_waits_since
    is_new = chat.answered_at is None
    return chat.waiting_since if is_new else chat.customer_waits_since or chat.waiting_since


@register.filter
def end_text(chat: Chat) -> str:
    """Says to the customer that the chat is over."""
    left_queue = chat.closed_by == Chat.ClosedBy.CUSTOMER and not chat.answered_at
    return str(_("You have left the queue.") if left_queue else _("This chat has ended."))


@register.filter
def offer_text(offer: str) -> str:
    """Says to a waiting customer why an inquiry is offered."""
    missed = offer == Chat.InquiryOffer.MISSED
    return str(
        _("None of our agents could take your chat so far.") if missed else _("This is taking longer than usual.")
    )


@register.simple_tag
def notice_text(notice: dict[str, Any]) -> SafeString:
    """What became of a chat that was the agent's, or rang for the agent (`chat.alerts.DeskNotice`)."""
    at = format_html('<time datetime="{}" data-format="time"></time>', notice["at"])
    words = _moved(int(notice["moved"])) if notice["moved"] else str(_NOTICES[DeskNotice.Kind(notice["kind"])])
    return format_html(words, name=notice["name"], by=notice["by"], time=at, n=notice["moved"])


def _moved(number: int) -> str:
    return ngettext(
        "{by} moved your chat with {name} at {time}.",
        "{by} moved {n} of your chats at {time}; the first is that with {name}.",
        number,
    )


@register.filter
def where_it_is(chat: Chat) -> str:
    """The line under the name in an admin's list of other chats."""
    topic = f" · {chat.topic}" if chat.topic else ""
    if chat.state == Chat.State.WAITING:
        return str(_("Waiting")) + topic
    words = _("Ringing for %(name)s") if chat.state == Chat.State.RINGING else _("With %(name)s")
    return words % {"name": chat.agent} + topic


@register.filter
def not_mine_text(chat: Chat, reader: Agent) -> str:
    """The text in the composer's place, for an agent who can't write in this chat."""
    if chat.state == Chat.State.CLOSED:
        return str(_("This chat has ended."))
    if chat.agent is None:
        return str(_("This chat is waiting for an agent."))
    if chat.agent == reader:
        return str(_("This chat is ringing for you. Select it in Active Chats."))
    ringing = chat.state == Chat.State.RINGING
    words = _("This chat is ringing for %(name)s.") if ringing else _("This chat is with %(name)s.")
    return words % {"name": chat.agent}


@register.filter
def whispers_to(chat: Chat, reader: Agent) -> Agent | None:
    """The colleague who has the open chat, and reads a note in it first; ``None`` if nobody else has it."""
    return chat.agent if chat.is_open and chat.agent != reader else None


@register.filter
def note_title(chat: Chat, reader: Agent) -> str:
    """What a note in the chat is called for an agent who doesn't have it."""
    colleague = whispers_to(chat, reader)
    return _("Whisper to %(name)s") % {"name": colleague} if colleague else str(_("Internal note"))


@register.simple_tag
def score_of(chat: Chat) -> SafeString:
    """The customer's evaluation as stars and in words; empty if there is none."""
    given = evaluation_of(chat)
    return stars(given.score if given else None)


@register.filter
def stars(score: int | None) -> SafeString:
    """The score as stars and in words; empty if there is none."""
    if score is None:
        return SafeString()
    words = f"{Score(score).label} ({score}/5)"
    stars = "★" * score + "☆" * (5 - score)
    mark = '<span class="score" title="{0}"><span aria-hidden="true">{1}</span><span>{0}</span></span>'
    return format_html(mark, words, stars)


@register.inclusion_tag("chat/_state_pill.html")
def state_pill(chat: Chat, mine: bool) -> dict[str, str | Promise]:
    """The pill beside the customer's name; a colleague's chat shows the colleague."""
    if chat.state == Chat.State.CLOSED:
        return {"state": "closed", "words": str(_("Ended"))}
    if mine:
        return {"state": "active", "words": str(_("In progress"))}
    if chat.agent:
        return {"state": "active", "words": str(chat.agent)}
    return {"state": "waiting", "words": str(_("Waiting"))}


@register.simple_tag
def tried_piece(piece: Piece) -> SafeString:
    """A piece of a tried sample; no space is added, since every space is the sample's own."""
    if not piece.kind:
        return escape(piece.text)
    mark = '<mark data-action="{}">{}<small>{}: {}</small></mark>'
    return format_html(mark, piece.action, piece.text, piece.name, _became(piece))


def _became(piece: Piece) -> str:
    if piece.action == Action.OFFER:
        return str(_("offered"))
    return str(_("masked") if piece.keep else _("masked, destroyed at once"))
