"""The customer's pages of a chat: consent and start, resume, end. Messages go through the socket.

A bearer token identifies the customer, not a cookie. So these pages also work in a frame on another site, and a forged
request can't act for anybody: a browser adds no token by itself.
"""

import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import wraps

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
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
from chat.abuse import blocks, crowds, limits, puzzle
from chat.abuse.networks import network_of
from chat.conversation import entries, evaluations, frames, messages, rendering
from chat.conversation.paging import before
from chat.customer.forms import StartForm
from chat.customer.page_addresses import masked_address
from chat.lifecycle import transitions
from chat.masking import concealing
from chat.models import Chat
from chat.routing import presence, queue
from chat.routing.queue_limits import QueueFull
from contiple.base.errors import Closed, Conflict, DomainError, Invalid, TooMany
from contiple.base.waiting import say_when
from helpcenter.access import chat_gate_open, customer_for_token, help_center_of
from helpcenter.customers import register_customer
from helpcenter.models import Customer
from helpcenter.pages import public_page
from helpcenter.policies import current_policy

TOKEN_HEADER = "X-Chat-Token"  # noqa: S105 - a header's name
PUZZLE_HEADER = "X-Chat-Puzzle"
UNSENT_MAX = 200  # messages: nobody writes more while offline
PAGE_LENGTH_MAX = Chat._meta.get_field("page").max_length


