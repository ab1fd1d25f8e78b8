"""Customers who wait: leaving the queue, a full one, an inquiry instead; and customers who fall silent."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from agents.models import Agent, Contract, Service
from chat.models import Chat, ChatSettings, Ring
from chat.routing.assignment import RING_TIMEOUT_S
from helpcenter.models import HelpCenter as Settings
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import SLOW_MILLISECONDS, HelpCenter
from tickets.models import Ticket


@pytest.fixture
def busy(service: Service) -> Agent:
    """Mina, Online, with the one chat that she may have."""
    agent, _chat = make_agent_with_chat(service, "I was here first", customer="Somebody else")
    agent.chat_limit = 1
    agent.save(update_fields=["chat_limit"])
    return agent


@pytest.fixture
def newcomer(busy: Agent, new_page: Callable[..., Page]) -> Callable[[], HelpCenter]:
    return lambda: HelpCenter(new_page("/hc/demo/"))


def status(center: HelpCenter) -> Locator:
    return center.panel.locator("[data-part=status]")


def button(center: HelpCenter, name: str) -> Locator:
    return center.panel.get_by_role("button", name=name)


def place(center: HelpCenter, number: int) -> None:
    expect(status(center)).to_contain_text(f"lace in the queue: {number}")


def chat_of(name: str) -> Chat:
    return Chat.objects.get(customer__name=name)


def let_ring(chat: Chat, agent: Agent) -> None:
    """The agent has let it ring, a moment ago."""
    now = timezone.now()
    began = now - timedelta(seconds=RING_TIMEOUT_S)
    Ring.objects.create(chat=chat, agent=agent, started_at=began, ended_at=now, outcome=Ring.Outcome.MISSED)


def test_the_queue_is_left_after_a_question_and_the_others_move_up(newcomer):
    first, second = newcomer(), newcomer()
    first.start(name="First", message="1")
    second.start(name="Second", message="2")
    place(second, 2)
    expect(first.panel.locator(".customer-chat-header [data-action=end]")).to_be_hidden()

    button(first, "Leave the queue").click()
    question = first.panel.get_by_role("dialog", name="Leave the queue?")
    question.get_by_role("button", name="Keep waiting").click()
    expect(question).to_be_hidden()
    place(first, 1)
    assert chat_of("First").is_open

    button(first, "Leave the queue").click()
    question.get_by_role("button", name="Leave the queue").click()
    expect(status(first)).to_contain_text("You have left the queue.")
    expect(first.chat.composer).to_be_hidden()
    place(second, 1)
    chat = chat_of("First")
    assert (chat.state, chat.closed_by) == (Chat.State.CLOSED, Chat.ClosedBy.CUSTOMER)

    button(first, "Start a new chat").click()
    expect(first.stage("start")).to_be_visible()


def test_the_place_does_not_count_whoever_closed_the_page(newcomer):
    first, second = newcomer(), newcomer()
    first.start(name="First", message="1")
    second.start(name="Second", message="2")
    place(second, 2)
    first.page.goto("/hc/demo/contact/")  # from page to page the place is kept
    first.page.goto("/hc/demo/")
    place(first, 1)
    place(second, 2)

    first.page.close()
    expect(status(second)).to_contain_text("lace in the queue: 1", timeout=SLOW_MILLISECONDS)
    assert chat_of("First").is_open


def test_whom_an_agent_takes_meanwhile_is_asked_no_more_about_leaving(newcomer, busy: Agent, service: Service):
    center = newcomer()
    center.start(name="First", message="1")
    button(center, "Leave the queue").click()
    question = center.panel.locator("dialog[data-part=leave]")
    expect(question).to_be_visible()

    chat = chat_of("First")
    Chat.objects.filter(pk=chat.pk).update(state=Chat.State.ACTIVE, agent=busy, answered_at=timezone.now())
    newcomer().start(name="Second", message="2")  # whoever comes lets the others look again

    expect(question).to_be_hidden()
    expect(center.panel.locator(".customer-chat-header [data-action=end]")).to_be_visible()
    expect(button(center, "Leave the queue")).to_have_count(0)


def test_a_new_place_leaves_the_focus_where_it_was(newcomer):
    first, second = newcomer(), newcomer()
    first.start(name="First", message="1")
    second.start(name="Second", message="2")
    button(second, "Leave the queue").focus()
    button(first, "Leave the queue").click()
    first.panel.locator("dialog[open] [data-action=confirm]").click()
    place(second, 1)
    expect(button(second, "Leave the queue")).to_be_focused()


def test_a_full_queue_keeps_what_was_typed_and_leads_to_an_inquiry(newcomer, service: Service):
    ChatSettings.objects.update(queue_limit=1)
    newcomer().start(name="First", message="1")
    late = newcomer()
    late.open()
    late.fill(name="Late Lee", email="late@example.com", message="A long text,\nwritten with care")
    late.agree_and_start()
    full = late.stage("full")
    expect(full.get_by_role("heading")).to_have_text("Too many customers are waiting right now.")
    assert not Chat.objects.filter(customer__name="Late Lee").exists()

    button(late, "Try again").click()
    expect(late.stage("start").locator("[name=message]")).to_have_value("A long text,\nwritten with care")
    late.agree_and_start()

    full.get_by_role("link", name="Contact Us").click()
    form = late.page.locator("#inquiry")
    expect(form.get_by_label("Message")).to_have_value("A long text,\nwritten with care")
    expect(form.get_by_label("Name")).to_have_value("Late Lee")
    expect(form.get_by_label("E-mail")).to_have_value("late@example.com")
    assert "care" not in late.page.url
    send(form, subject="Help")
    ticket = Ticket.objects.get()
    assert (ticket.body, ticket.chat) == ("A long text,\nwritten with care", None)


def test_who_waits_too_long_is_offered_an_inquiry_that_has_every_word(newcomer, service: Service):
    ChatSettings.objects.update(longest_wait_minutes=10)
    center, behind = newcomer(), newcomer()
    center.start(name="Jun Park", message="My card is 4539 1488 0343 6467")
    behind.start(name="Behind", message="2")
    center.chat.write("It does not work")
    place(center, 1)

    Chat.objects.filter(pk=chat_of("Jun Park").pk).update(waiting_since=timezone.now() - timedelta(minutes=11))
    expect(status(center)).to_contain_text("This is taking longer than usual.")
    expect(status(center)).to_contain_text("You keep your place in the queue: 1")
    expect(status(behind)).to_contain_text("All agents are busy")

    center.chat.composer.fill("and nobody comes")
    place(behind, 2)
    button(center, "Leave a 1:1 inquiry instead").click()
    expect(status(center)).to_contain_text("We’ve received your 1:1 inquiry. Its number is #1.")
    expect(center.chat.composer).to_be_hidden()
    place(behind, 1)
    ticket = Ticket.objects.get()
    assert ticket.body == "My card is *******************\nIt does not work\nand nobody comes"
    assert ticket.subject == "My card is *******************"
    assert ticket.chat == chat_of("Jun Park")
    assert not ticket.chat.is_open

    # Whoever comes back sees how it ended, and may begin anew.
    center.page.goto("/hc/demo/")
    expect(center.panel.get_by_text("The customer left a 1:1 inquiry instead.")).to_be_visible()
    button(center, "Start a new chat").click()
    expect(center.stage("start").locator("[name=message]")).to_have_value("")


def test_with_nothing_written_there_is_the_form_and_the_way_back(newcomer):
    ChatSettings.objects.update(longest_wait_minutes=10)
    center = newcomer()
    center.start(name="Jun Park")
    button(center, "Leave a 1:1 inquiry instead").click()
    form = center.page.locator("#inquiry")
    expect(form.get_by_label("Name")).to_have_value("Jun Park")
    expect(form.get_by_label("E-mail")).to_have_value("jun@example.com")
    expect(center.page.get_by_text("Your chat keeps its place in the queue while you write.")).to_be_visible()
    expect(center.launcher.locator(".chat-frame")).to_be_hidden()  # it would hide the form on a phone
    center.page.go_back()
    center.open()
    place(center, 1)


def test_whom_nobody_takes_is_told_so(newcomer, busy: Agent):
    center = newcomer()
    center.start(name="Jun Park", message="Hello")
    place(center, 1)
    let_ring(chat_of("Jun Park"), busy)

    expect(status(center)).to_contain_text("None of our agents could take your chat so far.")
    expect(status(center)).not_to_contain_text("All agents are busy")
    expect(status(center)).to_contain_text("You keep your place in the queue: 1")
    button(center, "Leave a 1:1 inquiry instead").click()
    expect(status(center)).to_contain_text("Its number is #1.")
    assert Ticket.objects.get().body == "Hello"


def test_on_another_site_what_was_typed_comes_along_too(busy: Agent, shop: str, new_page: Callable[..., Page]):
    """The frame there has a storage of its own, which the next page does not see; or, as in this browser, none."""
    Settings.objects.update(embed_origins=[shop])
    Contract.objects.update(chat_widget=True)
    page = new_page(shop)
    center = HelpCenter(page)
    center.panel = page.frame_locator("iframe")
    center.chat.root = center.panel.locator("customer-chat")
    center.fill(name="Jun Park", email="jun@example.com", message="From the shop")
    center.agree_and_start()
    place(center, 1)
    center.panel.locator("[data-part=composer] textarea").fill("and a word more")
    button(center, "Leave a 1:1 inquiry instead").click()
    expect(status(center)).to_contain_text("Its number is #1.")
    assert Ticket.objects.get().body == "From the shop\nand a word more"


def test_a_silent_customer_is_reminded_and_then_the_chat_ends(service: Service, new_page):
    agent, _chat = make_agent_with_chat(service, "I was here first", customer="Somebody else")
    center = HelpCenter(new_page("/hc/demo/"))
    center.start(name="Jun Park", message="Hello")
    chats = Chat.objects.filter(customer__name="Jun Park")
    chats.update(
        state=Chat.State.ACTIVE,
        agent=agent,
        answered_at=timezone.now(),
        unanswered_since=timezone.now() - timedelta(minutes=6),
    )
    Ring.objects.filter(chat__in=chats).update(outcome=Ring.Outcome.OPENED, ended_at=timezone.now())
    expect(center.panel.get_by_text("Without an answer, this chat ends in 10 min.")).to_be_visible()

    chats.update(
        unanswered_since=timezone.now() - timedelta(minutes=16), reminded_at=timezone.now() - timedelta(minutes=11)
    )
    expect(center.panel.get_by_text("The chat ended because it was not answered.")).to_be_visible()
    expect(status(center)).to_contain_text("This chat has ended.")
    assert chats.get().closed_by == Chat.ClosedBy.IDLE


def send(form: Locator, *, subject: str) -> None:
    form.get_by_label("Subject").fill(subject)
    form.locator("[name=consent]").check()
    form.get_by_role("button", name="Send").click()
    expect(form.page.locator("#content")).to_contain_text("Thank")
