"""What every public page of a service shows around its content. Contact Us and the customer's chat use it as well."""

from typing import Any

from django.http import HttpRequest

from agents.models import Service
from helpcenter.access import chat_gate_open, help_center_of
from helpcenter.colours import legible, on_colour
from helpcenter.texts import reading_language, text_for


def public_page(request: HttpRequest, service: Service) -> dict[str, Any]:
    """The context of ``hc.html``: whose page, its words in the reader's language, its colour, whether chat is open."""
    help_center = help_center_of(service)
    return {
        "service": service,
        "help_center": help_center,
        "texts": text_for(help_center, reading_language()),
        "brand": legible(help_center.colour),
        "on_brand": on_colour(help_center.colour),
        "chat_open": chat_gate_open(service),
    }
