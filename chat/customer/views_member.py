"""Member Interlink in the chat: a site vouches for its signed-in customer, and signs the customer out again."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from agents import throttle
from agents.access import running_service
from agents.models import Service
from chat import access
from chat.abuse import limits
from chat.abuse.networks import network_of
from chat.conversation import live
from chat.customer.members import bearer
from chat.customer.views import conversation_or_welcome, for_customers
from chat.masking import concealing
from contiple.base.errors import TooMany
from helpcenter.members import cookies, sessions
from helpcenter.members.sessions import Begun, Browser
from helpcenter.members.tokens import Refused
from helpcenter.models import Customer


@for_customers
def identify(request: HttpRequest, service: Service, customer: Customer | None) -> HttpResponse:
    """Takes a member token, or else what the help center knows by its cookie, and shows the member's chat.

    ``session`` is the token of the session that may begin. A refusal says, in English, what the site's developer must
    know; the page stays whose it is. So it does while a chat of somebody unverified runs.
    """
    try:
        if customer and not customer.member and (chat := access.chat_of(customer)) and chat.is_open:
            raise Refused("A chat runs already, of somebody unverified. It goes on as it is.", code="busy")
        begun = _begun(request, service)
    except (Refused, TooMany) as error:
        return HttpResponse(f"{error.code}: {error}", status=error.status, content_type="text/plain; charset=utf-8")
    return conversation_or_welcome(request, begun.session.customer, service, begun.token)


@for_customers
def sign_out(request: HttpRequest, service: Service, customer: Customer | None) -> HttpResponse:
    """Ends the session of the browser's token, on every page that is open with it."""
    _end(service, bearer(request))
    return HttpResponse(status=204)


@csrf_exempt  # the token itself proves that the site sends its member
@require_http_methods(["GET", "POST"])
@never_cache
def enter(request: HttpRequest, service: str) -> HttpResponse:
    """Signs a member in to the help center by a member token, and leads there; unverified if the token is refused."""
    found = running_service(service)
    current = cookies.session(request, found)
    text = (request.POST if request.method == "POST" else request.GET).get("token", "")
    response = redirect("helpcenter:home", found.slug)
    response["Referrer-Policy"] = "no-referrer"
    try:
        begun = _taken(request, found, text, current.token if current else "", sessions.new_token())
    except (Refused, TooMany) as error:
        response["X-Member-Refused"] = error.code
    else:
        cookies.keep(response, found, begun.token)
    return response


@require_POST
@never_cache
def leave(request: HttpRequest, service: str) -> HttpResponse:
    """Signs the member out of the help center, and of the chat there."""
    found = running_service(service)
    if current := cookies.session(request, found):
        _end(found, current.token)
    response = redirect("helpcenter:home", found.slug)
    cookies.forget(response, found)
    return response


def _end(service: Service, token: str) -> None:
    """Ends the session; open pages that show its member's chat look again."""
    customer_id = sessions.end(service, token)
    customer = Customer.objects.filter(pk=customer_id).first() if customer_id else None
    if customer and (chat := access.chat_of(customer)):
        live.publish(live.chat_topic(chat.pk), live.Touched())


def _begun(request: HttpRequest, service: Service) -> Begun:
    text, new = request.POST.get("token", ""), request.POST.get("session", "")
    return _taken(request, service, text, bearer(request), new) if text else _continued(request, service, new)


def _taken(request: HttpRequest, service: Service, text: str, current: str, new: str) -> Begun:
    network, now = network_of(service.pk, request), timezone.now()
    throttle.count_attempt(limits.MEMBER_BY_NETWORK, network, now=now)
    browser = Browser(current, new, lambda name: concealing.conceal(service, name))
    try:
        return sessions.begin(service, text, browser, now=now)
    except Refused:
        throttle.count_attempt(limits.MEMBER_REFUSED_BY_NETWORK, network, now=now)
        raise


def _continued(request: HttpRequest, service: Service, new: str) -> Begun:
    found = cookies.session(request, service)
    if found is None:
        raise Http404
    current = sessions.session_of(service, bearer(request))
    if current is not None and current.parent_id == found.session.pk:
        return Begun(current, bearer(request))
    throttle.count_attempt(limits.MEMBER_BY_NETWORK, network_of(service.pk, request), now=timezone.now())
    session = sessions.continued(found.session, found.token, token=new)
    if session is None:
        raise Http404
    return Begun(session, new)
