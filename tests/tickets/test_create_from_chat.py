import pytest

from agents.models import Agent, AuditEntry
from tests.make import make_agent, make_chat, make_customer, make_message, make_service
from tickets.lifecycle import create_from_chat, set_state, suggested_subject
from tickets.models import Tag, Ticket


@pytest.fixture
def chat(service, agent, customer):
    return make_chat(service, customer=customer, agent=agent)


@pytest.fixture
def url(chat):
    return f"/desk/demo/chat/{chat.pk}/ticket/"


def test_it_is_filled_in_from_the_chat(agent, customer, chat):
    make_message(chat, "Hello!", author="agent")
    make_message(chat, "My order\n  has not ******", author="customer")
    make_message(chat, "Where is it?")
    ticket = create_from_chat(agent, chat)
    assert ticket.subject == "My order has not ******"
    assert (ticket.requester, ticket.assignee, ticket.chat, ticket.created_by) == (customer, agent, chat, agent)
    assert (ticket.state, ticket.channel) == (Ticket.State.PROCESSING, Ticket.Channel.CHAT)


def test_before_the_customer_wrote_anything_the_subject_is_whose_chat_it_is(chat):
    assert suggested_subject(chat) == "Chat with Jun"


def test_a_long_first_message_is_cut_to_what_a_subject_holds(agent, chat):
    make_message(chat, "가" * 500)
    subject = create_from_chat(agent, chat).subject
    assert len(subject) == 160
    assert subject.endswith("…")


def test_it_carries_the_chat_tag(agent, chat):
    tag = create_from_chat(agent, chat).tags.get()
    assert (tag.name, tag.is_system) == ("Chat", True)


def test_a_tag_that_was_there_before_becomes_the_systems(agent, chat):
    Tag.objects.create(service=agent.service, name="chat")
    create_from_chat(agent, chat)
    assert Tag.objects.get(service=agent.service).is_system


def test_the_chats_trail_tells_of_it(agent, chat):
    ticket = create_from_chat(agent, chat)
    entry = AuditEntry.objects.get(subject=chat.subject, action="chat.ticket_created")
    assert entry.details == {"number": ticket.number}


def test_a_second_time_finds_the_first_ticket(agent, colleague, chat):
    first = create_from_chat(agent, chat, subject="First")
    assert create_from_chat(colleague, chat, subject="Second") == first
    assert (Ticket.objects.count(), first.subject, first.assignee) == (1, "First", agent)
    assert AuditEntry.objects.filter(action="ticket.created").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_agents_at_the_same_moment_make_one_ticket(at_once):
    service = make_service("demo")
    agents = [make_agent(service) for _ in range(8)]
    chat = make_chat(service, customer=make_customer(service), agent=agents[0])
    numbers = at_once(lambda index: create_from_chat(agents[index], chat).number)
    assert numbers == [1] * 8
    assert (Ticket.objects.count(), Tag.objects.count()) == (1, 1)
    assert AuditEntry.objects.filter(action="chat.ticket_created").count() == 1
    service.refresh_from_db()
    assert service.last_ticket_number == 1


def test_chats_of_a_service_share_one_tag(service, agent, chat):
    create_from_chat(agent, chat)
    create_from_chat(agent, make_chat(service, state="closed"))
    assert Tag.objects.filter(service=service).count() == 1


# The view


def test_the_form_shows_the_suggestion_and_takes_what_the_agent_made_of_it(agent, chat, url, sign_in):
    make_message(chat, "Hi there")
    client = sign_in(agent)
    assert 'value="Hi there"' in client.get(url).content.decode()
    answer = client.post(url, {"subject": "Late parcel", "body": "Sent on Monday"})
    ticket = Ticket.objects.get()
    assert (ticket.subject, ticket.body) == ("Late parcel", "Sent on Monday")
    assert answer.status_code == 302
    assert answer.url == f"/desk/demo/tickets/{ticket.number}/"


def test_looking_at_the_form_makes_nothing(agent, url, sign_in):
    sign_in(agent).get(url)
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, {"X-Requested-With": "fetch"}])
def test_for_the_dialog_it_is_a_fragment(agent, url, sign_in, headers):
    client = sign_in(agent)
    assert "<html" not in client.get(url, headers=headers).content.decode()
    answer = client.post(url, {"subject": "Late parcel"}, headers=headers)
    assert "Ticket #1" in answer.content.decode()
    assert "<html" not in answer.content.decode()
    assert "ticket-created" in answer["HX-Trigger"]


def test_a_chat_that_has_its_ticket_answers_with_the_link(agent, chat, url, sign_in):
    create_from_chat(agent, chat)
    page = sign_in(agent).get(url, headers={"HX-Request": "true"}).content.decode()
    assert "Ticket #1" in page
    assert "/desk/demo/tickets/1/" in page
    assert "<form" not in page


def test_a_double_click_makes_one_ticket_and_both_get_the_same_answer(agent, url, sign_in):
    client = sign_in(agent)
    answers = [client.post(url, {"subject": "Late parcel"}, headers={"HX-Request": "true"}) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert Ticket.objects.count() == 1


def test_a_refused_form_keeps_what_was_typed(agent, url, sign_in):
    page = sign_in(agent).post(url, {"subject": " ", "body": "Long story"}, headers={"HX-Request": "true"})
    assert "Long story" in page.content.decode()
    assert "field-errors" in page.content.decode()
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_outsider_and_strangers_find_nothing(outsider, url, sign_in, client, method):
    assert getattr(sign_in(outsider), method)(url, {"subject": "Mine"}).status_code == 404
    other = url.replace("/demo/", "/other/")
    assert getattr(sign_in(outsider), method)(other, {"subject": "Mine"}).status_code == 404
    assert getattr(client, method)(url, {"subject": "Mine"}).status_code == 302
    assert not Ticket.objects.exists()


def test_it_takes_the_chat_permission_or_an_admin(service, admin, chat, url, sign_in):
    mere = make_agent(service, "Noor", chat_permission=False)
    assert sign_in(mere).post(url, {"subject": "a"}).status_code == 404
    assert not Ticket.objects.exists()
    assert sign_in(admin).post(url, {"subject": "a"}).status_code == 302


def test_a_closed_contract_leaves_it_to_admins(service, agent, admin, url, sign_in):
    service.contract.chat = False
    service.contract.save(update_fields=["chat"])
    assert sign_in(agent).post(url, {"subject": "a"}).status_code == 404
    assert sign_in(admin).post(url, {"subject": "a"}).status_code == 302


def test_a_closed_chat_becomes_a_ticket_as_well(service, agent, sign_in):
    chat = make_chat(service, state="closed")
    assert sign_in(agent).post(f"/desk/demo/chat/{chat.pk}/ticket/", {"subject": "a"}).status_code == 302


def test_an_agent_who_was_removed_finds_nothing(agent, url, sign_in):
    client = sign_in(agent)
    Agent.objects.filter(pk=agent.pk).update(is_active=False)
    assert client.post(url, {"subject": "a"}).status_code == 404


def test_the_chats_ticket_may_be_resolved_by_its_agent(agent, chat):
    ticket = create_from_chat(agent, chat)
    set_state(agent, ticket, "resolved")
    ticket.refresh_from_db()
    assert ticket.state == "resolved"
