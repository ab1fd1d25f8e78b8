"""Service Management / Agents: the list, one agent, invitations."""

import re

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from agents.invitations import find_invitation
from agents.models import Agent, AuditEntry, Contract, Invitation, OutgoingMail, User
from tests.mails import delivered
from tests.make import make_agent
from tests.services import free_port

pytestmark = pytest.mark.django_db

LIST = "/desk/demo/agents/"
SMTP = "django.core.mail.backends.smtp.EmailBackend"
INVITE = "/desk/demo/agents/invitations/"
INVITED = {"email": "new@example.com", "role": "agent", "chat_permission": "on"}


def edit_url(agent: Agent) -> str:
    return reverse("agents:agent", args=["demo", agent.pk])


def edited(**values) -> dict:
    return {"role": "agent", "is_active": "on", "chat_permission": "on", "chat_limit": "3"} | values


@pytest.fixture
def invitation(admin, sign_in) -> Invitation:
    sign_in(admin).post(INVITE, INVITED)
    return Invitation.objects.get()


def test_the_outsider_a_mere_agent_and_nobody_do_not_get_in(
    service, agent, colleague, outsider, invitation, sign_in, client
):
    revoke = reverse("agents:revoke", args=["demo", invitation.pk])
    tries = [("get", LIST, {}), ("get", edit_url(colleague), {}), ("post", edit_url(colleague), edited(role="admin"))]
    tries += [("post", INVITE, INVITED | {"email": "x@example.com"}), ("post", revoke, {})]

    for method, url, data in tries:
        assert getattr(sign_in(outsider), method)(url, data).status_code == 404, url
        assert getattr(sign_in(agent), method)(url, data).status_code == 404, url
        assert getattr(client, method)(url, data).url.startswith(reverse("agents:sign_in")), url
    colleague.refresh_from_db()
    assert colleague.role == "agent"
    assert Invitation.objects.get() == invitation


def test_another_services_agents_and_invitations_are_absent(service, admin, outsider, invitation, sign_in):
    client = sign_in(admin)
    own = sign_in(outsider)

    assert client.get(edit_url(outsider)).status_code == 404
    assert client.post(edit_url(outsider), edited()).status_code == 404
    assert client.get(reverse("agents:agent", args=["demo", 10**30])).status_code == 404
    assert own.post(reverse("agents:revoke", args=["other", invitation.pk])).status_code == 404
    assert "Oscar" not in client.get(LIST).content.decode()
    assert Invitation.objects.get() == invitation


def test_the_list_shows_each_agent(service, admin, agent, sign_in):
    make_agent(service, "Olga", online=True)
    make_agent(service, "Gone", is_active=False)
    Contract.objects.update(chats_at_once=2)

    page = sign_in(admin).get(LIST).content.decode()

    for words in ("Mina", agent.user.email, "Olga", "Online", "Gone", "Deactivated", "(limited, 3 chosen)"):
        assert words in page
    assert "2 of 5 chat seats used." in page


def test_the_list_says_who_may_export_chats(service, admin, agent, sign_in):
    Agent.objects.filter(pk=make_agent(service, "Olga").pk).update(export_permission=True)

    page = sign_in(admin).get(LIST).content.decode()

    said = re.findall(r'<td data-label="Chat export" class="nowrap">\s*(?:<span class="muted">)?([\w ]+)', page)
    names = re.findall(r'class="row-link" href="[^"]*">([^<]+)</a>', page)
    assert dict(zip(names, map(str.strip, said), strict=True)) == {
        "Ada": "Permitted", "Mina": "Not permitted", "Olga": "Permitted",
    }  # fmt: skip


def test_the_list_takes_as_many_queries_for_many_agents(service, admin, sign_in, django_assert_max_num_queries):
    for _ in range(30):
        make_agent(service)
    client = sign_in(admin)
    client.get(LIST)  # the first request of a session writes that down

    with django_assert_max_num_queries(12):
        client.get(LIST)


