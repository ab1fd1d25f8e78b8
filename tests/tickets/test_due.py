"""When tickets are due, by the targets of the service, and what is shown and recorded of it."""

import re
from datetime import timedelta

import pytest
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from agents.models import AuditEntry
from chat.operating_hours import OperatingHours
from chat.routing.hours import DAY
from tests.make import make_ticket
from tests.tickets.test_ticket_list import URL, found, shown
from tickets.answering.conversation import add_customer_answer, mark_solved
from tickets.answering.replies import Reply, send_reply
from tickets.lifecycle import Draft, create_ticket, set_assignee, set_state
from tickets.models import Ticket, TicketTarget
from tickets.triage.due import minutes_between, moment_after
from tickets.triage.merging import merge
from tickets.triage.sorting import set_priority

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def targets(service) -> None:
    TicketTarget.objects.create(service=service, priority="normal", answer_minutes=60, solve_minutes=600)
    TicketTarget.objects.create(service=service, priority="urgent", answer_minutes=15)


@pytest.fixture
def ticket(service, customer, targets) -> Ticket:
    return create_ticket(service, Draft("mail", "Lost", requester=customer))


def entries(action: str) -> list[dict]:
    return list(AuditEntry.objects.filter(action=action).order_by("pk").values_list("details", flat=True))


def make_late(ticket: Ticket, by: timedelta = HOUR) -> Ticket:
    """As if the ticket had come earlier."""
    past = timezone.now() - by
    Ticket.objects.filter(pk=ticket.pk).update(answer_due_at=past, solve_due_at=past + HOUR * 9, due_at=past)
    return Ticket.objects.get(pk=ticket.pk)


def test_a_new_ticket_is_due_when_its_first_answer_is(ticket) -> None:
    assert ticket.answer_due_at - ticket.created_at == HOUR
    assert ticket.solve_due_at - ticket.created_at == HOUR * 10
    assert ticket.due_at == ticket.answer_due_at
    assert entries("ticket.due") == [
        {"number": 1, "answer": ticket.answer_due_at.isoformat(), "solution": ticket.solve_due_at.isoformat()}
    ]


def test_time_passes_in_the_operating_hours(service, customer, targets) -> None:
    """Half an hour of today's hours is left; the other half of the first answer's hour comes tomorrow."""
    now = timezone.now()
    minute = now.hour * 60 + now.minute
    start = (minute - 90) % DAY
    week = [[[start, start + 120]]] * 7
    OperatingHours.objects.create(service=service, is_on=True, zone="UTC", week=week)

    ticket = create_ticket(service, Draft("mail", "Lost", requester=customer))

    open_until = now.replace(second=0, microsecond=0) + timedelta(minutes=30)
    left_today = open_until - ticket.created_at
    assert ticket.answer_due_at == open_until + timedelta(hours=22) + HOUR - left_today
    assert minutes_between(service, ticket.created_at, ticket.answer_due_at) == 60
    OperatingHours.objects.update(is_on=False)
    assert moment_after(service, now, 60) == now + HOUR


def test_without_targets_nothing_is_due_and_nothing_recorded(service, customer) -> None:
    ticket = create_ticket(service, Draft("mail", "Lost", requester=customer))
    assert (ticket.answer_due_at, ticket.solve_due_at, ticket.due_at) == (None, None, None)
    assert entries("ticket.due") == []


@pytest.mark.parametrize("channel", ["agent", "chat"])
def test_nobody_waits_for_a_first_answer_to_what_an_agent_wrote(service, agent, targets, channel) -> None:
    ticket = create_ticket(service, Draft(channel, "Call"), by=agent)
    assert ticket.answer_due_at is None
    assert ticket.due_at == ticket.solve_due_at


def test_after_the_first_answer_the_solution_is_due_and_the_trail_says_it_was_in_time(agent, ticket) -> None:
    send_reply(agent, ticket, Reply("We look for it", state="processing"))
    ticket.refresh_from_db()
    assert ticket.due_at == ticket.solve_due_at
    send_reply(agent, ticket, Reply("Found", state="resolved"))
    ticket.refresh_from_db()
    assert ticket.due_at is None
    assert [(it["target"], it["late_s"]) for it in entries("ticket.target")] == [("answer", 0), ("solution", 0)]


