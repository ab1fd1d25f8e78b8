"""Answers of a slow server that come after the agent has gone on: they show nothing that is not wanted any more."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from agents.models import Service
from chat.models import Chat
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import Desk
from tests.make import make_chat, make_customer, make_message


@pytest.fixture
def chats(service: Service) -> list[Chat]:
    """Of one agent: Jun's and Kim's."""
    agent, jun = make_agent_with_chat(service, "I am Jun")
    kim = make_chat(service, agent=agent, customer=make_customer(service, "Kim"))
    make_message(kim, "I am Kim")
    return [jun, kim]


@pytest.fixture
def desk(chats: list[Chat], signed_in_page: Callable[..., Page]) -> Desk:
    desk = Desk(signed_in_page(chats[0].agent))
    desk.open()
    return desk


def hold(desk: Desk, path: str) -> list[Route]:
    """Holds back what is asked of this address from now on."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    desk.page.route(lambda url: urlsplit(url).path == path, keep)
    return held


def let_go(desk: Desk, held: list[Route]) -> None:
    """The answers come now, and are in the page."""
    assert held
    for route in held:
        with desk.page.expect_response(route.request.url) as answer:
            route.continue_()
        answer.value.finished()
    desk.page.evaluate("() => new Promise((resolve) => setTimeout(resolve))")


def test_the_chat_that_was_chosen_last_is_shown(desk: Desk, chats: list[Chat]) -> None:
    held = hold(desk, f"/desk/demo/chat/{chats[0].pk}/open/")
    desk.entry("Jun").click()
    desk.entry("Kim").click()
    expect(desk.dialog.locator(".chat-header h3")).to_have_text("Kim")
    expect(desk.chat.composer).to_be_focused()
    desk.chat.composer.fill("For Kim alone")
    let_go(desk, held)
    expect(desk.entry("Jun")).not_to_have_attribute("aria-busy", "true")
    expect(desk.dialog.locator(".chat-header h3")).to_have_text("Kim")
    expect(desk.chat.composer).to_have_value("For Kim alone")


def test_a_question_about_a_chat_is_not_asked_in_another_one(desk: Desk, chats: list[Chat]) -> None:
    desk.select("Jun")
    held = hold(desk, f"/desk/demo/chat/{chats[0].pk}/end/")
    with desk.page.expect_request(lambda request: urlsplit(request.url).path.endswith("/end/")):
        desk.tool("end").click()
    desk.select("Kim")
    let_go(desk, held)
    expect(desk.popup).to_be_hidden()
    desk.tool("end").click()
    expect(desk.popup.get_by_role("heading", name="End this chat?")).to_be_visible()


def test_the_chat_that_was_left_while_it_was_marked_does_not_come_back(desk: Desk, chats: list[Chat]) -> None:
    desk.select("Jun")
    marked = hold(desk, f"/desk/demo/chat/{chats[0].pk}/spam/")
    kims = hold(desk, f"/desk/demo/chat/{chats[1].pk}/open/")
    desk.dialog.get_by_label("Actions").first.click()
    desk.dialog.get_by_role("button", name="Mark as spam").click()
    desk.entry("Kim").click()
    let_go(desk, marked)
    let_go(desk, kims)
    expect(desk.dialog.locator(".chat-header h3")).to_have_text("Kim")


def test_no_question_is_asked_about_a_chat_while_another_one_is_coming(desk: Desk, chats: list[Chat]) -> None:
    desk.select("Jun")
    question = hold(desk, f"/desk/demo/chat/{chats[0].pk}/end/")
    kims = hold(desk, f"/desk/demo/chat/{chats[1].pk}/open/")
    desk.tool("end").click()
    desk.entry("Kim").click()
    let_go(desk, question)
    let_go(desk, kims)
    expect(desk.dialog.locator(".chat-header h3")).to_have_text("Kim")
    expect(desk.popup).to_be_hidden()


def test_a_break_that_is_shown_before_its_answer_comes_asks_for_its_reason(desk: Desk) -> None:
    answers: list[tuple[Route, APIResponse]] = []
    desk.page.route("**/chat/status/", lambda route: answers.append((route, route.fetch())))
    desk.choose("break")
    [(route, answer)] = answers
    route.fulfill(response=answer)
    expect(desk.dialog.locator(".break > .menu")).to_be_visible()
