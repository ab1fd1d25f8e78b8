"""What an agent types in a chat is kept for that agent and chat, masked, until it is sent or the chat ends."""

import html
import json
import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chat.draft import ChatDraft
from chat.lifecycle.transitions import close_chat
from chat.models import Chat
from tests.make import make_agent, make_chat, send_as_agent

pytestmark = pytest.mark.django_db
CARD = "4111 1111 1111 1111"


@pytest.fixture
def chat(service, agent) -> Chat:
    return make_chat(service, agent=agent)


@pytest.fixture
def client(agent, sign_in) -> Client:
    return sign_in(agent)


def address(chat: Chat, slug: str = "demo") -> str:
    return f"/desk/{slug}/chat/{chat.pk}/draft/"


def keep(client: Client, chat: Chat, body: str, seen: str = "", **fields):
    return client.post(address(chat), {"body": body, "seen": seen, **fields})


def kept(client: Client, chat: Chat) -> dict[str, str]:
    """The texts that the page of the chat brings."""
    page = client.get(f"/desk/demo/chat/{chat.pk}/", HTTP_X_REQUESTED_WITH="fetch").content.decode()
    drafts = json.loads(html.unescape(re.search(r'data-drafts="([^"]*)"', page)[1]))
    assert drafts == client.get(address(chat)).json()
    return {kind: draft["body"] for kind, draft in drafts.items()}


def test_another_device_goes_on_with_it(client, chat, agent, sign_in) -> None:
    stamp = keep(client, chat, "We will\r\nsend ").json()["stamp"]
    other = sign_in(agent)
    assert kept(other, chat) == {"reply": "We will\nsend "}
    again = keep(other, chat, "We will send it", stamp).json()["stamp"]
    assert again != stamp
    assert kept(client, chat) == {"reply": "We will send it"}
    assert ChatDraft.objects.count() == 1


def test_an_emptied_box_has_no_draft(client, chat) -> None:
    stamp = keep(client, chat, "x").json()["stamp"]
    assert keep(client, chat, " \n", stamp).json() == {"stamp": ""}
    assert kept(client, chat) == {}


def test_a_note_has_a_draft_of_its_own(client, chat) -> None:
    keep(client, chat, "Dear Jun")
    keep(client, chat, "Careful with Jun", kind="note")
    assert kept(client, chat) == {"reply": "Dear Jun", "note": "Careful with Jun"}


def test_who_reads_a_chat_of_somebody_else_has_a_draft_of_a_note(client, chat, colleague, sign_in) -> None:
    theirs = sign_in(colleague)
    keep(theirs, chat, "Careful", kind="note")
    assert kept(theirs, chat) == {"note": "Careful"}
    assert kept(client, chat) == {}


def test_it_is_masked(client, chat) -> None:
    keep(client, chat, f"Pay with {CARD} please")
    assert kept(client, chat) == {"reply": f"Pay with {'*' * len(CARD)} please"}


def test_what_was_not_seen_is_not_overwritten(client, chat) -> None:
    first = keep(client, chat, "from the office").json()["stamp"]
    second = keep(client, chat, "from the phone", first).json()["stamp"]
    for seen in (first, "", "x"):
        answer = keep(client, chat, "late", seen)
        assert (answer.status_code, answer.json()) == (409, {"stamp": second, "body": "from the phone"})
        assert keep(client, chat, "", seen).status_code == 409
    assert kept(client, chat) == {"reply": "from the phone"}
    assert keep(client, chat, "from the phone", first).json()["stamp"] == second  # the answer was lost


def test_what_was_sent_elsewhere_may_be_written_anew(client, chat) -> None:
    stamp = keep(client, chat, "Hello").json()["stamp"]
    ChatDraft.objects.all().delete()
    assert keep(client, chat, "Hello again", stamp).status_code == 200


def test_a_draft_that_was_sent_is_none_also_if_its_page_could_not_say_so(client, chat, agent) -> None:
    send_as_agent(chat, agent, body="Hello Jun", client_id=uuid4())
    stamp = keep(client, chat, "Hello").json()["stamp"]
    assert kept(client, chat) == {"reply": "Hello"}  # written after that message
    send_as_agent(chat, agent, body="Hello Kim", client_id=uuid4())
    assert kept(client, chat) == {"reply": ""}
    assert keep(client, chat, "Next", stamp).status_code == 200
    assert kept(client, chat) == {"reply": "Next"}


def test_it_goes_with_the_end_of_the_chat_and_does_not_come_after_it(client, chat, agent) -> None:
    keep(client, chat, "Hello")
    close_chat(chat.pk, by=Chat.ClosedBy.CUSTOMER)
    assert not ChatDraft.objects.exists()
    assert keep(client, chat, "Hello again").status_code == 409
    assert keep(client, chat, "A note", kind="note").status_code == 409
    assert not ChatDraft.objects.exists()


@pytest.mark.parametrize("body", ["a\0b", "x" * 4001])
def test_what_can_not_be_stored_is_refused(client, chat, body) -> None:
    assert keep(client, chat, body).status_code == 400
    assert not ChatDraft.objects.exists()


def test_nobody_else_reads_or_writes_it(client, service, chat, colleague, admin, outsider, sign_in) -> None:
    keep(client, chat, "Hello")
    theirs = sign_in(colleague)
    assert theirs.get(address(chat)).json() == {}
    assert keep(theirs, chat, "Mine").status_code == 409
    assert "Hello" not in theirs.get(f"/desk/demo/chat/{chat.pk}/", HTTP_X_REQUESTED_WITH="fetch").content.decode()
    assert keep(theirs, chat, "A note of mine", kind="note").status_code == 200
    for person, slug, status in [(admin, "demo", 403), (outsider, "demo", 404), (outsider, "other", 404)]:
        stranger = sign_in(person)
        assert stranger.get(address(chat, slug)).status_code == status
        assert stranger.post(address(chat, slug), {"body": "x"}).status_code == status
    nobody = sign_in(make_agent(service, "Writer", chat_permission=False))
    assert keep(nobody, chat, "x", kind="note").status_code == 403
    assert Client().get(address(chat)).status_code == 302
    assert kept(client, chat) == {"reply": "Hello"}


def test_a_chat_that_went_to_somebody_else_keeps_nothing_more(client, chat, colleague) -> None:
    keep(client, chat, "Hello")
    Chat.objects.filter(pk=chat.pk).update(agent=colleague)
    assert keep(client, chat, "Hello again").status_code == 409


def test_a_chat_is_opened_with_one_query_more(client, chat, agent) -> None:
    ask = {"HTTP_X_REQUESTED_WITH": "fetch"}
    client.get(f"/desk/demo/chat/{chat.pk}/", **ask)
    with CaptureQueriesContext(connection) as queries:
        client.get(f"/desk/demo/chat/{chat.pk}/", **ask)
    about = [query["sql"] for query in queries if "draft" in query["sql"] or "canned" in query["sql"]]
    assert len(about) == 1
