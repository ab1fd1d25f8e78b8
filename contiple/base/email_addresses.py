"""The one form in which e-mail addresses are stored, looked up, compared and counted.

Two spellings that people, browsers or mail servers take for the same address have one form, and two that differ in it
are different addresses everywhere: a throttle, a unique constraint and a look-up can't disagree.
"""

import unicodedata
from typing import Any

import idna
from django.db import models


def canonical(address: str) -> str:
    """Returns the address folded (NFKC, then casefold), with its domain in ASCII (IDNA 2008 after UTS 46).

    It never fails: a domain that can't be written in ASCII is only folded.
    """
    local, at, domain = _folded(address).rpartition("@")
    return f"{local.strip()}{at}{_ascii(domain.strip())}"


class EmailAddressField(models.EmailField):
    """Holds an address in its canonical form. Values of look-ups are brought to it as well."""

    def to_python(self, value: Any) -> Any:
        return _canonical_or_none(super().to_python(value))

    def get_prep_value(self, value: Any) -> Any:
        return _canonical_or_none(super().get_prep_value(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = self.get_prep_value(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value


def _canonical_or_none(value: Any) -> Any:
    return canonical(value) if isinstance(value, str) else value


def _folded(text: str) -> str:
    """Folds twice: what NFKC makes of a letter may be a capital again (Unicode 16, D146)."""
    for _round in range(2):
        text = unicodedata.normalize("NFKC", text.casefold())
    return text.strip()


def _ascii(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return domain