def test_a_late_answer_is_on_record_and_in_words_on_the_page(agent, ticket, sign_in) -> None:
    send_reply(agent, make_late(ticket), Reply("Sorry"))
    [entry] = entries("ticket.target")
    assert (entry["target"], entry["late_s"] // 60) == ("answer", 60)
    page = sign_in(agent).get(f"{URL}1/").content.decode()
    assert "gave the first answer 1\xa0hour late" in page
    assert "set when it is due: first answer <time" in page


def test_what_is_opened_again_is_due_again(agent, admin, ticket) -> None:
    send_reply(agent, ticket, Reply("Found", state="resolved"))
    add_customer_answer(ticket, "It is another one")
    ticket.refresh_from_db()
    assert ticket.due_at == ticket.solve_due_at
    mark_solved(ticket)
    ticket.refresh_from_db()
    assert ticket.due_at is None


def test_completing_without_a_reply_ends_both(admin, ticket) -> None:
    set_assignee(admin, ticket, admin)
    set_state(admin, ticket, "completed")
    ticket.refresh_from_db()
    assert ticket.due_at is None
    set_state(admin, ticket, "processing")
    ticket.refresh_from_db()
    assert ticket.due_at == ticket.answer_due_at


def test_another_priority_has_other_times_counted_from_the_beginning(agent, ticket) -> None:
    set_priority(agent, ticket, "urgent")
    ticket.refresh_from_db()
    assert ticket.due_at - ticket.created_at == HOUR / 4
    assert ticket.solve_due_at is None
    set_priority(agent, ticket, "low")
    ticket.refresh_from_db()
    assert ticket.due_at is None


# Pending: the solution's time stands still


def pass_hours(ticket: Ticket, hours: float) -> Ticket:
    """As if everything so far had been so many hours earlier."""
    Ticket.objects.filter(pk=ticket.pk).update(
        **{name: F(name) - HOUR * hours for name in ("created_at", "answer_due_at", "solve_due_at", "paused_at")}
    )
    Ticket.objects.filter(pk=ticket.pk, due_at__isnull=False).update(due_at=F("due_at") - HOUR * hours)
    return Ticket.objects.get(pk=ticket.pk)


def left(ticket: Ticket) -> float:
    """The hours that are left for the solution."""
    ticket.refresh_from_db()
    return round((ticket.solve_due_at - timezone.now()) / HOUR, 1)


def test_a_pending_ticket_is_not_due_and_has_as_much_time_afterwards(agent, ticket, sign_in) -> None:
    send_reply(agent, ticket, Reply("Which one?"))
    ticket = pass_hours(ticket, 30)
    assert (ticket.due_at, found(agent, due="overdue")) == (None, set())
    assert "The time stands still" in sign_in(agent).get(f"{URL}1/").content.decode()
    add_customer_answer(ticket, "The blue one")
    assert left(ticket) == 10
    assert ticket.due_at == ticket.solve_due_at
    assert ticket.paused_at is None


def test_pauses_add_up_and_hold_for_another_priority(agent, ticket, targets) -> None:
    TicketTarget.objects.create(service=ticket.service, priority="high", solve_minutes=300)
    for state in ("pending", "processing") * 2:
        if ticket.assignee is None:
            set_assignee(agent, ticket, agent)
        set_state(agent, ticket, state)
        ticket = pass_hours(ticket, 2)
    assert left(ticket) == 6
    set_priority(agent, ticket, "high")
    assert left(ticket) == 1


def test_a_pause_is_counted_in_whole_minutes_in_favour_of_the_agents(service) -> None:
    start = timezone.now()
    assert [minutes_between(service, start, start + timedelta(seconds=each)) for each in (0, 1, 60, 61)] == [0, 1, 1, 2]


def test_a_first_answer_is_due_also_while_it_is_pending(agent, ticket) -> None:
    set_assignee(agent, ticket, agent)
    set_state(agent, ticket, "pending")
    assert ticket.due_at == ticket.answer_due_at
    assert found(agent, due="soonest") == {"Lost"}


def test_what_is_solved_while_it_is_pending_is_solved_in_time(agent, ticket) -> None:
    send_reply(agent, ticket, Reply("Is it solved?"))
    ticket = pass_hours(ticket, 30)
    mark_solved(ticket)
    assert entries("ticket.target")[-1]["late_s"] == 0
    ticket.refresh_from_db()
    assert (ticket.state, ticket.due_at) == ("resolved", None)


def test_what_was_late_before_stays_as_late(agent, ticket) -> None:
    set_assignee(agent, ticket, agent)
    ticket = pass_hours(ticket, 12)
    set_state(agent, ticket, "pending")
    ticket = pass_hours(ticket, 5)
    set_state(agent, ticket, "resolved")
    assert entries("ticket.target")[-1]["late_s"] // 3600 in (1, 2)
    assert left(ticket) == -2


def test_a_ticket_that_became_pending_in_a_release_before_goes_on(agent, ticket) -> None:
    set_assignee(agent, ticket, agent)
    Ticket.objects.filter(pk=ticket.pk).update(state="pending")
    ticket.refresh_from_db()
    due = ticket.solve_due_at
    set_state(agent, ticket, "processing")
    assert ticket.solve_due_at == due


def test_a_merge_starts_the_time_again(agent, customer, service, ticket) -> None:
    send_reply(agent, ticket, Reply("Which one?"))
    ticket = pass_hours(ticket, 30)
    merge(agent, create_ticket(service, Draft("mail", "Again", requester=customer)), ticket)
    assert (left(ticket), ticket.state) == (10, "processing")


def test_overdue_ones_are_listed_the_longest_first_and_say_so_in_words(service, agent, targets, sign_in) -> None:
    tickets = [create_ticket(service, Draft("mail", f"Number {number}")) for number in range(1, 4)]
    make_late(tickets[0])
    make_late(tickets[1], HOUR * 3)
    assert found(agent, due="overdue") == {"Number 1", "Number 2"}
    assert found(agent, due="soonest") == {"Number 1", "Number 2", "Number 3"}
    browser = sign_in(agent)
    answer = browser.get(URL, {"due": "soonest"})
    assert shown(answer) == [2, 1, 3]
    assert len(re.findall(r"due-over.*?Overdue", answer.content.decode(), re.DOTALL)) == 2
    assert shown(browser.get(URL, {"due": "overdue", "priority": "normal", "q": "number"})) == [2, 1]


def test_a_done_ticket_of_a_release_that_knew_no_due_times_is_not_overdue(agent, ticket) -> None:
    """It changes the state and leaves ``due_at``."""
    make_late(ticket)
    Ticket.objects.update(state="resolved", assignee=agent)
    assert found(agent, due="overdue") == set()
    assert not Ticket.objects.get().is_overdue


def test_pages_of_due_tickets_follow_each_other_and_lead_back(service, agent, targets, sign_in) -> None:
    now = timezone.now()
    for index in range(120):
        make_ticket(service, f"T{index}", due_at=now + HOUR * (index // 3))
    browser, address, pages = sign_in(agent), f"{URL}?due=soonest", []
    while address:
        answer = browser.get(address)
        pages.append(shown(answer))
        older = re.search(r'href="([^"]+)" rel="next"', answer.content.decode())
        last, address = address, older and older[1].replace("&amp;", "&")
    assert [number for page in pages for number in page] == list(range(1, 121))
    newer = re.search(r'href="([^"]+)" rel="prev"', browser.get(last).content.decode())[1].replace("&amp;", "&")
    assert shown(browser.get(newer)) == pages[1]


# Ticket settings


def targets_form(**hours) -> dict:
    names = [f"{priority}_{name}" for priority in Ticket.Priority.values for name in ("answer", "solve")]
    return dict.fromkeys(names, "") | hours


def test_an_admin_sets_the_targets_in_hours(service, admin, sign_in) -> None:
    address = reverse("tickets:settings", args=["demo"])
    browser = sign_in(admin)
    page = browser.post(address, targets_form(urgent_answer="0.5", urgent_solve="8"), follow=True).content.decode()
    target = TicketTarget.objects.get(priority="urgent")
    assert (target.answer_minutes, target.solve_minutes) == (30, 480)
    assert 'name="urgent_answer" value="0.5"' in page
    assert AuditEntry.objects.get().details == {"urgent": [[None, None], [30, 480]]}
    browser.post(address, targets_form(), follow=True)
    target.refresh_from_db()
    assert (target.answer_minutes, target.solve_minutes) == (None, None)


@pytest.mark.parametrize("hours", ["-1", "0", "x", "99999999", "0.1"])
def test_hours_that_nobody_means_are_refused(service, admin, sign_in, hours) -> None:
    answer = sign_in(admin).post(reverse("tickets:settings", args=["demo"]), targets_form(low_solve=hours))
    assert "Nothing has been saved yet" in answer.content.decode()
    assert not TicketTarget.objects.exists()


def test_who_is_no_admin_of_the_service_has_no_ticket_settings(agent, outsider, sign_in, client) -> None:
    address = reverse("tickets:settings", args=["demo"])
    for browser in (sign_in(agent), sign_in(outsider)):
        assert browser.get(address).status_code == 404
        assert browser.post(address, targets_form(low_solve="1")).status_code == 404
    assert client.get(address).status_code == 302
    assert not TicketTarget.objects.exists()
