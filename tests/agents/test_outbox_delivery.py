"""Delivering the outbox to a real mail server, which takes, refuses, is slow, breaks off, or is not there."""

import logging
import threading
import time
from datetime import timedelta

import psycopg
import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from agents import outbox
from agents.models import OutgoingMail
from agents.outbox import delivery, outcomes, queue, server, upkeep
from agents.outbox.delivery import Sender, deliver_due
from agents.outbox.kinds import Kind, register
from agents.outbox.queue import Queue
from tests.faults.people import wait_until
from tests.make import make_service
from tests.server import database_url
from tests.smtp import MailServer, mail_server

pytestmark = pytest.mark.django_db(transaction=True)
State = OutgoingMail.State


@pytest.fixture
def smtp(settings):
    with mail_server() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        yield running


def post(to: str = "jun@example.com", **fields) -> OutgoingMail:
    fields = {"kind": "test", "to": [to], "subject": "Hello", "text": "Hello Jun"} | fields
    return outbox.post(outbox.Outgoing(**fields))


def now_due() -> None:
    OutgoingMail.objects.update(due_at=None)


# Taken


def test_a_mail_arrives_as_it_was_written(smtp: MailServer, service) -> None:
    row = post(
        "jun@example.com",
        service=service,
        cc=["theo@example.com"],
        subject="배송 문의",
        text="안녕하세요\n.\n..점",
        html="<p>안녕하세요</p>",
        in_reply_to="<a@b>",
        references=["<x@y>", "<a@b>"],
        reply_to="desk@example.com",
        from_name='Demo, Inc. "한국"',
    )
    deliver_due()
    [(to, mail)] = smtp.taken
    assert to == ["jun@example.com", "theo@example.com"]
    assert mail["Subject"] == "배송 문의"
    assert mail["Message-ID"] == row.message_id
    assert (mail["In-Reply-To"], mail["References"], mail["Reply-To"]) == ("<a@b>", "<x@y> <a@b>", "desk@example.com")
    assert mail["From"].addresses[0].display_name == 'Demo, Inc. "한국"'
    assert mail["Cc"] == "theo@example.com"
    assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n").rstrip() == "안녕하세요\n.\n..점"
    assert "안녕하세요" in mail.get_body(("html",)).get_content()
    row.refresh_from_db()
    assert (row.state, row.attempts, row.pending, row.last_error) == (State.SENT, 1, [], "")
    assert row.sent_at is not None


def test_secrets_are_gone_when_they_have_left(smtp: MailServer) -> None:
    row = post(text="a secret link", may_be_kept=False)
    deliver_due()
    assert "a secret link" in smtp.taken[0][1].get_content()
    row.refresh_from_db()
    assert (row.sealed, row.text) == (None, "")


def test_mails_go_one_after_the_other_over_one_line(smtp: MailServer) -> None:
    for _ in range(queue.BATCH):
        post()
    deliver_due()
    assert (len(smtp.taken), smtp.lines) == (queue.BATCH, 1)


# Refused


@pytest.mark.parametrize("answer", ["550 5.1.1 <jun@example.com> unknown", "553 5.1.3 jun@example.com is odd"])
def test_a_refused_recipient_is_given_up_at_once_and_holds_up_nobody(smtp, caplog, answer) -> None:
    smtp.at_rcpt = lambda address: answer if address == "jun@example.com" else ""
    row, other = post(), post("theo@example.com")
    with caplog.at_level(logging.INFO):
        deliver_due()
    row.refresh_from_db()
    assert (row.state, row.last_error) == (State.DEAD, f"recipient {answer[:9]}")
    assert smtp.recipients == ["theo@example.com"]
    assert "@" not in caplog.text
    other.refresh_from_db()
    assert other.state == State.SENT


def test_a_temporary_refusal_is_tried_again_after_growing_pauses(smtp: MailServer) -> None:
    smtp.at_rcpt = lambda address: "450 4.2.0 jun@example.com is greylisted"
    row, pauses = post(), []
    for _ in range(4):
        now_due()
        deliver_due()
        row.refresh_from_db()
        assert (row.state, row.last_error) == (State.WAITING, "later 450 4.2.0")
        pauses.append((row.due_at - timezone.now()).total_seconds())
    for tries, pause in enumerate(pauses):
        usual = outcomes.PAUSE_S * 2**tries
        assert usual * (1 - outcomes.JITTER) - 5 < pause < usual * (1 + outcomes.JITTER) + 5
    smtp.at_rcpt = lambda address: ""
    deliver_due()
    assert not smtp.taken  # it is not due
    now_due()
    deliver_due()
    row.refresh_from_db()
    assert (row.state, row.attempts, smtp.ids) == (State.SENT, 5, [row.message_id])


