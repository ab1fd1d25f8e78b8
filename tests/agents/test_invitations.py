"""Invitations: one use, one week, one address; the seat is decided when it is accepted."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from agents import throttle
from agents.contracts import seats_used
from agents.invitations import (
    VALID_FOR,
    accept_as_new_user,
    accept_invitation,
    find_invitation,
    invite_agent,
    open_invitations,
    revoke_invitation,
    usable_invitations,
)
from agents.models import Agent, AuditEntry, Contract, Invitation, User
from contiple.base.errors import Closed, Conflict, Invalid, TooMany
from tests.agents.race import at_once
from tests.make import PASSWORD, make_agent, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def invite(admin):
    def invited(email="new@example.com", *, role="agent", chat_permission=True, now=None):
        now = now or timezone.now()
        return invite_agent(by=admin, email=email, role=role, chat_permission=chat_permission, now=now)

    return invited


def test_the_secret_is_kept_as_a_hash_only(invite):
    new = invite()

    with connection.cursor() as cursor:
        cursor.execute("SELECT i::text FROM agents_invitation i")
        assert new.secret not in cursor.fetchone()[0]
    assert find_invitation(new.secret) == new.invitation
    assert find_invitation(new.secret + "x") is None
    assert len(new.secret) >= 43


def test_a_new_person_gets_an_account_and_joins_as_invited(service, invite):
    new = invite("New@Example.com", role="admin")

    agent = accept_as_new_user(new.invitation, name="Nora", password=PASSWORD, now=timezone.now())

    assert (agent.service, agent.role, agent.chat_permission, agent.is_active) == (service, "admin", True, True)
    assert agent.chat_status == Agent.ChatStatus.OFFLINE
    assert agent.user.email == "new@example.com"
    assert agent.user.check_password(PASSWORD)
    assert not agent.user.is_staff


def test_what_happens_to_an_invitation_is_on_record_without_its_address(invite, admin):
    new = invite()
    agent = accept_as_new_user(new.invitation, name="Nora", password=PASSWORD, now=timezone.now())
    revoke_invitation(invite("other@example.com").invitation, by=admin)

    entries = list(AuditEntry.objects.order_by("id"))
    assert [entry.action for entry in entries] == [
        "invitation.create", "agent.join", "invitation.accept", "invitation.create", "invitation.revoke",
    ]  # fmt: skip
    assert entries[1].details["chat_permission"] == [False, True]
    assert entries[2].agent == agent
    assert "@" not in "".join(f"{entry.subject} {entry.details}" for entry in entries)


def test_it_is_accepted_once(invite):
    new = invite()
    agent = accept_as_new_user(new.invitation, name="Nora", password=PASSWORD, now=timezone.now())

    with pytest.raises(Conflict):
        accept_invitation(new.invitation, user=agent.user, now=timezone.now())


@pytest.mark.parametrize(("later", "usable"), [(VALID_FOR - timedelta(seconds=1), True), (VALID_FOR, False)])
def test_it_is_valid_for_a_week(invite, later, usable):
    now = timezone.now()
    new = invite(now=now)

    assert usable_invitations(now + later).exists() is usable
    if not usable:
        with pytest.raises(Conflict):
            accept_as_new_user(new.invitation, name="Nora", password=PASSWORD, now=now + later)
        assert not User.objects.filter(email="new@example.com").exists()


def test_a_revoked_one_is_gone(invite, admin):
    new = invite()

    revoke_invitation(new.invitation, by=admin)

    assert find_invitation(new.secret) is None
    with pytest.raises(Conflict):
        accept_as_new_user(new.invitation, name="Nora", password=PASSWORD, now=timezone.now())
    with pytest.raises(Conflict):
        revoke_invitation(new.invitation, by=admin)


def test_inviting_again_ends_the_first_link(service, invite):
    first = invite()
    second = invite("NEW@example.com")

    assert find_invitation(first.secret) is None
    assert list(open_invitations(service)) == [second.invitation]


def test_another_services_admin_revokes_nothing(invite, outsider):
    new = invite()

    with pytest.raises(Conflict):
        revoke_invitation(new.invitation, by=outsider)

    assert find_invitation(new.secret)


def test_another_person_does_not_get_in(service, invite):
    new = invite()

    with pytest.raises(Closed):
        accept_invitation(new.invitation, user=make_user("Mallory"), now=timezone.now())

    assert not Agent.objects.filter(service=service, user__name="Mallory").exists()


def test_a_deactivated_agent_is_active_again_with_the_invited_role(service, invite):
    former = make_agent(service, "Former", is_active=False, chat_permission=False)
    new = invite(former.user.email, role="admin")

    accept_invitation(new.invitation, user=former.user, now=timezone.now())

    former.refresh_from_db()
    assert (former.is_active, former.role, former.chat_permission) == (True, "admin", True)


def test_an_active_agent_is_not_invited(invite, agent):
    with pytest.raises(Invalid) as caught:
        invite(agent.user.email.upper())

    assert caught.value.code == "email"


def test_a_contract_without_chat_grants_no_permission_by_invitation(service, invite):
    Contract.objects.filter(service=service).update(chat=False)

    with pytest.raises(Closed) as caught:
        invite()

    assert caught.value.code == "chat_permission"
    assert invite(chat_permission=False)


def test_without_a_free_seat_one_joins_without_the_permission(service, invite, agent):
    new = invite()
    Contract.objects.filter(service=service).update(chat_seats=1)

    joined = accept_as_new_user(new.invitation, name="Nora", password=PASSWORD, now=timezone.now())

    assert joined.is_active
    assert not joined.chat_permission


def test_a_newcomer_does_not_exceed_the_contracts_chats_at_once(service, invite):
    Contract.objects.filter(service=service).update(chats_at_once=2)

    joined = accept_as_new_user(invite().invitation, name="Nora", password=PASSWORD, now=timezone.now())

    assert joined.chat_limit == 2


@pytest.mark.parametrize("loss", [{"is_active": False}, {"role": "agent"}])
def test_who_stops_being_admin_lets_nobody_in_any_more(admin, invite, loss):
    new = invite(role="admin")
    Agent.objects.filter(pk=admin.pk).update(**loss)

    with pytest.raises(Conflict):
        accept_as_new_user(new.invitation, name="Nora", password=PASSWORD, now=timezone.now())


def test_a_stopped_service_takes_nobody_in(service, invite):
    new = invite()
    service.is_stopped = True
    service.save(update_fields=["is_stopped"])

    with pytest.raises(Conflict):
        accept_as_new_user(new.invitation, name="Nora", password=PASSWORD, now=timezone.now())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_one_link_at_the_same_moment_makes_one_account_and_one_agent(service, invite, attempt):
    new = invite()
    accept = partial(accept_as_new_user, new.invitation, name="Nora", password=PASSWORD, now=timezone.now())

    results = at_once(accept, accept)

    assert sum(isinstance(result, Conflict) for result in results) == 1
    assert User.objects.filter(email="new@example.com").count() == 1
    assert Agent.objects.filter(service=service, user__email="new@example.com").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_the_last_seat_goes_to_one_of_two_who_join_at_the_same_moment(service, invite, attempt):
    Contract.objects.filter(service=service).update(chat_seats=1)
    new = [invite(f"new{number}@example.com").invitation for number in range(2)]

    results = at_once(
        *(partial(accept_as_new_user, each, name="Nora", password=PASSWORD, now=timezone.now()) for each in new)
    )

    assert sorted(joined.chat_permission for joined in results) == [False, True]
    assert seats_used(service) == 1


@pytest.mark.django_db(transaction=True)
def test_inviting_one_address_at_the_same_moment_leaves_one_link(service, invite):
    at_once(invite, invite)

    assert Invitation.objects.filter(service=service).count() == 1


def test_one_address_gets_a_few_invitations_a_day(service, admin):
    """Each is a mail to somebody who has not asked for it."""
    for _ in range(throttle.INVITATION_BY_EMAIL.attempts):
        invite_agent(by=admin, email="new@example.com", role="agent", chat_permission=False, now=timezone.now())
    with pytest.raises(TooMany) as error:
        invite_agent(by=admin, email="New@example.com", role="agent", chat_permission=False, now=timezone.now())
    assert error.value.retry_after_s > 3600
    assert invite_agent(by=admin, email="other@example.com", role="agent", chat_permission=False, now=timezone.now())
