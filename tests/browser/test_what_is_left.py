"""What is left in a browser of a text that was masked by hand: in its pages, in what they store, in Undo. Nothing, on
every screen of the customer; and on the agent's what was shown there is hidden again."""

import json
import re
import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import Frame, Locator, Page, Route, WebSocketRoute, expect

from agents.models import Service
from chat.conversation.message_masks import mask_selection
from chat.masking.selections import Selection
from chat.models import Chat, Message
from helpcenter.customers import register_customer
from tests.browser.rows import make_agent_with_chat
from tests.browser.traces import shown, traces, watch_for
from tests.browser.windows import Desk, HelpCenter
from tests.make import make_chat, make_customer, make_message

SECRET = "Busan-4711"
STARS = "*" * len(SECRET)
# A mask is to reach both screens within a second; this machine may have other things to do.
REACHES_WITHIN_MS = 5000


class Cast:
    """Mina's chat with Jun, who wrote ``lines``."""

    def __init__(self, service: Service, *lines: str) -> None:
        self.mina, self.chat = make_agent_with_chat(service, *lines)
        customer, self.token = register_customer(service, name="Jun", email="jun@example.com", language="en")
        Chat.objects.filter(pk=self.chat.pk).update(customer=customer)

    def admit(self, page: Page) -> None:
        """From here on this browser is Jun's."""
        page.goto("/hc/demo/privacy/")
        page.evaluate("token => localStorage.setItem('contiple-chat:demo', token)", self.token)


@pytest.fixture
def cast(service: Service) -> Cast:
    return Cast(service, "Hello")


def test_a_mask_reaches_both_screens_at_once(cast: Cast, signed_in_page, new_page):
    desk, center = open_both(cast, signed_in_page(cast.mina), new_page())
    center.chat.write(f"I live at {SECRET}")
    expect(desk.chat.body(SECRET)).to_be_visible()
    desk.page.evaluate(NOTE_CLICK)
    for screen in (desk.page, center.frame):
        screen.evaluate(NOTE_MASK, SECRET)
    desk.mask_text(desk.chat.body(SECRET), SECRET)
    expect(desk.chat.masks).to_have_text(STARS)
    expect(center.chat.masks).to_have_text(STARS)

    clicked = desk.page.evaluate("clickedAt")
    agent, customer = (masked_at(screen) - clicked for screen in (desk.page, center.frame))
    print(f"\nfrom the click to the asterisks: {customer} ms at the customer, {agent} ms at the agent, with the list")
    assert 0 < customer < REACHES_WITHIN_MS
    assert 0 < agent < REACHES_WITHIN_MS


def test_nothing_is_left_in_any_tab_of_the_customer(cast: Cast, signed_in_page, new_page):
    desk, center = open_both(cast, signed_in_page(cast.mina), new_page())
    second = open_tab(center.page.context.new_page())
    center.chat.write(f"I live at {SECRET}")
    expect(second.chat.body(SECRET)).to_be_visible()
    expect(center.chat.pending).to_have_count(0)
    assert SECRET in traces(center.page)
    assert SECRET in traces(second.page)

    desk.mask_text(desk.chat.body(SECRET), SECRET)
    for tab in (center, second):
        expect(tab.chat.masks).to_have_text(STARS)
        assert SECRET not in traces(tab.page)
    undo_and_redo(center.chat.composer)
    assert SECRET not in traces(center.page)


def test_undo_keeps_what_was_written_since(cast: Cast, signed_in_page, new_page):
    desk, center = open_both(cast, signed_in_page(cast.mina), new_page())
    center.chat.composer.press_sequentially(f"I live at {SECRET}")
    center.chat.composer.press("Enter")
    center.chat.composer.press_sequentially("And I like tea")
    center.chat.composer.press("ArrowLeft")
    desk.mask_text(desk.chat.body(SECRET), SECRET)
    expect(center.chat.masks).to_have_text(STARS)
    expect(center.chat.composer).to_be_focused()
    center.chat.composer.press_sequentially("!")
    expect(center.chat.composer).to_have_value("And I like te!a")
    undo_and_redo(center.chat.composer)
    assert SECRET not in traces(center.page)