def test_only_the_recipients_who_have_not_got_it_get_it_again(smtp: MailServer) -> None:
    answers = {"later@example.com": "451 4.3.0 later", "never@example.com": "550 5.1.1 never"}
    smtp.at_rcpt = lambda address: answers.get(address, "")
    row = post(cc=["later@example.com", "never@example.com"])
    deliver_due()
    row.refresh_from_db()
    assert (row.state, row.pending, row.last_error) == (State.WAITING, ["later@example.com"], "recipient 550 5.1.1")
    answers.clear()
    now_due()
    deliver_due()
    row.refresh_from_db()
    assert row.state == State.SENT
    assert [to for to, _mail in smtp.taken] == [["jun@example.com"], ["later@example.com"]]


def test_a_mail_that_some_never_take_is_sent_and_says_so(smtp: MailServer) -> None:
    smtp.at_rcpt = lambda address: "550 5.1.1 never" if address == "never@example.com" else ""
    row = post(cc=["never@example.com"])
    deliver_due()
    row.refresh_from_db()
    assert (row.state, row.last_error) == (State.SENT, "recipient 550 5.1.1")


@pytest.mark.parametrize(
    ("answer", "state", "error"),
    [
        ("554 5.7.1 spam from jun@example.com", State.DEAD, "content 554 5.7.1"),
        ("451 4.3.0 later", State.WAITING, "later 451 4.3.0"),
        ("421 4.3.2 closing", State.WAITING, "later 421 4.3.2"),
    ],
)
def test_an_answer_to_the_content_decides(smtp: MailServer, answer, state, error) -> None:
    smtp.at_data = lambda mail: answer
    row = post()
    deliver_due()
    row.refresh_from_db()
    assert (row.state, row.last_error) == (state, error)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("552 5.3.4 too large", State.DEAD),
        ("550 5.7.1 not from you", State.WAITING),
        ("451 4.3.0 later", State.WAITING),
    ],
)
def test_a_refused_sender_is_about_the_set_up_unless_the_mail_is_too_large(smtp: MailServer, answer, state) -> None:
    smtp.at_sender = lambda address: answer
    row = post()
    deliver_due()
    row.refresh_from_db()
    assert (row.state, row.last_error, row.pending) == (state, f"sender {answer[:9]}", ["jun@example.com"])


def test_the_server_is_told_the_plain_address_of_the_sender(smtp: MailServer, settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "Desk <desk@예시.kr>"
    told: list[str] = []
    smtp.at_sender = lambda address: told.append(address) or ""
    post(from_name="")
    deliver_due()
    assert told == ["desk@xn--vv4b11d.kr"]
    assert smtp.taken[0][1]["From"].addresses[0].display_name == "Desk"


def test_a_refused_login_says_so_and_costs_no_mail_a_try(settings) -> None:
    with mail_server(refuses_logins=True) as smtp:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp.port
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "desk", "wrong"
        row = post()
        deliver_due()
    row.refresh_from_db()
    assert (row.state, row.attempts, row.last_error) == (State.WAITING, 0, "login 535 5.7.8")


def test_a_server_that_closes_after_421_gets_the_next_mail_on_a_new_line(smtp: MailServer) -> None:
    smtp.at_rcpt = lambda address: "421 4.3.2 closing" if address == "jun@example.com" else ""
    row, other = post(cc=["theo@example.com"]), post("mina@example.com")
    deliver_due()
    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.state, row.pending) == (State.WAITING, ["jun@example.com", "theo@example.com"])
    assert (other.state, smtp.lines) == (State.SENT, 2)


def test_an_address_that_smtp_can_t_write_is_given_up(smtp: MailServer) -> None:
    row, fine = post("전은@example.com"), post("jun@예시.kr")
    deliver_due()
    row.refresh_from_db()
    assert (row.state, row.last_error) == (State.DEAD, "address")
    assert smtp.recipients == ["jun@xn--vv4b11d.kr"]
    fine.refresh_from_db()
    assert fine.state == State.SENT


# Broken off


def test_a_mail_whose_answer_was_lost_is_sent_again_and_recognised(smtp: MailServer) -> None:
    smtp.cuts_after_taking = 1
    row = post()
    OutgoingMail.objects.update(created_at=timezone.now() - timedelta(hours=1))
    deliver_due()
    row.refresh_from_db()
    assert (row.state, row.last_error) == (State.WAITING, "cut SMTPServerDisconnected")
    now_due()
    deliver_due()
    row.refresh_from_db()
    assert (row.state, smtp.ids) == (State.SENT, [row.message_id] * 2)
    assert {mail["Date"].datetime for _to, mail in smtp.taken} == {row.created_at.replace(microsecond=0)}


