"""The customer's side: consent, the start, the way back into a running chat, its end. Messages go through the socket.

A customer is known by a bearer token, not by a cookie, so that these pages also work in a frame on another site, and a
forged request can't act for anybody: there is nothing a browser would add by itself.
"""

import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import wraps
from urllib.parse import unquote

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from agents import throttle
from agents.access import running_service
from agents.models import Service
from chat import access
from chat.conversation import entries, frames, messages, rendering
from chat.conversation.paging import before
from chat.customer.forms import StartForm
from chat.lifecycle import transitions
from chat.masking import concealing
from chat.models import MESSAGE_LENGTH_MAX, Chat
from chat.routing import presence, queue
from chat.routing.queue_limits import QueueFull
from contiple.base.addresses import client_address
from contiple.base.errors import Closed, TooMany
from helpcenter.access import chat_gate_open, customer_for_token, help_center_of
from helpcenter.customers import register_customer
from helpcenter.models import Customer
from helpcenter.pages import public_page
from helpcenter.policies import current_policy

TOKEN_HEADER = "X-Chat-Token"  # noqa: S105 - a header's name
# An office or a phone network shares an address; a script that fills the queue has one as well.
START_BY_ADDRESS = throttle.Limit("chat start address", 60, timedelta(hours=1))
UNSENT_MAX = 200  # messages: nobody writes more without a line
PAGE_LENGTH_MAX = Chat._meta.get_field("page").max_length


