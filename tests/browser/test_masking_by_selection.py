"""Masking what an agent selects with the mouse or a finger: both screens and the database agree to the character.

Browsers count UTF-16 units, the database code points; what is shown may be longer than what is stored while a mask
is open.
"""

import pytest
from playwright.sync_api import Locator, expect

from agents.models import AuditEntry, Service
from chat.models import Mask, Message
from tests.make import make_message

FAMILY = "👨‍👩‍👧"


def test_a_selection_across_messages_masks_each_part_of_it(screens):
    both = screens("My name is Jun", "born in Busan", "and I like tea")
    start, end = both.body(1), both.body(3)
    both.desk.mask(start, len("My name is "), end, len("and I"))
    both.show(1, "My name is ***")
    both.show(2, "*************")
    both.show(3, "***** like tea")
    # It was one act.
    assert AuditEntry.objects.get(action="chat.masked").details["spans"] == 3


def test_a_selection_drawn_upwards_is_the_same(screens):
    both = screens("first secret", "second secret")
    both.desk.mask(both.body(2), len("second"), both.body(1), len("first "))
    both.show(1, "first ******")
    both.show(2, "****** secret")


def test_what_nobody_wrote_is_left_out_of_a_selection(screens):
    both = screens("one", "two")
    make_message(both.chat, "", author="system", event="passed_on")
    make_message(both.chat, "three")
    both.desk.page.reload()
    expect(both.desk.chat.body("three")).to_be_visible()
    both.desk.mask(both.body(1), 0, both.body(4), 5)
    both.show(4, "*****")
    both.show(1, "***")
    expect(both.desk.chat.root.get_by_text("The agent was disconnected")).to_be_visible()


@pytest.mark.parametrize(
    ("line", "selected", "masked"),
    [
        ("call 🐶Rex now", "🐶Rex", "call **** now"),
        ("we 🐶🐶 and pin 12345 end", "12345", "we 🐶🐶 and pin ***** end"),
        (f"my family {FAMILY} of three", FAMILY, "my family ***** of three"),
        ("제 이름은 박준영 입니다", "박준영", "제 이름은 *** 입니다"),
        ("한국어 비밀번호는 나비야 👍🏽 네", "나비야 👍🏽", "한국어 비밀번호는 ****** 네"),
        ("two\nlines here", "o\nlin", "tw*\n***es here"),
    ],
    ids=["emoji", "after emoji", "family", "hangul", "hangul and emoji", "line break"],
)
def test_the_selected_characters_and_no_others(screens, line: str, selected: str, masked: str):
    both = screens(line)
    both.desk.mask_text(both.body(1), selected)
    both.show(1, masked)
    both.desk.chat.masks.click()
    expect(both.body(1)).to_have_text(line)
    expect(both.desk.chat.masks).to_have_text(selected)


def test_decomposed_hangul_is_stored_composed_and_masked_by_syllables(screens):
    both = screens("hello")
    both.center.chat.composer.fill("제 이름은 박준영")  # as macOS' file names have it
    both.center.chat.composer.press("Enter")
    expect(both.body(2)).to_have_text("제 이름은 박준영")
    both.desk.mask_text(both.body(2), "준")
    both.show(2, "제 이름은 박*영")


def test_half_an_emoji_or_a_half_family_takes_the_whole_of_it(screens):
    both = screens(f"a🐶b {FAMILY} c")
    select(both.body(1), 2, 3)  # the second half of the dog's surrogate pair
    both.desk.tool("mask").click()
    both.show(1, f"a*b {FAMILY} c")
    select(both.body(1), 4, 6)  # the man of the family
    both.desk.tool("mask").click()
    both.show(1, "a*b ***** c")


def test_part_of_a_link_is_masked_by_dragging_into_it(screens):
    """From outside: browsers begin no selection in a link, they drag it."""
    both = screens("see https://shop.example/orders/4711/jun please")
    both.desk.mask(
        both.body(1),
        len("see https://shop.example/orders/4711/jun"),
        both.body(1),
        len("see https://shop.example/orders/"),
    )
    both.show(1, "see https://shop.example/orders/******** please")
    expect(both.body(1).get_by_role("link")).to_have_attribute("href", "https://shop.example/orders/")
    assert len(both.desk.page.context.pages) == 1


