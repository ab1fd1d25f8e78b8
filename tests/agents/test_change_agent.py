"""Agents: role, chat permission, chats at once, active. Seats are never given twice; an admin is always left."""

from functools import partial

import pytest

from agents.access import active_admins
from agents.contracts import seats_used
from agents.membership import agent_stamp, change_agent
from agents.models import Agent, AuditEntry, Contract
from contiple.base.errors import Closed, Conflict, DomainError, Invalid
from tests.agents.race import at_once
from tests.make import make_agent

pytestmark = pytest.mark.django_db

ADMIN, AGENT = Agent.Role.ADMIN, Agent.Role.AGENT


@pytest.fixture
def newcomer(service) -> Agent:
    return make_agent(service, "Nils", chat_permission=False)


def set_contract(service, **values) -> None:
    Contract.objects.filter(service=service).update(**values)


def test_what_changes_is_saved_and_on_record_with_old_and_new(admin, newcomer):
    changed = change_agent(newcomer, by=admin, values={"role": ADMIN, "chat_permission": True, "chat_limit": 4})

    newcomer.refresh_from_db()
    assert (newcomer.role, newcomer.chat_permission, newcomer.chat_limit) == (ADMIN, True, 4)
    entry = AuditEntry.objects.get()
    assert entry.details == {
        "role": ["agent", "admin"],
        "chat_permission": [False, True],
        "chat_limit": [3, 4],
        "unmask_permission": [False, True],
    }
    assert changed == entry.details
    assert (entry.action, entry.subject, entry.agent) == ("agent.change", f"agent:{newcomer.pk}", admin)


def test_with_the_chat_permission_comes_the_one_to_unmask_unless_it_is_said_otherwise(admin, newcomer):
    change_agent(newcomer, by=admin, values={"chat_permission": True, "unmask_permission": False})
    newcomer.refresh_from_db()
    assert (newcomer.chat_permission, newcomer.unmask_permission) == (True, False)


def test_the_permission_to_unmask_is_given_and_taken_by_itself(admin, agent, newcomer):
    change_agent(newcomer, by=admin, values={"unmask_permission": True})
    change_agent(agent, by=admin, values={"unmask_permission": False})
    for member in (agent, newcomer):
        member.refresh_from_db()
    assert (newcomer.chat_permission, newcomer.unmask_permission) == (False, True)
    assert (agent.chat_permission, agent.unmask_permission) == (True, False)


def test_it_stays_when_something_else_changes(admin, agent):
    change_agent(agent, by=admin, values={"unmask_permission": False})
    change_agent(agent, by=admin, values={"chat_permission": True, "chat_limit": 2})
    agent.refresh_from_db()
    assert not agent.unmask_permission


def test_who_is_deactivated_loses_it(admin, agent):
    change_agent(agent, by=admin, values={"is_active": False})
    agent.refresh_from_db()
    assert not agent.unmask_permission


def test_nothing_changed_is_not_on_record(admin, agent):
    assert change_agent(agent, by=admin, values={"role": AGENT, "chat_permission": True}) == {}
    assert not AuditEntry.objects.exists()


def test_taking_the_permission_away_sets_offline(service, admin):
    online = make_agent(service, "Olga", online=True)

    change_agent(online, by=admin, values={"chat_permission": False})

    online.refresh_from_db()
    assert online.chat_status == Agent.ChatStatus.OFFLINE
    assert AuditEntry.objects.get().details["chat_status"] == ["online", "offline"]


def test_deactivating_takes_permission_and_seat_and_sets_offline(service, admin):
    online = make_agent(service, "Olga", online=True)

    change_agent(online, by=admin, values={"is_active": False, "chat_permission": True})

    online.refresh_from_db()
    assert (online.is_active, online.chat_permission, online.chat_status) == (False, False, "offline")
    assert seats_used(service) == 0


def test_the_permission_is_not_granted_while_the_contract_has_no_chat(service, admin, newcomer):
    set_contract(service, chat=False)

    with pytest.raises(Closed) as caught:
        change_agent(newcomer, by=admin, values={"chat_permission": True})

    assert caught.value.code == "chat_permission"
    newcomer.refresh_from_db()
    assert not newcomer.chat_permission


def test_the_permission_is_taken_away_while_the_contract_has_no_chat(service, admin, agent):
    set_contract(service, chat=False)

    change_agent(agent, by=admin, values={"chat_permission": False})

    agent.refresh_from_db()
    assert not agent.chat_permission


def test_who_has_the_permission_keeps_it_through_other_changes_of_a_closed_contract(service, admin, agent):
    set_contract(service, chat=False, chat_seats=0)

    change_agent(agent, by=admin, values={"role": ADMIN, "chat_permission": True})

    agent.refresh_from_db()
    assert agent.chat_permission


