"""The file of a canned response: uploaded once, saved with it, copied into each chat, and gone with it."""

import uuid
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from chat.canned_response import CannedFile, CannedResponse
from chat.files import storing
from chat.files.canned_files import KEPT, UNSAVED_MAX, clear_away
from chat.models import Chat, ChatFile, ChatSettings, Message
from tests.chat.canned import form_of, make_response, own
from tests.chat.files import PDF, content_of, picture, read_as_agent
from tests.chat.test_send_file import stored_names
from tests.make import make_agent, make_chat

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.filterwarnings("ignore:StreamingHttpResponse")]
PATH = "/desk/demo/canned/"


@pytest.fixture
def client(agent, sign_in) -> Client:
    return sign_in(agent)


@pytest.fixture
def chat(service, agent) -> Chat:
    return make_chat(service, agent=agent)


def upload(client: Client, data: bytes = PDF, name: str = "terms.pdf", slug: str = "demo"):
    headers = {"X-File-Name": quote(name, safe="")}
    return client.post(f"/desk/{slug}/canned/files/", data, content_type="application/octet-stream", headers=headers)


def with_file(client: Client, data: bytes = PDF, name: str = "terms.pdf") -> CannedResponse:
    file = upload(client, data, name).json()["id"]
    client.post(f"{PATH}new/", form_of(file=str(file)))
    return CannedResponse.objects.get(files=file)


def send(client: Client, chat: Chat, response: CannedResponse, client_id: str = ""):
    address = f"/desk/demo/chat/{chat.pk}/canned/{response.pk}/file/"
    return client.post(address, headers={"X-Client-Id": client_id or str(uuid.uuid4()), "X-File-Name": "x"})


def test_it_is_saved_with_its_response_and_copied_into_each_chat(client, agent, chat, service) -> None:
    response = with_file(client, picture(), "front.png")
    other, id_ = make_chat(service, agent=agent), str(uuid.uuid4())
    assert send(client, chat, response, id_).status_code == 201
    assert send(client, chat, response, id_).status_code == 200
    assert send(client, other, response).status_code == 201

    for each in (chat, other):
        message, file = Message.objects.get(chat=each), ChatFile.objects.get(chat=each)
        assert (message.body, message.agent, file.state, file.kind) == ("front.png", agent, "ready", "picture")
        assert content_of(read_as_agent(client, agent, file.pk)).startswith(b"\x89PNG")
        assert file.has_thumbnail
        assert (file.width, file.height) == (640, 480)
    assert len(stored_names()) == 6  # three files, each with its thumbnail


def test_whoever_has_the_response_can_look_at_it(service, client, agent, colleague, outsider, sign_in) -> None:
    file = with_file(client).file
    address = f"{PATH}files/{file.pk}/"
    assert content_of(client.get(address)) == PDF
    assert sign_in(colleague).get(address).status_code == 404
    assert sign_in(outsider).get(address).status_code == 404
    assert sign_in(outsider).get(f"/desk/other/canned/files/{file.pk}/").status_code == 404
    CannedResponse.objects.update(owner=None)
    assert sign_in(colleague).get(address).status_code == 200


def test_another_one_takes_its_place_and_a_removed_one_takes_its_bytes_along(client) -> None:
    response = with_file(client)
    first = response.file
    assert len(stored_names()) == 1
    second = upload(client, name="new.pdf").json()["id"]
    client.post(f"{PATH}{response.pk}/", form_of(file=str(second)))
    assert [file.pk for file in CannedFile.objects.all()] == [second]
    assert len(stored_names()) == 1
    assert not any(name.startswith(first.key) for name in stored_names())

    client.post(f"{PATH}{response.pk}/", form_of(file=""))
    assert not CannedFile.objects.exists()
    assert stored_names() == []


def test_it_stays_if_the_form_names_it_again_and_goes_with_the_response(client) -> None:
    response = with_file(client)
    client.post(f"{PATH}{response.pk}/", form_of(file=str(response.file.pk)))
    assert CannedResponse.objects.get().file == response.file
    client.post(f"{PATH}{response.pk}/remove/")
    assert not CannedFile.objects.exists()
    assert stored_names() == []


