"""Texts to start from: a privacy policy, the help center's own words, and articles, in every language.

They are offered, never put in the place of what is written. What only the service knows stands in [brackets].
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import transaction

from agents.models import Agent
from helpcenter import articles
from helpcenter.models import Article, ArticleText, Category, CategoryText, HelpCenter
from helpcenter.texts import default_texts

_FOLDER = Path(__file__).parent / "starter_texts"
_BRACKETS = re.compile(r"\[[^\[\]\n]+\]")
GREETING = {
    "en": "Hello, this is {name}. How can we help you today?",
    "ko": "안녕하세요, {name}입니다. 무엇을 도와드릴까요?",
}
ABSENT = {
    "en": "We’re away right now. Leave your question, and we’ll answer by e-mail.",
    "ko": "지금은 상담원이 자리를 비웠습니다. 문의를 남겨 주시면 이메일로 답변해 드립니다.",
}
# The categories in which the articles are put, and the articles of each, in order.
SHELVES = {
    "orders": ({"en": "Orders & payment", "ko": "주문·결제"}, ("shipping", "returns", "payment")),
    "help": ({"en": "Account & contact", "ko": "계정·문의"}, ("account", "contact")),
}


@dataclass(frozen=True)
class ArticleStarter:
    """An article to start from. ``texts`` has title and body by language, ``shelf`` is a key of ``SHELVES``."""

    key: str
    shelf: str
    texts: dict[str, tuple[str, str]]


def policy(help_center: HelpCenter) -> dict[str, str]:
    """Returns the privacy policy to start from, by language, with the service's name."""
    name = help_center.service.name
    return {language: _read(f"policy.{language}").replace("{name}", name) for language in dict(settings.LANGUAGES)}


def words(help_center: HelpCenter) -> dict[str, dict[str, str]]:
    """Returns title, greeting, absent message and signature to start from, by language."""
    name = help_center.service.name
    return {
        language: vars(default_texts(help_center, language))
        | {"greeting": GREETING[language].format(name=name), "absent_message": ABSENT[language]}
        for language in dict(settings.LANGUAGES)
    }


def left_open(text: str) -> list[str]:
    """Returns the [brackets] of the texts to start from that the text still has, each once, in their order."""
    return [found for found in dict.fromkeys(_BRACKETS.findall(text)) if found in _known_brackets()]


@cache
def _known_brackets() -> frozenset[str]:
    policies = [_read(f"policy.{language}") for language in dict(settings.LANGUAGES)]
    bodies = [body for starter in article_starters() for _title, body in starter.texts.values()]
    return frozenset(found for text in (*policies, *bodies) for found in _BRACKETS.findall(text))


@cache
def article_starters() -> tuple[ArticleStarter, ...]:
    return tuple(
        ArticleStarter(key, shelf, {language: _article(f"{key}.{language}") for language in dict(settings.LANGUAGES)})
        for shelf, (_names, keys) in SHELVES.items()
        for key in keys
    )


def articles_there(help_center: HelpCenter) -> set[str]:
    """Returns the keys of the articles that began as one of these, or have the title of one."""
    begun = Article.objects.filter(category__help_center=help_center).exclude(starter="")
    titles = {title: starter.key for starter in article_starters() for title, _body in starter.texts.values()}
    named = ArticleText.objects.filter(article__category__help_center=help_center, title__in=titles)
    return {*begun.values_list("starter", flat=True), *(titles[text] for text in named.values_list("title", flat=True))}


def add_articles(help_center: HelpCenter, keys: Collection[str], *, by: Agent) -> int:
    """Adds the chosen articles as drafts, below their categories; returns how many.

    Those that are there already are not added again, also if two ask at the same moment. Unknown keys are ignored.
    Locks the HelpCenter row.
    """
    with transaction.atomic():
        HelpCenter.objects.select_for_update(no_key=True).get(pk=help_center.pk)
        there = articles_there(help_center)
        new = [starter for starter in article_starters() if starter.key in keys and starter.key not in there]
        for starter in new:
            category = _category(help_center, SHELVES[starter.shelf][0], by)
            made = articles.save_article(category, None, texts=starter.texts, publish=False, by=by)
            Article.objects.filter(pk=made.pk).update(starter=starter.key)
    return len(new)


def _category(help_center: HelpCenter, names: dict[str, str], by: Agent) -> Category:
    """Returns the category that has one of these names, or makes it."""
    named = CategoryText.objects.filter(category__help_center=help_center, name__in=names.values())
    there = named.select_related("category").order_by("category__position", "category_id").first()
    return there.category if there else articles.save_category(help_center, None, names=names, by=by)


def _article(name: str) -> tuple[str, str]:
    """Returns title and body. The first line of the file is the title, as a heading."""
    title, _, body = _read(f"articles/{name}").partition("\n")
    return title.removeprefix("# "), body.strip()


@cache
def _read(name: str) -> str:
    return (_FOLDER / f"{name}.md").read_text(encoding="utf-8").strip()
