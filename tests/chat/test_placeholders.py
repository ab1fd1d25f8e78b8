"""Names in canned responses: filled in, and gone without a trace if they are missing."""

from chat.canned.placeholders import fill, unknown_in
from tests.cases import cases

NAMES = {"customer": "Jun", "agent": "Mina", "service": "Demo"}
NAMELESS = {"customer": "", "agent": "", "service": ""}


@cases(
    ("text", "filled"),
    [
        ("Hello {customer}, I am {agent} of {service}.", "Hello Jun, I am Mina of Demo."),
        ("{Customer}님, 안녕하세요", "Jun님, 안녕하세요"),
        ("{ customer }", "Jun"),
        ("no names", "no names"),
        ("a set {1, 2} and {}", "a set {1, 2} and {}"),
    ],
)
def test_names_are_filled_in(text: str, filled: str):
    assert fill(text, NAMES) == filled


def test_a_name_with_a_placeholder_in_it_is_a_name():
    assert fill("Hello {customer}", {**NAMES, "customer": "{agent}"}) == "Hello {agent}"


@cases(
    ("text", "filled"),
    [
        ("Hello {customer}, how are you?", "Hello, how are you?"),
        ("Hello {customer}!", "Hello!"),
        ("Hello, {customer}! Thanks", "Hello! Thanks"),
        ("{customer}, hello", "hello"),
        ("Hi {customer} and welcome", "Hi and welcome"),
        ("Thanks, {customer}", "Thanks"),
        ("One\n{customer}, two", "One\ntwo"),
        ("Hello {customer},\nthanks", "Hello,\nthanks"),
        ("{customer}님, 안녕하세요", "고객님, 안녕하세요"),
        ("안녕하세요, {customer}님! 무엇을", "안녕하세요, 고객님! 무엇을"),
        ("{customer} 고객님, 안녕하세요", "고객님, 안녕하세요"),
        ("안녕하세요 {customer} 고객님!", "안녕하세요 고객님!"),
        ("상담원 {agent}입니다", "상담원입니다"),
    ],
)
def test_a_missing_name_leaves_nothing_behind(text: str, filled: str):
    assert fill(text, NAMELESS) == filled


@cases(
    ("text", "unknown"),
    [
        ("{customer} {AGENT} {service}", []),
        ("{name}, {고객} and {name}", ["{name}", "{고객}"]),
        ("{ } {1, 2} {a b}", []),
    ],
)
def test_what_nothing_stands_for_is_named(text: str, unknown: list[str]):
    assert unknown_in(text) == unknown