def test_a_server_that_does_not_answer_is_given_up_and_blames_the_mail_alone(smtp, monkeypatch) -> None:
    monkeypatch.setattr(server, "ANSWER_S", 0.3)
    smtp.seconds = 30
    slow = post()
    deliver_due()
    slow.refresh_from_db()
    assert (slow.state, slow.last_error, slow.attempts) == (State.WAITING, "cut SMTPServerDisconnected", 1)


def test_a_server_that_is_not_there_costs_no_mail_a_try(settings, smtp: MailServer, caplog) -> None:
    smtp.stop()
    rows = [post() for _ in range(3)]
    sender = Sender(threading.Event())
    pauses = [sender.pause() for _ in range(8)]
    assert pauses[0] <= delivery.DOWN_S
    assert delivery.DOWN_MAX_S / 2 <= pauses[-1] <= delivery.DOWN_MAX_S
    for row in rows:
        row.refresh_from_db()
        assert (row.state, row.attempts, row.last_error) == (State.WAITING, 0, "unreachable ConnectionRefusedError")
    smtp.start()
    assert sender.pause() == 0
    assert sorted(smtp.ids) == sorted(row.message_id for row in rows)
    assert sender.failures == 0


def test_lines_that_break_off_one_after_the_other_make_all_wait_longer(smtp: MailServer) -> None:
    sender, failures = Sender(threading.Event()), []
    smtp.cuts_after_taking = 3
    for _ in range(4):
        post()
        sender.queue.look_at = float("-inf")
        pause = sender.pause()
        failures.append(sender.failures)
        assert (pause > 0) == (sender.failures > 0)
    assert failures == [1, 2, 3, 0]


# For a day


def test_what_was_tried_for_a_day_is_given_up(smtp: MailServer) -> None:
    smtp.at_rcpt = lambda address: "450 4.2.0 later"
    row = post()
    deliver_due()
    OutgoingMail.objects.update(give_up_at=timezone.now() - timedelta(seconds=1))
    deliver_due()
    row.refresh_from_db()
    assert (row.state, row.last_error) == (State.DEAD, "later 450 4.2.0")


def test_a_worker_that_comes_after_a_day_still_sends(smtp: MailServer) -> None:
    row = post()
    OutgoingMail.objects.update(give_up_at=timezone.now() - timedelta(days=3))
    deliver_due()
    row.refresh_from_db()
    assert row.state == State.SENT


def test_a_server_that_is_away_for_a_day_kills_what_never_came_to_it(smtp: MailServer) -> None:
    smtp.stop()
    old, new = post(), post()
    OutgoingMail.objects.filter(pk=old.pk).update(give_up_at=timezone.now() - timedelta(seconds=1))
    deliver_due()
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.state, old.last_error) == (State.DEAD, "unreachable ConnectionRefusedError")
    assert new.state == State.WAITING


def test_a_mail_that_was_given_up_can_be_started_again(smtp: MailServer) -> None:
    smtp.at_rcpt = lambda address: "550 5.1.1 no"
    row = post(text="secret", may_be_kept=False)
    deliver_due()
    row.refresh_from_db()
    smtp.at_rcpt = lambda address: ""
    assert upkeep.start_again(row)
    assert not upkeep.start_again(row)  # somebody else's click
    deliver_due()
    row.refresh_from_db()
    assert (row.state, smtp.ids) == (State.SENT, [row.message_id])
    assert not upkeep.start_again(row)


# Leases and turns


def test_two_workers_never_have_the_same_mail(smtp: MailServer) -> None:
    for _ in range(60):
        post()
    first, second = Queue(), Queue()
    taken = [row.pk for worker in (first, second, first, second, first) for row in worker.claim()]
    assert len(taken) == len(set(taken)) == 60


def test_a_lease_ends_if_its_worker_died(smtp: MailServer) -> None:
    row = post()
    dead, alive = Queue(), Queue()
    assert dead.claim()
    assert alive.claim() == []
    OutgoingMail.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert dead.renew({row.pk}) == {row.pk}
    alive.look_at = float("-inf")
    assert alive.claim() == []
    OutgoingMail.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    alive.look_at = alive.looked_fully_at = float("-inf")
    assert [found.pk for found in alive.claim()] == [row.pk]
    assert dead.renew({row.pk}) == set()


