"""What other sites show of the chat: the script that they include, and the frames that it opens."""

import json
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe
from rjsmin import jsmin

from agents.access import running_service
from agents.models import Service
from helpcenter.access import chat_gate_open, help_center_of
from helpcenter.models import HelpCenter
from helpcenter.pages import public_page
from helpcenter.texts import text_for


def in_asked_language(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answers in the language that the address asks for, if it is one of ours: a frame speaks as the page around it."""

    @wraps(view)
    def asked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        language = request.GET.get("language", "")
        if language not in dict(settings.LANGUAGES):
            return view(request, *args, **kwargs)
        with translation.override(language):
            response = view(request, *args, **kwargs)
        response["Content-Language"] = language
        return response

    return asked


@require_safe
@gzip_page
@cache_control(public=True, max_age=60)
def embed_script(request: HttpRequest, service: str) -> HttpResponse:
    """The embed script; only a comment while the contract has no chat, so the including site never sees an error."""
    found = running_service(service)
    if not found.contract.chat_widget:
        raise Http404
    if not found.contract.chat:
        return HttpResponse("/* chat is closed */", content_type="text/javascript; charset=utf-8")
    config = json.dumps(_config(request, found), separators=(",", ":")).replace("<", "\\u003c")
    script = jsmin(render_to_string("chat/embed.js")).replace('"+"', "")  # a string may stand on several lines
    response = HttpResponse(script.replace("CONFIG", config), content_type="text/javascript; charset=utf-8")
    response["Cross-Origin-Resource-Policy"] = "cross-origin"  # for pages that isolate themselves (COEP)
    return response


@require_safe
@cache_control(private=True, max_age=60)
@xframe_options_exempt
@in_asked_language
def watch(request: HttpRequest, service: str) -> HttpResponse:
    """The frame of a customer with a running chat while the chat is folded: it is connected, and counts what comes."""
    found = running_service(service)
    sites = embedding_sites(found)
    return framed(render(request, "chat/watch.html", {"service": found, "sites": sites}), sites)


def embedding_sites(service: Service) -> list[str]:
    """The origins of the sites that may show the chat."""
    return help_center_of(service).embed_origins if service.contract.chat_widget and service.contract.chat else []


def framed(response: HttpResponse, sites: list[str]) -> HttpResponse:
    """Lets our own pages and these sites show the page in a frame; nobody else can, and every page around counts."""
    response._csp_replace = {"frame-ancestors": ["'self'", *sites]}
    response["Cross-Origin-Embedder-Policy"] = "require-corp"  # a page that isolates itself shows no other frames
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _config(request: HttpRequest, service: Service) -> dict:
    """What the script knows without asking. The sites are no secret: the panel's `frame-ancestors` names them too."""
    page = public_page(request, service)
    return {
        "service": service.slug,
        "origin": settings.PUBLIC_ORIGIN,
        "panel": settings.PUBLIC_ORIGIN + reverse("chat:panel", args=[service.slug]),
        "watch": settings.PUBLIC_ORIGIN + reverse("chat:watch", args=[service.slug]),
        "center": settings.PUBLIC_ORIGIN + reverse("helpcenter:home", args=[service.slug]),
        "sites": [settings.PUBLIC_ORIGIN, *page["help_center"].embed_origins],
        "open": chat_gate_open(service),
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
            "news": _("New message"),
            "connecting": _("Connecting…"),
            "failed": _("The chat can’t be shown on this page."),
            "center": _("Open the help center"),
        }
