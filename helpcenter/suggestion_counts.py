"""Counts what became of suggested articles, by day, article and language. No row says whose acts they were.

- ``shown``: page views in which the article was offered, while a text was typed or a chat waited.
- ``opened``: page views in which it was opened there. *Did this help?* is asked below it.
- ``helped``, ``not_helped``: page views in which the answer was Yes, or No.
- ``left``: page views that ended without a chat after a Yes: the page was left before a chat or an inquiry was begun,
  or the customer left the queue.

The day is that of the installation's time zone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from contiple.base.batches import delete_in_batches
from helpcenter.models import LANGUAGES, Article, ArticleText, HelpCenter, SuggestionCount
from helpcenter.texts import in_language

REPORTED = timedelta(days=30)
KEPT = timedelta(days=400)  # a year can be compared with the one before


class Act(StrEnum):
    """The counts, by the name of their column."""

    SHOWN = "shown"
    OPENED = "opened"
    HELPED = "helped"
    NOT_HELPED = "not_helped"
    LEFT = "left"


@dataclass(frozen=True)
class Row:
    """An article in one language, and its counts of the last ``REPORTED``."""

    article: Article
    language: str
    text: ArticleText | None  # as it is now: in that language, if the article still has it
    counts: dict[Act, int]

    @property
    def language_name(self) -> str:
        return dict(LANGUAGES)[self.language]


def count(act: Act, articles: Iterable[tuple[int, str]], *, day: date | None = None) -> None:
    """Adds one to the count of each article, given with its language. One that is deleted meanwhile is left out.

    Rows are locked in the order of the articles, so that two of these at once never wait for each other.
    """
    by_id = dict(articles)
    if not by_id:
        return
    day = day or timezone.localdate()
    with connection.cursor() as cursor:
        cursor.execute(_COUNT.format(act=act.value), [day, list(by_id), list(by_id.values())])


_COUNT = """
    INSERT INTO helpcenter_suggestioncount AS counted (article_id, language, day, "{act}")
    SELECT article.id, suggested.language, %s, 1
    FROM unnest(%s::bigint[], %s::text[]) AS suggested (id, language)
    JOIN helpcenter_article article ON article.id = suggested.id ORDER BY article.id FOR KEY SHARE OF article
    ON CONFLICT (article_id, language, day) DO UPDATE SET "{act}" = counted."{act}" + 1
"""


def report(help_center: HelpCenter) -> list[Row]:
    """Returns the articles that were shown in the last ``REPORTED``, by language, the most helpful first."""
    since = timezone.localdate() - REPORTED
    counted = (
        SuggestionCount.objects.filter(article__category__help_center=help_center, day__gt=since)
        .values_list("article_id", "language")
        .annotate(*(Sum(act.value) for act in Act))
        .order_by("article_id", "language")
    )
    sums = list(counted)
    articles = Article.objects.prefetch_related("texts").in_bulk([article_id for article_id, *_ in sums])
    rows = [_row(articles[pk], language, counts) for pk, language, *counts in sums if pk in articles]
    return sorted(rows, key=lambda row: (-row.counts[Act.HELPED], -row.counts[Act.SHOWN]))


def forget_old() -> None:
    delete_in_batches(SuggestionCount.objects.filter(day__lt=timezone.localdate() - KEPT))


def _row(article: Article, language: str, sums: Sequence[int]) -> Row:
    return Row(article, language, in_language(article.texts.all(), language), dict(zip(Act, sums, strict=True)))
