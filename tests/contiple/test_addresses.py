"""Where a request comes from, as far as it can be believed."""

import pytest
from django.test import RequestFactory

from contiple.base.addresses import client_address


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
