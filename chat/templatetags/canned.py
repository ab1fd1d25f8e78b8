"""Words about canned responses."""

from django import template
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from chat.canned_response import CannedResponse
from contiple.base.texts import one_line

register = template.Library()
PREVIEW_LENGTH = 160


@register.filter
def beginning(text: str) -> str:
    """The beginning of a text, on one line."""
    return one_line(text, PREVIEW_LENGTH)


@register.filter
def canned_text(response: CannedResponse) -> str:
    """The beginning of the response's text, in the reader's language if it has one."""
    return beginning(response.text_in(get_language() or ""))


@register.filter
def canned_for(response: CannedResponse) -> str | Promise:
    """Who has the response."""
    if response.owner_id is not None:
        return _("Only me")
    if response.topic is None:
        return _("All agents")
    return _("%(name)s (removed)") % {"name": response.topic} if response.topic.removed_at else str(response.topic)


@register.filter
def canned_languages(response: CannedResponse) -> str:
    return ", ".join(str(name) for language, name in settings.LANGUAGES if response.texts.get(language))
