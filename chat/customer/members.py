"""Who a customer's browser says that it is: by its token, or as a member whom the service's site has vouched for."""

from django.http import HttpRequest
from django.utils.translation import get_language

from agents.models import Service
from chat.customer.forms import StartForm
from chat.masking import concealing
from helpcenter.customers import register_customer
from helpcenter.members import sessions
from helpcenter.members.tokens import Member
from helpcenter.models import Customer


def bearer(request: HttpRequest) -> str:
    scheme, _sep, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def member(service: Service, token: str) -> Member | None:
    """Returns the member whose session has this token."""
    session = sessions.session_of(service, token)
    return sessions.member_of(session, token) if session else None


def new_customer(request: HttpRequest, service: Service, form: StartForm) -> tuple[Customer, str]:
    """Returns the customer who has just agreed, and the token by which the page is known; "" if that stays."""
    token, language = bearer(request), get_language() or ""
    if form.member and (session := sessions.session_of(service, token)):
        return sessions.consented(session, token, language=language), ""
    name = concealing.conceal(service, form.cleaned_data["name"])
    return register_customer(service, name=name, email=form.cleaned_data["email"], language=language, token=token)
