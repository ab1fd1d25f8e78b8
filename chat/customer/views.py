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
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
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
from chat.customer.members import bearer, member, new_customer
from chat.customer.stages import absent, stage_of
from chat.customer.views_embed import embedding_sites, framed, in_asked_language
from chat.lifecycle import transitions
from chat.masking import concealing
from chat.masking.page_addresses import masked_address
from chat.models import Chat
from chat.routing import queue
from chat.routing.queue_limits import QueueFull
from chat.routing.waits import prospects_of
from contiple.base.errors import Closed, Conflict, DomainError, Invalid, TooMany
from contiple.base.waiting import say_when
from helpcenter.access import customer_for_token
from helpcenter.models import Customer
from helpcenter.pages import public_page

TOKEN_HEADER = "X-Chat-Token"  # noqa: S105 - a header's name
PUZZLE_HEADER = "X-Chat-Puzzle"
UNSENT_MAX = 200  # messages: nobody writes more while offline
PAGE_LENGTH_MAX = Chat._meta.get_field("page").max_length


def known_by(token_of: Callable[[HttpRequest], str]) -> Callable[[Callable[..., HttpResponse]], Callable]:
    """Makes a guard of views, which says where a request has its token.

    It passes the running service and the token's customer, or ``None``, to the view. Allows the own origins only.
    """

    def guard(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @require_POST
        @wraps(view)
        def guarded(request: HttpRequest, service: str, **kwargs) -> HttpResponse:
            if request.headers.get("Origin", settings.PUBLIC_ORIGIN) not in settings.SOCKET_ORIGINS:
                raise Http404
            found = running_service(service)
            response = view(request, found, customer_for_token(found, token_of(request)), **kwargs)
            add_never_cache_headers(response)
            return response

        return in_asked_language(guarded)

    return guard


for_customers = known_by(bearer)


@require_safe
@gzip_page
@xframe_options_exempt
@in_asked_language
def panel(request: HttpRequest, service: str) -> HttpResponse:
    """The page in the frame, as a customer without a chat sees it. The script resumes the chat of others."""
    context = chat_page(request, running_service(service))
    context["sites"] = embedding_sites(context["service"])
    response = framed(render(request, "chat/customer.html", context | stage_of(request, context)), context["sites"])
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
        return _started(request, context, chat, bearer(request))
    stage = stage_of(request, context, data=request.POST, member=member(service, bearer(request)))
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
    return conversation_or_welcome(request, customer, service, token)


def conversation_or_welcome(
    request: HttpRequest, customer: Customer | None, service: Service, token: str
) -> HttpResponse:
    """Shows the customer's chat, unless a new one is wanted; without one, a member the form of members.

    204 if there is neither: the page shows it already. ``token`` is by which it is known from now on; "" if that stays.
    """
    chat = access.chat_of(customer) if customer else None
    if chat is not None and (chat.is_open or not request.POST.get("anew")):
        stored = {"stored": _stored(chat, request.POST.get("unsent", ""))}
        return _known(conversation(request, chat_page(request, service) | stored, chat), token)
    known = member(service, token or bearer(request))
    if known is None:
        return HttpResponse(status=204)
    context = chat_page(request, service)
    return _known(_staged(request, context | stage_of(request, context, member=known), 200), token)


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


def _staged(request: HttpRequest, context: dict, status: int) -> HttpResponse:
    return render(request, "chat/_customer_stage.html", context, status=status)


def _start(request: HttpRequest, service: Service, customer: Customer | None, form: StartForm) -> tuple[Chat, str]:
    language = get_language()
    network = network_of(service.pk, request)
    blocks.require_not_blocked(service.pk, network=network, customer_id=customer.pk if customer else 0)
    if not crowds.is_known(customer.pk if customer else None):
        puzzle.require_solution(service.pk, network, request.POST.get("solution", "")[:200], now=timezone.now())
    _count_start(service, customer, network)
    token = ""
    with transaction.atomic():
        if customer is None:
            customer, token = new_customer(request, service, form)
        page = masked_address(service, request.POST.get("page", ""), length=PAGE_LENGTH_MAX)
        coming = transitions.Coming(page, network, form.topic)
        chat = transitions.start_chat(customer, policy=form.current_policy, language=language, coming=coming)
    return chat, token


def _not_started(request: HttpRequest, context: dict, stage: dict, error: DomainError) -> HttpResponse:
    match error:
        case TooMany() | blocks.Blocked():
            stage["form"].add_error(None, str(error))
            return say_when(_staged(request, context | stage, error.status), error)
        case puzzle.Unsolved():
            return _asked(_staged(request, context | {"stage": "full"}, error.status), error)
        case transitions.Absent():
            return _staged(request, context | absent(stage["form"].topic), 409)
        case QueueFull():
            return _staged(request, context | {"stage": "full"}, 409)
    return _staged(request, context | stage_of(request, context), 409)  # a gate was closed after it was read


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
        "status": frames.status_frame(chat, get_language(), **prospects_of(chat, queue.queue_place(chat))),
        "has_earlier": bool(page) and page[0].seq > 1,
        "evaluation": evaluations.form_of(chat, now=timezone.now()),
    }
    return _staged(request, context, status)


def own_chat(customer: Customer | None) -> Chat:
    chat = access.chat_of(customer) if customer else None
    if chat is None:
        raise Http404
    return chat
