"""Chats that are marked as spam: by whom, what of it is on record, and that no figure of a report counts them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import Agent
from chat.block import Block
from chat.conversation.history import Filters, find
from chat.lifecycle import blocking
from chat.lifecycle.spam import mark_spam, spam_of
from chat.lifecycle.trail import chat_trail
from chat.lifecycle.transitions import close_chat
from chat.models import Chat, Evaluation
from chat.report_sums import ReportSpan
from chat.reports.groupings import Grouping, stored
from chat.reports.periods import Period
from chat.reports.report import report_of
from chat.reports.summing import sum_days
from contiple.base.errors import Closed
from tests.chat.reports.worlds import SEOUL, at
from tests.make import make_agent, make_chat, make_customer

pytestmark = pytest.mark.django_db

NOW, NOON = at("2026-03-20T03:00"), at("2026-03-02T03:00")
FETCH = {"X-Requested-With": "fetch"}
DAY = NOON.astimezone(SEOUL).date()


def ended(service, **fields) -> Chat:
    """A chat of everything that a figure counts."""
    fields |= {"created_at": NOON, "answered_at": NOON + timedelta(seconds=20), "chats_at_once": 2}
    fields |= {"first_answered_at": NOON + timedelta(seconds=30), "closed_at": NOON + timedelta(minutes=5)}
    chat = make_chat(service, state="closed", **fields)
    Evaluation.objects.create(chat=chat, score=1, seq=1, given_at=NOON + timedelta(minutes=6))
    return chat


def gave_up(service) -> Chat:
    fields = {"created_at": NOON, "closed_at": NOON, "closed_by": "customer", "inquiry_offer": "absent"}
    return make_chat(service, state="closed", **fields)


def every_figure(service) -> dict:
    """What every grouping shows: of its sum, and of its rows."""
    found = {}
    for grouping in Grouping:
        report = report_of(service, Period(DAY, DAY, SEOUL), grouping, now=NOW)
        below = stored(grouping).below
        rows = {row.key: {it: n for it, n in row.figures.marks.items() if it < below} for row in report.rows}
        found[grouping] = (dict(report.total.marks), rows)
    return found


@pytest.mark.parametrize("is_summed", [False, True])
def test_no_figure_of_a_report_counts_them(service, agent, admin, is_summed) -> None:
    """Also if the day was summed before, and after it is summed again; and each is counted again as no spam."""
    ended(service, agent=agent)
    without = every_figure(service)
    spam = [ended(service, agent=agent), gave_up(service)]
    counted = every_figure(service)
    assert counted != without
    if is_summed:
        sum_days(service.pk, now=NOW)
        assert ReportSpan.objects.filter(first=DAY, length="day").exists()
    for chat in spam:
        assert mark_spam(admin, chat.pk, is_spam=True)
    assert every_figure(service) == without
    sum_days(service.pk, now=NOW)
    assert ReportSpan.objects.get(first=DAY, length="day").received == 3
    assert every_figure(service) == without

    for chat in spam:
        mark_spam(admin, chat.pk, is_spam=False)
    assert every_figure(service) == counted


def test_no_other_agent_marks_it_and_it_is_on_record(service, agent, colleague, admin, outsider, sign_in) -> None:
    chat = make_chat(service, agent=agent)
    path = f"/desk/demo/chat/{chat.pk}/spam/"
    with pytest.raises(Closed):
        mark_spam(colleague, chat.pk, is_spam=True)
    for browser in (sign_in(colleague), sign_in(outsider)):
        assert browser.post(path, {"spam": "1"}).status_code == 404
    assert sign_in(outsider).post(f"/desk/other/chat/{chat.pk}/spam/", {"spam": "1"}).status_code == 404
    assert Client().post(path, {"spam": "1"}).status_code == 302
    chat.refresh_from_db()
    assert not chat.is_spam

    page = sign_in(admin).post(path, {"spam": "1"}, follow=True).content.decode()

    assert "Marked as spam." in page
    assert "This chat is marked as spam." in page
    assert not mark_spam(admin, chat.pk, is_spam=True)
    mark_spam(admin, chat.pk, is_spam=False)
    words = [happening.text for happening in chat_trail(chat)]
    assert words == ["Ada marked the chat as spam.", "Ada marked the chat as no spam."]


def test_the_agent_whose_chat_it_is_marks_it_in_its_page_and_in_the_dialog(service, agent, colleague, sign_in) -> None:
    chat = make_chat(service, agent=agent)
    browser, path = sign_in(agent), f"/desk/demo/chat/{chat.pk}/spam/"
    page, dialog = f"/desk/demo/chat/{chat.pk}/history/", f"/desk/demo/chat/{chat.pk}/"
    assert 'data-part="mark-spam"' in browser.get(dialog, headers=FETCH).text
    answer = browser.post(path, {"spam": "1"}, headers=FETCH)
    assert 'data-part="mark-spam"' in answer.text
    assert "No spam" in answer.text
    close_chat(chat.pk, by="agent", agent=agent)
    answer = browser.post(path, {"spam": "0"}, follow=True)
    assert answer.redirect_chain == [(page, 302)]
    assert "Marked as no spam." in answer.text
    assert "Mark as spam" in answer.text
    assert "Block…" not in answer.text
    assert 'data-part="mark-spam"' in browser.get(dialog, headers=FETCH).text
    words = [happening.text for happening in chat_trail(chat)]
    ended = "The chat ended: by the agent."
    assert words == ["Mina marked the chat as spam.", ended, "Mina marked the chat as no spam."]
    for others in (page, dialog):
        assert path not in sign_in(colleague).get(others, headers=FETCH).text


def test_an_agent_marks_none_that_is_not_the_agents_or_is_evaluated(service, agent, colleague, admin, sign_in) -> None:
    """Nobody takes a bad evaluation out of the reports alone, nor marks what only rings, or was handed over."""
    own = {"agent": agent, "state": "closed"}
    evaluated, asked, ringing, waiting, handed_over, lost = chats = [
        make_chat(service, **own),
        make_chat(service, **own),
        make_chat(service, agent=agent, state="ringing", ringing_since=timezone.now()),
        make_chat(service),
        make_chat(service, agent=colleague),
        make_chat(service, **own),
    ]
    Evaluation.objects.create(chat=evaluated, score=1, seq=1, given_at=timezone.now())
    Evaluation.objects.create(chat=asked, asked_at=timezone.now())
    for chat in (evaluated, ringing, waiting, handed_over):
        with pytest.raises(Closed):
            mark_spam(agent, chat.pk, is_spam=True)
        assert sign_in(agent).post(f"/desk/demo/chat/{chat.pk}/spam/", {"spam": "1"}).status_code == 404
    assert mark_spam(agent, asked.pk, is_spam=True)
    Agent.objects.filter(pk=agent.pk).update(chat_permission=False)
    with pytest.raises(Closed):
        mark_spam(agent, lost.pk, is_spam=True)
    assert sign_in(agent).post(f"/desk/demo/chat/{lost.pk}/spam/", {"spam": "1"}).status_code == 404
    assert set(spam_of(admin)) == {asked}
    assert all(mark_spam(admin, chat.pk, is_spam=True) for chat in chats if chat != asked)


def test_chat_history_shows_them_or_leaves_them_out(service, admin, sign_in) -> None:
    good = make_chat(service, customer=make_customer(service, "Jun"))
    spam = make_chat(service, customer=make_customer(service, "Robot"), is_spam=True)
    assert set(find(admin, Filters()).chats) == {good, spam}
    assert set(find(admin, Filters(spam="only")).chats) == {spam}
    assert set(find(admin, Filters(spam="without")).chats) == {good}
    browser = sign_in(admin)
    page = browser.get("/desk/demo/chats/?spam=only").content.decode()
    assert "Robot" in page
    assert "Jun" not in page
    assert browser.get("/desk/demo/chats/?spam=nonsense").status_code == 200


def test_chats_that_end_as_spam_are_marked(service, agent, admin, sign_in) -> None:
    chats = [make_chat(service, agent=agent), make_chat(service)]
    other = make_chat(service)
    form = {"chat": [chat.pk for chat in chats], "spam": "1", "page": "wallboard"}
    answer = sign_in(admin).post("/desk/demo/chat/end/", form)
    assert answer["Location"] == "/desk/demo/wallboard/"
    assert set(spam_of(admin)) == set(chats)
    assert not Chat.objects.filter(pk__in=[chat.pk for chat in chats]).exclude(state="closed").exists()
    assert blocking.end_all(admin, [other.pk]) == 1
    assert set(spam_of(admin)) == set(chats)


@pytest.mark.parametrize("is_spam", [False, True])
def test_a_block_marks_what_it_ends_if_wanted(service, admin, sign_in, is_spam) -> None:
    before = make_chat(service, state="closed")
    running = make_chat(service, customer=before.customer)
    form = {"whom": "customer", "length": "day", "reason": "Insults", **({"is_spam": "on"} if is_spam else {})}
    page = sign_in(admin).post(f"/desk/demo/chat/{before.pk}/block/", form, follow=True).content.decode()
    assert "Insults" in page
    assert Block.objects.count() == 1
    assert set(spam_of(admin)) == ({before, running} if is_spam else set())
    assert page.count("No spam:") == (2 if is_spam else 0)


def test_the_list_is_for_admins_of_the_service(service, agent, admin, outsider, sign_in) -> None:
    make_chat(service, is_spam=True, customer=make_customer(service, "Robot"))
    assert "Robot" in sign_in(admin).get("/desk/demo/blocked/").content.decode()
    assert "Robot" not in sign_in(outsider).get("/desk/other/blocked/").content.decode()
    assert sign_in(agent).get("/desk/demo/blocked/").status_code == 404
    theirs = make_agent(outsider.service, "Ivan", role="admin")
    assert not spam_of(theirs)


def test_an_open_chat_is_marked_too(service, agent, admin) -> None:
    chat = make_chat(service, agent=agent, created_at=timezone.now())
    assert mark_spam(admin, chat.pk, is_spam=True)
    chat.refresh_from_db()
    assert (chat.is_spam, chat.state) == (True, "active")