def test_the_permission_is_not_granted_beyond_the_seats(service, admin, agent, newcomer):
    set_contract(service, chat_seats=1)

    with pytest.raises(Invalid) as caught:
        change_agent(newcomer, by=admin, values={"chat_permission": True})

    assert caught.value.code == "chat_permission"


def test_a_deactivated_agent_comes_back_only_to_a_free_seat(service, admin, agent):
    gone = make_agent(service, "Gone", is_active=False, chat_permission=True)
    set_contract(service, chat_seats=1)

    with pytest.raises(Invalid):
        change_agent(gone, by=admin, values={"is_active": True, "chat_permission": True})


@pytest.mark.parametrize("limit", [0, -1, 6])
def test_chats_at_once_stay_within_the_contract(admin, agent, limit):
    with pytest.raises(Invalid) as caught:
        change_agent(agent, by=admin, values={"chat_limit": limit})

    assert caught.value.code == "chat_limit"


def test_who_is_above_a_lowered_limit_can_be_changed_otherwise(service, admin, agent):
    set_contract(service, chats_at_once=1)

    change_agent(agent, by=admin, values={"role": ADMIN, "chat_limit": 3})

    agent.refresh_from_db()
    assert agent.role == ADMIN


@pytest.mark.parametrize(("values", "field"), [({"role": AGENT}, "role"), ({"is_active": False}, "is_active")])
def test_the_last_admin_stays(service, admin, agent, values, field):
    make_agent(service, "Former", role=ADMIN, is_active=False)
    blocked = make_agent(service, "Blocked", role=ADMIN)
    blocked.user.is_active = False
    blocked.user.save(update_fields=["is_active"])

    with pytest.raises(Invalid) as caught:
        change_agent(admin, by=admin, values=values)

    assert caught.value.code == field


def test_an_admin_who_is_not_the_last_may_step_back(service, admin):
    make_agent(service, "Bea", role=ADMIN)

    change_agent(admin, by=admin, values={"role": AGENT})

    admin.refresh_from_db()
    assert admin.role == AGENT


def test_who_is_no_admin_any_more_changes_nothing(service, admin, agent, newcomer):
    stale = Agent.objects.get(pk=admin.pk)
    make_agent(service, "Bea", role=ADMIN)
    Agent.objects.filter(pk=admin.pk).update(role=AGENT)

    with pytest.raises(Closed):
        change_agent(newcomer, by=stale, values={"chat_permission": True})


def test_another_services_agent_is_out_of_reach(outsider, agent):
    with pytest.raises(Agent.DoesNotExist):
        change_agent(agent, by=outsider, values={"chat_permission": False})


def test_a_form_that_is_out_of_date_is_refused(admin, agent):
    seen = agent_stamp(agent)
    change_agent(agent, by=admin, values={"chat_permission": False})

    with pytest.raises(Conflict):
        change_agent(agent, by=admin, values={"role": ADMIN, "chat_permission": True}, seen=seen)

    agent.refresh_from_db()
    assert not agent.chat_permission


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_the_last_seat_is_granted_once_by_two_admins_at_the_same_moment(service, admin, attempt):
    other_admin = make_agent(service, "Bea", role=ADMIN, chat_permission=False)
    first, second = (make_agent(service, chat_permission=False) for _ in range(2))
    set_contract(service, chat_seats=1)
    grant = {"chat_permission": True}

    results = at_once(
        partial(change_agent, first, by=admin, values=grant),
        partial(change_agent, second, by=other_admin, values=grant),
    )

    assert seats_used(service) == 1
    refused = [result for result in results if isinstance(result, Exception)]
    assert [type(error) for error in refused] == [Invalid]
    assert refused[0].code == "chat_permission"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_two_admins_who_demote_each_other_leave_one(service, admin, attempt):
    other = make_agent(service, "Bea", role=ADMIN)

    results = at_once(
        partial(change_agent, other, by=admin, values={"role": AGENT}),
        partial(change_agent, admin, by=other, values={"is_active": False}),
    )

    assert active_admins(service.pk).count() == 1
    assert sum(isinstance(result, DomainError) for result in results) == 1


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_step_back_at_the_same_moment_leave_one(service, admin):
    other = make_agent(service, "Bea", role=ADMIN)

    results = at_once(
        *(partial(change_agent, each, by=each, values={"role": AGENT}) for each in (admin, other)),
    )

    assert active_admins(service.pk).count() == 1
    assert [type(result) for result in results if isinstance(result, Exception)] == [Invalid]
