"""A service's own words and patterns: tried before they are saved, on record without their text, found at once."""

import logging
import time
import uuid
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.models import Agent, AuditEntry, Contract
from chat.conversation.messages import prepare, send_as_customer
from chat.masking.detectors.custom import TOTAL_SECONDS
from chat.masking.models import MaskingRules, OwnPattern
from chat.masking.offers import offers_of
from chat.masking.rules import MASKS_MAX, Action, rules_of
from chat.masking.settings import (
    PATTERNS_MAX,
    add_pattern,
    change_pattern,
    change_rules,
    pattern_stamp,
    remove_pattern,
    rules_row,
    rules_stamp,
)
from chat.masking.spans import Span, apply_mask
from chat.models import Chat, Message
from contiple.base.errors import Closed, Conflict, Invalid
from contiple.base.texts import MESSAGE_LENGTH_MAX
from tests.agents.race import at_once
from tests.chat.secrets import columns_with
from tests.chat.test_detectors_speed import holds, slowness
from tests.make import make_agent, make_chat

pytestmark = pytest.mark.django_db

WORD = {"form": "word", "source": "Project Heron", "action": "mask", "keep": True}
PATTERN = {"form": "pattern", "source": r"EMP-\d{5}", "action": "mask", "keep": True}
SAMPLE = "Ask EMP-12345 about Project Heron"


@pytest.fixture
def chat(service, agent) -> Chat:
    return make_chat(service, agent=agent)


def add(by: Agent, values: dict = WORD, *, sample: str = SAMPLE, **other) -> OwnPattern:
    return add_pattern(by=by, values={**values, **other}, sample=sample)


def send(chat: Chat, text: str) -> Message:
    return send_as_customer(chat, body=text, client_id=uuid.uuid4())


def sources() -> list[str]:
    return list(OwnPattern.objects.values_list("source", flat=True))


# What the next message becomes


def test_the_very_next_message_is_searched_by_it_and_by_none_that_is_gone(admin, chat) -> None:
    text = "Project Heron, EMP-00001"
    add(admin)
    own = add(admin, PATTERN)
    assert send(chat, text).body == f"{'*' * 13}, {'*' * 9}"

    change_pattern(own, by=admin, values={**PATTERN, "action": "offer"}, sample="")
    offered = send(chat, text)
    assert offered.body == f"{'*' * 13}, EMP-00001"
    assert offers_of(offered.offers) == [Span("custom", 15, 24)]

    change_pattern(own, by=admin, values={**PATTERN, "action": "off"}, sample="")
    assert not send(chat, text).offers

    change_pattern(own, by=admin, values={**PATTERN, "keep": False}, sample="")
    first, second = send(chat, text).masks.order_by("start")
    assert (bytes(first.sealed) != b"", bytes(second.sealed)) == (True, b"")

    remove_pattern(own, by=admin)
    assert send(chat, text).body == f"{'*' * 13}, EMP-00001"


def test_each_change_counts_the_version_up(service, admin) -> None:
    own = add(admin)
    assert rules_of(service.pk).version == 1
    change_pattern(own, by=admin, values={**WORD, "action": "offer"}, sample="")
    assert rules_of(service.pk).version == 2
    remove_pattern(own, by=admin)
    assert rules_of(service.pk).version == 3
    assert MaskingRules.objects.count() == 1


def test_a_change_that_changes_nothing_counts_nothing(service, admin) -> None:
    own = add(admin)
    assert change_pattern(own, by=admin, values=WORD, sample="") == []
    assert rules_of(service.pk).version == 1
    assert AuditEntry.objects.count() == 1


def test_patterns_leave_the_form_of_the_kinds_true(service, admin) -> None:
    seen = rules_stamp(rules_row(service))
    add(admin)
    assert change_rules(by=admin, kinds={}, reveals_per_hour=5, seen=seen)


