"""Frames that don't fit are refused in one place, whatever is wrong with them."""

import json
import uuid

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import protocol
from chat.protocol import decode_from_agent, decode_from_customer

ID = str(uuid.UUID("6f1c1f0e-5d0a-4a53-9a64-3f3f7f6a1d11"))
SEND = {"type": "send", "client_id": ID, "body": "Hello"}


@pytest.mark.parametrize(
    ("frame", "read"),
    [
        ({"type": "hello", "token": "t", "rev": 3}, protocol.Hello("t", 3)),
        (SEND, protocol.Send(uuid.UUID(ID), "Hello")),
        ({"type": "typing"}, protocol.Typing()),
        ({"type": "seen", "received": 4, "read": 2}, protocol.Seen(4, 2)),
        ({"type": "beat", "sent": 2**53}, protocol.Beat(2**53)),
    ],
)
def test_a_customer_s_frames_are_read(frame, read) -> None:
    assert decode_from_customer(json.dumps(frame)) == read


@pytest.mark.parametrize(
    ("frame", "read"),
    [
        ({"type": "watch", "chat": 7, "rev": 3}, protocol.Watch(7, 3)),
        ({"type": "unwatch", "chat": 7}, protocol.Unwatch(7)),
        (SEND | {"chat": 7}, protocol.Send(uuid.UUID(ID), "Hello", 7)),
    ],
)
def test_an_agent_s_frames_are_read(frame, read) -> None:
    assert decode_from_agent(json.dumps(frame)) == read


MALFORMED = [
    "",
    "{",
    "null",
    "[]",
    '"send"',
    "{}",
    '{"type": null}',
    '{"type": 1}',
    '{"type": "open"}',
    '{"type": "SEND"}',
    '{"type": "error", "code": "x", "text": "y"}',
    '{"type": "ack", "chat": 1, "client_id": "' + ID + '", "seq": 1, "rev": 1}',
    '{"type": "send"}',
    '{"type": "send", "client_id": "1", "body": "x"}',
    '{"type": "send", "client_id": "' + ID + '", "body": 5}',
    '{"type": "send", "client_id": "' + ID + '", "body": null}',
    '{"type": "send", "client_id": "' + ID + '", "body": "x", "extra": 1}',
    '{"type": "send", "client_id": "' + ID + '", "body": "x", "author": "agent"}',
    '{"type": "send", "client_id": "' + ID + '", "body": "\\ud800"}',
    '{"type": "seen", "received": -1, "read": 0}',
    '{"type": "seen", "received": 1.5, "read": 0}',
    '{"type": "seen", "received": "1", "read": 0}',
    '{"type": "seen", "received": true, "read": 0}',
    '{"type": "seen", "received": 2147483648, "read": 0}',
    '{"type": "seen", "received": 1e400, "read": 0}',
    '{"type": "seen", "received": 99999999999999999999999, "read": 0}',
    '{"type": "seen", "received": NaN, "read": 0}',
    '{"type": "beat", "sent": 9007199254740993}',
    '{"type": "typing"} {"type": "typing"}',
    "[" * 50_000,
    '{"type":' * 20_000,
]


@pytest.mark.parametrize("decode", [decode_from_customer, decode_from_agent])
@pytest.mark.parametrize("text", MALFORMED, ids=lambda text: text[:60])
def test_what_does_not_fit_is_refused(decode, text) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeError, RecursionError)):
        decode(text)


@pytest.mark.parametrize("frame", [{"type": "watch", "chat": 1}, {"type": "unwatch", "chat": 1}])
def test_a_customer_can_t_watch_other_chats(frame) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_from_customer(json.dumps(frame))


@pytest.mark.parametrize("frame", [{"type": "hello", "token": "x"}, {"type": "watch", "chat": 2**53 + 1}])
def test_an_agent_is_known_by_the_session_alone(frame) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_from_agent(json.dumps(frame))


@given(
    st.one_of(
        st.text(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["type", "chat", "body", "rev", "x"]), inner)
            ),
            max_leaves=8,
        ).map(json.dumps),
    )
)
def test_anything_is_either_a_frame_or_refused(text) -> None:
    for decode in (decode_from_customer, decode_from_agent):
        try:
            frame = decode(text)
        except (msgspec.DecodeError, UnicodeError):
            continue
        assert isinstance(frame, msgspec.Struct)


def test_what_is_sent_says_its_type_first() -> None:
    error = json.loads(protocol.encode(protocol.Error("bad_frame", "No.")))
    assert error == {"type": "error", "code": "bad_frame", "text": "No.", "client_id": None, "retry_after_s": None}