def test_a_worker_that_slept_sends_nothing_of_which_it_lost_the_lease(smtp: MailServer) -> None:
    rows = [post() for _ in range(3)]
    sender = Sender(threading.Event())

    def lose(mail) -> str:
        OutgoingMail.objects.filter(pk=rows[2].pk).update(leased_by=None, leased_until=None)
        sender.renewed_at = float("-inf")
        sender.keep_leases()
        connection.close()
        smtp.at_data = lambda mail: ""
        return ""

    smtp.at_data = lose
    sender.round()
    assert smtp.ids == [rows[0].message_id, rows[1].message_id]


def test_a_mail_that_another_worker_is_taking_now_is_not_waited_for(smtp: MailServer) -> None:
    taken, free = post(), post()
    with psycopg.connect(database_url()) as other, connection.cursor() as cursor:
        other.execute("SELECT FROM agents_outgoingmail WHERE id = %s FOR UPDATE", [taken.pk])
        cursor.execute("SET lock_timeout = '2s'")
        assert [row.pk for row in Queue().claim()] == [free.pk]
        cursor.execute("RESET lock_timeout")


def test_one_service_with_thousands_holds_up_no_other(smtp: MailServer, service) -> None:
    OutgoingMail.objects.bulk_create(
        OutgoingMail(service=service, kind="test", message_id=f"<{number}@x>", give_up_at=timezone.now())
        for number in range(3000)
    )
    others = [post(service=make_service("late")).pk, post().pk]
    assert set(others) <= {row.pk for row in Queue().claim()}


def test_a_slow_server_does_not_delay_ticks(smtp: MailServer) -> None:
    from chat import worker

    smtp.seconds = 60
    stop, ticks = threading.Event(), []
    thread = threading.Thread(target=worker.run, args=[stop, lambda: ticks.append(time.monotonic())])
    post()
    thread.start()
    try:
        wait_until(lambda: smtp.lines == 1, 20)
        there = len(ticks)
        wait_until(lambda: len(ticks) > there + 2, 20)
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()


# What is committed late, and what fails on our side


def test_a_mail_that_is_committed_late_is_found(smtp: MailServer, monkeypatch) -> None:
    """Its id is lower than what was looked at meanwhile."""
    late, early = post("late@example.com"), post()
    OutgoingMail.objects.filter(pk=late.pk).update(state="hidden")
    found = Queue()
    assert [row.pk for row in found.claim()] == [early.pk]
    OutgoingMail.objects.filter(pk=early.pk).update(state=State.SENT)
    monkeypatch.setattr(queue, "COMMIT_S", 0.0)
    for _ in range(3):
        found.look_at = float("-inf")
        assert found.claim() == []
    OutgoingMail.objects.filter(pk=late.pk).update(state=State.WAITING)
    found.look_at = float("-inf")
    assert found.mark >= late.pk
    assert found.claim() == []
    found.looked_fully_at = found.look_at = float("-inf")
    assert [row.pk for row in found.claim()] == [late.pk]


def test_a_mail_that_is_committed_soon_after_a_look_is_found_at_the_next_one(smtp: MailServer, monkeypatch) -> None:
    monkeypatch.setattr(queue, "COMMIT_S", 1000.0)
    late, early = post("late@example.com"), post()
    OutgoingMail.objects.filter(pk=late.pk).update(state="hidden")
    found = Queue()
    assert [row.pk for row in found.claim()] == [early.pk]
    OutgoingMail.objects.filter(pk=late.pk).update(state=State.WAITING)
    found.look_at = float("-inf")
    assert [row.pk for row in found.claim()] == [late.pk]


def test_what_was_sent_is_noted_as_soon_as_the_database_is_back(smtp: MailServer, monkeypatch) -> None:
    row, end, failures = post(), outcomes._end, iter([OperationalError()] * 3)

    def fail_first(*args, **named):
        if error := next(failures, None):
            raise error
        return end(*args, **named)

    monkeypatch.setattr(outcomes, "_end", fail_first)
    monkeypatch.setattr(delivery, "NOTE_RETRY_S", 0.01)
    deliver_due()
    row.refresh_from_db()
    assert (row.state, len(smtp.taken)) == (State.SENT, 1)


def test_a_mail_that_can_t_be_put_together_is_given_up_and_the_next_one_goes(smtp, caplog) -> None:
    row, other = post(may_be_kept=False), post()
    OutgoingMail.objects.filter(pk=row.pk).update(sealed=b"nonsense")
    deliver_due()
    row.refresh_from_db()
    assert (row.state, row.last_error) == (State.DEAD, "broken Unreadable")
    assert smtp.ids == [other.message_id]


