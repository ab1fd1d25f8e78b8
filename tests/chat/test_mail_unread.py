"""What an agent writes to a customer who is gone is mailed: only what is unread, masked, and each message once."""

import re
from datetime import timedelta
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.db.models import F
from django.utils import timezone

from agents.models import Agent, Service
from agents.outbox import outcomes
from agents.outbox.models import OutgoingMail
from chat.abuse import limits
from chat.conversation import message_masks
from chat.conversation.entries import latest_page
from chat.conversation.rendering import message_html
from chat.lifecycle.transitions import close_chat
from chat.lifecycle.unread_mails import mail_unread
from chat.masking import selections
from chat.models import Chat, ChatMail, ChatSettings, MailWait, Message
from chat.routing.chat_settings import change_chat_settings
from tests.agents.race import at_once
from tests.chat.comings import be_here, leave, new_id
from tests.mails import delivered
from tests.make import make_agent, make_chat, make_customer, make_message, make_service, send_as_agent

pytestmark = pytest.mark.django_db
WORDS = "Your parcel left this morning."


@pytest.fixture
def chat(agent: Agent) -> Chat:
    """Jun's, with Mina. Jun's page was closed a while ago."""
    chat = make_chat(agent.service, agent=agent, customer=make_customer(agent.service))
    leave(chat=chat, ago_s=120)
    return chat


def write(chat: Chat, body: str = WORDS, *, minutes_ago: float = 6) -> Message:
    message = send_as_agent(chat, chat.agent, body=body, client_id=new_id())
    pass_minutes(minutes_ago)
    return message


def pass_minutes(minutes: float) -> None:
    """Everything that was written and awaited so far was so many minutes earlier."""
    Message.objects.update(created_at=F("created_at") - timedelta(minutes=minutes))
    MailWait.objects.update(due_at=F("due_at") - timedelta(minutes=minutes))


def read(chat: Chat, seq: int) -> None:
    Chat.objects.filter(pk=chat.pk).update(customer_received=seq, customer_read=seq)


def configure(service: Service, **values) -> None:
    ChatSettings.objects.filter(service=service).update(**values)


def mails() -> list[mail.EmailMultiAlternatives]:
    """Everything that was mailed so far; what is due is posted and delivered first."""
    mail_unread()
    return delivered()


def events(chat: Chat, *, notes: bool = True) -> list[str]:
    return [entry.event for entry in latest_page(chat, notes=notes) if entry.event]


def test_what_was_written_to_a_customer_who_is_gone_is_mailed(chat) -> None:
    write(chat)

    [sent] = mails()

    assert sent.to == [chat.customer.email]
    assert sent.subject == "New messages from Demo help"
    assert WORDS in sent.body
    assert "Mina" in sent.body
    [(html, _type)] = sent.alternatives
    assert WORDS in html


def test_it_is_mailed_in_the_language_of_the_chat(chat) -> None:
    Chat.objects.filter(pk=chat.pk).update(language="ko")
    write(chat)

    [sent] = mails()

    assert sent.subject == "Demo 고객센터에서 새 메시지가 도착했습니다"


def test_nothing_is_mailed_before_the_minutes_are_over(chat) -> None:
    write(chat, minutes_ago=4)

    assert mails() == []
    pass_minutes(1.1)
    assert len(mails()) == 1


def test_nothing_is_mailed_if_the_customer_has_read_it(chat) -> None:
    message = write(chat)
    read(chat, message.seq)
    mail_unread()

    assert not OutgoingMail.objects.exists()
    assert not MailWait.objects.exists()


def test_nothing_is_mailed_while_a_page_of_the_customer_is_open(chat) -> None:
    be_here(chat=chat)
    write(chat)

    assert mails() == []
    leave(chat=chat, ago_s=61)
    pass_minutes(1.1)
    assert len(mails()) == 1


def test_a_page_that_is_loaded_again_is_no_reason_for_a_mail(chat) -> None:
    leave(chat=chat, ago_s=5)
    write(chat)

    assert mails() == []


def test_several_messages_are_one_mail_and_none_is_mailed_twice(chat) -> None:
    first = write(chat, "First.", minutes_ago=0)
    read(chat, first.seq)
    write(chat, "Second.", minutes_ago=0)
    write(chat, "Third.")

    [sent] = mails()
    assert "First." not in sent.body
    assert sent.body.index("Second.") < sent.body.index("Third.")

    write(chat, "Fourth.")
    [_sent, later] = mails()
    assert "Third." not in later.body
    assert "Fourth." in later.body


