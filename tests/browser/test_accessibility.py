"""Every page in every state of it: no violation that axe-core finds, in light and dark, and no scrolling sideways."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import axe_playwright_python
import pytest
from django.core.management import call_command
from django.db.models.functions import Now
from django.utils import timezone
from playwright.sync_api import Frame, Page, expect

from agents.models import Agent, Contract, Service, ServiceMailbox
from chat.alerts import DeskNotice
from chat.conversation import desk_notices
from chat.models import Chat, Lease
from chat.people import notes
from helpcenter.models import Article
from tests.agents.test_second_factor import give_app, give_passkey
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.rows import make_agent_with_chat, make_looks
from tests.browser.windows import SLOW_MILLISECONDS, Desk, HelpCenter
from tests.chat import categories
from tests.chat.canned import own
from tests.chat.reports.worlds import make_world
from tests.helpcenter.rows import make_article, make_category
from tests.make import PASSWORD, make_agent, make_chat, make_customer, make_message, make_ticket
from tests.tickets.mail.corpus import mail
from tickets.answering.conversation import add_customer_answer
from tickets.answering.links import secret_of
from tickets.answering.replies import Reply, send_reply
from tickets.lifecycle import add_comment
from tickets.mail.incoming import receive
from tickets.models import Ticket, TicketTarget
from tickets.triage.groups import save_group
from tickets.triage.merging import merge

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
CARD = "4111 1111 1111 1111"
# Light on a desk, dark on a phone: both themes and both layouts, in two runs.
LOOKS = [("light", DESKTOP), ("dark", PHONE)]


class Checks:
    """Looks at one state after the other, and says at the end what was wrong with any of them."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def look_at(self, page: Page, state: str, frame: Frame | None = None) -> None:
        for scheme, size in LOOKS:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.set_viewport_size(size)
            name = f"{state} ({scheme}, {size['width']} px)"
            for shown in (frame or page, page):
                self._scrolls_sideways(shown, name)
            self._axe(frame or page, name)
        page.set_viewport_size(DESKTOP)

    def _scrolls_sideways(self, shown: Page | Frame, name: str) -> None:
        wide = shown.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        if wide[0] > wide[1]:
            self.problems.append(f"{name}: {wide[0]} px wide in {wide[1]} px")

    def _axe(self, shown: Page | Frame, name: str) -> None:
        if not shown.evaluate("'axe' in window"):
            shown.evaluate(AXE)
        found = shown.evaluate("axe.run(document, { resultTypes: ['violations'], iframes: false })")
        for rule in found["violations"]:
            for node in rule["nodes"]:
                why = json.dumps(node["any"][:1] and node["any"][0]["message"], ensure_ascii=False)
                self.problems.append(f"{name}: {rule['id']}: {' '.join(map(str, node['target']))}: {why}")


@pytest.fixture
def checks():
    checks = Checks()
    yield checks
    assert not checks.problems, "\n".join(checks.problems)


@pytest.fixture
def demo(transactional_db) -> None:
    call_command("demo", verbosity=0)


@pytest.fixture
def ada(demo) -> Agent:
    return Agent.objects.get(user__email="ada@demo.example")


def test_pages_for_everybody(new_page: Callable[..., Page], checks: Checks, demo):
    page = new_page("/sign-in/")
    checks.look_at(page, "sign-in")
    page.get_by_label("E-mail").fill("nobody@example.com")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    checks.look_at(page, "sign-in refused")
    for path in ("/password/reset/", "/hc/nowhere/"):
        page.goto(path)
        checks.look_at(page, path)


