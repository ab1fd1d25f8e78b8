"""Reads and changes articles and categories. Texts come by language; a language without a text is left out.

Positions are given under the lock of the row above (HelpCenter for categories, Category for articles).
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max, Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.models import Agent
from contiple.base.errors import Conflict
from contiple.base.order import move
from helpcenter.models import Article, ArticleText, Category, CategoryText, HelpCenter
from helpcenter.texts import category_name, in_language


@dataclass(frozen=True)
class Shelf:
    """A category with its articles, in the words of one language."""

    category: Category
    name: str
    articles: list[tuple[Article, ArticleText]]


def shelves(help_center: HelpCenter, language: str, *, drafts: bool = False) -> list[Shelf]:
    """Returns the categories with their articles, in order; without ``drafts`` no unpublished and no empty ones."""
    categories = help_center.categories.prefetch_related("texts", Prefetch("articles", _articles(drafts)))
    all_of_them = [_shelf(category, language) for category in categories]
    return [shelf for shelf in all_of_them if drafts or shelf.articles]


def save_category(help_center: HelpCenter, category: Category | None, *, names: dict[str, str], by: Agent) -> Category:
    """Renames the category, or makes one at the end."""
    with transaction.atomic():
        HelpCenter.objects.select_for_update(no_key=True).get(pk=help_center.pk)
        is_new = category is None
        if category is None:
            category = help_center.categories.create(position=_next_position(help_center.categories.all()))
        for language, name in names.items():
            CategoryText.objects.update_or_create(category=category, language=language, defaults={"name": name})
        category.texts.exclude(language__in=names).delete()
        _record(by, "category.created" if is_new else "category.renamed", f"category:{category.pk}")
    return category


def delete_category(category: Category, *, by: Agent) -> None:
    """Deletes the category. Raises ``Conflict`` if it has articles, even drafts."""
    with transaction.atomic():
        # Saving an article into it takes this lock too, so none can be added meanwhile.
        Category.objects.select_for_update(no_key=True).filter(pk=category.pk).first()
        if category.articles.exists():
            raise Conflict(_("Move or delete the articles of this category first."))
        _record(by, "category.deleted", f"category:{category.pk}")
        category.delete()


def save_article(
    category: Category, article: Article | None, *, texts: dict[str, tuple[str, str]], publish: bool, by: Agent
) -> Article:
    """Changes the article, or makes one, at the end of ``category``. ``texts``: title and body by language."""
    with transaction.atomic():
        if Category.objects.select_for_update(no_key=True).filter(pk=category.pk).first() is None:
            raise Conflict(_("This category has just been deleted."), code="category")
        is_new = article is None
        article = article or Article(category=category)
        if is_new or article.category_id != category.pk:
            article.category, article.position = category, _next_position(category.articles.all())
        article.is_published, article.updated_at = publish, timezone.now()
        article.save(update_fields=None if is_new else ["category", "position", "is_published", "updated_at"])
        _write_texts(article, texts)
        action = "article.created" if is_new else "article.changed"
        _record(by, action, f"article:{article.pk}", published=publish, languages=sorted(texts))
    return article


def publish_article(article: Article, *, publish: bool, by: Agent) -> None:
    """Shows the article to customers, or withdraws it. Twice is the same as once."""
    with transaction.atomic():
        changed = Article.objects.filter(pk=article.pk).exclude(is_published=publish).update(is_published=publish)
        if changed:
            _record(by, "article.published" if publish else "article.withdrawn", f"article:{article.pk}")


def delete_article(article: Article, *, by: Agent) -> None:
    with transaction.atomic():
        _record(by, "article.deleted", f"article:{article.pk}")
        article.delete()


def move_category(category: Category, *, step: int, by: Agent) -> None:
    """Moves the category one up (-1) or down (1); at either end it stays."""
    with transaction.atomic():
        HelpCenter.objects.select_for_update(no_key=True).get(pk=category.help_center_id)
        if move(Category.objects.filter(help_center=category.help_center_id), category.pk, step):
            _record(by, "category.moved", f"category:{category.pk}", step=step)


def move_article(article: Article, *, step: int, by: Agent) -> None:
    """As ``move_category``, for an article within its category."""
    with transaction.atomic():
        Category.objects.select_for_update(no_key=True).get(pk=article.category_id)
        if move(Article.objects.filter(category=article.category_id), article.pk, step):
            _record(by, "article.moved", f"article:{article.pk}", step=step)


def _articles(drafts: bool) -> QuerySet[Article]:
    articles = Article.objects.prefetch_related("texts")
    return articles if drafts else articles.filter(is_published=True)


def _shelf(category: Category, language: str) -> Shelf:
    with_texts = [(article, in_language(article.texts.all(), language)) for article in category.articles.all()]
    return Shelf(category, category_name(category, language), [(article, text) for article, text in with_texts if text])


def _next_position(rows: QuerySet) -> int:
    last = rows.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1


def _write_texts(article: Article, texts: dict[str, tuple[str, str]]) -> None:
    article.texts.exclude(language__in=texts).delete()
    for language, (title, body) in texts.items():
        ArticleText.objects.update_or_create(
            article=article, language=language, defaults={"title": title, "body": body}
        )


def _record(by: Agent, action: str, subject: str, **details: Any) -> None:
    audit.record(by.service_id, action, subject, agent=by, **details)
