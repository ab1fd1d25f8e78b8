"""Small parts of every page, known to all templates without ``{% load %}``: they keep a template's lines short."""

import datetime
from functools import cache

from django import template
from django.forms import BoundField
from django.template.defaultfilters import date
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import pgettext_lazy

from contiple.joined import sprite_of

register = template.Library()


_NOTICE_ICONS = {"success": "check-circle", "warning": "alert", "error": "error", "info": "info"}


@register.filter
def notice_kind(level: str) -> str:
    """A message's level as a notice's kind: Django's other levels are only information."""
    return level if level in _NOTICE_ICONS else "info"


@register.filter
def notice_icon(level: str) -> str:
    return _NOTICE_ICONS[notice_kind(level)]


@register.filter
def field_template(field: BoundField) -> str:
    """The template of a form's field, by its kind of control."""
    if field.is_hidden:
        return "_field_hidden.html"
    if field.use_fieldset:
        return "_field_group.html"
    return "_field_check.html" if field.widget_type == "checkbox" else "_field_line.html"


@register.simple_tag
@cache  # a page draws hundreds, of a few dozen kinds
def icon(name: str) -> SafeString:
    """A sign of the sprite, in the size and colour of the text; hidden from screen readers."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static(sprite_of(name)),
        name,
    )


# One format for a moment everywhere, as `times.js` writes it too.
_DAY = pgettext_lazy("format of a date", "M j, Y")
_MOMENTS = {
    "datetime": pgettext_lazy("format of a date with a time", "M j, Y, H:i"),
    "date": _DAY,
    "time": "H:i",
    "elapsed": "H:i",
}


@register.simple_tag
def moment(at: datetime.datetime, kind: str = "datetime") -> SafeString:
    """A time in the server's zone, which the browser rewrites in the reader's, with "today" (`times.js`)."""
    at = localtime(at)
    return format_html(
        '<time datetime="{}" data-format="{}">{}</time>', at.isoformat(), kind, date(at, str(_MOMENTS[kind]))
    )


@register.filter
def day(value: datetime.date) -> str:
    """A day of the calendar, which is the same in every zone."""
    return date(value, str(_DAY))


@register.simple_tag
def avatar(name: str, sizes: str = "") -> SafeString:
    """The first letter of a name in a circle: `{% avatar agent.name "small" %}`."""
    classes = " ".join(["avatar", *(f"avatar-{size}" for size in sizes.split())])
    return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, name[:1])


@register.simple_tag
def swap(target: str) -> SafeString:
    """The attributes with which htmx puts an answer in the place of one part of the page, and of nothing else."""
    return format_html('hx-target="{}" hx-select="unset" hx-select-oob="unset" hx-swap="outerHTML"', target)