def test_after_a_mail_the_minutes_are_counted_anew(chat) -> None:
    write(chat)
    mails()
    write(chat, "Second.", minutes_ago=0)
    MailWait.objects.update(due_at=F("due_at") - timedelta(minutes=6))

    assert len(mails()) == 1
    assert MailWait.objects.get().due_at > timezone.now() + timedelta(minutes=4)


def test_what_came_meanwhile_is_in_the_mail_too(chat) -> None:
    write(chat, "First.", minutes_ago=6)
    write(chat, "Just now.", minutes_ago=0)

    [sent] = mails()

    assert "Just now." in sent.body


def test_what_is_read_before_the_mail_leaves_is_not_mailed(chat) -> None:
    message = write(chat)
    mail_unread()
    read(chat, message.seq)

    assert delivered() == []
    assert events(chat) == []


def test_it_is_masked_as_it_is_when_it_leaves(chat, agent) -> None:
    message = write(chat, "Card 4111 1111 1111 1111, and ask for Rosebud.")
    mail_unread()
    start = message.body.index("Rosebud")
    selection = selections.Selection(message.seq, message.rev, start, start + 7)
    message_masks.mask_selection(agent, chat.pk, [selection])

    [sent] = delivered()

    content = sent.body + sent.alternatives[0][0]
    assert "4111" not in content
    assert "Rosebud" not in content
    assert "ask for *" in content


def test_the_customers_own_words_notes_and_events_are_not_mailed(chat, agent) -> None:
    from chat.conversation import messages

    messages.append_note(Chat.objects.get(pk=chat.pk), agent, "Between us.")
    messages.append_event(Chat.objects.get(pk=chat.pk), "joined", name="Mina")
    pass_minutes(6)

    assert mails() == []
    assert not MailWait.objects.exists()


def test_a_customer_without_an_address_is_not_waited_for(agent) -> None:
    chat = make_chat(agent.service, agent=agent, customer=make_customer(agent.service, email=""))
    write(chat)

    assert not MailWait.objects.exists()
    assert mails() == []


def test_a_service_may_switch_it_off(chat) -> None:
    write(chat)
    configure(chat.service, mail_unread=False)

    assert mails() == []
    assert not MailWait.objects.exists()
    write(chat)
    assert not MailWait.objects.exists()


def test_it_is_on_by_itself_even_if_nobody_has_opened_the_settings(chat) -> None:
    ChatSettings.objects.all().delete()
    write(chat)

    assert len(mails()) == 1


def test_the_minutes_are_those_of_the_service(chat) -> None:
    configure(chat.service, mail_unread_minutes=30)
    write(chat, minutes_ago=29)

    assert mails() == []
    pass_minutes(1.1)
    assert len(mails()) == 1


def test_shorter_minutes_count_for_what_waits_already(chat, admin) -> None:
    configure(chat.service, mail_unread_minutes=30)
    write(chat, minutes_ago=10)
    other = make_chat(make_service("other"), agent=make_agent(Service.objects.get(slug="other")))
    ChatSettings.objects.filter(service=other.service).update(mail_unread_minutes=30)
    write(other, minutes_ago=0)
    theirs = MailWait.objects.get(chat=other).due_at

    change_chat_settings(by=admin, values={"mail_unread_minutes": 15})
    assert mails() == []
    assert MailWait.objects.get(chat=chat).due_at > timezone.now() + timedelta(minutes=4)
    change_chat_settings(by=admin, values={"mail_unread_minutes": 9})
    assert len(mails()) == 1
    assert MailWait.objects.get(chat=other).due_at == theirs


def test_a_chat_that_has_ended_is_mailed_too(chat, agent) -> None:
    write(chat)
    close_chat(chat.pk, by=Chat.ClosedBy.AGENT, agent=agent)

    [sent] = mails()

    assert "The chat has ended since." in sent.body


def test_the_conversation_says_that_it_was_mailed(chat) -> None:
    write(chat)
    mail_unread()
    assert events(chat) == []

    delivered()

    assert events(chat) == events(chat, notes=False) == ["mailed"]
    assert "Unread messages sent by e-mail: 1" in message_html(latest_page(chat)[-1], "en")


