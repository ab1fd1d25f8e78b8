"""Enter and composed input. Korean is typed in syllables that grow until the input method ends them; the Enter that
ends one must not send, and afterwards one Enter must be enough. Browsers differ in the order of events: each is played.

The input method is Chromium's own where the protocol lets it be driven; the keydown around it, which no protocol makes,
is dispatched as each browser makes it: Chromium and Firefox while composing, with keyCode 229; Safari after the end,
with keyCode 229 and isComposing false.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession, Frame, Locator, Page, expect

from agents.models import Service
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import Conversation, Desk, HelpCenter

KEYDOWN = """(box, options) => {
  const event = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...options });
  Object.defineProperty(event, "keyCode", { value: options.keyCode });
  return box.dispatchEvent(event);
}"""
# Safari: the composition ends and only then comes the keydown that ended it, in the same turn of the event loop.
SAFARI_ENTER = """box => {
  box.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true, data: "요" }));
  const event = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
  Object.defineProperty(event, "keyCode", { value: 229 });
  box.dispatchEvent(event);
}"""


@pytest.fixture
def desk(service: Service, signed_in_page: Callable[..., Page]) -> Desk:
    agent, _chat = make_agent_with_chat(service)
    desk = Desk(signed_in_page(agent))
    desk.select("Jun")
    return desk


def compose(keyboard: CDPSession, *syllables: str) -> None:
    """What grows under the cursor while somebody types 요: ㅇ, 요."""
    for text in syllables:
        keyboard.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})


def enter(box: Locator, *, composing: bool) -> None:
    box.evaluate(KEYDOWN, {"isComposing": composing, "keyCode": 229 if composing else 13})


def nothing_was_sent(chat: Conversation) -> None:
    assert chat.messages.count() + chat.pending.count() == 0


def test_enter_while_composing_sends_nothing_and_the_next_one_sends(desk: Desk):
    keyboard, box = desk.page.context.new_cdp_session(desk.page), desk.chat.composer
    keyboard.send("Input.insertText", {"text": "안녕하세"})
    compose(keyboard, "ㅇ", "요")
    expect(box).to_have_value("안녕하세요")
    enter(box, composing=True)
    keyboard.send("Input.insertText", {"text": "요"})
    nothing_was_sent(desk.chat)
    expect(box).to_have_value("안녕하세요")

    box.press("Enter")
    expect(desk.chat.bodies).to_have_text(["안녕하세요"])
    expect(box).to_have_value("")


def test_safaris_late_enter_sends_nothing_and_the_next_one_sends(desk: Desk):
    box = desk.chat.composer
    box.fill("안녕하세요")
    box.evaluate(SAFARI_ENTER)
    nothing_was_sent(desk.chat)
    expect(box).to_have_value("안녕하세요")
    box.press("Enter")
    expect(desk.chat.bodies).to_have_text(["안녕하세요"])


def test_enter_right_after_a_composition_that_something_else_ended_sends_at_once(desk: Desk):
    """A space, a click or the next syllable ended it: this Enter is the person's, and needs no second one."""
    keyboard, box = desk.page.context.new_cdp_session(desk.page), desk.chat.composer
    compose(keyboard, "ㄴ", "네")
    keyboard.send("Input.insertText", {"text": "네"})
    enter(box, composing=False)
    expect(desk.chat.bodies).to_have_text(["네"])
    expect(box).to_have_value("")


def test_a_real_enter_key_ends_the_composition_and_sends_no_half_syllable(desk: Desk):
    """Chromium itself ends the composition at the key; whatever it does, the whole text is sent once, or stays."""
    keyboard, box = desk.page.context.new_cdp_session(desk.page), desk.chat.composer
    compose(keyboard, "ㅎ", "하", "한")
    keyboard.send(
        "Input.dispatchKeyEvent",
        {"type": "rawKeyDown", "key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229},
    )
    nothing_was_sent(desk.chat)
    keyboard.send("Input.insertText", {"text": "한"})
    expect(box).to_have_value("한")
    box.press("Enter")
    expect(desk.chat.bodies).to_have_text(["한"])


def test_shift_enter_breaks_the_line(desk: Desk):
    box = desk.chat.composer
    box.press_sequentially("하나")
    box.press("Shift+Enter")
    box.press_sequentially("둘")
    expect(box).to_have_value("하나\n둘")
    nothing_was_sent(desk.chat)
    box.press("Enter")
    expect(desk.chat.bodies).to_have_text(["하나\n둘"])
    assert desk.chat.bodies.inner_text() == "하나\n둘"


def test_nothing_but_space_is_not_sent(desk: Desk):
    desk.chat.composer.fill("  \n ")
    desk.chat.composer.press("Enter")
    nothing_was_sent(desk.chat)


def test_the_customers_composer_obeys_the_same_rules(desk: Desk, new_page: Callable[..., Page]):
    center = HelpCenter(new_page("/hc/demo/", locale="ko-KR"))
    chat = center.start(name="하나")
    keyboard, box = session_of(center.frame), chat.composer
    box.focus()
    keyboard.send("Input.insertText", {"text": "고마워"})
    compose(keyboard, "ㅇ", "요")
    enter(box, composing=True)
    keyboard.send("Input.insertText", {"text": "요"})
    box.evaluate(SAFARI_ENTER)
    assert chat.bodies.count() + chat.pending.count() == 0
    expect(box).to_have_value("고마워요")
    box.press("Shift+Enter")
    box.press_sequentially("!")
    box.press("Enter")
    expect(chat.bodies).to_have_text(["고마워요\n!"])


def session_of(frame: Frame) -> CDPSession:
    """Keys go to the page that has the focus, whichever frame of it that is: frames of one origin share its process."""
    return frame.page.context.new_cdp_session(frame.page)