def test_an_agent_is_changed(service, admin, agent, sign_in):
    response = sign_in(admin).post(edit_url(agent), edited(role="admin", chat_limit="5"), follow=True)

    agent.refresh_from_db()
    assert (agent.role, agent.chat_limit) == ("admin", 5)
    assert "Saved." in response.content.decode()
    assert AuditEntry.objects.get().agent == admin


def test_a_refused_change_stands_at_its_field_and_loses_nothing(service, admin, agent, sign_in):
    response = sign_in(admin).post(edit_url(agent), edited(role="admin", chat_limit="9"))

    assert "at most 5" in str(response.context["form"].errors["chat_limit"])
    assert 'value="9"' in response.content.decode()
    assert re.search(r'<option value="admin"\s+selected', response.content.decode())
    agent.refresh_from_db()
    assert agent.role == "agent"


def test_a_closed_contract_says_why_the_permission_cannot_be_switched_on(service, admin, sign_in):
    Contract.objects.update(chat=False)
    newcomer = make_agent(service, "Nils", chat_permission=False)
    client = sign_in(admin)

    page = client.get(edit_url(newcomer))

    assert "Chat is off in Contract Details" in page.content.decode()
    assert page.context["form"].fields["chat_permission"].widget.attrs["disabled"]
    refused = client.post(edit_url(newcomer), edited())
    assert "can’t be granted" in refused.content.decode()
    newcomer.refresh_from_db()
    assert not newcomer.chat_permission


def test_a_closed_contract_lets_the_permission_be_taken_away(service, admin, agent, sign_in):
    Contract.objects.update(chat=False)
    client = sign_in(admin)
    assert "disabled" not in client.get(edit_url(agent)).context["form"].fields["chat_permission"].widget.attrs
    data = edited()
    del data["chat_permission"]

    assert client.post(edit_url(agent), data).status_code == 302

    agent.refresh_from_db()
    assert not agent.chat_permission


def test_full_seats_say_so(service, admin, agent, sign_in):
    Contract.objects.update(chat_seats=1)
    newcomer = make_agent(service, "Nils", chat_permission=False)
    client = sign_in(admin)

    assert "All chat seats (1) are in use" in client.get(edit_url(newcomer)).content.decode()
    assert "chat_permission" in client.post(edit_url(newcomer), edited()).context["form"].errors


def test_a_page_that_is_out_of_date_overwrites_nothing(service, admin, agent, sign_in):
    client = sign_in(admin)
    seen = client.get(edit_url(agent)).context["form"]["seen"].value()
    Agent.objects.filter(pk=agent.pk).update(chat_permission=False)

    refused = client.post(edit_url(agent), edited(role="admin", seen=seen))

    assert "Someone else changed this" in refused.content.decode()
    agent.refresh_from_db()
    assert (agent.role, agent.chat_permission) == ("agent", False)
    again = refused.context["form"]["seen"].value()
    assert client.post(edit_url(agent), edited(role="admin", seen=again)).status_code == 302


def test_who_steps_back_as_admin_goes_to_the_start(service, admin, sign_in):
    make_agent(service, "Bea", role="admin")
    client = sign_in(admin)
    assert "This is you" in client.get(edit_url(admin)).content.decode()
    data = edited()
    del data["chat_permission"]

    assert client.post(edit_url(admin), data).url == reverse("agents:start")
    assert client.get(LIST).status_code == 404


def test_the_last_admin_is_told_why_not(admin, sign_in):
    data = edited()
    del data["chat_permission"]

    response = sign_in(admin).post(edit_url(admin), data)

    assert "last admin" in str(response.context["form"].errors["role"])


