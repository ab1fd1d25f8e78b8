"""Shows a ticket's text on a page."""

from django import template
from django.template.defaultfilters import stringfilter
from django.utils.functional import Promise
from django.utils.html import urlize
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from agents.outbox.models import OutgoingMail
from tickets.bulk import seen_now
from tickets.models import Ticket

register = template.Library()

_STATES = OutgoingMail.State
_DELIVERIES: dict[str, Promise] = {
    _STATES.WAITING: _("being sent"),
    _STATES.SENT: _("sent by e-mail"),
    _STATES.DEAD: _("not delivered"),
    _STATES.BOUNCED: _("not delivered: it came back"),
    _STATES.UNSENT: _("not sent: there is no mail server"),
}
# Written by `urlize`. Nobody can write this in the text itself, where quotation marks are escaped.
_REL = 'rel="nofollow"'


@register.filter
@stringfilter
def linked(text: str) -> SafeString:
    """``text`` escaped, with addresses as links. They open in a new tab and send no referrer."""
    html = urlize(text, nofollow=True, autoescape=True)
    return mark_safe(html.replace(_REL, 'rel="nofollow noopener noreferrer ugc" target="_blank"'))  # noqa: S308


@register.filter
def seen(ticket: Ticket) -> int:
    """When the ticket was last changed, for a form that changes it only if nobody else has."""
    return seen_now(ticket)


@register.filter
def delivery(state: str) -> Promise:
    """What agents read of a reply's mail."""
    return _DELIVERIES[state]
