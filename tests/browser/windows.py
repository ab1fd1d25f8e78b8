"""The two windows of the product, as their people use them: what there is to see, and what there is to do."""

import re
from typing import Any

from playwright.sync_api import Frame, FrameLocator, Locator, Page, expect

from chat.models import Chat, Message

# A chat has found its agent, or a reconnect has happened, within this time also on a busy machine.
SLOW_MILLISECONDS = 20_000


class Conversation:
    """The messages of one chat on somebody's screen. ``root`` is what they stand in."""

    def __init__(self, root: Locator | FrameLocator) -> None:
        self.root = root
        self.scroll = root.locator(".conversation-scroll")
        self.messages = root.locator(".conversation > .message[data-seq]")
        self.bodies = root.locator(".conversation > :is([data-author=customer], [data-author=agent]) .message-body")
        self.pending = root.locator(".conversation > .message[data-client]")
        self.masks = root.locator(".conversation masked-text")
        self.typing = root.locator("[data-part=typing]")
        self.composer = root.locator("[data-part=composer] textarea")

    def write(self, text: str) -> None:
        """Types, and sends with Enter."""
        self.composer.fill(text)
        self.composer.press("Enter")

    def message(self, text: str) -> Locator:
        """The message that has ``text`` in it."""
        return self.messages.filter(has_text=text)

    def body(self, text: str) -> Locator:
        return self.bodies.filter(has_text=text)

    def receipts(self, text: str) -> Locator:
        return self.message(text).locator(".message-receipts")


class Desk:
    """The Contiple screen of an agent, with the Chat Widget and its dialog."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.locator("chat-desk")
        self.widget = self.root.locator("> .chat-widget")
        self.dialog = page.locator("#chat-dialog")
        self.notice = self.dialog.locator("[data-part=notice]")
        self.said = self.dialog.locator("[data-part=said]")
        self.list = self.dialog.locator("[data-part=list]")
        self.queue = self.dialog.locator("[data-part=queue]")
        self.customer = self.dialog.locator("[data-part=customer-slot]")
        self.chat = Conversation(self.dialog.locator(".chat-dialog-main"))
        self.popup = self.root.locator("dialog[data-part=dialog]")

    def count(self, what: str) -> Locator:
        """The widget's number of what is ``ringing``, ``unread``, ``unanswered``, ``waiting``, or of ``notices``."""
        return self.widget.locator(f"[data-count={what}]:visible")

    def open(self) -> None:
        if not self.dialog.is_visible():
            self.widget.click()
        expect(self.dialog).to_be_visible()

    def close(self) -> None:
        self.tool("close").click()
        expect(self.dialog).to_be_hidden()

    def choose(self, status: str) -> None:
        """Sets the chat status: ``online`` or ``offline``."""
        self.open()
        self.status(status).click()
        expect(self.status(status)).to_have_attribute("aria-pressed", "true")
        expect(self.widget).to_have_attribute("data-status", status)

    def status(self, status: str) -> Locator:
        return self.dialog.locator(f"button[data-status={status}]")

    def tool(self, action: str) -> Locator:
        return self.root.locator(f"[data-action={action}]:visible")

    def place(self, name: str) -> None:
        """Puts the dialog where ``name`` says: ``docked``, ``floating`` or ``filled``."""
        button = self.dialog.locator(f"[data-action=place][data-to={name}]")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(self.dialog).to_have_attribute("data-place", name)

    def entry(self, name: str) -> Locator:
        """The entry of Active Chats of this customer."""
        return self.list.locator(".chat-entry").filter(has_text=name)

    def select(self, name: str) -> Conversation:
        """Opens the dialog and the chat of this customer."""
        self.open()
        self.entry(name).click(timeout=SLOW_MILLISECONDS)
        expect(self.dialog.locator(".chat-header h3")).to_have_text(name)
        expect(self.chat.composer).to_be_focused()
        return self.chat

    def mask(self, start: Locator, offset: int, end: Locator, end_offset: int) -> None:
        """Selects with the mouse, from ``offset`` in one body to ``end_offset`` in another, and masks."""
        drag_over(self.page, start, offset, end, end_offset)
        self.tool("mask").click()

    def mask_text(self, body: Locator, text: str) -> None:
        start = utf16_index(body, text)
        self.mask(body, start, body, start + utf16_length(text))


