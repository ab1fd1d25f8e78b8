"""An inquiry instead of a chat: it takes along what was written, and the chat gives up its place in the queue."""

import re
import uuid
from functools import partial

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from agents.models import AuditEntry, Service
from chat.conversation import message_masks, messages
from chat.masking import selections
from chat.models import Chat, Message, Ring
from helpcenter.customers import register_customer
from helpcenter.models import Customer, PrivacyPolicy
from tests.agents.race import at_once as race
from tests.chat.comings import make_ringing, new_id
from tests.leaks.browser import value_of
from tests.make import make_chat, make_message
from tickets.customer import chat_inquiries
from tickets.customer.chat_inquiries import chat_of_pass, pass_of, words_of
from tickets.customer.inquiries import Inquiry, leave_inquiry
from tickets.lifecycle import create_from_chat
from tickets.models import TEXT_LENGTH_MAX, Ticket

pytestmark = pytest.mark.django_db

URL = "/hc/demo/contact/"
FROM_CHAT = "/hc/demo/contact/from-chat/"
TEXT = "Where is my parcel?"


@pytest.fixture
def client() -> Client:
    """Of a customer: without a session, and forged requests are refused where they can be made."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def known(service: Service) -> tuple[Customer, str]:
    return register_customer(service, name="Hana", email="hana@example.com", language="en")


@pytest.fixture
def chat(service, known) -> Chat:
    """Hana's, waiting, with two messages."""
    chat = make_chat(service, customer=known[0])
    make_message(chat, TEXT)
    make_message(chat, "It is late.")
    return chat


@pytest.fixture
def policy(service) -> PrivacyPolicy:
    return PrivacyPolicy.objects.get(help_center__service=service, language="en")


def from_chat(client: Client, path: str = FROM_CHAT, origin: str | None = "", **data: str):
    from django.conf import settings

    headers = {} if origin is None else {"Origin": origin or settings.PUBLIC_ORIGIN}
    return client.post(path, data, headers=headers)


def written(html: str) -> str:
    """What the Message box holds."""
    return re.search(r'<textarea name="message"[^>]*>\n(.*?)</textarea>', html, re.DOTALL)[1]


def pass_in(html: str) -> str:
    found = re.search(r'name="chat" value="([^"]*)"', html)
    return found[1] if found else ""


def inquiry(policy: PrivacyPolicy, **changed: str) -> dict:
    return {
        "name": "Hana",
        "email": "hana@example.com",
        "subject": "My parcel",
        "message": f"{TEXT}\nIt is late.",
        "website": "",
        "policy": str(policy.pk),
        "consent": "on",
        "request_id": str(uuid.uuid4()),
    } | changed


def send(data: dict, path: str = URL):
    return Client().post(path, data)


# What is taken along


def test_the_form_has_what_the_customer_wrote_and_what_was_typed_since(client, chat, known) -> None:
    make_message(chat, "One moment", author="agent")

    answer = from_chat(client, token=known[1], message="and now\r\nI go")

    html = answer.content.decode()
    assert answer.status_code == 200
    assert written(html) == "Where is my parcel?\nIt is late.\nand now\nI go"
    assert 'value="Hana"' in html
    assert 'value="hana@example.com"' in html
    assert value_of("subject", html) == "Where is my parcel?"
    assert "Your chat keeps its place in the queue while you write." in html
    assert "no-store" in answer["Cache-Control"]


def test_what_was_typed_before_any_chat_has_a_subject_as_well(client, service) -> None:
    html = from_chat(client, message="\nMy parcel is late\nOrder 7").content.decode()

    assert value_of("subject", html) == "My parcel is late"


def test_it_is_taken_along_as_it_stands_masked(client, service, chat, known) -> None:
    messages.send_as_customer(chat, body="My card is 4539 1488 0343 6467", client_id=new_id())

    html = from_chat(client, token=known[1]).content.decode()

    assert "4539" not in html
    assert "My card is ****" in written(html)


def test_opening_the_form_changes_nothing(client, chat, known) -> None:
    from_chat(client, token=known[1])

    chat.refresh_from_db()
    assert chat.state == Chat.State.WAITING
    assert not Ticket.objects.exists()
    assert not AuditEntry.objects.exists()


def test_the_newest_is_taken_along_where_all_is_too_much(chat) -> None:
    for number in range(5):
        make_message(chat, f"{number} " + "x" * 3000)

    words = words_of(chat, typed="last")

    assert len(words) <= TEXT_LENGTH_MAX
    assert words.startswith("3 xxx")
    assert words.endswith("x\nlast")


def test_notes_and_other_people_s_words_are_not_the_customer_s(chat, agent, service) -> None:
    make_message(chat, "a note", author="agent", internal=True)
    make_message(make_chat(service), "of another chat")

    assert words_of(chat, typed="") == "Where is my parcel?\nIt is late."


