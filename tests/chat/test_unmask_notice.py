"""An agent who reaches the limit of looks in an hour: the admins are told once, and no look waits for a mail server."""

import re
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone, translation

from agents.models import Agent, AuditEntry, Contract, OutgoingMail
from chat.conversation import message_masks
from chat.conversation.message_masks import mask_selection
from chat.masking import limit_notice
from chat.masking.limit_notice import LIMIT_REACHED, tell_of_limit
from chat.masking.models import MaskingRules
from chat.masking.selections import Selection
from chat.models import Mask
from contiple.base.errors import DomainError
from contiple.base.months import Month
from tests.agents.race import at_once
from tests.chat.looks import make_limit_reached
from tests.mails import delivered
from tests.make import make_agent, make_chat, make_message, make_service, make_user
from tests.smtp import mail_server

WAIT_SECONDS = 20
BLOCKED_SECONDS = 0.5
committed = pytest.mark.django_db(transaction=True)
pytestmark = pytest.mark.django_db


@pytest.fixture
def limited(service, agent, admin) -> Mask:
    """A mask in a service whose agents may look twice in an hour."""
    MaskingRules.objects.create(service=service, reveals_per_hour=2)
    chat = make_chat(service, agent=agent)
    make_message(chat, "010-1234-5678")
    mask_selection(agent, chat.pk, [Selection(text_id=1, rev=1, start=0, end=13)])
    return Mask.objects.get()


def look(agent: Agent, mask: Mask, times: int = 1) -> None:
    for _ in range(times):
        try:
            message_masks.reveal(agent, mask.pk, address="192.0.2.7")
        except DomainError:
            continue


def sent() -> list[mail.EmailMessage]:
    return delivered()


def notices() -> int:
    return AuditEntry.objects.filter(action=LIMIT_REACHED).count()


# When, and to whom


@committed
def test_the_look_that_reaches_the_limit_tells_the_admins(limited, agent, admin):
    look(agent, limited)
    assert (sent(), notices()) == ([], 0)
    look(agent, limited)
    assert [message.to for message in sent()] == [[admin.user.email]]
    assert notices() == 1


@committed
def test_looks_past_the_limit_tell_nobody_again(limited, agent):
    look(agent, limited, times=6)
    assert len(sent()) == 1
    assert notices() == 1


@committed
def test_every_admin_is_told_by_a_mail_of_their_own_and_nobody_else(service, limited, agent, colleague, outsider):
    make_agent(service, "Second", role=Agent.Role.ADMIN)
    make_agent(service, "Gone", role=Agent.Role.ADMIN, is_active=False)
    make_agent(service, user=make_user("Locked", is_active=False), role=Agent.Role.ADMIN)
    look(agent, limited, times=2)
    admins = Agent.objects.filter(service=service, user__name__in=["Ada", "Second"])
    assert sorted(message.to for message in sent()) == sorted([person.user.email] for person in admins)


@committed
def test_each_agent_who_reaches_it_is_told_of(limited, agent, colleague):
    look(agent, limited, times=2)
    look(colleague, limited, times=2)
    assert len(sent()) == 2
    assert notices() == 2


@committed
def test_without_security_service_nobody_looks_and_nobody_is_told(limited, agent):
    Contract.objects.update(security_service=False)
    look(Agent.objects.get(pk=agent.pk), limited, times=3)
    assert (sent(), notices()) == ([], 0)


@committed
def test_within_an_hour_it_is_told_once_and_after_it_again(agent, admin):
    now = timezone.now()
    make_limit_reached(agent, at=now - timedelta(minutes=59))
    tell_of_limit(agent, 30)
    assert (sent(), notices()) == ([], 1)
    AuditEntry.objects.update(created_at=now - timedelta(minutes=61))
    tell_of_limit(agent, 30)
    assert (len(sent()), notices()) == (1, 2)


@committed
def test_of_two_looks_at_once_only_one_tells(agent, admin):
    """The second begins before the first is committed, and would not see what it wrote."""
    first_told, second_told = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            tell_of_limit(agent, 30)
            first_told.set()
            second_told.wait(BLOCKED_SECONDS)  # it does not come: the second waits for the lock

    def second() -> None:
        first_told.wait(WAIT_SECONDS)
        tell_of_limit(agent, 30)
        second_told.set()

    assert at_once(first, second) == [None, None]
    assert (len(sent()), notices()) == (1, 1)


