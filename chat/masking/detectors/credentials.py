"""Passwords, keys and tokens: values that somebody calls so, and values that can be nothing else by their form."""

import re
from collections.abc import Callable, Iterator

from chat.masking.detectors.context import again, mentions

# Forms that issuers publish so that they can be found. A digit is required besides: "sk-learn-something-else".
_KNOWN = re.compile(
    r"(?<![A-Za-z0-9_])(?:"
    r"sk-[A-Za-z0-9_\-]{20,}"  # OpenAI, Anthropic
    r"|[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}"  # Stripe
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
_IN_ADDRESS = re.compile(r"(?<=://)[^\s/:@]{0,64}:(?P<value>[^\s/@]{2,128})@")  # RFC 3986 §3.2.1

_LOGIN_WORD = (
    r"(?<!id/)(?<!id /)(?<!id / )(?<!아이디/)(?<!아이디 /)(?<!아이디 / )"  # "id/password" is another form, _PAIR
    r"(?:비밀\s?번호|비번|패스\s?워드|패스코드|암호|핀\s?번호|pin번호"
    r"|(?<![a-z])(?:pass\s?word|passwd|passcode|pass\s?phrase|pass(?=\s?[:=])|pwd|pw|p[/.]w|pin(?:\s?(?:code|number|no))?)"
    r"(?![a-z]))"
)
_KEY_WORD = (
    r"(?:(?<![a-z])(?:api[ _\-]?(?:key|token|secret)|secret(?:[ _\-]?(?:access[ _\-]?)?key)?"
    r"|(?:client|app|webhook)[ _\-]?secret|(?:access|auth|authorization|refresh|bearer|bot|session)[ _\-]?(?:key|token)"
    r"|private[ _\-]?key|token|bearer|authorization:?\s?basic)(?![a-z])"
    r"|(?:api|에이피아이|시크릿|비밀|[액엑]세스|인증|서비스|접근)\s?(?:키|토큰)(?:\s?값)?|토큰(?:\s?값)?)"
)
# Between the word and the link may stand "(임시)", "for the account", "알려드릴게요", "앞 두 자리".
_PREFACE = (
    r"(?:\s?\([^()\d]{1,16}\)|\s(?:for|to|of|on)\s[a-z]{1,12}(?:\s[a-z]{1,12})?"
    r"|\s?(?:알려\s?(?:드릴게요|드려요|드립니다)|보내\s?(?:드릴게요|드려요|드립니다)|적어\s?드릴게요)"
    r"|\s(?:that\s|which\s)?(?:i|we)\s(?:used?|set|have|tried|typed|entered)|\s?(?:재?확인|재입력)(?=\s?[:=]))?"
)
_FEW = (
    r"(?P<few>\s?\(?(?:앞|뒤|끝)\s?자리|\s?\(?(?:앞|뒤|끝)?\s?(?:자리)?\s?(?:[2-8]|두|네|세|여섯)\s?"
    r"(?:자리|digits?)\s?(?:숫자)?\)?)?"
)
_LINK = (
    r"(?:(?P<strong>[\"']?\s?(?:은|는|이|가)?\s?(?:[:=]|=>|->|→)\s*|\s?[\])}>]\s*[:=]?\s*|\s?요?\?\s+)"
    r"|(?P<plain>\s?(?:은요|는요|은|는|이|가|도|을|를)\s*"
    r"|(?:\s(?:that i use|i use|for it))?(?:\s(?:is|was)|'s)(?:\s(?:now|still|just))?\s*[:=]?\s+|-(?=\S))"
    r"|(?P<space>\s{1,3}))(?:(?:영문|영어|한글|소문자|대문자)(?:으?로)?\s)?(?P<quote>[\"'`“‘「<\[]?)"
)
_PASSWORD_HEAD = re.compile(_LOGIN_WORD + _PREFACE + _FEW + _LINK, re.IGNORECASE)
_TOKEN_HEAD = re.compile(_KEY_WORD + _LINK, re.IGNORECASE)
_PAIR = re.compile(
    r"(?:(?<![a-z])id|아이디|계정)(?:\s?[/,&]\s?|\s?(?:와|랑|이랑|하고|및|and)\s?|\s)"
    r"(?:pw|pwd|password|pass|비번|비밀\s?번호|패스워드)"
    r"\s?(?:[:=]|는|은|가)?\s?[!-+\-.0-~]{2,64}(?:\s?[/,]\s?|\s)(?P<value>[!-~]{4,64})",
    re.IGNORECASE,
)
_COMMAND = re.compile(
    r"(?<![a-z])(?:(?:mysql(?:dump|admin)?|mariadb|sshpass)\s[^\n]{0,60}?(?<=\s)(?:-p\s?|--password[= ])"
    r"|curl\s[^\n]{0,60}?(?<=\s)(?:-u|--user)\s\S{1,64}?:)[\"']?(?P<value>[!#-&(-~]{3,64})"
)
# A text without any of these has none of the words: a quick look saves the slow one.
_PASSWORD_HINTS = ("비번", "비밀", "패스", "암호", "핀", "pin", "pass", "pw", "p/w", "p.w")
_TOKEN_HINTS = ("key", "token", "secret", "bearer", "basic", "키", "토큰")
_COMMAND_HINTS = ("mysql", "mariadb", "sshpass", "curl", "://")
_REVERSED = re.compile(
    r"(?<![!-~])(?P<value>[!-~]{4,64})(?:\s?(?:이|가)\s?(?:제|내|저희|우리|현재|기존|지금|임시)?\s?"
    r"(?:계정|카드|통장|로그인|와이파이)?\s?(?:비밀\s?번호|비번|패스워드|암호)"
    r"(?=\s?(?:예요|에요|이에요|입니다|이야|임|이고|인데|야|였|이었|요))"
    r"|\s(?:is|was)\s(?:my|the|our)\s(?:\w{1,12}\s)?(?:password|pw|passcode|pin)(?![a-z]))",
    re.IGNORECASE,
)

_CHANGED_TO = re.compile(r"\s?(?:에서|->|→|=>|to)\s?(?P<value>[!-~]{4,64})")
_RUN = re.compile(r"[!-~]{2,}")
_REST = re.compile(r"[!-~]*")
_RUN_MAX = 128  # looked at; a value that turns out to be a secret is taken to its end
_HANGUL_RUN = re.compile(
    r"(?=[^\s\d]{1,16}\d)[가-힣A-Za-z0-9!@#$%^&*]{3,20}?"
    r"(?=\s?(?:입니다|이에요|예요|에요|이고|인데|으?로\s?(?:했|바꿨|설정))|[.,]?[ \t]{0,4}$)",
    re.MULTILINE,
)
_TRAIL = ".,?;:)]}>\"'`"
_CLOSING = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "「": "」", "<": ">", "[": "]"}
_QUOTED_MAX = 80