def test_a_word_typed_in_pieces_is_the_same_word(admin, chat) -> None:
    """Some systems send Hangul decomposed; messages are stored composed."""
    decomposed = "\u1112\u1161\u11ab\u1100\u116e\u11a8"
    add(admin, PATTERN, source=f" {decomposed}+ ", sample="한국")
    assert sources() == ["한국+"]
    assert send(chat, decomposed).body == "**"
    with pytest.raises(Invalid, match="already"):
        add(admin, PATTERN, source="한국+", sample="한국")


# On record, without what it says


def test_what_it_says_is_not_on_record(service, admin, caplog) -> None:
    caplog.set_level(logging.INFO)
    own = add(admin, source="Heronsecret", sample="The Heronsecret plan")
    change_pattern(
        own, by=admin, values={**WORD, "source": "Otterhidden", "keep": False}, sample="The Otterhidden plan"
    )
    remove_pattern(own, by=admin)

    entries, changes = AuditEntry.objects.order_by("id"), {"source": "changed", "keep": [True, False]}
    assert [(it.action, it.subject, it.agent, it.details) for it in entries] == [
        ("own_pattern.add", f"own_pattern:{own.pk}", admin, {"form": "word", "rule": ["mask", True]}),
        ("own_pattern.change", f"own_pattern:{own.pk}", admin, {"changes": changes}),
        ("own_pattern.remove", f"own_pattern:{own.pk}", admin, {"form": "word"}),
    ]
    for secret in ("Heronsecret", "Otterhidden", "plan"):
        assert columns_with(secret) == []
        assert secret not in caplog.text


def test_the_sample_is_stored_nowhere(admin) -> None:
    add(admin, sample="Only in the sample: Project Heron 4111 1111 1111 1111")
    assert columns_with("Project Heron") == ["chat_ownpattern.source"]
    assert columns_with("Only in the sample") == []


# Tried before it is saved


@pytest.mark.parametrize(
    ("values", "code", "says"),
    [
        ({"source": "("}, "source", "isn't a valid"),
        ({"source": "a*"}, "source", "empty text"),
        ({"source": "(?:a|aa)+$"}, "source", "too slow"),
        ({"source": "(a+)+$"}, "source", "too slow"),
        ({"source": "a{1000000}"}, "source", "repeats too much"),
        ({"source": "x" * 201}, "source", "200"),
        ({"source": " "}, "source", "Enter"),
        ({"source": "Nowhere"}, "sample", "found"),
        ({"form": "word", "source": r"EMP-\d{5}"}, "sample", "found"),
    ],
)
def test_what_can_t_be_used_is_refused_at_its_field_and_not_saved(service, admin, values, code, says) -> None:
    with pytest.raises(Invalid, match=says) as refusal:
        add(admin, {**PATTERN, **values})
    assert refusal.value.code == code

    own = add(admin, PATTERN)
    with pytest.raises(Invalid, match=says) as refusal:
        change_pattern(own, by=admin, values={**PATTERN, **values}, sample=SAMPLE)
    assert refusal.value.code == code
    assert sources() == [PATTERN["source"]]
    assert rules_of(service.pk).version == 1


def test_another_word_needs_a_sample_another_action_does_not(admin) -> None:
    own = add(admin)
    with pytest.raises(Invalid) as refusal:
        change_pattern(own, by=admin, values={**WORD, "source": "Project Otter"}, sample="")
    assert refusal.value.code == "sample"
    assert change_pattern(own, by=admin, values={**WORD, "keep": False}, sample="") == ["keep"]


def test_it_is_tried_before_the_lock_is_taken(service, admin, monkeypatch) -> None:
    """It takes a while: nobody else waits for it."""
    from chat.masking import settings as masking_settings

    def lock(*_args) -> None:
        raise AssertionError("the lock was taken")

    monkeypatch.setattr(masking_settings, "lock_contract", lock)
    with pytest.raises(Invalid):
        add(admin, PATTERN, source="(a+)+$")


def test_the_same_twice_is_refused(service, admin, outsider) -> None:
    add(admin)
    pattern = add(admin, PATTERN)
    for act in (
        partial(add, admin, source=" Project Heron "),
        partial(change_pattern, pattern, by=admin, values=WORD, sample=SAMPLE),
    ):
        with pytest.raises(Invalid, match="already") as refusal:
            act()
        assert refusal.value.code == "source"
    add(outsider)
    add(admin, form="pattern")


