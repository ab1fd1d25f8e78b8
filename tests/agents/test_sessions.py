"""Sessions: how they end, who sees them, who ends them."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents.credentials import Credential, chatting_agents, user_of_session
from agents.models import AccountEntry, AuditEntry, OpenSession
from agents.sessions import SEEN_EVERY, end_session, keep_alive, open_sessions
from tests.make import PASSWORD, make_agent, make_user

pytestmark = pytest.mark.django_db

PAGE = reverse("agents:sessions")
PHONE = {"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1"}


@pytest.fixture
def seen(sign_in):
    """A browser in which this agent is signed in and has opened a page."""

    def signed_in(agent) -> Client:
        client = sign_in(agent)
        assert client.get(PAGE).status_code == 200
        return client

    return signed_in


def key(client) -> str:
    return client.session.session_key


def row(client) -> OpenSession:
    return OpenSession.objects.get(session_key=key(client))


def is_signed_in(client) -> bool:
    return client.get(PAGE).status_code == 200


def age(client, by: timedelta) -> None:
    """As if the session's last use was so much earlier."""
    session = Session.objects.get(pk=key(client))
    Session.objects.filter(pk=session.pk).update(expire_date=session.expire_date - by)
    OpenSession.objects.filter(session_key=session.pk).update(seen_at=row(client).seen_at - by)


def test_a_session_that_does_nothing_ends(agent, seen, settings):
    client = seen(agent)
    session = Session.objects.get(pk=key(client))

    assert timedelta() <= timezone.now() + settings.SESSION_IDLE - session.expire_date < timedelta(minutes=1)
    age(client, settings.SESSION_IDLE)
    assert user_of_session(key(client)) is None
    assert not is_signed_in(client)


def test_use_puts_the_idle_end_off_but_is_written_down_only_every_few_minutes(agent, seen, django_assert_num_queries):
    client = seen(agent)
    before = Session.objects.get(pk=key(client)).expire_date
    client.get(PAGE)
    assert Session.objects.get(pk=key(client)).expire_date == before

    age(client, SEEN_EVERY * 2)
    client.get(PAGE)

    assert Session.objects.get(pk=key(client)).expire_date >= before
    assert timezone.now() - row(client).seen_at < timedelta(minutes=1)


def test_what_a_page_asks_for_by_the_clock_puts_nothing_off(agent, seen):
    client = seen(agent)
    age(client, SEEN_EVERY * 2)
    before = Session.objects.get(pk=key(client)).expire_date
    assert client.get("/desk/demo/tickets/answers/", headers={"X-By-The-Clock": "1"}).status_code == 200
    assert Session.objects.get(pk=key(client)).expire_date == before


def test_chatting_puts_the_idle_end_off(agent, seen):
    client = seen(agent)
    age(client, timedelta(hours=3))

    keep_alive(key(client), now=timezone.now())

    assert timezone.now() - row(client).seen_at < timedelta(minutes=1)
    end_session(row(client))
    keep_alive(key(client), now=timezone.now())
    assert not Session.objects.filter(pk=key(client)).exists()


def test_a_session_ends_by_age_however_much_it_is_used(agent, seen, settings):
    client = seen(agent)
    session = client.session
    session["signed_in_at"] -= settings.SESSION_COOKIE_AGE - 3600
    session.save()

    age(client, SEEN_EVERY * 2)
    client.get(PAGE)

    left = Session.objects.get(pk=key(client)).expire_date - timezone.now()
    assert left <= timedelta(hours=1)
    session["signed_in_at"] -= 3601
    session.save()
    assert not is_signed_in(client)


def test_ones_devices_are_listed_and_no_others(agent, colleague, seen):
    client = seen(agent)
    other = Client(headers=PHONE)
    other.force_login(agent.user)
    other.get(PAGE)
    seen(colleague)

    page = client.get(PAGE)

    assert {session.session_key for session in page.context["sessions"]} == {key(client), key(other)}
    assert "Safari, iPhone" in page.content.decode()
    assert page.content.decode().count("This device") == 1
    assert key(other) not in page.content.decode()


