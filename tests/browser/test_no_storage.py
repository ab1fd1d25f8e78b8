"""An agent's desk in a browser that gives pages no storage, or whose storage is full."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from agents.models import Service
from tests.browser.rows import make_agent_with_chat
from tests.browser.test_start_form import FORBIDDEN, FULL
from tests.browser.windows import Desk


@pytest.fixture
def desk(service: Service, signed_in_page: Callable[..., Page], storage: str) -> Desk:
    agent, _chat = make_agent_with_chat(service, "Where is my parcel?")
    desk = Desk(signed_in_page(agent, path=None))
    desk.page.add_init_script(storage)
    desk.page.goto("/desk/demo/")
    return desk


@pytest.mark.parametrize("storage", [FORBIDDEN, FULL], ids=["forbidden", "full"])
def test_the_desk_needs_no_storage(desk: Desk):
    chat = desk.select("Jun")
    chat.write("It is on its way.")
    expect(chat.message("It is on its way.")).to_be_visible()
    expect(chat.pending).to_have_count(0)
    desk.place("docked")
    chat.composer.fill("And")
    desk.page.reload()  # the desk begins as on the first day
    expect(desk.dialog).to_be_hidden()
    desk.select("Jun")
    expect(desk.dialog).to_have_attribute("data-place", "floating")


@pytest.mark.parametrize("storage", [FORBIDDEN], ids=["forbidden"])
def test_what_is_kept_in_memory_is_found_and_forgotten_as_in_a_storage(desk: Desk):
    kept = """() => {
        sessionStorage.setItem("a", 1);
        const found = [sessionStorage.getItem("a"), sessionStorage.getItem("b"), Object.keys(sessionStorage).join()];
        sessionStorage.clear();
        return [...found, Object.keys(sessionStorage).length, sessionStorage.getItem("a")];
    }"""
    assert desk.page.evaluate(kept) == ["1", None, "a", 0, None]
