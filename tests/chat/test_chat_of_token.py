"""A socket's look for its customer's chat, which a prepared statement does, finds what the queries of pages find."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.models import Service
from chat import access
from chat.conversation import entries
from chat.models import Chat
from helpcenter.customers import keep_token, register_customer, revoke_token
from tests.make import make_chat, make_message, make_service

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(service: Service):
    """A customer and the token, with a chat that has ended and one that is open."""
    customer, token = register_customer(service, name="Jun", email="", language="en")
    make_chat(service, customer=customer, state="closed")
    make_chat(service, customer=customer)
    return customer, token


def both(service: Service, token: str, monkeypatch) -> tuple:
    """What the statement finds, and what the query of other tokens finds for this one."""
    quick = access.chat_of_token(service.slug, token)
    monkeypatch.setattr(access, "is_of_browser", lambda _token: False)
    slow = access.chat_of_token(service.slug, token)
    monkeypatch.undo()
    return quick, slow


def test_it_is_the_open_chat_or_the_last(service, known, monkeypatch) -> None:
    customer, token = known
    running, ended = Chat.objects.filter(customer=customer).order_by("-pk")
    assert both(service, token, monkeypatch) == ((running.pk, service.pk, "waiting"),) * 2
    Chat.objects.filter(pk=running.pk).update(
        state="closed", closed_at=timezone.now() - timedelta(days=1), closed_by="agent"
    )
    assert both(service, token, monkeypatch) == ((ended.pk, service.pk, "closed"),) * 2


def test_a_token_that_has_ended_or_was_revoked_finds_nothing(service, known, monkeypatch) -> None:
    customer, token = known
    keep_token(customer.pk, timezone.now() + timedelta(minutes=1))
    assert None not in both(service, token, monkeypatch)
    keep_token(customer.pk, timezone.now() - timedelta(minutes=1))
    assert both(service, token, monkeypatch) == (None, None)
    keep_token(customer.pk, None)
    assert None not in both(service, token, monkeypatch)
    revoke_token(customer.pk)
    assert both(service, token, monkeypatch) == (None, None)


def test_nobody_elses_token_nor_service_finds_it(service, known, monkeypatch) -> None:
    _customer, token = known
    for wrong in ("", token[:-1], token.swapcase(), "%", "\ud800"):
        assert both(service, wrong, monkeypatch) == (None, None)
    assert both(make_service("other"), token, monkeypatch) == (None, None)
    Service.objects.filter(pk=service.pk).update(is_stopped=True)
    assert both(service, token, monkeypatch) == (None, None)


def test_unread_is_what_others_wrote_and_the_customer_may_see(service, agent) -> None:
    chat = make_chat(service, agent=agent)
    make_message(chat, "1", author="agent")
    make_message(chat, "2", author="customer")
    make_message(chat, "3", author="agent", internal=True)
    make_message(chat, "4", author="agent")
    make_message(make_chat(service, agent=agent), "Elsewhere", author="agent")
    assert [entries.unread_by_customer(chat.pk, read) for read in range(5)] == [2, 1, 1, 1, 0]