def test_there_are_at_most_so_many(service, admin, outsider) -> None:
    OwnPattern.objects.bulk_create(
        OwnPattern(service=service, source=f"Word {number}", action="mask") for number in range(PATTERNS_MAX - 1)
    )
    add(admin)
    with pytest.raises(Invalid, match=str(PATTERNS_MAX)):
        add(admin, PATTERN)
    add(outsider, PATTERN)
    remove_pattern(OwnPattern.objects.filter(service=service).first(), by=admin)
    add(admin, PATTERN)


# Who may


def acts(own: OwnPattern, by: Agent) -> list:
    return [
        partial(add, by, PATTERN),
        partial(change_pattern, own, by=by, values={**WORD, "action": "off"}, sample=""),
        partial(remove_pattern, own, by=by),
    ]


@pytest.mark.parametrize("act", range(3))
def test_who_is_no_admin_any_more_and_a_mere_agent_do_nothing(service, admin, agent, act) -> None:
    own, bea = add(admin), make_agent(service, "Bea", role=Agent.Role.ADMIN)
    Agent.objects.filter(pk=bea.pk).update(is_active=False)

    for who in (bea, agent):
        with pytest.raises(Closed):
            acts(own, who)[act]()

    assert list(OwnPattern.objects.values_list("source", "action")) == [("Project Heron", "mask")]
    assert rules_of(service.pk).version == 1


@pytest.mark.parametrize("act", range(3))
def test_without_security_service_nothing_is_done(service, admin, act) -> None:
    own = add(admin)
    Contract.objects.filter(service=service).update(security_service=False)

    with pytest.raises(Closed):
        acts(own, admin)[act]()

    assert sources() == ["Project Heron"]


def test_an_outsider_touches_none_of_them(service, admin, outsider) -> None:
    own = add(admin)

    for act in acts(own, outsider)[1:]:
        with pytest.raises(Conflict):
            act()

    own.refresh_from_db()
    assert own.action == Action.MASK
    assert rules_of(service.pk).version == 1


def test_a_form_that_is_out_of_date_and_one_of_what_is_gone_are_refused(admin) -> None:
    own = add(admin)
    seen = pattern_stamp(own)
    change_pattern(own, by=admin, values={**WORD, "action": "offer"}, sample="", seen=seen)

    with pytest.raises(Conflict):
        change_pattern(own, by=admin, values={**WORD, "keep": False}, sample="", seen=seen)

    remove_pattern(own, by=admin)
    for act in acts(own, admin)[1:]:
        with pytest.raises(Conflict):
            act()


# At once


@pytest.mark.django_db(transaction=True)
def test_two_admins_at_once_do_not_go_past_the_limit(service, admin) -> None:
    bea = make_agent(service, "Bea", role=Agent.Role.ADMIN)
    OwnPattern.objects.bulk_create(
        OwnPattern(service=service, source=f"Word {number}", action="mask") for number in range(PATTERNS_MAX - 1)
    )

    results = at_once(partial(add, admin), partial(add, bea, PATTERN))

    assert sorted(type(result).__name__ for result in results) == ["Invalid", "OwnPattern"]
    assert OwnPattern.objects.count() == PATTERNS_MAX


@pytest.mark.django_db(transaction=True)
def test_two_admins_at_once_do_not_add_the_same(service, admin) -> None:
    bea = make_agent(service, "Bea", role=Agent.Role.ADMIN)

    results = at_once(partial(add, admin), partial(add, bea))

    assert sorted(type(result).__name__ for result in results) == ["Invalid", "OwnPattern"]
    assert rules_of(service.pk).version == 1


# What none of them can do: stall the server

