"""A customer who does not answer is reminded once, and after the time that was named the chat ends."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction

from agents.models import AuditEntry, Service
from chat.conversation import live, messages
from chat.conversation.entries import latest_page
from chat.conversation.rendering import message_html
from chat.lifecycle.silence import break_silences
from chat.lifecycle.transitions import answer_chat, pass_on
from chat.models import Chat, ChatSettings, Message, Ring
from contiple.base.clock import database_now
from tests.agents.race import at_once
from tests.chat.comings import come_online, committed, make_ringing, new_id, state_of
from tests.make import make_agent, make_chat, make_service, send_as_agent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def five_and_fifteen(service: Service) -> None:
    configure(service, reminder=5, close=15)


def configure(service: Service, *, reminder: int, close: int) -> None:
    ChatSettings.objects.filter(service=service).update(idle_reminder_minutes=reminder, idle_close_minutes=close)


def ago(minutes: float):
    return database_now() - timedelta(minutes=minutes)


def silent_chat(agent, minutes: float, *, reminded: float | None = None, **fields) -> Chat:
    """Active, with the agent's last words so many minutes ago, and a reminder so many minutes ago."""
    reminded_at = None if reminded is None else ago(reminded)
    return make_chat(agent.service, agent=agent, unanswered_since=ago(minutes), reminded_at=reminded_at, **fields)


def events(chat: Chat) -> list[tuple[str, str]]:
    return list(Message.objects.filter(chat=chat).order_by("seq").values_list("event", "name"))


def test_after_so_many_minutes_the_customer_is_reminded_and_told_when_it_ends(agent, told) -> None:
    chat = silent_chat(agent, 5.1)

    with committed():
        break_silences()

    chat.refresh_from_db()
    assert chat.state == Chat.State.ACTIVE
    assert chat.reminded_at is not None
    assert events(chat) == [("reminded_end", "10")]
    [entry] = latest_page(chat)
    assert "this chat ends in 10 min" in message_html(entry, "en")


def test_without_an_end_the_reminder_names_none(agent) -> None:
    configure(agent.service, reminder=5, close=0)
    chat = silent_chat(agent, 600)

    break_silences()
    break_silences()

    assert events(chat) == [("reminded", "")]
    assert state_of(chat) == (Chat.State.ACTIVE, agent.pk)


def test_once_and_not_again_in_the_same_silence(agent) -> None:
    chat = silent_chat(agent, 5.1)

    for _ in range(3):
        break_silences()

    assert len(events(chat)) == 1


def test_not_before_its_time(agent) -> None:
    chat = silent_chat(agent, 4.9)

    break_silences()

    assert events(chat) == []


def test_whoever_has_spoken_last_is_not_reminded(agent) -> None:
    chat = make_chat(agent.service, agent=agent, created_at=ago(60))

    break_silences()

    assert events(chat) == []


@pytest.mark.parametrize("state", [Chat.State.WAITING, Chat.State.RINGING, Chat.State.CLOSED])
def test_only_an_active_chat_has_a_silence(agent, state) -> None:
    holder = None if state == Chat.State.WAITING else agent
    waits = make_chat(agent.service, agent=holder, state=state, unanswered_since=ago(60), reminded_at=None)
    reminded = make_chat(agent.service, agent=holder, state=state, unanswered_since=ago(60), reminded_at=ago(50))

    break_silences()

    assert events(waits) == events(reminded) == []
    assert state_of(reminded)[0] == state


def test_where_the_reminder_is_off_nothing_happens(agent) -> None:
    configure(agent.service, reminder=0, close=15)
    fresh, reminded = silent_chat(agent, 600), silent_chat(agent, 600, reminded=500)

    break_silences()

    assert events(fresh) == events(reminded) == []
    assert state_of(reminded) == (Chat.State.ACTIVE, agent.pk)


def test_each_service_has_its_own_minutes(agent) -> None:
    other = make_agent(make_service("slow"), "Sam")
    configure(other.service, reminder=60, close=120)
    quick, slow = silent_chat(agent, 10), silent_chat(other, 10)

    break_silences()

    assert (len(events(quick)), len(events(slow))) == (1, 0)


def test_when_the_time_is_over_the_chat_ends_and_says_why(agent, told) -> None:
    chat = silent_chat(agent, 15.1, reminded=10.1)

    with committed():
        break_silences()

    chat.refresh_from_db()
    assert (chat.state, chat.closed_by) == (Chat.State.CLOSED, Chat.ClosedBy.IDLE)
    assert events(chat) == [("closed_idle", "")]
    [entry] = latest_page(chat)
    assert "ended because it was not answered" in message_html(entry, "en")
    assert AuditEntry.objects.get(action="chat.closed").details["by"] == "idle"
    assert (live.chat_topic(chat.pk), live.Touched()) in told