def for_customers(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Passes the running service and the token's customer, or ``None``, to the view. Allows the own origins only."""

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

    return in_asked_language(guarded)


def in_asked_language(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answers in the language that the address asks for, if it is one of ours: a frame speaks as the page around it."""

    @wraps(view)
    def asked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        language = request.GET.get("language", "")
        if language not in dict(settings.LANGUAGES):
            return view(request, *args, **kwargs)
        with translation.override(language):
            response = view(request, *args, **kwargs)
        response["Content-Language"] = language
        return response

    return asked


@require_safe
@xframe_options_exempt
@in_asked_language
def panel(request: HttpRequest, service: str) -> HttpResponse:
    """The page in the frame, as a customer without a chat sees it. The script resumes the chat of others."""
    context = chat_page(request, running_service(service))
    response = render(request, "chat/customer.html", context | _stage(request, context))
    response._csp_replace = {"frame-ancestors": ["'self'", *_embedding_sites(context["service"])]}
    response["Cross-Origin-Embedder-Policy"] = "require-corp"  # a page that isolates itself shows no other frames
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    add_never_cache_headers(response)
    return response


@for_customers
def start(request: HttpRequest, service: Service, customer: Customer | None) -> HttpResponse:
    """Starts a chat. Reads the gates again; nothing personal is stored if one is closed.

    The page makes the customer's token and keeps it until the start is answered. So a start that is sent again, because
    its answer was lost, finds the same customer and the same chat, whatever the gates are by now.
    """
    context = chat_page(request, service)
    chat = access.chat_of(customer) if customer else None
    if chat is not None and chat.is_open:
        _count_start(service, customer, network_of(service.pk, request))
        return _started(request, context, chat, _bearer(request))
    stage = _stage(request, context)
    form = stage.get("form")
    if form is None:
        return _staged(request, context | stage, 409)
    if not form.is_valid():
        return _staged(request, context | stage, 422)
    try:
        chat, token = _start(request, service, customer, form)
    except (TooMany, Closed, puzzle.Unsolved) as error:
        return _not_started(request, context, stage, error)
    return _started(request, context, chat, token)


@for_customers
def start_sum(request: HttpRequest, service: Service, customer: Customer | None) -> HttpResponse:
    """The sum that a start is likely to need, so that the page solves it while the form is filled in."""
    answer = HttpResponse(status=204)
    if crowds.is_known(customer.pk if customer else None):
        return answer
    if text := puzzle.ahead(service.pk, network_of(service.pk, request), now=timezone.now()):
        answer[PUZZLE_HEADER] = text
    return answer


@for_customers
def resume(request: HttpRequest, service: Service, customer: Customer | None) -> HttpResponse:
    """The conversation as it is now; 204 if there is none.

    ``unsent`` has the ids of messages that the page holds as unsent. The answer names those that have arrived, and the
    page drops its own copies: the stored ones may be masked. ``link`` is the token of a mail's link: if it is another
    customer's than the page's, the page is that one's from now on.
    """
    link = request.POST.get("link", "")
    comes_by_link = customer_for_token(service, link)
    customer, token = (customer, "") if comes_by_link in {None, customer} else (comes_by_link, link)
    chat = access.chat_of(customer) if customer else None
    if chat is None:
        return HttpResponse(status=204)
    context = chat_page(request, service) | {"stored": _stored(chat, request.POST.get("unsent", ""))}
    return _known(conversation(request, context, chat), token)


@for_customers
def earlier(request: HttpRequest, service: Service, customer: Customer | None) -> HttpResponse:
    chat = own_chat(customer)
    page = entries.page_before(chat, before(request.POST), notes=False)
    return HttpResponse(rendering.messages_html(page, get_language()))


@for_customers
def end(request: HttpRequest, service: Service, customer: Customer | None) -> HttpResponse:
    transitions.close_chat(own_chat(customer).pk, by=Chat.ClosedBy.CUSTOMER)
    return HttpResponse(status=204)


def chat_page(request: HttpRequest, service: Service) -> dict:
    return public_page(request, service) | {"masked_kinds": concealing.masked_kinds(service)}


def _stage(request: HttpRequest, context: dict) -> dict:
    """The context for a customer without a chat: the start form, or why there is none."""
    service, language = context["service"], get_language()
    policy = current_policy(context["help_center"], language)
    if not chat_gate_open(service) or policy is None:
        return {"stage": "unavailable"}
    if not presence.somebody_online(service):
        return {"stage": "absent"}
    data = request.POST if request.method == "POST" else None
    return {"stage": "start", "policy": policy, "form": StartForm(data, policy=policy)}


def _staged(request: HttpRequest, context: dict, status: int) -> HttpResponse:
    return render(request, "chat/_customer_stage.html", context, status=status)


def _start(request: HttpRequest, service: Service, customer: Customer | None, form: StartForm) -> tuple[Chat, str]:
    language, data = get_language(), form.cleaned_data
    network = network_of(service.pk, request)
    blocks.require_not_blocked(service.pk, network=network, customer_id=customer.pk if customer else 0)
    if not crowds.is_known(customer.pk if customer else None):
        puzzle.require_solution(service.pk, network, request.POST.get("solution", "")[:200], now=timezone.now())
    _count_start(service, customer, network)
    token = ""
    with transaction.atomic():
        if customer is None:
            name = concealing.conceal(service, data["name"])
            person = {"name": name, "email": data["email"], "language": language}
            customer, token = register_customer(service, **person, token=_bearer(request))
        page = masked_address(service, request.POST.get("page", ""), length=PAGE_LENGTH_MAX)
        chat = transitions.start_chat(
            customer, policy=form.current_policy, language=language, page=page, network=network
        )
    return chat, token


def _not_started(request: HttpRequest, context: dict, stage: dict, error: DomainError) -> HttpResponse:
    match error:
        case TooMany() | blocks.Blocked():
            stage["form"].add_error(None, str(error))
            return say_when(_staged(request, context | stage, error.status), error)
        case puzzle.Unsolved():
            return _asked(_staged(request, context | {"stage": "full"}, error.status), error)
        case QueueFull():
            return _staged(request, context | {"stage": "full"}, 409)
    return _staged(request, context | _stage(request, context), 409)  # a gate was closed after it was read


def _asked(answer: HttpResponse, error: puzzle.Unsolved) -> HttpResponse:
    answer[PUZZLE_HEADER] = error.puzzle
    return answer


def _count_start(service: Service, customer: Customer | None, network: str) -> None:
    counted = {limits.START_BY_SERVICE: str(service.pk)}
    if not crowds.is_known(customer.pk if customer else None):
        counted[limits.START_BY_NETWORK] = network
    if customer is not None:
        counted |= {limits.START_BY_CUSTOMER: str(customer.pk), limits.START_BY_CUSTOMER_DAY: str(customer.pk)}
    throttle.count_attempts(counted, now=timezone.now())


def _started(request: HttpRequest, context: dict, chat: Chat, token: str) -> HttpResponse:
    """Stores the first message, once, and shows the chat. A message that can't be stored is in the form's draft."""
    if body := request.POST.get("message", "").strip():
        with suppress(Invalid, Conflict):
            messages.send_as_customer(chat, body=body, client_id=_first_id(chat, body))
    return _known(conversation(request, context, chat, status=201), token)


def _known(response: HttpResponse, token: str) -> HttpResponse:
    """Tells the page the token by which it is known from now on; ``""`` if that stays as it was."""
    if token:
        response[TOKEN_HEADER] = token
    return response


def _first_id(chat: Chat, text: str) -> uuid.UUID:
    """The first message's id, so a form sent twice stores it once. Keyed: a plain hash would betray what is masked."""
    return uuid.UUID(salted_hmac("chat.first_message", f"{chat.pk} {text}", algorithm="sha256").hexdigest()[:32])


def _stored(chat: Chat, client_ids: str) -> list[uuid.UUID]:
    """The messages of this chat among ``client_ids``, which spaces separate."""
    ids = []
    for text in client_ids.split()[:UNSENT_MAX]:
        with suppress(ValueError):
            ids.append(uuid.UUID(text))
    return list(chat.messages.filter(client_id__in=ids).values_list("client_id", flat=True)) if ids else []


def conversation(request: HttpRequest, context: dict, chat: Chat, status: int = 200) -> HttpResponse:
    chat.refresh_from_db()
    page = entries.latest_page(chat, notes=False)
    context |= {
        "stage": "chat",
        "chat": chat,
        "messages_html": rendering.messages_html(page, get_language()),
        "status": frames.status_frame(chat, get_language(), place=queue.queue_place(chat)),
        "has_earlier": bool(page) and page[0].seq > 1,
        "evaluation": evaluations.form_of(chat, now=timezone.now()),
    }
    return _staged(request, context, status)


def own_chat(customer: Customer | None) -> Chat:
    chat = access.chat_of(customer) if customer else None
    if chat is None:
        raise Http404
    return chat


def _embedding_sites(service: Service) -> list[str]:
    return help_center_of(service).embed_origins if service.contract.chat_widget and service.contract.chat else []


def _bearer(request: HttpRequest) -> str:
    scheme, _sep, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""