def test_overlapping_masks_keep_each_its_own_original(screens):
    both = screens("abcdefgh")
    both.desk.mask_text(both.body(1), "cd")
    both.show(1, "ab**efgh")
    both.desk.mask(both.body(1), 1, both.body(1), 6)
    both.show(1, "a*****gh")
    spans = list(Mask.objects.order_by("start").values_list("start", "end"))
    assert spans == [(1, 2), (2, 4), (4, 6)]
    for number in range(3):
        both.desk.chat.masks.nth(number).click()
    expect(both.body(1)).to_have_text("abcdefgh")
    assert Message.objects.get(seq=1).body == "a*****gh"


def test_masking_what_is_masked_changes_nothing_and_says_so(screens):
    both = screens("my secret here")
    both.desk.mask_text(both.body(1), "secret")
    both.show(1, "my ****** here")
    both.desk.mask(both.body(1), len("my *"), both.body(1), len("my *****"))
    expect(both.desk.said).to_have_text("This text is already masked.")
    assert Mask.objects.count() == 1


def test_selections_count_what_is_stored_also_while_a_mask_is_open(screens):
    both = screens("pw 🐶🐶🐶 code 1234 end")
    both.desk.mask_text(both.body(1), "🐶🐶🐶")
    both.show(1, "pw *** code 1234 end")
    both.desk.chat.masks.click()
    expect(both.body(1)).to_have_text("pw 🐶🐶🐶 code 1234 end")
    both.desk.mask_text(both.body(1), "1234")
    both.show(1, "pw *** code **** end")

    # From within the open mask to behind it.
    both.desk.chat.masks.first.click()
    expect(both.desk.chat.masks.first).to_have_text("🐶🐶🐶")
    both.desk.mask(both.body(1), len("pw ") + 2, both.body(1), len("pw ") + 6 + len(" co"))
    both.show(1, "pw ******de **** end")


def test_a_message_that_changed_since_it_was_selected_is_refused(screens, service: Service):
    both = screens("alpha beta gamma")
    select(both.body(1), 11, 16)
    Message.objects.filter(seq=1).update(rev=2, body="***** beta gamma")
    both.desk.tool("mask").click()
    expect(both.desk.said).to_contain_text("has changed in the meantime")
    assert Message.objects.get(seq=1).body == "***** beta gamma"


def test_without_a_selection_the_agent_is_told_what_to_do(screens):
    both = screens("nothing selected")
    both.desk.tool("mask").click()
    expect(both.desk.said).to_have_text("Select the text to mask in the conversation first.")


def test_a_finger_selects_and_taps(screens):
    both = screens("my number is 0101 ok", viewport={"width": 375, "height": 720}, has_touch=True, is_mobile=True)
    select(both.body(1), 13, 17)
    both.desk.tool("mask").tap()
    both.show(1, "my number is **** ok")
    both.desk.chat.masks.tap()
    expect(both.desk.chat.masks).to_have_text("0101")
    both.desk.chat.masks.tap()
    expect(both.desk.chat.masks).to_have_text("****")


def test_a_mask_is_opened_and_closed_by_keyboard(screens):
    both = screens("my secret here")
    both.desk.mask_text(both.body(1), "secret")
    mask = both.desk.chat.masks
    expect(mask).to_have_role("button")
    expect(mask).to_have_accessible_name("Masked. Click to unmask.")
    mask.press("Enter")
    expect(mask).to_have_text("secret")
    expect(mask).to_have_attribute("aria-pressed", "true")
    mask.press("Space")
    expect(mask).to_have_text("******")
    both.show(1, "my ****** here")


def test_what_is_shown_open_is_hidden_when_the_dialog_closes(screens):
    both = screens("my secret here")
    both.desk.mask_text(both.body(1), "secret")
    both.desk.chat.masks.click()
    expect(both.desk.chat.masks).to_have_text("secret")
    both.desk.close()
    assert both.desk.chat.masks.text_content() == "******"


def select(body: Locator, start: int, end: int) -> None:
    """As a finger does: the selection is there, with no mouse having been down."""
    body.evaluate(
        """(body, [start, end]) => {
          const text = body.firstChild;
          const at = (offset) => {
            const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
            let node;
            while ((node = walker.nextNode())) {
              if (offset <= node.length) return [node, offset];
              offset -= node.length;
            }
          };
          getSelection().setBaseAndExtent(...at(start), ...at(end));
        }""",
        [start, end],
    )
    # The page hears of it in its next task.
    body.page.evaluate("() => new Promise((done) => setTimeout(done, 0))")
