"""Service Management / E-mails, and the operator's page: seeing what didn't arrive, and sending it again."""

import pytest
from django.urls import reverse

from agents import outbox
from agents.models import AuditEntry, OutgoingMail
from tests.mails import delivered
from tests.make import make_user

pytestmark = pytest.mark.django_db
State = OutgoingMail.State
LIST = "/desk/demo/mails/"


def make_mail(service=None, state=State.DEAD, **fields) -> OutgoingMail:
    to = fields.pop("to", "jun@example.com")
    said = {"kind": "test", "subject": "Your order", "text": "a text of their own"} | fields
    row = outbox.post(outbox.Outgoing(service=service, to=[to], **said))
    OutgoingMail.objects.filter(pk=row.pk).update(state=state, last_error="recipient 550 5.1.1")
    return row


def again(mail: OutgoingMail) -> str:
    return reverse("agents:start_mail_again", args=["demo", mail.pk])


def test_an_admin_sees_the_services_mails_and_why_one_did_not_arrive(service, admin, outsider, sign_in):
    make_mail(service)
    make_mail(outsider.service, subject="Elsewhere")
    make_mail(None, subject="Of nobody")
    page = sign_in(admin).get(LIST).content.decode()
    assert "Your order" in page
    assert "jun@example.com" in page
    assert "The mail server refused a recipient. (550 5.1.1)" in page
    assert "Elsewhere" not in page
    assert "Of nobody" not in page
    assert "a text of their own" not in page


def test_an_admin_sends_it_again_once_and_that_is_on_record(service, admin, sign_in):
    mail, client = make_mail(service), sign_in(admin)
    assert "will be sent again" in client.post(again(mail), follow=True).content.decode()
    assert [message.subject for message in delivered()] == ["Your order"]
    assert "can’t be sent again" in client.post(again(mail), follow=True).content.decode()
    assert len(delivered()) == 1
    entry = AuditEntry.objects.get(action="mail.start_again")
    assert (entry.agent, entry.subject) == (admin, f"mail:{mail.pk}")


def test_after_an_outage_all_are_sent_again_at_once(service, admin, outsider, sign_in):
    for _ in range(3):
        make_mail(service)
    make_mail(outsider.service)
    make_mail(service, State.BOUNCED)
    client = sign_in(admin)
    assert "Send all again" in client.get(LIST, {"state": "dead"}).content.decode()
    page = client.post(reverse("agents:start_mails_again", args=["demo"]), {"state": "dead"}, follow=True)
    assert "3 e-mails will be sent again" in page.content.decode()
    assert len(delivered()) == 3
    for nonsense in ("sent", "waiting", "", "x" * 900, "\0"):
        client.post(reverse("agents:start_mails_again", args=["demo"]), {"state": nonsense})
    assert len(delivered()) == 3


def test_nobody_else_sees_or_starts_anything(service, admin, agent, outsider, sign_in, client):
    mail = make_mail(service)
    paths = [LIST, again(mail), reverse("agents:start_mails_again", args=["demo"])]
    for person in (agent, outsider):
        assert [sign_in(person).post(path).status_code for path in paths[1:]] == [404, 404]
        assert sign_in(person).get(LIST).status_code == 404
    assert client.get(LIST).status_code == 302
    elsewhere = make_mail(outsider.service)
    assert sign_in(admin).post(again(elsewhere)).status_code == 404
    assert sign_in(admin).post(again(make_mail(None))).status_code == 404
    assert delivered() == []


@pytest.mark.parametrize("query", [{"state": "dead"}, {"state": "nonsense"}, {"before": "x"}, {"before": "1-1"}])
def test_any_query_makes_a_page(service, admin, sign_in, query):
    make_mail(service)
    assert sign_in(admin).get(LIST, query).status_code == 200


def test_without_a_mail_server_the_page_says_so_and_offers_nothing(service, admin, sign_in, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    make_mail(service)
    page = sign_in(admin).get(LIST).content.decode()
    assert "There is no mail server" in page
    assert "Send again</button>" not in page


def test_what_can_t_be_read_any_more_is_not_offered(service, admin, sign_in):
    mail = make_mail(service, may_be_kept=False)
    OutgoingMail.objects.update(sealed=None)
    assert "Send again</button>" not in sign_in(admin).get(LIST).content.decode()
    assert "can’t be sent again" in sign_in(admin).post(again(mail), follow=True).content.decode()


@pytest.fixture
def operator(client, settings):
    settings.OPERATOR_SECOND_FACTOR = False
    client.force_login(make_user("Olga", is_staff=True, is_superuser=True))
    return client


def test_the_operator_sees_all_and_starts_them_again(service, operator):
    mails = [make_mail(service), make_mail(None, subject="Of nobody")]
    page = operator.get(reverse("admin:agents_outgoingmail_changelist")).content.decode()
    assert "The mail server refused a recipient." in page
    chosen = {"action": "start_again", "_selected_action": [mail.pk for mail in mails]}
    answer = operator.post(reverse("admin:agents_outgoingmail_changelist"), chosen, follow=True)
    assert "2 e-mails will be sent again" in answer.content.decode()
    assert len(delivered()) == 2


def test_the_operator_reads_what_would_have_left_and_nothing_else(service, operator, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    unsent = make_mail(service, State.WAITING, text="a link of their own", may_be_kept=False)
    other = make_mail(service)
    delivered()
    shown = operator.get(reverse("admin:agents_outgoingmail_change", args=[unsent.pk])).content.decode()
    assert "a link of their own" in shown
    shown = operator.get(reverse("admin:agents_outgoingmail_change", args=[other.pk])).content.decode()
    assert "a text of their own" not in shown
