"""Many tickets are changed at once: all of them, or it is said which were not, and why."""

import re

import pytest
from django.urls import reverse

from agents.models import AuditEntry
from contiple.base.errors import Invalid
from tests.make import make_agent, make_customer, make_ticket
from tests.tickets.test_ticket_list import URL
from tickets.desk.bulk import Changes, Selected, change_tickets, seen_now
from tickets.lifecycle import set_state
from tickets.models import Ticket
from tickets.tags import add_tag
from tickets.triage.groups import save_group
from tickets.triage.merging import merge

pytestmark = pytest.mark.django_db

ADDRESS = "/desk/demo/tickets/change/"


@pytest.fixture
def many(service, colleague) -> list[Ticket]:
    return [make_ticket(service, f"T{n}", state="processing", assignee=colleague) for n in range(3)]


def select(*tickets: Ticket) -> list[Selected]:
    return [Selected(ticket.number, seen_now(ticket)) for ticket in tickets]


def sent(*tickets: Ticket) -> list[str]:
    return [f"{each.number}-{each.seen}" for each in select(*tickets)]


def again(*tickets: Ticket) -> list[Ticket]:
    return [Ticket.objects.get(pk=ticket.pk) for ticket in tickets]


def test_each_gets_all_of_it_and_each_timeline_has_it(service, admin, agent, many, actions) -> None:
    group = save_group(admin, None, name="Billing", members=[agent])
    add_tag(agent, many[0], "old")
    tag = many[0].tags.get()
    many = again(*many)
    changes = Changes(
        state="pending", assignees=(agent,), groups=(group,), priority="high", new_tag="new", old_tag=tag.pk
    )
    account = change_tickets(agent, select(*many), changes)
    assert (account.changed, account.refused) == ([1, 2, 3], {})
    for ticket in again(*many):
        assert (ticket.state, ticket.assignee, ticket.group, ticket.priority) == ("pending", agent, group, "high")
        assert [tag.name for tag in ticket.tags.all()] == ["new"]
        assert {"ticket.assignee", "ticket.group", "ticket.state", "ticket.priority", "ticket.tag_added"} <= set(
            actions(ticket)
        )


def test_what_somebody_else_has_changed_is_left_and_named(agent, colleague, many) -> None:
    selected = select(*many)
    set_state(colleague, many[1], "resolved")
    account = change_tickets(agent, selected, Changes(state="pending"))
    assert account.changed == [1, 3]
    assert list(account.refused.values()) == [[2]]
    assert [ticket.state for ticket in again(*many)] == ["pending", "resolved", "pending"]


def test_a_ticket_gets_all_changes_or_none(service, agent, many) -> None:
    """An agent may not complete: the priority, which comes with it, isn't changed either."""
    nobodys = make_ticket(service)
    account = change_tickets(agent, select(nobodys, many[0]), Changes(state="pending", priority="high"))
    assert (account.changed, list(account.refused.values())) == ([1], [[4]])
    assert nobodys.priority == again(nobodys)[0].priority == "normal"
    account = change_tickets(agent, select(*again(many[1])), Changes(assignees=(agent,), state="completed"))
    assert account.changed == []
    [ticket] = again(many[1])
    assert (ticket.assignee, ticket.state) == (many[1].assignee, "processing")


def test_the_merged_and_those_of_nobody_here_are_named(service, agent, outsider, many) -> None:
    customer = make_customer(service)
    Ticket.objects.filter(pk__in=[many[0].pk, many[1].pk]).update(requester=customer)
    merge(agent, *again(many[0], many[1]))
    theirs = make_ticket(outsider.service, "Theirs")
    Ticket.objects.filter(pk=theirs.pk).update(number=99)
    account = change_tickets(agent, select(*again(many[0], theirs)), Changes(priority="low"))
    assert account.changed == []
    assert sorted(account.refused.values()) == [[1], [99]]
    assert again(theirs)[0].priority == "normal"


def test_no_more_than_a_page_is_changed_at_once(agent) -> None:
    with pytest.raises(Invalid):
        change_tickets(agent, [Selected(number, 0) for number in range(51)], Changes(priority="low"))


# The page


def test_the_list_offers_it_and_says_what_was_done(agent, colleague, many, sign_in) -> None:
    browser = sign_in(agent)
    page = browser.get(URL).content.decode()
    assert all(f'value="{value}"' in page for value in sent(*many))
    set_state(colleague, many[2], "resolved")
    shown = "state=processing&selected=1"
    form = {"ticket": [*sent(*many[:2]), f"3-{seen_now(many[2]) - 1}"], "state": "pending", "list": shown}
    answer = browser.post(ADDRESS, form)
    assert answer.url == f"{URL}?state=processing&selected=3"
    page = browser.get(answer.url).content.decode()
    assert "2 tickets were changed." in page
    assert "Not changed: #3. Someone else changed it in the meantime." in page


