"""Why a chat rang where it rang, or waited: kept as codes, told in words, small."""

from datetime import timedelta

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from agents.models import Agent
from chat.lifecycle import transitions
from chat.lifecycle.trail import routing_trail
from chat.models import Chat, Ring, RoutingDecision, RoutingRound
from chat.routing import packing
from chat.routing.assignment import assign_waiting_chats
from chat.routing.decisions import drop_old_rounds
from contiple.base.clock import database_now
from tests.chat.comings import come_online, committed, leave, make_queue, state_of
from tests.make import make_agent, make_chat, make_service

State = Chat.State


def words(chat: Chat) -> list[str]:
    return [choice.text for choice in routing_trail(chat)]


def others(chat: Chat) -> list[str]:
    return routing_trail(chat)[-1].others


def test_who_was_considered_and_what_spoke_against_each(service, agent, admin) -> None:
    come_online(agent)
    busy, full, gone, paused, _home = (make_agent(service, name) for name in ("Bo", "Fay", "Guy", "Pia", "Hal"))
    for one in (busy, full, gone):
        come_online(one)
    make_chat(service, agent=busy)
    for _ in range(3):
        make_chat(service, agent=full)
    leave(agent=gone, ago_s=40.5)
    Agent.objects.filter(pk=paused.pk).update(chat_status="break")
    [chat] = make_queue(service, 1)

    assign_waiting_chats(service.pk)

    assert words(chat) == ["Rang for Mina, who had the fewest chats (0 of 3 chats)."]
    assert others(chat) == [
        "Bo: 1 of 3 chats",
        "Fay: 3 of 3 chats",
        "Guy: disconnected for 40 s",
        "Pia: on a break",
        "Hal: Offline",
        "Ada: no chat permission",
    ]


def test_the_longest_without_a_new_one(service, agent, colleague) -> None:
    come_online(agent, idle_for_s=10)
    come_online(colleague, idle_for_s=20)
    [chat] = make_queue(service, 1)

    assign_waiting_chats(service.pk)

    assert words(chat) == ["Rang for Theo, who had waited longest for a new chat (0 of 3 chats, as others had)."]
    assert others(chat) == ["Mina: 0 of 3 chats"]


def test_the_only_one(service, agent) -> None:
    come_online(agent)
    [chat] = make_queue(service, 1)
    assign_waiting_chats(service.pk)

    assert words(chat) == ["Rang for Mina, the only available agent (0 of 3 chats)."]


def test_recent_history(service, agent, colleague, customer) -> None:
    service.chat_settings.assign_recent_agent = True
    service.chat_settings.save(update_fields=["assign_recent_agent"])
    come_online(agent)
    come_online(colleague)
    make_chat(service, agent=agent)
    old = make_chat(service, agent=agent, customer=customer, state=State.CLOSED)
    Ring.objects.create(chat=old, agent=agent, ended_at=database_now(), outcome=Ring.Outcome.OPENED)
    chat = make_chat(service, customer=customer)

    assign_waiting_chats(service.pk)

    assert words(chat) == ["Rang for Mina, who has recent history with this customer (1 of 3 chats)."]


def test_who_let_it_ring(service, agent, colleague) -> None:
    come_online(agent, idle_for_s=5)
    come_online(colleague)
    make_chat(service, agent=colleague)
    [chat] = make_queue(service, 1)
    assign_waiting_chats(service.pk)
    with committed():
        transitions.pass_on(chat.pk, outcome=Ring.Outcome.MISSED)

    assert state_of(chat) == (State.RINGING, colleague.pk)
    assert words(chat) == [
        "Rang for Mina, who had the fewest chats (0 of 3 chats).",
        "Rang for Theo, the only available agent (1 of 3 chats).",
    ]
    assert others(chat) == ["Mina: 0 of 3 chats, just missed or returned it"]

    with committed():
        transitions.pass_on(chat.pk, outcome=Ring.Outcome.MISSED)

    assert words(chat)[2:] == ["Queued: the available agents had just let it ring."]


