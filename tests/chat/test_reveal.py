"""A look under a mask: on record before it happens, for those alone who may, and kept by nobody."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import DatabaseError
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents import audit
from agents.models import Agent, Attempt, AuditEntry, Contract
from chat.conversation import entries, message_masks
from chat.conversation.message_masks import lift, mask_selection, reveal
from chat.masking.looks import OriginalGone
from chat.masking.models import DataKey, MaskingRules
from chat.masking.selections import Selection
from chat.models import Mask, Message
from contiple.base.errors import Closed, TooMany
from tests.agents.race import at_once
from tests.make import make_agent, make_chat, make_message

pytestmark = pytest.mark.django_db

SECRET = "010-1234-5678"


@pytest.fixture
def mask(service, agent) -> Mask:
    chat = make_chat(service, agent=agent)
    message = make_message(chat, f"Call {SECRET}!")
    mask_selection(agent, chat.pk, [Selection(text_id=1, rev=1, start=5, end=18)])
    AuditEntry.objects.all().delete()
    return Mask.objects.select_related("message").get(message=message)


def url(mask: Mask | int, service: str = "demo") -> str:
    return reverse("chat:reveal", args=[service, getattr(mask, "pk", mask)])


def actions() -> list[tuple[str, Agent | None]]:
    return [(entry.action, entry.agent) for entry in AuditEntry.objects.order_by("pk")]


def test_a_permitted_agent_sees_the_original_and_nothing_stored_changes(mask, colleague) -> None:
    before = entries.changes_since(mask.message.chat_id, 0)
    assert reveal(colleague, mask.pk, address="192.0.2.7") == SECRET
    assert entries.changes_since(mask.message.chat_id, 0) == before
    assert SECRET not in Message.objects.get().body


def test_it_is_on_record_who_looked_where_and_from_where(mask, colleague) -> None:
    reveal(colleague, mask.pk, address="192.0.2.7")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.agent, entry.subject, entry.address) == (
        "chat.revealed",
        colleague,
        f"chat:{mask.message.chat_id}",
        "192.0.2.7",
    )
    assert entry.details == {"kind": "manual", "seq": 1, "customer": mask.message.chat.customer_id}


def test_every_look_is_on_record(mask, agent) -> None:
    for _ in range(3):
        reveal(agent, mask.pk, address=None)
    assert actions() == [("chat.revealed", agent)] * 3


def test_where_the_entry_can_t_be_written_nothing_is_returned(mask, agent, sign_in, monkeypatch) -> None:
    def fail(*_args, **_named):
        raise DatabaseError

    monkeypatch.setattr(audit, "record", fail)
    with pytest.raises(DatabaseError):
        reveal(agent, mask.pk, address=None)
    browser = sign_in(agent)
    browser.raise_request_exception = False
    answer = browser.post(url(mask))
    assert answer.status_code == 500
    assert SECRET not in answer.content.decode()


@pytest.mark.parametrize("why", ["permission", "security service"])
def test_a_refused_look_is_on_record_as_well(mask, agent, sign_in, why) -> None:
    if why == "permission":
        Agent.objects.filter(pk=agent.pk).update(unmask_permission=False)
    else:
        Contract.objects.update(security_service=False)

    answer = sign_in(agent).post(url(mask))

    assert answer.status_code == 403
    assert SECRET not in answer.content.decode()
    assert actions() == [("chat.reveal_refused", agent)]


def test_an_admin_without_the_permission_is_refused(mask, admin) -> None:
    with pytest.raises(Closed):
        reveal(admin, mask.pk, address=None)


def test_the_permission_is_apart_from_the_one_to_chat(mask, admin, colleague) -> None:
    admin.unmask_permission = True
    colleague.chat_permission = False
    assert reveal(admin, mask.pk, address=None) == SECRET
    assert reveal(colleague, mask.pk, address=None) == SECRET


def limit(service, looks: int) -> None:
    MaskingRules.objects.create(service=service, reveals_per_hour=looks)


def test_past_the_limit_of_an_hour_looks_are_refused_and_on_record(mask, service, agent, colleague, sign_in) -> None:
    limit(service, 2)
    for _ in range(2):
        assert reveal(agent, mask.pk, address=None) == SECRET
    answer = sign_in(agent).post(url(mask))
    assert answer.status_code == 429
    assert SECRET not in answer.content.decode()
    assert reveal(colleague, mask.pk, address=None) == SECRET
    assert actions() == [
        ("chat.revealed", agent),
        ("agent.unmask_limit", agent),
        ("chat.revealed", agent),
        ("chat.reveal_limited", agent),
        ("chat.revealed", colleague),
    ]


def test_a_limit_that_was_lowered_meanwhile_is_told_of_as_well(mask, service, agent) -> None:
    for _ in range(3):
        reveal(agent, mask.pk, address=None)
    limit(service, 2)
    with pytest.raises(TooMany):
        reveal(agent, mask.pk, address=None)
    assert actions()[3:] == [("chat.reveal_limited", agent), ("agent.unmask_limit", agent)]


def test_after_an_hour_one_may_look_again(mask, service, agent) -> None:
    limit(service, 1)
    reveal(agent, mask.pk, address=None)
    Attempt.objects.update(at=timezone.now() - timedelta(minutes=61))
    assert reveal(agent, mask.pk, address=None) == SECRET


def test_a_mask_taken_off_counts_as_a_look(mask, service, agent) -> None:
    limit(service, 1)
    reveal(agent, mask.pk, address=None)
    with pytest.raises(TooMany):
        lift(agent, mask.pk, address=None)
    assert Mask.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_no_more_than_the_limit_are_shown(mask, service, agent) -> None:
    limit(service, 3)
    outcomes = at_once(*(partial(reveal, agent, mask.pk, address=None) for _ in range(8)))
    assert len([it for it in outcomes if it == SECRET]) <= 3
    assert all(it == SECRET or isinstance(it, TooMany) for it in outcomes)


def test_a_destroyed_original_is_gone_for_good(mask, agent, sign_in) -> None:
    DataKey.objects.all().delete()
    with pytest.raises(OriginalGone):
        reveal(agent, mask.pk, address=None)
    answer = sign_in(agent).post(url(mask), headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 410
    assert answer.content.decode() == "The original has been destroyed."


def test_the_answer_is_plain_text_that_nothing_keeps(mask, agent, sign_in) -> None:
    answer = sign_in(agent).post(url(mask))
    assert answer.status_code == 200
    assert answer.content.decode() == SECRET
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert "no-store" in answer["Cache-Control"]
    assert "public" not in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_an_original_with_markup_is_never_markup(service, agent, sign_in) -> None:
    text = "<script>alert(1)</script>"
    chat = make_chat(service, agent=agent)
    make_message(chat, text)
    mask_selection(agent, chat.pk, [Selection(text_id=1, rev=1, start=0, end=len(text))])
    answer = sign_in(agent).post(url(Mask.objects.get()))
    assert answer.content.decode() == text
    assert answer["Content-Type"].startswith("text/plain")


def test_a_link_alone_shows_nothing(mask, agent, sign_in) -> None:
    assert sign_in(agent).get(url(mask)).status_code == 405
    assert not AuditEntry.objects.exists()


def test_the_outsider_finds_no_mask_under_either_address(mask, outsider, sign_in) -> None:
    browser = sign_in(outsider)
    assert browser.post(url(mask)).status_code == 404
    assert browser.post(url(mask, "other")).status_code == 404
    with pytest.raises(Http404):
        message_masks.reveal(outsider, mask.pk, address=None)
    assert not AuditEntry.objects.exists()


def test_somebody_of_both_services_sees_it_only_under_its_own(mask, agent, outsider, sign_in) -> None:
    make_agent(outsider.service, user=agent.user)
    browser = sign_in(agent)
    assert browser.post(url(mask, "other")).status_code == 404
    assert browser.post(url(mask)).status_code == 200


def test_a_mask_that_is_not_there_is_not_found(agent, sign_in) -> None:
    browser = sign_in(agent)
    assert browser.post(url(10**9)).status_code == 404
    assert browser.post(f"/desk/demo/chat/masks/{'9' * 400}/reveal/").status_code == 404


def test_nobody_is_sent_to_sign_in(mask) -> None:
    answer = Client().post(url(mask))
    assert answer.status_code == 302
    assert "sign-in" in answer["Location"] or "sign_in" in answer["Location"] or "next=" in answer["Location"]
    assert not AuditEntry.objects.exists()


def test_a_forged_request_shows_nothing(mask, agent) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(agent.user)
    assert browser.post(url(mask)).status_code == 403
    assert not AuditEntry.objects.exists()


def test_a_look_at_what_does_not_open_says_so_on_record(mask, agent) -> None:
    Mask.objects.update(sealed=b"x" * 60)
    with pytest.raises(OriginalGone):
        reveal(agent, mask.pk, address=None)
    assert actions() == [("chat.reveal_gone", agent)]
