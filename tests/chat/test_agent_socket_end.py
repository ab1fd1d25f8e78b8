"""What ends an agent's socket: rights, leases, passwords, outages; and that nothing of it stays behind."""

import asyncio
import time
import uuid

import pytest
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from agents.models import Agent, Service, User
from chat.conversation import frames, live
from chat.lifecycle import upkeep
from chat.models import Chat, Lease, Message
from chat.routing import presence, queue
from chat.sockets import agent_socket, pulse
from chat.sockets.codes import AGAIN, FORBIDDEN, UNKNOWN
from tests.chat.lines import Line, desk, desk_of, do, sent
from tests.chat.rights import TAKEN, without_permission
from tests.make import PASSWORD, make_chat

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/ws/desk/demo/"


@pytest.fixture
def chat(service: Service, agent: Agent) -> Chat:
    return make_chat(service, agent=agent)


@pytest.mark.parametrize("take", TAKEN)
async def test_rights_that_are_taken_away_end_it_when_they_are_looked_at(chat, agent, take, monkeypatch) -> None:
    """At the next frame that acts nothing happens; at the next refresh or beat it is closed."""
    async with desk_of(agent) as line:
        await do(take, agent)
        await line.say("send", client_id=uuid.uuid4(), body="Still me", chat=chat.pk)
        assert (await line.hear("error"))["code"] == "closed"
        for frame in ({"type": "watch", "chat": chat.pk}, {"type": "seen", "chat": chat.pk, "received": 1, "read": 1}):
            await line.say(frame.pop("type"), **frame)
            assert (await line.hear("error"))["code"] == "closed"
        live.publish(live.agent_topic(agent.pk), live.Touched())
        assert await line.closing() == FORBIDDEN
    assert not await do(Message.objects.exists)


async def test_rights_are_read_again_with_the_beats_where_nobody_tells_of_them(agent, monkeypatch) -> None:
    monkeypatch.setattr(presence, "HEARTBEAT_S", 0.05)
    async with desk_of(agent) as line:
        await do(without_permission, agent)
        assert await line.closing() == FORBIDDEN


async def test_the_worker_ends_it_within_a_tick_and_gives_its_chats_to_others(chat, agent) -> None:
    async with desk_of(agent) as line:
        await do(without_permission, agent)
        await do(upkeep.reconcile)
        assert await line.closing() == FORBIDDEN
    await do(chat.refresh_from_db)
    assert chat.agent_id is None


async def test_a_lease_that_was_taken_away_ends_it_for_now(agent, monkeypatch) -> None:
    async with desk_of(agent) as line:
        await do(Lease.objects.all().delete)
        await line.say("beat", sent=0)
        assert await line.closing() == AGAIN


async def test_and_for_good_where_the_rights_went_with_it(agent) -> None:
    async with desk_of(agent) as line:
        await do(without_permission, agent)
        await do(Lease.objects.all().delete)
        await line.say("beat", sent=0)
        assert await line.closing() == FORBIDDEN


def sign_out(agent: Agent) -> None:
    Session.objects.all().delete()


def change_password(agent: Agent) -> None:
    user = User.objects.get(pk=agent.user_id)
    user.set_password("another horse battery")
    user.save(update_fields=["password"])


@pytest.mark.parametrize("end", [sign_out, change_password])
async def test_a_session_that_is_over_acts_no_more_and_comes_back_as_nobody(chat, agent, end) -> None:
    browser = Client()
    await do(browser.force_login, agent.user)
    async with Line(PATH, browser=browser) as line:
        await line.hear("desk")
        await do(end, agent)
        await line.say("send", client_id=uuid.uuid4(), body="Still me", chat=chat.pk)
        assert (await line.hear("error"))["code"] == "closed"
        live.publish(live.agent_topic(agent.pk), live.Touched())
        assert await line.closing() == AGAIN
    async with Line(PATH, browser=browser) as line:
        assert await line.closing() == UNKNOWN
    assert not await do(Message.objects.exists)


@pytest.mark.parametrize("end", [sign_out, change_password])
async def test_and_where_nobody_tells_of_it_the_beats_do(agent, end, monkeypatch) -> None:
    monkeypatch.setattr(presence, "HEARTBEAT_S", 0.05)
    async with desk_of(agent) as line:
        await do(end, agent)
        assert await line.closing() == AGAIN


