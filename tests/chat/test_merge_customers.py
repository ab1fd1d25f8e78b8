"""Two customers of one person become one to agents, and stay apart for customers."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents import audit
from agents.models import Agent, Service
from chat import access
from chat.abuse import blocks
from chat.block import Block
from chat.conversation.message_masks import holder_of
from chat.lifecycle.blocking import block
from chat.lifecycle.transitions import start_chat
from chat.masking import destroying
from chat.masking.models import DataKey
from chat.models import Chat
from chat.people import listing, notes, past
from chat.people.facts import correct
from chat.people.merging import merge, separate
from chat.rings import Ring
from chat.routing.recent import recent_agents
from contiple.base.errors import Closed, Conflict, Invalid
from helpcenter.customers import note_contact, register_customer
from helpcenter.families import family_of, ids_of_family
from helpcenter.members.models import MemberSession
from helpcenter.models import Customer, CustomerNote, PrivacyPolicy
from tests.agents.race import at_once
from tests.chat.comings import come_online
from tests.make import make_agent, make_chat, make_customer, make_ticket
from tickets.requesters import is_same

pytestmark = pytest.mark.django_db

WHY = "Same phone number on both orders"


@pytest.fixture(autouse=True)
def option(service: Service, outsider: Agent) -> None:
    for it in (service, outsider.service):
        it.contract.customer_information = True
        it.contract.save()


@pytest.fixture
def phone(service: Service) -> tuple[Customer, str]:
    """The customer on a phone, who only says who she is, with the phone's token."""
    return register_customer(service, name="Hana (phone)", email="", language="en")


@pytest.fixture
def hana(service: Service) -> Customer:
    return make_customer(service, "Hana", email="hana@example.com", member="m-1")


def again(customer: Customer) -> Customer:
    return Customer.objects.get(pk=customer.pk)


def trail(customer: Customer) -> list[tuple[str, dict]]:
    return list(audit.trail(customer.service, f"customer:{customer.pk}").values_list("action", "details"))


def page(name: str, customer: Customer, slug: str = "demo") -> str:
    return reverse(f"chat:{name}", args=[slug, customer.pk])


# What agents see


def _chat(agent: Agent, merged: Customer, kept: Customer) -> bool:
    chat = make_chat(merged.service, customer=merged, state="closed")
    url = reverse("chat:history", args=["demo", chat.pk])
    return url in {one.url for one in past.past_of(again(kept), most=9).own}


def _ticket(agent: Agent, merged: Customer, kept: Customer) -> bool:
    ticket = make_ticket(merged.service, requester=merged)
    url = reverse("tickets:detail", args=["demo", ticket.number])
    return url in {one.url for one in past.past_of(again(kept), most=9).own}


def _note(agent: Agent, merged: Customer, kept: Customer) -> bool:
    note = notes.add(agent, merged, "Likes tea")
    return note in notes.latest(again(kept)).shown


def _block(agent: Agent, merged: Customer, kept: Customer) -> bool:
    Block.objects.create(service=merged.service, customer=merged, reason="Spam")
    with pytest.raises(blocks.Blocked):
        blocks.require_not_blocked(merged.service_id, customer_id=kept.pk)
    return blocks.blocks_of_customer(again(kept)).exists()


def _key(agent: Agent, merged: Customer, kept: Customer) -> bool:
    """Destroyed with the person, seen from the other one's chat."""
    admin = make_agent(merged.service, role=Agent.Role.ADMIN)
    DataKey.objects.create(kind="chat", number=987, service=merged.service, customer=merged, wrapped=b"", master="m")
    chat = make_chat(merged.service, customer=kept, state="closed")
    destroying.destroy_of_customer(admin, again(kept), holder_of(chat))
    return not DataKey.objects.filter(number=987).exists()


def _session(agent: Agent, merged: Customer, kept: Customer) -> bool:
    """A member's session stays that member's alone: ``test_no_customer_reads_more_than_before``."""
    return not MemberSession.objects.filter(customer=merged).exists()


def _merged_row(agent: Agent, merged: Customer, kept: Customer) -> bool:
    return again(merged).merged_into == kept and merged.pk in ids_of_family(kept)


# Every relation to a customer, and how the kept one has what the merged one has.
RELATIONS: dict[str, Callable[[Agent, Customer, Customer], bool]] = {
    "chat.Chat.customer": _chat,
    "tickets.Ticket.requester": _ticket,
    "helpcenter.CustomerNote.customer": _note,
    "chat.Block.customer": _block,
    "chat.DataKey.customer": _key,
    "helpcenter.MemberSession.customer": _session,
    "helpcenter.Customer.merged_into": _merged_row,
}


