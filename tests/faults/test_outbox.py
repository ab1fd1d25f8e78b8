"""Workers that are killed while they mail, two at once, and a mail server that goes and comes: no mail is lost.

A mail that a server took right before its worker was killed comes twice at most, and with the same id.
"""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from agents.models import OutgoingMail, Service
from agents.outbox.queue import BATCH
from contiple.local.processes import Process
from tests.faults.people import wait_until
from tests.make import make_service
from tests.smtp import MailServer, mail_server

State = OutgoingMail.State
MAILS, MANY = 200, 5000
LONG_S = 120


@pytest.fixture
def smtp() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture(autouse=True)
def no_other_worker(cluster) -> Iterator[None]:
    """The cluster's own knows of no mail server."""
    OutgoingMail.objects.all().delete()
    cluster["worker1"].stop()
    yield
    for name in [process.name for process in cluster if process.name.startswith("worker")][1:]:
        cluster.processes.pop(name).kill()


@pytest.fixture
def services(cluster) -> list[Service]:
    return [make_service(f"mails-{time.time_ns()}-{number}") for number in range(3)]


def start_worker(cluster, smtp: MailServer) -> Process:
    return cluster.add_worker(EMAIL_URL=smtp.url)


def post(services: list[Service], count: int) -> set[str]:
    """Many mails of several services, as they stand after as many acts."""
    now = timezone.now()
    mails = [
        OutgoingMail(
            service=services[number % len(services)],
            kind="test",
            message_id=f"<{now.timestamp()}-{number}@test>",
            to=[f"customer{number}@example.com"],
            pending=[f"customer{number}@example.com"],
            subject=f"Answer {number}",
            text="Hello",
            give_up_at=now + timedelta(days=1),
        )
        for number in range(count)
    ]
    OutgoingMail.objects.bulk_create(mails, batch_size=500)
    return {mail.message_id for mail in mails}


def end_leases() -> None:
    """As after a minute: their worker is dead."""
    OutgoingMail.objects.exclude(leased_until=None).update(leased_until=timezone.now() - timedelta(seconds=1))


def all_sent() -> bool:
    return not OutgoingMail.objects.exclude(state=State.SENT).exists()


def kill_while_mailing(cluster, smtp: MailServer, services: list[Service], mails: int, kills: int) -> None:
    ids = post(services, mails)
    for number in range(kills):
        worker = start_worker(cluster, smtp)
        so_far, share = len(smtp.taken), mails // (kills + 1)
        wait_until(lambda worker=worker, goal=so_far + share: len(smtp.taken) >= goal, LONG_S)
        worker.kill()
        end_leases()
        print(f"killed {number + 1} after {len(smtp.taken)} mails")
    start_worker(cluster, smtp)
    wait_until(all_sent, LONG_S + mails / 10)
    arrived = Counter(smtp.ids)
    doubles = {mail: count for mail, count in arrived.items() if count > 1}
    print(f"{mails} mails, {kills} kills: {len(arrived)} arrived, {len(doubles)} of them twice")
    assert set(arrived) == ids
    assert len(doubles) <= kills
    assert set(doubles.values()) <= {2}


def test_a_killed_worker_loses_no_mail(cluster, smtp, services) -> None:
    kill_while_mailing(cluster, smtp, services, MAILS, kills=4)


@pytest.mark.soak
def test_killed_workers_lose_none_of_very_many_mails(cluster, smtp, services) -> None:
    kill_while_mailing(cluster, smtp, services, MANY, kills=20)


