"""Groups of agents: managed by admins, given tickets, and what becomes of tickets when a group goes."""

import pytest
from django.urls import reverse

from agents.models import AuditEntry
from contiple.base.errors import Closed, Conflict, Invalid
from tests.make import make_ticket
from tests.tickets.test_ticket_list import URL, found
from tickets.lifecycle import set_assignee
from tickets.models import Group, Ticket
from tickets.triage.groups import delete_group, save_group
from tickets.triage.sorting import set_group

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(admin, agent) -> Group:
    return save_group(admin, None, name="Billing", members=[agent])


@pytest.fixture
def ticket(service) -> Ticket:
    return make_ticket(service)


def test_a_ticket_of_a_group_stays_unassigned_until_an_agent_has_it(agent, group, ticket) -> None:
    set_group(agent, ticket, group)
    ticket.refresh_from_db()
    assert (ticket.group, ticket.assignee, ticket.state) == (group, None, "unassigned")
    set_assignee(agent, ticket, agent)
    ticket.refresh_from_db()
    assert (ticket.group, ticket.assignee, ticket.state) == (group, agent, "processing")


def test_the_page_changes_it_and_the_timeline_names_it_also_when_it_is_deleted(
    admin, agent, group, ticket, sign_in
) -> None:
    address = reverse("tickets:group", args=["demo", ticket.number])
    page = sign_in(agent).post(address, {"group": group.pk}, follow=True).content.decode()
    assert "gave the ticket to the group Billing" in page
    delete_group(admin, group)
    page = sign_in(agent).get(f"{URL}{ticket.number}/").content.decode()
    assert "gave the ticket to the group Billing" in page
    assert "took the ticket from the group Billing" in page
    assert 'id="ticket-group"' not in page


def test_of_two_who_read_the_same_group_the_later_one_is_told(admin, agent, colleague, group, ticket) -> None:
    other = save_group(admin, None, name="Returns", members=[colleague])
    stale = Ticket.objects.get(pk=ticket.pk)
    set_group(agent, ticket, group)
    with pytest.raises(Conflict):
        set_group(colleague, stale, other)


def test_a_group_with_nobody_in_it_gets_no_ticket_and_keeps_those_it_has(
    admin, agent, group, ticket, service, sign_in
) -> None:
    set_group(agent, ticket, group)
    agent.is_active = False
    agent.save(update_fields=["is_active"])
    with pytest.raises(Invalid):
        set_group(admin, make_ticket(service), group)
    ticket.refresh_from_db()
    assert ticket.group == group
    assert "Nobody is in this group" in sign_in(admin).get(reverse("tickets:settings", args=["demo"])).content.decode()
    assert 'value="1" selected' in sign_in(admin).get(f"{URL}{ticket.number}/").content.decode().replace(
        f'value="{group.pk}" selected', 'value="1" selected'
    )


def test_a_deleted_group_loses_its_open_tickets_each_on_record_and_is_kept_by_done_ones(
    admin, agent, group, ticket, service
) -> None:
    done = make_ticket(service, state="resolved", assignee=agent, group=group)
    mine = make_ticket(service, state="pending", assignee=agent, group=group)
    set_group(agent, ticket, group)
    delete_group(admin, group)
    for each in (done, mine, ticket):
        each.refresh_from_db()
    assert (done.group, mine.group, ticket.group) == (group, None, None)
    assert (mine.assignee, mine.state) == (agent, "pending")
    taken = AuditEntry.objects.filter(action="ticket.group", details__new=None)
    assert sorted(taken.values_list("subject", flat=True)) == sorted([mine.audit_subject, ticket.audit_subject])
    assert AuditEntry.objects.get(action="group.deleted").details == {"tickets": 2}
    with pytest.raises(Invalid):
        set_group(agent, mine, group)


def test_a_name_is_free_again_after_its_group(admin, group) -> None:
    with pytest.raises(Invalid):
        save_group(admin, None, name="BILLING", members=[])
    delete_group(admin, group)
    save_group(admin, None, name="billing", members=[])


def test_the_list_is_filtered_by_group_and_by_ones_own(admin, agent, colleague, group, service, sign_in) -> None:
    other = save_group(admin, None, name="Returns", members=[colleague])
    make_ticket(service, "bill", group=group)
    make_ticket(service, "return", group=other)
    make_ticket(service, "neither")
    assert found(agent, group=str(group.pk)) == {"bill"}
    assert found(agent, group="mine") == {"bill"}
    assert found(colleague, group="mine", state="unassigned") == {"return"}
    assert found(admin, group="mine") == set()
    page = sign_in(agent).get(URL, {"group": "mine"}).content.decode()
    assert "My groups" in page
    assert "Billing" in page
    assert "?group=mine" not in sign_in(admin).get(URL).content.decode()


def test_an_admin_makes_renames_and_deletes_groups_on_pages(service, admin, agent, colleague, sign_in) -> None:
    browser = sign_in(admin)
    form = {"name": "Billing", "members": [agent.pk, colleague.pk]}
    page = browser.post(reverse("tickets:new_group", args=["demo"]), form, follow=True).content.decode()
    assert "2 agents" in page
    group = Group.objects.get()
    address = reverse("tickets:edit_group", args=["demo", group.pk])
    browser.post(address, {"name": "Money", "members": [agent.pk]})
    group.refresh_from_db()
    assert (group.name, list(group.members.all())) == ("Money", [agent])
    delete = reverse("tickets:delete_group", args=["demo", group.pk])
    make_ticket(service, group=group)
    asked = browser.get(delete).content.decode()
    assert "1 open ticket leaves the group" in asked
    assert groups_left() == 1
    browser.post(delete)
    assert groups_left() == 0
    assert browser.get(address).status_code == 404


def groups_left() -> int:
    return Group.objects.filter(deleted_at=None).count()


def test_nobody_else_manages_groups_or_sees_another_services(agent, outsider, group, ticket, sign_in, service) -> None:
    for name, args in (("new_group", []), ("edit_group", [group.pk]), ("delete_group", [group.pk])):
        for browser, slug in ((sign_in(agent), "demo"), (sign_in(outsider), "demo"), (sign_in(outsider), "other")):
            if (slug, name) == ("other", "new_group"):
                continue
            address = reverse(f"tickets:{name}", args=[slug, *args])
            assert browser.get(address).status_code == 404
            assert browser.post(address, {"name": "Mine"}).status_code == 404
    with pytest.raises(Closed):
        save_group(agent, None, name="Mine", members=[])
    theirs = make_ticket(outsider.service)
    address = reverse("tickets:group", args=["other", theirs.number])
    assert sign_in(outsider).post(address, {"group": group.pk}).status_code == 400
    assert found(outsider, group=str(group.pk)) == set()


def test_no_agent_of_another_service_is_in_a_group(admin, outsider, sign_in) -> None:
    form = {"name": "Billing", "members": [outsider.pk]}
    assert "errors" in sign_in(admin).post(reverse("tickets:new_group", args=["demo"]), form).content.decode()
    assert not Group.objects.exists()
