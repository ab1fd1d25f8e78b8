"""A mail is read, whatever bytes it is made of, in bounded time."""

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from contiple.base.texts import can_be_stored
from tests.cases import cases
from tests.tickets.mail.corpus import CORPUS, mail, multipart, part
from tickets.mail.headers import HEADER_LENGTH_MAX, IDS_MAX
from tickets.mail.parsing import BEGINNING, MAIL_LENGTH_MAX, Mail, parse_mail
from tickets.mail.parts import HTML_READ_MAX, TEXT_READ_MAX, Note
from tickets.mail.quotes import split_words

HEAD = b"From: a@example.com\nSubject: x\n"
IN_TIME_S = 60  # on a machine that does eight other things; each takes a few seconds on an idle one


def test_the_corpus_is_large_and_in_both_languages() -> None:
    assert len(CORPUS) >= 60
    assert {parse_mail(raw).language for raw, _expected in CORPUS.values()} == {"en", "ko"}


@cases("name", CORPUS)
def test_a_mail_of_the_corpus_is_read(name: str) -> None:
    raw, expected = CORPUS[name]
    found = parse_mail(raw)
    assert {what: seen(found, what, value) for what, value in expected.items()} == expected
    require_storable(found)


@cases("name", CORPUS)
def test_line_ends_make_no_difference(name: str) -> None:
    raw, expected = CORPUS[name]
    found = parse_mail(raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    assert {what: seen(found, what, value) for what, value in expected.items()} == expected


@cases("name", CORPUS)
def test_a_mail_that_is_cut_anywhere_is_read(name: str) -> None:
    raw = CORPUS[name][0]
    for end in range(0, len(raw), 13):
        require_storable(parse_mail(raw[:end]))


def seen(found: Mail, what: str, value: object) -> object:
    """What was read, in the form in which the case says it."""
    words = found.words
    return {
        **{name: getattr(found, name) for name in ("subject", "language", "answers", "recipients", "files")},
        **{name: getattr(found, name) for name in ("message_id", "is_automatic", "wants_no_answer")},
        **words._asdict(),
        "sender": tuple(found.sender),
        "is_sure": found.is_sender_sure,
        "bounce": tuple(found.bounce) if found.bounce is not None else None,
        "notes": type(value)(found.notes) if isinstance(value, set) else dict.fromkeys(found.notes),
        "starts": value if words.new.startswith(str(value)) else words.new,
        "ends": value if words.new.endswith(str(value)) else words.new,
        "starts_subject": value if found.subject.startswith(str(value)) else found.subject,
        "quoted_has": value if str(value) in words.quoted else words.quoted,
        "is_readable": bool(words.new or found.files),
        "has_id": bool(found.message_id),
    }[what]


def require_storable(found: Mail) -> None:
    texts = [found.subject, *found.words, *found.files, *found.sender, *found.recipients, *found.answers]
    assert [text for text in texts if not can_be_stored(text)] == []


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(sorted(CORPUS)), st.integers(min_value=0, max_value=2_000))
def test_any_bytes_in_any_mail_are_read(bytes_, name, at) -> None:
    raw = CORPUS[name][0]
    require_storable(parse_mail(raw[:at] + bytes_ + raw[at:]))


def nested(depth: int) -> bytes:
    head = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (at, at) for at in range(depth))
    return HEAD + head + b"Content-Type: text/plain\n\nhello\n"


@cases(
    ("name", "raw"),
    {
        "nested a thousand deep": nested(1000),
        "nested as deep as is read, 3 MB": nested(39) + b"hello hello hello hello hello\n" * 100_000,
        "a thousand mails in each other": b"Content-Type: message/rfc822\n\n" * 1000 + HEAD + b"\nhi",
        "ten thousand parts": HEAD
        + b"Content-Type: multipart/mixed; boundary=b\n\n"
        + b"--b\nContent-Type: text/plain\n\nhi\n" * 10_000,
        "a million parts": HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n\n" * 1_000_000,
        "a million headers": b"To: a@example.com\n" * 1_000_000,
        "a header of 10 MB": b"From: " + b"(" * 10_000_000,
        "a type of 5 MB": HEAD + b'Content-Type: text/plain; a="' + b';"' * 2_500_000 + b"\n\nhi",
        "300,000 open tags": HEAD + b"Content-Type: text/html\n\n" + b"<div>" * 300_000 + b"x",
        "open comments": HEAD + b"Content-Type: text/html\n\n" + b"<!-" * 300_000 + b"<!--" * 200_000,
        "nothing but line ends": HEAD + b"\n" + b"\n" * 3_000_000 + b"x",
        "one line": HEAD + b"\n" + b"On " * 3_000_000,
    }.items(),
)
def test_a_mail_against_the_reader_takes_bounded_time(name, raw) -> None:
    started = time.perf_counter()
    require_storable(parse_mail(raw))
    assert time.perf_counter() - started < IN_TIME_S