def test_a_mask_does_not_break_off_a_composition(cast: Cast, signed_in_page, new_page):
    desk, center = open_both(cast, signed_in_page(cast.mina), new_page())
    center.chat.write(f"I live at {SECRET}")
    expect(desk.chat.body(SECRET)).to_be_visible()
    keyboard = center.page.context.new_cdp_session(center.page)
    keyboard.send("Input.imeSetComposition", {"text": "요", "selectionStart": 1, "selectionEnd": 1})
    desk.mask_text(desk.chat.body(SECRET), SECRET)
    expect(center.chat.masks).to_have_text(STARS)
    keyboard.send("Input.imeSetComposition", {"text": "용", "selectionStart": 1, "selectionEnd": 1})
    keyboard.send("Input.insertText", {"text": "용"})
    expect(center.chat.composer).to_have_value("용")
    expect(center.chat.composer).to_be_focused()


def test_what_arrived_unnoticed_is_not_shown_again_as_unsent(cast: Cast, new_page, in_thread):
    """The acknowledgement was lost, the page was left, and the message is masked by now."""
    page, sent = new_page(), uuid.uuid4()
    cast.admit(page)
    make_message(cast.chat, f"I live at {SECRET}", client_id=sent)
    mask(cast, in_thread)
    entry = {"client_id": str(sent), "chat": cast.chat.pk, "body": f"I live at {SECRET}"}
    unsent = {"client_id": str(uuid.uuid4()), "chat": cast.chat.pk, "body": "And I like tea"}
    page.evaluate(f"sessionStorage['contiple-outbox:customer-demo'] = '{json.dumps([entry, unsent])}'")
    watch_for(page, SECRET)
    page.goto("/hc/demo/")
    HelpCenter(page).open()
    told = shown(page, until="And I like tea")
    assert not any(SECRET in (each["now"] or "") for each in told)
    assert SECRET not in traces(page)
    expect(HelpCenter(page).chat.bodies).to_have_text(["Hello", f"I live at {STARS}", "And I like tea"])


def test_an_answer_to_a_page_that_was_left_since_is_old(cast: Cast, new_page, in_thread):
    make_message(cast.chat, f"I live at {SECRET}")
    page, held = new_page(), list[Callable[[], None]]()
    cast.admit(page)
    watch_for(page, SECRET)
    page.route("**/chat/resume/*", lambda route: hold(route, held))
    page.goto("/hc/demo/chat/")
    wait_for(page, held)
    mask(cast, in_thread)
    page.evaluate(LEAVE_AND_COME_BACK)
    wait_for(page, held, count=2)
    for answer in held:
        answer()
    assert not any(SECRET in (each["now"] or "") for each in shown(page, until=STARS))


def test_the_answer_to_a_start_is_old_too(cast: Cast, new_page, in_thread):
    page, held = new_page(), list[Callable[[], None]]()
    watch_for(page, SECRET)
    page.route("**/chat/start/*", lambda route: hold(route, held))
    page.goto("/hc/demo/chat/")
    form = page.locator("[data-stage=start]")
    form.locator("[name=name]").fill("Jun Park")
    form.locator("[name=message]").fill(f"I live at {SECRET}")
    form.locator("[name=agree]").check()
    form.locator("[type=submit]").click()
    wait_for(page, held)
    mask(cast, in_thread)
    page.evaluate(LEAVE_AND_COME_BACK)
    held.pop()()
    assert not any(SECRET in (each["now"] or "") for each in shown(page, until=STARS))


def test_a_page_asks_for_its_own_chat_whatever_another_tab_has_begun(cast: Cast, service: Service, new_page):
    page, lines, hellos = new_page(), list[WebSocketRoute](), list[dict]()
    cast.admit(page)
    page.route_web_socket(re.compile("/ws/chat/"), lambda line: listen(line, lines, hellos))
    page.goto("/hc/demo/chat/")
    expect(page.get_by_text("Hello")).to_be_visible()
    wait_for(page, hellos)
    _other, token = register_customer(service, name="Jun", email="", language="en")
    page.evaluate("token => localStorage.setItem('contiple-chat:demo', token)", token)  # which it does not hear of
    lines[0].close(code=4500)
    wait_for(page, hellos, count=2)
    assert [hello["token"] for hello in hellos] == [cast.token] * 2


