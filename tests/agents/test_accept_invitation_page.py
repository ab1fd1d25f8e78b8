"""The page behind an invitation's link."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents.invitations import invite_agent
from agents.models import Agent, Contract, Invitation, Service, User
from tests.make import PASSWORD, make_agent, make_user

pytestmark = pytest.mark.django_db

NORA = {"name": "Nora", "password": "eleven purple bicycles"}


@pytest.fixture
def link(admin):
    def made(email="nora@example.com", **fields):
        values = {"role": "agent", "chat_permission": True, "now": timezone.now()} | fields
        return reverse("agents:accept_invitation", args=[invite_agent(by=admin, email=email, **values).secret])

    return made


def joined(service, email="nora@example.com") -> Agent | None:
    return Agent.objects.filter(service=service, user__email=email, is_active=True).first()


def test_a_new_person_chooses_name_and_password_and_is_in(service, link, client):
    url = link()
    assert 'value="nora@example.com"' in client.get(url).content.decode()

    response = client.post(url, NORA)

    assert response.url == reverse("agents:desk", args=["demo"])
    assert joined(service).user.name == "Nora"
    assert client.get(reverse("agents:services")).context["user"] == joined(service).user


def test_opening_the_link_changes_nothing(service, link, client):
    url = link()

    for _ in range(2):
        assert client.get(url).status_code == 200
    assert client.head(url).status_code == 200

    assert joined(service) is None
    assert Invitation.objects.get().accepted_at is None


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"), ({"name": "N" * 81}, "name"), ({"password": "short"}, "password"),
        ({"password": "password123"}, "password"), ({"password": "nora@example.com"}, "password"),
    ],
)  # fmt: skip
def test_a_weak_password_or_no_name_makes_no_account(service, link, client, wrong, field):
    response = client.post(link(), NORA | wrong)

    assert field in response.context["form"].errors
    assert not User.objects.filter(email="nora@example.com").exists()
    assert Invitation.objects.get().accepted_at is None


def test_an_account_there_is_already_needs_signing_in(service, link, client):
    make_user("Nora", email="nora@example.com")
    url = link("Nora@example.com")

    page = client.get(url).content.decode()
    assert "Sign in with it to accept" in page
    assert 'name="password"' not in page
    assert client.post(url, NORA).url == f"{reverse('agents:sign_in')}?next={url}"
    assert joined(service) is None

    client.post(reverse("agents:sign_in"), {"email": "nora@example.com", "password": PASSWORD, "next": url})
    assert client.post(url).url == reverse("agents:desk", args=["demo"])
    assert joined(service)


def test_another_person_is_told_for_whom_it_is(service, link, outsider, sign_in):
    make_user("Nora", email="nora@example.com")
    client = sign_in(outsider)
    url = link()

    for response in (client.get(url), client.post(url, NORA)):
        assert "This invitation is for someone else" in response.content.decode()
    assert joined(service) is None
    assert not Agent.objects.filter(service=service, user=outsider.user).exists()


def test_the_admin_who_tries_the_link_does_not_become_the_invited(service, link, admin, sign_in):
    response = sign_in(admin).post(link(), NORA)

    assert "This invitation is for someone else" in response.content.decode()
    assert not User.objects.filter(email="nora@example.com").exists()


def expire():
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def revoke():
    Invitation.objects.all().delete()


def use():
    Invitation.objects.update(accepted_at=timezone.now())


def stop():
    Service.objects.update(is_stopped=True)


@pytest.mark.parametrize(("end", "status"), [(expire, 410), (use, 410), (stop, 410), (revoke, 404)])
def test_one_clear_page_where_it_cannot_be_used(service, link, client, end, status):
    url = link()
    end()

    for response in (client.get(url), client.post(url, NORA)):
        assert response.status_code == status
        assert "This invitation can’t be used" in response.content.decode()
    assert not User.objects.filter(email="nora@example.com").exists()


@pytest.mark.parametrize("secret", ["x", "%00", "%ff%fe", "초대", "a" * 2000])
def test_a_made_up_link_is_not_found(db, client, secret):
    assert client.get(f"/invitation/{secret}/").status_code == 404


def test_without_a_free_seat_one_is_told(service, link, client):
    url = link()
    Contract.objects.update(chat_seats=0)

    page = client.post(url, NORA, follow=False)
    told = [str(message) for message in page.wsgi_request._messages]

    assert not joined(service).chat_permission
    assert any("no free chat seat" in text for text in told)


def test_a_deactivated_agent_is_in_again(service, link, sign_in):
    former = make_agent(service, user=make_user("Nora", email="nora@example.com"), is_active=False)

    assert sign_in(former).post(link()).status_code == 302

    former.refresh_from_db()
    assert former.is_active


def test_the_page_is_kept_by_no_cache(link):
    assert "no-store" in Client().get(link()).headers["Cache-Control"]