def test_what_was_mailed_stays_unread(chat) -> None:
    write(chat)
    mails()

    chat.refresh_from_db()
    assert (chat.customer_received, chat.customer_read) == (0, 0)


def test_agents_alone_are_told_that_it_came_back(chat) -> None:
    write(chat)
    mails()

    outcomes.note_bounce(ChatMail.objects.get().message_id)

    assert events(chat) == ["mailed", "mail_returned"]
    assert events(chat, notes=False) == ["mailed"]


def test_agents_are_told_that_it_could_not_be_sent(chat) -> None:
    write(chat)
    mail_unread()

    outcomes.note_unsent(OutgoingMail.objects.get())

    assert events(chat) == ["mail_failed"]
    assert events(chat, notes=False) == []


def test_two_workers_post_one_mail(transactional_db, agent) -> None:
    chats = [make_chat(agent.service, agent=agent, connected=False) for _ in range(5)]
    for chat in chats:
        write(chat, minutes_ago=0)
    pass_minutes(6)

    at_once([mail_unread] * 4)
    mail_unread()

    assert ChatMail.objects.count() == OutgoingMail.objects.count() == 5


def test_an_address_gets_a_bounded_number_in_an_hour(agent) -> None:
    customer = make_customer(agent.service)
    for _ in range(limits.UNREAD_BY_EMAIL.attempts + 3):
        chat = make_chat(agent.service, agent=agent, customer=customer, connected=False)
        write(chat)
        mail_unread()
        close_chat(chat.pk, by=Chat.ClosedBy.AGENT)

    assert len(delivered()) == limits.UNREAD_BY_EMAIL.attempts
    assert MailWait.objects.count() == 3  # and later one mail of each


def test_a_chat_gets_a_bounded_number(chat, monkeypatch) -> None:
    monkeypatch.setattr(limits, "UNREAD_BY_EMAIL", limits.Limit("many", 1000, limits.HOUR))
    for _ in range(limits.UNREAD_BY_CHAT.attempts + 3):
        write(chat)
        mail_unread()

    assert len(delivered()) == limits.UNREAD_BY_CHAT.attempts
    assert MailWait.objects.get().due_at > timezone.now() + timedelta(hours=1)


def test_the_mail_says_that_it_is_automatic_and_where_answers_go(chat) -> None:
    write(chat)

    [sent] = mails()

    message: EmailMessage = sent.message()
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["From"].startswith("Demo help <")


def test_another_services_chats_have_their_own_settings(chat) -> None:
    other = make_service("other")
    configure(other, mail_unread=False)
    write(chat)

    assert len(mails()) == 1


def link_in(sent: mail.EmailMultiAlternatives) -> str:
    [link] = re.findall(r"https?://\S+", sent.body)
    return link


def test_while_the_chat_runs_the_link_leads_back_into_it(chat, client) -> None:
    write(chat)
    [sent] = mails()
    path, _sharp, secret = link_in(sent).partition("#chat=")

    answer = client.post("/hc/demo/chat/resume/", {"link": secret})

    assert path.endswith("/hc/demo/")
    assert answer.status_code == 200
    assert WORDS in answer.text
    assert answer["X-Chat-Token"] == secret
    again = client.post("/hc/demo/chat/resume/", headers={"Authorization": f"Bearer {secret}"})
    assert WORDS in again.text
    assert "X-Chat-Token" not in again


@pytest.mark.parametrize("secret", ["", "x", "1.2.3", "1.1tXyz.AAAA", "..", "9" * 400])
def test_a_guessed_link_opens_nothing(chat, client, secret) -> None:
    answer = client.post("/hc/demo/chat/resume/", {"link": secret})

    assert answer.status_code == 204


def test_a_link_opens_nothing_in_another_service(chat, client) -> None:
    from helpcenter.customers import link_token

    make_service("other")

    answer = client.post("/hc/other/chat/resume/", {"link": link_token(chat.customer)})

    assert answer.status_code == 204


def test_a_link_ends(chat, client, monkeypatch) -> None:
    from helpcenter import customers

    secret = customers.link_token(chat.customer)
    monkeypatch.setattr(customers, "LINK_LASTS", timedelta(seconds=-1))

    assert client.post("/hc/demo/chat/resume/", {"link": secret}).status_code == 204


# A chat that ended before an agent came


