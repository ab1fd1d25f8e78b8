import pytest
from hypothesis import given
from hypothesis import strategies as st

from contiple.base.errors import Invalid
from helpcenter.origins import ORIGINS_MAX, parse_origin, parse_origins


@pytest.mark.parametrize(
    ("line", "origin"),
    [
        ("https://www.example.com", "https://www.example.com"),
        ("https://www.example.com/", "https://www.example.com"),
        ("HTTPS://WWW.Example.COM:443", "https://www.example.com"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://쇼핑몰.example", "https://xn--352bl7khqr.example"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(line, origin):
    assert parse_origin(line) == origin


@pytest.mark.parametrize(
    "line",
    [
        "example.com", "*", "https://*.example.com", "https://", "https:///x", "ftp://example.com",
        "javascript:alert(1)",
        "https://example.com/shop", "https://example.com?x", "https://example.com#x", "https://a@example.com",
        "https://example.com:99999", "https://example.com:x", "https://example.com; script-src *",
        "https://a.example https://b.example",
        "https://a.example,https://b.example", "'self'", "https://-a.example", "https://a..example", "https://[::1]",
        "https://exa\x00mple.com", "https://" + "a" * 64 + ".example", "https://" + "a." * 120 + "example",
    ],
)  # fmt: skip
def test_what_is_no_exact_origin_is_refused(line):
    with pytest.raises(Invalid):
        parse_origin(line)


@given(st.text(max_size=40).map(lambda tail: "https://" + tail) | st.text(max_size=40))
def test_nothing_comes_through_that_means_something_in_a_policy(line):
    try:
        origin = parse_origin(line)
    except Invalid:
        return
    assert not set(origin) & set(" ;,'\"*\t\r\n\\<>")
    assert origin.isascii()


def test_one_a_line_each_once():
    assert parse_origins("https://a.example\r\n\r\n https://b.example \nhttps://A.example/") == [
        "https://a.example",
        "https://b.example",
    ]


def test_not_more_than_a_header_holds():
    with pytest.raises(Invalid):
        parse_origins("\n".join(f"https://{number}.example" for number in range(ORIGINS_MAX + 1)))