def test_of_many_in_one_turn_each_shows_what_the_ones_before_it_left(service, agent, colleague) -> None:
    come_online(agent)
    come_online(colleague)
    chats = make_queue(service, 7)

    assign_waiting_chats(service.pk)

    assert RoutingRound.objects.count() == 1
    assert [choice.text for chat in chats[4:6] for choice in routing_trail(chat)] == [
        "Rang for Mina, who had waited longest for a new chat (2 of 3 chats, as others had).",
        "Rang for Theo, the only available agent (2 of 3 chats).",
    ]
    assert others(chats[5]) == ["Mina: 3 of 3 chats"]
    assert words(chats[6]) == ["Queued: all Online agents were at their limit."]
    assert others(chats[6]) == ["Mina: 3 of 3 chats", "Theo: 3 of 3 chats"]


@pytest.mark.parametrize(
    ("stand", "reason"),
    [
        (lambda agent: Agent.objects.filter(pk=agent.pk).update(chat_status="offline"), "no agent was Online."),
        (
            lambda agent: Agent.objects.filter(pk=agent.pk).update(chat_status="break"),
            "no agent was Online; some were on a break.",
        ),
        (lambda agent: leave(agent=agent), "no Online agent was connected."),
    ],
)
def test_why_nobody(service, agent, stand, reason) -> None:
    come_online(agent)
    stand(agent)
    [chat] = make_queue(service, 1)

    assign_waiting_chats(service.pk)

    assert words(chat) == [f"Queued: {reason}"]


def test_a_chat_that_goes_on_waiting_is_noted_when_the_reason_changes(service, agent) -> None:
    come_online(agent)
    leave(agent=agent, ago_s=10)
    chats = make_queue(service, 3)
    for ago_s in (10, 20, 30):
        leave(agent=agent, ago_s=ago_s)
        assert assign_waiting_chats(service.pk) == 0
    assert (RoutingRound.objects.count(), RoutingDecision.objects.count()) == (1, 3)

    late = make_chat(service)
    assign_waiting_chats(service.pk)
    assert (RoutingRound.objects.count(), RoutingDecision.objects.count()) == (2, 4)
    assert words(late) == words(chats[0]) == ["Queued: no Online agent was connected."]

    Agent.objects.filter(pk=agent.pk).update(chat_status="offline")
    for _ in range(3):
        assign_waiting_chats(service.pk)
    assert (RoutingRound.objects.count(), RoutingDecision.objects.count()) == (3, 8)


def test_nothing_decided_writes_nothing(service, agent) -> None:
    come_online(agent)
    assign_waiting_chats(service.pk)

    assert not RoutingRound.objects.exists()


def rename(agent: Agent, name: str) -> None:
    agent.user.name = name
    agent.user.save(update_fields=["name"])


def test_who_got_the_chat_has_the_name_of_then_and_others_that_of_now(service, agent, colleague) -> None:
    come_online(agent, idle_for_s=20)
    come_online(colleague, idle_for_s=10)
    [chat] = make_queue(service, 1)
    assign_waiting_chats(service.pk)
    rename(agent, "Somebody else")
    rename(colleague, "Theodora")

    assert words(chat) == ["Rang for Mina, who had waited longest for a new chat (0 of 3 chats, as others had)."]
    assert others(chat) == ["Theodora: 0 of 3 chats"]


def test_an_agent_who_is_gone_still_counts(service, agent, colleague) -> None:
    come_online(agent)
    [chat] = make_queue(service, 1)
    assign_waiting_chats(service.pk)
    Agent.objects.filter(pk=colleague.pk).delete()

    assert others(chat) == ["Removed agent: Offline"]


def in_the_form_of_the_release_before(round_: RoutingRound) -> None:
    """As it writes a round: everybody in ``seats``, by nearness, with the names of then; it doesn't know ``others``."""
    [standings] = packing.unpack(round_.service_id, [round_]).values()
    seats = [[each.agent_id, each.name, each.availability, each.load, each.limit, each.gone_s] for each in standings]
    RoutingRound.objects.filter(pk=round_.pk).update(seats=seats, others=None)


def desk_of_all_kinds(service) -> None:
    """Twenty agents."""
    people = [make_agent(service, f"Agent Number {number}") for number in range(20)]
    for one in people[:12]:
        come_online(one)
    for one in people[2:8]:
        for _ in range(3):
            make_chat(service, agent=one)
    leave(agent=people[8], ago_s=40.5)
    Agent.objects.filter(pk=people[12].pk).update(chat_status="break")
    Agent.objects.filter(pk=people[13].pk).update(chat_permission=False)


