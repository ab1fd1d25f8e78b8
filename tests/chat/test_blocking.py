"""Blocks, and the end of many chats at once: who may, whom it meets, and what is on record."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import OperationalError, connection, transaction
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents.models import AuditEntry
from chat.abuse import blocks, networks
from chat.abuse.blocks import Blocked
from chat.block import Block
from chat.lifecycle import blocking
from chat.lifecycle.trail import chat_trail
from chat.models import Chat
from contiple.base.errors import Closed, Invalid
from helpcenter.customers import register_customer
from tests.agents.race import at_once
from tests.chat.comings import come_online, wait_until_blocked
from tests.chat.test_customer_views import TEXT, form, policy, post
from tests.make import make_chat

pytestmark = pytest.mark.django_db


def inquiry_form(service) -> dict:
    return {
        "request_id": uuid.uuid4(),
        "name": "Jun",
        "email": "jun@example.com",
        "subject": "Hello",
        "message": "Hello",
        "policy": policy(service).pk,
        "consent": "on",
    }


HOME, ELSEWHERE = "192.0.2.7", "198.51.100.9"


@pytest.fixture
def network(service) -> str:
    return networks.hash_of(service.pk, HOME)


def open_count() -> int:
    return Chat.objects.exclude(state=Chat.State.CLOSED).count()


def start(service, address: str = HOME, token: str = ""):
    return post(Client(REMOTE_ADDR=address), "start", form(service), token=token)


@pytest.mark.django_db(transaction=True)
def test_a_block_waits_for_starts_under_way_so_that_it_sees_them(service, network) -> None:
    def close_the_door() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = 100")
            blocks.close_the_door(service.pk)

    with transaction.atomic():
        blocks.require_not_blocked(service.pk, network=network)
        [meanwhile] = at_once(close_the_door)
    [afterwards] = at_once(close_the_door)

    assert isinstance(meanwhile, OperationalError)
    assert afterwards is None


def test_a_blocked_address_can_start_nothing_and_its_open_chats_end(service, agent, admin, network) -> None:
    come_online(agent)
    chats = [make_chat(service, network=network) for _ in range(3)]
    other = make_chat(service)

    assert len(blocking.block(admin, chats[0], whom="network", length="day", reason="Flood")) == 3

    other.refresh_from_db()
    assert (other.is_open, open_count()) == (True, 1)
    answer = start(service)
    assert answer.status_code == 403
    assert "take your messages here" in answer.content.decode()
    assert TEXT in answer.content.decode()
    assert start(service, ELSEWHERE).status_code == 201


def test_a_blocked_customer_is_refused_everywhere_by_the_token(service, agent, admin) -> None:
    come_online(agent)
    customer, token = register_customer(service, name="Jun", email="", language="en")
    chat = make_chat(service, customer=customer)
    blocking.block(admin, chat, whom="customer", length="ever", reason="Threats")
    assert start(service, token=token).status_code == 403
    with pytest.raises(Blocked):
        blocks.require_not_blocked(service.pk, chat_id=chat.pk)


def test_a_blocked_address_leaves_no_inquiry(service, admin, network) -> None:
    blocking.block(admin, make_chat(service, network=network), whom="network", length="hour", reason="Flood")
    url = reverse("tickets:contact", args=["demo"])
    assert "take your messages here" in Client(REMOTE_ADDR=HOME).post(url, inquiry_form(service)).content.decode()
    assert Client(REMOTE_ADDR=ELSEWHERE).post(url, inquiry_form(service)).status_code == 302


def test_another_service_is_not_touched(service, outsider, admin, network) -> None:
    blocking.block(admin, make_chat(service, network=network), whom="network", length="hour", reason="Flood")
    assert networks.hash_of(outsider.service_id, HOME) != network
    blocks.require_not_blocked(outsider.service_id, network=networks.hash_of(outsider.service_id, HOME))


def test_a_block_ends_by_itself_and_by_hand(service, admin, network) -> None:
    chat = make_chat(service, network=network)
    blocking.block(admin, chat, whom="network", length="hour", reason="Flood")
    Block.objects.update(until=timezone.now() - timedelta(seconds=1))
    blocks.require_not_blocked(service.pk, network=network)

    blocking.block(admin, chat, whom="network", length="month", reason="Again")
    blocking.unblock(admin, Block.objects.get().pk)
    blocks.require_not_blocked(service.pk, network=network)
    words = [happening.text for happening in chat_trail(chat)]
    assert "Ada blocked the customer’s address for 1 hour: Flood" in words
    assert words[-1] == "Ada unblocked the customer’s address."


@pytest.mark.django_db(transaction=True)
def test_of_two_who_unblock_at_once_one_does_and_it_is_on_record_once(service, admin) -> None:
    blocking.block(admin, make_chat(service), whom="customer", length="day", reason="Insults")
    [found] = Block.objects.all()
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            blocking.unblock(admin, found.pk)
            other = threads.submit(at_once, partial(blocking.unblock, admin, found.pk))
            wait_until_blocked()
        [refusal] = other.result(10)
    assert isinstance(refusal, Http404)
    assert AuditEntry.objects.filter(action="chat.unblocked").count() == 1


def test_a_reason_is_masked_and_an_address_is_nowhere(service, admin, network) -> None:
    blocking.block(
        admin, make_chat(service, network=network), whom="network", length="day", reason="card 4111 1111 1111 1111"
    )
    assert "4111" not in str(list(Block.objects.values())) + str(list(AuditEntry.objects.values()))
    assert HOME not in str(list(Block.objects.values())) + str(list(Chat.objects.values()))


@pytest.mark.parametrize(("whom", "length"), [("network", "ever"), ("customer", "year"), ("everybody", "day")])
def test_what_can_not_be_blocked_is_refused(service, admin, network, whom, length) -> None:
    with pytest.raises(Invalid):
        blocking.block(admin, make_chat(service, network=network), whom=whom, length=length, reason="x")
    assert not Block.objects.exists()


def test_an_unknown_address_can_not_be_blocked(service, admin) -> None:
    with pytest.raises(Invalid):
        blocking.block(admin, make_chat(service), whom="network", length="day", reason="x")


def test_an_admin_ends_everybodys_chats_of_the_own_service_only(service, agent, admin, outsider) -> None:
    chats = [make_chat(service), make_chat(service, agent=agent), make_chat(outsider.service)]
    assert blocking.end_all(admin, [chat.pk for chat in chats]) == 2
    assert open_count() == 1
    assert any("by an admin." in happening.text for happening in chat_trail(chats[0]))


def test_the_pages(service, admin, network, sign_in) -> None:
    client, chat = sign_in(admin), make_chat(service, network=network)
    alike = make_chat(service, network=network)
    make_chat(service)
    page = client.get(reverse("chat:end_chats", args=["demo"]), {"like": chat.pk}).content.decode()
    assert page.count("checked") == 2
    answer = client.post(
        reverse("chat:block", args=["demo", chat.pk]),
        {"whom": "network", "length": "day", "reason": "Flood"},
        follow=True,
    )
    assert "2 chats ended." in answer.content.decode()
    assert "Unblock" in answer.content.decode()
    client.post(reverse("chat:unblock", args=["demo", Block.objects.get().pk]))
    assert not Block.objects.exists()
    alike.refresh_from_db()
    assert alike.closed_by == Chat.ClosedBy.BLOCKED


def test_from_the_wrong_hands(service, agent, admin, outsider, sign_in, network) -> None:
    chat = make_chat(service, network=network)
    blocking.block(admin, make_chat(service), whom="customer", length="day", reason="x")
    block = Block.objects.get()
    paths = [
        reverse("chat:block", args=["demo", chat.pk]),
        reverse("chat:end_chats", args=["demo"]),
        reverse("chat:blocked", args=["demo"]),
        reverse("chat:unblock", args=["demo", block.pk]),
        reverse("chat:unblock", args=["other", block.pk]),
    ]
    data = {"whom": "network", "length": "day", "reason": "x", "chat": chat.pk}
    assert {sign_in(agent).post(path, data).status_code for path in paths} <= {404, 405}
    assert {sign_in(outsider).post(path, data).status_code for path in paths} <= {404, 405}
    assert sign_in(outsider).get(reverse("chat:end_chats", args=["other"]), {"like": chat.pk}).status_code == 404
    with pytest.raises(Http404):
        blocking.unblock(outsider, block.pk)
    with pytest.raises(Closed):
        blocking.end_all(agent, [chat.pk])
    with pytest.raises(Closed):
        blocking.block(agent, chat, whom="customer", length="day", reason="x")
    chat.refresh_from_db()
    assert chat.is_open
    assert Block.objects.filter(pk=block.pk).exists()


def test_as_many_as_the_page_shows_end_at_once(service, admin, sign_in) -> None:
    chat = make_chat(service)
    form = {"chat": [chat.pk, *range(10**6, 10**6 + blocking.ENDED_AT_ONCE - 1)], "spam": "1"}
    assert sign_in(admin).post(reverse("chat:end_chats", args=["demo"]), form).status_code == 302
    chat.refresh_from_db()
    assert (chat.is_open, chat.is_spam) == (False, True)


def test_networks_are_forgotten_a_day_after_the_end(service, network) -> None:
    now = timezone.now()
    old = make_chat(service, network=network, state="closed", closed_at=now - timedelta(days=2))
    new = make_chat(service, network=network, state="closed", closed_at=now)
    networks.forget_old()
    assert list(Chat.objects.exclude(network="")) == [new]
    old.refresh_from_db()
    assert not old.network
