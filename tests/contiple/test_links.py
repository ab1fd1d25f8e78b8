"""An address in a text ends where people end it, and its link opens nothing but the address."""

import re
import time
from html import unescape

from contiple.base.links import linked
from tests.cases import cases

A = "https://example.com/a"


def addresses(text: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'<a href="([^"]*)"', linked(text))]


@cases(
    ("text", "address"),
    [
        ("https://example.com/wiki/Foo_(bar) 참고", "https://example.com/wiki/Foo_(bar)"),
        ("https://example.com/wiki/Foo_(bar)를 참고", "https://example.com/wiki/Foo_(bar)"),
        (f"{A}을 보세요", A),
        ("“https://shop.example/a를 보세요”", "https://shop.example/a"),
        (f"{A}에서 확인", A),
        (f"{A}에서도 됩니다", A),
        (f"{A}으로는 안 돼요", A),
        (f"{A}입니다.", A),
        (f"{A}예요!", A),
        (f"{A}인데요", A),
        (f"({A})를 눌러요", A),
        (f"({A}을)", A),
        ("https://example.com에서", "https://example.com"),
        ("https://example.com/을 누르면", "https://example.com/"),
        ("https://example.com/?n=3은 됩니다", "https://example.com/?n=3"),
        ("https://예시.한국/안내를 봐요", "https://예시.한국/안내"),
        ("https://예시.한국/안내에서", "https://예시.한국/안내"),
        (f"（{A}）", A),
        (f"「{A}」를", A),
        (f"{A}。다음", A),
        (f"{A}，다음", A),
        (f"{A}…", A),
        (f"({A}).", A),
        (f"[see {A}]", A),
        (f"({A}))", A),
        (f"**{A}**", A),
        (f"“{A}”", A),
        (f"‘{A}’,", A),
        (f"{A}?!", A),
    ],
)
def test_what_belongs_to_the_sentence_is_not_in_the_address(text: str, address: str) -> None:
    assert addresses(text) == [address]


@cases(
    "address",
    [
        "https://example.com/검색?q=환불",
        "https://예시.한국/안내",
        "https://예시.한국/가을",
        "https://example.com/?q=은",
        "https://example.com/iphone15프로",
        "https://example.com/a(b)c",
        "https://example.com/[id]",
        "https://example.com/“q”",
        "https://example.com/a?b=1&c=2#d",
        "https://example.com/a/",
        "https://example.com/a=",
        "https://user@example.com:8080/~x/%ED%95%9C",
        "https://ja.wikipedia.org/wiki/スター・ウォーズ",
    ],
)
def test_an_address_is_whole(address: str) -> None:
    assert addresses(address) == [address]
    assert addresses(f"({address})") == [address]
    assert addresses(f"{address} 참고") == [address]


@cases("text", ["https://", "https://.", "https://)", "https://。", "http://를"])
def test_an_address_of_nothing_is_text(text: str) -> None:
    assert addresses(text) in ([], ["http://를"])
    assert unescape(re.sub("<[^>]*>", "", linked(text))) == text


def test_brackets_without_end_take_no_time() -> None:
    began = time.thread_time()
    linked(A + ")" * 4000)
    linked(A + ".)를" * 1300)
    assert time.thread_time() - began < 0.5
