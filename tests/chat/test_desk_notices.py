"""An agent is told of a chat that went elsewhere, until the agent dismisses it; nobody else is."""

import pytest

from agents.models import Agent
from chat.alerts import DeskNotice
from chat.conversation import desk_notices, frames
from chat.lifecycle.blocking import block, end_all
from chat.lifecycle.transfer import take, take_over
from chat.lifecycle.transitions import answer_chat, change_status, close_chat, pass_on
from chat.models import Chat
from chat.rings import Ring
from tests.chat.comings import come_online, make_ringing
from tests.make import make_chat, make_customer

pytestmark = pytest.mark.django_db

Kind = DeskNotice.Kind


@pytest.fixture
def chief(admin: Agent) -> Agent:
    admin.chat_permission = True
    admin.save(update_fields=["chat_permission"])
    come_online(admin)
    return admin


def told(agent: Agent) -> list[tuple[str, str]]:
    return list(agent.desk_notices.values_list("kind", "by"))


def shown(agent: Agent, language: str = "en") -> str:
    return frames.desk_frame(frames.agent_of_desk(agent.pk), language).html


def test_a_missed_ring_is_told_and_the_chat_can_be_taken(agent) -> None:
    come_online(agent)
    chat = make_ringing(agent, customer=make_customer(agent.service, "Jun"))
    pass_on(chat.pk, outcome=Ring.Outcome.MISSED)

    assert told(agent) == [(Kind.MISSED, "")]
    assert "You missed a chat with Jun at" in shown(agent)
    assert f"/chat/{chat.pk}/take/" in shown(agent)
    assert "Jun 님의 채팅을 놓쳤습니다" in shown(agent, "ko")
    take(agent, chat.pk)
    assert told(agent) == []


def test_a_second_missed_ring_of_a_chat_is_the_same_notice(agent) -> None:
    chat = make_ringing(agent)
    pass_on(chat.pk, outcome=Ring.Outcome.MISSED)
    first = agent.desk_notices.get()
    Chat.objects.filter(pk=chat.pk).update(state="ringing", agent=agent)
    pass_on(chat.pk, outcome=Ring.Outcome.MISSED)
    assert agent.desk_notices.get().pk == first.pk
    assert agent.desk_notices.get().at > first.at


@pytest.mark.parametrize("state", ["ringing", "active"])
def test_who_loses_a_chat_to_an_admin_is_told_by_whom(agent, chief, state) -> None:
    chat = make_ringing(agent) if state == "ringing" else make_chat(agent.service, agent=agent)
    take_over(chief, chat.pk)
    assert told(agent) == [(Kind.TAKEN_OVER, "Ada")]
    assert told(chief) == []
    assert f"Ada took over your chat with {chat.customer.name} at" in shown(agent)
    assert "/take/" not in shown(agent)


def test_chats_that_an_admin_ends_or_blocks_are_told_to_their_agents(agent, chief) -> None:
    end_all(chief, [make_chat(agent.service, agent=agent).pk, make_chat(agent.service, agent=chief).pk])
    assert told(agent) == [(Kind.ENDED, "Ada")]
    block(chief, make_chat(agent.service, agent=agent), whom="customer", length="day", reason="Spam")
    assert told(agent) == [(Kind.ENDED, "Ada")] * 2
    assert told(chief) == []


def test_a_running_chat_that_was_lost_with_the_connection_is_told(agent) -> None:
    pass_on(make_chat(agent.service, agent=agent).pk, outcome=Ring.Outcome.GONE)
    assert told(agent) == [(Kind.GONE, "")]


def test_what_the_agent_does_is_no_news(agent) -> None:
    come_online(agent)
    make_ringing(agent)
    change_status(agent, "break")
    chat = make_chat(agent.service, agent=agent)
    close_chat(chat.pk, by=Chat.ClosedBy.AGENT, agent=agent)
    close_chat(make_chat(agent.service, agent=agent).pk, by=Chat.ClosedBy.CUSTOMER)
    assert told(agent) == []


def test_an_opened_chat_is_no_news_any_more(agent) -> None:
    chat = make_ringing(agent)
    desk_notices.tell([agent], chat.pk, Kind.MISSED)
    answer_chat(agent, chat.pk)
    assert told(agent) == []


def test_each_dismisses_the_own_alone(agent, colleague, outsider, sign_in, client) -> None:
    desk_notices.tell([agent], make_chat(agent.service).pk, Kind.MISSED)
    notice = agent.desk_notices.get()
    address = f"/desk/demo/chat/notices/{notice.pk}/dismiss/"
    assert sign_in(colleague).post(address).status_code == 204
    assert sign_in(outsider).post(address).status_code == 404
    assert client.post(address).status_code == 302
    own = f"/desk/{outsider.service.slug}/chat/notices/{notice.pk}/dismiss/"
    assert sign_in(outsider).post(own).status_code == 204
    assert agent.desk_notices.count() == 1
    assert sign_in(agent).post(address).status_code == 204
    assert agent.desk_notices.count() == 0


def test_names_are_text_and_what_is_old_is_forgotten(agent, chief) -> None:
    chat = make_chat(agent.service, agent=agent, customer=make_customer(agent.service, "<b>{by}"))
    take_over(chief, chat.pk)
    assert "your chat with &lt;b&gt;{by} at" in shown(agent)
    desk_notices.forget_old()
    assert agent.desk_notices.exists()
    agent.desk_notices.update(at="2020-01-01T00:00:00Z")
    desk_notices.forget_old()
    assert not agent.desk_notices.exists()
