"""Files go for good: by an agent's hand, with a destroyed chat or person, by the clock, and with their chat's row."""

import time
import uuid
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.storage import storages
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents.models import AuditEntry, Contract
from chat.conversation import entries, rendering
from chat.conversation.message_masks import holder_of
from chat.files import removing, storing, upkeep
from chat.files.clearing import clear_once, clearing
from chat.lifecycle.trail import chat_trail
from chat.masking.destroying import destroy_of, destroy_of_customer
from chat.models import Chat, ChatFile, ChatSettings
from contiple.base.errors import Busy
from helpcenter.customers import register_customer
from tests.chat.files import PDF, picture, read_as_agent, read_as_customer, send_as_customer
from tests.make import make_chat

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.filterwarnings("ignore:StreamingHttpResponse")]


@pytest.fixture
def known(service):
    return register_customer(service, name="Jun", email="jun@example.com", language="en")


@pytest.fixture
def chat(service, agent, known) -> Chat:
    return make_chat(service, customer=known[0], agent=agent)


@pytest.fixture
def file(chat, known) -> ChatFile:
    return sent(chat, known[1])


def sent(chat: Chat, token: str) -> ChatFile:
    assert send_as_customer(Client(), chat, token, picture(), "a photo.png").status_code == 201
    return ChatFile.objects.latest("pk")


def stored_names() -> set[str]:
    folders = storages["files"].listdir("")[0] if storages["files"].exists("") else []
    return {name for folder in folders for name in storages["files"].listdir(folder)[1]}


def remove(client: Client, agent, file: ChatFile):
    return client.post(reverse("chat:remove_file", args=[agent.service.slug, file.pk]))


def is_gone(file: ChatFile) -> bool:
    file.refresh_from_db()
    there = {name for name in stored_names() if name.startswith(file.key)}
    return file.state == "removed" and file.destroyed_at is not None and not there


def test_whoever_sees_the_chat_removes_its_file_for_good(chat, file, known, colleague, sign_in, told):
    rev = entries.latest_page(chat)[0].rev
    assert remove(sign_in(colleague), colleague, file).status_code == 204
    assert is_gone(file)
    [entry] = entries.latest_page(chat)
    assert (entry.rev, entry.file.removed, entry.body) == (rev + 1, True, "a photo.png")
    assert [delivery.entry for _topic, delivery in told if hasattr(delivery, "entry")] == [entry]
    assert "File removed" in rendering.message_html(entry, "en")
    assert "chat-file" not in rendering.message_html(entry, "en")
    for thumbnail in (False, True):
        assert read_as_customer(Client(), chat, known[1], file.pk, thumbnail=thumbnail).status_code == 404
        assert read_as_agent(sign_in(colleague), colleague, file.pk, thumbnail=thumbnail).status_code == 404
    assert [str(happening.text) for happening in chat_trail(chat)] == ["Theo removed the file of message 1."]


def test_removed_twice_is_on_record_once(file, agent, sign_in):
    assert [remove(sign_in(agent), agent, file).status_code for _ in range(2)] == [204, 204]
    assert AuditEntry.objects.filter(action="chat.file_removed").count() == 1


def test_nobody_else_removes_it(file, agent, outsider, sign_in):
    assert remove(sign_in(outsider), outsider, file).status_code == 404
    assert sign_in(outsider).post(reverse("chat:remove_file", args=["demo", file.pk])).status_code == 404
    assert remove(Client(), agent, file).status_code == 302
    Contract.objects.update(security_service=False)
    assert remove(sign_in(agent), agent, file).status_code == 403
    file.refresh_from_db()
    assert file.state == "ready"


def test_bytes_that_could_not_be_deleted_are_the_workers(file, agent, sign_in, monkeypatch):
    with monkeypatch.context() as failing:
        failing.setattr(storing, "delete", _fails)
        assert remove(sign_in(agent), agent, file).status_code == 204
    file.refresh_from_db()
    assert (file.state, file.destroyed_at) == ("removed", None)
    assert stored_names()
    clear_once()
    assert is_gone(file)


def _fails(*_args) -> None:
    raise Busy("no storage")


