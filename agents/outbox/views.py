"""Service Management / E-mails: what left, what waits, what didn't arrive and why. For admins.

Texts are not shown here: a reply can be read on its ticket, and a link is a secret.
"""

from typing import Any, NamedTuple

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from agents import audit
from agents.access import for_admins
from agents.models import Agent
from agents.outbox import problems, upkeep
from agents.outbox.kinds import kind_of
from agents.outbox.models import STOPPED, OutgoingMail
from agents.outbox.server import has_mail_server
from contiple.base.paging import Position, page_among

State = OutgoingMail.State
AT_ONCE_MAX = 500


class Row(NamedTuple):
    mail: OutgoingMail
    kind: Any
    problem: str
    can_start_again: bool


@require_safe
@for_admins
def mails(request: HttpRequest, agent: Agent) -> HttpResponse:
    state = request.GET.get("state", "")
    all_mails = OutgoingMail.objects.filter(service=agent.service)
    page = page_among(
        all_mails.filter(state=state) if state in State.values else all_mails,
        all_mails,
        by="created_at",
        before=Position.parse(request.GET.get("before", "")),
        after=Position.parse(request.GET.get("after", "")),
    )
    has_server = has_mail_server()
    rows = [
        Row(mail, kind_of(mail).label, problems.sentence(mail.last_error), has_server and upkeep.can_start_again(mail))
        for mail in page.rows
    ]
    context = {"section": "mails", "page": page, "rows": rows, "state": state, "states": State.choices}
    context |= {"has_mail_server": has_server, "kept_days": settings.SENT_MAILS_KEPT.days}
    context |= {"can_start_all": state in STOPPED and any(row.can_start_again for row in rows)}
    return render(request, "agents/mails.html", context)


@require_POST
@for_admins
def start_again(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    mail = get_object_or_404(OutgoingMail, service=agent.service, pk=pk)
    if _start(agent, mail):
        messages.success(request, _("The e-mail will be sent again shortly."))
    else:
        messages.error(request, _("This e-mail can’t be sent again."))
    return redirect("agents:mails", agent.service.slug)


@require_POST
@for_admins
def start_all_again(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Starts the oldest that stopped in one way, as after a day without the mail server."""
    ways = [state for state in STOPPED if state == request.POST.get("state")]
    stopped = OutgoingMail.objects.filter(service=agent.service, state__in=ways)
    count = sum(_start(agent, mail) for mail in stopped.order_by("pk")[:AT_ONCE_MAX])
    said = ngettext(
        "%(count)s e-mail will be sent again shortly.", "%(count)s e-mails will be sent again shortly.", count
    )
    messages.success(request, said % {"count": count})
    return redirect("agents:mails", agent.service.slug)


@transaction.atomic
def _start(agent: Agent, mail: OutgoingMail) -> bool:
    started = upkeep.start_again(mail)
    if started:
        audit.record(agent.service, "mail.start_again", f"mail:{mail.pk}", agent=agent, kind=mail.kind)
    return started