def test_every_relation_to_customers_is_decided() -> None:
    """A new one must say here what a merge means to it."""
    related = Customer._meta.get_fields(include_hidden=True)
    found = {f"{it.related_model._meta.label}.{it.field.name}" for it in related if it.auto_created and not it.concrete}
    assert found == set(RELATIONS)


@pytest.mark.parametrize("relation", RELATIONS)
def test_what_the_merged_one_has_is_the_kept_ones(service, agent, hana, phone, relation) -> None:
    merge(agent, phone[0], hana, reason=WHY)
    assert RELATIONS[relation](agent, phone[0], hana)


def test_both_see_what_the_other_has_and_others_do_not(service, agent, hana, phone) -> None:
    stranger = make_customer(service, "Stranger", email="hana@example.com")
    for whose in (hana, phone[0], stranger):
        make_chat(service, customer=whose, state="closed")
    merge(agent, phone[0], hana, reason=WHY)
    for whose in (hana, phone[0]):
        assert len(past.past_of(again(whose), most=9).own) == 2
    assert len(past.past_of(again(stranger), most=9).own) == 1
    assert len(past.past_of(again(hana), most=9).apart) == 1


def test_whoever_is_merged_stands_apart_no_more(service, agent, hana) -> None:
    claims = make_customer(service, "Hana", email="HANA@example.com")
    make_chat(service, customer=claims, state="closed")
    merge(agent, claims, hana, reason=WHY)
    for whose in (hana, claims):
        found = past.past_of(again(whose), most=9)
        assert (len(found.own), found.apart) == (1, [])


def test_one_who_was_merged_into_leads_on(service, agent, hana, phone) -> None:
    older = make_customer(service, "Hana K.")
    merge(agent, older, phone[0], reason=WHY)
    merge(agent, again(phone[0]), hana, reason=WHY)
    assert again(older).merged_into == hana
    assert set(family_of(older)) == {hana, phone[0], older}


def test_it_is_on_record_with_a_masked_reason(agent, hana, phone) -> None:
    merge(agent, phone[0], hana, reason="Paid with 5137 2046 8093 1170")
    why = "Paid with *******************"
    assert trail(phone[0]) == [("customer.merged", {"into": hana.pk, "why": why})]
    assert trail(hana) == [("customer.merged_in", {"merged": phone[0].pk, "why": why})]


def test_the_list_has_one_of_them_and_a_search_finds_both(service, agent, hana, phone) -> None:
    merge(agent, phone[0], hana, reason=WHY)
    assert [row.name for row in listing.page_for(agent).rows] == ["Hana"]
    assert {row.name for row in listing.page_for(agent, "hana").rows} == {"Hana", "Hana (phone)"}


def test_contacts_of_the_merged_one_are_the_kept_ones(service, agent, hana, phone) -> None:
    merge(agent, phone[0], hana, reason=WHY)
    Customer.objects.update(last_contact_at=timezone.now() - timedelta(days=9))
    note_contact(phone[0].pk, timezone.now())
    assert again(hana).last_contact_at > timezone.now() - timedelta(days=1)
    assert again(phone[0]).last_contact_at > timezone.now() - timedelta(days=1)


@pytest.mark.django_db(transaction=True)
def test_of_notes_added_at_once_to_one_person_no_more_are_taken(agent, hana, phone, monkeypatch) -> None:
    monkeypatch.setattr(notes, "NOTES_MAX", 3)
    merge(agent, phone[0], hana, reason=WHY)
    rows = [hana, Customer.objects.get(pk=phone[0].pk)] * 4
    results = at_once(*[partial(notes.add, agent, row, "Likes tea") for row in rows])
    assert CustomerNote.objects.count() == 3
    assert sum(isinstance(each, Conflict) for each in results) == len(rows) - 3


def test_notes_stay_while_one_of_them_is_in_touch(service, agent, hana, phone) -> None:
    service.contract.originals_kept_days = 30
    service.contract.save()
    merge(agent, phone[0], hana, reason=WHY)
    for row in (hana, phone[0]):
        note = notes.add(agent, row, "Likes tea")
        type(note).objects.filter(pk=note.pk).update(created_at=timezone.now() - timedelta(days=99))
    Customer.objects.update(last_contact_at=timezone.now() - timedelta(days=99))
    note_contact(phone[0].pk, timezone.now())
    assert notes.drop_expired() == 0
    Customer.objects.update(last_contact_at=timezone.now() - timedelta(days=99))
    assert notes.drop_expired() == 2


