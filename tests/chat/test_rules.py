"""What a service's rules make of a text: what is masked, what is kept of it, what is offered, and by which version."""

import pytest
import regex

from agents.models import AuditEntry
from chat.conversation.message_masks import reveal
from chat.conversation.messages import append_together, prepare, send_as_customer
from chat.masking import rules as rules_module
from chat.masking.detectors import KINDS
from chat.masking.looks import OriginalGone
from chat.masking.models import DataKey, MaskingRules, OwnPattern
from chat.masking.rules import DEFAULT, NOTHING, Action, Masked, Rule, Rules, known_rules, rules_of
from chat.masking.spans import Span
from chat.models import Mask, Message
from tests.chat.comings import new_id
from tests.make import make_chat

CARD = "4111 1111 1111 1111"
BRN = "123-45-67891"


def rules(patterns=(), **kinds: Rule) -> Rules:
    return Rules(1, {**DEFAULT.kinds, **kinds}, list(patterns))


# Pure


def test_what_a_service_has_until_it_chooses() -> None:
    masked = {kind for kind, rule in DEFAULT.kinds.items() if rule.action == Action.MASK}
    assert masked == {
        *("card", "card_code", "rrn", "frn", "passport", "driver_license"),
        *("bank_account", "iban", "us_ssn", "secret"),
    }
    assert {kind for kind, rule in DEFAULT.kinds.items() if rule.action == Action.OFFER} == {"brn"}
    assert {kind for kind, rule in DEFAULT.kinds.items() if not rule.keep} == {"card_code", "secret"}
    assert DEFAULT.kinds.keys() == KINDS.keys()


def test_nothing_is_found_in_nothing() -> None:
    assert DEFAULT.find("") == NOTHING
    assert DEFAULT.find("Call 010-1234-5678") == NOTHING


def test_what_is_masked_is_kept_and_what_is_offered_is_left() -> None:
    text = f"{CARD}, 사업자등록번호 {BRN}"
    start = text.index(BRN)
    assert DEFAULT.find(text) == ([Masked("card", 0, 19, keep=True)], [Span("brn", start, start + len(BRN))])


def test_passwords_and_card_codes_are_not_kept() -> None:
    found = DEFAULT.find("password: hunter2!x")
    assert [(it.kind, it.keep) for it in found.masked] == [("secret", False)]


@pytest.mark.parametrize(("action", "masked", "offered"), [("mask", 1, 0), ("offer", 0, 1), ("off", 0, 0)])
def test_a_kind_is_masked_offered_or_left_alone(action, masked, offered) -> None:
    found = rules(card=Rule(action, keep=True)).find(CARD)
    assert (len(found.masked), len(found.offers)) == (masked, offered)


def test_a_service_s_own_patterns_have_switches_of_their_own() -> None:
    own = [
        (regex.compile(r"EMP-\d{6}"), Rule(Action.MASK, keep=False)),
        (regex.compile(r"VIP-\d{3}"), Rule(Action.OFFER, keep=True)),
        (regex.compile(r"OFF-\d{3}"), Rule(Action.OFF, keep=True)),
    ]
    assert rules(own).find("EMP-123456 VIP-777 OFF-111") == (
        [Masked("custom", 0, 10, keep=False)],
        [Span("custom", 11, 18)],
    )


def test_what_is_masked_is_not_offered_as_well() -> None:
    own = [(regex.compile(r"1111 1111"), Rule(Action.OFFER, keep=True))]
    assert rules(own).find(CARD) == ([Masked("card", 0, 19)], [])


def test_of_two_that_overlap_the_stricter_decides_what_is_kept() -> None:
    own = [(regex.compile(r"1111 and more"), Rule(Action.MASK, keep=False))]
    assert rules(own).find(f"{CARD} and more") == ([Masked("card", 0, 28, keep=False)], [])


def test_whole_characters_are_masked_and_never_two_masks_on_one() -> None:
    own = [
        (regex.compile("a"), Rule(Action.MASK, keep=True)),
        (regex.compile("\u0301"), Rule(Action.MASK, keep=False)),
    ]
    assert rules(own).find("xa\u0301") == ([Masked("custom", 1, 3, keep=False)], [])


