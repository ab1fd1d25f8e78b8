"""Articles that may answer what a customer writes, as people write."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from helpcenter.models import SuggestionCount
from helpcenter.suggestion_counts import KEPT, Act, count, forget_old, report
from helpcenter.suggestions import SUGGESTED_MAX, TEXT_LENGTH_MAX, most_helpful, suggest, telling_words
from tests.helpcenter.rows import make_article, make_category


@pytest.fixture
def category(service):
    return make_category(service)


@pytest.fixture
def shop(category):
    """The articles of a shop, by a word for each."""
    return {
        "refund": make_article(
            category,
            en=("Refunds", "Money comes back in two days. We send a message."),
            ko=("환불 안내", "카드 결제는 사흘 안에 취소됩니다."),
        ),
        "delivery": make_article(
            category,
            en=("Delivery", "A parcel of your order takes two days."),
            ko=("배송 안내", "주문하신 상품은 이틀 걸립니다."),
        ),
        "password": make_article(
            category, en=("Forgotten password", "Reset it by a mail."), ko=("비밀번호 재설정", "메일로 새로 정합니다.")
        ),
    }


def suggested(service, text: str, language: str = "en") -> list[int]:
    return [it.article_id for it in suggest(service.help_center, text, language)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Hello! I would like a refund for the lamp that came broken last week, please", "refund"),
        ("where is my parcel", "delivery"),
        ("How long does delivery to Jeju take?", "delivery"),
        ("i forgot my password", "password"),
        ("REFUND", "refund"),
    ],
)
def test_a_sentence_finds_the_article(service, shop, text, wanted):
    assert suggested(service, text)[:1] == [shop[wanted].pk]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("안녕하세요, 지난주에 산 램프를 환불받고 싶은데요", "refund"),
        ("배송은 언제 되나요?", "delivery"),
        ("주문했는데 아직 안 왔어요", "delivery"),
        ("비밀번호를 잊어버렸어요", "password"),
        ("환불", "refund"),
    ],
)
def test_a_korean_sentence_finds_the_article(service, shop, text, wanted):
    assert suggested(service, text, "ko")[:1] == [shop[wanted].pk]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "asdf qwer",
            "Hello, can you help me please?",
            "안녕하세요 문의드립니다",
            "ㅋㅋㅋㅋ",
            "1234 5678",
            "\0",
            "' | ''",
            ":*",
        ),
        "Bananas grow in two hot countries, and elephants like bananas",
    ],
)
def test_what_says_nothing_of_an_article_finds_none(service, shop, text):
    assert suggested(service, text) == []


def test_a_title_counts_more_than_a_text(service, category):
    in_text = make_article(category, en=("Parcels", "A coupon comes with it."))
    in_title = make_article(category, en=("Coupons", "Two days."))
    assert suggested(service, "coupon") == [in_title.pk, in_text.pk]


def test_the_best_three_come_first(service, category):
    one = make_article(category, en=("Lamps", "x"))
    both = make_article(category, en=("Broken lamps", "x"))
    more = [make_article(category, en=("Lamp", "x")) for _ in range(5)]
    assert suggested(service, "my lamp is broken") == [both.pk, one.pk, more[0].pk]
    assert len(suggested(service, "lamp")) == SUGGESTED_MAX


def test_titles_are_in_the_readers_language_or_else_in_another(service, category):
    make_article(category, en=("Refund", "KakaoPay"), ko=("환불", "KakaoPay"))
    make_article(category, ko=("KakaoPay 선물", "x"))
    make_article(category, en=("KakaoPay coins", "x"))
    for language, titles in [
        ("en", {"Refund", "KakaoPay 선물", "KakaoPay coins"}),
        ("ko", {"환불", "KakaoPay 선물", "KakaoPay coins"}),
    ]:
        assert {it.title for it in suggest(service.help_center, "kakaopay", language)} == titles


def test_drafts_and_other_services_are_not_suggested(service, category, outsider):
    draft = make_article(category, published=False, en=("Refund", "x"))
    others = make_article(make_category(outsider.service), en=("Refund", "x"))
    count(Act.HELPED, [(draft.pk, "en"), (others.pk, "en")])
    assert suggested(service, "refund") == []
    assert most_helpful(service.help_center, "en") == []


def test_a_suggestion_is_one_query_whatever_is_written(service, shop, django_assert_num_queries):
    with django_assert_num_queries(1):
        suggested(service, "refund " * 1000 + "delivery")
    with django_assert_num_queries(0):
        suggested(service, "hello")


def test_only_the_beginning_of_a_long_text_is_read():
    words = telling_words("x " * TEXT_LENGTH_MAX + "refund")
    assert words == []
    assert len(telling_words(" ".join(f"word{letter}" for letter in "abcdefghijklmnop"))) == 10


def test_numbers_are_never_searched_for():
    assert telling_words("order 4111 1111 1111 1111 by 900101-1234567") == ["order"]


# Counts


def test_counts_are_summed_by_article_and_language(service, shop):
    refund, delivery = shop["refund"].pk, shop["delivery"].pk
    count(Act.SHOWN, [(delivery, "en"), (refund, "en")])
    count(Act.SHOWN, [(refund, "en")])
    count(Act.SHOWN, [(refund, "ko")])
    count(Act.HELPED, [(refund, "en")])
    rows = {(row.article.pk, row.language): row.counts for row in report(service.help_center)}
    assert rows[refund, "en"] == {"shown": 2, "opened": 0, "helped": 1, "not_helped": 0, "left": 0}
    assert rows[refund, "ko"]["shown"] == rows[delivery, "en"]["shown"] == 1
    assert next(row.article.pk for row in report(service.help_center)) == refund
    assert most_helpful(service.help_center, "ko")[0].title == "환불 안내"


def test_another_service_sees_none_of_them(shop, outsider):
    count(Act.SHOWN, [(shop["refund"].pk, "en")])
    assert report(outsider.service.help_center) == []


def test_an_article_that_is_gone_is_not_counted(service, shop):
    gone = shop["refund"].pk
    shop["refund"].delete()
    count(Act.SHOWN, [(gone, "en"), (shop["delivery"].pk, "en")])
    assert [row.article.pk for row in report(service.help_center)] == [shop["delivery"].pk]


def test_old_counts_are_deleted(shop):
    refund, today = shop["refund"].pk, timezone.localdate()
    for day in (today, today - KEPT, today - KEPT - timedelta(days=1)):
        count(Act.SHOWN, [(refund, "en")], day=day)
    forget_old()
    assert sorted(SuggestionCount.objects.values_list("day", flat=True)) == [today - KEPT, today]


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_all_counted_and_wait_for_nobody_for_ever(service, shop):
    """Each shows the same articles in another order."""
    articles = [(article.pk, "en") for article in shop.values()]

    def show(turn: int) -> None:
        for _ in range(10):
            count(Act.SHOWN, articles[turn % 3 :] + articles[: turn % 3])
        connection.close()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(show, range(6)))
    assert [row.counts["shown"] for row in report(service.help_center)] == [60, 60, 60]
