"""What a customer has had before stands beside the conversation; what only bears the same address stands apart."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents.models import Agent, Service
from chat.evaluation import Evaluation
from chat.models import Chat
from chat.people.past import SHOWN, SHOWN_APART, beside
from helpcenter.models import Customer
from tests.make import make_chat, make_customer, make_message, make_ticket

pytestmark = pytest.mark.django_db

APART = "Same address, not proved"
FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def jun(service: Service) -> Customer:
    return make_customer(service, email="jun@example.com", token_hash="a" * 64)


@pytest.fixture
def chat(service: Service, agent: Agent, jun: Customer) -> Chat:
    return make_chat(service, customer=jun, agent=agent)


def closed(customer: Customer, **fields) -> Chat:
    return make_chat(customer.service, customer=customer, state="closed", **fields)


def read(browser: Client, chat: Chat) -> tuple[str, str]:
    """The page in Chat History, and what the dialog has."""
    page = browser.get(reverse("chat:history", args=[chat.service.slug, chat.pk]))
    part = browser.get(reverse("chat:conversation", args=[chat.service.slug, chat.pk]), headers=FETCH)
    assert (page.status_code, part.status_code) == (200, 200)
    return page.text, part.text


def test_chats_and_follow_ups_of_this_customer_are_listed_with_state_and_evaluation(
    service, agent, jun, chat, sign_in
) -> None:
    before = closed(jun, agent=agent)
    make_message(before, "Good day", author="agent")
    Evaluation.objects.create(chat=before, score=4, seq=1, given_at=timezone.now())
    ticket = make_ticket(service, "A late parcel", requester=jun)
    for text in read(sign_in(agent), chat):
        assert reverse("chat:history", args=["demo", before.pk]) in text
        assert "Chat with Mina" in text
        assert "Processed" in text
        assert "★★★★☆" in text
        assert f"#{ticket.number} A late parcel" in text
        assert "Unassigned" in text
        assert APART not in text


def test_a_conversation_does_not_list_itself(jun, chat, agent, sign_in) -> None:
    for text in read(sign_in(agent), chat):
        assert 'data-part="past"' not in text


def test_whoever_only_bears_the_address_stands_apart(service, agent, jun, chat, sign_in) -> None:
    other = make_customer(service, "Mallory", email="JUN@example.com", token_hash="b" * 64)
    theirs = closed(other)
    make_ticket(service, "From a form", requester=make_customer(service, "Jun", email="jun@example.com"))
    past = beside(chat)
    assert past.own == []
    assert {one.url for one in past.apart} == {
        reverse("chat:history", args=["demo", theirs.pk]),
        reverse("tickets:detail", args=["demo", 1]),
    }
    for text in read(sign_in(agent), chat):
        assert APART in text
        assert "Past contacts" not in text


def test_a_claim_never_joins_a_verified_customer(service, agent, sign_in) -> None:
    member = make_customer(service, "Hana", email="hana@example.com", member="m-1")
    claim = make_customer(service, "Hana", email="hana@example.com", token_hash="c" * 64)
    of_member, of_claim = closed(member), make_chat(service, customer=claim, agent=agent)
    earlier = closed(member)
    assert [one.url for one in beside(earlier).own] == [reverse("chat:history", args=["demo", of_member.pk])]
    assert [one.url for one in beside(earlier).apart] == [reverse("chat:history", args=["demo", of_claim.pk])]
    assert beside(of_claim).own == []
    verified, _ = read(sign_in(agent), earlier)
    claimed, _ = read(sign_in(agent), of_claim)
    assert "Verified: signed in on your site" in verified
    assert "Not verified: as the customer says" in claimed


def test_no_address_is_nobody_elses(service, agent, chat) -> None:
    closed(make_customer(service, "Kim", email=""))
    nameless = make_chat(service, customer=make_customer(service, "Lee", email=""), agent=agent)
    assert beside(nameless)[:2] == ([], [])


def test_nothing_of_another_service_is_listed(agent, jun, chat, outsider, sign_in) -> None:
    twin = make_customer(outsider.service, email="jun@example.com")
    closed(twin)
    make_ticket(outsider.service, "Elsewhere", requester=twin)
    assert beside(chat)[:2] == ([], [])
    assert sign_in(outsider).get(reverse("chat:history", args=["demo", chat.pk])).status_code == 404


def test_a_handful_is_shown_by_three_queries_however_many_there_are(service, agent, jun, chat, sign_in) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(reverse("chat:conversation", args=["demo", chat.pk]), headers=FETCH)
        return len(captured)

    browser = sign_in(agent)
    queries()
    none = queries()
    other = make_customer(service, email="jun@example.com")
    for _each in range(SHOWN + 2):
        closed(jun)
        closed(other)
        make_ticket(service, requester=jun)
    assert queries() == none
    with CaptureQueriesContext(connection) as captured:
        past = beside(chat)
    assert len(captured) == 3
    assert (len(past.own), len(past.apart)) == (SHOWN, SHOWN_APART)
    assert [one.at for one in past.own] == sorted((one.at for one in past.own), reverse=True)
