"""Articles that are offered while a customer types and waits: the offer, the article in the panel, what is counted."""

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Locator, Page, Request, Response, Route, expect

from agents.models import Agent, Service
from chat.lifecycle.transitions import answer_chat
from chat.models import Chat
from chat.routing.assignment import assign_waiting_chats
from helpcenter.models import Article, SuggestionCount
from tests.browser.rows import make_agent_with_chat
from tests.browser.test_queue import busy, newcomer, place  # noqa: F401 - fixtures
from tests.browser.windows import SLOW_MILLISECONDS, HelpCenter
from tests.faults.people import wait_until
from tests.helpcenter.rows import make_article, make_category
from tests.make import send_as_agent

START = re.compile("Start chat|채팅 시작")
LANDSCAPE = {"width": 667, "height": 320}
PORTRAIT = {"width": 360, "height": 640}


@pytest.fixture
def articles(service: Service) -> list[Article]:
    category = make_category(service)
    body = "Money comes back in **two days**. [The form](https://shop.example/form)\n\n" + "A long text.\n\n" * 60
    return [
        make_article(category, en=("Refunds", body), ko=("환불 안내", "환불은 이틀 걸립니다.")),
        make_article(category, en=("Refunds of gift cards", "Ask us."), ko=("상품권 환불", "문의해 주세요.")),
        make_article(category, en=("Refunds to another account", "Ask us."), ko=("다른 계좌로 환불", "문의해 주세요.")),
    ]


@pytest.fixture
def open_form(service: Service, articles: list[Article], new_page: Callable[..., Page]) -> Callable[..., HelpCenter]:
    make_agent_with_chat(service, "I was here first")

    def show(**options) -> HelpCenter:
        center = HelpCenter(new_page("/hc/demo/", **options))
        center.open()
        expect(center.stage("start").get_by_role("button", name=START)).to_be_enabled()  # its script runs
        center.page.clock.install()
        return center

    return show


def typing(center: HelpCenter, text: str) -> Locator:
    box = center.stage("start").locator("[name=message]")
    box.press_sequentially(text)
    return box


def offered(root: Locator) -> Locator:
    return root.locator("suggested-articles a[data-article]")


def counts(article: Article, language: str = "en") -> dict[str, int]:
    row = SuggestionCount.objects.filter(article=article, language=language).first() or SuggestionCount()
    names = ("shown", "opened", "helped", "not_helped", "left")
    return {name: getattr(row, name) for name in names if getattr(row, name)}


def fields_of(body: str) -> dict[str, str]:
    return dict(parse_qsl(body))


def comes_to(article: Article, page: Page, **wanted: int) -> None:
    """What is counted comes to this, by and by."""
    for _ in range(100):
        if counts(article) == wanted:
            return
        page.wait_for_timeout(50)
    assert counts(article) == wanted


def asked_of(page: Page) -> list[str]:
    """The bodies of what is asked from now on."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/chat/articles/?" in request.url:
            asked.append(request.post_data)

    page.on("request", note)
    return asked


def hold(page: Page, address: str = "**/chat/articles/?*") -> list[Route]:
    """Keeps the next request, for articles, until the test lets it go."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(address, keep, times=1)
    return held


def let_go(page: Page, held: list[Route]) -> None:
    """Lets the answer come, and with it whatever follows at once."""
    with page.expect_response("**/chat/articles/?*"):
        held[0].continue_()
    pass_by(page)


def pass_by(page: Page) -> None:
    """More time passes than any of the pauses takes."""
    page.clock.run_for(3000)


@contextmanager
def standing(page: Page) -> Iterator[None]:
    """Time passes only as the test lets it; afterwards it goes on, for the tests that get this browser next."""
    page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))
    yield
    page.clock.resume()


def test_what_is_typed_offers_articles_and_one_is_read_in_the_panel(open_form, articles) -> None:
    center = open_form()
    box = typing(center, "How do I get a refund?")
    links = offered(center.stage("start"))
    expect(links).to_have_count(3)
    links.first.click()
    dialog = center.panel.locator("dialog.suggested-dialog")
    expect(dialog.get_by_role("heading", name="Refunds")).to_be_visible()
    expect(dialog.locator("[data-part=body]")).to_be_focused()
    expect(dialog.get_by_role("link", name="The form")).to_have_attribute("target", "_blank")
    center.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(links.first).to_be_focused()
    expect(center.stage("start")).to_be_visible()  # Escape has not folded the chat
    expect(box).to_have_value("How do I get a refund?")
    assert counts(articles[0]) == {"shown": 1, "opened": 1}