def test_whoever_posted_it_is_told_once_and_a_mistake_there_undoes_nothing(smtp: MailServer) -> None:
    told = []

    def tell(row: OutgoingMail) -> None:
        told.append((row.pk, row.state))
        raise RuntimeError

    register("told", Kind("Told", ended=tell))
    row = post(kind="told")
    deliver_due()
    deliver_due()
    row.refresh_from_db()
    assert told == [(row.pk, State.SENT)]
    assert (row.state, len(smtp.taken)) == (State.SENT, 1)


def test_a_mail_can_be_made_when_it_leaves_or_turn_out_to_be_for_nobody(smtp: MailServer) -> None:
    def make(row: OutgoingMail):
        if row.to == ["nobody@example.com"]:
            return None
        return outbox.Outgoing(kind="made", to=["real@example.com"], subject="Now", text="now", may_be_kept=False)

    register("made", Kind("Made", make=make))
    post("nobody@example.com", kind="made", text="", subject="")
    row = post("typed@example.com", kind="made", text="", subject="")
    deliver_due()
    assert smtp.recipients == ["real@example.com"]
    assert smtp.taken[0][1]["Subject"] == "Now"
    [left] = OutgoingMail.objects.all()
    assert (left.pk, left.state, left.text, left.sealed) == (row.pk, State.SENT, "", None)


def test_a_mail_that_has_left_meanwhile_is_not_dropped() -> None:
    row = post()
    OutgoingMail.objects.update(state=State.SENT)
    outcomes.drop(row)
    assert OutgoingMail.objects.get() == row


def test_without_a_mail_server_mails_stay_to_be_seen(settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    row = post()
    deliver_due()
    row.refresh_from_db()
    assert (row.state, row.text, row.sent_at) == (State.UNSENT, "Hello Jun", None)


# Afterwards


def test_a_mail_that_came_back_says_so_once(smtp: MailServer) -> None:
    row = post()
    assert outcomes.note_bounce(row.message_id) is None  # it has not left
    deliver_due()
    assert outcomes.note_bounce(row.message_id, "5.1.1") == row
    assert outcomes.note_bounce(row.message_id, "5.1.1") is None
    assert outcomes.note_bounce("<nobody@knows>") is None
    row.refresh_from_db()
    assert (row.state, row.last_error, row.attempts) == (State.BOUNCED, "returned 5.1.1", 1)


def test_old_mails_are_deleted_unless_they_still_wait(smtp: MailServer, settings) -> None:
    sent, waiting, new = post(), post(), post()
    OutgoingMail.objects.exclude(pk=waiting.pk).update(state=State.SENT)
    before = timezone.now() - settings.SENT_MAILS_KEPT - timedelta(minutes=1)
    OutgoingMail.objects.exclude(pk=new.pk).update(created_at=before)
    upkeep.drop_old()
    assert set(OutgoingMail.objects.values_list("pk", flat=True)) == {waiting.pk, new.pk}
    assert not OutgoingMail.objects.filter(pk=sent.pk).exists()


def test_mails_that_wait_for_long_don_t_keep_those_after_them(settings, monkeypatch) -> None:
    monkeypatch.setattr(upkeep, "BATCH", 2)
    waiting = [post() for _ in range(3)]
    for _ in range(5):
        OutgoingMail.objects.filter(pk=post().pk).update(state=State.SENT)
    before = timezone.now() - settings.SENT_MAILS_KEPT - timedelta(minutes=1)
    OutgoingMail.objects.update(created_at=before)
    upkeep.drop_old()
    assert set(OutgoingMail.objects.values_list("pk", flat=True)) == {row.pk for row in waiting}


def test_secrets_that_never_left_are_destroyed_after_a_week() -> None:
    row = post(text="secret", may_be_kept=False)
    OutgoingMail.objects.update(state=State.DEAD, created_at=timezone.now() - timedelta(days=8))
    upkeep.drop_old()
    row.refresh_from_db()
    assert row.sealed is None
    assert not upkeep.can_start_again(row)


def test_figures_say_what_waits_and_what_was_given_up() -> None:
    assert upkeep.figures() == (0, None, 0)
    first, later, _dead = post(), post(), post()
    OutgoingMail.objects.filter(pk=_dead.pk).update(state=State.DEAD)
    OutgoingMail.objects.filter(pk=later.pk).update(due_at=timezone.now() + timedelta(hours=1))
    assert upkeep.figures() == (2, first.created_at, 1)
