"""Search in the conversation on display, its days, and earlier messages that come by themselves."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from agents.models import Agent, Service
from chat.models import Chat, Message
from helpcenter.customers import register_customer
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import Desk
from tests.make import make_chat, make_customer, make_message

LONG = 5000
PAGE = 50
BEGIN = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
PAINTED = "name => [...CSS.highlights.get(name) || []].map((range) => range.toString())"


@pytest.fixture
def long_chat(service: Service) -> tuple[Agent, Chat]:
    """5,000 messages on fifty days; some of them have words of their own."""
    agent, chat = make_agent_with_chat(service)
    words = {17: "The blue lamp is broken", 2500: "A lamp again", 4990: "My LAMP, please"}
    rows = [
        Message(
            chat=chat, seq=n, rev=n, author="customer" if n % 3 else "agent", name="Jun", body=words.get(n, f"line {n}")
        )
        for n in range(1, LONG + 1)
    ]
    Message.objects.bulk_create(rows)
    for row in rows:
        row.created_at = BEGIN + timedelta(days=row.seq // 100, minutes=row.seq % 100)
    Message.objects.bulk_update(rows, ["created_at"], batch_size=1000)
    Chat.objects.filter(pk=chat.pk).update(last_rev=LONG)
    return agent, chat


@pytest.fixture
def desk(long_chat: tuple[Agent, Chat], signed_in_page: Callable[..., Page]) -> Desk:
    desk = Desk(signed_in_page(long_chat[0]))
    desk.select("Jun")
    return desk


def field(root: Locator) -> Locator:
    return root.get_by_role("searchbox", name="Search this conversation")


def found(root: Locator) -> Locator:
    return root.locator("conversation-search [data-part=found]")


def search(desk: Desk, text: str) -> Locator:
    desk.page.keyboard.press("Alt+l")
    expect(field(desk.chat.root)).to_be_focused()
    field(desk.chat.root).fill(text)
    return found(desk.chat.root)


def shows(page: Page, text: str, *ranges: str) -> None:
    expect(page.locator("chat-desk .message", has_text=text)).to_be_in_viewport()
    page.wait_for_function(
        f"([name, wanted]) => JSON.stringify(({PAINTED})(name)) === JSON.stringify(wanted)",
        arg=["found-current", list(ranges)],
    )


def test_matches_are_found_in_what_is_not_loaded_too(desk: Desk):
    page, keys = desk.page, desk.page.keyboard
    told = search(desk, "lamp")
    expect(told).to_have_text("1 of 3")
    shows(page, "My LAMP, please", "LAMP")
    assert desk.dialog.locator("conversation-search").bounding_box()["height"] < 50, "It is one line."
    keys.press("Enter")
    expect(told).to_have_text("2 of 3")
    shows(page, "A lamp again", "lamp")
    desk.dialog.get_by_role("button", name="Older match").click()
    expect(told).to_have_text("3 of 3")
    shows(page, "The blue lamp is broken", "lamp")
    field(desk.chat.root).focus()
    keys.press("Shift+Enter")
    expect(told).to_have_text("2 of 3")
    shows(page, "A lamp again", "lamp")
    desk.dialog.get_by_role("button", name="Newer match").click()
    expect(told).to_have_text("1 of 3")
    shows(page, "My LAMP, please", "LAMP")
    assert desk.chat.messages.count() < 5 * PAGE  # parts of it, and not all that is between
    in_order(desk)

    field(desk.chat.root).fill("no such words")
    expect(told).to_have_text("No matches")
    expect(desk.dialog.get_by_role("button", name="Older match")).to_be_disabled()
    keys.press("Escape")
    expect(field(desk.chat.root)).to_be_hidden()
    expect(desk.dialog).to_be_visible()  # Escape has closed the search alone
    assert page.evaluate(PAINTED, "found") == []
    expect(desk.dialog.locator("[data-action=search]")).to_be_focused()


def in_order(desk: Desk) -> None:
    seqs = desk.chat.messages.evaluate_all("all => all.map((one) => Number(one.dataset.seq))")
    assert seqs == sorted(set(seqs))


def test_a_gap_is_filled_from_where_the_reader_comes(desk: Desk):
    told = search(desk, "blue")
    expect(told).to_have_text("1 of 1")
    gap = desk.chat.root.locator(".conversation-gap")
    expect(gap).to_have_count(1)
    gap.evaluate("gap => gap.scrollIntoView({ block: 'end' })")  # from above
    expect(desk.chat.root.locator(".message[data-seq='60']")).to_be_attached()
    in_order(desk)
    loaded = desk.chat.messages.evaluate_all("all => all.map((one) => Number(one.dataset.seq))")
    upper = [seq for seq in loaded if seq < 1000]
    assert upper == list(range(1, len(upper) + 1))
    expect(gap).to_have_count(1)


def test_what_is_said_meanwhile_stands_at_the_end_and_is_found(desk: Desk, long_chat: tuple[Agent, Chat]):
    told = search(desk, "blue")
    expect(told).to_have_text("1 of 1")
    desk.chat.composer.fill("A blue one is on its way")
    desk.chat.composer.press("Enter")
    expect(told).to_have_text("2 of 2")
    expect(desk.chat.messages.last).to_contain_text("A blue one is on its way")
    in_order(desk)


def test_a_day_is_jumped_to(desk: Desk):
    search(desk, "")
    days = desk.dialog.get_by_role("combobox", name="Jump to a day")
    options = days.locator("option")
    expect(options).to_have_count(52)
    expect(options.nth(1)).to_have_text(re.compile("October 21.* · 1$"))
    days.select_option("1400")
    first = desk.chat.root.locator(".message[data-seq='1400']")
    expect(first).to_be_in_viewport()
    separator = desk.chat.root.locator(".day-separator", has_text="September 15")
    expect(separator).to_be_in_viewport()
    assert abs(separator.bounding_box()["y"] - desk.chat.scroll.bounding_box()["y"]) < 40
    in_order(desk)


def test_earlier_messages_come_by_themselves_and_move_nothing(desk: Desk):
    expect(desk.chat.messages).to_have_count(PAGE)
    desk.chat.scroll.evaluate("element => { element.scrollTop = 300 }")
    expect(desk.chat.messages).to_have_count(2 * PAGE)
    top = desk.chat.root.locator(".message[data-seq='4951']")
    place = top.bounding_box()["y"]
    desk.page.mouse.move(*middle(desk.chat.scroll))
    desk.page.mouse.wheel(0, -150)
    desk.page.wait_for_function("() => true")
    expect(desk.chat.messages).to_have_count(2 * PAGE)
    assert top.bounding_box()["y"] >= place
    desk.chat.scroll.focus()
    desk.page.keyboard.press("Home")
    expect(desk.chat.messages).to_have_count(3 * PAGE)
    in_order(desk)


def middle(element: Locator) -> tuple[float, float]:
    box = element.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_korean_is_searched_while_it_is_composed(desk: Desk, long_chat: tuple[Agent, Chat]):
    make_message(Chat.objects.get(pk=long_chat[1].pk), "파란 램프가 왔어요")
    told = search(desk, "")
    session = desk.page.context.new_cdp_session(desk.page)
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url) if "/search/" in request.url else None)
    for text in ("ㄹ", "래", "램", "램ㅍ", "램프"):
        session.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})
    expect(told).to_have_text("1 of 1")
    field(desk.chat.root).dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "isComposing": True})
    session.send("Input.insertText", {"text": "램프"})
    expect(field(desk.chat.root)).to_have_value("램프")
    expect(told).to_have_text("1 of 1")
    expect(desk.chat.message("파란 램프가")).to_be_in_viewport()
    assert not [url for url in asked if "%E3%84%B9" in url]  # a lone consonant


def test_a_conversation_to_read_is_searched_too(long_chat: tuple[Agent, Chat], signed_in_page: Callable[..., Page]):
    page = signed_in_page(long_chat[0], f"/desk/demo/chat/{long_chat[1].pk}/history/")
    history = page.locator("chat-history")
    history.get_by_role("button", name="Search this conversation").click()
    field(history).fill("lamp")
    expect(found(history)).to_have_text("1 of 3")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(found(history)).to_have_text("3 of 3")
    expect(history.locator(".message", has_text="The blue lamp")).to_be_in_viewport()


def test_two_lists_of_one_chat_stay_apart(long_chat: tuple[Agent, Chat], signed_in_page: Callable[..., Page]):
    """Beside the docked dialog the page may show the same chat: a change is shown once in each."""
    agent, chat = long_chat
    desk = Desk(signed_in_page(agent, f"/desk/demo/chat/{chat.pk}/history/"))
    desk.open()
    desk.place("docked")
    desk.select("Jun")
    for root in (desk.chat.root, desk.page.locator("chat-history")):
        expect(root.locator(".message[data-seq='4999']")).to_have_count(1)
    desk.mask_text(desk.chat.body("line 4999"), "4999")
    for root in (desk.chat.root, desk.page.locator("chat-history")):
        expect(root.locator(".message[data-seq='4999'] masked-text")).to_have_text("****")
        expect(root.locator(".message[data-seq='4999']")).to_have_count(1)


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_in_the_docked_dialog_the_search_is_a_line_and_the_days_another(
    long_chat: tuple[Agent, Chat], signed_in_page: Callable[..., Page], locale: str
) -> None:
    desk = Desk(signed_in_page(long_chat[0], locale=locale))
    desk.select("Jun")
    desk.place("docked")
    desk.tool("search").click()
    search = desk.chat.root.locator("conversation-search")
    search.locator("input").fill("line")
    expect(search.locator("[data-part=found]")).to_contain_text("500+")
    parts = [search.locator(part) for part in ("input", "[data-part=found]", "[data-search=close]")]
    assert len({part.evaluate("one => Math.round(one.offsetTop + one.offsetHeight / 2)") for part in parts}) == 1
    assert search.locator("select").bounding_box()["y"] > parts[-1].bounding_box()["y"]


def test_a_search_that_failed_is_tried_again_with_enter(desk: Desk) -> None:
    says = search(desk, "lamp")
    expect(says).to_have_text("1 of 3")
    desk.page.route("**/search/?q=*", lambda route: route.abort())
    field(desk.chat.root).fill("blue")
    expect(says).to_have_text("That didn’t work. Try again.")
    desk.page.unroute("**/search/?q=*")
    desk.page.keyboard.press("Enter")
    expect(says).to_have_text("1 of 1")


UNREACHABLE = "The server can’t be reached. Check your connection and try again."


def test_a_jump_that_fails_says_so_and_is_tried_again(desk: Desk) -> None:
    page, root = desk.page, desk.chat.root
    told = search(desk, "lamp")
    expect(told).to_have_text("1 of 3")
    days = desk.dialog.get_by_role("combobox", name="Jump to a day")
    expect(days.locator("option")).to_have_count(52)
    page.route("**/around/?*", lambda route: route.abort())
    field(root).press("Enter")
    expect(desk.said).to_have_text(UNREACHABLE)
    desk.said.evaluate("element => element.replaceChildren()")
    days.select_option("1400")
    expect(desk.said).to_have_text(UNREACHABLE)

    page.unroute("**/around/?*")
    days.select_option("1400")
    expect(root.locator(".message[data-seq='1400']")).to_be_in_viewport()
    field(root).press("Enter")
    expect(told).to_have_text("2 of 3")
    shows(page, "A lamp again", "lamp")
    field(root).press("Enter")
    expect(told).to_have_text("3 of 3")


def test_so_does_a_quote_and_a_gap(long_chat: tuple[Agent, Chat], signed_in_page: Callable[..., Page]) -> None:
    agent, chat = long_chat
    make_message(chat, "As you wrote", author="agent", quote=17)
    desk = Desk(signed_in_page(agent))
    page, root = desk.page, desk.select("Jun").root
    page.route("**/around/?*", lambda route: route.abort())
    quote = root.locator(".message-quote")
    quote.click()
    expect(desk.said).to_have_text(UNREACHABLE)
    page.unroute("**/around/?*")
    quote.click()
    expect(root.locator(".message[data-seq='17']")).to_be_focused()

    gap = root.locator(".conversation-gap button")
    page.route("**/around/?*", lambda route: route.fulfill(status=503, body="down"))
    loaded = desk.chat.messages.count()
    gap.evaluate("button => button.click()")
    expect(desk.said).to_have_text("That didn’t work. Try again.")
    page.unroute("**/around/?*")
    gap.evaluate("button => button.click()")
    expect(desk.chat.messages).not_to_have_count(loaded)
    in_order(desk)


def test_so_do_earlier_messages(desk: Desk, long_chat: tuple[Agent, Chat]) -> None:
    desk.page.route("**/earlier/?*", lambda route: route.abort())
    desk.chat.scroll.evaluate("element => { element.scrollTop = 0 }")
    expect(desk.said).to_have_text(UNREACHABLE)
    desk.page.goto(f"/desk/demo/chat/{long_chat[1].pk}/history/")
    history = desk.page.locator("chat-history")
    earlier = history.locator("[data-action=earlier]")
    earlier.evaluate("button => button.click()")
    expect(history.locator("[data-part=notice]")).to_have_text(UNREACHABLE)
    desk.page.unroute("**/earlier/?*")
    earlier.evaluate("button => button.click()")
    expect(history.locator("[data-part=notice]")).to_have_text("")


def test_a_customer_is_told_so_too(service: Service, new_page: Callable[..., Page]) -> None:
    _agent, chat = make_agent_with_chat(service, *(f"line {n}" for n in range(PAGE + 1)))
    customer, token = register_customer(service, name="Jun", email="", language="en")
    Chat.objects.filter(pk=chat.pk).update(customer=customer)
    page = new_page()
    page.add_init_script(f"localStorage.setItem('contiple-chat:demo', '{token}')")
    page.goto("/hc/demo/chat/")
    earlier = page.locator("[data-action=earlier]")
    page.route("**/earlier/*", lambda route: route.abort())
    earlier.click()
    notice = page.locator("customer-chat > [data-part=notice]")
    expect(notice).to_have_text(UNREACHABLE)
    page.unroute("**/earlier/*")
    earlier.click()
    expect(page.get_by_text("line 0")).to_be_visible()
    expect(notice).to_be_hidden()


def test_each_chat_history_by_a_link_is_searched(service: Service, signed_in_page: Callable[..., Page]) -> None:
    """The second one comes into a page whose scripts are there already."""
    agent, _chat = make_agent_with_chat(service, "Where is it?")
    make_chat(service, agent=agent, customer=make_customer(service, "Hana"))
    page = signed_in_page(agent, "/desk/demo/chats/")
    main = page.locator("main")
    for name in ("Jun", "Hana"):
        main.get_by_role("link", name=name).click()
        expect(main.get_by_role("heading", name=name)).to_be_visible()
        main.locator("[data-action=search]").click()
        expect(field(main)).to_be_focused()
        page.get_by_role("navigation", name="Main").get_by_role("link", name="Chat History").click()
        expect(main.locator("chat-history")).to_have_count(0)