def test_it_asks_seldom_and_of_the_last_text(open_form) -> None:
    """Not with each key, one at a time, and nothing of what was typed stands in an address."""
    center = open_form()
    asked, urls = asked_of(center.page), []
    center.page.on("request", lambda request: urls.append(request.url))
    held = hold(center.page)
    with center.page.expect_request("**/chat/articles/?*"):
        box = typing(center, "delivery")
    box.press_sequentially(" or refund")
    pass_by(center.page)
    assert len(asked) == 1
    held[0].continue_()
    expect(offered(center.stage("start"))).to_have_count(3)
    assert [fields_of(body)["text"] for body in asked] == ["delivery", "delivery or refund"]
    assert not any("refund" in url for url in urls)


def test_what_was_typed_before_the_script_ran_is_answered_too(service: Service, articles, new_page) -> None:
    make_agent_with_chat(service, "I was here first")
    page = new_page()
    held = hold(page, "**/joined/chat*.js")
    page.goto("/hc/demo/chat/", wait_until="commit")
    page.locator("[name=message]").press_sequentially("refund")
    expect(page.get_by_role("button", name=START)).to_be_disabled()
    held[0].continue_()
    expect(offered(page.locator("customer-chat"))).to_have_count(3)


def test_a_request_that_is_lost_is_sent_again(open_form) -> None:
    center = open_form()
    center.page.route("**/chat/articles/?*", lambda route: route.abort(), times=1)
    typing(center, "refund")
    expect(offered(center.stage("start"))).to_have_count(3)


def test_a_word_of_three_letters_asks_for_nothing(open_form) -> None:
    center = open_form()
    asked = asked_of(center.page)
    box = typing(center, "ref")
    pass_by(center.page)
    assert asked == []
    box.press_sequentially("u")
    expect(offered(center.stage("start"))).to_have_count(3)


def test_what_is_emptied_while_it_is_asked_for_offers_nothing(open_form) -> None:
    center = open_form()
    page, box, links = center.page, typing(center, "refund"), offered(center.stage("start"))
    expect(links).to_have_count(3)
    box.fill("")
    expect(links).to_have_count(0)
    held = hold(page)
    with page.expect_request("**/chat/articles/?*"):
        box.fill("refunds")
    with standing(page):  # so that nothing takes it away again
        box.fill("")
        with page.expect_response("**/chat/articles/?*") as answer:
            held[0].continue_()
        answer.value.finished()
        center.frame.evaluate("fetch(location.href)")  # what follows on the answer is done before this one comes
        expect(links).to_have_count(0)


@pytest.mark.parametrize(
    "viewport", [PORTRAIT, LANDSCAPE, {"width": 1280, "height": 800}], ids=["phone", "low", "desk"]
)
def test_the_button_stays_where_it_is(open_form, viewport) -> None:
    center = open_form(viewport=viewport)
    button = center.stage("start").get_by_role("button", name="Start chat")
    typing(center, "ref")
    before = button.bounding_box()
    typing(center, "und")
    expect(offered(center.stage("start"))).to_have_count(3)
    assert button.bounding_box() == before


def test_nothing_comes_between_a_customer_and_the_box_that_is_about_to_be_ticked(open_form) -> None:
    center = open_form()
    held = hold(center.page)
    with center.page.expect_request("**/chat/articles/?*"):
        box = typing(center, "refund")
    agree = center.stage("start").locator("[name=agree]")
    agree.focus()
    before = agree.bounding_box()
    let_go(center.page, held)
    assert agree.bounding_box() == before
    box.focus()
    expect(offered(center.stage("start"))).to_have_count(3)


def test_the_number_is_said_once_and_the_offer_can_be_put_away(open_form) -> None:
    center = open_form()
    box = typing(center, "refund")
    said = center.stage("start").locator("suggested-articles > [role=status]")
    expect(said).to_have_text("3 articles may help.")
    center.panel.get_by_role("button", name="Hide suggested articles").click()
    expect(offered(center.stage("start"))).to_have_count(0)
    expect(box).to_be_focused()
    asked = asked_of(center.page)
    box.press_sequentially(" of my gift card")
    pass_by(center.page)
    assert asked == []


