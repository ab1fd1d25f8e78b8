"""Masks in a ticket's comments: by mouse, finger and keyboard, with the chat and without, on every open page."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from agents.models import Agent, AuditEntry, Service
from chat.masking.selections import Selection
from tests.browser.windows import drag_over, utf16_index, utf16_length
from tests.make import make_agent, make_chat, make_message, make_ticket
from tickets.lifecycle import add_comment, create_from_chat
from tickets.masking.comment_masks import mask_comments
from tickets.models import Comment, CommentMask, Ticket

LINE = "Gate 🐶 code 4711, ask Kim Minsu at home"
SELECT_FIRST = "Select the text to mask in a comment first."


class Activity:
    """The comments of a ticket on somebody's screen."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.comments = page.locator(".comment-body")
        self.masks = page.locator(".comment-body masked-text")
        self.notice = page.locator("ticket-comments [data-part=notice]")
        self.button = page.locator("ticket-comments [data-action=mask]")

    def mask(self, comment: Locator, text: str) -> None:
        """Selects with the mouse, and masks."""
        start = utf16_index(comment, text)
        drag_over(self.page, comment, start, comment, start + utf16_length(text))
        self.button.click()


@pytest.fixture
def mina(service: Service) -> Agent:
    return make_agent(service, "Mina")


@pytest.fixture
def theo(service: Service) -> Agent:
    """Neither chats nor has a chat widget on the screen."""
    return make_agent(service, "Theo", chat_permission=False, unmask_permission=True)


@pytest.fixture
def ticket(service: Service, mina: Agent) -> Ticket:
    ticket = make_ticket(service, "Delivery")
    add_comment(mina, ticket, LINE)
    return ticket


@pytest.fixture
def open_ticket(ticket: Ticket, signed_in_page: Callable[..., Page]):
    return lambda agent, **options: Activity(signed_in_page(agent, path_of(ticket), **options))


def path_of(ticket: Ticket) -> str:
    return f"/desk/demo/tickets/{ticket.number}/"


def stored() -> str:
    return Comment.objects.order_by("pk").first().body


@pytest.mark.parametrize("who", ["mina", "theo"])
def test_with_the_mouse_selected_masked_looked_at_and_hidden_again(request, open_ticket, who):
    agent = request.getfixturevalue(who)
    shown = open_ticket(agent)
    shown.mask(shown.comments, "🐶 code 4711")
    masked = LINE.replace("🐶 code 4711", "*" * 11)
    expect(shown.comments).to_have_text(masked)
    assert stored() == masked
    expect(shown.notice).to_have_text("Masked.")
    expect(shown.page.locator(".timeline")).to_contain_text(f"{agent.user.name} masked personal information")

    shown.masks.click()
    expect(shown.comments).to_have_text(LINE)
    shown.mask(shown.comments, "Kim Minsu")  # offsets count what is stored, also while a mask is open
    expect(shown.masks).to_have_count(2)
    assert stored() == masked.replace("Kim Minsu", "*" * 9)
    shown.masks.first.click()
    expect(shown.masks.first).to_have_text("🐶 code 4711")
    shown.masks.first.click()
    expect(shown.masks.first).to_have_text("*" * 11)


def test_with_the_keyboard_alone(open_ticket, mina):
    shown = open_ticket(mina)
    start = utf16_index(shown.comments, "4711")
    caret_before(shown.comments, start, to=start + 1)
    for _ in range(3):
        shown.page.keyboard.press("Shift+ArrowRight")
    shown.button.focus()
    shown.page.keyboard.press("Enter")
    expect(shown.masks).to_have_text("****")
    assert stored() == LINE.replace("4711", "****")

    expect(shown.masks).to_have_role("button")
    shown.masks.focus()
    shown.page.keyboard.press("Enter")
    expect(shown.masks).to_have_text("4711")
    shown.page.keyboard.press("Tab")
    expect(shown.page.locator(".mask-tools button")).to_be_focused()
    for _ in range(2):
        shown.page.keyboard.press("Enter")
    expect(shown.comments).to_have_text(LINE)
    expect(shown.notice).to_have_text("The mask was removed.")
    assert stored() == LINE
    assert not CommentMask.objects.exists()


