"""Canned responses: who saves and removes them, what the composer finds of them, and when one has been used.

Nothing personal is stored in one: a text in which the service's rules find something is refused, since all of it would
be asterisks whenever it is sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from agents import audit
from agents.access import require_admin
from agents.chat_permission import permitted_agents
from agents.models import Agent, Service
from chat import access
from chat.canned.placeholders import fill
from chat.canned_response import CannedResponse
from chat.files import canned_files
from chat.masking.concealing import conceal, search
from chat.masking.kinds import NAMES
from chat.models import Chat, Message
from chat.topics import Topic
from contiple.base.errors import Closed, Invalid
from helpcenter.access import title_of

SHARED_MAX, OWN_MAX = 1_000, 200  # in a service; of an agent
FOUND_MAX = 20  # in the composer: with texts of 2,000 signs, less than 200 kB
WORDS_MAX, QUERY_LENGTH_MAX = 5, 60


@dataclass(frozen=True, kw_only=True)
class Written:
    """A canned response as a form has it. Without ``owner`` it is everybody's, or of the agents of ``topic``."""

    name: str
    texts: Mapping[str, str]
    owner: Agent | None = None
    topic: Topic | None = None
    file: int | None = None  # of an uploaded ``CannedFile``, or of the one that it has


@transaction.atomic
def save_response(by: Agent, response: CannedResponse | None, written: Written) -> CannedResponse:
    """Makes a canned response, or changes one that the caller has fetched through ``access``.

    Raises ``Closed`` if it is not ``by``'s to make, ``Http404`` if it was removed meanwhile, and ``Invalid``, with the
    form's field as code, for what is personal, a name that is taken, a file that is gone, and too many. Locks the
    Service's row.
    """
    _require_right(by, written)
    _refuse_personal(by.service, written)
    Service.objects.select_for_update(no_key=True).values_list("pk").get(pk=by.service_id)
    row = _lock(by, response) if response else CannedResponse(service=by.service)
    was_shared = bool(row.pk) and row.owner_id is None
    if response is None or row.owner_id != (written.owner.pk if written.owner else None):
        _require_room(by.service, written.owner)
    row.name, row.texts, row.owner, row.topic = written.name, dict(written.texts), written.owner, written.topic
    _save(row)
    canned_files.attach(row, written.file, by)
    if was_shared or row.owner_id is None:
        _note(by, row, "canned.changed" if response else "canned.created")
    return row


@transaction.atomic
def remove_response(by: Agent, response: CannedResponse) -> None:
    """Removes a canned response that the caller has fetched through ``access``. Messages sent from it stay.

    Raises ``Http404`` if it was removed meanwhile.
    """
    _lock(by, response)
    canned_files.attach(response, None, by)
    if response.owner_id is None:
        require_admin(by)
        _note(by, response, "canned.removed")
    response.delete()


def searched(service: Service, typed: str) -> str:
    """Returns the text to search for, masked as stored texts are: personal numbers are in no query either."""
    text = typed[:QUERY_LENGTH_MAX].replace("\0", "").strip()
    return conceal(service, text) if text else ""


def found_by(responses: QuerySet[CannedResponse], query: str) -> QuerySet[CannedResponse]:
    """Those with every word of the query, as ``searched`` returns it, in their name or texts. Names that begin with it
    come first, then the most used ones.
    """
    query = query.lstrip("/")
    for word in query.split()[:WORDS_MAX]:
        places = ["name", *(f"texts__{language}" for language in dict(settings.LANGUAGES))]
        responses = responses.filter(reduce(or_, [Q((f"{place}__icontains", word)) for place in places]))
    first = Case(
        When(name__iexact=query, then=Value(0)), When(name__istartswith=query, then=Value(1)), default=Value(2)
    )
    return responses.order_by(first, "-used_count", "name", "pk")


def filled_for(agent: Agent, chat: Chat, typed: str) -> list[tuple[CannedResponse, str]]:
    """Returns what the composer offers the agent in this chat: responses, with their texts as they would be sent."""
    found = found_by(access.canned_responses_for(agent), searched(agent.service, typed))
    found = found.select_related("topic").prefetch_related("files")
    title = title_of(chat.service, chat.language)
    names = {"customer": chat.customer.name, "agent": str(agent), "service": title}
    return [(response, fill(response.text_in(chat.language), names)) for response in found[:FOUND_MAX]]


def note_used(agent: Agent, chat: Chat, response_id: int, client_id: UUID) -> None:
    """Counts that the agent has sent the message from the response. Raises ``Http404`` without message or response."""
    sent = Message.objects.filter(chat=chat, client_id=client_id, author=Message.Author.AGENT, agent=agent)
    used = access.canned_responses_for(agent).filter(pk=response_id)
    if not sent.exists() or not used.update(used_count=F("used_count") + 1, last_used_at=timezone.now()):
        raise Http404


def _lock(by: Agent, response: CannedResponse) -> CannedResponse:
    """Returns the row as it is now, if ``by`` may change it still."""
    return get_object_or_404(access.canned_responses_changed_by(by).select_for_update(), pk=response.pk)


def _require_right(by: Agent, written: Written) -> None:
    if written.owner is None:
        require_admin(by)
    elif written.owner != by or not (by.is_admin or permitted_agents().filter(pk=by.pk).exists()):
        raise Closed(_("You no longer have the chat permission."))


def _refuse_personal(service: Service, written: Written) -> None:
    for field, text in {"name": written.name, **{f"text_{code}": text for code, text in written.texts.items()}}.items():
        if found := search(service, text).masked:
            kinds = ", ".join(dict.fromkeys(str(NAMES[span.kind]) for span in found))
            raise Invalid(_("This would be masked whenever it is sent: %(kinds)s.") % {"kinds": kinds}, code=field)


def _require_room(service: Service, owner: Agent | None) -> None:
    most = OWN_MAX if owner else SHARED_MAX
    if CannedResponse.objects.filter(service=service, owner=owner).count() >= most:
        raise Invalid(_("There are already %(count)d of them. Remove some first.") % {"count": most}, code="whose")


def _save(row: CannedResponse) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Invalid(_("Another canned response has this name."), code="name") from None


def _note(by: Agent, row: CannedResponse, action: str) -> None:
    audit.record(
        by.service_id, action, f"canned:{row.pk}", agent=by, queue=row.topic_id, is_own=row.owner_id is not None
    )