def test_the_help_center(new_page: Callable[..., Page], checks: Checks, demo):
    article = Article.objects.filter(category__help_center__service__slug="demo").first()
    paths = [
        "",
        f"articles/{article.pk}/",
        "search/?q=refund",
        "search/?q=xyzzy",
        "privacy/",
        "contact/",
        "contact/sent/",
        "articles/999999/",
    ]
    page = new_page()
    for path in paths:
        page.goto(f"/hc/demo/{path}")
        checks.look_at(page, f"help center {path}")
    page.goto("/hc/demo/contact/")
    page.get_by_label("Message").fill(CARD)
    expect(page.get_by_text("What looks like a card number")).to_be_visible()
    checks.look_at(page, "help center contact with a card number")
    page.get_by_role("button", name="Send").evaluate("button => { button.form.noValidate = true; button.click() }")
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()
    checks.look_at(page, "help center contact refused")
    page.context.clear_cookies(name="csrftoken")
    page.get_by_role("button", name="Send").evaluate("button => { button.form.noValidate = true; button.click() }")
    expect(page.get_by_role("button", name="Send again")).to_be_visible()
    checks.look_at(page, "out of date")
    korean = new_page(locale="ko-KR")
    for path in ("", "search/?q=환불", "contact/"):
        korean.goto(f"/hc/demo/{path}")
        expect(korean.locator("html")).to_have_attribute("lang", "ko")
        checks.look_at(korean, f"help center {path} in Korean")


def test_an_invitation(signed_in_page: Callable[..., Page], new_page: Callable[..., Page], checks: Checks, ada: Agent):
    admin = signed_in_page(ada, "/desk/demo/agents/")
    form = admin.locator("#invite form")
    form.get_by_label("E-mail").fill("new.person@example.com")
    form.get_by_role("button").click()
    expect(admin.locator("#invitation-link")).to_be_visible()
    checks.look_at(admin, "invitation made")
    link = admin.locator("#invitation-link").input_value()
    invited = new_page()
    for path in (link.partition("/invitation/")[2], "nonsense/"):
        invited.goto(f"/invitation/{path}")
        checks.look_at(invited, f"invitation {path[:8]}")


def test_pages_of_the_desk(signed_in_page: Callable[..., Page], checks: Checks, ada: Agent):
    page = signed_in_page(ada, None)
    theo = Agent.objects.get(user__email="theo@demo.example")
    by_hand, of_chat = (Ticket.objects.filter(chat=None).first(), Ticket.objects.exclude(chat=None).first())
    ServiceMailbox.objects.create(service=ada.service, address="help@shop.example")
    for at, text in enumerate(("x", "Away until Monday")):
        raw = mail(text, Message_ID=f"<{at}@x>", Auto_Submitted="auto-replied" if at else "no")
        receive(raw, size=len(raw), now=timezone.now())
    add_comment(ada, by_hand, "Card 4111 1111 1111 1111, company 220-81-62517")  # masked, and offered to be masked
    note = notes.add(ada, of_chat.requester, "Prefers mornings")
    twin = make_customer(ada.service, email=of_chat.requester.email).pk
    paths = [
        "/services/",
        "/password/",
        "/desk/demo/tickets/",
        "/desk/demo/tickets/?q=xyzzy",
        "/desk/demo/tickets/new/",
        f"/desk/demo/tickets/{by_hand.number}/",
        f"/desk/demo/tickets/{by_hand.number}/destroy/",
        f"/desk/demo/chat/{of_chat.chat_id}/history/",
        f"/desk/demo/chat/{of_chat.chat_id}/destroy/",
        "/desk/demo/chats/",
        "/desk/demo/chats/?q=xyzzy",
        "/desk/demo/customers/",
        "/desk/demo/customers/?q=xyzzy",
        f"/desk/demo/customers/{of_chat.requester_id}/",
        f"/desk/demo/customers/{of_chat.requester_id}/merge/",
        f"/desk/demo/customers/{of_chat.requester_id}/merge/?q=xyzzy",
        f"/desk/demo/customers/{of_chat.requester_id}/merge/?with={twin}",
        f"/desk/demo/customers/{of_chat.requester_id}/notes/",
        f"/desk/demo/customers/{of_chat.requester_id}/notes/{note.pk}/",
        "/desk/demo/contract/",
        "/desk/demo/chat/settings/",
        "/desk/demo/chat/check/",
        "/desk/demo/chat/hours/",
        "/desk/demo/chat/queues/",
        "/desk/demo/chat/queues/new/",
        "/desk/demo/chat/categories/",
        "/desk/demo/chat/categories/new/",
        "/desk/demo/chats/export/?outcome=processed",
        "/desk/demo/start/",
        "/desk/demo/canned/templates/",
        "/desk/demo/help-center/articles/templates/",
        "/desk/demo/help-center/",
        "/desk/demo/help-center/policy-versions/",
        "/desk/demo/help-center/articles/",
        "/desk/demo/help-center/articles/new/",
        "/desk/demo/mail/",
        "/desk/demo/agents/",
        f"/desk/demo/agents/{theo.pk}/",
        "/desk/demo/masking/record/",
        "/desk/demo/masking/",
        "/desk/demo/masking/patterns/new/",
        "/desk/demo/nothing/",
    ]
    for path in paths:
        page.goto(path)
        checks.look_at(page, path)
    page.goto(f"/desk/demo/tickets/{of_chat.number}/?menu=history")
    expect(page.locator("chat-history .message").first).to_be_visible()
    checks.look_at(page, "ticket with its chat history")


