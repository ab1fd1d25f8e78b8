"""Workers that are killed while they mail what customers have not read: each message is mailed once, and none lost."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models import F, Max, Q
from django.utils import timezone

from agents.models import OutgoingMail
from chat.models import Chat, ChatMail, MailWait, Message
from tests.faults.people import wait_until
from tests.faults.test_outbox import LONG_S, all_sent, end_leases, no_other_worker, start_worker  # noqa: F401
from tests.make import make_agent, make_chat, make_customer, make_message, make_service
from tests.smtp import MailServer, mail_server

OURS = Q(chat__service__slug__startswith="unread-")
CHATS = 40
KILLS = 3


@pytest.fixture
def smtp() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def waits(cluster, smtp) -> set[str]:
    """Closed chats of three services, each with two messages that their customers have not read. Returns the texts."""
    MailWait.objects.all().delete()  # those of tests before this one may never end
    services = [make_service(f"unread-{timezone.now().timestamp():.0f}-{number}") for number in range(3)]
    texts = set()
    for number in range(CHATS):
        service = services[number % 3]
        agent = make_agent(service)
        customer = make_customer(service, email=f"customer{number}@example.com")
        chat = make_chat(service, agent=agent, customer=customer, state=Chat.State.CLOSED)
        for word in ("one", "two"):
            text = f"answer {word} of {number};"
            texts.add(text)
            make_message(chat, text, author=Message.Author.AGENT, agent=agent)
        MailWait.objects.create(chat=chat, due_at=timezone.now())
    Message.objects.filter(OURS).update(created_at=F("created_at") - timedelta(minutes=6))
    return texts


def said(smtp: MailServer) -> Counter[str]:
    """How often each text has arrived; what came twice with one id is one."""
    mails = {mail["Message-ID"]: mail.get_body(("plain",)).get_content() for _to, mail in smtp.taken}
    lines = [line for text in mails.values() for line in text.splitlines()]
    return Counter(line for line in lines if line.startswith("answer "))


def test_killed_workers_mail_each_message_once(cluster, smtp, waits) -> None:
    for number in range(KILLS):
        workers = [start_worker(cluster, smtp), start_worker(cluster, smtp)]
        goal = CHATS * (number + 1) // (KILLS + 1)
        wait_until(lambda goal=goal: len(smtp.taken) >= goal, LONG_S)
        for worker in workers:
            worker.kill()
        end_leases()
    start_worker(cluster, smtp)
    wait_until(lambda: not MailWait.objects.filter(OURS).exists() and all_sent(), LONG_S)

    assert said(smtp) == Counter(waits)
    assert ChatMail.objects.filter(OURS).count() == CHATS
    assert OutgoingMail.objects.filter(kind="unread", service__slug__startswith="unread-").count() == CHATS
    lines = Message.objects.filter(OURS, event="mailed").values("chat").annotate(last=Max("seq"))
    wait_until(lambda: lines.count() == CHATS, LONG_S)
    assert Message.objects.filter(OURS, event="mailed").count() == CHATS
    print(f"{CHATS} mails, {KILLS * 2} kills: {len(set(smtp.ids))} arrived, {len(smtp.ids)} times")
