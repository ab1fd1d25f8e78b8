"""The views that every kind of text has: mask a selection, reveal, lift; and an admin's page that destroys originals.

Packages above make them for their kind of text, and know who sees which text.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from agents.access import for_admins, for_agents
from agents.models import Agent
from agents.second_factor.step_up import asks_again
from chat.masking import destroying, engine
from chat.masking.holders import Holder
from chat.masking.selections import Selection
from chat.masking.texts import Texts
from contiple.base.addresses import client_address
from contiple.base.errors import Invalid
from helpcenter.models import Customer

View = Callable[..., HttpResponse]
_decode = msgspec.json.Decoder(list[Selection]).decode


class Crumb(NamedTuple):
    label: str
    url: str


@dataclass(frozen=True)
class Destruction:
    """The question to an admin: destroy the originals of ``holder``, or all of ``customer``?"""

    holder: Holder
    customer: Customer | None
    section: str  # of the desk's navigation
    title: str
    heading: str
    hint: str
    button: str
    back: str
    crumbs: Sequence[Crumb] = ()


def mask_view(texts_for: Callable[[Agent, int], Texts]) -> View:
    """Makes the view that masks a selection: a list of ``Selection`` as JSON. Whoever may read a text may hide in it.

    ``texts_for`` returns the texts by the number in the address; it raises ``Http404`` if the agent doesn't see them.
    """

    @require_POST
    @for_agents
    def mask(request: HttpRequest, agent: Agent, **address: int) -> HttpResponse:
        (number,) = address.values()
        texts = texts_for(agent, number)
        return JsonResponse({"masked": engine.mask_selections(agent, texts, _selections_of(request))})

    return mask


def reveal_view(kind: type[Texts]) -> View:
    """Makes the view that returns an original, in this answer only, as plain text."""

    @require_POST
    @for_agents
    @asks_again
    def reveal(request: HttpRequest, agent: Agent, mask: int) -> HttpResponse:
        text = engine.reveal(agent, kind, mask, address=client_address(request) or None)
        response = HttpResponse(text, content_type="text/plain; charset=utf-8")
        add_never_cache_headers(response)
        return response

    return reveal


def lift_view(kind: type[Texts]) -> View:
    """Makes the view that takes a mask off for good."""

    @require_POST
    @for_agents
    @asks_again
    def lift(request: HttpRequest, agent: Agent, mask: int) -> HttpResponse:
        engine.lift(agent, kind, mask, address=client_address(request) or None)
        return HttpResponse(status=204)

    return lift


def destroy_view(destruction_for: Callable[[Agent, int], Destruction]) -> View:
    """Makes the page that destroys originals. It asks first, since it can't be undone."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @for_admins
    @asks_again
    def destroy(request: HttpRequest, agent: Agent, **address: int) -> HttpResponse:
        (number,) = address.values()
        asked = destruction_for(agent, number)
        if request.method == "POST":
            _destroy(agent, asked, request.POST.get("of"), request.POST.getlist("also"))
            messages.success(request, _("The originals were destroyed."))
            return redirect(asked.back)
        claimed = destroying.claimed_by(asked.customer, asked.holder) if asked.customer else []
        context = {"section": asked.section, "asked": asked, "claimed": claimed, "most": destroying.CLAIMED_MAX}
        return render(request, "chat/destroy.html", context)

    return destroy


def _destroy(admin: Agent, asked: Destruction, of: str | None, also: Sequence[str]) -> None:
    if of == asked.holder.kind:
        destroying.destroy_of(admin, asked.holder)
    elif of == destroying.PERSON and asked.customer:
        destroying.destroy_of_customer(admin, asked.customer, asked.holder, chosen=also)
    else:
        raise Invalid(_("Choose what to destroy."))


def _selections_of(request: HttpRequest) -> list[Selection]:
    """Raises ``Invalid``."""
    try:
        return _decode(request.body)
    except msgspec.DecodeError:
        raise Invalid(_("Select the text to mask first.")) from None
