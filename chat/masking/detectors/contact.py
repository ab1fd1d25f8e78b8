"""Phone numbers, e-mail and IP addresses."""

import re
from collections.abc import Iterator
from functools import cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from string import ascii_letters

import phonenumbers

from chat.masking.detectors.apart import mobiles
from chat.masking.detectors.context import before, is_named_otherwise, is_order_number

# People put one sign between the groups, sometimes doubled, with or without spaces.
_SEP = r"(?:\s{0,2}[\-./·~_,=]{1,2}\s{0,2}|\s{1,3}|)"
_BEFORE = r"(?<![\d*])(?<![\d*][\-.])"
_AFTER = r"(?!\d)(?![\-.]\d)"
# 전기통신번호관리세칙: mobile 010 and the older 011, 016–019; area codes; 070 internet, 050x personal, 080 freephone.
# 15xx, 16xx and 18xx are companies' switchboards, no person's number.
_KOREAN = re.compile(
    rf"{_BEFORE}(?P<open>\()?"
    rf"(?:(?P<country>\+?82|0082){_SEP}\(?0?\)?{_SEP}(?:1[016789]|2|[3-6][1-5]|70|50\d|80)"
    rf"|(?P<mobile>01[016789])|(?:02|0[3-6][1-5]|070|050\d|080))(?(open)\)|\)?)"
    rf"(?P<first>{_SEP})\d{{3,4}}(?P<second>{_SEP})\d{{4}}{_AFTER}"
)
# E.164: up to fifteen digits. Groups are possessive: there is one way to read them.
_INTERNATIONAL = re.compile(
    r"(?<![\d+*\w])(?:\+|00(?=[1-9]))(?=[1-9])\d{1,15}+(?:[ \-./]{0,2}(?:\(\d{1,5}\)|(?<!\d)\d{1,12}+)){0,6}"
)
_ENDS_HERE = re.compile(_AFTER)
_GROUP = re.compile(r"\d+")
_AMERICAN = re.compile(
    rf"{_BEFORE}(?<![A-Za-z+])(?<!\+1[ \-.])(?:1[ \-.])?(?:\([2-9]\d\d\)\s?|[2-9]\d\d(?P<joint>[ \-.]?))"
    rf"[2-9]\d\d(?P<second>[ \-.]?)\d{{4}}{_AFTER}"
)
_AMERICAN_WORD = re.compile(
    r"(?:전화|연락|폰|(?<![a-z])(?:tel|telephone|phone|call|mobile|cell|fax|contact|text|reach|whatsapp))[^\d\n]{0,14}\Z",
    re.IGNORECASE,
)
_PHONE_WORD = re.compile(
    r"(?:전화|연락|폰|번호|팩스|문자"
    r"|(?<![a-z])(?:tel|phone|call|mobile|cell|fax|contact|text|reach|number|whatsapp))[^\d\n]{0,14}\Z",
    re.IGNORECASE,
)
_WORD_WIDTH = 24
_PHONE_DIGITS_MIN, _DIGITS_MAX = 8, 15

# RFC 5321: 64 octets before the sign, 255 after it.
_LOCAL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._%+'\-]{0,62}[A-Za-z0-9_+\-])?\Z")
_LOCAL_MAX = 64
_LOCAL_SIGNS = f"{ascii_letters}0123456789._%+'-"
_LOCAL_ENDS = tuple(_LOCAL_SIGNS)
_DOMAIN = re.compile(
    r"\s?((?:[A-Za-z0-9가-힣\-]{1,63}\.){1,8}한국"
    r"|(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24})(?![A-Za-z])"
)
# Well-known mail providers: an address with spaces or words in place of signs counts only with one of these.
_PROVIDER = (
    r"(?:naver|gmail|hanmail|daum|nate|kakao|outlook|hotmail|icloud|yahoo"
    r"|네이버|[지쥐]메일|한메일|네이트|카카오|핫메일|아웃룩|야후|다음)"
)
_AT = re.compile(rf"\s?@|\s?[(\[{{]\s?(?:at|골뱅이|앳)\s?[)\]}}]\s?|\s?골뱅이\s?|\sat\s(?={_PROVIDER})", re.IGNORECASE)
_DOT = r"(?:\.|[(\[{]?(?:닷|점|쩜|dot)[)\]}]?)"
_AT_PROVIDER = re.compile(
    rf"\s?({_PROVIDER}\s?{_DOT}\s?(?:com?|net|컴|넷|씨오)(?:\s?{_DOT}\s?(?:kr|케이알))?)(?![A-Za-z])", re.IGNORECASE
)
_FILE = re.compile(r"\.(?:png|jpe?g|gif|webp|svg|pdf|js|css|json|html?|py|zip|mp4|ico)\Z", re.IGNORECASE)

