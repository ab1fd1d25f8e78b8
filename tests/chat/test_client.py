"""Frames reach the far end of a socket until it is gone, closed, or does not read."""

import json
import uuid

import pytest
from django.utils.translation import gettext_lazy as _

from chat import protocol
from chat.sockets import window
from chat.sockets.client import Client
from chat.sockets.codes import AGAIN, SLOW


class Wire:
    """Keeps what the server was given to send."""

    def __init__(self) -> None:
        self.messages: list[dict] = []

    async def __call__(self, message: dict) -> None:
        self.messages.append(message)

    def frames(self) -> list[dict]:
        return [json.loads(message["text"]) for message in self.messages if "text" in message]

    def codes(self) -> list[int]:
        return [message["code"] for message in self.messages if "code" in message]


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def client(wire) -> Client:
    return Client(wire, "en")


async def test_nothing_follows_a_close(wire, client) -> None:
    await client.close(AGAIN)
    await client.send(protocol.Place(1))
    await client.close(SLOW)
    assert (wire.frames(), wire.codes()) == ([], [AGAIN])


async def test_a_client_that_has_left_is_no_error() -> None:
    async def broken(message: dict) -> None:
        raise ConnectionError

    client = Client(broken, "en")
    await client.send(protocol.Place(1))
    assert client.is_gone


async def test_half_a_window_asks_how_much_was_read(wire, client, monkeypatch) -> None:
    monkeypatch.setattr(window, "WINDOW_BYTES", 1000)
    await client.send_data(b'"' + b"x" * 600 + b'"')
    assert wire.frames()[1:] == [{"type": "beat", "sent": 602}]


async def test_more_than_the_window_is_not_handed_over(wire, client, monkeypatch) -> None:
    monkeypatch.setattr(window, "WINDOW_BYTES", 1000)
    await client.send_data(b'"' + b"x" * 1000 + b'"')
    assert (wire.frames(), wire.codes()) == ([], [SLOW])


@pytest.mark.parametrize("language", ["en", "ko"])
async def test_a_refusal_is_said_in_the_client_s_language(wire, language) -> None:
    sent_id = uuid.uuid4()
    await Client(wire, language).refuse("not_found", _("There is no such chat."), sent_id)
    [error] = wire.frames()
    assert (error["code"], error["client_id"]) == ("not_found", str(sent_id))
    assert (error["text"] == "There is no such chat.") == (language == "en")