def test_earlier_messages_are_as_they_are_now(service: Service, signed_in_page, new_page):
    """Those masked before they are asked for, and those masked while they are on their way."""
    lines = [f"line {number}" for number in range(1, 121)]
    lines[2] = lines[60] = f"I live at {SECRET}"
    cast = Cast(service, *lines)
    desk, center = open_both(cast, signed_in_page(cast.mina), new_page())
    held: list[Callable[[], None]] = []
    center.page.route("**/chat/earlier/*", lambda route: hold(route, held))
    mask_over_http(desk.page, cast.chat, 3, 119)
    expect(center.chat.bodies.last).to_have_text("line 120")
    expect(center.chat.masks).to_have_count(1)
    expect(center.chat.messages).to_have_count(50)

    earlier = center.panel.get_by_role("button", name="Earlier messages")
    earlier.click()
    wait_for(center.page, held)
    mask_over_http(desk.page, cast.chat, 61, 120)
    expect(center.chat.masks).to_have_count(2)
    held.pop()()
    expect(center.chat.messages).to_have_count(100)
    earlier.click()
    wait_for(center.page, held)
    held.pop()()
    expect(center.chat.messages).to_have_count(120)
    expected = [*lines[:118], "*" * len("line 119"), "*" * len("line 120")]
    expected[2] = expected[60] = "*" * len(lines[2])
    expect(center.chat.bodies).to_have_text(expected)
    assert SECRET not in traces(center.page)


def test_the_end_of_a_chat_leaves_nothing_that_was_typed_for_it(cast: Cast, signed_in_page, new_page):
    desk, center = open_both(cast, signed_in_page(cast.mina), new_page())
    for composer in (center.chat.composer, desk.chat.composer):
        composer.fill(f"I live at {SECRET}")
    center.end()
    expect(center.panel.get_by_text("This chat has ended.")).to_be_visible()
    expect(desk.chat.composer).to_have_count(0)
    for page in (center.page, desk.page):
        assert SECRET not in page.evaluate("JSON.stringify([sessionStorage, localStorage])")


def test_a_new_chat_in_one_tab_takes_the_other_along(cast: Cast, new_page):
    first = open_center(cast, new_page())
    second = open_tab(first.page.context.new_page())
    second.chat.composer.fill(f"I live at {SECRET}")
    first.end()
    first.panel.get_by_role("button", name="Start a new chat").click()
    expect(first.stage("start")).to_be_visible()
    expect(second.stage("start")).to_be_visible()
    assert SECRET not in traces(second.page)
    first.fill(message="Something else")
    first.agree_and_start()
    expect(second.chat.bodies).to_have_text(["Something else"])
    second.chat.write("And more of it")
    expect(first.chat.bodies).to_have_text(["Something else", "And more of it"])


def test_an_agents_message_that_arrives_in_a_chat_left_meanwhile_is_kept_no_longer(
    cast: Cast, service: Service, signed_in_page
):
    make_chat(service, agent=cast.mina, customer=make_customer(service, "Hana"))
    page, held = signed_in_page(cast.mina, None), list[Callable[[], None]]()
    page.route_web_socket(re.compile("/ws/desk/"), lambda line: hold_messages(line, held))
    page.goto("/")
    desk = Desk(page)
    desk.select("Jun")
    desk.chat.write(f"You live at {SECRET}")
    wait_for(page, held)
    desk.select("Hana")
    assert SECRET in page.evaluate("JSON.stringify(sessionStorage)")
    held.pop()()
    page.wait_for_function("secret => !JSON.stringify(sessionStorage).includes(secret)", arg=SECRET)


def test_an_original_that_comes_after_the_dialog_was_closed_is_not_shown(cast: Cast, signed_in_page, in_thread):
    make_message(cast.chat, f"I live at {SECRET}")
    mask(cast, in_thread)
    desk, held = Desk(signed_in_page(cast.mina)), list[Callable[[], None]]()
    desk.page.route("**/reveal/", lambda route: hold(route, held))
    desk.select("Jun")
    desk.chat.masks.click()
    wait_for(desk.page, held)
    desk.close()
    held.pop()()
    desk.page.wait_for_function("() => !document.querySelector('masked-text[aria-busy]')")
    desk.open()
    assert SECRET not in traces(desk.page)