def test_reports(signed_in_page: Callable[..., Page], checks: Checks, service, agent: Agent, admin: Agent):
    page = signed_in_page(admin, "/desk/demo/reports/chat/")
    checks.look_at(page, "a report without chats")
    since = timezone.now() - timedelta(days=6)
    make_world(service, [agent], [], seed=1, since=since, days=6, number=12)
    for language in ("en-US", "ko-KR"):
        page = signed_in_page(admin, None, locale=language)
        for grouping in ("day", "week", "agent"):
            page.goto(f"/desk/demo/reports/chat/?by={grouping}")
            checks.look_at(page, f"report by {grouping} in {language}")
    page.locator(".report-definition summary").first.press("Enter")
    expect(page.locator(".report-definition[open] p")).to_be_visible()
    checks.look_at(page, "a definition")


def test_mails_that_became_no_ticket(signed_in_page: Callable[..., Page], checks: Checks, service, admin):
    ServiceMailbox.objects.create(service=service, address="help@shop.example")
    for at, words in enumerate(("Away until Monday", "부재중입니다. 12월 1일에 돌아옵니다.")):
        raw = mail(words, Subject=f"Out of office: {words * 5}", Message_ID=f"<{at}@x>", Auto_Submitted="auto-replied")
        receive(raw, size=len(raw), now=timezone.now())
    for language in ("en-US", "ko-KR"):
        page = signed_in_page(admin, "/desk/demo/mail/", locale=language)
        checks.look_at(page, f"incoming e-mail, {language}")
        for opened in page.locator("tbody summary").all():
            opened.click()
        checks.look_at(page, f"incoming e-mail with its words, {language}")


def test_the_conversation_of_a_ticket(signed_in_page, new_page: Callable[..., Page], checks: Checks, service, admin):
    ticket = make_ticket(
        service, body="It never came", requester=make_customer(service), assignee=admin, state="pending"
    )
    send_reply(admin, ticket, Reply("We look for it"))
    add_customer_answer(ticket, "Thank you")
    make_ticket(service, requester=make_customer(service, email=""))
    secret = secret_of(ticket, now=timezone.now())
    for language in ("en-US", "ko-KR"):
        desk = signed_in_page(admin, "/desk/demo/tickets/1/", locale=language)
        checks.look_at(desk, f"a reply being written in {language}")
        desk.locator("[data-part=kinds] [value=comment]").check(force=True)
        checks.look_at(desk, f"a comment being written in {language}")
        desk.goto("/desk/demo/tickets/2/")
        desk.locator("[data-part=kinds] [value=reply]").check(force=True)
        checks.look_at(desk, f"nobody to reply to in {language}")
        page = new_page(f"/inquiry/demo/{secret}/", locale=language)
        checks.look_at(page, f"the customer's page in {language}")
        page.goto("/inquiry/demo/forged/")
        checks.look_at(page, f"a dead link in {language}")


