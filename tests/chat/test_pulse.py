"""One heartbeat for all sockets of a process: what the delivery lost is found, leases are renewed together."""

import asyncio
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Agent, Service
from chat.alerts import DeskNotice
from chat.conversation import desk_notices, live, receipts
from chat.models import Chat, Lease
from chat.routing import presence
from chat.sockets import pulse, snapshots
from contiple.base import clock
from helpcenter import customers
from helpcenter.customers import register_customer
from helpcenter.members import sessions
from helpcenter.members.sessions import Browser
from tests.chat.lines import chat_of, desk_of, do
from tests.make import make_chat, make_customer, make_message
from tests.members import Site

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    monkeypatch.setattr(presence, "HEARTBEAT_S", 0.1)
    monkeypatch.setattr(pulse, "TICK_S", 0.05)


@pytest.fixture
def chat(service: Service, agent: Agent) -> Chat:
    return make_chat(service, agent=agent)


@pytest.fixture
def deaf(monkeypatch):
    """Nothing that is published arrives."""
    monkeypatch.setattr(live, "publish_all", lambda deliveries: None)


async def beats(line, count: int = 2) -> None:
    """So many beats, answered: what was to be found is found."""
    for _ in range(count):
        beat = await line.hear("beat")
        await line.say("beat", sent=beat["sent"])


async def test_a_chat_that_rings_unheard_of(service, agent, deaf) -> None:
    async with desk_of(agent) as line:
        await beats(line)
        assert "desk" not in line.types()[1:], "nothing has changed, nothing is said"
        await do(make_chat, service, agent=agent, state="ringing")
        assert (await line.hear("desk"))["ringing"] == 1


async def test_somebody_who_waits_unheard_of(service, agent, deaf) -> None:
    async with desk_of(agent) as line:
        await do(make_chat, service)
        assert (await line.hear("desk"))["waiting"] == 1


async def test_somebody_who_waits_and_is_gone_without_a_word(service, agent, deaf) -> None:
    """The lease of a page that was closed runs out: nothing happens then, but fewer are there."""
    chat = await do(make_chat, service)
    await do(make_chat, service)
    async with desk_of(agent) as line:
        assert line.heard[-1]["waiting"] == 2
        await do(Lease.objects.filter(chat=chat).update, expires_at=await do(clock.database_now))
        assert (await line.hear("desk", waiting=1))["waiting"] == 1


async def test_a_status_that_was_changed_elsewhere(agent, deaf) -> None:
    async with desk_of(agent) as line:
        await do(Agent.objects.update, chat_status="break")
        assert (await line.hear("desk"))["status"] == "break"


async def test_a_notice_unheard_of(chat, agent, colleague, deaf) -> None:
    async with desk_of(colleague) as line:
        await do(desk_notices.tell, [colleague], chat.pk, DeskNotice.Kind.MENTIONED, by=agent)
        assert "Mina mentioned you" in (await line.hear("desk"))["html"]
        await do(DeskNotice.objects.all().delete)
        assert "Mina mentioned you" not in (await line.hear("desk"))["html"]


async def test_the_other_s_marks(chat, agent, deaf) -> None:
    await do(make_message, chat)
    async with desk_of(agent) as line:
        await line.say("watch", chat=chat.pk)
        await line.hear("marks", customer_read=0)
        await do(receipts.note_receipt, chat, "customer", received=1, read=1)
        await line.hear("marks", customer_read=1)


async def test_a_customer_whose_chat_was_opened_unheard_of(service, agent, deaf) -> None:
    customer, token = await do(register_customer, service, name="Jun", email="", language="en")
    chat = await do(make_chat, service, customer=customer)
    async with chat_of(token) as page:
        await beats(page)
        assert page.types().count("status") == 1
        await do(Chat.objects.filter(pk=chat.pk).update, state="ringing", agent=agent)
        await page.hear("status", state="ringing")


