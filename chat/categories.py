"""The rows of categories, which chats are filed under, and a service's tree. ``filing.categories`` changes them."""

from collections.abc import Iterable, Iterator

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from agents.models import Service
from contiple.base.names import in_readers_language

LEVELS = 3
BETWEEN = " › "


class Category(models.Model):
    """A category of a service, at the top or below another.

    ``names`` has the name by language. A category is never deleted, since chats bear it: one that was removed can't be
    chosen any more.
    """

    service = models.ForeignKey(Service, models.CASCADE, related_name="chat_categories")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    level = models.PositiveSmallIntegerField(default=1)
    names = models.JSONField(default=dict)
    position = models.PositiveSmallIntegerField(default=0)
    removed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        app_label = "chat"
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(level=1, parent=None) | Q(level__range=(2, LEVELS), parent__isnull=False),
                name="category_level_fits_parent",
            )
        ]

    def __str__(self) -> str:
        return in_readers_language(self.names, f"#{self.pk}")

    @property
    def path(self) -> str:
        """The names from the top down in the reader's language."""
        return f"{self.parent.path}{BETWEEN}{self}" if self.parent else str(self)


class Tree:
    """A service's categories as they were read, those that were removed too."""

    def __init__(self, rows: Iterable[Category]) -> None:
        self.by_id = {row.pk: row for row in rows}
        self.children: dict[int | None, list[Category]] = {}
        for row in self.by_id.values():
            row.parent = self.by_id[row.parent_id] if row.parent_id else None
            self.children.setdefault(row.parent_id, []).append(row)

    def offered(self) -> list[Category]:
        """Those that can be chosen, each followed by those below it."""
        return [row for row in self._walk(None) if row.removed_at is None]

    def removed(self) -> list[Category]:
        return [row for row in self._walk(None) if row.removed_at is not None]

    def below(self, pk: int) -> list[int]:
        """The ids of a category and of all below it; none if it isn't the service's."""
        return [pk, *(row.pk for row in self._walk(pk))] if pk in self.by_id else []

    def path(self, pk: int | None) -> str:
        """The path of a category by its id; empty without one."""
        return self.by_id[pk].path if pk in self.by_id else ""

    def said(self, row: Category) -> str:
        """The path as a choice: it says if the category was removed."""
        return _("%(name)s (removed)") % {"name": row.path} if row.removed_at else row.path

    def _walk(self, pk: int | None) -> Iterator[Category]:
        for row in self.children.get(pk, ()):
            yield row
            yield from self._walk(row.pk)


def tree_of(service: Service | int) -> Tree:
    return Tree(Category.objects.filter(service=service))


def category_of(chat_id: int) -> Category | None:
    """The category of a chat, with those above it."""
    return Category.objects.filter(chats=chat_id).select_related("parent__parent").first()