def test_tickets_that_are_due_grouped_and_merged(signed_in_page, checks: Checks, service, admin):
    TicketTarget.objects.create(service=service, priority="urgent", answer_minutes=15)
    group = save_group(admin, None, name="Billing", members=[admin])
    save_group(admin, None, name="Nobody’s", members=[])
    jun, past = make_customer(service), timezone.now()
    make_ticket(service, priority="urgent", answer_due_at=past, due_at=past, requester=jun, group=group)
    make_ticket(service, priority="low", requester=jun, assignee=admin, state="pending")
    merged = make_ticket(service, body="It never came", requester=jun, assignee=admin, state="pending")
    merge(admin, merged, Ticket.objects.get(number=2))
    for language in ("en-US", "ko-KR"):
        page = signed_in_page(admin, "/desk/demo/tickets/", locale=language)
        page.locator("[name=ticket]").first.check()
        checks.look_at(page, f"selected tickets in {language}")
        for path in (
            "tickets/?due=overdue",
            "tickets/1/",
            "tickets/2/",
            "tickets/3/",
            "tickets/1/merge/",
            "tickets/1/merge/?into=2",
            "tickets/3/merge/",
            "ticket-settings/",
            f"ticket-settings/groups/{group.pk}/",
            f"ticket-settings/groups/{group.pk}/delete/",
        ):
            page.goto(f"/desk/demo/{path}")
            checks.look_at(page, f"{path} in {language}")


def test_the_settings_of_chat_refused(signed_in_page: Callable[..., Page], checks: Checks, ada: Agent):
    page = signed_in_page(ada, "/desk/demo/chat/settings/")
    page.get_by_label("End of a silent chat").fill("1")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[aria-invalid=true]")).to_have_count(1)
    expect(page.get_by_text("The end must come after the reminder.")).to_be_visible()
    checks.look_at(page, "settings of chat refused")
    page.get_by_label("End of a silent chat").fill("20")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()


def test_the_record_of_unmasking(signed_in_page: Callable[..., Page], checks: Checks, service, admin: Agent):
    make_looks(service, admin)
    for language in ("en-US", "ko-KR"):
        page = signed_in_page(admin, "/desk/demo/masking/record/", locale=language)
        expect(page.locator(".notice li")).to_have_count(1)
        expect(page.locator("#record-results tbody tr")).to_have_count(16)
        checks.look_at(page, f"record of unmasking in {language}")
    page.goto("/desk/demo/masking/record/?customer=xyzzy")
    checks.look_at(page, "record of unmasking, nothing found")


def test_the_rules_of_masking(signed_in_page: Callable[..., Page], checks: Checks, ada: Agent):
    page = signed_in_page(ada, "/desk/demo/masking/")
    page.get_by_label("Sample text").fill("4111 1111 1111 1111, CVC 123, 123-45-67891")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("mark")).to_have_count(3)
    checks.look_at(page, "masking tried")
    page.get_by_role("combobox", name="Card security code Original").select_option("Keep original")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_visible()
    checks.look_at(page, "masking asked twice")
    page.goto("/desk/demo/masking/patterns/new/")
    page.get_by_label("Word or pattern", exact=True).fill("Heron")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("[aria-invalid=true]")).to_be_visible()
    checks.look_at(page, "word refused")
    page.get_by_label("Sample text").fill("On Heron")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("mark")).to_have_count(1)
    checks.look_at(page, "word tried")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    checks.look_at(page, "masking with a word")
    page.get_by_role("link", name="Heron").click()
    expect(page.get_by_role("button", name="Delete")).to_be_visible()
    checks.look_at(page, "word to edit")
    Contract.objects.update(security_service=False)
    page.goto("/desk/demo/masking/")
    checks.look_at(page, "masking without Security Service")