async def test_a_place_in_the_queue_that_moved_unheard_of(service, deaf) -> None:
    first = await do(make_chat, service)
    customer, token = await do(register_customer, service, name="Jun", email="", language="en")
    await do(make_chat, service, customer=customer)
    async with chat_of(token) as page:
        assert "<strong>2</strong>" in page.heard[-1]["html"]
        await do(first.delete)
        assert "<strong>1</strong>" in (await page.hear("status"))["html"]


async def test_a_service_that_was_stopped(service, deaf) -> None:
    customer, token = await do(register_customer, service, name="Jun", email="", language="en")
    await do(make_chat, service, customer=customer)
    async with chat_of(token) as page:
        await do(Service.objects.update, is_stopped=True)
        assert await page.closing() == 4403


@pytest.mark.parametrize("by_link", [False, True])
@pytest.mark.parametrize("revoke", [customers.revoke_token, lambda pk: customers.keep_token(pk, LONG_AGO)])
async def test_a_token_that_has_ended_after_the_chat(service, deaf, revoke, by_link: bool) -> None:
    customer, token = await do(register_customer, service, name="Jun", email="", language="en")
    await do(make_chat, service, customer=customer, state="closed")
    async with chat_of(customers.link_token(customer) if by_link else token) as page:
        await beats(page)
        await do(revoke, customer.pk)
        assert await page.closing() == 4403


async def test_a_member_stays_after_the_chat(service, deaf, admin) -> None:
    """No token of a browser is theirs that could end."""
    site = await do(Site, admin)
    begun = await do(sessions.begin, service, site.token(), Browser("", sessions.new_token(), str), now=timezone.now())
    customer = await do(sessions.consented, begun.session, begun.token, language="en")
    await do(make_chat, service, customer=customer, state="closed")
    await do(customers.keep_token, customer.pk, LONG_AGO)
    async with chat_of(begun.token) as page:
        await beats(page, 3)
        await do(sessions.end, service, begun.token)
        assert await page.closing() == 4403


async def test_answers_renew_the_leases_of_all_who_answered(agent, colleague) -> None:
    async with desk_of(agent) as first, desk_of(colleague) as second, desk_of(colleague) as silent:
        await do(Lease.objects.update, expires_at=await do(clock.database_now))
        await asyncio.gather(beats(first), beats(second))
        now = await do(clock.database_now)

        def renewed() -> list[bool]:
            return sorted((lease.expires_at - now).total_seconds() > 30 for lease in Lease.objects.all())

        async with asyncio.timeout(10):
            while sum(await do(renewed)) < 2:  # noqa: ASYNC110 - of other threads
                await asyncio.sleep(0.02)
        assert await do(renewed) == [False, True, True]
        assert "beat" not in silent.types()


async def test_a_beat_that_was_never_sent_can_t_be_answered(agent, chat) -> None:
    """Or a client that reads nothing could say that it has read it all."""
    async with desk_of(agent) as line:
        await line.say("beat", sent=2**40)
        await line.say("watch", chat=chat.pk)
        await line.hear("marks")
        [socket] = list(pulse._pulse().due)
        assert socket.client.window.answered_bytes == 0


def test_a_look_takes_as_many_queries_for_many_as_for_one(service, agent, colleague) -> None:
    chats = [make_chat(service, customer=make_customer(service, f"C{n}"), agent=agent) for n in range(6)]
    one = [snapshots.Watched((), chat_id=chats[0].pk)]
    many = [snapshots.Watched((chat.pk,), chat_id=chat.pk) for chat in chats]
    counts = []
    for watched in (one, many):
        with CaptureQueriesContext(connection) as queries:
            seen = snapshots.look(watched)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert [list(item.chats) for item in seen] == [[chat.pk] for chat in chats]


async def test_while_the_database_is_away_everybody_is_still_asked_for_a_sign_of_life(agent, monkeypatch) -> None:
    """A client that hears nothing takes its line for dead, and all would come back at once."""

    def fail(*_args) -> None:
        raise DatabaseError

    async with desk_of(agent) as line:
        monkeypatch.setattr(snapshots, "look", fail)
        monkeypatch.setattr(presence, "renew_leases", fail)
        await beats(line, 3)
