"""Words and parts that depend on how a chat, its customer or an agent stands."""

from django import template
from django.utils.functional import Promise
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from chat.conversation.evaluations import evaluation_of
from chat.evaluation import Score
from chat.masking.preview import Piece
from chat.masking.rules import Action
from chat.models import Chat

register = template.Library()

_NO_CHATS = {
    Agent.ChatStatus.ONLINE: _("No chats right now. New chats will ring here."),
    Agent.ChatStatus.BREAK: _("You are on a break. New chats go to other agents until you are Online again."),
    Agent.ChatStatus.OFFLINE: _("You are Offline. Change your chat status to Online to receive chats."),
}
_STAGES = {"chat": "chat/_stage_chat.html", "start": "chat/_stage_start.html"}


@register.filter
def no_chats_text(status: str) -> str:
    """The text of an agent's empty list of chats."""
    return str(_NO_CHATS[Agent.ChatStatus(status)])


@register.filter
def stage_template(stage: str) -> str:
    """The template of a stage of the customer's chat."""
    return _STAGES.get(stage, "chat/_stage_unavailable.html")


@register.filter
def unavailable_text(stage: str) -> str:
    """The text for a customer when agents are there but no chat can be started."""
    return str(_("Too many customers are waiting right now.") if stage == "full" else _("Chat is not available now."))


@register.filter
def waits(chat: Chat) -> bool:
    """Whether the chat waits for an agent, in the queue or ringing."""
    return chat.state in (Chat.State.WAITING, Chat.State.RINGING)


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


@register.filter
def where_it_is(chat: Chat) -> str:
    """The line under the name in an admin's list of other chats."""
    if chat.state == Chat.State.WAITING:
        return str(_("Waiting"))
    words = _("Ringing for %(name)s") if chat.state == Chat.State.RINGING else _("With %(name)s")
    return words % {"name": chat.agent}


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


@register.simple_tag
def score_of(chat: Chat) -> SafeString:
    """The customer's evaluation as stars and in words; empty if there is none."""
    given = evaluation_of(chat)
    if given is None or given.score is None:
        return SafeString()
    words = f"{Score(given.score).label} ({given.score}/5)"
    stars = "★" * given.score + "☆" * (5 - given.score)
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
