"""Back, after a mask by hand: what the page shows is the chat as it is now, from its first moment on. Once in a browser
that brings pages from memory, as they were left, and once in one that loads them again."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Error, Page, expect

from agents.models import Agent, Contract, Service
from chat.conversation.message_masks import mask_selection
from chat.masking.selections import Selection
from chat.models import Chat, Message
from helpcenter.customers import register_customer
from helpcenter.models import Customer
from helpcenter.models import HelpCenter as Settings
from tests import server as servers
from tests.browser.line import Line, line
from tests.browser.programs import BROWSERS
from tests.browser.rows import make_agent_with_chat
from tests.browser.traces import shown, traces, watch_for
from tests.browser.windows import Desk, HelpCenter
from tests.make import make_agent, make_ticket
from tickets.models import Ticket

SECRET = "Busan-4711"
DRAFT = "half a sentence"
STARS = "*" * len(SECRET)
ELSEWHERE = "/hc/demo/search/?q=lamp"


@pytest.fixture(scope="module", params=[True, False], ids=["from memory", "loaded again"])
def has_memory(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture(scope="module")
def programs() -> tuple[str, ...]:
    """The browser as people have it: the one without windows keeps no pages in memory."""
    return BROWSERS


@pytest.fixture(scope="module")
def kept_on(has_memory: bool) -> list[str]:
    return ["--disable-back-forward-cache"] if has_memory else []


@pytest.fixture(scope="module")
def wire() -> Iterator[Line]:
    with line() as wire:
        yield wire


@pytest.fixture(scope="module")
def server(django_db_setup, wire: Line, server_logs: Path) -> Iterator[servers.Server]:
    """In place of the usual one: the same, at the end of a line that can be cut."""
    with servers.running(server_logs / "back.log", PUBLIC_ORIGIN=wire.origin) as started:
        wire.upstream = int(started.origin.rpartition(":")[2])
        yield servers.Server(wire.origin, started.process, started.log_file)


@pytest.fixture(autouse=True)
def whole_line(wire: Line) -> None:
    wire.restore()


only_from_memory = pytest.mark.parametrize("has_memory", [True], indirect=True, ids=["from memory"])


@pytest.fixture
def mina(service: Service) -> tuple[Agent, Chat]:
    return make_agent_with_chat(service, f"I live at {SECRET}", "Are you there?")


@pytest.fixture
def jun(service: Service, mina: tuple[Agent, Chat], new_page: Callable[..., Page]) -> Page:
    """A window of the customer of Mina's chat, still empty."""
    _agent, chat = mina
    customer, token = register_customer(service, name="Jun", email="jun@example.com", language="en")
    Chat.objects.filter(pk=chat.pk).update(customer=customer)
    page = new_page()
    watch_for(page, SECRET)
    page.goto("/hc/demo/privacy/")
    page.evaluate("token => localStorage.setItem('contiple-chat:demo', token)", token)
    return page


@pytest.fixture
def visitor(service: Service, new_page: Callable[..., Page]) -> Page:
    """A window of somebody who is in no chat."""
    page = new_page()
    watch_for(page, SECRET)
    return page


@pytest.fixture
def mask(mina: tuple[Agent, Chat], in_thread: Callable[..., None]) -> Callable[[], None]:
    """Mina masks, by hand, what is secret in the newest chat."""

    def mask_secret() -> None:
        message = Message.objects.filter(body__contains=SECRET).latest("pk")
        start = message.body.index(SECRET)
        selection = Selection(message.seq, message.rev, start, start + len(SECRET))
        assert in_thread(mask_selection, mina[0], message.chat_id, [selection]) == 1

    return mask_secret


def test_in_the_help_center(jun: Page, mask: Callable[[], None], has_memory: bool):
    jun.goto("/hc/demo/")
    open_chat(jun)
    assert SECRET in traces(jun)
    jun.goto(ELSEWHERE)
    mask()
    go_back(jun)
    nothing_was_shown(jun, has_memory=has_memory)
    assert SECRET not in traces(jun)