def test_a_refused_form_keeps_the_file(client) -> None:
    file = upload(client).json()["id"]
    page = client.post(f"{PATH}new/", form_of(text_en="", file=str(file))).content.decode()
    assert f'value="{file}"' in page
    assert "terms.pdf" in page


def test_nobody_saves_the_file_of_somebody_else(client, service, agent, colleague, outsider, sign_in) -> None:
    taken = with_file(client).file
    for person in (colleague, outsider):
        theirs = sign_in(person)
        uploaded = upload(theirs, slug=person.service.slug).json()["id"]
        page = client.post(f"{PATH}new/", form_of("other", file=str(uploaded))).content.decode()
        assert "This file is gone" in page
        mine = theirs.post(f"/desk/{person.service.slug}/canned/new/", form_of("other", file=str(taken.pk)))
        assert "This file is gone" in mine.content.decode()
        assert "terms.pdf" not in mine.content.decode()
    assert CannedResponse.objects.count() == 1


def test_only_the_agent_of_the_chat_sends_it(client, service, chat, agent, colleague, outsider, sign_in) -> None:
    response = with_file(client)
    CannedResponse.objects.update(owner=None)
    assert send(sign_in(colleague), chat, response).status_code == 409
    assert send(sign_in(outsider), chat, response).status_code == 404
    assert send(client, chat, own(colleague)).status_code == 404
    assert send(client, chat, make_response(service)).status_code == 404  # has no file
    assert send(client, make_chat(service, agent=agent, state="closed"), response).status_code == 409
    assert not Message.objects.exists()


def test_what_the_service_takes_no_more_is_not_sent(client, service, chat) -> None:
    response = with_file(client)
    ChatSettings.objects.filter(service=service).update(file_documents=False)
    assert send(client, chat, response).json()["code"] == "kind"
    ChatSettings.objects.filter(service=service).update(files_on=False)
    assert send(client, chat, response).status_code == 403
    assert upload(client).status_code == 403
    assert client.get(f"{PATH}{response.pk}/").status_code == 200


def test_it_is_judged_as_every_file_and_its_name_is_masked(client) -> None:
    assert upload(client, b"MZ\x90\0\3\0\0\0", "setup.exe").status_code == 415
    assert upload(client, b"").status_code == 422
    assert not CannedFile.objects.exists()
    assert stored_names() == []
    assert "4111" not in upload(client, name="card 4111 1111 1111 1111.pdf").json()["name"]


def test_who_may_not_chat_uploads_nothing(service, sign_in, client) -> None:
    assert upload(sign_in(make_agent(service, "Writer", chat_permission=False))).status_code == 404
    assert upload(Client()).status_code in {302, 403}


def test_what_nobody_saves_is_cleared_away(client) -> None:
    response, left = with_file(client), upload(client).json()["id"]
    clear_away()
    assert CannedFile.objects.filter(pk=left).exists()
    clear_away(timezone.now() + KEPT + timedelta(seconds=1))
    assert [file.response for file in CannedFile.objects.all()] == [response]
    assert len(stored_names()) == 1


def test_one_that_is_saved_while_others_are_cleared_away_stays(client, monkeypatch) -> None:
    first, second = upload(client).json()["id"], upload(client).json()["id"]
    delete = storing.delete

    def slow(key: str) -> None:
        """A form that was open for long is saved while the first file's bytes go."""
        delete(key)
        if CannedFile.objects.filter(pk=first, key=key).exists():
            client.post(f"{PATH}new/", form_of(file=str(second)))

    monkeypatch.setattr(storing, "delete", slow)
    clear_away(timezone.now() + KEPT + timedelta(seconds=1))
    assert CannedResponse.objects.get().file.pk == second
    assert len(stored_names()) == 1


def test_unsaved_files_have_a_bound(client, monkeypatch) -> None:
    monkeypatch.setattr("chat.files.canned_files.UNSAVED_MAX", 1)
    assert UNSAVED_MAX > 1
    assert upload(client).status_code == 201
    assert upload(client).status_code == 429
