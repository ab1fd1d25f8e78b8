"""What a customer may do about a chat's end: evaluate it. The token identifies the customer, as in ``views``."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from agents import throttle
from agents.models import Service
from chat.abuse import blocks, limits
from chat.abuse.networks import network_of
from chat.conversation import evaluations
from chat.customer.views import for_customers, own_chat
from chat.masking import concealing
from chat.models import Chat, Score
from helpcenter.models import Customer


@for_customers
def evaluate(request: HttpRequest, service: Service, customer: Customer | None) -> HttpResponse:
    """Stores or changes the evaluation, and shows it. Without a ``score`` it is only shown."""
    chat = _chat_of_page(request, customer)
    if "score" in request.POST:
        network = network_of(service.pk, request)
        blocks.require_not_blocked(service.pk, network=network, customer_id=chat.customer_id)
        throttle.count_attempts({limits.EVALUATION_BY_CUSTOMER: str(chat.customer_id)}, now=timezone.now())
        score = request.POST["score"]
        step = int(score) if score in map(str, Score.values) else 0
        evaluations.give(chat.pk, score=step, comment=request.POST.get("comment", ""))
        chat = own_chat(customer)
    context = {"service": service, "chat": chat, "masked_kinds": concealing.masked_kinds(service)}
    context["evaluation"] = evaluations.form_of(chat, now=timezone.now())
    return render(request, "chat/_evaluation.html", context)


def _chat_of_page(request: HttpRequest, customer: Customer | None) -> Chat:
    """The chat that the page shows. Raises ``Http404`` if another has begun since, in another tab."""
    chat = own_chat(customer)
    if str(chat.pk) != request.POST.get("chat", ""):
        raise Http404
    return chat
