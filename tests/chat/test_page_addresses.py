"""The address of a customer's page is read as people and forms write it, before it is stored."""

import time

import pytest

from chat.masking.page_addresses import masked_address

pytestmark = pytest.mark.django_db
SHOP = "https://shop.example/"
LENGTH = 500


@pytest.mark.parametrize(
    "rest",
    [
        "?q=4111+1111+1111+1111",
        "?q=4111%201111%201111%201111",
        "?q=4111%2B1111%2B1111%2B1111",
        "?q=4111%252B1111%252B1111%252B1111",
        "?q=4111%2525201111%2525201111%2525201111",
        "?q=%2534111+1111+1111+1111&page=2",
        "?q=%%33%34111+1111+1111+1111",
        "?a=1;q=4111;1111;1111;1111",
        "?q=4111-1111-1111-1111",
        "#4111+1111+1111+1111",
        "#/search/4111_1111_1111_1111/",
        "pay/4111-1111-1111-1111/back",
        "pay/4111_1111_1111_1111.html",
        "pay/4111+1111+1111+1111",
        "?q=4111%2D1111%2D1111%2D1111",
        "?q=4111%C2%A01111%C2%A01111%C2%A01111",
        "?q=%EF%BC%94111+1111+1111+1111",
        "?q=card+4111+1111+1111+1111+please",
        "?q=4111++1111++1111++1111",
    ],
)
def test_a_card_is_masked_however_it_is_written(service, rest) -> None:
    stored = masked_address(service, SHOP + rest, length=LENGTH)
    assert stored.startswith(SHOP)
    assert "1111" not in stored
    assert "*" in stored


@pytest.mark.parametrize("rest", ["?rrn=900101+1234567", "?rrn=900101_1234567", "?password%3Dblue-Kite-42"])
def test_other_kinds_as_well(service, rest) -> None:
    assert "**" in masked_address(service, SHOP + rest, length=LENGTH)


def test_what_is_around_stays_as_it_is(service) -> None:
    stored = masked_address(service, f"{SHOP}a+b_c;d?q=4111+1111+1111+1111&x=1+2#e_f", length=LENGTH)
    assert stored == f"{SHOP}a+b_c;d?q={'*' * 19}&x=1+2#e_f"


@pytest.mark.parametrize("rest", ["?q=red+shoes", "2026/11/27/a_b", "?q=%ED%99%98%EB%B6%88", "100%", "?x=%zz&y=%"])
def test_addresses_without_personal_data_stay(service, rest) -> None:
    assert "*" not in masked_address(service, SHOP + rest, length=LENGTH)


def test_an_address_that_is_cut_keeps_no_half_of_a_number(service) -> None:
    for before in range(470, 500):
        stored = masked_address(service, "x" * (before - 1) + "/4111+1111+1111+1111", length=LENGTH)
        assert "1111" not in stored
        assert len(stored) <= LENGTH


@pytest.mark.parametrize("sign", ["%25", "%2525", "%", "+", "%2B", "4+", "4_", "%252525"])
def test_it_takes_bounded_time(service, sign) -> None:
    began = time.process_time()
    masked_address(service, sign * 60_000, length=LENGTH)
    assert time.process_time() - began < 0.5
