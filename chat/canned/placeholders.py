"""Names that a canned response leaves open, such as ``{customer}``, and how they are filled in. Pure."""

import re
from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

# What each stands for, in the order in which the form offers them.
PLACEHOLDERS = {
    "customer": _("The customer’s name"),
    "agent": _("Your name"),
    "service": _("The name of the service"),
}
_ANY = re.compile(r"\{\s*(\w+)\s*\}")
# A name that is missing takes with it what would be left over: a blank, a title, a comma.
_MISSING = r"(?P<before>[,，]?[ \t]*)\{{\s*{name}\s*\}}(?P<title>[ \t]?[님씨](?!\w))?(?P<after>[,，]?[ \t]*)"
_NAMELESS = re.compile(r"\{\s*customer\s*\}[ \t]?님(?!\w)", re.IGNORECASE)


def unknown_in(text: str) -> list[str]:
    """Returns the placeholders in the text that nothing stands for, each once, as they were written."""
    unknown = [found[0] for found in _ANY.finditer(text) if found[1].lower() not in PLACEHOLDERS]
    return list(dict.fromkeys(unknown))


def fill(text: str, names: Mapping[str, str]) -> str:
    """Returns the text with the names in place. What has no name goes, with the blanks and commas around it.

    In Korean a customer without a name is called 고객님.
    """
    if not names.get("customer"):
        text = _NAMELESS.sub("고객님", text)
    for name in PLACEHOLDERS:
        if not names.get(name):
            text = re.sub(_MISSING.format(name=name), _left, text, flags=re.IGNORECASE)
    return _ANY.sub(lambda found: names.get(found[1].lower(), found[0]), text).strip()


def _left(found: re.Match[str]) -> str:
    """What stays in place of a missing name: what stood after it, unless a line would begin with that."""
    before = found.string[: found.start()]
    return "" if not before or before.endswith("\n") else found["after"]