async def test_who_changes_the_own_password_comes_back(agent) -> None:
    """The page keeps its desk while one moves on: it must not vanish with the old session's number."""
    browser = Client()
    await do(browser.force_login, agent.user)
    async with Line(PATH, browser=browser) as line:
        await line.hear("desk")
        fields = {
            "old_password": PASSWORD,
            "new_password1": "another horse battery",
            "new_password2": "another horse battery",
        }
        answer = await do(browser.post, reverse("agents:password"), fields)
        assert answer.status_code == 302
        live.publish(live.agent_topic(agent.pk), live.Touched())
        assert await line.closing() == AGAIN
    async with Line(PATH, browser=browser) as line:
        await line.hear("desk")


async def test_an_end_of_one_tab_leaves_the_other_alone(chat, agent) -> None:
    async with desk_of(agent) as stays:
        async with desk_of(agent):
            pass
        await stays.say("watch", chat=chat.pk)
        await stays.hear("marks")
        await do(sent, chat)
        await stays.hear("message")


async def test_a_failing_refresh_closes_to_come_again(agent, monkeypatch, caplog) -> None:
    async with desk_of(agent) as line:

        def fail(*_args, **_named):
            raise RuntimeError

        monkeypatch.setattr(frames, "desk_frame", fail)
        live.publish(live.agent_topic(agent.pk), live.Touched())
        assert await line.closing() == AGAIN


async def test_a_chat_that_can_t_be_shown_just_now_is_asked_for_again(chat, agent, monkeypatch) -> None:
    """Left open, it would stand on the screen and hear nothing."""

    def fail(*_args, **_named):
        raise DatabaseError

    async with desk_of(agent) as line:
        monkeypatch.setattr(agent_socket.snapshots, "look_at_chat", fail)
        await line.say("watch", chat=chat.pk)
        assert await line.closing() == AGAIN


async def test_a_socket_that_is_cut_off_leaves_nothing_behind(chat, agent) -> None:
    """As a server does to an application that does not end in time."""
    async with desk_of(agent) as line:
        await line.say("watch", chat=chat.pk)
        await line.hear("marks")
        assert pulse._pulse().due
        line.pipe.future.cancel()
        await asyncio.wait([line.pipe.future])
        assert not pulse._pulse().due
        assert not live._hub.topics
        assert not queue._boards


async def test_what_fails_at_the_beginning_leaves_nothing_behind(agent, monkeypatch, caplog) -> None:
    def fail(*_args, **_named):
        raise RuntimeError

    monkeypatch.setattr(frames, "desk_frame", fail)
    async with await do(desk, agent) as line:
        assert await line.closing() == AGAIN
        assert not pulse._pulse().due
        assert not live._hub.topics


async def test_what_was_on_its_way_to_a_closed_socket_is_nothing(service, monkeypatch) -> None:
    handled = []

    async def handle(self, frame) -> None:
        handled.append(frame)

    monkeypatch.setattr(agent_socket.AgentSocket, "handle", handle)
    async with Line(PATH) as line:
        assert await line.closing() == UNKNOWN
        await line.say("watch", chat=1)
        await line.say("beat", sent=0)
    assert handled == []


async def test_a_last_line_that_was_lost_comes_with_the_next_beat(chat, agent, monkeypatch) -> None:
    monkeypatch.setattr(presence, "HEARTBEAT_S", 0.3)
    async with desk_of(agent) as line:
        await do(sent, chat, "Heard")
        await line.hear("line", text="Heard")
        with monkeypatch.context() as deaf:
            deaf.setattr(live, "publish_all", lambda deliveries: None)
            await do(sent, chat, "Lost")
        assert "Lost" in (await line.hear("desk"))["html"]


async def test_a_chat_that_is_lost_while_it_is_opened_is_heard_all_the_same(
    chat, agent, colleague, monkeypatch
) -> None:
    """Its topic is left as one of the agent's own, and not as one of what is shown."""
    first_look = agent_socket.AgentSocket.first_look

    def slow(self, chat_id: int, rev: int):
        found = first_look(self, chat_id, rev)
        Chat.objects.filter(pk=chat_id).update(agent=colleague)
        live.publish(live.agent_topic(agent.pk), live.Touched())
        time.sleep(0.4)
        return found

    monkeypatch.setattr(agent_socket.AgentSocket, "first_look", slow)
    async with desk_of(agent) as line:
        await line.say("watch", chat=chat.pk)
        await line.hear("marks")
        await do(sent, chat, "Still heard")
        assert "Still heard" in (await line.hear("message"))["html"]