def test_what_one_does_oneself_is_shown_without_waiting_for_the_next_question(ticket, signed_in_page, mina):
    page = signed_in_page(mina, None)
    page.add_init_script("const every = setInterval; window.setInterval = (act, ms) => ms !== 5000 && every(act, ms)")
    page.goto(path_of(ticket))
    shown = Activity(page)
    shown.mask(shown.comments, "4711")
    expect(shown.masks).to_have_text("****")
    shown.masks.click()
    for _ in range(2):
        page.locator(".mask-tools button").click()
    expect(shown.masks).to_have_count(0)


def test_a_finger_selects_and_taps(open_ticket, theo):
    shown = open_ticket(theo, viewport={"width": 375, "height": 720}, has_touch=True, is_mobile=True)
    start = utf16_index(shown.comments, "Kim Minsu")
    caret_before(shown.comments, start, to=start + 9)
    shown.button.tap()
    expect(shown.masks).to_have_text("*" * 9)
    shown.masks.tap()
    expect(shown.masks).to_have_text("Kim Minsu")


def test_a_selection_over_two_comments_is_one_act(open_ticket, ticket, mina):
    add_comment(mina, ticket, "Born in Busan")
    shown = open_ticket(mina)
    first, second = shown.comments.first, shown.comments.last
    drag_over(shown.page, first, utf16_index(first, "Kim"), second, len("Born"))
    shown.button.click()
    expect(second).to_have_text("**** in Busan")
    expect(first).to_have_text(LINE[: LINE.index("Kim")] + "*" * len("Kim Minsu at home"))
    assert AuditEntry.objects.get(action="ticket.masked").details["spans"] == 2


def test_without_a_selection_and_with_what_is_masked_already_the_agent_is_told(open_ticket, mina):
    shown = open_ticket(mina)
    shown.button.click()
    expect(shown.notice).to_have_text(SELECT_FIRST)
    shown.mask(shown.comments, "4711")
    expect(shown.masks).to_have_count(1)
    inside = utf16_index(shown.comments, "****") + 1
    drag_over(shown.page, shown.comments, inside, shown.comments, inside + 2)
    shown.button.click()
    expect(shown.notice).to_have_text("This text is already masked.")


def test_what_looks_personal_is_masked_by_one_click(service, signed_in_page, mina, theo):
    ticket = make_ticket(service)
    add_comment(mina, ticket, "Company 220-81-62517 asks")
    shown = Activity(signed_in_page(theo, path_of(ticket)))
    shown.page.locator("offered-text").click()
    expect(shown.masks).to_have_text("*" * 12)
    assert CommentMask.objects.get().kind == "brn"


def test_other_pages_get_the_mask_and_keep_what_is_being_done_on_them(open_ticket, ticket, mina, theo, in_thread):
    other = make_comment(ticket, mina, "Second comment about Lee")
    one, another = open_ticket(mina), open_ticket(theo)
    drag_over(another.page, another.comments.last, 0, another.comments.last, len("Second"))
    another.page.locator("#ticket-comment textarea").evaluate("field => (field.value = 'half a comm')")
    another.comments.last.evaluate("comment => (comment.isOld = true)")

    one.mask(one.comments.first, "Kim Minsu")

    expect(another.comments.first).to_have_text(LINE.replace("Kim Minsu", "*" * 9))
    expect(another.masks).to_have_role("button")
    expect(another.page.locator("#ticket-comment textarea")).to_have_value("half a comm")
    # What was selected meanwhile is still selected, in a comment that has not changed.
    assert another.comments.last.evaluate("comment => comment.isOld && getSelection().toString()") == "Second"
    another.button.click()
    expect(another.comments.last).to_have_text("****** comment about Lee")
    expect(one.comments.last).to_have_text("****** comment about Lee")
    assert Comment.objects.get(pk=other.pk).rev == 2


