import pytest

from helpcenter.search import excerpt, search_articles
from tests.helpcenter.rows import make_article, make_category


@pytest.fixture
def category(service):
    return make_category(service)


def found(service, query: str, language: str = "en") -> list:
    return [result.article for result in search_articles(service.help_center, query, language)]


@pytest.mark.parametrize("query", ["환불", "환불이", "환불을", "환불은 언제", "언제 환불", "계좌"])
def test_korean_words_are_found_whatever_particle_they_carry(service, category, query):
    article = make_article(category, ko=("반품 안내", "환불이 되는 때는 언제든 계좌로 알려 드립니다."))
    make_article(category, ko=("배송 안내", "이틀 걸립니다."))
    assert found(service, query, "ko") == [article]


@pytest.mark.parametrize("query", ["refund", "Refunds", "REFUNDED", "refunding money", "mon"])
def test_english_words_are_found_by_their_beginning(service, category, query):
    article = make_article(category, en=("Refund", "Money comes back in two days."))
    make_article(category, en=("Delivery", "Two days."))
    assert found(service, query) == [article]


def test_every_word_must_be_there(service, category):
    make_article(category, en=("Refund", "Two days."))
    assert found(service, "refund lamp") == []


def test_a_title_counts_more_than_a_text(service, category):
    in_text = make_article(category, en=("Delivery", "A coupon is sent with it."))
    in_title = make_article(category, en=("Coupon", "Two days."))
    assert found(service, "coupon") == [in_title, in_text]


def test_an_article_is_found_once_and_shown_in_the_readers_language(service, category):
    make_article(category, en=("Refund", "KakaoPay"), ko=("환불", "KakaoPay"))
    results = search_articles(service.help_center, "kakaopay", "ko")
    assert [result.text.title for result in results] == ["환불"]


def test_a_word_of_the_other_language_finds_it_too(service, category):
    article = make_article(category, en=("Refund", "Two days."), ko=("환불", "이틀"))
    assert found(service, "refund", "ko") == [article]


def test_drafts_and_other_services_are_not_found(service, category, outsider):
    make_article(category, published=False, en=("Refund", "x"))
    make_article(make_category(outsider.service), en=("Refund", "x"))
    assert found(service, "refund") == []


@pytest.mark.parametrize(
    "query", ["", "   ", "\0", "!!!", "'", "' | ''", "a & | !", ":*", "\\", "<->", "(((", "%", "_", "x" * 9999]
)
def test_nothing_that_is_typed_is_syntax(service, category, query):
    make_article(category, en=("Refund", "Money"))
    assert found(service, query) == []


def test_an_excerpt_is_cut_around_the_word_and_marks_it():
    pieces = excerpt("start " * 60 + "the refund comes " + "end " * 60, ["refund"])
    assert [piece.text for piece in pieces if piece.is_match] == ["refund"]
    text = "".join(piece.text for piece in pieces)
    assert text.startswith("… ")
    assert text.endswith(" end …")
    assert len(text) < 175


def test_an_excerpt_without_the_word_is_the_beginning():
    assert [(piece.text, piece.is_match) for piece in excerpt("Two days.", ["refund"])] == [("Two days.", False)]
