"""Service Management / Chat, and Chat check: why nobody gets chats. For admins."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from agents.access import for_admins
from agents.models import Agent
from chat.routing.chat_settings import change_chat_settings, chat_settings_of, chat_settings_stamp
from chat.routing.checklist import checks_of, look_now
from chat.routing.forms import ChatSettingsForm
from chat.routing.standing import in_words, nearness
from chat.service_settings import ChatSettings
from contiple.base.errors import DomainError


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def chat_settings(request: HttpRequest, agent: Agent) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = ChatSettingsForm(data, chat_settings=chat_settings_of(agent.service))
    if form.is_valid() and _saved(request, agent, form):
        return redirect("chat:chat_settings", agent.service.slug)
    return render(request, "chat/settings.html", {"section": "chat_settings", "tab": "settings", "form": form})


@require_safe
@for_admins
def checklist(request: HttpRequest, agent: Agent) -> HttpResponse:
    now = look_now(agent.service)
    checks = checks_of(agent.service, now)
    context = {
        "section": "checklist",
        "now": now,
        "checks": checks,
        "first": next((check for check in checks if not check.is_done), None),
        "standings": [(standing, in_words(standing)) for standing in sorted(now.standings, key=nearness)],
    }
    response = render(request, "chat/checklist.html", context)
    # It hears the window that it opens. The link to it loads the page: htmx would keep the policy of the page before.
    response["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
    return response


def _saved(request: HttpRequest, agent: Agent, form: ChatSettingsForm) -> bool:
    try:
        changed = change_chat_settings(by=agent, values=form.values(), seen=form.cleaned_data["seen"])
    except DomainError as error:
        form.accept_error(error)
        form.stamp_again(chat_settings_stamp(ChatSettings.objects.get(service=agent.service)))
        return False
    messages.success(request, _("Saved.") if changed else _("No changes were made."))
    return True