def test_a_composition_is_left_alone(open_form) -> None:
    """While a syllable may be half of one, it takes a longer pause."""
    center = open_form(locale="ko-KR")
    page, box = center.page, center.stage("start").locator("[name=message]")
    box.press_sequentially("a ")  # it loads the script
    expect(center.stage("start").locator("suggested-articles > [role=status]")).to_be_attached()
    box.fill("")
    with standing(page):
        asked, session = asked_of(page), page.context.new_cdp_session(page)
        session.send("Input.insertText", {"text": "환"})
        for text in ("ㅂ", "부"):
            session.send("Input.imeSetComposition", {"text": text, "selectionStart": 1, "selectionEnd": 1})
        page.clock.run_for(700)
        session.send("Input.imeSetComposition", {"text": "불", "selectionStart": 1, "selectionEnd": 1})
        assert asked == []
        with page.expect_response("**/chat/articles/?*"):
            page.clock.run_for(1100)
        expect(offered(center.stage("start"))).to_have_count(3)
        expect(box).to_have_value("환불")
        assert [fields_of(body)["text"] for body in asked] == ["환불"]


def test_without_articles_nothing_is_shown(service: Service, new_page) -> None:
    make_agent_with_chat(service, "I was here first")
    center = HelpCenter(new_page("/hc/demo/"))
    center.open()
    center.page.clock.install()
    with center.page.expect_response("**/chat/articles/?*"):
        typing(center, "How do I get a refund?")
    pass_by(center.page)
    expect(center.stage("start").locator(".suggested")).to_have_count(0)


def test_yes_before_a_chat_keeps_the_form_and_counts_who_leaves(open_form, articles) -> None:
    center = open_form()
    box = typing(center, "refund")
    offered(center.stage("start")).first.click()
    dialog = center.panel.locator("dialog.suggested-dialog")
    dialog.get_by_role("button", name="Yes").click()
    expect(dialog.locator("[data-part=thanks]")).to_be_focused()
    center.page.reload()  # whoever looks again wants nobody yet
    comes_to(articles[0], center.page, shown=1, opened=1, helped=1, left=1)
    expect(box).to_have_value("refund")


def test_yes_and_a_chat_all_the_same(open_form, articles) -> None:
    center = open_form()
    center.fill()
    typing(center, "refund")
    offered(center.stage("start")).first.click()
    dialog = center.panel.locator("dialog.suggested-dialog")
    dialog.get_by_role("button", name="Yes").click()
    dialog.get_by_role("button", name="I still want to chat").click()
    expect(dialog).to_be_hidden()
    center.agree_and_start()
    expect(center.chat.message("refund")).to_be_visible()
    sent: list[str] = []
    center.page.on("request", lambda request: sent.append(request.url))
    center.page.reload()
    expect(center.chat.message("refund")).to_be_visible()
    assert not [url for url in sent if "/helped/" in url]
    assert counts(articles[0]) == {"shown": 1, "opened": 1, "helped": 1}


def test_no_leads_back_to_the_form(open_form, articles) -> None:
    center = open_form()
    typing(center, "refund")
    offered(center.stage("start")).first.press("Enter")
    dialog = center.panel.locator("dialog.suggested-dialog")
    dialog.get_by_role("button", name="No").press("Enter")
    dialog.get_by_role("button", name="Back to the form").press("Enter")
    expect(offered(center.stage("start")).first).to_be_focused()
    assert counts(articles[0]) == {"shown": 1, "opened": 1, "not_helped": 1}


def test_an_article_that_cant_be_had_says_so(open_form) -> None:
    center = open_form()
    typing(center, "refund")
    links = offered(center.stage("start"))
    expect(links).to_have_count(3)
    center.page.context.set_offline(True)
    links.first.click()
    dialog = center.panel.locator("dialog.suggested-dialog")
    expect(dialog.get_by_text("That didn’t work. Try again.")).to_be_visible()
    center.page.context.set_offline(False)
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog.get_by_role("heading", name="Refunds")).to_be_visible()
    expect(dialog.get_by_text("That didn’t work. Try again.")).to_be_hidden()