@pytest.mark.django_db(transaction=True)
def test_inviting_mails_the_link_and_shows_it_to_nobody_else(service, admin, sign_in):
    client = sign_in(admin)

    page = client.post(INVITE, INVITED, follow=True).content.decode()
    delivered()

    link = re.search(r"http://localhost:\d+/invitation/([\w-]+)/", mail.outbox[0].body)
    assert find_invitation(link[1]).mail == Invitation.Mail.SENT
    assert mail.outbox[0].to == ["new@example.com"]
    later = client.get(LIST).content.decode()
    assert "on its way to new@example.com" in page
    assert "E-mailed" in later
    assert link[1] not in page + later
    assert client.get(INVITE).url == LIST


@pytest.mark.django_db(transaction=True)
def test_who_follows_a_mailed_link_has_proved_the_address(service, admin, sign_in, client):
    sign_in(admin).post(INVITE, INVITED)
    delivered()
    link = re.search(r"(/invitation/[\w-]+/)", mail.outbox[0].body)[1]

    client.post(link, {"name": "Nora", "password": "eleven purple bicycles"})

    assert User.objects.get(email="new@example.com").email_proved_at


def test_without_a_mail_server_the_link_is_shown_once_and_proves_nothing(admin, sign_in, client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    page = sign_in(admin).post(INVITE, INVITED).content.decode()

    client.post(re.search(r"(/invitation/[\w-]+/)", page)[1], {"name": "Nora", "password": "eleven purple bicycles"})

    assert "No e-mail can be sent from here" in page
    assert not User.objects.get(email="new@example.com").email_proved_at
    assert "Address not verified" in sign_in(admin).get(LIST).content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_cannot_be_sent_is_said_and_on_record_and_can_be_sent_again(admin, sign_in, settings, caplog):
    client, working = sign_in(admin), settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", free_port()
    client.post(INVITE, INVITED)
    OutgoingMail.objects.update(give_up_at=timezone.now())
    delivered()

    page = client.get(LIST).content.decode()
    assert "The e-mail couldn’t be sent" in page
    assert "/invitation/" not in page
    assert AuditEntry.objects.filter(action="invitation.mail_failed").count() == 1
    assert "new@example.com" not in caplog.text

    settings.EMAIL_BACKEND = working
    client.post(reverse("agents:invite_again", args=["demo", Invitation.objects.get().pk]))
    delivered()
    assert Invitation.objects.get().mail == Invitation.Mail.SENT


@pytest.mark.django_db(transaction=True)
def test_mails_to_one_address_are_limited_whichever_service_sends_them(admin, outsider, sign_in):
    clients = [(sign_in(admin), "demo"), (sign_in(outsider), "other")]
    for number in range(8):
        client, slug = clients[number % 2]
        client.post(f"/desk/{slug}/agents/invitations/", INVITED | {"email": "NEW@example.com"})
        delivered()
    refused = clients[0][0].post(INVITE, INVITED)
    again = clients[0][0].post(
        reverse("agents:invite_again", args=["demo", Invitation.objects.get(service=admin.service).pk]), follow=True
    )
    delivered()

    assert len(mail.outbox) == 5
    assert "Too many attempts" in refused.content.decode()
    assert "Too many attempts" in again.content.decode()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"email": "nonsense"}, "email"), ({"email": ""}, "email"), ({"role": "owner"}, "role")],
)
def test_an_invitation_that_makes_no_sense_is_refused(admin, sign_in, wrong, field):
    response = sign_in(admin).post(INVITE, INVITED | wrong)

    assert field in response.context["form"].errors
    assert not Invitation.objects.exists()
    assert not mail.outbox


def test_a_colleague_is_not_invited(admin, agent, sign_in):
    response = sign_in(admin).post(INVITE, INVITED | {"email": agent.user.email})

    assert "already" in str(response.context["form"].errors["email"])


def test_an_invitation_is_revoked(admin, invitation, sign_in):
    client = sign_in(admin)
    url = reverse("agents:revoke", args=["demo", invitation.pk])

    assert client.get(url).status_code == 405
    assert "was revoked" in client.post(url, follow=True).content.decode()
    assert not Invitation.objects.exists()
    assert client.post(url).status_code == 404
