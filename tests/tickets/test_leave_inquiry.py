"""Contact Us."""

import re
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from agents.models import Contract
from chat.abuse.limits import INQUIRY_BY_NETWORK
from chat.masking.concealing import masked_kinds
from contiple.base.errors import TooMany
from helpcenter.models import Customer, PrivacyPolicy
from tests.make import make_service
from tickets.customer.inquiries import Inquiry, leave_inquiry
from tickets.models import Ticket

URL = "/hc/demo/contact/"


@pytest.fixture
def policy(service):
    return PrivacyPolicy.objects.get(help_center__service=service, language="en")


@pytest.fixture
def data(policy):
    return {
        "name": "Hana",
        "email": "hana@example.com",
        "subject": "Refund",
        "message": "Please\r\nsend it back",
        "website": "",
        "policy": str(policy.pk),
        "consent": "on",
        "request_id": str(uuid.uuid4()),
    }


def inquiry(policy, **changes) -> Inquiry:
    sent = {
        "name": "Hana",
        "email": "hana@example.com",
        "language": "en",
        "subject": "Refund",
        "body": "Please",
        "policy": policy,
        "request_id": uuid.uuid4(),
        "address": "192.0.2.7",
        "now": timezone.now(),
    }
    return Inquiry(**sent | changes)


def test_an_inquiry_becomes_an_unassigned_ticket(client, data, policy, actions):
    answer = client.post(URL, data)
    ticket = Ticket.objects.get()
    assert answer.status_code == 302
    assert answer.url.startswith("/hc/demo/contact/sent/?inquiry=1%3A")
    assert (ticket.subject, ticket.body) == ("Refund", "Please\nsend it back")
    assert (ticket.channel, ticket.state, ticket.assignee) == ("help_center", "unassigned", None)
    assert (ticket.requester.name, ticket.requester.email) == ("Hana", "hana@example.com")
    assert actions(ticket) == ["ticket.created"]


@pytest.mark.parametrize("name", ["name", "subject", "message"])
@pytest.mark.parametrize("typed", ["\u3164", "\u2800", "\u200b\u202e"])
def test_what_nobody_can_see_is_refused_as_empty(client, data, name, typed):
    page = client.post(URL, data | {name: typed})
    assert page.status_code == 400
    assert "is required." in page.content.decode() or "Please enter your name." in page.content.decode()
    assert not Ticket.objects.exists()


def test_every_text_has_its_own_direction(client, policy):
    page = client.get(URL).content.decode()
    for name in ("name", "subject", "message"):
        assert re.search(rf'<(input|textarea)[^>]* name="{name}"[^>]* dir="auto"', page), name


def test_a_number_in_the_name_is_masked(client, data):
    client.post(URL, data | {"name": "Hana 4111111111111111"})
    assert Ticket.objects.get().requester.name == f"Hana {'*' * 16}"


def test_the_consent_is_kept_with_the_very_text(client, data, policy):
    client.post(URL, data)
    ticket = Ticket.objects.get()
    assert ticket.policy == policy
    assert timezone.now() - ticket.consented_at < timedelta(minutes=1)


def test_the_form_shows_the_current_policy_in_the_readers_language(client, service):
    page = client.get(URL, headers={"Accept-Language": "ko"}).content.decode()
    assert "Policy 1 ko" in page
    assert "Policy 1 en" not in page


def test_korean_customers_are_kept_as_such(client, service, data):
    ko = PrivacyPolicy.objects.get(help_center__service=service, language="ko")
    client.post(URL, data | {"policy": ko.pk}, headers={"Accept-Language": "ko"})
    assert Ticket.objects.get().requester.language == "ko"


def test_without_consent_nothing_is_stored(client, data):
    del data["consent"]
    page = client.post(URL, data)
    assert page.status_code == 400
    assert "Please agree to the privacy policy first." in page.content.decode()
    assert not Ticket.objects.exists()
    assert not Customer.objects.exists()


def test_a_policy_that_changed_meanwhile_is_asked_again(client, data, policy):
    new = PrivacyPolicy.objects.create(help_center=policy.help_center, version=2, language="en", text="New rules")
    page = client.post(URL, data).content.decode()
    assert "The privacy policy has changed" in page
    assert "New rules" in page
    assert f'name="policy" value="{new.pk}"' in page
    assert not re.search(r'name="consent"[^>]*checked', page)
    assert not Ticket.objects.exists()
    client.post(URL, data | {"policy": new.pk})
    assert Ticket.objects.get().policy == new


def test_another_services_policy_is_no_consent(client, data, outsider):
    theirs = PrivacyPolicy.objects.filter(help_center__service=outsider.service).first()
    assert client.post(URL, data | {"policy": theirs.pk}).status_code == 400
    assert not Ticket.objects.exists()


def test_without_a_policy_there_is_no_form(client, service, data):
    PrivacyPolicy.objects.all().delete()
    page = client.post(URL, data).content.decode()
    assert "the privacy policy hasn’t been published" in page
    assert not Ticket.objects.exists()