def test_a_comment_that_changed_since_it_was_selected_is_refused_and_then_shown(
    open_ticket, ticket, mina, theo, in_thread
):
    shown = open_ticket(mina)
    start = utf16_index(shown.comments, "4711")
    caret_before(shown.comments, start, to=start + 4)
    comment = Comment.objects.get()
    in_thread(mask_comments, theo, ticket, [Selection(text_id=comment.pk, rev=comment.rev, start=0, end=4)])
    shown.button.click()
    expect(shown.notice).to_contain_text("has changed in the meantime")
    expect(shown.comments).to_have_text(LINE.replace("Gate", "****"))
    assert CommentMask.objects.count() == 1


def test_after_an_act_of_one_s_own_the_new_comments_are_masked_in_the_same_way(open_ticket, mina):
    shown = open_ticket(mina)
    shown.page.get_by_role("textbox", name="Internal comment").fill("One more about Lee")
    shown.page.get_by_role("button", name="Add internal comment").click()
    expect(shown.comments).to_have_count(2)
    shown.mask(shown.comments.last, "Lee")
    expect(shown.comments.last).to_have_text("One more about ***")
    expect(shown.comments).to_have_count(2)


def test_what_a_colleague_masks_in_the_chat_leaves_open_tickets_too(service, signed_in_page, mina, theo, in_thread):
    chat = make_chat(service, agent=mina)
    message = make_message(chat, "I am Kim Minsu")
    ticket = in_thread(create_from_chat, mina, chat, subject="Call Kim Minsu", body="Kim Minsu called")
    make_comment(ticket, mina, "Ask Kim Minsu")
    reading, typing = (signed_in_page(theo, path_of(ticket)) for _ in range(2))
    typing.get_by_text("Edit").click()
    typing.get_by_role("textbox", name="Description").fill("half a sentence")

    mask_in_chat(in_thread, mina, message)

    for page in (reading, typing):
        expect(page.locator("#ticket-subject")).to_have_text("Call *********")
        expect(page.locator("#ticket-body")).to_have_text("********* called")
        expect(page.locator(".comment-body")).to_have_text("Ask *********")
    expect(typing.get_by_role("textbox", name="Description")).to_have_value("half a sentence")
    assert "Kim Minsu" not in reading.locator("body").inner_html()
    # What was put in place of it still works, without another page being loaded.
    reading.evaluate("window.isOld = true")
    reading.get_by_text("Edit").click()
    reading.get_by_label("Subject", exact=True).fill("Call back")
    reading.get_by_role("button", name="Save").click()
    expect(reading.locator("#ticket-subject")).to_have_text("Call back")
    assert reading.evaluate("window.isOld")


def test_without_security_service_there_is_nothing_to_click(open_ticket, ticket, mina, in_thread):
    comment = Comment.objects.get()
    in_thread(mask_comments, mina, ticket, [Selection(text_id=comment.pk, rev=comment.rev, start=0, end=4)])
    mina.service.contract.security_service = False
    mina.service.contract.save(update_fields=["security_service"])
    shown = open_ticket(mina)
    expect(shown.comments).to_have_text(LINE.replace("Gate", "****"))
    expect(shown.button).to_have_count(0)
    assert shown.masks.get_attribute("role") is None


def make_comment(ticket: Ticket, agent: Agent, body: str) -> Comment:
    return Comment.objects.create(ticket=ticket, agent=agent, name=str(agent), body=body)


def mask_in_chat(in_thread: Callable, agent: Agent, message) -> None:
    from chat.conversation.message_masks import mask_selection

    start = message.body.index("Kim Minsu")
    selection = Selection(text_id=message.seq, rev=message.rev, start=start, end=start + 9)
    in_thread(mask_selection, agent, message.chat_id, [selection])


def caret_before(comment: Locator, offset: int, *, to: int | None = None) -> None:
    """As caret browsing or a finger does: a selection, with no mouse having been down."""
    comment.evaluate(
        """(body, [start, end]) => {
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
        [offset, offset if to is None else to],
    )
    # The page hears of it in its next task.
    comment.page.evaluate("() => new Promise((done) => setTimeout(done, 0))")