def test_the_end_makes_room_for_who_waits(agent) -> None:
    come_online(agent)
    agent.chat_limit = 1
    agent.save(update_fields=["chat_limit"])
    silent_chat(agent, 15.1, reminded=10.1)
    waits = make_chat(agent.service)

    with committed():
        break_silences()

    assert state_of(waits) == (Chat.State.RINGING, agent.pk)


def test_nobody_is_sent_away_before_the_time_that_was_named(agent) -> None:
    """No worker ran for an hour: the reminder comes late, and the end as long after it as it says."""
    chat = silent_chat(agent, 60)

    break_silences()
    break_silences()

    assert events(chat) == [("reminded_end", "10")]
    assert state_of(chat) == (Chat.State.ACTIVE, agent.pk)

    Chat.objects.filter(pk=chat.pk).update(reminded_at=ago(10.1))
    break_silences()
    assert state_of(chat)[0] == Chat.State.CLOSED


def test_more_words_of_the_agent_give_more_time(agent) -> None:
    chat = silent_chat(agent, 14.9, reminded=10.1)

    break_silences()

    assert state_of(chat)[0] == Chat.State.ACTIVE


def test_an_end_that_is_no_later_than_the_reminder_is_none(agent) -> None:
    """The page refuses it; the operator's shell does not."""
    configure(agent.service, reminder=10, close=5)
    chat = silent_chat(agent, 600)

    for _ in range(3):
        break_silences()

    assert events(chat) == [("reminded", "")]
    assert state_of(chat)[0] == Chat.State.ACTIVE


def test_an_agents_message_begins_the_silence_and_an_answer_ends_it(agent) -> None:
    chat = make_chat(agent.service, agent=agent)
    send_as_agent(chat, agent, body="Which size?", client_id=new_id())
    chat.refresh_from_db()
    assert chat.unanswered_since is not None

    Chat.objects.filter(pk=chat.pk).update(unanswered_since=ago(6))
    break_silences()
    messages.send_as_customer(chat, body="Sorry, medium", client_id=new_id())
    chat.refresh_from_db()
    assert (chat.unanswered_since, chat.reminded_at) == (None, None)

    send_as_agent(chat, agent, body="And which colour?", client_id=new_id())
    Chat.objects.filter(pk=chat.pk).update(unanswered_since=ago(6))
    break_silences()
    assert [event for event, _ in events(chat) if event] == ["reminded_end", "reminded_end"]


def test_with_the_next_agent_the_silence_of_the_last_one_is_over(agent, colleague) -> None:
    chat = silent_chat(agent, 60, reminded=14)
    come_online(colleague)
    with committed():
        pass_on(chat.pk, outcome=Ring.Outcome.GONE)
    answer_chat(colleague, chat.pk)

    break_silences()

    assert state_of(chat) == (Chat.State.ACTIVE, colleague.pk)
    assert not {"reminded", "reminded_end", "closed_idle"} & {event for event, _ in events(chat)}


def test_opening_what_rings_forgets_an_older_silence(agent) -> None:
    chat = make_ringing(agent, unanswered_since=ago(60), reminded_at=ago(50))

    answer_chat(agent, chat.pk)

    chat.refresh_from_db()
    assert (chat.unanswered_since, chat.reminded_at) == (None, None)


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_remind_once_and_end_once(agent) -> None:
    reminded, ended = silent_chat(agent, 6), silent_chat(agent, 16, reminded=11)

    at_once(*[break_silences] * 8)

    assert events(reminded) == [("reminded_end", "10")]
    assert events(ended) == [("closed_idle", "")]
    assert AuditEntry.objects.filter(action="chat.closed").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("minutes", "reminded"), [(6, None), (16, 11)])
def test_an_answer_in_the_last_moment_counts(agent, minutes, reminded) -> None:
    """The worker has found the chat, and waits for its lock, while the answer is written."""
    from tests.chat.comings import wait_until_blocked

    chat = silent_chat(agent, minutes, reminded=reminded)

    def answer() -> None:
        with transaction.atomic():
            Chat.objects.select_for_update().get(pk=chat.pk)
            wait_until_blocked()
            Chat.objects.filter(pk=chat.pk).update(unanswered_since=None, reminded_at=None)

    at_once(answer, partial(until_blocked_then, break_silences, chat))

    assert events(chat) == []
    assert state_of(chat)[0] == Chat.State.ACTIVE


def until_blocked_then(act, chat: Chat) -> None:
    """Does it once somebody holds the chat's row."""
    import time

    for _ in range(500):
        with transaction.atomic():
            if not Chat.objects.select_for_update(skip_locked=True).filter(pk=chat.pk).exists():
                break
        time.sleep(0.01)
    act()


def test_a_quiet_tick_is_two_queries(agent, django_assert_num_queries) -> None:
    for _ in range(3):
        silent_chat(agent, 1)

    with django_assert_num_queries(2):
        break_silences()
