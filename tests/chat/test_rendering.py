"""How a message looks: nothing in it is markup, and its text is the stored body to the character."""

import json
import uuid
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.conversation import frames, live, messages, rendering
from chat.conversation.entries import Entry, ShownSpan, latest_page
from chat.masking.spans import apply_mask
from chat.models import Chat
from chat.routing.queue import queue_place
from contiple.base.errors import Invalid
from tests.chat.comings import new_id
from tests.make import make_chat, make_customer, make_message

EVIL = """<img src=x onerror=alert(1)>"'><script>alert(2)</script>&amp;{{ 7|add:1 }}{% now %}"""
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def entry(
    body: str = "",
    *,
    masks: tuple[ShownSpan, ...] = (),
    offers: tuple[ShownSpan, ...] = (),
    event: str = "",
    name: str = "Jun",
) -> Entry:
    return Entry(
        chat=1,
        seq=2,
        rev=3,
        author="customer",
        name=name,
        body=body,
        event=event,
        created_at=NOW,
        client_id=uuid.uuid4(),
        masks=masks,
        offers=offers,
    )


class Page(HTMLParser):
    """What a browser makes of a fragment: its elements and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    def links(self) -> list[str]:
        return [attributes["href"] for tag, attributes in self.elements if tag == "a"]


def page(body: str, **fields) -> Page:
    shown = entry(body, **fields)
    return Page(rendering.body_html(shown.body, shown.masks, shown.offers))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_markup_in_a_body_is_text(language) -> None:
    html = rendering.message_html(entry(EVIL), language)
    assert {tag for tag, _attributes in Page(html).elements} <= {"li", "div", "span", "time"}
    assert EVIL in Page(html).text


def test_markup_in_a_name_is_text() -> None:
    html = rendering.message_html(entry("Hello", name=EVIL), "en")
    assert {tag for tag, _attributes in Page(html).elements} <= {"li", "div", "span", "time"}


@pytest.mark.parametrize("event", sorted(rendering.EVENTS))
@pytest.mark.parametrize("language", ["en", "ko"])
def test_markup_and_per_cent_in_a_name_of_an_event_are_text(event, language) -> None:
    html = rendering.message_html(entry(event=event, name=f"100%(x)s {EVIL}"), language)
    assert {tag for tag, _attributes in Page(html).elements} <= {"li", "div", "span", "time"}


def test_an_event_that_nobody_knows_any_more_is_empty() -> None:
    assert rendering._event_html(entry(event="long_gone"), "en") == ""


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://example.com/a?b=1&c=2#d.", ["https://example.com/a?b=1&c=2#d"]),
        ("HTTP://EXAMPLE.COM, and more", ["HTTP://EXAMPLE.COM"]),
        ("(https://example.com/x)", ["https://example.com/x"]),
        ("https://example.com에서", ["https://example.com"]),
        ("a https://a.example b https://b.example!", ["https://a.example", "https://b.example"]),
        ("https://example.com/“q”", ["https://example.com/“q”"]),
    ],
)
def test_addresses_are_links(text, links) -> None:
    assert page(text).links() == links
    assert page(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)//https",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "//example.com",
        "ftp://example.com",
        "https://",
        "https:// example.com",
        "mailto:a@example.com",
    ],
)
def test_nothing_else_is_a_link(text) -> None:
    assert page(text).links() == []
    assert page(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        'https://example.com/"onmouseover="alert(1)',
        "https://example.com/'x='",
        "https://e.example/<b>",
        "https://e.example/`x`",
    ],
)
def test_a_link_can_t_be_broken_out_of(text) -> None:
    (attributes,) = [attributes for tag, attributes in page(text).elements if tag == "a"]
    assert set(attributes) == {"href", "target", "rel"}
    assert not set("\"'<>`") & set(attributes["href"])
    assert {tag for tag, _attributes in page(text).elements} == {"a"}


def test_a_link_tells_its_target_nothing_and_gets_no_hold_of_the_page() -> None:
    (attributes,) = [attributes for tag, attributes in page("https://example.com").elements if tag == "a"]
    assert attributes["target"] == "_blank"
    assert {"noopener", "noreferrer"} <= set(attributes["rel"].split())


def test_a_mask_is_an_element_of_its_own_and_ends_a_link() -> None:
    body = apply_mask("https://example.com/secret/x end", [(20, 26)])
    shown = page(body, masks=(ShownSpan(7, 20, 26, "manual"),))
    assert shown.text == body
    assert [(tag, attributes.get("data-mask")) for tag, attributes in shown.elements] == [
        ("a", None),
        ("masked-text", "7"),
    ]
    assert shown.links() == ["https://example.com/"]


@pytest.mark.django_db
def test_what_is_under_a_mask_is_nowhere_in_the_page(service, agent) -> None:
    chat = make_chat(service, agent=agent)
    messages.send_as_customer(chat, body="4111 1111 1111 1111", client_id=new_id())
    assert "1111" not in rendering.messages_html(latest_page(chat), "en")


words = st.sampled_from(
    [
        "https://a.example/x",
        "<b>",
        "&amp;",
        "&lt",
        "'",
        '"',
        "**",
        "각",
        "👨‍👩‍👧",
        "\n",
        " ",
        "\t",
        "http://",
        "]]>",
        "--!>",
    ]
)


@st.composite
def bodies_masks_and_offers(draw: st.DrawFn) -> tuple[str, tuple[ShownSpan, ...], tuple[ShownSpan, ...]]:
    text = draw(st.one_of(st.lists(words, max_size=15).map("".join), st.text(max_size=60)))
    try:
        body = messages.clean_body(text)
    except Invalid:
        return "", (), ()
    cuts = sorted(draw(st.sets(st.integers(0, len(body)), max_size=8)))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    masks = tuple(ShownSpan(n, start, end, "manual") for n, (start, end) in enumerate(spans[::2], start=1))
    offers = tuple(ShownSpan(0, start, end, "brn") for start, end in spans[1::2])
    return apply_mask(body, spans[::2]), masks, offers


@pytest.mark.parametrize(
    ("unread", "line"),
    [(2, {"unread": 2, "line": "Hello again <b>"}), (0, {"unread": 0, "line": "Hello again <b>"}), (None, {})],
)
def test_a_new_message_carries_the_line_that_lists_show(unread, line) -> None:
    frame = json.loads(rendering.message_data(live.Changed(entry("Hello\n  again <b>"), unread), "en"))
    assert {name: frame[name] for name in ("unread", "line") if name in frame} == line


@given(bodies_masks_and_offers())
def test_the_text_of_the_fragment_is_the_body_to_the_character(case) -> None:
    """Offsets of selections rest on it."""
    body, masks, offers = case
    shown = page(body, masks=masks, offers=offers)
    assert shown.text == body
    tags = [tag for tag, _attributes in shown.elements]
    assert set(tags) <= {"a", "masked-text", "offered-text"}
    assert (tags.count("masked-text"), tags.count("offered-text")) == (len(masks), len(offers))


def test_the_body_s_element_holds_nothing_but_the_body() -> None:
    html = rendering.message_html(entry("Hello"), "en")
    assert '<div class="message-body" dir="auto">Hello</div>' in html


@pytest.mark.django_db
def test_names_and_lines_in_the_desk_are_text(service, agent) -> None:
    chat = make_chat(service, agent=agent, customer=make_customer(service, EVIL[:80]))
    make_message(chat, EVIL)
    frame = frames.desk_frame(frames.agent_of_desk(agent.pk), "en")
    assert frame.chats == [chat.pk]
    assert not {"img", "script"} & {tag for tag, _attributes in Page(frame.html).elements}
    assert EVIL in Page(frame.html).text


@pytest.mark.django_db
def test_the_status_of_a_chat_says_its_place_in_the_reader_s_language(service) -> None:
    make_chat(service)
    chat = make_chat(service)
    english, korean = (frames.status_frame(chat, language, place=queue_place(chat)) for language in ("en", "ko"))
    assert "<strong>2</strong>" in english.html
    assert "<strong>2</strong>" in korean.html
    assert Chat.State(english.state) == Chat.State.WAITING
