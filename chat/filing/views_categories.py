"""Service Management / Chat / Categories. For admins."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.access import for_admins
from agents.models import Agent
from chat.categories import LEVELS, Category, Tree, tree_of
from chat.filing.categories import add_category, categories_of, move_category, remove_category, rename_category
from chat.filing.forms import CategoryForm
from contiple.base.errors import DomainError


class Row(NamedTuple):
    category: Category
    path: str
    is_first: bool
    is_last: bool
    can_have_below: bool


@require_safe
@for_admins
def categories(request: HttpRequest, agent: Agent) -> HttpResponse:
    rows = list(_rows(tree_of(agent.service)))
    return render(request, "chat/categories.html", {"section": "chat_settings", "tab": "categories", "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def new_category(request: HttpRequest, agent: Agent) -> HttpResponse:
    """``below`` in the query is the id of the category that it is added to."""
    below = request.GET.get("below", "")
    parent = _category(agent, int(below) if below.isascii() and below.isdecimal() else 0) if below else None
    heading = _("New category below %(path)s") % {"path": _path(agent, parent)} if parent else _("New category")
    act = partial(add_category, agent, below=parent)
    return _form_page(request, agent, CategoryForm(_posted(request), written={}), heading, act)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def category(request: HttpRequest, agent: Agent, category: int) -> HttpResponse:
    found = _category(agent, category)
    form = CategoryForm(_posted(request), written=found.names)
    return _form_page(request, agent, form, _path(agent, found), partial(rename_category, agent, found))


@require_POST
@for_admins
def move(request: HttpRequest, agent: Agent, category: int) -> HttpResponse:
    move_category(agent, _category(agent, category), -1 if request.POST.get("step") == "up" else 1)
    return redirect("chat:categories", agent.service.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def remove(request: HttpRequest, agent: Agent, category: int) -> HttpResponse:
    """Asks first, and says which others go with it."""
    found = _category(agent, category)
    if request.method == "POST":
        remove_category(agent, found)
        messages.success(request, _("Removed."))
        return redirect("chat:categories", agent.service.slug)
    tree = tree_of(agent.service)
    ids = set(tree.below(found.pk)) - {found.pk}
    below = [row.path for row in tree.offered() if row.pk in ids]
    context = {"section": "chat_settings", "path": tree.path(found.pk), "below": below}
    return render(request, "chat/remove_category.html", context)


def _category(agent: Agent, pk: int) -> Category:
    return get_object_or_404(categories_of(agent.service), pk=pk if pk < 2**63 else 0)


def _form_page(
    request: HttpRequest, agent: Agent, form: CategoryForm, heading: str, act: Callable[[dict], object]
) -> HttpResponse:
    if form.is_valid():
        try:
            act(form.cleaned_data["names"])
        except DomainError as error:
            form.accept_error(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("chat:categories", agent.service.slug)
    return render(request, "chat/category.html", {"section": "chat_settings", "form": form, "heading": heading})


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _path(agent: Agent, category: Category) -> str:
    return tree_of(agent.service).path(category.pk)


def _rows(tree: Tree) -> Iterator[Row]:
    offered = tree.offered()
    beside: dict[int | None, list[int]] = {}
    for row in offered:
        beside.setdefault(row.parent_id, []).append(row.pk)
    for row in offered:
        group = beside[row.parent_id]
        yield Row(row, row.path, row.pk == group[0], row.pk == group[-1], row.level < LEVELS)
