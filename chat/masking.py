"""Masks: found on append, put on by hand, looked under on record.

**Mask**: asterisks for everybody, the original to the vault. **Reveal**: one permitted agent sees it for a while;
nothing stored changes. Spans of one message never overlap: what is masked a second time keeps its first mask, and only
what was still readable gets a new one. So masking twice, overlapping, or by two agents at once ends in the same text.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from agents import audit
from agents.models import Agent, Service
from chat import live, vault
from chat.detectors import MASKED_BY_DEFAULT, detect
from chat.entries import entry_of
from chat.models import Chat, Mask, Message
from chat.spans import Span, apply_mask, from_utf16, subtract, widen, widen_all
from contiple.errors import Closed, Conflict, DomainError, Invalid

MANUAL = "manual"
# Who keeps texts that may repeat a message hides there what is masked here: called with the chat and the originals, in
# the transaction of the mask. The apps above register themselves, since nothing here may import them.
copies: list[Callable[[Chat, Sequence[str]], None]] = []
LAST_LINE_LENGTH = 120


class Selection(Struct, forbid_unknown_fields=True):
    """What a person selected in one message: UTF-16 offsets in its body as it was at ``rev``."""

    seq: int
    rev: int
    start: int
    end: int


class OriginalGone(DomainError):
    """The original was destroyed: nobody can see it again."""

    code = "gone"
    status = 410


def masked_kinds(service: Service) -> frozenset[str]:
    """The kinds that are masked in this service before anything is saved; none without Security Service."""
    return MASKED_BY_DEFAULT if _is_on(service) else frozenset()


def found_spans(service: Service, text: str) -> list[Span]:
    """What is masked in ``text`` before it is saved; nothing where the contract has no Security Service."""
    return search(text) if _is_on(service) else []


def search(text: str) -> list[Span]:
    """The personal data in ``text``, in whole characters: no half of what looks like one stays readable."""
    found = detect(text, MASKED_BY_DEFAULT)
    widened = widen_all(text, [span[1:] for span in found])
    return [Span(span.kind, *bounds) for span, bounds in zip(found, widened, strict=True)]


def conceal(service: Service, text: str) -> str:
    """``text`` as it may be stored outside of a chat: known kinds of personal data as asterisks, no original kept."""
    return apply_mask(text, [span[1:] for span in found_spans(service, text)])


def put_on(
    chat: Chat, message: Message, *, original: str, spans: Sequence[Span], by: Agent | None = None
) -> list[Mask]:
    """Stores masks over ``spans``, which must be free of others. Needs the chat's row lock."""
    return Mask.objects.bulk_create(
        Mask(
            message=message,
            kind=span.kind,
            start=span.start,
            end=span.end,
            sealed=vault.seal_original(chat, message.seq, span[1:], original[span.start : span.end]),
            masked_by=by,
        )
        for span in spans
    )


def mask_selection(agent: Agent, chat_id: int, selections: Sequence[Selection]) -> int:
    """Masks what ``agent`` selected, in one transaction, and returns how many spans are new.

    The caller has checked that the agent may mask in this chat. Raises ``Closed`` without Security Service, ``Invalid``
    for offsets outside the text, and ``Conflict`` where a message has changed since it was selected.
    """
    if not _is_on(agent.service):
        raise Closed(_("Personal information masking needs the Security Service in Contract Details."))
    with transaction.atomic():
        chat = Chat.objects.select_for_update(no_key=True).get(pk=chat_id, service=agent.service)
        messages = _messages_as_selected(chat, selections)
        originals = [text for item in selections for text in _mask_one(chat, messages[item.seq], item, agent)]
        if originals:
            for conceal_copies in copies:
                conceal_copies(chat, originals)
            audit.record(chat.service_id, "chat.masked", chat.subject, agent=agent, spans=len(originals))
    return len(originals)


def masked_originals(chat: Chat) -> list[str]:
    """What was masked by hand in ``chat``, to hide copies of it; not to be shown to anybody."""
    masks = Mask.objects.filter(message__chat=chat, kind=MANUAL).select_related("message__chat")
    return [original for mask in masks if (original := vault.original_or_none(mask)) is not None]


def reveal(agent: Agent, mask_id: int, *, address: str | None) -> str:
    """The original under a mask, for this agent alone. On record before it is returned, or not returned.

    Raises ``Mask.DoesNotExist`` outside the agent's service, ``Closed`` without Security Service or the permission, and
    ``OriginalGone`` where it was destroyed.
    """
    mask = Mask.objects.select_related("message__chat").get(pk=mask_id, message__chat__service=agent.service)
    refused = not (_is_on(agent.service) and agent.chat_permission)
    audit.record(
        agent.service,
        "chat.reveal_refused" if refused else "chat.revealed",
        mask.message.chat.subject,
        agent=agent,
        address=address,
        kind=mask.kind,
        seq=mask.message.seq,
    )
    if refused:
        raise Closed(_("You are not permitted to unmask personal information."))
    try:
        return vault.open_original(mask)
    except vault.Gone:
        raise OriginalGone(_("The original is gone for good.")) from None


def _is_on(service: Service) -> bool:
    return service.contract.security_service


def _messages_as_selected(chat: Chat, selections: Sequence[Selection]) -> dict[int, Message]:
    wanted = {item.seq: item.rev for item in selections}
    found = {m.seq: m for m in chat.messages.filter(seq__in=wanted).prefetch_related("masks").order_by("seq")}
    if not wanted or len(wanted) != len(selections):
        raise Invalid(_("Select text in a message first."))
    if any(seq not in found or not found[seq].body for seq in wanted):
        raise Invalid(_("This can't be masked."))
    if any(found[seq].rev != rev for seq, rev in wanted.items()):
        raise Conflict(_("This message has changed in the meantime. Select the text again."))
    return found


def _mask_one(chat: Chat, message: Message, item: Selection, agent: Agent) -> list[str]:
    """Returns what was still readable of the selection, piece by piece."""
    body = message.body
    try:
        start, end = widen(body, *from_utf16(body, item.start, item.end))
    except ValueError:
        raise Invalid(_("This can't be masked.")) from None
    masks = list(message.masks.all())
    new = [Span(MANUAL, *free) for free in subtract(start, end, [(mask.start, mask.end) for mask in masks])]
    new = [span for span in new if body[span.start : span.end].strip()]
    if new:
        masks += put_on(chat, message, original=body, spans=new, by=agent)
        _change_body(chat, message, apply_mask(body, [span[1:] for span in new]))
        live.publish_on_commit(live.chat_topic(chat.pk), live.Changed(entry_of(message, masks)))
    return [body[span.start : span.end] for span in new]


def _change_body(chat: Chat, message: Message, body: str) -> None:
    chat.last_rev += 1
    message.body, message.rev = body, chat.last_rev
    message.save(update_fields=["body", "rev"])
    fields: dict[str, Any] = {"last_rev": chat.last_rev}
    if not message.internal and not chat.messages.filter(seq__gt=message.seq, internal=False).exclude(body="").exists():
        fields["last_line"] = last_line(body)
        live.publish_on_commit(live.service_topic(chat.service_id), live.Touched())
        if chat.agent_id:
            live.publish_on_commit(live.agent_topic(chat.agent_id), live.Touched())
    Chat.objects.filter(pk=chat.pk).update(**fields)


def last_line(body: str) -> str:
    """How lists show a (masked) body."""
    return " ".join(body.split())[:LAST_LINE_LENGTH]
