"""Customers: a service's customers with search, and a customer's page; only with the contract's option."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents import audit
from agents.models import Agent, Service
from chat.block import Block
from chat.lifecycle.transitions import start_chat
from chat.people import listing
from chat.people.facts import correct
from contiple.base.errors import Conflict, Invalid
from helpcenter.models import Customer, PrivacyPolicy
from tests.chat.comings import come_online
from tests.make import make_agent, make_chat, make_customer, make_ticket
from tickets.answering.conversation import add_customer_answer
from tickets.lifecycle import Draft, create_ticket
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

CARD = "5137 2046 8093 1170"


@pytest.fixture(autouse=True)
def option(service: Service) -> None:
    service.contract.customer_information = True
    service.contract.save()


def listed(agent: Agent, text: str = "") -> list[str]:
    return [customer.name for customer in listing.page_for(agent, text).rows]


def page(customer: Customer, slug: str = "demo") -> str:
    return reverse("chat:customer", args=[slug, customer.pk])


def back(customer: Customer, **ago: int) -> Customer:
    Customer.objects.filter(pk=customer.pk).update(last_contact_at=timezone.now() - timedelta(**ago))
    return customer


def test_the_latest_contact_is_first(service, agent, sign_in) -> None:
    back(make_customer(service, "Older"), days=2)
    back(make_customer(service, "Oldest"), days=3)
    make_customer(service, "Newest")
    assert listed(agent) == ["Newest", "Older", "Oldest"]
    text = sign_in(agent).get(reverse("chat:customers", args=["demo"])).text
    assert text.index("Newest") < text.index("Older") < text.index("Oldest")
    assert 'aria-current="page"' in text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hana", ["Hana Kim"]),
        ("kim", ["Hana Kim"]),
        ("hana@", ["Hana Kim"]),
        ("hana@example.com", ["Hana Kim"]),
        ("m-77", ["Hana Kim"]),
        ("m-7", []),
        ("준호", ["김준호"]),
        ("김준", ["김준호"]),
        ("shop.example", ["김준호"]),
        ("it's & ! ' \\ :*", []),
        ("Nobody", []),
    ],
)
def test_a_text_finds_by_name_address_and_member_id(service, agent, text, found) -> None:
    make_customer(service, "Hana Kim", email="hana@example.com", member="m-77")
    make_customer(service, "김준호", email="junho@shop.example")
    make_customer(service, "Lee", email="lee@example.org")
    assert listed(agent, text) == found


def test_more_matches_than_few_are_looked_at_down_the_list(service, agent, monkeypatch) -> None:
    monkeypatch.setattr(listing, "FEW", 1)
    for number in range(3):
        make_customer(service, f"Kim {number}")
    assert listed(agent, "kim") == ["Kim 2", "Kim 1", "Kim 0"]


def test_personal_numbers_are_in_no_search(service, agent, sign_in) -> None:
    text = sign_in(agent).get(reverse("chat:customers", args=["demo"]), {"q": CARD}).text
    assert CARD not in text
    assert sign_in(agent).get(reverse("chat:customers", args=["demo"]), {"q": "a\0b"}).status_code == 200


def test_a_chat_an_inquiry_and_an_answer_are_contacts(service, agent) -> None:
    come_online(agent)
    jun = back(make_customer(service, "Jun", member="m-1"), days=9)
    start_chat(jun, policy=PrivacyPolicy.objects.filter(help_center__service=service)[0], language="en")
    assert Customer.objects.get(pk=jun.pk).last_contact_at > timezone.now() - timedelta(days=1)
    kim = back(make_customer(service, "Kim"), days=9)
    ticket = create_ticket(service, Draft(Ticket.Channel.HELP_CENTER, "Hello", requester=kim))
    assert Customer.objects.get(pk=kim.pk).last_contact_at > timezone.now() - timedelta(days=1)
    back(kim, days=9)
    add_customer_answer(ticket, "One more thing")
    assert Customer.objects.get(pk=kim.pk).last_contact_at > timezone.now() - timedelta(days=1)


def test_the_page_says_who_it_is_and_what_there_was(service, agent, customer, sign_in) -> None:
    chat = make_chat(service, customer=customer, state="closed", agent=agent)
    ticket = make_ticket(service, "A late parcel", requester=customer)
    assert "Blocked" not in sign_in(agent).get(page(customer)).text
    Block.objects.create(service=service, customer=customer, reason="Spam")
    text = sign_in(agent).get(page(customer)).text
    assert reverse("chat:history", args=["demo", chat.pk]) in text
    assert f"#{ticket.number} A late parcel" in text
    assert "Not verified: as the customer says" in text
    assert "For good" in text
    assert "Write a note" in text


def test_a_handful_beside_the_conversation_leads_to_all(service, agent, customer, sign_in) -> None:
    make_chat(service, customer=customer, state="closed")
    chat = make_chat(service, customer=customer, agent=agent)
    read = reverse("chat:history", args=["demo", chat.pk])
    link = f'href="{page(customer)}"'
    assert link in sign_in(agent).get(read).text
    service.contract.customer_information = False
    service.contract.save()
    assert link not in sign_in(agent).get(read).text


def test_name_and_address_are_corrected_on_record_without_the_words(service, agent, customer, sign_in) -> None:
    answer = sign_in(agent).post(page(customer), {"name": f"June {CARD}", "email": "june@example.com", "seen": ""})
    assert answer.status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.email) == ("June " + "*" * len(CARD), "june@example.com")
    entry = audit.trail(service, f"customer:{customer.pk}").get()
    assert (entry.action, entry.details, entry.actor) == ("customer.corrected", {"fields": ["email", "name"]}, "Mina")
    assert not correct(agent, customer, name=customer.name, email=customer.email)
    assert audit.trail(service, f"customer:{customer.pk}").count() == 1


@pytest.mark.parametrize(("name", "email"), [("", "a@example.com"), ("\u200b", ""), ("Jun", "no address"), ("a\0", "")])
def test_what_cannot_be_is_refused_with_what_was_typed(agent, customer, sign_in, name, email) -> None:
    answer = sign_in(agent).post(page(customer), {"name": name, "email": email})
    assert answer.status_code == 200
    assert 'aria-invalid="true"' in answer.text
    assert Customer.objects.get(pk=customer.pk).name == "Jun"
    with pytest.raises(Invalid):
        correct(agent, customer, name=name, email=email)


def test_an_outdated_form_is_refused(agent, customer) -> None:
    with pytest.raises(Conflict):
        correct(agent, customer, name="June", email="", seen='["Somebody","else@example.com"]')


def test_after_a_refusal_the_form_is_saved_as_it_stands(agent, customer, sign_in) -> None:
    browser = sign_in(agent)
    outdated = browser.get(page(customer)).context["form"]["seen"].value()
    Customer.objects.filter(pk=customer.pk).update(name="Juno")
    refused = browser.post(page(customer), {"name": "June", "email": "", "seen": outdated})
    assert "Someone else changed this" in refused.text
    form = refused.context["form"]
    again = {name: form[name].value() for name in ("name", "email", "seen")}
    assert browser.post(page(customer), again).status_code == 302
    assert Customer.objects.get(pk=customer.pk).name == "June"


def test_a_members_facts_come_from_the_site(service, agent, sign_in) -> None:
    member = make_customer(service, "Hana", member="m-1")
    browser = sign_in(agent)
    assert "Correct name or e-mail" not in browser.get(page(member)).text
    browser.post(page(member), {"name": "Mallory", "email": "mallory@example.com"})
    member.refresh_from_db()
    assert (member.name, member.email) == ("Hana", "jun@example.com")


def test_without_the_option_there_is_no_entry_and_no_page(service, agent, admin, customer, sign_in) -> None:
    place = reverse("chat:customers", args=["demo"])
    tickets = reverse("tickets:list", args=["demo"])
    assert place in sign_in(agent).get(tickets).text
    service.contract.customer_information = False
    service.contract.save()
    for person in (agent, admin):
        browser = sign_in(person)
        assert place not in browser.get(tickets).text
        assert browser.get(place).status_code == 404
        assert browser.get(page(customer)).status_code == 404
        assert browser.post(page(customer), {"name": "x", "email": ""}).status_code == 404
    assert Customer.objects.get(pk=customer.pk).name == "Jun"


def test_outsiders_former_agents_and_nobody_see_nothing(service, agent, customer, outsider, sign_in, client) -> None:
    outsider.service.contract.customer_information = True
    outsider.service.contract.save()
    browser = sign_in(outsider)
    for path in (reverse("chat:customers", args=["demo"]), page(customer), page(customer, "other")):
        assert browser.get(path).status_code == 404
        assert browser.post(path, {"name": "x", "email": ""}).status_code in {404, 405}
        assert client.get(path).status_code == 302
    assert "No customers match" in browser.get(reverse("chat:customers", args=["other"]), {"q": "Jun"}).text
    agent.is_active = False
    agent.save()
    assert sign_in(agent).get(page(customer)).status_code == 404
    assert Customer.objects.get(pk=customer.pk).name == "Jun"


def test_an_agent_without_the_chat_permission_reads_it_as_all_chats(service, customer, sign_in) -> None:
    writer = make_agent(service, "Nora", chat_permission=False)
    assert sign_in(writer).get(page(customer)).status_code == 200


def test_pages_cost_as_many_queries_however_many_there_are(service, agent, customer, sign_in) -> None:
    def queries(path: str, **query: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(path, query).status_code == 200
        return len(captured)

    browser, place = sign_in(agent), reverse("chat:customers", args=["demo"])
    asked = [(place, {}), (place, {"q": "jun"}), (page(customer), {})]
    for path, query in asked:
        queries(path, **query)
    few = [queries(path, **query) for path, query in asked]
    for number in range(20):
        make_customer(service, f"Jun {number}")
        make_chat(service, customer=customer, state="closed")
        make_ticket(service, requester=customer)
    assert [queries(path, **query) for path, query in asked] == few