_MADE = r"(?:했|해|설정|되어|돼|바꿨|변경|쓰|사용|등록|지정)"
_COPULA = re.compile(
    rf"\s?(?:입니다|이에요|예요|에요|이예요|이구요|이고|이며|이야|임(?![가-힣])|인데|이라|이었|였|요|이요|으?로\s?{_MADE})"
)
_ATTACHED_COPULA = re.compile(r"입니다|이에요|예요|에요|이고|인데")
_MADE_SO = re.compile(rf"\s?으?로\s?{_MADE}")
_SENT_TO = re.compile(rf"\s?(?:으로|로|에|에서|까지)\s?(?!{_MADE})")
_COUNTED = re.compile(
    r"\s?(?:자(?!마)|글자|개|회|일|분|시간|초|월|년|차|원|명|단계|%|줄|times?|char|digit|attempt|days?|min"
    r"|hour|letters?|more|or)",
    re.IGNORECASE,
)
_END_OF_PHRASE = re.compile(r"\s*(?:[\n,;/]|$|[가-힣])|\s?[.!?](?:\s|$)")
_MOMENT_OR_AMOUNT = re.compile(
    r"(?:19|20)\d\d[.\-/]\d{1,2}(?:[.\-/]\d{1,2}.*)?|\d{1,2}[:/]\d{2}(?:[:/]\d{2,4})?(?:am|pm)?|\d{1,3}(?:,\d{3})+|\d{1,2}~\d{1,2}"
    r"|v?\d+\.\d+(?:\.\d+)*|\d+/\d+|\d+(?:st|nd|rd|th|자리|x|h|hrs?|min|mins|days?|%)",
    re.IGNORECASE,
)
_PHONE = re.compile(r"\+?\d{2,4}-\d{3,4}-\d{4}")
_ADDRESS = re.compile(
    r"(?:https?|ftp)://|www\.|[\w.+\-]+@[\w\-]+\.[\w.]+\Z|[\w\-]+\.(?:com|net|org|kr|io)(?:/|\Z)|#\d+\Z", re.IGNORECASE
)
_HIDDEN = re.compile(r"[*•●xX.\-_#?!]+\Z|.*\*{3}")
_TOKEN = re.compile(r"[A-Za-z0-9_\-./+=:]+")
_FIELD = re.compile(r"&[a-z_]+=", re.IGNORECASE)
# Words that follow "password:" and are none.
_WORDS = frozenset(
    """
    reset forgot forgotten yes none null required optional hidden incorrect invalid wrong error errors failed fail
    expired change changed lost help true false undefined unknown empty same correct okay please thanks thank here below
    above missing not sent secret password your string text todo n/a redacted removed weak strong enter input type typed
    must should need can't cannot don't does update updated minimum maximum click link email sms otp android iphone
    google kakao naver facebook apple login
    """.split()  # noqa: SIM905
)
_SIGN = re.compile(r"[!@#$%^&*+=~_?]")
_LETTER, _DIGIT = re.compile(r"[A-Za-z가-힣]"), re.compile(r"\d")
_LETTER_OR_DIGIT = re.compile(r"[A-Za-z가-힣\d]")
_PASSWORD_MIN, _PIN_MAX = 4, 12
_TOKEN_MIN, _TOKEN_SURE = 8, 16
_AGAIN_LENGTH_MIN = 6


