"""What the operator needs to begin: createsuperuser, then a service with its contract and first admin."""

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from agents.models import Agent, AuditEntry, Contract, Invitation, Service, User
from tests.make import PASSWORD, make_agent, make_user

CONTRACT_NUMBERS = ("chat_seats", "chats_at_once", "originals_kept_days")
pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("op@example.com", PASSWORD, name="Op"))
    return client


def service_form(**values) -> dict:
    return {
        "name": "Hanbit", "slug": "hanbit",
        "contract-TOTAL_FORMS": "1", "contract-INITIAL_FORMS": "0",
        "contract-0-chat": "on", "contract-0-chat_seats": "5", "contract-0-chats_at_once": "5",
        "agents-TOTAL_FORMS": "1", "agents-INITIAL_FORMS": "0", "agents-0-role": "admin",
    } | values  # fmt: skip


def agent_form(agent: Agent, **values) -> dict:
    return {"role": agent.role, "is_active": "on", "chat_permission": "on", "chat_limit": "3"} | values


def test_createsuperuser_makes_an_operator_who_signs_in(client, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", interactive=False, email="Op@Example.com", name="Op", verbosity=0)

    data = {"email": "op@example.com", "password": PASSWORD, "next": reverse("admin:index")}
    assert client.post(reverse("agents:sign_in"), data).url == reverse("admin:index")
    assert client.get(reverse("admin:index")).status_code == 200


@pytest.mark.parametrize("model", ["user", "service", "agent", "invitation", "auditentry"])
def test_every_list_opens_and_is_searched(operator, service, admin, model):
    url = reverse(f"admin:agents_{model}_changelist")

    assert operator.get(url).status_code == 200
    assert operator.get(url, {"q": "a"}).status_code == 200


@pytest.mark.parametrize("path", ["", "agents/service/", "agents/auditentry/", "agents/user/"])
def test_who_is_no_operator_does_not_get_in(admin, outsider, sign_in, client, path):
    for browser in (sign_in(admin), sign_in(outsider)):
        assert browser.get(f"/operator/{path}", follow=True).status_code == 404
    assert client.get(f"/operator/{path}", follow=True).resolver_match.view_name == "agents:sign_in"


def test_passwords_are_not_tried_at_the_admins_own_sign_in(operator, client):
    url = reverse("admin:login")

    tried = client.post(f"{url}?next=/operator/agents/", {"username": "op@example.com", "password": PASSWORD})

    assert tried.url == f"{reverse('agents:sign_in')}?next=/operator/agents/"
    assert "_auth_user_id" not in client.session
    assert operator.get(url).url == reverse("admin:index")


def test_a_service_is_made_with_its_contract_and_first_admin(operator):
    person = make_user("Ada")

    response = operator.post(reverse("admin:agents_service_add"), service_form(**{
        "agents-0-user": str(person.pk), "agents-0-is_active": "on",
    }))  # fmt: skip

    assert response.status_code == 302, response.context["errors"]
    agent = Agent.objects.get(service__slug="hanbit")
    assert (agent.user, agent.role, agent.is_active, agent.chat_permission) == (person, "admin", True, False)
    assert Contract.objects.get(service__slug="hanbit").chat
    actions = AuditEntry.objects.filter(actor="operator").values_list("action", flat=True)
    assert sorted(actions) == ["agent.change", "contract.change"]


def test_a_new_service_has_a_contract_if_nothing_was_ticked(operator, client, sign_in):
    untouched = {name: str(getattr(Contract(), name) or "") for name in CONTRACT_NUMBERS}
    data = {f"contract-0-{name}": value for name, value in untouched.items()} | {"contract-0-security_service": "on"}
    person = make_user("Ada")
    form = service_form(**data, **{"agents-0-user": str(person.pk), "agents-0-is_active": "on"})
    del form["contract-0-chat"]

    assert operator.post(reverse("admin:agents_service_add"), form).status_code == 302
    assert not Contract.objects.get(service__slug="hanbit").chat
    client.force_login(person)
    for page in (
        "tickets:list",
        "agents:contract",
        "agents:agents",
        "helpcenter:settings",
        "chat:checklist",
        "chat:chats",
    ):
        assert client.get(reverse(page, args=["hanbit"])).status_code == 200
    assert client.get("/hc/hanbit/").status_code == 200


@pytest.mark.parametrize(
    "member",
    [
        {"agents-TOTAL_FORMS": "0"},
        {"agents-0-role": "agent", "agents-0-is_active": "on"},
        {"agents-0-role": "admin"},
        {"agents-0-role": "admin", "agents-0-is_active": "on", "is_gone": True},
    ],
)
def test_a_service_without_an_admin_is_not_made(operator, member):
    person = make_user("Ada", is_active=not member.pop("is_gone", False))
    data = {"agents-0-user": str(person.pk), **member}

    refused = operator.post(reverse("admin:agents_service_add"), service_form(**data))

    assert "A service needs at least one active admin. Add one here." in refused.content.decode()
    assert not Service.objects.exists()


def test_who_is_deactivated_has_no_permission_to_export_left(operator, agent):
    url = reverse("admin:agents_agent_change", args=[agent.pk])
    assert operator.post(url, agent_form(agent, export_permission="on")).status_code == 302
    agent.refresh_from_db()
    assert agent.export_permission
    assert operator.post(url, agent_form(agent, export_permission="on", is_active="")).status_code == 302
    agent.refresh_from_db()
    assert not agent.export_permission


@pytest.mark.parametrize("change", [{"role": "agent"}, {"is_active": ""}])
def test_the_last_admin_stays_one(operator, service, admin, change):
    data = {"role": "admin", "is_active": "on", "chat_limit": "3", **change}
    url = reverse("admin:agents_agent_change", args=[admin.pk])

    assert "This is the last admin." in operator.post(url, data).content.decode()
    make_agent(service, "Second", role="admin")
    assert operator.post(url, data).status_code == 302


def test_the_last_admins_account_stays_active(operator, service, admin):
    url = reverse("admin:agents_user_change", args=[admin.user_id])
    data = {"email": admin.user.email, "name": admin.user.name}

    assert "This is the last admin." in operator.post(url, data).content.decode()
    make_agent(service, "Second", role="admin")
    assert operator.post(url, data).status_code == 302


def test_a_services_page_does_not_go_round_the_seats(operator, service):
    gone = make_agent(service, "Gone", is_active=False)
    Contract.objects.update(chat_seats=0)
    data = service_form(**{
        "name": "Demo", "slug": "demo", "contract-INITIAL_FORMS": "1", "contract-0-id": str(service.contract.pk),
        "contract-0-service": str(service.pk), "contract-0-chat_seats": "0", "agents-INITIAL_FORMS": "1",
        "agents-0-id": str(gone.pk), "agents-0-service": str(service.pk), "agents-0-user": str(gone.user_id),
        "agents-0-is_active": "on",
    })  # fmt: skip
    url = reverse("admin:agents_service_change", args=[service.pk])
    assert operator.get(url).status_code == 200

    operator.post(url, data)

    gone.refresh_from_db()
    assert not gone.is_active


def test_a_service_is_not_made_without_a_contract(operator):
    without = service_form(**{"contract-TOTAL_FORMS": "0"})

    assert operator.post(reverse("admin:agents_service_add"), without).status_code == 200
    assert not Service.objects.exists()


def test_a_person_is_made_with_a_password(operator):
    data = {
        "email": "New@Example.com",
        "name": "New",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }

    assert operator.post(reverse("admin:agents_user_add"), data).status_code == 302

    assert User.objects.get(email="new@example.com").check_password(PASSWORD)
    again = operator.post(reverse("admin:agents_user_add"), data | {"email": "NEW@example.com"})
    assert "This e-mail address is already in use." in again.content.decode()


def test_a_person_is_edited(operator, agent):
    url = reverse("admin:agents_user_change", args=[agent.user_id])
    assert operator.get(url).status_code == 200

    assert operator.post(url, {"email": "Mina2@example.com", "name": "Mina"}).status_code == 302

    agent.user.refresh_from_db()
    assert (agent.user.email, agent.user.is_active) == ("mina2@example.com", False)
    assert agent.user.check_password(PASSWORD)


def test_seats_hold_for_the_operator_too(operator, service, agent):
    newcomer = make_agent(service, chat_permission=False)
    Contract.objects.update(chat_seats=1)

    response = operator.post(reverse("admin:agents_agent_change", args=[newcomer.pk]), agent_form(newcomer))

    assert "All chat seats are in use" in response.content.decode()
    newcomer.refresh_from_db()
    assert not newcomer.chat_permission


def test_an_operators_change_of_an_agent_is_on_record(operator, service):
    agent = make_agent(service, online=True)
    data = agent_form(agent)
    del data["is_active"]

    assert operator.post(reverse("admin:agents_agent_change", args=[agent.pk]), data).status_code == 302

    agent.refresh_from_db()
    assert (agent.is_active, agent.chat_permission, agent.chat_status) == (False, False, "offline")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action) == ("operator", "agent.change")
    assert entry.details["is_active"] == [True, False]


