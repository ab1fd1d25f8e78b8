"""The script that other sites include to show the chat widget."""

import json

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from agents.access import running_service
from helpcenter.access import chat_gate_open
from helpcenter.pages import public_page


@require_safe
@cache_control(public=True, max_age=60)
def embed_script(request: HttpRequest, service: str) -> HttpResponse:
    """The embed script; only a comment while the gates are closed, so the including site never sees an error."""
    found = running_service(service)
    if not found.contract.chat_widget:
        raise Http404
    if not chat_gate_open(found):
        return HttpResponse("/* chat is closed */", content_type="text/javascript; charset=utf-8")
    page = public_page(request, found)
    config = {
        "panel": settings.PUBLIC_ORIGIN + reverse("chat:panel", args=[found.slug]),
        "origin": settings.PUBLIC_ORIGIN,
        "brand": page["brand"],
        "onBrand": page["on_brand"],
        "title": page["texts"].title,
    }
    script = render_to_string("chat/embed.js", {"config": json.dumps(config).replace("<", "\\u003c")})
    return HttpResponse(script, content_type="text/javascript; charset=utf-8")
