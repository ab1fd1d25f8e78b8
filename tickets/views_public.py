"""Contact Us, open to everybody: the 1:1 inquiry form and its thanks."""

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from agents.access import running_service
from agents.models import Service
from contiple.addresses import client_address
from contiple.errors import TooMany
from helpcenter.pages import public_page
from helpcenter.policies import current_policy
from helpcenter.texts import reading_language
from tickets.forms import InquiryForm
from tickets.inquiries import leave_inquiry


@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest, service: str) -> HttpResponse:
    context = public_page(request, running_service(service))
    policy = current_policy(context["help_center"], reading_language())
    if policy is None:
        return render(request, "tickets/contact.html", context)
    form = InquiryForm(request.POST if request.method == "POST" else None, policy=policy)
    if form.is_valid() and _leave(request, context["service"], form):
        return redirect("tickets:contact_sent", service)
    context |= {"form": form, "policy": policy}
    return render(request, "tickets/contact.html", context, status=_status(form))


@require_safe
def contact_sent(request: HttpRequest, service: str) -> HttpResponse:
    return render(request, "tickets/contact_sent.html", public_page(request, running_service(service)))


def _status(form: InquiryForm) -> int:
    if not form.is_bound:
        return 200
    return TooMany.status if form.has_error(NON_FIELD_ERRORS, TooMany.code) else 400


def _leave(request: HttpRequest, service: Service, form: InquiryForm) -> bool:
    """Whether the person is to be thanked. A machine, which fills what people don't see, is thanked for nothing."""
    data = form.cleaned_data
    if data["website"]:
        return True
    try:
        leave_inquiry(
            service,
            name=data["name"],
            email=data["email"],
            language=reading_language(),
            subject=data["subject"],
            body=data["message"],
            policy=data["policy"],
            request_id=data["request_id"],
            address=client_address(request),
            now=timezone.now(),
        )
    except TooMany as error:
        form.add_error(None, ValidationError(error.text, code=error.code))
        return False
    return True