# As stored


@pytest.mark.django_db
class TestStored:
    def choose(self, service, **kinds: Rule) -> MaskingRules:
        """As an admin does."""
        row, is_new = MaskingRules.objects.get_or_create(service=service)
        row.version += not is_new
        row.kinds |= {kind: list(rule) for kind, rule in kinds.items()}
        row.save()
        return row

    def test_a_service_without_a_row_has_the_defaults(self, service) -> None:
        assert rules_of(service.pk) is DEFAULT

    def test_what_it_has_chosen_holds_for_it_alone(self, service, outsider) -> None:
        self.choose(service, card=Rule(Action.OFF, keep=True))
        OwnPattern.objects.create(service=service, form="word", source="Falcon", action="mask")
        assert rules_of(service.pk).find(CARD) == NOTHING
        assert rules_of(service.pk).find("falcon").masked
        assert rules_of(outsider.service_id).find(CARD).masked
        assert rules_of(outsider.service_id).find("falcon") == NOTHING

    def test_the_very_next_message_follows_a_new_rule(self, service) -> None:
        """This process has read older rules; it is the commit that decides."""
        chat = make_chat(service)
        send_as_customer(chat, body=CARD, client_id=new_id())
        self.choose(service, card=Rule(Action.OFF, keep=True))
        assert known_rules(service.pk) is DEFAULT
        send_as_customer(chat, body=CARD, client_id=new_id())
        self.choose(service, card=Rule(Action.OFFER, keep=True))
        send_as_customer(chat, body=CARD, client_id=new_id())
        self.choose(service, card=Rule(Action.MASK, keep=False))
        send_as_customer(chat, body=CARD, client_id=new_id())

        bodies = list(Message.objects.order_by("seq").values_list("body", "offers"))
        assert bodies == [("*" * 19, None), (CARD, None), (CARD, [[0, 0, 19, "card"]]), ("*" * 19, None)]
        assert [bool(mask.sealed) for mask in Mask.objects.order_by("pk")] == [True, False]

    def test_rules_that_change_between_the_search_and_the_commit_are_applied(self, service) -> None:
        chat = make_chat(service)
        self.choose(service, card=Rule(Action.OFF, keep=True))
        rules_of(service.pk)
        sending = prepare(chat.pk, service_id=service.pk, body=CARD, client_id=new_id())
        assert sending.found == NOTHING
        self.choose(service, card=Rule(Action.MASK, keep=True))
        append_together([sending], wait=True)
        assert Message.objects.get().body == "*" * 19

    def test_rules_that_have_not_changed_are_not_read_again(self, service) -> None:
        chat = make_chat(service)
        self.choose(service, card=Rule(Action.OFF, keep=True))
        send_as_customer(chat, body=CARD, client_id=new_id())
        before = known_rules(service.pk)
        send_as_customer(chat, body=CARD, client_id=new_id())
        assert known_rules(service.pk) is before

    def test_what_is_destroyed_at_once_makes_no_key_and_opens_for_nobody(self, service, agent) -> None:
        chat = make_chat(service, agent=agent)
        message = send_as_customer(chat, body="password: hunter2!x", client_id=new_id())
        assert message.body == "password: *********"
        assert not DataKey.objects.exists()
        with pytest.raises(OriginalGone):
            reveal(agent, message.masks.get().pk, address=None)
        assert AuditEntry.objects.get(action="chat.reveal_gone").agent == agent

    def test_a_row_of_the_release_before_knows_fewer_kinds(self, service) -> None:
        MaskingRules.objects.create(service=service, kinds={"card": ["off", True], "gone_kind": ["mask", True]})
        found = rules_of(service.pk)
        assert found.kinds.keys() == KINDS.keys()
        assert found.find(CARD) == NOTHING

    @pytest.fixture(autouse=True)
    def forget(self, monkeypatch) -> None:
        monkeypatch.setattr(rules_module, "_known", {})
