"""Passwords, keys and tokens: what somebody calls one, and what looks like nothing else."""

import re
from collections.abc import Iterator

# Forms that their issuers publish, so that they can be found. A digit is asked for besides: "sk-learn-something-else".
_KNOWN = re.compile(
    r"(?<![A-Za-z0-9_])(?:"
    r"sk-[A-Za-z0-9_\-]{20,}|[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}"  # OpenAI, Anthropic, Stripe
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_\-]{16,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"  # AWS
    r"|xox[abeprs]-[A-Za-z0-9\-]{10,}|xapp-[A-Za-z0-9\-]{10,}"  # Slack
    r"|AIza[A-Za-z0-9_\-]{35}|ya29\.[A-Za-z0-9_\-]{20,}|GOCSPX-[A-Za-z0-9_\-]{20,}"  # Google
    r"|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_\-]{30,}|hf_[A-Za-z0-9]{20,}|dckr_pat_[A-Za-z0-9_\-]{20,}"
    r"|shpat_[A-Fa-f0-9]{32}|SG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}|dop_v1_[a-f0-9]{40,}"
    r"|EAA[A-Za-z0-9]{40,}"  # Meta
    r")"
)
_JWT = re.compile(r"(?<![A-Za-z0-9_\-])eyJ[A-Za-z0-9_\-]{6,}\.[A-Za-z0-9_\-]{6,}\.[A-Za-z0-9_\-]{6,}")  # RFC 7519
_PEM = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")  # RFC 7468
_PEM_END = re.compile(r"-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_IN_URL = re.compile(r"(?<=://)[^\s/:@]{0,64}:([^\s/@]{2,128})@")  # RFC 3986 §3.2.1

_PASSWORD = (
    r"(?:비밀\s?번호|비번|패스\s?워드|패스코드|암호|핀\s?번호|pin번호"
    r"|(?<![a-z])(?:pass\s?word|passwd|passcode|passphrase|pass\s?phrase|pwd|pw|p/w|pass|pin(?:\s?(?:code|number|no))?)(?![a-z]))"
)
_TOKEN = (
    r"(?:(?<![a-z])(?:api[ _\-]?(?:key|token|secret)|secret(?:[ _\-]?(?:access[ _\-]?)?key)?|(?:client|app|webhook)[ _\-]?secret"
    r"|(?:access|auth|authorization|refresh|bearer|bot|session)[ _\-]?(?:key|token)|private[ _\-]?key|token|bearer)(?![a-z])"
    r"|(?:api|에이피아이|시크릿|비밀|액세스|엑세스|인증|서비스|접근)\s?(?:키|토큰)(?:\s?값)?|토큰(?:\s?값)?)"
)
_DIGITS_ASKED = r"(?P<few>\s?\(?(?:앞|뒤|끝)?\s?(?:자리)?\s?(?:[2-8]|두|네|세|여섯)\s?(?:자리|digits?)\s?(?:숫자)?\)?)?"
_LINK = (
    r"(?:(?P<strong>[\"']?\s?(?:은|는|이|가)?\s?(?:[:=]|=>|->|→)\s*)"
    r"|(?P<plain>\s?(?:은요|는요|은|는|이|가|도|을|를)\s*|(?:\s(?:that i use|i use|for it))?(?:\s(?:is|was)|'s)(?:\s(?:now|still|just))?\s*[:=]?\s+|-(?=\S))"
    r"|(?P<space>\s{1,3}))"
)
_PREFACE = r"(?:\s?\([^()\d]{1,16}\)|\s(?:for|to|of|on)\s[a-z]{1,12}(?:\s[a-z]{1,12})?)?"
_PASSWORD_HEAD = re.compile(_PASSWORD + _PREFACE + _DIGITS_ASKED + _LINK + r"(?P<quote>[\"'`“‘「<\[]?)", re.IGNORECASE)
_TOKEN_HEAD = re.compile(_TOKEN + r"(?P<few>(?!))?" + _LINK + r"(?P<quote>[\"'`“‘「<\[]?)", re.IGNORECASE)
_PAIR = re.compile(
    r"(?:(?<![a-z])id|아이디|계정)\s?[/,&]\s?(?:pw|pwd|password|pass|비번|비밀\s?번호|패스워드)\s?(?:[:=]|는|은|가)?\s?"
    r"[!-.0-~]{2,64}\s?[/,]\s?(?P<value>[!-~]{4,64})",
    re.IGNORECASE,
)
_REVERSED = re.compile(
    r"(?<![!-~])(?P<value>[!-~]{4,64})(?P<mark>\s?(?:이|가)\s?(?:제|내|저희|우리|현재|기존|지금|임시)?\s?(?:계정|카드|통장|로그인|와이파이)?\s?"
    r"(?:비밀\s?번호|비번|패스워드|암호)(?=\s?(?:예요|에요|이에요|입니다|이야|임|이고|인데|야|였|이었|요))"
    r"|\s(?:is|was)\s(?:my|the|our)\s(?:\w{1,12}\s)?(?:password|pw|passcode|pin)(?![a-z]))",
    re.IGNORECASE,
)
_RUN = re.compile(r"[!-~]{2,128}")
_REST = re.compile(r"[!-~]*")
_TRAIL = ".,?;:)]}>\"'`"
_CLOSING = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "「": "」", "<": ">", "[": "]"}
_QUOTED_MAX = 80

_COPULA = re.compile(
    r"\s?(?:입니다|이에요|예요|에요|이예요|이구요|이고요|이고|이며|이야|임(?![가-힣])|인데|이라|이었|였|요|이요|으?로\s?(?:했|해|설정|되어|돼|바꿨|변경|쓰|쓰고|사용|등록|지정))"
)
_COUNTED = re.compile(
    r"\s?(?:자(?!마)|글자|개|회|일|분|시간|초|월|년|차|원|명|단계|%|번(?!이|입|예|에)|줄|times?|char|digit|attempt|days?|min|hour|letters?|more|or)",
    re.IGNORECASE,
)
_SENT_TO = re.compile(r"\s?(?:으로|로|에|에서|까지)\s?(?!했|해|설정|되어|돼|바꿨|변경|쓰|사용|등록|지정)")
_END_OF_PHRASE = re.compile(r"\s*(?:[\n,;/]|$|[가-힣])|\s?[.!?](?:\s|$)")
_MOMENT = re.compile(
    r"(?:19|20)\d\d[.\-/]\d{1,2}(?:[.\-/]\d{1,2}.*)?|\d{1,2}[:/]\d{2}(?:[:/]\d{2,4})?(?:am|pm)?|\d{1,3}(?:,\d{3})+|v?\d+\.\d+(?:\.\d+)*|\d+/\d+"
    r"|\d+(?:st|nd|rd|th|자리|x|h|hrs?|min|mins|days?|%)",
    re.IGNORECASE,
)
_PHONE = re.compile(r"\+?\d{2,4}-\d{3,4}-\d{4}")
_OTHER_THING = re.compile(
    r"(?:https?|ftp)://|www\.|[\w.+\-]+@[\w\-]+\.[\w.]+\Z|[\w\-]+\.(?:com|net|org|kr|io)(?:/|\Z)|#\d", re.IGNORECASE
)
_MASKED = re.compile(r"[*•●xX.\-_#?!]+\Z|.*\*{3}")
_NO_PASSWORD = frozenset(
    "reset forgot forgotten yes none null required optional hidden incorrect invalid wrong error errors failed fail expired"
    " change changed lost help true false undefined unknown empty same correct okay please thanks thank test? here below"
    " above undef missing not sent secret password your string text todo n/a redacted removed weak strong enter input type"
    " typed must should need can't cannot don't does update updated minimum maximum click link email sms otp android iphone"
    " google kakao naver facebook apple login".split()
)
_SIGNS = set("!@#$%^&*+=~_?")
_PASSWORD_MIN, _TOKEN_MIN, _TOKEN_SURE = 4, 8, 16


def secrets(text: str) -> Iterator[tuple[int, int]]:
    """The value alone: "비밀번호는 …입니다", "password: …", keys whose form is known, JWT, PEM, ``://user:…@host``."""
    for match in _KNOWN.finditer(text):
        if any(map(str.isdigit, match.group())):
            yield match.start(), match.end() - (len(match.group()) - len(match.group().rstrip("-=")))
    for match in _JWT.finditer(text):
        yield match.span()
    yield from _private_keys(text)
    for match in _IN_URL.finditer(text):
        if not _MASKED.match(match.group(1)):
            yield match.span(1)
    yield from _called_so(text, _PASSWORD_HEAD, _is_password)
    yield from _called_so(text, _TOKEN_HEAD, _is_token)
    for match in _PAIR.finditer(text):
        if not _MASKED.match(match["value"]):
            yield match.start("value"), match.start("value") + len(match["value"].rstrip(_TRAIL))
    for match in _REVERSED.finditer(text):
        if _is_mixed(match["value"]) and not _is_other(match["value"]):
            yield match.start("value"), match.end("value")


def _private_keys(text: str) -> Iterator[tuple[int, int]]:
    position = 0
    while begin := _PEM.search(text, position):
        end = _PEM_END.search(text, begin.end())
        position = end.end() if end else len(text)
        yield begin.start(), position


def _called_so(text: str, head: re.Pattern[str], is_one) -> Iterator[tuple[int, int]]:
    position = 0
    while match := head.search(text, position):
        position = match.end()
        start, end = _value(text, match)
        if end > start and is_one(text, match, text[start:end], end):
            yield start, end
            position = end


def _value(text: str, head: re.Match[str]) -> tuple[int, int]:
    """The bounds of what follows: up to the closing quote, or as far as there is no space and no Korean."""
    start = head.end()
    if head["quote"]:
        end = text.find(_CLOSING[head["quote"]], start, start + _QUOTED_MAX)
        if end > start and "\n" not in text[start:end]:
            return start, end
    run = _RUN.match(text, start)
    if run is None:
        return start, start
    end = start + len(run.group().rstrip(_TRAIL))
    if len(run.group()) == run.end() - start == 128:
        end = _REST.match(text, run.end()).end()
    return start, end


def _is_password(text: str, head: re.Match[str], value: str, end: int) -> bool:
    if _is_other(value) or value.lower() in _NO_PASSWORD:
        return False
    if value.isdigit():
        return _is_pin(text, head, value, end)
    if len(value) < _PASSWORD_MIN or (_looks_sent_to(value) and _SENT_TO.match(text, end)):
        return False
    if head["space"] is not None:
        return _is_mixed(value) and not (value[0].isdigit() and not value.isascii())
    if head["quote"] and text[end : end + 1] == _CLOSING[head["quote"]]:
        return True
    if _is_mixed(value) or _has_inner_capital(value):
        return True
    return bool(_COPULA.match(text, end)) or (head["strong"] is not None and bool(_END_OF_PHRASE.match(text, end)))


def _is_pin(text: str, head: re.Match[str], value: str, end: int) -> bool:
    if _COUNTED.match(text, end) or (len(value) > 12 and head["strong"] is None):
        return False
    if re.match(r"\s?자리|\s?or more", text[end : end + 8]):
        return False
    return len(value) >= _PASSWORD_MIN or (head["few"] is not None and len(value) >= 2)


def _is_token(text: str, head: re.Match[str], value: str, end: int) -> bool:
    if _is_other(value) or value.lower() in _NO_PASSWORD or len(value) < _TOKEN_MIN:
        return False
    if not re.fullmatch(r"[A-Za-z0-9_\-./+=:]+", value):
        return False
    return _is_lettered_and_numbered(value) or (
        len(value) >= _TOKEN_SURE and (head["strong"] is not None or "-" not in value)
    )


def _is_other(value: str) -> bool:
    """Whether it is a date, an amount, a version, an address, or hidden already."""
    return bool(_MOMENT.fullmatch(value) or _OTHER_THING.match(value) or _MASKED.match(value))


def _looks_sent_to(value: str) -> bool:
    return bool(_PHONE.fullmatch(value) or "@" in value and "." in value.rpartition("@")[2])


def _is_mixed(value: str) -> bool:
    """Of letters and digits, or with a sign that words don't have inside."""
    if _PHONE.fullmatch(value):
        return False
    return _is_lettered_and_numbered(value) or (
        any(map(str.isalnum, value)) and any(sign in _SIGNS for sign in value.rstrip("!?~")[1:])
    )


def _is_lettered_and_numbered(value: str) -> bool:
    return any(map(str.isalpha, value)) and any(map(str.isdigit, value))


def _has_inner_capital(value: str) -> bool:
    return value.isalpha() and not value.isupper() and any(map(str.isupper, value[1:]))
