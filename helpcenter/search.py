"""Searches a help center: finds articles that have every word, by its beginning, in any of their languages.

The index is PostgreSQL's full text with the ``simple`` configuration: it knows no grammar, so a word is found by its
beginning (`환불` finds `환불이`), and a word that was typed with an ending is tried without it too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F

from helpcenter.markdown import to_text
from helpcenter.models import Article, ArticleText, HelpCenter
from helpcenter.texts import in_language

QUERY_LENGTH_MAX = 200
WORDS_MAX = 8
RESULTS_MAX = 30  # nobody reads further; another word narrows it down
EXCERPT_LENGTH = 160
# Endings that hide a word from a search by its beginning. Longer Korean particles come first.
_KOREAN_ENDINGS = re.compile(r"(?:으로|에서|에게|까지|부터|하고|이나|은|는|이|가|을|를|에|의|로|와|과|도|만)\Z")
_ENGLISH_ENDINGS = re.compile(r"(?:ing|ed|es|s)\Z")
_KOREAN_STEM_MIN, _ENGLISH_STEM_MIN = 2, 3


@dataclass(frozen=True)
class Piece:
    text: str
    is_match: bool


@dataclass(frozen=True)
class Result:
    article: Article
    text: ArticleText
    excerpt: list[Piece]


def search_articles(help_center: HelpCenter, query: str, language: str) -> list[Result]:
    """Returns the published articles that have every word, best first, each in the reader's language if it has it."""
    words = search_words(query)
    if not words:
        return []
    articles = _in_order_of_rank(help_center, words)
    with_texts = [(article, in_language(article.texts.all(), language)) for article in articles]
    return [Result(article, text, excerpt(to_text(text.body), words)) for article, text in with_texts if text]


def search_words(query: str) -> list[str]:
    """Returns the words, letters and digits only: no input is syntax, and PostgreSQL refuses none of it (NUL)."""
    return re.findall(r"[^\W_]+", query[:QUERY_LENGTH_MAX].casefold())[:WORDS_MAX]


def excerpt(text: str, words: list[str]) -> list[Piece]:
    """Returns the text around the first word found, cut to ``EXCERPT_LENGTH``, with the words found apart."""
    pattern = re.compile("|".join(re.escape(stem) for word in words for stem in stems(word)), re.IGNORECASE)
    first = pattern.search(text)
    start = max(0, first.start() - EXCERPT_LENGTH // 3) if first else 0
    start = text.rfind(" ", 0, start) + 1 if start else 0
    return list(_pieces(text, start, _end_of_word(text, start + EXCERPT_LENGTH), pattern))


def _in_order_of_rank(help_center: HelpCenter, words: list[str]) -> list[Article]:
    query = SearchQuery(_tsquery(words), search_type="raw", config="simple")
    ranked = (
        ArticleText.objects.filter(article__category__help_center=help_center, article__is_published=True, search=query)
        .annotate(rank=SearchRank(F("search"), query))
        .order_by("-rank", "article_id")
        .values_list("article_id", flat=True)
    )
    order = list(dict.fromkeys(ranked))[:RESULTS_MAX]
    found = Article.objects.prefetch_related("texts", "category__texts").in_bulk(order)
    return [found[pk] for pk in order if pk in found]


def _tsquery(words: list[str]) -> str:
    return " & ".join("(" + " | ".join(f"'{stem}':*" for stem in stems(word)) + ")" for word in words)


def stems(word: str) -> list[str]:
    """Yields the word and, if it has an ending, the word without it: longest first."""
    korean, english = _KOREAN_ENDINGS.sub("", word), _ENGLISH_ENDINGS.sub("", word)
    stems = [word]
    if korean != word and len(korean) >= _KOREAN_STEM_MIN:
        stems.append(korean)
    if word.isascii() and english != word and len(english) >= _ENGLISH_STEM_MIN:
        stems.append(english)
    return stems


def _end_of_word(text: str, end: int) -> int:
    """Returns the last end of a word up to ``end``; ``end`` itself if there is none near it."""
    blank = text.rfind(" ", end - EXCERPT_LENGTH // 3, end + 1)
    return blank if blank > 0 and end < len(text) else end


def _pieces(text: str, start: int, end: int, pattern: re.Pattern[str]) -> Iterator[Piece]:
    if start:
        yield Piece("… ", is_match=False)
    at, end = start, min(end, len(text))
    for match in pattern.finditer(text, start, end):
        yield Piece(text[at : match.start()], is_match=False)
        yield Piece(match.group(), is_match=True)
        at = match.end()
    yield Piece(text[at:end] + (" …" if end < len(text) else ""), is_match=False)