@pytest.mark.parametrize("token", ["", "wrong", "x" * 5000])
def test_without_the_right_token_there_is_only_what_was_typed(client, chat, token) -> None:
    html = from_chat(client, token=token, message="typed", name="Jun", email="jun@example.com").content.decode()

    assert written(html) == "typed"
    assert 'value="Jun"' in html
    assert 'value="jun@example.com"' in html
    assert pass_in(html) == ""
    assert TEXT not in html
    assert "Hana" not in html


def test_a_token_of_another_service_opens_nothing_here(client, chat, known, outsider) -> None:
    html = from_chat(client, "/hc/other/contact/from-chat/", token=known[1]).content.decode()

    assert pass_in(html) == ""
    assert TEXT not in html


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
def test_another_site_can_not_fill_the_form(client, chat, known, origin) -> None:
    assert from_chat(client, origin=origin, token=known[1], message="buy").status_code == 404


def test_nothing_of_it_goes_into_an_address(client, chat, known) -> None:
    assert client.get(f"{FROM_CHAT}?token={known[1]}").status_code == 405


def test_a_stopped_service_and_none_are_not_found(client, service, chat, known) -> None:
    Service.objects.update(is_stopped=True)
    assert from_chat(client, token=known[1]).status_code == 404
    assert from_chat(client, "/hc/nowhere/contact/from-chat/").status_code == 404


def test_without_a_policy_there_is_no_form(client, service, outsider) -> None:
    PrivacyPolicy.objects.all().delete()
    assert "the privacy policy hasn’t been published" in from_chat(client, message="x").content.decode()


def test_markup_in_what_was_typed_is_text(client, service) -> None:
    html = from_chat(client, message="</textarea><script>alert(1)</script>", name='"><b>').content.decode()
    assert "<script>alert" not in html
    assert "<b>" not in html


# When it is sent


def test_the_inquiry_ends_the_chat_that_waits_and_has_it_in_its_quick_menu(client, chat, known, policy) -> None:
    html = from_chat(client, token=known[1]).content.decode()

    answer = send(inquiry(policy, chat=pass_in(html)))

    ticket = Ticket.objects.get()
    chat.refresh_from_db()
    assert answer.url.startswith("/hc/demo/contact/sent/?inquiry=1%3A")
    assert (chat.state, chat.closed_by) == (Chat.State.CLOSED, Chat.ClosedBy.CUSTOMER)
    assert list(chat.messages.exclude(event="").values_list("event", flat=True)) == ["inquiry", "left_queue"]
    assert (ticket.chat, ticket.channel, ticket.state) == (chat, Ticket.Channel.HELP_CENTER, Ticket.State.UNASSIGNED)
    assert ticket.body == f"{TEXT}\nIt is late."
    assert [tag.name for tag in ticket.tags.all()] == ["Chat"]
    made = AuditEntry.objects.get(action="chat.ticket_created", subject=chat.subject)
    assert (made.actor, made.details) == ("customer", {"number": ticket.number})


def test_one_that_rings_ends_too_and_stops_ringing(agent, known, policy) -> None:
    chat = make_ringing(agent, customer=known[0])

    send(inquiry(policy, chat=pass_of(chat)))

    chat.refresh_from_db()
    assert chat.state == Chat.State.CLOSED
    assert chat.rings.get().outcome == Ring.Outcome.CLOSED


def test_a_chat_that_an_agent_has_opened_meanwhile_goes_on(agent, known, policy) -> None:
    chat = make_chat(agent.service, agent=agent, customer=known[0])

    send(inquiry(policy, chat=pass_of(chat)))

    chat.refresh_from_db()
    assert (chat.state, chat.agent) == (Chat.State.ACTIVE, agent)
    assert Ticket.objects.get().chat == chat


def test_a_refused_form_keeps_the_chat_and_what_was_typed(chat, policy) -> None:
    answer = send(inquiry(policy, chat=pass_of(chat), subject=""))

    html = answer.content.decode()
    chat.refresh_from_db()
    assert answer.status_code == 400
    assert chat.state == Chat.State.WAITING
    assert written(html) == f"{TEXT}\nIt is late."
    assert chat_of_pass(chat.service, pass_in(html)) == chat
    assert "Your chat keeps its place in the queue" in html


def test_past_the_limit_of_an_address_the_chat_goes_on(chat, policy, settings, monkeypatch) -> None:
    from tickets.customer import inquiries

    limit = inquiries.throttle.Limit("inquiry address", 0, inquiries.limits.HOUR)
    monkeypatch.setattr(inquiries.limits, "INQUIRY_BY_NETWORK", limit)

    answer = send(inquiry(policy, chat=pass_of(chat)))

    chat.refresh_from_db()
    assert (answer.status_code, chat.state) == (429, Chat.State.WAITING)
    assert not Ticket.objects.exists()


