"""Pages of chat link to what the app above makes of a chat; if none is registered, they work without these links."""

import pytest
from django.test import Client
from django.urls import reverse

from agents import audit
from chat import follow_ups
from chat.conversation.frames import status_frame
from chat.follow_ups import FollowUps, registered
from chat.lifecycle.trail import chat_trail
from chat.models import Chat
from tests.make import make_chat, make_ticket

pytestmark = pytest.mark.django_db

FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def nothing_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow_ups, "_registered", [FollowUps()])


@pytest.fixture
def chat(service, agent) -> Chat:
    return make_chat(service, agent=agent)


def desk_pages(browser: Client, chat: Chat) -> list[str]:
    """Chat History, the conversation on a page of its own, and in the dialog."""
    answers = [
        browser.get(reverse("chat:chats", args=["demo"])),
        browser.get(reverse("chat:history", args=["demo", chat.pk])),
        browser.get(reverse("chat:conversation", args=["demo", chat.pk]), headers=FETCH),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    return [answer.content.decode() for answer in answers]


def customer_pages(service) -> list[str]:
    """The panel while nobody is Online, and what stands under chats that wait, were offered an inquiry, have ended."""
    answer = Client().get(reverse("chat:panel", args=["demo"]))
    assert answer.status_code == 200
    chats = [
        make_chat(service),
        make_chat(service, inquiry_offer="waited"),
        make_chat(service, state="closed", closed_by="timeout"),
    ]
    return [answer.content.decode(), *(status_frame(chat, "en", place=1).html for chat in chats)]


def test_pages_of_the_desk_offer_a_follow_up(agent, chat, sign_in) -> None:
    browser = sign_in(agent)
    overview, history, dialog = desk_pages(browser, chat)
    create = reverse("tickets:create_from_chat", args=["demo", chat.pk])
    assert ">Ticket</th>" in overview
    assert create not in overview
    assert create in history
    assert create in dialog
    end = browser.get(reverse("chat:end", args=["demo", chat.pk])).content.decode()
    assert "You can still create a ticket from this chat." in end


def test_pages_of_the_desk_link_to_the_follow_up(service, agent, chat, sign_in) -> None:
    ticket = make_ticket(service, chat=chat)
    overview, history, _dialog = desk_pages(sign_in(agent), chat)
    detail = reverse("tickets:detail", args=["demo", ticket.number])
    assert f'href="{detail}?menu=history">#1</a>' in overview
    assert f'href="{detail}"' in history
    assert "Ticket #1" in history


def test_pages_of_the_desk_work_without_follow_ups(service, agent, chat, sign_in, nothing_registered) -> None:
    make_ticket(service, chat=chat)
    for html in desk_pages(sign_in(agent), chat):
        # The navigation above and the scripts below are the whole desk's.
        content = (html.partition("<main")[2] or html).partition("</main>")[0]
        assert "ticket" not in content.lower().replace("/tickets/", "")
        assert 'data-action="follow-up"' not in html


def test_pages_of_the_customer_link_to_the_inquiry_form(service) -> None:
    pages = customer_pages(service)
    assert f'href="{reverse("tickets:contact", args=["demo"])}"' in pages[0]
    assert all(f'action="{reverse("chat:leave_inquiry", args=["demo"])}"' in html for html in pages[1:])
    assert f'data-contact-url="{reverse("tickets:contact_from_chat", args=["demo"])}"' in pages[0]


def test_pages_of_the_customer_work_without_an_inquiry_form(service, nothing_registered) -> None:
    for html in customer_pages(service):
        assert "/contact/" not in html
        content = html.partition("<body")[2] or html  # the stylesheets above are the whole help center's
        assert "inquiry" not in content.lower().replace("data-inquiry", "")


def test_the_trail_has_the_words_of_the_app_above(service, agent, chat, monkeypatch) -> None:
    audit.record(service, "chat.ticket_created", chat.subject, agent=agent, number=7)
    assert [line.text for line in chat_trail(chat)] == ["Mina created ticket #7."]
    monkeypatch.setattr(follow_ups, "_registered", [FollowUps()])
    assert [line.text for line in chat_trail(chat)] == ["chat.ticket_created"]


def test_follow_ups_of_many_chats_are_one_query(service, chat, django_assert_num_queries) -> None:
    chats = [chat, *(make_chat(service) for _ in range(5))]
    numbers = {each.pk: make_ticket(service, chat=each).number for each in chats[:3]}
    with django_assert_num_queries(1):
        made = registered().made_from(chats)
    assert {pk: follow_up.label for pk, follow_up in made.items()} == {pk: f"#{n}" for pk, n in numbers.items()}