def for_customers(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view gets the running service and the customer of the bearer token, or ``None``. Same origin only."""

    @csrf_exempt
    @require_POST
    @wraps(view)
    def guarded(request: HttpRequest, service: str, **kwargs) -> HttpResponse:
        if request.headers.get("Origin", settings.PUBLIC_ORIGIN) not in settings.SOCKET_ORIGINS:
            raise Http404
        found = running_service(service)
        response = view(request, found, customer_for_token(found, _bearer(request)), **kwargs)
        add_never_cache_headers(response)
        return response

    return guarded


@require_safe
@xframe_options_exempt
def panel(request: HttpRequest, service: str) -> HttpResponse:
    """The page in the frame: what a customer without a chat sees; the script brings others back into theirs."""
    context = _chat_page(request, running_service(service))
    response = render(request, "chat/customer.html", context | _stage(request, context))
    response._csp_replace = {"frame-ancestors": ["'self'", *_embedding_sites(context["service"])]}
    add_never_cache_headers(response)
    return response


@for_customers
def start(request: HttpRequest, service: Service, customer: Customer | None) -> HttpResponse:
    """Consent and start. The gates are read again; nothing personal is stored where one is closed."""
    context = _chat_page(request, service)
    stage = _stage(request, context)
    form = stage.get("form")
    if form is None:
        return render(request, "chat/_customer_stage.html", context | stage, status=409)
    if not form.is_valid():
        return render(request, "chat/_customer_stage.html", context | stage, status=422)
    try:
        chat, token = _start(request, service, customer, form)
    except TooMany as error:
        form.add_error(None, str(error))
        return render(request, "chat/_customer_stage.html", context | stage, status=429)
    except QueueFull:
        return render(request, "chat/_customer_stage.html", context | {"stage": "full"}, status=409)
    except Closed:  # between the look at the gates and the start
        return render(request, "chat/_customer_stage.html", context | _stage(request, context), status=409)
    response = _conversation(request, context, chat, status=201)
    if token:
        response[TOKEN_HEADER] = token
    return response


@for_customers
def resume(request: HttpRequest, service: Service, customer: Customer | None) -> HttpResponse:
    """The conversation as it is now. 204 where there is none (any more).

    ``unsent`` names what the page still has as unsent. What of it has arrived it is told, and shows it no more: it may
    be masked by now.
    """
    chat = access.chat_of(customer) if customer else None
    if chat is None:
        return HttpResponse(status=204)
    context = _chat_page(request, service) | {"stored": _stored(chat, request.POST.get("unsent", ""))}
    return _conversation(request, context, chat)


@for_customers
def earlier(request: HttpRequest, service: Service, customer: Customer | None) -> HttpResponse:
    chat = _own_chat(customer)
    page = entries.page_before(chat, before(request.POST), notes=False)
    return HttpResponse(rendering.messages_html(page, get_language()))


@for_customers
def end(request: HttpRequest, service: Service, customer: Customer | None) -> HttpResponse:
    transitions.close_chat(_own_chat(customer).pk, by=Chat.ClosedBy.CUSTOMER)
    return HttpResponse(status=204)


def _chat_page(request: HttpRequest, service: Service) -> dict:
    return public_page(request, service) | {"masked_kinds": concealing.masked_kinds(service)}


def _stage(request: HttpRequest, context: dict) -> dict:
    """What a customer without a chat is shown: the form, or why there is none."""
    service, language = context["service"], get_language()
    policy = current_policy(context["help_center"], language)
    if not chat_gate_open(service) or policy is None:
        return {"stage": "unavailable"}
    if not presence.somebody_online(service):
        return {"stage": "absent"}
    data = request.POST if request.method == "POST" else None
    return {"stage": "start", "policy": policy, "form": StartForm(data, policy=policy)}


def _start(request: HttpRequest, service: Service, customer: Customer | None, form: StartForm) -> tuple[Chat, str]:
    language, data = get_language(), form.cleaned_data
    network = throttle.network(client_address(request))
    throttle.count_attempt(START_BY_ADDRESS, f"{service.pk} {network}", now=timezone.now())
    token = ""
    with transaction.atomic():
        if customer is None:
            name = concealing.conceal(service, data["name"])
            customer, token = register_customer(service, name=name, email=data["email"], language=language)
        page = concealing.conceal(service, _page(request))[:PAGE_LENGTH_MAX]
        chat = transitions.start_chat(customer, policy=form.current_policy, language=language, page=page)
    if data["message"]:
        messages.send_as_customer(chat, body=data["message"], client_id=_first_id(chat, data["message"]))
    return chat, token


def _page(request: HttpRequest) -> str:
    """As a person reads it: in signs for signs, a number would not be known for one."""
    return "".join(filter(str.isprintable, unquote(request.POST.get("page", "")[:MESSAGE_LENGTH_MAX])))


def _first_id(chat: Chat, text: str) -> uuid.UUID:
    """A form sent twice finds the message of its first time. Keyed: a plain hash would betray what is masked."""
    return uuid.UUID(salted_hmac("chat.first_message", f"{chat.pk} {text}", algorithm="sha256").hexdigest()[:32])


def _stored(chat: Chat, client_ids: str) -> list[uuid.UUID]:
    """Which of ``client_ids``, separated by spaces, are messages of this chat."""
    ids = []
    for text in client_ids.split()[:UNSENT_MAX]:
        with suppress(ValueError):
            ids.append(uuid.UUID(text))
    return list(chat.messages.filter(client_id__in=ids).values_list("client_id", flat=True)) if ids else []


def _conversation(request: HttpRequest, context: dict, chat: Chat, status: int = 200) -> HttpResponse:
    chat.refresh_from_db()
    page = entries.latest_page(chat, notes=False)
    context |= {
        "stage": "chat",
        "chat": chat,
        "messages_html": rendering.messages_html(page, get_language()),
        "status": frames.status_frame(chat, get_language(), place=queue.queue_place(chat)),
        "has_earlier": bool(page) and page[0].seq > 1,
    }
    return render(request, "chat/_customer_stage.html", context, status=status)


def _own_chat(customer: Customer | None) -> Chat:
    chat = access.chat_of(customer) if customer else None
    if chat is None:
        raise Http404
    return chat


def _embedding_sites(service: Service) -> list[str]:
    return help_center_of(service).embed_origins if service.contract.chat_widget and service.contract.chat else []


def _bearer(request: HttpRequest) -> str:
    scheme, _sep, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""
