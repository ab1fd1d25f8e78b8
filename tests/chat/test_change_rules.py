"""The rules of masking of a service: who may change them, what is on record, and what the next message becomes."""

import uuid
from functools import partial

import pytest
from django.db import transaction

from agents.membership import change_agent
from agents.models import Agent, AuditEntry, Contract
from chat.conversation.messages import send_as_customer
from chat.masking import detectors, rules
from chat.masking.models import MaskingRules
from chat.masking.offers import offers_of
from chat.masking.rules import DEFAULT, Action, Rule, kind_rules, rules_of
from chat.masking.settings import change_rules, loosened, rules_row, rules_stamp
from chat.masking.spans import Span
from chat.models import Chat, Mask, Message
from contiple.base.errors import Closed, Conflict
from tests.agents.race import at_once
from tests.make import make_agent, make_chat, send_as_agent

pytestmark = pytest.mark.django_db

CARD, PHONE = "4111 1111 1111 1111", "010-1234-5678"
OFF, OFFER = Rule(Action.OFF, keep=True), Rule(Action.OFFER, keep=True)
MASK, DESTROY = Rule(Action.MASK, keep=True), Rule(Action.MASK, keep=False)


@pytest.fixture
def chat(service, agent) -> Chat:
    return make_chat(service, agent=agent)


def change(by: Agent, *, reveals_per_hour: int = 30, seen: str = "", **kinds: Rule) -> dict:
    return change_rules(by=by, kinds=kinds, reveals_per_hour=reveals_per_hour, seen=seen)


def send(chat: Chat, text: str) -> Message:
    return send_as_customer(chat, body=text, client_id=uuid.uuid4())


# What is saved


def test_a_service_that_has_chosen_nothing_has_the_defaults_and_no_row(service) -> None:
    assert rules_of(service.pk) == DEFAULT
    assert kind_rules(rules_row(service)) == dict(DEFAULT.kinds)
    assert not MaskingRules.objects.exists()


def test_every_change_is_on_record_with_old_and_new(service, admin) -> None:
    changed = change(admin, reveals_per_hour=60, phone=MASK, card=MASK, card_code=OFF)

    row = MaskingRules.objects.get(service=service)
    assert changed.keys() == {"phone", "card_code", "reveals_per_hour"}
    assert (row.version, row.reveals_per_hour) == (1, 60)
    assert kind_rules(row) == {**DEFAULT.kinds, "phone": MASK, "card_code": OFF}
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.agent) == (
        "masking_rules.change",
        f"masking_rules:{row.pk}",
        admin,
    )
    assert entry.details == {
        "phone": [["off", True], ["mask", True]],
        "card_code": [["mask", False], ["off", True]],
        "reveals_per_hour": [30, 60],
    }


def test_what_was_chosen_stays_when_something_else_changes(service, admin) -> None:
    change(admin, phone=MASK)
    change(admin, email=OFFER)

    now = rules_of(service.pk)
    assert (now.version, now.kinds["phone"], now.kinds["email"]) == (2, MASK, OFFER)


def test_saving_what_is_there_changes_nothing_and_is_not_on_record(service, admin) -> None:
    assert change(admin, **DEFAULT.kinds) == {}
    assert not MaskingRules.objects.exists()
    change(admin, phone=MASK)
    assert change(admin, phone=MASK) == {}
    assert rules_of(service.pk).version == 1
    assert AuditEntry.objects.count() == 1


# Who may


def test_who_is_no_admin_any_more_changes_nothing(service, admin) -> None:
    make_agent(service, "Bea", role=Agent.Role.ADMIN)
    Agent.objects.filter(pk=admin.pk).update(role=Agent.Role.AGENT)

    with pytest.raises(Closed):
        change(admin, phone=MASK)

    assert not MaskingRules.objects.exists()
    assert not AuditEntry.objects.exists()


def test_an_agent_of_the_service_changes_nothing(agent) -> None:
    with pytest.raises(Closed):
        change(agent, card=OFF)
    assert not MaskingRules.objects.exists()


def test_an_outsider_changes_the_own_service_alone(service, chat, outsider) -> None:
    change(outsider, card=OFF)

    assert rules_of(service.pk) == DEFAULT
    assert send(chat, CARD).body == "*" * len(CARD)


def test_without_security_service_nothing_is_changed(service, admin) -> None:
    Contract.objects.filter(service=service).update(security_service=False)

    with pytest.raises(Closed):
        change(admin, phone=MASK)

    assert not MaskingRules.objects.exists()


def test_a_form_that_is_out_of_date_is_refused(service, admin) -> None:
    seen = rules_stamp(rules_row(service))
    change(admin, phone=MASK, seen=seen)

    with pytest.raises(Conflict):
        change(admin, email=MASK, seen=seen)

    assert rules_of(service.pk).kinds["email"] == OFF
    assert change(admin, email=MASK, seen=rules_stamp(rules_row(service)))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_two_admins_at_once_lose_nothing_of_each_other(service, admin, attempt) -> None:
    """Also where they make the row, which is not there yet to be locked."""
    bea = make_agent(service, "Bea", role=Agent.Role.ADMIN)

    results = at_once(partial(change, admin, phone=MASK), partial(change, bea, email=OFFER))

    assert all(isinstance(result, dict) for result in results), results
    row = MaskingRules.objects.get()
    assert row.version == 2
    assert kind_rules(row) == {**DEFAULT.kinds, "phone": MASK, "email": OFFER}
    assert AuditEntry.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_with_the_same_form_one_is_told(service, admin) -> None:
    bea, seen = make_agent(service, "Bea", role=Agent.Role.ADMIN), rules_stamp(rules_row(service))

    results = at_once(partial(change, admin, seen=seen, phone=MASK), partial(change, bea, seen=seen, phone=OFFER))

    assert sorted(type(result).__name__ for result in results) == ["Conflict", "dict"]
    assert rules_row(service).version == 1


