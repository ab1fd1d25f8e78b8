"""Fresh secrets: valid ones of every kind that is masked by itself, and some that only a person knows for one.

Each stands in a sentence as people write it, and is looked for in every form in which a program may write it down.
"""

import base64
import html
import json
import random
import string
import unicodedata
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from stdnum import iban, luhn

BARE_LENGTH_MIN = 12  # nine digits in a row are in every hash and every number of microseconds
LETTERS = string.ascii_letters + string.digits
HANGUL = [chr(code) for code in range(ord("가"), ord("힣"))]

Random = random.Random
Maker = Callable[[Random], str]


@dataclass(frozen=True)
class Secret:
    """``path`` is the way by which it came into the product; one that is not ``is_kept`` came in by a refused one."""

    kind: str
    value: str
    path: str
    is_kept: bool = True

    @property
    def by_hand(self) -> bool:
        return self.kind in BY_HAND

    def __str__(self) -> str:
        return f"{self.kind} {self.value!r} of {self.path!r}"

    def forms(self) -> dict[bytes, str]:
        """How it may be written, and what that is called: by the first name, where two ways are the same."""
        raw, bare = self.value.encode(), _bare(self.value)
        ways = [
            (raw, "as it is"),
            (bare.encode() if len(bare) >= BARE_LENGTH_MIN else raw, "without separators"),
            (json.dumps(self.value)[1:-1].encode(), "as JSON"),
            (urllib.parse.quote(self.value, safe="").encode(), "as in an address"),
            (urllib.parse.quote_plus(self.value).encode(), "as in a form"),
            (html.escape(self.value).encode(), "as HTML"),
            (raw.hex().encode(), "in hexadecimal"),
            *((encoded, "in base64") for encoded in _base64(raw)),
        ]
        return dict(reversed(ways))


def _base64(raw: bytes) -> Iterator[bytes]:
    """As it stands in the base64 of a longer text, which may begin one or two bytes before it."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw)
        whole = len(encoded) if (before + len(raw)) % 3 == 0 else len(encoded) - 4
        yield encoded[(0, 2, 3)[before] : whole]


def _bare(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKC", text) if sign.isascii() and sign.isalnum())


@dataclass
class Purse:
    """The secrets of one run."""

    random: Random
    secrets: list[Secret] = field(default_factory=list)

    def text(self, path: str, *kinds: str, joint: str = "\n", is_kept: bool = True) -> str:
        """Sentences with a new secret each, of these kinds or of every one that is masked by itself."""
        return joint.join(self._sentence(path, kind, is_kept=is_kept) for kind in kinds or AUTOMATIC)

    def by_hand(self, path: str) -> str:
        """Sentences with what no detector takes."""
        return self.text(path, *BY_HAND)

    def secrets_in(self, text: str) -> list[Secret]:
        return [secret for secret in self.secrets if secret.value in text]

    def are_in(self, text: str) -> bool:
        return bool(self.secrets_in(text))

    def _sentence(self, path: str, kind: str, *, is_kept: bool) -> str:
        sentence, make = (AUTOMATIC | BY_HAND)[kind]
        secret = Secret(kind, make(self.random), path, is_kept)
        self.secrets.append(secret)
        return sentence.format(secret.value)


def _digits(length: int, pick: Random) -> str:
    return "".join(pick.choices(string.digits, k=length))


def _card(pick: Random) -> str:
    number = "4" + _digits(14, pick)
    return number + luhn.calc_check_digit(number)


def _card_with_dashes(pick: Random) -> str:
    number = _card(pick)
    return "-".join(number[at : at + 4] for at in range(0, 16, 4))


def _card_in_full_width(pick: Random) -> str:
    return "".join(chr(ord(digit) - ord("0") + ord("０")) for digit in _card(pick))


def _card_code(pick: Random) -> str:
    """Three digits alone would be met everywhere: what is looked for are the words around them as well."""
    return f"CVC {_digits(3, pick)} ({''.join(pick.choices(string.ascii_lowercase, k=12))})"


def _registration(sevenths: str, pick: Random) -> str:
    # Born before 2000, as the sevenths say.
    birthday = f"{pick.randint(50, 99)}{pick.randint(1, 12):02}{pick.randint(1, 28):02}"
    return f"{birthday}-{pick.choice(sevenths)}{_digits(6, pick)}"


def _passport(pick: Random) -> str:
    return f"M{_digits(8, pick)}"


def _driver_license(pick: Random) -> str:
    return f"{pick.randint(11, 19)}-{_digits(2, pick)}-{_digits(6, pick)}-{_digits(2, pick)}"


def _bank_account(pick: Random) -> str:
    return f"{pick.randint(2, 8)}{_digits(5, pick)}-{_digits(2, pick)}-{_digits(6, pick)}"


def _iban(pick: Random) -> str:
    account = _digits(18, pick)
    return f"DE{iban.calc_check_digits(f'DE00{account}')}{account}"


def _social_security_number(pick: Random) -> str:
    return f"{pick.randint(200, 600)}-{pick.randint(10, 99)}-{pick.randint(1000, 9999)}"


def _password(pick: Random) -> str:
    """With signs that HTML and addresses write otherwise."""
    return f"{''.join(pick.choices(LETTERS, k=6))}7&<{''.join(pick.choices(LETTERS, k=4))}"


def _api_key(pick: Random) -> str:
    return f"sk_live_9{''.join(pick.choices(LETTERS, k=20))}"


def _phone(pick: Random) -> str:
    return f"010-{pick.randint(2000, 9999)}-{_digits(4, pick)}"


def _name(pick: Random) -> str:
    return "".join(pick.choices(HANGUL, k=5))


def _nickname(pick: Random) -> str:
    return f"{''.join(pick.choices(HANGUL, k=3))}👨‍👩‍👧‍👦🇰🇷{''.join(pick.choices(HANGUL, k=3))}"


# Kind → the sentence, and what stands in it. Masked before it is stored, unless the service has chosen otherwise:
AUTOMATIC: dict[str, tuple[str, Maker]] = {
    "card": ("My card is {}", _card),
    "card with dashes": ("카드번호 {}", _card_with_dashes),
    "card in full width": ("카드 {}", _card_in_full_width),
    "card code": ("{}", _card_code),
    "resident number": ("주민번호는 {}", partial(_registration, "12")),
    "foreigner number": ("외국인등록번호 {}", partial(_registration, "56")),
    "passport": ("여권번호 {}", _passport),
    "driver's licence": ("운전면허 {}", _driver_license),
    "bank account": ("국민은행 {}", _bank_account),
    "IBAN": ("IBAN {}", _iban),
    "social security number": ("SSN {}", _social_security_number),
    "password": ("비밀번호는 {}입니다", _password),
    "API key": ("api key: {}", _api_key),
}
# Nobody's business either, and known for that by people alone:
BY_HAND: dict[str, tuple[str, Maker]] = {
    "phone number": ("연락처 {}", _phone),
    "name": ("저는 {}라고 해요", _name),
    "nickname": ("They call me {}", _nickname),
}
