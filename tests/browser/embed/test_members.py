"""A shop vouches for its members: verified at the agent's, the same chat on every page, ended by the sign-out."""

from collections.abc import Callable

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Page, expect

from agents.models import Agent, Service
from chat.models import Chat
from helpcenter.members.models import MemberSession
from helpcenter.models import Customer
from tests.browser.embed.shop import Shop, center_of, frame_of, icon_of, opens
from tests.browser.windows import Desk, HelpCenter
from tests.make import make_agent
from tests.members import Site

IDENTIFIED = "<body>{line}<script>(window.ContipleChat ||= []).push((chat) => chat.identify(%s));</script></body>"
FORM = "form[data-stage=start]"


@pytest.fixture
def members(service: Service) -> Site:
    return Site(make_agent(service, "Ada", role=Agent.Role.ADMIN, chat_permission=False))


@pytest.fixture
def desk(service: Service, signed_in_page: Callable[..., Page]) -> Desk:
    return Desk(signed_in_page(make_agent(service, "Mina", online=True)))


def page_of(token: str) -> str:
    return IDENTIFIED % f'{{ token: "{token}" }}'


def start(page: Page) -> None:
    frame = opens(page)
    expect(frame.locator(FORM)).to_contain_text("You’re signed in as Hana Kim.")
    expect(frame.locator("input[name=name]")).to_have_count(0)
    frame.locator("textarea[name=message]").fill("Hello")
    frame.locator("input[name=agree]").check()
    frame.locator(f"{FORM} [type=submit]").click()
    expect(frame.locator("[data-stage=chat]")).to_be_visible()


def test_a_member_is_verified_and_known_on_the_next_page(members, site: Shop, visit, desk, console) -> None:
    page = visit(page_of(members.token()))
    start(page)
    desk.select("Hana Kim")
    expect(desk.page.get_by_text("Verified").first).to_be_visible()
    site.page = page_of(members.token()).replace("{line}", site.line())
    page.goto(f"{site.origin}/chairs")
    icon_of(page).click()
    expect(frame_of(page).locator("[data-stage=chat]")).to_contain_text("Hello")
    assert Customer.objects.get().member == "m-1"
    assert console == []


def test_the_code_on_the_page_gives_a_token_when_the_chat_is_opened(members, visit, mina, console) -> None:
    code = render_to_string("helpcenter/members/page.txt").split("// Where nobody")[0]
    page = visit(f"<body>{{line}}<script>{code}</script></body>")
    page.route("**/member-token", lambda route: route.fulfill(body=members.token("m-9")))
    start(page)
    assert Customer.objects.get().member == "m-9"
    assert console == []


def test_a_refused_token_is_told_to_the_developer_and_the_visitor_stays(members, visit, mina, console) -> None:
    page = visit(page_of(members.token(issued=1, expires=10)))
    opens(page)
    expect(frame_of(page).locator("input[name=name]")).to_be_visible()
    page.wait_for_function("() => true")
    while not console:
        page.wait_for_timeout(50)
    assert "the member token was refused. expired:" in " ".join(console)
    center_of(page).panel.locator("input[name=name]").fill("Jun")


def test_the_sign_out_ends_the_token_here(members, site: Shop, visit, desk) -> None:
    page = visit(page_of(members.token()))
    start(page)
    chat = Chat.objects.get()
    desk.select("Hana Kim")
    page.evaluate("ContipleChat.identify(null)")
    expect(frame_of(page).locator("input[name=name]")).to_be_visible()
    assert not MemberSession.objects.exists()
    chat.refresh_from_db()
    assert chat.is_open
    site.page = (IDENTIFIED % "null").replace("{line}", site.line())
    page.goto(f"{site.origin}/chairs")
    expect(icon_of(page)).to_be_visible()
    expect(page.locator("contiple-chat iframe")).to_have_count(0)


def test_the_next_page_signs_out_without_the_chat_being_opened(members, site: Shop, visit, mina) -> None:
    page = visit(page_of(members.token()))
    start(page)
    assert MemberSession.objects.exists()
    site.page = (IDENTIFIED % "null").replace("{line}", site.line())
    page.goto(f"{site.origin}/chairs")
    while MemberSession.objects.exists():
        page.wait_for_timeout(50)
    icon_of(page).click()
    expect(frame_of(page).locator("input[name=name]")).to_be_visible()


def test_another_tab_of_the_signed_out_member_shows_nothing_more(members, visit, desk) -> None:
    page = visit(page_of(members.token()))
    start(page)
    desk.select("Hana Kim")
    other = page.context.new_page()
    other.goto(page.url)
    icon_of(other).click()
    expect(frame_of(other).locator("[data-stage=chat]")).to_contain_text("Hello")
    page.evaluate("ContipleChat.identify(null)")
    expect(frame_of(other).locator("input[name=name]")).to_be_visible()
    expect(frame_of(other).get_by_text("Hello", exact=True)).to_have_count(0)


def test_the_help_center_knows_the_member_in_its_chat(members, server, service, new_page, mina) -> None:
    page = new_page()
    page.goto(f"{server.origin}/hc/demo/member/?token={members.token()}")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    center = center_of_help(page)
    expect(center.locator(FORM)).to_contain_text("You’re signed in as Hana Kim.")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
    assert not MemberSession.objects.exists()
    page.goto(f"{server.origin}/hc/demo/")
    expect(center_of_help(page).locator("input[name=name]")).to_be_visible()


def center_of_help(page: Page):
    center = HelpCenter(page)
    if not page.locator("chat-launcher iframe").is_visible():
        center.open()
    return center.panel
