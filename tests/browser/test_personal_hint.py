"""Before it is sent, the customer is told that what looks like a card or a registration number will be masked."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from agents.models import Contract, Service
from chat.masking.detectors import detect
from chat.models import Message
from tests.browser.conftest import PHONE
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import HelpCenter
from tests.chat.labelled import messages
from tickets.models import Ticket

CARD, RESIDENT, FOREIGNER = "4111 1111 1111 1111", "900101-1234568", "850203-5678901"
CARD_HINT = "What looks like a card number will be masked before it is saved."
MODULE = "await import('/static/js/personal-numbers.js')"
KINDS_IN = f"async texts => {{ const {{ kindsIn }} = {MODULE}; return texts.map(kindsIn); }}"
TIME = f"""async text => {{
  const {{ kindsIn }} = {MODULE};
  const begun = performance.now();
  kindsIn(text);
  return performance.now() - begun;
}}"""
HINTED = {"card", "rrn", "frn"}
AGREEMENT_MIN = 0.95

TEXTS = {
    "": [],
    "Order 20451, thank you": [],
    CARD: ["card"],
    "4111-1111-1111-1111": ["card"],
    "4111111111111111": ["card"],
    "pay with 378282246310005 please": ["card"],
    f"{CARD} 12/29 737": ["card"],
    f"{CARD} 737": ["card"],  # with what else is on it
    "카드번호는4111111111111111입니다": ["card"],
    "４１１１－１１１１－１１１１－１１１１": ["card"],
    "4111\u200b1111\u200d1111\u20601111": ["card"],  # what nobody sees
    "4111\u00a01111\u00a01111\u00a01111": ["card"],
    "4111 1111 1111 1112": [],  # no check digit
    "1111 1111 1111 1117": [],  # nobody issues it
    "41111111111111111111": [],  # too long for one
    RESIDENT: ["rrn"],
    "9001011234568": ["rrn"],
    "900101 1234568": ["rrn"],
    "000229-3234567": ["rrn"],  # a leap year
    FOREIGNER: ["frn"],
    "９００１０１－１２３４５６８": ["rrn"],
    "900101-9234568": [],  # born before 1900
    "900231-1234568": [],  # no day
    "901301-1234568": [],  # no month
    "010229-3234567": [],  # no leap year
    "900101-12345678": [],
    f"{FOREIGNER}, {CARD} and {RESIDENT}": ["card", "rrn", "frn"],
}  # fmt: skip


@pytest.fixture
def page(service: Service, new_page: Callable[..., Page]) -> Page:
    return new_page("/hc/demo/contact/")


def test_what_looks_like_which(page: Page):
    assert dict(zip(TEXTS, page.evaluate(KINDS_IN, list(TEXTS)), strict=True)) == TEXTS


def test_it_says_what_the_detectors_do(page: Page):
    """Of messages as people write them. The detectors read also what is called an order number, or is spelled out."""
    texts = [message.text for part in ("tuned", "unseen", "fresh") for message in messages(part)]
    hinted = {text: set(kinds) for text, kinds in zip(texts, page.evaluate(KINDS_IN, texts), strict=True)}
    masked = {text: {span.kind for span in detect(text, HINTED)} for text in texts}
    either = [text for text in texts if hinted[text] or masked[text]]
    agreed = sum(hinted[text] == masked[text] for text in either) / len(either)
    print(f"\nhint and detectors agree on {agreed:.1%} of {len(either)} messages in which either finds something")
    assert agreed >= AGREEMENT_MIN


def test_long_texts_cost_no_time(page: Page):
    """Four thousand digits, in groups of one, and in one."""
    for text in ("4 " * 2000, "4" * 4000, "1-" * 2000, "900101 " * 570):
        assert page.evaluate(TIME, text) < 100, text[:10]


def test_it_comes_while_somebody_types_in_a_chat_and_goes_when_it_is_sent(service: Service, new_page):
    make_agent_with_chat(service)
    page = new_page("/hc/demo/")
    center = HelpCenter(page)
    chat = center.start(message="Hello")
    hint, box = hint_of(center.stage("chat")), chat.composer
    expect(hint).to_have_attribute("role", "status")  # it is there before it says something
    assert_silent(hint)

    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    place = box.bounding_box()
    box.press_sequentially(f"My card is {CARD[:-1]}")
    assert_silent(hint)
    box.press_sequentially(CARD[-1])
    expect(hint).to_have_text(CARD_HINT)
    expect(hint.locator("p")).to_be_visible()
    assert box.bounding_box() == place
    assert asked == []

    box.press("Backspace")
    assert_silent(hint)
    box.press_sequentially(CARD[-1])
    expect(hint).to_have_text(CARD_HINT)
    box.press("Enter")
    assert_silent(hint)
    expect(chat.body("My card is")).to_have_text(f"My card is {'*' * len(CARD)}")
    expect(chat.pending).to_have_count(0)


def test_it_hides_nothing_of_the_conversation(service: Service, new_page):
    make_agent_with_chat(service)
    center = HelpCenter(new_page("/hc/demo/"))
    chat = center.start(message="Hello")
    for number in range(12):
        chat.write(f"line {number}")
    expect(chat.pending).to_have_count(0)
    chat.composer.fill(f"{CARD}\n{RESIDENT}")
    expect(hint_of(center.stage("chat")).locator("p")).to_be_visible()
    expect(chat.bodies.last).to_have_text("line 11")
    expect(chat.bodies.last).to_be_in_viewport(ratio=1)

    # Who reads above stays there.
    chat.composer.fill("")
    chat.scroll.evaluate("scroll => { scroll.scrollTop = 0 }")
    expect(chat.bodies.first).to_be_in_viewport(ratio=1)
    chat.composer.fill(CARD)
    expect(hint_of(center.stage("chat")).locator("p")).to_be_visible()
    expect(chat.bodies.first).to_be_in_viewport(ratio=1)


def test_a_draft_that_comes_back_has_its_hint(service: Service, new_page):
    make_agent_with_chat(service)
    center = HelpCenter(new_page("/hc/demo/"))
    center.start(message="Hello").composer.fill(RESIDENT)
    center.page.reload()
    expect(hint_of(center.stage("chat"))).to_contain_text("a resident registration number")
    center.page.goto("/hc/demo/contact/")
    center.page.locator("#id_message").fill(CARD)
    center.page.reload()
    expect(hint_of(center.page)).to_have_text(CARD_HINT)


def test_it_stands_in_the_form_before_a_chat(service: Service, new_page):
    make_agent_with_chat(service)
    center = HelpCenter(new_page("/hc/demo/"))
    center.open()
    hint, box = hint_of(center.stage("start")), center.stage("start").locator("[name=message]")
    assert_silent(hint)
    box.click()  # which waits until the box stands still: it opens with a movement
    place = box.bounding_box()
    center.fill(message=f"I am {FOREIGNER}")
    expect(hint).to_have_text("What looks like a foreigner registration number will be masked before it is saved.")
    assert box.bounding_box() == place
    center.agree_and_start()
    expect(center.stage("chat")).to_be_visible()
    assert_silent(hint_of(center.stage("chat")))
    assert Message.objects.get(author="customer").body == f"I am {'*' * len(FOREIGNER)}"


def test_it_stands_in_contact_us_and_keeps_nobody_from_sending(page: Page):
    form = page.locator("#inquiry")
    hint, box = hint_of(form), form.get_by_label("Message")
    place = box.bounding_box()
    box.fill(f"{CARD} {RESIDENT} {FOREIGNER}")
    expect(hint).to_have_text(
        "What looks like a card number, a resident registration number, or a foreigner registration number"
        " will be masked before it is saved."
    )
    assert box.bounding_box() == place
    for name, value in {"name": "Jun", "email": "jun@example.com", "subject": "Refund"}.items():
        form.locator(f"[name={name}]").fill(value)
    form.locator("[name=consent]").check()
    form.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Thank you. We’ve received your 1:1 inquiry.")).to_be_visible()
    assert not re.search(r"\d", Ticket.objects.get().body)


def test_in_korean(service: Service, new_page):
    page = new_page("/hc/demo/contact/", locale="ko-KR")
    page.locator("#id_message").fill(f"{CARD} {RESIDENT}")
    expect(hint_of(page)).to_have_text("카드 번호 또는 주민등록번호로 보이는 내용은 저장되기 전에 마스킹됩니다.")


def test_it_does_not_break_off_a_composition(page: Page):
    box, hint = page.locator("#id_message"), hint_of(page)
    box.focus()
    keyboard = page.context.new_cdp_session(page)
    for digits in ("４１１１ １１１１ １１１１ １１１", "４１１１ １１１１ １１１１ １１１１"):
        keyboard.send(
            "Input.imeSetComposition",
            {"text": digits, "selectionStart": len(digits), "selectionEnd": len(digits)},
        )
    expect(hint).to_have_text(CARD_HINT)
    keyboard.send("Input.imeSetComposition", {"text": CARD, "selectionStart": len(CARD), "selectionEnd": len(CARD)})
    expect(box).to_have_value(CARD)
    expect(hint).to_have_text(CARD_HINT)


def test_without_the_security_service_nothing_is_promised(service: Service, new_page):
    Contract.objects.update(security_service=False)
    make_agent_with_chat(service)
    page = new_page("/hc/demo/contact/")
    expect(page.locator("#id_message")).to_be_visible()
    expect(page.locator("personal-hint")).to_have_count(0)
    center = HelpCenter(page)
    center.start(message=CARD)
    expect(center.chat.body(CARD)).to_be_visible()
    expect(center.panel.locator("personal-hint")).to_have_count(0)


def test_it_speaks_of_what_this_service_masks_alone(page: Page):
    hint = hint_of(page)
    hint.evaluate("hint => { hint.dataset.maskedKinds = 'rrn secret'; hint.replaceWith(hint) }")
    page.locator("#id_message").fill(f"{CARD} {FOREIGNER}")
    assert_silent(hint)
    page.locator("#id_message").fill(f"{CARD} {RESIDENT}")
    expect(hint).to_have_text("What looks like a resident registration number will be masked before it is saved.")


@pytest.mark.parametrize("options", [{}, {"viewport": PHONE}], ids=["desk", "phone"])
def test_it_makes_nothing_scroll_sideways(service: Service, new_page, options: dict):
    make_agent_with_chat(service)
    page = new_page("/hc/demo/chat/", **options)
    page.locator("[name=message]").fill(f"{CARD} {RESIDENT} {FOREIGNER}")
    expect(hint_of(page).locator("p")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def hint_of(root: Page | Locator) -> Locator:
    return root.locator("personal-hint:not(.evaluation *)")


def assert_silent(hint: Locator) -> None:
    expect(hint.locator("p")).to_be_hidden()
