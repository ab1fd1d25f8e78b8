"""A file is sent in a chat, by both sides, once; and read by those who see the chat."""

import re
import uuid
from functools import partial
from io import BytesIO

import pytest
from django.core.files.storage import storages
from django.test import Client
from django.utils import timezone
from PIL import Image

from agents.throttle import Limit
from chat.abuse import limits
from chat.conversation import entries, rendering
from chat.conversation.message_masks import mask_selection
from chat.masking.selections import Selection
from chat.models import Block, Chat, ChatFile, ChatSettings, Message
from helpcenter import customers
from helpcenter.customers import register_customer
from tests.agents.race import at_once
from tests.chat.files import (
    PDF,
    content_of,
    picture,
    read_as_agent,
    read_as_customer,
    send_as_agent,
    send_as_customer,
)
from tests.make import make_chat

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.filterwarnings("ignore:StreamingHttpResponse")]


@pytest.fixture
def known(service):
    return register_customer(service, name="Jun", email="", language="en")


@pytest.fixture
def token(known) -> str:
    return known[1]


@pytest.fixture
def chat(service, agent, known) -> Chat:
    return make_chat(service, customer=known[0], agent=agent)


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True)


def stored_names() -> list[str]:
    folders, files = storages["files"].listdir("") if storages["files"].exists("") else ([], [])
    return [name for folder in folders for name in storages["files"].listdir(folder)[1]] + files


def test_a_customers_picture_is_a_message_that_both_sides_can_open(chat, token, browser, agent, sign_in, told):
    answer = send_as_customer(browser, chat, token, picture((640, 480)), "A photo.png")
    assert answer.status_code == 201, answer.content
    message = Message.objects.get()
    assert answer.json() == {"seq": message.seq, "rev": message.rev}
    [entry] = entries.latest_page(chat)
    assert (entry.body, entry.author, entry.name) == ("A photo.png", "customer", "Jun")
    assert (entry.file.kind, entry.file.width, entry.file.height, entry.file.thumbnail) == ("picture", 640, 480, True)
    assert entries.entry_of(message, ()) == entry
    [(_topic, changed)] = told
    assert changed.entry.file == entry.file
    for response in (
        read_as_customer(browser, chat, token, entry.file.id),
        read_as_agent(sign_in(agent), agent, entry.file.id),
    ):
        assert response["Content-Type"] == "image/png"
        assert response["Content-Disposition"] == 'inline; filename="A photo.png"'
        assert Image.open(BytesIO(content_of(response))).size == (640, 480)
    for response in (
        read_as_customer(browser, chat, token, entry.file.id, thumbnail=True),
        read_as_agent(sign_in(agent), agent, entry.file.id, thumbnail=True),
    ):
        assert response["Content-Type"] == "image/jpeg"
        assert Image.open(BytesIO(content_of(response))).size == (320, 240)


def test_an_agents_document_comes_as_an_attachment(chat, token, browser, agent, sign_in):
    assert send_as_agent(sign_in(agent), chat, PDF, "견적서.pdf").status_code == 201
    file = ChatFile.objects.get()
    message = Message.objects.get()
    assert (message.author, message.agent, message.name, message.body) == ("agent", agent, "Mina", "견적서.pdf")
    assert (file.state, file.kind, file.content_type, file.size) == ("ready", "document", "application/pdf", len(PDF))
    response = read_as_customer(browser, chat, token, file.pk)
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''%EA%B2%AC")
    assert content_of(response) == PDF