def test_where_the_chat_is_the_whole_page(jun: Page, mask: Callable[[], None]):
    jun.goto("/hc/demo/chat/")
    expect(jun.get_by_text(SECRET)).to_be_visible()
    jun.goto(ELSEWHERE)
    mask()
    go_back(jun)
    nothing_was_shown(jun)
    assert SECRET not in traces(jun)


def test_on_another_site(service: Service, shop: str, mask: Callable[[], None], new_page, has_memory: bool):
    """Loaded again, the frame there begins anew: in this browser it has no storage."""
    Settings.objects.update(embed_origins=[shop])
    Contract.objects.update(chat_widget=True)
    page = new_page()
    watch_for(page, SECRET)
    page.goto(shop)
    center = HelpCenter(page)
    center.panel = page.frame_locator("iframe")
    center.fill(message=f"I live at {SECRET}")
    center.agree_and_start()
    expect(center.panel.get_by_text(SECRET)).to_be_visible()
    page.goto(f"{shop}/lamps")
    mask()
    go_back(page)
    nothing_was_shown(page, until=STARS if has_memory else "Chat with us", has_memory=has_memory)


@only_from_memory
def test_without_a_line_it_shows_nothing_until_there_is_one(jun: Page, mask: Callable[[], None], wire: Line):
    jun.goto("/hc/demo/")
    open_chat(jun)
    jun.goto(ELSEWHERE)
    mask()
    wire.cut()
    go_back(jun)
    nothing_was_shown(jun, until="Connection lost. Reconnecting…", has_memory=True)
    assert SECRET not in traces(jun)
    wire.restore()
    nothing_was_shown(jun, has_memory=True)


def test_what_is_typed_and_not_sent_is_there_again(jun: Page, mask: Callable[[], None]):
    jun.goto("/hc/demo/")
    open_chat(jun)
    HelpCenter(jun).chat.composer.fill(DRAFT)
    jun.goto(ELSEWHERE)
    mask()
    go_back(jun)
    nothing_was_shown(jun)
    assert DRAFT in traces(jun)


def test_a_chat_that_another_tab_has_left(jun: Page, shop: str):
    leave_with_a_draft(jun, shop)
    tab = start_over(jun)
    go_back(jun)
    nothing_was_shown(jun, until="Chat with us")
    assert DRAFT not in traces(jun)
    begin_anew(tab)
    nothing_was_shown(jun, until="Something else")


def test_a_new_chat_that_another_tab_has_begun(jun: Page, shop: str):
    leave_with_a_draft(jun, shop)
    begin_anew(start_over(jun))
    go_back(jun)
    nothing_was_shown(jun, until="Something else")
    assert DRAFT not in traces(jun)


def test_a_chat_that_is_nobodys_any_more(jun: Page, shop: str):
    leave_with_a_draft(jun, shop)
    Customer.objects.update(token_hash=None)
    go_back(jun)
    nothing_was_shown(jun, until="Chat with us")
    jun.wait_for_function("draft => !JSON.stringify(sessionStorage).includes(draft)", arg=DRAFT)


def test_an_inquiry_that_was_sent(visitor: Page):
    write_inquiry(visitor)
    send_inquiry(visitor)
    assert SECRET in Ticket.objects.get().body
    assert SECRET not in traces(visitor)
    go_back(visitor)
    expect(visitor.locator("#inquiry").get_by_label("Message")).to_have_value("")
    assert SECRET not in traces(visitor)

    # What is written there next is another inquiry, and not the same once more.
    fill_in(visitor)
    send_inquiry(visitor)
    assert Ticket.objects.count() == 2


def test_an_inquiry_that_was_not_sent(visitor: Page):
    write_inquiry(visitor)
    visitor.goto(ELSEWHERE)
    go_back(visitor)
    form = visitor.locator("#inquiry")
    expect(form.get_by_label("Message")).to_have_value(f"I live at {SECRET}")
    expect(form.get_by_label("Subject")).to_have_value("My address")


def test_an_inquiry_that_was_refused_first(visitor: Page):
    write_inquiry(visitor)
    visitor.locator("#inquiry").evaluate("form => { form.noValidate = true; form.elements.consent.checked = false }")
    visitor.locator("#inquiry").get_by_role("button", name="Send").click()
    visitor.locator("[name=consent][aria-invalid=true]").check()
    send_inquiry(visitor)
    there_is_no_page(visitor)


