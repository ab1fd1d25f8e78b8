"""What a customer takes from a chat: evaluates it, saves it, has it mailed. The token identifies the customer, as in
``views``.
"""

import re
from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header

from agents import throttle
from agents.models import Service
from chat.abuse import blocks, limits
from chat.abuse.networks import network_of
from chat.conversation import evaluations, transcript_mail
from chat.conversation.transcript import OFFSET_MAX, transcript
from chat.customer.members import bearer
from chat.customer.views import for_customers, own_chat
from chat.evaluation import Score
from chat.lifecycle import transitions
from chat.masking import concealing
from chat.models import Chat
from helpcenter.access import help_center_of
from helpcenter.members import sessions
from helpcenter.models import Customer
from helpcenter.texts import reading_language, text_for

FILE_LENGTH_MAX = 1_000_000  # characters
BOM = "\ufeff"  # a saved file has no header: without the mark some programs read it in the computer's old charset


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


@for_customers
def download_transcript(request: HttpRequest, service: Service, customer: Customer | None) -> HttpResponse:
    """The conversation as a file, in the language of the page."""
    chat = _chat_of_page(request, customer)
    throttle.count_attempts({limits.TRANSCRIPT_BY_CUSTOMER: str(chat.customer_id)}, now=timezone.now())
    offset = _offset(request)
    text = transcript(chat, language=reading_language(), offset=offset, length=FILE_LENGTH_MAX)
    response = HttpResponse(BOM + text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=_file_name(chat, offset))
    response["X-Content-Type-Options"] = "nosniff"
    return response


@for_customers
def mail_transcript(request: HttpRequest, service: Service, customer: Customer | None) -> HttpResponse:
    """Mails the conversation to the address that was given at the chat's start, and to no other."""
    chat = _chat_of_page(request, customer)
    throttle.count_attempts({limits.TRANSCRIPT_BY_CUSTOMER: str(chat.customer_id)}, now=timezone.now())
    transcript_mail.post_transcript(chat, language=reading_language(), offset=_offset(request))
    return HttpResponse(status=204)


@for_customers
def forget(request: HttpRequest, service: Service, customer: Customer | None) -> HttpResponse:
    """Ends the token, and the chat if it runs: whoever has this device next finds nothing by it."""
    sessions.end(service, bearer(request))
    if customer is not None:
        transitions.forget_device(customer)
    return HttpResponse(status=204)


def _chat_of_page(request: HttpRequest, customer: Customer | None) -> Chat:
    """The chat that the page shows. Raises ``Http404`` if another has begun since, in another tab."""
    chat = own_chat(customer)
    if str(chat.pk) != request.POST.get("chat", ""):
        raise Http404
    return chat


def _offset(request: HttpRequest) -> int:
    """How many minutes the page's clock is ahead of UTC; 0 if it says nothing usable."""
    found = re.fullmatch(r"-?[0-9]{1,3}", request.POST.get("offset", ""))
    return int(found[0]) if found and abs(int(found[0])) <= OFFSET_MAX else 0


def _file_name(chat: Chat, offset: int) -> str:
    """The help center's title and the customer's day, without what file systems refuse."""
    title = text_for(help_center_of(chat.service), reading_language()).title
    stem = re.sub(r"[^\w-]+", "-", title).strip("-") or "chat"
    return f"{stem}-{chat.created_at + timedelta(minutes=offset):%Y-%m-%d}.txt"