class HelpCenter:
    """The help center in a customer's browser, with the chat icon and the chat in its frame."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.launcher = page.locator("chat-launcher")
        self.icon = self.launcher.locator(".chat-widget")
        self.panel = page.frame_locator("chat-launcher iframe")
        self.chat = Conversation(self.panel.locator("customer-chat"))

    @property
    def frame(self) -> Frame:
        return next(frame for frame in self.page.frames if re.search(r"/hc/[^/]+/chat/$", frame.url))

    def stage(self, name: str) -> Locator:
        """What the frame shows: ``start``, ``absent``, ``unavailable`` or ``chat``."""
        return self.panel.locator(f"[data-stage={name}]")

    def open(self) -> None:
        self.icon.click()

    def fold(self) -> None:
        self.panel.locator("[data-action=close]").click()

    def fill(self, *, name: str = "Jun Park", email: str = "jun@example.com", message: str = "") -> None:
        form = self.stage("start")
        form.locator("[name=name]").fill(name)
        form.locator("[name=email]").fill(email)
        form.locator("[name=message]").fill(message)

    def agree_and_start(self) -> None:
        self.panel.locator("[name=agree]").check()
        self.panel.locator("[data-stage=start] [type=submit]").click()

    def start(self, **fields: Any) -> Conversation:
        """From the icon into a chat."""
        self.open()
        self.fill(**fields)
        self.agree_and_start()
        expect(self.stage("chat")).to_be_visible()
        return self.chat

    def end(self) -> None:
        self.panel.locator(".customer-chat-header [data-action=end]").click()
        self.panel.locator("dialog[open] [data-action=confirm]").click()


class Screens:
    """One chat on its agent's and its customer's screen."""

    def __init__(self, desk: Desk, center: HelpCenter, chat: Chat) -> None:
        self.desk, self.center, self.chat = desk, center, chat

    def body(self, seq: int) -> Locator:
        return self.desk.chat.root.locator(f"#m-{self.chat.pk}-{seq} .message-body")

    def show_masked_elsewhere(self, seq: int, text: str) -> None:
        """Everybody but this agent, who looks under the mask, sees ``text``."""
        expect(self.center.chat.root.locator(f"#m-{self.chat.pk}-{seq} .message-body")).to_have_text(text)
        assert Message.objects.get(chat=self.chat, seq=seq).body == text

    def show(self, seq: int, text: str) -> None:
        """Both screens and the database have ``text`` at ``seq``."""
        expect(self.body(seq)).to_have_text(text)
        expect(self.center.chat.root.locator(f"#m-{self.chat.pk}-{seq} .message-body")).to_have_text(text)
        assert Message.objects.get(chat=self.chat, seq=seq).body == text


def count_sockets(page: Page) -> list[str]:
    """The address of each socket that the page opens from now on."""
    opened: list[str] = []
    page.on("websocket", lambda socket: opened.append(socket.url))
    return opened


# Selections with the mouse

CARET = """(body, offset) => {
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  let node, left = offset, last = null;
  while ((node = walker.nextNode())) {
    last = node;
    if (left <= node.length) break;
    left -= node.length;
  }
  const range = document.createRange();
  range.setStart(node || last, node ? left : last.length);
  const box = range.getBoundingClientRect();
  return { x: box.x, y: box.y + box.height / 2 };
}"""


def drag_over(page: Page, start: Locator, offset: int, end: Locator, end_offset: int) -> None:
    """Drags the mouse over text. Offsets are UTF-16 units in what the elements show, as browsers count."""
    start.scroll_into_view_if_needed()
    end.scroll_into_view_if_needed()
    begin, finish = start.evaluate(CARET, offset), end.evaluate(CARET, end_offset)
    page.mouse.move(begin["x"], begin["y"])
    page.mouse.down()
    page.mouse.move((begin["x"] + finish["x"]) / 2, (begin["y"] + finish["y"]) / 2)
    page.mouse.move(finish["x"], finish["y"])
    page.mouse.up()


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def utf16_index(body: Locator, text: str) -> int:
    shown = body.evaluate("element => element.textContent")
    return utf16_length(shown[: shown.index(text)])