def test_the_agent_who_knows_one_knows_the_other(service, agent, hana, phone) -> None:
    service.chat_settings.assign_recent_agent = True
    service.chat_settings.save()
    chat = make_chat(service, customer=hana, state="closed", agent=agent)
    now = timezone.now()
    Ring.objects.create(chat=chat, agent=agent, outcome=Ring.Outcome.OPENED, started_at=now, ended_at=now)
    assert recent_agents(service.pk, [phone[0].pk], now) == {}
    merge(agent, phone[0], hana, reason=WHY)
    assert recent_agents(service.pk, [phone[0].pk], now) == {phone[0].pk: agent.pk}


def test_pages_cost_as_many_queries_however_many_are_merged(service, agent, hana, sign_in) -> None:
    browser = sign_in(agent)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(page("customer", hana)).status_code == 200
        return len(captured)

    merge(agent, make_customer(service, "Hana 0"), hana, reason=WHY)
    queries()
    one = queries()
    for number in range(1, 5):
        merge(agent, make_customer(service, f"Hana {number}"), again(hana), reason=WHY)
    assert queries() == one


# What customers see


def test_no_customer_reads_more_than_before(service, agent, hana, phone) -> None:
    """The phone's owner may only claim to be Hana: neither reads the other's chats, whatever agents believe."""
    customer, token = phone
    hers = make_chat(service, customer=hana, state="closed")
    own = make_chat(service, customer=customer, state="closed")
    merge(agent, customer, hana, reason=WHY)
    assert access.chat_of_token("demo", token) == (own.pk, service.pk, "closed")
    assert list(access.past_chats(again(hana))) == [hers]
    assert list(access.past_chats(again(customer))) == []
    assert again(customer).member is None
    assert not is_same(again(customer), again(hana)), "their tickets would be shown to both"


def test_a_running_chat_of_either_goes_on_and_a_new_one_is_its_own(service, agent, hana, phone) -> None:
    come_online(agent)
    policy = PrivacyPolicy.objects.filter(help_center__service=service).first()
    running = [start_chat(who, policy=policy, language="en") for who in (hana, phone[0])]
    merge(agent, phone[0], hana, reason=WHY)
    assert set(Chat.objects.exclude(state="closed")) == set(running)
    assert access.chat_of_token("demo", phone[1])[0] == running[1].pk
    assert start_chat(again(phone[0]), policy=policy, language="en") == running[1]


# What is refused


def test_two_verified_members_are_never_merged(service, agent, hana, sign_in) -> None:
    other = make_customer(service, "Hana", member="m-2")
    for pair in ((hana, other), (other, hana)):
        with pytest.raises(Conflict, match="different member IDs"):
            merge(agent, *pair, reason=WHY)
    text = sign_in(agent).get(page("merge_customer", hana), {"with": other.pk}).text
    assert "different member IDs" in text
    assert "Merge customers" not in text


def test_a_member_does_not_come_in_by_one_who_is_merged(service, agent, hana, phone) -> None:
    other = make_customer(service, "Hana", member="m-2")
    merge(agent, phone[0], hana, reason=WHY)
    with pytest.raises(Conflict):
        merge(agent, again(phone[0]), other, reason=WHY)
    with pytest.raises(Conflict):
        merge(agent, again(hana), other, reason=WHY)


def test_the_verified_one_is_kept(agent, hana, phone) -> None:
    with pytest.raises(Invalid, match="must be the one that is kept"):
        merge(agent, hana, phone[0], reason=WHY)
    assert again(hana).merged_into is None


def test_not_with_itself_and_not_without_a_reason(agent, hana, phone) -> None:
    with pytest.raises(Conflict):
        merge(agent, hana, hana, reason=WHY)
    with pytest.raises(Invalid):
        merge(agent, phone[0], hana, reason="  ")
    assert trail(hana) == []


def test_a_customer_of_another_service_is_not_merged(agent, hana, outsider) -> None:
    theirs = make_customer(outsider.service, "Hana")
    for pair in ((theirs, hana), (hana, theirs)):
        with pytest.raises(Conflict):
            merge(agent, *pair, reason=WHY)
    assert not Customer.objects.filter(merged_into__isnull=False).exists()