# What a browser tells a page that it keeps in memory, when it is left and when it is shown again.
LEAVE_AND_COME_BACK = """() => {
  for (const type of ["pagehide", "pageshow"]) dispatchEvent(new PageTransitionEvent(type, { persisted: true }));
}"""
NOTE_CLICK = """() => {
  const note = (event) => { if (event.target.closest("[data-action=mask]")) window.clickedAt = Date.now(); };
  document.addEventListener("click", note, { capture: true });
}"""
NOTE_MASK = """(text) => {
  const note = () => { if (!document.body.textContent.includes(text)) window.maskedAt ??= Date.now(); };
  new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def masked_at(screen: Page | Frame) -> float:
    screen.wait_for_function("() => window.maskedAt")
    return screen.evaluate("maskedAt")


def open_both(cast: Cast, agent: Page, customer: Page) -> tuple[Desk, HelpCenter]:
    desk, center = Desk(agent), open_center(cast, customer)
    desk.select("Jun")
    expect(center.chat.composer).to_be_visible()
    return desk, center


def open_center(cast: Cast, page: Page) -> HelpCenter:
    cast.admit(page)
    return open_tab(page)


def open_tab(page: Page) -> HelpCenter:
    page.goto("/hc/demo/")
    center = HelpCenter(page)
    expect(center.chat.messages).not_to_have_count(0)  # before it is there, a click on the icon loads it again
    center.open()
    expect(center.chat.messages.last).to_be_visible()
    return center


def mask(cast: Cast, in_thread: Callable[..., int]) -> None:
    """By hand, while nobody looks on."""
    message = Message.objects.filter(body__contains=SECRET).latest("pk")
    start = message.body.index(SECRET)
    selection = Selection(message.seq, message.rev, start, start + len(SECRET))
    assert in_thread(mask_selection, cast.mina, message.chat_id, [selection]) == 1


def mask_over_http(page: Page, chat: Chat, *seqs: int) -> None:
    """Whole messages, in this order of their changes, as the agent's page asks for it."""
    found = {message.seq: message for message in Message.objects.filter(chat=chat, seq__in=seqs)}
    spans = [{"seq": seq, "rev": found[seq].rev, "start": 0, "end": len(found[seq].body)} for seq in seqs]
    csrf = page.evaluate("document.querySelector('chat-desk [data-part=texts]').dataset.csrf")
    url, headers = f"/desk/demo/chat/{chat.pk}/mask/", {"X-CSRFToken": csrf}
    answer = page.request.post(url, data=json.dumps(spans), headers=headers)
    assert answer.json() == {"masked": len(seqs)}


def hold(route: Route, held: list[Callable[[], None]]) -> None:
    """What the server answers now arrives when the test lets it."""
    answer = route.fetch()
    held.append(lambda: route.fulfill(response=answer))


def hold_messages(line: WebSocketRoute, held: list[Callable[[], None]]) -> None:
    """Messages arrive when the test lets them, all else at once."""

    def pass_on(frame: str) -> None:
        if '"type":"message"' in frame:
            held.append(lambda: line.send(frame))
        else:
            line.send(frame)

    line.connect_to_server().on_message(pass_on)


def listen(line: WebSocketRoute, lines: list[WebSocketRoute], hellos: list[dict]) -> None:
    """Notes the hello of the page on each of its lines."""
    lines.append(line)
    server = line.connect_to_server()

    def pass_on(frame: str) -> None:
        if (said := json.loads(frame))["type"] == "hello":
            hellos.append(said)
        server.send(frame)

    line.on_message(pass_on)


def wait_for(page: Page, held: list, *, count: int = 1) -> None:
    for _try in range(200):
        if len(held) >= count:
            return
        page.wait_for_timeout(50)
    pytest.fail("nothing was asked for")


def undo_and_redo(box: Locator) -> None:
    for key in ("Control+z", "Control+z", "Control+Shift+z", "Control+Shift+z", "Control+Shift+z"):
        box.press(key)