def test_a_form_sent_twice_makes_one_ticket(client, data):
    answers = [client.post(URL, data) for _ in range(2)]
    assert answers[0].url == answers[1].url
    assert "#1<" in client.get(answers[0].url).content.decode()
    assert (Ticket.objects.count(), Customer.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_many_times_at_once_makes_one_ticket(at_once):
    service = make_service("demo")
    same = inquiry(PrivacyPolicy.objects.first())
    made = at_once(lambda index: leave_inquiry(service, same).pk)
    assert len(set(made)) == Ticket.objects.count() == Customer.objects.count() == 1


def test_another_service_is_another_form(client, data, outsider):
    client.post(URL, data)
    theirs = PrivacyPolicy.objects.get(help_center__service=outsider.service, language="en")
    client.post("/hc/other/contact/", data | {"policy": theirs.pk})
    assert Ticket.objects.filter(service=outsider.service).count() == 1


def test_personal_numbers_are_masked_before_they_are_saved(client, data):
    client.post(URL, data | {"message": "카드 4539 1488 0343 6467, 주민번호 900101-1234567입니다"})
    body = Ticket.objects.get().body
    assert "4539" not in body
    assert "1234567" not in body


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "x" * 81), ("name", "a\0b"), ("email", ""), ("email", "nobody"), ("email", "a\0@b.c"),
        ("subject", ""), ("subject", "x" * 161), ("subject", "a\0b"), ("message", " "), ("message", "x" * 8_001),
        ("message", "a\0b"), ("request_id", ""), ("request_id", "x"), ("policy", "x"),
    ],
)  # fmt: skip
def test_what_can_not_be_used_is_said_and_the_rest_is_kept(client, data, field, value):
    answer = client.post(URL, data | {field: value})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "field-errors" in page or "notice-error" in page
    kept = {"name": "Hana", "email": "hana@example.com", "subject": "Refund", "message": "send it back"}
    assert all(words in page for name, words in kept.items() if name != field)
    assert not Ticket.objects.exists()
    assert not Customer.objects.exists()


def test_lone_surrogates_are_refused():
    from contiple.base.texts import can_be_stored

    assert not can_be_stored("a\ud800b")
    assert can_be_stored("🔥\n\t환불")


def test_a_filled_honeypot_is_thanked_and_nothing_is_stored(client, data):
    assert client.post(URL, data | {"website": "https://spam.example"}).url == "/hc/demo/contact/sent/"
    assert not Ticket.objects.exists()
    assert not Customer.objects.exists()


def test_one_address_leaves_so_many_and_waits(service, policy):
    now = timezone.now()
    for _ in range(INQUIRY_BY_NETWORK.attempts):
        leave_inquiry(service, inquiry(policy, now=now))
    with pytest.raises(TooMany):
        leave_inquiry(service, inquiry(policy, now=now))
    leave_inquiry(service, inquiry(policy, now=now, address="192.0.2.8"))
    leave_inquiry(service, inquiry(policy, now=now + INQUIRY_BY_NETWORK.window + timedelta(seconds=1)))
    assert Ticket.objects.count() == INQUIRY_BY_NETWORK.attempts + 2


def test_past_the_limit_what_was_typed_is_kept(client, data):
    for _ in range(INQUIRY_BY_NETWORK.attempts):
        client.post(URL, data | {"request_id": str(uuid.uuid4())})
    answer = client.post(URL, data | {"message": "Typed with care"})
    page = answer.content.decode()
    assert answer.status_code == 429
    assert "Typed with care" in page
    assert "notice-error" in page


def test_the_form_is_kept_by_nobody(client, data):
    for answer in (client.get(URL), client.post(URL, data | {"email": "nowhere"})):
        assert "no-store" in answer["Cache-Control"]
    for name in ("subject", "message"):
        assert re.search(rf'name="{name}"[^>]*autocomplete="off"', answer.content.decode())


def test_the_form_says_what_is_masked_before_it_is_saved(client, service):
    told = re.search(r'data-masked-kinds="(.*?)"', client.get(URL).content.decode())[1]
    assert set(told.split()) == masked_kinds(service)
    Contract.objects.update(security_service=False)
    assert "masked-kinds" not in client.get(URL).content.decode()


def test_the_form_takes_over_the_chats_draft_through_the_tab_alone(client, service):
    page = client.get(f"{URL}?message=from-a-url").content.decode()
    assert 'data-draft="contiple-draft:demo"' in page
    assert "joined/contact.js" in page
    assert "from-a-url" not in page.replace("?message=from-a-url", "")


def test_the_thanks_show_nothing_of_anybody(client, data):
    before = client.get(f"{URL}sent/").content
    client.post(URL, data)
    page = client.get(f"{URL}sent/").content.decode()
    assert client.get(f"{URL}sent/").status_code == 200
    assert before
    assert "Hana" not in page
    assert "hana@" not in page
    assert "#1" not in page
    assert "Refund" not in page


@pytest.mark.parametrize("path", ["", "sent/"])
def test_a_stopped_service_and_none_are_not_found(client, service, data, path):
    service.is_stopped = True
    service.save(update_fields=["is_stopped"])
    assert client.get(URL + path).status_code == 404
    assert client.get(f"/hc/nowhere/contact/{path}").status_code == 404
    if not path:
        assert client.post(URL, data).status_code == 404
    assert not Ticket.objects.exists()


def test_it_needs_no_chat(client, service, data):
    service.contract.chat = False
    service.contract.save(update_fields=["chat"])
    assert client.post(URL, data).status_code == 302
