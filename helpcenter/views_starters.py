"""Articles / from templates: which of them are added as drafts. For admins."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from agents.access import for_admins
from agents.models import Agent
from helpcenter.access import help_center_of
from helpcenter.markdown import to_html
from helpcenter.starters import add_articles, article_starters, articles_there
from helpcenter.texts import languages_first, reading_language


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def article_starters_view(request: HttpRequest, agent: Agent) -> HttpResponse:
    help_center = help_center_of(agent.service)
    if request.method == "POST":
        added = add_articles(help_center, set(request.POST.getlist("starter")), by=agent)
        if not added:
            messages.warning(request, _("Nothing was added. Select what isn’t there yet."))
            return redirect("helpcenter:article_starters", agent.service.slug)
        text = ngettext("%(count)d draft was added.", "%(count)d drafts were added.", added)
        messages.success(request, text % {"count": added})
        return redirect("helpcenter:article_admin", agent.service.slug)
    there, language = articles_there(help_center), reading_language()
    rows: list[dict[str, Any]] = [
        {
            "key": starter.key,
            "is_there": starter.key in there,
            "name": starter.texts[language][0],
            "texts": [_shown(code, *starter.texts[code]) for code in languages_first(language)],
            "is_long": True,
        }
        for starter in article_starters()
    ]
    has_new = not all(row["is_there"] for row in rows)
    context = {"section": "articles", "starters": rows, "has_new": has_new}
    return render(request, "helpcenter/article_starters.html", context)


def _shown(language: str, title: str, body: str) -> tuple[str, str, str]:
    return language, title, to_html(body)