def test_a_merged_one_is_corrected_at_the_kept_one(agent, hana, phone) -> None:
    merge(agent, phone[0], hana, reason=WHY)
    with pytest.raises(Conflict):
        correct(agent, phone[0], name="Else", email="")


# Blocks


def test_only_an_admin_merges_or_separates_a_blocked_one(service, agent, admin, hana, phone) -> None:
    running = make_chat(service, customer=hana, agent=agent)
    Block.objects.create(service=service, customer=phone[0], reason="Spam")
    with pytest.raises(Closed):
        merge(agent, phone[0], hana, reason=WHY)
    merge(admin, phone[0], hana, reason=WHY)
    running.refresh_from_db()
    assert (running.state, running.closed_by) == ("closed", "blocked")
    with pytest.raises(blocks.Blocked):
        blocks.require_not_blocked(service.pk, customer_id=hana.pk)
    with pytest.raises(Closed):
        separate(agent, phone[0])
    separate(admin, phone[0])
    blocks.require_not_blocked(service.pk, customer_id=hana.pk)


def test_who_was_an_admin_a_moment_ago_merges_no_blocked_one(service, admin, hana, phone) -> None:
    Block.objects.create(service=service, customer=phone[0], reason="Spam")
    Agent.objects.filter(pk=admin.pk).update(role=Agent.Role.AGENT)
    with pytest.raises(Closed):
        merge(admin, phone[0], hana, reason=WHY)
    assert again(phone[0]).merged_into is None


def test_a_block_of_one_ends_the_chats_of_both(service, agent, admin, hana, phone) -> None:
    chats = [make_chat(service, customer=hana, agent=agent), make_chat(service, customer=phone[0])]
    bystander = make_chat(service, agent=agent)
    merge(agent, phone[0], hana, reason=WHY)
    assert set(block(admin, chats[1], whom="customer", length="day", reason="Spam")) == {chat.pk for chat in chats}
    for chat in chats:
        with pytest.raises(blocks.Blocked):
            blocks.require_not_blocked(service.pk, chat_id=chat.pk)
    blocks.require_not_blocked(service.pk, chat_id=bystander.pk)
    blocks.require_not_blocked(service.pk)


# Separating


def test_separated_they_are_two_again(service, agent, hana, phone) -> None:
    make_chat(service, customer=phone[0], state="closed")
    merge(agent, phone[0], hana, reason=WHY)
    separate(agent, phone[0])
    assert past.past_of(again(hana), most=9).own == []
    assert len(past.past_of(again(phone[0]), most=9).own) == 1
    assert trail(phone[0])[-1] == ("customer.separated", {"was": hana.pk})
    assert trail(hana)[-1] == ("customer.separated_from", {"merged": phone[0].pk})
    with pytest.raises(Conflict):
        separate(agent, phone[0])


# At once