def test_one_other_device_is_signed_out(agent, seen):
    here, there = seen(agent), seen(agent)

    here.post(reverse("agents:end_session", args=[row(there).pk]))

    assert not is_signed_in(there)
    assert is_signed_in(here)
    assert AccountEntry.objects.filter(user=agent.user, action="sessions_ended").count() == 1


def test_everything_but_this_device_is_signed_out_even_what_is_not_listed(agent, seen, sign_in):
    here, there, unlisted = seen(agent), seen(agent), sign_in(agent)
    credential = Credential(agent.pk, agent.service_id, key(there), agent.user.password, second_factor=False)
    assert chatting_agents([credential])

    here.post(reverse("agents:end_other_sessions"))

    assert is_signed_in(here)
    assert not is_signed_in(there)
    assert not is_signed_in(unlisted)
    assert not chatting_agents([credential])


def test_strangers_end_and_see_nothing(agent, outsider, colleague, seen, client):
    mine = seen(agent)
    url = reverse("agents:end_session", args=[row(mine).pk])
    page = reverse("agents:agent_sessions", args=["demo", agent.pk])
    end = reverse("agents:end_agent_sessions", args=["demo", agent.pk])
    for other in (seen(outsider), seen(colleague)):
        assert other.post(url).status_code == 404
        assert other.get(page).status_code == 404
        assert other.post(end).status_code == 404
    for address in (url, end):
        assert client.post(address).url.startswith(reverse("agents:sign_in"))
    own = reverse("agents:agent_sessions", args=["other", agent.pk])
    assert seen(outsider).get(own).status_code == 404
    assert is_signed_in(mine)


def test_an_admin_signs_an_agent_out_everywhere_on_record(agent, admin, seen):
    mine, boss = seen(agent), seen(admin)
    page = boss.get(reverse("agents:agent_sessions", args=["demo", agent.pk])).content.decode()
    assert "Last seen" in page

    boss.post(reverse("agents:end_agent_sessions", args=["demo", agent.pk]))

    assert not is_signed_in(mine)
    assert AuditEntry.objects.get(action="agent.sessions_ended").agent == admin
    assert AccountEntry.objects.get(user=agent.user, action="sessions_ended").actor == "Ada"


def test_of_a_former_agent_an_admin_sees_nothing(service, admin, seen):
    gone = make_agent(service, "Gone", is_active=False)

    assert seen(admin).get(reverse("agents:agent_sessions", args=["demo", gone.pk])).status_code == 404


def test_the_operator_ends_sessions(agent, seen):
    mine = seen(agent)
    operator = Client()
    operator.force_login(make_user("Olga", is_staff=True, is_superuser=True))
    assert "Mina" in operator.get(reverse("admin:agents_opensession_changelist")).content.decode()

    operator.post(reverse("admin:agents_opensession_delete", args=[row(mine).pk]), {"post": "yes"})
    assert not is_signed_in(mine)

    another = seen(agent)
    data = {"action": "sign_out_everywhere", "_selected_action": [agent.user.pk]}
    operator.post(reverse("admin:agents_user_changelist"), data)
    assert not is_signed_in(another)
    assert AccountEntry.objects.filter(user=agent.user, actor="operator").count() == 2


def test_a_new_password_leaves_this_device_alone_in_the_list(agent, seen):
    here, there = seen(agent), seen(agent)
    new = "eleven purple bicycles"

    here.post(reverse("agents:password"), {"old_password": PASSWORD, "new_password1": new, "new_password2": new})

    assert is_signed_in(here)
    assert not is_signed_in(there)
    assert [session.session_key for session in open_sessions(agent.user, timezone.now())] == [key(here)]


def test_a_sign_out_leaves_the_list(agent, seen):
    here, there = seen(agent), seen(agent)

    there.post(reverse("agents:sign_out"))

    assert [session.session_key for session in open_sessions(agent.user, timezone.now())] == [key(here)]
