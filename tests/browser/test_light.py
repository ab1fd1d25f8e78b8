"""What customers' pages weigh, as a browser with an empty cache takes them from the server."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from agents.models import Service
from tests.browser.rows import make_agent_with_chat
from tests.helpcenter.rows import make_article, make_category

REQUESTS_MAX = 8
BYTES_MAX = 30_000  # of the bodies, as they are sent


class Weighed:
    """Counts what ``page`` asks for from now on."""

    def __init__(self, page: Page) -> None:
        self.asked: list[str] = []
        self.bytes = 0
        self._heads: dict[str, int] = {}
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", lambda it: self.asked.append(it["request"]["url"]))
        session.on("Network.responseReceived", lambda it: self._heads.update({it["requestId"]: _length(it)}))
        session.on("Network.loadingFinished", self._count)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def _count(self, finished: dict) -> None:
        self.bytes += finished["encodedDataLength"] - self._heads[finished["requestId"]]


def _length(received: dict) -> int:
    return received["response"]["encodedDataLength"]


@pytest.fixture
def weighed(new_page: Callable[..., Page]) -> tuple[Page, Weighed]:
    page = new_page()
    return page, Weighed(page)


def test_the_form_of_the_chat_is_light(service: Service, weighed) -> None:
    make_agent_with_chat(service, "I was here first")
    page, weight = weighed
    page.goto("/hc/demo/chat/")
    expect(page.get_by_role("button", name="Start chat")).to_be_enabled()
    page.wait_for_load_state("networkidle")
    assert len(weight.asked) <= REQUESTS_MAX, weight.asked
    assert weight.bytes <= BYTES_MAX


def test_an_article_is_light(service: Service, weighed) -> None:
    article = make_article(make_category(service), en=("Parcels", "A parcel takes two days.\n\n" * 20))
    page, weight = weighed
    page.goto(f"/hc/demo/articles/{article.pk}/")
    expect(page.get_by_role("heading", name="Parcels")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert len(weight.asked) <= REQUESTS_MAX, weight.asked
    assert weight.bytes <= BYTES_MAX
