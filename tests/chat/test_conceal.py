"""What is stored outside of chats: known kinds as asterisks, and no original anywhere."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.models import Contract
from chat.masking.concealing import conceal, search
from chat.masking.models import DataKey
from chat.masking.rules import NOTHING
from chat.models import Mask

pytestmark = pytest.mark.django_db

CARD = "4111 1111 1111 1111"


def test_known_kinds_become_asterisks_of_the_same_length(service) -> None:
    assert conceal(service, f"Card {CARD}, thanks") == f"Card {'*' * len(CARD)}, thanks"


def test_nothing_is_kept_of_it(service) -> None:
    conceal(service, CARD)
    assert not Mask.objects.exists()
    assert not DataKey.objects.exists()


def test_other_text_stays_as_it_is(service) -> None:
    text = "Call 010-1234-5678 👨‍👩‍👧‍👦\n감사합니다"
    assert conceal(service, text) == text


def test_a_card_over_two_lines_keeps_its_break(service) -> None:
    assert conceal(service, "900101\n-1234567") == "******\n********"


def test_without_security_service_nothing_is_masked(service) -> None:
    Contract.objects.update(security_service=False)
    service.contract.refresh_from_db()
    assert conceal(service, CARD) == CARD
    assert search(service, CARD) == NOTHING


def test_a_stroke_on_the_last_digit_is_masked_with_it(service) -> None:
    assert conceal(service, "4111111111111111\u0336은") == "*" * 17 + "은"


pieces = st.sampled_from([CARD, "900101-1234567", "각", "\u0301", "\u200d", "👨‍👩‍👧", "\n", " ", "½", "7"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(text=st.lists(pieces, max_size=10).map("".join))
def test_length_and_lines_stay_whatever_the_text_is(service, text) -> None:
    concealed = conceal(service, text)
    assert len(concealed) == len(text)
    assert [sign == "\n" for sign in concealed] == [sign == "\n" for sign in text]
    assert conceal(service, concealed) == concealed
