"""Text of tickets on a page."""

from django import template
from django.template.defaultfilters import stringfilter
from django.utils.html import urlize
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# What `urlize` writes. In the text itself a quotation mark is escaped, so nobody can write this there.
_REL = 'rel="nofollow"'


@register.filter
@stringfilter
def linked(text: str) -> SafeString:
    """Escaped, with addresses as links that leave the desk where it is and don't say where they come from."""
    html = urlize(text, nofollow=True, autoescape=True)
    return mark_safe(html.replace(_REL, 'rel="nofollow noopener noreferrer ugc" target="_blank"'))  # noqa: S308
