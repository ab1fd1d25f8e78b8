"""A customer sends files in the open chat, and reads those of the own chats. The token identifies the customer."""

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from agents import throttle
from agents.models import Service
from chat import access
from chat.abuse import blocks, limits
from chat.abuse.networks import network_of
from chat.customer.members import bearer
from chat.customer.views import TOKEN_HEADER, known_by, own_chat
from chat.files import answers
from chat.files.limits import require_limits
from chat.models import ChatFile
from helpcenter.members import sessions
from helpcenter.models import Customer


def _header_token(request: HttpRequest) -> str:
    return request.headers.get(TOKEN_HEADER, "") or bearer(request)


def _token(request: HttpRequest) -> str:
    """A form that opens a file in a tab of its own has the token as a field: it never stands in an address."""
    return _header_token(request) or request.POST.get("token", "")


@known_by(_header_token)
@answers.refusals_as_json
def upload(request: HttpRequest, service: Service, customer: Customer | None) -> HttpResponse:
    """Sends the body as a file. The customer may also wait for an agent yet."""
    chat = own_chat(customer)
    sent = answers.upload_of(request, chat)
    return answers.receive(request, sent, partial(_admit, request, service, chat.customer_id))


@known_by(_token)
def file(request: HttpRequest, service: Service, customer: Customer | None, file: int) -> HttpResponse:
    return answers.file_answer(_readable(request, service, customer, file))


@known_by(_token)
def thumbnail(request: HttpRequest, service: Service, customer: Customer | None, file: int) -> HttpResponse:
    return answers.file_answer(_readable(request, service, customer, file), thumbnail=True)


def _readable(request: HttpRequest, service: Service, customer: Customer | None, file: int) -> ChatFile:
    """A member's session opens the files of earlier chats too, any other token those of its one chat."""
    if customer is not None and sessions.session_of(service, _token(request)):
        return access.file_for_customer(customer, file)
    return access.file_of_chat(own_chat(customer), file)


def _admit(request: HttpRequest, service: Service, customer_id: int) -> None:
    require_limits(service.pk)
    network = network_of(service.pk, request)
    blocks.require_not_blocked(service.pk, network=network, customer_id=customer_id)
    counted = {limits.FILE_BY_CUSTOMER: str(customer_id), limits.FILE_BY_NETWORK: network}
    throttle.count_attempts(counted | {limits.FILE_BY_SERVICE: str(service.pk)}, now=timezone.now())
