"""The name of a file as people see it: the sender's, clean, short, with the extension of what the file is."""

import re

from django.utils.translation import gettext_lazy as _

from chat.files.kinds import TYPES, Type
from chat.files.refusals import NotAccepted
from contiple.base.errors import Invalid
from contiple.base.texts import clean_text

LENGTH_MAX = 200
_KNOWN = {extension for each in TYPES for extension in each.extensions}
# Separators of paths and what file systems refuse; directions and marks that turn a name about ("gpj.exe").
_REFUSED = re.compile(r'[\\/:*?"<>|\t\n\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]')


def clean_name(name: str) -> str:
    """Returns the name as it may be shown. Raises ``NotAccepted`` if nothing is left of it."""
    name = re.split(r"[\\/]", name.strip())[-1]
    try:
        name = " ".join(_REFUSED.sub(" ", clean_text(_REFUSED.sub(" ", name))).split()).strip(". ")
    except Invalid:
        name = ""
    if not name:
        raise NotAccepted(_("This file’s name can’t be used. Rename it and try again."), code="name", status=422)
    stem, dot, extension = name.rpartition(".")
    if len(name) <= LENGTH_MAX or not dot or len(extension) > 10:
        return name[:LENGTH_MAX]
    return f"{stem[: LENGTH_MAX - 1 - len(extension)].rstrip()}.{extension}"


def named_as(name: str, found: Type) -> str:
    """Returns the name with an extension of ``found``. A known extension that disagrees is replaced."""
    stem, dot, extension = name.rpartition(".")
    if dot and extension.lower() in found.extensions:
        return name
    stem = stem if dot and extension.lower() in _KNOWN else name
    return f"{stem[: LENGTH_MAX - 1 - len(found.extensions[0])]}.{found.extensions[0]}"
