"""A card, a resident and a phone number as people write them who don't want them seen, or whose keyboard does it."""

from collections.abc import Callable

from chat.masking.detectors import detect
from chat.masking.detectors.shadow import with_spoken_digits
from tests.cases import cases

NUMBERS = {"card": ["4026", "1105", "0937", "1182"], "rrn": ["900101", "1234568"], "phone": ["010", "1234", "5678"]}
HANGUL, HANJA, CHEQUE = "공일이삼사오육칠팔구", "零一二三四五六七八九", "零壹貳參肆伍陸柒捌玖"

Form = Callable[[list[str]], str]


def found(text: str) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in detect(text)]


def joined(joint: str) -> Form:
    """In the groups that everybody writes."""
    return joint.join


def apart(joint: str) -> Form:
    return lambda groups: joint.join("".join(groups))


def digits(*forms: str) -> Form:
    """In another script, zero to nine, in groups with dashes."""
    return lambda groups: "-".join("".join(forms[int(digit)] for digit in group) for group in groups)


def from_zero(zero: str) -> Form:
    return digits(*(chr(ord(zero) + number) for number in range(10)))


def said(names: str, joint: str) -> Form:
    return lambda groups: joint.join("".join(names[int(digit)] for digit in group) for group in groups)


def with_letters(letters: dict[str, str], groups: list[str]) -> str:
    """Half of a number at most: the last group is left as it is."""
    *disguised, last = groups
    return "-".join([*("".join(letters.get(digit, digit) for digit in group) for group in disguised), last])


FORMS: dict[str, Form] = {
    **{f"joined by {joint!r}": joined(joint) for joint in ("", "-", " ", ".", "·", "•", "_", "\n", " - ", "~")},
    **{f"joined by {joint!r}": joined(joint) for joint in ("ㅡ", "➖", ",", ", ", "/", " / ", "-\n", " \n")},
    **{f"apart by {joint!r}": apart(joint) for joint in (" ", ".", "-", ",", ", ", "\n", "·", " - ")},
    **{f"with {sign!r} inside": apart(sign) for sign in ("\u200b", "\u200d", "\ufeff", "\u2060", "\u00ad", "\u034f")},
    **{f"with {sign!r} inside": apart(sign) for sign in ("\u3164", "\u0336", "\u0301" * 30, "\u200b\u200d" * 5)},
    "full-width": digits(*"０１２３４５６７８９"),
    "Arabic": from_zero("٠"),
    "Persian": from_zero("۰"),
    "Devanagari": from_zero("०"),
    "Thai": from_zero("๐"),
    "bold": from_zero("𝟎"),
    "double-struck": from_zero("𝟘"),
    "segments": from_zero("\U0001fbf0"),
    "superscript": digits(*"⁰¹²³⁴⁵⁶⁷⁸⁹"),
    "subscript": from_zero("₀"),
    "circled": digits(*"⓪①②③④⑤⑥⑦⑧⑨"),
    "circled in black": digits(*"⓿❶❷❸❹❺❻❼❽❾"),
    "circled twice": digits(*"0⓵⓶⓷⓸⓹⓺⓻⓼⓽"),
    "in brackets": digits(*"0⑴⑵⑶⑷⑸⑹⑺⑻⑼"),
    "keycaps": digits(*(f"{number}\ufe0f\u20e3" for number in range(10))),
    "Hangul": said(HANGUL, " "),
    "Hangul with dashes": said(HANGUL, "-"),
    "Hangul over lines": said(HANGUL, "\n"),
    "Hangul in one piece": said(HANGUL, ""),
    "Hangul, another zero": said("영" + HANGUL[1:], " "),
    "Hangul, slang": said("빵" + HANGUL[1:], " "),
    "Hangul, dashes said": said(HANGUL, "에 "),
    "Hangul, dashes said otherwise": said(HANGUL, " 다시 "),
    "Hangul, dashes said in English": said(HANGUL, " 하이픈 "),
    "Hangul, one by one": lambda groups: " ".join(HANGUL[int(digit)] for digit in "".join(groups)),
    "Hangul, partly": lambda groups: "-".join([groups[0], *(said(HANGUL, "")([group]) for group in groups[1:])]),
    "Chinese": said(HANJA, "-"),
    "Chinese, another zero": said("〇" + HANJA[1:], " "),
    "Chinese, as on a cheque": said(CHEQUE, " "),
    "O for 0": lambda groups: with_letters({"0": "O"}, groups),
    "o for 0 and l for 1": lambda groups: with_letters({"0": "o", "1": "l"}, groups),
    "I for 1": lambda groups: "-".join([groups[0].replace("1", "I", 2), *groups[1:]]),
    "ㅇ for 0": lambda groups: with_letters({"0": "ㅇ"}, groups),
}  # fmt: skip