def test_a_ticket(service: Service, mina, mask: Callable[[], None], signed_in_page: Callable[..., Page]):
    """For a reader without the chat permission, whose page has no socket."""
    ticket = make_ticket(service, f"Moved to {SECRET}", chat=mina[1])
    page = signed_in_page(make_agent(service, "Rita", chat_permission=False), None)
    watch_for(page, SECRET)
    page.goto(f"/desk/demo/tickets/{ticket.number}/")
    expect(page.get_by_role("heading", name=SECRET)).to_be_visible()
    page.goto(ELSEWHERE)
    mask()
    go_back(page)
    nothing_was_shown(page)
    assert SECRET not in traces(page)


def test_what_was_unmasked_on_the_desk(mina, mask: Callable[[], None], signed_in_page: Callable[..., Page]):
    mask()
    page = signed_in_page(mina[0], None)
    watch_for(page, SECRET)
    page.goto("/desk/demo/tickets/")
    desk = Desk(page)
    desk.select("Jun")
    desk.chat.masks.click()
    expect(desk.chat.masks).to_have_text(SECRET)
    page.goto(ELSEWHERE)
    go_back(page)
    nothing_was_shown(page)
    assert SECRET not in traces(page)


def go_back(page: Page) -> None:
    """A page from memory tells of no load, and its frames are lost to Playwright: `shown` and `traces` find them."""
    page.go_back(wait_until="commit")


def nothing_was_shown(page: Page, *, until: str = STARS, has_memory: bool | None = None) -> None:
    """Up to ``until``. ``has_memory``: whether the page must have been brought from memory, or must not."""
    told = shown(page, until=until)
    assert not any(each["has"] for each in told), told
    if has_memory is not None:
        assert ("from memory" in {each["event"] for each in told}) == has_memory, told


def there_is_no_page(page: Page) -> None:
    """Back: the answer to a form is kept by nobody, and sending it again is asked for first."""
    with pytest.raises(Error, match="ERR_CACHE_MISS"):
        go_back(page)
    page.wait_for_url("chrome-error://**")
    assert SECRET not in page.content()


def open_chat(page: Page) -> None:
    center = HelpCenter(page)
    expect(center.chat.body(SECRET)).to_have_count(1)  # before it is there, a click on the icon loads it again
    center.open()
    expect(center.chat.body(SECRET)).to_be_visible()


def leave_with_a_draft(page: Page, shop: str) -> None:
    page.goto("/hc/demo/")
    open_chat(page)
    HelpCenter(page).chat.composer.fill(DRAFT)
    page.goto(f"{shop}/lamps")


def start_over(page: Page) -> HelpCenter:
    """In another tab: the chat has ended there, and its customer wants a new one."""
    Chat.objects.update(state=Chat.State.CLOSED, agent=None, closed_at=timezone.now(), closed_by=Chat.ClosedBy.AGENT)
    center = HelpCenter(page.context.new_page())
    center.page.goto("/hc/demo/")
    center.open()
    center.panel.get_by_role("button", name="Start a new chat").click()
    expect(center.stage("start")).to_be_visible()
    return center


def begin_anew(center: HelpCenter) -> None:
    center.fill(message="Something else")
    center.agree_and_start()
    expect(center.chat.body("Something else")).to_be_visible()


def write_inquiry(page: Page) -> None:
    page.goto("/hc/demo/contact/")
    fill_in(page)


def fill_in(page: Page) -> None:
    form = page.locator("#inquiry")
    fields = {"name": "Jun", "email": "jun@example.com", "subject": "My address", "message": f"I live at {SECRET}"}
    for name, value in fields.items():
        form.locator(f"[name={name}]").fill(value)
    form.locator("[name=consent]").check()


def send_inquiry(page: Page) -> None:
    page.locator("#inquiry").get_by_role("button", name="Send").click()
    expect(page.get_by_text("Thank you. We’ve received your 1:1 inquiry.")).to_be_visible()