# While the chat waits


@pytest.fixture
def waiting(articles: list[Article], newcomer: Callable[[], HelpCenter]) -> HelpCenter:  # noqa: F811
    center = newcomer()
    center.start(message="When do I get my refund?")
    expect(offered(center.stage("chat"))).to_have_count(3)
    return center


def test_who_waits_is_offered_articles_and_asked_before_the_queue_is_left(waiting: HelpCenter, articles) -> None:
    offered(waiting.stage("chat")).nth(1).click()
    dialog = waiting.panel.locator("dialog.suggested-dialog")
    dialog.get_by_role("button", name="Yes").click()
    expect(dialog.get_by_role("button", name="Keep waiting")).to_be_visible()
    place(waiting, 1)
    dialog.get_by_role("button", name="Keep waiting").click()
    place(waiting, 1)
    assert Chat.objects.get(customer__name="Jun Park").is_open
    offered(waiting.stage("chat")).nth(1).click()
    dialog.get_by_role("button", name="Yes").click()
    dialog.get_by_role("button", name="Leave the queue").click()
    expect(waiting.panel.get_by_text("You have left the queue.")).to_be_visible()
    expect(offered(waiting.stage("chat"))).to_have_count(0)
    comes_to(articles[1], waiting.page, shown=1, opened=1, helped=1, left=1)


def test_an_agent_who_comes_is_announced_in_the_article(waiting: HelpCenter, busy, in_thread) -> None:  # noqa: F811
    offered(waiting.stage("chat")).first.click()
    dialog = waiting.panel.locator("dialog.suggested-dialog")
    expect(dialog.get_by_role("heading", name="Refunds")).to_be_visible()
    Agent.objects.filter(pk=busy.pk).update(chat_limit=2)
    in_thread(assign_waiting_chats, busy.service_id)
    chat = Chat.objects.get(customer__name="Jun Park")
    in_thread(answer_chat, busy, chat.pk)
    seq = in_thread(send_as_agent, chat, busy, body="Are you there?", client_id=uuid.uuid4()).seq
    wait_until(lambda: marks(chat)[0] == seq, 20)
    assert marks(chat)[1] < seq  # the article lies over it
    dialog.get_by_role("button", name="An agent is here. Go to the chat").click(timeout=SLOW_MILLISECONDS)
    expect(dialog).to_have_count(0)
    expect(waiting.chat.composer).to_be_focused()
    wait_until(lambda: marks(chat)[1] == seq, 20)


def marks(chat: Chat) -> tuple[int, int]:
    """How far the customer's browser has received, and the customer has read."""
    return Chat.objects.values_list("customer_received", "customer_read").get(pk=chat.pk)


def is_of_the_wait(answer: Response) -> bool:
    return "/chat/articles/?" in answer.url and "text=" not in answer.request.post_data


def test_what_is_written_while_waiting_finds_other_articles(service: Service, articles, newcomer) -> None:  # noqa: F811
    parcels = make_article(make_category(service), en=("Parcels", "Two days."))
    center = newcomer()
    with center.page.expect_response(is_of_the_wait) as answer:
        center.start(message="Hello")
    assert answer.value.status == 204
    center.chat.write("Where is my parcel?")
    expect(offered(center.stage("chat"))).to_have_text(["Parcels"])
    assert counts(parcels) == {"shown": 1}
    assert counts(articles[0]) == {}


# Beside the form of an inquiry


def test_contact_us_offers_articles_too(service: Service, articles, new_page) -> None:
    page = new_page("/hc/demo/contact/", viewport=PORTRAIT)
    form = page.locator("#inquiry")
    button = form.get_by_role("button", name="Send")
    before = button.bounding_box()
    form.locator("[name=subject]").press_sequentially("Refund")
    expect(offered(form)).to_have_count(3)
    assert button.bounding_box() == before
    offered(form).first.click()
    dialog = page.locator("dialog.suggested-dialog")
    dialog.get_by_role("button", name="No").click()
    dialog.get_by_role("button", name="Back to the form").click()
    expect(form.locator("[name=subject]")).to_have_value("Refund")
    assert counts(articles[0]) == {"shown": 1, "opened": 1, "not_helped": 1}
