"""Service Management / Contract Details."""

import pytest
from django.urls import reverse

from agents.models import Agent, AuditEntry, Contract
from tests.make import make_agent

pytestmark = pytest.mark.django_db

URL = "/desk/demo/contract/"
OPEN = {"chat": "on", "security_service": "on", "chat_seats": "5", "chats_at_once": "5"}


def contract(service) -> Contract:
    return Contract.objects.get(service=service)


def test_the_url_is_the_documented_one():
    assert reverse("agents:contract", args=["demo"]) == URL


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_outsider_a_mere_agent_and_nobody_do_not_get_in(service, agent, outsider, sign_in, client, method):
    data = {"chat_seats": "99", "chats_at_once": "1", "confirmed": "1"}

    assert getattr(sign_in(outsider), method)(URL, data).status_code == 404
    assert getattr(sign_in(agent), method)(URL, data).status_code == 404
    assert getattr(client, method)(URL, data).url.startswith(reverse("agents:sign_in"))
    assert contract(service).chat_seats == 5
    assert contract(service).chat


def test_the_guides_words_and_the_use_are_on_it(service, admin, agent, colleague, sign_in):
    page = sign_in(admin).get(URL).content.decode()

    for words in ("Contract Details", "Security Service", "Chat Widget on other sites", "Chat seats"):
        assert words in page
    assert "2 of 5 chat seats used." in page


def test_saving_says_so_and_changes_it(service, admin, sign_in):
    response = sign_in(admin).post(URL, {**OPEN, "chat_widget": "on", "chat_seats": "7"}, follow=True)

    assert "Saved." in response.content.decode()
    assert (contract(service).chat_widget, contract(service).chat_seats) == (True, 7)


@pytest.mark.parametrize(("typed", "days"), [("30", 30), ("", None)])
def test_how_long_originals_are_kept(service, admin, sign_in, typed, days):
    sign_in(admin).post(f"/desk/{service.slug}/contract/", {**OPEN, "originals_kept_days": typed})
    assert Contract.objects.get(service=service).originals_kept_days == days


@pytest.mark.parametrize("typed", ["0", "-1", "x", "99999999"])
def test_a_number_of_days_that_makes_no_sense_is_refused(service, admin, sign_in, typed):
    page = sign_in(admin).post(f"/desk/{service.slug}/contract/", {**OPEN, "originals_kept_days": typed})
    assert page.status_code == 200
    assert page.context["form"].errors["originals_kept_days"]
    assert Contract.objects.get(service=service).originals_kept_days is None


def test_too_few_seats_are_an_error_that_loses_nothing(service, admin, agent, colleague, sign_in):
    response = sign_in(admin).post(URL, {**OPEN, "chat_widget": "on", "chat_seats": "1"})

    assert "2 chat seats are in use" in str(response.context["form"].errors["chat_seats"])
    page = response.content.decode()
    assert 'name="chat_seats" value="1"' in page
    assert not contract(service).chat_widget


@pytest.mark.parametrize("value", ["", "0", "51", "-1", "many", "9" * 30])
def test_chats_at_once_that_make_no_sense_are_refused(service, admin, sign_in, value):
    response = sign_in(admin).post(URL, {**OPEN, "chats_at_once": value})

    assert "chats_at_once" in response.context["form"].errors
    assert contract(service).chats_at_once == 5


def test_turning_chat_off_asks_first_and_keeps_what_was_typed(service, admin, sign_in):
    data = {**OPEN, "chat_seats": "8"}
    del data["chat"]

    page = sign_in(admin).post(URL, data).content.decode()

    assert "Open chats end" in page
    assert 'name="confirmed"' in page
    assert 'name="chat_seats" value="8"' in page
    assert contract(service).chat
    assert contract(service).chat_seats == 5


def test_turning_chat_off_confirmed_is_done(service, admin, sign_in):
    online = make_agent(service, "Olga", online=True)
    data = {**OPEN, "confirmed": "1"}
    del data["chat"]

    assert sign_in(admin).post(URL, data).status_code == 302

    assert not contract(service).chat
    online.refresh_from_db()
    assert online.chat_status == Agent.ChatStatus.OFFLINE
    assert AuditEntry.objects.get().details == {"chat": [True, False]}


def test_saving_with_chat_off_already_asks_nothing(service, admin, sign_in):
    Contract.objects.update(chat=False)
    data = {**OPEN, "chat_seats": "8"}
    del data["chat"]

    assert sign_in(admin).post(URL, data).status_code == 302
    assert contract(service).chat_seats == 8


def test_two_admins_with_the_page_open_do_not_overwrite_each_other(service, admin, sign_in):
    client = sign_in(admin)
    seen = client.get(URL).context["form"]["seen"].value()
    client.post(URL, {**OPEN, "chat_seats": "9", "seen": seen})

    refused = client.post(URL, {**OPEN, "chat_widget": "on", "seen": seen})

    assert "Someone else changed this" in refused.content.decode()
    assert contract(service).chat_seats == 9
    again = refused.context["form"]["seen"].value()
    assert client.post(URL, {**OPEN, "chat_widget": "on", "seen": again}).status_code == 302


def test_agents_above_a_lowered_limit_are_counted(service, admin, agent, sign_in):
    page = sign_in(admin).post(URL, {**OPEN, "chats_at_once": "2"}, follow=True).content.decode()

    assert "1 agent is limited to 2 chats at once." in page
