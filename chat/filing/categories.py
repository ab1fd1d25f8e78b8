"""A service's categories: admins add, name, order and remove them. Each function locks the Service's row."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.access import require_admin
from agents.models import Agent, Service
from chat.categories import LEVELS, Category, tree_of
from contiple.base.errors import Conflict, Invalid
from contiple.base.order import move

CATEGORIES_MAX = 300  # in a service: an agent searches in them, and every page of a chat reads them
ROWS_MAX = 3_000  # with those that were removed, which old chats bear


def categories_of(service: Service) -> QuerySet[Category]:
    """The categories that admins manage: all but those that were removed."""
    return Category.objects.filter(service=service, removed_at=None)


@transaction.atomic
def add_category(by: Agent, names: Mapping[str, str], *, below: Category | None = None) -> Category:
    """Adds a category at the top, or ``below`` another, as the last one there.

    Raises ``Closed`` (not an admin any more), ``Conflict`` (the other was removed meanwhile), and ``Invalid`` for a
    name that is taken there, a fourth level, and past ``CATEGORIES_MAX`` or ``ROWS_MAX``.
    """
    _begin(by)
    parent = _present(by, below) if below else None
    if parent and parent.level >= LEVELS:
        raise Invalid(_("Categories have at most three levels."))
    if categories_of(by.service).count() >= CATEGORIES_MAX:
        raise Invalid(_("A service has at most 300 categories."))
    if Category.objects.filter(service=by.service).count() >= ROWS_MAX:
        raise Invalid(_("A service has at most 3,000 categories, removed ones included. Rename one instead."))
    beside = list(categories_of(by.service).filter(parent=parent))
    _require_free(names, beside)
    position = max((row.position for row in beside), default=-1) + 1
    level = parent.level + 1 if parent else 1
    row = Category.objects.create(service=by.service, parent=parent, level=level, names=names, position=position)
    _record(by, "created", row, below=parent.pk if parent else None)
    return row


@transaction.atomic
def rename_category(by: Agent, category: Category, names: Mapping[str, str]) -> None:
    """Gives it these names; chats that bear it show them too. Raises as ``add_category``."""
    _begin(by)
    row = _present(by, category)
    _require_free(names, categories_of(by.service).filter(parent=row.parent_id).exclude(pk=row.pk))
    row.names = dict(names)
    row.save(update_fields=["names"])
    _record(by, "renamed", row)


@transaction.atomic
def move_category(by: Agent, category: Category, step: int) -> None:
    """Moves it one up (-1) or down (1) among those beside it. Raises ``Closed``."""
    _begin(by)
    if move(categories_of(by.service).filter(parent=category.parent_id), category.pk, step):
        _record(by, "moved", category, step=step)


@transaction.atomic
def remove_category(by: Agent, category: Category) -> None:
    """Removes it and all below it: they can't be chosen any more, and chats that bear them keep them.

    Raises ``Closed``. If it is removed already, nothing happens.
    """
    _begin(by)
    ids = tree_of(by.service).below(category.pk)
    if categories_of(by.service).filter(pk__in=ids).update(removed_at=timezone.now()):
        _record(by, "removed", category)


def _begin(by: Agent) -> None:
    require_admin(by)
    Service.objects.select_for_update(no_key=True).values_list("pk").get(pk=by.service_id)


def _present(by: Agent, category: Category) -> Category:
    row = categories_of(by.service).filter(pk=category.pk).first()
    if row is None:
        raise Conflict(_("This category was removed."))
    return row


def _require_free(names: Mapping[str, str], beside: QuerySet[Category] | list[Category]) -> None:
    for row in beside:
        for language, name in names.items():
            if row.names.get(language, "").casefold() == name.casefold():
                raise Invalid(_("Another category here has this name."), code=f"name_{language}")


def _record(by: Agent, act: str, row: Category, **details: Any) -> None:
    """Names it ``chat_category``: “category” is the trail's word for those of articles, which have other numbers."""
    audit.record(by.service_id, f"chat_category.{act}", f"chat_category:{row.pk}", agent=by, **details)
