"""Tags in an agent's hands: written, offered, taken off, refused; by keyboard, in the dialog and in Chat History."""

from playwright.sync_api import Locator, expect

from agents.models import Service
from chat.filing.tagging import add_tag
from chat.models import Chat
from tests.browser.rows import make_agent_with_chat
from tests.browser.test_late_answers import hold, let_go
from tests.browser.windows import Desk
from tests.make import make_agent, make_chat, make_customer


def box(root: Locator) -> Locator:
    return root.get_by_role("combobox", name="Add a tag")


def tags(root: Locator) -> Locator:
    return root.locator("chat-tags .tag")


def test_tags_are_written_and_taken_off_by_keyboard(service: Service, signed_in_page) -> None:
    agent, chat = make_agent_with_chat(service, "Where is it?")
    desk = Desk(signed_in_page(agent))
    desk.select("Jun")
    field = box(desk.dialog)
    field.focus()
    for name in ("refund", "late"):
        field.fill(name)
        field.press("Enter")
        expect(tags(desk.dialog).get_by_text(name, exact=True)).to_be_visible()
        expect(field).to_be_focused()
        expect(field).to_have_value("")
    remove = desk.dialog.get_by_role("button", name="Remove tag refund")
    remove.press("Enter")
    expect(tags(desk.dialog)).to_have_text(["late"])
    expect(field).to_be_focused()
    assert [tag.name for tag in chat.tags.all()] == ["late"]


def test_what_is_refused_stays_to_be_mended(service: Service, signed_in_page) -> None:
    agent, _chat = make_agent_with_chat(service, "Where is it?")
    desk = Desk(signed_in_page(agent))
    desk.select("Jun")
    field = box(desk.dialog)
    field.fill("Chat")
    field.press("Enter")
    expect(desk.dialog.get_by_text("Only the system adds this tag.")).to_be_visible()
    expect(field).to_have_value("Chat")
    desk.page.context.set_offline(True)
    field.fill("Chats")
    field.press("Enter")
    expect(desk.dialog.locator("chat-tags").get_by_text("The server can’t be reached.")).to_be_visible()
    expect(field).to_have_value("Chats")
    desk.page.context.set_offline(False)
    field.press("Enter")
    expect(tags(desk.dialog)).to_have_text(["Chats"])
    expect(desk.dialog.locator("chat-tags [role=status]")).to_be_empty()


def test_what_is_written_before_the_answer_comes_stays_and_so_does_the_focus(service: Service, signed_in_page) -> None:
    agent, chat = make_agent_with_chat(service, "Where is it?")
    desk = Desk(signed_in_page(agent))
    desk.select("Jun")
    field = box(desk.dialog)
    held = hold(desk, f"/desk/demo/chat/{chat.pk}/tags/")
    field.fill("refund")
    field.press("Enter")
    field.fill("late")
    desk.chat.composer.focus()
    let_go(desk, held)
    expect(tags(desk.dialog)).to_have_text(["refund"])
    expect(field).to_have_value("late")
    expect(desk.chat.composer).to_be_focused()
    desk.dialog.get_by_role("button", name="Remove tag refund").press("Enter")
    expect(tags(desk.dialog)).to_have_count(0)
    expect(field).to_have_value("late")
    expect(field).to_be_focused()


def test_in_chat_history_a_tag_is_sent_once_and_the_page_stays(service: Service, signed_in_page) -> None:
    agent, chat = make_agent_with_chat(service, "Where is it?")
    page = signed_in_page(agent, f"/desk/demo/chat/{chat.pk}/history/")
    main, sent = page.locator("main"), []
    page.on("request", lambda request: sent.append(request) if request.url.endswith(f"/{chat.pk}/tags/") else None)
    main.evaluate("main => { main.dataset.same = 'yes' }")
    for name in ("refund", "late"):
        box(main).fill(name)
        box(main).press("Enter")
        expect(tags(main).get_by_text(name, exact=True)).to_be_visible()
        expect(box(main)).to_be_focused()
    assert len(sent) == 2
    expect(main).to_have_attribute("data-same", "yes")


def test_the_services_tags_are_offered(service: Service, signed_in_page) -> None:
    agent, chat = make_agent_with_chat(service, "Where is it?")
    other = make_chat(service, agent=agent, customer=make_customer(service, "Hana"), state=Chat.State.CLOSED)
    add_tag(agent, other.pk, "<refund>")
    page = signed_in_page(agent, f"/desk/demo/chat/{chat.pk}/history/")
    main = page.locator("main")
    expect(main.locator("datalist option")).to_have_count(0)  # nobody has wanted them
    box(main).focus()
    expect(main.locator("datalist option")).to_have_count(1)
    assert box(main).evaluate("box => [...box.list.options].map((option) => option.value)") == ["<refund>"]


def test_a_colleague_reads_them_and_finds_the_chat(service: Service, signed_in_page) -> None:
    agent, chat = make_agent_with_chat(service, "Where is it?")
    make_chat(service, agent=agent, customer=make_customer(service, "Hana"))
    add_tag(agent, chat.pk, "refund")
    page = signed_in_page(make_agent(service, "Theo"), "/desk/demo/chats/")
    expect(page.get_by_role("link", name="Hana")).to_be_visible()
    page.get_by_label("Tag", exact=True).select_option("refund")
    expect(page.get_by_role("link", name="Hana")).to_have_count(0)
    page.get_by_role("link", name="Jun").click()
    main = page.locator("main")
    expect(main.get_by_role("group", name="Tags")).to_have_text("refund")
    expect(main.get_by_placeholder("Add a tag")).to_have_count(0)
