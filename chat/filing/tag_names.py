"""Tags by their names, of chats and of what an app above tags. None is or looks like a tag of the system."""

import unicodedata
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet, Value
from django.db.models.functions import Lower
from django.db.models.lookups import Exact
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.models import Service
from contiple.base.errors import Closed, Invalid
from contiple.base.texts import can_be_stored, tidy_text

CHAT_TAG = "Chat"  # the guide's name: it is on what was made from a chat
TAG_LENGTH_MAX = 40

# Letters of other scripts that look like those of “chat” (Unicode TR 39, confusables).
_DRAWN_ALIKE = str.maketrans("сϲᴄһհаɑαтτ", "ccchhaaatt")
_Tag = TypeVar("_Tag", bound=Model)


def clean_tag_name(name: str) -> str:
    """``name`` on one line, composed. Raises ``Invalid``, and ``Closed`` if it reads like a system tag."""
    name = " ".join(tidy_text(name).split()).lstrip("# ")
    if not can_be_stored(name) or not any(unicodedata.category(sign)[0] in "LNPS" for sign in name):
        raise Invalid(_("Write a tag first."), code="tag")
    if len(name) > TAG_LENGTH_MAX:
        raise Invalid(_("A tag has at most 40 characters."), code="tag")
    if _skeleton(name) in _reserved():
        raise Closed(_("Only the system adds this tag."), code="tag")
    return name


def named(model: type[_Tag], service: Service, name: str) -> QuerySet[_Tag]:
    """The service's tag of that name in any case."""
    tags: QuerySet[_Tag, _Tag] = QuerySet(model)
    same_name = Exact(Lower("name"), Lower(Value(name)))
    return tags.filter(same_name, service=service)


def tag_named(model: type[_Tag], service: Service, name: str, **fields: Any) -> _Tag:
    """The service's tag of that name in any case, made with ``fields`` if there is none, once even if two make it.

    Locks its row.
    """
    tag = None
    while tag is None:  # it may be deleted meanwhile, if nothing bears it any more
        model._default_manager.bulk_create([model(service=service, name=name, **fields)], ignore_conflicts=True)
        tag = named(model, service, name).select_for_update().first()
    return tag


def _reserved() -> set[str]:
    """The skeletons of the system tag's name in every language of the interface."""
    names = {CHAT_TAG}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            names.add(gettext(CHAT_TAG))
    return {_skeleton(name) for name in names}


def _skeleton(name: str) -> str:
    """``name`` reduced to what a person sees: letters and digits, one case, one width, look-alikes in one script."""
    letters = (sign for sign in unicodedata.normalize("NFKD", name) if unicodedata.category(sign)[0] in "LN")
    return unicodedata.normalize("NFKC", "".join(letters).casefold().translate(_DRAWN_ALIKE))
