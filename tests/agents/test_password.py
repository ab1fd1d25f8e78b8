"""Changing the password, and getting a new one by mail."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents.models import Attempt
from tests.mails import delivered
from tests.make import PASSWORD, make_user

pytestmark = pytest.mark.django_db

NEW = "eleven purple bicycles"


def change(client, old=PASSWORD, new=NEW):
    data = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post(reverse("agents:password"), data)


def ask_for_reset(client, email, **extra):
    answer = client.post(reverse("agents:reset"), {"email": email}, **extra)
    delivered()
    return answer


def mailed_link() -> str:
    return re.search(rf"{re.escape(settings.PUBLIC_ORIGIN)}(/password/reset/\S+)", mail.outbox[-1].body)[1]


def set_by_link(client, link, new=NEW):
    form = client.get(link, follow=True)
    return client.post(form.request["PATH_INFO"], {"new_password1": new, "new_password2": new})


def test_this_session_goes_on_and_the_others_end(agent, sign_in):
    here, elsewhere = sign_in(agent), sign_in(agent)

    assert change(here).status_code == 302

    assert here.get(reverse("agents:password")).status_code == 200
    assert elsewhere.get(reverse("agents:password")).status_code == 302
    agent.user.refresh_from_db()
    assert agent.user.check_password(NEW)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("wrong", NEW, "old_password"),
        (PASSWORD, "short", "new_password1"),
        (PASSWORD, "password123", "new_password1"),
        (PASSWORD, "violet harbour " * 70, "new_password1"),  # the sign-in would not take it
    ],
)
def test_a_wrong_old_or_weak_new_password_changes_nothing(agent, sign_in, old, new, field):
    response = change(sign_in(agent), old, new)

    assert field in response.context["form"].errors
    agent.user.refresh_from_db()
    assert agent.user.check_password(PASSWORD)


def test_nobody_is_sent_to_sign_in(client):
    assert client.get(reverse("agents:password")).url.startswith(reverse("agents:sign_in"))
    assert change(client).url.startswith(reverse("agents:sign_in"))


def test_a_mailed_link_sets_a_new_password_once_and_ends_sessions(agent, sign_in, client):
    signed_in = sign_in(agent)
    assert ask_for_reset(client, agent.user.email.upper()).url == reverse("agents:reset_sent")
    link = mailed_link()
    assert client.options(link).status_code == 405

    assert set_by_link(client, link).url == reverse("agents:sign_in")

    agent.user.refresh_from_db()
    assert agent.user.check_password(NEW)
    assert signed_in.get(reverse("agents:password")).status_code == 302
    assert not Client().get(link, follow=True).context["validlink"]


def test_the_link_is_ours_whatever_host_was_asked(agent, client):
    ask_for_reset(client, agent.user.email, headers={"host": "localhost:8000", "x-forwarded-host": "evil.example"})

    assert mailed_link()
    assert "evil.example" not in mail.outbox[0].body


@pytest.mark.parametrize(
    ("language", "words"), [("en", "asked to reset the password"), ("ko", "Contiple 계정의 비밀번호")]
)
def test_the_mail_is_in_the_readers_language(agent, client, language, words, request):
    if language == "ko":
        request.getfixturevalue("korean_catalogue")
    ask_for_reset(client, agent.user.email, headers={"accept-language": language})

    assert words in mail.outbox[0].body


def test_the_mail_names_people_as_they_are(client):
    make_user("O'Brien & Co", email="ob@example.com")

    ask_for_reset(client, "ob@example.com")

    assert "Hello O'Brien & Co," in mail.outbox[0].body


def test_unknown_and_inactive_get_the_same_answer_and_no_mail(client):
    inactive = make_user("Ina", is_active=False)

    for email in ("nobody@example.com", inactive.email):
        assert ask_for_reset(client, email).url == reverse("agents:reset_sent")
    assert not mail.outbox


def test_a_mailbox_gets_five_mails_an_hour_and_nobody_is_told(agent, client):
    answers = [ask_for_reset(client, agent.user.email) for _ in range(7)]

    assert {answer.status_code for answer in answers} == {302}
    assert len(mail.outbox) == 5
    Attempt.objects.update(at=timezone.now() - timedelta(hours=1, seconds=1))
    ask_for_reset(client, agent.user.email)
    assert len(mail.outbox) == 6


def test_a_strangers_requests_leave_the_owner_a_way(agent, client):
    for _ in range(7):
        ask_for_reset(Client(), agent.user.email)
    first = re.search(r"(/password/reset/\S+)", mail.outbox[0].body)[1]

    client.post(reverse("agents:sign_in"), {"email": agent.user.email, "password": PASSWORD})
    client.post(reverse("agents:sign_out"))
    ask_for_reset(client, agent.user.email)

    assert len(mail.outbox) == 6  # her own device has a count of its own
    assert not Client().get(first, follow=True).context["validlink"]  # signing in has ended the older links, so
    ask_for_reset(Client(), agent.user.email)
    assert len(mail.outbox) == 7  # strangers' requests count from the start again


def test_a_network_that_asks_for_many_waits(client):
    for number in range(20):
        ask_for_reset(client, f"somebody{number}@example.com")

    refused = ask_for_reset(client, "another@example.com")

    assert refused.status_code == 429
    assert "Try again" in refused.content.decode()


def test_a_request_asks_nothing_that_depends_on_the_account(agent, client):
    with CaptureQueriesContext(connection) as known:
        client.post(reverse("agents:reset"), {"email": agent.user.email})
    with CaptureQueriesContext(connection) as unknown:
        client.post(reverse("agents:reset"), {"email": "nobody@example.com"})
    delivered()

    assert len(known) == len(unknown)
    assert len(mail.outbox) == 1


def test_the_mail_goes_to_the_address_on_record(client):
    make_user("Oscar", email="oscar@example.com")

    ask_for_reset(client, "oſcar@example.com")

    assert mail.outbox[0].to == ["oscar@example.com"]


def test_a_followed_link_proves_the_address_and_makes_the_device_known(agent, client):
    assert agent.user.email_proved_at is None
    ask_for_reset(client, agent.user.email)
    set_by_link(client, mailed_link())
    for _ in range(11):
        Client().post(reverse("agents:sign_in"), {"email": agent.user.email, "password": "wrong"})

    agent.user.refresh_from_db()
    assert agent.user.email_proved_at
    assert client.post(reverse("agents:sign_in"), {"email": agent.user.email, "password": NEW}).status_code == 302


def test_without_a_mail_server_the_page_says_who_can_help(client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

    page = client.get(reverse("agents:reset")).content.decode()

    assert "Ask the operator" in page
    assert 'name="email"' not in page


def test_a_new_password_ends_the_wait_after_failures(agent, client):
    for _ in range(11):
        client.post(reverse("agents:sign_in"), {"email": agent.user.email, "password": "wrong"})
    ask_for_reset(client, agent.user.email)
    set_by_link(client, mailed_link())

    response = client.post(reverse("agents:sign_in"), {"email": agent.user.email, "password": NEW})

    assert response.status_code == 302


@pytest.mark.parametrize("link", ["/password/reset/MQ/abc-def/", "/password/reset/!!/x/"])
def test_a_made_up_link_says_so(client, link):
    page = client.get(link)

    assert page.status_code == 200
    assert "This link can no longer be used" in page.content.decode()
