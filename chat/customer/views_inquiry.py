"""From a customer's chat to an answer by e-mail, by one click; and the page of a customer who found nobody there."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from agents.models import Service
from chat.customer.views import chat_page, conversation, for_customers, own_chat
from chat.follow_ups import Wish, registered
from chat.routing import opening, presence
from chat.routing.topics import topic_of_key
from contiple.base.addresses import client_address
from helpcenter.access import chat_gate_open
from helpcenter.models import Customer


@for_customers
def leave_inquiry(request: HttpRequest, service: Service, customer: Customer | None) -> HttpResponse:
    """Makes the customer's chat an inquiry, and shows its number. 409: nothing was written, so the form is needed."""
    chat = own_chat(customer)
    wish = Wish(
        email=request.POST.get("email", ""),
        typed=request.POST.get("message", "").replace("\r\n", "\n").strip(),
        address=client_address(request),
        now=timezone.now(),
    )
    registered().leave_inquiry(chat, wish)
    return conversation(request, chat_page(request, service), chat)


@for_customers
def is_open(request: HttpRequest, service: Service, customer: Customer | None) -> HttpResponse:
    """200 as soon as a chat can be started, 204 until then. Pages that say that nobody is there ask it.

    With ``?topic=``, a chat of that topic.
    """
    topic = topic_of_key(service, request.GET.get("topic", ""))
    is_staffed = chat_gate_open(service) and presence.somebody_online(service, topic.pk if topic else None)
    can_start = is_staffed and not opening.closed_until(service.pk)
    return HttpResponse(status=200 if can_start else 204)