def test_turning_chat_off_sets_everybody_offline(operator, service, admin):
    agent = make_agent(service, online=True)
    contract = service.contract
    data = service_form(**{
        "name": "Demo", "slug": "demo", "contract-INITIAL_FORMS": "1", "contract-0-id": str(contract.pk),
        "contract-0-service": str(service.pk), "agents-TOTAL_FORMS": "0",
    })  # fmt: skip
    del data["contract-0-chat"]

    response = operator.post(reverse("admin:agents_service_change", args=[service.pk]), data)

    assert response.status_code == 302, response.context["errors"]
    agent.refresh_from_db()
    assert agent.chat_status == Agent.ChatStatus.OFFLINE


def test_the_trail_is_read_only(operator, service, admin):
    entry = AuditEntry.objects.create(service=service, action="agent.change", subject="agent:1")
    page = reverse("admin:agents_auditentry_change", args=[entry.pk])

    assert operator.get(page).status_code == 200
    assert operator.post(page, {"action": "x"}).status_code == 403
    assert operator.post(reverse("admin:agents_auditentry_delete", args=[entry.pk]), {"post": "yes"}).status_code == 403
    assert operator.get(reverse("admin:agents_auditentry_add")).status_code == 403


def test_an_invitations_secret_is_nowhere_to_be_read(operator, service, admin):
    from django.utils import timezone

    from agents.invitations import invite_agent

    new = invite_agent(by=admin, email="x@example.com", role="agent", chat_permission=False, now=timezone.now())
    page = operator.get(reverse("admin:agents_invitation_change", args=[new.invitation.pk])).content.decode()

    assert "x@example.com" in page
    assert new.secret not in page
    assert Invitation.objects.get().secret_hash not in page
