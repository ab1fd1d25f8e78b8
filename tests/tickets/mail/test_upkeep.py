"""What operators see of mails that come in (pages, doctor, numbers), and that what is kept has an end."""

import asyncio
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import ServiceMailbox
from chat import worker
from contiple import doctor, doctor_database
from contiple.doctor import BROKEN, LOOK, OK
from tests.contiple.asgi import ask
from tests.make import make_user
from tests.services import free_port
from tests.tickets.mail.corpus import mail
from tickets.mail import imap, nobodys, upkeep
from tickets.mail.incoming import receive
from tickets.mail.models import PolledFolder, ReceivedMail
from tickets.mail.parsing import parse_mail
from tickets.models import Ticket

Reason = ReceivedMail.Reason
PAGES = "/operator/tickets/receivedmail/"


@pytest.fixture
def operator(db) -> Client:
    client = Client()
    client.force_login(make_user("Olga", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def mailbox(service) -> ServiceMailbox:
    return ServiceMailbox.objects.create(service=service, address="help@shop.example")


def take(raw: bytes) -> ReceivedMail:
    [row] = receive(raw, size=len(raw), now=timezone.now())
    return row


def note_nobodys(**headers: str) -> ReceivedMail:
    nobodys.note(
        parse_mail(mail("Very private", **headers)), now=timezone.now(), folder="imap.example/help/INBOX", uid=1
    )
    return ReceivedMail.objects.get(service=None)


def states(check) -> list[str]:
    return [found.state for found in doctor.findings([check])]


def test_mails_that_became_no_ticket_are_deleted_after_their_days_and_the_others_go_with_their_ticket(
    mailbox, settings
) -> None:
    filed = take(mail("x"))
    take(mail("away", Message_ID="<2@x>", Auto_Submitted="auto-replied"))
    note_nobodys(To="nobody@shop.example", Message_ID="<3@x>")
    upkeep.drop_old()
    assert ReceivedMail.objects.count() == 3
    ReceivedMail.objects.update(received_at=timezone.now() - settings.RECEIVED_MAILS_KEPT - timedelta(minutes=1))
    assert worker._sweep()
    assert list(ReceivedMail.objects.all()) == [filed]
    Ticket.objects.all().delete()
    assert not ReceivedMail.objects.exists()


def test_the_operator_sees_states_and_addresses_of_nobody_s_mails_but_no_words(mailbox, operator) -> None:
    take(mail("Very private", Subject="Private matter", From="Private Jun <jun@example.com>"))
    row = note_nobodys(To="nobody@shop.example", Subject="Private matter")
    for path in (PAGES, f"{PAGES}{row.pk}/change/", "/operator/tickets/polledfolder/"):
        page = operator.get(path)
        assert page.status_code == 200
        assert "rivate" not in page.content.decode()
        assert "jun@example.com" not in page.content.decode()
    assert "nobody@shop.example" in operator.get(PAGES).content.decode()
    for text, shown in ((row.message_id, True), ("demo", False)):
        assert ("nobody@shop.example" in operator.get(PAGES, {"q": text}).content.decode()) is shown


def test_the_operator_changes_and_deletes_nothing_by_hand(mailbox, operator) -> None:
    row = take(mail("x"))
    assert operator.get(f"{PAGES}add/").status_code == 403
    assert operator.post(f"{PAGES}{row.pk}/delete/").status_code == 403
    assert operator.post(f"{PAGES}{row.pk}/change/", {"reason": "loop"}).status_code == 403


def test_nobody_else_sees_these_pages(mailbox, admin, outsider, sign_in) -> None:
    assert Client().get(PAGES).status_code == 302
    for agent in (admin, outsider):
        assert sign_in(agent).get(PAGES).status_code == 302


def test_a_mail_of_nobody_is_on_no_service_s_page(mailbox, admin, outsider, sign_in) -> None:
    row = note_nobodys(From="nobody@other.example")
    for agent in (admin, outsider):
        client, slug = sign_in(agent), agent.service.slug
        assert b"nobody@other.example" not in client.get(f"/desk/{slug}/mail/").content
        assert client.post(f"/desk/{slug}/mail/{row.pk}/ticket/").status_code == 404


def test_numbers_tell_what_came_waits_and_is_stuck(mailbox, settings) -> None:
    settings.IMAP_URL = urlsplit("imaps://help:secret@imap.example")
    take(mail("x"))
    take(mail("away", Message_ID="<2@x>", Auto_Submitted="auto-replied"))
    note_nobodys()
    since = timezone.now() - timedelta(hours=2)
    PolledFolder.objects.create(
        name=imap.name_of(settings.IMAP_URL), uid_validity=1, failed=[4, 7], stuck_since=since, read_at=since
    )
    found = upkeep.figures()
    assert (found.filed, found.refused, found.nobodys, found.unreadable, found.waiting) == (1, 2, 1, 0, 2)
    ReceivedMail.objects.update(received_at=timezone.now() - timedelta(days=2))
    assert upkeep.figures()[:3] == (0, 0, 1)


@pytest.mark.django_db(transaction=True)
def test_numbers_are_scraped_and_name_nobody(transactional_db, service, settings) -> None:
    settings.METRICS_TOKEN = "a-token-of-the-operator"
    ServiceMailbox.objects.create(service=service, address="help@shop.example")
    take(mail("x"))
    note_nobodys(Message_ID="<2@x>")
    text = asyncio.run(ask("/metrics", authorization="Bearer a-token-of-the-operator")).text
    for line in (
        'contiple_mails_in{outcome="filed"} 1.0',
        'contiple_mails_in{outcome="refused"} 1.0',
        "contiple_mails_in_stuck 1.0",
        "contiple_mails_in_waiting 0.0",
        "contiple_mail_in_oldest_seconds 0.0",
        "contiple_mailbox_read_timestamp_seconds 0.0",
    ):
        assert line in text
    assert "example" not in text


@pytest.mark.django_db(transaction=True)
def test_the_doctor_tries_the_mailbox(imap_mailbox, settings) -> None:
    assert states(doctor.mailbox) == [OK]
    for wrong in (f":{imap_mailbox.port}/", "s3cret"):
        right = imap_mailbox.url
        settings.IMAP_URL = urlsplit(right.replace(wrong, f":{free_port()}/" if wrong[0] == ":" else "other"))
        [found] = doctor.findings([doctor.mailbox])
        assert found.state == BROKEN
        assert "s3cret" not in found.what
    settings.IMAP_URL = None
    assert states(doctor.mailbox) == [OK]


def test_the_doctor_finds_a_mailbox_that_is_not_read_and_mails_that_are_stuck(mailbox, settings) -> None:
    assert states(doctor_database.incoming_mails) == [OK]
    settings.IMAP_URL = urlsplit("imaps://help:secret@imap.example")
    [never, _fine] = doctor.findings([doctor_database.incoming_mails])
    assert (never.state, "never" in never.what) == (BROKEN, True)
    row = PolledFolder.objects.create(
        name=imap.name_of(settings.IMAP_URL), uid_validity=1, read_at=timezone.now(), last_error=""
    )
    assert states(doctor_database.incoming_mails) == [OK]
    row.failed, row.stuck_since = [1], timezone.now()
    row.save()
    assert states(doctor_database.incoming_mails) == [LOOK]
    note_nobodys()
    assert states(doctor_database.incoming_mails) == [LOOK, LOOK]
    row.read_at, row.last_error = timezone.now() - timedelta(hours=1), "TimeoutError"
    row.save()
    found = list(doctor.findings([doctor_database.incoming_mails]))
    assert [each.state for each in found] == [BROKEN, LOOK, LOOK]
    assert found[0].what == "The mailbox was last read 60 minutes ago. TimeoutError"
