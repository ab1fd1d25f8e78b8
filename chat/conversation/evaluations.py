"""The satisfaction evaluation of a chat: asked for by its agent or at its end, given once, changed for a day.

The comment is a message of the chat, so it is masked, delivered, shown and destroyed as every message. Nobody but the
chat's customer gives or changes an evaluation: the callers know the customer by the chat's token.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.models import Agent
from chat.conversation import messages
from chat.conversation.message_masks import Messages, put_on
from chat.evaluation import Evaluation, Score
from chat.masking import concealing
from chat.masking.offers import as_offers
from chat.masking.spans import apply_mask
from chat.models import Chat, Message
from chat.service_settings import ChatSettings
from contiple.base.clock import database_now
from contiple.base.errors import Conflict, Invalid
from contiple.base.texts import clean_text
from helpcenter.access import title_of
from helpcenter.texts import known_language

GIVEN_WITHIN = timedelta(days=7)  # after the end: later than that nobody remembers the chat
CHANGEABLE_FOR = timedelta(days=1)
COMMENT_LENGTH_MAX = 1_000
MESSAGE_LENGTH_MAX = 300
ASKED = "evaluation_asked"  # the event of the message by which an agent asks
GIVEN = "evaluated_"  # the score follows
# The customer's language decides, as for the greeting (``helpcenter.texts``).
MESSAGE = {
    "en": "How satisfied are you with this chat? Your answer helps us improve.",
    "ko": "상담은 만족스러우셨나요? 남겨 주신 평가는 더 나은 상담에 쓰입니다.",
}
_NOT_ASKED = {"", Chat.ClosedBy.SERVICE, Chat.ClosedBy.BLOCKED, Chat.ClosedBy.ADMIN}


class Standing(StrEnum):
    """What the customer's page does about the evaluation."""

    NONE = "none"  # the service doesn't ask, or not for this chat
    LATER = "later"  # nobody has asked yet
    DUE = "due"
    CHANGEABLE = "changeable"
    FIXED = "fixed"


def standing(chat: Chat, *, now: datetime) -> Standing:
    """Returns how the chat's evaluation stands."""
    given = evaluation_of(chat)
    if given and given.given_at:
        return Standing.CHANGEABLE if now < given.given_at + CHANGEABLE_FOR else Standing.FIXED
    if not settings_of(chat).evaluation_on:
        return Standing.NONE
    if chat.is_open:
        return Standing.DUE if given else Standing.LATER
    is_recent = chat.closed_at is not None and now < chat.closed_at + GIVEN_WITHIN
    return Standing.DUE if is_recent and chat.answered_at and chat.closed_by not in _NOT_ASKED else Standing.NONE


class Form(NamedTuple):
    """What the customer's page shows of the evaluation; the comment is masked."""

    standing: Standing
    message: str  # above the steps
    score: int | None
    label: str
    comment: str

    @property
    def is_hidden(self) -> bool:
        return self.standing in {Standing.NONE, Standing.LATER}

    @property
    def scores(self) -> list[tuple[int, Any]]:
        return Score.choices


def form_of(chat: Chat, *, now: datetime) -> Form:
    given = evaluation_of(chat)
    message = _message_of(given) if given and given.seq else None
    score = given.score if given else None
    label = str(Score(score).label) if score else ""
    return Form(standing(chat, now=now), message_for(chat), score, label, message.body if message else "")


def can_ask(chat: Chat) -> bool:
    """Says whether the agent who has the chat may ask now: once for a chat."""
    return chat.state == Chat.State.ACTIVE and settings_of(chat).evaluation_on and evaluation_of(chat) is None


def ask(agent: Agent, chat_id: int) -> None:
    """Sends the satisfaction guide message in the customer's language. Raises ``Conflict`` unless ``can_ask``."""
    with transaction.atomic():
        chat = _lock(chat_id)
        if chat.service_id != agent.service_id or chat.agent_id != agent.pk or not can_ask(chat):
            raise Conflict(_("An evaluation can be asked for once, in an own chat."))
        Evaluation.objects.create(chat=chat, asked_at=database_now())
        audit.record(chat.service_id, "chat.evaluation_asked", chat.subject, agent=agent)
        messages.append_notice(chat, message_for(chat), name=title_of(chat.service, chat.language), event=ASKED)


def give(chat_id: int, *, score: int, comment: str) -> None:
    """Stores the customer's evaluation, or changes it.

    Raises ``Invalid`` for the score or the comment, and ``Conflict`` if nobody asked, or its day is over.
    """
    if score not in Score.values:
        raise Invalid(_("Please choose one of the five steps."), code="score")
    comment = clean_comment(comment)
    with transaction.atomic():
        chat, now = _lock(chat_id), database_now()
        match standing(chat, now=now):
            case Standing.DUE:
                _give(chat, score, comment, now)
            case Standing.CHANGEABLE:
                _change(chat, score, comment)
            case Standing.FIXED:
                raise Conflict(_("The evaluation can’t be changed any more."))
            case _:
                raise Conflict(_("This chat can’t be evaluated."))


def clean_comment(text: str) -> str:
    comment = clean_text(text)
    if len(comment) > COMMENT_LENGTH_MAX:
        raise Invalid(_("A comment has at most 1,000 characters."), code="comment")
    return comment


def evaluation_of(chat: Chat) -> Evaluation | None:
    """Returns the chat's evaluation, given or only asked for."""
    return getattr(chat, "evaluation", None)


def message_for(chat: Chat) -> str:
    """Returns the satisfaction guide message in the customer's language."""
    language = known_language(chat.language)
    return settings_of(chat).evaluation_messages.get(language) or MESSAGE[language]


def settings_of(chat: Chat) -> ChatSettings:
    """Returns the settings of the chat's service, or the defaults while there are none."""
    return getattr(chat.service, "chat_settings", None) or ChatSettings()


def _lock(chat_id: int) -> Chat:
    chats = Chat.objects.select_for_update(no_key=True, of=("self",)).select_related("service__contract", "customer")
    chat = chats.filter(pk=chat_id).first()
    if chat is None:
        raise Http404
    return chat


def _give(chat: Chat, score: int, comment: str, now: datetime) -> None:
    seq = messages.append_evaluation(chat, f"{GIVEN}{score}", comment)
    Evaluation.objects.update_or_create(chat=chat, defaults={"score": score, "seq": seq, "given_at": now})
    audit.record(chat.service_id, "chat.evaluated", chat.subject, actor="customer", score=score)


def _change(chat: Chat, score: int, comment: str) -> None:
    """Changes the message in its place. A comment that stays as it was shown keeps its masks."""
    given, message = chat.evaluation, _message_of(chat.evaluation)
    if (given.score, message.body) == (score, comment):
        return
    texts = Messages(chat)
    message.event = f"{GIVEN}{score}"
    if message.body != comment:
        _write_anew(chat, message, comment)
    texts.save(message)
    Evaluation.objects.filter(pk=chat.pk).update(score=score)
    audit.record(chat.service_id, "chat.evaluation_changed", chat.subject, actor="customer", score=score)


def _write_anew(chat: Chat, message: Message, comment: str) -> None:
    found = concealing.search(chat.service, comment)
    message.masks.all().delete()
    message.body, message.offers = apply_mask(comment, found.bounds), as_offers(found.offers)
    put_on(chat, message, original=comment, spans=found.masked)


def _message_of(given: Evaluation) -> Message:
    return Message.objects.get(chat=given.chat_id, seq=given.seq or 0)