@pytest.fixture
def missed(service: Service) -> Chat:
    """Jun wrote, waited, and closed the page."""
    chat = make_chat(service, customer=make_customer(service))
    make_message(chat, "Where is my parcel?")
    leave(chat=chat, ago_s=200)
    return chat


def test_who_closed_the_page_while_waiting_is_mailed_the_way_to_an_inquiry(missed, client) -> None:
    close_chat(missed.pk, by=Chat.ClosedBy.TIMEOUT)

    [sent] = mails()
    mails()

    assert len(mail.outbox) == 1
    assert sent.subject == "Your chat with Demo help"
    assert "parcel" not in sent.body
    secret = link_in(sent).partition("#chat=")[2]
    assert 'data-action="inquire"' in client.post("/hc/demo/chat/resume/", {"link": secret}).text
    token = {"Authorization": f"Bearer {secret}"}
    assert "Its number is" in client.post("/hc/demo/chat/inquiry/", headers=token).text
    assert events(missed) == ["closed_timeout", "mailed_missed", "inquiry"]


@pytest.mark.parametrize("by", [Chat.ClosedBy.CUSTOMER, Chat.ClosedBy.ADMIN, Chat.ClosedBy.BLOCKED])
def test_who_left_by_choice_or_was_sent_away_is_not_mailed(missed, by) -> None:
    close_chat(missed.pk, by=by)

    assert mails() == []
    assert not MailWait.objects.exists()


def test_who_wrote_nothing_is_not_mailed(service) -> None:
    chat = make_chat(service, customer=make_customer(service))
    close_chat(chat.pk, by=Chat.ClosedBy.TIMEOUT)

    assert mails() == []
    assert not MailWait.objects.exists()


def test_who_has_left_an_inquiry_or_begun_a_new_chat_is_not_mailed(missed) -> None:
    close_chat(missed.pk, by=Chat.ClosedBy.TIMEOUT)
    make_chat(missed.service, customer=missed.customer)

    assert mails() == []


def test_unread_messages_come_before_the_way_to_an_inquiry(chat) -> None:
    """An agent wrote and was gone, and the customer did not wait for the next one."""
    from chat.lifecycle.transitions import pass_on

    write(chat)
    pass_on(chat.pk, outcome="gone")
    close_chat(chat.pk, by=Chat.ClosedBy.TIMEOUT)

    [sent] = mails()
    mails()

    assert WORDS in sent.body
    assert len(mail.outbox) == 1


def test_who_was_answered_is_not_told_that_nobody_came(chat) -> None:
    """The agent answered and was gone; the customer was gone as well, and nothing of theirs waits for an answer."""
    from chat.lifecycle.transitions import pass_on

    make_message(chat, "Where is my parcel?")
    write(chat)
    assert len(mails()) == 1
    pass_on(chat.pk, outcome="gone")
    close_chat(chat.pk, by=Chat.ClosedBy.TIMEOUT)
    mails()

    assert len(mail.outbox) == 1
    assert not MailWait.objects.exists()


def test_who_asked_again_and_was_not_answered_is_mailed_the_way_to_an_inquiry(chat) -> None:
    from chat.lifecycle.transitions import pass_on

    write(chat)
    mails()
    make_message(chat, "And when does it come?")
    pass_on(chat.pk, outcome="gone")
    close_chat(chat.pk, by=Chat.ClosedBy.TIMEOUT)
    mails()

    assert len(mail.outbox) == 2
    assert "it becomes a 1:1 inquiry" in mail.outbox[1].body


def test_after_the_end_the_link_leads_to_the_tickets_page(chat, agent, client) -> None:
    from tickets.lifecycle import create_from_chat

    write(chat)
    create_from_chat(agent, chat)
    close_chat(chat.pk, by=Chat.ClosedBy.AGENT, agent=agent)

    [sent] = mails()

    assert "/inquiry/demo/" in link_in(sent)
    assert "7 days" not in sent.body
    assert client.get(urlsplit(link_in(sent)).path).status_code == 200


def test_nobody_of_a_stopped_service_and_no_blocked_customer_is_mailed(chat, agent) -> None:
    write(chat)
    close_chat(chat.pk, by=Chat.ClosedBy.BLOCKED)
    other = make_chat(agent.service, agent=agent)
    write(other)
    Service.objects.update(is_stopped=True)

    assert mails() == []
    assert not MailWait.objects.exists()
