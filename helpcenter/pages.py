"""The frame of every public page of a service, also of Contact Us and the customer's chat."""

from typing import Any

from django.http import HttpRequest

from agents.models import Service
from helpcenter.access import chat_gate_open, help_center_of
from helpcenter.colours import legible, on_colour
from helpcenter.members import cookies
from helpcenter.texts import reading_language, text_for


def public_page(request: HttpRequest, service: Service) -> dict[str, Any]:
    """Returns the context of ``hc.html``: service, words in the reader's language, colour, and whether chat is open."""
    help_center = help_center_of(service)
    return {
        "service": service,
        "help_center": help_center,
        "texts": text_for(help_center, reading_language()),
        "brand": legible(help_center.colour),
        "on_brand": on_colour(help_center.colour),
        "chat_open": chat_gate_open(service),
        # Not by name: most pages are sent compressed.
        "is_member": cookies.session(request, service) is not None,
    }
