"""A server is killed (``kill -9``) at every point of a file's way, in and out: nothing half-sent is shown, a try again
succeeds once, and after the worker's clean-up each stored object has its row and each row its bytes.
"""

import http.client
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from chat.conversation import entries
from chat.files import upkeep
from chat.models import Chat, ChatFile, Message
from helpcenter.customers import register_customer
from tests.chat.files import picture
from tests.make import make_chat
from tests.server import Server

KILLER = str(Path(__file__).parent / "killed_at")
SENDING = {
    "before the row": "chat/files/sending.py _begin call 1",
    "with the row, without bytes": "chat/files/storing.py store call 1",
    "with bytes that may be on no disk yet": "contiple/base/file_storage.py _sync call 1",
    "with the picture, without its thumbnail": "chat/files/storing.py store return 1",
    "with all bytes": "chat/files/storing.py store return 2",
    "before the message is committed": "chat/files/sending.py _note_ready return 1",
    "after it is committed, before the answer": "chat/files/sending.py _finish return 1",
    "before the answer is written": "chat/files/answers.py placed return 1",
}
REMOVING = {
    "before the removal is committed": ("chat/files/removing.py _remove return 1", False),
    "after it is committed, before a byte is deleted": ("chat/files/storing.py delete call 1", True),
    "after the bytes are deleted": ("chat/files/storing.py delete return 1", True),
    "after that is noted": ("chat/files/upkeep.py destroy return 1", True),
}


@pytest.fixture
def start(start_server, settings) -> Callable[..., Server]:
    """A server that stores files where this process looks for them."""
    return lambda **variables: start_server(FILES_URL=settings.FILES_URL.geturl(), **variables)


@pytest.fixture
def known(transactional_db, service):
    return register_customer(service, name="Jun", email="", language="en")


@pytest.fixture
def token(known) -> str:
    return known[1]


@pytest.fixture
def chat(known, service, agent) -> Chat:
    return make_chat(service, customer=known[0], agent=agent)


def ask(server: Server, path: str, body: bytes, headers: dict[str, str]) -> int | None:
    """Returns the status of the answer; ``None`` if the server was killed instead."""
    connection = http.client.HTTPConnection("127.0.0.1", int(server.origin.rpartition(":")[2]), timeout=60)
    try:
        connection.request("POST", path, body, {"Host": "localhost"} | headers)
        return connection.getresponse().status
    except (ConnectionError, http.client.HTTPException):
        return None


def upload(server: Server, token: str, client_id: str) -> int | None:
    headers = {"X-Chat-Token": token, "X-Client-Id": client_id, "X-File-Name": "a.png"}
    return ask(server, "/hc/demo/chat/files/", picture((400, 300)), headers)


def stored_names() -> set[str]:
    storage = storages["files"]
    folders = storage.listdir("")[0] if storage.exists("") else []
    return {name for folder in folders for name in storage.listdir(folder)[1]}


def names_of_rows() -> set[str]:
    with_bytes = ChatFile.objects.filter(destroyed_at=None)
    return {name for row in with_bytes for name in (row.key, f"{row.key}-small")}


def shown_files(chat: Chat) -> list[entries.Entry]:
    return [entry for entry in entries.latest_page(chat) if entry.file]


def assert_all_shown_can_be_read(chat: Chat) -> None:
    for entry in shown_files(chat):
        row = ChatFile.objects.get(pk=entry.file.id)
        assert row.state == "ready"
        assert {row.key, f"{row.key}-small"} <= stored_names()


@pytest.mark.parametrize("place", SENDING.values(), ids=SENDING)
def test_killed_while_a_file_is_sent(place, start, chat, token):
    client_id = str(uuid.uuid4())
    assert upload(start(PYTHONPATH=KILLER, KILL_AT=place), token, client_id) is None
    assert_all_shown_can_be_read(chat)

    assert upload(start(), token, client_id) in {200, 201}
    assert len(shown_files(chat)) == Message.objects.exclude(client_id=None).count() == 1
    assert_all_shown_can_be_read(chat)

    upkeep.clear_away(timezone.now() + upkeep.ARRIVES_WITHIN + timedelta(minutes=1))
    assert ChatFile.objects.count() == 1
    assert stored_names() == names_of_rows()
    assert_all_shown_can_be_read(chat)


@pytest.mark.parametrize(("place", "is_removed"), REMOVING.values(), ids=REMOVING)
def test_killed_while_a_file_is_removed(place, is_removed, start, chat, token, agent, sign_in):
    assert upload(start(), token, str(uuid.uuid4())) == 201
    killed = start(PYTHONPATH=KILLER, KILL_AT=place)
    file = ChatFile.objects.get()
    cookies = sign_in(agent).cookies
    cookies["csrftoken"] = "x" * 32
    headers = {
        "Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items()),
        "X-CSRFToken": "x" * 32,
        "Origin": killed.origin,
        "Host": killed.origin.removeprefix("http://"),
    }
    assert ask(killed, f"/desk/demo/chat/files/{file.pk}/remove/", b"", headers) is None
    [entry] = shown_files(chat)
    assert entry.file.removed == is_removed
    if not is_removed:
        assert_all_shown_can_be_read(chat)

    upkeep.clear_away()
    file.refresh_from_db()
    assert (file.state == "removed", file.destroyed_at is not None) == (is_removed, is_removed)
    assert stored_names() == names_of_rows()
    assert shown_files(chat)[0].body == "a.png"