@cases(
    "line", ["\n", ">\n", "On x\n", "From: \n", "보낸사람: a\n", "2026-1-1\n", "--\n", "님이\n", " ", "> ", "On On a "]
)
def test_splitting_takes_time_in_proportion(line) -> None:
    started = time.perf_counter()
    split_words(line * (TEXT_READ_MAX // len(line)))
    assert time.perf_counter() - started < IN_TIME_S / 4


def test_past_the_bound_of_nesting_the_headers_are_read() -> None:
    found = parse_mail(nested(1000))
    assert (found.sender.email, found.subject, found.words.new) == ("a@example.com", "x", "")
    assert found.notes == {Note.TOO_NESTED, Note.EMPTY}


def test_of_a_mail_that_is_too_large_the_beginning_is_read() -> None:
    found = parse_mail(mail("hello\n" + "x" * 5_000_000), size=MAIL_LENGTH_MAX + 1)
    assert found.words.new.startswith("hello")
    assert found.notes >= {Note.TOO_LARGE}


def test_a_long_text_is_cut_and_says_so() -> None:
    found = parse_mail(mail("a b\n" * 100_000))
    assert len(found.words.new) <= TEXT_READ_MAX
    assert found.notes == {Note.TEXT_CUT}


def test_a_mail_without_an_id_gets_the_same_one_however_it_came() -> None:
    raw = mail("hello", Message_ID=None)
    way = b"Received: from a by b\nReturn-Path: <jun@example.com>\n" + raw.replace(b"\n", b"\r\n")
    assert parse_mail(raw).message_id == parse_mail(way).message_id
    assert parse_mail(raw).message_id != parse_mail(mail("hello!", Message_ID=None)).message_id


def test_of_a_mail_that_is_too_large_only_the_beginning_is_read() -> None:
    late = part("x" * BEGINNING, 'application/pdf; name="early.pdf"'), part("x", 'application/pdf; name="late.pdf"')
    raw = multipart(part("words"), *late)
    assert parse_mail(raw).files == ("early.pdf", "late.pdf")
    read = parse_mail(raw, size=MAIL_LENGTH_MAX + 1)
    assert (read.words.new, read.files) == ("words", ("early.pdf",))
    assert Note.TOO_LARGE in read.notes


def test_headers_and_html_are_read_to_their_bounds_only() -> None:
    early = parse_mail(b"Subject: early\n" + b"X-Long: x\n" * 30_000 + b"From: late@example.com\n\nx")
    assert (early.subject, early.sender.email) == ("early", "")
    assert len(parse_mail(mail("x", Subject="a" * 30_000)).subject) <= HEADER_LENGTH_MAX
    html = b"<p>early</p><!--" + b"x" * HTML_READ_MAX + b"--><p>late</p>"
    read = parse_mail(mail(html, Content_Type="text/html; charset=utf-8"))
    assert (read.words.new, Note.TEXT_CUT in read.notes) == ("early", True)


def test_of_many_references_the_newest_are_looked_up() -> None:
    references = [f"<{at}@x>" for at in range(IDS_MAX + 20)]
    read = parse_mail(mail("x", References=" ".join(references)))
    assert read.answers == tuple(reversed(references[-IDS_MAX:]))


def test_korean_that_calls_itself_utf_8_is_read() -> None:
    words = "똠방각하께서 주문하신 상품"
    read = parse_mail(mail(words.encode("cp949"), Content_Type="text/plain; charset=utf-8"))
    assert (read.words.new, Note.CHARSET in read.notes) == (words, False)
