"""Articles that are offered in the chat: to whom, which, how often, and what is counted."""

import pytest
from django.test import Client
from django.urls import reverse

from chat.abuse import limits
from chat.customer import views_suggestions
from chat.models import Chat
from helpcenter.articles import publish_article
from helpcenter.customers import register_customer
from helpcenter.models import SuggestionCount
from helpcenter.suggestion_counts import Act, count
from tests.helpcenter.rows import make_article, make_category
from tests.make import make_chat, make_message

pytestmark = pytest.mark.django_db

REFUND = ("Refunds", "Money comes back in **two days**. [Form](https://shop.example/form)")


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def refund(service):
    return make_article(make_category(service), en=REFUND, ko=("환불", "이틀 걸립니다."))


@pytest.fixture
def waiting(service) -> tuple[Chat, str]:
    customer, token = register_customer(service, name="Jun", email="", language="en")
    return make_chat(service, customer=customer), token


def post(browser: Client, name: str, *args, token: str = "", slug: str = "demo", language: str = "en", **data):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"{reverse(f'chat:{name}', args=[slug, *args])}?language={language}"
    return browser.post(url, data, headers=headers)


def counts(article, language: str = "en") -> dict[str, int]:
    row = SuggestionCount.objects.filter(article=article, language=language).first() or SuggestionCount()
    return {act.value: getattr(row, act) for act in Act if getattr(row, act)}


# What is offered


def test_what_is_typed_finds_articles(browser, refund) -> None:
    answer = post(browser, "suggested", text="I want a refund")
    assert "Refunds" in answer.content.decode()
    assert answer["Cache-Control"].startswith("max-age=0")
    assert counts(refund) == {"shown": 1}


def test_nothing_that_fits_is_an_empty_answer(browser, refund) -> None:
    answer = post(browser, "suggested", text="Bananas")
    assert (answer.status_code, answer.content) == (204, b"")


def test_titles_and_counts_are_of_the_readers_language(browser, refund) -> None:
    answer = post(browser, "suggested", text="refund", language="ko")
    assert "환불" in answer.content.decode()
    assert counts(refund, "ko") == {"shown": 1}
    assert counts(refund) == {}


def test_an_article_that_was_seen_is_not_counted_again(browser, refund) -> None:
    post(browser, "suggested", text="refund")
    post(browser, "suggested", text="refund please", seen=f"{refund.pk} 0 x")
    assert counts(refund) == {"shown": 1}


def test_personal_data_is_masked_before_it_is_searched_for(browser, service, refund) -> None:
    """What a leak test can't tell: the article has the very word."""
    make_article(make_category(service), en=("Heron", "x"))
    assert post(browser, "suggested", text="Heron").status_code == 200
    assert post(browser, "suggested", text="My password: Heron-Swift-77").status_code == 204


def test_a_chat_that_waits_is_offered_what_its_customer_wrote_about(browser, refund, waiting) -> None:
    chat, token = waiting
    make_message(chat, "When do I get my refund?")
    assert "Refunds" in post(browser, "suggested", token=token).content.decode()


def test_a_chat_without_words_is_offered_what_helped_others(browser, refund, waiting) -> None:
    _chat, token = waiting
    assert post(browser, "suggested", token=token).status_code == 204
    count(Act.HELPED, [(refund.pk, "en")])
    assert "Refunds" in post(browser, "suggested", token=token).content.decode()


def test_a_chat_with_an_agent_is_offered_nothing(browser, service, agent, refund) -> None:
    customer, token = register_customer(service, name="Jun", email="", language="en")
    make_message(make_chat(service, agent=agent, customer=customer), "refund")
    assert post(browser, "suggested", token=token).status_code == 204


# Wrong hands


def test_drafts_are_neither_offered_nor_opened(browser, admin, refund) -> None:
    publish_article(refund, publish=False, by=admin)
    assert post(browser, "suggested", text="refund").status_code == 204
    assert post(browser, "suggested_article", refund.pk).status_code == 404
    assert post(browser, "judge_article", refund.pk, act="helped").status_code == 404
    assert counts(refund) == {}