_IPV4 = re.compile(r"(?<![\w.*\-])(?:\d{1,3}\.){3}\d{1,3}(?![\w]*[A-Za-z0-9_])(?!\.\d)(?!-\d)")
_IPV6 = re.compile(r"(?<![\w:.*])[0-9A-Fa-f:]{3,39}(?:\d{1,3}(?:\.\d{1,3}){3})?(?![0-9A-Za-z:])")
_VERSION_WORD = re.compile(
    r"(?:버전|버젼|펌웨어|빌드|업데이트|릴리[즈스]|드라이버|패치|커널|항목|조항|목차|섹션|챕터|단원"
    r"|(?<![a-z])(?:v|ver|version|firmware|build|release|update|driver|patch|revision|rev|sdk|app|os"
    r"|kernel|linux|ubuntu|node|python|java|php|chrome|firefox|safari|edge|android|ios|macos|windows"
    r"|section|chapter|clause|figure))[\s.:/()은는이가]{0,4}\Z",
    re.IGNORECASE,
)
# "1.2.3.4 에서 1.2.3.5 로", "1.2.3.4 -> 1.2.3.5": the second is a version if the first is.
_NEXT = re.compile(r"[^\n.!?]{0,12}")
_ADDRESS_WORD = re.compile(r"ip|아이피|주소", re.IGNORECASE)
_VERSION_FOLLOWS = re.compile(
    r"(?:\s?(?:에서|부터|~|->|→|to)\s?[\d.]{5,15})?"
    r"\s?(?:[항절](?![가-힣])|버전|버젼|빌드|업데이트|펌웨어|version|build|release|firmware)",
    re.IGNORECASE,
)


def phones(text: str) -> Iterator[tuple[int, int]]:
    """Finds Korean numbers in every usual form, foreign ones with a country code, American ones in their own form."""
    yield from (match.span() for match in _KOREAN.finditer(text) if _is_korean_phone(text, match))
    yield from (bounds for bounds in mobiles(text) if _is_mobile(text, *bounds))
    for match in _INTERNATIONAL.finditer(text):
        if end := _end_of_international(text, match):
            yield match.start(), end
    yield from (match.span() for match in _AMERICAN.finditer(text) if _is_american_phone(text, match))


def emails(text: str) -> Iterator[tuple[int, int]]:
    """Finds mailbox at domain, also with "골뱅이" or "(at)"; not ``icon@2x.png``, not ``git@host:path``."""
    for at in _AT.finditer(text):
        if not text.startswith(_LOCAL_ENDS, max(0, at.start() - 1)):
            continue
        domain = _domain(text, at)
        if domain is None:
            continue
        signs = text[max(0, at.start() - _LOCAL_MAX - 1) : at.start()]
        local = signs[len(signs.rstrip(_LOCAL_SIGNS)) :].lstrip("._%+-'")
        begin = at.start() - len(local)
        if len(local) <= _LOCAL_MAX and _LOCAL.match(local) and _is_mailbox(text, begin, domain):
            yield begin, domain.end(1)


def addresses(text: str) -> Iterator[tuple[int, int]]:
    """Finds IPv4 (RFC 791) and IPv6 (RFC 4291) addresses; not four numbers behind a word for a version."""
    version_end: int | None = None
    for match in _IPV4.finditer(text):
        if _is_version(text, match) or _is_next_version(text, version_end, match):
            version_end = match.end()
        elif _is_ip(match.group(), IPv4Address):
            yield match.span()
    for match in _IPV6.finditer(text):
        value = match.group()
        if value.count(":") >= 2 and any(map(str.isdigit, value)) and _is_ip(value, IPv6Address):
            yield match.span()


def _is_korean_phone(text: str, match: re.Match[str]) -> bool:
    """A number in one piece is sure only if it is a mobile one or has a plus; others need a word for a phone."""
    known = _is_international(match.group()) if match["country"] else _is_national(match.group(), "KR", "0")
    if not known or is_order_number(text, match.start()):
        return False
    joined = all(match[name] or text[match.start(name) - 1] == ")" for name in ("first", "second"))
    sure = joined or match["mobile"] or match["country"] in {"+82", "0082"}
    return bool(sure or _PHONE_WORD.search(before(text, match.start(), _WORD_WIDTH)))