def test_a_file_is_sent_with_headers_that_let_it_do_nothing(chat, token, browser, agent, sign_in):
    send_as_agent(sign_in(agent), chat, PDF)
    file = ChatFile.objects.get()
    for response in (read_as_customer(browser, chat, token, file.pk), read_as_agent(sign_in(agent), agent, file.pk)):
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert response["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "no-store" in response["Cache-Control"]
        assert response["Content-Length"] == str(len(PDF))


def test_the_stored_name_says_nothing(chat, token, browser):
    send_as_customer(browser, chat, token, picture(), "../../secret plan.png")
    key = ChatFile.objects.get().key
    assert sorted(stored_names()) == [key, f"{key}-small"]
    assert re.fullmatch("[0-9a-f]{32}", key)


def test_a_try_again_is_answered_as_the_first_one_was(chat, token, browser):
    same = {"X-Client-Id": str(uuid.uuid4())}
    first = send_as_customer(browser, chat, token, PDF, **same)
    second = send_as_customer(browser, chat, token, PDF, **same)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert (Message.objects.count(), ChatFile.objects.count(), len(stored_names())) == (1, 1, 1)


def test_another_side_cannot_take_the_id_of_a_file(chat, token, browser, agent, sign_in):
    same = {"X-Client-Id": str(uuid.uuid4())}
    send_as_customer(browser, chat, token, PDF, **same)
    assert send_as_agent(sign_in(agent), chat, PDF, **same).status_code == 400


def test_who_waits_for_an_agent_may_send(service, known, token, browser):
    chat = make_chat(service, customer=known[0])
    assert send_as_customer(browser, chat, token, PDF).status_code == 201


def test_nothing_is_left_of_a_file_that_is_refused(chat, token, browser):
    refused = send_as_customer(browser, chat, token, b"MZ\x90\0\x03\0" + bytes(100), "setup.pdf")
    assert (refused.status_code, refused.json()["code"]) == (415, "kind")
    assert refused.json()["text"] == "Files of this kind can’t be sent here."
    assert (Message.objects.count(), ChatFile.objects.count(), stored_names()) == (0, 0, [])


@pytest.mark.parametrize(
    ("data", "name", "status", "code"),
    [
        (b"", "a.pdf", 422, "empty"),
        (PDF, "///", 422, "name"),
        (PDF + bytes(1024 * 1024), "a.pdf", 413, "too_large"),
        (picture()[:300], "a.png", 422, "broken"),
    ],
)
def test_refusals_have_a_code_and_a_sentence(chat, token, browser, data, name, status, code):
    ChatSettings.objects.update(file_size_mb=1)
    refused = send_as_customer(browser, chat, token, data, name)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.json()["text"]
    assert (ChatFile.objects.count(), stored_names()) == (0, [])


def test_a_chat_takes_so_many_files(chat, token, browser):
    ChatSettings.objects.update(file_count=2)
    answers = [send_as_customer(browser, chat, token, PDF) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert answers[2].json()["code"] == "too_many"


def test_a_service_without_files_takes_none(chat, token, browser, agent, sign_in):
    ChatSettings.objects.update(files_on=False)
    assert send_as_customer(browser, chat, token, PDF).json()["code"] == "closed"
    assert send_as_agent(sign_in(agent), chat, PDF).json()["code"] == "closed"


def test_a_kind_that_is_switched_off_is_refused(chat, token, browser):
    ChatSettings.objects.update(file_documents=False)
    assert send_as_customer(browser, chat, token, PDF).json()["code"] == "kind"


def test_an_ended_chat_takes_nothing_and_can_be_read(chat, token, browser, agent, sign_in):
    send_as_customer(browser, chat, token, PDF)
    Chat.objects.update(state="closed", closed_at="2026-01-01T00:00Z", closed_by="agent")
    assert send_as_customer(browser, chat, token, PDF).json()["code"] == "ended"
    assert send_as_agent(sign_in(agent), chat, PDF).json()["code"] == "ended"
    assert content_of(read_as_customer(browser, chat, token, ChatFile.objects.get().pk)) == PDF


def test_only_the_agent_whose_chat_it_is_may_send(chat, colleague, admin, outsider, sign_in):
    assert send_as_agent(sign_in(colleague), chat, PDF).json()["code"] == "not_yours"
    assert send_as_agent(sign_in(admin), chat, PDF).status_code == 403
    assert send_as_agent(sign_in(outsider), chat, PDF).status_code == 404
    assert send_as_agent(Client(), chat, PDF).status_code == 302
    assert not ChatFile.objects.exists()


def test_a_right_that_ends_while_the_file_is_stored_refuses_it(chat, agent, colleague, sign_in, monkeypatch):
    from chat.files import storing

    store = storing.store

    def store_meanwhile(*args, **kwargs):
        store(*args, **kwargs)
        Chat.objects.update(agent=colleague)

    monkeypatch.setattr(storing, "store", store_meanwhile)
    assert send_as_agent(sign_in(agent), chat, PDF).json()["code"] == "not_yours"
    assert (Message.objects.count(), ChatFile.objects.count(), stored_names()) == (0, 0, [])


def test_others_can_neither_send_nor_read(service, chat, token, browser, agent, outsider, sign_in):
    send_as_customer(browser, chat, token, picture())
    file = ChatFile.objects.get()
    other, other_token = register_customer(service, name="Ann", email="", language="en")
    make_chat(service, customer=other, agent=agent)
    _stranger, stranger_token = register_customer(outsider.service, name="Bo", email="", language="en")
    for wrong in ("", "x", other_token, stranger_token):
        for thumbnail in (False, True):
            assert read_as_customer(browser, chat, wrong, file.pk, thumbnail=thumbnail).status_code == 404
    assert send_as_customer(browser, chat, "x", PDF).status_code == 404
    assert send_as_customer(browser, chat, stranger_token, PDF).status_code == 404
    for thumbnail in (False, True):
        assert read_as_agent(sign_in(outsider), outsider, file.pk, thumbnail=thumbnail).status_code == 404
        assert read_as_agent(Client(), agent, file.pk, thumbnail=thumbnail).status_code == 302


def test_a_file_that_still_arrives_is_nobodys(chat, token, browser, agent, sign_in):
    file = ChatFile.objects.create(chat=chat, key="0" * 32, client_id=uuid.uuid4())
    assert read_as_customer(browser, chat, token, file.pk).status_code == 404
    assert read_as_agent(sign_in(agent), agent, file.pk).status_code == 404


def test_a_personal_name_is_masked_in_message_and_download(chat, token, browser, agent, sign_in):
    send_as_customer(browser, chat, token, PDF, "card 4111 1111 1111 1111.pdf")
    message = Message.objects.get()
    assert "4111" not in message.body
    assert message.body.endswith(".pdf")
    response = read_as_agent(sign_in(agent), agent, ChatFile.objects.get().pk)
    assert "4111" not in response["Content-Disposition"]


def test_a_name_is_masked_by_hand_as_any_text(chat, token, browser, agent, sign_in):
    send_as_customer(browser, chat, token, PDF, "Hong Gildong.pdf")
    [entry] = entries.latest_page(chat)
    mask_selection(agent, chat.pk, [Selection(text_id=entry.seq, rev=entry.rev, start=0, end=12)])
    [masked] = entries.latest_page(chat)
    assert (masked.body, masked.file) == ("************.pdf", entry.file)
    assert "Hong" not in read_as_agent(sign_in(agent), agent, entry.file.id)["Content-Disposition"]


def test_a_file_is_rendered_with_its_name_and_size(chat, token, browser):
    send_as_customer(browser, chat, token, picture((800, 600)), "<b>x</b>.png")
    [entry] = entries.latest_page(chat)
    html = rendering.message_html(entry, "en")
    assert f'<chat-file\ndata-file="{entry.file.id}" data-kind="picture" data-width="800" data-height="600"' in html
    assert "b .png</span>" in html
    assert "KB</span></chat-file>" in html


def test_a_customer_sends_so_many_an_hour(chat, token, browser, monkeypatch):
    monkeypatch.setattr(limits, "FILE_BY_CUSTOMER", Limit("few files", 2, limits.HOUR))
    answers = [send_as_customer(browser, chat, token, PDF) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert int(answers[2]["Retry-After"]) > 0
    monkeypatch.undo()
    same = {"X-Client-Id": str(Message.objects.first().client_id)}
    monkeypatch.setattr(limits, "FILE_BY_CUSTOMER", Limit("no files", 0, limits.HOUR))
    assert send_as_customer(browser, chat, token, PDF, **same).status_code == 200


def test_a_token_that_is_revoked_or_has_ended_is_nobodys(chat, token, browser, known):
    send_as_customer(browser, chat, token, picture())
    file = ChatFile.objects.get()
    customers.keep_token(known[0].pk, timezone.now())
    for thumbnail in (False, True):
        assert read_as_customer(browser, chat, token, file.pk, thumbnail=thumbnail).status_code == 404
    assert send_as_customer(browser, chat, token, PDF).status_code == 404
    customers.keep_token(known[0].pk, None)
    assert read_as_customer(browser, chat, token, file.pk).status_code == 200
    customers.revoke_token(known[0].pk)
    assert read_as_customer(browser, chat, token, file.pk).status_code == 404
    assert send_as_customer(browser, chat, token, PDF).status_code == 404


def test_who_is_blocked_sends_nothing(service, chat, token, browser, admin, known):
    Block.objects.create(service=service, customer=known[0], reason="spam", created_by=admin)
    assert send_as_customer(browser, chat, token, PDF).status_code == 403
    assert not ChatFile.objects.exists()


def test_an_agents_upload_can_not_be_forged(chat, agent):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(agent.user)
    assert send_as_agent(browser, chat, PDF).status_code == 403
    assert not ChatFile.objects.exists()


def test_another_site_can_not_use_a_token(chat, token, browser):
    assert send_as_customer(browser, chat, token, PDF, Origin="https://evil.example").status_code == 404


def test_an_agent_without_the_permission_reads_and_does_not_send(chat, token, browser, admin, sign_in):
    send_as_customer(browser, chat, token, PDF)
    assert content_of(read_as_agent(sign_in(admin), admin, ChatFile.objects.get().pk)) == PDF
    refused = send_as_agent(sign_in(admin), chat, PDF)
    assert (refused.status_code, refused.json()["code"]) == (403, "closed")


def test_many_tries_at_once_become_one_message(chat, token):
    same = {"X-Client-Id": str(uuid.uuid4())}
    answers = at_once(*(partial(send_as_customer, Client(), chat, token, PDF, **same) for _ in range(6)))
    assert sorted({answer.status_code for answer in answers}) in ([200, 201], [201])
    assert len({(answer.json()["seq"], answer.json()["rev"]) for answer in answers}) == 1
    assert (Message.objects.count(), ChatFile.objects.count(), len(stored_names())) == (1, 1, 1)


def test_so_many_files_and_no_more_are_taken_at_once(chat, token):
    ChatSettings.objects.update(file_count=2)
    answers = at_once(*(partial(send_as_customer, Client(), chat, token, PDF) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 429, 429, 429, 429]
    assert ChatFile.objects.count() == 2