def test_another_service_offers_and_opens_none_of_it(browser, refund, waiting, outsider) -> None:
    chat, token = waiting
    make_message(chat, "refund")
    assert post(browser, "suggested", slug="other", text="refund").status_code == 204
    assert post(browser, "suggested", slug="other", token=token).status_code == 204
    assert post(browser, "suggested_article", refund.pk, slug="other").status_code == 404
    assert post(browser, "judge_article", refund.pk, slug="other", act="helped").status_code == 404


def test_another_sites_page_asks_in_vain(browser, refund) -> None:
    url = reverse("chat:suggested", args=["demo"])
    assert browser.post(url, {"text": "refund"}, headers={"Origin": "https://evil.example"}).status_code == 404
    assert browser.get(url, {"text": "refund"}).status_code == 405


def test_a_network_suggests_so_often_and_no_more(browser, refund, monkeypatch) -> None:
    limit = limits.SUGGESTIONS_BY_NETWORK
    monkeypatch.setattr(views_suggestions.limits, "SUGGESTIONS_BY_NETWORK", type(limit)(limit.name, 2, limit.window))
    for status in (200, 200, 429):
        answer = post(browser, "suggested", text="refund")
        assert answer.status_code == status
    assert int(answer["Retry-After"]) > 0
    assert post(browser, "suggested_article", refund.pk).status_code == 429


# What is counted


def test_an_article_is_read_in_the_panel(browser, refund) -> None:
    html = post(browser, "suggested_article", refund.pk, view="1").content.decode()
    assert "<strong>two days</strong>" in html
    assert 'data-act="helped"' in html
    assert "not available in your language" not in html
    assert counts(refund) == {"opened": 1}


def test_an_article_without_the_readers_language_says_so(browser, service) -> None:
    english = make_article(make_category(service), en=REFUND)
    html = post(browser, "suggested_article", english.pk, language="ko").content.decode()
    assert 'lang="en"' in html
    assert "notice-info" in html


def test_each_act_counts_once_in_a_page_view(browser, refund) -> None:
    for _ in range(2):
        post(browser, "suggested_article", refund.pk, view="1")
        post(browser, "judge_article", refund.pk, view="1", act="helped")
        post(browser, "judge_article", refund.pk, view="1", act="left")
    post(browser, "suggested_article", refund.pk, view="2")
    post(browser, "judge_article", refund.pk, view="2", act="not_helped")
    assert counts(refund) == {"opened": 2, "helped": 1, "not_helped": 1, "left": 1}


def test_who_has_not_read_it_is_not_counted(browser, refund) -> None:
    for act in ("helped", "not_helped", "left"):
        post(browser, "judge_article", refund.pk, view="1", act=act)
    post(browser, "suggested_article", refund.pk, view="1")
    post(browser, "judge_article", refund.pk, view="1", act="left")
    assert counts(refund) == {"opened": 1}
    assert post(browser, "judge_article", refund.pk, view="1", act="shown").status_code == 404


def test_without_a_page_view_a_network_counts_once(browser, refund) -> None:
    for _ in range(2):
        post(browser, "suggested_article", refund.pk)
    assert counts(refund) == {"opened": 1}


@pytest.mark.parametrize(
    ("act", "words", "absent"),
    [("helped", "I still want to chat", "Leave the queue"), ("not_helped", "Back to the form", "Close chat")],
)
def test_before_a_chat_the_form_stays(browser, refund, act, words, absent) -> None:
    html = post(browser, "judge_article", refund.pk, act=act).content.decode()
    assert words in html
    assert absent not in html


def test_who_waits_is_asked_before_the_queue_is_left(browser, refund, waiting) -> None:
    chat, token = waiting
    html = post(browser, "judge_article", refund.pk, act="helped", token=token).content.decode()
    assert "Keep waiting" in html
    assert "Leave the queue" in html
    chat.refresh_from_db()
    assert chat.state == Chat.State.WAITING


def test_who_is_with_an_agent_by_now_is_led_to_the_chat(browser, service, agent, refund) -> None:
    customer, token = register_customer(service, name="Jun", email="", language="en")
    make_chat(service, agent=agent, customer=customer)
    html = post(browser, "judge_article", refund.pk, act="helped", token=token).content.decode()
    assert "Go to the chat" in html
    assert "Leave the queue" not in html
