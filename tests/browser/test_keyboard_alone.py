"""An agent's work by keys alone: from Online to the end of a chat, without a mouse and within 60 keys."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from agents.models import Agent, AuditEntry, Service
from chat.models import Chat, Message
from chat.states import State
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import SLOW_MILLISECONDS, Desk, HelpCenter
from tests.chat.canned import make_response
from tests.make import make_agent
from tickets.models import Ticket

KEYS_MAX = 60


class Keys:
    """A keyboard that counts: every key that goes down, also Alt and each letter of what is typed."""

    def __init__(self, page: Page) -> None:
        self.keyboard, self.count = page.keyboard, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.count += len(key.split("+"))
            self.keyboard.press(key)

    def type(self, text: str) -> None:
        self.count += len(text)
        self.keyboard.type(text)


@pytest.fixture
def mina(service: Service, signed_in_page: Callable[..., Page]) -> Desk:
    """Mina, Offline, her desk folded, with Kim's chat open from before."""
    make_response(service, "hello", "Hello {customer}, I am {agent}.")
    agent, _chat = make_agent_with_chat(service, "One more thing", customer="Kim")
    Agent.objects.filter(pk=agent.pk).update(chat_status=Agent.ChatStatus.OFFLINE)
    desk = Desk(signed_in_page(agent))
    expect(desk.entry("Kim")).to_be_attached(timeout=SLOW_MILLISECONDS)
    return desk


@pytest.fixture
def theo(service: Service, signed_in_page: Callable[..., Page]) -> Desk:
    return Desk(signed_in_page(make_agent(service, "Theo")))


def test_a_chat_from_online_to_its_end_without_a_mouse(
    service: Service, mina: Desk, theo: Desk, new_page: Callable[..., Page]
) -> None:
    """Counts every key that is pressed, the letters of all texts and Alt included. A chat that is transferred is not
    the agent's to end any more: so the one that is ended is another one, which was open.
    """
    keys, chat = Keys(mina.page), mina.chat

    keys.press("Alt+o")  # Online
    expect(mina.widget).to_have_attribute("data-status", "online")
    customer = HelpCenter(new_page("/hc/demo/"))
    customer.start(name="Jun", email="jun@example.com", message="I live at Moonstreet!")
    expect(mina.count("ringing")).to_have_text("1", timeout=SLOW_MILLISECONDS)

    keys.press("Alt+u")  # the chat that rings
    expect(mina.dialog.locator(".chat-header h3")).to_have_text("Jun")
    expect(chat.composer).to_be_focused()

    keys.type("/he")
    expect(mina.dialog.get_by_role("option")).to_have_count(1)
    keys.press("Enter", "Enter")
    expect(customer.chat.body("Hello Jun, I am Mina.")).to_be_visible()

    keys.press("Alt+n")
    keys.type("VIP")
    keys.press("Enter")
    expect(chat.root.locator(".message-note")).to_contain_text("VIP")

    keys.press("Alt+p")
    expect(mina.said).to_contain_text("“Moonstreet”: Enter masks it.")
    keys.press("Enter")
    expect(chat.masks).to_have_text("**********")
    expect(chat.composer).to_be_focused()

    keys.press("Alt+t")
    expect(mina.popup.get_by_label("Subject")).to_be_focused()
    keys.press("Enter")
    expect(mina.popup.get_by_role("link", name="Ticket #1")).to_be_visible()
    keys.press("Escape")
    expect(mina.popup).to_be_hidden()

    theo.choose("online")
    keys.press("Alt+g")
    expect(mina.popup.get_by_role("searchbox")).to_be_focused()
    keys.type("th")
    keys.press("Enter")
    expect(mina.dialog.locator(".composer-closed")).to_contain_text("This chat is ringing for Theo.")

    keys.press("Alt+j")
    expect(mina.dialog.locator(".chat-header h3")).to_have_text("Kim")
    expect(chat.composer).to_be_focused()
    keys.press("Alt+x")
    expect(mina.popup.get_by_role("heading", name="End this chat?")).to_be_visible()
    keys.press("Tab", "Enter")
    expect(mina.dialog.locator(".composer-closed")).to_contain_text("ended")

    assert keys.count <= KEYS_MAX, keys.count
    states = {chat.customer.name: chat.state for chat in Chat.objects.select_related("customer")}
    assert states == {"Jun": State.RINGING, "Kim": State.CLOSED}
    assert "Moonstreet" not in Message.objects.get(author="customer", chat__customer__name="Jun").body
    assert Ticket.objects.get().chat.customer.name == "Jun"
    assert AuditEntry.objects.filter(action="chat.masked").exists()


def test_words_are_chosen_by_arrows_and_escape_leaves_all_as_it_is(
    service: Service, signed_in_page: Callable[..., Page]
) -> None:
    agent, _chat = make_agent_with_chat(service, "I am Jun Park", "of Seoul")
    desk = Desk(signed_in_page(agent))
    desk.select("Jun")
    expect(desk.dialog.locator("[aria-keyshortcuts='Alt+P']")).to_be_attached()
    keyboard, selected = desk.page.keyboard, "getSelection().toString()"

    keyboard.press("Alt+p")
    assert desk.page.evaluate(selected) == "Seoul"
    keyboard.press("Escape")
    expect(desk.dialog).to_be_visible()
    expect(desk.chat.composer).to_be_focused()
    assert desk.page.evaluate(selected) == ""
    keyboard.press("Alt+p")
    assert desk.page.evaluate(selected) == "Seoul"
    for key in ("ArrowLeft", "ArrowLeft", "Shift+ArrowLeft"):
        keyboard.press(key)
    assert desk.page.evaluate(selected) == "Jun Park"
    keyboard.press("Enter")

    expect(desk.chat.body("I am ********")).to_be_visible()
    assert list(Message.objects.order_by("seq").values_list("body", flat=True)) == ["I am ********", "of Seoul"]


@pytest.mark.parametrize(
    ("text", "keys", "masked"),
    [
        ("제 번호는 010-1234-5678로", [], "제 번호는 *************로"),
        ("메일은hong@example.com입니다.", [], "메일은****************입니다."),
        ("메일은hong@example.com입니다.", ["ArrowLeft"], "***hong@example.com입니다."),
        ("010-1234-5678로", ["Shift+ArrowRight"], "**************"),
        ("저는 홍길동입니다", [], "저는 ******"),
        ("It is Müller’s", [], "It is ********"),
    ],
)
def test_a_particle_behind_a_number_is_a_word_of_its_own(
    service: Service, signed_in_page: Callable[..., Page], text: str, keys: list[str], masked: str
) -> None:
    agent, _chat = make_agent_with_chat(service, text)
    desk = Desk(signed_in_page(agent))
    desk.select("Jun")
    expect(desk.dialog.locator("[aria-keyshortcuts='Alt+P']")).to_be_attached()
    for key in ("Alt+p", *keys, "Enter"):
        desk.page.keyboard.press(key)
    expect(desk.chat.masks).to_have_count(1)
    assert Message.objects.get().body == masked
