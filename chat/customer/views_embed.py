"""The script that other sites include to show the chat widget."""

import json

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from agents.access import running_service
from agents.models import Service
from helpcenter.access import chat_gate_open
from helpcenter.models import HelpCenter
from helpcenter.pages import public_page
from helpcenter.texts import text_for


@require_safe
@cache_control(public=True, max_age=60)
def embed_script(request: HttpRequest, service: str) -> HttpResponse:
    """The embed script; only a comment while the gates are closed, so the including site never sees an error."""
    found = running_service(service)
    if not found.contract.chat_widget:
        raise Http404
    if not chat_gate_open(found):
        return HttpResponse("/* chat is closed */", content_type="text/javascript; charset=utf-8")
    config = json.dumps(_config(request, found)).replace("<", "\\u003c")
    script = render_to_string("chat/embed.js", {"config": config})
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    response["Cross-Origin-Resource-Policy"] = "cross-origin"  # for pages that isolate themselves (COEP)
    return response


def _config(request: HttpRequest, service: Service) -> dict:
    """What the script knows without asking. The sites are no secret: the panel's `frame-ancestors` names them too."""
    page = public_page(request, service)
    return {
        "service": service.slug,
        "origin": settings.PUBLIC_ORIGIN,
        "panel": settings.PUBLIC_ORIGIN + reverse("chat:panel", args=[service.slug]),
        "center": settings.PUBLIC_ORIGIN + reverse("helpcenter:home", args=[service.slug]),
        "sites": [settings.PUBLIC_ORIGIN, *page["help_center"].embed_origins],
        "brand": page["brand"],
        "onBrand": page["on_brand"],
        "language": settings.LANGUAGE_CODE,
        "texts": {code: _texts(page["help_center"], code) for code, _name in settings.LANGUAGES},
    }


def _texts(help_center: HelpCenter, language: str) -> dict[str, str]:
    with translation.override(language):
        return {
            "title": text_for(help_center, language).title,
            "open": _("Open chat"),
            "unread": _("Open chat, {count} unread"),
            "fold": _("Close chat"),
            "connecting": _("Connecting…"),
            "failed": _("The chat can’t be shown on this page."),
            "center": _("Open the help center"),
        }