@cases("around", ["{}", "제 번호는 {} 입니다", "({})"])
@cases("form", FORMS)
@cases("kind", NUMBERS)
def test_in_another_form_it_is_the_same_number(kind, form, around) -> None:
    number = FORMS[form](NUMBERS[kind])

    # The marks on the last digit are taken with it when the span is widened to whole characters.
    assert found(around.format(number)) == [(kind, number.rstrip("\ufe0f\u20e3"))]


@cases(
    "text",
    [
        "카드 4026\n1105\n0937\n1182\n입니다",
        "카드\n4026 1105\n0937 1182",
        "주민번호\n900101\n1234568",
        "앞자리: 900101\n뒷자리: 1234568",
        "010\n1234\n5678",
        "공일공\n1234\n오육칠팔",
    ],
)
def test_parts_over_lines_are_one_number(text) -> None:
    (span,) = found(text)
    assert "\n" in span[1]


@cases("text", ["주민번호 900101, 1234567", "주민번호 90 01 01 1234567"])
def test_a_resident_number_without_a_check_digit_in_odd_groups_is_one_where_it_is_called_so(text) -> None:
    assert [kind for kind, _value in found(text)] == ["rrn"]


@cases(
    "text",
    [
        # Might be a date and an amount, and most often is.
        "900101, 1234567",
        "90 01 01 1234567",
        # More groups than a card has: a column of numbers.
        "4026\n1105\n0937\n1182\n4111",
        "4026, 1105, 0937, 1182, 4111",
        "4,0,2,6,1,1,0,5,0,9,3,7,1,1,8,2,5",
        # Numerals of more than one syllable, and words of other languages.
        "영하나영 하나둘셋넷 다섯여섯일곱여덟",
        "zero one zero one two three four five six seven eight",
        # Letters that are read as a digit by who wants to: S, B and Z are in every code. Or more letters than digits.
        "010-1234-S678",
        "OIO-I2OO-OIO8",
        # Words and pictures between the groups.
        "010 그리고 1234 그리고 5678",
        "010🍎1234🍎5678",
        "앞 4026 1105 뒤 0937 1182",
        # Asterisks hide a part: what is left is not the number.
        "010*1234*5678",
        "4026-1105-****-1182",
        # From right to left.
        "8765-4321-010",
        "2811 7390 5011 6204",
    ],
)
def test_what_is_left_alone_on_purpose(text) -> None:
    """To find these would take words, orders and parcels for people's data, or cost more than the readers gain."""
    assert found(text) == []


@cases(
    "text",
    [
        "이 일은 이구동성으로 삼삼오오 모여 사오일 걸려요",
        "일이삼사오육칠팔구십 다 눌러봤어요",
        "1일 3일 5일 7일 9일 11일 13일 15일",
        "12월 2일 3시 4일 5시 6일 7시 8일 9시",
        "이사 2026-05-12 14:30 공휴일",
        "一二三四五六七八九十",
        "LOL IOI OIOI O2O Il1O0",
        "0O1lI0O1lI 0O1lI0O1lI",
        "010-ㅇㅇㅇㅇ-ㅇㅇㅇㅇ",
        "010-○○○○-○○○○",
        "1 2 3 4 5 6 7 8 9 10 11 12",
        "5,4,4,5,3,5,4,2,5,4,4,3,5",
    ],
)
def test_numerals_in_words_and_letters_in_codes_are_no_numbers(text) -> None:
    assert found(text) == []


@cases(
    "text",
    [
        "010-1234-5678 공유해 주세요",
        "010-1234-5678 ㅇㅇ",
        "010-1234-5678 I called",
        "골뱅이415-555-2671",
        "5678-1234이 일",
    ],
)
def test_what_stands_beside_a_number_does_not_make_it_a_spoken_one(text) -> None:
    """A second reading costs as much as the first: it is for who needs it."""
    assert with_spoken_digits(text) is None