@pytest.mark.django_db(transaction=True)
def test_merged_in_both_directions_at_once_one_of_them_is_kept(service, agent) -> None:
    one, other = make_customer(service, "One"), make_customer(service, "Other")
    start, outcomes = Barrier(2), []

    def run(merged: Customer, kept: Customer) -> None:
        start.wait()
        try:
            merge(agent, merged, kept, reason=WHY)
            outcomes.append("merged")
        except Conflict:
            outcomes.append("conflict")
        finally:
            connection.close()

    threads = [Thread(target=run, args=pair) for pair in ((one, other), (other, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict", "merged"]
    assert Customer.objects.filter(merged_into__isnull=False).count() == 1


# The pages


def test_a_search_leads_to_a_comparison_and_that_to_the_kept_one(service, agent, hana, phone, sign_in) -> None:
    make_chat(service, customer=phone[0], agent=agent)
    browser, here = sign_in(agent), page("merge_customer", phone[0])
    assert here in browser.get(page("customer", phone[0])).text
    assert "No other customer has this e-mail address" in browser.get(here).text
    assert f'value="{hana.pk}"' in browser.get(here, {"q": "hana"}).text
    text = browser.get(here, {"with": hana.pk}).text
    for words in (
        "1 (1 open)",
        "Verified: signed in on your site",
        "m-1",
        "Merged into the other one",
        "You can separate them",
    ):
        assert words in text
    refused = browser.post(here, {"with": hana.pk, "keep": hana.pk, "reason": ""})
    assert refused.status_code == 200
    assert 'aria-invalid="true"' in refused.text
    done = browser.post(here, {"with": hana.pk, "keep": hana.pk, "reason": WHY})
    assert done.url == page("customer", hana)
    kept = browser.get(done.url).text
    assert WHY in kept
    assert page("separate_customer", phone[0]) in kept
    assert page("customer", hana) in browser.get(page("customer", phone[0])).text
    assert browser.post(page("separate_customer", phone[0])).url == page("customer", phone[0])
    assert again(phone[0]).merged_into is None


@pytest.mark.parametrize("is_opened_first", [True, False])
def test_sent_twice_it_leads_to_the_kept_one_both_times(agent, hana, phone, sign_in, is_opened_first) -> None:
    here, other = (phone[0], hana) if is_opened_first else (hana, phone[0])
    browser, form = sign_in(agent), {"with": other.pk, "keep": hana.pk, "reason": WHY}
    for _time in range(2):
        assert browser.post(page("merge_customer", here), form).url == page("customer", hana)
    assert [action for action, _details in trail(hana)] == ["customer.merged_in"]


def test_merged_with_another_one_meanwhile_it_says_so(service, agent, hana, phone, sign_in) -> None:
    merge(agent, phone[0], make_customer(service, "Other"), reason=WHY)
    form = {"with": hana.pk, "keep": hana.pk, "reason": WHY}
    assert "was merged in the meantime" in sign_in(agent).post(page("merge_customer", phone[0]), form).text
    assert trail(hana) == []


def test_who_is_merged_is_found_as_the_kept_one(service, agent, hana, phone, sign_in) -> None:
    third = make_customer(service, "Third", email="third@example.com")
    merge(agent, third, hana, reason=WHY)
    browser = sign_in(agent)
    text = browser.get(page("merge_customer", phone[0]), {"q": "third@example.com"}).text
    assert f'name="with" value="{hana.pk}"' in text
    assert f'name="with" value="{third.pk}"' not in text
    assert 'name="with"' not in browser.get(page("merge_customer", hana), {"q": "third@example.com"}).text
    namesake = make_customer(service, "Namesake", email="third@example.com")
    assert f'name="with" value="{hana.pk}"' in browser.get(page("merge_customer", namesake)).text


def test_a_claimed_one_is_not_kept_by_a_forged_form(agent, hana, phone, sign_in) -> None:
    form = {"with": hana.pk, "keep": phone[0].pk, "reason": WHY}
    assert sign_in(agent).post(page("merge_customer", phone[0]), form).status_code == 200
    assert again(hana).merged_into is None


def test_beside_a_conversation_it_says_with_whom(service, agent, hana, phone, sign_in) -> None:
    chat = make_chat(service, customer=phone[0], agent=agent)
    read = reverse("chat:history", args=["demo", chat.pk])
    browser = sign_in(agent)
    assert "Merged with" not in browser.get(read).text
    merge(agent, phone[0], hana, reason=WHY)
    text = browser.get(read).text
    assert "Merged with" in text
    assert "Not verified: as the customer says" in text


def test_outsiders_nobody_and_guessed_ids_see_and_change_nothing(
    service, agent, hana, phone, outsider, sign_in, client
) -> None:
    theirs = make_customer(outsider.service, "Hana of theirs")
    browser = sign_in(outsider)
    form = {"with": hana.pk, "keep": hana.pk, "reason": WHY}
    for slug in ("demo", "other"):
        for name in ("merge_customer", "separate_customer"):
            assert browser.post(page(name, phone[0], slug), form).status_code == 404
            assert client.post(page(name, phone[0], slug), form).status_code == 302
        assert browser.get(page("merge_customer", phone[0], slug)).status_code == 404
    assert browser.get(page("merge_customer", theirs, "other"), {"with": hana.pk}).status_code == 404
    assert browser.post(page("merge_customer", theirs, "other"), form).status_code == 404
    own = sign_in(agent)
    for guessed in (theirs.pk, 0, "x", "9" * 40, "１"):
        assert own.get(page("merge_customer", hana), {"with": guessed}).status_code == 404
    assert "theirs" not in own.get(page("merge_customer", hana), {"q": "Hana"}).text
    assert not Customer.objects.filter(merged_into__isnull=False).exists()


def test_without_the_option_there_is_no_page(service, admin, hana, phone, sign_in) -> None:
    service.contract.customer_information = False
    service.contract.save()
    browser = sign_in(admin)
    assert browser.get(page("merge_customer", phone[0])).status_code == 404
    assert browser.post(page("separate_customer", phone[0])).status_code == 404
