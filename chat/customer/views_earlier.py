"""The earlier chats of a member, to be read again in the chat: masked as everywhere, and without notes.

A member's session is needed, for which the service's own site has vouched. Whoever has none gets 404.
"""

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language

from agents.models import Service
from chat import access
from chat.conversation import entries, rendering
from chat.conversation.paging import before, number
from chat.customer.members import bearer
from chat.customer.views import for_customers
from chat.models import Chat
from contiple.base import log_ids
from contiple.base.paging import Position, page_of
from helpcenter.members import sessions
from helpcenter.models import Customer

PAGE_SIZE = 20


@for_customers
def past_chats(request: HttpRequest, service: Service, customer: Customer | None) -> HttpResponse:
    """Lists them, the latest first, but for the ``chat`` that the page shows. With ``before``, a further page."""
    chats = _past_chats(request, service).exclude(pk=number(request.POST.get("chat", "") or "0"))
    position = Position.parse(request.POST.get("before", ""))
    page = page_of(chats, by="created_at", before=position, size=PAGE_SIZE)
    template = "chat/_past_rows.html" if position else "chat/_past_chats.html"
    return render(request, template, {"service": service, "page": page})


@for_customers
def past_chat(request: HttpRequest, service: Service, customer: Customer | None, chat: int) -> HttpResponse:
    """Shows the end of one of them. With ``before``, the messages before that place."""
    found = get_object_or_404(_past_chats(request, service), pk=chat)
    log_ids.about(chat=found.pk)
    if "before" in request.POST:
        page = entries.page_before(found, before(request.POST), notes=False)
        return HttpResponse(rendering.messages_html(page, get_language()))
    page = entries.latest_page(found, notes=False)
    context = {"service": service, "chat": found, "has_earlier": bool(page) and page[0].seq > 1}
    context["messages_html"] = rendering.messages_html(page, get_language())
    return render(request, "chat/_past_chat.html", context)


def _past_chats(request: HttpRequest, service: Service) -> QuerySet[Chat]:
    session = sessions.session_of(service, bearer(request))
    if session is None:
        raise Http404
    return access.past_chats(session.customer) if session.customer else Chat.objects.none()
