"""Refuses passwords that an attacker tries first. There are no rules about which characters a password must have."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# What people of this product take first, beside the installation's name. `.github/SECURITY.md` lists them.
WORDS = ("contiple", "password", "welcome", "support", "service", "helpdesk", "customer", "admin", "agent")
ADDED_MAX = 6  # characters around a common password: with "2026!" or "!!" it is as easy to guess
LETTERS_LEFT_MIN = 4  # of a password without these words; digits and signs count for nothing
_AROUND = re.compile(r"\A[\W\d_]+|[\W\d_]+\Z")


class EasyPasswordValidator(CommonPasswordValidator):
    """Refuses the 20,000 most common passwords, also with a few signs around them, and the words above."""

    def validate(self, password: str, user: Any = None) -> None:
        typed = password.lower().strip()
        core = _AROUND.sub("", typed)
        is_common = typed in self.passwords or (core and core in self.passwords and len(typed) - len(core) <= ADDED_MAX)
        if is_common or _is_made_of_words(typed):
            raise ValidationError(_("This password is easy to guess. Choose other words."), code="password_too_common")

    def get_help_text(self) -> str:
        return _("Don’t use a common password or the name of this site. A few unrelated words are good.")


def words() -> set[str]:
    """Returns ``WORDS`` and the parts of the installation's host name."""
    host = urlsplit(settings.PUBLIC_ORIGIN).hostname or ""
    return {*WORDS, *(part for part in host.split(".") if len(part) >= LETTERS_LEFT_MIN)}


def _is_made_of_words(typed: str) -> bool:
    left = typed
    for word in sorted(words(), key=len, reverse=True):
        left = left.replace(word, "")
    return left != typed and sum(letter.isalpha() for letter in left) < LETTERS_LEFT_MIN