@committed
def test_who_works_in_two_services_is_told_of_in_the_one(limited, agent, admin):
    other = make_agent(make_service("second"), user=agent.user)
    make_limit_reached(other, at=timezone.now())
    look(agent, limited, times=2)
    assert [message.to for message in sent()] == [[admin.user.email]]


# What it says


@committed
def test_it_says_who_how_often_when_and_where_to_look_in_every_language(limited, agent, settings):
    with translation.override("ko"):
        look(agent, limited, times=2)
        assert translation.get_language() == "ko"
    (message,) = sent()
    entry = AuditEntry.objects.get(action=LIMIT_REACHED)
    assert message.subject == "Mina has reached the unmasking limit / Mina 님이 마스킹 해제 한도에 도달했습니다"
    assert "Mina (Demo) reached the limit of 2 unmaskings an hour" in message.body
    assert "Demo의 Mina 님이 1시간 동안 개인정보 마스킹을 2회 해제하여" in message.body
    link = f"{settings.PUBLIC_ORIGIN}/desk/demo/masking/record/?month={Month.of(entry.created_at)}&agent={agent.pk}"
    assert message.body.count(f"{link}\n") == 2
    assert message.body.count("(UTC+9)") == 2


@committed
def test_its_time_is_korean(agent, admin):
    tell_of_limit(agent, 30)
    entry = AuditEntry.objects.get()
    AuditEntry.objects.update(created_at=entry.created_at.replace(year=2024, month=11, day=30, hour=15, minute=5))
    (message,) = sent()
    assert "Dec. 1, 2024, 00:05 (UTC+9)" in message.body
    assert "2024년 12월 1일 00:05(UTC+9)" in message.body
    assert "month=2024-12" in message.body


@committed
def test_the_link_shows_what_the_agent_has_looked_at(limited, agent, admin, sign_in):
    look(agent, limited, times=2)
    link = re.search(r"http://[^/]+(/\S+)", sent()[0].body)[1]
    page = sign_in(admin).get(link).content.decode()
    assert page.count('data-state="revealed"') == 2


@committed
def test_nothing_of_the_customer_is_in_it(limited, agent):
    look(agent, limited, times=2)
    (message,) = sent()
    chat = limited.message.chat
    for words in (chat.customer.name, chat.customer.email, "1234", f"chat/{chat.pk}"):
        assert words not in f"{message.subject} {message.body}"


@committed
def test_a_name_can_t_write_headers_or_markup(service, admin):
    agent = make_agent(service, user=make_user("Mina\nBcc: everybody@example.com & <b>Co"))
    tell_of_limit(agent, 30)
    (message,) = sent()
    assert "\n" not in message.subject
    assert message.recipients() == [admin.user.email]
    assert "& <b>Co" in message.body


# Never in the way of the look


@committed
def test_what_is_rolled_back_is_not_mailed(agent, admin):
    with transaction.atomic():
        tell_of_limit(agent, 30)
        transaction.set_rollback(True)
    assert (sent(), notices()) == ([], 0)


@committed
def test_one_address_that_is_refused_keeps_the_others_from_nothing(service, agent, admin, settings):
    second = make_agent(service, "Second", role=Agent.Role.ADMIN)
    with mail_server(at_rcpt=lambda address: "550 5.1.1 no" if address == admin.user.email else "") as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        tell_of_limit(agent, 30)
        delivered()
    assert server.recipients == [second.user.email]


def test_no_mail_server_is_waited_for_for_ever(settings):
    assert 0 < settings.EMAIL_TIMEOUT <= 30


@committed
def test_where_the_notice_can_t_be_written_the_look_still_happens(limited, agent, monkeypatch, caplog):
    def fail(*_args, **_named):
        raise RuntimeError

    monkeypatch.setattr(limit_notice, "render_to_string", fail)
    look(agent, limited)
    assert message_masks.reveal(agent, limited.pk, address=None) == "010-1234-5678"
    assert notices() == 1
    assert sent() == []
    assert OutgoingMail.objects.get().last_error == "broken RuntimeError"
