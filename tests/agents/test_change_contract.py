"""Contract Details: each option and limit, what is in use, and what follows when Chat is turned off."""

from functools import partial

import pytest

from agents.contracts import change_contract, contract_stamp, limited_agents, seats_used
from agents.membership import change_agent
from agents.models import Agent, AuditEntry, Contract
from contiple.base.errors import Closed, Conflict, Invalid
from tests.agents.race import at_once
from tests.make import make_agent

pytestmark = pytest.mark.django_db


def test_every_change_is_on_record_with_old_and_new(service, admin):
    change_contract(by=admin, values={"chat_widget": True, "chat_seats": 9, "chats_at_once": 5})

    contract = Contract.objects.get(service=service)
    assert (contract.chat_widget, contract.chat_seats) == (True, 9)
    entry = AuditEntry.objects.get()
    assert entry.details == {"chat_widget": [False, True], "chat_seats": [5, 9]}
    assert (entry.action, entry.subject, entry.agent) == ("contract.change", f"contract:{contract.pk}", admin)


def test_seats_do_not_go_below_the_ones_in_use(service, admin, agent, colleague):
    with pytest.raises(Invalid) as caught:
        change_contract(by=admin, values={"chat_seats": 1})

    assert caught.value.code == "chat_seats"
    assert "2" in str(caught.value)
    assert Contract.objects.get(service=service).chat_seats == 5


def test_seats_go_down_to_the_ones_in_use(service, admin, agent, colleague):
    make_agent(service, "Gone", is_active=False)

    change_contract(by=admin, values={"chat_seats": 2})

    assert Contract.objects.get(service=service).chat_seats == seats_used(service) == 2


def test_chats_at_once_go_down_and_agents_above_are_limited(service, admin, agent, colleague):
    change_contract(by=admin, values={"chats_at_once": 2})

    agent.refresh_from_db()
    assert agent.chat_limit == 3
    assert limited_agents(Contract.objects.get(service=service)) == 2


def test_turning_chat_off_sets_everybody_of_the_service_offline(service, admin, outsider):
    online = make_agent(service, "Olga", online=True)

    change_contract(by=admin, values={"chat": False})

    online.refresh_from_db()
    outsider.refresh_from_db()
    assert online.chat_status == Agent.ChatStatus.OFFLINE
    assert online.chat_permission
    assert outsider.chat_status == Agent.ChatStatus.ONLINE


def test_a_change_of_something_else_leaves_the_status_alone(service, admin):
    online = make_agent(service, "Olga", online=True)

    change_contract(by=admin, values={"security_service": False})

    online.refresh_from_db()
    assert online.chat_status == Agent.ChatStatus.ONLINE


def test_who_is_no_admin_any_more_changes_nothing(service, admin):
    make_agent(service, "Bea", role=Agent.Role.ADMIN)
    Agent.objects.filter(pk=admin.pk).update(is_active=False)

    with pytest.raises(Closed):
        change_contract(by=admin, values={"chat": False})

    assert Contract.objects.get(service=service).chat


def test_a_form_that_is_out_of_date_is_refused(service, admin):
    seen = contract_stamp(Contract.objects.get(service=service))
    change_contract(by=admin, values={"chat_seats": 7}, seen=seen)

    with pytest.raises(Conflict):
        change_contract(by=admin, values={"chat_seats": 5, "chat_widget": True}, seen=seen)

    assert Contract.objects.get(service=service).chat_seats == 7


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_a_seat_is_not_taken_away_and_granted_at_the_same_moment(service, admin, attempt):
    other = make_agent(service, "Bea", role=Agent.Role.ADMIN, chat_permission=False)
    newcomer = make_agent(service, "Nils", chat_permission=False)
    Contract.objects.filter(service=service).update(chat_seats=1)

    results = at_once(
        partial(change_contract, by=admin, values={"chat_seats": 0}),
        partial(change_agent, newcomer, by=other, values={"chat_permission": True}),
    )

    assert seats_used(service) <= Contract.objects.get(service=service).chat_seats
    assert [type(result) for result in results if isinstance(result, Exception)] == [Invalid]
