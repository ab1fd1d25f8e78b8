"""Passwords, keys and tokens: the value is found, what is said about passwords is left alone."""

from chat.masking.detectors import detect
from tests.cases import cases


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in detect(text, {"secret"})]


@cases(
    ("text", "secret"),
    [
        ("비밀번호는 qwer1234!입니다", "qwer1234!"),
        ("비번 abcd1234", "abcd1234"),
        ("비번요? abcd1234", "abcd1234"),
        ("비밀번호는 영문으로 abcd1234 예요", "abcd1234"),
        ("[비밀번호] abcd1234", "abcd1234"),
        ("비밀번호를 abcd1234로 바꿨어요", "abcd1234"),
        ("비밀번호는 1234예요", "1234"),
        ("카드 비밀번호 앞 두 자리 12", "12"),
        ("비번은 사랑해1004예요", "사랑해1004"),
        ("abcd1234가 비밀번호예요", "abcd1234"),
        ("아이디/비번 hong / hong1234", "hong1234"),
        ("password: sunflower", "sunflower"),
        ("Password:P@ss", "P@ss"),
        ("my password is hunter2", "hunter2"),
        ('"password": "correct horse"', "correct horse"),
        ("hunter2 is my password", "hunter2"),
        ("pw hunter22", "hunter22"),
        ("password=abc123&next=/", "abc123"),
        ("my pin is 0412", "0412"),
        ("API 키는 9f8e7d6c5b4a입니다", "9f8e7d6c5b4a"),
        ("token: 8c4f1e2b9a7d", "8c4f1e2b9a7d"),
        ("client_secret = 8f9a0b1c2d3e", "8f9a0b1c2d3e"),
        ("Authorization: Bearer abcdefghijklmnopqrst", "abcdefghijklmnopqrst"),
        ("postgres://u:s3cret@host/db", "s3cret"),
        ("mysql -u root -pRootpw1", "Rootpw1"),
        ("curl -u hong:abc12 https://x", "abc12"),
        ("ｐａｓｓｗｏｒｄ： ｈｕｎｔｅｒ２", "ｈｕｎｔｅｒ２"),
        ("비\u200b밀번호: hun\u200bter2", "hun\u200bter2"),
    ],
)
def test_the_value_of_what_is_called_a_secret(text, secret) -> None:
    assert found(text) == [secret]


@cases(
    "key",
    [
        "sk-" + "proj-abc123" * 3,
        "sk_" + "live_abcdef123456",
        "ghp_" + "a1b2" * 9,
        "github_" + "pat_" + "a1b2" * 9,
        "glpat-" + "a1b2" * 5,
        "AKIA" + "ABCD1234EFGH5678",
        "xoxb-" + "1234567890-abcdef",
        "AIza" + "a1b2c" * 7,
        "npm_" + "a1b2" * 9,
        "eyJ" + "hbGciOi.eyJzdWIiOiI.dozjgNryP4J3",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMIIB",
    ],
)
def test_a_key_of_a_known_form_needs_no_word(key) -> None:
    assert found(f"이거 {key}") == [key]


@cases(
    "text",
    [
        "비밀번호를 잊어버렸어요",
        "비밀번호: 변경하고 싶어요",
        "비밀번호 5회 오류",
        "비밀번호는 8자리 이상",
        "비밀번호 8~16자",
        "비밀번호는 영문8자입니다",
        "비밀번호는 iPhone에서 바꿨어요",
        "비밀번호는 010-1234-5678로 보내주세요",
        "비밀번호는 help@shop.com으로 보내주세요",
        "비밀번호는 https://a.kr/b1 에서",
        "비밀번호 2026-11-22 변경",
        "비밀번호: ********",
        "비밀번호는 ●●●●",
        "password: how do I reset it?",
        "password: must contain 8 characters",
        "password is incorrect",
        "password is case-sensitive",
        "my password is not working",
        "Password reset 3 times",
        "boarding pass A1234",
        "bypass 1234",
        "token expired",
        "API key is 32 characters",
        "api_key=YOUR_API_KEY",
        "암호화폐 2026",
        "sk-learn-is-a-nice-library-of-python",
        "ghp_short",
        "https://example.com:8080/path@x",
    ],
)
def test_what_is_said_about_passwords_is_left_alone(text) -> None:
    assert not found(text)


def test_a_long_secret_is_masked_to_its_end() -> None:
    secret = "a1" * 300
    assert found(f"token: {secret} 입니다") == [secret]


def test_a_secret_that_is_said_again_is_masked_again() -> None:
    assert found("비번 abc123! 인데 abc123! 로 해도, abc123!x 로 해도 안돼요") == ["abc123!", "abc123!"]
