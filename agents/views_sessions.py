"""Where a person is signed in: seen and ended by the person, and by admins for their agents."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from agents import account_trail, audit
from agents.access import for_admins
from agents.models import Agent, User
from agents.models_accounts import AccountEntry
from agents.sessions import end_all_sessions, end_other_sessions, end_session, open_sessions

ENDED = AccountEntry.Action.SESSIONS_ENDED


@require_safe
@login_required
def own_sessions(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    context = {
        "sessions": open_sessions(user, timezone.now()),
        "this_session": request.session.session_key,
        "entries": account_trail.entries_of(user),
    }
    return render(request, "agents/sessions.html", context)


@require_POST
@login_required
def end_own_session(request: HttpRequest, pk: int) -> HttpResponse:
    user = _person(request)
    end_session(get_object_or_404(open_sessions(user, timezone.now()), pk=pk))
    account_trail.record(request, user, ENDED)
    messages.success(request, _("That device was signed out."))
    return redirect("agents:sessions")


@require_POST
@login_required
def end_own_other_sessions(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    end_other_sessions(request, user)
    account_trail.record(request, user, ENDED)
    messages.success(request, _("You’ve been signed out everywhere else."))
    return redirect("agents:sessions")


@require_safe
@for_admins
def agent_sessions(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    member = _member(agent, pk)
    context = {
        "section": "agents",
        "member": member,
        "sessions": open_sessions(member.user, timezone.now()),
        "this_session": request.session.session_key,
        "entries": account_trail.entries_of(member.user),
    }
    return render(request, "agents/agent_sessions.html", context)


@require_POST
@for_admins
def end_agent_sessions(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """Signs the agent out everywhere, on record in the service's trail and in that of the account."""
    member = _member(agent, pk)
    end_all_sessions(member.user)
    audit.record(agent.service, "agent.sessions_ended", f"agent:{member.pk}", agent=agent)
    account_trail.record(request, member.user, ENDED, actor=str(agent))
    messages.success(request, _("%(name)s was signed out everywhere.") % {"name": member})
    return redirect("agents:agent_sessions", agent.service.slug, member.pk)


def _member(agent: Agent, pk: int) -> Agent:
    """Returns an active agent of the service. Of former ones nothing more is shown: they may work elsewhere."""
    return get_object_or_404(agent.service.agents.select_related("user").filter(is_active=True), pk=pk)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
