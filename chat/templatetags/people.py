"""What agents are shown of a customer, beside a conversation and on the customer's page."""

from typing import Any

from django import template
from django.template.context import RequestContext

from chat.models import Chat
from chat.people import notes, past
from chat.people.forms import NoteForm
from chat.people.identity import proof_text
from helpcenter.models import Customer

register = template.Library()


register.filter(proof_text)


@register.inclusion_tag("chat/_past_of_customer.html")
def past_of_customer(chat: Chat) -> dict[str, Any]:
    """What the chat's customer has had before, and what others with the same address have had."""
    return past.beside(chat)._asdict() | {"chat": chat}


@register.inclusion_tag("chat/_customer_notes.html", takes_context=True)
def customer_notes(context: RequestContext, customer: Customer) -> dict[str, Any]:
    """The newest notes on the customer, and the form for another one."""
    shown = ("agent", "service", "csrf_token")
    part = {"customer": customer, "notes": notes.latest(customer), "note_form": NoteForm()}
    return {name: context.get(name) for name in shown} | part
