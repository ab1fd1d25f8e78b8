"""What agents do to masks, in the dialog, in a chat's history and in a ticket; and an admin, to what is under them."""

import msgspec
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from agents.access import for_admins, for_agents
from agents.models import Agent
from chat import access
from chat.conversation import message_masks
from chat.masking import destroying, selections
from chat.models import Chat, Mask
from contiple.base.addresses import client_address
from contiple.base.errors import Invalid

_selections = msgspec.json.Decoder(list[selections.Selection])


@require_POST
@for_agents
def mask(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """Masks a selection: a list of ``masking.Selection``, as JSON. Whoever may read a text may hide what is in it."""
    found = access.chat_for_agent(agent, chat)
    return JsonResponse({"masked": message_masks.mask_selection(agent, found.pk, selections_of(request))})


@require_POST
@for_agents
def reveal(request: HttpRequest, agent: Agent, mask: int) -> HttpResponse:
    """The original, in this answer only, as plain text."""
    try:
        text = message_masks.reveal(agent, mask, address=client_address(request) or None)
    except Mask.DoesNotExist:
        raise Http404 from None
    return original(text)


@require_POST
@for_agents
def lift(request: HttpRequest, agent: Agent, mask: int) -> HttpResponse:
    """Takes a mask off for good."""
    try:
        message_masks.lift(agent, mask, address=client_address(request) or None)
    except Mask.DoesNotExist:
        raise Http404 from None
    return HttpResponse(status=204)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def destroy(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """Of this chat, or of all that this customer has said: asked for on a page of its own, since it can't be undone."""
    found = access.chat_for_agent(agent, chat)
    if request.method == "POST":
        _destroy(agent, found, request.POST.get("of"))
        messages.success(request, _("The originals were destroyed."))
        return redirect("chat:history", agent.service.slug, found.pk)
    context = {"section": "chats", "chat": found, "chats": destroying.chats_of(found.customer)}
    return render(request, "chat/destroy.html", context)


def _destroy(admin: Agent, chat: Chat, of: str | None) -> None:
    if of == "chat":
        destroying.destroy_of_chat(admin, chat)
    elif of == "customer":
        destroying.destroy_of_customer(admin, chat.customer)
    else:
        raise Invalid(_("Choose what to destroy."))


def selections_of(request: HttpRequest) -> list[selections.Selection]:
    """What a request asks to mask. Raises ``Invalid``."""
    try:
        return _selections.decode(request.body)
    except msgspec.DecodeError:
        raise Invalid(_("Select the text to mask first.")) from None


def original(text: str) -> HttpResponse:
    """An answer that nobody keeps."""
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    add_never_cache_headers(response)
    return response