def secrets(text: str) -> Iterator[tuple[int, int]]:
    """Finds the value alone: "비밀번호는 …입니다", "password: …", keys of a known form, JWT, PEM, ``://user:…@host``."""
    yield from _known(text)
    yield from _private_keys(text)
    named = list(_named(text))
    yield from named
    yield from again(text, [span for span in named if _is_unlike_a_word(text[slice(*span)])])


def _is_unlike_a_word(value: str) -> bool:
    return len(value) >= _AGAIN_LENGTH_MIN and _has_letter_and_digit(value)


def _named(text: str) -> Iterator[tuple[int, int]]:
    if mentions(text, _PASSWORD_HINTS):
        yield from _called_so(text, _PASSWORD_HEAD, _is_password)
        yield from _values(text, _PAIR)
        yield from _values(text, _REVERSED)
    if mentions(text, _TOKEN_HINTS):
        yield from _called_so(text, _TOKEN_HEAD, _is_token)
    if mentions(text, _COMMAND_HINTS):
        yield from _values(text, _COMMAND)
        yield from _values(text, _IN_ADDRESS)


def _known(text: str) -> Iterator[tuple[int, int]]:
    for match in _KNOWN.finditer(text):
        if any(map(str.isdigit, match.group())):
            yield match.start(), match.start() + len(match.group().rstrip("-="))
    for match in _JWT.finditer(text):
        yield match.span()


