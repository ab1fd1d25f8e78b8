"""Shows a ticket's text on a page."""

from django import template
from django.template.defaultfilters import stringfilter
from django.utils.html import urlize
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# Written by `urlize`. Nobody can write this in the text itself, where quotation marks are escaped.
_REL = 'rel="nofollow"'


@register.filter
@stringfilter
def linked(text: str) -> SafeString:
    """``text`` escaped, with addresses as links. They open in a new tab and send no referrer."""
    html = urlize(text, nofollow=True, autoescape=True)
    return mark_safe(html.replace(_REL, 'rel="nofollow noopener noreferrer ugc" target="_blank"'))  # noqa: S308