@pytest.mark.django_db(transaction=True)
def test_an_admin_is_not_taken_away_while_the_rules_change(service, admin) -> None:
    bea = make_agent(service, "Bea", role=Agent.Role.ADMIN)
    demote = partial(change_agent, admin, by=bea, values={"role": Agent.Role.AGENT})

    changed, _demoted = at_once(partial(change, admin, phone=MASK), demote)

    done = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    wanted = ["agent.change"] if isinstance(changed, Closed) else ["masking_rules.change", "agent.change"]
    assert done == wanted


# What the next message becomes


def test_each_message_is_searched_by_the_rules_of_its_moment(service, admin, chat) -> None:
    text = f"My card: {CARD}!"
    masked = f"My card: {'*' * len(CARD)}!"

    kept = send(chat, text)
    change(admin, card=OFF)
    left = send(chat, text)
    change(admin, card=OFFER)
    offered = send(chat, text)
    change(admin, card=DESTROY)
    destroyed = send(chat, text)

    assert [it.body for it in (kept, left, offered, destroyed)] == [masked, text, text, masked]
    assert bytes(kept.masks.get().sealed) != b""
    assert (left.masks.count(), left.offers) == (0, None)
    assert offered.masks.count() == 0
    assert offers_of(offered.offers) == [Span("card", 9, 9 + len(CARD))]
    assert bytes(destroyed.masks.get().sealed) == b""
    assert destroyed.offers is None


def test_an_agent_s_message_follows_the_same_rules(admin, agent, chat) -> None:
    change(admin, card=OFF, phone=MASK)

    sent = send_as_agent(chat, agent, body=f"{CARD} {PHONE}", client_id=uuid.uuid4())

    assert sent.body == f"{CARD} {'*' * len(PHONE)}"


@pytest.mark.parametrize("kind", detectors.KINDS)
def test_every_kind_has_its_own_switch(service, admin, kind) -> None:
    others = {other: OFF for other in detectors.KINDS if other != kind}
    change(admin, **others, **{kind: DESTROY})

    now = rules_of(service.pk)
    assert {it for it, rule in now.kinds.items() if rule.action == Action.MASK} == {kind}
    assert not now.kinds[kind].keep


class Process:
    """What another process knows: its own memory of rules, in place of this one's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch, self.known = monkeypatch, {}

    def send(self, chat: Chat, text: str) -> Message:
        with self.monkeypatch.context() as patch:
            patch.setattr(rules, "_known", self.known)
            return send(chat, text)


def test_the_very_next_message_in_every_process_follows_a_change(service, admin, chat, monkeypatch) -> None:
    one, other = Process(monkeypatch), Process(monkeypatch)
    change(admin, phone=MASK)
    for process in (one, other):
        assert process.send(chat, PHONE).body == "*" * len(PHONE)

    change(admin, phone=OFF)
    assert one.send(chat, PHONE).body == PHONE
    assert other.known[service.pk].kinds["phone"] == MASK, "the other process has heard nothing yet"
    assert other.send(chat, PHONE).body == PHONE

    change(admin, phone=OFFER)
    for process in (other, one):
        assert offers_of(process.send(chat, PHONE).offers) == [Span("phone", 0, len(PHONE))]


def test_a_process_that_knows_nothing_yet_follows_what_was_chosen_before(admin, chat, monkeypatch) -> None:
    change(admin, card=OFF, phone=MASK)

    assert Process(monkeypatch).send(chat, f"{CARD} {PHONE}").body == f"{CARD} {'*' * len(PHONE)}"


def test_rules_are_read_once_for_a_change_not_for_each_message(admin, chat, monkeypatch) -> None:
    process = Process(monkeypatch)
    change(admin, phone=MASK)
    process.send(chat, "Hello")
    reads = []
    monkeypatch.setattr(
        "chat.conversation.messages.rules_of", lambda service: reads.append(service) or rules_of(service)
    )

    for _ in range(3):
        process.send(chat, "Hello")

    assert reads == []


def test_a_change_that_is_rolled_back_is_never_followed(service, admin, chat) -> None:
    with transaction.atomic():
        change(admin, card=OFF)
        transaction.set_rollback(True)

    assert send(chat, CARD).body == "*" * len(CARD)
    assert Mask.objects.count() == 1


# What is asked for twice


@pytest.mark.parametrize("kind", sorted(detectors.DESTROYED_BY_DEFAULT))
@pytest.mark.parametrize("rule", [MASK, OFFER, OFF, Rule(Action.OFFER, keep=False), Rule(Action.OFF, keep=False)])
def test_what_nobody_needs_is_not_stored_by_accident(kind, rule) -> None:
    before = dict(DEFAULT.kinds)
    assert loosened(before, {**before, kind: rule}) == [kind]
    assert loosened({**before, kind: rule}, {**before, kind: rule}) == []
    assert loosened({**before, kind: rule}, before) == []


def test_of_other_kinds_nobody_is_asked_twice() -> None:
    before = {**DEFAULT.kinds, "card": DESTROY}
    assert loosened(before, {**before, "card": MASK, "phone": MASK, "rrn": OFF}) == []
