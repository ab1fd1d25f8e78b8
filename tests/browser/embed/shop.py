"""A shop that shows the chat, and the parts of the chat on its pages."""

from collections.abc import Mapping

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser.conftest import DESKTOP
from tests.browser.windows import Conversation, HelpCenter

PHONE = {"width": 390, "height": 844}
SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])


class Shop:
    """Another site, which answers everything with ``page`` and ``headers``."""

    desk = origin = page = ""
    headers: Mapping[str, str] = {}

    def line(self, service: str = "demo", attributes: str = "async", query: str = "") -> str:
        return f'<script src="{self.desk}/embed/{service}.js{query}" {attributes}></script>'


def icon_of(page: Page) -> Locator:
    return page.locator("contiple-chat .icon")


def frame_of(page: Page) -> FrameLocator:
    return page.frame_locator("contiple-chat iframe")


def is_on_top(page: Page, part: Locator) -> bool:
    """A tap in the middle of this part of the widget meets it, and not what lies on it."""
    return part.evaluate(
        """part => {
          const {x, y, width, height} = part.getBoundingClientRect();
          const hit = part.getRootNode().elementFromPoint(x + width / 2, y + height / 2);
          return part === hit || part.contains(hit);
        }"""
    )


def opens(page: Page) -> FrameLocator:
    """The icon is where it belongs, and a press on it shows the chat's first page."""
    icon = icon_of(page)
    expect(icon).to_be_visible()
    assert is_on_top(page, icon)
    box, size = icon.bounding_box(), page.viewport_size
    assert box is not None
    assert size is not None
    assert (box["width"], box["height"]) == (56, 56)
    assert size["height"] - box["y"] - box["height"] == 20
    assert 20 in {box["x"], size["width"] - box["x"] - box["width"]}
    icon.click()
    frame = frame_of(page)
    expect(frame.locator("[data-stage]")).to_be_visible()
    return frame


def center_of(page: Page) -> HelpCenter:
    center = HelpCenter(page)
    center.icon = icon_of(page)
    center.panel = frame_of(page)
    center.chat = Conversation(center.panel.locator("customer-chat"))
    return center
