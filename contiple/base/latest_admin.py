"""Operator pages of tables that grow without end: they list the latest rows, and a search finds all by indexes.

Django's own lists count every row, and sort, filter and search by reading every row.
"""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

LATEST = 10_000


class LatestList(ChangeList):
    """Without a search, what fits the filters among the latest rows."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet:
        found = super().get_queryset(request, exclude_parameters)
        edge = self.root_queryset.order_by("-pk").values_list("pk", flat=True)[LATEST - 1 : LATEST].first()
        return found if self.query or edge is None else found.filter(pk__gte=edge)


class BoundedPaginator(Paginator):
    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list  # a QuerySet, of which the stubs don't know
        return rows.order_by()[:LATEST].count()


class LatestAdmin(admin.ModelAdmin):
    """Subclasses say in ``find`` what a search means, and in ``search_help_text`` tell the operator."""

    show_full_result_count = False
    paginator = BoundedPaginator
    search_fields = ("pk",)  # so that there is a search

    def find(self, text: str) -> Q:
        """Returns the condition, one that an index serves, for what was typed."""
        raise NotImplementedError

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        text = search_term.strip()
        return (queryset.filter(self.find(text)) if text else queryset), False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LatestList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        subtitle = _("The latest %(n)s. Search to find older ones.") % {"n": f"{LATEST:,}"}
        return super().changelist_view(request, {"subtitle": subtitle, **(extra_context or {})})


def number_in(text: str) -> int:
    """Returns the number that was typed; 0, which is no row's, if it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0