def test_rounds_of_the_release_before_show_the_same(service) -> None:
    desk_of_all_kinds(service)
    chats = make_queue(service, 30)
    assign_waiting_chats(service.pk)
    now = [routing_trail(chat) for chat in chats]
    [round_] = RoutingRound.objects.all()
    in_the_form_of_the_release_before(round_)

    assert [routing_trail(chat) for chat in chats] == now
    assert now[0][0].others


def test_the_release_before_reads_who_got_each_chat(service) -> None:
    """It looks for the agent in ``seats``, and takes these six of each."""
    desk_of_all_kinds(service)
    make_queue(service, 2)
    assign_waiting_chats(service.pk)

    [round_] = RoutingRound.objects.all()
    found = {agent_id: (name, availability, load, limit, gone) for agent_id, name, availability, load, limit, gone
             in round_.seats}  # fmt: skip
    rang = RoutingDecision.objects.values_list("agent", "agent__user__name")
    assert found == {agent_id: (name, "free", 0, 3, None) for agent_id, name in rang}


def test_a_round_takes_a_fraction_of_what_it_took_in_the_release_before(service) -> None:
    desk_of_all_kinds(service)
    make_queue(service, 1)
    assign_waiting_chats(service.pk)
    [round_] = RoutingRound.objects.all()
    small = row_size(round_)
    in_the_form_of_the_release_before(round_)

    assert small < row_size(round_) / 5, (small, row_size(round_))


def row_size(round_: RoutingRound) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_column_size(r.*) FROM chat_routinground r WHERE id = %s", [round_.pk])
        return cursor.fetchone()[0]


def test_in_korean_nothing_stays_english_that_is_translated(service, agent, colleague) -> None:
    come_online(agent)
    [chat] = make_queue(service, 1)
    assign_waiting_chats(service.pk)

    with translation.override("ko"):
        [choice] = routing_trail(chat)

    assert choice.text.count("%") == 0
    assert "Mina" in choice.text


def test_a_round_is_bounded_and_keeps_who_is_nearest(service, agent, colleague, monkeypatch) -> None:
    monkeypatch.setattr(packing, "STANDINGS_MAX", 2)
    for number in range(3):
        make_agent(service, f"Off {number}")
    come_online(agent, idle_for_s=20)
    come_online(colleague)
    [chat] = make_queue(service, 1)

    assign_waiting_chats(service.pk)

    assert "Mina" in words(chat)[0]
    assert others(chat) == ["Theo: 0 of 3 chats", "Off 0: Offline"]


def test_a_service_s_log_names_nobody_of_another(service, agent, outsider) -> None:
    come_online(agent)
    come_online(outsider)
    [chat] = make_queue(service, 1)

    assign_waiting_chats(service.pk)

    assert "Oscar" not in str(routing_trail(chat))
    RoutingRound.objects.update(others=msgspec.msgpack.encode({"offline": [[outsider.pk]]}))
    assert others(chat) == ["Removed agent: Offline"]


def test_old_rounds_go_and_a_chat_takes_its_decisions_with_it(service, agent) -> None:
    come_online(agent)
    old, new = make_queue(service, 2)
    Chat.objects.filter(pk=new.pk).update(state=State.CLOSED, closed_at=database_now())
    assign_waiting_chats(service.pk)
    RoutingRound.objects.update(at=database_now() - timedelta(days=91))
    other = make_chat(make_service("third"))
    Chat.objects.filter(pk=new.pk).update(state=State.WAITING, closed_at=None)
    assign_waiting_chats(service.pk)

    drop_old_rounds()

    assert words(old) == []
    assert len(words(new)) == 1
    new.refresh_from_db()
    new.rings.all().delete()
    new.delete()
    assert not RoutingDecision.objects.exists()
    assert other.pk


def test_the_history_shows_it_to_admins_in_few_queries(service, agent, colleague, admin, sign_in) -> None:
    come_online(agent)
    chats = make_queue(service, 4)
    assign_waiting_chats(service.pk)
    url = reverse("chat:history", args=["demo", chats[0].pk])

    assert "Why it was assigned this way" in sign_in(admin).get(url).content.decode()
    assert "Rang for Mina, the only available agent" in sign_in(admin).get(url).content.decode()
    assert "the only one who could take it" not in sign_in(colleague).get(url).content.decode()

    def queries(chat: Chat) -> int:
        with CaptureQueriesContext(connection) as captured:
            routing_trail(chat)
        return len(captured)

    assert [queries(chats[0]), queries(chats[3])] == [3, 3]
