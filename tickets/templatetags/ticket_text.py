"""Shows a ticket's text on a page."""

from django import template
from django.template.defaultfilters import stringfilter
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from agents.outbox.models import OutgoingMail
from contiple.base import links
from contiple.templatetags.parts import icon
from tickets.desk.bulk import seen_now
from tickets.models import Tag, Ticket

register = template.Library()

_STATES = OutgoingMail.State
_DELIVERIES: dict[str, Promise] = {
    _STATES.WAITING: _("being sent"),
    _STATES.SENT: _("sent by e-mail"),
    _STATES.DEAD: _("not delivered"),
    _STATES.BOUNCED: _("not delivered: it came back"),
    _STATES.UNSENT: _("not sent: there is no mail server"),
}


@register.filter
@stringfilter
def linked(text: str) -> SafeString:
    """``text`` escaped, with addresses as links. They open in a new tab and send no referrer."""
    return mark_safe(links.linked(text))  # noqa: S308 - every part is escaped


@register.filter
def seen(ticket: Ticket) -> int:
    """When the ticket was last changed, for a form that changes it only if nobody else has."""
    return seen_now(ticket)


@register.simple_tag
def shown_tag(tag: Tag) -> SafeString:
    """A tag as a page shows it."""
    if tag.is_system:
        return format_html('<span class="tag tag-system">{} {}</span>', icon("chat"), tag.label)
    return format_html('<span class="tag">{}</span>', tag.label)


@register.filter
def delivery(state: str) -> Promise:
    """What agents read of a reply's mail."""
    return _DELIVERIES[state]
