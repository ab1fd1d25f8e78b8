"""How often a client may send what."""

import pytest

from chat.sockets import limits
from chat.sockets.limits import TYPING_EVERY_S, Limits


@pytest.fixture(autouse=True)
def few(monkeypatch) -> None:
    """Two messages and three frames, and never more."""
    for name, value in {"SEND_BURST": 2, "SEND_PER_S": 0, "FRAME_BURST": 3, "FRAMES_PER_S": 0}.items():
        monkeypatch.setattr(limits, name, value)


def test_messages_and_frames_are_counted_apart() -> None:
    of_client = Limits()
    assert [of_client.take_message() for _ in range(3)] == [True, True, False]
    assert [of_client.take_frame() for _ in range(4)] == [True, True, True, False]


def test_each_client_is_counted_by_itself() -> None:
    first, second = Limits(), Limits()
    assert [first.take_message() for _ in range(3)] == [True, True, False]
    assert second.take_message()


def test_typing_is_passed_on_now_and_then() -> None:
    of_client = Limits()
    assert of_client.take_typing(now=0.5)
    assert not of_client.take_typing(now=0.5 + TYPING_EVERY_S / 2)
    assert of_client.take_typing(now=0.5 + TYPING_EVERY_S)
    assert not of_client.take_typing(now=0.6 + TYPING_EVERY_S)