def test_a_form_sent_twice_makes_one_ticket_and_one_end(chat, policy) -> None:
    data = inquiry(policy, chat=pass_of(chat))

    for _ in range(2):
        assert send(data).status_code == 302

    assert Ticket.objects.count() == 1
    assert Message.objects.filter(chat=chat, event="inquiry").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_many_times_at_once_makes_one_ticket_and_one_end(chat, policy) -> None:
    sent = Inquiry(
        name="Hana",
        email="hana@example.com",
        language="en",
        subject="My parcel",
        body="x",
        policy=policy,
        request_id=uuid.uuid4(),
        address="192.0.2.7",
        now=timezone.now(),
    )

    tickets = race(*[partial(leave_inquiry, chat.service, sent, chat=chat)] * 6)

    assert {ticket.pk for ticket in tickets} == {Ticket.objects.get().pk}
    assert Message.objects.filter(chat=chat, event="inquiry").count() == 1


def test_a_second_inquiry_from_the_same_chat_is_a_ticket_of_its_own(chat, policy) -> None:
    for _ in range(2):
        send(inquiry(policy, chat=pass_of(chat)))

    assert sorted(Ticket.objects.values_list("chat", flat=True), key=bool) == [None, chat.pk]


@pytest.mark.parametrize("forged", ["1", "x:y:z", "\0", ""])
def test_without_a_pass_an_inquiry_is_an_inquiry(chat, policy, forged) -> None:
    assert send(inquiry(policy, chat=forged)).status_code == 302

    chat.refresh_from_db()
    assert chat.state == Chat.State.WAITING
    assert Ticket.objects.get().chat is None


def test_a_pass_signed_for_something_else_is_none(chat) -> None:
    assert chat_of_pass(chat.service, signing.dumps(chat.pk, salt="another")) is None


def test_a_pass_runs_out(chat, monkeypatch) -> None:
    made = pass_of(chat)
    monkeypatch.setattr(chat_inquiries, "PASS_LASTS_S", -1)
    assert chat_of_pass(chat.service, made) is None


def test_a_pass_of_another_service_is_none_here(chat, outsider, policy) -> None:
    theirs = make_chat(outsider.service)

    send(inquiry(policy, chat=pass_of(theirs)))

    theirs.refresh_from_db()
    assert theirs.state == Chat.State.WAITING
    assert Ticket.objects.get().chat is None


def test_a_machine_ends_no_chat(chat, policy) -> None:
    assert send(inquiry(policy, chat=pass_of(chat), website="https://spam.example")).status_code == 302

    chat.refresh_from_db()
    assert chat.state == Chat.State.WAITING


def test_what_an_agent_masked_is_masked_in_the_inquiry_before_and_after(agent, known, policy) -> None:
    chat = make_chat(agent.service, agent=agent, customer=known[0])
    first = make_message(chat, "I live in Mapo-gu 12")
    second = make_message(chat, "My door code is 9921")
    html = pass_of(chat)
    message_masks.mask_selection(agent, chat.pk, [selections.Selection(first.seq, first.rev, 10, 20)])

    send(inquiry(policy, chat=html, message="I live in Mapo-gu 12\nMy door code is 9921"))
    assert Ticket.objects.get().body == "I live in **********\nMy door code is 9921"

    message_masks.mask_selection(agent, chat.pk, [selections.Selection(second.seq, second.rev, 16, 20)])
    assert Ticket.objects.get().body == "I live in **********\nMy door code is ****"


def test_a_second_inquiry_repeats_nothing_that_was_masked_since_its_form_was_shown(agent, known, policy) -> None:
    """It is no ticket of the chat's, and the form is older than the mask."""
    chat = make_chat(agent.service, agent=agent, customer=known[0])
    said = make_message(chat, "I live in Mapo-gu 12")
    shown = pass_of(chat)
    create_from_chat(agent, chat, subject="A call")
    message_masks.mask_selection(agent, chat.pk, [selections.Selection(said.seq, said.rev, 10, 20)])

    send(inquiry(policy, chat=shown, subject="Mapo-gu 12", message="I live in Mapo-gu 12"))
    second = Ticket.objects.get(chat=None)
    assert (second.subject, second.body) == ("**********", "I live in **********")


def test_the_end_leaves_the_queue_to_the_others(chat, policy, service) -> None:
    from chat.routing.queue import queue_place

    behind = make_chat(service)
    assert queue_place(behind) == 2

    send(inquiry(policy, chat=pass_of(chat)))

    assert queue_place(behind) == 1
