"""Files that people send in browser tests, and how they send them."""

from pathlib import Path
from typing import Any

from playwright.sync_api import FileChooser, Locator, Page

from tests.browser.windows import Conversation
from tests.chat.files import PDF


def pdf(size: int) -> bytes:
    """A PDF of this many bytes."""
    return PDF + b"%" + b"-" * (size - len(PDF) - 1)


class Files:
    """The files of one chat on somebody's screen."""

    def __init__(self, chat: Conversation, page: Page) -> None:
        self.chat, self.page, self.root = chat, page, chat.root
        self.button = chat.root.get_by_role("button", name="Send files")
        self.hint = chat.root.locator("[data-part=full]")
        self.area = chat.root.locator(".file-drop")
        self.uploads = chat.root.locator(".file-upload")
        self.bar = chat.root.get_by_role("progressbar")
        self.shown = chat.root.locator("chat-file")

    def named(self, name: str) -> Locator:
        return self.shown.filter(has_text=name)

    def upload(self, name: str) -> Locator:
        return self.chat.root.locator(".message[data-client]").filter(has_text=name)

    def choose(self, *files: Path | dict[str, Any]) -> None:
        self.chooser().set_files(list(files))  # type: ignore[arg-type]

    def chooser(self) -> FileChooser:
        with self.page.expect_file_chooser() as opened:
            self.button.click()
        return opened.value

    def drag(self, *paths: Path, drop: bool = True) -> None:
        """Drags files or folders from the desktop onto the conversation."""
        box = self.chat.scroll.bounding_box()
        assert box
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        session = self.page.context.new_cdp_session(self.page)
        for kind in ("dragEnter", "dragOver", *(["drop"] if drop else [])):
            session.send("Input.dispatchDragEvent", {"type": kind, **at, "data": data})

    def slow(self, bytes_in_second: int) -> None:
        """From now on the line takes so much; -1: as much as there is."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("Network.enable")
        limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_in_second}
        session.send("Network.emulateNetworkConditions", limits)


def file(name: str, content: bytes, kind: str = "") -> dict[str, Any]:
    """A file as a chooser takes it."""
    return {"name": name, "mimeType": kind, "buffer": content}