def test_two_step_verification(signed_in_page: Callable[..., Page], new_page, checks: Checks, service, admin: Agent):
    for language in ("en-US", "ko-KR"):
        admin.user.refresh_from_db()  # the server hashes the tests' passwords anew
        page = signed_in_page(admin, "/two-step/app/", locale=language)
        checks.look_at(page, f"confirm by password in {language}")
        page.locator("[name=password]").fill(PASSWORD)
        page.locator(".single-card form button").click()
        expect(page.locator(".qr svg")).to_be_visible()
        checks.look_at(page, f"app in {language}")
        for path in ("/two-step/", "/two-step/passkeys/new/", "/desk/demo/agents/two-step/"):
            page.goto(path)
            checks.look_at(page, f"{path} in {language}")
    give_passkey(admin.user)
    give_app(admin.user)
    admin.user.refresh_from_db()
    Service.objects.update(second_factor="all")
    page = signed_in_page(admin, "/two-step/")
    checks.look_at(page, "factors")
    page = signed_in_page(admin, "/two-step/app/")
    checks.look_at(page, "confirm by a factor")
    page = new_page("/sign-in/")
    page.get_by_label("E-mail").fill(admin.user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("[aria-invalid=true]")).to_be_visible()
    checks.look_at(page, "wrong code")


def test_pages_of_the_desk_in_korean(signed_in_page: Callable[..., Page], checks: Checks, ada: Agent):
    page = signed_in_page(ada, None, locale="ko-KR")
    masking = ("masking/", "masking/patterns/new/", "masking/record/")
    for path in (
        "tickets/",
        "chats/",
        "customers/",
        "contract/",
        "chat/settings/",
        "chat/check/",
        "chat/hours/",
        "chat/queues/",
        "chat/categories/",
        "chats/export/",
        "help-center/",
        "agents/",
        *masking,
    ):
        page.goto(f"/desk/demo/{path}")
        checks.look_at(page, f"{path} in Korean")
    desk = Desk(page)
    desk.open()
    checks.look_at(page, "dialog in Korean")


def test_the_chat_dialog(signed_in_page: Callable[..., Page], checks: Checks, service):
    categories.make_category(service, "Order › Delivery")
    mina = make_agent(service, "Mina", online=True)
    page = signed_in_page(mina)
    desk = Desk(page)
    desk.open()
    checks.look_at(page, "dialog empty")
    ringing = make_chat(service, agent=mina, state=Chat.State.RINGING)
    make_message(ringing, "Is anybody there?")
    chat = make_chat(service, agent=mina)
    for author in ("customer", "agent", "customer"):
        make_message(chat, "Look at https://shop.example/ please, or 4111", author=author)
    make_message(chat, "", author="system", event="joined", name="Mina")
    page.reload()
    checks.look_at(page, "dialog with a ringing chat")
    desk.list.locator(".chat-entry[data-state=active]").click()
    expect(desk.chat.composer).to_be_visible()
    desk.mask_text(desk.chat.bodies.first, "please")
    expect(desk.chat.masks).to_have_count(1)
    checks.look_at(page, "dialog with a chat")
    desk.chat.masks.click()
    expect(desk.chat.masks).to_have_text("please")
    checks.look_at(page, "dialog with an open mask")
    desk.tool("follow-up").click()
    expect(desk.popup.get_by_label("Subject")).to_be_visible()
    checks.look_at(page, "ticket form in the dialog")
    desk.popup.get_by_role("button", name="Create Ticket").click()
    expect(desk.popup.get_by_role("link", name="Ticket #1")).to_be_visible()
    checks.look_at(page, "ticket made in the dialog")
    desk.tool("dismiss").first.click()
    desk.tool("end").click()
    expect(desk.popup).to_contain_text("End this chat?")
    checks.look_at(page, "end dialog")
    desk.popup.get_by_role("button", name="End chat").click()
    expect(desk.chat.composer).to_be_hidden()
    checks.look_at(page, "dialog with an ended chat")