def test_two_workers_send_each_mail_once_and_one_that_stops_leaves_the_rest_to_the_other(cluster, smtp, services):
    ids = post(services, MAILS)
    first, _second = start_worker(cluster, smtp), start_worker(cluster, smtp)
    wait_until(lambda: len(smtp.taken) > MAILS // 4, LONG_S)
    assert first.stop() == 0
    wait_until(all_sent, LONG_S)
    assert Counter(smtp.ids) == Counter(ids)
    by = OutgoingMail.objects.values_list("last_error", "leased_by").distinct()
    assert list(by) == [("", None)]


def away_and_back(cluster, smtp: MailServer, services: list[Service], mails: int, *, seconds: float) -> None:
    """The server goes in the middle of it, and is away for a while; more mails come meanwhile."""
    ids = post(services, mails // 2)
    start_worker(cluster, smtp)
    wait_until(lambda: len(smtp.taken) > mails // 10, LONG_S)
    smtp.stop()
    ids |= post(services, mails - mails // 2)
    wait_until(lambda: OutgoingMail.objects.filter(last_error__startswith="unreachable").exists(), LONG_S)
    time.sleep(seconds)
    assert not OutgoingMail.objects.filter(state=State.DEAD).exists()
    smtp.start()
    wait_until(all_sent, LONG_S + mails / 10)
    arrived = Counter(smtp.ids)
    print(f"{mails} mails, server away for {seconds} s: {len(arrived)} arrived, {sum(arrived.values())} times")
    assert set(arrived) == ids
    assert sum(arrived.values()) <= mails + 1  # the one whose answer was cut off


def test_a_mail_server_that_goes_and_comes_gets_every_mail(cluster, smtp, services) -> None:
    away_and_back(cluster, smtp, services, MAILS, seconds=0)


@pytest.mark.soak
def test_a_mail_server_that_is_away_for_ten_minutes_gets_every_mail(cluster, smtp, services) -> None:
    away_and_back(cluster, smtp, services, MANY, seconds=600)


# All of it at once


def number_of(address: str) -> int:
    return int(address.partition("@")[0].removeprefix("customer"))


def is_refused(number: int) -> bool:
    return number % 20 == 0 or number % 50 == 3


def refusing(smtp: MailServer) -> None:
    """Of a hundred mails five have an unknown recipient and two are called spam; fourteen are to come again later."""
    later: set[int] = set()

    def at_rcpt(address: str) -> str:
        number = number_of(address)
        if number % 20 == 0:
            return "550 5.1.1 unknown"
        return "450 4.2.0 greylisted" if number % 10 == 1 and is_first(number) else ""

    def at_data(mail) -> str:
        number = number_of(mail["To"])
        if number % 50 == 3:
            return "554 5.7.1 spam"
        return "451 4.3.0 busy" if number % 25 == 2 and is_first(number) else ""

    def is_first(number: int) -> bool:
        return number not in later and not later.add(number)  # type: ignore[func-returns-value]

    smtp.at_rcpt, smtp.at_data = at_rcpt, at_data


def leases() -> dict[int, object]:
    return dict(OutgoingMail.objects.exclude(leased_by=None).values_list("pk", "leased_by"))


def end_leases_of_the_dead(smtp: MailServer) -> None:
    """As after a minute. The other worker's leases are on other mails by the time it has sent some more."""
    at_the_kill, there = leases(), len(smtp.taken)
    wait_until(lambda: len(smtp.taken) >= there + 3 * BATCH, LONG_S)
    still = [pk for pk, run in leases().items() if at_the_kill.get(pk) == run]
    past = timezone.now() - timedelta(seconds=1)
    OutgoingMail.objects.filter(pk__in=still, state=State.WAITING).update(leased_until=past)


def ten_minutes_pass() -> None:
    """For every mail that waits, without waiting."""
    ten = timedelta(minutes=10)
    waiting = OutgoingMail.objects.filter(state=State.WAITING)
    waiting.update(created_at=F("created_at") - ten, give_up_at=F("give_up_at") - ten, due_at=F("due_at") - ten)


def all_ended() -> bool:
    """An hour passes at each look: what was to come later comes now."""
    OutgoingMail.objects.filter(state=State.WAITING, leased_by=None).update(due_at=None)
    return not OutgoingMail.objects.filter(state=State.WAITING).exists()


def through_all_of_it(cluster, smtp: MailServer, services: list[Service], mails: int, kills: int) -> None:
    """Two workers, of which one is killed again and again; a server that refuses, and is away in the middle of it."""
    refusing(smtp)
    ids = post(services, mails)
    workers = [start_worker(cluster, smtp), start_worker(cluster, smtp)]
    share = mails * 3 // 4 // (kills + 1)
    for number in range(kills):
        wait_until(lambda goal=share * (number + 1): len(smtp.taken) >= goal, LONG_S)
        if number == kills // 2:
            smtp.stop()
            wait_until(lambda: OutgoingMail.objects.filter(last_error__startswith="unreachable").exists(), LONG_S)
            ten_minutes_pass()
            smtp.start()
        workers.pop(0).kill()
        workers.append(start_worker(cluster, smtp))
        end_leases_of_the_dead(smtp)
    wait_until(all_ended, LONG_S + mails / 5)
    arrived = Counter(smtp.ids)
    numbers = {row.message_id: number_of(row.to[0]) for row in OutgoingMail.objects.all()}
    dead = set(OutgoingMail.objects.filter(state=State.DEAD).values_list("message_id", flat=True))
    doubles = {mail: count for mail, count in arrived.items() if count > 1}
    print(f"{mails} mails, {kills} kills, 2 workers: {len(arrived)} arrived, {len(dead)} refused for good,", end=" ")
    print(f"{mails - len(set(arrived) | dead)} lost, {len(doubles)} came twice with the same id")
    assert dead == {mail for mail, number in numbers.items() if is_refused(number)}
    assert set(arrived) == ids - dead
    assert len(doubles) <= kills + 2  # one for each kill, and for each line that the server's end cut off
    assert set(doubles.values()) <= {2}


def test_kills_refusals_and_an_outage_lose_no_mail(cluster, smtp, services) -> None:
    through_all_of_it(cluster, smtp, services, MAILS * 2, kills=2)


@pytest.mark.soak
def test_kills_refusals_and_an_outage_lose_none_of_very_many_mails(cluster, smtp, services) -> None:
    through_all_of_it(cluster, smtp, services, MANY, kills=12)
