"""Service Management / Help Center / Default Setting. For admins."""

from django.conf import settings as django_settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from agents.access import for_admins
from agents.models import Agent
from contiple.base.errors import DomainError
from helpcenter.access import help_center_of
from helpcenter.default_setting import save_default_setting
from helpcenter.forms import DefaultSettingForm
from helpcenter.models import HelpCenter
from helpcenter.policies import current_policy, policy_versions
from helpcenter.texts import reading_language


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def settings(request: HttpRequest, agent: Agent) -> HttpResponse:
    help_center = help_center_of(agent.service)
    data, starter = (request.POST if request.method == "POST" else None), request.GET.get("template", "")
    form = DefaultSettingForm(help_center, data, starter=starter)
    if request.method == "POST" and form.is_valid() and _saved(request, agent, help_center, form):
        return redirect("helpcenter:settings", agent.service.slug)
    context = {
        "section": "settings",
        "form": form,
        "languages": form.by_language("title", "greeting", "absent_message", "signature"),
        "policies": form.by_language("policy"),
        "policy": current_policy(help_center, reading_language()),
        "snippet": _snippet(agent.service.slug),
        "policy_lines": _policy_lines(),
        "script_example": _SCRIPT_EXAMPLE.format(service=agent.service.slug),
    }
    return render(request, "helpcenter/settings.html", context)


@require_safe
@for_admins
def policy_versions_view(request: HttpRequest, agent: Agent) -> HttpResponse:
    context = {"section": "settings", "versions": policy_versions(help_center_of(agent.service))}
    return render(request, "helpcenter/policy_versions.html", context)


def _saved(request: HttpRequest, agent: Agent, help_center: HelpCenter, form: DefaultSettingForm) -> bool:
    try:
        changed = save_default_setting(help_center, form.setting(), by=agent)
    except DomainError as error:
        form.accept_error(error)
        return False
    messages.success(request, _("Saved.") if changed else _("No changes were made."))
    return True


def _snippet(slug: str) -> str:
    return f'<script src="{django_settings.PUBLIC_ORIGIN}/embed/{slug}.js" async></script>'


_SCRIPT_EXAMPLE = """(window.ContipleChat ||= []).push((chat) => {{
  chat.on("unread", (count) => console.log(count));
  chat.identify({{ name: "Jun Park", email: "jun@example.com" }});
}});
// One of several services, by name:
ContipleChat.push(["{service}", (chat) => chat.open()]);"""


def _policy_lines() -> str:
    """What a site's Content-Security-Policy must allow for the line to work."""
    origin = django_settings.PUBLIC_ORIGIN
    return f"script-src {origin};\nframe-src {origin};"