def test_what_the_dialog_tells(signed_in_page: Callable[..., Page], checks: Checks, service):
    for language in ("en-US", "ko-KR"):
        mina, chat = make_agent_with_chat(service, "Where is it?", customer=f"Jun {language}")
        Agent.objects.filter(pk=mina.pk).update(chat_limit=1)
        Chat.objects.filter(pk=chat.pk).update(customer_waits_since=Now() - timedelta(hours=1), unread=1)
        for kind in DeskNotice.Kind:
            desk_notices.tell([mina], make_chat(service).pk, kind, by=mina)
        page = signed_in_page(mina, locale=language)
        desk = Desk(page)
        expect(desk.count("waiting")).to_be_visible()
        checks.look_at(page, f"widget with numbers in {language}")
        desk.open()
        desk.queue.locator("summary").click()
        expect(desk.queue.locator(".queue-row").first).to_be_visible()
        expect(desk.list.locator("[data-level=over]")).to_have_count(1)
        checks.look_at(page, f"queue and notices in {language}")
        desk.dialog.locator(".alerts > summary").click()
        checks.look_at(page, f"alerts in {language}")


def test_the_chat_of_customers(signed_in_page, new_page: Callable[..., Page], checks: Checks, service):
    center = HelpCenter(new_page("/hc/demo/"))
    page = center.page
    center.open()
    expect(center.stage("absent")).to_be_visible()
    checks.look_at(page, "chat absent", center.frame)
    center.fold()

    desk = Desk(signed_in_page(make_agent(service, "Mina", online=True, chat_limit=1)))
    expect(desk.list).to_contain_text("No chats right now")
    HelpCenter(new_page("/hc/demo/")).start(name="First")
    center.open()
    expect(center.stage("start")).to_be_visible()
    checks.look_at(page, "chat start", center.frame)
    center.panel.locator("[type=submit]").click()
    expect(center.panel.locator("[aria-invalid=true]").first).to_be_visible()
    checks.look_at(page, "chat start refused", center.frame)
    center.fill(name="Jun Park", message="Hello, where is https://shop.example/ ?")
    center.agree_and_start()
    expect(center.panel.get_by_text("Your place in the queue: 1")).to_be_visible()
    checks.look_at(page, "chat waiting", center.frame)

    desk.select("First")
    desk.tool("end").click()
    desk.popup.get_by_role("button", name="End chat").click()
    desk.select("Jun Park")
    desk.chat.write("Hello Jun")
    expect(center.chat.body("Hello Jun")).to_be_visible()
    desk.mask_text(desk.chat.body("where is"), "where")
    expect(center.chat.masks).to_have_count(1)
    center.chat.composer.fill(CARD)
    checks.look_at(page, "chat active", center.frame)
    center.panel.locator("[data-part=more] summary").click()
    checks.look_at(page, "chat menu", center.frame)
    desk.tool("ask-evaluation").click()
    evaluation = center.panel.locator("[data-part=evaluation]")
    expect(evaluation).to_be_visible()
    evaluation.locator("[data-action=evaluate-later]").click()
    checks.look_at(page, "evaluation put away", center.frame)
    center.panel.locator(".customer-chat-header [data-action=end]").click()
    checks.look_at(page, "chat end dialog", center.frame)
    center.panel.locator("dialog[open] [data-action=confirm]").click()
    expect(center.panel.get_by_text("This chat has ended.")).to_be_visible()
    evaluation.locator("[data-action=evaluate]").click()
    evaluation.locator("[type=radio]").nth(3).check()
    checks.look_at(page, "chat closed, evaluation chosen", center.frame)
    evaluation.locator("[type=submit]").click()
    expect(evaluation.get_by_text("Thank you")).to_be_visible()
    checks.look_at(page, "chat closed, evaluation given", center.frame)
    expect(desk.customer).to_contain_text("Good (4/5)")
    checks.look_at(desk.page, "evaluation in the dialog")
    desk.page.goto("/desk/demo/chats/")
    checks.look_at(desk.page, "evaluation in Chat History")


