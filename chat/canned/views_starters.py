"""Service Management / Canned Responses / from templates: which of them are added. For admins."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from agents.access import for_admins
from agents.models import Agent
from chat.canned.starters import STARTERS, add_starters, starters_there
from contiple.base.errors import DomainError
from helpcenter.texts import languages_first, reading_language


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def starters(request: HttpRequest, agent: Agent) -> HttpResponse:
    if request.method == "POST":
        return _added(request, agent)
    there, language = starters_there(agent.service), reading_language()
    rows: list[dict[str, Any]] = [
        {
            "key": starter.key,
            "is_there": starter.key in there,
            "name": f"/{starter.names[language]}",
            "texts": [(code, "", starter.texts[code]) for code in languages_first(language)],
        }
        for starter in STARTERS
    ]
    has_new = not all(row["is_there"] for row in rows)
    return render(request, "chat/canned_starters.html", {"section": "canned", "starters": rows, "has_new": has_new})


def _added(request: HttpRequest, agent: Agent) -> HttpResponse:
    try:
        added = add_starters(agent, set(request.POST.getlist("starter")), reading_language())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("chat:canned_starters", agent.service.slug)
    if not added:
        messages.warning(request, _("Nothing was added. Select what isn’t there yet."))
        return redirect("chat:canned_starters", agent.service.slug)
    text = ngettext("%(count)d canned response was added.", "%(count)d canned responses were added.", added)
    messages.success(request, text % {"count": added})
    return redirect("chat:canned", agent.service.slug)
