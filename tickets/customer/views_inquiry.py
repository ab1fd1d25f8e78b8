"""The customer's page of a ticket, opened by a link in a mail, without an account.

A link that is forged, ended, revoked or another service's looks the same: 404, with a way to ask for a new one.
"""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.access import running_service
from agents.models import Service
from agents.outbox.server import has_mail_server
from chat.abuse.blocks import Blocked
from chat.abuse.networks import network_of
from chat.masking.concealing import masked_kinds
from contiple.base.errors import TooMany
from helpcenter.pages import public_page
from helpcenter.texts import reading_language
from tickets.answering import conversation
from tickets.answering.links import secret_of, ticket_of_secret
from tickets.customer import answers, page
from tickets.customer.answers import Sender
from tickets.customer.forms import AnswerForm, LinkForm
from tickets.customer.page import Entry, Seen
from tickets.models import Ticket

# No address of ours is told to another site, and no robot keeps the page. Not ``no-referrer``: with it, browsers send
# forms without their origin, and those are refused.
_HEADERS = {"Referrer-Policy": "strict-origin", "X-Robots-Tag": "noindex, nofollow"}


def _private(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Gives the view the running service in place of its slug; nothing keeps or passes on its page."""

    @never_cache
    @wraps(view)
    def shown(request: HttpRequest, service: str, **kwargs: str) -> HttpResponse:
        response = view(request, running_service(service), **kwargs)
        for name, value in _HEADERS.items():
            response[name] = value
        return response

    return shown


def _by_link(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Gives the view the ticket of the link, and its secret."""

    @_private
    @wraps(view)
    def opened(request: HttpRequest, service: Service, *, secret: str) -> HttpResponse:
        ticket = ticket_of_secret(service, secret, now=timezone.now())
        if ticket is None:
            return _ask(request, service, LinkForm(), status=404)
        return view(request, ticket, secret)

    return opened


@require_safe
@_by_link
def inquiry(request: HttpRequest, ticket: Ticket, secret: str) -> HttpResponse:
    return _page(request, ticket, secret, AnswerForm())


@require_safe
@_by_link
def changes(request: HttpRequest, ticket: Ticket, secret: str) -> HttpResponse:
    """What has changed since the page has ``seen`` the conversation, or 204 if nothing has. Pages ask regularly."""
    asked = request.GET.get("seen", "")
    now, seen = page.seen_now(ticket), Seen.parse(asked)
    if asked == str(now):
        return HttpResponse(status=204)
    changed = page.changed_since(ticket, seen) if seen else None
    return render(request, "tickets/_inquiry_entries.html", _conversation(ticket, now, changed))


@require_POST
@_by_link
def answer(request: HttpRequest, ticket: Ticket, secret: str) -> HttpResponse:
    return _take_answer(request, ticket, secret)


@require_POST
@_by_link
def solved(request: HttpRequest, ticket: Ticket, secret: str) -> HttpResponse:
    """Makes the ticket Resolved. What stands in the box, a word of thanks perhaps, is taken first."""
    if request.POST.get("body", "").strip():
        return _take_answer(request, ticket, secret, is_solved=True)
    conversation.mark_solved(ticket)
    return redirect("tickets:inquiry", ticket.service.slug, secret)


def _take_answer(request: HttpRequest, ticket: Ticket, secret: str, *, is_solved: bool = False) -> HttpResponse:
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, ticket, secret, form, status=400)
    data, sender = form.cleaned_data, Sender(network_of(ticket.service_id, request), timezone.now())
    try:
        answered = answers.leave_answer(ticket, data["body"], sender=sender, request_id=data["request_id"])
    except (TooMany, Blocked) as error:
        form.add_error(None, str(error))
        return _page(request, ticket, secret, form, status=error.status)
    if is_solved:
        conversation.mark_solved(answered.ticket)
    # The link of the ticket that took it: this page's may be Completed.
    link = secret if answered.ticket == ticket else secret_of(answered.ticket, now=timezone.now())
    page = reverse("tickets:inquiry", args=[ticket.service.slug, link])
    return redirect(f"{page}#sent")  # the script forgets the draft now


@require_http_methods(["GET", "HEAD", "POST"])
@_private
def ask_for_links(request: HttpRequest, service: Service) -> HttpResponse:
    form = LinkForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _ask(request, service, form, status=400 if form.is_bound else 200)
    sender = Sender(network_of(service.pk, request), timezone.now())
    answers.ask_for_links(service, form.cleaned_data["email"], sender=sender, language=reading_language())
    return _ask(request, service, form, is_sent=True)


def _ask(
    request: HttpRequest, service: Service, form: LinkForm, *, status: int = 200, is_sent: bool = False
) -> HttpResponse:
    context = public_page(request, service) | {"form": form, "is_sent": is_sent, "is_gone": status == 404}
    context["has_mail_server"] = has_mail_server()
    return render(request, "tickets/inquiry_links.html", context, status=status)


def _page(request: HttpRequest, ticket: Ticket, secret: str, form: AnswerForm, *, status: int = 200) -> HttpResponse:
    context = public_page(request, ticket.service)
    context |= _conversation(ticket, page.seen_now(ticket))
    context |= {
        "secret": secret,
        "form": form,
        "subject": page.subject_of(ticket),
        "masked_kinds": masked_kinds(ticket.service),
    }
    return render(request, "tickets/inquiry.html", context, status=status)


def _conversation(ticket: Ticket, seen: Seen, changed: list[Entry] | None = None) -> dict:
    """The whole conversation, or only what has ``changed``. ``seen`` was read before."""
    return {
        "ticket": ticket,
        "entries": page.entries_of(ticket) if changed is None else changed,
        "is_whole": changed is None,
        "state": page.shown_state(ticket),
        "may_solve": conversation.may_solve(ticket),
        "seen": seen,
    }