def test_the_selected_are_assigned_to_me_with_one_button(agent, colleague, outsider, many, sign_in) -> None:
    assert "Assign to me" in sign_in(agent).get(ADDRESS).content.decode()
    form = {"ticket": [*sent(*many[:2]), f"3-{seen_now(many[2]) - 1}"], "to_me": "1", "assignee": colleague.pk}
    page = sign_in(agent).post(ADDRESS, form, follow=True).content.decode()
    assert [ticket.assignee for ticket in again(*many)] == [agent, agent, colleague]
    assert "2 tickets were changed." in page
    assert "Not changed: #3." in page
    sign_in(outsider).post(ADDRESS, form)
    sign_in(outsider).post(ADDRESS.replace("demo", "other"), form)
    assert [ticket.assignee for ticket in again(*many)] == [agent, agent, colleague]


def test_what_could_not_be_changed_stays_selected_and_can_be_tried_again(agent, colleague, many, sign_in) -> None:
    browser, form = sign_in(agent), {"ticket": sent(*many), "priority": "high"}
    add_tag(colleague, many[1], "new")
    page = browser.post(ADDRESS, form, follow=True).content.decode()
    assert checked(page) == sent(*again(many[1]))
    page = browser.post(ADDRESS, {"ticket": checked(page), "priority": "high"}, follow=True).content.decode()
    assert checked(page) == []
    assert {ticket.priority for ticket in again(*many)} == {"high"}


@pytest.mark.parametrize("wrong", [{}, {"state": "nonsense"}], ids=["nothing chosen", "no such state"])
def test_after_a_form_that_is_wrong_all_stay_selected(agent, many, sign_in, wrong) -> None:
    page = sign_in(agent).post(ADDRESS, {"ticket": sent(*many), **wrong}, follow=True).content.decode()
    assert sorted(checked(page)) == sent(*many)


@pytest.mark.parametrize("selected", ["x", "1.x.2", "9" * 600, "..", "-1", "٣"])
def test_an_address_that_somebody_made_up_selects_what_it_can(agent, many, sign_in, selected) -> None:
    page = sign_in(agent).get(URL, {"selected": selected}).content.decode()
    assert len(checked(page)) == (2 if "x.2" in selected else 0)


def checked(page: str) -> list[str]:
    return re.findall(r'name="ticket" value="([^"]+)"[^>]*\schecked', page)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"state": "pending"}, "Select tickets first."),
        ({"ticket": ["1-1"]}, "Choose what to change first."),
        ({"ticket": ["x"], "state": "pending"}, "Select the tickets again."),
        ({"ticket": ["1-1"], "state": "nonsense"}, "nonsense"),
        ({"ticket": [f"{n}-1" for n in range(60)], "state": "pending"}, "At most 50 tickets"),
    ],
)
def test_a_form_that_asks_for_nothing_changes_nothing(agent, many, sign_in, form, said) -> None:
    assert said in sign_in(agent).post(ADDRESS, form, follow=True).content.decode()
    assert not AuditEntry.objects.exists()


def test_it_leads_back_to_nothing_but_the_list(agent, many, sign_in) -> None:
    form = {"ticket": sent(many[0]), "priority": "low", "list": "next=//evil.example&q=%0d%0aX&state=pending"}
    assert sign_in(agent).post(ADDRESS, form).url == f"{URL}?q=%0D%0AX&state=pending"


def test_the_outsider_changes_nothing_and_gives_nothing_to_theirs(outsider, agent, many, sign_in, client) -> None:
    form = {"ticket": sent(*many), "priority": "low"}
    assert sign_in(outsider).post(ADDRESS, form).status_code == 404
    sign_in(outsider).post(reverse("tickets:change", args=["other"]), form)
    client.post(ADDRESS, form)
    sign_in(agent).post(ADDRESS, {"ticket": sent(*many), "assignee": outsider.pk})
    assert {(ticket.priority, ticket.assignee_id) for ticket in again(*many)} == {("normal", many[0].assignee_id)}


def test_agents_who_are_gone_get_none(service, agent, many, sign_in) -> None:
    gone = make_agent(service, is_active=False)
    sign_in(agent).post(ADDRESS, {"ticket": sent(*many), "assignee": gone.pk})
    assert not Ticket.objects.filter(assignee=gone).exists()


def test_the_list_has_the_fields_once_a_ticket_is_selected(agent, outsider, many, sign_in) -> None:
    assert "Change selected" not in sign_in(agent).get(URL).content.decode()
    fields = sign_in(agent).get(ADDRESS).content.decode()
    assert "Change selected" in fields
    assert str(agent) in fields
    assert sign_in(outsider).get(ADDRESS).status_code == 404
