"""Contact Us, open to everybody: the 1:1 inquiry form and its thanks page."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.signing import BadSignature, Signer
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.access import running_service
from agents.models import Service
from agents.outbox.server import has_mail_server
from chat.abuse.blocks import Blocked
from chat.access import chat_of
from chat.masking.concealing import masked_kinds
from chat.models import Chat
from contiple.base.addresses import client_address
from contiple.base.errors import TooMany
from contiple.base.texts import one_line
from helpcenter.access import customer_for_token
from helpcenter.members import cookies
from helpcenter.models import PrivacyPolicy
from helpcenter.pages import public_page
from helpcenter.policies import current_policy
from helpcenter.texts import reading_language
from tickets.customer import chat_inquiries
from tickets.customer.forms import InquiryForm
from tickets.customer.inquiries import Inquiry, leave_inquiry
from tickets.lifecycle import first_words
from tickets.models import SUBJECT_LENGTH_MAX

_signer = Signer(salt="tickets.contact_sent")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache  # a refused form holds what was typed, and Back must find a form that has not been sent
def contact(request: HttpRequest, service: str) -> HttpResponse:
    context = public_page(request, running_service(service))
    policy = current_policy(context["help_center"], reading_language())
    if policy is None:
        return render(request, "tickets/contact.html", context)
    chat = chat_inquiries.chat_of_pass(context["service"], request.POST.get("chat", ""))
    begun = cookies.session(request, context["service"])
    form = InquiryForm(request.POST if request.method == "POST" else None, policy=policy, begun=begun)
    if form.is_valid() and (number := _leave(request, context["service"], form, chat)) is not None:
        return redirect(_thanks(service, number))
    context |= _shown(context["service"], form, policy, chat)
    return render(request, "tickets/contact.html", context, status=_status(form))


@csrf_exempt  # it changes nothing, and a frame on another site has no cookie to prove anything with
@require_POST
@never_cache
def contact_from_chat(request: HttpRequest, service: str) -> HttpResponse:
    """The form with what was typed in the chat. The chat's token comes in the body, since logs keep addresses."""
    if request.headers.get("Origin") not in settings.SOCKET_ORIGINS:
        raise Http404
    context = public_page(request, running_service(service))
    policy = current_policy(context["help_center"], reading_language())
    begun = cookies.entered(context["service"], request.POST.get("token", ""))
    if policy is not None:
        chat = _chat_of_token(request, context["service"])
        form = InquiryForm(policy=policy, begun=begun)
        form.initial = {**form.initial, **_typed(request, chat)}
        context |= _shown(context["service"], form, policy, chat)
    response = render(request, "tickets/contact.html", context)
    if begun:
        cookies.keep(response, context["service"], begun.token)
    return response


@require_safe
def contact_sent(request: HttpRequest, service: str) -> HttpResponse:
    """The thanks, with the inquiry's number. It comes signed, so that no link has us thank for anything else."""
    context = public_page(request, running_service(service))
    context |= {"number": _number(request.GET.get("inquiry", "")), "has_mail_server": has_mail_server()}
    return render(request, "tickets/contact_sent.html", context)


def _thanks(service: str, number: int) -> str:
    signed = urlencode({"inquiry": _signer.sign(number)}) if number else ""
    return f"{reverse('tickets:contact_sent', args=[service])}{signed and '?'}{signed}"


def _number(signed: str) -> str:
    try:
        return _signer.unsign(signed)
    except BadSignature:
        return ""


def _status(form: InquiryForm) -> int:
    if not form.is_bound:
        return 200
    return TooMany.status if form.has_error(NON_FIELD_ERRORS, TooMany.code) else 400


def _chat_of_token(request: HttpRequest, service: Service) -> Chat | None:
    customer = customer_for_token(service, request.POST.get("token", ""))
    return chat_of(customer) if customer else None


def _typed(request: HttpRequest, chat: Chat | None) -> dict[str, str]:
    typed = {name: request.POST.get(name, "") for name in ("name", "email", "message")}
    if chat is None:
        return typed | {"subject": one_line(typed["message"].strip().partition("\n")[0], SUBJECT_LENGTH_MAX)}
    known = {"name": chat.customer.name, "email": chat.customer.email, "subject": _subject(chat)}
    return known | {"message": chat_inquiries.words_of(chat, typed=typed["message"].replace("\r\n", "\n"))}


def _subject(chat: Chat) -> str:
    return one_line(first_words(chat), SUBJECT_LENGTH_MAX)


def _shown(service: Service, form: InquiryForm, policy: PrivacyPolicy, chat: Chat | None) -> dict[str, Any]:
    """The form's context. The inquiry takes the place of ``chat`` if there is one."""
    shown = {"form": form, "policy": policy, "masked_kinds": masked_kinds(service)}
    if chat is None:
        return shown
    return shown | {"chat_pass": chat_inquiries.pass_of(chat), "chat_waits": chat_inquiries.waits(chat)}


def _leave(request: HttpRequest, service: Service, form: InquiryForm, chat: Chat | None) -> int | None:
    """Stores the inquiry. Returns the number to give thanks with; ``None`` if the form says why it is refused."""
    if form.cleaned_data["website"]:
        return 0  # Honeypot filled: show thanks, store nothing.
    try:
        return leave_inquiry(service, _inquiry(request, form), chat=chat).number
    except (TooMany, Blocked) as error:
        form.add_error(None, ValidationError(error.text, code=error.code))
        return None


def _inquiry(request: HttpRequest, form: InquiryForm) -> Inquiry:
    data = form.cleaned_data
    return Inquiry(
        name=data.get("name", ""),
        email=data.get("email", ""),
        begun=form.begun,
        language=reading_language(),
        subject=data["subject"],
        body=data["message"],
        policy=data["policy"],
        request_id=data["request_id"],
        address=client_address(request),
        now=timezone.now(),
    )
