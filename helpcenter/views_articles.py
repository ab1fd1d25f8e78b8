"""Articles and categories. For admins."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.access import for_admins
from agents.models import Agent
from contiple.base.errors import DomainError
from helpcenter import articles, suggestion_counts
from helpcenter.access import article_of, category_of, help_center_of
from helpcenter.forms import ArticleForm, CategoryForm, still_to_fill
from helpcenter.markdown import to_html
from helpcenter.models import Article, Category
from helpcenter.starters import left_open
from helpcenter.texts import category_name, in_language, reading_language


@require_safe
@for_admins
def article_admin(request: HttpRequest, agent: Agent) -> HttpResponse:
    help_center = help_center_of(agent.service)
    context = {
        "section": "articles",
        "shelves": articles.shelves(help_center, reading_language(), drafts=True),
        "suggested": suggestion_counts.report(help_center),
        "suggested_days": suggestion_counts.REPORTED.days,
    }
    return render(request, "helpcenter/article_admin.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def new_article(request: HttpRequest, agent: Agent) -> HttpResponse:
    return _article_page(request, agent, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def edit_article(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    return _article_page(request, agent, article_of(agent.service, pk))


@require_POST
@for_admins
def publish_article(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    article, publish = article_of(agent.service, pk), request.POST.get("publish") == "1"
    left = left_open("\n".join(text.body for text in article.texts.all())) if publish else []
    if left:
        messages.error(request, still_to_fill(left))
        return redirect("helpcenter:edit_article", agent.service.slug, pk)
    articles.publish_article(article, publish=publish, by=agent)
    return _back(agent)


@require_POST
@for_admins
def move_article(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    articles.move_article(article_of(agent.service, pk), step=_step(request), by=agent)
    return _back(agent)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def delete_article(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """Asks first."""
    article = article_of(agent.service, pk)
    if request.method == "POST":
        articles.delete_article(article, by=agent)
        messages.success(request, _("The article was deleted."))
        return _back(agent)
    context = {"section": "articles", "article": article, "title": _title(article)}
    return render(request, "helpcenter/delete_article.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def new_category(request: HttpRequest, agent: Agent) -> HttpResponse:
    return _category_page(request, agent, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def edit_category(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    return _category_page(request, agent, category_of(agent.service, pk))


@require_POST
@for_admins
def move_category(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    articles.move_category(category_of(agent.service, pk), step=_step(request), by=agent)
    return _back(agent)


@require_POST
@for_admins
def delete_category(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    category = category_of(agent.service, pk)
    try:
        articles.delete_category(category, by=agent)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The category was deleted."))
    return _back(agent)


def _article_page(request: HttpRequest, agent: Agent, article: Article | None) -> HttpResponse:
    help_center, data = help_center_of(agent.service), request.POST if request.method == "POST" else None
    form = ArticleForm(help_center, article=article, category=request.GET.get("category", ""), data=data)
    previews = []
    if data is not None and form.is_valid():
        if "preview" in data:
            previews = [(language, title, to_html(body)) for language, (title, body) in form.texts().items()]
        elif _article_saved(request, agent, form, article):
            return _back(agent)
    context = {
        "section": "articles",
        "form": form,
        "article": article,
        "title": _title(article) if article else "",
        "languages": form.by_language("title", "body"),
        "previews": previews,
        "has_categories": help_center.categories.exists(),
    }
    return render(request, "helpcenter/edit_article.html", context)


def _article_saved(request: HttpRequest, agent: Agent, form: ArticleForm, article: Article | None) -> bool:
    data = form.cleaned_data
    try:
        articles.save_article(data["category"], article, texts=form.texts(), publish=data["is_published"], by=agent)
    except DomainError as error:
        form.accept_error(error)
        return False
    messages.success(request, _("The article was saved."))
    return True


def _category_page(request: HttpRequest, agent: Agent, category: Category | None) -> HttpResponse:
    help_center = help_center_of(agent.service)
    form = CategoryForm(category, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        articles.save_category(help_center, category, names=form.names(), by=agent)
        messages.success(request, _("The category was saved."))
        return _back(agent)
    name = category_name(category, reading_language()) if category else ""
    context = {"section": "articles", "form": form, "category": category, "name": name}
    return render(request, "helpcenter/edit_category.html", context)


def _title(article: Article) -> str:
    text = in_language(article.texts.all(), reading_language())
    return text.title if text else f"#{article.pk}"


def _step(request: HttpRequest) -> int:
    return -1 if request.POST.get("step") == "up" else 1


def _back(agent: Agent) -> HttpResponse:
    return redirect("helpcenter:article_admin", agent.service.slug)