def _is_mobile(text: str, start: int, end: int) -> bool:
    return _is_national(text[start:end], "KR", "0") and not is_order_number(text, start)


def _end_of_international(text: str, match: re.Match[str]) -> int | None:
    """Returns the end of the longest number that a numbering plan has; another number may follow it."""
    digits = "".join(filter(str.isdigit, match.group())).removeprefix("00")
    left = len(digits)
    for group in reversed(list(_GROUP.finditer(text, *match.span()))):
        if left < _PHONE_DIGITS_MIN:
            break
        if left <= _DIGITS_MAX and _ENDS_HERE.match(text, group.end()) and _is_international(digits[:left]):
            return group.end()
        left -= group.end() - group.start()
    return None


def _is_american_phone(text: str, match: re.Match[str]) -> bool:
    """Ten digits without a sign between them need a word for a phone."""
    if not _is_national(match.group(), "US", "1") or is_named_otherwise(text, match.start()):
        return False
    written = match["second"] in {"-", "."} and match["joint"] in {"-", ".", None}
    return written or bool(_AMERICAN_WORD.search(before(text, match.start(), _WORD_WIDTH)))


def _is_national(number: str, region: str, prefix: str) -> bool:
    """Whether the numbering plan of ``region`` has the number. The library's own check takes thirty times as long."""
    digits = "".join(filter(str.isdigit, number)).removeprefix(prefix)
    return bool(_plan(region).fullmatch(digits))


def _is_international(number: str) -> bool:
    digits = "".join(filter(str.isdigit, number)).removeprefix("00")
    for length in (1, 2, 3):
        if plan := _plan_of(digits[:length]):
            national = digits[length:]
            return bool(plan.fullmatch(national) or plan.fullmatch(national.removeprefix("0")))
    return False


@cache
def _plan_of(country_code: str) -> re.Pattern[str] | None:
    """Returns the numbers of all regions that share a country code."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(country_code))
    return _plan(*regions) if regions else None


@cache
def _plan(*regions: str) -> re.Pattern[str]:
    """Returns the numbers of ``regions`` in the library's data; for an unknown region it matches nothing."""
    known = [phonenumbers.PhoneMetadata.metadata_for_region(region) for region in regions]
    described = [it.general_desc.national_number_pattern for it in known if it and it.general_desc]
    return re.compile("|".join(f"(?:{pattern})" for pattern in described if pattern) or r"(?!)")


def _domain(text: str, at: re.Match[str]) -> re.Match[str] | None:
    """Returns the domain behind the sign; with spaces or words in place of signs, only a known provider's."""
    known = _AT_PROVIDER.match(text, at.end())
    domain = _DOMAIN.match(text, at.end())
    if known or domain is None:
        return known
    is_spaced = at.group().endswith("@") and (at.group() != "@" or domain.start(1) != at.end())
    return None if is_spaced else domain


def _is_mailbox(text: str, begin: int, domain: re.Match[str]) -> bool:
    if text[begin - 1 : begin] in {":", "/"} and "://" in text[max(0, begin - _LOCAL_MAX) : begin]:
        return False  # a password in an address: postgres://user:password@host
    if _FILE.search(domain.group(1)):
        return False
    return not (text.startswith("git@", begin) and text.startswith(":", domain.end()))


def _is_version(text: str, match: re.Match[str]) -> bool:
    return bool(
        _VERSION_WORD.search(before(text, match.start(), _WORD_WIDTH)) or _VERSION_FOLLOWS.match(text, match.end())
    )


def _is_next_version(text: str, version_end: int | None, match: re.Match[str]) -> bool:
    if version_end is None or not _NEXT.fullmatch(text, version_end, match.start()):
        return False
    return not _ADDRESS_WORD.search(text, version_end, match.start())


def _is_ip(value: str, form: type[IPv4Address] | type[IPv6Address]) -> bool:
    """Whether it is the address of some machine: not loopback, unspecified, multicast or reserved."""
    try:
        address = form(value)
    except AddressValueError:
        return False
    is_nobodys = address.is_multicast or (address.version == 4 and address.is_reserved)
    return not (address.is_loopback or address.is_unspecified or is_nobodys)
