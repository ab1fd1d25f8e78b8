"""Suggests articles that may answer what a customer writes: some of its words are enough, where a search wants all.

A word is found as a search finds it, by its beginning. Nothing of the text is kept.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from contiple.base import prepared
from helpcenter.models import HelpCenter
from helpcenter.search import stems

SUGGESTED_MAX = 3
TEXT_LENGTH_MAX = 400  # characters; a longer text has said by then what it is about
WORDS_MAX = 10
_WORD = re.compile(r"[^\W\d_]+")  # numbers find nothing in an article, and may be personal
_HANGUL = re.compile(r"[가-힣]+\Z")
_LATIN_LENGTH_MIN, _HANGUL_LENGTH_MIN = 3, 2
_WHOLE_UP_TO = 3  # a shorter Latin word is the beginning of too many others
# Most Korean nouns have two syllables, and what follows is their ending or verb: `환불받고`, `주문했는데`.
_HANGUL_STEM = 2
# What people write whatever it is about. Korean words stand here as they begin.
_ENGLISH_FILLERS = """
    about and any are because been but can cannot could did does doing don for from get give got had has have hello help
    her here hey his how into its just know last like long make may might much must need not now off one our out please
    really she should some someone something soon still take tell than thank thanks that the their them then there these
    they thing things think this too try trying use very want was way well were what when where which while who why will
    with would yet you your yours
"""
_KOREAN_FILLERS = """
    가능 감사 계속 관련 궁금 그거 그냥 그래 그런 그리 까지 너무 누가 누구 다시 되나 되는 되었 되지 됐는 됩니 뭐가 무슨
    무엇 문의 방법 부탁 부터 수고 싶 아니 아직 안녕 안되 안돼 알고 알려 어디 어떡 어떤 어떻 어제 언제 얼마 없나 없는
    없어 여기 여쭤 오늘 왜 이거 이건 이걸 이게 이런 이렇 인가 있나 있는 있습 있을 있어 저는 저희 정도 정말 제가 제발
    조금 좀 주세 주시 주실 지금 질문 하고 하나 하는 하려 하면 하세 하지 한가 할까 할수 합니 해도 해야 해요 해주 했는
    했어 혹시
"""
_ENGLISH, _KOREAN = frozenset(_ENGLISH_FILLERS.split()), tuple(_KOREAN_FILLERS.split())

# `{a}` is the weight of titles. A title's word counts twice; of a body alone, `floor` words must be there.
_BEST = """
    WITH word AS (SELECT query::tsquery AS query FROM unnest(%s::text[]) AS query
    ), hit AS (
        SELECT text.article_id, word.query, bool_or(ts_filter(text.search, '{a}') @@ word.query) AS is_in_title
        FROM word JOIN helpcenter_articletext text ON text.search @@ word.query
        JOIN helpcenter_article article ON article.id = text.article_id AND article.is_published
        JOIN helpcenter_category category ON category.id = article.category_id AND category.help_center_id = %s
        GROUP BY text.article_id, word.query
    ), best AS (
        SELECT article_id, count(*) + count(*) FILTER (WHERE is_in_title) AS score FROM hit
        GROUP BY article_id HAVING bool_or(is_in_title) OR count(*) >= %s
        ORDER BY score DESC, article_id LIMIT %s
    )
"""
# As ``texts.in_language`` chooses.
_TEXTS = """
    SELECT best.article_id, text.language, text.title FROM best CROSS JOIN LATERAL (
        SELECT language, title FROM helpcenter_articletext text WHERE text.article_id = best.article_id
        ORDER BY language = %s DESC, language = %s DESC, id LIMIT 1
    ) text
    ORDER BY best.score DESC, best.article_id
"""
_HELPFUL = """
    WITH best AS (
        SELECT counted.article_id, sum(counted.helped) AS score
        FROM helpcenter_suggestioncount counted
        JOIN helpcenter_article article ON article.id = counted.article_id AND article.is_published
        JOIN helpcenter_category category ON category.id = article.category_id AND category.help_center_id = %s
        WHERE counted.helped > 0 AND counted.day > current_date - 90
        GROUP BY counted.article_id ORDER BY score DESC, counted.article_id LIMIT %s
    )
"""


@dataclass(frozen=True)
class Suggestion:
    article_id: int
    language: str  # of the title
    title: str


def suggest(help_center: HelpCenter, text: str, language: str) -> list[Suggestion]:
    """Returns the published articles that fit the text best, each in the reader's language if it has it. One query."""
    words = telling_words(text)
    if not words:
        return []
    queries = [_query(word) for word in words]
    return _fetch(_BEST, [queries, help_center.pk, _floor(len(words)), SUGGESTED_MAX], language)


def most_helpful(help_center: HelpCenter, language: str) -> list[Suggestion]:
    """Returns the published articles that helped most customers in the last 90 days; none if nobody said so."""
    return _fetch(_HELPFUL, [help_center.pk, SUGGESTED_MAX], language)


def telling_words(text: str) -> list[str]:
    """Returns the words that say what the text is about, each once, in lower case."""
    words = dict.fromkeys(_WORD.findall(text[:TEXT_LENGTH_MAX].casefold()))
    return [word for word in words if _is_telling(word)][:WORDS_MAX]


def _is_telling(word: str) -> bool:
    if _HANGUL.match(word):
        return len(word) >= _HANGUL_LENGTH_MIN and not word.startswith(_KOREAN)
    return len(word) >= (_LATIN_LENGTH_MIN if word.isascii() else _HANGUL_LENGTH_MIN) and word not in _ENGLISH


def _floor(words: int) -> int:
    """How many of them an article must have in its body: half, but two of a long text are enough."""
    return min(2, (words + 1) // 2)


def _query(word: str) -> str:
    if word.isascii() and len(word) <= _WHOLE_UP_TO:
        return f"'{word}' | '{word}s'"
    beginnings = stems(word)
    if _HANGUL.match(word) and len(word) > _HANGUL_STEM:
        beginnings = [*beginnings, word[:_HANGUL_STEM]]
    return " | ".join(f"'{beginning}':*" for beginning in beginnings)


def _fetch(best: str, parameters: Sequence[object], language: str) -> list[Suggestion]:
    texts = [language, settings.LANGUAGE_CODE]
    return prepared.fetch(best + _TEXTS, [*parameters, *texts], make=lambda row: Suggestion(*row))
