"""A member reads earlier chats again: the own ones that have ended, masked, without notes; nobody else does."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents.models import Agent
from chat.customer.views_earlier import PAGE_SIZE
from chat.models import Chat, ChatFile
from helpcenter.customers import link_token, register_customer
from helpcenter.members import sessions
from helpcenter.models import Customer
from tests.chat.files import PDF, read_as_customer, send_as_customer
from tests.chat.test_customer_views import post
from tests.make import make_agent, make_chat, make_customer, make_message
from tests.members import Site

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(admin: Agent) -> Site:
    return Site(admin)


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True)


def session(site: Site, member: str = "m-1") -> str:
    """The token of the member's session in the chat, after consent."""
    browser = Client()
    answer = post(browser, "identify", {"token": site.token(member), "session": sessions.new_token()})
    token = answer.headers["X-Chat-Token"]
    sessions.consented(sessions.session_of(site.service, token), token, language="en")
    return token


def member_of(site: Site, member: str = "m-1") -> Customer:
    return Customer.objects.get(service=site.service, member=member)


def ended(customer: Customer, *lines: str, days: int = 0, **fields) -> Chat:
    at = timezone.now() - timedelta(days=days)
    chat = make_chat(customer.service, customer=customer, state="closed", created_at=at, closed_at=at, **fields)
    for line in lines:
        make_message(chat, line)
    return chat


def shown(answer) -> list[int]:
    return [int(pk) for pk in re.findall(r'data-url="/hc/demo/chat/past/(\d+)/"', answer.text)]


def read(browser: Client, chat: Chat, token: str = "", data: dict | None = None, slug: str = "demo"):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return browser.post(reverse("chat:past_chat", args=[slug, chat.pk]), data or {}, headers=headers)


def test_a_member_lists_what_has_ended_the_latest_first(browser, site, service) -> None:
    token = session(site)
    hana = member_of(site)
    mina = make_agent(service, "Mina")
    old = ended(hana, "Where is my parcel?", days=3, agent=mina)
    new = ended(hana, "Thanks", days=1)
    make_chat(service, customer=hana)
    answer = post(browser, "past_chats", token=token)
    assert shown(answer) == [new.pk, old.pk]
    assert "Where is my parcel?" in answer.text
    assert "Mina" in answer.text
    assert "no-store" in answer["Cache-Control"]
    assert shown(post(browser, "past_chats", {"chat": new.pk}, token=token)) == [old.pk]
    assert "No earlier chats" in post(browser, "past_chats", token=session(site, "m-2")).text


def test_a_chat_is_read_as_it_is_masked_and_without_notes(browser, site) -> None:
    token = session(site)
    chat = ended(member_of(site), "My card is ****")
    make_message(chat, "A difficult one", author="agent", internal=True)
    answer = read(browser, chat, token)
    assert answer.status_code == 200
    assert "My card is ****" in answer.text
    assert "A difficult one" not in answer.text
    assert 'data-reader="customer"' in answer.text


def test_a_long_chat_is_read_page_by_page(browser, site) -> None:
    token = session(site)
    chat = ended(member_of(site), *[f"Line {number}." for number in range(60)])
    page = read(browser, chat, token)
    assert "Line 59." in page.text
    assert "Line 9." not in page.text
    before = re.search(r'data-seq="(\d+)"', page.text)[1]
    assert "Line 9." in read(browser, chat, token, {"before": before}).text
    assert read(browser, chat, token, {"before": "x"}).status_code == 400


def test_the_list_goes_on_page_by_page(browser, site) -> None:
    token = session(site)
    hana = member_of(site)
    chats = [ended(hana, days=days).pk for days in range(PAGE_SIZE + 3)]
    first = post(browser, "past_chats", token=token)
    with CaptureQueriesContext(connection) as queries:
        rest = post(browser, "past_chats", {"before": re.search(r'data-before="([\d-]+)"', first.text)[1]}, token=token)
    assert shown(first) + shown(rest) == chats
    assert "<dialog" not in rest.text
    assert "data-before" not in rest.text
    assert len(queries) < 10


def test_nobody_unverified_reads_anything(browser, site, service) -> None:
    hana = member_of(site) if session(site) else None
    chat = ended(hana, "Hello")
    jun, token = register_customer(service, name="Hana Kim", email="hana@example.com", language="en")
    own = ended(jun, "Hello")
    for bearer in ["", token, link_token(hana), link_token(jun), "member-x"]:
        assert post(browser, "past_chats", token=bearer).status_code == 404, bearer
        for each in (chat, own):
            assert read(browser, each, bearer).status_code == 404


def test_no_other_member_or_service_reads_it(browser, site, outsider) -> None:
    token = session(site)
    chat = ended(member_of(site), "Hello")
    open_chat = make_chat(site.service, customer=member_of(site))
    claimed = ended(make_customer(site.service, "Hana Kim", email="hana@example.com"), "Hello")
    assert read(browser, chat, token).status_code == 200
    assert read(browser, open_chat, token).status_code == 404
    assert read(browser, claimed, token).status_code == 404
    assert read(browser, chat, session(site, "m-2")).status_code == 404
    assert read(browser, chat, token, slug="other").status_code == 404
    assert post(browser, "past_chats", token=token, slug="other").status_code == 404


def test_a_session_that_has_ended_reads_nothing(browser, site) -> None:
    token = session(site)
    chat = ended(member_of(site), "Hello")
    post(browser, "member_sign_out", token=token)
    assert read(browser, chat, token).status_code == 404
    assert post(browser, "past_chats", token=token).status_code == 404


def test_the_files_of_past_chats_open_by_a_session_alone(browser, site) -> None:
    token = session(site)
    hana = member_of(site)
    first = make_chat(site.service, customer=hana)
    sent = send_as_customer(browser, first, token, PDF)
    assert sent.status_code in {200, 201}, sent.content
    Chat.objects.filter(pk=first.pk).update(state="closed", closed_at=timezone.now())
    file = ChatFile.objects.get()
    assert read_as_customer(browser, first, link_token(hana), file.pk).status_code == 200
    make_chat(site.service, customer=hana)
    assert "note" in read(browser, first, token).text
    assert read_as_customer(browser, first, token, file.pk).status_code == 200
    assert read_as_customer(browser, first, session(site, "m-2"), file.pk).status_code == 404
    assert read_as_customer(browser, first, link_token(hana), file.pk).status_code == 404