HOSTILE = [
    r"(a+)+$",
    r"(?:x*)*y",
    r"(?:a{1,4000}){1,4000}b",
    r"a{1000000}",
    r"(.*)\1\1\1b",
    r"(a*)*\1b",
    r"(?:a|aa)+$",
    r"(?R)?a",
    r"(?:aaaaaaaaaa){e}",
    r".",
    r"\w|x",
]
PIECES, ENDS = ("a", "x", "a "), ("!b", "…b")
TEXTS = [(piece * MESSAGE_LENGTH_MAX)[: MESSAGE_LENGTH_MAX - 2] + end for piece in PIECES for end in ENDS]


@pytest.mark.parametrize("source", [*HOSTILE, "all of them"])
def test_a_message_takes_at_most_20_ms_of_the_processor_more(service, chat, source) -> None:
    """Whatever is in the table, however it came there."""
    plain = {text: seconds(chat, text) for text in TEXTS}
    many = [source] if source in HOSTILE else [it + "|z" * turn for it in HOSTILE for turn in range(5)]
    OwnPattern.objects.bulk_create(
        OwnPattern(service=service, form="pattern", source=it, action="mask") for it in many[:PATTERNS_MAX]
    )
    MaskingRules.objects.create(service=service)
    rules_of(service.pk)

    for text in TEXTS:
        assert holds(lambda text=text: seconds(chat, text) - plain[text] < 0.020 * slowness())


@pytest.mark.parametrize("action", ["mask", "offer"])
def test_what_finds_everything_makes_a_hundred_spans_and_leaves_nothing_readable(service, action) -> None:
    for keep, source in ((True, r"\d"), (False, "7")):
        OwnPattern.objects.create(service=service, form="pattern", source=source, action=action, keep=keep)
    MaskingRules.objects.create(service=service)
    text = "1 2 " * 150 + "7"

    found = rules_of(service.pk).find(text)

    assert len(found.masked or found.offers) == MASKS_MAX
    if action == "mask":
        assert [span.keep for span in found.masked] == [True] * (MASKS_MAX - 1) + [False]
        assert not set("127") & set(apply_mask(text, found.bounds))


def test_a_hundred_masks_ask_the_database_no_more_than_two(service, chat) -> None:
    OwnPattern.objects.create(service=service, form="pattern", source=r"\d", action="mask")
    MaskingRules.objects.create(service=service)
    send(chat, "1")  # the rules are known, and the chat has its key
    asked = []
    for text in ("1 2", "1 2 " * 200):
        with CaptureQueriesContext(connection) as queries:
            send(chat, text)
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_what_can_t_be_read_any_more_stops_no_message(service, chat, caplog) -> None:
    own = OwnPattern.objects.create(service=service, form="pattern", source="(Heron", action="mask")
    OwnPattern.objects.create(service=service, form="word", source="Otter", action="mask")
    MaskingRules.objects.create(service=service)

    assert send(chat, "Heron Otter").body == "Heron *****"
    assert f"Own pattern {own.pk}" in caplog.text
    assert "Heron" not in caplog.text


def test_as_many_as_there_may_be_take_a_tenth_of_the_time_they_have(service, chat) -> None:
    kinds = [r"EMP{}-\d{{5}}", r"[A-Z]{{2}}{}\d{{6}}", r"회원{}\s?번호\s?\d{{6,10}}", r"(?:VIP|GOLD){}-\d+"]
    OwnPattern.objects.bulk_create(
        OwnPattern(service=service, form="pattern", source=kinds[number % 4].format(number), action="mask")
        for number in range(PATTERNS_MAX)
    )
    MaskingRules.objects.create(service=service)
    text, without = "안녕하세요, 주문번호 2026-1122 확인해 주세요. Hello! " * 2, rules_of(0)
    own = rules_of(service.pk)

    def claim() -> bool:
        more = best(partial(own.find, text)) - best(partial(without.find, text))
        return more < TOTAL_SECONDS / 10 * slowness()

    assert holds(claim)


def seconds(chat: Chat, text: str) -> float:
    return best(partial(prepare, chat.pk, service_id=chat.service_id, body=text, client_id=uuid.uuid4()), turns=2)


def best(act, turns: int = 5) -> float:
    times = []
    for _ in range(turns):
        began = time.thread_time()
        act()
        times.append(time.thread_time() - began)
    return min(times)