def test_canned_responses_and_shortcuts(signed_in_page: Callable[..., Page], checks: Checks, service):
    mina, _chat = make_agent_with_chat(service, "Hello")
    desk = Desk(signed_in_page(mina, "/desk/demo/canned/"))
    checks.look_at(desk.page, "no canned responses")
    response = own(mina, "hello", "Hello {customer}")
    for path in ("", "?q=xyzzy", "new/", f"{response.pk}/", f"{response.pk}/remove/"):
        desk.page.goto(f"/desk/demo/canned/{path}")
        checks.look_at(desk.page, f"canned responses {path}")
    desk.select("Jun")
    desk.chat.composer.press_sequentially("/")
    expect(desk.dialog.get_by_role("option")).to_have_count(1)
    checks.look_at(desk.page, "canned responses in the composer")
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("Alt+/")
    expect(desk.popup).to_be_visible()
    checks.look_at(desk.page, "shortcuts")


def test_the_chat_of_a_customer_whom_nobody_answers(new_page: Callable[..., Page], checks: Checks, service):
    mina = make_agent(service, "Mina", online=True)
    Lease.objects.create(agent=mina, expires_at=Now() + timedelta(hours=1))
    center = HelpCenter(new_page("/hc/demo/"))
    center.start(name="Jun Park", email="", message="Hello")
    Lease.objects.filter(agent=mina).delete()
    expect(center.panel.get_by_text("Agents is absent")).to_be_visible(timeout=SLOW_MILLISECONDS)
    center.panel.locator("[data-action=inquire]").click()
    expect(center.panel.get_by_label("E-mail")).to_be_visible()
    checks.look_at(center.page, "chat absent while waiting", center.frame)
    center.panel.get_by_label("E-mail").fill("jun@example.com")
    center.panel.locator("[data-action=inquire]").click()
    expect(center.panel.get_by_text("Its number is #1.")).to_be_visible()
    checks.look_at(center.page, "chat that became an inquiry", center.frame)


def test_signed_in_devices(signed_in_page: Callable[..., Page], checks: Checks, ada: Agent):
    page = signed_in_page(ada, "/sessions/")
    theo = Agent.objects.get(user__email="theo@demo.example")
    signed_in_page(theo, "/services/")
    for path in ("/sessions/", f"/desk/demo/agents/{theo.pk}/sessions/"):
        page.goto(path)
        checks.look_at(page, path)


def test_articles_that_are_suggested(new_page: Callable[..., Page], checks: Checks, service):
    make_article(make_category(service), en=("When will my parcel arrive?", "In **two days**. " * 200))
    make_agent(service, "Mina", online=True)
    Lease.objects.create(agent=Agent.objects.get(), expires_at=Now() + timedelta(minutes=10))
    center = HelpCenter(new_page("/hc/demo/"))
    page = center.page
    center.open()
    center.stage("start").locator("[name=message]").press_sequentially("Where is my parcel?")
    link = center.panel.locator("suggested-articles a")
    expect(link).to_be_visible()
    checks.look_at(page, "article offered", center.frame)
    link.click()
    center.panel.get_by_role("button", name="Yes").scroll_into_view_if_needed()
    checks.look_at(page, "article in the chat", center.frame)
    center.panel.get_by_role("button", name="Yes").click()
    expect(center.panel.get_by_text("Glad that helped!")).to_be_visible()
    checks.look_at(page, "article that helped", center.frame)
    page.goto("/hc/demo/contact/")
    page.get_by_label("Subject").press_sequentially("Parcel")
    expect(page.locator("suggested-articles a")).to_be_visible()
    checks.look_at(page, "article offered beside an inquiry")
    page.locator("suggested-articles a").click()
    expect(page.get_by_role("button", name="Yes")).to_be_visible()
    checks.look_at(page, "article over an inquiry")
