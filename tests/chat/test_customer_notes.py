"""Notes on a customer: for agents alone, masked, bounded, on record, and gone with the customer's originals."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents import audit
from agents.models import Agent, Service
from chat.conversation.message_masks import holder_of, mask_selection
from chat.masking import destroying
from chat.masking.selections import Selection
from chat.models import Chat
from chat.people import notes
from contiple.base.errors import Conflict, Invalid
from helpcenter.models import Customer, CustomerNote
from tests.agents.race import at_once
from tests.make import make_agent, make_chat, make_customer, make_message, make_service

pytestmark = pytest.mark.django_db

FETCH = {"X-Requested-With": "fetch"}
HTMX = {"HX-Request": "true"}
CARD = "5137 2046 8093 1170"


@pytest.fixture
def chat(service: Service, agent: Agent, customer: Customer) -> Chat:
    return make_chat(service, customer=customer, agent=agent)


def address(name: str, customer: Customer, *more: object) -> str:
    return reverse(f"chat:{name}", args=[customer.service.slug, customer.pk, *more])


def actions(customer: Customer) -> list[tuple[str, str]]:
    entries = audit.trail(customer.service, f"customer:{customer.pk}")
    return [(entry.action, entry.actor) for entry in entries]


def test_a_note_is_written_beside_the_conversation_and_read_by_every_agent(
    service, agent, colleague, customer, chat, sign_in
) -> None:
    form = {"body": "Prefers mornings", "request_id": str(uuid.uuid4())}
    for _again in range(2):
        part = sign_in(agent).post(address("customer_notes", customer), form, headers=HTMX)
        assert part.status_code == 200
        assert part.text.count("Prefers mornings") == 1
        assert "<html" not in part.text
    text = sign_in(colleague).get(reverse("chat:conversation", args=["demo", chat.pk]), headers=FETCH).text
    assert "Prefers mornings" in text
    assert "Mina" in text
    assert actions(customer) == [("customer.note_added", "Mina")]


def test_it_also_works_as_a_plain_form(agent, customer, sign_in) -> None:
    answer = sign_in(agent).post(address("customer_notes", customer), {"body": "Hello"}, follow=True)
    assert answer.redirect_chain == [(address("customer_notes", customer), 302)]
    assert "Hello" in answer.text


def test_what_is_personal_is_masked_before_it_is_stored(agent, customer) -> None:
    note = notes.add(agent, customer, f"Card {CARD}, call back")
    note.refresh_from_db()
    assert note.body == "Card " + "*" * len(CARD) + ", call back"
    notes.edit(agent, note, f"Now {CARD}")
    note.refresh_from_db()
    assert note.body == "Now " + "*" * len(CARD)


def test_what_is_masked_by_hand_in_the_chat_is_masked_in_notes(agent, customer, chat) -> None:
    message = make_message(chat, "I live at 12 Elm Road")
    note = notes.add(agent, customer, "Lives at 12 Elm  Road, first floor")
    other = notes.add(agent, make_customer(chat.service, "Kim"), "Lives at 12 Elm Road")
    mask_selection(agent, chat.pk, [Selection(text_id=message.seq, rev=message.rev, start=10, end=21)])
    note.refresh_from_db()
    other.refresh_from_db()
    assert note.body == "Lives at ************, first floor"
    assert other.body == "Lives at 12 Elm Road"


def test_an_edit_from_before_a_mask_by_hand_is_refused_and_brings_nothing_back(agent, customer, chat, sign_in) -> None:
    browser, message = sign_in(agent), make_message(chat, "I live at 12 Elm Road")
    note = notes.add(agent, customer, "Lives at 12 Elm Road")
    path = address("edit_note", customer, note.pk)
    form = browser.get(path).context["form"]
    opened = {name: form[name].value() for name in ("body", "seen")}
    mask_selection(agent, chat.pk, [Selection(text_id=message.seq, rev=message.rev, start=10, end=21)])
    refused = browser.post(path, opened | {"body": f"{opened['body']}, first floor"})
    assert "Someone else changed this" in refused.text
    note.refresh_from_db()
    assert note.body == "Lives at ***********"
    form = refused.context["form"]
    assert browser.post(path, {"body": "Prefers mornings", "seen": form["seen"].value()}).status_code == 302
    note.refresh_from_db()
    assert note.body == "Prefers mornings"


@pytest.mark.parametrize("body", ["", "  \n", "\u200b", "x" * 1_001, "a\0b"])
def test_a_note_that_cannot_be_is_refused_and_stays_in_the_form(agent, customer, sign_in, body) -> None:
    part = sign_in(agent).post(address("customer_notes", customer), {"body": body}, headers=HTMX)
    assert part.status_code == 200
    assert 'aria-invalid="true"' in part.text
    assert not CustomerNote.objects.exists()
    with pytest.raises(Invalid):
        notes.add(agent, customer, body)


def test_a_customer_has_so_many_notes_and_no_more(agent, customer, monkeypatch) -> None:
    monkeypatch.setattr(notes, "NOTES_MAX", 2)
    notes.add(agent, customer, "One")
    two = notes.add(agent, customer, "Two")
    with pytest.raises(Conflict):
        notes.add(agent, customer, "Three")
    notes.remove(agent, two)
    notes.add(agent, customer, "Three")


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_no_more_are_taken(agent, customer, monkeypatch) -> None:
    monkeypatch.setattr(notes, "NOTES_MAX", 2)

    def add() -> None:
        notes.add(agent, customer, "Hello")

    at_once(*[add] * 6)
    assert customer.notes.count() == 2


def test_the_author_or_an_admin_edits_and_removes(agent, colleague, admin, customer, sign_in) -> None:
    note = notes.add(agent, customer, "Prefers mornings")
    place = (customer, note.pk)
    assert sign_in(colleague).get(address("edit_note", *place)).status_code == 404
    assert sign_in(colleague).post(address("edit_note", *place), {"body": "x"}).status_code == 404
    assert sign_in(colleague).post(address("remove_note", *place)).status_code == 404
    assert sign_in(agent).get(address("edit_note", *place)).status_code == 200
    assert sign_in(agent).post(address("edit_note", *place), {"body": "Prefers evenings"}).status_code == 302
    note.refresh_from_db()
    assert note.body == "Prefers evenings"
    assert note.edited_at
    assert sign_in(admin).post(address("remove_note", *place)).status_code == 302
    assert sign_in(admin).post(address("remove_note", *place)).status_code == 404
    assert [action for action, _who in actions(customer)] == [
        "customer.note_added",
        "customer.note_edited",
        "customer.note_removed",
    ]
    assert "Prefers" not in str(list(audit.trail(customer.service, f"customer:{customer.pk}").values("details")))


def test_an_outsider_and_nobody_see_and_change_nothing(agent, customer, outsider, sign_in, client) -> None:
    note = notes.add(agent, customer, "Prefers mornings")
    theirs = make_customer(outsider.service)
    tried = [
        address("customer_notes", customer),
        address("edit_note", customer, note.pk),
        address("remove_note", customer, note.pk),
        # The own service with another's numbers.
        reverse("chat:customer_notes", args=["other", customer.pk]),
        reverse("chat:edit_note", args=["other", customer.pk, note.pk]),
        reverse("chat:edit_note", args=["other", theirs.pk, note.pk]),
        reverse("chat:remove_note", args=["other", theirs.pk, note.pk]),
    ]
    for path in tried:
        assert sign_in(outsider).post(path, {"body": "x"}).status_code == 404, path
        assert sign_in(outsider).get(path).status_code in {404, 405}, path
        assert client.post(path, {"body": "x"}).status_code == 302, path
    agent.service.is_stopped = True
    agent.service.save()
    assert sign_in(agent).post(address("customer_notes", customer), {"body": "x"}).status_code == 404
    assert CustomerNote.objects.get().body == "Prefers mornings"


def test_notes_go_with_the_customers_originals(agent, admin, customer, chat) -> None:
    notes.add(agent, customer, "Prefers mornings")
    kept = notes.add(agent, make_customer(chat.service, "Kim"), "Prefers mornings")
    destroying.destroy_of(admin, holder_of(chat))
    assert CustomerNote.objects.count() == 2
    destroying.destroy_of_customer(admin, customer, holder_of(chat))
    assert list(CustomerNote.objects.all()) == [kept]
    assert ("customer.notes_destroyed", "Ada") in actions(customer)


def test_notes_go_after_the_contracts_days_without_contact(service, agent, customer) -> None:
    long_ago, now = timezone.now() - timedelta(days=31), timezone.now()
    gone = notes.add(agent, customer, "Old")
    fresh = notes.add(agent, customer, "New")
    back = notes.add(agent, make_customer(service, "Kim"), "Old, but the customer is back")
    CustomerNote.objects.filter(pk__in=[gone.pk, back.pk]).update(created_at=long_ago)
    Customer.objects.filter(pk=customer.pk).update(last_contact_at=long_ago)
    assert notes.drop_expired(now) == 0
    service.contract.originals_kept_days = 30
    service.contract.save()
    assert notes.drop_expired(now) == 1
    assert set(CustomerNote.objects.all()) == {fresh, back}
    assert ("customer.notes_destroyed", "") in actions(customer)


def test_the_sweeps_queries_do_not_depend_on_how_many_services_there_are(service, agent) -> None:
    """Each contract keeps originals for so long as it says; one of them for ever."""
    long_ago = timezone.now() - timedelta(days=31)

    def old_note(kept_days: int | None) -> CustomerNote:
        at = make_service(f"shop-{Service.objects.count()}", originals_kept_days=kept_days)
        note = notes.add(make_agent(at), make_customer(at, last_contact_at=long_ago), "Old")
        CustomerNote.objects.filter(pk=note.pk).update(created_at=long_ago)
        return note

    old_note(30)
    with CaptureQueriesContext(connection) as few:
        assert notes.drop_expired() == 1
    kept = {old_note(None), old_note(32)}
    gone = [old_note(days) for days in (1, 7, 30)]
    with CaptureQueriesContext(connection) as many:
        assert notes.drop_expired() == 3
    assert len(many) == len(few)
    assert set(CustomerNote.objects.all()) == kept
    assert all(("customer.notes_destroyed", "") in actions(note.customer) for note in gone)


@pytest.mark.django_db(transaction=True)
def test_of_sweeps_at_once_one_deletes_a_note_and_tells_of_it(service, agent, customer) -> None:
    """While the first is under way, the second finds nothing to do."""
    service.contract.originals_kept_days = 30
    service.contract.save()
    long_ago = timezone.now() - timedelta(days=31)
    notes.add(agent, customer, "Old")
    CustomerNote.objects.update(created_at=long_ago)
    Customer.objects.update(last_contact_at=long_ago)
    with transaction.atomic():
        assert notes.drop_expired() == 1
        second = ThreadPoolExecutor(1).submit(_sweep)
        assert second.result(10) == 0
    assert [action for action, _who in actions(customer)].count("customer.notes_destroyed") == 1


def _sweep() -> int:
    try:
        return notes.drop_expired()
    finally:
        connection.close()
