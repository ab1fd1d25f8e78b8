"""Where a request comes from, as far as it can be believed."""

from ipaddress import ip_network

import pytest
from django.test import RequestFactory

from contiple.base.addresses import client_address, counted_network, scope_address


def address(remote: str | None, forwarded: str | None = None) -> str:
    request = RequestFactory().get("/", headers={"x-forwarded-for": forwarded} if forwarded is not None else {})
    request.META["REMOTE_ADDR"] = remote
    return client_address(request)


@pytest.mark.parametrize(
    ("remote", "expected"), [("192.0.2.1", "192.0.2.1"), ("2001:DB8::1", "2001:db8::1"), (None, ""), ("", "")]
)
def test_the_other_side_of_the_connection(settings, remote, expected):
    settings.TRUST_PROXY = False

    assert address(remote) == expected


def test_a_header_counts_for_nothing_without_a_proxy(settings):
    settings.TRUST_PROXY = False

    assert address("192.0.2.1", "198.51.100.9") == "192.0.2.1"


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("198.51.100.9", "198.51.100.9"),
        ("10.9.9.9, 198.51.100.9", "198.51.100.9"),
        ("198.51.100.9, 2001:db8::1 ", "2001:db8::1"),
        ("198.51.100.9, <script>", "10.0.0.1"),
        ("", "10.0.0.1"),
        (None, "10.0.0.1"),
    ],
)
def test_behind_a_proxy_the_last_entry_counts(settings, forwarded, expected):
    settings.TRUST_PROXY = True

    assert address("10.0.0.1", forwarded) == expected


CDN, OWN = "203.0.113.7", "10.0.0.2"


@pytest.fixture
def behind_a_cdn(settings):
    settings.TRUST_PROXY = True
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8"), ip_network("203.0.113.0/24"), ip_network("2001:db8:c::/48")]
    settings.CLIENT_ADDRESS_HEADER = "CF-Connecting-IP"


@pytest.mark.parametrize(
    ("remote", "forwarded", "named", "expected"),
    [
        (OWN, "198.51.100.9", None, "198.51.100.9"),
        (OWN, f"198.51.100.9, {CDN}", None, "198.51.100.9"),
        (OWN, f"1.1.1.1, 198.51.100.9, {CDN}, {OWN}", None, "198.51.100.9"),
        (f"::ffff:{OWN}", "198.51.100.9:4711, [2001:db8:c::1]:443", None, "198.51.100.9"),
        (OWN, f"unknown, {CDN}", None, CDN),
        (OWN, None, None, OWN),
        # A stranger who reaches the process itself
        ("198.51.100.9", "1.1.1.1", "1.1.1.1", "198.51.100.9"),
        # The CDN's header: from it directly, through our own proxy, and written by a stranger who comes past it
        (CDN, None, "2001:db8::5", "2001:db8::5"),
        (OWN, f"1.1.1.1, {CDN}", "198.51.100.9", "198.51.100.9"),
        (OWN, "198.51.100.66", "1.1.1.1", "198.51.100.66"),
        (OWN, f"198.51.100.9, {CDN}", "nonsense", "198.51.100.9"),
    ],
)
def test_behind_a_cdn_each_customer_has_an_address(behind_a_cdn, rf, remote, forwarded, named, expected):
    headers = {"x-forwarded-for": forwarded, "cf-connecting-ip": named}
    headers = {name: value for name, value in headers.items() if value}
    request = rf.get("/", headers=headers, REMOTE_ADDR=remote)
    lines = [(name.encode(), value.encode()) for name, value in headers.items()]

    assert client_address(request) == expected
    assert scope_address({"client": [remote, 4711], "headers": lines}) == expected


def test_connections_are_counted_but_those_of_proxies_and_this_machine(settings, behind_a_cdn):
    found = [counted_network(peer) for peer in (OWN, "127.0.0.1", "::1", "198.51.100.9", "2001:db8::1:2")]

    assert found == ["", "", "", "198.51.100.9", "2001:db8::/64"]