def test_a_chats_files_go_with_its_originals_and_no_others(service, agent, admin, chat, file):
    other, token = register_customer(service, name="Ann", email="", language="en")
    kept = sent(make_chat(service, customer=other, agent=agent), token)
    destroy_of(admin, holder_of(chat))
    assert (is_gone(file), is_gone(kept)) == (True, False)
    assert "Ada destroyed the files." in [str(happening.text) for happening in chat_trail(chat)]


def test_a_persons_files_go_with_all_of_that_persons_originals(service, admin, agent, chat, file, known):
    Chat.objects.update(state="closed", closed_at=timezone.now(), closed_by="agent")
    second = make_chat(service, customer=known[0], agent=agent)
    later = sent(second, known[1])
    destroy_of_customer(admin, known[0], holder_of(second))
    assert (is_gone(file), is_gone(later)) == (True, True)


def test_files_are_kept_for_as_many_days_as_the_service_says(chat, file):
    ended = timezone.now()
    Chat.objects.update(state="closed", closed_at=ended, closed_by="agent")
    ChatSettings.objects.update(files_kept_days=30)
    removing.remove_expired(ended + timedelta(days=29))
    assert not is_gone(file)
    ChatSettings.objects.update(files_kept_days=0)
    removing.remove_expired(ended + timedelta(days=3000))
    assert not is_gone(file)
    ChatSettings.objects.update(files_kept_days=30)
    removing.remove_expired(ended + timedelta(days=31))
    assert is_gone(file)
    assert entries.latest_page(chat)[0].file.removed
    [happening] = chat_trail(chat)
    assert str(happening.text) == "The files were destroyed: their retention period is over."


def test_an_open_chats_files_are_kept(file):
    removing.remove_expired(timezone.now() + timedelta(days=4000))
    assert not is_gone(file)


def test_the_worker_removes_what_is_kept_no_longer(file):
    Chat.objects.update(state="closed", closed_at=timezone.now() - timedelta(days=366), closed_by="agent")
    with clearing():
        deadline = time.monotonic() + 20
        while not is_gone(file):
            assert time.monotonic() < deadline


def test_a_storage_that_fails_is_tried_again_and_ends_no_thread(file, monkeypatch):
    ChatFile.objects.update(state="removed")
    with monkeypatch.context() as failing:
        failing.setattr(storing, "delete", _fails)
        clear_once()
    assert not is_gone(file)
    clear_once()
    assert is_gone(file)


def test_a_chat_that_is_deleted_leaves_no_bytes(chat, file):
    chat.delete()
    assert stored_names()
    upkeep.clear_away()
    assert (ChatFile.objects.count(), stored_names()) == (0, set())


def test_what_arrives_for_too_long_is_cleared_away_and_what_just_arrives_is_not(chat):
    rows = [ChatFile.objects.create(chat=chat, key=f"{n:032x}", client_id=uuid.uuid4()) for n in range(2)]
    for row in rows:
        storages["files"].save(f"{row.key[:2]}/{row.key}", BytesIO(PDF))
    ChatFile.objects.filter(pk=rows[0].pk).update(created_at=timezone.now() - upkeep.ARRIVES_WITHIN * 2)
    upkeep.clear_away()
    assert list(ChatFile.objects.all()) == [rows[1]]
    assert stored_names() == {rows[1].key}


def test_no_connection_is_held_while_bytes_are_deleted(chat, known, file, agent, sign_in, monkeypatch):
    ChatFile.objects.create(chat=None, key="1" * 32, client_id=uuid.uuid4())
    held, delete = [], storing.delete

    def watched(key: str) -> None:
        held.append(connection.connection is not None)
        delete(key)

    monkeypatch.setattr(storing, "delete", watched)
    assert send_as_customer(Client(), chat, known[1], b"MZ\0\0").status_code == 415
    assert remove(sign_in(agent), agent, file).status_code == 204
    upkeep.clear_away()
    assert held == [False] * 3


def test_a_try_that_was_given_up_becomes_no_message(chat, known, monkeypatch):
    """Its process hung: the worker has cleared it away by the time its bytes are stored."""
    store = storing.store

    def hang(*args, **options) -> None:
        store(*args, **options)
        upkeep.clear_away(timezone.now() + upkeep.ARRIVES_WITHIN + timedelta(minutes=1))

    monkeypatch.setattr(storing, "store", hang)
    assert send_as_customer(Client(), chat, known[1], PDF).status_code == 409
    assert entries.latest_page(chat) == []
    assert (ChatFile.objects.count(), stored_names()) == (0, set())