def _values(text: str, form: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    for match in form.finditer(text):
        value = match["value"].rstrip(_TRAIL if form is _PAIR else "")
        if not _is_other(value) and (form in {_IN_ADDRESS, _COMMAND} or _is_mixed(value)):
            yield match.start("value"), match.start("value") + len(value)


def _private_keys(text: str) -> Iterator[tuple[int, int]]:
    """Finds private keys from the first line to the last, or to the end of the text if the key was cut."""
    position = 0
    while begin := _PEM.search(text, position):
        end = _PEM_END.search(text, begin.end())
        position = end.end() if end else len(text)
        yield begin.start(), position


def _called_so(
    text: str, head: re.Pattern[str], is_one: Callable[[str, re.Match[str], int, int], bool]
) -> Iterator[tuple[int, int]]:
    position = 0
    while match := head.search(text, position):
        position = match.end()
        start, end = _bounds(text, match)
        if end > start and is_one(text, match, start, end):
            rest = _REST.match(text, end) if end - start == _RUN_MAX else None
            position = rest.end() if rest else end
            yield start, position
            if (changed := _CHANGED_TO.match(text, position)) and _is_mixed(changed["value"]):
                yield changed.span("value")


def _bounds(text: str, head: re.Match[str]) -> tuple[int, int]:
    """Returns the bounds of the value: up to the closing quote, or up to a space or Korean."""
    start = head.end()
    if head["quote"]:
        end = text.find(_CLOSING[head["quote"]], start, start + _QUOTED_MAX)
        if end > start and "\n" not in text[start:end]:
            return start, end
    run = _RUN.match(text, start, start + _RUN_MAX)
    if run is None:
        hangul = _HANGUL_RUN.match(text, start) if head["space"] is None else None
        return hangul.span() if hangul else (start, start)
    value = run.group().rstrip(_TRAIL)
    if head["strong"] == "=":  # a field of a query string: password=…&remember=1
        value = _FIELD.split(value, maxsplit=1)[0]
    return start, start + len(value)


def _is_password(text: str, head: re.Match[str], start: int, end: int) -> bool:
    value = text[start:end]
    if _is_other(value) or value.lower() in _WORDS:
        return False
    if value.isdigit():
        return _is_pin(text, head, value, end)
    if not value.isascii():
        return _is_mixed(value) and not any(_COUNTED.match(value, digit.end()) for digit in re.finditer(r"\d+", value))
    if len(value) < _PASSWORD_MIN or (_looks_sent_to(value) and _SENT_TO.match(text, end)):
        return False
    if _is_mixed(value):
        return True
    if head["space"] is not None:
        return bool(_MADE_SO.match(text, end) or (value.islower() and _ATTACHED_COPULA.match(text, end)))
    quoted = bool(head["quote"]) and text[end : end + 1] == _CLOSING[head["quote"]]
    ends = bool(_COPULA.match(text, end)) or (head["strong"] is not None and bool(_END_OF_PHRASE.match(text, end)))
    return quoted or ends or _has_inner_capital(value)


def _is_pin(text: str, head: re.Match[str], value: str, end: int) -> bool:
    if _COUNTED.match(text, end) or (len(value) > _PIN_MAX and head["strong"] is None):
        return False
    return len(value) >= _PASSWORD_MIN or (head["few"] is not None and len(value) >= 2)


def _is_token(text: str, head: re.Match[str], start: int, end: int) -> bool:
    value = text[start:end]
    if _is_other(value) or len(value) < _TOKEN_MIN or not _TOKEN.fullmatch(value) or value.lower() in _WORDS:
        return False
    sure = len(value) >= _TOKEN_SURE and (head["strong"] is not None or "-" not in value)
    return sure or _has_letter_and_digit(value)


def _is_other(value: str) -> bool:
    """Whether it is a date, an amount, a version, an address, or hidden already."""
    return bool(_MOMENT_OR_AMOUNT.fullmatch(value) or _ADDRESS.match(value) or _HIDDEN.match(value))


def _looks_sent_to(value: str) -> bool:
    return bool(_PHONE.fullmatch(value)) or ("@" in value and "." in value.rpartition("@")[2])


def _is_mixed(value: str) -> bool:
    """Whether the value has letters and digits, or a sign that words don't have inside."""
    if _PHONE.fullmatch(value):
        return False
    return _has_letter_and_digit(value) or bool(_SIGN.search(value.rstrip("!?~"), 1) and _LETTER_OR_DIGIT.search(value))


def _has_letter_and_digit(value: str) -> bool:
    return bool(_LETTER.search(value) and _DIGIT.search(value))


def _has_inner_capital(value: str) -> bool:
    return value.isalpha() and not value.isupper() and any(map(str.isupper, value[1:]))
